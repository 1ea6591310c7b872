"""Logistic regression averaged over priors: how large effects are, how many, what was published.

No single penalty is chosen. Every prior of a fixed grid is fitted, and the fits are averaged by how
well each prior foretold the outcomes (its marginal likelihood), so that a small cohort keeps its
doubt about the penalty in margins and intervals. The average of linear margins is a linear margin:
contributions stay exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import exp1, log_expit

from predictor.errors import InvalidInputError

Floats = NDArray[np.float64]
Family = Literal["normal", "horseshoe"]

SIGNAL_SD = 0.66
"""Where the prior of the margin's standard deviation is centred: AUC 0.68, about the best that
baseline models of ketamine response reach elsewhere."""

SIGNAL_LOG_SD = 0.5
"""Its standard deviation on the log scale: 95 % between 0.25 and 1.8, AUC 0.57 to 0.87."""

SIGNAL_GRID = tuple(float(sd) for sd in np.geomspace(0.14, 4.5, 9))
"""Standard deviations of the margin that normal priors stand for; divided by the root of the number
of columns they are those of a coefficient."""

SPARSITY_GRID = tuple(float(scale) for scale in np.geomspace(0.15, 5.0, 6))
"""Global scales of the horseshoe, times the number of columns."""

SHARE: dict[Family, float] = {"normal": 2 / 3, "horseshoe": 1 / 3}
"""Weight of each family. Fixed beforehand, not learned: how tight the bound on the marginal
likelihood is differs between families, so that it cannot weigh one against the other."""

STRENGTH_SD = 0.5
"""Prior standard deviation, around 1, of the strength with which published effects hold here."""

_INTERCEPT_PRECISION = 0.01
_STEPS, _TOLERANCE = 60, 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class AveragedFit:
    """A logistic regression averaged over priors.

    Parameters
    ----------
    intercept : float
        Margin where all columns are 0.
    coefficients : ndarray of shape (p,)
        Change of the margin per unit of each column.
    covariance : ndarray of shape (p + 1, p + 1)
        Of (intercept, coefficients): within the fits, and between them.
    strength : ndarray of shape (g,)
        Posterior mean of the strength of each group of published effects: 1 as published, 0
        switched off, below 0 the cohort says the reverse.
    """

    intercept: float
    coefficients: Floats
    covariance: Floats
    strength: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """Columns of one fit: intercept and published scores first, then the coefficients."""

    X: Floats
    y: Floats
    precision: Floats
    mean: Floats

    @property
    def lead(self) -> int:
        return self.precision.size


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """Where a fit stands; that of the next scale starts here."""

    mean: Floats
    local: Floats
    tilt: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One fit, brought back to (intercept, coefficients)."""

    evidence: float
    mean: Floats
    covariance: Floats
    strength: Floats


def fit_averaged_logistic(X: Floats, y: Floats, *, published: Floats | None = None) -> AveragedFit:
    """Fit every prior of the grid and average by marginal likelihood.

    Coefficients are δ + published · strength. Within a family of priors (normal: δ of one standard
    deviation; horseshoe: few large, most near 0) each scale is fitted by the variational bound of
    the logistic likelihood, with the published effects on and off, and weighted by the bound on
    its marginal likelihood; normal scales also by a prior of how well baselines predict
    (`SIGNAL_SD`). Assumes standardised columns and effects that add up on the log-odds.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Columns of mean 0 and standard deviation 1, complete.
    y : ndarray of shape (n,)
        Outcome, 1 or 0; both must occur.
    published : ndarray of shape (p, g), optional
        Published effects in log-odds per standard deviation, one column for each grade of
        evidence; 0 where nothing is published.

    Returns
    -------
    AveragedFit
        The average; its covariance includes the doubt about the prior.

    Raises
    ------
    InvalidInputError
        If shapes or values are not as described, or one outcome only occurs.

    References
    ----------
    Jaakkola & Jordan (2000), Bayesian parameter estimation via variational methods, Stat Comput
    10:25 (bound of the likelihood). Carvalho, Polson & Scott (2010), The horseshoe estimator for
    sparse signals, Biometrika 97:465. Hoeting et al (1999), Bayesian model averaging, Stat Sci
    14:382.
    """
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    effects = np.zeros((X.shape[1] if X.ndim == 2 else 0, 0)) if published is None else published
    _refuse(X, y, effects)
    mean, covariance = np.zeros(X.shape[1] + 1), np.zeros((X.shape[1] + 1,) * 2)
    strength, parts = np.zeros(effects.shape[1]), []
    for family, share in SHARE.items():
        fits = list(_fits(X, y, effects, family))
        evidence = np.array([fit.evidence for fit in fits])
        weights = np.exp(evidence - evidence.max())
        parts += [
            (share * float(weight), fit)
            for weight, fit in zip(weights / weights.sum(), fits, strict=True)
        ]
    for weight, part in parts:
        mean += weight * part.mean
        strength += weight * part.strength
    for weight, part in parts:
        apart = part.mean - mean
        covariance += weight * (part.covariance + np.outer(apart, apart))
    return AveragedFit(float(mean[0]), mean[1:], covariance, strength)


