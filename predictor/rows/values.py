"""One cell, whatever surface it comes from, to its code or to the reason why not."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import NamedTuple

import numpy as np

from predictor.rows.fields import Field
from predictor.rows.wording import exact_number

NAN = math.nan

# float() also takes "1_000" and digits of other scripts, which no other surface would read alike
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)")
_WITH_COMMA = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*,[0-9]+(?:\.[0-9]+)?")
_WITH_UNIT = re.compile(r"[+-]?[0-9]*\.?[0-9]+ ?[^\W\d_][^0-9]*")
_QUOTABLE = re.compile(r"[A-Za-z0-9_ -]{1,20}")
_NO_ANSWER = frozenset({"n/a", "na", "null", "none", "missing", "unknown", "-", "?", "<na>", "."})
_PANDAS_MISSING = frozenset({"NAType", "NaTType"})


class Refused(NamedTuple):
    """Why a cell is not accepted.

    Parameters
    ----------
    rule : str
        Short code by which faults are counted.
    words : str
        What was refused, what is accepted, what to do; no text of a patient.
    """

    rule: str
    words: str


def is_missing(cell: object, *, nan_is_missing: bool) -> bool:
    """Tell whether a cell holds no answer, whatever its column.

    Parameters
    ----------
    cell : object
        A cell as its surface gave it.
    nan_is_missing : bool
        Whether the surface writes missing as float NaN (frames and Parquet do, JSON does not).

    Returns
    -------
    bool
        True for None, pandas NA, a blank text and, where it counts as such, NaN.
    """
    if cell is None or type(cell).__name__ in _PANDAS_MISSING:
        return True
    if isinstance(cell, str):
        return not cell.strip()
    return nan_is_missing and isinstance(cell, (float, np.floating)) and bool(np.isnan(cell))


def read_column(
    field: Field, cells: Sequence[object], *, nan_is_missing: bool
) -> tuple[list[float], list[tuple[int, Refused]]]:
    """Read all cells of one column.

    Parameters
    ----------
    field : Field
        What the column means.
    cells : sequence of object
        One per row.
    nan_is_missing : bool
        Whether the surface writes missing as float NaN.

    Returns
    -------
    codes : list of float
        One per row; NaN where missing or refused.
    refused : list of tuple of int and Refused
        Place of the row, counted from 0, and the reason.
    """
    codes: list[float] = []
    refused: list[tuple[int, Refused]] = []
    seen: dict[str, float | Refused] = {}
    for index, cell in enumerate(cells):
        if type(cell) is str:
            code = seen.get(cell)
            if code is None:
                code = seen[cell] = _read_text(field, cell)
        else:
            code = _read_object(field, cell, nan_is_missing)
        if isinstance(code, Refused):
            refused.append((index, code))
            code = NAN
        codes.append(code)
    return codes, refused


def read_identifier(cell: object, *, nan_is_missing: bool) -> str | Refused | None:
    """Read a cell of ``patient_id`` or ``site``.

    Parameters
    ----------
    cell : object
        A text or a whole number.
    nan_is_missing : bool
        Whether the surface writes missing as float NaN.

    Returns
    -------
    str, None or Refused
        The text without surrounding spaces, None where it is missing.
    """
    if is_missing(cell, nan_is_missing=nan_is_missing):
        return None
    plain = cell.item() if isinstance(cell, np.generic) else cell
    if isinstance(plain, str):
        return plain.strip()
    if isinstance(plain, int) and not isinstance(plain, bool):
        return str(plain)
    if isinstance(plain, float) and plain.is_integer():
        return str(int(plain))
    return Refused("not_an_id", "an id is a text or a whole number; write it as text")


def _read_object(field: Field, cell: object, nan_is_missing: bool) -> float | Refused:
    """Read a cell of any type."""
    if cell is None or type(cell).__name__ in _PANDAS_MISSING:
        return NAN
    plain = cell.item() if isinstance(cell, np.generic) else cell
    if isinstance(plain, str):
        return _read_text(field, plain)
    if isinstance(plain, bool):
        return float(plain) if field.kind == "yes_no" else _boolean(field)
    if isinstance(plain, (int, float, Decimal, np.floating)):
        try:
            value = float(plain)
        except (OverflowError, ValueError):  # too large, or a signalling NaN
            value = math.inf
        if math.isnan(value) and (nan_is_missing or "nan" in field.missing_texts):
            return NAN
        return _accept_number(field, value)
    kind = (
        "a list or object" if isinstance(plain, (list, tuple, Mapping)) else "another kind of value"
    )
    return Refused(
        "not_a_single_value",
        f"{kind} stands where {_expected(field)} is expected; give one plain value or leave it out",
    )


def _read_text(field: Field, cell: str) -> float | Refused:
    """Read a text exactly as from a CSV file."""
    text = cell.strip()
    folded = text.casefold()
    if not text or folded in field.missing_texts:
        return NAN
    code = field.codes.get(text, field.codes.get(folded))
    if code is not None:
        return code
    if _NUMBER.fullmatch(text):
        return _accept_number(field, float(text))
    return _refuse_text(field, text, folded)


def _refuse_text(field: Field, text: str, folded: str) -> Refused:
    """Say why a text is not accepted."""
    if _NOT_FINITE.fullmatch(folded):
        return _not_finite(field)
    if folded in ("true", "false"):
        return _boolean(field)
    if field.kind in ("number", "integer"):
        return _not_a_number(field, text)
    return _unknown_level(field, text)


def _accept_number(field: Field, value: float) -> float | Refused:
    """Accept a number where the column takes it; ranges are checked later, all at once."""
    if value in field.missing_numbers:
        return NAN
    if not math.isfinite(value):
        return _not_finite(field)
    if field.kind in ("number", "integer"):
        return value + 0.0  # turns -0.0 into 0.0
    if field.kind == "yes_no":
        if value in (0.0, 1.0):
            return value
        return Refused(
            "number_for_yes_no",
            f"{exact_number(value)} is neither yes nor no; write yes, no, 1, 0 or leave it empty",
        )
    text = exact_number(value)
    code = field.codes.get(text)
    return _unknown_level(field, text) if code is None else code


def _expected(field: Field) -> str:
    """Say what the column takes."""
    return {
        "number": "a number",
        "integer": "a whole number",
        "yes_no": "yes or no",
        "level": "one level",
    }[field.kind]


def _boolean(field: Field) -> Refused:
    """Refuse true or false where the column is not a yes/no question."""
    if field.kind == "level":
        return Refused(
            "boolean_for_level",
            f"true or false is no level; write one of {', '.join(field.variable.levels)}",
        )
    return Refused(
        "boolean_for_number", f"true or false is not {_expected(field)}; write the number itself"
    )


def _not_finite(field: Field) -> Refused:
    """Refuse NaN and infinity."""
    return Refused(
        "not_finite",
        f"NaN or infinity is not {_expected(field)}; leave it empty (null in JSON) if not answered",
    )


def _not_a_number(field: Field, text: str) -> Refused:
    """Refuse a text in a column of numbers; only digits are ever quoted."""
    expected = _expected(field)
    if _WITH_COMMA.fullmatch(text):
        quoted = f"{text} has a comma and" if len(text) <= 20 else "a text with a comma"
        words = f"{quoted} is not {expected}; write the decimal sign as a point, no thousands sign"
    elif text.casefold() in _NO_ANSWER:
        words = f"a word for 'no answer' is not {expected}; leave the cell empty if not answered"
    elif _WITH_UNIT.fullmatch(text):
        words = f"a number with letters is not {expected}; write the number alone, without unit"
    else:
        words = f"a text is not {expected}; write digits with a point as decimal sign"
    return Refused("not_a_number", words)


def _unknown_level(field: Field, text: str) -> Refused:
    """Refuse an unknown level; it is quoted only where it is close to a level, not free text."""
    levels = ("yes", "no") if field.kind == "yes_no" else field.variable.levels
    folded = {level.casefold(): level for level in levels}
    nearest = get_close_matches(text.casefold()[:60], folded, n=1, cutoff=0.6)
    accepted = f"write {', '.join(levels)} or leave it empty"
    if not nearest:
        return Refused("unknown_level", f"the text is no accepted level; {accepted}")
    quoted = f"'{text}'" if _QUOTABLE.fullmatch(text) else "the text"
    return Refused(
        "unknown_level",
        f"{quoted} is no accepted level, the nearest is {folded[nearest[0]]}; {accepted}",
    )
