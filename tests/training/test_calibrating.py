"""Recalibration: second implementations, known truth, no-signal cases."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from statsmodels.duration.hazard_regression import PHReg

from predictor.errors import InvalidInputError
from training.calibrating import fit_affine_relapse, fit_affine_response
from training.penalised_cox import cox_partial_loglik


def responders(seed=0, n=500, slope=0.8, intercept=0.3, sd=1.0):
    rng = np.random.default_rng(seed)
    margins = rng.normal(size=n) * sd
    p = 1 / (1 + np.exp(-(intercept + slope * margins)))
    return margins, (rng.random(n) < p).astype(float)


def relapses(seed=0, n=400, slope=0.7, scale=70.0, end=182.0, shape=1.0):
    """Draw Weibull times; shape below 1 means a hazard that falls."""
    rng = np.random.default_rng(seed)
    margins = rng.normal(size=n)
    true = scale * (rng.exponential(size=n) * np.exp(-slope * margins)) ** (1 / shape)
    return margins, np.minimum(true, end), (true <= end).astype(float)


def test_raw_response_line_equals_statsmodels():
    margins, y = responders()
    oracle = sm.Logit(y, sm.add_constant(margins)).fit(disp=0, tol=1e-12)
    fit = fit_affine_response(margins, y, slope_sd=1e6)
    np.testing.assert_allclose([fit.raw_intercept, fit.raw_slope], oracle.params, atol=1e-8)
    np.testing.assert_allclose([fit.affine.intercept, fit.affine.slope], oracle.params, atol=1e-6)
    np.testing.assert_allclose(fit.covariance, oracle.cov_params(), rtol=1e-6)
    assert not fit.no_signal


def test_penalised_response_line_equals_a_general_optimiser():
    margins, y = responders(1, n=60)

    def loss(ab):
        eta = ab[0] + ab[1] * margins
        return (np.logaddexp(0, eta) - y * eta).sum() + (ab[1] - 1) ** 2 / (2 * 0.5**2)

    oracle = minimize(loss, [0.0, 1.0], method="BFGS", options={"gtol": 1e-8})
    fit = fit_affine_response(margins, y)
    np.testing.assert_allclose([fit.affine.intercept, fit.affine.slope], oracle.x, atol=1e-6)


@given(st.integers(0, 10_000), st.floats(-1.0, 3.0), st.integers(8, 80))
@settings(max_examples=60, deadline=None)
def test_the_slope_lies_between_raw_and_1_and_is_0_exactly_without_signal(seed, slope, n):
    margins, y = responders(seed, n=n, slope=slope)
    y[:2] = [0.0, 1.0]
    fit = fit_affine_response(margins, y)
    assert fit.no_signal == (fit.raw_slope <= 0)
    if fit.no_signal:
        assert fit.affine.slope == 0.0
        assert fit.affine.apply(0.0) == pytest.approx(np.log(y.mean() / (1 - y.mean())))
    else:
        low, high = sorted((1.0, fit.raw_slope))
        assert max(low - 1e-7, 1e-12) < fit.affine.slope < high + 1e-7


@given(st.integers(0, 10_000), st.floats(-1.0, 2.0), st.integers(8, 60))
@settings(max_examples=40, deadline=None)
def test_the_relapse_slope_does_the_same(seed, slope, n):
    margins, days, events = relapses(seed, n=n, slope=slope)
    days, events[0] = np.ceil(days / 14), 1.0
    fit = fit_affine_relapse(margins, days, events)
    assert fit.affine.intercept == 0.0
    assert fit.no_signal == (fit.raw_slope <= 0)
    if fit.no_signal:
        assert fit.affine.slope == 0.0
    else:
        low, high = sorted((1.0, fit.raw_slope))
        assert max(low - 1e-7, 1e-12) < fit.affine.slope < high + 1e-7


def test_the_prior_decides_in_a_small_cohort_and_hardly_matters_in_a_large_one():
    # 64 people with margins of SD 0.5 hold as much information about the slope as the prior.
    pull = {}
    for n in (64, 640, 6400):
        fits = [
            fit_affine_response(*responders(s, n=n, slope=2.0, intercept=0.0, sd=0.5))
            for s in range(30)
        ]
        raw = np.array([fit.raw_slope for fit in fits])
        kept = np.array([fit.affine.slope for fit in fits])
        pull[n] = 1 - (kept.mean() - 1) / (raw.mean() - 1)
    assert 0.4 < pull[64] < 0.75
    assert 0.05 < pull[640] < 0.2
    assert pull[6400] < 0.03


def test_margins_that_turn_people_around_give_the_prevalence():
    margins, y = responders(2, slope=1.0)
    fit = fit_affine_response(-margins, y)
    assert fit.no_signal
    assert fit.raw_slope < -0.5
    assert fit.affine.slope == 0.0
    assert 1 / (1 + np.exp(-fit.affine.intercept)) == pytest.approx(y.mean())
    expected = np.diag([1 / (y.size * y.mean() * (1 - y.mean())), 0.0])
    np.testing.assert_allclose(fit.covariance, expected)


def test_equal_margins_are_no_signal():
    y = np.array([1.0, 0.0, 0.0, 1.0, 0.0])
    fit = fit_affine_response(np.full(5, 0.1), y)
    assert fit.no_signal
    assert fit.raw_slope == 0.0
    assert fit.raw_intercept == pytest.approx(np.log(2 / 3))
    relapse = fit_affine_relapse(np.full(5, 0.1), np.arange(5), y)
    assert relapse.no_signal
    assert relapse.raw_slope == 0.0


def test_perfect_and_perfectly_wrong_margins_are_borne():
    margins, y = np.array([-2.0, -1.0, 0.0, 0.0, 1.0, 2.0]), np.array([0.0, 0, 0, 1, 1, 1])
    right, wrong = fit_affine_response(margins, y), fit_affine_response(-margins, y)
    assert right.raw_slope == np.inf
    assert np.isnan(right.raw_intercept)
    assert 1.0 < right.affine.slope < 3.0
    assert wrong.raw_slope == -np.inf
    assert wrong.no_signal
    days, events = np.arange(6.0, 0.0, -1.0), np.ones(6)
    right, wrong = (fit_affine_relapse(m, days, events) for m in (margins, -margins))
    assert right.raw_slope == np.inf
    assert 1.0 < right.affine.slope < 3.0
    assert wrong.raw_slope == -np.inf
    assert wrong.no_signal


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e4])
def test_margins_of_any_size_are_calibrated(unit):
    margins, y = responders(3)
    fit = fit_affine_response(margins * unit + 3 * unit, y)
    plain = fit_affine_response(margins, y)
    assert fit.raw_slope * unit == pytest.approx(plain.raw_slope, rel=1e-6)
    _, days, events = relapses(3, n=500)
    relapse = fit_affine_relapse(margins * unit, days, events)
    other = fit_affine_relapse(margins, days, events)
    assert relapse.raw_slope * unit == pytest.approx(other.raw_slope, rel=1e-5, abs=1e-9)


def test_repeats_count_each_person_once():
    margins, y = responders(4, n=200)
    once = fit_affine_response(margins, y)
    thrice = fit_affine_response(np.column_stack([margins] * 3), y)
    assert thrice.affine.slope == pytest.approx(once.affine.slope, abs=1e-9)
    np.testing.assert_allclose(thrice.covariance, once.covariance, rtol=1e-8)
    margins, days, events = relapses(4, n=200)
    once = fit_affine_relapse(margins, days, events)
    shifted = np.column_stack([margins, margins + 5.0])  # each repeat has its own centre
    twice = fit_affine_relapse(shifted, days, events)
    assert twice.affine.slope == pytest.approx(once.affine.slope, abs=1e-9)
    np.testing.assert_allclose(twice.covariance, once.covariance, rtol=1e-8)


def test_relapse_slope_equals_statsmodels_and_a_general_optimiser():
    margins, days, events = relapses(5)
    days = np.ceil(days / 14) * 14
    oracle = PHReg(days, margins[:, None], status=events, ties="efron").fit()
    fit = fit_affine_relapse(margins, days, events, slope_sd=1e6)
    assert fit.raw_slope == pytest.approx(oracle.params[0], abs=1e-7)
    assert fit.affine.slope == pytest.approx(oracle.params[0], abs=1e-6)
    assert fit.covariance[1, 1] == pytest.approx(oracle.cov_params()[0, 0], rel=1e-6)
    assert (fit.raw_intercept, fit.covariance[0, 0]) == (0.0, 0.0)
    tight = fit_affine_relapse(margins, days, events, slope_sd=0.1)
    grid = np.linspace(0.5, 1.1, 6001)
    loss = [(b - 1) ** 2 / 0.02 - cox_partial_loglik(days, events, b * margins) for b in grid]
    assert tight.affine.slope == pytest.approx(grid[np.argmin(loss)], abs=1e-4)


def test_wrong_input_is_refused():
    margins, y = responders(9, n=20)
    for wrong in (margins[:-1], np.full(20, np.nan), np.zeros((20, 1, 1))):
        with pytest.raises(InvalidInputError, match="one finite out-of-fold"):
            fit_affine_response(wrong, y)
    with pytest.raises(InvalidInputError, match="slope_sd"):
        fit_affine_response(margins, y, slope_sd=0.0)
    with pytest.raises(InvalidInputError, match="outcome 1 and people with 0"):
        fit_affine_response(margins, np.ones(20))
    with pytest.raises(InvalidInputError, match="no event"):
        fit_affine_relapse(margins, np.ones(20), np.zeros(20))
