"""What linear fits averaged over priors share: the priors, the weights, the average.

Such a fit chooses no penalty: every prior of a fixed grid is fitted and the fits are averaged by
how well each prior foretold the outcomes. Which likelihood is fitted, and how, stands in
`averaged_logistic` and `averaged_cox`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import exp1

from predictor.errors import InvalidInputError

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Family = Literal["normal", "horseshoe"]
State = TypeVar("State")

SIGNAL_LOG_SD = 0.5
"""Standard deviation, on the log scale, of the prior of the margin's standard deviation: 95 % lie
between 0.38 and 2.7 times its centre."""

SIGNAL_GRID = tuple(float(sd) for sd in np.geomspace(0.2, 4.5, 6))
"""Standard deviations of the margin that normal priors stand for; divided by the root of the number
of columns they are those of a coefficient."""

SPARSITY_GRID = tuple(float(scale) for scale in np.geomspace(0.15, 5.0, 6))
"""Global scales of the horseshoe, times the number of columns."""

SHARE: dict[Family, float] = {"normal": 2 / 3, "horseshoe": 1 / 3}
"""Weight of each family. Fixed beforehand, not learned: how tight the bound on the marginal
likelihood is differs between families, so that it cannot weigh one against the other."""

SPARSE_LOG_SD = 0.7
"""Standard deviation, on the log scale, of the prior of those scales, where there is one."""

STRENGTH_SD = 0.5
"""Prior standard deviation, around 1, of the strength with which published effects hold here."""

BENDS = (0.0, 0.7)
"""How much a curve may bend: standard deviations of the part of an effect that is no straight
line, beside that of the straight part. Where columns describe curves, normal priors are fitted at
each."""

NEGLIGIBLE = 5.0
"""A walk over scales ends where the log evidence is this far below the best: weights of 0.7 %."""

_INTERCEPT_PRECISION = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class AveragedFit:
    """A linear fit averaged over priors.

    Parameters
    ----------
    intercept : float
        Margin where all columns are 0; 0 for Cox models, whose baseline hazard holds it.
    coefficients : ndarray of shape (p,)
        Change of the margin per unit of each column.
    covariance : ndarray of shape (p + 1, p + 1)
        Of (intercept, coefficients): within the fits, and between them; for Cox models the row and
        column of the intercept are 0.
    strength : ndarray of shape (g,)
        Posterior mean of the strength of each group of published effects: 1 as published, 0
        switched off, below 0 the cohort says the reverse.
    """

    intercept: float
    coefficients: Floats
    covariance: Floats
    strength: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Columns that one fit is made on, and what is known of the first of them.

    Parameters
    ----------
    X : ndarray of shape (n, lead + p)
        The intercept, where there is one, and published scores lead; the columns follow.
    precision, mean : ndarray of shape (lead,)
        Normal prior of the leading coefficients.
    back : ndarray of shape (p + 1, lead + p)
        From these coefficients to (intercept, coefficients of the columns).
    size : float
        For how many columns of standard deviation 1 the columns count; above 0.
    """

    X: Floats
    precision: Floats
    mean: Floats
    back: Floats
    size: float

    @property
    def lead(self) -> int:
        """How many coefficients come before those of the columns."""
        return self.precision.size


@dataclass(frozen=True, slots=True)
class Weighing:
    """What the priors of a fit weigh beside their evidence.

    Parameters
    ----------
    signal_sd : float
        Where the prior of the margin's standard deviation is centred.
    sparse_scale : float or None
        Where the prior of the horseshoe's scale, times the number of columns, is centred; None for
        scales that all count alike.
    between : float
        Power, 0 to 1, with which evidence counts between families; at 0 they keep their `SHARE`.
        Below 1 where it is not comparable, or where neither family is the truth and evidence would
        choose one too soon.
    """

    signal_sd: float
    sparse_scale: float | None = None
    between: float = 0.0


