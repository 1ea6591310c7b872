"""Any surface (dict, list of dicts, frame, path) to one table of raw cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from predictor.rows.files import EXTENSIONS, table_from_bytes
from predictor.rows.table import Table, from_records, name_faults, one_fault


def read_table(source: object) -> Table:
    """Read any accepted source.

    Parameters
    ----------
    source : dict, list of dict, DataFrame or path
        Frames are recognised by their ``columns``, so pandas need not be installed.

    Returns
    -------
    Table
        Raw cells by column.

    Raises
    ------
    InvalidInputError
        If the source cannot be read as a table at all.
    """
    if isinstance(source, (str, Path)):
        return _from_path(Path(source))
    if isinstance(source, Mapping):
        return from_records("rows", [source])
    # an Arrow table names its columns elsewhere
    is_frame = hasattr(source, "columns") and not hasattr(source, "column_names")
    if is_frame and hasattr(source, "__getitem__"):
        return _from_frame(source)
    if isinstance(source, Sequence) and not isinstance(source, (bytes, bytearray)):
        return from_records("rows", source)
    raise one_fault(
        "rows",
        "not_rows",
        f"a {type(source).__name__} holds no rows; give a dict, a list of dicts, a data frame or "
        f"the path of a {', '.join(EXTENSIONS)} file",
    )


def _from_path(path: Path) -> Table:
    """Read a file."""
    if path.suffix.lower() in EXTENSIONS:
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise one_fault(
                path.name, "file_not_found", "there is no such file; check the path"
            ) from error
        except OSError as error:
            raise one_fault(
                path.name,
                "unreadable_file",
                f"the file cannot be opened ({error.strerror}); check that it is a file you may "
                "read",
            ) from error
    else:
        content = b""  # the extension is refused before the content is looked at
    return table_from_bytes(content, path.suffix, path.name)


def _from_frame(frame: Any) -> Table:
    """Read a pandas or polars frame, or whatever behaves like one."""
    labels = list(frame.columns)
    names = [str(label).strip() for label in labels]
    faults = tuple(name_faults(names))
    columns: dict[str, Sequence[object]] = {}
    if not faults:
        columns = {
            column: _as_list(frame[label]) for column, label in zip(names, labels, strict=True)
        }
    return Table("rows", columns, len(frame), nan_is_missing=True, faults=faults)


def _as_list(column: Any) -> Sequence[object]:
    """Give the cells of one column of a frame as Python values."""
    cells: Sequence[object] = column.to_list() if hasattr(column, "to_list") else list(column)
    return cells
