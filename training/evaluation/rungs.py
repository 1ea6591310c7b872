"""The rungs of the ladder: maximum-likelihood fits of new people's outcomes on a frozen margin.

As given; intercept (relapse: the hazard rescaled); intercept and slope; revision of the
coefficients. Each holds the one before, so that likelihood ratios compare them. For relapse the
shape of the baseline hazard stays frozen, and the likelihood is that of relapse somewhere inside
an interval (grouped proportional hazards): a visit says that relapse happened since the one
before, not that day. It sees the level, which a partial likelihood cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from training.penalised_fit import ConvergenceError, Objective, inverse, minimise

Floats = NDArray[np.float64]

EVENTS_PER_COEFFICIENT = 40
"""Fewer events, or fewer others, for each coefficient, and no revision is offered: likelihood
ratios are then too large even where nothing has to change."""

_RUNAWAY = 60.0
"""A spread of fitted margins that no estimate has, only one that runs away to infinity."""

_LEAST_HAZARD = 1e-12

_EQUAL = 1e-9
"""Margins that differ by less are taken as one number."""


@dataclass(frozen=True, slots=True, eq=False)
class NewPeople:
    """New people as the ladder needs them.

    Parameters
    ----------
    margin : ndarray, shape (n,)
        Calibrated margin by the frozen model.
    events : ndarray, shape (n,)
        1 responded or relapsed (within the horizon), else 0.
    hazard : ndarray, shape (n, 2) or None
        Relapse: the frozen cumulative baseline hazard at the start and at the end of the interval
        in which the event happened; for people without it both at the end of follow-up.
    columns : ndarray, shape (n, k)
        Complete columns whose coefficients a revision would estimate anew, centred at the
        training means; k = 0 where the model has none (trees).
    offset : ndarray, shape (n,) or None
        Part of `margin` that is the effect of trials, which no rung changes.
    """

    margin: Floats
    events: Floats
    hazard: Floats | None
    columns: Floats
    offset: Floats | None = None

    @property
    def fixed(self) -> Floats:
        """Part of the margin that no rung changes, shape (n,)."""
        return np.zeros(self.margin.size) if self.offset is None else self.offset

    def take(self, places: NDArray[np.intp]) -> NewPeople:
        """Take some people.

        Parameters
        ----------
        places : ndarray of int
            Which.

        Returns
        -------
        NewPeople
            Theirs.
        """
        hazard = None if self.hazard is None else self.hazard[places]
        offset = None if self.offset is None else self.offset[places]
        return NewPeople(
            self.margin[places], self.events[places], hazard, self.columns[places], offset
        )


@dataclass(frozen=True, slots=True, eq=False)
class Rung:
    """One way to change the margin m: intercept + slope · m + columns · effects.

    What m holds of the effects of trials is left out of it before and added again behind.

    Parameters
    ----------
    name : str
        ``as_given``, ``intercept``, ``slope`` or ``revision``.
    parameters : int
        How many were estimated.
    loglik : float
        Maximised log-likelihood, up to a constant shared by all rungs.
    intercept, slope : float
        Change of the margin; for relapse the intercept is the log by which the hazard is rescaled.
    effects : ndarray, shape (k,)
        Change of each coefficient beside the slope; all 0 but for a revision.
    covariance : ndarray, shape (2, 2) or (1 + k, 1 + k)
        Of (intercept, slope); what is not estimated has 0. Of a revision: of (intercept, effects)
        by maximum likelihood.
    """

    name: str
    parameters: int
    loglik: float
    intercept: float
    slope: float
    effects: Floats
    covariance: Floats

    def margin(self, people: NewPeople) -> Floats:
        """Change the margins of people.

        Parameters
        ----------
        people : NewPeople
            Anybody with the same columns.

        Returns
        -------
        ndarray, shape (n,)
            Changed margins; for relapse the change of level is in them.
        """
        changed = self.intercept + self.slope * (people.margin - people.fixed) + people.fixed
        return changed + people.columns @ self.effects if self.effects.any() else changed


def fit_rungs(people: NewPeople) -> tuple[tuple[Rung, ...], dict[str, str]]:
    """Fit every rung that the people allow.

    Parameters
    ----------
    people : NewPeople
        With at least one event and (response) one without.

    Returns
    -------
    rungs : tuple of Rung
        From least to most change.
    left_out : dict of str to str
        Rungs that are not offered, with the reason.

    References
    ----------
    Vergouwe Y et al. Stat Med 2017;36:4529-4539. Prentice RL, Gloeckler LA. Biometrics
    1978;34:57-67 (grouped proportional hazards).
    """
    rungs, left_out = [_as_given(people), _intercept(people)], {}
    for name, reason, fit in (
        ("slope", _why_no_slope(people), _slope),
        ("revision", _why_no_revision(people), _revision),
    ):
        if reason:
            left_out[name] = reason
            continue
        try:
            rungs.append(fit(people, rungs[-1]))
        except ConvergenceError:
            left_out[name] = "the margins tell the outcomes of these people apart perfectly"
    return tuple(rungs), left_out


def _as_given(people: NewPeople) -> Rung:
    """Leave the model alone."""
    loglik = -_objective(np.empty((people.margin.size, 0)), people, people.margin)(np.empty(0))[0]
    return Rung("as_given", 0, loglik, 0.0, 1.0, _no_effects(people), np.zeros((2, 2)))


def _intercept(people: NewPeople) -> Rung:
    """Move the level only."""
    ones = np.ones((people.margin.size, 1))
    objective = _objective(ones, people, people.margin)
    point, hessian, _ = minimise(objective, _first(people, people.margin))
    covariance = np.diag([1 / hessian[0, 0], 0.0])
    return Rung(
        "intercept", 1, -objective(point)[0], float(point[0]), 1.0, _no_effects(people), covariance
    )


def _slope(people: NewPeople, below: Rung) -> Rung:
    """Move level and spread; fitted around the mean margin, where the search is easy."""
    learned = people.margin - people.fixed
    centre = float(learned.mean())
    design = np.column_stack([np.ones(learned.size), learned - centre])
    objective = _objective(design, people, people.fixed)
    point, hessian, _ = minimise(objective, np.array([below.intercept + centre, 1.0]))
    _refuse_runaway(design @ point)
    back = np.array([[1.0, -centre], [0.0, 1.0]])
    return Rung(
        "slope",
        2,
        -objective(point)[0],
        float(point[0] - centre * point[1]),
        float(point[1]),
        _no_effects(people),
        back @ inverse(hessian) @ back.T,
    )


def _revision(people: NewPeople, slope: Rung) -> Rung:
    """Estimate the coefficients anew, then draw them toward those of the slope rung.

    The factor is (χ² − df) / χ² of the revision against the slope, as for any effects chosen by a
    test. Columns that depend on one another here share their effect in the shortest way.

    References
    ----------
    Steyerberg EW et al. Stat Med 2004;23:2567-2586.
    """
    basis, back = _basis(people.columns)
    design = np.column_stack([np.ones(len(basis)), basis])
    objective = _objective(design, people, people.margin)
    start = np.concatenate([_first(people, people.margin), np.zeros(basis.shape[1])])
    point, hessian, _ = minimise(objective, start)
    _refuse_runaway(people.margin + design @ point)
    means = people.columns.mean(axis=0)
    effects = back @ point[1:]
    intercept = float(point[0] - means @ effects)
    parameters = 1 + basis.shape[1]
    loglik = -objective(point)[0]
    gain, degrees = 2 * (loglik - slope.loglik), parameters - slope.parameters
    kept = max(0.0, 1 - degrees / gain) if gain > 0 else 0.0
    turn = np.zeros((1 + len(back), parameters))
    turn[0] = np.concatenate([[1.0], -means @ back])
    turn[1:, 1:] = back
    return Rung(
        "revision",
        parameters,
        loglik,
        slope.intercept + kept * (intercept - slope.intercept),
        slope.slope + kept * (1.0 - slope.slope),
        kept * effects,
        turn @ inverse(hessian) @ turn.T,
    )


def _refuse_runaway(margin: Floats) -> None:
    """Stop where an estimate is on its way to infinity."""
    if np.ptp(margin) > _RUNAWAY:
        raise ConvergenceError("the margins tell the outcomes apart perfectly")


def _basis(columns: Floats) -> tuple[Floats, Floats]:
    """Give independent columns of unit spread, and the way back from their effects."""
    centred = columns - columns.mean(axis=0)
    scale = centred.std(axis=0)
    scale = np.where(scale > 1e-12, scale, np.inf)
    left, size, right = np.linalg.svd(centred / scale, full_matrices=False)
    kept = size > 1e-8 * max(float(size.max(initial=0.0)), 1e-12)
    root = np.sqrt(len(columns))
    return left[:, kept] * root, (right[kept].T / size[kept] * root) / scale[:, None]


def _why_no_slope(people: NewPeople) -> str:
    """Say why spread cannot be judged; empty where it can."""
    spread = float(np.ptp(people.margin - people.fixed))
    return "" if spread > _EQUAL else "everybody has the same number"


def _why_no_revision(people: NewPeople) -> str:
    """Say why coefficients cannot be estimated anew; empty where they can."""
    k = people.columns.shape[1]
    if not k:
        return "the model has no coefficients that could be estimated anew (trees, or the average)"
    if _why_no_slope(people):
        return "everybody has the same number"
    cases = float(people.events.sum())
    rarer = cases if people.hazard is not None else min(cases, people.events.size - cases)
    if rarer < EVENTS_PER_COEFFICIENT * (k + 1):
        kind = "events" if people.hazard is not None else "people of the rarer outcome"
        return (
            f"{rarer:.0f} {kind} are fewer than the {EVENTS_PER_COEFFICIENT * (k + 1)} that "
            f"{k + 1} coefficients ask for"
        )
    return ""


def _no_effects(people: NewPeople) -> Floats:
    """Give the effects of a rung that leaves the columns alone."""
    return np.zeros(people.columns.shape[1])


def _first(people: NewPeople, offset: Floats) -> Floats:
    """Start the level where the expected number of events is near the observed one."""
    cases = float(people.events.sum())
    if people.hazard is None:
        return np.zeros(1)
    expected = float((people.hazard.mean(axis=1) * np.exp(offset)).sum())
    return np.array([np.log(cases / expected) if expected > 0 else 0.0])


def _objective(design: Floats, people: NewPeople, offset: Floats) -> Objective:
    """Give the negative log-likelihood of design · point + offset."""
    y, hazard = people.events, people.hazard
    parts: Callable[[Floats], tuple[float, Floats, Floats]]
    if hazard is None:

        def parts(eta: Floats) -> tuple[float, Floats, Floats]:
            risk = expit(eta)
            return float((np.logaddexp(0.0, eta) - y * eta).sum()), risk - y, risk * expit(-eta)
    else:
        case = y == 1
        # where the frozen hazard allows no event at all, a constant that all rungs share
        width = np.maximum(hazard[case, 1] - hazard[case, 0], _LEAST_HAZARD)

        def parts(eta: Floats) -> tuple[float, Floats, Floats]:
            outlived = hazard[:, 0] * np.exp(eta)
            inside = width * np.exp(eta[case])
            value = outlived.sum() - np.log(-np.expm1(-inside)).sum()
            pull = inside * np.exp(-inside) / -np.expm1(-inside)
            residual, weight = outlived.copy(), outlived.copy()
            residual[case] -= pull
            weight[case] += pull * (inside / -np.expm1(-inside) - 1)
            return float(value), residual, weight

    def objective(point: Floats) -> tuple[float, Floats, Floats]:
        value, residual, weight = parts(offset + design @ point)
        return value, design.T @ residual, (design * weight[:, None]).T @ design

    return objective
