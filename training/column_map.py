"""Anybody's export becomes the tables of this project: columns renamed, values recoded.

The first step of the way. A column map is written in YAML; it names what it changes, everything
else passes unchanged and is checked later against the data dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from predictor.errors import Fault, InvalidInputError
from training.settings import nearest
from training.text_table import plain_text

WIDE_COLUMN = re.compile(r"(?P<instrument>[A-Za-z][A-Za-z0-9_-]*)_day(?P<day>-?\d+(\.\d+)?)")


Text = Annotated[str, BeforeValidator(plain_text)]


class EligibilityRule(BaseModel):
    """Who stays in the cohort, by the columns of the export as they are.

    Parameters
    ----------
    rule : str
        Name under which people without an accepted value are counted as excluded.
    columns : tuple of str
        A person stays if any of these columns holds one of `keep`.
    keep : tuple of str
        Accepted values.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    columns: tuple[str, ...]
    keep: tuple[Text, ...]


class TableMap(BaseModel):
    """How one table of an export becomes ours.

    Parameters
    ----------
    columns : dict of str to str
        Their name of a column to ours.
    recode : dict of str to dict
        Our name of a column to the values to change: theirs to ours. Others pass unchanged.
    missing_codes : tuple of str
        Texts that mean "not known" in every column of the table.
    drop : tuple of str
        Columns that are not read.
    only_named : bool
        Whether columns not named in `columns` are not read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[str, str] = {}
    recode: dict[str, dict[Text, Text]] = {}
    missing_codes: tuple[Text, ...] = ()
    drop: tuple[str, ...] = ()
    only_named: bool = False

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        names = list(self.columns.values())
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two columns become {', '.join(twice)}; keep one")
        return self


class WideColumn(BaseModel):
    """What one column of a wide visits table holds.

    Parameters
    ----------
    instrument : str
        Name of the scale.
    day : float
        Nominal day of the visit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    instrument: str
    day: float


class VisitsMap(TableMap):
    """How a table of visits becomes ours: one row for each person, day and instrument.

    Parameters
    ----------
    wide : bool
        One row for each person, columns such as ``madrs_day14``; columns that are neither such
        nor ``patient_id`` are not read.
    wide_columns : dict of str to WideColumn
        The same for columns of any other name (their name).
    score_columns : dict of str to str
        One row for each person and day, one column for each scale: instrument to their column.
    instrument : str or None
        The instrument, where the table holds one only and no such column.
    """

    wide: bool = False
    wide_columns: dict[str, WideColumn] = {}
    score_columns: dict[str, str] = {}
    instrument: str | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        shapes = (self.reads_wide, bool(self.score_columns), self.instrument is not None)
        if sum(shapes) > 1:
            raise ValueError("give one of wide or wide_columns, score_columns, instrument")
        return self

    @property
    def reads_wide(self) -> bool:
        """Whether visits stand side by side."""
        return self.wide or bool(self.wide_columns)

    def wide_meaning(self, column: str) -> WideColumn | None:
        """Say which visit a column holds.

        Parameters
        ----------
        column : str
            Their name of the column.

        Returns
        -------
        WideColumn or None
            None if it holds no visit.
        """
        found = WIDE_COLUMN.fullmatch(column) if self.wide else None
        if column in self.wide_columns or found is None:
            return self.wide_columns.get(column)
        return WideColumn(instrument=found["instrument"], day=float(found["day"]))


class ControlArm(BaseModel):
    """Who was not treated, so that the model can be scored there beside the treated.

    Parameters
    ----------
    table : str
        ``patients``: untreated people, nobody of whom is trained on. ``visits``: untreated rows of
        a cross-over, days counted from the control infusion; where no row of the control period is
        a baseline, the one of the treated period is.
    column : str
        Column that tells the arms apart, as it is in the export.
    levels : tuple of str
        Its values for the untreated; each must be there.
    label, treatment : str
        What reports call the control and the treatment.
    trained_on : bool
        Of the patients table: the untreated stay among the training rows as well.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: Literal["patients", "visits"] = "patients"
    column: str
    levels: Annotated[tuple[Text, ...], Field(min_length=1)]
    label: str = "control"
    treatment: str = "ketamine"
    trained_on: bool = False

    @model_validator(mode="after")
    def _people_are_trained_on(self) -> Self:
        if self.trained_on and self.table == "visits":
            raise ValueError("untreated visits are never trained on; leave out trained_on")
        return self


class ColumnMap(BaseModel):
    """A whole export.

    Parameters
    ----------
    patients, events : TableMap
        Tables with one row for each person or event.
    visits : VisitsMap
        The table of scores.
    eligibility : tuple of EligibilityRule
        Applied to the patients table in order, before anything is renamed.
    control_arm : ControlArm or None
        Who was not treated; read before anything is renamed.
    outcomes_carried_forward : bool
        Whether scores that were not observed were filled with earlier ones: no run uses such data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    patients: TableMap = TableMap()
    visits: VisitsMap = VisitsMap()
    events: TableMap = TableMap()
    eligibility: tuple[EligibilityRule, ...] = ()
    control_arm: ControlArm | None = None
    outcomes_carried_forward: bool = False