# Log evidence, mean and covariance of one prior, and where the fit of the next scale may start.
FitAt = Callable[[Design, Family, float, State | None], tuple[float, Floats, Floats, State]]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One fit of a design."""

    evidence: float
    design: Design
    mean: Floats
    covariance: Floats

    @property
    def coefficients(self) -> Floats:
        """Mean of (intercept, coefficients)."""
        return np.asarray(self.design.back @ self.mean)

    @property
    def strength(self) -> Floats:
        """Mean strength of each group of published effects that is on."""
        return self.mean[int(self.design.back[0].any()) : self.design.lead]


def average(
    X: Floats,
    effects: Floats,
    fit: FitAt[State],
    *,
    intercept: bool,
    weighing: Weighing,
    curves: Places | None = None,
) -> AveragedFit:
    """Fit every prior of the grid and average by marginal likelihood.

    Coefficients are δ + effects · strength; each scale of each family of priors of δ is fitted with
    the published effects off and, where there are any, on. Columns that describe a curve are left
    out or in by the same weights, with whichever of the two foretold better without curves.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Standardised columns.
    effects : ndarray of shape (p, g)
        Published effects, one column for each grade.
    fit : callable
        Fits one design with one prior: family, scale of δ, and a start from the scale before.
    intercept : bool
        Whether the margin has one.
    weighing : Weighing
        What priors weigh beside their evidence.
    curves : ndarray of int, shape (p,), optional
        Number of the curve that a column helps to describe, −1 for a column of its own.

    Returns
    -------
    AveragedFit
        Within a family by marginal likelihood, between families by `SHARE`.

    References
    ----------
    Hoeting et al (1999), Bayesian model averaging, Stat Sci 14:382. Grünwald (2012), The safe
    Bayesian, ALT (powers of the likelihood where no model is the truth).
    """
    of = np.full(X.shape[1], -1, dtype=np.intp) if curves is None else curves
    mean, covariance = np.zeros(X.shape[1] + 1), np.zeros((X.shape[1] + 1,) * 2)
    strength, families = np.zeros(effects.shape[1]), []
    for family in SHARE:
        fits, mass, states = [], 0.0, (False, True)[: 1 + int(effects.any())]
        bends = BENDS if family == "normal" and (of >= 0).any() else BENDS[:1]
        for bend in bends:
            best = []
            for on in states:
                design = _design(X, effects * on, _prior_sd(of, bend), intercept=intercept)
                scales = _scales(family, design.size, weighing)
                mass += float(np.exp([log_prior for _, log_prior in scales]).sum())
                found = list(_fits(design, family, scales, fit))
                best.append(max(part.evidence for part in found))
                fits += found
            states = (states[int(np.argmax(best))],)  # curves: with effects, or without, not both
        families.append((fits, float(np.log(mass))))
    parts = _weighed(families, weighing.between)
    for weight, part in parts:
        mean += weight * part.coefficients
        strength[: part.strength.size] += weight * part.strength
    for weight, part in parts:
        apart, back = part.coefficients - mean, part.design.back
        covariance += weight * (back @ part.covariance @ back.T + np.outer(apart, apart))
    return AveragedFit(float(mean[0]), mean[1:], covariance, strength)


def _weighed(
    families: list[tuple[list[_Part], float]], between: float
) -> list[tuple[float, _Part]]:
    """Give each fit its weight; families come with the log mass of the priors of their fits."""
    weights, foretold = [], []
    for fits, log_mass in families:
        evidence = np.array([part.evidence for part in fits])
        weights.append(np.exp(evidence - evidence.max()))
        foretold.append(evidence.max() + np.log(weights[-1].sum()) - log_mass)
    shares = np.array(list(SHARE.values()))
    shares = shares * np.exp(between * (np.array(foretold) - max(foretold)))
    return [
        (float(share) * float(each), part)
        for share, weight, (fits, _) in zip(shares / shares.sum(), weights, families, strict=True)
        for each, part in zip(weight / weight.sum(), fits, strict=True)
    ]


def refuse_columns(X: Floats, n_outcomes: tuple[int, ...], effects: Floats) -> None:
    """Refuse columns that do not belong to the outcomes, or are not complete.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Columns.
    n_outcomes : tuple of int
        Shape of the outcomes.
    effects : ndarray of shape (p, g)
        Published effects.

    Raises
    ------
    InvalidInputError
        If shapes do not fit one another or a value is not finite.
    """
    if X.ndim != 2 or n_outcomes != X.shape[:1] or effects.shape[:1] != X.shape[1:]:
        raise InvalidInputError(
            f"X of shape {X.shape}, outcomes of shape {n_outcomes} and published effects of shape "
            f"{effects.shape} do not fit; (n, p), (n,) and (p, g) are needed"
        )
    if not (np.isfinite(X).all() and np.isfinite(effects).all()):
        raise InvalidInputError("columns and published effects must be finite; impute X first")


def local_precision(family: Family, size: Floats) -> tuple[Floats, float]:
    """Give each coefficient's mean local precision, and what the local scales add to the bound.

    With s = E[δ²] / 2τ² and the half-Cauchy local scale λ, x = 1/λ² has the density
    x^(−1/2) / (π (1 + x)); the best q(x) is proportional to e^(−s x) / (1 + x), so that its mean is
    1 / (s e^s E₁(s)) − 1 and its normaliser e^s E₁(s).

    Parameters
    ----------
    family : str
        ``normal`` (no local scales) or ``horseshoe``.
    size : ndarray of shape (p,)
        s of each coefficient, 0 or more.

    Returns
    -------
    tuple of ndarray and float
        Mean of x (p,), and the term of the bound.

    References
    ----------
    Carvalho, Polson & Scott (2010), The horseshoe estimator for sparse signals, Biometrika 97:465.
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


