"""``ketamine-train validate``: a frozen model on new people."""

from __future__ import annotations

from collections.abc import Mapping
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
    aligned,
)
from training.cli.options import PATIENTS, VISITS, EventsOption, MapOption, SourceOption
from training.cli.running import input_of

if TYPE_CHECKING:
    from training.validation import ValidationResult

_SHOWN = ("auc", "c_index", "uno_c", "oe", "oe_90", "hazard_oe")
_LINE = ("calibration_intercept", "calibration_slope", "ici")
_LOSSES = ("log_loss", "brier", "scaled_brier", "ibs")


def validate(  # noqa: PLR0913 - one argument for each option
    *,
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of the frozen model.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new or an empty folder.")],
    patients: Annotated[Path | None, PATIENTS] = None,
    visits: Annotated[Path | None, VISITS] = None,
    events: EventsOption = None,
    column_map: MapOption = None,
    source: SourceOption = None,
    update: Annotated[
        bool,
        typer.Option(
            "--update", help="Write an updated bundle where a closed test asks for a change."
        ),
    ] = False,
    seed: Annotated[
        int, typer.Option("--seed", min=0, metavar="N", help="Of resamples and folds.")
    ] = 0,
    ignore_unknown: UnknownOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Test a frozen model on new people; the bundle itself is left as it is."""
    screen = Screen(as_json=as_json, quiet=quiet)
    with screen.working("Testing the model on new people"):
        from training.run_input import Input
        from training.validation import validate as test

        tables = Input(patients, visits, events, column_map, ignore_unknown=ignore_unknown)
        data = tables if source is None else input_of(tables, *source)
        result = test(bundle, data, out=out.resolve(), update=update, seed=seed)
    document = result.to_dict()
    for note in result.found.cohort.notes:
        screen.note(note)
    if document["may_be_training_cohort"]:
        screen.warn(
            "people and events are as many as in the training cohort; if it is the very same, "
            "nothing here is a validation"
        )
    screen.answer(document, _lines(result, document))
    if result.status == "too_few":
        raise typer.Exit(NOT_SUPPORTED)


def _lines(result: ValidationResult, document: Mapping[str, Any]) -> list[Line]:
    """Put a validation into words."""
    from training.validation.wording import STATUSES

    simulated = "simulated" in (
        document["data_origin"],
        result.found.scorer.bundle.provenance.data_origin,
    )
    uri = document["tracking_uri"]
    places = [
        ("Bundle", document["bundle"] or "none written; the given one is as it was"),
        ("Report", document["report"]),
        ("MLflow", f"run {document['run_id']} in {uri}"),
    ]
    return [
        Line(STATUSES[result.status], style="bold"),
        Line(result.reason, 2),
        *[Line("simulated data: no row is a real person", 2)] * simulated,
        Line(""),
        Line("People", style="bold"),
        *_people(document),
        Line(""),
        Line("Measures (95 %)", style="bold"),
        *_measures(document),
        Line(""),
        Line("Updating", style="bold"),
        *_updating(document),
        Line(""),
        *aligned(places),
    ]


def _people(document: Mapping[str, Any]) -> list[Line]:
    """Count people from the table to those measured."""
    cohort, relapse = document["cohort"], document["task"] == "relapse"
    return aligned(
        [
            ("in the patients table", str(cohort["patients"])),
            *(
                (f"left out, {rule.replace('_', ' ')}", str(n))
                for rule, n in cohort["excluded"].items()
            ),
            ("at risk with follow-up" if relapse else "outcome observed",
             str(cohort["with_outcome"])),
            *(
                (f"given no number, {code.replace('_', ' ')}", str(n))
                for code, n in cohort["refused"].items()
            ),
            ("measured", str(cohort["scored"])),
            ("of these relapsed" if relapse else "of these with the outcome",
             str(cohort["events_scored"])),
        ],
        indent=2,
    )  # fmt: skip


def _measures(document: Mapping[str, Any]) -> list[Line]:
    """List the measures that matter most; all stand in the JSON and on the page."""
    found = document["metrics"]
    rows = [
        (
            name.replace("_", " "),
            f"{found[name]['value']:.3f} ({found[name]['lo']:.3f} to {found[name]['hi']:.3f})",
        )
        for name in (*_SHOWN, *_LINE, *_LOSSES)
        if name in found
    ]
    lines = aligned(rows, indent=2) if rows else [Line("none has a value", 2)]
    precision = document["precision"]
    return lines + [Line(precision["sentence"], 2)] * (precision is not None)


def _updating(document: Mapping[str, Any]) -> list[Line]:
    """Say what the closed test found."""
    ladder = document["ladder"]
    if ladder is None:
        return [Line(f"not looked at: {document['ladder_reason']}", 2)]
    tests = [
        (
            f"{test['rung'].replace('_', ' ')} against {test['against']}",
            f"likelihood ratio {test['statistic']:.2f}, {test['degrees']} df, {_p(test['p'])}",
        )
        for test in ladder["tests"]
    ]
    return [
        *aligned(tests, indent=2),
        Line(f"the closed test chooses: {ladder['chosen'].replace('_', ' ')}", 2),
    ]


def _p(p: float) -> str:
    """Write a probability that may be too small for its digits."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
