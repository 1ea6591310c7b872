"""The command that joins a response model and a relapse model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from predictor.cautions import has_expired
from predictor.cli.commands import CandidatesArgument
from predictor.cli.describing import origin_lines, safety_lines, stamp_lines
from predictor.cli.files import new_folder, read_for_each
from predictor.console import DAMAGED, JsonOption, Line, QuietOption, Screen, UnknownOption
from predictor.course import beyond_words, marked
from predictor.outlook import ASSUMPTIONS, Joint, Outlook
from predictor.outlook import outlook as outlook_of
from predictor.pair import check_pair
from predictor.rows import Rows
from predictor.scoring import load
from predictor.uncertainty import LEVEL
from predictor.wording import REFUSALS, in_ten

ResponseArgument = Annotated[
    Path, typer.Argument(metavar="RESPONSE_BUNDLE", help="Folder of a response model.")
]
RelapseArgument = Annotated[
    Path, typer.Argument(metavar="RELAPSE_BUNDLE", help="Folder of a relapse model.")
]


def outlook(
    response: ResponseArgument,
    relapse: RelapseArgument,
    candidates: CandidatesArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="A new or empty folder for one page per candidate.")
    ] = None,
    ignore_unknown: UnknownOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say how likely each person is to respond and still be well, day by day."""
    screen = Screen(as_json=as_json, quiet=quiet)
    scorers = [load(response), load(relapse)]
    cautions = check_pair(scorers[0].bundle, scorers[1].bundle)
    read = read_for_each(
        candidates, [one.dictionary for one in scorers], ignore_unknown=ignore_unknown
    )
    _note(read, screen)
    scores = [one.score(rows, explain=False) for one, rows in zip(scorers, read, strict=True)]
    found = [outlook_of(*pair, cautions=cautions) for pair in zip(*scores, strict=True)]
    document = [one.to_dict() for one in found]
    if out is None:
        screen.answer(document, chain.from_iterable(describe_outlook(one) for one in found))
    else:
        pages = _write(found, new_folder(out), screen)
        refused = sum(one.joint is None for one in found)
        screen.done(
            document if as_json else None,
            f"{pages} rows answered, {pages - refused} scored and {refused} refused, one page "
            f"each: {out}",
        )
    ended = [s.bundle.provenance.expires for s in scorers]
    if any(has_expired(expires) for expires in ended):
        screen.warn("a model has expired, so every row is refused; get a newer one")
        raise typer.Exit(DAMAGED)


def describe_outlook(found: Outlook) -> Iterator[Line]:
    """Put one outlook into lines.

    Parameters
    ----------
    found : Outlook
        Any outlook.

    Yields
    ------
    Line
        Safety, then the numbers or why there are none, then what they rest on.
    """
    who = f"Row {found.row}" + (f", {found.patient_id}" if found.patient_id else "")
    yield Line(who, 0, "bold")
    yield from safety_lines(found.safety, found.not_asked)
    if found.joint is None:
        yield from _refusal(found)
    else:
        yield from _number(found.joint)
        for caution in found.cautions:
            yield Line(f"Take care{_of(caution['models'])}: {caution['message']}", 2, "yellow")
        yield Line("This assumes beyond the two models", 2)
        for sentence in ASSUMPTIONS:
            yield Line(f"- {sentence}", 4)
    for name, source in found.sources.items():
        yield from stamp_lines(source, f"{name.capitalize()} model")
    yield from origin_lines(found.data_origin)
    yield Line("")


def _number(joint: Joint) -> Iterator[Line]:
    """Say the chance to respond and to be well, by day, and its two factors."""
    last, horizon = joint.relapse.last_supported_day, joint.shown_days[-1]
    yield Line("Chance of having responded and of still being well", 2, "bold")
    for day in joint.shown_days:
        when = f"{marked(day, last)} after it" if day else "at the end of the course"
        yield Line(f"{when}: {in_ten(*joint.at(day))}", 4, "bold")
    yield Line(f"In brackets: {round(100 * LEVEL)} % interval.", 4)
    by = marked(horizon, last)
    risk = in_ten(*joint.relapse.risk_at(horizon))
    yield Line(f"Of those who respond, relapsed by {by}: {risk}", 4)
    if last < horizon:
        yield Line(beyond_words(last), 4)


def _refusal(found: Outlook) -> Iterator[Line]:
    """Say why there are no numbers."""
    yield Line("No number is given.", 2, "bold")
    for refusal in found.refusals:
        words = f"{REFUSALS[refusal['code']]} [{refusal['code']}]"
        yield Line(f"- {words}{_of(refusal['models'])}", 4)
        if refusal["code"] != "stop_rule":  # stops stand above
            yield Line(refusal["message"], 6)


def _of(models: Sequence[str]) -> str:
    """Name the model that something is of; both need no name."""
    return f" ({models[0]} model)" if len(models) == 1 else ""


def _note(read: Sequence[Rows], screen: Screen) -> None:
    """Say once what was left out of the file."""
    said = [warning.message for rows in read for warning in rows.warnings if warning.row is None]
    for message in dict.fromkeys(said):
        screen.note(message)


def _write(found: Sequence[Outlook], folder: Path, screen: Screen) -> int:
    """Write one page per person, named by its row."""
    from predictor.outlook_page import write_outlook  # late: brings the template engine

    width = len(str(max(one.row for one in found)))
    with screen.progress("pages", len(found)) as step:
        for one in found:
            write_outlook(one.to_dict(), folder / f"row_{one.row:0{width}d}.html")
            step()
    return len(found)
