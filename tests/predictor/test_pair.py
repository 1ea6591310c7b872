"""Which two bundles may be read together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from predictor.errors import InvalidInputError
from predictor.pair import check_pair

RESPONSE = {
    "name": "response_madrs",
    "label": "Response (MADRS)",
    "source": "here",
    "instrument": "madrs",
    "percent_fall": 50.0,
    "at_most": None,
    "window": {"day": 28.0, "first": 21.0, "last": 35.0},
    "baseline": {"day": 0.0, "first": -14.0, "last": 0.0},
}


@pytest.fixture
def pair(bundles):
    """Make the two bundles with rules in their lineage."""

    def make(foretold=RESPONSE, meant=RESPONSE, **changed):
        response = replace(bundles["linear"], lineage={"outcome": foretold})
        relapse = replace(bundles["cox"], lineage={"outcome": {"responders": meant}})
        return response, replace(relapse, provenance=replace(relapse.provenance, **changed))

    return make


def test_two_models_of_one_rule_of_response_belong_together(pair):
    assert check_pair(*pair()) == ()
    named_otherwise = RESPONSE | {"name": "mine", "label": "Mine", "source": "there"}
    assert check_pair(*pair(meant=named_otherwise)) == ()


def test_bundles_in_the_wrong_order_are_refused(pair):
    response, relapse = pair()
    with pytest.raises(InvalidInputError, match="the first bundle foretells relapse, not response"):
        check_pair(relapse, relapse)
    with pytest.raises(
        InvalidInputError, match="the second bundle foretells response, not relapse"
    ):
        check_pair(response, response)


def test_another_rule_of_response_is_refused_and_the_difference_named(pair):
    other = RESPONSE | {"label": "Remission (MADRS)", "percent_fall": None, "at_most": 10.0}
    with pytest.raises(
        InvalidInputError,
        match=r"people with Remission \(MADRS\), the response bundle foretells Response \(MADRS\), "
        "and the two rules differ in percent_fall, at_most",
    ):
        check_pair(*pair(meant=other))


def test_a_rule_that_is_not_known_is_a_caution(pair, bundles):
    response, relapse = pair()
    for first, second in ((bundles["linear"], relapse), (response, bundles["cox"])):
        (said,) = check_pair(first, second)
        assert "could not be checked" in said


def test_unlike_courses_and_origins_are_cautions(pair):
    (course,) = check_pair(*pair(planned_course="weekly"))
    assert "unlike planned courses" in course
    (origin,) = check_pair(*pair(data_origin="real"))
    assert "read as simulated" in origin
