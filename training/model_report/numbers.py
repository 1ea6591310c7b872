"""Numbers and their intervals as reports write them."""

from __future__ import annotations

from predictor.wording import signed
from training.metrics.intervals import Estimate
from training.model_report.parts import Cell


def number(value: float, digits: int = 2) -> str:
    """Write a number with a true minus and no plus.

    Parameters
    ----------
    value : float
        Finite.
    digits : int
        After the point.

    Returns
    -------
    str
        The number.
    """
    return signed(value, digits=digits).removeprefix("+")


def between(lo: float, hi: float, digits: int = 2) -> str:
    """Write an interval that does not break.

    Parameters
    ----------
    lo, hi : float
        Its ends.
    digits : int
        After the point.

    Returns
    -------
    str
        Both ends.
    """
    return f"{number(lo, digits)} to {number(hi, digits)}".replace(" ", "\N{NO-BREAK SPACE}")


def estimate(found: Estimate | None, digits: int = 2) -> Cell:
    """Write an estimate over its interval.

    Parameters
    ----------
    found : Estimate or None
        None is a dash.
    digits : int
        After the point.

    Returns
    -------
    Cell
        Two lines.
    """
    if found is None:
        return Cell("–")
    return Cell(number(found.value, digits), between(found.lo, found.hi, digits))
