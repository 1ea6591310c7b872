"""``ketamine-train plan``: what a cohort can support, before anything is fitted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from predictor.console import (
    NOT_SUPPORTED,
    JsonOption,
    Line,
    QuietOption,
    Screen,
    UnknownOption,
)
from predictor.errors import InvalidInputError
from training.cli.options import (
    PATIENTS,
    VISITS,
    ConfigArgument,
    EventsOption,
    MapOption,
    SourceOption,
)
from training.cli.running import input_of, say_shipped

if TYPE_CHECKING:
    from training.cohort import Cohort
    from training.samplesize import SampleSize


def plan(  # noqa: PLR0913 - one argument for each option
    *,
    config: ConfigArgument,
    patients: Annotated[Path | None, PATIENTS] = None,
    visits: Annotated[Path | None, VISITS] = None,
    events: EventsOption = None,
    column_map: MapOption = None,
    source: SourceOption = None,
    ignore_unknown: UnknownOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Hold a cohort against Riley's minimum for the discrimination that CONFIG declares."""
    screen = Screen(as_json=as_json, quiet=quiet)
    say_shipped(config, screen)
    with screen.working("Counting people, outcomes and parameters"):
        from training.analysis import select
        from training.run_input import Input, read_input
        from training.run_status import sample_size_of

        tables = Input(patients, visits, events, column_map, ignore_unknown=ignore_unknown)
        data = tables if source is None else input_of(tables, *source)
        settings, cohort, _ = read_input(config, data)
        size = sample_size_of(settings, select(settings, cohort))
    if size is None:
        raise InvalidInputError(
            f"{cohort.flow.with_outcome} people with {cohort.flow.events} events give no sample "
            "size; both outcomes and a variable that varies are needed"
        )
    screen.answer(_document(size, cohort), _lines(size, cohort))
    if not size.is_enough:
        raise typer.Exit(NOT_SUPPORTED)


def _document(size: SampleSize, cohort: Cohort) -> dict[str, Any]:
    """Give the plan as plain values."""
    flow = cohort.flow
    return {
        "task": cohort.definition.task,
        "data_origin": cohort.origin,
        "patients": flow.patients,
        "with_outcome": flow.with_outcome,
        "events": flow.events,
        **size.to_dict(),
    }


def _lines(size: SampleSize, cohort: Cohort) -> list[Line]:
    """Put the plan into words."""
    verdict = "enough people" if size.is_enough else "too few people"
    lines = [Line(verdict, style="bold")]
    lines += [Line("simulated data: no row is a real person", 2)] * (cohort.origin == "simulated")
    return [*lines, *(Line(words, 2) for words in size.paragraphs)]
