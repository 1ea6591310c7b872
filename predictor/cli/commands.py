"""The commands of ``ketamine-predict``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from predictor.bundle import FILES, FORMAT
from predictor.cautions import has_expired
from predictor.cli.describing import describe, describe_path
from predictor.cli.files import check_new_file, new_folder, read_candidates, write_scores
from predictor.console import DAMAGED, JsonOption, Line, QuietOption, Screen, UnknownOption
from predictor.errors import BundleError
from predictor.form import questions_at, write_form
from predictor.rows import Rows
from predictor.score import Score
from predictor.scores import Scores
from predictor.scoring import Scorer, load
from predictor.visits import ALL, Paths, visits_of

BundleArgument = Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of a model.")]
CandidatesArgument = Annotated[
    str,
    typer.Argument(
        metavar="CANDIDATES", help="A .csv, .json or .parquet file, or - for standard input."
    ),
]
LandmarkOption = Annotated[
    str | None,
    typer.Option(
        "--landmark",
        metavar="NAME",
        help="Use what is known at this landmark; all: visit by visit, as far as answered.",
    ),
]
app = typer.Typer(
    name="ketamine-predict",
    help="Score and explain candidates for ketamine treatment with a trained model. "
    "Research use only.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command(epilog="Example: ketamine-predict form runs/response/bundle --out candidate.csv")
def form(
    bundle: BundleArgument,
    out: Annotated[Path, typer.Option("--out", help="A new .csv file.")],
    landmark: LandmarkOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write a blank candidate and a sheet of units, ranges and levels."""
    scorer = load(bundle)
    if landmark != ALL:
        scorer.at(landmark)
    candidate, sheet = write_form(questions_at(scorer.dictionary, landmark), out)
    document = {"candidate": str(candidate.absolute()), "sheet": str(sheet.absolute())}
    sentence = f"Fill in {candidate}; {sheet} says what each column takes."
    Screen(as_json=as_json, quiet=quiet).done(document, sentence)


@app.command(epilog="Example: ketamine-predict score runs/response/bundle candidate.csv")
def score(
    bundle: BundleArgument,
    candidates: CandidatesArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the scores to this new .csv or .json file.")
    ] = None,
    landmark: LandmarkOption = None,
    ignore_unknown: UnknownOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Answer every row: safety first, then a number with its interval, or why there is none."""
    screen = Screen(as_json=as_json, quiet=quiet)
    if out is not None:
        check_new_file(out)
    scorer = load(bundle)
    rows = _rows(scorer, candidates, screen, ignore_unknown=ignore_unknown)
    scores = _answers(scorer, rows, landmark)
    if out is None:
        document = scores.to_dict() if as_json else None
        screen.answer(document, chain.from_iterable(_lines(scorer, scores)))
    else:
        write_scores(scores, out)
        screen.done(scores.to_dict() if as_json else None, f"{_counted(_last(scores))}: {out}")
    _end_if_expired(_last(scores), screen)


@app.command(epilog="Example: ketamine-predict explain runs/response/bundle new.csv --out pages")
def explain(
    bundle: BundleArgument,
    candidates: CandidatesArgument,
    out: Annotated[Path, typer.Option("--out", help="A new or empty folder for the pages.")],
    landmark: LandmarkOption = None,
    ignore_unknown: UnknownOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write one HTML page per candidate, named by its row."""
    from predictor.report import write_page  # late: brings the template engine

    screen = Screen(as_json=as_json, quiet=quiet)
    scorer = load(bundle)
    rows = _rows(scorer, candidates, screen, ignore_unknown=ignore_unknown)
    scores = _answers(scorer, rows, landmark)
    last, dictionary = _last(scores), scorer.dictionary
    ways = scores if isinstance(scores, Paths) else [()] * len(scores)
    folder = new_folder(out)
    width = len(str(max(s.row for s in last)))
    pages = []
    with screen.progress("pages", len(last)) as step:
        for one, way in zip(last, ways, strict=True):
            path = folder / f"row_{one.row:0{width}d}.html"
            visits = [visit.to_dict() for visit in visits_of(way, dictionary)]
            write_page(one.to_dict(), dictionary, path, visits=visits)
            pages.append({"row": one.row, "status": one.status, "page": str(path.absolute())})
            step()
    screen.done({"pages": pages}, f"{_counted(last)}, one page each: {folder}")
    _end_if_expired(last, screen)


