"""Permuted outcomes: chance is known exactly, and a procedure that sees outcomes is found."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

import training.evaluation.cross_validation as cv
from training.evaluation import Resampling, permuted_outcome
from training.evaluation.sentinels.permuted_outcome import ranking_by_chance
from training.fitting import Outcome
from training.learners import learner_named
from training.metrics.binary import auroc
from training.metrics.survival import harrell_c
from training.work import Work

QUICK = Resampling(folds=3, repeats=1, inner_folds=2)
LEARNER = {
    "response": learner_named("ridge", "response"),
    "relapse": learner_named("cox_ridge", "relapse"),
}


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(np.array([1.0, 0, 0, 1, 0, 0])),
        Outcome(np.array([1.0, 1, 0, 1, 0, 1]), np.array([3.0, 5, 5, 2, 7, 5])),
        Outcome(np.array([0.0, 0, 0, 0, 0, 1]), np.array([3.0, 5, 5, 2, 7, 1])),
    ],
)
@pytest.mark.parametrize("margin", [[3, 1, 4, 1.5, 9, 2], [1, 1, 1, 2, 2, 3], [2, 2, 2, 2, 2, 2]])
def test_mean_and_variance_are_those_of_all_orders(outcome, margin):
    margin = np.array(margin, dtype=float)
    orders = [outcome.take(np.array(order)) for order in permutations(range(6))]
    excess = [ranking_by_chance(margin, order)[0] for order in orders]
    _, variance, _ = ranking_by_chance(margin, outcome)
    assert np.mean(excess) == pytest.approx(0, abs=1e-9)
    assert variance == pytest.approx(np.var(excess), rel=1e-9)


def test_the_excess_is_auc_and_c_in_another_unit():
    rng = np.random.default_rng(2)
    margin = np.round(rng.normal(size=50), 1)
    events, days = rng.integers(0, 2, 50).astype(float), rng.integers(1, 30, 50).astype(float)
    excess, _, pairs = ranking_by_chance(margin, Outcome(events))
    assert 0.5 + excess / (2 * pairs) == pytest.approx(auroc(events, 1 / (1 + np.exp(-margin))))
    excess, _, pairs = ranking_by_chance(margin, Outcome(events, days))
    assert 0.5 + excess / (2 * pairs) == pytest.approx(harrell_c(days, events, margin))


def guard(analysis, *, seed=1, work=None):
    rng = np.random.default_rng(seed)
    learner = LEARNER[analysis.task]
    return permuted_outcome(analysis, learner, QUICK, rng=rng, work=work or Work())


@pytest.mark.parametrize("task", ["response", "relapse"])
def test_a_procedure_that_sees_nothing_passes_however_strong_the_signal(draw, task):
    found = guard(draw(n=120, effect=3.0, task=task))
    assert found.passed
    assert found.tested
    assert "20 permuted outcomes" in found.detail


def test_the_answer_does_not_depend_on_processes(draw):
    analysis = draw(n=80)
    assert guard(analysis) == guard(analysis, work=Work(2))


@pytest.mark.parametrize("task", ["response", "relapse"])
def test_training_on_the_people_predicted_is_found(draw, task, monkeypatch):
    """The split says who is held out, but the fit is made on everybody."""
    honest = cv.fit_counted

    def leaky(analysis, tried, rows, wanted, rng):
        return honest(analysis, tried, np.arange(len(analysis.groups)), wanted, rng)

    monkeypatch.setattr(cv, "fit_counted", leaky)
    analysis = draw(n=90, effect=0.0, task=task)
    noise = np.random.default_rng(0).normal(size=(40, 90))
    more = {f"n{i}": replace(analysis.variables[0], id=f"n{i}") for i in range(40)}
    values = {**analysis.values, **dict(zip(more, noise, strict=True))}
    wide = replace(analysis, values=values, variables=(*analysis.variables, *more.values()))
    found = guard(wide)
    assert not found.passed
    assert found.detail.endswith("the procedure sees the outcomes that it predicts")


def test_a_prediction_that_peeps_at_the_outcome_is_found(draw, monkeypatch):
    honest = cv._predict

    def peeping(fitted, analysis, split):
        held = honest(fitted, analysis, split)
        return replace(held, margin=held.margin + 0.5 * analysis.outcome.events[split.test])

    monkeypatch.setattr(cv, "_predict", peeping)
    assert not guard(draw(n=90)).passed


def test_a_learner_that_cannot_be_fitted_is_not_said_to_be_tested(draw):
    analysis = draw(n=60)
    same = {v: np.zeros(60) for v in analysis.values}
    trees = learner_named("xgboost", "response")
    rng = np.random.default_rng(0)
    found = permuted_outcome(replace(analysis, values=same), trees, QUICK, rng=rng)
    assert (found.passed, found.tested) == (True, False)
    assert found.detail.startswith("not tested: xgboost could not be fitted")


def test_a_learner_that_ranks_nobody_is_at_one_half(draw):
    analysis = draw(n=60)
    same = {v: np.zeros(60) for v in analysis.values}
    found = guard(replace(analysis, values=same))
    assert found.passed
    assert "AUC 0.500" in found.detail
