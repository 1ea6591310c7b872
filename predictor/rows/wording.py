"""How values, units and faults are put into words; used by every check of rows."""

from __future__ import annotations

import math
from typing import NamedTuple

from predictor.dictionary import Variable
from predictor.errors import Fault

_UNIT_WORDS = {
    "a": "years",
    "mo": "months",
    "wk": "weeks",
    "d": "days",
    "h": "hours",
    "mm[Hg]": "mmHg",
    "/min": "per minute",
    "/wk": "per week",
    "%": "%",
    "1": "",
}


class Finding(NamedTuple):
    """One refused or doubtful cell, before it is put into a sentence.

    Parameters
    ----------
    place : int
        Place of the row, counted from 0.
    position : int
        Place of the column in the plan; negative for ``patient_id`` and ``site``.
    column : str
        Name of the column.
    rule : str
        Short code by which faults are counted.
    words : str
        The rest of the sentence after ``row 1, column:``.
    """

    place: int
    position: int
    column: str
    rule: str
    words: str

    def to_fault(self) -> Fault:
        """Put the finding into a sentence.

        Returns
        -------
        Fault
            With the row counted from 1.
        """
        row = self.place + 1
        return Fault(row, self.column, self.rule, f"row {row}, {self.column}: {self.words}")


def in_order(findings: list[Finding]) -> tuple[Fault, ...]:
    """Put findings into sentences, by row, then in the order of the dictionary.

    Parameters
    ----------
    findings : list of Finding
        In any order.

    Returns
    -------
    tuple of Fault
        The same whatever the order of columns in the source.
    """
    return tuple(finding.to_fault() for finding in sorted(findings))


def unit_words(unit: str) -> str:
    """Say a UCUM unit in words that a clinician reads.

    Parameters
    ----------
    unit : str
        UCUM code such as ``a``, ``mm[Hg]`` or ``{count}``.

    Returns
    -------
    str
        ``years``, ``mmHg``; empty for counts and scores.

    Examples
    --------
    >>> unit_words("a"), unit_words("kg/m2"), unit_words("{score}")
    ('years', 'kg/m2', '')
    """
    if unit.startswith("{"):
        return ""
    return _UNIT_WORDS.get(unit, unit)


def exact_number(value: float) -> str:
    """Write a number as it was typed, without needless zeros.

    Parameters
    ----------
    value : float
        A finite number.

    Returns
    -------
    str
        Up to twelve significant digits.

    Examples
    --------
    >>> exact_number(6.5), exact_number(300.0)
    ('6.5', '300')
    """
    return f"{value:.12g}"


def with_unit(value: float, unit: str) -> str:
    """Write a number and its unit.

    Parameters
    ----------
    value : float
        A finite number.
    unit : str
        UCUM code.

    Returns
    -------
    str
        Such as ``20 kg``.
    """
    return f"{exact_number(value)} {unit_words(unit)}".rstrip()


def range_words(low: float, high: float, unit: str) -> str:
    """Write a range and its unit.

    Parameters
    ----------
    low, high : float
        Both ends, accepted themselves.
    unit : str
        UCUM code.

    Returns
    -------
    str
        Such as ``20 to 350 kg``.
    """
    return f"{exact_number(low)} to {with_unit(high, unit)}"


def format_value(variable: Variable, code: float) -> str:
    """Turn a code back into what a person reads.

    Parameters
    ----------
    variable : Variable
        The variable the code belongs to.
    code : float
        The number itself, 1 / 0 for yes / no, or the index of a level; NaN if not answered.
        A code between two levels (a mean) reads as the nearer level.

    Returns
    -------
    str
        ``yes``, ``val_met``, ``24.5 kg/m2`` or ``not answered``.

    Examples
    --------
    >>> bmi = Variable("bmi", "BMI", "number", "body", "", unit="kg/m2", hard_range=(10, 90))
    >>> format_value(bmi, 24.5)
    '24.5 kg/m2'
    """
    if math.isnan(code):
        return "not answered"
    if variable.type == "yes_no":
        return "yes" if code >= 0.5 else "no"
    if variable.levels:
        nearest = min(max(math.floor(code + 0.5), 0), len(variable.levels) - 1)
        return variable.levels[nearest]
    digits = f"{code:.3g}" if abs(code) < 1 else exact_number(round(code, 2))
    return f"{digits} {unit_words(variable.unit)}".rstrip()
