"""Contributions on the scale of the number, and in shap's own shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.calibration import logistic
from predictor.explanation import on_probability_scale, to_shap

contributions = st.lists(st.floats(-3, 3), min_size=1, max_size=12).map(np.array)


def split(parts, base):
    step = float(parts.sum())
    start, end = logistic(np.array([base, base + step]))
    return on_probability_scale(
        parts, step=step, difference=float(end - start), slope_at_base=float(start * (1 - start))
    )


@given(contributions, st.floats(-4, 4))
def test_the_split_adds_up_to_the_difference_in_probability(parts, base):
    difference = float(logistic(base + parts.sum()) - logistic(base))
    assert split(parts, base).sum() == pytest.approx(difference, abs=1e-12)


def test_the_split_is_the_integral_along_the_straight_path():
    # Aumann–Shapley: contribution × mean derivative of the link between base and margin
    parts, base = np.array([1.5, -0.4, 0.2]), -0.7
    t = (np.arange(20_000) + 0.5) / 20_000
    along = logistic(base + t * parts.sum())
    expected = parts * np.mean(along * (1 - along))
    np.testing.assert_allclose(split(parts, base), expected, rtol=1e-8)


def test_contributions_that_cancel_out_keep_their_signs():
    np.testing.assert_allclose(split(np.array([2.0, -2.0]), 0.0), [0.5, -0.5])


def test_the_split_does_not_jump_where_the_step_vanishes():
    parts = np.array([1.0, -1.0])
    near = split(parts + np.array([2e-8, 0.0]), 0.3)
    np.testing.assert_allclose(near, split(parts, 0.3), atol=1e-7)


@pytest.mark.filterwarnings(
    # on import shap styles a colour map through a function matplotlib is about to deprecate
    "ignore:The set_(bad|over|under) function:PendingDeprecationWarning"
)
def test_shap_gets_values_base_and_names():
    values, data = np.array([[0.5, -0.2]]), np.array([[40.0, np.nan]])
    explanation = to_shap(values, -0.1, data, ["Age", "Sex"])
    np.testing.assert_array_equal(explanation.values, values)
    np.testing.assert_array_equal(explanation.base_values, [-0.1])
    np.testing.assert_array_equal(explanation.data, data)
    assert explanation.feature_names == ["Age", "Sex"]
