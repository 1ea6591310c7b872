"""Curves, and how much of trees a blend takes: by hand, and against planted truth."""

import numpy as np
import pytest
from scipy.special import expit

from predictor.blended import Blended
from predictor.dictionary import Variable
from predictor.linear import Linear
from training.averaged_logistic import fit_averaged_logistic
from training.evaluation import inner_splits
from training.fitting import BLEND_WEIGHTS, Outcome, blend_weight, prepare, tuning_loss
from training.fitting.bends import bends_of
from training.learners import learner_named
from training.tuning import inner_folds, tune_and_fit

NUMBERS = tuple(
    Variable(f"x{j}", f"x{j}", "number", "g", "s", hard_range=(-9, 9)) for j in range(4)
)


def test_the_weight_is_a_posterior_mean_under_a_falling_prior():
    prior = np.exp(-5 * np.array(BLEND_WEIGHTS))
    assert blend_weight([3.0] * 8) == pytest.approx(prior @ BLEND_WEIGHTS / prior.sum())
    # held-out people say 0.4 and nothing else
    assert blend_weight([900.0] * 4 + [1.0] + [900.0] * 3) == pytest.approx(0.4)


def test_trees_that_foretell_worse_get_no_weight():
    assert blend_weight([100.0 + 60.0 * w for w in BLEND_WEIGHTS]) == 0.0


def test_the_loss_is_the_log_loss():
    said = np.array([0.0, 2.0])
    loss = tuning_loss(Outcome(np.array([1.0, 0.0])), said)
    assert loss == pytest.approx(-np.log(0.5) - np.log(1 - expit(2.0)))


def test_a_curve_bends_at_quartiles_on_a_grid():
    values = {
        "x0": np.arange(101.0),  # whole numbers: quartiles 25, 50, 75
        "x1": np.linspace(0, 1, 101) ** 2,  # SD 0.3, grid 0.05: 0.0625, 0.25, 0.5625 rounded up
        "x2": np.repeat([0.0, 1.0], [50, 51]),  # two answers: no curve
        "x3": np.full(101, np.nan),
    }
    found = bends_of(values, NUMBERS, {"x0": (50.0,)})
    assert found["x0"] == (25.0, 75.0)  # 50 has its column already
    assert found["x1"] == pytest.approx((0.1, 0.25, 0.6))
    assert set(found) == {"x0", "x1"}


def stepped(n, rng, *, size):
    """People whose risk steps once in each of four numbers, at other places than the quartiles."""
    X = rng.normal(size=(n, 4))
    margin = size * ((X > [0.4, -0.3, 0.1, -0.5]) @ np.array([1.0, -1.0, 1.0, -1.0]))
    return X, (rng.random(n) < expit(margin)).astype(float), margin


def prepared_of(X, *, bent):
    values = {v.id: X[:, j] for j, v in enumerate(NUMBERS)}
    return values, prepare(values, NUMBERS, np.arange(len(X)), bent=bent)


def test_curves_come_nearer_to_a_stepped_truth_and_cost_little_where_it_is_straight():
    nearer, cost = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        for straight, found in ((False, nearer), (True, cost)):
            X, y, margin = stepped(600, rng, size=1.2)
            if straight:
                margin = X @ np.array([0.5, -0.5, 0.5, -0.5])
                y = (rng.random(600) < expit(margin)).astype(float)
            errors = []
            for bent in (False, True):
                _, prepared = prepared_of(X, bent=bent)
                fit = fit_averaged_logistic(prepared.standardised, y, curves=prepared.curves)
                said = fit.intercept + prepared.standardised @ fit.coefficients
                errors.append(float(((said - margin) ** 2).mean()))
            found.append(errors[1] / errors[0])
    assert np.mean(nearer) < 0.8
    assert np.mean(cost) < 1.1


def test_columns_of_curves_are_marked_by_their_variable():
    X = np.random.default_rng(0).normal(size=(80, 4))
    _, prepared = prepared_of(X, bent=True)
    assert prepared.curves.tolist() == [-1, 0, 0, 0, -1, 1, 1, 1, -1, 2, 2, 2, -1, 3, 3, 3]
    assert prepared.straight.tolist() == [0, 4, 8, 12]
    assert (prepared_of(X, bent=False)[1].curves == -1).all()


def blended_fit(X, y, seed=0):
    values, prepared = prepared_of(X, bent=True)
    outcome, rows = Outcome(y), np.arange(len(X))
    groups = tuple(str(row) for row in rows)
    splits = inner_splits(outcome, groups, 5, np.random.default_rng(seed))
    folds = inner_folds(values, NUMBERS, rows, outcome, splits, bent=True)
    return tune_and_fit(learner_named("blended", "response"), prepared, outcome, folds)


def test_trees_get_weight_where_two_variables_act_together_and_little_where_effects_add_up():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(800, 4))
    together = (rng.random(800) < expit(2.0 * np.sign(X[:, 0] * X[:, 1]))).astype(float)
    alone = (rng.random(800) < expit(X[:, 0] - X[:, 1])).astype(float)
    acting, adding = blended_fit(X, together), blended_fit(X, alone)
    assert isinstance(acting.fitted.learner, Blended)
    assert acting.setting.weight > 0.5
    assert adding.setting.weight < 0.25


def test_the_line_of_a_blend_is_left_as_it_is_and_its_doubt_kept():
    rng = np.random.default_rng(6)
    X, y, _ = stepped(300, rng, size=0.5)
    fitted = blended_fit(X, y)
    assert (fitted.calibration.affine.intercept, fitted.calibration.affine.slope) == (0.0, 1.0)
    assert (np.diag(fitted.calibration.covariance) > 0).all()
    if not fitted.setting.weight:
        assert isinstance(fitted.fitted.learner, Linear)
