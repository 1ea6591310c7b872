"""Landmark variables are made from the dictionary and known in the order of days."""

import json
from dataclasses import replace

import numpy as np
import pytest

from predictor.dictionary import Dictionary, Variable
from predictor.errors import InvalidInputError
from predictor.form import blank_candidate, sheet
from predictor.landmarks import Landmark, Landmarks, with_landmarks
from predictor.rows import read_rows
from training.config import read_dictionary, read_landmarks

TOTAL = {
    "id": "madrs_total", "label": "MADRS total", "type": "integer", "group": "g", "source": "s",
    "instrument": "MADRS", "hard_range": [0, 60], "plausible_range": [7, 50], "unit": "{score}",
    "higher_is_worse": True,
}  # fmt: skip
AGE = {"id": "age", "label": "A", "type": "number", "group": "g", "source": "s",
       "hard_range": [18, 90]}  # fmt: skip
ASKED = {"id": "ill", "label": "I", "type": "yes_no", "group": "g", "source": "s", "use": "safety"}
CONTENT = {
    "landmarks": [
        {"name": "dose1", "label": "after dose 1", "day": 3, "first": 2, "last": 5},
        {"name": "dose2", "label": "after dose 2", "day": 7, "first": 6, "last": 9},
        {"name": "later", "label": "later", "day": 7, "first": 6, "last": 9},
    ],
    "scales": ["madrs", "unheard_of"],
    "evidence_grade": "B",
    "source": "a paper",
    "more": [
        {
            "at": ["dose2"],
            "variable": {
                "id": "doses_{name}", "label": "Doses {label}", "type": "integer", "group": "g",
                "source": "s", "hard_range": [0, 40],
            },
        }
    ],
}  # fmt: skip


@pytest.fixture
def dictionary() -> Dictionary:
    small = Dictionary.from_dict({"variables": [TOTAL, AGE, ASKED]})
    return with_landmarks(small, Landmarks.from_dict(CONTENT))


def names(variables: tuple[Variable, ...]) -> list[str]:
    return [variable.id for variable in variables]


def test_each_scale_becomes_one_variable_for_each_landmark(dictionary: Dictionary) -> None:
    made = [v.id for v in dictionary.variables if v.timing == "landmark"]
    assert made == ["madrs_dose1", "madrs_dose2", "doses_dose2", "madrs_later"]
    later = dictionary["madrs_dose2"]
    assert later.label == "MADRS after dose 2"
    assert later.landmark == "dose2"
    assert (later.type, later.hard_range, later.plausible_range) == ("integer", (0, 60), (0, 50))
    assert (later.unit, later.higher_is_worse, later.source) == ("{score}", True, "a paper")
    assert dictionary["doses_dose2"].label == "Doses after dose 2"


def test_known_at_a_landmark_is_the_baseline_and_what_came_by_then(dictionary: Dictionary) -> None:
    assert names(dictionary.predictors()) == ["madrs_total", "age"]
    assert names(dictionary.known_at("dose1")) == ["madrs_total", "age", "madrs_dose1"]
    assert names(dictionary.known_at("dose2")) == [
        "madrs_total", "age", "madrs_dose1", "madrs_dose2", "doses_dose2",
    ]  # fmt: skip
    assert names(dictionary.known_at("later"))[-1] == "madrs_later"
    with pytest.raises(InvalidInputError, match="dose1, dose2, later"):
        dictionary.known_at("dose9")
    with pytest.raises(InvalidInputError, match="none here"):
        Dictionary((), ()).known_at("dose1")


def test_the_dictionary_keeps_its_landmarks_as_json(dictionary: Dictionary) -> None:
    again = Dictionary.from_dict(json.loads(json.dumps(dictionary.to_dict())))
    assert again == dictionary
    assert again.landmarks[0] == Landmark("dose1", "after dose 1", 3, 2, 5)
    merged = dictionary.merged([replace(dictionary["age"], label="B")])
    assert merged.landmarks == dictionary.landmarks


def test_forms_and_rows_know_landmark_answers_only_where_the_dictionary_does() -> None:
    plain, landmarks = read_dictionary(), read_landmarks()
    full = with_landmarks(plain, landmarks)
    assert "dose2" not in blank_candidate(plain)
    assert "madrs_dose2" in blank_candidate(full)
    assert "MADRS after dose 2" in sheet(full)
    with pytest.raises(InvalidInputError, match="madrs_dose2"):
        read_rows({"madrs_dose2": 20}, plain)
    assert read_rows({"madrs_dose2": 20}, full).values["madrs_dose2"] == np.array([20.0])
    assert [f.column for f in read_rows({"madrs_dose2": 61}, full).faults] == ["madrs_dose2"]


def test_the_shipped_landmarks_are_in_order_and_miss_the_usual_outcome_window() -> None:
    plain = read_dictionary()
    full = with_landmarks(plain, read_landmarks())
    assert names(full.predictors()) == names(plain.predictors())
    days = {landmark.name: landmark.day for landmark in full.landmarks}
    assert days == {
        "day1": 1, "dose1": 3, "week1": 7, "dose2": 7, "dose3": 10, "week2": 14, "dose4": 14,
        "course_end": 28, "followup14": 42, "followup28": 56, "followup42": 70, "followup56": 84,
    }  # fmt: skip
    assert all(one.last < 21 for one in full.landmarks if one.day < 21)
    assert all(f"madrs_{name}" in full and f"phq9_{name}" in full for name in days)
    assert full["cadss_dose2"].hard_range == (0, 92)
    assert "cadss_followup14" not in full
    assert "doses_given_followup14" not in full
    assert {v.timing for v in full.variables if v.landmark} == {"landmark"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"landmarks": [CONTENT["landmarks"][0]] * 2, "more": []}, "dose1 stands twice"),
        ({"landmarks": CONTENT["landmarks"][1::-1]}, "in order of day"),
        (
            {"landmarks": [CONTENT["landmarks"][0] | {"first": 4}], "more": []},
            "dose1: the days must rise",
        ),
        ({"landmarks": [{"name": "a"}], "more": []}, "label"),
        ({"more": [{"at": ["dose9"], "variable": {}}]}, "dose9 is no landmark"),
        ({"more": [{"at": ["dose1"]}]}, "variable"),
    ],
)
def test_landmarks_that_do_not_hold_together_are_refused(change, words) -> None:
    with pytest.raises(InvalidInputError, match=words):
        Landmarks.from_dict(CONTENT | change)


def test_a_variable_of_a_landmark_must_be_timed_and_its_landmark_known(dictionary) -> None:
    wrong = replace(dictionary["age"], landmark="dose1")
    with pytest.raises(InvalidInputError, match="timing: landmark"):
        dictionary.merged([wrong])
    foreign = replace(dictionary["age"], landmark="dose9", timing="landmark")
    with pytest.raises(InvalidInputError, match="landmark must be one of"):
        dictionary.merged([foreign])
