"""What censoring hides: Kaplan-Meier curves and inverse-probability-of-censoring weights.

One convention holds throughout: on a tied day events come before censorings. A person censored
on day t is therefore known to be free of the event at t, and weights are 1 / P(C >= u), by the
censoring curve just before u. Where nobody is censored on day t itself this is Graf's weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from training.metrics import FloatArray, MeasureUndefinedError
from training.metrics.accepted import checked_followup


@dataclass(frozen=True, slots=True)
class StepFunction:
    """A survival curve: 1 at first, a new value from each of ``times`` on.

    Parameters
    ----------
    times : ndarray of shape (k,)
        Days on which it falls, increasing.
    values : ndarray of shape (k,)
        Value from that day on, in [0, 1].
    until : float
        Last day of follow-up; nothing is known later.
    """

    times: FloatArray
    values: FloatArray
    until: float

    def at(self, days: npt.ArrayLike) -> FloatArray:
        """Value on given days, the falls of that day included.

        Parameters
        ----------
        days : array-like of shape (n,)
            Days from time zero.

        Returns
        -------
        ndarray of shape (n,)
            P(T > day).
        """
        return self._value(days, side="right")

    def before(self, days: npt.ArrayLike) -> FloatArray:
        """Value just before given days.

        Parameters
        ----------
        days : array-like of shape (n,)
            Days from time zero.

        Returns
        -------
        ndarray of shape (n,)
            P(T >= day).
        """
        return self._value(days, side="left")

    def _value(self, days: npt.ArrayLike, *, side: Literal["left", "right"]) -> FloatArray:
        """Value after counting falls up to (right) or before (left) each day."""
        steps = np.concatenate([[1.0], self.values])
        found: FloatArray = steps[np.searchsorted(self.times, np.asarray(days), side=side)]
        return found


def kaplan_meier(days: npt.ArrayLike, events: npt.ArrayLike) -> StepFunction:
    """Kaplan-Meier curve: share still free of the event.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.

    Returns
    -------
    StepFunction
        P(T > day), falling on days with an event.

    References
    ----------
    Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481.
    """
    times, marks = checked_followup(days, events)
    moments, n_events, n_censored = _counts(times, marks)
    at_risk = _at_risk(n_events + n_censored)
    return _curve(moments, n_events, at_risk, until=float(times.max()))


def censoring_survival(days: npt.ArrayLike, events: npt.ArrayLike) -> StepFunction:
    """Kaplan-Meier curve of staying uncensored, the G of inverse-probability weights.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.

    Returns
    -------
    StepFunction
        P(C > day); people with an event on a day have left before its censorings.

    References
    ----------
    Gerds TA, Schumacher M. Biom J 2006;48:1029-1040.
    """
    times, marks = checked_followup(days, events)
    moments, n_events, n_censored = _counts(times, marks)
    at_risk = _at_risk(n_events + n_censored) - n_events
    return _curve(moments, n_censored, at_risk, until=float(times.max()))


def greenwood(days: npt.ArrayLike, events: npt.ArrayLike, *, t: float) -> float:
    """Greenwood's standard error of the Kaplan-Meier curve at day t.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    t : float
        Day.

    Returns
    -------
    float
        At least 0; 0 before the first event, and where the curve has reached 0.

    References
    ----------
    Greenwood M. Reports on Public Health and Medical Subjects 1926;33:1-26.
    """
    times, marks = checked_followup(days, events)
    moments, n_events, n_censored = _counts(times, marks)
    at_risk = _at_risk(n_events + n_censored)
    fell = (moments <= t) & (n_events < at_risk)
    fall, risk_set = n_events[fell], at_risk[fell]
    total = float(np.sum(fall / (risk_set * (risk_set - fall))))
    return float(kaplan_meier(times, marks).at(t)) * float(np.sqrt(total))


def ipcw_weights(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    *,
    t: float,
    censoring: StepFunction | None = None,
) -> FloatArray:
    """Inverse-probability weight of each person's state at day t.

    With the censoring curve of the same people the weights sum to n exactly.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    t : float
        Horizon in days.
    censoring : StepFunction or None
        Censoring curve, from the training people say; None estimates it from these people.

    Returns
    -------
    ndarray of shape (n,)
        0 for people censored before t, whose share is carried by the others.

    Raises
    ------
    MeasureUndefinedError
        If t lies beyond follow-up, or nobody remains uncensored where a weight is needed.

    References
    ----------
    Graf E et al. Stat Med 1999;18:2529-2545. Uno H et al. J Am Stat Assoc 2007;102:527-537.
    """
    times, marks = checked_followup(days, events)
    curve = censoring_survival(times, marks) if censoring is None else censoring
    require_followup("weight", t, min(float(times.max()), curve.until))
    known = (times >= t) | (marks == 1)
    return inverse_weights(curve, np.minimum(times, t), where=known)


def _counts(days: FloatArray, events: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Distinct days, and the events and censorings on each."""
    moments, index = np.unique(days, return_inverse=True)
    n_events = np.bincount(index, events).astype(np.float64)
    n_censored = np.bincount(index, 1 - events).astype(np.float64)
    return moments, n_events, n_censored


def _at_risk(leaving: FloatArray) -> FloatArray:
    """People still followed just before each day."""
    remaining: FloatArray = np.cumsum(leaving[::-1])[::-1]
    return remaining


def _curve(
    moments: FloatArray, falls: FloatArray, at_risk: FloatArray, *, until: float
) -> StepFunction:
    """Product-limit curve from the falls on each day."""
    fell = falls > 0
    values = np.cumprod(1 - falls[fell] / at_risk[fell]).astype(np.float64)
    return StepFunction(moments[fell], values, until)


def inverse_weights(
    curve: StepFunction, days: FloatArray, *, where: npt.NDArray[np.bool_]
) -> FloatArray:
    """1 / P(C >= day) for the people asked for, 0 for the others."""
    staying = curve.before(days)
    if np.any(staying[where] <= 0):
        raise MeasureUndefinedError(
            "weight", "the censoring curve has reached 0 before a day that needs a weight"
        )
    weight = np.zeros(days.size)
    weight[where] = 1 / staying[where]
    return weight


def require_followup(measure: str, day: float, until: float) -> None:
    """Stop where a day lies beyond what was observed.

    Parameters
    ----------
    measure : str
        Name of the measure, for the message.
    day : float
        Day asked for.
    until : float
        Last day of follow-up.

    Raises
    ------
    MeasureUndefinedError
        If the day is before 0 or after the last day of follow-up.
    """
    if not 0 <= day <= until:
        raise MeasureUndefinedError(
            measure, f"day {day:g} lies outside follow-up, which ends on day {until:g}"
        )
