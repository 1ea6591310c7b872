"""Resamples of people as counts: how often each was drawn, many resamples at a time.

What all measures share that are computed in every resample together: the draws, ranks, and the
censoring curve of each resample.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from predictor.errors import InvalidInputError
from training.metrics import FloatArray

# people times resamples held at once: as many as stay in the processor's cache
_HELD_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """People by increasing value.

    Parameters
    ----------
    order : ndarray of int, shape (n,)
        Places, lowest value first.
    first_of_tie : ndarray of int, shape (n_ties,)
        Where in `order` each group of equal values begins.
    """

    order: npt.NDArray[np.intp]
    first_of_tie: npt.NDArray[np.intp]

    @classmethod
    def of(cls, values: FloatArray) -> Ranks:
        """Rank people by a value.

        Parameters
        ----------
        values : ndarray of shape (n,)
            Any scale.

        Returns
        -------
        Ranks
            Ties together.
        """
        order = np.argsort(values, kind="stable")
        return cls(order, np.append(0, np.flatnonzero(np.diff(values[order])) + 1))

    def gather(self, weights: FloatArray) -> FloatArray:
        """Sum the weights of each group of ties, lowest first, for each row.

        Parameters
        ----------
        weights : ndarray of shape (n_rows, n)
            Weight of each person.

        Returns
        -------
        ndarray of shape (n_rows, n_ties)
            The sums.
        """
        ordered = weights[:, self.order]
        if self.first_of_tie.size < self.order.size:
            return np.asarray(np.add.reduceat(ordered, self.first_of_tie, axis=1))
        return ordered


def resample_counts(n_boot: int, n: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Draw people with replacement; the draws are those of a loop with the same generator.

    Parameters
    ----------
    n_boot : int
        Resamples, at least 1.
    n : int
        People.
    rng : numpy.random.Generator
        Source of randomness.

    Yields
    ------
    ndarray of shape (n_some, n)
        How often each person is in each resample, some resamples at a time.

    Raises
    ------
    InvalidInputError
        If no resample is asked for.
    """
    if n_boot < 1:
        raise InvalidInputError(f"{n_boot} resamples were asked for; at least 1 is needed")
    step = max(1, _HELD_AT_ONCE // n)
    for start in range(0, n_boot, step):
        size = min(step, n_boot - start)
        drawn = rng.integers(n, size=(size, n)) + n * np.arange(size)[:, None]
        yield np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)


def resampled_means(values: FloatArray, n_boot: int, rng: np.random.Generator) -> FloatArray:
    """Give means over people in bootstrap resamples.

    Parameters
    ----------
    values : ndarray of shape (n, k)
        Of each person, such as losses.
    n_boot : int
        Resamples, at least 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of shape (n_boot, k)
        The means of each column.
    """
    n = len(values)
    return np.concatenate([counts @ values / n for counts in resample_counts(n_boot, n, rng)])


def staying(counts: FloatArray, days: FloatArray, events: FloatArray) -> FloatArray:
    """Estimate the chance of not being censored before each person's day, in each resample.

    Parameters
    ----------
    counts : ndarray of shape (n_some, n)
        From `resample_counts`.
    days, events : ndarray of shape (n,)
        Follow-up; 1 = event, 0 = censored.

    Returns
    -------
    ndarray of shape (n_some, n)
        P(C >= day), by `training.metrics.censoring.censoring_survival` of the resample.
    """
    moments = Ranks.of(days)
    leaving, failing = moments.gather(counts), moments.gather(counts * events)
    at_risk = np.cumsum(leaving[:, ::-1], axis=1)[:, ::-1] - failing
    fall = (leaving - failing) / np.maximum(at_risk, 1)
    before = np.cumprod(1 - fall, axis=1)
    before = np.hstack([np.ones((len(counts), 1)), before[:, :-1]])
    return np.asarray(before[:, np.unique(days, return_inverse=True)[1]])


def ipcw_in_resamples(
    counts: FloatArray, days: FloatArray, events: FloatArray, *, t: float
) -> FloatArray:
    """Weigh people by the inverse probability of censoring at day t, in each resample.

    Parameters
    ----------
    counts : ndarray of shape (n_some, n)
        From `resample_counts`.
    days, events : ndarray of shape (n,)
        Follow-up; 1 = event, 0 = censored.
    t : float
        Horizon in days.

    Returns
    -------
    ndarray of shape (n_some, n)
        How often each was drawn times the weight; 0 for people censored before t. Rows that are
        not followed to t are NaN.
    """
    stay = staying(counts, np.minimum(days, t), events)
    known = (days >= t) | (events == 1)
    weight = np.where(known & (stay > 0), counts / np.where(stay > 0, stay, 1), 0.0)
    weight[~counts[:, days >= t].any(axis=1)] = np.nan
    return weight


def risk_in_resamples(
    weights: FloatArray, days: FloatArray, events: FloatArray, *, t: float
) -> FloatArray:
    """Give one minus Kaplan-Meier at day t in each resample.

    Parameters
    ----------
    weights : ndarray of shape (n_some, n)
        How often each person counts.
    days, events : ndarray of shape (n,)
        Follow-up; 1 = event, 0 = censored.
    t : float
        Horizon in days.

    Returns
    -------
    ndarray of shape (n_some,)
        In [0, 1]; NaN where nobody who counts is followed to t.
    """
    until = np.minimum(days, np.nextafter(t, np.inf))  # who leaves later is at risk on day t
    moments = Ranks.of(until)
    failing = moments.gather(weights * (events * (days <= t)))
    at_risk = np.cumsum(moments.gather(weights)[:, ::-1], axis=1)[:, ::-1]
    free = np.prod(1 - failing / np.maximum(at_risk, 1), axis=1)
    return np.where(weights[:, days >= t].any(axis=1), 1 - free, np.nan)
