"""People who were not treated: found in the tables, and what became of them by the same rule.

They are set apart before anything is trained on. In a cross-over they are the same people in
another period; the visits of that period never reach the treated outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predictor.errors import InvalidInputError
from predictor.rows import Rows
from training.column_map import ColumnMap, ControlArm, excluded_by, refuse_absent
from training.outcome import OutcomeDefinition, baseline_scores, response_outcome

Design = Literal["period", "arm", "trained_arm"]

SET_APART = "control_arm"
"""Rule under which untreated people are counted as left out of the treated cohort."""

RELAPSE = (
    "relapse is counted among responders, and those who respond without treatment are other people "
    "than those who respond to it: the two are not compared"
)


@dataclass(frozen=True, slots=True, eq=False)
class Control:
    """Untreated people with their outcome.

    Parameters
    ----------
    label, treatment : str
        What reports call the control and the treatment.
    design : str
        ``period``: the same people in another period; ``arm``: other people, never trained on;
        ``trained_arm``: other people, who are trained on as well.
    rows : Rows
        Their answers.
    observed : numpy.ndarray
        1 had the outcome, 0 had not, NaN not observed; shape (n,).
    reason : str
        Why the outcome was not decided; empty where it was.
    """

    label: str
    treatment: str
    design: Design
    rows: Rows
    observed: NDArray[np.float64]
    reason: str = ""


def is_untreated(table: pd.DataFrame, mapping: ColumnMap, where: str) -> NDArray[np.bool_]:
    """Find the untreated rows of a table, before it is renamed.

    Parameters
    ----------
    table : pandas.DataFrame
        Patients or visits as texts.
    mapping : ColumnMap
        Whose ``control_arm`` is applied.
    where : str
        ``patients`` or ``visits``: which of the two `table` is.

    Returns
    -------
    numpy.ndarray
        Bool, shape (n_rows,); all False where the control arm is declared elsewhere or nowhere.

    Raises
    ------
    InvalidInputError
        If the column or a level is not there, or it is not known of a person: a spelling mistake
        would train the model on untreated people.
    """
    rule = mapping.control_arm
    if rule is None or rule.table != where:
        return np.zeros(len(table), dtype=bool)
    refuse_absent(table, (rule.column,), f"{where}, control_arm")
    cells = table[rule.column]
    absent = [level for level in rule.levels if not (cells == level).any()]
    # of a period, a visit that nobody came to is no spelling mistake as long as another is there
    if absent and (where == "patients" or len(absent) == len(rule.levels)):
        raise InvalidInputError(
            f"column map, control_arm: no row of {where} has {', '.join(absent)} in {rule.column}; "
            "give the levels as they stand in the file"
        )
    if where == "patients":
        _refuse_unknown_arm(cells, mapping)
    return cells.isin(rule.levels).to_numpy(dtype=bool)


def _refuse_unknown_arm(cells: pd.Series[str], mapping: ColumnMap) -> None:
    """Refuse people of whom it is not known whether they were treated."""
    unknown = cells.isin(["", *mapping.patients.missing_codes])
    if unknown.any():
        raise InvalidInputError(
            f"patients, row {cells.index[unknown][0]}, {cells.name}: the arm is not known "
            f"({int(unknown.sum())} rows); fill it in or delete the rows"
        )


def left_out(
    patients: pd.DataFrame, mapping: ColumnMap
) -> tuple[list[str | None], NDArray[np.bool_]]:
    """Name the rule that keeps each person out of the treated cohort, and mark the untreated.

    Parameters
    ----------
    patients : pandas.DataFrame
        As texts, before it is renamed.
    mapping : ColumnMap
        Eligibility and control arm.

    Returns
    -------
    excluded : list of str or None
        None for those who stay.
    untreated : numpy.ndarray
        Bool, shape (n_rows,), whether eligible or not.
    """
    excluded = excluded_by(patients, mapping.eligibility)
    untreated = is_untreated(patients, mapping, "patients")
    if mapping.control_arm is not None and not mapping.control_arm.trained_on:
        for place in np.flatnonzero(untreated):
            excluded[place] = excluded[place] or SET_APART
    return excluded, untreated


def control_of(
    rule: ControlArm,
    definition: OutcomeDefinition,
    rows: Rows,
    *,
    visits: pd.DataFrame,
    untreated: pd.DataFrame,
) -> Control:
    """Decide the outcome of the untreated by the rule of the treated.

    Parameters
    ----------
    rule : ControlArm
        How they were declared.
    definition : OutcomeDefinition
        The rule.
    rows : Rows
        The untreated people; of a cross-over, the people of the cohort.
    visits : pandas.DataFrame
        Checked; of a cross-over those of the treated period, which lends its baseline where the
        control period has none.
    untreated : pandas.DataFrame
        Visits of the control period; empty unless a cross-over.

    Returns
    -------
    Control
        Not decided for relapse.
    """
    people: Sequence[str | None] = rows.patient_ids
    if definition.task == "relapse":
        nothing = np.full(len(people), np.nan)
        return Control(rule.label, rule.treatment, _design(rule), rows, nothing, RELAPSE)
    if rule.table == "visits":
        start = baseline_scores(definition, untreated, people)
        lacking = [one for one, known in zip(people, start, strict=True) if np.isnan(known)]
        window = definition.baseline
        lent = visits["patient_id"].isin(lacking) & visits["day"].between(window.first, window.last)
        visits = pd.concat([untreated, visits[lent]])
    observed = response_outcome(definition, visits, people).observed
    return Control(rule.label, rule.treatment, _design(rule), rows, observed)


def _design(rule: ControlArm) -> Design:
    """Name how the untreated stand to the treated."""
    if rule.table == "visits":
        return "period"
    return "trained_arm" if rule.trained_on else "arm"
