"""The chosen learner in groups: planted faults are seen, few people are never told of."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import chi2
from sklearn.metrics import roc_auc_score

from training.evaluation import RISK_DAYS, Grouping, OutOfFold, measure_subgroups
from training.fitting import Outcome

N = 600


def by(sizes, names=None, variable="sex"):
    names = names or [f"g{i}" for i in range(len(sizes))]
    return Grouping(
        variable, variable.capitalize(), tuple(names), np.repeat(range(len(sizes)), sizes)
    )


def out_of_fold(margin, probability=None):
    probability = expit(margin) if probability is None else probability
    return OutOfFold("ridge", margin, probability, np.zeros(margin.shape, dtype=np.intp))


def responses(shift, seed=1):
    """Two repeats that say the truth plus noise; the truth of each person is shifted."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(size=N)
    y = (rng.random(N) < expit(margin + shift)).astype(float)
    return Outcome(y), out_of_fold(margin[:, None] + 0.05 * rng.normal(size=(N, 2)))


def relapses(seed=1):
    rng = np.random.default_rng(seed)
    margin = rng.normal(size=(N, 1)) + 0.05 * rng.normal(size=(N, 2))
    due, left = rng.exponential(100 * np.exp(-margin[:, 0])), rng.uniform(40, 250, N)
    risk = 1 - np.exp(-np.array(RISK_DAYS) * np.exp(margin[:, :, None]) / 100)
    return Outcome((due <= left).astype(float), np.minimum(due, left)), out_of_fold(margin, risk)


def measured(outcome, found, *groupings, known=None, day=None):
    rng = np.random.default_rng(9)
    return measure_subgroups(found, outcome, groupings, known=known or {}, day=day, rng=rng)


