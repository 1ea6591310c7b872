"""Alerts of a model beside simpler rules, by hand, and what is not told of them."""

import json

import numpy as np
import pytest

from training.evaluation.procedure import RISK_DAYS
from training.evaluation.warning_signs import (
    EVERYBODY,
    FEW,
    FEW_IN_ALL,
    NEARLY_ALL,
    ScoredVisits,
    risk_ahead,
    simple_rules,
    told_of_alerts,
    weigh_alerts,
)
from training.metrics.alerts import PersonVisits, measure_alerts

NO_RULES: dict = {}


def scored_of(people, risk, score=None, before=None):
    """People as (days of visits, end, relapsed, last day well); one value for each visit."""
    rows = [(at, day) for at, (days, *_) in enumerate(people) for day in days]
    visits = PersonVisits(
        np.array([at for at, _ in rows]),
        np.array([float(day) for _, day in rows]),
        *(np.array([float(person[part]) for person in people]) for part in (1, 2, 3)),
    )
    risk = np.asarray(risk, dtype=float)
    nothing = np.full(len(rows), np.nan)
    return ScoredVisits(
        visits,
        risk[:, None] if risk.ndim == 1 else risk,
        nothing if score is None else np.asarray(score, dtype=float),
        nothing if before is None else np.asarray(before, dtype=float),
    )


def weighed(scored, rules=NO_RULES, step=0.2):
    return weigh_alerts(scored, rules, step=step, rng=np.random.default_rng(0))


# one visit each: 40 people relapse at the next visit, 60 do not
PEOPLE = [((14,), 28, 1, 14)] * 40 + [((14,), 28, 0, 28)] * 60


def test_the_declared_step_stands_among_the_others():
    risk = np.concatenate([np.linspace(0.05, 0.44, 40), np.linspace(0.0, 0.295, 60)])
    found = weighed(scored_of(PEOPLE, risk), step=0.25)
    assert list(found.by_step) == [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4]
    assert found.found is found.by_step[0.25]
    # 0.25 to 0.44 of those who relapse, 0.25 to 0.295 of the others
    assert found.found.measures["sensitivity"].value == 20 / 40
    assert found.found.measures["ppv"].value == 20 / 30
    # at the step is an alert
    assert found.by_step[0.05].measures["sensitivity"].value == 1


def test_the_model_stands_beside_a_rule_where_it_gives_no_more_false_alerts():
    relapse, well = np.linspace(0.11, 0.5, 40), np.linspace(0.005, 0.3, 60)
    rule = np.concatenate([np.arange(40) < 12, np.arange(60) < 20])  # 12 of 40, 20 false
    found = weighed(
        scored_of(PEOPLE, np.concatenate([relapse, well])), {"rise": ("a rise", rule)}
    ).comparators["rise"]
    # the twenty highest of the others are 0.205 and above: the model alerts above 0.2
    assert found.cut == pytest.approx(0.2)
    assert found.found.measures["sensitivity"].value == 12 / 40
    assert found.gain.value == pytest.approx((relapse > 0.2001).mean() - 12 / 40)
    assert found.gain_in == "sensitivity"
    assert found.is_beaten


def test_repeats_share_one_cut():
    risk = np.random.default_rng(1).random((100, 3))
    rule = np.random.default_rng(2).random(100) < 0.3
    scored = scored_of(PEOPLE, risk)
    found = weighed(scored, {"rise": ("a rise", rule)}).comparators["rise"]
    false = (risk[40:] > found.cut).sum() / 3
    assert false <= rule[40:].sum() < false + 1 / 3 + 1e-9


def test_a_rule_that_alerts_at_every_visit_is_met_by_the_model_that_does():
    risk = np.random.default_rng(1).random(100)
    found = weighed(scored_of(PEOPLE, risk), {"rise": ("a rise", np.ones(100, dtype=bool))})
    gap = found.comparators["rise"]
    assert (gap.cut, gap.gain.value) == (0, 0)
    assert not gap.is_beaten


def test_beside_an_alert_at_every_visit_stands_what_an_alert_adds():
    good = np.concatenate([np.full(40, 0.3), np.tile([0.3, 0.1, 0.1], 20)])
    every = weighed(scored_of(PEOPLE, good)).comparators[EVERYBODY]
    assert every.found.measures["ppv"].value == 0.4
    assert every.gain.value == pytest.approx(40 / 60 - 0.4)
    assert every.gain_in == "ppv"
    assert every.is_beaten
    by_lot = np.random.default_rng(3).random(100)
    assert not weighed(scored_of(PEOPLE, by_lot)).comparators[EVERYBODY].is_beaten


def test_what_cannot_be_otherwise_has_no_interval():
    every = weighed(scored_of(PEOPLE, np.zeros(100))).comparators[EVERYBODY].found
    for name in ("sensitivity", "sensitivity_last_visit", "alerted"):
        found = every.measures[name]
        assert (found.value, found.lo, found.hi, found.method) == (1, 1, 1, "by construction")
    assert every.measures["ppv"].lo < 0.4


def test_a_model_that_never_alerts_has_no_gain_to_tell():
    every = weighed(scored_of(PEOPLE, np.zeros(100))).comparators[EVERYBODY]
    assert every.gain is None
    assert every.no_gain == "no alert can be judged"
    assert not every.is_beaten


