"""The folder of a finished run, read back: what it was and what it said of whom.

Nothing is taken on trust: a file that was cut, mixed up or edited by hand is refused by name. No
message names a person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predictor.errors import InvalidInputError
from training.config import read_yaml

Floats = NDArray[np.float64]

RISK_COLUMNS = {30: "risk_30", 90: "risk_90", 180: "risk_180"}
"""Columns of ``out_of_fold.csv`` that only runs of relapse have, beside ``days``."""

_COLUMNS = ("repeat", "fold", "margin", "probability", "outcome")
_NEEDED = ("task", "status", "reason", "data_origin", "chosen", "run_id", "tracking_uri")


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a run said of people whom no fit saw, in the order of ids.

    Parameters
    ----------
    people : tuple of str
        Ids, sorted; never shown.
    outcome : ndarray, shape (n,)
        1 where it happened, else 0.
    days : ndarray, shape (n,) or None
        Relapse: day of relapse or censoring.
    fold : ndarray, shape (n, n_repeats)
        In which each was held out.
    margin, probability : ndarray, shape (n, n_repeats)
        Of the chosen learner; for relapse the probability is that by day 180.
    risks : mapping of int to ndarray, shape (n, n_repeats)
        Relapse: risk by each day of `RISK_COLUMNS`.
    """

    people: tuple[str, ...]
    outcome: Floats
    days: Floats | None
    fold: Floats
    margin: Floats
    probability: Floats
    risks: Mapping[int, Floats]

    def take(self, rows: NDArray[np.intp]) -> Predictions:
        """Take some people.

        Parameters
        ----------
        rows : ndarray of int
            Their places.

        Returns
        -------
        Predictions
            Theirs, in that order.
        """
        return Predictions(
            tuple(self.people[row] for row in rows),
            self.outcome[rows],
            None if self.days is None else self.days[rows],
            self.fold[rows],
            self.margin[rows],
            self.probability[rows],
            {day: risk[rows] for day, risk in self.risks.items()},
        )


@dataclass(frozen=True, slots=True, eq=False)
class RunFolder:
    """What a finished run was.

    Parameters
    ----------
    path : Path
        The folder.
    task, status, reason : str
        As in ``run.json``.
    outcome : str
        Name of the outcome definition.
    data_origin : str
        ``real`` or ``simulated``.
    chosen : str or None
        Learner; None where nothing could be chosen.
    run_id, tracking_uri : str or None
        Of its record in MLflow.
    """

    path: Path
    task: str
    status: str
    reason: str
    outcome: str
    data_origin: str
    chosen: str | None
    run_id: str | None
    tracking_uri: str | None


def read_run_folder(path: Path) -> RunFolder:
    """Read what a run was.

    Parameters
    ----------
    path : Path
        The ``--out`` of ``ketamine-train run``.

    Returns
    -------
    RunFolder
        From ``run.json`` and ``config.yaml``.

    Raises
    ------
    InvalidInputError
        If a file is absent or is not what a run writes.
    """
    file = path / "run.json"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInputError(
            f"{path} holds no run.json; name the --out folder of a finished ketamine-train run"
        ) from error
    except ValueError as error:
        raise InvalidInputError(f"{file} is not JSON; repeat the run") from error
    settings = read_yaml(path / "config.yaml")
    lacking = [key for key in _NEEDED if not isinstance(content, dict) or key not in content]
    if lacking or content["task"] not in ("response", "relapse"):
        raise InvalidInputError(
            f"{file} is not that of a run: {', '.join(lacking) or 'task'} is missing or unknown; "
            "repeat the run"
        )
    if not isinstance(settings, dict) or settings.get("task") != content["task"]:
        raise InvalidInputError(
            f"{path / 'config.yaml'} belongs to another task than run.json; repeat the run"
        )
    known = {key: content[key] for key in _NEEDED}
    return RunFolder(path=path, outcome=str(settings.get("outcome")), **known)


def read_predictions(run: RunFolder) -> Predictions:
    """Read what a run said of each person.

    Parameters
    ----------
    run : RunFolder
        From `read_run_folder`.

    Returns
    -------
    Predictions
        In the order of ids.

    Raises
    ------
    InvalidInputError
        If the run chose nothing, or a line is missing, double or no number.
    """
    file = run.path / "out_of_fold.csv"
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InvalidInputError(f"{file} cannot be read as a table; repeat the run") from error
    relapse = run.task == "relapse"
    names = [*_COLUMNS, *(("days", *RISK_COLUMNS.values()) if relapse else ())]
    lacking = [name for name in ("patient_id", *names) if name not in table.columns]
    if lacking:
        raise InvalidInputError(
            f"{file} has no column {', '.join(lacking)}; repeat the run with this version"
        )
    if table.empty:
        raise InvalidInputError(f"{run.path} predicted nobody: {run.reason}; compare other runs")
    numbers = _numbers(table, names, file)
    return _arranged(numbers, table["patient_id"], file)


def _numbers(table: pd.DataFrame, names: list[str], file: Path) -> pd.DataFrame:
    """Read cells as numbers, naming the first that is none or out of range."""
    numbers: pd.DataFrame = table[names].apply(pd.to_numeric, errors="coerce").astype(np.float64)
    refused = np.column_stack([_refused(name, numbers[name].to_numpy()) for name in names])
    rows, columns = np.nonzero(refused)
    if rows.size:
        raise InvalidInputError(
            f"{file}, row {rows[0] + 1}, {names[columns[0]]}: no number in its range; "
            "repeat the run"
        )
    return numbers


def _refused(name: str, values: Floats) -> NDArray[np.bool_]:
    """Mark the cells of a column that cannot be right."""
    bad = ~np.isfinite(values)
    if name == "probability" or name in RISK_COLUMNS.values():
        bad |= (values < 0) | (values > 1)
    if name == "outcome":
        bad |= (values != 0) & (values != 1)
    if name == "days":
        bad |= values < 0
    return bad


def _arranged(numbers: pd.DataFrame, ids: pd.Series[Any], file: Path) -> Predictions:
    """Set repeats beside each other, one row for each person."""
    numbers = numbers.assign(patient_id=ids)
    if numbers.duplicated(["patient_id", "repeat"]).any():
        raise InvalidInputError(f"{file} has a person twice in one repeat; repeat the run")
    wide = numbers.pivot_table(index="patient_id", columns="repeat", sort=True)
    if wide.isna().to_numpy().any():
        raise InvalidInputError(f"{file} lacks a person in some repeat; repeat the run")

    def of(name: str) -> Floats:
        return wide[name].to_numpy(dtype=np.float64)

    constant = [name for name in ("outcome", "days") if name in numbers.columns]
    if any((of(name) != of(name)[:, :1]).any() for name in constant):
        raise InvalidInputError(f"{file} gives a person two outcomes; repeat the run")
    return Predictions(
        people=tuple(str(person) for person in wide.index),
        outcome=of("outcome")[:, 0],
        days=of("days")[:, 0] if "days" in constant else None,
        fold=of("fold"),
        margin=of("margin"),
        probability=of("probability"),
        risks={day: of(name) for day, name in RISK_COLUMNS.items() if name in numbers.columns},
    )
