"""Raw cells by column, nothing checked but the shape; what every surface is turned into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from predictor.errors import Fault, InvalidInputError


@dataclass(frozen=True, slots=True)
class Table:
    """Raw cells by column, nothing checked but the shape.

    Parameters
    ----------
    name : str
        What messages call the source: a file name or ``rows``.
    columns : dict of str to sequence of object
        One cell per row; names without surrounding spaces.
    n_rows : int
        Number of rows.
    nan_is_missing : bool
        Whether the surface writes missing as float NaN.
    faults : tuple of Fault
        Faults of the whole file found on the way.
    """

    name: str
    columns: dict[str, Sequence[object]]
    n_rows: int
    nan_is_missing: bool
    faults: tuple[Fault, ...] = ()


def refuse_file(name: str, faults: Sequence[Fault]) -> InvalidInputError:
    """Make the error for a source that cannot be read as a table.

    Parameters
    ----------
    name : str
        What messages call the source.
    faults : sequence of Fault
        At least one.

    Returns
    -------
    InvalidInputError
        Its sentence names the first fault and how many there are; ``faults`` holds all.
    """
    more = f" (and {len(faults) - 1} more faults)" if len(faults) > 1 else ""
    return InvalidInputError(f"{name}: {faults[0].message}{more}", faults)


def one_fault(name: str, rule: str, message: str, *, row: int | None = None) -> InvalidInputError:
    """Make the error for a single fault of the whole file.

    Parameters
    ----------
    name : str
        What messages call the source.
    rule : str
        Short code of the fault.
    message : str
        What was refused, what is accepted, what to do.
    row : int or None
        Number of the data row where it is known.

    Returns
    -------
    InvalidInputError
        With this one fault.
    """
    return refuse_file(name, [Fault(row, None, rule, message)])


def name_faults(names: Sequence[str]) -> Iterable[Fault]:
    """Find column names that stand twice.

    Parameters
    ----------
    names : sequence of str
        All names of one source, without surrounding spaces.

    Yields
    ------
    Fault
        ``duplicate_column``, in alphabetical order.
    """
    for column, count in sorted(Counter(names).items()):
        if count > 1:
            yield Fault(
                None,
                column,
                "duplicate_column",
                f"column {column or '(without name)'} stands {count} times; keep one of them",
            )


class Pairs(list[tuple[str, Any]]):
    """A JSON object as its pairs, so that a name that stands twice is seen."""


def from_records(name: str, records: Sequence[object]) -> Table:
    """Turn rows into columns; a column absent from a row is missing there.

    Parameters
    ----------
    name : str
        What messages call the source.
    records : sequence of mapping or Pairs
        One per row.

    Returns
    -------
    Table
        With the faults of names that stand twice and of rows that are no objects.
    """
    faults: list[Fault] = []
    rows: list[Mapping[str, object]] = []
    for row, record in enumerate(records, start=1):
        if isinstance(record, Pairs):
            keys = [str(key).strip() for key, _ in record]
            plain = dict(zip(keys, (value for _, value in record), strict=True))
        elif isinstance(record, Mapping):
            keys = [str(key).strip() for key in record]
            plain = dict(zip(keys, record.values(), strict=True))
        else:
            faults.append(_not_an_object(row, record))
            continue
        if len(plain) < len(keys):
            faults.extend(name_faults(keys))
        rows.append(plain)
    names = dict.fromkeys(column for plain in rows for column in plain)
    columns: dict[str, Sequence[object]] = {
        column: [plain.get(column) for plain in rows] for column in names
    }
    unique = tuple(dict.fromkeys(faults))
    return Table(name, columns, len(rows), nan_is_missing=False, faults=unique)


def _not_an_object(row: int, record: object) -> Fault:
    """Refuse a row that is not made of names and values."""
    return Fault(
        row,
        None,
        "not_an_object",
        f"row {row} is of type {type(record).__name__}, not an object; give names and values as in "
        '{"age_years": 40}',
    )
