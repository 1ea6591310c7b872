"""The content of a CSV, JSON or Parquet file to a table of raw cells."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from predictor.errors import Fault
from predictor.rows.table import Pairs, Table, from_records, name_faults, one_fault

EXTENSIONS = (".csv", ".json", ".parquet")
_DELIMITERS = (",", ";", "\t")


def table_from_bytes(content: bytes, extension: str, name: str) -> Table:
    """Read the content of a file.

    Parameters
    ----------
    content : bytes
        All of it.
    extension : str
        ``.csv``, ``.json`` or ``.parquet``.
    name : str
        What messages call it.

    Returns
    -------
    Table
        Raw cells by column.

    Raises
    ------
    InvalidInputError
        If the content cannot be read as a table at all.
    """
    readers: dict[str, Callable[[bytes, str], Table]] = {
        ".csv": _from_csv,
        ".json": _from_json,
        ".parquet": _from_parquet,
    }
    reader = readers.get(extension.lower())
    if reader is None:
        raise one_fault(
            name,
            "wrong_extension",
            f"a file ending in '{extension}' is not accepted; save it as "
            f"{', '.join(EXTENSIONS[:-1])} or {EXTENSIONS[-1]}",
        )
    if not content.strip():
        raise one_fault(name, "empty_file", "the file is empty; give a header and rows")
    return reader(content, name)


def _from_csv(content: bytes, name: str) -> Table:
    """Read CSV with a comma, semicolon or tab between cells."""
    text = _decode(content, name)
    lines = text.splitlines()
    header = next((line for line in lines if line.strip()), "")
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records: list[list[str]] = []
    try:
        records.extend(record for record in reader if record)
    except csv.Error as error:
        raise one_fault(
            name,
            "unreadable_csv",
            f"line {reader.line_num} is no valid CSV ({error}); check the quotation marks",
            row=len(records) or None,
        ) from error
    names = [column.strip() for column in records[0]] if records else []
    body = records[1:]
    if not body:
        raise one_fault(
            name, "empty_file", "the file has no row below its header; add one row per patient"
        )
    ragged = tuple(_ragged(body, len(names)))
    faults = (*name_faults(names), *ragged)
    cells = list(zip(*body, strict=True)) if not ragged else [()] * len(names)
    columns: dict[str, Sequence[object]] = dict(zip(names, cells, strict=True))
    return Table(name, columns, len(body), nan_is_missing=False, faults=faults)


def _decode(content: bytes, name: str) -> str:
    """Read UTF-8, with or without a byte order mark."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise one_fault(
            name,
            "not_utf8",
            f"line {line} is not written in UTF-8; save the file with the encoding UTF-8",
        ) from error


def _ragged(body: Sequence[Sequence[str]], n_columns: int) -> Iterable[Fault]:
    """Find the rows with more or fewer cells than the header."""
    for row, record in enumerate(body, start=1):
        if len(record) != n_columns:
            yield Fault(
                row,
                None,
                "ragged_row",
                f"row {row} has {len(record)} cells where the header has {n_columns}; check its "
                "delimiters and quotation marks",
            )


def _from_json(content: bytes, name: str) -> Table:
    """Read one JSON object or a list of them."""
    text = _decode(content, name)
    finished = 0

    def keep(pairs: list[tuple[str, Any]]) -> Pairs:
        nonlocal finished
        finished += 1 - sum(isinstance(value, Pairs) for _, value in pairs)
        return Pairs(pairs)

    try:
        parsed = json.loads(text, object_pairs_hook=keep)
    except json.JSONDecodeError as error:
        raise one_fault(
            name,
            "unreadable_json",
            f"row {finished + 1}, line {error.lineno}: this is no valid JSON ({error.msg}); give "
            "one object or a list of objects",
            row=finished + 1,
        ) from error
    except (ValueError, RecursionError) as error:
        raise one_fault(
            name,
            "unreadable_json",
            f"row {finished + 1}: a number is too long or objects are nested too deep; give one "
            "object or a list of objects with plain values",
            row=finished + 1,
        ) from error
    objects = parsed if type(parsed) is list else [parsed]
    if not objects:
        raise one_fault(name, "empty_file", "the list is empty; add one object per patient")
    return from_records(name, objects)


def _from_parquet(content: bytes, name: str) -> Table:
    """Read Parquet."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise one_fault(
            name,
            "parquet_not_installed",
            "reading Parquet needs the extra [files]; run pip install 'ketamine-response[files]' "
            "or save the file as .csv",
        ) from error
    try:
        table = parquet.ParquetFile(pa.BufferReader(content)).read()
        cells = [column.to_pylist() for column in table.columns]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise one_fault(
            name,
            "unreadable_parquet",
            "the file is no valid Parquet; write it again or save it as .csv",
        ) from error
    names = [str(column).strip() for column in table.column_names]
    if not table.num_rows:
        raise one_fault(
            name, "empty_file", "the file has columns but no row; add one row per patient"
        )
    columns: dict[str, Sequence[object]] = dict(zip(names, cells, strict=True))
    faults = tuple(name_faults(names))
    return Table(name, columns, table.num_rows, nan_is_missing=True, faults=faults)