def _refuse(X: Floats, y: Floats, effects: Floats) -> None:
    """Refuse what is no problem of two outcomes."""
    if X.ndim != 2 or y.shape != X.shape[:1] or effects.shape[:1] != X.shape[1:]:
        raise InvalidInputError(
            f"X of shape {X.shape}, y of shape {y.shape} and published effects of shape "
            f"{effects.shape} do not fit; (n, p), (n,) and (p, g) are needed"
        )
    if not (np.isfinite(X).all() and np.isfinite(effects).all()):
        raise InvalidInputError("columns and published effects must be finite; impute X first")
    if set(np.unique(y).tolist()) != {0.0, 1.0}:
        raise InvalidInputError("a logistic fit needs people with outcome 1 and people with 0 only")


def _fits(X: Floats, y: Floats, effects: Floats, family: Family) -> Iterator[_Part]:
    """Fit one family at every scale, with published effects off and, where there are any, on."""
    n, p = X.shape
    for on in (False, True)[: 1 + effects.any()]:
        scores = X @ effects if on else np.empty((n, 0))
        g = scores.shape[1]
        problem = _Problem(
            np.column_stack([np.ones(n), scores, X]),
            y,
            np.array([_INTERCEPT_PRECISION, *[STRENGTH_SD**-2] * g]),
            np.array([0.0, *[1.0] * g]),
        )
        back = np.zeros((p + 1, 1 + g + p))
        back[0, 0], back[1:, 1 : 1 + g], back[1:, 1 + g :] = 1.0, effects[:, :g], np.eye(p)
        state = None
        for scale, log_prior in _scales(family, p):
            evidence, mean, covariance, state = _fit(problem, family, scale, state)
            strength = np.zeros(effects.shape[1])
            strength[:g] = mean[1 : 1 + g]
            yield _Part(evidence + log_prior, back @ mean, back @ covariance @ back.T, strength)


def _scales(family: Family, p: int) -> Iterator[tuple[float, float]]:
    """Give the scales of a family for p columns, with the log prior of each."""
    if family == "horseshoe":
        yield from ((scale / max(p, 1), 0.0) for scale in SPARSITY_GRID)
        return
    for sd in SIGNAL_GRID:
        yield sd / max(p, 1) ** 0.5, -((np.log(sd / SIGNAL_SD) / SIGNAL_LOG_SD) ** 2) / 2


def _fit(
    problem: _Problem, family: Family, scale: float, start: _State | None
) -> tuple[float, Floats, Floats, _State]:
    """Raise the bound for one prior; give it with mean and covariance of all columns."""
    X, y, lead = problem.X, problem.y, problem.lead
    p = X.shape[1] - lead
    toward = np.concatenate([problem.mean, np.zeros(p)])
    state = start or _State(
        np.concatenate([[np.log(y.mean() / (1 - y.mean()))], toward[1:]]),
        np.ones(p),
        np.ones(y.size),
    )
    pull = X.T @ (y - 0.5)
    mean, local, tilt = state.mean, state.local, state.tilt
    for _ in range(_STEPS):
        precision = np.concatenate([problem.precision, local / scale**2])
        information = (X * (2 * _curvature(tilt))[:, None]).T @ X + np.diag(precision)
        covariance = np.linalg.inv(information)
        before, mean = mean, covariance @ (pull + precision * toward)
        tilt = np.sqrt(((X @ covariance) * X).sum(axis=1) + (X @ mean) ** 2)
        size = (mean[lead:] ** 2 + np.diag(covariance)[lead:]) / (2 * scale**2)
        local, log_local = _local(family, size)
        if np.abs(mean - before).max() < _TOLERANCE:
            break
    apart = (mean[:lead] - problem.mean) ** 2 + np.diag(covariance)[:lead]
    bound = float(
        (log_expit(tilt) - tilt / 2).sum()
        + mean @ pull
        - (problem.precision * apart).sum() / 2
        + np.log(problem.precision).sum() / 2
        - p * np.log(scale)
        + log_local
        + np.linalg.slogdet(covariance)[1] / 2
        + mean.size / 2
    )
    return bound, mean, covariance, _State(mean, local, tilt)


def _curvature(tilt: Floats) -> Floats:
    """Give Jaakkola and Jordan's tanh(ξ/2) / 4ξ, 1/8 at 0."""
    safe = np.maximum(tilt, 1e-8)
    return np.asarray(np.tanh(safe / 2) / (4 * safe))


def _local(family: Family, size: Floats) -> tuple[Floats, float]:
    """Give each coefficient's mean local precision, and what the local scales add to the bound.

    With s = E[δ²] / 2τ² and the half-Cauchy local scale λ, x = 1/λ² has the density
    x^(−1/2) / (π (1 + x)); the best q(x) is proportional to e^(−s x) / (1 + x), so that its mean is
    1 / (s e^s E₁(s)) − 1 and its normaliser e^s E₁(s).
    """
    if family == "normal":
        return np.ones(size.size), -float(size.sum())
    s = np.clip(size, 1e-10, 50.0)
    # beyond 50, where E₁ underflows, its asymptotic series is exact to 1e-6
    far = np.maximum(size, 50.0)
    series = (1 - 1 / far + 2 / far**2 - 6 / far**3 + 24 / far**4) / far
    normaliser = np.where(size > 50, series, np.exp(s) * exp1(s))
    return 1 / (np.where(size > 50, far, s) * normaliser) - 1, float(
        np.log(normaliser / np.pi).sum()
    )
