"""The commands of ``ketamine-predict``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from predictor.bundle import FILES, FORMAT
from predictor.cautions import has_expired
from predictor.cli.describing import describe
from predictor.cli.files import check_new_file, new_folder, read_candidates, write_scores
from predictor.console import DAMAGED, JsonOption, Line, QuietOption, Screen, UnknownOption
from predictor.errors import BundleError
from predictor.form import write_form
from predictor.score import Score
from predictor.scores import Scores
from predictor.scoring import Scorer, load

BundleArgument = Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of a model.")]
CandidatesArgument = Annotated[
    str,
    typer.Argument(
        metavar="CANDIDATES", help="A .csv, .json or .parquet file, or - for standard input."
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
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write a blank candidate and a sheet of units, ranges and levels."""
    candidate, sheet = write_form(load(bundle).bundle.dictionary, out)
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
    ignore_unknown: UnknownOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Answer every row: safety first, then a number with its interval, or why there is none."""
    screen = Screen(as_json=as_json, quiet=quiet)
    if out is not None:
        check_new_file(out)
    scorer = load(bundle)
    scores = _score(scorer, candidates, screen, ignore_unknown=ignore_unknown)
    if out is None:
        document = scores.to_dict() if as_json else None
        screen.answer(document, chain.from_iterable(describe(s) for s in scores))
    else:
        write_scores(scores, out)
        screen.done(scores.to_dict() if as_json else None, f"{_counted(scores)}: {out}")
    _end_if_expired(scorer, screen)


@app.command(epilog="Example: ketamine-predict explain runs/response/bundle new.csv --out pages")
def explain(
    bundle: BundleArgument,
    candidates: CandidatesArgument,
    out: Annotated[Path, typer.Option("--out", help="A new or empty folder for the pages.")],
    ignore_unknown: UnknownOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write one HTML page per candidate, named by its row."""
    from predictor.report import write_page  # late: brings the template engine

    screen = Screen(as_json=as_json, quiet=quiet)
    scorer = load(bundle)
    scores = _score(scorer, candidates, screen, ignore_unknown=ignore_unknown)
    folder = new_folder(out)
    width = len(str(max(s.row for s in scores)))
    pages = []
    with screen.progress("pages", len(scores)) as step:
        for one in scores:
            path = folder / f"row_{one.row:0{width}d}.html"
            write_page(one.to_dict(), scorer.bundle.dictionary, path)
            pages.append({"row": one.row, "status": one.status, "page": str(path.absolute())})
            step()
    screen.done({"pages": pages}, f"{_counted(scores)}, one page each: {folder}")
    _end_if_expired(scorer, screen)


@app.command(epilog="Example: ketamine-predict verify runs/response/bundle")
def verify(bundle: BundleArgument, as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Check hashes, format and expiry, and score the reference rows again."""
    scorer = load(bundle)
    scorer.verify()
    source = scorer.bundle.provenance
    if has_expired(source.expires):
        raise BundleError(f"{bundle}: the model expired on {source.expires}; get a newer one")
    document = {
        "bundle": str(bundle.absolute()),
        "format": FORMAT,
        "files": ["manifest.json", *FILES],
        "reference_rows": len(scorer.bundle.reference),
        "expires": source.expires or None,
        "stamp": source.stamp,
        "data_origin": source.data_origin,
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
    stamp = source.stamp.replace("_", " ")
    yield Line(f"Model: {source.chosen}, {stamp}, from {source.data_origin} data", 2)


def _score(scorer: Scorer, candidates: str, screen: Screen, *, ignore_unknown: bool) -> Scores:
    """Read and score candidates; what was left out of the file is said."""
    rows = read_candidates(candidates, scorer.bundle.dictionary, ignore_unknown=ignore_unknown)
    for warning in rows.warnings:
        if warning.row is None:
            screen.note(warning.message)
    return scorer.score(rows)


def _counted(scores: Scores) -> str:
    """Count answered rows."""
    refused = sum(_is_refused(score) for score in scores)
    return f"{len(scores)} rows answered, {len(scores) - refused} scored and {refused} refused"


def _is_refused(score: Score) -> bool:
    return score.status == "refused"


def _end_if_expired(scorer: Scorer, screen: Screen) -> None:
    """Leave with the exit code of an expired model, every row having been answered."""
    expires = scorer.bundle.provenance.expires
    if has_expired(expires):
        screen.warn(f"the model expired on {expires}, so every row is refused; get a newer one")
        raise typer.Exit(DAMAGED)
