"""What keeps a variable or a scale out of a dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from predictor.dictionary.variables import (
    Formula,
    Instrument,
    Landmark,
    Timing,
    Transform,
    Use,
    Variable,
    VariableType,
)
from predictor.errors import InvalidInputError


def check_variable(
    variable: Variable, known: Mapping[str, Variable], landmarks: tuple[Landmark, ...]
) -> None:
    """Refuse a variable whose parts do not fit together.

    Parameters
    ----------
    variable : Variable
        The one to check.
    known : mapping of str to Variable
        All of the dictionary, by id.
    landmarks : tuple of Landmark
        All of the dictionary.

    Raises
    ------
    InvalidInputError
        Saying what is accepted.
    """
    where = f"data dictionary, {variable.id}"
    accepted = {
        "type": get_args(VariableType),
        "use": get_args(Use),
        "timing": get_args(Timing),
        "transform": get_args(Transform),
        "derived": (None, *get_args(Formula)),
        "landmark": (None, *(landmark.name for landmark in landmarks)),
    }
    for key, choices in accepted.items():
        if getattr(variable, key) not in choices:
            raise InvalidInputError(f"{where}: {key} must be one of {', '.join(map(str, choices))}")
    if variable.landmark is not None and variable.timing != "landmark":
        raise InvalidInputError(f"{where}: a variable of a landmark needs timing: landmark")
    if variable.type in ("category", "ordinal") and len(variable.levels) < 2:
        raise InvalidInputError(f"{where}: a {variable.type} variable needs at least two levels")
    if variable.type in ("number", "integer") and variable.hard_range is None:
        raise InvalidInputError(f"{where}: a {variable.type} variable needs a hard_range")
    if not all(isinstance(text, str) for text in variable.levels + variable.missing_codes):
        raise InvalidInputError(f"{where}: levels and missing_codes are texts; quote yes, no, none")
    if variable.hard_range is not None:
        low, high = variable.hard_range
        plausible_low, plausible_high = variable.plausible_range or variable.hard_range
        if not low <= plausible_low < plausible_high <= high:
            raise InvalidInputError(
                f"{where}: plausible_range must lie inside hard_range, low first"
            )
    unknown = [column for column in variable.derived_from if column not in known]
    if unknown:
        raise InvalidInputError(f"{where}: derived_from names unknown {', '.join(unknown)}")


def check_instrument(instrument: Instrument, known: Mapping[str, Variable]) -> None:
    """Refuse a scale whose items cannot give its total.

    Parameters
    ----------
    instrument : Instrument
        The one to check.
    known : mapping of str to Variable
        All of the dictionary, by id.

    Raises
    ------
    InvalidInputError
        Saying what is wrong with it.
    """
    where = f"data dictionary, instrument {instrument.id}"
    if instrument.total not in known:
        raise InvalidInputError(
            f"{where}: its total {instrument.total} is no variable; add it or correct the name"
        )
    clash = [column for column in instrument.columns if column in known]
    if clash:
        raise InvalidInputError(f"{where}: {clash[0]} is both an item and a variable; rename one")
    strange = [item for item in instrument.reverse if item not in instrument.items]
    if strange:
        raise InvalidInputError(f"{where}: reverse names item {strange[0]}, which is not summed")
    lowest, highest = (end * len(instrument.items) for end in instrument.item_range)
    low, high = known[instrument.total].hard_range or (lowest, highest)
    if lowest < low or highest > high:
        raise InvalidInputError(
            f"{where}: its items give {lowest} to {highest}, outside the hard_range of "
            f"{instrument.total}"
        )
