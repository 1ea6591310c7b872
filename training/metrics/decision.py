"""Is acting on the number worth it: net benefit over a range of thresholds.

A threshold is the risk from which one would act; it states how harm and benefit are weighed. The
model must beat two lines that need no model: acting on everybody, and on nobody (0 throughout).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from predictor.errors import InvalidInputError
from training.metrics import FloatArray
from training.metrics.accepted import checked, checked_followup, checked_risk
from training.metrics.censoring import kaplan_meier, require_followup


@dataclass(frozen=True, slots=True, eq=False)
class DecisionCurve:
    """Net benefit at each threshold; acting on nobody has 0.

    Parameters
    ----------
    threshold : ndarray of shape (k,)
        Risk from which one would act, inside (0, 1).
    model : ndarray of shape (k,)
        Net benefit of acting on those whose predicted risk reaches the threshold.
    treat_all : ndarray of shape (k,)
        Net benefit of acting on everybody.
    """

    threshold: FloatArray
    model: FloatArray
    treat_all: FloatArray


def decision_curve(
    y: npt.ArrayLike, p: npt.ArrayLike, *, thresholds: npt.ArrayLike
) -> DecisionCurve:
    """Net benefit of a model over a declared range of thresholds, with the treat-all line.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, in [0, 1].
    thresholds : array-like of shape (k,)
        Probabilities from which one would act, inside (0, 1), increasing.

    Returns
    -------
    DecisionCurve
        Net benefit in true positives per person; higher is better.

    Raises
    ------
    InvalidInputError
        If a threshold is not inside (0, 1) or they do not increase.

    References
    ----------
    Vickers AJ, Elkin EB. Med Decis Making 2006;26:565-574.
    """
    outcome, probability = checked(y, p)
    at, odds = _thresholds(thresholds)
    order = np.argsort(probability, kind="stable")
    below = np.searchsorted(probability[order], at, side="left")
    hits = np.append(0.0, np.cumsum(outcome[order]))
    true = hits[-1] - hits[below]
    false = outcome.size - below - true
    share = outcome.mean()
    return DecisionCurve(at, (true - odds * false) / outcome.size, share - odds * (1 - share))


def decision_curve_at(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk_at_t: npt.ArrayLike,
    *,
    t: float,
    thresholds: npt.ArrayLike,
) -> DecisionCurve:
    """Net benefit at day t under censoring, by Kaplan-Meier among those acted on.

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
    thresholds : array-like of shape (k,)
        Risks from which one would act, inside (0, 1), increasing.

    Returns
    -------
    DecisionCurve
        Net benefit in events caught per person; higher is better.

    Raises
    ------
    InvalidInputError
        If a threshold is not inside (0, 1) or they do not increase.
    MeasureUndefinedError
        If those acted on at a threshold are not followed to t.

    References
    ----------
    Vickers AJ, Cronin AM, Elkin EB, Gonen M. BMC Med Inform Decis Mak 2008;8:53.
    """
    times, marks = checked_followup(days, events)
    risk = checked_risk(risk_at_t, n=times.size, probability=True)
    at, odds = _thresholds(thresholds)

    def benefit(chosen: npt.NDArray[np.bool_], odd: float) -> float:
        if not chosen.any():
            return 0.0
        require_followup("net benefit", t, float(times[chosen].max()))
        free = float(kaplan_meier(times[chosen], marks[chosen]).at(t))
        return float(chosen.mean() * (1 - free - odd * free))

    everybody = np.ones(times.size, dtype=bool)
    model = [benefit(risk >= level, odd) for level, odd in zip(at, odds, strict=True)]
    return DecisionCurve(at, np.array(model), np.array([benefit(everybody, odd) for odd in odds]))


def _thresholds(thresholds: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Thresholds and their odds: harm of one false positive in true positives."""
    at = np.asarray(thresholds, dtype=np.float64)
    inside = at.ndim == 1 and at.size > 0 and bool(np.all((at > 0) & (at < 1)))
    if not inside or np.any(np.diff(at) <= 0):
        raise InvalidInputError("thresholds must lie inside (0, 1) and increase")
    return at, at / (1 - at)
