"""Simulated worlds of known truth for `benchmarks/accuracy.py`: 50 columns, 20 of them yes/no.

Neighbours correlate by 0.3. Effects are scaled so that the truth itself reaches an AUC of 0.70;
worlds with published effects are not scaled, since those come in log-odds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from training.metrics.binary import auroc

Floats = NDArray[np.float64]

P, CORRELATION, ORACLE, LEVEL = 50, 0.3, 0.70, -0.2
WORLDS = (
    "sparse", "dense", "threshold", "interaction", "published_right", "published_half",
    "published_wrong",
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """One law: log-odds of standardised columns, and what was published of it."""

    log_odds: Callable[[Floats], Floats]
    mean: Floats
    sd: Floats
    published: Floats
    oracle: float


def columns(n: int, rng: np.random.Generator) -> Floats:
    """Draw columns; the fourth and fifth of every five are cut to yes or no."""
    Z = np.empty((n, P))
    Z[:, 0] = rng.normal(size=n)
    for j in range(1, P):
        Z[:, j] = CORRELATION * Z[:, j - 1] + (1 - CORRELATION**2) ** 0.5 * rng.normal(size=n)
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
        true = published[chosen] + rng.normal(0, 0.1, 12)
        if name == "published_half":
            true[::2] = rng.normal(0, 0.1, 6)
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
    law, X = world(name), columns(n, rng)
    eta = law.log_odds((X - law.mean) / law.sd)
    return X, (rng.random(n) < expit(eta)).astype(float), eta
