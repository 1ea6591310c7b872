"""Rules of response and relapse on single scores; every expected value is worked out by hand."""

from __future__ import annotations

import json
import math

import pytest

from predictor.outcome_rules import RelapseRule, ResponseRule, has_fallen
from training.config import read_outcomes


@pytest.mark.parametrize(
    ("rule", "start", "score", "met"),
    [
        ({"percent_fall": 50, "at_most": None}, 31, 15.5, True),
        ({"percent_fall": 50, "at_most": None}, 31, 16, False),
        ({"percent_fall": None, "at_most": 10}, math.nan, 10, True),
        ({"percent_fall": None, "at_most": 10}, 30, 11, False),
        ({"percent_fall": 50, "at_most": 10}, 30, 12, False),
        ({"percent_fall": 50}, math.nan, 12, False),
        ({"at_most": 10}, 30, math.nan, False),
    ],
)
def test_a_rule_of_response(rule, start, score, met):
    assert bool(ResponseRule.of(rule).holds(start, score)) is met


@pytest.mark.parametrize(
    ("rule", "now", "met"),
    [
        ({"at_least": 22}, 22, True),
        ({"at_least": 22}, 21, False),
        # from 30 to 10: half of the gain of 20 is lost again at 20
        ({"at_least": None, "loss_of_gain": 0.5}, 20, True),
        ({"at_least": None, "loss_of_gain": 0.5}, 19, False),
        # 15 is half of 30
        ({"response_lost": True, "responders": {"percent_fall": 50}}, 16, True),
        ({"response_lost": True, "responders": {"percent_fall": 50}}, 15, False),
    ],
)
def test_a_rule_of_relapse(rule, now, met):
    assert bool(RelapseRule.of(rule).holds(now, start=30, end=10)) is met


def test_without_the_earlier_scores_only_the_threshold_is_looked_at():
    rule = {"at_least": 22, "loss_of_gain": 0.5, "response_lost": True, "responders": {}}
    found = RelapseRule.of(rule).holds([21, 22, math.nan], start=math.nan, end=math.nan)
    assert found.tolist() == [False, True, False]


def test_a_lost_remission_needs_no_earlier_score():
    rule = {"response_lost": True, "responders": {"at_most": 10}}
    found = RelapseRule.of(rule).holds([10, 11, math.nan], start=math.nan, end=math.nan)
    assert found.tolist() == [False, True, False]


@pytest.mark.parametrize(
    "name",
    ["relapse_madrs", "relapse_murrough", "relapse_phq9", "relapse_madrs_response_lost_day10"],
)
def test_what_a_bundle_holds_of_a_definition_is_its_rule(name):
    definition = read_outcomes()[name]
    plain = json.loads(definition.model_dump_json())
    assert RelapseRule.of(plain) == definition.relapse_rule
    assert definition.responders is not None
    assert ResponseRule.of(plain["responders"]) == definition.responders.response_rule
    assert definition.relapse_rule != RelapseRule()


def test_scores_of_several_people_are_judged_one_by_one():
    """Half of 31 is 15.5; half of the gain from 40 to 10 is lost at 25."""
    assert has_fallen([31, 31, 30], [15.5, 16, math.nan], 50).tolist() == [True, False, False]
    found = RelapseRule(loss_of_gain=0.5).holds([25, 24, 25], start=[40, 40, 10], end=10.0)
    assert found.tolist() == [True, False, False]  # the third never gained
