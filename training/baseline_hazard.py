"""The baseline hazard of relapse: how fast people of margin 0 relapse, and how well that is known.

Where visit intervals are known it is the interval-censored fit at calibrated margins; without them
it is Breslow's estimate, read at knots. Out-of-fold margins are expected, as for the calibration.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from predictor.calibration import BaselineHazard
from predictor.errors import InvalidInputError
from training.interval_hazards import Heights, fit_heights
from training.penalised_cox import breslow
from training.visit_intervals import KNOT_DAYS, visit_intervals
from training.weibull import fit_weibull

Floats = NDArray[np.float64]

HORIZON_DAYS = 180
MIN_AT_RISK = 10

# Change of the log pace by which the slope of the curve in it is read.
_PACE_STEP = 0.02
# A height below this share of others is that of a piece in which nobody relapsed.
_NOTHING = 1e-3


class Seen(NamedTuple):
    """What was seen of n people after time zero.

    Parameters
    ----------
    days : ndarray of shape (n,)
        Day of relapse or censoring.
    events : ndarray of shape (n,)
        1 if relapse was seen, 0 if censored; with `last_well` also the chance between them.
    last_well : ndarray of shape (n,) or None
        Last day on which each was seen well, equal to `days` where a relapse is dated to the day;
        None where nothing of the kind is known.
    """

    days: Floats
    events: Floats
    last_well: Floats | None = None

    @property
    def known_well(self) -> Floats:
        """Days until which each is known to have been well, at least."""
        return self.days if self.last_well is None else self.last_well


def fit_baseline(
    days: ArrayLike,
    events: ArrayLike,
    margins: ArrayLike,
    *,
    last_well: ArrayLike | None = None,
    knots: Sequence[int] = KNOT_DAYS,
    min_at_risk: int = MIN_AT_RISK,
) -> BaselineHazard:
    """Estimate the cumulative hazard at margin 0, smoothed so that no event day can be read.

    With `last_well` it is the interval-censored fit of a piecewise hazard whose pieces begin at the
    knots; between them it is constant on a clock whose pace is fitted too, because relapse is most
    frequent at first. Without it Breslow's estimate is read at the knots and joined by straight
    lines on the one-day grid: a relapse seen at a visit is spread evenly over the stretch before.
    After the last knot with `min_at_risk` people still followed the curve goes on with the last
    hazard that had an event, never flat; that knot is kept as ``last_supported_day``.

    Parameters
    ----------
    days : array_like of shape (n,)
        Day of relapse or censoring after time zero.
    events : array_like of shape (n,)
        1 if relapse was seen, 0 if censored; with `last_well` also the chance between them, as for
        `visit_intervals`.
    margins : array_like of shape (n,) or (n, repeats)
        Calibrated margins of the same people; higher is sooner. Curves of several repeats are
        averaged.
    last_well : array_like of shape (n,), optional
        Last day on which each was seen well, up to `days`; equal to it where a relapse is dated to
        the day.
    knots : sequence of int
        Days from 0 to the horizon, rising; chosen without looking at the data.
    min_at_risk : int
        Fewest people whose follow-up reaches a knot for it to be supported; at least 1.

    Returns
    -------
    BaselineHazard
        Cumulative hazard on days 0, 1, …, to the last knot or `HORIZON_DAYS`, whichever is first.

    Raises
    ------
    InvalidInputError
        If knots, shapes or values are not as described, no event was seen, or nobody was followed
        for a day.

    References
    ----------
    Breslow (1972), discussion of Cox, J R Stat Soc B 34:216. Kalbfleisch & Prentice (2002), The
    statistical analysis of failure time data, section 4.3. Lindsey & Ryan (1998), Methods for
    interval-censored data, Stat Med 17:219.
    """
    well = None if last_well is None else np.asarray(last_well, dtype=np.float64)
    seen = Seen(np.asarray(days, dtype=np.float64), np.asarray(events, dtype=np.float64), well)
    at, repeats = _checked_knots(knots), _checked_margins(margins, seen.days.size)
    fitted = _dated if well is None else _between_visits
    curve, supported = fitted(seen, repeats, at, min_at_risk)
    return BaselineHazard(curve, min(supported, float(curve.size - 1)))


def log_hazard_variance(seen: Seen, margin: Floats, baseline: BaselineHazard) -> Floats:
    """Give the variance of the log cumulative baseline hazard by day.

    Of the interval-censored fit where visit intervals are known: the delta method on heights, and
    on the pace. Of Breslow's estimate otherwise, at the knots: the sum of events over the squared
    sum of hazard ratios at risk, divided by the squared hazard; before the first event the value of
    the first knot with an event stands.

    Parameters
    ----------
    seen : Seen
        What was seen.
    margin : ndarray of shape (n,)
        Calibrated margins of the same people.
    baseline : BaselineHazard
        Fitted to them, at the shipped knots.

    Returns
    -------
    ndarray of shape (horizon + 1,)
        Above 0, for each day of the grid; day 0 has the value of day 1.

    References
    ----------
    Tsiatis (1981), A large sample study of Cox's regression model, Ann Stat 9:93.
    """
    if seen.last_well is None:
        return _tsiatis(seen, margin, baseline)
    at = np.array(KNOT_DAYS, dtype=np.float64)
    supported = _supported(seen, at, MIN_AT_RISK)
    grid = np.maximum(np.arange(baseline.cumulative.size, dtype=np.float64), 1.0)
    law = fit_weibull(seen.known_well, seen.days, seen.events, margin)

    def fitted(log_step: float) -> tuple[Floats, Floats]:
        pace = law.pace * float(np.exp(log_step))
        heights, lived = _pieces(seen, margin, pace, at[: supported + 1], grid)
        return heights.cumulative(lived), heights.log_variance(lived)

    hazard, variance = fitted(0.0)
    faster, slower = fitted(_PACE_STEP)[0], fitted(-_PACE_STEP)[0]
    slope = np.log(faster / slower) / (2 * _PACE_STEP)
    whole = variance + slope**2 * law.log_variance
    first = int(np.argmax(hazard > _NOTHING * hazard[-1]))  # before it no relapse was seen
    return np.asarray(np.where(np.arange(grid.size) < first, whole[first], whole))


def _dated(seen: Seen, repeats: Floats, at: Floats, min_at_risk: int) -> tuple[Floats, float]:
    """Read Breslow's estimate at knots and go on beyond the supported ones."""
    heights = np.mean([breslow(seen.days, seen.events, m, at) for m in repeats.T], axis=0)
    heights[0] = 0.0  # an event on day 0 belongs to the first interval
    supported = _supported(seen, at, min_at_risk)
    exposure = float((seen.days @ np.exp(repeats)).mean())
    if exposure <= 0:
        raise InvalidInputError("nobody was followed beyond day 0; a hazard cannot be estimated")
    hazards = np.diff(heights[: supported + 1]) / np.diff(at[: supported + 1])
    with_event = hazards[hazards > 0]
    ahead = float(with_event[-1]) if with_event.size else float(seen.events.sum()) / exposure
    heights[supported:] = heights[supported] + ahead * (at[supported:] - at[supported])
    return np.interp(_grid(at), at, heights), float(at[supported])


