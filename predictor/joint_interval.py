"""The interval of a product: responding, and then staying well, each with an error of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_REACH, _NODES = 6.0, 241
_TABLE_REACH, _TABLE_STEPS = 9.0, 18_000
_LARGEST_HAZARD = 700.0
_SMALLEST_SD = 1e-9
_STEPS, _CLOSE, _MISS = 60, 1e-10, 1e-7


def joint_interval(
    margin: float, sd: float, log_hazard: Floats, log_hazard_sd: Floats, *, level: float
) -> tuple[Floats, Floats]:
    """Give the interval of the probability to respond and to be well on each day.

    The product of logistic(margin + sd·u) and exp(−exp(log_hazard + log_hazard_sd·v)), where u
    and v are standard normal and independent. Its distribution function is one integral over v,
    taken on a grid, because the part over u is known; its quantiles are found by false position.
    Nothing is drawn at random.

    Parameters
    ----------
    margin, sd : float
        Log-odds of response and the standard deviation of their error.
    log_hazard : ndarray, shape (n_days,)
        Logarithm of the cumulative hazard of relapse; minus infinity where nobody can have
        relapsed.
    log_hazard_sd : ndarray, shape (n_days,)
        Standard deviation of its error.
    level : float
        Probability that the interval holds, in (0, 1).

    Returns
    -------
    lo, hi : ndarray, shape (n_days,)
        Quantiles at (1 ∓ level) / 2, in [0, 1]; higher is better.

    References
    ----------
    .. [1] Dowell M, Jarratt P. A modified regula falsi method for computing the root of an
       equation. BIT 1971;11:168-174 (the Illinois rule).
    """
    product = _Product(margin, max(sd, _SMALLEST_SD), log_hazard, log_hazard_sd)
    tail = (1 - level) / 2
    return product.quantile(tail), product.quantile(1 - tail)


@dataclass(frozen=True, slots=True)
class _Product:
    """The product of a logistic and a survival, as a distribution for each day."""

    margin: float
    sd: float
    log_hazard: Floats
    log_hazard_sd: Floats

    def quantile(self, p: float) -> Floats:
        """Find the p-quantile on log-odds."""
        v = np.linspace(-_REACH, _REACH, _NODES)
        weight = np.exp(-(v**2) / 2)
        weight /= weight.sum()
        hazard = self._hazard(v)

        def share_below(log_odds_of_product: Floats) -> Floats:
            needed = hazard - np.logaddexp(0.0, -log_odds_of_product)[:, None]
            below = np.minimum(needed, -_CLOSE)
            log_odds = below - np.log(-np.expm1(below))
            known = _normal((log_odds - self.margin) / self.sd)
            return np.asarray(np.where(needed < 0, known, 1.0) @ weight)

        least, most = self._bracket(p)
        low, high = (at - np.log(-np.expm1(at)) for at in (least, most))
        found = 1 / (1 + np.exp(-_root(share_below, p, low, high)))
        # a product lies below each factor, and so do its quantiles: where one error is next to
        # nothing, the grid over v would let them stand a little above
        return np.asarray(np.minimum(found, np.exp(most)))

    def _bracket(self, p: float) -> tuple[Floats, Floats]:
        """Bound the log of the quantile: a small factor makes a small product, and one must be."""
        z, half = NormalDist().inv_cdf(p), NormalDist().inv_cdf(p / 2)
        high = np.minimum(self._log_response(z), -self._hazard(np.array([-z]))[:, 0])
        low = self._log_response(half) - self._hazard(np.array([-half]))[:, 0]
        return np.minimum(low, -_CLOSE) - _CLOSE, np.minimum(high + _CLOSE, -_CLOSE)

    def _log_response(self, u: float) -> float:
        """Give the log probability of response, u standard deviations off."""
        return -float(np.logaddexp(0.0, -(self.margin + self.sd * u)))

    def _hazard(self, v: Floats) -> Floats:
        """Give the cumulative hazard, v standard deviations off; shape (n_days, n)."""
        found = np.exp(self.log_hazard[:, None] + self.log_hazard_sd[:, None] * v)
        return np.asarray(np.minimum(found, _LARGEST_HAZARD))


def _root(rising: Callable[[Floats], Floats], p: float, low: Floats, high: Floats) -> Floats:
    """Find where a distribution function passes p between bounds, for each day, by false position.

    On log-odds, where a distribution function is nearly straight.
    """

    def miss(at: Floats) -> Floats:
        share = np.clip(rising(at), 1e-15, 1 - 1e-15)
        return np.asarray(np.log(share / (1 - share)) - math.log(p / (1 - p)))

    at_low, at_high = miss(low), miss(high)
    at, before = high, np.zeros(high.size)
    for _ in range(_STEPS):
        step = at_high - at_low
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.where(step > 0, high - at_high * (high - low) / step, (low + high) / 2)
        found = miss(at)
        if float(np.abs(found).max()) < _MISS:
            break
        above = found > 0
        # an end that stays put twice is halved, or false position would creep towards it
        at_low = np.where(above, np.where(before > 0, at_low / 2, at_low), found)
        at_high = np.where(above, found, np.where(before < 0, at_high / 2, at_high))
        low, high = np.where(above, low, at), np.where(above, at, high)
        before = np.where(above, 1, -1)
    return at


@cache
def _table() -> tuple[Floats, float]:
    """Tabulate the standard normal distribution function."""
    at = np.linspace(-_TABLE_REACH, _TABLE_REACH, _TABLE_STEPS + 1)
    return np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in at]), _TABLE_STEPS / 2


def _normal(z: Floats) -> Floats:
    """Give the standard normal distribution function, linear between entries (off by 3e-8)."""
    table, middle = _table()
    place = np.clip(z, -_TABLE_REACH, _TABLE_REACH) * (middle / _TABLE_REACH) + middle
    before = np.minimum(place.astype(np.intp), _TABLE_STEPS - 1)
    return np.asarray(table[before] + (place - before) * (table[before + 1] - table[before]))
