"""Figures of relapse over time."""

from __future__ import annotations

import numpy as np

from training.figures.canvas import (
    BAND,
    BLUE,
    DASHES,
    GREY,
    INK,
    ORANGE,
    Array,
    Format,
    Line,
    draw_line,
    draw_unit_square,
    finish,
    new_axes,
    new_figure,
    styled,
)


def relapse_curves(observed: Line, predicted: Line, *, fmt: Format = "svg") -> bytes:
    """Draw relapse as observed (one minus Kaplan–Meier) and as predicted on average.

    Parameters
    ----------
    observed : Line
        Days and cumulative relapse as a step function, with its band. Its steps should be rounded
        to whole weeks where exact event days could identify people.
    predicted : Line
        Days and mean predicted relapse.
    fmt : str
        ``svg`` or ``png``.

    Returns
    -------
    bytes
        The figure.
    """
    with styled():
        figure, axes = new_axes()
        if observed.lo is not None and observed.hi is not None:
            axes.fill_between(
                observed.x,
                observed.lo,
                observed.hi,
                step="post",
                color=BAND,
                alpha=0.7,
                linewidth=0,
            )
        axes.step(
            observed.x, observed.y, where="post", color=BLUE, linewidth=1.8, label="observed (KM)"
        )
        draw_line(axes, predicted, label="predicted, mean", colour=ORANGE, dash=DASHES[1])
        axes.set(xlabel="days after time zero", ylabel="relapsed", ylim=(0, 1), xlim=(0, None))
        axes.legend(loc="lower right")
        return finish(figure, "Relapse observed and predicted", fmt)


def relapse_calibration(
    predicted: Array,
    observed: Line,
    *,
    day: int,
    curve: Line | None = None,
    fmt: Format = "svg",
) -> bytes:
    """Draw observed against predicted relapse at one horizon, in groups by predicted risk.

    Parameters
    ----------
    predicted : ndarray of shape (n,)
        Predicted risk of each person; only its histogram is drawn.
    observed : Line
        Mean predicted risk of each group (x) and its Kaplan–Meier estimate (y) with its band.
    day : int
        The horizon in days after time zero.
    curve : Line or None
        Flexible calibration curve (predicted, observed) with its band.
    fmt : str
        ``svg`` or ``png``.

    Returns
    -------
    bytes
        The figure.
    """
    with styled():
        figure = new_figure(height=4.6)
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=DASHES[2], linewidth=1, label="ideal")
        if curve is not None:
            draw_line(axes, curve, label="flexible curve")
        if observed.lo is not None and observed.hi is not None:
            axes.vlines(observed.x, observed.lo, observed.hi, color=INK, linewidth=1.2)
        axes.plot(
            observed.x,
            observed.y,
            linestyle="none",
            marker="o",
            color=INK,
            markersize=4.5,
            label="equal groups",
        )
        draw_unit_square(axes, "", f"relapsed by day {day}")
        axes.legend(loc="upper left")
        below.hist(predicted, bins=np.linspace(0, 1, 26).tolist(), color=BAND, edgecolor=BLUE)
        below.set_yticks([])
        below.set(xlabel=f"predicted risk by day {day}")
        return finish(figure, f"Calibration of relapse by day {day}", fmt)
