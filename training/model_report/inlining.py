"""A chart inside a page: plain SVG that fetches and runs nothing, with the words for it."""

from __future__ import annotations

import re

from predictor.errors import InvalidInputError
from training.model_report.parts import Chart

_FETCHES = re.compile(r"<script|<foreignObject|<!DOCTYPE|\son\w+=|(?:href|src)=\"(?!#)|url\((?!#)")


def inline(chart: Chart) -> str:
    """Give the SVG of a chart with its words, once it is sure to fetch and run nothing.

    Parameters
    ----------
    chart : Chart
        From `training.figures`.

    Returns
    -------
    str
        SVG for a page.

    Raises
    ------
    InvalidInputError
        If the chart is no plain SVG or would fetch something.
    """
    from markupsafe import escape

    svg = chart.svg.decode("utf-8")
    if not svg.startswith("<svg") or _FETCHES.search(re.sub(r'xmlns(:\w+)?="[^"]*"', "", svg)):
        raise InvalidInputError(
            f"report, chart {chart.title!r}: only a plain SVG that fetches and runs nothing can "
            "stand in the page; draw it with training.figures"
        )
    return svg.replace("<svg", f'<svg class="chart" aria-label="{escape(chart.alt)}"', 1)