@app.command(epilog="Example: ketamine-predict verify runs/response/bundle")
def verify(bundle: BundleArgument, as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Check hashes, format and expiry, and score the reference rows again."""
    scorer = load(bundle)
    scorer.verify()
    source = scorer.bundle.provenance
    for one in (scorer, *scorer.landmarks.values()):
        expires = one.bundle.provenance.expires
        if has_expired(expires):
            raise BundleError(f"{bundle}: the model expired on {expires}; get a newer one")
    document = {
        "bundle": str(bundle.absolute()),
        "format": FORMAT,
        "files": ["manifest.json", *FILES],
        "reference_rows": len(scorer.bundle.reference),
        "expires": source.expires or None,
        "stamp": source.stamp,
        "data_origin": source.data_origin,
        "landmarks": {
            name: len(inner.bundle.reference) for name, inner in scorer.landmarks.items()
        },
    }
    lines = [Line(f"{bundle} is as it was written.", 0, "bold"), *_checks(scorer)]
    Screen(as_json=as_json, quiet=quiet).answer(document, [] if quiet else lines)


def _checks(scorer: Scorer) -> Iterator[Line]:
    """Say what `verify` looked at."""
    source = scorer.bundle.provenance
    yield Line(f"Hashes: {1 + len(FILES)} files unchanged", 2)
    yield Line(f"Format: {FORMAT}", 2)
    yield Line(f"Expiry: {source.expires or 'never'}", 2)
    yield Line(f"Reference rows: {len(scorer.bundle.reference)} score as frozen", 2)
    for name, inner in scorer.landmarks.items():
        yield Line(f"Landmark {name}: {len(inner.bundle.reference)} rows score as frozen", 2)
    stamp = source.stamp.replace("_", " ")
    yield Line(f"Model: {source.chosen}, {stamp}, from {source.data_origin} data", 2)


def _rows(scorer: Scorer, candidates: str, screen: Screen, *, ignore_unknown: bool) -> Rows:
    """Read candidates; what was left out of the file is said."""
    rows = read_candidates(candidates, scorer.dictionary, ignore_unknown=ignore_unknown)
    for warning in rows.warnings:
        if warning.row is None:
            screen.note(warning.message)
    return rows


def _answers(scorer: Scorer, rows: Rows, landmark: str | None) -> Scores | Paths:
    """Score rows at one landmark, or visit by visit."""
    return Paths(scorer.path(rows)) if landmark == ALL else scorer.score(rows, landmark=landmark)


def _lines(scorer: Scorer, scores: Scores | Paths) -> Iterator[Iterator[Line]]:
    """Put each person's answer into lines."""
    if isinstance(scores, Paths):
        return (describe_path(path, scorer.dictionary) for path in scores)
    return (describe(one) for one in scores)


def _last(scores: Scores | Paths) -> Sequence[Score]:
    """Give the latest score of each person."""
    return scores.last if isinstance(scores, Paths) else scores


def _counted(scores: Sequence[Score]) -> str:
    """Count answered rows."""
    refused = sum(_is_refused(score) for score in scores)
    return f"{len(scores)} rows answered, {len(scores) - refused} scored and {refused} refused"


def _is_refused(score: Score) -> bool:
    return score.status == "refused"


def _end_if_expired(scores: Sequence[Score], screen: Screen) -> None:
    """Leave with the exit code of an expired model, every row having been answered."""
    ended = sorted({s.provenance.expires for s in scores if has_expired(s.provenance.expires)})
    if ended:
        words = f"the model expired on {ended[0]}, so every row is refused; get a newer one"
        screen.warn(words)
        raise typer.Exit(DAMAGED)
