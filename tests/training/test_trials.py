"""Search of settings for trees: seeded, as long as asked, never behind the fixed paths."""

import logging
import subprocess
import sys
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import optuna
import pytest
import xgboost

from predictor.dictionary import Variable
from training import tuning
from training.evaluation import Analysis, inner_splits
from training.fitting import (
    ROUNDS,
    Growth,
    Outcome,
    Setting,
    margins_along,
    paths_of,
    prepare,
    tuning_loss,
)
from training.fitting.boosting import boost
from training.learners import learner_named
from training.trials import search
from training.tuning import inner_folds, tune_and_fit

ROOT = Path(__file__).parents[2]
N = 240
XGBOOST = learner_named("xgboost", "response")
VARIABLES = tuple(
    Variable(f"v{i}", f"V{i}", "number", "g", "s", hard_range=(-9, 9)) for i in range(4)
)
FIXED = tuple(tuple(Setting(depth=d, rounds=r) for r in ROUNDS) for d in (1, 2, 3))
RANGES = ((0.02, 0.2), (1, 16), (0.5, 50), (0.4, 1), (0.1, 1))


@pytest.fixture(scope="module")
def people():
    """People who respond where all four answers lie above -0.5: each alone says little."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(N, 4))
    y = (rng.random(N) < np.where((X > -0.5).all(axis=1), 0.95, 0.05)).astype(float)
    return {f"v{i}": X[:, i] for i in range(4)}, Outcome(y)


@pytest.fixture(scope="module")
def inside(people):
    values, outcome = people
    rows = np.arange(N)
    splits = inner_splits(outcome, [str(i) for i in rows], 3, np.random.default_rng(1))
    folds = inner_folds(values, VARIABLES, rows, outcome, splits)
    return prepare(values, VARIABLES, rows), outcome, folds


def loss_of(setting, outcome, folds, learner=XGBOOST):
    """Add up the loss of one setting over the folds, its rounds grown at one go."""
    total = 0.0
    for fold in folds:
        (margin,) = margins_along(learner, (setting,), fold.prepared, fold.outcome, fold.X_held_out)
        total += tuning_loss(outcome.take(fold.held_out), margin)
    return total


def asked(loss, **settings):
    """Search and list the paths asked for."""
    paths = []

    def walked(path):
        paths.append(path)
        return loss(path[0])

    search(walked, **{"first": FIXED, "n_trials": 25, "seed": 3, **settings})
    return paths


def bowl(setting):
    """Lowest at depth 4, a learning rate of 0.1 and a penalty of 20."""
    rate, l2 = setting.growth.learning_rate, setting.growth.l2
    return (setting.depth - 4) ** 2 + np.log(rate / 0.1) ** 2 + np.log(l2 / 20) ** 2


def test_a_setting_that_wins_in_a_planted_cohort_is_found(inside):
    prepared, outcome, folds = inside
    fixed = tune_and_fit(XGBOOST, prepared, outcome, folds)
    found = tune_and_fit(replace(XGBOOST, trials=12, trial_seed=1), prepared, outcome, folds)
    everything = [loss_of(s, outcome, folds) for path in FIXED for s in path]
    assert loss_of(fixed.setting, outcome, folds) == pytest.approx(min(everything), rel=1e-9)
    assert loss_of(found.setting, outcome, folds) < 0.97 * min(everything)
    assert found.setting.growth != Growth()


@pytest.mark.parametrize("n_trials", [10, 25])
def test_as_many_paths_are_tried_as_asked_and_the_fixed_ones_first(n_trials):
    paths = asked(bowl, n_trials=n_trials)
    assert len(paths) == n_trials
    assert tuple(paths[:3]) == FIXED
    for path in paths:
        assert [setting.rounds for setting in path] == list(ROUNDS)
        assert {(setting.depth, setting.growth) for setting in path} == {
            (path[0].depth, path[0].growth)
        }
        assert 1 <= path[0].depth <= 4
        for value, (low, high) in zip(astuple(path[0].growth), RANGES, strict=True):
            assert low <= value <= high


def test_later_trials_learn_from_earlier_ones():
    losses = np.array([bowl(path[0]) for path in asked(bowl, n_trials=60)])
    assert np.median(losses[-20:]) < 0.5 * np.median(losses[3:10])


def test_the_same_seed_proposes_the_same_in_another_process():
    one = asked(bowl)
    assert asked(bowl) == one
    assert asked(bowl, seed=4) != one
    here = asked(lambda setting: setting.growth.l2, first=(), n_trials=14)
    code = """
