"""The files of a run beside bundle and report, and what MLflow is told."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.checklists import COLUMNS, checklist_rows, fill, summary_of
from training.config import write_yaml
from training.evaluation import RISK_DAYS, OutOfFold
from training.findings import Findings, summary
from training.fitting import Outcome
from training.formula import FORMULA_COLUMNS, Formula, formula_rows
from training.metrics import MeasureUndefinedError, binary, survival
from training.model_report import Chart
from training.model_report.points_page import write_points_page
from training.number_table import number_rows, write_numbers
from training.presentation import beeswarm
from training.presentation.points import points_page
from training.run_folder import RISK_COLUMNS
from training.table_one import table_one
from training.tracking import TrackedRun, code_version

Floats = NDArray[np.float64]

_TRACKED = (
    "report.html",
    "config.yaml",
    "flow.json",
    "table_one.csv",
    "numbers.csv",
    "checklists.json",
    "checklists.csv",
)
"""Files that MLflow keeps; none holds a patient."""

_OF_MODEL = ("formula.csv", "points.html")
"""The same, where there is a model to write out, and points that are near enough to it."""


def write_files(findings: Findings, folder: Path) -> None:
    """Write predictions, settings, Table 1, flow counts, the formula and all numbers.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.
    folder : Path
        Exists.
    """
    write_yaml(findings.config.model_dump(mode="json"), folder / "config.yaml")
    write_json(_flow(findings), folder / "flow.json")
    table_one(findings.cohort, hide_few=True).to_csv(folder / "table_one.csv", index=False)
    _write_out_of_fold(findings, folder / "out_of_fold.csv")
    if findings.formula is not None:
        write_formula_table(findings.formula, folder / "formula.csv")
    sheet = points_page(findings)
    if sheet is not None:
        write_points_page(sheet, folder / "points.html")
    write_numbers(number_rows(summary(findings), findings.undefined), folder / "numbers.csv")


def write_checklists(findings: Findings, sections: Mapping[str, str], folder: Path) -> None:
    """Write both checklists as JSON and as a table.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.
    sections : mapping of str to str
        Anchor to title of the sections that are on the report.
    folder : Path
        Exists.
    """
    filled = fill(findings, sections)
    write_json(summary_of(filled), folder / "checklists.json")
    with (folder / "checklists.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(checklist_rows(filled))


def write_formula_table(formula: Formula, path: Path) -> None:
    """Write the model as a table; a float is written so that it is read back exactly.

    Parameters
    ----------
    formula : Formula
        A model written out.
    path : Path
        File to write.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, FORMULA_COLUMNS)
        table.writeheader()
        for row in formula_rows(formula):
            table.writerow({k: repr(v) if isinstance(v, float) else v for k, v in row.items()})


def write_json(content: object, path: Path) -> None:
    """Write plain values as JSON.

    Parameters
    ----------
    content : object
        Plain values, all numbers finite.
    path : Path
        File to write.
    """
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def tracked(
    findings: Findings, folder: Path, charts: Mapping[str, Chart], *, promote: bool
) -> TrackedRun:
    """Choose what MLflow keeps; nothing that holds a patient.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.
    folder : Path
        Where bundle and report stand.
    charts : mapping of str to Chart
        Drawings of the report.
    promote : bool
        Whether to set the alias ``champion``.

    Returns
    -------
    TrackedRun
        For `training.tracking`.
    """
    chosen = None if findings.choice is None else findings.choice.learner.name
    figures = {f"{name}.svg": chart.svg for name, chart in charts.items()}
    picture = beeswarm(findings)
    if picture is not None:
        figures["shap_beeswarm.png"] = picture
    bundle = folder / "bundle"
    model = findings.model
    return TrackedRun(
        task=findings.config.task,
        name=f"{findings.config.task} {findings.config.outcome}",
        params=_params(findings),
        tags={
            "data_origin": findings.cohort.origin,
            "status": findings.status,
            "reason": findings.reason,
            "stamp": findings.stamp if model is not None else "",
            "chosen": chosen or "",
        },
        metrics={} if chosen is None else dict(findings.metrics[chosen]),
        fold_metrics=_fold_metrics(findings),
        figures=figures,
        files={
            **{name: folder / name for name in _TRACKED},
            **{n: folder / n for n in _OF_MODEL if (folder / n).is_file()},
        },
        bundle=bundle if model is not None else None,
        promote=promote,
    )


