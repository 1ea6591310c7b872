"""The tables of visits and events, checked as a whole: every fault of every row at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, get_args

import numpy as np
import pandas as pd
import pandera.pandas as pa

from predictor.errors import Fault, InvalidInputError
from training.outcome_definition import DOSED, EventKind
from training.settings import nearest

# A baseline may lie up to two weeks before the first dose; ten years is no follow-up but a date.
FIRST_DAY, LAST_DAY = -14.0, 3650.0

# The sentence of each rule, or how it is made from the row.
Words: TypeAlias = "Mapping[str, str | Callable[[pd.Series[Any]], str]]"

VISIT_COLUMNS = ("patient_id", "day", "instrument", "score")
OPTIONAL_VISIT_COLUMNS = ("item", "rater", "actual_day")
EVENT_COLUMNS = ("patient_id", "day", "event")


@dataclass(frozen=True, slots=True, eq=False)
class CheckedTable:
    """A table with what was found in it.

    Parameters
    ----------
    table : pandas.DataFrame
        Typed columns; of use only where there are no faults.
    faults : tuple of Fault
        In row order.
    notes : tuple of str
        What was accepted but should be known.
    """

    table: pd.DataFrame
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


def check_visits(
    texts: pd.DataFrame,
    *,
    ranges: Mapping[str, tuple[float, float]],
    patient_ids: frozenset[str],
    ignore_unknown: bool = False,
) -> CheckedTable:
    """Type and check the visits table.

    Parameters
    ----------
    texts : pandas.DataFrame
        As texts, after the column map; the index is the number of the row.
    ranges : mapping of str to tuple of float
        Accepted instruments with the lowest and highest total of each.
    patient_ids : frozenset of str
        Everybody in the patients table.
    ignore_unknown : bool
        Leave out unknown columns and visits of unknown people, with a note.

    Returns
    -------
    CheckedTable
        Columns ``patient_id``, ``day``, ``instrument``, ``score`` and what is there of ``item``,
        ``rater``, ``actual_day``. Spelling of instruments is unified (``HAM-D17``: ``hamd17``).

    Raises
    ------
    InvalidInputError
        If a column is missing or unknown.
    """
    names = (*VISIT_COLUMNS, *OPTIONAL_VISIT_COLUMNS)
    texts, notes = _known_columns(texts, VISIT_COLUMNS, names, "visits", ignore_unknown)
    texts, dropped = _known_people(texts, patient_ids, "visits", ignore_unknown)
    table, faults = _typed(texts, ("day", "score", "actual_day"), "visits")
    table["instrument"] = _unified(texts["instrument"], tuple(ranges))
    if "item" in table:
        table["item"] = table["item"].where(table["item"] != "", None)
    words: Words = {
        "not_in_patients": "this person is not in the patients table; add or remove the row",
        "day_missing": "the day is empty; give days from the first dose, 0 is baseline",
        "day_out_of_range": f"accepted are days {FIRST_DAY:g} to {LAST_DAY:g} from the first dose",
        "instrument_unknown": lambda row: f"unknown instrument{_hint(row, ranges)}",
        "score_out_of_range": lambda row: _range_words(row, ranges),
        "duplicate_visit": "the same person, day and instrument stand twice; keep one rating",
    }
    faults += _failures(_visits_schema(ranges, patient_ids), table, faults, words, "visits")
    return CheckedTable(table.reset_index(drop=True), _in_order(faults), (*notes, *dropped))


def check_events(
    texts: pd.DataFrame | None,
    *,
    patient_ids: frozenset[str] = frozenset(),
    ignore_unknown: bool = False,
) -> CheckedTable:
    """Type and check the events table.

    Parameters
    ----------
    texts : pandas.DataFrame or None
        As texts, after the column map; None or empty where there are no events.
    patient_ids : frozenset of str
        Everybody in the patients table.
    ignore_unknown : bool
        Leave out unknown columns and events of unknown people, with a note.

    Returns
    -------
    CheckedTable
        Columns ``patient_id``, ``day``, ``event`` (small letters).

    Raises
    ------
    InvalidInputError
        If a column is missing or unknown.
    """
    if texts is None or texts.empty:
        empty = pd.DataFrame({"patient_id": [], "day": [], "event": []})
        return CheckedTable(empty.astype({"patient_id": str, "day": float, "event": str}))
    texts, notes = _known_columns(texts, EVENT_COLUMNS, EVENT_COLUMNS, "events", ignore_unknown)
    texts, dropped = _known_people(texts, patient_ids, "events", ignore_unknown)
    table, faults = _typed(texts, ("day",), "events")
    table["event"] = [text.lower() for text in texts["event"]]
    kinds = (*get_args(EventKind), DOSED)
    schema = pa.DataFrameSchema(
        {
            "patient_id": _people(patient_ids),
            "day": _days(),
            "event": pa.Column(checks=pa.Check.isin(kinds, error="event_unknown")),
        }
    )
    words: Words = {
        "not_in_patients": "this person is not in the patients table; add or remove the row",
        "day_missing": "the day is empty; give days from the first dose",
        "day_out_of_range": f"accepted are days {FIRST_DAY:g} to {LAST_DAY:g} from the first dose",
        "event_unknown": lambda row: f"unknown event{nearest(str(row['event']), kinds)}",
    }
    faults += _failures(schema, table, faults, words, "events")
    return CheckedTable(table.reset_index(drop=True), _in_order(faults), (*notes, *dropped))


def _visits_schema(
    ranges: Mapping[str, tuple[float, float]], patient_ids: frozenset[str]
) -> pa.DataFrameSchema:
    """Say what a visits table must hold."""
    low = {name: limits[0] for name, limits in ranges.items()}
    high = {name: limits[1] for name, limits in ranges.items()}

    def total_fits_scale(table: pd.DataFrame) -> pd.Series[bool]:
        floor = table["instrument"].map(low).astype(float)
        ceiling = table["instrument"].map(high).astype(float)
        outside = (table["score"] < floor) | (table["score"] > ceiling)
        return ~outside | _is_item(table)

    def stands_once(table: pd.DataFrame) -> pd.Series[bool]:
        key = ["patient_id", "day", "instrument", *(["item"] if "item" in table else [])]
        return ~table.duplicated(key) | table["day"].isna()

    return pa.DataFrameSchema(
        {
            "patient_id": _people(patient_ids),
            "day": _days(),
            "instrument": pa.Column(checks=pa.Check.isin(list(ranges), error="instrument_unknown")),
            "score": pa.Column(float, nullable=True),
        },
        checks=[
            pa.Check(total_fits_scale, error="score_out_of_range"),
            pa.Check(stands_once, error="duplicate_visit"),
        ],
    )


def _people(patient_ids: frozenset[str]) -> pa.Column:
    """Require an id of the patients table."""
    return pa.Column(checks=pa.Check.isin(list(patient_ids), error="not_in_patients"))


def _days() -> pa.Column:
    """Require a day that can be one."""
    return pa.Column(
        float,
        checks=pa.Check.in_range(FIRST_DAY, LAST_DAY, error="day_out_of_range"),
        nullable=False,
    )


def _is_item(table: pd.DataFrame) -> pd.Series[bool]:
    """Mark the rows that hold one item of a scale, not its total."""
    none = pd.Series(data=False, index=table.index)
    return table["item"].notna() if "item" in table else none


def _known_columns(
    texts: pd.DataFrame,
    required: tuple[str, ...],
    accepted: tuple[str, ...],
    where: str,
    ignore_unknown: bool,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Refuse missing and unknown columns, or leave the unknown out with a note."""
    present = [str(name) for name in texts]
    unknown = [name for name in present if name not in accepted]
    faults = [
        Fault(None, name, "missing_column", f"{where}: column {name} is missing; add or map it")
        for name in required
        if name not in present
    ]
    if not ignore_unknown:
        faults += [
            Fault(
                None,
                name,
                "unknown_column",
                f"{where}: column {name} is unknown{nearest(name, accepted)}",
            )
            for name in unknown
        ]
    if faults:
        raise InvalidInputError(" ".join(fault.message for fault in faults), faults)
    notes = (f"{where}: ignored unknown columns {', '.join(unknown)}",) if unknown else ()
    return texts.drop(columns=unknown), notes


