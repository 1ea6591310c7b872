"""Groups of people below each other, each with its interval: sites, subgroups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from predictor.errors import InvalidInputError
from training.figures.canvas import (
    BAND,
    BLUE,
    DASHES,
    GREY,
    INK,
    Array,
    Format,
    finish,
    name_rows,
    new_figure,
    rows_height,
    styled,
)

_REACH = 2.0
"""An interval longer than this many times the usual one is cut, with an arrow at its end."""

_TICKS = np.array([0.1, 0.2, 0.33, 0.5, 0.67, 1, 1.5, 2, 3, 5, 10])
_CLOSE_TICKS = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.4, 1.6, 2])
"""Where an axis of ratios may be marked: a long one, and one less than threefold."""


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One group.

    Parameters
    ----------
    label : str
        Its name.
    value : float
        The measure; NaN leaves the row empty, said as "no value".
    lo, hi : float
        Ends of its interval; NaN draws the point alone.
    """

    label: str
    value: float = float("nan")
    lo: float = float("nan")
    hi: float = float("nan")


@dataclass(frozen=True, slots=True)
class ForestSummary:
    """All groups together, under a rule below them.

    Parameters
    ----------
    mean : ForestRow
        Drawn as a diamond from one end of its interval to the other.
    new : ForestRow or None
        What one more group may expect: the ends are those of a prediction interval, drawn as a
        thin bar. Its value is not drawn.
    """

    mean: ForestRow
    new: ForestRow | None = None


def forest(
    rows: Sequence[ForestRow],
    *,
    across: str,
    reference: float | None = None,
    summary: ForestSummary | None = None,
    ratio: bool = False,
    fmt: Format = "svg",
) -> bytes:
    """Draw a measure in each group.

    All points are of one size, so that nobody can read the size of a group from them. An interval
    that is far longer than the others is cut and ends in an arrow.

    Parameters
    ----------
    rows : sequence of ForestRow
        Groups, first on top.
    across : str
        Name of the measure and which way is better.
    reference : float or None
        A value to compare with, such as 0.5 or 1; a dashed line.
    summary : ForestSummary or None
        All groups together.
    ratio : bool
        Whether the measure is a ratio above 0, shown on a logarithmic axis.
    fmt : str
        ``svg`` or ``png``.

    Returns
    -------
    bytes
        The figure.

    Raises
    ------
    InvalidInputError
        If there is nothing to draw, or a ratio is not above 0.

    References
    ----------
    Lewis S, Clarke M. BMJ 2001;322:1479-1480. The bar of the prediction interval: Riley RD,
    Higgins JPT, Deeks JJ. BMJ 2011;342:d549.
    """
    under = [] if summary is None else [summary.mean, *filter(None, [summary.new])]
    everything = [*rows, *under]
    left, right = _limits(rows, under, reference, ratio=ratio)
    with styled():
        figure = new_figure(height=1.0 + rows_height([row.label for row in everything]))
        axes = figure.subplots()
        if ratio:
            _ratio_axis(axes, left, right)
        axes.set(xlim=(left, right), xlabel=across)
        if reference is not None:
            axes.axvline(reference, color=GREY, linestyle=DASHES[1], linewidth=1, zorder=0)
        for at, row in enumerate(rows):
            _group(axes, at, row)
        if summary is not None:
            axes.axhline(len(rows) - 0.5, color=GREY, linewidth=0.6)
            _diamond(axes, len(rows), summary.mean)
            if summary.new is not None:
                _bar(axes, len(rows) + 1, summary.new)
        name_rows(axes, [row.label for row in everything])
        axes.tick_params(axis="y", pad=8)  # room for arrows
        return finish(figure, f"{across} by group", fmt)


def _limits(
    rows: Sequence[ForestRow], under: Sequence[ForestRow], reference: float | None, *, ratio: bool
) -> tuple[float, float]:
    """Choose an axis that holds all points, and of very long intervals only a part."""
    drawn = [*rows, *under]
    points = _finite([row.value for row in drawn])
    if not points.size:
        raise InvalidInputError("no group has a value, so there is nothing to draw")
    ends = np.array([[row.lo, row.hi] for row in drawn])
    if ratio and np.append(points, _finite(ends)).min() <= 0:
        raise InvalidInputError("a ratio of 0 or less has no place on a logarithmic axis")
    scaled = np.log if ratio else np.array
    within = scaled(points if reference is None else np.append(points, reference))
    lengths = _finite(np.diff(scaled(ends), axis=1))
    reach = _REACH * float(np.median(lengths)) if lengths.size else 0.0
    everything = np.append(within, _finite(scaled(ends)))
    low = max(everything.min(), within.min() - reach)
    high = min(everything.max(), within.max() + reach)
    margin = 0.04 * (high - low) or 0.1
    edges = np.array([low - margin, high + margin])
    left, right = np.exp(edges) if ratio else edges
    return float(left), float(right)


def _finite(values: Any) -> Array:
    """Keep what is a number, as one row."""
    array: Array = np.asarray(values, dtype=np.float64).ravel()
    kept: Array = array[np.isfinite(array)]
    return kept


def _ratio_axis(axes: Any, left: float, right: float) -> None:
    """Mark a logarithmic axis in plain numbers."""
    axes.set_xscale("log")
    marks = _CLOSE_TICKS if right < 3 * left else _TICKS
    ticks = marks[(left <= marks) & (right >= marks)]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xticks([], minor=True)


def _group(axes: Any, at: int, row: ForestRow) -> None:
    """Draw one group: a square on the line of its interval."""
    if not np.isfinite(row.value):
        axes.text(
            0.5, at, "no value", transform=axes.get_yaxis_transform(), color=GREY, fontsize=9,
            ha="center", va="center",
        )  # fmt: skip
        return
    _interval(axes, at, row, width=1.6)
    axes.plot([row.value], [at], marker="s", markersize=5.5, color=BLUE, linestyle="none")


def _interval(axes: Any, at: int, row: ForestRow, *, width: float) -> None:
    """Draw an interval; an end beyond the axis becomes an arrow."""
    if not (np.isfinite(row.lo) and np.isfinite(row.hi)):
        return
    left, right = axes.get_xlim()
    axes.plot([max(row.lo, left), min(row.hi, right)], [at, at], color=INK, linewidth=width)
    for end, edge, beyond, arrow in (
        (row.lo, left, row.lo < left, "<"),
        (row.hi, right, row.hi > right, ">"),
    ):
        axes.plot(
            [edge if beyond else end], [at], color=INK, linestyle="none", clip_on=False,
            marker=arrow if beyond else "|", markersize=6 if beyond else 7,
        )  # fmt: skip


def _diamond(axes: Any, at: int, row: ForestRow) -> None:
    """Draw the mean as a diamond as wide as its interval."""
    lo, hi = (row.lo, row.hi) if np.isfinite([row.lo, row.hi]).all() else (row.value, row.value)
    x = [lo, row.value, hi, row.value]
    y = [at, at - 0.26, at, at + 0.26]
    axes.fill(x, y, facecolor=BAND, edgecolor=BLUE, linewidth=1.4)
    left, right = axes.get_xlim()
    for edge, beyond, arrow in ((left, lo < left, "<"), (right, hi > right, ">")):
        if beyond:
            axes.plot([edge], [at], color=INK, marker=arrow, markersize=6, clip_on=False)


def _bar(axes: Any, at: int, row: ForestRow) -> None:
    """Draw a prediction interval as a thin bar, without a point."""
    _interval(axes, at, row, width=1.0)
