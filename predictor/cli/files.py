"""Candidates in, scores out: what the commands read and write besides the screen."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from predictor.dictionary import Dictionary
from predictor.errors import InvalidInputError
from predictor.landmark_models import joined
from predictor.rows import Rows, read_rows, read_rows_from_bytes
from predictor.scores import Scores
from predictor.visits import Paths

_KINDS = (".csv", ".json")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_candidates(source: str, dictionary: Dictionary, *, ignore_unknown: bool) -> Rows:
    """Read the rows to be scored.

    Parameters
    ----------
    source : str
        A path, or ``-`` for JSON, CSV or Parquet on standard input.
    dictionary : Dictionary
        What is valid.
    ignore_unknown : bool
        Leave out unknown columns with a warning.

    Returns
    -------
    Rows
        All rows, faulty ones included.

    Raises
    ------
    InvalidInputError
        If the file itself is at fault.
    """
    return read_for_each(source, [dictionary], ignore_unknown=ignore_unknown)[0]


def read_for_each(
    source: str, dictionaries: Sequence[Dictionary], *, ignore_unknown: bool
) -> list[Rows]:
    """Read the same rows by more than one dictionary; standard input is read once.

    A column that any of the models knows is no unknown one, such as a score at a landmark of the
    other model.

    Parameters
    ----------
    source : str
        A path, or ``-`` for JSON, CSV or Parquet on standard input.
    dictionaries : sequence of Dictionary
        What is valid to each model.
    ignore_unknown : bool
        Leave out unknown columns with a warning.

    Returns
    -------
    list of Rows
        One for each dictionary, faulty rows included.

    Raises
    ------
    InvalidInputError
        If the file itself is at fault.
    """
    dictionaries = [joined(one, dictionaries) for one in dictionaries]
    if source != "-":
        return [read_rows(Path(source), d, ignore_unknown=ignore_unknown) for d in dictionaries]
    if sys.stdin is None:
        raise InvalidInputError("standard input: it is closed; send rows to it or name a file")
    content = sys.stdin.buffer.read()
    start = content.removeprefix(_BYTE_ORDER_MARK).lstrip()[:4]
    extension = ".json" if start[:1] in (b"[", b"{") else ".csv"
    kind = ".parquet" if start == b"PAR1" else extension
    return [
        read_rows_from_bytes(content, kind, d, name="standard input", ignore_unknown=ignore_unknown)
        for d in dictionaries
    ]


def check_new_file(path: Path) -> None:
    """Refuse a file that cannot or must not be written, before anything is scored.

    Parameters
    ----------
    path : Path
        Where scores are to go.

    Raises
    ------
    InvalidInputError
        If it is there already, its folder is not, or its ending is not accepted.
    """
    if path.suffix.lower() not in _KINDS:
        raise InvalidInputError(f"{path.name}: scores are written as .csv or .json; choose one")
    if path.exists():
        raise InvalidInputError(f"{path.name}: the file is there already; give another name")
    if not path.parent.is_dir():
        raise InvalidInputError(f"{path.parent}: there is no such folder; make it first")


def write_scores(scores: Scores | Paths, path: Path) -> None:
    """Write scores as a flat table (.csv) or in full (.json).

    Parameters
    ----------
    scores : Scores or Paths
        All of them, refusals included.
    path : Path
        A new file.
    """
    if path.suffix.lower() == ".json":
        text = json.dumps(scores.to_dict(), allow_nan=False, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
        return
    lines = scores.to_records()
    with path.open("x", encoding="utf-8", newline="", errors="backslashreplace") as file:
        table = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(lines)


def new_folder(path: Path) -> Path:
    """Make a folder for pages.

    Parameters
    ----------
    path : Path
        Absent or empty.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InvalidInputError
        If it holds something, is a file, or the folder around it is absent.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InvalidInputError(f"{path}: it is there already; name a new or an empty folder")
    if not path.absolute().parent.is_dir():
        raise InvalidInputError(f"{path.parent}: there is no such folder; make it first")
    path.mkdir(exist_ok=True)
    return path
