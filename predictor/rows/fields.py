"""What is looked up for every cell, worked out once for each data dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from predictor.dictionary import Dictionary, Instrument, Variable

Kind = Literal["number", "integer", "level", "yes_no"]
Array = npt.NDArray[np.float64]

_YES_NO = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}


@dataclass(frozen=True, slots=True)
class Field:
    """One column that may stand in a file: a variable or an item of an instrument.

    Parameters
    ----------
    name : str
        Column name.
    position : int
        Row of the matrix that holds its codes.
    kind : str
        How a cell is read.
    variable : Variable
        The variable itself; for an item, the total it counts toward.
    is_item : bool
        Whether it is an item of an instrument.
    hard : tuple of float
        Accepted range, both ends accepted; NaN for levels and yes/no.
    plausible : tuple of float
        Range outside which a value is accepted with a warning; NaN where there is none.
    codes : mapping of str to float
        Accepted texts of levels and yes/no.
    missing_texts : frozenset of str
        Texts that mean "not answered", casefolded.
    missing_numbers : frozenset of float
        The same texts read as numbers, for surfaces that carry numbers.
    """

    name: str
    position: int
    kind: Kind
    variable: Variable
    is_item: bool
    hard: tuple[float, float]
    plausible: tuple[float, float]
    codes: Mapping[str, float]
    missing_texts: frozenset[str]
    missing_numbers: frozenset[float]


@dataclass(frozen=True, slots=True)
class Plan:
    """All that reading rows needs to know of one dictionary.

    Parameters
    ----------
    dictionary : Dictionary
        The dictionary it was made from.
    fields : dict of str to Field
        Variables in the order of the dictionary, then items.
    ordered : tuple of Field
        The same by position.
    low, high, plausible_low, plausible_high : array of shape (n_fields, 1)
        Ranges as columns to compare a matrix with; NaN where there is none.
    integers : array of bool of shape (n_fields, 1)
        Which fields take whole numbers only.
    scales : tuple of tuple
        Each instrument with the positions of its items and of its total.
    """

    dictionary: Dictionary
    fields: dict[str, Field]
    ordered: tuple[Field, ...]
    low: Array
    high: Array
    plausible_low: Array
    plausible_high: Array
    integers: npt.NDArray[np.bool_]
    scales: tuple[tuple[Instrument, npt.NDArray[np.intp], int], ...]


class _ByIdentity:
    """A key that finds the plan of this very dictionary without hashing its content."""

    __slots__ = ("dictionary",)

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary

    def __hash__(self) -> int:
        return id(self.dictionary)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and other.dictionary is self.dictionary


def plan_of(dictionary: Dictionary) -> Plan:
    """Give the lookups of a dictionary, kept for the next call with the same object.

    Parameters
    ----------
    dictionary : Dictionary
        The data dictionary.

    Returns
    -------
    Plan
        Its lookups.
    """
    return _plan(_ByIdentity(dictionary))


@lru_cache(maxsize=16)
def _plan(key: _ByIdentity) -> Plan:
    """Work out the lookups of one dictionary."""
    dictionary = key.dictionary
    fields = {
        variable.id: _variable_field(variable, position)
        for position, variable in enumerate(dictionary.variables)
    }
    for instrument in dictionary.instruments:
        total = dictionary[instrument.total]
        for column in instrument.columns:
            fields.setdefault(column, _item_field(column, len(fields), instrument, total))
    ordered = tuple(fields.values())
    hard = np.array([field.hard for field in ordered], dtype=np.float64).reshape(-1, 2)
    plausible = np.array([field.plausible for field in ordered], dtype=np.float64).reshape(-1, 2)
    integers = np.array([[field.kind == "integer"] for field in ordered], dtype=np.bool_)
    return Plan(
        dictionary,
        fields,
        ordered,
        low=hard[:, :1],
        high=hard[:, 1:],
        plausible_low=plausible[:, :1],
        plausible_high=plausible[:, 1:],
        integers=integers.reshape(-1, 1),
        scales=tuple(
            (
                instrument,
                np.array([fields[column].position for column in instrument.columns], dtype=np.intp),
                fields[instrument.total].position,
            )
            for instrument in dictionary.instruments
        ),
    )


def _variable_field(variable: Variable, position: int) -> Field:
    """Make the field of a variable."""
    nothing = (np.nan, np.nan)
    kind: Kind = "level"
    if variable.type in ("number", "integer"):
        kind = "integer" if variable.type == "integer" else "number"
    elif variable.type == "yes_no":
        kind = "yes_no"
    return Field(
        variable.id,
        position,
        kind,
        variable,
        is_item=False,
        hard=variable.hard_range or nothing,
        plausible=variable.plausible_range or nothing,
        codes=_codes(variable),
        missing_texts=_missing_texts(variable),
        missing_numbers=_missing_numbers(variable),
    )


def _item_field(column: str, position: int, instrument: Instrument, total: Variable) -> Field:
    """Make the field of an item; the missing codes of its total hold for it too."""
    low, high = instrument.item_range
    return Field(
        column,
        position,
        "integer",
        total,
        is_item=True,
        hard=(float(low), float(high)),
        plausible=(np.nan, np.nan),
        codes={},
        missing_texts=_missing_texts(total),
        missing_numbers=_missing_numbers(total),
    )


def _codes(variable: Variable) -> dict[str, float]:
    """Give the accepted texts; a level is found in any case where that is unambiguous."""
    if variable.type == "yes_no":
        return _YES_NO
    folded = [level.casefold() for level in variable.levels]
    codes = {text: float(index) for index, text in enumerate(folded) if folded.count(text) == 1}
    codes.update({level: float(index) for index, level in enumerate(variable.levels)})
    return codes


def _missing_texts(variable: Variable) -> frozenset[str]:
    """Give the texts that mean "not answered", casefolded."""
    return frozenset(str(code).strip().casefold() for code in variable.missing_codes)


def _missing_numbers(variable: Variable) -> frozenset[float]:
    """Give the missing codes that are numbers."""
    numbers = set()
    for code in variable.missing_codes:
        try:
            numbers.add(float(code))
        except ValueError:
            continue
    return frozenset(numbers)
