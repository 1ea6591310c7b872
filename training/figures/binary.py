"""Figures of a binary outcome: ROC, calibration, decision curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from training.figures.canvas import (
    BAND,
    BLUE,
    COLOURS,
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


def roc(outcome: Array, probability: Array, *, fmt: Format = "svg") -> bytes:
    """Draw the ROC curve of out-of-fold probabilities.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        1 where the outcome occurred, else 0; both must be present.
    probability : ndarray of shape (n,) or (n_repeats, n)
        Out-of-fold probability; with several repeats each is drawn thin and their mean bold.
    fmt : str
        ``svg`` or ``png``.

    Returns
    -------
    bytes
        The figure.
    """
    grid = np.linspace(0.0, 1.0, 201)
    curves = [_roc_points(outcome, repeat) for repeat in np.atleast_2d(probability)]
    with styled():
        figure, axes = new_axes()
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=DASHES[2], linewidth=1, label="chance")
        if len(curves) == 1:
            axes.plot(*curves[0], color=BLUE, linewidth=2, label="out of fold")
        else:
            for x, y in curves:
                axes.plot(x, y, color=BAND, linewidth=0.8)
            mean = np.mean([np.interp(grid, x, y) for x, y in curves], axis=0)
            label = f"mean of {len(curves)} repeats"
            axes.plot(grid, mean, color=BLUE, linewidth=2, label=label)
        draw_unit_square(axes, "1 − specificity", "sensitivity")
        axes.legend(loc="lower right")
        return finish(figure, "ROC curve", fmt)


def calibration(
    outcome: Array,
    probability: Array,
    *,
    curve: Line | None = None,
    groups: int = 5,
    fmt: Format = "svg",
) -> bytes:
    """Draw observed against predicted risk, with how the predictions spread underneath.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        1 where the outcome occurred, else 0.
    probability : ndarray of shape (n,)
        Predicted risk by a model that never saw the person.
    curve : Line or None
        Flexible calibration curve (predicted, observed) with its band; None draws groups only.
    groups : int
        Groups of equal size by predicted risk, each a point with its 95 % Wilson interval.
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
        _groups(axes, outcome, probability, groups)
        draw_unit_square(axes, "", "observed")
        axes.legend(loc="upper left")
        bins = np.linspace(0.0, 1.0, 26)
        counts = [np.histogram(probability[outcome == y], bins)[0] for y in (1, 0)]
        width = bins[1] - bins[0]
        below.bar(bins[:-1], counts[0], width, align="edge", color=BLUE)
        below.bar(bins[:-1], -counts[1], width, align="edge", color="#ffffff", edgecolor=ORANGE)
        below.axhline(0, color=GREY, linewidth=0.8)
        below.set_yticks([])
        below.set(xlabel="predicted risk  (bars: with outcome up, without down)")
        return finish(figure, "Calibration of predicted risk", fmt)


def decision_curve(
    thresholds: Array,
    net_benefit: Mapping[str, Array],
    *,
    band: tuple[Array, Array] | None = None,
    fmt: Format = "svg",
) -> bytes:
    """Draw net benefit over the risk thresholds at which one would act.

    Parameters
    ----------
    thresholds : ndarray of shape (n,)
        Threshold probabilities in (0, 1), ascending.
    net_benefit : mapping of str to ndarray of shape (n,)
        Name (``model``, ``treat all``, …) to net benefit; ``treat none`` is drawn always.
    band : tuple of ndarray, shape (n,), or None
        Ends of the interval of the first of them; NaN leaves a gap.
    fmt : str
        ``svg`` or ``png``.

    Returns
    -------
    bytes
        The figure.
    """
    with styled():
        figure, axes = new_axes()
        axes.axhline(0, color=INK, linewidth=1, label="treat none")
        if band is not None:
            axes.fill_between(thresholds, *band, color=BAND, alpha=0.7, linewidth=0)
        for index, (name, values) in enumerate(net_benefit.items()):
            dash, colour = DASHES[index % len(DASHES)], COLOURS[index % len(COLOURS)]
            axes.plot(
                thresholds,
                values,
                label=name,
                color=colour,
                linestyle=dash,
                linewidth=2 - index / 5,
            )
        top = max([0.01, *(float(np.nanmax(values)) for values in net_benefit.values())])
        axes.set(
            xlabel="threshold probability", ylabel="net benefit", ylim=(-0.35 * top, 1.1 * top)
        )
        axes.legend(loc="best")
        return finish(figure, "Decision curve", fmt)


def risk_distribution(
    groups: Mapping[str, Line],
    quartiles: Mapping[str, tuple[float, float, float]],
    *,
    across: str = "predicted risk",
    fmt: Format = "svg",
) -> bytes:
    """Draw how predicted risks are spread in two groups, one above the line and one below.

    Parameters
    ----------
    groups : mapping of str to Line
        Name of a group to the density of its risks; the first is drawn upward, the second down.
    quartiles : mapping of str to tuple of float
        Lower quartile, median and upper quartile of each group: a bar with a dot.
    across : str
        Name of the axis of risks.
    fmt : str
        ``svg`` or ``png``.

    Returns
    -------
    bytes
        The figure.
    """
    looks = ((BLUE, BAND, ""), (ORANGE, "#ffffff", "////"))
    with styled():
        figure, axes = new_axes()
        top = max(float(line.y.max()) for line in groups.values())
        for side, ((name, line), look) in enumerate(zip(groups.items(), looks, strict=True)):
            colour, fill, hatch = look
            sign = 1 - 2 * side
            axes.fill_between(
                line.x, 0, sign * line.y, facecolor=fill, edgecolor=colour, hatch=hatch, linewidth=1
            )
            low, half, high = quartiles[name]
            place = sign * 1.12 * top
            axes.plot([low, high], [place, place], color=colour, linewidth=3)
            axes.plot([half], [place], marker="o", color=INK, markersize=6)
            axes.annotate(name, (0.01, sign * 0.72 * top), color=INK, va="center")
        axes.axhline(0, color=GREY, linewidth=0.8)
        axes.set(xlim=(0, 1), ylim=(-1.3 * top, 1.3 * top), xticks=np.linspace(0, 1, 6), yticks=[])
        axes.set(xlabel=f"{across}\n(bar: middle half of the group, dot: its median)")
        return finish(figure, "Predicted risk by outcome", fmt)


def _roc_points(outcome: Array, probability: Array) -> tuple[Array, Array]:
    """Give false and true positive rates at every threshold, ties taken together."""
    order = np.argsort(-probability, kind="stable")
    last = np.append(np.diff(probability[order]) != 0, True)
    true = np.cumsum(outcome[order])[last]
    false = np.cumsum(1 - outcome[order])[last]
    return np.append(0.0, false / false[-1]), np.append(0.0, true / true[-1])


def _groups(axes: Any, outcome: Array, probability: Array, groups: int) -> None:
    """Draw groups of equal size with 95 % Wilson intervals."""
    z = 1.959963984540054
    parts = np.array_split(np.argsort(probability, kind="stable"), min(groups, len(outcome)))
    n = np.array([len(part) for part in parts], dtype=np.float64)
    x = np.array([probability[part].mean() for part in parts])
    y = np.array([outcome[part].mean() for part in parts])
    middle = (y + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(y * (1 - y) / n + z**2 / (4 * n**2))
    axes.vlines(x, middle - half, middle + half, color=INK, linewidth=1.2)
    axes.plot(x, y, linestyle="none", marker="o", color=INK, markersize=4.5, label="equal groups")
