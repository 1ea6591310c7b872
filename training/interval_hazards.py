"""Proportional hazards when relapse is seen at visits: the interval-censored likelihood.

Dating a relapse at the visit that showed it makes it too late by up to a visit interval, and heavy
ties pull effects toward 0. Here a relapse counts as having happened at some time between two
visits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.errors import InvalidInputError
from training.penalised_fit import (
    ConvergenceError,
    PenalisedFit,
    SeparationError,
    inverse,
    minimise,
)
from training.visit_intervals import Intervals

Floats = NDArray[np.float64]

# A period in which nobody relapsed has a log-height of −∞, one in which all who were left did of ∞,
# and nothing tells apart two periods that no visit divides. So log-heights of neighbours are drawn
# together a little, and each period counts a millionth of an event at the overall rate; this moves
# heights of periods with events by less than 1e-4. Merging periods would do it too, but then they
# would depend on who was drawn.
_SMOOTHING, _PSEUDO_EVENTS = 1e-5, 1e-6
# More than this of the log prior is not noise: heights ran away.
_RUNAWAY_PRIOR = 0.01
# A hazard ratio of e³⁰ between two people of one cohort is a runaway, not an estimate; log-hazards
# beyond ±100 are a step of a search that went too far.
_RUNAWAY_SPREAD, _RUNAWAY_MARGIN = 30.0, 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Heights:
    """Piecewise hazard of a person of margin 0.

    Parameters
    ----------
    log_heights : ndarray of shape (n_periods,)
        Log-hazard per unit of clock time in each period.
    covariance : ndarray of shape (n_periods, n_periods)
        Of the log-heights, the coefficients of the margin known.
    loglik : float
        Log-likelihood.
    log_prior : float
        What keeps heights finite where nobody relapsed; next to nothing.
    """

    log_heights: Floats
    covariance: Floats
    loglik: float
    log_prior: float

    def cumulative(self, lived: Floats) -> Floats:
        """Give the cumulative hazard of clock times.

        Parameters
        ----------
        lived : ndarray of shape (k, n_periods)
            As from `Intervals.lived`.

        Returns
        -------
        ndarray of shape (k,)
            0 or more.
        """
        return np.asarray(lived @ np.exp(self.log_heights))

    def log_variance(self, lived: Floats) -> Floats:
        """Give the variance of the log of that cumulative hazard, by the delta method.

        Parameters
        ----------
        lived : ndarray of shape (k, n_periods)
            As from `Intervals.lived`; no row is all 0.

        Returns
        -------
        ndarray of shape (k,)
            Variance on the log scale.
        """
        parts = lived * np.exp(self.log_heights)
        share = parts / parts.sum(axis=1, keepdims=True)
        return np.asarray(((share @ self.covariance) * share).sum(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class IntervalFit:
    """Coefficients and baseline of one fit.

    Parameters
    ----------
    linear : PenalisedFit
        Intercept 0 and coefficients; its covariance allows for the baseline.
    heights : Heights
        Baseline at margin 0.
    covariance : ndarray of shape (p + n_periods, p + n_periods)
        Joint covariance of coefficients and log-heights.
    """

    linear: PenalisedFit
    heights: Heights
    covariance: Floats


def fit_heights(margin: Floats, intervals: Intervals) -> Heights:
    """Fit the baseline under known margins by maximum likelihood.

    Parameters
    ----------
    margin : ndarray of shape (n,)
        Whole log-hazard of each person, the known part too, none beyond ±100; 0 for all is the
        intercept-only fit.
    intervals : Intervals
        Of the same people.

    Returns
    -------
    Heights
        The baseline.

    Raises
    ------
    ConvergenceError
        If the optimum was not reached.

    References
    ----------
    Prentice & Gloeckler (1978), Regression analysis of grouped survival data, Biometrics 34:57.
    Lindsey & Ryan (1998), Methods for interval-censored data, Stat Med 17:219.
    """
    ratio = np.exp(margin)
    share = ratio[intervals.cases, None] * intervals.within
    rate = intervals.n_events / float(intervals.before.sum() + intervals.within.sum())
    at_risk = ratio @ intervals.before + _PSEUDO_EVENTS / rate
    exact = np.bincount(intervals.period, minlength=intervals.edges.size) + _PSEUDO_EVENTS
    steps = np.diff(np.eye(exact.size), axis=0)
    smooth = _SMOOTHING * steps.T @ steps

    def objective(log_heights: Floats, *, safe: bool = True) -> tuple[float, Floats, Floats]:
        height = np.exp(log_heights)
        hazard, parts = share @ height, share * height
        first, second = (intervals.weight * each for each in event_slopes(hazard))
        lost = height * at_risk - parts.T @ first
        value = height @ at_risk - exact @ log_heights - intervals.weight @ _log_event(hazard)
        value += log_heights @ smooth @ log_heights / 2
        # Going up, the curvature in heights is safer than that in their logs.
        diagonal = np.maximum(lost, exact) if safe else lost
        hessian = parts.T @ (second[:, None] * parts) + np.diag(diagonal) + smooth
        return float(value), lost - exact + smooth @ log_heights, hessian

    spread = intervals.within / intervals.within.sum(axis=1, keepdims=True)
    spread *= intervals.weight[:, None]
    start = np.log((exact + spread.sum(axis=0)) / (at_risk + share.sum(axis=0) / 2))
    point, _, _ = minimise(objective, start)
    value, _, hessian = objective(point, safe=False)
    log_prior = _PSEUDO_EVENTS * float((point - np.exp(point) / rate).sum())
    log_prior -= float(point @ smooth @ point) / 2
    dated = float(margin[intervals.exact].sum()) + intervals.log_speed
    return Heights(point, inverse(hessian), dated - value - log_prior, log_prior)


def interval_profile(
    X: Floats, coefficients: Floats, intervals: Intervals
) -> tuple[float, Floats, Floats]:
    """Give the log-likelihood with the baseline at its best, and its exact derivatives.

    Has the place of `penalised_cox.efron`: the baseline is maximised out, as it is in a partial
    likelihood.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Complete columns, in the order of people of `intervals`.
    coefficients : ndarray of shape (p,)
        Log-hazard ratio per unit of each column.
    intervals : Intervals
        Of the same people.

    Returns
    -------
    tuple of float, ndarray and ndarray
        Profile log-likelihood, gradient (p,) and negative Hessian (p, p); −∞ and NaN where a margin
        lies beyond ±100.

    References
    ----------
    Murphy & van der Vaart (2000), On profile likelihood, JASA 95:449.
    """
    margin = X @ coefficients + intervals.offset
    p = coefficients.size
    if not np.abs(margin).max(initial=0.0) < _RUNAWAY_MARGIN:
        return -np.inf, np.full(p, np.nan), np.full((p, p), np.nan)
    heights = fit_heights(margin, intervals)
    gradient, information, cross = _derivatives(X, margin, heights, intervals)
    value = heights.loglik + heights.log_prior
    return value, gradient, information - cross @ heights.covariance @ cross.T


def fit_interval_hazards(
    X: Floats,
    intervals: Intervals,
    *,
    penalty: float = 0.0,
    start: PenalisedFit | None = None,
) -> IntervalFit:
    """Fit coefficients and baseline together, minimising −loglik + penalty/2 · ‖b‖².

    Assumes proportional hazards, and visits whose days say nothing about relapse given the columns.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Complete columns; centred and scaled where they are penalised.
    intervals : Intervals
        Of the same people.
    penalty : float
        0 or more; 0 is maximum likelihood. The baseline is never penalised.
    start : PenalisedFit or None
        A fit nearby on the path, to begin from.

    Returns
    -------
    IntervalFit
        Coefficients are positive where relapse is sooner.

    Raises
    ------
    InvalidInputError
        If X or penalty are not as described, or columns depend on one another and nothing penalises
        them.
    SeparationError
        If nothing is penalised and an effect runs away to infinity.
    ConvergenceError
        If the optimum was not reached.

    References
    ----------
    Finkelstein (1986), A proportional hazards model for interval-censored failure time data,
    Biometrics 42:845.
    """
    X = np.asarray(X, dtype=np.float64)
    _refuse(X, intervals, penalty)

    def objective(point: Floats) -> tuple[float, Floats, Floats]:
        loglik, gradient, information = interval_profile(X, point, intervals)
        value = penalty / 2 * float(point @ point) - loglik
        return value, penalty * point - gradient, information + penalty * np.eye(point.size)

    first = np.zeros(X.shape[1]) if start is None else start.coefficients
    try:
        point, _, iterations = minimise(objective, first) if X.shape[1] else (first, first, 0)
    except ConvergenceError as error:
        if penalty == 0:
            raise SeparationError(_RUNAWAY) from error
        raise
    margin = X @ point + intervals.offset
    heights = fit_heights(margin, intervals)
    runaway = np.ptp(X @ point) > _RUNAWAY_SPREAD or abs(heights.log_prior) > _RUNAWAY_PRIOR
    if penalty == 0 and runaway:
        raise SeparationError(_RUNAWAY)
    _, information, cross = _derivatives(X, margin, heights, intervals)
    whole = np.block([
        [information + penalty * np.eye(point.size), cross],
        [cross.T, inverse(heights.covariance)],
    ])  # fmt: skip
    covariance = inverse(whole)
    padded = np.zeros((point.size + 1, point.size + 1))
    padded[1:, 1:] = covariance[: point.size, : point.size]
    linear = PenalisedFit(0.0, point, padded, heights.loglik, float(penalty), iterations)
    return IntervalFit(linear, heights, covariance)


def event_slopes(hazard: Floats) -> tuple[Floats, Floats]:
    """Give the derivatives of the log-probability of an event, log(1 − e^(−B)).

    Parameters
    ----------
    hazard : ndarray of shape (n,)
        Cumulative hazard B over the interval in which the event lies, above 0.

    Returns
    -------
    tuple of ndarray and ndarray
        The first, 1/(e^B − 1), and minus the second.
    """
    first = 1 / np.expm1(np.minimum(hazard, 700.0))
    return first, first * (1 + first)


_RUNAWAY = (
    "an unpenalised regression on intervals has no finite estimate: the columns order the events "
    "perfectly; use a penalty or declare fewer variables"
)


def _derivatives(
    X: Floats, margin: Floats, heights: Heights, intervals: Intervals
) -> tuple[Floats, Floats, Floats]:
    """Give gradient, information, and what coefficients share of it with the log-heights."""
    height, ratio, cases = np.exp(heights.log_heights), np.exp(margin), intervals.cases
    lived = ratio[:, None] * intervals.before * height
    parts = ratio[cases, None] * intervals.within * height
    hazard = parts.sum(axis=1)
    first, second = (intervals.weight * each for each in event_slopes(hazard))
    weight = lived.sum(axis=1)
    residual = -weight
    residual[cases] += first * hazard
    residual[intervals.exact] += 1.0
    lived[cases] += (second * hazard - first)[:, None] * parts
    weight[cases] += second * hazard**2 - first * hazard
    return X.T @ residual, X.T @ (weight[:, None] * X), X.T @ lived


def _log_event(hazard: Floats) -> Floats:
    """Give the log-probability of an event under a cumulative hazard: log(1 − e^(−B))."""
    return np.asarray(np.log(-np.expm1(-hazard)))


def _refuse(X: Floats, intervals: Intervals, penalty: float) -> None:
    """Refuse columns that do not belong to the people, and penalties below 0."""
    n = len(intervals.before)
    if X.ndim != 2 or X.shape[0] != n or not np.isfinite(X).all():
        raise InvalidInputError(
            f"X has shape {X.shape} for {n} people; a complete matrix with one row each is needed"
        )
    if not penalty >= 0:
        raise InvalidInputError(f"penalty {penalty} was given; it must be 0 or more")
    if penalty == 0 and X.size and np.linalg.matrix_rank(X - X.mean(axis=0)) < X.shape[1]:
        raise InvalidInputError(
            f"{X.shape[1]} columns depend on one another in {n} people; drop the repeated columns "
            "or use a penalty"
        )
