"""One person's relapse curve: cumulative risk by day with its band, and what is read from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Median:
    """Day by which half of people like this one would have relapsed.

    Parameters
    ----------
    day : int or None
        By the expected curve; None where it does not reach one half.
    lo, hi : int or None
        The same by the upper and the lower end of the band, so that lo <= day <= hi; None where
        that end does not reach one half.
    by_day : int
        Last day looked at: the horizon, or the end of what follow-up supports.
    """

    day: int | None
    lo: int | None
    hi: int | None
    by_day: int


@dataclass(frozen=True, slots=True)
class WellDays:
    """Expected days without relapse; more is better.

    Parameters
    ----------
    days, lo, hi : float
        Expected days with the ends of the interval, in [0, `to_day`].
    to_day : int
        Day to which they are counted.
    """

    days: float
    lo: float
    hi: float
    to_day: int


@dataclass(frozen=True, slots=True)
class CheckIn:
    """Day by which to be seen, so that no larger share has relapsed unseen.

    Parameters
    ----------
    risk : float
        Declared cumulative risk, in (0, 1).
    day : int or None
        First day on which the upper end of the band is at or above that risk: the schedule;
        None where it does not get there.
    expected_day : int or None
        The same for the expected curve, never earlier.
    beyond_followup : bool
        Whether `day` lies beyond what follow-up supports.
    """

    risk: float
    day: int | None
    expected_day: int | None
    beyond_followup: bool


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Cumulative risk of relapse by day.

    Parameters
    ----------
    days : ndarray, shape (181,)
        Days after time zero: 0, 1, …, 180.
    relapse, lo, hi : ndarray, shape (181,)
        Risk by that day and its pointwise 90 % band, in [0, 1]; higher is worse.
    last_supported_day : float
        Last day on which enough training patients were still followed; the curve goes on from
        there as it went before.
    log_hazard_sd : ndarray, shape (181,)
        Standard deviation of the error of the log cumulative hazard, of margin and baseline
        hazard together.

    Raises
    ------
    ValueError
        If the risk or its band falls or leaves [0, 1], or the band does not hold the risk.
    """

    days: Floats
    relapse: Floats
    lo: Floats
    hi: Floats
    last_supported_day: float
    log_hazard_sd: Floats

    def __post_init__(self) -> None:
        lines = np.array([np.zeros_like(self.days), self.lo, self.relapse, self.hi])
        lines = np.vstack([lines, np.ones_like(self.days)])
        in_order = (np.diff(lines, axis=0) >= -_ROUNDING).all()
        if not in_order or not (np.diff(lines, axis=1) >= -_ROUNDING).all():
            raise ValueError("a risk by day must not fall, and 0 <= lo <= relapse <= hi <= 1")

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

    def median(self, by_day: float) -> Median:
        """Find the day by which half would have relapsed, as far as follow-up supports it.

        Its interval is where the band crosses one half.

        Parameters
        ----------
        by_day : float
            The horizon.

        Returns
        -------
        Median
            Whole days; each None where one half is not reached.

        References
        ----------
        .. [1] Brookmeyer R, Crowley J. A confidence interval for the median survival time.
           Biometrics 1982;38:29-41 (the interval is the inverted pointwise band).
        """
        by_day = min(by_day, self.last_supported_day, float(self.days[-1]))
        day, late, early = (
            self._first_day(line, 0.5, by_day) for line in (self.relapse, self.lo, self.hi)
        )
        return Median(day, early, late, int(by_day))

    def well_days(self, to_day: float) -> WellDays:
        """Count the days that people like this one may expect to stay well.

        The area above the curve to a day (restricted mean), by the trapezoid rule on days. Its
        interval comes from the whole band at once, as if the errors of all days went together,
        which makes it rather too wide than too narrow.

        Parameters
        ----------
        to_day : float
            The horizon.

        Returns
        -------
        WellDays
            Of the days to `to_day`.

        References
        ----------
        .. [1] Royston P, Parmar MKB. Restricted mean survival time: an alternative to the hazard
           ratio for the design and analysis of randomized trials with a time-to-event outcome.
           BMC Med Res Methodol 2013;13:152.
        """
        kept = self.days <= to_day
        days = self.days[kept]
        mean, most, least = (
            float(np.trapezoid(1.0 - line[kept], days)) for line in (self.relapse, self.lo, self.hi)
        )
        return WellDays(mean, least, most, int(days[-1]))

    def check_ins(self, steps: Sequence[float], by_day: float) -> tuple[CheckIn, ...]:
        """Find the days by which to be seen: those on which the risk passes declared steps.

        Parameters
        ----------
        steps : sequence of float
            Cumulative risks, rising, in (0, 1).
        by_day : float
            The horizon.

        Returns
        -------
        tuple of CheckIn
            One for each step, in order. The upper end of the band sets the day: whoever keeps to
            it is not seen too late even if the person's risk is as high as the interval allows.
        """
        found = []
        for step in steps:
            day = self._first_day(self.hi, step, by_day)
            beyond = day is not None and day > self.last_supported_day
            found.append(CheckIn(step, day, self._first_day(self.relapse, step, by_day), beyond))
        return tuple(found)

    def to_dict(self) -> dict[str, list[float] | float]:
        """Give the curve for JSON.

        Returns
        -------
        dict
            Keys ``days``, ``relapse``, ``lo``, ``hi`` (lists) and ``last_supported_day``.
        """
        lines: dict[str, list[float] | float] = {
            name: getattr(self, name).tolist() for name in ("days", "relapse", "lo", "hi")
        }
        return lines | {"last_supported_day": self.last_supported_day}

    def _first_day(self, line: Floats, level: float, by_day: float) -> int | None:
        """Find the first day of the curve on which a line is at or above a level."""
        reached = np.flatnonzero((line >= level) & (self.days <= by_day))
        return int(self.days[reached[0]]) if reached.size else None