def _prior_sd(curves: Places, bend: float) -> Floats:
    """Give each column's standard deviation beside that of a straight effect; 0 leaves it out."""
    numbers, counts = np.unique(curves, return_counts=True)
    steps = counts[np.searchsorted(numbers, curves)]
    return np.where(curves < 0, 1.0, bend / np.sqrt(steps))


def _design(X: Floats, effects: Floats, sd: Floats, *, intercept: bool) -> Design:
    """Give the columns that vary, after the scores of published effects where there are any."""
    first, kept = int(intercept), sd > 0
    scaled = (X * sd)[:, kept]
    g = effects.shape[1] if effects.any() else 0
    back = np.zeros((sd.size + 1, first + g + scaled.shape[1]))
    back[0, :first] = 1.0
    back[1:, first : first + g] = effects[:, :g]
    back[1:, first + g :] = np.diag(sd)[:, kept]
    return Design(
        np.column_stack([np.ones((len(X), first)), X @ effects[:, :g], scaled]),
        np.array([*[_INTERCEPT_PRECISION] * first, *[STRENGTH_SD**-2] * g]),
        np.array([*[0.0] * first, *[1.0] * g]),
        back,
        max(float((sd**2).sum()), 1.0),
    )


def _scales(family: Family, size: float, weighing: Weighing) -> list[tuple[float, float]]:
    """Give the scales of a family for so many columns, with the log prior of each."""
    if family == "normal":
        centre, log_sd = weighing.signal_sd, SIGNAL_LOG_SD
        return [(sd / size**0.5, -((np.log(sd / centre) / log_sd) ** 2) / 2) for sd in SIGNAL_GRID]
    if weighing.sparse_scale is None:
        return [(scale / size, 0.0) for scale in SPARSITY_GRID]
    centre, log_sd = weighing.sparse_scale, SPARSE_LOG_SD
    return [
        (scale / size, -((np.log(scale / centre) / log_sd) ** 2) / 2) for scale in SPARSITY_GRID
    ]


def _fits(
    design: Design, family: Family, scales: list[tuple[float, float]], fit: FitAt[State]
) -> Iterator[_Part]:
    """Fit one family from its likeliest scale outwards, as far as scales matter."""
    priors = [log_prior for _, log_prior in scales]
    middle = int(np.argmax(priors)) if np.ptp(priors) else len(scales) // 2
    best = -np.inf
    start: State | None = None
    for walk in (scales[middle:], scales[:middle][::-1]):
        state = start
        for place, (scale, log_prior) in enumerate(walk):
            evidence, mean, covariance, state = fit(design, family, scale, state)
            if start is None and not place:
                start = state
            evidence += log_prior
            best = max(best, evidence)
            yield _Part(evidence, design, mean, covariance)
            if evidence < best - NEGLIGIBLE:
                break
