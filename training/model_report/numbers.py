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


def with_ends(value: float, lo: float | None, hi: float | None, digits: int = 2) -> Cell:
    """Write a number over its interval, if it has one.

    Parameters
    ----------
    value : float
        Finite.
    lo, hi : float or None
        Ends of its interval; without both the number stands alone.
    digits : int
        After the point.

    Returns
    -------
    Cell
        One line or two.
    """
    if lo is None or hi is None:
        return Cell(number(value, digits))
    return Cell(number(value, digits), between(lo, hi, digits))


def estimate(found: Estimate | None, digits: int = 2, *, plus: bool = False) -> Cell:
    """Write an estimate over its interval.

    Parameters
    ----------
    found : Estimate or None
        None is a dash.
    digits : int
        After the point.
    plus : bool
        Whether numbers above 0 have a sign, as differences do.

    Returns
    -------
    Cell
        Two lines.
    """
    if found is None:
        return Cell("–")
    if not plus:
        return with_ends(found.value, found.lo, found.hi, digits)
    value, lo, hi = (signed(x, digits=digits) for x in (found.value, found.lo, found.hi))
    return Cell(value, f"{lo} to {hi}".replace(" ", "\N{NO-BREAK SPACE}"))
