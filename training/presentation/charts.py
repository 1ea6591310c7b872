"""The charts of a run: which are drawn, from what, and with which words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from training import figures
from training.evaluation import RISK_DAYS, OutOfFold
from training.figures import Line
from training.findings import Findings
from training.metrics.calibration import calibration_curve
from training.metrics.censoring import kaplan_meier
from training.metrics.decision import decision_curve
from training.model_report import Chart, Importance

SHOWN_VARIABLES = 20
"""How many variables the chart of contributions shows."""

CALIBRATION_DAY = 90
"""Day at which the calibration of a relapse model is drawn."""


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
    gained = decision_curve(y, mean, thresholds=grid)
    benefit = {"model": gained.model, "treat all": gained.treat_all}
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
            _benefit_note(grid, benefit),
        ),
    }


def _benefit_note(grid: Any, benefit: Mapping[str, Any]) -> str:
    """Say at which thresholds the model is above treating all and treating none."""
    above = benefit["model"] > np.maximum(benefit["treat all"], 0) + 1e-9
    if not above.any():
        return (
            "At no threshold is the model above both treating all and treating none: it improves "
            "no decision."
        )
    lowest, highest = grid[above][[0, -1]]
    return (
        f"The model is above both others at thresholds from {lowest:.2f} to {highest:.2f}"
        f"{'' if above[(grid >= lowest) & (grid <= highest)].all() else ', with gaps'}; elsewhere "
        "it improves no decision."
    )


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
