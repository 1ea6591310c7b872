"""Findings as people see them: charts, tables and the report of a run. No number is made here."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from training import figures, model_report
from training.cohort import missing_outcomes
from training.evaluation import RISK_DAYS, OutOfFold
from training.figures import Line
from training.findings import Findings
from training.learners import AVERAGE, COMPARATORS, LEARNERS
from training.metrics import binary
from training.metrics.calibration import calibration_curve
from training.metrics.censoring import kaplan_meier
from training.model_report import Candidate, Chart, Importance, RunReport, Table
from training.table_one import table_one

SHOWN_VARIABLES = 20
"""How many variables the chart of contributions shows."""

CALIBRATION_DAY = 90
"""Day at which the calibration of a relapse model is drawn."""

_METHODS = tuple(
    """\
Candidates were evaluated by repeated, stratified, patient-grouped and shuffled nested \
cross-validation. Encoding, imputation, scaling, tuning and calibration were learned anew inside \
every training fold.
Margins were calibrated by an affine line fitted on out-of-fold margins of the training fold; the \
calibration reported here comes only from people whom that line never saw.
The simplest learner whose paired loss is within one standard error of the best was chosen. \
Because the choice was made on the same folds, its figures are slightly flattering.
Outcomes not observed in their window are missing: counted, never carried forward.""".splitlines()
)
_NOT_SHOWN = (
    "External validation: nothing here says how the model does in another clinic or year.",
    "Optimism of the whole procedure by bootstrap, instability of single predictions, subgroups.",
    "Any effect of treatment: contributions explain the model, not what causes an outcome.",
)


def make_report(findings: Findings, charts: dict[str, Chart]) -> RunReport:
    """Put findings into the report's parts.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.
    charts : dict of str to Chart
        From `draw`.

    Returns
    -------
    RunReport
        For `training.model_report`.
    """
    cohort, config = findings.cohort, findings.config
    choice = findings.choice
    return RunReport(
        task=config.task,
        population="adults with depression" if findings.source is None
        else findings.source.settings.title,
        outcome=cohort.definition.describe(),
        status=cast("Literal['fitted', 'exploratory', 'refused']", findings.status),
        reason=findings.reason,
        data_origin=cohort.origin,
        source=cohort.source,
        flow=cohort.flow,
        stamp=None if findings.model is None else findings.stamp,
        sample_size=() if findings.sample_size is None else (findings.sample_size.sentence,),
        table_one=_frame(table_one(cohort), "Baseline characteristics by outcome"),
        missing_outcomes=_missing(findings),
        candidates=_candidates(findings),
        chosen=None if choice is None else choice.learner.name,
        chosen_because="" if choice is None else choice.reason,
        performance=[chart for name, chart in charts.items() if name != "contributions"],
        importance=importance(findings),
        importance_chart=charts.get("contributions"),
        sentinels=[
            model_report.Sentinel(name.replace("_", " "), s.passed, s.detail)
            for name, s in findings.sentinels.items()
        ],
        extra=_extra(findings),
        methods=_METHODS,
        provenance=provenance(findings),
        not_shown=_NOT_SHOWN,
    )  # fmt: skip


def provenance(findings: Findings) -> dict[str, str]:
    """List what a run can be repeated from.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    dict of str to str
        Version, seed, settings and SHA-256 of the raw files.
    """
    settings = findings.config.model_dump(mode="json")
    resampling = settings.pop("resampling")
    listed = {f"resampling.{k}": v for k, v in resampling.items()} | settings
    return {
        "ketamine-response": version("ketamine-response"),
        "data origin": findings.cohort.origin,
        **{f"SHA-256 of {name}": digest for name, digest in findings.cohort.file_sha256.items()},
        **{key.replace("_", " "): _words(value) for key, value in listed.items()},
    }


def importance(findings: Findings) -> list[Importance]:
    """Rank the variables of the chosen learner by mean absolute contribution over folds.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    list of Importance
        Largest first; empty where nothing was chosen.
    """
    if findings.choice is None:
        return []
    sizes = findings.out_of_fold[findings.choice.learner.name].contributions
    ranked = [
        Importance(findings.cohort.dictionary[v].label, float(np.mean(s)), min(s), max(s))
        for v, s in sizes.items()
    ]
    return sorted(ranked, key=lambda each: -each.mean)


def draw(findings: Findings) -> dict[str, Chart]:
    """Draw what can be drawn of the chosen learner.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    dict of str to Chart
        By file name without ending; empty where nothing was chosen.
    """
    if findings.choice is None:
        return {}
    found = findings.out_of_fold[findings.choice.learner.name]
    charts = (
        _draw_relapse(findings, found)
        if found.probability.ndim == 3
        else _draw_response(findings, found)
    )
    ranked = importance(findings)[:SHOWN_VARIABLES]
    if ranked:
        sizes = found.contributions
        by_label = {findings.cohort.dictionary[v].label: s for v, s in sizes.items()}
        charts["contributions"] = Chart(
            "Mean absolute contribution of each variable",
            figures.importance(
                [each.label for each in ranked],
                np.array([each.mean for each in ranked]),
                per_fold=np.array([by_label[each.label] for each in ranked]).T,
                scale="log-hazard" if found.probability.ndim == 3 else "log-odds",
            ),
            "Bars of the mean absolute contribution of the variables in the table beside, with "
            "lines from the smallest to the largest training fold.",
        )
    return charts


def beeswarm(findings: Findings) -> bytes | None:
    """Draw the contributions of the people analysed under the final model, as a picture.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    bytes or None
        PNG; None without a model or a variable.
    """
    model = findings.model
    if model is None or not model.encoding.variables:
        return None
    variables = model.encoding.variables
    values = findings.analysis.values
    return figures.beeswarm(
        model.assess(values).contributions,
        np.column_stack([values[v] for v in variables]),
        labels=[findings.cohort.dictionary[v].label for v in variables],
        scale="log-hazard" if model.task == "relapse" else "log-odds",
    )


def _draw_response(findings: Findings, found: OutOfFold) -> dict[str, Chart]:
    """Draw ROC, calibration and net benefit from out-of-fold probabilities."""
    y = findings.analysis.outcome.events
    mean = found.probability.mean(axis=1)
    grid = np.linspace(*findings.config.decision_thresholds, 61)
    benefit = {
        "model": np.array([binary.net_benefit(y, mean, threshold=float(t)) for t in grid]),
        "treat all": np.array([binary.treat_all(y, threshold=float(t)) for t in grid]),
    }
    curve = None
    if np.unique(mean).size > 10:
        smooth = calibration_curve(y, mean)
        curve = Line(smooth.predicted, smooth.observed)
    return {
        "roc": Chart(
            "Receiver operating characteristic",
            figures.roc(y, found.probability.T),
            "Share of responders found against share of non-responders wrongly named, over all "
            "thresholds; the diagonal is chance.",
            "From people whom the model never saw.",
        ),
        "calibration": Chart(
            "Calibration",
            figures.calibration(y, mean, curve=curve),
            "Observed share of responders against predicted probability in groups, with the "
            "diagonal of perfect agreement.",
            "Predictions averaged over repeats.",
        ),
        "decision_curve": Chart(
            "Net benefit",
            figures.decision_curve(grid, benefit),
            "Net benefit of treating by the model, of treating all and of treating none, over "
            "risk thresholds.",
            "Where the model's line is not above both others, it improves no decision.",
        ),
    }


def _draw_relapse(findings: Findings, found: OutOfFold) -> dict[str, Chart]:
    """Draw observed and predicted relapse, and calibration at one day."""
    outcome = findings.analysis.outcome
    days = np.asarray(outcome.days)
    predicted = found.probability.mean(axis=1)
    weeks = np.arange(0, 181, 7).astype(np.float64)
    observed = Line(weeks, 1 - kaplan_meier(days, outcome.events).at(weeks))
    charts = {
        "relapse_curves": Chart(
            "Relapse as observed and as predicted",
            figures.relapse_curves(
                observed, Line(np.array([0.0, *RISK_DAYS]), np.append(0.0, predicted.mean(axis=0)))
            ),
            "Cumulative relapse over 180 days: one minus Kaplan–Meier, and the mean of the "
            "predicted risks.",
            "Relapse is seen only at visits; the observed line is read weekly.",
        )
    }
    at = predicted[:, RISK_DAYS.index(CALIBRATION_DAY)]
    if np.unique(at).size >= 10 and days.max() > CALIBRATION_DAY:
        charts["calibration"] = Chart(
            f"Calibration at {CALIBRATION_DAY} days",
            figures.relapse_calibration(at, _groups(at, days, outcome.events), day=CALIBRATION_DAY),
            "Observed relapse (Kaplan–Meier) against mean predicted risk in groups of equal size.",
            "From people whom the model never saw.",
        )
    return charts


def _groups(at: Any, days: Any, events: Any, n: int = 5) -> Line:
    """Read Kaplan–Meier in groups by predicted risk."""
    bins = np.array_split(np.argsort(at, kind="stable"), n)
    observed = [
        float(1 - kaplan_meier(days[b], events[b]).at(float(CALIBRATION_DAY))) for b in bins
    ]
    return Line(np.array([at[b].mean() for b in bins]), np.array(observed))


def _candidates(findings: Findings) -> list[Candidate]:
    """List learners, then comparators, with their measures."""
    comparators = {c.name for c in COMPARATORS} | set(AVERAGE.values())
    return [
        Candidate(
            name,
            {
                metric: model_report.Estimate(e.value, e.lo, e.hi)
                for metric, e in findings.metrics[name].items()
            },
            is_comparator=name in comparators,
        )
        for name in findings.out_of_fold
    ]


def _missing(findings: Findings) -> list[Table]:
    """Table missing outcomes by site and by baseline severity."""
    counted = missing_outcomes(findings.cohort)
    tables = []
    for by, part in counted.groupby("by", sort=False):
        rows = [
            {str(by): r["level"], "people": int(r["people"]), "outcome missing": int(r["missing"])}
            for r in part.to_dict("records")
        ]
        tables.append(Table(f"Missing outcomes by {by}", rows))
    return tables


def _extra(findings: Findings) -> list[Table]:
    """Table learners with what failed, and what only this source has."""
    reasons = {learner.name: learner.reason for learner in (*LEARNERS, *COMPARATORS)}
    tried = [
        {
            "learner": name.replace("_", " "),
            "why it is here": reasons.get(name, "the same number for everybody"),
            "training folds without signal": found.no_signal_folds,
            "could not be computed": "; ".join(
                sorted(f"{k}: {v}" for k, v in findings.undefined[name].items())
            ),
        }
        for name, found in findings.out_of_fold.items()
    ]
    tables = [Table("What was tried", tried)] if tried else []
    if findings.source is not None:
        lines = [line.to_dict() for line in findings.source.lines]
        tables.append(Table("Known counts of this data set, recomputed", lines))
        facts = [{"count": k, "value": v} for k, v in findings.source.facts.items()]
        tables.append(Table("Further counts", facts, " ".join(findings.source.settings.notes)))
    if findings.cohort.notes:
        notes = [{"note": note} for note in findings.cohort.notes]
        tables.append(Table("Notes on the data", notes))
    return [table for table in tables if table.rows]


def _frame(frame: pd.DataFrame, caption: str) -> Table | None:
    """Turn a table of texts into the report's form."""
    rows = [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
    return Table(caption, rows) if rows else None


def _words(value: object) -> str:
    """Write a setting as words."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
