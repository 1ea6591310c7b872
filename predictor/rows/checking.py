"""Checks of whole rows: ranges, columns that contradict each other, ids that repeat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from predictor.rows.derivation import body_mass_index
from predictor.rows.fields import Array, Field, Plan
from predictor.rows.wording import Finding, exact_number, range_words, with_unit

KG_PER_POUND = 0.45359237
# weight to whole kg and height to whole cm move a BMI by about 2 %; a BMI typed as a whole
# number by up to 3 %
BMI_TOLERANCE = 0.05
# at and above this BMI a weight that would give a BMI of 15 to 35 in pounds is asked back
SUSPECT_BMI = 50.0
LIKELY_BMI = (15.0, 35.0)
# an interview that counts trials names its instrument too, but has no maximum score
_SCORE_UNITS = ("", "{score}")


def range_findings(plan: Plan, matrix: Array) -> list[Finding]:
    """Find values outside the hard range and fractions where whole numbers are accepted.

    Parameters
    ----------
    plan : Plan
        Lookups of the dictionary.
    matrix : array of shape (n_fields, n)
        Codes, NaN where missing or refused.

    Returns
    -------
    list of Finding
        One per refused cell: ``below_hard_range``, ``above_hard_range``,
        ``above_scale_maximum``, ``item_out_of_range`` or ``not_an_integer``.
    """
    outside = (matrix < plan.low) | (matrix > plan.high)
    fraction = plan.integers & (matrix != np.floor(matrix)) & ~np.isnan(matrix)
    found = []
    for position, index in np.argwhere(outside | fraction):
        field = plan.ordered[position]
        value = float(matrix[position, index])
        rule, words = _out_of_range(field, value)
        found.append(Finding(int(index), int(position), field.name, rule, words))
    return found


def _out_of_range(field: Field, value: float) -> tuple[str, str]:
    """Say what is wrong with a number."""
    low, high = field.hard
    variable = field.variable
    unit = "" if field.is_item else variable.unit
    accepted = f"{range_words(low, high, unit)} are accepted"
    number = exact_number(value)
    if low <= value <= high:
        words = f"{number} is not a whole number; whole numbers from {accepted}, check the value"
        return "not_an_integer", words
    if field.is_item:
        return "item_out_of_range", f"{number} is no answer to this item; {accepted}"
    is_scale = variable.instrument is not None and unit in _SCORE_UNITS
    if value > high and is_scale:
        words = (
            f"{number} is above the maximum of {variable.instrument}, {exact_number(high)}; check "
            "the total and the version of the scale"
        )
        return "above_scale_maximum", words
    check = "check the total" if is_scale else "check the unit"
    if not variable.typed:
        check = f"check {', '.join(variable.derived_from)}"
    if value < low:
        words = f"{number} is below {with_unit(low, unit)}; {accepted}, {check}"
        return "below_hard_range", words
    return "above_hard_range", f"{number} is above {with_unit(high, unit)}; {accepted}, {check}"


def plausible_findings(plan: Plan, matrix: Array) -> list[Finding]:
    """Find accepted values that are rare enough to look at again.

    Parameters
    ----------
    plan : Plan
        Lookups of the dictionary.
    matrix : array of shape (n_fields, n)
        Codes in their hard ranges, NaN where missing or refused.

    Returns
    -------
    list of Finding
        Warnings ``outside_plausible_range``.
    """
    outside = (matrix < plan.plausible_low) | (matrix > plan.plausible_high)
    found = []
    for position, index in np.argwhere(outside):
        field = plan.ordered[position]
        value = exact_number(float(matrix[position, index]))
        low, high = field.plausible
        usual = range_words(low, high, field.variable.unit)
        words = f"{value} is outside the usual {usual}; it is accepted, check it"
        found.append(
            Finding(int(index), int(position), field.name, "outside_plausible_range", words)
        )
    return found


def cross_findings(plan: Plan, matrix: Array) -> list[Finding]:
    """Find columns that contradict each other.

    Parameters
    ----------
    plan : Plan
        Lookups of the dictionary.
    matrix : array of shape (n_fields, n)
        Codes in their hard ranges, NaN where missing or refused.

    Returns
    -------
    list of Finding
        One per row and rule; a check whose variables the dictionary lacks finds nothing.
    """
    return (
        _diastolic_above_systolic(plan, matrix)
        + _onset_above_age(plan, matrix)
        + _interval_without_maintenance(plan, matrix)
        + _weight_and_bmi(plan, matrix)
    )


def _of(plan: Plan, matrix: Array, *names: str) -> tuple[Array, ...] | None:
    """Give the values of some variables, or None if the dictionary lacks one or none is given."""
    if any(name not in plan.fields for name in names):
        return None
    values = tuple(matrix[plan.fields[name].position] for name in names)
    return None if any(np.isnan(value).all() for value in values) else values


def _finding(plan: Plan, index: int, column: str, rule: str, words: str) -> Finding:
    """Place a finding at a column."""
    return Finding(int(index), plan.fields[column].position, column, rule, words)


def _diastolic_above_systolic(plan: Plan, matrix: Array) -> list[Finding]:
    """Refuse a diastolic pressure that is not below the systolic one."""
    pressures = _of(plan, matrix, "systolic_mmhg", "diastolic_mmhg")
    if pressures is None:
        return []
    systolic, diastolic = pressures
    return [
        _finding(
            plan,
            index,
            "diastolic_mmhg",
            "diastolic_above_systolic",
            f"{exact_number(diastolic[index])} mmHg is not below systolic_mmhg, "
            f"{exact_number(systolic[index])}; check whether the two are swapped",
        )
        for index in np.flatnonzero(diastolic >= systolic)
    ]


def _onset_above_age(plan: Plan, matrix: Array) -> list[Finding]:
    """Refuse an age at onset above the age."""
    ages = _of(plan, matrix, "age_years", "age_at_onset_years")
    if ages is None:
        return []
    age, onset = ages
    return [
        _finding(
            plan,
            index,
            "age_at_onset_years",
            "age_at_onset_above_age",
            f"{exact_number(onset[index])} is above age_years, {exact_number(age[index])}; the age "
            "at the first episode is accepted, correct one of them",
        )
        for index in np.flatnonzero(onset > age)
    ]


def _interval_without_maintenance(plan: Plan, matrix: Array) -> list[Finding]:
    """Refuse an interval between doses that are not planned."""
    answers = _of(plan, matrix, "maintenance_planned", "maintenance_interval_days")
    if answers is None:
        return []
    planned, interval = answers
    return [
        _finding(
            plan,
            index,
            "maintenance_interval_days",
            "interval_without_maintenance",
            f"{exact_number(interval[index])} days are given but maintenance_planned is no; leave "
            "the interval empty or answer yes",
        )
        for index in np.flatnonzero((planned == 0.0) & ~np.isnan(interval))
    ]


def _weight_and_bmi(plan: Plan, matrix: Array) -> list[Finding]:
    """Refuse a weight in pounds and a BMI that weight and height rule out."""
    body = _of(plan, matrix, "weight_kg", "height_cm")
    if body is None or "bmi" not in plan.fields:
        return []
    weight, height = body
    given = matrix[plan.fields["bmi"].position]
    in_kg = body_mass_index(weight, height)
    in_pounds = in_kg * KG_PER_POUND
    disagrees = np.abs(given - in_kg) > BMI_TOLERANCE * in_kg
    fits_pounds = np.abs(given - in_pounds) <= BMI_TOLERANCE * in_pounds
    likely = (in_pounds >= LIKELY_BMI[0]) & (in_pounds <= LIKELY_BMI[1])
    suspect = np.isnan(given) & (in_kg >= SUSPECT_BMI) & likely
    pounds = suspect | (disagrees & fits_pounds)
    found = [
        _finding(
            plan,
            index,
            "weight_kg",
            "weight_in_pounds",
            _pounds_words(weight[index], height[index]),
        )
        for index in np.flatnonzero(pounds)
    ]
    return found + [
        _finding(
            plan,
            index,
            "bmi",
            "bmi_disagrees",
            f"{exact_number(given[index])} is given but weight_kg and height_cm make "
            f"{in_kg[index]:.1f} kg/m2; correct one of the three or leave bmi empty",
        )
        for index in np.flatnonzero(disagrees & ~fits_pounds)
    ]


def _pounds_words(weight: float, height: float) -> str:
    """Say what the weight is when read as pounds."""
    return (
        f"{exact_number(weight)} kg at {exact_number(height)} cm looks like pounds "
        f"({exact_number(weight)} lb are {weight * KG_PER_POUND:.1f} kg); give the weight in kg, "
        "or confirm it with the bmi that belongs to it"
    )


def missing_unit_findings(plan: Plan, matrix: Array) -> list[Finding]:
    """Find planned doses without a unit.

    Parameters
    ----------
    plan : Plan
        Lookups of the dictionary.
    matrix : array of shape (n_fields, n)
        Codes in their hard ranges, NaN where missing or refused.

    Returns
    -------
    list of Finding
        Warnings ``dose_without_unit``: the dose per kg counts as missing.
    """
    if "planned_dose" not in plan.fields or "planned_dose_unit" not in plan.fields:
        return []
    dose = matrix[plan.fields["planned_dose"].position]
    unit = matrix[plan.fields["planned_dose_unit"].position]
    words = "a dose is given without planned_dose_unit; it counts as missing, add mg/kg or mg"
    return [
        _finding(plan, index, "planned_dose_unit", "dose_without_unit", words)
        for index in np.flatnonzero(~np.isnan(dose) & np.isnan(unit))
    ]


def id_findings(patient_ids: Sequence[str | None], *, require_ids: bool) -> list[Finding]:
    """Find ids that stand in several rows, and missing ones where ids are needed.

    Every row of a repeated id is refused: which of them is right cannot be told.

    Parameters
    ----------
    patient_ids : sequence of str or None
        One per row.
    require_ids : bool
        Whether a missing id is a fault.

    Returns
    -------
    list of Finding
        ``repeated_id`` and ``missing_id``; no id is named.
    """
    rows: defaultdict[str, list[int]] = defaultdict(list)
    found: list[Finding] = []
    for index, patient_id in enumerate(patient_ids):
        if patient_id is not None:
            rows[patient_id].append(index)
        elif require_ids:
            words = "the id is missing; give each patient an id of their own"
            found.append(Finding(index, -2, "patient_id", "missing_id", words))
    for places in rows.values():
        for index in places if len(places) > 1 else ():
            other = next(place for place in places if place != index) + 1
            words = f"the id stands also in row {other}; one row per patient is accepted, keep one"
            found.append(Finding(index, -2, "patient_id", "repeated_id", words))
    return found
