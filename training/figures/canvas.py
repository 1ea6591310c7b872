"""The canvas of all figures: one style, no pyplot, bytes out; the only file with matplotlib.

The same arrays give the same bytes: no clock, no random id. Lines differ in dash as well as in
colour.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.figures.embedding import embeddable

Array = NDArray[np.float64]
Format = Literal["svg", "png"]

INK, BLUE, ORANGE, GREY, BAND = "#1b1f24", "#1f4e79", "#8a4300", "#5a6672", "#bcd3e8"
STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ketamine-response",
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 9.0,
}
DASHES: tuple[Any, ...] = ("solid", (0, (6, 2)), (0, (2, 2)), (0, (8, 2, 2, 2)), (0, (1, 3)))
COLOURS = (BLUE, ORANGE, "#2f6f4f", "#6a3d8f", INK)


@dataclass(frozen=True, slots=True)
class Line:
    """A curve with an optional band.

    Parameters
    ----------
    x, y : ndarray of shape (n,)
        The curve.
    lo, hi : ndarray of shape (n,) or None
        Ends of its interval.
    """

    x: Array
    y: Array
    lo: Array | None = None
    hi: Array | None = None


def styled() -> AbstractContextManager[None]:
    """Set the style of all figures for the time of drawing one.

    Returns
    -------
    context manager
        Leaves matplotlib's settings as they were.
    """
    context: AbstractContextManager[None] = rc_context(STYLE)
    return context


def new_figure(*, width: float = 4.6, height: float = 4.0) -> Figure:
    """Start a figure on a canvas of its own.

    Parameters
    ----------
    width, height : float
        Size in inches; the default fits a phone at full size.

    Returns
    -------
    Figure
        Empty.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def new_axes() -> tuple[Figure, Any]:
    """Start a figure with one pair of axes.

    Returns
    -------
    Figure
        The figure.
    Axes
        Its axes.
    """
    figure = new_figure()
    return figure, figure.subplots()


def draw_line(
    axes: Any, line: Line, *, label: str, colour: str = BLUE, dash: Any = "solid"
) -> None:
    """Draw a curve over its band.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    line : Line
        The curve.
    label, colour : str
        Name in the legend, and its colour.
    dash : str or tuple
        Its dash.
    """
    if line.lo is not None and line.hi is not None:
        axes.fill_between(line.x, line.lo, line.hi, color=BAND, alpha=0.7, linewidth=0)
    axes.plot(line.x, line.y, color=colour, linestyle=dash, linewidth=2, label=label)


def draw_unit_square(axes: Any, across: str, up: str) -> None:
    """Give both axes the range of a probability.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    across, up : str
        Names of the axes.
    """
    ticks = np.linspace(0, 1, 6)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xticks=ticks, yticks=ticks)
    axes.set(xlabel=across, ylabel=up)


def wrapped(labels: Sequence[str], width: int = 30) -> list[str]:
    """Break long names of variables into lines, so that none is cut.

    Parameters
    ----------
    labels : sequence of str
        The names.
    width : int
        Letters in a line.

    Returns
    -------
    list of str
        The names, with line ends.
    """
    return ["\n".join(textwrap.wrap(label, width)) for label in labels]


def rows_height(labels: Sequence[str]) -> float:
    """Give named rows the room that the longest of their names needs.

    Parameters
    ----------
    labels : sequence of str
        Set in lines that fit (`wrapped`).

    Returns
    -------
    float
        Inches, for all rows together.
    """
    lines = max((label.count("\n") + 1 for label in wrapped(labels)), default=1)
    return len(labels) * (0.18 + 0.15 * lines)


def name_rows(axes: Any, labels: Sequence[str]) -> None:
    """Name the rows of a figure by variable, first on top.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    labels : sequence of str
        Set in lines that fit (`wrapped`).
    """
    axes.set_yticks(range(len(labels)), wrapped(labels))
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def finish(figure: Figure, title: str, fmt: Format) -> bytes:
    """Write the figure out.

    Parameters
    ----------
    figure : Figure
        What was drawn.
    title : str
        Its name for those who cannot see it.
    fmt : str
        ``svg`` or ``png``.

    Returns
    -------
    bytes
        The same for the same drawing.
    """
    buffer = io.BytesIO()
    if fmt == "png":
        figure.savefig(buffer, format="png", dpi=160, metadata={"Software": None})
        return buffer.getvalue()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return embeddable(buffer.getvalue().decode(), title).encode()
