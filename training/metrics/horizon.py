"""Calibration of a risk at a horizon, where follow-up may be censored.

Every function takes times ``days``, ``events`` (1 = happened then, 0 = censored then) and the
predicted risk of the event by day t. What was observed is Kaplan-Meier's, or comes from people
weighted by the inverse probability of censoring (`training.metrics.censoring`); nobody is dropped
for having been censored before t. That censoring does not depend on risk is assumed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from predictor.errors import InvalidInputError
from training.metrics import FloatArray, MeasureUndefinedError
from training.metrics.accepted import checked_followup, checked_risk
from training.metrics.calibration import CalibrationCurve
from training.metrics.censoring import (
    StepFunction,
    greenwood,
    ipcw_weights,
    kaplan_meier,
    require_followup,
)
from training.metrics.intervals import Estimate, log_scale_interval
from training.metrics.recalibration import (
    CalibrationErrors,
    CalibrationLine,
    errors_of,
    finite_log_odds,
    line_of,
    smooth,
)


class _Seen(NamedTuple):
    """People at the horizon: event by then (1/0), log-odds of the risk, weight."""

    happened: FloatArray
    log_odds: FloatArray
    weight: FloatArray


def o_e_at(
    days: npt.ArrayLike, events: npt.ArrayLike, risk_at_t: npt.ArrayLike, *, t: float
) -> Estimate:
    """Observed over expected risk at day t, with a 95 % interval on the log scale.

    Observed is one minus Kaplan-Meier at t, expected the mean predicted risk. The standard error
    of the logarithm is Greenwood's, divided by the observed risk.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk_at_t : array-like of shape (n,)
        Predicted probability of the event by day t, in [0, 1].
    t : float
        Horizon in days.

    Returns
    -------
    Estimate
        Above 0; 1 is perfect, below 1 the risks are predicted too high.

    Raises
    ------
    MeasureUndefinedError
        If t lies beyond follow-up, nobody or everybody had the event by t, or no event is
        expected.

    References
    ----------
    McLernon DJ et al. Ann Intern Med 2023;176:105-114.
    """
    times, marks = checked_followup(days, events)
    risk = checked_risk(risk_at_t, n=times.size, probability=True)
    require_followup("O/E", t, float(times.max()))
    observed = 1 - float(kaplan_meier(times, marks).at(t))
    if observed in {0.0, 1.0}:
        who = "nobody" if observed == 0.0 else "everybody"
        raise MeasureUndefinedError("O/E", f"{who} had the event by day {t:g}")
    if not risk.any():
        raise MeasureUndefinedError("O/E", "no event is expected: all risks are 0")
    spread = greenwood(times, marks, t=t) / observed
    return log_scale_interval(
        observed / float(risk.mean()), spread, method="log-normal, Greenwood variance"
    )


def calibration_line_at(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk_at_t: npt.ArrayLike,
    *,
    t: float,
    censoring: StepFunction | None = None,
) -> CalibrationLine:
    """Calibration intercept and slope of the risk at day t, on the log-odds of that risk.

    The two logistic fits of `training.metrics.calibration.calibration_line` on "event by day t",
    people weighted by the inverse probability of censoring. This is the slope *at the horizon*:
    the slope of a Cox regression on the margin speaks of all days at once and differs from it
    where hazards are not proportional.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk_at_t : array-like of shape (n,)
        Predicted probability of the event by day t, inside (0, 1).
    t : float
        Horizon in days.
    censoring : StepFunction or None
        Censoring curve, from the training people say; None estimates it from these people.

    Returns
    -------
    CalibrationLine
        ``(intercept, slope)``; (0, 1) is perfect.

    Raises
    ------
    MeasureUndefinedError
        If t lies beyond follow-up, nobody or everybody seen had the event by t, a risk is 0 or
        1, all are equal, or they separate the outcomes perfectly.

    References
    ----------
    Gerds TA, Andersen PK, Kattan MW. Stat Med 2014;33:3191-3203.
    """
    seen = _seen("calibration line", days, events, risk_at_t, t=t, censoring=censoring)
    return line_of(seen.happened, seen.log_odds, weight=seen.weight)


def calibration_errors_at(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk_at_t: npt.ArrayLike,
    *,
    t: float,
    censoring: StepFunction | None = None,
) -> CalibrationErrors:
    """ICI, E50, E90 and Emax at day t, over everybody, also those censored before t.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk_at_t : array-like of shape (n,)
        Predicted probability of the event by day t, inside (0, 1).
    t : float
        Horizon in days.
    censoring : StepFunction or None
        Censoring curve, from the training people say; None estimates it from these people.

    Returns
    -------
    CalibrationErrors
        ``(ici, e50, e90, emax)``; lower is better.

    Raises
    ------
    MeasureUndefinedError
        If t lies beyond follow-up, nobody or everybody seen had the event by t, or a risk is 0
        or 1.

    References
    ----------
    Austin PC, Harrell FE, van Klaveren D. Stat Med 2020;39:2714-2742 (there by hazard
    regression; here by the weighted spline of `training.metrics.calibration.ici`).
    """
    seen = _seen("ICI", days, events, risk_at_t, t=t, censoring=censoring)
    observed = smooth(seen.happened, seen.log_odds, at=seen.log_odds, weight=seen.weight)
    return errors_of(observed, expit(seen.log_odds))


def calibration_curve_at(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk_at_t: npt.ArrayLike,
    *,
    t: float,
    n_points: int = 100,
    censoring: StepFunction | None = None,
) -> CalibrationCurve:
    """Smooth calibration curve at day t, the one behind `calibration_errors_at`.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk_at_t : array-like of shape (n,)
        Predicted probability of the event by day t, inside (0, 1).
    t : float
        Horizon in days.
    n_points : int
        Points drawn, evenly spaced in risk.
    censoring : StepFunction or None
        Censoring curve, from the training people say; None estimates it from these people.

    Returns
    -------
    CalibrationCurve
        Predicted and smoothed observed risk.

    Raises
    ------
    MeasureUndefinedError
        As in `calibration_errors_at`.

    References
    ----------
    Austin PC, Harrell FE, van Klaveren D. Stat Med 2020;39:2714-2742.
    """
    seen = _seen("calibration curve", days, events, risk_at_t, t=t, censoring=censoring)
    risk = expit(seen.log_odds)
    grid = np.linspace(risk.min(), risk.max(), n_points)
    observed = smooth(seen.happened, seen.log_odds, at=logit(grid), weight=seen.weight)
    return CalibrationCurve(grid, observed)


def calibration_groups_at(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk_at_t: npt.ArrayLike,
    *,
    t: float,
    n_groups: int = 5,
) -> CalibrationCurve:
    """Mean predicted risk and Kaplan-Meier risk at day t, in groups of like prediction.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk_at_t : array-like of shape (n,)
        Predicted probability of the event by day t, in [0, 1].
    t : float
        Horizon in days.
    n_groups : int
        Groups wanted, at least 1; people of one prediction stay together.

    Returns
    -------
    CalibrationCurve
        One point per group, with its size.

    Raises
    ------
    InvalidInputError
        If fewer than one group is asked for.
    MeasureUndefinedError
        If a group is not followed to t.

    References
    ----------
    D'Agostino RB, Nam BH. Handbook of Statistics 2003;23:1-25.
    """
    times, marks = checked_followup(days, events)
    risk = checked_risk(risk_at_t, n=times.size, probability=True)
    if n_groups < 1:
        raise InvalidInputError(f"{n_groups} groups were asked for; at least 1 is needed")
    cuts = np.quantile(risk, np.arange(1, n_groups) / n_groups)
    found = []
    order = np.argsort(risk, kind="stable")
    # a risk equal to a cut stays below it
    for group in np.split(order, np.searchsorted(risk[order], cuts, side="right")):
        if group.size == 0:
            continue
        require_followup("calibration in groups", t, float(times[group].max()))
        free = float(kaplan_meier(times[group], marks[group]).at(t))
        found.append((float(risk[group].mean()), 1 - free, float(group.size)))
    predicted, observed, size = np.array(found).T
    return CalibrationCurve(predicted, observed, size)


def _seen(
    measure: str,
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk_at_t: npt.ArrayLike,
    *,
    t: float,
    censoring: StepFunction | None,
) -> _Seen:
    """Who had the event by day t, with weights, where both outcomes were seen."""
    times, marks = checked_followup(days, events)
    risk = checked_risk(risk_at_t, n=times.size, probability=True)
    weight = ipcw_weights(times, marks, t=t, censoring=censoring)
    happened = ((times <= t) & (marks == 1)).astype(np.float64)
    known = happened[weight > 0]
    if known.size == 0 or known.min() == known.max():
        who = "everybody" if known.size and known[0] == 1 else "nobody"
        raise MeasureUndefinedError(measure, f"{who} seen at day {t:g} had the event by then")
    return _Seen(happened, finite_log_odds(measure, risk), weight)
