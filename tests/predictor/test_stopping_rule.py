"""The published stop rule after four infusions."""

from __future__ import annotations

import pytest

from predictor.stopping_rule import stopping_rule


def test_a_fall_of_a_fifth_says_go_on(dictionary):
    found = stopping_rule(dictionary, {"madrs_total": 30.0, "madrs_dose4": 24.0})
    assert (found["gain_percent"], found["advice"], found["scale"]) == (20.0, "go on", "MADRS")
    assert found["words"] == (
        "By the published stop rule (no gain of 20 % or more after four infusions): "
        "gain 20 %: go on"
    )
    assert "Of 135 people" in found["published"]
    assert found["published"].endswith("A comparator, not part of the model.")


def test_less_than_a_fifth_says_stop(dictionary):
    found = stopping_rule(dictionary, {"madrs_total": 30.0, "madrs_dose4": 25.0})
    assert found["advice"] == "stop"
    assert found["gain_percent"] == pytest.approx(100 / 6)


def test_a_score_that_rose_is_a_loss(dictionary):
    found = stopping_rule(dictionary, {"madrs_total": 30.0, "madrs_dose4": 33.0})
    assert "gain −10 %: stop" in found["words"]


def test_another_scale_is_read_where_it_was_rated_both_times_and_said_to_be_another(dictionary):
    answers = {"madrs_total": 30.0, "phq9_total": 20.0, "phq9_dose4": 10.0}
    found = stopping_rule(dictionary, answers)
    assert (found["scale"], found["advice"]) == ("PHQ-9", "go on")
    assert "infusions, read from PHQ-9 though published for MADRS): gain 50 %" in found["words"]


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"madrs_total": 30.0},
        {"madrs_dose4": 12.0},
        {"madrs_total": 30.0, "phq9_dose4": 3.0},
        {"madrs_total": 0.0, "madrs_dose4": 0.0},
        {"madrs_total": float("nan"), "madrs_dose4": 12.0},
    ],
)
def test_without_a_scale_rated_both_times_the_rule_says_nothing(dictionary, answers):
    assert stopping_rule(dictionary, answers) is None
