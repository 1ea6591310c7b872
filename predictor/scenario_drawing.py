"""Scenarios drawn for a patient's page: one bar under the other, told apart without colour."""

from __future__ import annotations

from dataclasses import dataclass

from predictor.scenario_words import Spoken
from predictor.wording import in_ten

_LEFT, _RIGHT = 10.0, 350.0
_ROW = 40.0
_LABEL_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Bar:
    """One scenario: its words above, its interval and number on a scale of 0 to 10 people.

    Parameters
    ----------
    label, text : str
        What is done, and the risk in words.
    top, middle : float
        Upper edge of the row, and the height of its mark.
    lo, hi : float
        Places of the ends of the interval.
    point : float or None
        Place of the number; None where none is known, and the bar is dashed.
    own : bool
        Whether it is the person's own plan, whose number is filled.
    """

    label: str
    text: str
    top: float
    middle: float
    lo: float
    hi: float
    point: float | None
    own: bool


@dataclass(frozen=True, slots=True)
class Bars:
    """Scenarios one under the other.

    Parameters
    ----------
    bars : tuple of Bar
        From above.
    height, axis : float
        Height of the drawing and of its axis.
    ticks : tuple of (float, str)
        Place and text of each tick.
    """

    bars: tuple[Bar, ...]
    height: float
    axis: float
    ticks: tuple[tuple[float, str], ...]


def draw_scenarios(spoken: Spoken) -> Bars | None:
    """Place the risks of scenarios by the last day under each other.

    Parameters
    ----------
    spoken : Spoken
        Scenarios in words, with their numbers.

    Returns
    -------
    Bars or None
        Lengths in units of a viewBox 360 wide; None where nothing is drawn.
    """
    rows = [
        (row.short, in_ten(row.value), row.lo, row.hi, row.value, row.own) for row in spoken.rows
    ]
    if not rows:
        return None
    bars = [
        Bar(_fit(label), text, i * _ROW, i * _ROW + 26, _at(lo), _at(hi), _at(value), own)
        for i, (label, text, lo, hi, value, own) in enumerate(rows)
    ]
    if spoken.untried is not None:
        top = len(bars) * _ROW
        lo, hi = _at(spoken.untried.lo), _at(spoken.untried.hi)
        bars.append(Bar(_UNTRIED, "not known", top, top + 26, lo, hi, None, own=False))
    axis = len(bars) * _ROW + 2
    ticks = tuple((_at(people / 10), str(people)) for people in range(0, 11, 2))
    return Bars(tuple(bars), axis + 36, axis, ticks)


_UNTRIED = "What no trial compared"


def _at(risk: float) -> float:
    """Place a risk on the axis."""
    return round(_LEFT + risk * (_RIGHT - _LEFT), 1)


def _fit(label: str) -> str:
    """Cut a label where it would run into the words beside it."""
    return label if len(label) <= _LABEL_LENGTH else f"{label[: _LABEL_LENGTH - 1].rstrip()}…"
