"""The tables of a data set as they stand in their files, with where they came from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from predictor.errors import InvalidInputError
from training.text_table import read_text_table

Origin = Literal["real", "simulated"]


@dataclass(frozen=True, slots=True, eq=False)
class RawTables:
    """The tables of a data set as texts, before the column map, with where they came from.

    Parameters
    ----------
    patients, visits : pandas.DataFrame
        Indexed by the number of the row.
    source : str
        Name of the data set.
    file_sha256 : dict of str to str
        SHA-256 of each raw file.
    events : pandas.DataFrame or None
        None where there is no such table.
    origin : str
        ``real`` or ``simulated``.
    notes : tuple of str
        What was done before.
    """

    patients: pd.DataFrame
    visits: pd.DataFrame
    source: str
    file_sha256: dict[str, str]
    events: pd.DataFrame | None = None
    origin: Origin = "real"
    notes: tuple[str, ...] = ()


def read_raw_tables(
    patients_path: Path, visits_path: Path, events_path: Path | None = None
) -> RawTables:
    """Read the files of a study.

    Parameters
    ----------
    patients_path, visits_path : Path
        ``.csv``, ``.tsv``, ``.json`` or ``.parquet``.
    events_path : Path or None
        None where there is no such table.

    Returns
    -------
    RawTables
        Simulated if an ``origin.json`` beside the patients file says so.

    Raises
    ------
    InvalidInputError
        If a file cannot be read as a table.
    """
    paths = {"patients": Path(patients_path), "visits": Path(visits_path)}
    if events_path is not None:
        paths["events"] = Path(events_path)
    tables = {
        name: read_text_table(path, table=name, may_be_empty=name == "events")
        for name, path in paths.items()
    }
    return RawTables(
        patients=tables["patients"],
        visits=tables["visits"],
        events=tables.get("events"),
        source=paths["patients"].name,
        file_sha256={name: file_sha256(path) for name, path in paths.items()},
        origin=_declared_origin(paths["patients"]),
    )


def file_sha256(path: Path) -> str:
    """Compute the fingerprint of a raw file.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    str
        SHA-256 in hexadecimal digits.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _declared_origin(patients_path: Path) -> Origin:
    """Read ``origin.json`` beside the patients file."""
    path = patients_path.parent / "origin.json"
    if not path.is_file():
        return "real"
    try:
        declared = json.loads(path.read_text(encoding="utf-8"))["data_origin"]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(
            'origin.json: the file must hold {"data_origin": "simulated"} or "real"'
        ) from error
    if declared not in ("real", "simulated"):
        raise InvalidInputError("origin.json, data_origin: accepted are real and simulated")
    return "simulated" if declared == "simulated" else "real"
