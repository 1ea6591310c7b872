"""How far numbers move with the people a model was fitted to, as drawings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.figures.canvas import (
    BAND,
    BLUE,
    DASHES,
    GREY,
    Array,
    Format,
    Line,
    draw_line,
    draw_unit_square,
    finish,
    new_axes,
    styled,
)


def prediction_instability(original: Array, spread: Array, *, fmt: Format = "svg") -> bytes:
    """Draw what other models say of people of the same risk.

    Parameters
    ----------
    original : ndarray of shape (n_groups,)
        Mean risk by the kept model in groups of people, ascending.
    spread : ndarray of shape (5, n_groups)
        Percentiles 2.5, 25, 50, 75 and 97.5 of the risks by the other models in each group.
    fmt : str
        ``svg`` or ``png``.

    Returns
    -------
    bytes
        The figure.
    """
    with styled():
        figure, axes = new_axes()
        axes.fill_between(original, spread[0], spread[4], color=BAND, alpha=0.6, linewidth=0)
        for place, name in ((0, "95 % of models and people"), (4, None)):
            axes.plot(original, spread[place], color=BLUE, linestyle=DASHES[2], label=name)
        for place, name in ((1, "half of them"), (3, None)):
            axes.plot(original, spread[place], color=BLUE, linestyle=DASHES[1], label=name)
        axes.plot(original, spread[2], color=BLUE, linewidth=2, label="median")
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, label="no change")
        draw_unit_square(axes, "risk by the kept model", "risk by models of resampled people")
        axes.legend(loc="upper left")
        return finish(figure, "Instability of predictions", fmt)


def calibration_instability(curves: Sequence[Line], kept: Line, *, fmt: Format = "svg") -> bytes:
    """Draw the calibration curves of many models in the same people.

    Parameters
    ----------
    curves : sequence of Line
        Flexible calibration curve of each model of a resample, in the original people.
    kept : Line
        That of the kept model; it saw these people and looks better than it is.
    fmt : str
        ``svg`` or ``png``.

    Returns
    -------
    bytes
        The figure.
    """
    with styled():
        figure, axes = new_axes()
        for place, curve in enumerate(curves):
            name = "models of resampled people" if place == 0 else None
            axes.plot(curve.x, curve.y, color=GREY, linewidth=0.7, alpha=0.6, label=name)
        draw_line(axes, kept, label="kept model")
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=DASHES[2], linewidth=1, label="ideal")
        draw_unit_square(axes, "predicted", "observed")
        axes.legend(loc="upper left")
        return finish(figure, "Instability of calibration", fmt)


def flips(original: Array, share: Array, *, threshold: float, fmt: Format = "svg") -> bytes:
    """Draw how often other models decide otherwise, by risk.

    Parameters
    ----------
    original : ndarray of shape (n_groups,)
        Mean risk by the kept model in groups of people, ascending.
    share : ndarray of shape (n_groups,)
        Mean share of models that put a person on the other side of the threshold.
    threshold : float
        Risk from which one would act.
    fmt : str
        ``svg`` or ``png``.

    Returns
    -------
    bytes
        The figure.
    """
    with styled():
        figure, axes = new_axes()
        axes.axvline(threshold, color=GREY, linestyle=DASHES[2], label="threshold")
        axes.plot(original, share, color=BLUE, marker="o", markersize=4, linewidth=2)
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, np.maximum(0.51, share.max() * 1.05)))
        axes.set(xlabel="risk by the kept model", ylabel="share of models that decide otherwise")
        axes.legend(loc="upper right")
        return finish(figure, "Instability of decisions", fmt)
