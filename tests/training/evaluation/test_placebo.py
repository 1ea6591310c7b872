"""Placebo control on people of a known law: a model of who gets better anyway is found out."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.evaluation import Resampling, Untreated, cross_validate, placebo_control
from training.evaluation.cross_validation import OutOfFold, Outside
from training.evaluation.placebo import dealt
from training.learners import LEARNERS

RIDGE = next(line for line in LEARNERS if line.name == "ridge")
QUICK = Resampling(folds=4, repeats=2, inner_folds=3)


def events_of(values, effect, rng):
    n = len(values["v0"])
    return (rng.random(n) < 1 / (1 + np.exp(-effect * values["v0"]))).astype(float)


def validated(analysis):
    rng = np.random.default_rng(7)
    return cross_validate(analysis, [RIDGE], QUICK, rng=rng)["ridge"]


def judged(analysis, found, *, design="arm", label="placebo", people=(), events=(), reason=""):
    asked = Untreated(label, "ketamine", design, tuple(people), np.asarray(events, float), reason)
    return placebo_control(analysis, found, asked, rng=np.random.default_rng(1))


def with_arm(draw, effect, n=600):
    """A trial of 600 treated whose response follows `v0`, and 600 untreated."""
    rng = np.random.default_rng(21)
    treated, others = draw(n=n), draw(n=n, seed=4)
    names = tuple(f"u{i}" for i in range(n))
    analysis = replace(treated, outside=others.values, outside_people=names)
    return analysis, names, events_of(others.values, effect, rng)


@pytest.fixture
def parallel(draw):
    return lambda effect: with_arm(draw, effect)


def test_who_gets_better_anyway_is_ranked_as_well_without_treatment(draw):
    gaps, slopes, held = [], [], []
    for seed in range(5):  # one law for both arms
        treated, others = draw(n=600, seed=100 + seed), draw(n=600, seed=200 + seed)
        names, events = tuple(f"u{i}" for i in range(600)), others.outcome.events
        analysis = replace(treated, outside=others.values, outside_people=names)
        found = judged(analysis, validated(analysis), people=names, events=events)
        assert found.treated.measures["auc"].value > 0.7
        assert found.untreated.measures["auc"].value > 0.7
        assert (found.untreated.people, found.untreated.events) == (600, int(events.sum()))
        assert found.reason == ""
        gaps.append(found.difference.value)
        slopes.append(found.untreated.measures["calibration_slope"].value)
        held.append(found.difference.lo < 0 < found.difference.hi)
    assert abs(np.mean(gaps)) < 0.03  # its standard error over five pairs of arms is 0.012
    assert np.mean(slopes) == pytest.approx(1, abs=0.15)
    assert sum(held) >= 4


def test_people_outside_are_dealt_to_the_folds_as_those_held_out_are():
    each = np.arange(24.0).reshape(4, 6)  # four people; two repeats of three folds
    outside = Outside(np.zeros((4, 2)), np.zeros((4, 2)), each)
    # person 0: fold 0, then fold 1 of the second repeat (column 4); person 2: folds 2 and 0
    assert dealt(outside).tolist() == [[0, 4], [7, 11], [14, 15], [18, 22]]
    assert dealt(Outside()).shape[0] == 0


def test_an_arm_has_the_margins_of_single_folds_and_not_their_mean(draw):
    analysis = draw(n=120)
    analysis = replace(
        analysis, outside=analysis.values, outside_people=tuple(f"u{i}" for i in range(120))
    )
    kept = validated(analysis)
    events = analysis.outcome.events
    found = judged(analysis, kept, people=analysis.outside_people, events=events)
    # by hand: person i of repeat r has fold (i + r) % 4
    picked = [[kept.outside.each[i, 4 * r + (i + r) % 4] for r in range(2)] for i in range(120)]
    expected = np.mean([roc_auc_score(events, column) for column in np.transpose(picked)])
    assert found.untreated.measures["auc"].value == pytest.approx(expected)
    np.testing.assert_allclose(kept.outside.each[:, :4].mean(axis=1), kept.outside.margin[:, 0])


def test_a_model_of_response_alone_ranks_nobody_without_treatment(parallel):
    analysis, names, events = parallel(0.0)
    found = judged(analysis, validated(analysis), people=names, events=events)
    auc = found.untreated.measures["auc"]
    assert auc.lo < 0.5 < auc.hi
    assert auc.value == pytest.approx(0.5, abs=0.05)
    assert found.difference.lo > 0.1
    gap = found.treated.measures["auc"].value - auc.value
    assert found.difference.value == pytest.approx(gap)
    assert found.untreated.measures["calibration_slope"].hi < 0.4


def test_people_of_a_cross_over_have_the_prediction_of_the_fold_that_held_them_out(draw):
    analysis = draw(n=80)
    margin = np.random.default_rng(2).normal(size=(80, 2))
    probability = 1 / (1 + np.exp(-margin))
    each = np.array([[9.0, 9, 9, 9], [1, 2, 3, 4], [9, 9, 9, 9]])
    extra = Outside(np.full((3, 2), 9.0), np.full((3, 2), 0.9999), each)
    found = OutOfFold("ridge", margin, probability, np.zeros((80, 2), int), outside=extra)
    analysis = replace(
        analysis,
        outside={v: answers[:3] for v, answers in analysis.values.items()},
        outside_people=("x", "y", "z"),
    )
    # the 60 last of the cohort, backwards, and one who had no outcome under treatment
    people = [*analysis.groups[:19:-1], "y"]
    events = np.tile([0.0, 1.0], 31)[:61]
    result = judged(analysis, found, design="period", people=people, events=events)
    # y is the second of those outside: fold 1 of 2 in the first repeat, fold 0 in the second
    said = np.vstack([probability[:19:-1], 1 / (1 + np.exp([-2.0, -3.0]))])
    cases, others = said[events == 1], said[events == 0]
    wins = (cases[:, None, :] > others[None, :, :]).mean()
    assert result.untreated.measures["auc"].value == pytest.approx(wins)
    assert result.untreated.measures["oe"].value == pytest.approx(
        np.mean(events.sum() / said.sum(axis=0))
    )
    assert result.treated.people == 80


def test_an_arm_that_is_trained_on_is_no_part_of_the_treated(draw):
    analysis = draw(n=200)
    untreated = np.arange(200) % 3 == 0
    people = [one for one, there in zip(analysis.groups, untreated, strict=True) if there]
    events = analysis.outcome.events
    kept = validated(analysis)
    found = judged(analysis, kept, design="trained_arm", people=people, events=events[untreated])
    assert (found.treated.people, found.untreated.people) == (133, 67)
    assert found.treated.events + found.untreated.events == events.sum()
    rest = kept.probability[~untreated]
    oe = np.mean(events[~untreated].sum() / rest.sum(axis=0))
    assert found.treated.measures["oe"].value == pytest.approx(oe)


def counted(analysis, n, k, **settings):
    names = tuple(f"u{i}" for i in range(n))
    return judged(analysis, None, people=names, events=np.arange(n) < k, **settings)


def test_counts_that_tell_of_fewer_than_ten_are_hidden_with_the_reason(draw):
    analysis = replace(
        draw(n=100), outside_people=tuple(f"u{i}" for i in range(40)), outside={"v0": np.ones(40)}
    )
    few = counted(analysis, 27, 1, label="saline infusion")
    assert (few.untreated.people, few.untreated.events) == (27, None)
    assert few.treated.people == 100
    assert few.treated.events == analysis.outcome.events.sum()
    assert few.reason == (
        "fewer than 10 people with, or fewer than 10 without, the outcome under saline infusion"
    )
    assert few.difference is None
    assert few.untreated.measures == {}
    assert counted(analysis, 27, 20).untreated.events is None  # seven without
    assert counted(analysis, 9, 9).untreated.people is None
    assert counted(analysis, 0, 0).untreated.people is None
    enough = counted(analysis, 40, 15)
    assert (enough.untreated.events, enough.reason) == (15, "no learner could be chosen")


def test_what_would_follow_from_the_cohorts_total_is_hidden_in_both_arms(draw):
    analysis = draw(n=100)
    places = np.flatnonzero(analysis.outcome.events)[:4].tolist()
    places += np.flatnonzero(analysis.outcome.events == 0)[:20].tolist()
    people = [analysis.groups[place] for place in places]
    events = analysis.outcome.events[places]
    found = judged(analysis, None, design="trained_arm", people=people, events=events)
    assert (found.untreated.people, found.untreated.events) == (24, None)
    assert (found.treated.people, found.treated.events) == (76, None)
    found = judged(analysis, None, design="trained_arm", people=people[:5], events=events[:5])
    assert found.untreated.people is found.treated.people is None


def test_predictions_that_rank_nobody_have_their_reason(parallel):
    analysis, names, events = parallel(0.0)
    flat = np.full((600, 2), 0.3)
    found = OutOfFold(
        "ridge", flat, flat, np.zeros((600, 2), int), outside=Outside(flat, flat, flat)
    )
    result = judged(analysis, found, people=names, events=events)
    assert set(result.untreated.measures) >= {"oe"}
    assert "auc" in result.untreated.undefined
    said = result.to_dict()
    assert said["untreated"]["undefined"]["auc"] != ""
    assert result.difference is None
    assert result.reason != ""


def test_an_outcome_that_was_not_decided_gives_its_reason(draw):
    found = judged(draw(), None, reason="relapse is not compared")
    assert found.reason == "relapse is not compared"
    assert found.to_dict()["difference"] is None
    assert found.to_dict()["untreated"]["people"] is None
