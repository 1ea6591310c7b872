"""Who may be asked of a landmark model."""

from __future__ import annotations

from typing import Any

import pytest


def codes(scorer, row: dict[str, Any], landmark: str) -> list[str]:
    return [refusal.code for refusal in scorer.score(row, landmark=landmark)[0].refusals]


@pytest.fixture
def relapse(landmark_scorers):
    return landmark_scorers["relapse"]


def test_a_responder_who_is_well_gets_a_number(relapse, candidate):
    row = candidate(madrs_course_end=10, madrs_followup14=12)
    assert codes(relapse, row, "course_end") == []
    assert codes(relapse, row, "followup14") == []


def test_who_did_not_respond_has_nothing_to_relapse_from(relapse, candidate):
    """MADRS 32 before: a half fall is 16."""
    assert codes(relapse, candidate(madrs_course_end=17), "course_end") == ["not_a_responder"]
    assert codes(relapse, candidate(madrs_course_end=16), "course_end") == []


def test_no_response_by_a_converted_score_leaves_nothing_to_relapse_from(relapse, candidate):
    """PHQ-9 15 equals MADRS 24, and 16 would be a response; 5 equals less than 16."""
    row = candidate(phq9_course_end=15, madrs_followup14=9)
    assert codes(relapse, row, "followup14") == ["not_a_responder"]
    assert codes(relapse, row, "course_end") == ["not_a_responder"]
    row = candidate(phq9_course_end=5, madrs_followup14=9)
    assert codes(relapse, row, "followup14") == []
    row = candidate(phq9_course_end=15, madrs_course_end=16, madrs_followup14=9)
    assert codes(relapse, row, "followup14") == []  # the scale itself is read first


def test_before_the_end_of_the_course_nobody_is_asked_for_a_response(relapse, candidate):
    row = candidate(madrs_dose4=30, madrs_course_end=30)
    assert codes(relapse, row, "dose4") == []


def test_a_score_at_the_landmark_that_meets_the_rule_is_a_relapse(relapse, candidate):
    row = candidate(madrs_course_end=10, madrs_followup14=22)
    (refusal,) = relapse.score(row, landmark="followup14")[0].refusals
    assert refusal.code == "relapsed_already"
    assert refusal.variable == "madrs_followup14"
    assert "this is a relapse by the rule: act, do not predict" in refusal.message
    assert "a second reading 5 to 15 days later" in refusal.message
    well = candidate(madrs_course_end=10, madrs_followup14=21)
    assert codes(relapse, well, "followup14") == []


def test_a_converted_score_that_meets_the_rule_is_a_relapse_and_said_to_be_converted(
    relapse, candidate
):
    """PHQ-9 15 equals MADRS 24."""
    row = candidate(madrs_course_end=10, phq9_followup14=15)
    (refusal,) = relapse.score(row, landmark="followup14")[0].refusals
    assert refusal.code == "relapsed_already"
    assert "converted from PHQ-9 14 days after the course, meets" in refusal.message


def test_two_earlier_readings_are_a_relapse_though_the_last_is_low(relapse, candidate):
    ill_twice = candidate(
        madrs_course_end=10, madrs_followup14=25, madrs_followup28=10, phq9_followup28=27
    )
    assert codes(relapse, ill_twice, "followup28") == []  # one unconfirmed reading of MADRS
    row = {"madrs_course_end": 10, "madrs_followup14": 25, "madrs_followup28": 25}
    assert codes(relapse, candidate(**row), "followup28") == ["relapsed_already"]


def test_who_is_ill_by_the_rule_at_the_end_of_the_course_is_not_asked(relapse, candidate):
    """MADRS 50 to 24: a response, yet above 22, and no such person was in training."""
    row = candidate(madrs_total=50, madrs_course_end=24)
    assert codes(relapse, row, "course_end") == ["relapsed_already"]


def test_without_a_score_of_the_landmark_there_is_no_number(relapse, candidate):
    (refusal,) = relapse.score(candidate(madrs_course_end=10), landmark="followup14")[0].refusals
    assert refusal.code == "too_little_information"
    assert refusal.variable == "madrs_followup14"
    assert refusal.message == (
        "MADRS 14 days after the course is not answered and this model needs it; give it, or "
        "HAM-D17 14 days after the course or QIDS-SR16 14 days after the course or PHQ-9 14 days "
        "after the course, to be converted"
    )


def test_response_models_ask_for_the_score_and_nothing_else(landmark_scorers, candidate):
    response = landmark_scorers["response"]
    assert codes(response, candidate(madrs_dose2=50), "dose2") == []
    assert codes(response, candidate(), "dose2") == ["too_little_information"]


def test_the_path_of_a_person_ends_with_the_relapse(relapse, candidate):
    row = candidate(madrs_course_end=10, madrs_followup14=25, madrs_followup28=9)
    (path,) = relapse.path(row)
    found = [(score.provenance.landmark, score.status) for score in path]
    assert found == [("", "scored"), ("course_end", "scored"), ("followup14", "refused")]
