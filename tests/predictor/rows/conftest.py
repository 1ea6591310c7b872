"""A small dictionary with one of everything, written here so that no config is under test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from predictor.dictionary import Dictionary, Instrument, Variable
from predictor.errors import Fault
from predictor.rows import Rows, read_rows


def _number(name: str, low: float, high: float, unit: str = "", **more: object) -> Variable:
    return Variable(name, name, "number", "g", "s", unit=unit, hard_range=(low, high), **more)


def _integer(name: str, low: float, high: float, unit: str = "{score}", **more: object) -> Variable:
    return Variable(name, name, "integer", "g", "s", unit=unit, hard_range=(low, high), **more)


def _yes_no(name: str, **more: object) -> Variable:
    return Variable(name, name, "yes_no", "g", "s", **more)


@pytest.fixture(scope="session")
def dictionary() -> Dictionary:
    return Dictionary(
        (
            _number("age_years", 10, 110, "a", plausible_range=(18, 90)),
            _number("age_at_onset_years", 3, 100, "a"),
            Variable("sex", "Sex", "category", "g", "s", levels=("female", "male", "other")),
            Variable("diet", "Diet", "ordinal", "g", "s", levels=("poor", "fair", "good")),
            Variable("stage", "Stage", "ordinal", "g", "s", levels=("1", "2", "A", "a")),
            _yes_no("employed", missing_codes=("not_asked",)),
            _number(
                "bmi",
                10,
                90,
                "kg/m2",
                plausible_range=(15, 60),
                derived="bmi",
                derived_from=("weight_kg", "height_cm"),
            ),
            _number("weight_kg", 20, 350, "kg", use="input"),
            _number("height_cm", 100, 230, "cm", use="input"),
            _integer("madrs_total", 0, 60, instrument="MADRS", higher_is_worse=True),
            _integer("shaps_total", 3, 12, instrument="SHAPS"),
            _integer("failed_trials", 0, 40, "{count}", instrument="ATRQ", missing_codes=("-9",)),
            _yes_no(
                "treatment_resistant",
                derived="at_least_two",
                derived_from=("failed_trials",),
                typed=False,
            ),
            _number("systolic_mmhg", 60, 260, "mm[Hg]"),
            _number("diastolic_mmhg", 30, 160, "mm[Hg]"),
            _number("planned_dose", 0.01, 1000, use="input", timing="planned"),
            Variable(
                "planned_dose_unit",
                "Unit",
                "category",
                "g",
                "s",
                use="input",
                levels=("mg/kg", "mg"),
            ),
            _number(
                "dose_mg_per_kg",
                0.02,
                10,
                "mg/kg",
                derived="dose_mg_per_kg",
                derived_from=("planned_dose", "planned_dose_unit", "weight_kg"),
                typed=False,
            ),
            _yes_no("maintenance_planned"),
            _number("maintenance_interval_days", 1, 120, "d"),
            _number("crp", 0, 500, "mg/L", missing_codes=("n/a", "NaN", "999")),
        ),
        (
            Instrument("madrs", "MADRS", "madrs_total", (1, 2, 3, 4), (0, 6), "s", (), 1, "mean"),
            Instrument("shaps", "SHAPS", "shaps_total", (1, 2, 3), (1, 4), "s", reverse=(2,)),
        ),
    )


@pytest.fixture
def read(dictionary: Dictionary) -> Callable[..., Rows]:
    """Read one row given as keywords."""

    def read_one(**row: object) -> Rows:
        return read_rows(row, dictionary)

    return read_one


@pytest.fixture
def fault(read: Callable[..., Rows]) -> Callable[..., Fault]:
    """Give the only fault of one row given as keywords."""

    def only(**row: object) -> Fault:
        rows = read(**row)
        assert len(rows.faults) == 1, rows.faults
        assert not rows.accepted[0]
        return rows.faults[0]

    return only