def _known_people(
    texts: pd.DataFrame, patient_ids: frozenset[str], where: str, ignore_unknown: bool
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Leave out people who are not in the patients table, where that is wanted."""
    known = texts["patient_id"].isin(list(patient_ids))
    if not ignore_unknown or known.all():
        return texts, ()
    count = int((~known).sum())
    return texts[known], (f"{where}: ignored {count} rows of people not in the patients table",)


def _typed(
    texts: pd.DataFrame, numbers: tuple[str, ...], where: str
) -> tuple[pd.DataFrame, list[Fault]]:
    """Read numbers; an empty cell is NaN, anything else that is no finite number a fault."""
    table = texts.copy()
    faults: list[Fault] = []
    for column in (name for name in numbers if name in texts):
        values = np.array([_number(text) for text in texts[column]], dtype=float)
        refused = ~np.isfinite(values) & (texts[column] != "").to_numpy()
        faults += [
            Fault(
                int(row),
                column,
                "not_a_number",
                f"{where}, row {row}, {column}: a number is needed; leave the cell empty if it is "
                "not known",
            )
            for row in texts.index[refused]
        ]
        table[column] = np.where(refused, np.nan, values)
    return table, faults


def _number(text: str) -> float:
    """Read a number; NaN where there is none."""
    try:
        return float(text)
    except ValueError:
        return np.nan


def _unified(names: pd.Series[str], known: tuple[str, ...]) -> list[str]:
    """Spell instruments as we do, whatever the capitals, spaces and hyphens."""
    spelling = {_letters(name): name for name in known}
    return [spelling.get(_letters(name), name) for name in names]


def _letters(name: str) -> str:
    """Keep letters and digits."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _failures(
    schema: pa.DataFrameSchema,
    table: pd.DataFrame,
    known: list[Fault],
    words: Words,
    where: str,
) -> list[Fault]:
    """Check a table against its schema and put each failure into a sentence."""
    numbered = table.reset_index(names="row")
    try:
        schema.validate(numbered, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        if cases["index"].isna().any():  # pragma: no cover - a check of ours that does not run
            raise
    else:
        return []
    said = {(fault.row, fault.column) for fault in known}
    found: dict[tuple[int, str], Fault] = {}
    for check, place in zip(cases["check"], cases["index"], strict=True):
        rule = "day_missing" if check == "not_nullable" else str(check)
        column = _COLUMN_OF_RULE[rule]
        row = int(numbered["row"].iloc[int(place)])
        if (row, column) in said:
            continue
        template = words[rule]
        text = template if isinstance(template, str) else template(numbered.iloc[int(place)])
        key = (int(place), rule)
        found[key] = Fault(row, column, rule, f"{where}, row {row}, {column}: {text}")
    return list(found.values())


_COLUMN_OF_RULE: Mapping[str, str] = {
    "not_in_patients": "patient_id",
    "day_missing": "day",
    "day_out_of_range": "day",
    "instrument_unknown": "instrument",
    "event_unknown": "event",
    "score_out_of_range": "score",
    "duplicate_visit": "day",
}


def _hint(row: pd.Series[Any], ranges: Mapping[str, tuple[float, float]]) -> str:
    """Offer the instrument that is most like the one written."""
    return nearest(str(row["instrument"]), tuple(ranges))


def _range_words(row: pd.Series[Any], ranges: Mapping[str, tuple[float, float]]) -> str:
    """Say which totals a scale has."""
    low, high = ranges[row["instrument"]]
    return (
        f"{row['score']:g} is no {row['instrument']} total, which goes from {low:g} to {high:g}; "
        "check the score and the instrument"
    )


def _in_order(faults: list[Fault]) -> tuple[Fault, ...]:
    """Sort by row and column."""
    return tuple(sorted(faults, key=lambda fault: (fault.row or 0, fault.column or "")))
