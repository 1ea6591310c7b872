"""A blank candidate to fill in, and a sheet that says what each column takes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from predictor.dictionary import Dictionary, Instrument, Variable
from predictor.errors import InvalidInputError
from predictor.visits import ALL

_SHEET_HEADER = ("column", "label", "group", "accepted", "unit", "usual", "missing", "note")


def blank_candidate(dictionary: Dictionary) -> str:
    """Write a candidate file without answers.

    Assumes that totals are typed; whoever has the items adds their columns (see the sheet).

    Parameters
    ----------
    dictionary : Dictionary
        The data dictionary of the bundle.

    Returns
    -------
    str
        CSV: ``patient_id``, ``site`` and every column that may be typed, and one empty row.
    """
    header = ["patient_id", "site", *(v.id for v in dictionary.variables if v.typed)]
    return _csv([header, [""] * len(header)])


def sheet(dictionary: Dictionary) -> str:
    """Write what each column of a candidate takes.

    Parameters
    ----------
    dictionary : Dictionary
        The data dictionary of the bundle.

    Returns
    -------
    str
        CSV with one line per column: label, group, what is accepted, UCUM unit, usual range,
        texts that mean "not answered", and what to know; items stand below the variables.
    """
    lines: list[Sequence[str]] = [_SHEET_HEADER, *_IDENTIFIER_LINES]
    lines += [_variable_line(v, dictionary) for v in dictionary.variables if v.typed]
    for instrument in dictionary.instruments:
        lines += _item_lines(instrument, dictionary)
    return _csv(lines)


def questions_at(dictionary: Dictionary, landmark: str | None) -> Dictionary:
    """Leave out what is known only later.

    Parameters
    ----------
    dictionary : Dictionary
        That of all landmarks.
    landmark : str or None
        Name of a landmark; None for the baseline, ``all`` for every one.

    Returns
    -------
    Dictionary
        With the variables of this landmark and of those before it.
    """
    names = [one.name for one in dictionary.landmarks]
    if landmark is None:
        names = []
    elif landmark != ALL:
        names = names[: names.index(landmark) + 1]
    known = {None, *names}
    kept = tuple(v for v in dictionary.variables if v.landmark in known)
    return replace(dictionary, variables=kept)


def write_form(dictionary: Dictionary, path: Path) -> tuple[Path, Path]:
    """Write the blank candidate and its sheet beside it.

    Parameters
    ----------
    dictionary : Dictionary
        The data dictionary of the bundle.
    path : Path
        Where the candidate goes, ending in ``.csv``.

    Returns
    -------
    candidate, sheet : Path
        The two files; the sheet is called ``…_sheet.csv``.

    Raises
    ------
    InvalidInputError
        If the path does not end in ``.csv``, a file stands there already or its folder is absent.
    """
    if path.suffix.lower() != ".csv":
        raise InvalidInputError(f"{path.name}: a form is a .csv file; give a name ending in .csv")
    beside = path.with_name(f"{path.stem}_sheet.csv")
    for target in (path, beside):
        if target.exists():
            raise InvalidInputError(
                f"{target.name}: the file is there already and may hold answers; give another name"
            )
    if not path.parent.is_dir():
        raise InvalidInputError(
            f"{path.parent.name}: there is no such folder; make it or give another path"
        )
    path.write_text(blank_candidate(dictionary), encoding="utf-8", newline="")
    # a byte order mark lets spreadsheet programs read the accents of labels
    beside.write_text(sheet(dictionary), encoding="utf-8-sig", newline="")
    return path, beside


_IDENTIFIER_LINES = (
    (
        *("patient_id", "Identifier", "identity", "text, once per file", "", "", ""),
        "comes back with the result, is never a predictor",
    ),
    ("site", "Site", "identity", "text", "", "", "", "is never a predictor"),
)


def _csv(lines: Sequence[Sequence[str]]) -> str:
    """Write lines as CSV."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def _variable_line(variable: Variable, dictionary: Dictionary) -> tuple[str, ...]:
    """Describe one variable."""
    usual = variable.plausible_range
    return (
        variable.id,
        variable.label,
        variable.group,
        _accepted(variable),
        variable.unit,
        _range(usual) if usual is not None else "",
        "; ".join(("empty", *variable.missing_codes)),
        "; ".join(_notes(variable, dictionary)),
    )


def _accepted(variable: Variable) -> str:
    """Say what a column takes."""
    if variable.type == "yes_no":
        return "yes; no"
    if variable.levels:
        return "; ".join(variable.levels)
    kind = "whole number" if variable.type == "integer" else "number"
    return kind if variable.hard_range is None else f"{kind}, {_range(variable.hard_range)}"


def _range(ends: tuple[float, float]) -> str:
    """Write both ends of a range."""
    return f"{ends[0]:.12g} to {ends[1]:.12g}"


def _notes(variable: Variable, dictionary: Dictionary) -> list[str]:
    """Say where the value comes from and what it is for."""
    notes = []
    if variable.instrument is not None:
        variant = f", {variable.variant}" if variable.variant else ""
        notes.append(f"scale: {variable.instrument}{variant}")
    for instrument in dictionary.instruments:
        if instrument.total == variable.id:
            columns = instrument.columns
            notes.append(f"or leave it empty and give the items {columns[0]} … {columns[-1]}")
    if variable.derived is not None:
        notes.append(f"or leave it empty and give {', '.join(variable.derived_from)}")
    if variable.use == "safety":
        notes.append("safety question: empty means not asked, never no")
    if variable.timing == "planned":
        notes.append("as planned before the first dose")
    return notes


def _item_lines(instrument: Instrument, dictionary: Dictionary) -> list[tuple[str, ...]]:
    """Describe the item columns of one instrument, answers as written on its sheet."""
    low, high = instrument.item_range
    total = dictionary[instrument.total]
    note = (
        f"optional, adds up to {instrument.total}; answer as written on the scale, reversed items "
        "are turned when read"
    )
    return [
        (
            column,
            f"{instrument.label}, item {item}",
            total.group,
            f"whole number, {low} to {high}",
            "",
            "",
            "; ".join(("empty", *total.missing_codes)),
            note,
        )
        for item, column in zip(instrument.items, instrument.columns, strict=True)
    ]