def test_a_handful_of_relapses_beats_nothing():
    people = [((14,), 28, 1, 14)] * 9 + [((14,), 28, 0, 28)] * 60
    knows = np.concatenate([np.full(9, 0.9), np.zeros(60)])
    found = weighed(scored_of(people, knows), {"rise": ("a rise", np.zeros(69, dtype=bool))})
    assert {each.no_gain for each in found.comparators.values()} == {
        "fewer than 10 relapses have a visit in time before them"
    }
    assert not any(each.is_beaten for each in found.comparators.values())


def test_simpler_rules_read_scores_alone():
    scored = scored_of(PEOPLE[:5], np.zeros(5), [15, 14, 20, 9, 21], [9, 9, 15, np.nan, np.nan])
    rules, absent = simple_rules(scored, "MADRS", score_range=60, ill_from=22)
    # 6 points of 60; 22 · 2 / 3 is above 14
    assert rules["rise"][0].startswith("MADRS risen by 6 points")
    assert rules["rise"][1].tolist() == [True, False, False, False, False]
    assert rules["residual"][0].startswith("MADRS of 15 or more")
    assert rules["residual"][1].tolist() == [True, False, True, False, True]
    assert absent == {}
    rules, absent = simple_rules(scored, "PHQ-9", score_range=27, ill_from=None)
    assert rules["rise"][0].startswith("PHQ-9 risen by 3 points")
    assert list(rules) == ["rise"]
    assert "names no score" in absent["residual"]


def test_the_risk_of_14_days_is_read_from_the_risks_at_15_and_30():
    # a hazard that is straight between knots of 14 days, as in every model
    heights = np.interp(np.array([14, *RISK_DAYS]), [0, 14, 28, 42, 180], [0, 0.3, 0.45, 0.54, 0.9])
    risk = 1 - np.exp(-heights)
    assert risk_ahead(risk[1:]) == pytest.approx(risk[0], abs=1e-3)
    assert risk_ahead(np.zeros((2, 3, 7))).shape == (2, 3)
    # a flat hazard is read exactly, and no pace takes it below 0 or above the risk by day 15
    flat = 1 - np.exp(-0.01 * np.array(RISK_DAYS))
    assert risk_ahead(flat) == pytest.approx(1 - np.exp(-0.14), abs=1e-12)
    steep = np.array([0.001, 0.9, 0.95, 0.95, 0.95, 0.95, 0.95])
    assert 0 <= risk_ahead(steep) <= 0.001


def test_the_json_holds_plain_finite_values():
    risk = np.random.default_rng(4).random(100)
    scored = scored_of(PEOPLE, risk, np.full(100, 10), np.full(100, 3))
    rules, absent = simple_rules(scored, "MADRS", score_range=60, ill_from=None)
    found = weigh_alerts(
        scored, rules, step=0.2, landmarks=["followup14"], absent=absent,
        rng=np.random.default_rng(0),
    ).to_dict()  # fmt: skip
    again = json.loads(json.dumps(found, allow_nan=False))
    assert again == found
    assert found["landmarks"] == ["followup14"]
    assert (found["ahead_days"], found["within_days"]) == (14, 28)
    assert found["comparators"]["rise"]["model_gain_in"] == "sensitivity"
    assert set(found["absent"]) == {"residual"}
    assert found["steps"][0]["step"] == 0.05


@pytest.mark.parametrize(
    ("warned", "relapses", "hidden"),
    [
        (5, 40, FEW),
        (35, 40, NEARLY_ALL),
        (5, 60, FEW),
        (0, 40, ""),
        (40, 40, ""),
        (20, 40, ""),
        (10, 20, ""),
        (9, 9, FEW_IN_ALL),
    ],
)
def test_no_share_tells_of_fewer_than_ten_people(warned, relapses, hidden):
    people = [((14,), 28, 1, 14)] * relapses + [((14,), 28, 0, 28)] * 60
    alert = np.concatenate([np.arange(relapses) < warned, np.tile([True, False], 30)])
    visits = scored_of(people, np.zeros(len(people))).visits
    found = measure_alerts(visits, alert, n_boot=200, rng=np.random.default_rng(0))
    said = told_of_alerts(found)
    assert ("sensitivity" not in said["measures"]) == bool(hidden)
    if hidden:
        assert said["undefined"]["sensitivity"] == hidden
        assert (said["lead_quartiles"] is None) == (hidden != NEARLY_ALL)
    assert said["relapses"] == (None if relapses < 10 else relapses)


def test_a_handful_of_alerts_or_of_last_visits_is_not_told_either():
    people = [((14, 28), 42, 1, 28)] * 40 + [((14, 28), 42, 0, 42)] * 60
    visits = scored_of(people, np.zeros(200)).visits
    alert = np.zeros(200, dtype=bool)
    alert[:40:2] = True  # twenty warned at the visit before the last
    alert[1:10:2] = True  # five of them at the last one too
    said = told_of_alerts(measure_alerts(visits, alert, n_boot=200, rng=np.random.default_rng(0)))
    assert "sensitivity" in said["measures"]
    assert "sensitivity_last_visit" not in said["measures"]
    assert "ppv" not in said["measures"]  # five of the alerts are followed
