"""A file of any kind as a table of texts, so that a column map recodes what stands in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from predictor.errors import InvalidInputError
from predictor.rows.files import table_from_bytes
from predictor.rows.table import refuse_file

# read_rows knows .csv, which may have tabs between cells
_SAME_AS = {".tsv": ".csv", ".txt": ".csv"}


def plain_text(value: Any) -> Any:
    """Write yes, no and numbers as the texts that stand in a file; leave the rest.

    Parameters
    ----------
    value : object
        YAML, JSON and Parquet give booleans and numbers where another export has texts.

    Returns
    -------
    object
        ``"yes"``, ``"no"`` or the digits; a whole number is written without a point.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else value


def read_text_table(path: Path, *, table: str, may_be_empty: bool = False) -> pd.DataFrame:
    """Read a file cell by cell as texts.

    Parameters
    ----------
    path : Path
        A ``.csv``, ``.tsv``, ``.json`` or ``.parquet`` file.
    table : str
        What it holds, for the message.
    may_be_empty : bool
        Whether a file without any row is accepted.

    Returns
    -------
    pandas.DataFrame
        Every cell a text without surrounding spaces, ``''`` where empty; index 1, 2, … is the
        number of the data row.

    Raises
    ------
    InvalidInputError
        If the file is absent, of another kind, not UTF-8 or not a table.
    """
    if not path.is_file():
        raise InvalidInputError(f"{table}, {path.name}: there is no such file; check the path")
    kind = path.suffix.lower()
    try:
        read = table_from_bytes(path.read_bytes(), _SAME_AS.get(kind, kind), path.name)
    except InvalidInputError as error:
        if may_be_empty and [fault.rule for fault in error.faults] == ["empty_file"]:
            return pd.DataFrame()
        raise
    if read.faults:
        raise refuse_file(f"{table}, {read.name}", read.faults)
    cells = {
        name: [_cell_text(cell, read.nan_is_missing) for cell in column]
        for name, column in read.columns.items()
    }
    return pd.DataFrame(cells, index=pd.RangeIndex(1, read.n_rows + 1), dtype=object)


def _cell_text(cell: object, nan_is_missing: bool) -> str:
    """Write one cell as it would stand in a CSV file."""
    if cell is None or (nan_is_missing and cell != cell):  # noqa: PLR0124 - NaN alone is unequal
        return ""
    return str(plain_text(cell)).strip()