from training.trials import search
paths = []
search(lambda path: paths.append(path) or path[0].growth.l2, first=(), n_trials=14, seed=3)
print(paths[-1][0])
"""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert found.stdout.strip() == str(here[-1][0])
    assert found.stderr == ""


def test_the_same_seed_chooses_the_same(inside):
    learner = replace(XGBOOST, trials=10, trial_seed=2)
    one, two = (tune_and_fit(learner, *inside) for _ in range(2))
    assert one.setting == two.setting
    assert one.calibrated_margins.tobytes() == two.calibrated_margins.tobytes()


def test_trees_of_a_blend_are_searched_too_and_their_linear_part_is_not(inside, monkeypatch):
    searched = []

    def spy(loss, **settings):
        searched.append(settings)
        search(loss, **settings)

    monkeypatch.setattr(tuning, "search", spy)
    learner = replace(learner_named("blended", "response"), trials=10, trial_seed=5)
    tune_and_fit(learner, *inside)
    (settings,) = searched
    assert settings == {"first": FIXED[1:2], "n_trials": 10, "seed": 5}


def test_without_trials_the_fixed_paths_are_walked_and_nothing_is_searched(inside, monkeypatch):
    monkeypatch.setattr(tuning, "search", None)
    assert paths_of(XGBOOST, *inside[:2]) == FIXED
    assert tune_and_fit(XGBOOST, *inside).setting.growth == Growth(0.05, 2.0, 5.0, 0.6, 0.3)


@pytest.mark.parametrize(
    ("growth", "said"),
    [
        (Growth(), {}),
        (
            Growth(0.11, 3.5, 0.7, 0.8, 0.5),
            {"eta": 0.11, "min_child_weight": 3.5, "lambda": 0.7, "subsample": 0.8,
             "colsample_bynode": 0.5},
        ),
    ],
)  # fmt: skip
def test_trees_are_those_of_xgboost_told_the_same(people, growth, said):
    values, outcome = people
    X = np.column_stack(list(values.values()))
    usual = {
        "objective": "binary:logistic", "max_depth": 2, "eta": 0.05, "min_child_weight": 2.0,
        "lambda": 5.0, "subsample": 0.6, "colsample_bynode": 0.3, "tree_method": "hist",
        "nthread": 1, "seed": 0, "seed_per_iteration": True,
        "base_score": float(outcome.events.mean()),
    }  # fmt: skip
    data = xgboost.DMatrix(X, label=outcome.events, nthread=1)
    theirs = xgboost.train(usual | said, data, num_boost_round=15)
    ours = boost(X, outcome, Setting(depth=2, rounds=15, growth=growth))
    assert ours.get_dump() == theirs.get_dump()


def test_only_learners_with_trees_are_given_trials():
    analysis = Analysis({}, (), (), (), Outcome(np.ones(2)), ("a", "b"), trials=12, trial_seed=7)
    given = {name: analysis.candidate(name) for name in ("ridge", "averaged", "xgboost", "blended")}
    assert {name: (line.trials, line.trial_seed) for name, line in given.items()} == {
        "ridge": (0, 0),
        "averaged": (0, 0),
        "xgboost": (12, 7),
        "blended": (12, 7),
    }
    assert replace(analysis, trials=0).candidate("xgboost") == XGBOOST


@pytest.mark.parametrize("level", [optuna.logging.INFO, optuna.logging.ERROR])
def test_nothing_is_told_on_standard_error_and_optuna_is_left_as_it_was(capfd, level):
    before, drawn = optuna.logging.get_verbosity(), np.random.get_state()[1].copy()  # noqa: NPY002
    handlers = list(logging.getLogger().handlers)
    optuna.logging.set_verbosity(level)
    try:
        asked(bowl, n_trials=12)
        assert optuna.logging.get_verbosity() == level
    finally:
        optuna.logging.set_verbosity(before)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger().handlers == handlers
    np.testing.assert_array_equal(np.random.get_state()[1], drawn)  # noqa: NPY002
