"""Values worked out from other columns: totals from items, BMI, dose per kg, resistance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from predictor.dictionary import Instrument, Variable
from predictor.rows.fields import Array, Plan
from predictor.rows.wording import Finding, exact_number

Counts = npt.NDArray[np.signedinteger[Any]]
Mask = npt.NDArray[np.bool_]


def body_mass_index(weight_kg: Array, height_cm: Array) -> Array:
    """Divide weight by height squared.

    Parameters
    ----------
    weight_kg : array of shape (n,)
        Weight in kg, NaN where missing.
    height_cm : array of shape (n,)
        Height in cm, above 0, NaN where missing.

    Returns
    -------
    array of shape (n,)
        BMI in kg/m2, NaN where either is missing.
    """
    return np.asarray(weight_kg / (height_cm / 100.0) ** 2, dtype=np.float64)


def fill_totals(
    plan: Plan, matrix: Array, refused: Mask
) -> tuple[Array, list[Finding], list[Finding]]:
    """Compute the totals that are not given from the items that are.

    Assumes that a missing item is like the answered ones of the same person (where the
    instrument prorates). A given total is kept and checked against the items.

    Parameters
    ----------
    plan : Plan
        Lookups of the dictionary.
    matrix : array of shape (n_fields, n)
        Codes in their ranges, NaN where missing or refused.
    refused : array of bool of shape (n_fields, n)
        Where a cell was refused; no total is computed from a refused item.

    Returns
    -------
    matrix : array of shape (n_fields, n)
        With computed totals.
    faults : list of Finding
        Given totals that the items rule out (``total_disagrees_with_items``).
    warnings : list of Finding
        Totals left missing because too few items are answered (``too_many_items_missing``).
    """
    filled = matrix.copy()
    faults: list[Finding] = []
    warnings: list[Finding] = []
    for instrument, items, position in plan.scales:
        if np.isnan(matrix[items]).all():
            continue
        given = matrix[position]
        answered, total = _totals(instrument, matrix[items])
        free = ~(refused[items].any(axis=0) | refused[position])
        take = free & np.isnan(given)
        filled[position, take] = total[take]
        short = take & np.isnan(total) & (answered > 0)
        warnings += _too_few(instrument, position, answered, np.flatnonzero(short))
        faults += _disagreements(instrument, position, given, matrix[items])
    return filled, faults, warnings


def _totals(instrument: Instrument, items: Array) -> tuple[Counts, Array]:
    """Count answered items and sum them; exact integers, so that halves round up."""
    counted = _reversed(instrument, items)
    n_items = len(instrument.items)
    answered = (~np.isnan(counted)).sum(axis=0)
    missing = n_items - answered
    allowed = instrument.may_be_missing if instrument.prorating == "mean" else 0
    sums = np.nansum(counted, axis=0).astype(np.int64)
    divisor = np.maximum(answered, 1)
    prorated = (2 * sums * n_items + divisor) // (2 * divisor)
    usable = (missing <= allowed) & (answered > 0)
    return answered, np.where(usable, prorated, np.nan)


def _reversed(instrument: Instrument, items: Array) -> Array:
    """Turn the items that are counted the other way round."""
    low, high = instrument.item_range
    turned = np.array([[item in instrument.reverse] for item in instrument.items])
    return np.where(turned, low + high - items, items)


def _too_few(
    instrument: Instrument, position: int, answered: Counts, rows: Counts
) -> list[Finding]:
    """Warn where a total stays missing."""
    n_items = len(instrument.items)
    allowed = instrument.may_be_missing if instrument.prorating == "mean" else 0
    return [
        Finding(
            int(index),
            position,
            instrument.total,
            "too_many_items_missing",
            f"{answered[index]} of {n_items} items of {instrument.label} are answered and "
            f"{n_items - allowed} are needed; the total counts as missing, answer more items or "
            "give the total",
        )
        for index in rows
    ]


def _disagreements(
    instrument: Instrument, position: int, given: Array, items: Array
) -> list[Finding]:
    """Find given totals that no answer to the missing items can reach."""
    counted = _reversed(instrument, items)
    missing = np.isnan(counted).sum(axis=0)
    sums = np.nansum(counted, axis=0)
    lowest = sums + missing * instrument.item_range[0]
    highest = sums + missing * instrument.item_range[1]
    wrong = (given < lowest) | (given > highest)
    wrong &= missing < len(instrument.items)
    return [
        Finding(
            int(index),
            position,
            instrument.total,
            "total_disagrees_with_items",
            f"{exact_number(given[index])} is given but the items add up to "
            f"{_between(lowest[index], highest[index])}; correct the total or the items",
        )
        for index in np.flatnonzero(wrong)
    ]


def _between(low: float, high: float) -> str:
    """Write one number or a range."""
    if low == high:
        return exact_number(low)
    return f"between {exact_number(low)} and {exact_number(high)}"


def fill_derived(plan: Plan, matrix: Array, refused: Mask) -> Array:
    """Fill the variables that a formula gives.

    A typed value goes before a derived one; a refused value is not replaced.

    Parameters
    ----------
    plan : Plan
        Lookups of the dictionary.
    matrix : array of shape (n_fields, n)
        Codes in their ranges, NaN where missing or refused.
    refused : array of bool of shape (n_fields, n)
        Where a cell was refused.

    Returns
    -------
    array of shape (n_fields, n)
        With derived values, not yet checked against their ranges.
    """
    filled = matrix.copy()
    for variable in plan.dictionary.variables:
        if variable.derived is None:
            continue
        sources = [plan.dictionary[name] for name in variable.derived_from]
        values = [filled[plan.fields[name].position] for name in variable.derived_from]
        derived = _FORMULAS[variable.derived](sources, values)
        position = plan.fields[variable.id].position
        take = np.isnan(filled[position]) & ~refused[position]
        filled[position, take] = derived[take]
    return filled


def _bmi(sources: Sequence[Variable], values: Sequence[Array]) -> Array:
    """Derive the BMI from weight and height."""
    by_unit = {source.unit: value for source, value in zip(sources, values, strict=True)}
    return body_mass_index(by_unit["kg"], by_unit["cm"])


def _dose_mg_per_kg(sources: Sequence[Variable], values: Sequence[Array]) -> Array:
    """Derive the dose per kg; a dose in mg needs the weight, a dose without unit stays missing."""
    unit = next(index for index, source in enumerate(sources) if source.levels)
    weight = next(index for index, source in enumerate(sources) if source.unit == "kg")
    dose = next(index for index in range(len(sources)) if index not in (unit, weight))
    levels = sources[unit].levels
    per_kg = np.full_like(values[dose], np.nan)
    is_per_kg = values[unit] == levels.index("mg/kg")
    is_mg = values[unit] == levels.index("mg")
    per_kg[is_per_kg] = values[dose][is_per_kg]
    per_kg[is_mg] = (values[dose] / values[weight])[is_mg]
    return per_kg


def _at_least_two(sources: Sequence[Variable], values: Sequence[Array]) -> Array:
    """Derive yes from two or more."""
    del sources
    return np.where(np.isnan(values[0]), np.nan, (values[0] >= 2).astype(np.float64))


_FORMULAS: dict[str, Callable[[Sequence[Variable], Sequence[Array]], Array]] = {
    "bmi": _bmi,
    "dose_mg_per_kg": _dose_mg_per_kg,
    "at_least_two": _at_least_two,
}
