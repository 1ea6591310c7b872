"""Cox regression against hand examples, statsmodels and a general optimiser."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from statsmodels.duration.hazard_regression import PHReg

from predictor.errors import InvalidInputError
from training import penalised_cox
from training.penalised_cox import (
    breslow,
    cox_partial_loglik,
    efron,
    fit_ridge_cox,
    penalty_path_cox,
    risk_sets,
)
from training.penalised_fit import ConvergenceError, SeparationError


def cohort(seed=0, n=250, p=4, visit=14):
    """Draw relapse times seen only at visits, so that many are tied."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    true = rng.exponential(60 * np.exp(-X @ np.linspace(-0.5, 0.5, p)))
    censored = rng.uniform(10, 200, size=n)
    days = np.ceil(np.minimum(true, censored) / visit) * visit
    return X, days, (true <= censored).astype(float)


def efron_by_loops(days, events, margin):
    """Write Efron's formula as it stands in the book."""
    total = 0.0
    for t in np.unique(days[events == 1]):
        cases = np.flatnonzero((days == t) & (events == 1))
        risk = np.exp(margin[days >= t]).sum()
        tied = np.exp(margin[cases]).sum()
        for k in range(cases.size):
            total -= np.log(risk - k / cases.size * tied)
        total += margin[cases].sum()
    return total


def test_two_tied_events_of_four_people_by_hand():
    # Hazards 1, 2, 3, 4; the first two relapse on day 7, the third on day 9, the fourth is
    # censored on day 9. Day 7: 1·2 / [10 · (10 − 3/2)]; day 9: 3 / 7.
    margin = np.log([1.0, 2.0, 3.0, 4.0])
    value = cox_partial_loglik([7, 7, 9, 9], [1, 1, 1, 0], margin)
    assert value == pytest.approx(np.log(2 / 85) + np.log(3 / 7), abs=1e-14)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_the_likelihood_equals_the_loops_and_ignores_order_and_constants(seed):
    rng = np.random.default_rng(seed)
    days, margin = rng.integers(0, 6, size=15).astype(float), rng.normal(size=15) * 2
    events = (rng.random(15) < 0.6).astype(float)
    events[0] = 1.0
    value = cox_partial_loglik(days, events, margin)
    assert value == pytest.approx(efron_by_loops(days, events, margin), abs=1e-10)
    order = rng.permutation(15)
    moved = cox_partial_loglik(days[order], events[order], margin[order] + 50.0)
    assert moved == pytest.approx(value, abs=1e-9)


def test_gradient_and_hessian_equal_finite_differences():
    X, days, events = cohort(1, n=60, p=3)
    sets, b, h = risk_sets(days, events), np.array([0.3, -0.2, 0.1]), 1e-5
    _, gradient, information = efron(X, b, sets)
    for j, step in enumerate(np.eye(3) * h):
        up, down = efron(X, b + step, sets), efron(X, b - step, sets)
        assert gradient[j] == pytest.approx((up[0] - down[0]) / (2 * h), abs=1e-6)
        np.testing.assert_allclose(-information[j], (up[1] - down[1]) / (2 * h), atol=1e-6)


@pytest.mark.parametrize("visit", [0.01, 14, 60])
def test_unpenalised_equals_statsmodels(visit):
    X, days, events = cohort(2, visit=visit)
    oracle = PHReg(days, X, status=events, ties="efron").fit()
    fit = fit_ridge_cox(X, days, events, penalty=0.0)
    np.testing.assert_allclose(fit.coefficients, oracle.params, atol=1e-6)
    np.testing.assert_allclose(fit.covariance[1:, 1:], oracle.cov_params(), atol=1e-6)
    assert fit.loglik == pytest.approx(oracle.llf, abs=1e-6)
    assert fit.intercept == 0.0
    assert not fit.covariance[0].any()
    assert not fit.covariance[:, 0].any()


@pytest.mark.parametrize("penalty", [1.0, 40.0])
def test_ridge_equals_a_general_optimiser(penalty):
    X, days, events = cohort(3, n=120)

    def loss(b):
        return penalty / 2 * b @ b - efron_by_loops(days, events, X @ b)

    oracle = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-7})
    fit = fit_ridge_cox(X, days, events, penalty=penalty)
    np.testing.assert_allclose(fit.coefficients, oracle.x, atol=1e-5)
    assert loss(fit.coefficients) <= oracle.fun + 1e-9
    information = efron(X, fit.coefficients, risk_sets(days, events))[2] + penalty * np.eye(4)
    np.testing.assert_allclose(fit.covariance[1:, 1:], np.linalg.inv(information), rtol=1e-8)


