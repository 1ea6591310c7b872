"""What a bundle keeps of trial effects: plain values, and no more of the cohort than a share."""

import json
import math

import numpy as np
import pytest

from predictor.dictionary import Dictionary
from training.config import read_dictionary, read_trial_effects
from training.scenario_entries import scenario_entries

DICTIONARY = read_dictionary()
SHIPPED = read_trial_effects()


def by_name(values, dictionary=DICTIONARY):
    return {entry["name"]: entry for entry in scenario_entries(SHIPPED, dictionary, values)}


def test_each_effect_of_the_settings_has_an_entry_of_plain_values():
    found = by_name({})
    assert list(found) == [effect.name for effect in SHIPPED.effects]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    maintenance = found["maintenance"]
    assert maintenance["code"] == -1
    assert maintenance["ratios"]["remitters"] == pytest.approx([-0.713, 0.271], abs=0.002)
    assert [e["people"] for e in maintenance["estimates"]] == [176, 121]
    assert found["cbt"]["code"] == DICTIONARY["psychotherapy"].levels.index("cbt")
    assert found["emdr"]["ratios"]["any"] == pytest.approx([0, math.log(2) / 1.96], abs=1e-4)
    assert not found["emdr"]["controlled"]


def test_the_share_planned_is_that_of_those_who_told():
    values = {
        "maintenance_planned": np.array([1.0, 0.0, 0.0, np.nan]),
        "psychotherapy": np.array([4.0, 0.0, 4.0, 1.0]),
    }
    found = by_name(values)
    assert found["maintenance"]["share"] == 0.33
    assert found["cbt"]["share"] == 0.5
    assert by_name({"maintenance_planned": np.full(3, np.nan)})["maintenance"]["share"] is None
    assert by_name({})["cbt"]["share"] is None


def test_nothing_is_kept_where_a_run_has_no_trial_effects():
    assert scenario_entries(None, DICTIONARY, {}) == ()


def test_an_effect_on_a_variable_that_a_dictionary_lacks_has_no_entry():
    few = Dictionary(tuple(v for v in DICTIONARY.variables if v.id != "maintenance_planned"))
    assert "maintenance" not in by_name({}, few)
    assert "cbt" in by_name({}, few)