def test_a_fault_planted_in_one_sex_shows_up_there_and_not_in_the_other():
    half = np.repeat([0.0, -1.0], N // 2)  # the second half does worse than it is told
    found = measured(*responses(half), by([N // 2] * 2, ["female", "male"]))
    (division,) = found.divisions
    female, male = (group.measured.measures for group in division.groups)
    assert female["oe"].lo < 1 < female["oe"].hi
    assert male["oe"].hi < 1
    assert female["calibration_intercept"].lo < 0 < female["calibration_intercept"].hi
    assert male["calibration_intercept"].lo < -1 < male["calibration_intercept"].hi < 0
    assert division.tests["oe"].p < 0.001


def test_where_groups_are_alike_a_difference_is_claimed_in_no_more_than_one_of_twenty():
    cohorts = 300
    p = {"auc": [], "oe": []}
    for seed in range(cohorts):
        tests = measured(*responses(0.0, seed), by([200, 400])).divisions[0].tests
        for name, each in p.items():
            each.append(tests[name].p)
    margin = 3 * np.sqrt(0.05 * 0.95 / cohorts)
    assert abs(np.mean(np.array(p["auc"]) < 0.05) - 0.05) < margin
    # its error takes the share as all that is known, so the test is careful
    assert np.mean(np.array(p["oe"]) < 0.05) < 0.05 + margin


def test_numbers_of_a_group_are_those_of_its_people_alone():
    outcome, found = responses(0.0)
    division = measured(outcome, found, by([200, 400])).divisions[0]
    y, p = outcome.events[200:], found.probability[200:]
    group = division.groups[1]
    assert (group.people, group.events) == (400, int(y.sum()))
    assert group.observed == pytest.approx(y.mean())
    assert group.predicted == pytest.approx(p.mean())
    auc = np.mean([roc_auc_score(y, column) for column in p.T])
    assert group.measured.measures["auc"].value == pytest.approx(auc)


def test_the_test_of_a_difference_by_hand():
    division = measured(*responses(0.0), by([200, 400])).divisions[0]
    for name, scale in (("auc", logit), ("oe", np.log)):
        found = [g.measured.measures[name] for g in division.groups]
        inside = [f.value * (1 - f.value) if name == "auc" else 1.0 for f in found]
        ends = [(f.lo, f.hi) if name == "auc" else (np.log(f.lo), np.log(f.hi)) for f in found]
        errors = [(hi - lo) / 3.919928 / k for (lo, hi), k in zip(ends, inside, strict=True)]
        gap = scale(found[0].value) - scale(found[1].value)
        q = gap**2 / (errors[0] ** 2 + errors[1] ** 2)  # two groups: the squared z of a difference
        assert division.tests[name].q == pytest.approx(q, rel=1e-5)
        assert division.tests[name].p == pytest.approx(chi2.sf(q, 1), rel=1e-5)


def told(found):
    groups = found.to_dict()["by"]["sex"]["groups"]
    return [(g["people"], bool(g["measures"])) for g in groups]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([300, 300], [(300, True), (300, True)]),
        # 7 would follow from the total: the next smallest is told without its number
        ([7, 193, 400], [(None, False), (None, True), (400, True)]),
        # few enough to be worked out from measures: not told at all
        ([7, 30, 563], [(None, False), (None, False), (563, True)]),
        ([5, 5, 590], [(None, False), (None, False), (590, True)]),
        ([2, 3, 195, 400], [(None, False), (None, False), (None, True), (400, True)]),
    ],
)
def test_few_people_are_hidden_and_do_not_follow_by_subtraction(sizes, expected):
    found = measured(*responses(0.0), by(sizes))
    assert told(found) == expected


def test_a_group_without_its_number_gives_no_count_and_two_digits():
    group = measured(*responses(0.0), by([7, 193, 400])).to_dict()["by"]["sex"]["groups"][1]
    assert [group[key] for key in ("people", "events", "observed", "predicted")] == [None] * 4
    assert set(group["measures"]) == {"auc", "calibration_intercept", "calibration_slope", "oe"}
    for each in group["measures"].values():
        assert all(each[key] == round(each[key], 2) for key in ("value", "lo", "hi"))


def test_why_a_group_is_hidden_holds_no_number_of_its_own():
    groups = measured(*responses(0.0), by([7, 30, 563])).divisions[0].groups
    assert groups[0].hidden == "fewer than 10 people"
    assert groups[1].hidden == "a smaller group would follow from it"


def test_measures_that_so_few_cannot_carry_are_named_with_the_reason():
    y = np.concatenate([np.tile([1.0, 0, 0, 0], 5), np.tile([1.0, 0], 290)])
    rng = np.random.default_rng(0)
    found = out_of_fold(rng.normal(size=(N, 2)))
    y[0] = 0  # four of the first twenty
    few, many = measured(Outcome(y), found, by([20, 580])).divisions[0].groups
    assert few.measured.measures == {}
    assert few.measured.undefined["auc"] == "fewer than 10 people with or without the event"
    assert few.measured.undefined["oe"] == "fewer than 5 people with or without the event"
    # with the total, the events of the many would tell those of the few
    spared = dict.fromkeys(("calibration_intercept", "oe"), "its interval would tell of a handful")
    assert many.measured.undefined == spared
    assert set(many.measured.measures) == {"auc", "calibration_slope"}
    y[0] = 1
    found = measured(Outcome(y), found, by([20, 580])).divisions[0]
    assert found.groups[0].measured.measures == {}
    assert found.groups[0].measured.undefined["oe"] == "its interval would tell of a handful"
    assert set(found.tests) == {"oe"}  # the AUC of one group has nothing to be held against


def test_what_divides_nobody_is_said():
    alone = Grouping("route", "Route", ("iv",), np.zeros(N, dtype=np.intp))
    found = measured(*responses(0.0), alone)
    assert found.divisions[0].reason == "all people are in one group"
    assert found.divisions[0].groups == ()
    assert found.p_values == []


def test_measures_of_everybody_are_those_of_the_run_where_it_has_them():
    outcome, found = responses(0.0)
    fresh = measured(outcome, found).everybody
    y = outcome.events
    auc = np.mean([roc_auc_score(y, column) for column in found.probability.T])
    assert fresh["auc"].value == pytest.approx(auc)
    known = measured(outcome, found, known={"auc": fresh["oe"], "brier": fresh["oe"]}).everybody
    assert known["auc"] == fresh["oe"]
    assert list(known) == ["auc", "calibration_intercept", "calibration_slope", "oe"]


def test_relapse_is_counted_at_the_day_of_the_sites_or_at_most_90():
    outcome, found = relapses()
    grouping = by([300, 300])
    assert measured(outcome, found, grouping).day == 90
    asked = measured(outcome, found, grouping, day=60)
    assert asked.day == 60
    group = asked.divisions[0].groups[0]
    assert set(group.measured.measures) == {"c_index", "calibration_slope", "oe"}
    assert group.measured.measures["oe"].value == pytest.approx(group.observed / group.predicted)
    assert set(asked.divisions[0].tests) == {"c_index", "oe"}
    json.dumps(asked.to_dict(), allow_nan=False)


def test_groups_that_are_not_followed_have_no_observed_to_expected():
    outcome, found = relapses()
    days, events = outcome.days.copy(), outcome.events.copy()
    days[:100] = np.minimum(days[:100], 59.0)
    days[100:200], events[100:200] = 200.0, 0.0
    events[100:103], days[100:103] = 1.0, 30.0
    groups = measured(Outcome(events, days), found, by([100, 100, 400]), day=60).divisions[0].groups
    short, spared, usual = groups
    assert short.measured.undefined["oe"] == "fewer than 10 people are followed to day 60"
    assert short.observed is None
    assert spared.measured.undefined == {
        "c_index": "fewer than 10 people with the event",
        "calibration_slope": "fewer than 10 people with the event",
        "oe": "fewer than 5 people with the event by day 60",
    }
    assert (spared.people, spared.events, spared.observed) == (100, None, None)  # 3 of 100
    assert usual.measured.undefined == {}


def test_a_handful_with_or_without_the_event_is_not_told_and_does_not_follow():
    # without the event: 60, 4, 41 and 95 of 100
    responded = [np.arange(100) < k for k in (40, 96, 59, 5)]
    events = np.concatenate(responded).astype(float)
    rng = np.random.default_rng(2)
    margin = rng.normal(size=(400, 2))
    found = OutOfFold("ridge", margin, 1 / (1 + np.exp(-margin)), np.zeros((400, 2), int))
    (division,) = measured(Outcome(events), found, by([100] * 4)).divisions
    plain, few_without, other, few_with = division.groups
    assert (plain.events, other.events) == (40, 59)
    for group in (few_without, few_with):
        assert (group.people, group.events, group.observed, group.predicted) == (100, *[None] * 3)
        # from O/E 0.9 (0.6 to 1.4) of 100 people the events follow: its variance is 1/k - 1/n
        assert {"oe", "calibration_intercept"} & set(group.measured.measures) == set()
    # the two have 99 without the event together, but with one of them alone it would follow
    (alone,) = measured(
        Outcome(events[:300]),
        replace(found, margin=margin[:300], probability=found.probability[:300]),
        by([100] * 3),
    ).divisions
    assert [group.events for group in alone.groups] == [None, None, 59]


def test_a_cohort_followed_for_days_only_has_no_day():
    outcome, found = relapses()
    short = Outcome(outcome.events, np.minimum(outcome.days, 9.0))
    made = measured(short, found, by([300, 300]))
    assert made.day is None
    group = made.divisions[0].groups[0]
    assert (group.observed, group.predicted) == (None, None)
    assert "nobody is followed long enough" in group.measured.undefined["oe"]
