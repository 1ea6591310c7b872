"""The charts of a run: which are drawn, from what, and with which words."""

from __future__ import annotations

import numpy as np

from training import figures
from training.evaluation import RISK_DAYS, Banded, Curves, OutOfFold, groups_of
from training.figures import Line
from training.findings import Findings
from training.metrics.censoring import kaplan_meier
from training.model_report import Chart, Importance
from training.presentation.decisions import benefit_chart, spread_chart

SHOWN_VARIABLES = 20
"""How many variables the chart of contributions shows."""

CALIBRATION_DAY = 90
"""Day whose chart of calibration has no day in its file name."""


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
    """Draw ROC, calibration, spread of risks and net benefit from out-of-fold probabilities."""
    y, curves = findings.analysis.outcome.events, findings.curves
    smooth = None if curves is None else curves.calibration.get(0)
    charts = {
        "roc": Chart(
            "Receiver operating characteristic",
            figures.roc(y, found.probability.T),
            "Share of responders found against share of non-responders wrongly named, over all "
            "thresholds; the diagonal is chance.",
            "From people whom the model never saw.",
        ),
        "calibration": Chart(
            "Calibration",
            figures.calibration(
                y, found.probability.mean(axis=1), curve=_line(smooth), groups=groups_of(len(y))
            ),
            "Observed share of responders against predicted probability, as a smooth curve with "
            "its 95 % band and in groups, with the diagonal of perfect agreement; underneath, how "
            "the predictions are spread.",
            "Predictions averaged over repeats; the band is pointwise, from resamples of people.",
        ),
    }
    return charts | ({} if curves is None else _common(curves, "response"))


def _draw_relapse(findings: Findings, found: OutOfFold) -> dict[str, Chart]:
    """Draw observed and predicted relapse, calibration at each day, spread and net benefit."""
    outcome, curves = findings.analysis.outcome, findings.curves
    predicted = found.probability.mean(axis=1)
    weeks = np.arange(0, 181, 7).astype(np.float64)
    observed = Line(weeks, 1 - kaplan_meier(np.asarray(outcome.days), outcome.events).at(weeks))
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
    if curves is None:
        return charts
    for day, groups in curves.groups.items():
        name = "calibration" if day == CALIBRATION_DAY else f"calibration_{day}"
        charts[name] = Chart(
            f"Calibration at {day} days",
            figures.relapse_calibration(
                predicted[:, RISK_DAYS.index(day)],
                Line(groups.x, groups.y, groups.lo, groups.hi),
                day=day,
                curve=_line(curves.calibration.get(day)),
            ),
            "Observed relapse against predicted risk: a smooth curve, weighted for censoring, with "
            "its 95 % band, and Kaplan–Meier in groups of equal size; underneath, how the "
            "predictions are spread.",
            "From people whom the model never saw; the band is pointwise, from resamples.",
        )
    return charts | _common(curves, "relapse")


def _common(curves: Curves, task: str) -> dict[str, Chart]:
    """Draw what both tasks have: spread of risks and net benefit."""
    drawn = {
        "risk_distribution": spread_chart(curves, task),
        "decision_curve": benefit_chart(curves, task),
    }
    return {name: chart for name, chart in drawn.items() if chart is not None}


def _line(banded: Banded | None) -> Line | None:
    """Hand a curve to the figures."""
    return None if banded is None else Line(banded.x, banded.y, banded.lo, banded.hi)
