"""Simulated worlds of known truth for `benchmarks/accuracy.py`: 50 columns, 20 of them yes/no.

Neighbours correlate by 0.3. Effects are scaled so that the truth itself reaches an AUC of 0.70;
worlds with published effects are not scaled, since those come in log-odds.

With missing answers the law is that of the dense world. The first column is always answered, and
who has more of it leaves more of the others out. With sites the law is that of the sparse world.
Five sites are drawn anew for each cohort, each with a level and a case mix of its own: four are
trained on, new people come from the fifth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, ndtri

from training.metrics.binary import auroc

Floats = NDArray[np.float64]

P, CORRELATION, ORACLE, LEVEL = 50, 0.3, 0.70, -0.2
WORLDS = (
    "sparse", "dense", "threshold", "interaction", "published_right", "published_half",
    "published_wrong", "missing_20", "missing_40", "sites",
)  # fmt: skip
COMPLETE = WORLDS[:7]
"""Those where all is answered and all people are of one place."""

LAW_OF = {"missing_20": "dense", "missing_40": "dense", "sites": "sparse"}
LEFT_OUT = {"missing_20": 0.2, "missing_40": 0.4}
N_NEW, PUBLISHED_SD = 4000, 0.1
SIZES = (100, 200, 400, 800)
LEVEL_SD, CASE_MIX_SD, TRAINED_SITES = 0.3, 0.3, 4
"""Standard deviations between sites: of the log-odds, and of each column in its own units."""


@dataclass(frozen=True)
class World:
    """One law: log-odds of standardised columns, and what was published of it."""

    log_odds: Callable[[Floats], Floats]
    mean: Floats
    sd: Floats
    published: Floats
    oracle: float

    def of(self, X: Floats) -> Floats:
        """Give the log-odds of people as drawn."""
        return self.log_odds((X - self.mean) / self.sd)


@dataclass(frozen=True)
class Cohort:
    """People to learn from, new people, and the truth of the new ones.

    ``floor`` is the mean log-loss of who knows the law, but of the new people only their answers
    and nothing of their site's level; regret counts from there.
    """

    X: Floats
    y: Floats
    new: Floats
    happened: Floats
    truth: Floats
    floor: float


def columns(n: int, rng: np.random.Generator, case_mix: Floats | float = 0.0) -> Floats:
    """Draw columns; the fourth and fifth of every five are cut to yes or no."""
    Z = np.empty((n, P))
    Z[:, 0] = rng.normal(size=n)
    for j in range(1, P):
        Z[:, j] = CORRELATION * Z[:, j - 1] + (1 - CORRELATION**2) ** 0.5 * rng.normal(size=n)
    Z += case_mix
    binary = np.arange(P) % 5 >= 3
    Z[:, binary] = np.linspace(-0.8, 0.8, binary.sum()) < Z[:, binary]
    return Z


def _law(name: str, rng: np.random.Generator) -> tuple[Callable[[Floats], Floats], Floats]:
    """Give log-odds before scaling, and published effects."""
    beta, published = np.zeros(P), np.zeros(P)
    sign = np.array([-1.0, 1.0])
    if name == "dense":
        beta = rng.normal(size=P)
    elif name in ("sparse", "interaction"):
        chosen = rng.choice(P, 6, replace=False)
        beta[chosen] = rng.choice(sign, 6) * rng.uniform(0.5, 1.5, 6)
    elif name.startswith("published"):
        chosen = rng.choice(P, 12, replace=False)
        published[chosen] = rng.choice(sign, 12) * rng.uniform(0.1, 0.45, 12)
        true = published[chosen] + rng.normal(0, PUBLISHED_SD, 12)
        if name == "published_half":
            true[::2] = rng.normal(0, PUBLISHED_SD, 6)
        if name == "published_wrong":
            true = rng.permutation(np.abs(true)) * rng.choice(sign, 12)
        beta = rng.normal(0, 0.08, P)
        beta[chosen] = true
    if name == "threshold":
        where = rng.choice(np.flatnonzero(np.arange(P) % 5 < 3), 8, replace=False)
        cut, size = rng.uniform(-0.8, 0.8, 8), rng.choice(sign, 8) * rng.uniform(0.5, 1.5, 8)
        return lambda Z: (Z[:, where] > cut) @ size, published
    if name == "interaction":
        a, b = rng.integers(P, size=(2, 6))
        size = rng.choice(sign, 6) * 0.7
        return lambda Z: Z @ beta + (Z[:, a] * Z[:, b]) @ size, published
    return lambda Z: Z @ beta, published


@cache
def world(name: str) -> World:
    """Give one world, the same in every process."""
    name = LAW_OF.get(name, name)
    X = columns(200_000, np.random.default_rng(1))
    mean, sd = X.mean(axis=0), X.std(axis=0)
    raw, published = _law(name, np.random.default_rng([7, WORLDS.index(name)]))
    eta = raw((X - mean) / sd)
    centre, u = float(eta.mean()), np.random.default_rng(2).random(len(eta))

    def reached(scale: float) -> float:
        p = expit(scale * (eta - centre) + LEVEL)
        return auroc((u < p).astype(float), p)

    scale = 1.0
    if not name.startswith("published"):
        low, high = 0.05, 4.0
        for _ in range(25):
            scale = (low + high) / 2
            low, high = (scale, high) if reached(scale) < ORACLE else (low, scale)
    return World(lambda Z: scale * (raw(Z) - centre) + LEVEL, mean, sd, published, reached(scale))


def draw(name: str, n: int, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Draw people: columns, outcomes and true log-odds."""
    X = columns(n, rng)
    eta = world(name).of(X)
    return X, (rng.random(n) < expit(eta)).astype(float), eta


