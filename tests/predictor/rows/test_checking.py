"""Whole rows: ranges, columns that contradict each other, derived values, ids."""

from __future__ import annotations

import math

import numpy as np
import pytest

from predictor.dictionary import Dictionary, Variable
from predictor.errors import Fault
from predictor.rows import count_by_rule, read_rows


@pytest.mark.parametrize(
    ("row", "column", "rule", "words"),
    [
        (
            {"weight_kg": 6.5},
            "weight_kg",
            "below_hard_range",
            "6.5 is below 20 kg; 20 to 350 kg are accepted, check the unit",
        ),
        (
            {"age_years": "111"},
            "age_years",
            "above_hard_range",
            ("111 is above 110 years; 10 to 110 years are accepted, check the unit"),
        ),
        (
            {"failed_trials": 41},
            "failed_trials",
            "above_hard_range",
            "41 is above 40; 0 to 40 are accepted, check the unit",
        ),
        (
            {"madrs_total": 61},
            "madrs_total",
            "above_scale_maximum",
            ("61 is above the maximum of MADRS, 60; check the total and the version of the scale"),
        ),
        (
            {"shaps_total": 2},
            "shaps_total",
            "below_hard_range",
            "2 is below 3; 3 to 12 are accepted, check the total",
        ),
        (
            {"madrs_1": 7},
            "madrs_1",
            "item_out_of_range",
            "7 is no answer to this item; 0 to 6 are accepted",
        ),
        (
            {"madrs_1": 2.5},
            "madrs_1",
            "not_an_integer",
            ("2.5 is not a whole number; whole numbers from 0 to 6 are accepted, check the value"),
        ),
        (
            {"systolic_mmhg": 80, "diastolic_mmhg": 120},
            "diastolic_mmhg",
            "diastolic_above_systolic",
            ("120 mmHg is not below systolic_mmhg, 80; check whether the two are swapped"),
        ),
        (
            {"age_years": 40, "age_at_onset_years": 41},
            "age_at_onset_years",
            "age_at_onset_above_age",
            (
                "41 is above age_years, 40; the age at the first episode is "
                "accepted, correct one of them"
            ),
        ),
        (
            {"maintenance_planned": "no", "maintenance_interval_days": 14},
            "maintenance_interval_days",
            "interval_without_maintenance",
            (
                "14 days are given but maintenance_planned is no; "
                "leave the interval empty or answer yes"
            ),
        ),
        # 180 lb are 81.6466266 kg; 180 kg at 178 cm would be 56.8 kg/m2
        (
            {"weight_kg": 180, "height_cm": 178},
            "weight_kg",
            "weight_in_pounds",
            (
                "180 kg at 178 cm looks like pounds (180 lb are 81.6 kg); give the "
                "weight in kg, or confirm it with the bmi that belongs to it"
            ),
        ),
        # 154 lb are 69.85 kg, at 170 cm 24.2 kg/m2
        (
            {"weight_kg": 120, "height_cm": 170, "bmi": 18.8},
            "weight_kg",
            "weight_in_pounds",
            (
                "120 kg at 170 cm looks like pounds (120 lb are 54.4 kg); give the "
                "weight in kg, or confirm it with the bmi that belongs to it"
            ),
        ),
        (
            {"weight_kg": 70, "height_cm": 170, "bmi": 30},
            "bmi",
            "bmi_disagrees",
            (
                "30 is given but weight_kg and height_cm make 24.2 kg/m2; correct one of "
                "the three or leave bmi empty"
            ),
        ),
        (
            {"treatment_resistant": "yes"},
            "treatment_resistant",
            "derived_typed",
            ("the value is derived from failed_trials, never typed in; empty or delete the column"),
        ),
        (
            {"age_years": 40, "Response": 1},
            "Response",
            "derived_typed",
            ("outcomes and labels are derived from visits and answers, never typed in; delete it"),
        ),
        (
            {"planned_dose": 40, "planned_dose_unit": "mg/kg"},
            "dose_mg_per_kg",
            "above_hard_range",
            (
                "40 is above 10 mg/kg; 0.02 to 10 mg/kg are accepted, check "
                "planned_dose, planned_dose_unit, weight_kg"
            ),
        ),
        (
            {"planned_dose": 0.5, "planned_dose_unit": "mg", "weight_kg": 80},
            "dose_mg_per_kg",
            "below_hard_range",
            (
                "0.00625 is below 0.02 mg/kg; 0.02 to 10 mg/kg are accepted, "
                "check planned_dose, planned_dose_unit, weight_kg"
            ),
        ),
        # 20 kg at 200 cm is 5 kg/m2
        (
            {"weight_kg": 20, "height_cm": 200},
            "bmi",
            "below_hard_range",
            "5 is below 10 kg/m2; 10 to 90 kg/m2 are accepted, check the unit",
        ),
    ],
)
def test_a_row_fault_says_what_where_and_what_to_do(fault, read, row, column, rule, words):
    assert fault(**row) == Fault(1, column, rule, f"row 1, {column}: {words}")
    rows = read(**row)
    if column in rows.values:
        assert np.isnan(rows.values[column][0])


