"""``ketamine-train run``: one model, evaluated, written and tracked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
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
from predictor.errors import InvalidInputError
from predictor.wording import question_lines
from training.cli.options import (
    PATIENTS,
    VISITS,
    ConfigArgument,
    EventsOption,
    MapOption,
    SourceOption,
)

if TYPE_CHECKING:
    from training.findings import Findings
    from training.pipeline import RunResult
    from training.run_input import Input

_MEASURES = {"response": ("auc", "AUC", "log_loss"), "relapse": ("c_index", "C", "ibs")}
_STATUS = {
    "fitted": "fitted: internally validated, better than the average",
    "exploratory": "exploratory: a model, to be read with care",
    "refused": "refused: no model",
}


def _future(text: str | None) -> str | None:
    """Accept a day that is not past."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("give a date as YYYY-MM-DD") from error
    if day < date.today():
        raise typer.BadParameter(f"{day} is past; give today or a later date")
    return day.isoformat()


def run(  # noqa: PLR0913 - one argument for each option
    *,
    config: ConfigArgument,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new or an empty folder.")],
    patients: Annotated[Path | None, PATIENTS] = None,
    visits: Annotated[Path | None, VISITS] = None,
    events: EventsOption = None,
    column_map: MapOption = None,
    source: SourceOption = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, metavar="N", help="Instead of CONFIG's.")
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(
            "--expires",
            metavar="DATE",
            callback=_future,
            help="Last day on which the bundle gives numbers, YYYY-MM-DD.",
        ),
    ] = None,
    promote: Annotated[
        bool, typer.Option("--promote", help="Also give the model the alias champion.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, metavar="N", help="Processes; no number depends on it."),
    ] = None,
    definitions: Annotated[
        str | None,
        typer.Option(
            "--definitions",
            metavar="NAMES",
            help="Other outcomes to hold beside it: all, or names with commas.",
        ),
    ] = None,
    ignore_unknown: UnknownOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train, evaluate, write and track one model; a cohort too small for one is refused."""
    screen = Screen(as_json=as_json, quiet=quiet)
    overrides: dict[str, Any] = {
        name: x for name, x in (("seed", seed), ("jobs", jobs)) if x is not None
    }
    if definitions is not None:
        overrides["definitions"] = definitions_named(definitions)
    say_shipped(config, screen)
    with screen.working("Training and evaluating; this takes minutes with all learners") as told:
        from training.pipeline import run as train
        from training.run_input import Input

        tables = Input(patients, visits, events, column_map, ignore_unknown=ignore_unknown)
        data = tables if source is None else input_of(tables, *source)
        result = train(
            config,
            data,
            out=out.resolve(),
            expires=expires or "",
            promote=promote,
            told=told,
            **overrides,
        )
    document = result.to_dict()
    for note in _notes(result.findings):
        screen.note(note)
    screen.answer(document, _lines(result, document))
    if result.status == "refused":
        raise typer.Exit(NOT_SUPPORTED)


def definitions_named(text: str) -> str | tuple[str, ...]:
    """Read which other definitions are asked for.

    Parameters
    ----------
    text : str
        ``all``, or names with commas.

    Returns
    -------
    str or tuple of str
        As the settings take it.
    """
    named = tuple(name.strip() for name in text.split(",") if name.strip())
    return "all" if named == ("all",) else named


def say_shipped(config: str, screen: Screen) -> None:
    """Say when a configuration is not the user's own.

    Parameters
    ----------
    config : str
        As given.
    screen : Screen
        Where to say it.
    """
    from training.config import find_config

    _, shipped = find_config(config)
    if shipped:
        screen.note(f"{config} is not here; using the one that came with the package")


def input_of(tables: Input, name: str, folder: Path) -> Input:
    """Name a real data set instead of tables.

    Parameters
    ----------
    tables : Input
        What else was given.
    name : str
        Of the data set.
    folder : Path
        Its folder.

    Returns
    -------
    Input
        The data set.

    Raises
    ------
    InvalidInputError
        If tables were given too, the name is unknown or the folder absent.
    """
    from training.importers import IMPORTERS
    from training.run_input import Input
    from training.settings import nearest

    if any((tables.patients, tables.visits, tables.events, tables.column_map)):
        raise InvalidInputError(
            "--source stands for --patients, --visits, --events and --map; give the one or the "
            "others"
        )
    if name not in IMPORTERS:
        raise InvalidInputError(f"--source: {name} is unknown{nearest(name, tuple(IMPORTERS))}")
    if not folder.is_dir():
        raise InvalidInputError(f"--source {name}: {folder} is no folder; name that of the files")
    return Input(source=name, folder=folder, ignore_unknown=tables.ignore_unknown)


def _notes(findings: Findings) -> list[str]:
    """Say what was done to the data beside counting."""
    cohort = findings.cohort
    notes = list(cohort.notes)
    if cohort.faults:
        notes.append(
            f"{len(cohort.faults)} faults in the patients table, these people are left out: "
            f"{cohort.faults[0].message}; ketamine-train check lists all"
        )
    if findings.source is not None:
        settings = findings.source.settings
        extra = [str(variable["id"]) for variable in settings.extra_variables]
        notes.append(f"Data set: {settings.title}")
        notes += [f"Variables that only this data set has: {', '.join(extra)}"] * bool(extra)
    return notes


def _lines(result: RunResult, document: Mapping[str, Any]) -> list[Line]:
    """Put a run into words."""
    from training.presentation.alerts import lines as warning_lines
    from training.presentation.definitions import conclusion_words, grid_lines
    from training.presentation.headline import headline_words

    findings = result.findings
    lines = [Line(_STATUS[result.status], style="bold")]
    lines += [Line(sentence, 2) for sentence in headline_words(findings)]
    lines += [Line(result.reason, 2)] * bool(result.reason)
    lines += [Line(f"warning: {warning}", 2) for warning in findings.warnings]
    lines += [Line("simulated data: no row is a real person", 2)] * (
        findings.cohort.origin == "simulated"
    )
    lines += [Line(""), Line("People", style="bold"), *_people(document)]
    lines += [Line(""), Line("What was asked", style="bold")]
    asked = question_lines(findings.question.words())
    lines += [Line(f"{heading}: {words}", 2) for heading, words in asked]
    if document["candidates"]:
        lines += [Line(""), Line("Learners beside comparators", style="bold")]
        lines += _learners(document)
    if findings.choice is not None:
        lines.append(Line(findings.choice.reason, 2))
    if document["landmarks"]:
        lines += [Line(""), Line("Asked again at landmarks", style="bold"), *_landmarks(document)]
    alerts = warning_lines(findings)
    lines += [Line(""), Line("Warning signs", style="bold")] * bool(alerts)
    lines += [Line(sentence, 2) for sentence in alerts]
    grid = findings.definitions
    if grid is not None:
        lines += [Line(""), Line("By other definitions", style="bold")]
        lines += aligned(grid_lines(grid), indent=2)
        lines += [Line(sentence, 2) for sentence in conclusion_words(grid)]
        lines += [Line(f"not applied, {name}: {why}", 2) for name, why in grid.not_applied.items()]
    uri = document["tracking_uri"]
    places = [
        ("Bundle", document["bundle"] or "none"),
        ("Report", document["report"]),
        ("MLflow", f"run {document['run_id']} in {uri}"),
    ]
    if not uri.startswith("http"):
        places.append(("", f"mlflow ui --backend-store-uri {uri}"))
    return [*lines, Line(""), *aligned(places)]


def _people(document: Mapping[str, Any]) -> list[Line]:
    """Count people from the table to the outcome."""
    cohort = document["cohort"]
    relapse = document["task"] == "relapse"
    return aligned(
        [
            ("in the patients table", str(cohort["patients"])),
            *(
                (f"left out, {rule.replace('_', ' ')}", str(n))
                for rule, n in cohort["excluded"].items()
            ),
            ("at risk with follow-up" if relapse else "analysed", str(cohort["with_outcome"])),
            ("relapsed" if relapse else "with the outcome", str(cohort["events"])),
        ],
        indent=2,
    )


def _learners(document: Mapping[str, Any]) -> list[Line]:
    """Set discrimination and loss of all learners below each other."""
    from training.learners import AVERAGE, COMPARATORS

    comparators = {learner.name for learner in COMPARATORS} | set(AVERAGE.values())
    first, label, loss = _MEASURES[document["task"]]
    table = [("", f"{label} (95 %)", f"{loss.replace('_', ' ')} (95 %)", "")]
    chosen = "would be chosen" if document["bundle"] is None else "chosen"
    for name, measures in document["candidates"].items():
        role = "comparator" if name in comparators else ""
        role = chosen if name == document["chosen"] else role
        cells = (_estimate(measures.get(first)), _estimate(measures.get(loss)))
        table.append((name.replace("_", " "), *cells, role))
    return aligned(table, indent=2)


def _landmarks(document: Mapping[str, Any]) -> list[Line]:
    """Set the models of landmarks beside the baseline model in the same people."""
    measure, label, _ = _MEASURES[document["task"]]
    table = [("", "people", f"{label}, baseline model", f"{label}, asked again", "")]
    for one in document["landmarks"].values():
        if "metrics" not in one:
            table.append((one["label"], "", "", "", f"no model: {one['reason']}"))
            continue
        cells = (one["baseline_model"].get(measure), one["metrics"].get(measure))
        people = str(one["cohort"]["with_outcome"])
        table.append((one["label"], people, *map(_estimate, cells), one["status"]))
    return aligned(table, indent=2)


def _estimate(estimate: Mapping[str, Any] | None) -> str:
    """Write a measure with its interval."""
    if estimate is None:
        return "—"
    return f"{estimate['value']:.3f} ({estimate['lo']:.3f} to {estimate['hi']:.3f})"
