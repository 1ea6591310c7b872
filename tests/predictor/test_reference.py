"""Rows made from the dictionary."""

from __future__ import annotations

import json

import numpy as np
import pytest

from predictor.dictionary import Dictionary, Variable
from predictor.reference import reference_rows
from predictor.rows import read_rows
from predictor.safety import evaluate

NAMES = ["typical", "extreme", "half_missing", "all_missing"]


@pytest.fixture(scope="module")
def rows(dictionary, rules):
    return {e["name"]: e["row"] for e in reference_rows(dictionary, calm=rules.reads)}


def test_the_same_dictionary_gives_the_same_rows_as_json(dictionary, rows):
    again = reference_rows(Dictionary.from_dict(dictionary.to_dict()))
    assert [entry["name"] for entry in again] == NAMES
    assert json.loads(json.dumps(again)) == again == reference_rows(dictionary)


@pytest.mark.parametrize("name", NAMES)
def test_no_row_has_a_fault_or_fires_a_stop(name, rows, dictionary, rules):
    read = read_rows(rows[name], dictionary)
    assert read.faults == ()
    assert evaluate(rules, read.values).stops == ()


def test_values_by_hand(rows):
    assert rows["typical"]["age_years"] == 54.0
    assert rows["typical"]["madrs_total"] == 33
    assert rows["typical"]["route"] == "sublingual"
    assert rows["typical"]["aneurysm"] == "no"
    assert rows["typical"]["ymrs_total"] == 0
    assert rows["extreme"]["systolic_mmhg"] == 142.5
    assert set(rows["extreme"].values()) >= {"yes", "no"}


def test_every_variable_is_answered_in_the_typical_row(rows, dictionary):
    values = read_rows(rows["typical"], dictionary).values
    missing = [name for name, value in values.items() if np.isnan(value[0])]
    assert missing == ["maintenance_interval_days"]  # no maintenance is planned


def test_half_missing_answers_half_and_all_missing_nothing(rows):
    assert len(rows["half_missing"]) == pytest.approx(len(rows["typical"]) / 2, abs=1)
    assert rows["all_missing"] == {}


def test_answers_that_contradict_each_other_are_left_out():
    body = {"group": "body", "source": "s"}
    names = ("systolic_mmhg", "diastolic_mmhg")
    pressures = [Variable(name, name, "number", hard_range=(30, 260), **body) for name in names]
    other = Variable("age_years", "Age", "integer", hard_range=(18, 80), **body)
    rows = reference_rows(Dictionary((*pressures, other)))
    # both pressures have the same middle: the diastolic one is refused, the others stay
    assert rows[0]["row"] == {"systolic_mmhg": 145.0, "age_years": 49}
    # low systolic and high diastolic contradict each other too
    assert rows[1]["row"] == {"systolic_mmhg": 30.0, "age_years": 18}


def test_a_derived_value_out_of_range_takes_its_sources_away():
    body = {"group": "body", "source": "s", "type": "number"}
    bmi = Variable(
        "bmi", "BMI", unit="kg/m2", hard_range=(60, 61), derived="bmi",
        derived_from=("weight_kg", "height_cm"), typed=False, **body,
    )  # fmt: skip
    weight = Variable("weight_kg", "Weight", unit="kg", hard_range=(40, 120), **body)
    height = Variable("height_cm", "Height", unit="cm", hard_range=(140, 200), **body)
    rows = reference_rows(Dictionary((bmi, weight, height)))
    assert rows[0] == {"name": "typical", "row": {}}