@pytest.mark.parametrize(
    "row",
    [
        {"weight_kg": 20},
        {"weight_kg": 350},
        {"age_years": 10},
        {"age_years": 40, "age_at_onset_years": 40},
        {"systolic_mmhg": 120, "diastolic_mmhg": 119},
        {"diastolic_mmhg": 90},
        {"maintenance_planned": "yes", "maintenance_interval_days": 14},
        {"maintenance_interval_days": 14},
        {"weight_kg": 70, "height_cm": 170, "bmi": 24},  # a BMI without decimals
        {"weight_kg": 190, "height_cm": 171, "bmi": 65},  # the BMI confirms the kilograms
        {"weight_kg": 140, "height_cm": 170},  # 48 kg/m2 is rare, not impossible
        {"treatment_resistant": ""},
        {"age_years": 40, "response": None},
    ],
)
def test_the_edges_are_accepted(read, row):
    assert read(**row).faults == ()


def test_a_value_outside_the_plausible_range_is_kept_with_a_warning(read):
    rows = read(age_years=95)
    assert rows.accepted[0]
    assert rows.values["age_years"][0] == 95.0
    assert rows.warnings == (
        Fault(
            1,
            "age_years",
            "outside_plausible_range",
            "row 1, age_years: 95 is outside the usual 18 to 90 years; it is accepted, check it",
        ),
    )


def test_all_faults_of_all_rows_are_found_at_once_and_good_rows_go_on(dictionary):
    rows = read_rows(
        [
            {"age_years": "forty", "sex": "femal", "weight_kg": 6.5, "madrs_total": 61},
            {"age_years": 40, "sex": "female", "madrs_total": 30},
            {"age_years": 5, "employed": 3, "patient_id": True},
        ],
        dictionary,
    )
    assert [(fault.row, fault.column) for fault in rows.faults] == [
        (1, "age_years"),
        (1, "sex"),
        (1, "weight_kg"),
        (1, "madrs_total"),
        (3, "patient_id"),
        (3, "age_years"),
        (3, "employed"),
    ]
    np.testing.assert_array_equal(rows.accepted, [False, True, False])
    assert rows.values["madrs_total"][1] == 30.0
    assert len(rows) == 3
    assert count_by_rule(rows.faults) == {
        "below_hard_range": 2,
        "above_scale_maximum": 1,
        "not_a_number": 1,
        "not_an_id": 1,
        "number_for_yes_no": 1,
        "unknown_level": 1,
    }


def test_every_variable_has_a_value_per_row_even_without_a_column(dictionary):
    rows = read_rows([{}, {}], dictionary)
    assert tuple(rows.values) == dictionary.ids
    assert all(value.shape == (2,) and np.isnan(value).all() for value in rows.values.values())
    assert rows.patient_ids == (None, None)
    assert rows.accepted.all()


def test_a_check_without_its_variables_finds_nothing():
    small = Dictionary((Variable("x", "X", "number", "g", "s", hard_range=(0, 1)),))
    rows = read_rows({"x": 1}, small)
    assert rows.accepted[0]


# --- ids ---


def test_every_row_of_a_repeated_id_is_refused_and_no_id_is_named(dictionary):
    rows = read_rows(
        [{"patient_id": i, "age_years": 40} for i in ("secret-1", "b", " secret-1", None, None)],
        dictionary,
    )
    assert rows.faults == (
        Fault(
            1,
            "patient_id",
            "repeated_id",
            "row 1, patient_id: the id stands also in row 3; one row per patient is accepted, keep "
            "one",
        ),
        Fault(
            3,
            "patient_id",
            "repeated_id",
            "row 3, patient_id: the id stands also in row 1; one row per patient is accepted, keep "
            "one",
        ),
    )
    np.testing.assert_array_equal(rows.accepted, [False, True, False, True, True])


def test_a_missing_id_is_a_fault_only_where_ids_are_needed(dictionary):
    rows = read_rows([{"age_years": 40}, {"patient_id": "b"}], dictionary, require_ids=True)
    assert [(fault.row, fault.rule) for fault in rows.faults] == [(1, "missing_id")]
    assert read_rows([{"age_years": 40}], dictionary).faults == ()


# --- some of the rows ---


@pytest.mark.parametrize("chosen", [[False, True, True], [1, 2], np.array([1, 2], dtype=np.int32)])
def test_chosen_rows_keep_their_faults_and_numbers(dictionary, chosen):
    source = [
        {"patient_id": "a", "age_years": 5},
        {"patient_id": "b", "age_years": 95, "site": "s"},
        {"patient_id": "c", "age_years": 6},
    ]
    rows = read_rows(source, dictionary)
    some = rows.select(chosen)
    assert len(some) == 2
    assert some.patient_ids == ("b", "c")
    assert some.sites == ("s", None)
    assert [fault.row for fault in some.faults] == [3]
    assert [warning.row for warning in some.warnings] == [2]
    assert [some.row_number(index) for index in range(2)] == [2, 3]
    np.testing.assert_array_equal(some.accepted, [True, False])
    np.testing.assert_array_equal(some.values["age_years"], [95.0, math.nan])
    last = some.select([1])
    assert last.row_number(0) == 3
    assert [fault.row for fault in last.faults] == [3]
    assert len(rows) == 3
    assert rows.row_number(2) == 3
