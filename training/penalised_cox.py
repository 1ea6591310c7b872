"""Cox regression for relapse: ridge penalty, Efron's handling of ties, Breslow's baseline.

Visits put many relapses on the same day, where Breslow's likelihood pulls effects toward 0;
Efron's hardly does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from predictor.errors import InvalidInputError
from training.penalised_fit import (
    ConvergenceError,
    PenalisedFit,
    SeparationError,
    inverse,
    minimise,
)

FloatArray = NDArray[np.float64]

# A hazard ratio of e³⁰ between two people of one cohort is not an estimate but a runaway.
_RUNAWAY_MARGIN = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class RiskSets:
    """Who was at risk when: all that the partial likelihood needs of days and events.

    People are sorted by day; the risk set of a day is then everybody from a first position on.

    Parameters
    ----------
    order : ndarray of shape (n,)
        Positions of the people, earliest day first.
    cases : ndarray of shape (n_events,)
        Sorted positions of those with an event.
    first : ndarray of shape (n_events,)
        Sorted position at which the risk set of each case begins.
    group : ndarray of shape (n_events,)
        Number of the event day of each case, from 0.
    fraction : ndarray of shape (n_events,)
        Efron's share of the tied cases already taken out: 0, 1/d, …, (d − 1)/d among d ties.
    offset : ndarray of shape (n,) or float
        Sorted part of each margin that is known and not fitted.
    """

    order: NDArray[np.intp]
    cases: NDArray[np.intp]
    first: NDArray[np.intp]
    group: NDArray[np.intp]
    fraction: FloatArray
    offset: FloatArray | float = 0.0


def risk_sets(days: ArrayLike, events: ArrayLike, *, offset: FloatArray | None = None) -> RiskSets:
    """Sort people by day and list the risk set of each event.

    Parameters
    ----------
    days : array_like of shape (n,)
        Day of event or censoring, 0 or more. Censored on the day of an event counts as at risk.
    events : array_like of shape (n,)
        1 if the event was seen on that day, 0 if censored.
    offset : ndarray of shape (n,), optional
        Part of each margin that is known and not fitted.

    Returns
    -------
    RiskSets
        Positions, for use by the likelihoods of this module.

    Raises
    ------
    InvalidInputError
        If shapes differ, a day is negative or missing, an event is not 1 or 0, or there is none.
    """
    days, events = _checked_followup(days, events)
    order = np.argsort(days, kind="stable")
    sorted_days = days[order]
    cases = np.flatnonzero(events[order] == 1)
    _, group, ties = np.unique(sorted_days[cases], return_inverse=True, return_counts=True)
    within = np.arange(cases.size) - (np.cumsum(ties) - ties)[group]
    first = np.searchsorted(sorted_days, sorted_days[cases], side="left")
    known = 0.0 if offset is None else np.asarray(offset, dtype=np.float64)[order]
    return RiskSets(order, cases, first, group, within / ties[group], known)


def efron(
    X: FloatArray, coefficients: FloatArray, sets: RiskSets
) -> tuple[float, FloatArray, FloatArray]:
    """Give Efron's partial log-likelihood with its exact derivatives.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Complete columns, in the order of people given to `risk_sets`.
    coefficients : ndarray of shape (p,)
        Log-hazard ratio per unit of each column.
    sets : RiskSets
        Risk sets of the same people.

    Returns
    -------
    tuple of float, ndarray and ndarray
        Log partial likelihood, gradient (p,) and negative Hessian (p, p).

    References
    ----------
    Efron (1977), JASA 72:557. Therneau & Grambsch (2000), Modeling survival data, section 3.3.
    """
    X = X[sets.order]
    margin = X @ coefficients + sets.offset
    hazard, total, shift = _denominators(margin, sets)
    n_groups = int(sets.group[-1]) + 1
    # Each person's hazard times the sum of 1/denominator over the risk sets he or she is in.
    share = np.cumsum(np.bincount(sets.first, 1 / total, minlength=margin.size))
    discount = np.bincount(sets.group, sets.fraction / total, minlength=n_groups)[sets.group]
    share[sets.cases] -= discount
    expected = hazard * share
    seen = np.zeros(margin.size)
    seen[sets.cases] = 1.0
    weighted = hazard[:, None] * X
    at_risk = np.cumsum(weighted[::-1], axis=0)[::-1][sets.first]
    tied = np.zeros((n_groups, X.shape[1]))
    np.add.at(tied, sets.group, weighted[sets.cases])
    means = (at_risk - sets.fraction[:, None] * tied[sets.group]) / total[:, None]
    loglik = float(margin[sets.cases].sum() - (np.log(total) + shift).sum())
    return loglik, X.T @ (seen - expected), X.T @ (expected[:, None] * X) - means.T @ means


def cox_partial_loglik(days: ArrayLike, events: ArrayLike, margin: ArrayLike) -> float:
    """Give Efron's partial log-likelihood of margins that were made elsewhere.

    Parameters
    ----------
    days : array_like of shape (n,)
        Day of event or censoring.
    events : array_like of shape (n,)
        1 if the event was seen, 0 if censored.
    margin : array_like of shape (n,)
        Log-hazard margins; higher is sooner. A constant added to all changes nothing.

    Returns
    -------
    float
        Sum over events; higher is better.

    Raises
    ------
    InvalidInputError
        If shapes, days or events are not as described, or a margin is not finite.

    Examples
    --------
    >>> round(float(np.exp(cox_partial_loglik([1, 2], [1, 1], [0.0, 0.0]))), 9)
    0.5
    """
    sets = risk_sets(days, events)
    margin = _sorted_margins(margin, sets)
    _, total, shift = _denominators(margin, sets)
    return float(margin[sets.cases].sum() - (np.log(total) + shift).sum())


def fit_ridge_cox(
    X: FloatArray,
    days: ArrayLike,
    events: ArrayLike,
    *,
    penalty: float,
    start: PenalisedFit | None = None,
    offset: FloatArray | None = None,
) -> PenalisedFit:
    """Fit a Cox regression with Efron ties, minimising −loglik + penalty/2 · ‖b‖².

    Assumes proportional hazards and censoring that is independent given the columns.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Complete columns, centred and scaled.
    days : array_like of shape (n,)
        Day of event or censoring.
    events : array_like of shape (n,)
        1 if the event was seen, 0 if censored.
    penalty : float
        0 or more; 0 is maximum partial likelihood.
    start : PenalisedFit or None
        A fit nearby on the path, to begin from.
    offset : ndarray of shape (n,), optional
        Part of each margin that is known and not fitted.

    Returns
    -------
    PenalisedFit
        Intercept 0, coefficients (positive: sooner), covariance (p + 1, p + 1) whose first row and
        column are 0, and the partial log-likelihood.

    Raises
    ------
    InvalidInputError
        If shapes, days, events or penalty are not as described, or columns depend on one another
        and nothing penalises them.
    SeparationError
        If nothing is penalised and an effect runs away to infinity.
    ConvergenceError
        If the optimum was not reached.

    References
    ----------
    Verweij & van Houwelingen (1994), Stat Med 13:2427.
    """
    X = np.asarray(X, dtype=np.float64)
    sets = risk_sets(days, events, offset=offset)
    if X.ndim != 2 or X.shape[0] != sets.order.size or not np.isfinite(X).all():
        raise InvalidInputError(
            f"X has shape {X.shape} for {sets.order.size} people; a complete matrix with one row "
            "each is needed"
        )
    if not penalty >= 0:
        raise InvalidInputError(f"penalty {penalty} was given; it must be 0 or more")
    if penalty == 0 and np.linalg.matrix_rank(X - X.mean(axis=0)) < X.shape[1]:
        raise InvalidInputError(
            f"{X.shape[1]} columns depend on one another in {X.shape[0]} people; drop the repeated "
            "columns or use a penalty"
        )

    def objective(point: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        loglik, gradient, information = efron(X, point, sets)
        value = penalty / 2 * float(point @ point) - loglik
        return value, penalty * point - gradient, information + penalty * np.eye(point.size)

    first = np.zeros(X.shape[1]) if start is None else start.coefficients
    try:
        point, hessian, iterations = minimise(objective, first)
        covariance = inverse(hessian)
    except ConvergenceError as error:
        if penalty == 0:
            raise SeparationError(_RUNAWAY) from error
        raise
    if penalty == 0 and np.ptp(X @ point) > _RUNAWAY_MARGIN:
        raise SeparationError(_RUNAWAY)
    padded = np.zeros((point.size + 1, point.size + 1))
    padded[1:, 1:] = covariance
    loglik = efron(X, point, sets)[0]
    return PenalisedFit(0.0, point, padded, loglik, float(penalty), iterations)


_RUNAWAY = (
    "an unpenalised Cox regression has no finite estimate: the columns order the events "
    "perfectly; use a penalty or declare fewer variables"
)


def penalty_path_cox(days: ArrayLike, events: ArrayLike, *, n: int = 20) -> FloatArray:
    """Give the ridge penalties worth trying, largest first, evenly spaced on the log scale.

    Runs from 10 to 0.001 times the number of events, which is about the information the cohort
    holds on one standardised column: from coefficients an eleventh of their unpenalised size to
    hardly any shrinkage.

    Parameters
    ----------
    days : array_like of shape (n_people,)
        Day of event or censoring.
    events : array_like of shape (n_people,)
        1 if the event was seen, 0 if censored.
    n : int
        How many penalties, at least 2.

    Returns
    -------
    ndarray of shape (n,)
        Strictly decreasing penalties.
    """
    _, seen = _checked_followup(days, events)
    return np.geomspace(10 * seen.sum(), 1e-3 * seen.sum(), n)


def breslow(days: ArrayLike, events: ArrayLike, margin: ArrayLike, at: ArrayLike) -> FloatArray:
    """Give Breslow's cumulative baseline hazard (of a person of margin 0) on given days.

    Parameters
    ----------
    days : array_like of shape (n,)
        Day of event or censoring.
    events : array_like of shape (n,)
        1 if the event was seen, 0 if censored.
    margin : array_like of shape (n,)
        Log-hazard margins; higher is sooner.
    at : array_like of shape (k,)
        Days to read the step function on, jumps on the day itself included.

    Returns
    -------
    ndarray of shape (k,)
        Sum of 1 / Σ exp(margin at risk) over the events up to each day. Of d people with an event
        on one day, 0, 1/d, …, (d − 1)/d of their own hazards are taken out in turn (Efron), as in
        the fit of the margins; without it the curve of people seen at visits lies too low.

    Raises
    ------
    InvalidInputError
        If shapes, days or events are not as described, or a margin is not finite.

    References
    ----------
    Breslow (1972), discussion of Cox, J R Stat Soc B 34:216. Therneau & Grambsch (2000), Modeling
    survival data, section 10.2.3 (its form with Efron's ties).
    """
    sets = risk_sets(days, events)
    hazard = np.exp(_sorted_margins(margin, sets))
    tied = np.bincount(sets.group, hazard[sets.cases])[sets.group]
    jumps = 1 / (np.cumsum(hazard[::-1])[::-1][sets.first] - sets.fraction * tied)
    event_days = np.asarray(days, dtype=np.float64)[sets.order][sets.cases]
    cumulative = np.concatenate([[0.0], np.cumsum(jumps)])
    return np.asarray(cumulative[np.searchsorted(event_days, np.asarray(at), side="right")])


def _checked_followup(days: ArrayLike, events: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Refuse what is not one day and one 1/0 event for each person, with an event at all."""
    days = np.asarray(days, dtype=np.float64)
    events = np.asarray(events, dtype=np.float64)
    if days.ndim != 1 or days.shape != events.shape:
        raise InvalidInputError(
            f"days have shape {days.shape} and events {events.shape}; one of each is needed for "
            "each person"
        )
    if not ((days >= 0) & np.isfinite(days)).all() or not np.isin(events, (0.0, 1.0)).all():
        raise InvalidInputError(
            "follow-up must be days of 0 or more and events of 1 or 0, none missing; leave out "
            "people who are not at risk"
        )
    if not events.any():
        raise InvalidInputError("no event was seen in these people; a hazard cannot be estimated")
    return days, events


def _sorted_margins(margin: ArrayLike, sets: RiskSets) -> FloatArray:
    """Give margins earliest day first; refuse all but one finite margin for each person."""
    margin = np.asarray(margin, dtype=np.float64)
    if margin.shape != sets.order.shape or not np.isfinite(margin).all():
        raise InvalidInputError(
            f"margins of shape {margin.shape} were given for {sets.order.size} people; one finite "
            "margin each is needed"
        )
    return np.asarray(margin[sets.order])


def _denominators(margin: FloatArray, sets: RiskSets) -> tuple[FloatArray, FloatArray, float]:
    """Give hazards, Efron denominators of each case, and the log by which both were scaled down."""
    shift = float(margin.max())
    hazard = np.exp(margin - shift)
    tied = np.bincount(sets.group, hazard[sets.cases])[sets.group]
    at_risk = np.cumsum(hazard[::-1])[::-1][sets.first]
    return hazard, at_risk - sets.fraction * tied, shift
