"""Words and cells that the parts of the page share."""

from __future__ import annotations

from collections.abc import Mapping

from predictor.wording import signed
from training.metrics.intervals import Estimate
from training.model_report import Cell, metric_words

STATUSES: Mapping[str, str] = {
    "externally_validated": "Externally validated: the frozen model held in new people",
    "measured": "Measured in new people, no bundle written",
    "updated": "Updated: a new model, tuned on these people",
    "too_few": "Too few people to conclude",
}
"""What a validation ends as."""

RUNGS: Mapping[str, str] = {
    "as_given": "As given",
    "intercept": "Level set anew",
    "slope": "Level and slope set anew",
    "revision": "Coefficients estimated anew",
}
"""The rungs of the ladder, from least to most change."""


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


def percent(share: float | None) -> str:
    """Write a share in percent.

    Parameters
    ----------
    share : float or None
        None stands for one to nine people, or for what is not known.

    Returns
    -------
    str
        Such as ``12 %``.
    """
    return "–" if share is None else f"{100 * share:.0f} %"


def by_reason(undefined: Mapping[str, str]) -> str:
    """Name the measures that have no value, those of one reason together.

    Parameters
    ----------
    undefined : mapping of str to str
        Measure to reason.

    Returns
    -------
    str
        A sentence; empty where there are none.
    """
    grouped: dict[str, list[str]] = {}
    for name, reason in undefined.items():
        grouped.setdefault(reason, []).append(metric_words(name)[0])
    parts = [f"{', '.join(names)}: {reason}" for reason, names in grouped.items()]
    return f"Without a value: {'; '.join(parts)}." if parts else ""
