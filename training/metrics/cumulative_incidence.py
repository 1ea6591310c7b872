"""How likely each of several events comes first: cumulative incidence under competing risks.

Kaplan-Meier on one cause answers another question: what would happen were the other causes not
there. Its complement is never below the cumulative incidence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from predictor.errors import InvalidInputError
from training.metrics import FloatArray, MeasureUndefinedError
from training.metrics.intervals import Estimate


@dataclass(frozen=True, slots=True)
class Incidence:
    """Cumulative incidence of one cause: 0 at first, a new value from each of ``times`` on.

    Parameters
    ----------
    times : ndarray of shape (k,)
        Days with an event of any cause, increasing.
    values, variances : ndarray of shape (k,)
        Probability that the cause came first, by that day, and its variance.
    until : float
        Last day of follow-up; nothing is known later.
    """

    times: FloatArray
    values: FloatArray
    variances: FloatArray
    until: float

    def at(self, day: float) -> Estimate:
        """Give the incidence by a day with its 95 % interval.

        Parameters
        ----------
        day : float
            From time zero.

        Returns
        -------
        Estimate
            In [0, 1]; the interval is symmetric on the scale of log(−log(1 − F)).

        Raises
        ------
        MeasureUndefinedError
            If the day lies beyond follow-up.

        References
        ----------
        Choudhury JB. Stat Med 2002;21:1129-1144 (intervals on the log-log scale).
        """
        if day > self.until:
            raise MeasureUndefinedError(
                f"incidence by day {day:g}", f"follow-up ends on day {self.until:g}"
            )
        place = int(np.searchsorted(self.times, day, side="right")) - 1
        value = float(self.values[place]) if place >= 0 else 0.0
        variance = float(self.variances[place]) if place >= 0 else 0.0
        return Estimate(value, *_ends(value, variance), "Aalen-Johansen, log-log")


def cumulative_incidence(days: npt.ArrayLike, causes: npt.ArrayLike, cause: int) -> Incidence:
    """Aalen-Johansen estimate of the probability that one cause comes first.

    Assumes that whoever is censored would have fared like those still followed.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the first event or to the end of follow-up.
    causes : array-like of int, shape (n,)
        0 = censored, else the number of what happened. On one day events come before censorings.
    cause : int
        The cause asked about, 1 or more.

    Returns
    -------
    Incidence
        Its variance takes the counts of different causes on one day as independent, each
        hypergeometric, as R's cmprsk does.

    Raises
    ------
    InvalidInputError
        If there is not one day of 0 or more and one cause of 0 or more for each person.

    References
    ----------
    Aalen OO, Johansen S. Scand J Stat 1978;5:141-150. Variance: Aalen O. Ann Stat 1978;6:534-545.

    Examples
    --------
    >>> found = cumulative_incidence([1, 2, 3, 4], [1, 2, 0, 1], 1)
    >>> found.values.tolist()
    [0.25, 0.25, 0.75]
    """
    times, kinds = _checked(days, causes)
    moments = np.unique(times[kinds > 0])
    gone = np.searchsorted(np.sort(times), moments, side="left")
    at_risk = (times.size - gone).astype(np.float64)
    own = _counts(times[kinds == cause], moments)
    other = _counts(times[(kinds > 0) & (kinds != cause)], moments)
    free = np.cumprod(1 - (own + other) / at_risk, dtype=np.float64)
    before = np.concatenate([[1.0], free[:-1]])
    values = np.cumsum(before * own / at_risk)
    parts = [np.asarray(before**2 * _variance(count, at_risk)) for count in (own, other)]
    return Incidence(moments, values, _spread(values, free, *parts), float(times.max(initial=0.0)))


def _counts(days: FloatArray, moments: FloatArray) -> FloatArray:
    """Count people on each moment."""
    found = np.searchsorted(moments, days)
    return np.bincount(found, minlength=moments.size).astype(np.float64)


def _variance(count: FloatArray, at_risk: FloatArray) -> FloatArray:
    """Give the variance of a share at risk, drawn without replacement; 0 where one is left."""
    left = np.maximum(at_risk - 1, 1)
    return np.asarray(count * (at_risk - count) / (left * at_risk**2))


def _spread(values: FloatArray, free: FloatArray, own: FloatArray, other: FloatArray) -> FloatArray:
    """Give the variance of the incidence F by each moment t, a sum over moments i up to t.

    With S the share free of all causes after i and g = (F(t) − F(i)) / S(i): g² of other causes,
    (1 − g)² of the own one, multiplied out so that every t is a running sum. Where nobody is left,
    F(t) = F(i).
    """
    divisor = np.where(free > 0, free, np.inf)
    square, cross = np.cumsum((own + other) / divisor**2), np.cumsum(own / divisor)
    square_f = np.cumsum(values * (own + other) / divisor**2)
    square_ff = np.cumsum(values**2 * (own + other) / divisor**2)
    cross_f = np.cumsum(values * own / divisor)
    found = values**2 * square - 2 * values * square_f + square_ff
    found += np.cumsum(own) - 2 * (values * cross - cross_f)
    return np.asarray(np.maximum(found, 0.0))


def _ends(value: float, variance: float) -> tuple[float, float]:
    """Give the ends of the interval; both are the value where it is 0 or 1."""
    if not 0 < value < 1:
        return value, value
    free = 1 - value
    reach = float(norm.ppf(0.975)) * math.sqrt(variance) / (free * abs(math.log(free)))
    return 1 - free ** math.exp(-reach), 1 - free ** math.exp(reach)


def _checked(days: npt.ArrayLike, causes: npt.ArrayLike) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """Refuse what is not one day and one cause for each person."""
    times, kinds = np.asarray(days, dtype=np.float64), np.asarray(causes, dtype=np.float64)
    fits = times.ndim == 1 and times.shape == kinds.shape and times.size > 0
    if not fits or not (np.isfinite(times) & (times >= 0)).all():
        raise InvalidInputError(
            "cumulative incidence needs a day of 0 or more and a cause for each person; leave out "
            "people who are not at risk"
        )
    if not ((kinds >= 0) & (kinds == np.round(kinds))).all():
        raise InvalidInputError(
            "causes must be 0 for censored people and whole numbers from 1 for what happened"
        )
    return times, kinds.astype(np.intp)