def excluded_by(table: pd.DataFrame, rules: Sequence[EligibilityRule]) -> list[str | None]:
    """Find for each person the first eligibility rule that is not met.

    Parameters
    ----------
    table : pandas.DataFrame
        The patients table as texts, before it is renamed.
    rules : sequence of EligibilityRule
        In the order in which they are applied.

    Returns
    -------
    list of str or None
        Name of the rule; None for those who stay.

    Raises
    ------
    InvalidInputError
        If a rule reads a column that the table does not have.
    """
    found: list[str | None] = [None] * len(table)
    for rule in rules:
        refuse_absent(table, rule.columns, f"patients, eligibility {rule.rule}")
        met = table[list(rule.columns)].isin(rule.keep).any(axis=1)
        found = [name or (None if ok else rule.rule) for name, ok in zip(found, met, strict=True)]
    return found


def map_patients(table: pd.DataFrame, column_map: ColumnMap) -> pd.DataFrame:
    """Apply the map to the patients table.

    Parameters
    ----------
    table : pandas.DataFrame
        As texts.
    column_map : ColumnMap
        Columns that its visits map reads as wide visits are left out here.

    Returns
    -------
    pandas.DataFrame
        Our names and values, as texts.
    """
    visits = column_map.visits
    named = {*column_map.patients.columns, *column_map.patients.drop}
    wide = [name for name in table if name not in named and visits.wide_meaning(str(name))]
    return map_table(table.drop(columns=wide), column_map.patients, where="patients")


def map_table(table: pd.DataFrame, table_map: TableMap, *, where: str) -> pd.DataFrame:
    """Drop and rename columns, blank missing codes, recode values.

    Parameters
    ----------
    table : pandas.DataFrame
        As texts.
    table_map : TableMap
        What to change.
    where : str
        Name of the table, for the message.

    Returns
    -------
    pandas.DataFrame
        A new table with the same index.

    Raises
    ------
    InvalidInputError
        If the map names a column that is not there, or a new name is already taken.
    """
    refuse_absent(table, (*table_map.columns, *table_map.drop), where)
    kept = table.drop(columns=list(table_map.drop))
    if table_map.only_named:
        kept = kept[list(table_map.columns)]
    taken = sorted(set(table_map.columns.values()) & (set(kept) - set(table_map.columns)))
    if taken:
        raise InvalidInputError(
            f"column map, {where}: {', '.join(taken)} stands in the table and is also a new name; "
            "drop or rename the column that is there"
        )
    renamed = kept.mask(kept.isin(table_map.missing_codes), "").rename(columns=table_map.columns)
    refuse_absent(renamed, tuple(table_map.recode), f"{where}, recode")
    changes = {name: _recoded(renamed[name], codes) for name, codes in table_map.recode.items()}
    return renamed.assign(**changes)


def map_visits(table: pd.DataFrame, visits_map: VisitsMap) -> pd.DataFrame:
    """Apply the map to the visits table and make it long.

    Parameters
    ----------
    table : pandas.DataFrame
        As texts.
    visits_map : VisitsMap
        What to change.

    Returns
    -------
    pandas.DataFrame
        One row for each person, day and instrument, as texts; the index is the number of the row
        it came from. Empty cells of wide tables and score columns are no visits.
    """
    if visits_map.reads_wide:
        return _from_wide(table, visits_map)
    refuse_absent(table, tuple(visits_map.score_columns.values()), "visits, score_columns")
    mapped = map_table(table, visits_map, where="visits")
    if visits_map.instrument is not None:
        return mapped.assign(instrument=visits_map.instrument)
    if not visits_map.score_columns:
        return mapped
    scores = list(visits_map.score_columns.values())
    shared = mapped.drop(columns=scores)
    parts = [
        shared.assign(instrument=instrument, score=mapped[column])
        for instrument, column in visits_map.score_columns.items()
    ]
    long = pd.concat(parts)
    return long[long["score"] != ""]


def _from_wide(table: pd.DataFrame, visits_map: VisitsMap) -> pd.DataFrame:
    """Put visits that stand side by side below each other."""
    refuse_absent(table, tuple(visits_map.wide_columns), "visits, wide_columns")
    meanings = {str(name): visits_map.wide_meaning(str(name)) for name in table}
    wide = {name: meaning for name, meaning in meanings.items() if meaning is not None}
    mapped = map_table(table.drop(columns=list(wide)), visits_map, where="visits")
    refuse_absent(mapped, ("patient_id",), "visits")
    if not wide:
        raise InvalidInputError(
            "visits: no column holds a visit; accepted are names such as madrs_day14, or "
            "wide_columns in the column map"
        )
    cells = table[list(wide)].mask(table[list(wide)].isin(visits_map.missing_codes), "")
    parts = [
        mapped[["patient_id"]].assign(
            day=f"{meaning.day:g}", instrument=meaning.instrument, score=cells[name]
        )
        for name, meaning in wide.items()
    ]
    long = pd.concat(parts)
    return long[long["score"] != ""]


def _recoded(values: pd.Series[str], codes: Mapping[str, str]) -> pd.Series[str]:
    """Replace the values that have a code."""
    return values.map(lambda value: codes.get(value, value))


def refuse_absent(table: pd.DataFrame, columns: Sequence[str], where: str) -> None:
    """Refuse a map that names a column the table does not have.

    Parameters
    ----------
    table : pandas.DataFrame
        As texts.
    columns : sequence of str
        Named in the map.
    where : str
        Part of the map, for the message.

    Raises
    ------
    InvalidInputError
        Naming the nearest column for each.
    """
    known = tuple(str(name) for name in table)
    faults = [
        Fault(
            None,
            name,
            "absent_column",
            f"{where}: there is no column {name}{nearest(name, known)}",
        )
        for name in columns
        if name not in known
    ]
    if faults:
        raise InvalidInputError(" ".join(fault.message for fault in faults), faults)