def _between_visits(
    seen: Seen, repeats: Floats, at: Floats, min_at_risk: int
) -> tuple[Floats, float]:
    """Give the curve of the interval-censored fit."""
    supported = _supported(seen, at, min_at_risk)
    pace = fit_weibull(seen.known_well, seen.days, seen.events, repeats.mean(axis=1)).pace
    curves = []
    for margin in repeats.T:
        heights, lived = _pieces(seen, margin, pace, at[: supported + 1], _grid(at))
        curves.append(heights.cumulative(lived))
    return np.maximum.accumulate(np.mean(curves, axis=0)), float(at[supported])  # of rounding


def _pieces(
    seen: Seen, margin: Floats, pace: float, knots: Floats, grid: Floats
) -> tuple[Heights, Floats]:
    """Fit a piece from each knot on, and say how much of each a day of the grid has lived.

    What lies beyond the last knot is a piece of its own, in the fit. On the grid the last piece
    before it that had an event goes on instead; without one, a single piece for all days.
    """
    given = seen.known_well, seen.days, seen.events
    intervals = visit_intervals(*given, knots=knots.tolist(), pace=pace)
    heights = fit_heights(margin, intervals)
    size = np.exp(heights.log_heights[: knots.size - 1])
    with_event = np.flatnonzero(size > _NOTHING * size.max(initial=0.0))
    rate = intervals.n_events / (intervals.before.sum() + intervals.within.sum())
    if not with_event.size or size.max() < _NOTHING * rate:
        single = visit_intervals(*given, knots=(0.0,), pace=pace)
        return fit_heights(margin, single), single.lived(grid)
    last = float(knots[-1])
    lived = intervals.lived(np.minimum(grid, last))
    lived[:, with_event[-1]] += np.maximum(grid**pace - last**pace, 0.0)
    return heights, lived


