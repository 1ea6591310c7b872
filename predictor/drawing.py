"""Geometry of the small drawings on a patient's page: numbers in, coordinates out.

The marks themselves are written by ``templates/drawings.html`` with escaping on, so that a label
can never become markup. Every drawing is 360 units wide, the width of a phone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from predictor.wording import out_of, per_hundred

WIDTH = 360.0
STEPS_SHOWN = 10
_LEFT, _RIGHT = 10.0, 350.0
_ROW, _BAR = 38.0, 14.0
_LABEL_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Frequency:
    """Ten people, the interval under them, the cohort's average and the declared threshold.

    Parameters
    ----------
    people : tuple of (float, bool)
        Centre of each person and whether it is filled.
    point, lo, hi : float
        Places of the risk and the ends of its interval on the scale of 0 to 10.
    average : float or None
        Place of the cohort's average; None when it is unknown.
    threshold : float or None
        Place of the declared threshold; None when none was declared.
    ticks : tuple of (float, str)
        Place and text of each tick.
    """

    people: tuple[tuple[float, bool], ...]
    point: float
    lo: float
    hi: float
    average: float | None
    threshold: float | None
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a waterfall.

    Parameters
    ----------
    label : str
        What moved the number, shortened to fit.
    text : str
        How far, in 100 people.
    kind : str
        ``raises``, ``lowers`` or ``total``; drawn with different shapes.
    top : float
        Upper edge of the row.
    points : str
        Corners of the bar for an SVG polygon: an arrow that points where the number goes.
    end : float
        Where the number stands after this row.
    """

    label: str
    text: str
    kind: str
    top: float
    points: str
    end: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """From the starting point to the number, one variable after the other.

    Parameters
    ----------
    steps : tuple of Step
        First and last are totals.
    height : float
        Height of the drawing.
    axis : float
        Vertical place of the axis.
    ticks : tuple of (float, str)
        Place and text of each tick, in 100 people.
    """

    steps: tuple[Step, ...]
    height: float
    axis: float
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """Cumulative risk over days with its band.

    Parameters
    ----------
    line, ahead, band : str
        Corners for SVG polylines and a polygon; `ahead` goes on from `line` where too few people
        were followed, and is empty where enough were.
    marks : tuple of (float, float, str)
        Place and day of each day that the table names.
    x_ticks, y_ticks : tuple of (float, str)
        Ticks in days and in 10 people.
    """

    line: str
    ahead: str
    band: str
    marks: tuple[tuple[float, float, str], ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]


def draw_frequency(
    probability: float,
    lo: float,
    hi: float,
    *,
    average: float | None = None,
    threshold: float | None = None,
) -> Frequency:
    """Place ten people, an interval and an average on one scale.

    Parameters
    ----------
    probability, lo, hi : float
        The risk and its interval, in [0, 1].
    average : float or None
        The cohort's average risk, in [0, 1].
    threshold : float or None
        Risk from which one would act, in (0, 1).

    Returns
    -------
    Frequency
        As many people filled as the words of `predictor.wording.in_ten` say.
    """
    filled = out_of(probability, 10)
    unit = (_RIGHT - _LEFT) / 10
    return Frequency(
        people=tuple((round(_LEFT + unit * (i + 0.5), 1), i < filled) for i in range(10)),
        point=_place(probability, 0.0, 1.0),
        lo=_place(lo, 0.0, 1.0),
        hi=_place(hi, 0.0, 1.0),
        average=None if average is None else _place(average, 0.0, 1.0),
        threshold=None if threshold is None else _place(threshold, 0.0, 1.0),
        ticks=tuple((_place(i / 10, 0.0, 1.0), str(i)) for i in range(0, 11, 2)),
    )


def draw_waterfall(
    start: float, changes: Mapping[str, float], *, first: str, last: str
) -> Waterfall:
    """Stack the contributions of variables between a starting point and the number.

    Parameters
    ----------
    start : float
        Probability before any contribution, in [0, 1].
    changes : mapping of str to float
        Label to difference in probability; drawn from the largest to the smallest, all past the
        tenth as one row.
    first, last : str
        Labels of the two totals.

    Returns
    -------
    Waterfall
        Rows in drawing order; the last row ends at `start` plus all changes.
    """
    rows = shorten_changes(changes)
    levels = [start]
    for _, change in rows:
        levels.append(levels[-1] + change)
    low, high = _padded(min(levels), max(levels))
    places = [_place(level, low, high) for level in levels]
    steps = [_total(first, start, places[0], 0)]
    for index, (label, change) in enumerate(rows):
        steps.append(_step(label, change, (places[index], places[index + 1]), index + 1))
    steps.append(_total(last, levels[-1], places[-1], len(rows) + 1))
    axis = _ROW * len(steps) + 4
    return Waterfall(
        tuple(steps),
        height=axis + 36,
        axis=axis,
        ticks=tuple((_place(t, low, high), f"{100 * t:.0f}") for t in _ticks(low, high)),
    )


