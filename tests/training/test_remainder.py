"""What an interval adds for that which a learner leaves out, judged by a ridge on everything."""

from dataclasses import replace

import numpy as np
import pytest

from predictor.dictionary import Variable
from training.evaluation import inner_splits
from training.fitting import Outcome, prepare
from training.freezing import freeze
from training.learners import REFERENCE, learner_named
from training.tuning import inner_folds, tune_and_fit

N, P = 500, 12
VARIABLES = tuple(
    Variable(f"v{i}", f"V{i}", "number", "g", "s", hard_range=(-9, 9)) for i in range(P)
)
EFFECTS = np.full(P, 0.35)


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(N + 2000, P))
    X[rng.random(X.shape) < 0.05] = np.nan
    truth = np.where(np.isnan(X), 0.0, X) @ EFFECTS
    values = {f"v{i}": X[:, i] for i in range(P)}
    y = (rng.random(len(X)) < 1 / (1 + np.exp(-truth))).astype(float)
    return values, truth, y


@pytest.fixture(scope="module")
def fitted(people):
    values, _, y = people
    outcome, rows = Outcome(y[:N]), np.arange(N)
    splits = inner_splits(outcome, [str(i) for i in rows], 4, np.random.default_rng(0))
    found, materials = {}, {}
    for name, variables in (
        ("ridge", VARIABLES),
        ("elastic_net", VARIABLES),
        ("xgboost", VARIABLES),
        ("logistic", VARIABLES[:3]),
    ):
        if variables not in materials:
            materials[variables] = (
                prepare(values, variables, rows),
                inner_folds(values, variables, rows, outcome, splits),
            )
        prepared, inside = materials[variables]
        found[name] = tune_and_fit(learner_named(name, "response"), prepared, outcome, inside)
    return found, outcome


def frozen(fitted, name, *, judged=True):
    found, outcome = fitted
    reference = found["ridge"] if judged else None
    rng = np.random.default_rng(1)
    return freeze(found[name], outcome, n_refits=5, rng=rng, reference=reference)


def test_the_judge_is_a_ridge_on_everything():
    for task, name in REFERENCE.items():
        learner = learner_named(name, task)
        assert learner.l1_ratios == (0.0,)
        assert not learner.declared_only


@pytest.mark.parametrize("name", ["logistic", "xgboost", "elastic_net"])
def test_the_interval_holds_the_true_margin_of_new_people(people, fitted, name):
    values, truth, _ = people
    said = frozen(fitted, name).assess({v: answers[N:] for v, answers in values.items()})
    complete = said.answered.all(axis=1)
    held = np.abs(said.margin - truth[N:]) <= 1.645 * said.sd
    assert 0.8 < held[complete].mean() < 0.99  # one cohort: its signal is under- or overestimated


def test_unread_variables_leave_about_the_variance_of_their_effects(fitted):
    # Nine unread independent effects of 0.35 on answers of variance 1, 5 % unanswered; one cohort
    # of 500 tells their sum of squares to about a third, and not knowing them counts as well.
    model = frozen(fitted, "logistic")
    assert model.uncertainty.remainder == pytest.approx(9 * 0.35**2 * 0.95, rel=0.6)
    assert frozen(fitted, "logistic", judged=False).uncertainty.remainder == 0.0


def test_a_ridge_judged_by_itself_leaves_nothing(fitted):
    model = frozen(fitted, "ridge")
    assert model.uncertainty.remainder == pytest.approx(0.0, abs=1e-12)


def test_a_linear_learner_of_the_same_columns_takes_the_posterior_of_the_judge(fitted):
    found, _ = fitted
    model, judge = frozen(fitted, "elastic_net"), frozen(fitted, "ridge", judged=False)
    X = found["ridge"].prepared.complete
    ours = model.calibration.slope**2 * model.uncertainty.laplace_variance(X)
    theirs = judge.calibration.slope**2 * judge.uncertainty.laplace_variance(X)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_the_remainder_widens_everybody_alike_and_moves_nobody(people, fitted):
    values = {v: answers[N : N + 50] for v, answers in people[0].items()}
    alone, judged = frozen(fitted, "xgboost", judged=False), frozen(fitted, "xgboost")
    left = judged.uncertainty.remainder
    assert left > 0
    one, other = alone.assess(values), judged.assess(values)
    np.testing.assert_array_equal(one.margin, other.margin)
    inside = ~other.outside.any(axis=1)
    np.testing.assert_allclose((other.sd**2 - one.sd**2)[inside], left, rtol=1e-9)
    X = judged.encoding.transform(values)
    np.testing.assert_allclose(judged.variance(X)[inside], (other.sd**2)[inside], rtol=1e-9)


def test_without_a_signal_the_interval_is_that_of_the_prevalence(fitted):
    found, outcome = fitted
    flat = replace(found["xgboost"].calibration, no_signal=True)
    silent = replace(found["xgboost"], calibration=flat)
    rng = np.random.default_rng(1)
    model = freeze(silent, outcome, n_refits=2, rng=rng, reference=found["ridge"])
    assert model.uncertainty.remainder == 0.0


def test_a_judge_that_reads_no_more_leaves_nothing(people):
    values, _, y = people
    outcome, rows = Outcome(y[:N]), np.arange(N)
    splits = inner_splits(outcome, [str(i) for i in rows], 3, np.random.default_rng(0))
    inside = inner_folds(values, VARIABLES[:3], rows, outcome, splits)
    prepared = prepare(values, VARIABLES[:3], rows)
    few, judge = (
        tune_and_fit(learner_named(name, "response"), prepared, outcome, inside)
        for name in ("logistic", "ridge")
    )
    rng = np.random.default_rng(1)
    model = freeze(few, outcome, n_refits=0, rng=rng, reference=judge)
    assert model.uncertainty.remainder == 0.0
