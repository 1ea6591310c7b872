"""Rows made from the dictionary alone, whose frozen scores travel in each bundle.

They are nobody's answers: they show that a bundle gives the same numbers wherever it is read.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from predictor.dictionary import Dictionary, Variable
from predictor.rows import read_rows

Row = dict[str, Any]


def reference_rows(dictionary: Dictionary, *, calm: Collection[str] = ()) -> list[dict[str, Any]]:
    """Make rows that any version of the program must score alike.

    Assumes that the middle of a plausible range fires no rule that stops treatment; the rows that
    do not hold this are refused wherever they are scored, and prove less.

    Parameters
    ----------
    dictionary : Dictionary
        Says which answers are valid.
    calm : collection of str
        Ids of variables that safety rules read; they keep their middle in the extreme row.

    Returns
    -------
    list of dict
        Keys ``name`` and ``row``: ``typical`` (the middle of each plausible range; of a score known
        at a landmark its better end, as responders have it), ``extreme``
        (its lower and its upper end in turn), ``half_missing`` (every second answer of the typical
        row), ``all_missing``. Questions that are asked for safety alone are answered with no.
        The same dictionary gives the same rows, and `read_rows` finds no fault in them.
    """
    asked = [v for v in dictionary.variables if v.typed and v.derived is None]
    typical = {v.id: _harmless(v) if v.use == "safety" else _middle(v) for v in asked}
    ends = {
        v.id: _end(v, upper=bool(place % 2))
        for place, v in enumerate(asked)
        if v.use != "safety" and v.id not in calm
    }
    typical = _without_faults(typical, dictionary)
    rows = {
        "typical": typical,
        "extreme": _without_faults(typical | ends, dictionary),
        "half_missing": _without_faults(dict(list(typical.items())[::2]), dictionary),
        "all_missing": {},
    }
    return [{"name": name, "row": row} for name, row in rows.items()]


def _middle(variable: Variable) -> Any:
    """Give the middle of what is plausible; no for questions."""
    if variable.type == "yes_no":
        return "no"
    if variable.timing == "landmark" and variable.higher_is_worse:
        return _end(variable, upper=False)  # well: who is ill later is out of the risk set
    if variable.levels:
        return variable.levels[len(variable.levels) // 2]
    low, high = _plausible(variable)
    return int((low + high) // 2) if variable.type == "integer" else (low + high) / 2


def _end(variable: Variable, *, upper: bool) -> Any:
    """Give one end of what is plausible."""
    if variable.type == "yes_no":
        return "yes" if upper else "no"
    if variable.levels:
        return variable.levels[-1 if upper else 0]
    end = _plausible(variable)[upper]
    return int(end) if variable.type == "integer" else float(end)


def _harmless(variable: Variable) -> Any:
    """Answer a safety question with no, with its first level or with the least."""
    return _end(variable, upper=False)


def _plausible(variable: Variable) -> tuple[float, float]:
    """Give the plausible range, else the hard one."""
    # the dictionary refuses a number without a hard range
    return variable.plausible_range or variable.hard_range or (0.0, 0.0)


def _without_faults(row: Row, dictionary: Dictionary) -> Row:
    """Leave out answers that contradict others, until the row is accepted."""
    while True:
        faults = read_rows(row, dictionary).faults if row else ()
        blamed = {fault.column for fault in faults if fault.column}
        for column in tuple(blamed):
            if column not in row:  # a derived value is blamed: so are those it comes from
                blamed |= set(dictionary[column].derived_from)
        if not blamed & set(row):
            return row
        row = {name: answer for name, answer in row.items() if name not in blamed}