def shorten_changes(changes: Mapping[str, float]) -> list[tuple[str, float]]:
    """Keep the ten largest changes and add up the rest.

    Parameters
    ----------
    changes : mapping of str to float
        Label to change.

    Returns
    -------
    list of (str, float)
        Largest absolute change first, the rest last; the sum is kept.
    """
    ordered = sorted(changes.items(), key=lambda item: (-abs(item[1]), item[0]))
    rest = ordered[STEPS_SHOWN:]
    if len(rest) > 1:
        return [
            *ordered[:STEPS_SHOWN],
            (f"{len(rest)} other answers", math.fsum(c for _, c in rest)),
        ]
    return ordered


def draw_curve(
    days: Sequence[float],
    risk: Sequence[float],
    band: tuple[Sequence[float], Sequence[float]],
    *,
    marked: Sequence[int] = (),
    supported: float = math.inf,
) -> Curve:
    """Place a curve of cumulative risk and its band.

    Parameters
    ----------
    days : sequence of float
        Days from time zero, ascending.
    risk : sequence of float
        Cumulative risk on those days, in [0, 1].
    band : pair of sequence of float
        Lower and upper ends of the interval.
    marked : sequence of int
        Days to mark with a dot, if they are among `days`.
    supported : float
        Last day on which enough people were followed.

    Returns
    -------
    Curve
        Coordinates inside a drawing of 360 by 230.
    """
    last = max(days) or 1

    def across(day: float) -> float:
        return round(38 + (day / last) * 306, 1)

    def up(value: float) -> float:
        return round(186 - value * 170, 1)

    def corners(values: Sequence[float]) -> list[str]:
        return [f"{across(d)},{up(v)}" for d, v in zip(days, values, strict=True)]

    known = dict(zip(days, risk, strict=True))
    step = 30 if last > 60 else 10
    drawn = corners(risk)
    followed = sum(day <= supported for day in days)
    return Curve(
        line=" ".join(drawn[:followed]),
        ahead=" ".join(drawn[max(followed - 1, 0) :]) if followed < len(drawn) else "",
        band=" ".join([*corners(band[0]), *reversed(corners(band[1]))]),
        marks=tuple((across(d), up(known[d]), str(d)) for d in marked if d in known),
        x_ticks=tuple((across(d), str(d)) for d in range(0, int(last) + 1, step)),
        y_ticks=tuple((up(i / 10), str(i)) for i in range(0, 11, 2)),
    )


def _place(value: float, low: float, high: float) -> float:
    """Horizontal place of a value on the scale from `low` to `high`."""
    return round(_LEFT + (value - low) / (high - low) * (_RIGHT - _LEFT), 1)


def _padded(low: float, high: float) -> tuple[float, float]:
    """Widen a range so that short bars do not look long, not past 0 or 1 for its own sake."""
    room = max(0.1, (high - low) * 0.08)
    return min(low, max(0.0, low - room)), max(high, min(1.0, high + room))


def _ticks(low: float, high: float) -> list[float]:
    """Round probabilities inside a range; where steps overshoot 0 or 1 no tick is written."""
    low, high = max(0.0, low), min(1.0, high)
    step = next(s for s in (0.05, 0.1, 0.2) if (high - low) / s <= 5.5)
    return [i * step for i in range(math.ceil(low / step - 1e-9), int(high / step + 1e-9) + 1)]


def _total(label: str, level: float, place: float, row: int) -> Step:
    """Give the row that says where the number stands: a diamond."""
    top, middle, half = _ROW * row, _ROW * row + 18 + _BAR / 2, _BAR / 2
    points = [(place - half, middle), (place, middle - half), (place + half, middle)]
    points.append((place, middle + half))
    return Step(_fit(label), f"{100 * level:.0f} in 100", "total", top, _corners(points), place)


def _step(label: str, change: float, ends: tuple[float, float], row: int) -> Step:
    """Give a row that moves the number: an arrow from where it stood to where it goes."""
    top = _ROW * row
    upper, lower = top + 18, top + 18 + _BAR
    start, end = ends
    head = math.copysign(min(7.0, abs(end - start)), end - start)
    points = [(start, upper), (end - head, upper), (end, (upper + lower) / 2)]
    points += [(end - head, lower), (start, lower)]
    kind = "raises" if change >= 0 else "lowers"
    return Step(_fit(label), per_hundred(change), kind, top, _corners(points), end)


def _corners(points: Sequence[tuple[float, float]]) -> str:
    """Write corners as SVG reads them."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _fit(label: str) -> str:
    """Shorten a label; the table beside the drawing has it in full."""
    return label if len(label) <= _LABEL_LENGTH else label[: _LABEL_LENGTH - 1].rstrip() + "…"
