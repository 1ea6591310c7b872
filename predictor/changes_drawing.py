"""How a number changed, for a patient's page: the drawing of visits and the table beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from predictor.wording import in_ten, per_hundred

_LEFT, _RIGHT = 10.0, 350.0
_ROW = 40.0
_LABEL_LENGTH = 34


@dataclass(frozen=True, slots=True)
class Mark:
    """One visit: its words above, its interval and number on a scale of 0 to 10 people.

    Parameters
    ----------
    label, text : str
        When, and the number in words.
    top, middle : float
        Upper edge of the row, and the height of its mark.
    point, lo, hi : float or None
        Places of the number and of the ends of its interval; None where there is no number.
    """

    label: str
    text: str
    top: float
    middle: float
    point: float | None
    lo: float | None
    hi: float | None


@dataclass(frozen=True, slots=True)
class Changes:
    """Visits one under the other, their numbers joined by a line.

    Parameters
    ----------
    steps : tuple of Mark
        In order of day.
    line : str
        Corners for an SVG polyline through the numbers; empty where there is but one.
    height, axis : float
        Height of the drawing and of its axis.
    ticks : tuple of (float, str)
        Place and text of each tick.
    threshold : float or None
        Place of the declared threshold; None where none was declared.
    """

    steps: tuple[Mark, ...]
    line: str
    height: float
    axis: float
    ticks: tuple[tuple[float, str], ...]
    threshold: float | None


def changes_of(
    score: Mapping[str, Any], visits: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Gather how a number changed.

    Parameters
    ----------
    score : mapping
        The latest, as ``Score.to_dict()`` gives it.
    visits : sequence of mapping
        As `predictor.visits.Visit.to_dict` gives them.

    Returns
    -------
    dict or None
        Keys ``drawing``, ``rows``, ``level``; None where no visit has a number.
    """
    if all(visit["value"] is None for visit in visits):
        return None
    short = ["no number" if v["value"] is None else in_ten(v["value"]) for v in visits]
    threshold = score["provenance"]["decision_threshold"]
    return {
        "drawing": draw_changes(visits, short, threshold=threshold),
        "rows": [
            {
                "label": visit["label"],
                "known": visit["known"],
                "words": visit["reason"] or in_ten(visit["value"], visit["lo"], visit["hi"]),
                "change": "" if visit["change"] is None else per_hundred(visit["change"]),
            }
            for visit in visits
        ],
        "level": round(100 * score["level"]),
    }


def draw_changes(
    visits: Sequence[Mapping[str, Any]], words: Sequence[str], *, threshold: float | None = None
) -> Changes:
    """Place the numbers of visits under each other.

    Parameters
    ----------
    visits : sequence of mapping
        Keys ``label``, ``value``, ``lo``, ``hi`` as of `predictor.visits.Visit`.
    words : sequence of str
        The number of each visit in words.
    threshold : float or None
        Risk from which one would act, in (0, 1).

    Returns
    -------
    Changes
        360 units wide, the width of a phone.
    """
    steps = tuple(
        Mark(
            label=_short(str(visit["label"])),
            text=text,
            top=_ROW * i,
            middle=_ROW * i + 26,
            point=_place(visit["value"]),
            lo=_place(visit["lo"]),
            hi=_place(visit["hi"]),
        )
        for i, (visit, text) in enumerate(zip(visits, words, strict=True))
    )
    corners = [f"{step.point:.1f},{step.middle:.1f}" for step in steps if step.point is not None]
    axis = _ROW * len(steps) + 2
    return Changes(
        steps,
        line=" ".join(corners) if len(corners) > 1 else "",
        height=axis + 36,
        axis=axis,
        ticks=tuple((_place(i / 10) or 0.0, str(i)) for i in range(0, 11, 2)),
        threshold=_place(threshold),
    )


def _place(probability: float | None) -> float | None:
    """Place a probability on the scale."""
    return None if probability is None else round(_LEFT + (_RIGHT - _LEFT) * probability, 1)


def _short(label: str) -> str:
    """Shorten a label; the table beside the drawing has it in full."""
    return label if len(label) <= _LABEL_LENGTH else label[: _LABEL_LENGTH - 1].rstrip() + "…"
