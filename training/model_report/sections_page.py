"""A report that is a verdict and sections: the page of an external validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from jinja2 import PackageLoader

from predictor.page import page_environment, page_frame
from training.model_report.inlining import inline
from training.model_report.parts import Section


@dataclass(frozen=True, slots=True)
class SectionsPage:
    """What the page shows.

    Parameters
    ----------
    title : str
        Heading of the page.
    lead : str
        What it is, in a sentence or two.
    mark : str
        ``good``, ``care`` or ``stop``: how the verdict is marked, by shape and colour.
    verdict : str
        In a few words.
    because : str
        Why, in a sentence.
    facts : mapping of str to str
        What to know at once, by name.
    sections : sequence of Section
        Parts in the order in which they are read.
    provenance : mapping of str to str
        What it can be repeated from.
    not_shown : sequence of str
        What the page does not show.
    simulated : bool
        Whether any of the people do not exist.
    """

    title: str
    lead: str
    mark: Literal["good", "care", "stop"]
    verdict: str
    because: str
    facts: Mapping[str, str]
    sections: Sequence[Section]
    provenance: Mapping[str, str] = field(default_factory=dict)
    not_shown: Sequence[str] = ()
    simulated: bool = False


def write_sections_page(page: SectionsPage, path: Path) -> Path:
    """Write the page.

    Parameters
    ----------
    page : SectionsPage
        What to show.
    path : Path
        The file to write; its folder must exist.

    Returns
    -------
    Path
        The file written.
    """
    path.write_text(render_sections_page(page), encoding="utf-8")
    return path


def render_sections_page(page: SectionsPage) -> str:
    """Turn it into one file that asks nothing of the network.

    Parameters
    ----------
    page : SectionsPage
        What to show.

    Returns
    -------
    str
        A whole HTML document.

    Raises
    ------
    InvalidInputError
        If a chart is no plain SVG or would fetch something.
    """
    environment = page_environment(PackageLoader("training"))
    return environment.get_template("sections_page.html").render(
        page_frame(environment, simulated=page.simulated),
        page=page,
        sections=[
            (section, [(chart, inline(chart)) for chart in section.charts])
            for section in page.sections
        ],
    )
