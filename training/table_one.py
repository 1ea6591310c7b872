"""Table 1: who is in the cohort, by outcome."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd

from predictor.dictionary import Dictionary, Variable
from predictor.wording import signed
from training.cohort import Cohort
from training.metrics import MeasureUndefinedError
from training.metrics.differences import smd_of_levels, smd_of_numbers
from training.suppression import SUPPRESSED_BELOW, hidden_cells

GROUPS = {
    "response": ("responded", "did not respond", "outcome missing"),
    "relapse": ("relapsed", "no relapse seen", "not at risk"),
}

FEWEST_COMPARED = 10
"""Fewer answers than this in either group, and no difference between the groups is shown."""

NO_SMD = "–"
"""Stands where there is no difference to show: too few answers, or nobody differs."""

FEW, NOT_SHOWN = f"fewer than {SUPPRESSED_BELOW}", "not shown"
"""Stand for a count that is hidden, and for one from which such a count would follow."""

_HARMLESS_WARNINGS = (
    # tableone 0.9.6 writes its row "n" in a way that pandas 4 will refuse
    "Setting a new row on a DataFrame with a MultiIndex",
    # it computes what is not shown, also for groups of one or without any value
    "Degrees of freedom <= 0",
    "Mean of empty slice",
    "All-NaN slice encountered",
)


def table_one(cohort: Cohort, *, hide_few: bool = False) -> pd.DataFrame:
    """Describe the eligible people by outcome, without any test of a difference.

    Parameters
    ----------
    cohort : Cohort
        Numbers are described by median and quartiles, levels by counts and percent; a variable
        that nobody has is left out.
    hide_few : bool
        Whether counts of fewer than 10 people are hidden, with those from which one would follow,
        numbers of groups of whom fewer answered, and differences that would tell of either. How
        many people a group has and how many did not answer are counts of the flow, and told.

    Returns
    -------
    pandas.DataFrame
        One row for each variable or level; columns ``variable``, ``level``, ``missing``,
        ``overall``, one for each outcome that occurs, and ``smd``: the standardised difference
        between those with the event and those without it, in the first line of each variable.
        Every cell is a text.

    References
    ----------
    Pollard TJ, Johnson AEW, Raffa JD, Mark RG (2018). tableone. JAMIA Open 1:26-31.
    """
    shown = [v for v in cohort.dictionary.variables if _is_shown(v, cohort)]
    if not shown or not len(cohort.rows):
        return pd.DataFrame(columns=["variable", "level", "missing", "overall"])
    groups = _groups(cohort)
    data = pd.DataFrame({v.id: _described(v, cohort.rows.values[v.id]) for v in shown})
    with warnings.catch_warnings():
        for message in _HARMLESS_WARNINGS:
            warnings.filterwarnings("ignore", message=message)
        table = _tableone(data.assign(outcome=groups), shown)
    table.columns = pd.Index([str(name[-1]) for name in table.columns])
    texts = _as_texts(table, cohort.dictionary, list(GROUPS[cohort.definition.task]))
    ids = [str(name).partition(",")[0] for name in table.index.get_level_values(0)]
    smd = {v.id: _smd(v, cohort) for v in shown}
    first = [place == 0 or ids[place - 1] != name for place, name in enumerate(ids)]
    whole = texts.assign(
        smd=[smd.get(name, "") if new else "" for name, new in zip(ids, first, strict=True)]
    )
    return _without_few(whole, ids, shown, cohort) if hide_few else whole


def _without_few(
    table: pd.DataFrame, ids: list[str], shown: list[Variable], cohort: Cohort
) -> pd.DataFrame:
    """Hide what tells of few people; the rows of a variable stand in the order of its levels."""
    names = [name for name in GROUPS[cohort.definition.task] if name in table.columns]
    groups, columns, kept = np.array(_groups(cohort)), ["overall", *names], table.copy()
    for variable in shown:
        counts = _counts(variable, cohort.rows.values[variable.id], groups, names)
        few = np.column_stack([counts.sum(axis=1), counts]) < SUPPRESSED_BELOW
        hidden = hidden_cells(counts) if _has_levels(variable) else few
        rows = [place for place, name in enumerate(ids) if name == variable.id]
        for level, column in np.argwhere(hidden):
            words = FEW if few[level, column] else NOT_SHOWN
            kept.loc[rows[level], columns[column]] = words
        compared = [columns.index(n) for n in GROUPS[cohort.definition.task][:2] if n in names]
        if _has_levels(variable) and hidden[:, compared].any():
            kept.loc[rows[0], "smd"] = NO_SMD
    return kept


def _counts(
    variable: Variable, values: np.ndarray, groups: np.ndarray, names: list[str]
) -> npt.NDArray[np.int_]:
    """Count who answered, by level where there are levels, in each group."""
    answered = ~np.isnan(values)
    lines = [answered]
    if _has_levels(variable):
        lines = [values == level for level in np.unique(values[answered])]
    return np.array([[int((line & (groups == name)).sum()) for name in names] for line in lines])


def _smd(variable: Variable, cohort: Cohort) -> str:
    """Write the difference between those with the event and those without it."""
    values, happened = cohort.rows.values[variable.id], cohort.events
    counted = cohort.analysed & ~np.isnan(values)
    groups = values[counted & happened], values[counted & ~happened]
    if min(group.size for group in groups) < FEWEST_COMPARED:
        return NO_SMD
    try:
        if _has_levels(variable):
            return f"{smd_of_levels(*groups):.2f}"
        return signed(smd_of_numbers(*groups), digits=2)
    except MeasureUndefinedError:  # the note under the table says what the dash means
        return NO_SMD


def _tableone(data: pd.DataFrame, shown: list[Variable]) -> pd.DataFrame:
    """Let tableone count; it is imported here because it is slow to import."""
    from tableone import TableOne

    levels = [v.id for v in shown if _has_levels(v)]
    described: pd.DataFrame = TableOne(
        data,
        columns=[v.id for v in shown],
        categorical=levels,
        nonnormal=[v.id for v in shown if not _has_levels(v)],
        groupby="outcome",
        order={v.id: _present(v, data[v.id]) for v in shown if _has_levels(v)},
        include_null=False,
        pval=False,
    ).tableone
    return described


def _is_shown(variable: Variable, cohort: Cohort) -> bool:
    """Whether anybody has a value."""
    return variable.use != "input" and not bool(np.isnan(cohort.rows.values[variable.id]).all())


def _has_levels(variable: Variable) -> bool:
    """Whether the values are levels."""
    return variable.type in ("ordinal", "category", "yes_no")


def _level_names(variable: Variable) -> tuple[str, ...]:
    """Levels in the order of their codes."""
    return ("no", "yes") if variable.type == "yes_no" else variable.levels


def _present(variable: Variable, levels: pd.Series[str]) -> list[str]:
    """Levels that occur, in the order of their codes."""
    return [name for name in _level_names(variable) if (levels == name).any()]


def _described(variable: Variable, values: np.ndarray) -> list[object]:
    """Turn codes into levels; numbers stay."""
    if not _has_levels(variable):
        return list(values)
    names = _level_names(variable)
    return [None if np.isnan(value) else names[int(value)] for value in values]


def _groups(cohort: Cohort) -> list[str]:
    """Name everybody's outcome."""
    event, none, missing = GROUPS[cohort.definition.task]
    return [
        missing if not analysed else event if happened else none
        for analysed, happened in zip(cohort.analysed, cohort.events, strict=True)
    ]


def _as_texts(table: pd.DataFrame, dictionary: Dictionary, groups: list[str]) -> pd.DataFrame:
    """Put labels for ids and plain column names."""
    ids = [str(name).partition(",")[0] for name in table.index.get_level_values(0)]
    labels = [_label(dictionary[name]) if name in dictionary else "people" for name in ids]
    present = [group for group in groups if group in table.columns]
    cells = table[["Missing", "Overall", *present]].fillna("").astype(str)
    named = cells.rename(columns={"Missing": "missing", "Overall": "overall"})
    named.insert(0, "variable", labels)
    named.insert(1, "level", [str(level) for level in table.index.get_level_values(1)])
    return named.reset_index(drop=True)


def _label(variable: Variable) -> str:
    """Label with its unit."""
    shown = variable.unit and not variable.unit.startswith("{")
    return f"{variable.label} [{variable.unit}]" if shown else variable.label
