"""Penalised logistic regression against scikit-learn, statsmodels and its own optimality."""

import time

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression

from predictor.errors import InvalidInputError
from training import penalised_logistic
from training.penalised_fit import ConvergenceError, PenalisedFit, SeparationError
from training.penalised_logistic import fit_penalised_logistic, penalty_path


def cohort(seed=0, n=400, p=12):
    """Draw correlated standardised columns and an outcome that depends on some of them."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) @ (np.eye(p) + 0.3 * rng.normal(size=(p, p)))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    margin = X @ np.where(np.arange(p) % 3 == 0, 0.5, 0.0) - 0.4
    return X, (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(float)


@pytest.mark.parametrize("penalty", [0.3, 5.0, 200.0])
def test_ridge_equals_scikit_learn(penalty):
    X, y = cohort()
    oracle = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=5000).fit(X, y)
    fit = fit_penalised_logistic(X, y, penalty=penalty)
    np.testing.assert_allclose(fit.coefficients, oracle.coef_[0], atol=1e-5)
    assert fit.intercept == pytest.approx(oracle.intercept_[0], abs=1e-5)


@pytest.mark.parametrize(("penalty", "l1_ratio"), [(2.0, 0.5), (15.0, 0.2), (15.0, 1.0)])
def test_elastic_net_equals_scikit_learn(penalty, l1_ratio):
    X, y = cohort(1)
    oracle = LogisticRegression(
        C=1 / penalty, l1_ratio=l1_ratio, solver="saga", tol=1e-9, max_iter=20000
    ).fit(X, y)
    fit = fit_penalised_logistic(X, y, penalty=penalty, l1_ratio=l1_ratio)
    np.testing.assert_allclose(fit.coefficients, oracle.coef_[0], atol=1e-5)
    assert fit.intercept == pytest.approx(oracle.intercept_[0], abs=1e-5)


def test_unpenalised_equals_statsmodels_with_its_covariance():
    X, y = cohort(2, p=4)
    oracle = sm.Logit(y, sm.add_constant(X)).fit(disp=0, tol=1e-12)
    fit = fit_penalised_logistic(X, y, penalty=0.0)
    np.testing.assert_allclose([fit.intercept, *fit.coefficients], oracle.params, atol=1e-8)
    np.testing.assert_allclose(fit.covariance, oracle.cov_params(), rtol=1e-6)
    assert fit.loglik == pytest.approx(oracle.llf, abs=1e-8)


def test_ridge_covariance_is_the_inverse_of_information_plus_penalty():
    X, y = cohort(3, p=5)
    fit = fit_penalised_logistic(X, y, penalty=7.0)
    design = np.column_stack([np.ones(y.size), X])
    p = 1 / (1 + np.exp(-(fit.intercept + X @ fit.coefficients)))
    information = design.T @ np.diag(p * (1 - p)) @ design + np.diag([0.0] + [7.0] * 5)
    np.testing.assert_allclose(fit.covariance, np.linalg.inv(information), rtol=1e-9)


@pytest.mark.parametrize("l1_ratio", [0.1, 0.5, 1.0])
def test_every_solution_on_the_path_is_optimal(l1_ratio):
    X, y = cohort(4, n=150, p=40)
    fit = None
    for penalty in penalty_path(X, y, l1_ratio=l1_ratio, n=15):
        fit = fit_penalised_logistic(X, y, penalty=penalty, l1_ratio=l1_ratio, start=fit)
        cold = fit_penalised_logistic(X, y, penalty=penalty, l1_ratio=l1_ratio)
        np.testing.assert_allclose(fit.coefficients, cold.coefficients, atol=1e-6)
        b, residual = (
            fit.coefficients,
            y - 1 / (1 + np.exp(-(fit.intercept + X @ fit.coefficients))),
        )
        pull = X.T @ residual - penalty * (1 - l1_ratio) * b
        bound = penalty * l1_ratio
        assert abs(residual.sum()) < 1e-5
        assert (np.abs(pull[b == 0]) <= bound + 1e-5).all()
        np.testing.assert_allclose(pull[b != 0], bound * np.sign(b[b != 0]), atol=1e-5)


@pytest.mark.parametrize("l1_ratio", [0.3, 1.0])
def test_the_path_starts_exactly_where_all_is_zero(l1_ratio):
    X, y = cohort(5)
    path = penalty_path(X, y, l1_ratio=l1_ratio, n=9)
    assert path.shape == (9,)
    assert (np.diff(path) < 0).all()
    at_start = fit_penalised_logistic(X, y, penalty=path[0] * (1 + 1e-9), l1_ratio=l1_ratio)
    just_below = fit_penalised_logistic(X, y, penalty=0.99 * path[0], l1_ratio=l1_ratio)
    assert (at_start.coefficients == 0).all()
    assert at_start.intercept == pytest.approx(np.log(y.mean() / (1 - y.mean())), abs=1e-9)
    assert (just_below.coefficients != 0).sum() == 1


def test_the_ridge_path_goes_from_strong_to_hardly_any_shrinkage():
    X, y = cohort(6)
    path = penalty_path(X, y, l1_ratio=0.0)
    free = np.linalg.norm(fit_penalised_logistic(X, y, penalty=0.0).coefficients)
    first = np.linalg.norm(fit_penalised_logistic(X, y, penalty=path[0]).coefficients)
    last = np.linalg.norm(fit_penalised_logistic(X, y, penalty=path[-1]).coefficients)
    assert path.shape == (20,)
    assert first < 0.3 * free
    assert last > 0.97 * free


def test_columns_set_to_zero_keep_a_small_variance():
    X, y = cohort(7)
    fit = fit_penalised_logistic(X, y, penalty=30.0, l1_ratio=1.0)
    zero = fit.coefficients == 0
    assert 0 < zero.sum() < zero.size
    variances = np.diag(fit.covariance)[1:]
    assert (variances > 0).all()
    assert (variances[zero] < 2 / 30.0**2).all()  # the variance of the Laplace prior alone


def test_constant_and_repeated_columns_are_borne_under_a_penalty():
    X, y = cohort(8, p=3)
    X = np.column_stack([X, X[:, 0], np.zeros(y.size)])
    ridge = fit_penalised_logistic(X, y, penalty=1.0)
    assert ridge.coefficients[3] == pytest.approx(ridge.coefficients[0], abs=1e-9)
    assert ridge.coefficients[4] == 0.0
    lasso = fit_penalised_logistic(X, y, penalty=5.0, l1_ratio=1.0)
    assert lasso.coefficients[4] == 0.0
    alone = fit_penalised_logistic(X[:, :3], y, penalty=5.0, l1_ratio=1.0)
    assert lasso.loglik == pytest.approx(alone.loglik, abs=1e-6)


def test_no_columns_give_the_prevalence():
    y = np.array([1.0, 0.0, 0.0, 0.0])
    fit = fit_penalised_logistic(np.empty((4, 0)), y, penalty=0.0)
    assert fit.intercept == pytest.approx(np.log(1 / 3), abs=1e-10)
    assert fit.covariance[0, 0] == pytest.approx(1 / (4 * 0.25 * 0.75), rel=1e-9)


@pytest.mark.parametrize("overlap", [0, 1])
def test_separation_is_named_with_its_remedy(overlap):
    x = np.arange(20.0)
    y = (x >= 10).astype(float)
    x[10] -= overlap  # quasi-complete: one tie across the outcomes
    for column in (x, x * 1e-3):
        with pytest.raises(SeparationError, match="use a penalty"):
            fit_penalised_logistic(column[:, None] - column.mean(), y, penalty=0.0)
    fit = fit_penalised_logistic(x[:, None] - x.mean(), y, penalty=1.0)
    assert np.isfinite(fit.coefficients).all()


@pytest.mark.parametrize("l1_ratio", [0.1, 1.0])
def test_more_columns_than_people_are_borne_from_any_start(l1_ratio):
    rng = np.random.default_rng(12)
    X, y = rng.normal(size=(60, 90)), np.arange(60) % 2.0
    X[:, 0] = -X[:, 1]
    warm = None
    for penalty in penalty_path(X, y, l1_ratio=l1_ratio, n=8):
        warm = fit_penalised_logistic(X, y, penalty=penalty, l1_ratio=l1_ratio, start=warm)
        cold = fit_penalised_logistic(X, y, penalty=penalty, l1_ratio=l1_ratio)
        assert warm.loglik == pytest.approx(cold.loglik, abs=1e-4)


def test_a_start_far_away_is_halved_back():
    X, y = cohort(13, p=3)
    far = PenalisedFit(30.0, np.array([40.0, -40.0, 30.0]), np.eye(4), 0.0, 1.0, 1)
    for l1_ratio in (0.0, 0.5):
        fit = fit_penalised_logistic(X, y, penalty=3.0, l1_ratio=l1_ratio)
        again = fit_penalised_logistic(X, y, penalty=3.0, l1_ratio=l1_ratio, start=far)
        np.testing.assert_allclose(again.coefficients, fit.coefficients, atol=1e-6)


def test_strong_effects_that_do_not_separate_are_fitted():
    x = np.array([-40.0, -3.0, -1.0, 0.5, 1.0, 2.0, 40.0, -0.5, 0.2])
    y = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0])
    fit = fit_penalised_logistic(x[:, None], y, penalty=0.0)
    oracle = sm.Logit(y, sm.add_constant(x)).fit(disp=0, tol=1e-12)
    np.testing.assert_allclose([fit.intercept, *fit.coefficients], oracle.params, rtol=1e-6)


def test_a_fit_that_fails_without_separation_is_not_called_separation(monkeypatch):
    def fails(*_):
        raise ConvergenceError("no")

    monkeypatch.setattr(penalised_logistic, "minimise", fails)
    X, y = cohort(9)
    with pytest.raises(ConvergenceError, match="no"):
        fit_penalised_logistic(X, y, penalty=0.0)
    with pytest.raises(SeparationError, match="use a penalty"):
        fit_penalised_logistic(y[:, None] - 0.5, y, penalty=0.0)


def test_an_elastic_net_that_runs_out_of_steps_says_so(monkeypatch):
    X, y = cohort(10)
    monkeypatch.setattr(penalised_logistic, "_MAX_OUTER", 1)
    with pytest.raises(ConvergenceError, match="larger penalty"):
        fit_penalised_logistic(X, y, penalty=1.0, l1_ratio=0.5)
    with monkeypatch.context() as patch:
        patch.setattr(penalised_logistic, "_value", lambda *_: np.inf)
        with pytest.raises(ConvergenceError, match="no step"):
            fit_penalised_logistic(X, y, penalty=1.0, l1_ratio=0.5)
    monkeypatch.setattr(penalised_logistic, "_MAX_SWEEPS", 0)
    with pytest.raises(ConvergenceError, match="coordinate descent"):
        fit_penalised_logistic(X, y, penalty=1.0, l1_ratio=0.5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"X": np.zeros((3, 2))}, "one outcome for each"),
        ({"X": np.full((4, 1), np.nan)}, "complete matrix"),
        ({"y": np.ones(4)}, "outcome 1 and people with 0"),
        ({"y": np.array([0.0, 1.0, np.nan, 0.0])}, "outcome 1 and people with 0"),
        ({"penalty": -1.0}, "0 or more"),
        ({"penalty": np.nan}, "0 or more"),
        ({"l1_ratio": 1.5}, "between 0 and 1"),
        ({"X": np.ones((4, 1)), "penalty": 0.0}, "depend on one another"),
    ],
)
def test_wrong_input_is_refused(change, words):
    given = {
        "X": np.array([[0.0], [1.0], [0.5], [0.2]]),
        "y": np.array([0.0, 1.0, 0.0, 1.0]),
        "penalty": 1.0,
        "l1_ratio": 0.0,
    } | change
    with pytest.raises(InvalidInputError, match=words):
        fit_penalised_logistic(given.pop("X"), given.pop("y"), **given)


def test_columns_that_never_vary_have_no_path():
    with pytest.raises(InvalidInputError, match="no penalty path"):
        penalty_path(np.zeros((4, 2)), np.array([0.0, 1.0, 0.0, 1.0]), l1_ratio=0.5)


def test_fits_take_milliseconds():
    X, y = cohort(11, n=600, p=90)
    penalty = penalty_path(X, y, l1_ratio=0.5)[8]
    fit_penalised_logistic(X, y, penalty=50.0)
    began = time.perf_counter()
    fit_penalised_logistic(X, y, penalty=50.0)
    fit_penalised_logistic(X, y, penalty=penalty, l1_ratio=0.5)
    assert time.perf_counter() - began < 1.0
