"""Affine calibration, logistic link and baseline hazard."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from predictor.calibration import Affine, BaselineHazard, logistic
from predictor.errors import InvalidInputError


def weibull(shape=0.6, scale=60.0):
    """Give a cumulative hazard that falls in slope with time."""
    return BaselineHazard((np.arange(181) / scale) ** shape, 168)


def test_logistic_agrees_with_scipy_and_never_overflows():
    margins = np.array([-1e6, -700.0, -40.0, -1.5, 0.0, 2.0, 40.0, 1e6])
    np.testing.assert_allclose(logistic(margins), expit(margins), rtol=1e-14, atol=0)
    assert np.isnan(logistic(np.nan))
    assert logistic(0.0).shape == ()


@given(st.floats(-500, 500))
def test_logistic_is_symmetric(margin):
    assert logistic(margin) + logistic(-margin) == pytest.approx(1.0, abs=1e-15)


def test_affine_by_hand():
    assert Affine(0.5, 2.0).apply([1.0, -0.25]).tolist() == [2.5, 0.0]
    assert Affine(0.5, 0.0).apply(np.array([[1.0, 9.0]])).tolist() == [[0.5, 0.5]]


@given(st.floats(-5, 5), st.floats(0.01, 5), st.lists(st.floats(-50, 50), min_size=2, max_size=9))
def test_calibration_keeps_ranks(intercept, slope, margins):
    calibrated = Affine(intercept, slope).apply(np.sort(margins))
    assert (np.diff(calibrated) >= 0).all()


@pytest.mark.parametrize(("a", "b"), [(np.nan, 1.0), (0.0, np.inf), (0.0, -0.1)])
def test_a_calibration_that_turns_ranks_or_is_not_finite_is_refused(a, b):
    with pytest.raises(InvalidInputError, match="slope 0 or more"):
        Affine(a, b)


def test_risk_by_hand():
    hazard = BaselineHazard([0.0, 0.1, 0.3], 2)
    assert hazard.risk(0.0, 2) == pytest.approx(1 - math.exp(-0.3), abs=1e-15)
    assert hazard.risk(math.log(2), 1.5) == pytest.approx(1 - math.exp(-0.4), abs=1e-15)
    assert hazard.risk(3.0, 0) == 0.0
    np.testing.assert_allclose(
        hazard.risk([0.0, math.log(3)], [1, 2]), [1 - math.exp(-0.1), 1 - math.exp(-0.9)]
    )


def test_risk_at_extreme_margins_is_0_or_1_without_overflow():
    hazard = weibull()
    assert hazard.risk([-1e5, 1e5], 90).tolist() == [pytest.approx(0.0, abs=1e-300), 1.0]
    assert hazard.risk(1e5, 0) == 0.0
    assert np.isnan(hazard.risk(np.nan, 30))


def test_the_curve_is_the_risk_on_every_day():
    hazard = weibull()
    curve = hazard.curve([0.3, -1.0])
    assert curve.shape == (2, 181)
    assert hazard.curve(0.3).shape == (181,)
    np.testing.assert_array_equal(hazard.curve(0.3), curve[0])
    for day in (0, 30, 90, 180):
        assert curve[1, day] == hazard.risk(-1.0, day)


@given(st.floats(-5, 5), st.floats(0, 180), st.floats(0, 180))
def test_risk_never_falls_with_time_or_margin(margin, one, other):
    hazard = weibull()
    early, late = sorted((one, other))
    assert hazard.risk(margin, early) <= hazard.risk(margin, late)
    assert hazard.risk(margin, late) <= hazard.risk(margin + 0.5, late)


def test_days_beyond_followup_are_told():
    hazard = weibull()
    assert hazard.horizon_days == 180
    assert hazard.is_beyond_followup([0, 168, 168.5, 180]).tolist() == [False, False, True, True]


@pytest.mark.parametrize("day", [-0.1, 180.5, np.nan])
def test_days_outside_the_grid_are_refused(day):
    with pytest.raises(InvalidInputError, match="0 to 180 days"):
        weibull().risk(0.0, day)


@pytest.mark.parametrize(
    ("curve", "last", "words"),
    [
        ([0.0], 0, "at least two"),
        ([[0.0, 1.0]], 0, "at least two"),
        ([0.0, np.nan], 0, "finite"),
        ([0.1, 0.2], 1, "0 on day 0"),
        ([0.0, 0.2, 0.1], 1, "never fall"),
        ([0.0, 0.2], 2, "last supported day"),
        ([0.0, 0.2], np.nan, "last supported day"),
    ],
)
def test_a_broken_hazard_is_refused(curve, last, words):
    with pytest.raises(InvalidInputError, match=words):
        BaselineHazard(np.array(curve), last)


def test_save_and_load_give_the_same_calibration():
    affine, hazard = Affine(0.1, 1 / 3), weibull()
    assert Affine.from_arrays(affine.to_arrays()) == affine
    again = BaselineHazard.from_arrays(hazard.to_arrays())
    np.testing.assert_array_equal(again.cumulative, hazard.cumulative)
    assert again.last_supported_day == hazard.last_supported_day