def cohort(name: str, n: int, seed: int) -> Cohort:
    """Draw one cohort and its new people, the same in every environment."""
    rng = np.random.default_rng([seed, n, WORLDS.index(name)])
    if name == "sites":
        X, y, _ = _draw_sites(name, n, TRAINED_SITES, rng)
        new, happened, truth = _draw_sites(name, N_NEW, 1, rng)
        known = world(name).of(new)
    else:
        X, y, _ = draw(name, n, rng)
        new, happened, truth = draw(name, N_NEW, rng)
        known = truth
    if name in LEFT_OUT:
        X, new = (_leave_out(Z, LEFT_OUT[name], rng) for Z in (X, new))
        known = _informed(name, new)
    floor = float((np.logaddexp(0, known) - expit(truth) * known).mean())
    return Cohort(X, y, new, happened, truth, floor)


def _draw_sites(
    name: str, n: int, sites: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Draw people of new sites, equally many of each."""
    at = np.arange(n) % sites
    level = rng.normal(0, LEVEL_SD, sites)
    case_mix = rng.normal(0, CASE_MIX_SD, (sites, P))
    X = columns(n, rng, case_mix[at])
    eta = world(name).of(X) + level[at]
    return X, (rng.random(n) < expit(eta)).astype(float), eta


def _leave_out(X: Floats, share: float, rng: np.random.Generator) -> Floats:
    """Leave out a share of all columns but the first, more of whoever has more of the first."""
    likely = ndtri((np.arange(2000) + 0.5) / 2000)
    level = brentq(lambda at: expit(at + likely).mean() - share, -9, 9)
    gone = rng.random(X.shape) < expit(level + X[:, :1])
    gone[:, 0] = False
    return np.where(gone, np.nan, X)


@cache
def _effects(name: str) -> tuple[Floats, Floats, float]:
    """Give the effects of a linear law, the correlation of its columns, and its intercept."""
    law = world(name)
    at_zero = law.log_odds(np.zeros((1, P)))[0]
    beta = law.log_odds(np.eye(P)) - at_zero
    return beta, np.corrcoef(columns(200_000, np.random.default_rng(1)).T), float(at_zero)


def _informed(name: str, X: Floats) -> Floats:
    """Give log-odds of who knows the law and sees the answers alone.

    The columns are taken as normal, and the open answers' spread flattens the log-odds by the
    probit approximation (MacKay 1992).
    """
    law = world(name)
    beta, correlation, at_zero = _effects(name)
    Z, eta = (X - law.mean) / law.sd, np.empty(len(X))
    for person, z in enumerate(Z):
        gap = np.isnan(z)
        link = np.linalg.solve(correlation[np.ix_(~gap, ~gap)], correlation[np.ix_(~gap, gap)])
        left = correlation[np.ix_(gap, gap)] - correlation[np.ix_(gap, ~gap)] @ link
        mean = at_zero + z[~gap] @ (beta[~gap] + link @ beta[gap])
        eta[person] = mean / np.sqrt(1 + np.pi / 8 * beta[gap] @ left @ beta[gap])
    return eta