def test_a_warm_start_ends_at_the_same_place_sooner():
    X, days, events = cohort(4, p=20)
    near = fit_ridge_cox(X, days, events, penalty=12.0)
    cold = fit_ridge_cox(X, days, events, penalty=10.0)
    warm = fit_ridge_cox(X, days, events, penalty=10.0, start=near)
    np.testing.assert_allclose(warm.coefficients, cold.coefficients, atol=1e-9)
    assert warm.iterations <= cold.iterations


def test_shifting_and_scaling_columns_leaves_the_unpenalised_margins():
    X, days, events = cohort(5)
    plain = fit_ridge_cox(X, days, events, penalty=0.0).coefficients
    scaled = fit_ridge_cox(X * 100 + 3000, days, events, penalty=0.0).coefficients
    np.testing.assert_allclose(scaled * 100, plain, rtol=1e-6)


def test_more_columns_than_people_are_borne_under_a_penalty():
    X, days, events = cohort(6, n=30, p=50)
    assert np.isfinite(fit_ridge_cox(X, days, events, penalty=5.0).coefficients).all()
    with pytest.raises(InvalidInputError, match="depend on one another"):
        fit_ridge_cox(X, days, events, penalty=0.0)
    with pytest.raises(InvalidInputError, match="depend on one another"):
        fit_ridge_cox(X[:, [0, 1, 0]], days, events, penalty=0.0)


def test_columns_that_order_the_events_perfectly_are_named():
    days = np.arange(1.0, 21.0)
    with pytest.raises(SeparationError, match="use a penalty"):
        fit_ridge_cox(-days[:, None], days, np.ones(20), penalty=0.0)
    assert fit_ridge_cox(-days[:, None], days, np.ones(20), penalty=1.0).coefficients[0] > 0

    # without a tail to stop it the estimate grows until its likelihood is flat
    groups = np.repeat([1.0, 0.0], 10)[:, None]
    with pytest.raises(SeparationError, match="use a penalty"):
        fit_ridge_cox(groups, days, np.repeat([1.0, 0.0], 10), penalty=0.0)


def test_a_penalised_fit_that_fails_says_so(monkeypatch):
    def fails(*_):
        raise ConvergenceError("no")

    X, days, events = cohort(7)
    monkeypatch.setattr(penalised_cox, "minimise", fails)
    with pytest.raises(ConvergenceError, match="no"):
        fit_ridge_cox(X, days, events, penalty=1.0)
    with pytest.raises(SeparationError, match="use a penalty"):
        fit_ridge_cox(X, days, events, penalty=0.0)


def test_breslow_by_hand():
    # Risk sets hold hazards 6, 5 and 3: jumps 1/6 on day 2, 1/5 on day 4 (a censored person
    # of that day still counts), 1/3 on day 5.
    days, events = [2, 4, 4, 5], [1, 1, 0, 1]
    margin = np.log([1.0, 1.0, 1.0, 3.0])
    at = [0, 1.9, 2, 4, 100]
    expected = [0, 0, 1 / 6, 1 / 6 + 1 / 5, 1 / 6 + 1 / 5 + 1 / 3]
    np.testing.assert_allclose(breslow(days, events, margin, at), expected, rtol=1e-14)


def test_ties_of_the_baseline_are_efrons_and_agree_with_the_product_limit():
    # Hazards 1, 2 die together among 1 + 2 + 3: jumps 1/6 and 1/(6 - 3/2).
    found = breslow([2, 2, 5], [1, 1, 0], np.log([1.0, 2.0, 3.0]), [2])
    np.testing.assert_allclose(found, 1 / 6 + 1 / 4.5, rtol=1e-14)
    # 300 of 1000 relapse at the first visit, half of the others at the second.
    days, events = np.repeat([14.0, 28.0, 42.0], [300, 350, 350]), np.repeat([1.0, 0.0], [650, 350])
    cumulative = breslow(days, events, np.zeros(1000), [14, 28])
    np.testing.assert_allclose(np.exp(-cumulative), [0.7, 0.35], rtol=2e-3)


