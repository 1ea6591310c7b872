"""Every fault of every table of a study at once; each table is checked as far as it can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pandas as pd

from predictor.dictionary import Dictionary
from predictor.errors import Fault, InvalidInputError
from predictor.rows import Rows, read_rows
from training.column_map import ColumnMap, excluded_by, map_patients, map_table, map_visits
from training.scales import scale_ranges
from training.text_table import read_text_table
from training.visits import CheckedTable, check_events, check_visits

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Study:
    """Files of a study and how to read them.

    Parameters
    ----------
    patients, visits : Path
        Tables of people and of scores.
    events : Path or None
        Table of events.
    dictionary : Dictionary
        What is valid in the patients table.
    column_map : ColumnMap
        How the export differs from our tables.
    ignore_unknown : bool
        Leave out unknown columns, and visits of unknown people.
    """

    patients: Path
    visits: Path
    events: Path | None
    dictionary: Dictionary
    column_map: ColumnMap
    ignore_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What checking gave.

    Parameters
    ----------
    rows : int
        Rows of the patients table.
    faults : tuple of Fault
        Of patients, visits and events, in this order.
    only_people : bool
        Whether all faults are of single rows of the patients table, so that the other people
        can be described.
    """

    rows: int
    faults: tuple[Fault, ...]
    only_people: bool


def find_faults(study: Study) -> Found:
    """Check all tables of a study.

    Parameters
    ----------
    study : Study
        The files.

    Returns
    -------
    Found
        An unknown column does not keep the others from being checked.
    """
    of_tables: list[Fault] = []
    texts = _kept(of_tables, "patients", lambda: read_text_table(study.patients, table="patients"))
    rows = None if texts is None else _patients(of_tables, texts, study)
    of_people = () if rows is None else rows.faults
    of_patients = [*of_people, *of_tables]
    of_others: list[Fault] = []
    visits = _kept(of_others, "visits", lambda: read_text_table(study.visits, table="visits"))
    if visits is not None:
        _visits(of_others, visits, rows, study)
    if study.events is not None:
        _events(of_others, study.events, rows, study)
    return Found(
        rows=0 if texts is None else len(texts),
        faults=(*of_patients, *of_others),
        only_people=not (of_tables or of_others),
    )


def _patients(found: list[Fault], texts: pd.DataFrame, study: Study) -> Rows | None:
    """Check the patients table."""
    _kept(found, "patients", lambda: excluded_by(texts, study.column_map.eligibility))
    mapped = _kept(found, "patients", lambda: map_patients(texts, study.column_map))
    if mapped is None:
        return None

    def checked(table: pd.DataFrame) -> Rows:
        ignored = study.ignore_unknown
        return read_rows(table, study.dictionary, ignore_unknown=ignored, require_ids=True)

    return _beside_unknown(found, "patients", mapped, checked)


def _visits(found: list[Fault], texts: pd.DataFrame, rows: Rows | None, study: Study) -> None:
    """Check the visits table."""
    mapped = _kept(found, "visits", lambda: map_visits(texts, study.column_map.visits))
    if mapped is None:
        return
    ranges, people = scale_ranges(study.dictionary), _people(rows, mapped)

    def checked(table: pd.DataFrame) -> CheckedTable:
        ignored = study.ignore_unknown
        return check_visits(table, ranges=ranges, patient_ids=people, ignore_unknown=ignored)

    result = _beside_unknown(found, "visits", mapped, checked)
    found += () if result is None else result.faults


def _events(found: list[Fault], path: Path, rows: Rows | None, study: Study) -> None:
    """Check the events table, which may be empty."""
    texts = _kept(found, "events", lambda: read_text_table(path, table="events", may_be_empty=True))
    if texts is None or texts.empty:
        return
    changes = study.column_map.events
    mapped = _kept(found, "events", lambda: map_table(texts, changes, where="events"))
    if mapped is None:
        return
    people = _people(rows, mapped)

    def checked(table: pd.DataFrame) -> CheckedTable:
        return check_events(table, patient_ids=people, ignore_unknown=study.ignore_unknown)

    result = _beside_unknown(found, "events", mapped, checked)
    found += () if result is None else result.faults


def _people(rows: Rows | None, table: pd.DataFrame) -> frozenset[str]:
    """Name everybody; where the patients table cannot be read, nobody is held to be unknown."""
    if rows is not None:
        return frozenset(patient for patient in rows.patient_ids if patient is not None)
    return frozenset(table["patient_id"]) if "patient_id" in table else frozenset()


def _beside_unknown(
    found: list[Fault], where: str, table: pd.DataFrame, check: Callable[[pd.DataFrame], T]
) -> T | None:
    """Check a table; where only unknown columns keep it from being checked, check the others."""
    try:
        return check(table)
    except InvalidInputError as error:
        _keep(found, where, error)
        unknown = [f.column for f in error.faults if f.rule == "unknown_column"]
        if not unknown or len(unknown) < len(error.faults):
            return None
    return check(table.drop(columns=[str(name) for name in unknown]))


def _kept(found: list[Fault], where: str, step: Callable[[], T]) -> T | None:
    """Do one step; if it is refused, keep why."""
    try:
        return step()
    except InvalidInputError as error:
        _keep(found, where, error)
        return None


def _keep(found: list[Fault], where: str, error: InvalidInputError) -> None:
    """Keep the faults of a refused table, each naming the table."""
    faults = error.faults or (Fault(None, None, "refused_table", str(error)),)
    found += [
        fault
        if fault.message.startswith((where, "column map"))
        else replace(fault, message=f"{where}: {fault.message}")
        for fault in faults
    ]
