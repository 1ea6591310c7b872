"""When relapse may have happened: what people lived through of each period of a hazard.

A relapse seen at a visit happened between the last day the person was seen well and that visit. The
hazard is constant within each period of a clock that runs ever faster or slower (day ** pace); with
one period for each visit interval this is the complementary log-log model of person-periods.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from predictor.errors import InvalidInputError

Floats = NDArray[np.float64]

KNOT_DAYS = tuple(range(0, 183, 14))
"""Days after time zero at which the hazard may change. Fixed beforehand, at the usual distance of
follow-up visits, so that a stored curve shows nobody's exact event day; closer knots would draw
steps between visits that say when people were seen, not when they relapsed."""


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Time that people lived through, by period; all a likelihood needs of days and events.

    Parameters
    ----------
    edges : ndarray of shape (n_periods,)
        Days at which periods begin; the first is 0 and the last period has no end.
    pace : float
        Power of the clock, above 0: below 1 the hazard falls within a period, at 1 it is constant.
    before : ndarray of shape (n, n_periods)
        Clock time of each person until last seen well; until the event where that is dated exactly.
    cases : ndarray of int, shape (n_cases,)
        Positions of those whose event lies in an interval.
    within : ndarray of shape (n_cases, n_periods)
        Clock time of their intervals.
    weight : ndarray of shape (n_cases,)
        Chance that the event happened there, above 0 and up to 1.
    exact : ndarray of int, shape (n_exact,)
        Positions of those whose event is dated to the day.
    period : ndarray of int, shape (n_exact,)
        Period of that day.
    log_speed : float
        Sum over exact events of the log of clock time per day, which turns a density of clock time
        into one of days.
    offset : ndarray of shape (n,) or float
        Part of each margin that is known and not fitted.
    """

    edges: Floats
    pace: float
    before: Floats
    cases: NDArray[np.intp]
    within: Floats
    weight: Floats
    exact: NDArray[np.intp]
    period: NDArray[np.intp]
    log_speed: float
    offset: Floats | float = 0.0

    @property
    def n_events(self) -> float:
        """Count the events.

        Returns
        -------
        float
            In intervals, each by its chance, and dated exactly.
        """
        return float(self.weight.sum()) + self.exact.size

    def lived(self, days: ArrayLike) -> Floats:
        """Give the clock time up to given days, by period.

        Parameters
        ----------
        days : array_like of shape (k,)
            Days, 0 or more.

        Returns
        -------
        ndarray of shape (k, n_periods)
            Rows sum to ``days ** pace``.
        """
        return _lived(np.asarray(days, dtype=np.float64), self.edges, self.pace)


def visit_intervals(
    last_well: ArrayLike,
    days: ArrayLike,
    events: ArrayLike,
    *,
    knots: Sequence[float] = KNOT_DAYS,
    pace: float = 1.0,
    offset: Floats | None = None,
) -> Intervals:
    """Read intervals from visits.

    Parameters
    ----------
    last_well : array_like of shape (n,)
        Last day on which the person was seen well, 0 or more and up to `days`.
    days : array_like of shape (n,)
        Day by which the event had happened, above 0; equal to `last_well` where the event is dated
        to the day. Of people without event it is not read: nothing is known after `last_well`.
    events : array_like of shape (n,)
        1 if the event was seen, 0 if censored; between them the chance that it had happened by the
        day, where what was seen leaves that open: the expected log-likelihood counts.
    knots : sequence of float
        Days at which periods begin, rising from 0; those that nobody reached are left out.
    pace : float
        Power of the clock, above 0.
    offset : ndarray of shape (n,), optional
        Part of each margin that is known and not fitted.

    Returns
    -------
    Intervals
        Of the same people.

    Raises
    ------
    InvalidInputError
        If shapes differ, a day is missing, negative or out of order, an event is on day 0 or is
        outside 0 to 1, there is none, or knots or pace are not as described.

    Examples
    --------
    >>> found = visit_intervals([14.0, 20.0], [28.0, 20.0], [1, 0], knots=[0, 14, 28])
    >>> found.before.tolist(), found.within.tolist()
    ([[14.0, 0.0], [14.0, 6.0]], [[0.0, 14.0]])
    """
    well, until, seen = checked_intervals(last_well, days, events)
    at = np.asarray(knots, dtype=np.float64)
    if at.ndim != 1 or not at.size or at[0] != 0 or (np.diff(at) <= 0).any() or not pace > 0:
        raise InvalidInputError("knots must begin at day 0 and rise, and the pace be above 0")
    happened = seen > 0
    cases, exact = (
        np.flatnonzero(happened & (well < until)),
        np.flatnonzero(happened & (well == until)),
    )
    reached = max(float(well.max()), float(until[happened].max()))
    edges = at[at < reached]
    before = _lived(well, edges, pace)
    within = _lived(until[cases], edges, pace) - before[cases]
    weight = seen[cases]
    before[cases] += (1 - weight)[:, None] * within  # as far as it did not happen
    return Intervals(
        edges=edges,
        pace=float(pace),
        before=before,
        cases=cases,
        within=within,
        weight=weight,
        exact=exact,
        period=np.searchsorted(edges, until[exact], side="left") - 1,
        log_speed=float((np.log(pace) + (pace - 1) * np.log(until[exact])).sum()),
        offset=0.0 if offset is None else offset,
    )


def checked_intervals(
    last_well: ArrayLike, days: ArrayLike, events: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Refuse what is not an interval and an event for each person, with an event at all.

    Parameters
    ----------
    last_well, days, events : array_like of shape (n,)
        As for `visit_intervals`.

    Returns
    -------
    tuple of ndarray, ndarray and ndarray
        The same as numbers.

    Raises
    ------
    InvalidInputError
        If they are not as described there.
    """
    well, until, seen = (np.asarray(x, dtype=np.float64) for x in (last_well, days, events))
    if well.ndim != 1 or not well.shape == until.shape == seen.shape:
        raise InvalidInputError(
            f"last well days have shape {well.shape}, days {until.shape} and events {seen.shape}; "
            "one of each is needed for each person"
        )
    ordered = bool(((well >= 0) & (well <= until) & np.isfinite(until)).all())
    open_ = (seen > 0) & (seen < 1)
    if not ordered or not ((seen >= 0) & (seen <= 1)).all() or (open_ & (well == until)).any():
        raise InvalidInputError(
            "follow-up must be last well days of 0 or more, up to the day of event or censoring, "
            "and events of 1 or 0, or between for an interval of some length, none missing; leave "
            "out people who are not at risk"
        )
    if not seen.any():
        raise InvalidInputError("no event was seen in these people; a hazard cannot be estimated")
    if (until[seen > 0] <= 0).any():
        raise InvalidInputError(
            "an event lies on day 0; give it a day above 0, such as half a day, or leave it out"
        )
    return well, until, seen


def _lived(days: Floats, edges: Floats, pace: float) -> Floats:
    """Give clock time up to days within each period; the last has no end."""
    clock = np.append(edges**pace, np.inf)
    return np.asarray(np.clip(days[:, None] ** pace - clock[:-1], 0.0, np.diff(clock)))
