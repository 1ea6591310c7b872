"""One sheet for print: points of each answer, and the risk at each total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import PackageLoader

from predictor.page import page_environment, page_frame


@dataclass(frozen=True, slots=True)
class PointsLine:
    """Points of one variable.

    Parameters
    ----------
    label, under : str
        The variable, and its unit.
    answers : sequence of tuple
        Answer in words and its points.
    missing : int
        Points where it is not known.
    """

    label: str
    under: str
    answers: Sequence[tuple[str, int]]
    missing: int


@dataclass(frozen=True, slots=True)
class PointsPage:
    """What the sheet shows.

    Parameters
    ----------
    title : str
        Heading.
    lead : str
        What the total says, in a sentence.
    stamp : str
        What the model has been through.
    warnings : sequence of str
        Each in a sentence; the first are read first.
    lines : sequence of PointsLine
        Variables.
    heads : sequence of str
        Names of the columns of the table of risks, after the totals.
    totals : sequence of tuple
        Total in words, then a risk in words for each of `heads`.
    notes : sequence of str
        How far the sheet may be believed.
    simulated : bool
        Whether the people do not exist.
    """

    title: str
    lead: str
    stamp: str
    warnings: Sequence[str]
    lines: Sequence[PointsLine]
    heads: Sequence[str]
    totals: Sequence[tuple[str, ...]]
    notes: Sequence[str]
    simulated: bool


def write_points_page(page: PointsPage, path: Path) -> Path:
    """Write the sheet as one file that asks nothing of the network.

    Parameters
    ----------
    page : PointsPage
        What to show.
    path : Path
        The file to write; its folder must exist.

    Returns
    -------
    Path
        The file written.
    """
    environment = page_environment(PackageLoader("training"))
    frame = page_frame(environment, simulated=page.simulated)
    text = environment.get_template("points.html").render(frame, page=page)
    path.write_text(text, encoding="utf-8")
    return path
