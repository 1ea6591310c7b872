"""One person's relapse curve: cumulative risk by day with its band, and what is read from it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """Cumulative risk of relapse by day.

    Parameters
    ----------
    days : ndarray, shape (181,)
        Days after time zero, 0 to 180.
    relapse, lo, hi : ndarray, shape (181,)
        Risk by that day and its pointwise 90 % band, in [0, 1]; higher is worse.
    """

    days: Floats
    relapse: Floats
    lo: Floats
    hi: Floats

    def risk_at(self, day: float) -> tuple[float, float, float]:
        """Read the risk by a day, linear between days.

        Parameters
        ----------
        day : float
            Days after time zero, from 0 to the last day of the curve.

        Returns
        -------
        value, lo, hi : float
            Risk of relapse by that day with its 90 % band.

        Raises
        ------
        ValueError
            If the day lies outside the curve.
        """
        if not 0 <= day <= self.days[-1]:
            raise ValueError(f"day {day} is outside 0 to {self.days[-1]:.0f}")
        lines = (self.relapse, self.lo, self.hi)
        value, lo, hi = (float(np.interp(day, self.days, line)) for line in lines)
        return value, lo, hi

    def to_dict(self) -> dict[str, list[float]]:
        """Give the curve for JSON.

        Returns
        -------
        dict of str to list
            Keys ``days``, ``relapse``, ``lo``, ``hi``.
        """
        return {entry.name: getattr(self, entry.name).tolist() for entry in fields(self)}
