"""Variance of one person's margin and the range of training answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.uncertainty import Z_LEVEL, Uncertainty, rounded_support


@pytest.fixture(scope="module")
def uncertainty() -> Uncertainty:
    return Uncertainty(
        covariance=np.array([[0.04, 0.0, 0.01], [0.0, 0.09, 0.0], [0.01, 0.0, 0.16]]),
        means=np.array([10.0, 1.0]),
        calibration_covariance=np.array([[0.25, 0.0], [0.0, 0.01]]),
        margin_mean=0.5,
        margin_sd=1.0,
        support_low=np.array([0.0, 0.0]),
        support_high=np.array([20.0, 2.0]),
        missing_variance=np.empty(0),
    )


def test_laplace_variance_by_hand(uncertainty):
    X = np.array([[10.0, 1.0], [12.0, 1.0], [10.0, 3.0]])
    # at the means var(intercept); then + 2² · 0.09; then + 2 · 2 · 0.01 + 2² · 0.16
    np.testing.assert_allclose(uncertainty.laplace_variance(X), [0.04, 0.40, 0.72])


def test_calibration_variance_is_least_at_the_mean_margin(uncertainty):
    found = uncertainty.calibration_variance(np.array([0.5, 2.5]))
    np.testing.assert_allclose(found, [0.25, 0.29])


@pytest.mark.parametrize("n_columns", [1, 2, 5, 40])
def test_a_row_alone_has_the_same_variance_as_in_a_file(uncertainty, n_columns):
    rng = np.random.default_rng(n_columns)
    half = rng.normal(size=(n_columns + 1, n_columns + 1))
    line = rng.normal(size=(2, 2))
    drawn = replace(
        uncertainty,
        covariance=half @ half.T,
        means=rng.normal(size=n_columns),
        calibration_covariance=line @ line.T,
    )
    X, margin = rng.normal(size=(60, n_columns)), rng.normal(size=60)
    laplace, calibration = drawn.laplace_variance(X), drawn.calibration_variance(margin)
    for i in range(60):
        assert drawn.laplace_variance(X[i : i + 1])[0] == laplace[i]
        assert drawn.calibration_variance(margin[i : i + 1])[0] == calibration[i]


def test_only_answers_beyond_the_range_are_outside(uncertainty):
    X = np.array([[0.0, 2.0], [-0.1, np.nan], [20.1, 2.1]])
    assert uncertainty.outside_support(X).tolist() == [
        [False, False],
        [True, False],
        [True, True],
    ]


def test_the_state_survives_as_arrays(uncertainty):
    again = Uncertainty.from_arrays(uncertainty.to_arrays())
    for name in Uncertainty.__slots__:
        np.testing.assert_array_equal(getattr(again, name), getattr(uncertainty, name))


def test_support_is_rounded_outward():
    low, high = rounded_support(
        np.array([[3.2, np.nan], [7.9, 12.0], [5.0, 31.0]]), np.array([2, 5])
    )
    assert low.tolist() == [2.0, 10.0]
    assert high.tolist() == [8.0, 35.0]


@given(
    st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=8),
    st.sampled_from([0.1, 0.25, 0.3, 1.0, 5.0]),
)
def test_no_training_answer_is_ever_outside_its_rounded_support(answers, width):
    low, high = rounded_support(np.array([answers]).T, np.array([width]))
    assert low[0] <= min(answers)
    assert high[0] >= max(answers)


def test_the_level_is_ninety_per_cent():
    rng = np.random.default_rng(3)
    assert np.mean(np.abs(rng.normal(size=400_000)) < Z_LEVEL) == pytest.approx(0.9, abs=0.003)