def test_breslow_without_margins_is_nelson_aalen_and_finds_a_known_hazard():
    rng = np.random.default_rng(8)
    margin = rng.normal(size=20_000) * 0.5
    true = rng.exponential(100 * np.exp(-margin))
    days, events = np.minimum(true, 120.0), (true <= 120).astype(float)
    found = breslow(days, events, margin, [30, 60, 90])
    np.testing.assert_allclose(found, [0.3, 0.6, 0.9], rtol=0.04)


def test_the_path_falls_from_strong_to_hardly_any_shrinkage():
    X, days, events = cohort(9)
    path = penalty_path_cox(days, events, n=7)
    assert path.shape == (7,)
    assert (np.diff(path) < 0).all()
    assert path[0] == pytest.approx(10 * events.sum())
    free = np.linalg.norm(fit_ridge_cox(X, days, events, penalty=0.0).coefficients)
    first = np.linalg.norm(fit_ridge_cox(X, days, events, penalty=path[0]).coefficients)
    last = np.linalg.norm(fit_ridge_cox(X, days, events, penalty=path[-1]).coefficients)
    assert first < 0.2 * free
    assert last > 0.99 * free


@pytest.mark.parametrize(
    ("days", "events", "words"),
    [
        ([1.0, 2.0], [1.0], "one of each"),
        ([[1.0]], [[1.0]], "one of each"),
        ([-1.0, 2.0], [1.0, 0.0], "0 or more"),
        ([np.nan, 2.0], [1.0, 0.0], "none missing"),
        ([np.inf, 2.0], [1.0, 0.0], "none missing"),
        ([1.0, 2.0], [2.0, 0.0], "1 or 0"),
        ([1.0, 2.0], [np.nan, 0.0], "1 or 0"),
        ([1.0, 2.0], [0.0, 0.0], "no event"),
    ],
)
def test_wrong_followup_is_refused(days, events, words):
    with pytest.raises(InvalidInputError, match=words):
        risk_sets(days, events)
    with pytest.raises(InvalidInputError, match=words):
        penalty_path_cox(days, events)


def test_wrong_columns_margins_and_penalties_are_refused():
    days, events = [1.0, 2.0], [1.0, 1.0]
    with pytest.raises(InvalidInputError, match="complete matrix"):
        fit_ridge_cox(np.zeros((3, 1)), days, events, penalty=1.0)
    with pytest.raises(InvalidInputError, match="complete matrix"):
        fit_ridge_cox(np.array([[np.nan], [0.0]]), days, events, penalty=1.0)
    with pytest.raises(InvalidInputError, match="0 or more"):
        fit_ridge_cox(np.zeros((2, 1)), days, events, penalty=-1.0)
    with pytest.raises(InvalidInputError, match="one finite"):
        cox_partial_loglik(days, events, [0.0])
    with pytest.raises(InvalidInputError, match="one finite"):
        cox_partial_loglik(days, events, [0.0, np.nan])
    with pytest.raises(InvalidInputError, match="one finite"):
        breslow(days, events, [0.0], [1.0])


def test_five_thousand_people_with_ninety_columns_take_under_a_second():
    X, days, events = cohort(10, n=5000, p=90)
    near = fit_ridge_cox(X, days, events, penalty=120.0)
    began = time.perf_counter()
    fit_ridge_cox(X, days, events, penalty=100.0, start=near)
    assert time.perf_counter() - began < 1.0  # 0.1 s alone on one core; others share it


def test_a_known_part_of_the_margin_is_taken_as_statsmodels_takes_an_offset():
    X, days, events = cohort(seed=7)
    known = np.where(np.random.default_rng(1).random(len(days)) < 0.4, np.log(0.4), 0.0)
    theirs = PHReg(days, X, status=events, ties="efron", offset=known).fit(disp=0)
    ours = fit_ridge_cox(X, days, events, penalty=0.0, offset=known)
    np.testing.assert_allclose(ours.coefficients, theirs.params, atol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(ours.covariance)[1:]), theirs.bse, rtol=1e-5)
    assert ours.loglik == pytest.approx(efron_by_loops(days, events, X @ theirs.params + known))


def test_what_is_known_of_a_column_is_not_fitted_again():
    X, days, events = cohort(seed=3)
    half = X @ np.array([-0.5, 0.0, 0.0, 0.25])
    free = fit_ridge_cox(X, days, events, penalty=0.0).coefficients
    beside = fit_ridge_cox(X, days, events, penalty=0.0, offset=half).coefficients
    np.testing.assert_allclose(beside, free - [-0.5, 0.0, 0.0, 0.25], atol=1e-8)
