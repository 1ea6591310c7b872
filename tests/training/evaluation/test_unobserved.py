"""Missing outcomes in a run: simulated truth for the weights, every assignment for the bounds."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from predictor.errors import InvalidInputError
from training.evaluation import (
    Analysis,
    Resampling,
    chance_observed,
    cross_validate,
    under_assumptions,
)
from training.evaluation.unobserved import SMALLEST_CHANCE
from training.fitting import Outcome
from training.learners import learner_named
from training.metrics.binary import auroc, brier, log_loss

QUICK = Resampling(folds=3, repeats=1, inner_folds=3)


def oe(y, p):
    return y.sum() / p.sum()


MEASURES = {"auc": auroc, "log_loss": log_loss, "brier": brier, "oe": oe}


def rng(seed=1):
    return np.random.default_rng(seed)


def test_weights_come_nearer_to_the_truth_where_the_baseline_tells_who_leaves(draw):
    """The higher v0, the surer the prediction and the likelier to be gone; truth is known."""
    away = {name: [] for name in ("log_loss", "brier", "auc")}
    for seed in range(6):
        everybody = draw(n=700, seed=seed)
        v0 = everybody.values["v0"]
        p = expit(1 + 1.5 * v0)[:, None]  # a fixed model, right in the people without a gap
        y = (rng(seed + 90).random(700) < p[:, 0]).astype(float)
        seen = rng(seed + 50).random(700) < expit(1 - v0)
        people = replace(everybody, outcome=Outcome(seen.astype(float)))
        chance = chance_observed(people, QUICK, rng=rng(seed))
        found = under_assumptions(np.where(seen, y, np.nan), p, chance, rng=rng(seed))
        assert found.n_missing == 700 - seen.sum()
        for name, errors in away.items():
            truth, each = MEASURES[name](y, p[:, 0]), found.measures[name]
            assert each.lowest <= truth <= each.highest
            assert each.complete == pytest.approx(MEASURES[name](y[seen], p[seen, 0]))
            errors.append((each.complete - truth, each.weighted.value - truth))
        assert found.weights.auc.value == pytest.approx(roc_auc_score(seen, chance))
    for name in ("log_loss", "brier"):
        complete, weighted = np.transpose(away[name])
        assert complete.min() > 0  # those who stay look worse predicted than all are
        assert np.abs(weighted).mean() < 0.6 * np.abs(complete).mean()
        assert abs(weighted.mean()) < 0.3 * complete.mean()


def test_bounds_hold_every_assignment_in_every_repeat():
    y = np.array([0, 1, 0, 1, 1, 0, 1, 0, np.nan, np.nan, np.nan])
    p = rng(3).uniform(0.1, 0.9, (11, 2))
    found = under_assumptions(y, p, "too few", rng=rng())
    assert (found.unweighted, found.weights) == ("too few", None)
    assert (found.n_missing, found.n_observed) == (3, 8)
    for name, measure in MEASURES.items():
        ends = []
        for column in p.T:
            values = [
                measure(np.concatenate([y[:8], said]), column)
                for said in itertools.product([0.0, 1.0], repeat=3)
            ]
            ends.append((min(values), max(values)))
        each = found.measures[name]
        assert (each.lowest, each.highest) == pytest.approx(tuple(np.mean(ends, axis=0)))
        assert each.complete == pytest.approx(np.mean([measure(y[:8], c[:8]) for c in p.T]))
        assert each.weighted is None


def test_small_chances_are_raised_and_counted():
    y = np.array([0, 1, 0, 1, 1, 0, np.nan, np.nan])
    p = np.array([0.2, 0.6, 0.4, 0.5, 0.9, 0.3, 0.5, 0.5])[:, None]
    chance = np.array([0.01, 0.02, 0.5, 0.8, 0.8, 0.8, 0.5, 0.6])
    found = under_assumptions(y, p, chance, rng=rng())
    w = 1 / np.array([SMALLEST_CHANCE, SMALLEST_CHANCE, 0.5, 0.8, 0.8, 0.8])
    assert found.weights.trimmed == 2
    assert found.weights.effective == pytest.approx(w.sum() ** 2 / (w**2).sum())
    squares = (y[:6] - p[:6, 0]) ** 2
    assert found.measures["brier"].weighted.value == pytest.approx(np.average(squares, weights=w))
    assert found.measures["oe"].weighted.value == pytest.approx((w @ y[:6]) / (w @ p[:6, 0]))
    expected = roc_auc_score(y[:6], p[:6, 0], sample_weight=w)
    assert found.measures["auc"].weighted.value == pytest.approx(expected)
    plain = found.to_dict()
    assert (plain["missing"], plain["weights"]["trimmed"]) == (None, None)


def test_intervals_are_those_of_a_loop_of_resamples():
    y = np.concatenate([(rng(4).random(60) < 0.4).astype(float), [np.nan] * 12])
    p = expit(rng(5).normal(size=(72, 2)) + np.nan_to_num(y)[:, None])
    chance = rng(6).uniform(0.4, 0.9, 72)
    found = under_assumptions(y, p, chance, rng=rng(7))
    draws, w = np.random.default_rng(int(rng(7).integers(2**32))), 1 / chance[:60]
    values = {"auc": [], "oe": []}
    for _ in range(2000):
        rows = draws.integers(60, size=60)
        columns = [p[rows, k] for k in range(2)]
        values["auc"].append(
            np.mean([roc_auc_score(y[rows], c, sample_weight=w[rows]) for c in columns])
        )
        values["oe"].append(np.mean([(w[rows] @ y[rows]) / (w[rows] @ c) for c in columns]))
    for name, drawn in values.items():
        each = found.measures[name].weighted
        assert (each.lo, each.hi) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=1e-9)


def test_a_measure_without_a_value_says_why():
    y, p = np.array([0, 0, 0, np.nan]), np.array([0.2, 0.3, 0.4, 0.5])[:, None]
    found = under_assumptions(y, p, "too few", rng=rng())
    assert set(found.measures) == {"log_loss", "brier"}
    assert set(found.undefined) == {"auc", "oe"}
    assert "no outcome was observed" in found.undefined["oe"]


def test_a_handful_missing_is_not_modelled(draw):
    people = draw(n=60)
    few = replace(people, outcome=Outcome((np.arange(60) >= 9).astype(float)))
    with pytest.raises(InvalidInputError, match="fewer than 10 outcomes are missing"):
        chance_observed(few, QUICK, rng=rng())


def test_a_ridge_that_cannot_be_fitted_says_why(draw):
    people = draw(n=60)
    seen = Outcome((np.arange(60) >= 12).astype(float))
    rest = np.where(np.arange(60) < 12, 0, np.arange(60))
    together = replace(people, outcome=seen, groups=tuple(f"p{i}" for i in rest))
    with pytest.raises(InvalidInputError, match="needs at least 2"):
        chance_observed(together, QUICK, rng=rng())


def test_the_people_without_an_outcome_move_no_number_of_the_others(draw):
    analysis = draw(n=90)
    there = {name: answers[:15][::-1] for name, answers in analysis.values.items()}
    tried = [learner_named("ridge", "response")]
    one, two = (
        cross_validate(each, tried, QUICK, rng=rng())["ridge"]
        for each in (analysis, replace(analysis, outside=there))
    )
    np.testing.assert_array_equal(one.probability, two.probability)
    assert [seen.read for seen in one.seen] == [seen.read for seen in two.seen] == [60] * 3
    assert two.outside.probability.shape == (15, 1)


def test_processes_and_seed_decide_nothing_else(draw):
    people = draw(n=80)
    gone = replace(people, outcome=Outcome((rng(2).random(80) < 0.7).astype(float)))
    assert isinstance(gone, Analysis)
    one, two, other = (chance_observed(gone, QUICK, rng=rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()
    assert ((one > 0) & (one < 1)).all()
