"""When a score is a response, and when a later one is a relapse.

Training and scoring judge by these same rules: training from the definition of the outcome, a
bundle from what training wrote of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Bools = NDArray[np.bool_]


def has_fallen(start: ArrayLike, score: ArrayLike, percent: float) -> Bools:
    """Tell whose score fell by at least a percentage of the score at baseline.

    Parameters
    ----------
    start, score : array_like
        Scores at baseline and later, in points, higher is worse; NaN where not known.
    percent : float
        Of `start`, in (0, 100].

    Returns
    -------
    ndarray of bool
        Of the broadcast shape; False where a score is not known.

    Examples
    --------
    >>> has_fallen([31.0, 31.0], [15.5, 16.0], 50).tolist()
    [True, False]
    """
    # multiplied out: a division would round a fall of exactly one half
    return np.asarray(np.subtract(start, score) * 100 >= np.multiply(percent, start))


@dataclass(frozen=True, slots=True)
class ResponseRule:
    """A rule of response; of two parts both must hold.

    Parameters
    ----------
    percent_fall : float or None
        Least fall, in percent of the score at baseline.
    at_most : float or None
        Highest score, in points.
    """

    percent_fall: float | None = None
    at_most: float | None = None

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> ResponseRule:
        """Read the rule of an outcome that a bundle holds.

        Parameters
        ----------
        plain : mapping
            Keys ``percent_fall`` and ``at_most``, where given; others are left alone.

        Returns
        -------
        ResponseRule
            The rule.
        """
        return cls(plain.get("percent_fall"), plain.get("at_most"))

    def holds(self, start: ArrayLike, score: ArrayLike) -> Bools:
        """Tell whose score is a response.

        Parameters
        ----------
        start, score : array_like
            Scores at baseline and at the visit asked about; NaN where not known.

        Returns
        -------
        ndarray of bool
            Of the broadcast shape; False where a score that the rule needs is not known.
        """
        met = self.is_known(start, score)
        if self.at_most is not None:
            met = met & np.less_equal(score, self.at_most)
        if self.percent_fall is not None:
            met = met & has_fallen(start, score, self.percent_fall)
        return met

    def is_known(self, start: ArrayLike, score: ArrayLike) -> Bools:
        """Tell of whom the scores that the rule needs are known.

        Parameters
        ----------
        start, score : array_like
            As for `holds`.

        Returns
        -------
        ndarray of bool
            Of the broadcast shape.
        """
        needed = score if self.percent_fall is None else np.add(start, score)
        return np.asarray(~np.isnan(needed))


@dataclass(frozen=True, slots=True)
class RelapseRule:
    """A rule of relapse by scores; any one part suffices, and confirmation is left aside.

    Parameters
    ----------
    at_least : float or None
        Lowest score that is a relapse, in points.
    loss_of_gain : float or None
        Share, in (0, 1], of the fall between baseline and end of the course that is lost again.
    lost : ResponseRule or None
        The response that no longer holds.
    """

    at_least: float | None = None
    loss_of_gain: float | None = None
    lost: ResponseRule | None = None

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> RelapseRule:
        """Read the rule of an outcome that a bundle holds.

        Parameters
        ----------
        plain : mapping
            Keys ``at_least``, ``loss_of_gain``, ``response_lost``, ``responders``, where given.

        Returns
        -------
        RelapseRule
            The rule.
        """
        responders = plain.get("responders") or {}
        lost = ResponseRule.of(responders) if plain.get("response_lost") else None
        return cls(plain.get("at_least"), plain.get("loss_of_gain"), lost)

    def holds(self, score: ArrayLike, *, start: ArrayLike, end: ArrayLike) -> Bools:
        """Tell which later readings are a relapse.

        Parameters
        ----------
        score : array_like
            Readings after the end of the course; NaN where there is none.
        start, end : array_like
            Scores at baseline and at the end of the course (the entry into the risk set); where
            one is not known, only the parts that do not need it are looked at.

        Returns
        -------
        ndarray of bool
            Of the broadcast shape.
        """
        ill = np.zeros(np.broadcast(score, start, end).shape, dtype=bool)
        if self.at_least is not None:
            ill |= np.greater_equal(score, self.at_least)
        if self.loss_of_gain is not None:
            gain = np.subtract(start, end)
            # without a gain no share of it can be lost
            ill |= (gain > 0) & np.greater_equal(score, np.add(end, self.loss_of_gain * gain))
        if self.lost is not None:
            ill |= self.lost.is_known(start, score) & ~self.lost.holds(start, score)
        return np.asarray(ill)
