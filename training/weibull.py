"""One Weibull law fitted to visit intervals: the pace at which a hazard falls or rises.

It is too stiff for a baseline, but two numbers can be had from few people: between two knots it
says how relapses spread, and in small held-out folds it is the baseline that margins are held
against.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.penalised_fit import minimise
from training.visit_intervals import checked_intervals

Floats = NDArray[np.float64]

# Prior SD of the log pace: 95 % between a seventh and seven times. It decides only where all events
# lie in one interval. The prior of the level decides nothing, and keeps it finite where all
# relapsed before the first visit.
_PACE_SD, _LEVEL_PRECISION = 1.0, 1e-4
# Smallest curvature of a search; the likelihood is not concave everywhere.
_LEAST_CURVATURE = 1e-3


class WeibullFit(NamedTuple):
    """A Weibull law: cumulative hazard exp(level) · day^pace at margin 0.

    Parameters
    ----------
    pace : float
        Its shape: below 1 the hazard falls with time.
    log_variance : float
        Variance of the log of the pace.
    level : float
        Log cumulative hazard of day 1.
    loglik : float
        Log-likelihood, without the prior.
    """

    pace: float
    log_variance: float
    level: float
    loglik: float


def fit_weibull(
    last_well: ArrayLike, days: ArrayLike, events: ArrayLike, margin: Floats | None = None
) -> WeibullFit:
    """Fit level and pace under known margins.

    Parameters
    ----------
    last_well, days, events : array_like of shape (n,)
        As for `visit_intervals`.
    margin : ndarray of shape (n,), optional
        Log-hazards known beforehand.

    Returns
    -------
    WeibullFit
        Largest posterior under a wide prior of the log pace around 0, and its curvature there.

    Raises
    ------
    InvalidInputError
        If the days are none that `visit_intervals` accepts.
    ConvergenceError
        If the optimum was not reached.

    References
    ----------
    Kalbfleisch & Prentice (2002), The statistical analysis of failure time data, section 2.2.

    Examples
    --------
    >>> found = fit_weibull([0.0, 14.0], [14.0, 14.0], [1, 0])
    >>> round(found.pace, 3), round(float(np.exp(found.level) * 14), 3)
    (1.0, 0.693)
    """
    well, until, seen = checked_intervals(last_well, days, events)
    known = np.zeros(well.size) if margin is None else margin
    case, exact = (seen > 0) & (well < until), (seen == 1) & (well == until)
    logs = [np.log(np.maximum(t, 1e-300)) for t in (well, until[case], until[exact])]
    chance = seen[case]
    clear = np.log(seen.sum() / (np.exp(known) * (well + (until - well) * seen / 2)).sum())

    def loss(point: Floats, *, prior: bool = True) -> tuple[float, Floats, Floats]:
        lost = _parts(point, logs[0], known)
        ends = _parts(point, logs[1], known[case])
        hazard = ends - lost[:, case]
        odds = 1 / np.expm1(np.minimum(hazard[0], 700.0))
        # what is lost is that until last well, and the interval as far as nothing happened in it
        first, across = chance * odds - (1 - chance), hazard[[1, 2]]
        value = lost[0].sum() + hazard[0] @ (1 - chance)
        value -= chance @ np.log(-np.expm1(-hazard[0]))
        slope = lost[[1, 2]].sum(axis=1) - across @ first
        bend = _square(lost[3:].sum(axis=1) - hazard[3:] @ first)
        bend += (across * (chance * odds * (1 + odds))) @ across.T
        dated = logs[2] * np.exp(point[1])
        value -= float((point.sum() + known[exact] + dated - logs[2]).sum())
        slope -= [dated.size, float((1 + dated).sum())]
        bend[1, 1] -= float(dated.sum())
        if prior:
            value += (_LEVEL_PRECISION * (point[0] - clear) ** 2 + (point[1] / _PACE_SD) ** 2) / 2
            slope += [_LEVEL_PRECISION * (point[0] - clear), point[1] / _PACE_SD**2]
            bend += np.diag([_LEVEL_PRECISION, _PACE_SD**-2])
        return float(value), slope, bend

    def safe(point: Floats) -> tuple[float, Floats, Floats]:
        value, slope, bend = loss(point)
        if not np.isfinite(bend).all():
            return np.inf, slope, bend
        size, axes = np.linalg.eigh(bend)
        return value, slope, (axes * np.maximum(np.abs(size), _LEAST_CURVATURE)) @ axes.T

    point, _, _ = minimise(safe, np.array([clear, 0.0]))
    variance = np.linalg.inv(loss(point)[2])[1, 1]
    return WeibullFit(
        float(np.exp(point[1])), float(variance), float(point[0]), -loss(point, prior=False)[0]
    )


def _parts(point: Floats, log_days: Floats, margin: Floats) -> Floats:
    """Give the cumulative hazard and its derivatives: by level and log pace, then the second."""
    pace = np.exp(point[1])
    hazard = np.exp(point[0] + pace * log_days + margin)
    turn = pace * log_days
    return np.stack(
        [hazard, hazard, hazard * turn, hazard, hazard * turn, hazard * (turn**2 + turn)]
    )


def _square(parts: Floats) -> Floats:
    """Give a symmetric matrix from its three entries."""
    return np.array([[parts[0], parts[1]], [parts[1], parts[2]]])
