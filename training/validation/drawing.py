"""The charts of an external validation; no measure is made here."""

from __future__ import annotations

import numpy as np

from training import figures
from training.evaluation.benefit import Benefit
from training.evaluation.external import last_horizon
from training.evaluation.procedure import RISK_DAYS
from training.figures import Line
from training.metrics import MeasureUndefinedError
from training.metrics.calibration import calibration_curve
from training.metrics.censoring import kaplan_meier
from training.metrics.horizon import calibration_groups_at
from training.model_report import Chart
from training.validation.findings import Validation

FEWEST_DRAWN = 50
"""Fewer people than this are not drawn: five groups of fewer than ten would show persons."""


def draw_validation(found: Validation) -> dict[str, Chart]:
    """Draw what can be drawn.

    Parameters
    ----------
    found : Validation
        All numbers.

    Returns
    -------
    dict of str to Chart
        By file name without ending.
    """
    charts: dict[str, Chart] = {}
    if found.external.people >= FEWEST_DRAWN and 0 < found.external.events < found.external.people:
        relapse = found.people.outcome.days is not None
        charts |= _draw_relapse(found) if relapse else _draw_response(found)
        if found.benefit is not None:
            charts["decision_curve"] = _draw_benefit(found.benefit)
    return charts


def _draw_response(found: Validation) -> dict[str, Chart]:
    """Draw calibration."""
    who = found.people.scored
    y = found.people.outcome.events[who]
    risk = found.scorer.bundle.model.probability(found.people.margin[who])
    curve = None
    if np.unique(risk).size > 10:
        try:
            smooth = calibration_curve(y, risk)
            curve = Line(smooth.predicted, smooth.observed)
        except MeasureUndefinedError:  # a risk of exactly 0 or 1: the groups speak alone
            curve = None
    return {
        "calibration": Chart(
            "Calibration in the new people",
            figures.calibration(y, risk, curve=curve),
            "Observed share of responders against predicted probability in groups, with the "
            "diagonal of perfect agreement.",
            "The model as given, on people it was not made from. Bars: 95 % of each group.",
        )
    }


def _draw_relapse(found: Validation) -> dict[str, Chart]:
    """Draw observed and predicted relapse, and calibration at the last horizon."""
    who = found.people.scored
    outcome = found.people.outcome.take(np.flatnonzero(who))
    baseline, margin = found.scorer.bundle.model.baseline, found.people.margin[who]
    if outcome.days is None or baseline is None:
        return {}
    last = min(180, int(outcome.days.max()))
    weeks = np.arange(0, last + 1, 7).astype(np.float64)
    days = np.array([0.0, *[day for day in RISK_DAYS if day <= last]])
    predicted = Line(days, baseline.risk(margin[:, None], days).mean(axis=0))
    observed = Line(weeks, 1 - kaplan_meier(outcome.days, outcome.events).at(weeks))
    charts = {
        "relapse_curves": Chart(
            "Relapse as observed and as predicted",
            figures.relapse_curves(observed, predicted),
            "Cumulative relapse: one minus Kaplan–Meier in the new people, and the mean of the "
            "predicted risks.",
            "Relapse is seen only at visits; the observed line is read weekly.",
        )
    }
    day = last_horizon(outcome)
    if day is None:
        return charts
    at = baseline.risk(margin, float(day))
    try:
        groups = calibration_groups_at(outcome.days, outcome.events, at, t=float(day))
    except MeasureUndefinedError:  # a group is not followed that far
        return charts
    charts["calibration"] = Chart(
        f"Calibration at {day} days",
        figures.relapse_calibration(at, Line(groups.predicted, groups.observed), day=day),
        "Observed relapse (Kaplan–Meier) against mean predicted risk in groups of equal size.",
        "The model as given, on people it was not made from.",
    )
    return charts


def _draw_benefit(benefit: Benefit) -> Chart:
    """Draw net benefit against acting on all and on none."""
    curve = benefit.curve
    when = "" if benefit.day is None else f" of acting on relapse by day {benefit.day}"
    return Chart(
        "Net benefit",
        figures.decision_curve(
            curve.threshold, {"model": curve.model, "treat all": curve.treat_all}
        ),
        f"Net benefit{when} by the model, of treating all and of treating none, over risk "
        "thresholds.",
        "Intervals stand in the table.",
    )