def _params(findings: Findings) -> dict[str, str]:
    """Flatten settings, versions and hashes."""
    settings = findings.config.flat()
    flat = {k: ",".join(map(str, v)) if isinstance(v, list) else v for k, v in settings.items()}
    hashes = {f"sha256.{name}": h for name, h in findings.cohort.file_sha256.items()}
    versions = {
        "package_version": version("ketamine-response"),
        "code_version": code_version(),
    }
    named = {**flat, **hashes, **versions}
    return {key: str(value) for key, value in named.items()}


def _flow(findings: Findings) -> dict[str, Any]:
    """Give the flow counts."""
    flow = findings.cohort.flow
    return {
        "patients": flow.patients,
        "eligible": flow.eligible,
        "with_outcome": flow.with_outcome,
        "events": flow.events,
        "excluded": dict(flow.excluded),
    }


def _fold_metrics(findings: Findings) -> list[dict[str, Any]]:
    """Describe each fold of the chosen learner: people, events and measures that have a value."""
    if findings.choice is None:
        return []
    found = findings.out_of_fold[findings.choice.learner.name]
    outcome = findings.analysis.outcome
    lines = []
    for repeat in range(found.margin.shape[1]):
        for fold in np.unique(found.fold[:, repeat]):
            held = np.flatnonzero(found.fold[:, repeat] == fold)
            there = outcome.take(held)
            risk = _last(found)[held, repeat]
            lines.append(
                {
                    "repeat": repeat,
                    "fold": int(fold),
                    "people": len(held),
                    "events": int(there.events.sum()),
                    "mean_prediction": float(risk.mean()),
                    **_measured(there, found.margin[held, repeat], risk),
                }
            )
    return lines


def _measured(outcome: Outcome, margin: Floats, risk: Floats) -> dict[str, float]:
    """Measure one fold; what has no value there is left out."""
    measures: dict[str, Callable[[], float]] = {
        "auc": lambda: binary.auroc(outcome.events, risk),
        "log_loss": lambda: binary.log_loss(outcome.events, risk),
    }
    if outcome.days is not None:
        days = outcome.days
        measures = {"c_index": lambda: survival.harrell_c(days, outcome.events, margin)}
    values = {}
    for name, compute in measures.items():
        with suppress(MeasureUndefinedError):
            values[name] = compute()
    return values


def _last(found: OutOfFold) -> Floats:
    """Give the probability of response, or of relapse by the last day evaluated."""
    return found.probability if found.probability.ndim == 2 else found.probability[..., -1]


def _of_relapse(found: OutOfFold, outcome: Outcome, person: int, repeat: int) -> list[str]:
    """Give the cells that only runs of relapse have: day, and risk by each day that is compared."""
    if outcome.days is None:
        return []
    risks = [found.probability[person, repeat, RISK_DAYS.index(day)] for day in RISK_COLUMNS]
    return [repr(float(number)) for number in (outcome.days[person], *risks)]


def _write_out_of_fold(findings: Findings, path: Path) -> None:
    """Write each person's out-of-fold predictions of the chosen learner, outside MLflow."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        columns = ["patient_id", "repeat", "fold", "margin", "probability", "outcome"]
        outcome = findings.analysis.outcome
        more = [] if outcome.days is None else ["days", *RISK_COLUMNS.values()]
        table.writerow([*columns, *more])
        if findings.choice is None:
            return
        found = findings.out_of_fold[findings.choice.learner.name]
        last = _last(found)
        for i, patient in enumerate(findings.analysis.groups):
            for repeat in range(found.margin.shape[1]):
                table.writerow(
                    [
                        patient,
                        repeat,
                        int(found.fold[i, repeat]),
                        repr(float(found.margin[i, repeat])),
                        repr(float(last[i, repeat])),
                        int(outcome.events[i]),
                        *_of_relapse(found, outcome, i, repeat),
                    ]
                )
