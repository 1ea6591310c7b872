"""The fit of one prior to a smooth log-likelihood: posterior as a normal law, and its evidence.

The log-likelihood is a quadratic around the posterior mean (Laplace), the prior of effects a normal
factor for each (`horseshoe`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.averaging import Design
from training.horseshoe import EffectPrior, Sites, match_sites, normal_sites
from training.penalised_fit import ConvergenceError

Floats = NDArray[np.float64]
# Log-likelihood of coefficients, its gradient and its negative Hessian.
LogLikelihood = Callable[[Floats], tuple[float, Floats, Floats]]

# Squared Newton decrement at which one more step, on the quadratic, is exact enough: an error of
# the second order of 0.01 posterior standard deviations.
_STEPS, _DECREMENT = 30, 1e-4

# No step moves anybody's margin by more: further out a likelihood is a straight line (one person of
# a rare level, who relapsed early), from which sites of a wide prior leap to ever wilder places.
_FURTHEST = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Where a fit stands; that of the next scale starts here.

    Parameters
    ----------
    expansion : Expansion
        Of the log-likelihood.
    sites : Sites
        Of the prior.
    """

    expansion: Expansion
    sites: Sites


@dataclass(frozen=True, slots=True, eq=False)
class Expansion:
    """A log-likelihood as a quadratic around a point.

    Parameters
    ----------
    point : ndarray of shape (k,)
        Coefficients.
    value : float
        Log-likelihood there.
    gradient : ndarray of shape (k,)
        Its slope.
    information : ndarray of shape (k, k)
        Minus its curvature.
    """

    point: Floats
    value: float
    gradient: Floats
    information: Floats

    def rise(self, step: Floats) -> float:
        """Give what the quadratic gains on a step from the point."""
        return float(self.gradient @ step - step @ self.information @ step / 2)


def fit_prior(
    loglik: LogLikelihood, design: Design, prior: EffectPrior, *, start: State | None
) -> tuple[float, Floats, Floats, State]:
    """Fit one prior.

    Parameters
    ----------
    loglik : callable
        Concave log-likelihood of the coefficients of the design.
    design : Design
        Its leading coefficients have their own normal prior.
    prior : EffectPrior
        Of each of the others.
    start : State or None
        A fit nearby, of the same design.

    Returns
    -------
    tuple of float, ndarray, ndarray and State
        Log marginal likelihood, posterior mean (k,) and covariance (k, k), and where to go on from.

    Raises
    ------
    ConvergenceError
        If no step improves the fit.

    References
    ----------
    Tierney & Kadane (1986), Accurate approximations for posterior moments and marginal densities,
    JASA 81:82 (Laplace's method).
    """
    p = design.X.shape[1] - design.lead
    if start is None:
        first = np.zeros(design.lead + p)
        start = State(
            Expansion(first, *loglik(first)),
            normal_sites(p, float(np.hypot(prior.dense, prior.sparse))),
        )
    here, sites = start.expansion, start.sites
    for _ in range(_STEPS):
        sites = _matched(here, design, prior, sites)
        mean, covariance = _peak(here, design, sites)
        step = mean - here.point
        if float(step @ np.linalg.solve(covariance, step)) < _DECREMENT:
            break
        here = _nearer(loglik, here, mean, design, sites)
    evidence = (
        here.value
        + here.rise(step)
        + _log_prior(mean, design, sites)
        + float(np.linalg.slogdet(covariance)[1]) / 2
        + p * np.log(2 * np.pi) / 2
        + sites.log_size
    )
    wide = np.concatenate([np.ones(design.lead), sites.widening])
    return evidence, mean, covariance * np.outer(wide, wide), State(here, sites)


def _matched(here: Expansion, design: Design, prior: EffectPrior, before: Sites) -> Sites:
    """Give the normal factors that stand for the prior where the likelihood is this quadratic."""
    known = np.pad(design.precision, (0, before.precision.size))
    pull = here.gradient + here.information @ here.point
    pull[: design.lead] += design.precision * design.mean
    return match_sites(here.information + np.diag(known), pull, prior, before)


def _peak(here: Expansion, design: Design, sites: Sites) -> tuple[Floats, Floats]:
    """Give mode and covariance of prior times quadratic."""
    precision = np.concatenate([design.precision, sites.precision])
    toward = np.concatenate([design.precision * design.mean, sites.pull])
    covariance = np.linalg.inv(here.information + np.diag(precision))
    pull = here.gradient + here.information @ here.point + toward
    return np.asarray(covariance @ pull), np.asarray((covariance + covariance.T) / 2)


def _log_prior(point: Floats, design: Design, sites: Sites) -> float:
    """Give the log prior of a point, up to the constants of the sites."""
    apart, delta = point[: design.lead] - design.mean, point[design.lead :]
    return float(
        np.log(design.precision).sum() / 2
        - design.precision @ apart**2 / 2
        - sites.precision @ delta**2 / 2
        + sites.pull @ delta
    )


def _nearer(
    loglik: LogLikelihood, here: Expansion, target: Floats, design: Design, sites: Sites
) -> Expansion:
    """Go to the target of the quadratic, or as much of the way as the likelihood allows."""
    floor = here.value + _log_prior(here.point, design, sites) - 1e-9 * (1 + abs(here.value))
    furthest = float(np.abs(design.X @ (target - here.point)).max(initial=0.0))
    share = min(1.0, _FURTHEST / max(furthest, _FURTHEST))
    while share > 1e-6:
        point = here.point + share * (target - here.point)
        # A point too far out may overflow; its likelihood, or its slope, is then not finite.
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            there = Expansion(point, *loglik(point))
        risen = floor <= there.value + _log_prior(point, design, sites) < np.inf
        if risen and np.isfinite(there.gradient).all():
            return there
        share /= 2
    raise ConvergenceError(
        "a fit found no step that improves it; check the columns for extreme values and scale them"
    )
