"""Values worked out from other columns: totals, BMI, dose per kg, treatment resistance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from predictor.dictionary import Dictionary
from predictor.errors import Fault
from predictor.rows import read_rows

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
