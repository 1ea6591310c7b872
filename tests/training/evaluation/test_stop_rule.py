"""A published rule beside a model, counted by hand."""

import numpy as np
import pytest
from pydantic import ValidationError
from statsmodels.stats.proportion import proportion_confint

from training.evaluation.stop_rule import StopRule, beside_stop_rule
from training.metrics import MeasureUndefinedError

RULE = StopRule(landmark="dose4", percent_fall=20, source="a paper")
START = np.full(10, 30.0)
# a fall of exactly 20 % (24) goes on; the last person has no later score
SCORE = np.array([24, 25, 10, 12, 20, 25, 28, 30, 20, np.nan])
RESPONDED = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
P = np.array([0.6, 0.2, 0.9, 0.8, 0.7, 0.1, 0.65, 0.3, 0.5, 0.9])


def test_the_rule_is_counted_as_published_going_on_is_the_positive():
    found = beside_stop_rule(RULE, START, SCORE, RESPONDED, P[:, None]).rule
    # goes on: 0, 2, 3, 4 (respond) and 8 (does not); stopped: 1 (responds), 5, 6, 7
    assert (found.people, found.stopped) == (9, 4)
    shares = {"sensitivity": (4, 5), "specificity": (3, 4), "ppv": (4, 5), "npv": (3, 4)}
    for name, (part, of) in shares.items():
        lo, hi = proportion_confint(part, of, method="wilson")
        one = found.measures[name]
        assert (one.value, one.lo, one.hi) == pytest.approx((part / of, lo, hi)), name


def test_the_model_is_cut_where_it_lets_as_many_responders_go_on():
    found = beside_stop_rule(RULE, START, SCORE, RESPONDED, P[:, None])
    # the four highest responders reach 0.6; of the others 6 (0.65) goes on
    assert found.model.measures["sensitivity"].value == 4 / 5
    assert found.model.measures["specificity"].value == 3 / 4
    assert found.specificity_difference.value == 0
    two = np.column_stack([P, np.where(RESPONDED == 1, P, 0.0)])
    again = beside_stop_rule(RULE, START, SCORE, RESPONDED, two)
    assert again.model.measures["specificity"].value == (3 / 4 + 1) / 2
    assert again.specificity_difference.value == pytest.approx(1 / 8)
    assert again.model.stopped == pytest.approx((4 + 5) / 2)


def test_a_rule_that_stops_everybody_is_met_by_a_model_that_does():
    found = beside_stop_rule(RULE, START, START, RESPONDED, P[:, None])
    for each in (found.rule, found.model):
        assert each.stopped == 10
        assert "ppv" not in each.measures
        assert each.measures["sensitivity"].value == 0
    assert set(found.to_dict()) == {"rule", "model", "specificity_difference"}


def test_without_responders_there_is_nothing_to_compare_and_with_them_alone_no_specificity():
    with pytest.raises(MeasureUndefinedError):
        beside_stop_rule(RULE, START, SCORE, np.zeros(10), P[:, None])
    found = beside_stop_rule(RULE, START, SCORE, np.ones(10), P[:, None])
    assert found.specificity_difference is None
    assert found.to_dict()["specificity_difference"] is None
    assert "specificity" not in found.rule.measures


def test_a_rule_without_its_source_is_refused():
    with pytest.raises(ValidationError):
        StopRule(landmark="dose4", percent_fall=20, source="")