def _grid(at: Floats) -> Floats:
    """Give the days of a stored curve."""
    return np.arange(min(int(at[-1]), HORIZON_DAYS) + 1, dtype=np.float64)


def _supported(seen: Seen, at: Floats, min_at_risk: int) -> int:
    """Give the place of the last knot that enough people were followed to."""
    followed = np.where(seen.events > 0, seen.days, seen.known_well)
    at_risk = (followed[:, None] >= at).sum(axis=0)
    return max(int((at_risk >= max(min_at_risk, 1)).sum()) - 1, 0)


def _tsiatis(seen: Seen, margin: Floats, baseline: BaselineHazard) -> Floats:
    """Give the variance of Breslow's estimate on the log scale, between knots by straight lines."""
    order = np.argsort(seen.days, kind="stable")
    days, events = seen.days[order], seen.events[order]
    at_risk = np.cumsum(np.exp(margin[order])[::-1])[::-1]
    first = np.searchsorted(days, days)  # everybody with the same day is at risk together
    increments = np.cumsum(events / at_risk[first] ** 2)
    knots = np.array(KNOT_DAYS, dtype=np.float64)
    upto = np.searchsorted(days, knots, side="right") - 1
    variance = np.where(upto >= 0, increments[np.maximum(upto, 0)], 0.0)
    hazard = baseline.cumulative_at(np.minimum(knots, baseline.horizon_days))
    relative = np.divide(variance, hazard**2, out=np.full(knots.size, np.nan), where=variance > 0)
    known = np.flatnonzero(np.isfinite(relative))
    grid = np.arange(baseline.cumulative.size, dtype=np.float64)
    return np.asarray(np.interp(grid, knots[known], relative[known]))


def _checked_margins(margins: ArrayLike, n: int) -> Floats:
    """Give margins as people by repeats; refuse what does not belong to the people."""
    margins = np.asarray(margins, dtype=np.float64)
    margins = margins[:, None] if margins.ndim == 1 else margins
    if margins.ndim != 2 or margins.shape[0] != n or not np.isfinite(margins).all():
        raise InvalidInputError(
            f"margins of shape {margins.shape} were given for {n} people; one finite out-of-fold "
            "margin for each person and repeat is needed"
        )
    return margins


def _checked_knots(knots: Sequence[int]) -> Floats:
    """Give the knots as numbers; refuse what is not whole rising days from 0."""
    at = np.asarray(knots, dtype=np.float64)
    rising = at.ndim == 1 and at.size >= 2 and at[0] == 0 and bool((np.diff(at) > 0).all())
    if not rising or (at != np.round(at)).any():
        raise InvalidInputError("knots must be whole days that begin at 0 and rise")
    return at
