"""Figures of what moves the predictions. No figure shows who is who."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.figures.canvas import (
    BAND,
    BLUE,
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


def beeswarm(
    contributions: Array,
    values: Array,
    *,
    labels: Sequence[str],
    scale: str = "log-odds",
    shown: int = 15,
    fmt: Format = "png",
) -> bytes:
    """Draw all contributions per variable, shaded by the quantile of the answer.

    Parameters
    ----------
    contributions : ndarray of shape (n, p)
        On the model's own scale.
    values : ndarray of shape (n, p)
        The answers, missing as NaN (drawn hollow); only their ranks are used.
    labels : sequence of str
        One for each column.
    scale : str
        Name of the scale of the contributions.
    shown : int
        How many variables, those with the largest mean absolute contribution.
    fmt : str
        ``png`` is meant: dots of people stay a picture, not a list.

    Returns
    -------
    bytes
        The figure.
    """
    order = np.argsort(-np.abs(contributions).mean(axis=0), kind="stable")[:shown]
    with styled():
        figure = new_figure(height=1.0 + rows_height([labels[c] for c in order]), width=6.4)
        axes = figure.subplots()
        axes.axvline(0, color=GREY, linewidth=0.8)
        for row, column in enumerate(order):
            x, rank = contributions[:, column], _quantiles(values[:, column])
            y = row + _spread(x)
            seen = np.isfinite(rank)
            axes.scatter(
                x[~seen], y[~seen], s=7, facecolors="none", edgecolors=GREY, linewidths=0.5
            )
            dots = axes.scatter(x[seen], y[seen], c=rank[seen], s=7, cmap="cividis", vmin=0, vmax=1)
        name_rows(axes, [labels[column] for column in order])
        axes.set(xlabel=f"contribution ({scale})")
        bar = figure.colorbar(dots, ax=axes, ticks=[0, 1], aspect=30, pad=0.02)
        bar.ax.set_yticklabels(["low", "high"])
        return finish(figure, "Contributions by variable", fmt)


def importance(
    labels: Sequence[str],
    mean: Array,
    *,
    per_fold: Array,
    scale: str = "log-odds",
    fmt: Format = "svg",
) -> bytes:
    """Draw the mean absolute contribution of each variable with its spread over folds.

    Parameters
    ----------
    labels : sequence of str
        Variables, in the order to show.
    mean : ndarray of shape (p,)
        Mean absolute contribution.
    per_fold : ndarray of shape (n_folds, p)
        The same in each fold; the line runs from the smallest to the largest.
    scale : str
        Name of the scale.
    fmt : str
        ``svg`` or ``png``.

    Returns
    -------
    bytes
        The figure.
    """
    rows = np.arange(len(labels))
    with styled():
        figure = new_figure(height=1.0 + rows_height(labels), width=4.9)
        axes = figure.subplots()
        axes.barh(rows, mean, height=0.62, color=BAND, edgecolor=BLUE, linewidth=0.8)
        axes.hlines(rows, per_fold.min(axis=0), per_fold.max(axis=0), color=INK, linewidth=1.4)
        for fold in per_fold:
            axes.plot(fold, rows, linestyle="none", marker="|", color=INK, markersize=5)
        name_rows(axes, labels)
        axes.tick_params(axis="y", labelsize=9)
        axes.set(xlabel=f"mean |contribution|\n({scale}; ticks: folds)", xlim=(0, None))
        return finish(figure, "Mean absolute contribution per variable", fmt)


def _quantiles(values: Array) -> Array:
    """Mid-ranks in [0, 1]; NaN stays NaN."""
    out = np.full(values.shape, np.nan)
    seen = np.isfinite(values)
    known, inverse, counts = np.unique(values[seen], return_inverse=True, return_counts=True)
    if len(known) == 1:
        out[seen] = 0.5
    elif len(known):
        ranks = np.cumsum(counts) - (counts + 1) / 2
        span = ranks[-1] - ranks[0]
        out[seen] = ((ranks - ranks[0]) / span)[inverse]
    return out


def _spread(x: Array) -> Array:
    """Vertical offsets that keep close dots apart: alternating, wider where more are close."""
    bins = np.digitize(x, np.linspace(x.min(), x.max() + 1e-12, 60))
    counts = np.bincount(bins)
    offsets = np.empty(len(x))
    for each in np.flatnonzero(counts):
        places = np.arange(counts[each])
        offsets[bins == each] = np.where(places % 2, 1, -1) * ((places + 1) // 2)
    step = min(0.06, 0.8 / int(counts.max()))
    return np.asarray(offsets * step, dtype=np.float64)
