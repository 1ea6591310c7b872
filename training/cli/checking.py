"""``ketamine-train check``: are the tables fit for a run? Nothing is fitted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from predictor.console import (
    BAD_INPUT,
    JsonOption,
    Line,
    QuietOption,
    Screen,
    UnknownOption,
    aligned,
)
from predictor.errors import InvalidInputError
from training.cli.options import PATIENTS, VISITS, EventsOption, MapOption

if TYPE_CHECKING:
    from training.cli.faults import Found, Study
    from training.cohort import Cohort
    from training.outcome_definition import OutcomeDefinition

PRESETS = ("response_madrs", "relapse_madrs")
_LABEL_WIDTH = 48


def check(  # noqa: PLR0913 - one argument for each option
    *,
    patients: Annotated[Path, PATIENTS],
    visits: Annotated[Path, VISITS],
    events: EventsOption = None,
    column_map: MapOption = None,
    outcome: Annotated[
        str | None,
        typer.Option("--outcome", metavar="NAME", help="An entry of outcomes.yaml."),
    ] = None,
    ignore_unknown: UnknownOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List every fault of every row, then describe the cohort; nothing is fitted."""
    screen = Screen(as_json=as_json, quiet=quiet)
    with screen.working("Checking the tables"):
        from predictor.rows import count_by_rule
        from training.cli.faults import Study, find_faults
        from training.column_map import ColumnMap
        from training.config import read_column_map, read_dictionary

        definitions = _definitions(outcome)
        mapping = ColumnMap() if column_map is None else read_column_map(column_map)
        study = Study(patients, visits, events, read_dictionary(), mapping, ignore_unknown)
        found = find_faults(study)
        by_rule = count_by_rule(found.faults)
        about = _about(_cohorts(study, definitions)) if found.only_people else []
    faults = [fault.to_dict() for fault in found.faults]
    if as_json:
        # the tables have no place in the document
        for line in about:
            screen.note(" " * line.indent + line.text)
    screen.answer(
        {"rows": found.rows, "faults": faults, "by_rule": by_rule},
        [*about, *_faults(found, by_rule)],
    )
    if found.faults:
        raise typer.Exit(BAD_INPUT)


def _cohorts(study: Study, definitions: Sequence[OutcomeDefinition]) -> list[Cohort]:
    """Read the people without a fault, once for each outcome."""
    from training.cohort import assemble_cohort
    from training.raw_tables import read_raw_tables

    raw = read_raw_tables(study.patients, study.visits, study.events)
    return [
        assemble_cohort(
            raw,
            dictionary=study.dictionary,
            definition=definition,
            column_map=study.column_map,
            ignore_unknown=study.ignore_unknown,
        )
        for definition in definitions
    ]


def _definitions(outcome: str | None) -> list[OutcomeDefinition]:
    """Find the outcomes to count."""
    from training.config import read_outcomes
    from training.settings import nearest

    known = read_outcomes()
    if outcome is not None and outcome not in known:
        raise InvalidInputError(
            f"--outcome: {outcome} is no entry of outcomes.yaml{nearest(outcome, tuple(known))}"
        )
    return [known[name] for name in (PRESETS if outcome is None else (outcome,))]


def _about(cohorts: Sequence[Cohort]) -> list[Line]:
    """Describe the people without a fault: notes, Table 1, outcomes."""
    from training.table_one import table_one

    first = cohorts[0]
    lines = [Line("simulated data: no row is a real person", style="bold")]
    lines = [*(lines if first.origin == "simulated" else ()), *map(Line, first.notes)]
    lines += _unusual(first)
    table = table_one(first)
    if len(table):
        cells = [(_shortened(row[0]), *row[1:]) for row in table.to_numpy().tolist()]
        lines += [Line(""), Line("Table 1", style="bold")]
        lines += aligned([tuple(table.columns), *cells], indent=2)
    for cohort in cohorts:
        lines += [Line(""), *_outcome(cohort)]
    return [*lines, Line("")]


def _unusual(cohort: Cohort) -> Iterable[Line]:
    """Count values that are accepted but should be looked at."""
    warnings = cohort.rows.warnings
    if warnings:
        columns = sorted({str(warning.column) for warning in warnings})
        yield Line(f"{len(warnings)} things are accepted but worth a look, in {', '.join(columns)}")


def _outcome(cohort: Cohort) -> list[Line]:
    """Count one outcome, and why it is missing."""
    flow, definition = cohort.flow, cohort.definition
    relapse = definition.task == "relapse"
    seen = "at risk with follow-up" if relapse else "with the outcome observed"
    event = "relapsed" if relapse else "with the outcome"
    counts = [
        ("in the patients table", str(flow.patients)),
        *((f"left out, {rule.replace('_', ' ')}", str(n)) for rule, n in flow.excluded.items()),
        (seen, str(flow.with_outcome)),
        (event, str(flow.events)),
    ]
    return [
        Line(f"Outcome {definition.name}", style="bold"),
        Line(definition.describe(), 2),
        *aligned(counts, indent=2),
    ]


def _faults(found: Found, by_rule: dict[str, int]) -> list[Line]:
    """List every fault, then count them by rule."""
    if not found.faults:
        return [Line(f"No fault in {found.rows} rows of the patients table.", style="green")]
    lines = [Line(fault.message) for fault in found.faults]
    lines += [Line(""), Line(f"{len(found.faults)} faults", style="bold red")]
    lines += aligned([(rule, str(n)) for rule, n in by_rule.items()], indent=2)
    if not found.only_people:
        lines.append(Line("Mend these first; Table 1 and outcomes are counted after that."))
    return lines


def _shortened(label: str) -> str:
    """Cut a long label."""
    return label if len(label) <= _LABEL_WIDTH else f"{label[: _LABEL_WIDTH - 1]}…"
