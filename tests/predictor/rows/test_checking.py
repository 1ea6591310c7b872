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


# --- totals from items ---


@pytest.mark.parametrize(
    ("items", "total"),
    [
        ((1, 2, 3, 4), 10.0),
        ((0, 0, 0, 0), 0.0),
        # one of four may be missing: mean of the three times four, halves up
        ((1, 2, 3, None), 8.0),
        ((1, 1, 2, None), 5.0),  # 16 / 3 = 5.33
        ((1, 2, 2, None), 7.0),  # 20 / 3 = 6.67
        ((6, 6, 6, None), 24.0),
        ((1, 2, None, None), math.nan),
        ((None, None, None, None), math.nan),
    ],
)
def test_a_total_is_computed_from_its_items(read, items, total):
    rows = read(**{f"madrs_{n}": item for n, item in enumerate(items, start=1)})
    assert rows.faults == ()
    np.testing.assert_array_equal(rows.values["madrs_total"], [total])


def test_halves_of_a_prorated_total_round_up():
    # two of three answered: (2 + 3) * 3 / 2 = 7.5; (1 + 2) * 3 / 2 = 4.5
    entry = {
        "variables": [
            {
                "id": "t",
                "label": "T",
                "type": "integer",
                "group": "g",
                "source": "s",
                "hard_range": [0, 9],
            }
        ],
        "instruments": [
            {
                "id": "q",
                "label": "Q",
                "total": "t",
                "items": [1, 2, 3],
                "item_range": [0, 3],
                "source": "s",
                "may_be_missing": 1,
                "prorating": "mean",
            }
        ],
    }
    small = Dictionary.from_dict(entry)
    rows = read_rows([{"q_1": 2, "q_2": 3}, {"q_1": 1, "q_3": 2}], small)
    np.testing.assert_array_equal(rows.values["t"], [8.0, 5.0])


def test_reversed_items_are_turned(read):
    # 1..4 answers, item 2 reversed: 1 + (1 + 4 - 1) + 1 = 6
    assert read(shaps_1=1, shaps_2=1, shaps_3=1).values["shaps_total"][0] == 6.0


def test_a_total_that_is_never_prorated_needs_every_item(read):
    rows = read(shaps_1=1, shaps_2=1)
    assert np.isnan(rows.values["shaps_total"][0])
    assert rows.accepted[0]
    assert rows.warnings == (
        Fault(
            1,
            "shaps_total",
            "too_many_items_missing",
            "row 1, shaps_total: 2 of 3 items of SHAPS are answered and 3 are needed; the total "
            "counts as missing, answer more items or give the total",
        ),
    )


@pytest.mark.parametrize(
    ("items", "total", "words"),
    [
        ((1, 2, 3, 4), 11, "11 is given but the items add up to 10; correct the total or"),
        ((1, 2, 3, None), 13, "13 is given but the items add up to between 6 and 12;"),
        ((1, 2, 3, None), 5, "5 is given but the items add up to between 6 and 12;"),
    ],
)
def test_a_total_that_its_items_rule_out_is_refused(fault, read, items, total, words):
    row = {f"madrs_{n}": item for n, item in enumerate(items, start=1)}
    found = fault(madrs_total=total, **row)
    assert (found.column, found.rule) == ("madrs_total", "total_disagrees_with_items")
    assert words in found.message
    assert np.isnan(read(madrs_total=total, **row).values["madrs_total"][0])


def test_a_given_total_is_kept_where_the_items_allow_it(read):
    rows = read(madrs_1=1, madrs_2=2, madrs_3=3, madrs_total=12)
    assert rows.faults == rows.warnings == ()
    assert rows.values["madrs_total"][0] == 12.0


def test_no_total_is_made_of_a_refused_item_or_in_place_of_a_refused_total(read):
    refused_item = read(madrs_1=9, madrs_2=1, madrs_3=1, madrs_4=1)
    refused_total = read(madrs_total=99, madrs_1=1, madrs_2=1, madrs_3=1, madrs_4=1)
    for rows, rule in ((refused_item, "item_out_of_range"), (refused_total, "above_scale_maximum")):
        assert [fault.rule for fault in rows.faults] == [rule]
        assert rows.warnings == ()
        assert np.isnan(rows.values["madrs_total"][0])


# --- derived values ---


def test_the_bmi_is_derived_where_it_is_not_typed(dictionary):
    rows = read_rows(
        [
            {"weight_kg": 81, "height_cm": 180},
            {"weight_kg": 81, "height_cm": 180, "bmi": 25.4},
            {"weight_kg": 81},
            {"weight_kg": 81, "height_cm": 180, "bmi": "heavy"},
            {"weight_kg": 180, "height_cm": 178},
        ],
        dictionary,
    )
    np.testing.assert_allclose(
        rows.values["bmi"], [25.0, 25.4, math.nan, math.nan, math.nan], rtol=1e-15
    )


def test_the_dose_per_kg_is_derived_from_dose_unit_and_weight(dictionary):
    rows = read_rows(
        [
            {"planned_dose": 0.5, "planned_dose_unit": "mg/kg"},
            {"planned_dose": 40, "planned_dose_unit": "mg", "weight_kg": 80},
            {"planned_dose": 40, "planned_dose_unit": "mg"},
            {"planned_dose_unit": "mg", "weight_kg": 80},
            {"planned_dose": 40},
        ],
        dictionary,
    )
    assert rows.faults == ()
    np.testing.assert_array_equal(
        rows.values["dose_mg_per_kg"], [0.5, 0.5, math.nan, math.nan, math.nan]
    )
    assert rows.warnings == (
        Fault(
            5,
            "planned_dose_unit",
            "dose_without_unit",
            "row 5, planned_dose_unit: a dose is given without planned_dose_unit; it counts as "
            "missing, add mg/kg or mg",
        ),
    )


def test_two_failed_trials_make_treatment_resistance(dictionary):
    rows = read_rows([{"failed_trials": n} for n in (0, 1, 2, 7, None)], dictionary)
    np.testing.assert_array_equal(rows.values["treatment_resistant"], [0, 0, 1, 1, math.nan])


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
