"""The linear margin: exact sums, refusals, round trip."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from predictor.errors import InvalidInputError
from predictor.linear import Linear

NUMBERS = st.floats(-1e3, 1e3)


def test_margin_and_contributions_by_hand():
    model = Linear(np.array([2.0, -1.0, 0.0]), np.array([10.0, 0.5, 3.0]), 0.25)
    X = np.array([[11.0, 1.0, 9.0], [10.0, 0.5, 3.0]])
    assert model.base == 0.25
    np.testing.assert_array_equal(model.contributions(X), [[2.0, -0.5, 0.0], [0.0, 0.0, 0.0]])
    np.testing.assert_array_equal(model.margin(X), [1.75, 0.25])


@given(hnp.arrays(float, (7, 12), elements=NUMBERS), hnp.arrays(float, (12,), elements=NUMBERS))
def test_contributions_add_up_and_a_row_alone_scores_the_same_bits(X, coefficients):
    model = Linear(coefficients, np.linspace(-1, 1, 12), -0.7)
    margin = model.margin(np.asfortranarray(X))
    np.testing.assert_allclose(
        model.base + model.contributions(X).sum(axis=1), margin, rtol=0, atol=1e-9
    )
    for i, row in enumerate(X):
        assert model.margin(row[None, :])[0] == margin[i]
    np.testing.assert_array_equal(model.margin(X[::-1]), margin[::-1])


def test_contributions_are_the_mean_change_against_every_cohort_member():
    rng = np.random.default_rng(3)
    cohort, person = rng.normal(size=(200, 3)), rng.normal(size=3)
    model = Linear(np.array([0.4, -0.9, 1.3]), cohort.mean(axis=0), 0.1)
    for j in range(3):
        swapped = cohort.copy()
        swapped[:, j] = person[j]
        change = (model.margin(swapped) - model.margin(cohort)).mean()
        assert model.contributions(person[None, :])[0, j] == pytest.approx(change, abs=1e-12)


def test_save_and_load_give_the_same_model():
    model = Linear(np.array([0.1, 1 / 3]), np.array([2.0, 1e-7]), np.pi)
    again = Linear.from_arrays(model.to_arrays())
    assert all(np.ndim(a) <= 1 for a in model.to_arrays().values())
    np.testing.assert_array_equal(again.coefficients, model.coefficients)
    np.testing.assert_array_equal(again.means, model.means)
    assert again.intercept == model.intercept


def test_the_given_arrays_are_not_shared():
    coefficients = np.array([1.0])
    model = Linear(coefficients, np.array([0.0]), 0.0)
    coefficients[0] = 5.0
    assert model.coefficients[0] == 1.0


@pytest.mark.parametrize(
    ("coefficients", "means", "intercept", "words"),
    [
        ([1.0, 2.0], [0.0], 0.0, "same length"),
        ([[1.0]], [[0.0]], 0.0, "same length"),
        ([np.nan], [0.0], 0.0, "finite"),
        ([1.0], [np.inf], 0.0, "finite"),
        ([1.0], [0.0], np.nan, "finite"),
    ],
)
def test_a_broken_model_is_refused(coefficients, means, intercept, words):
    with pytest.raises(InvalidInputError, match=words):
        Linear(np.array(coefficients), np.array(means), intercept)


@pytest.mark.parametrize(
    ("X", "words"),
    [([[1.0]], "2 columns"), ([1.0, 2.0], "2 columns"), ([[1.0, np.nan]], "complete")],
)
def test_what_it_cannot_score_is_refused(X, words):
    model = Linear(np.ones(2), np.zeros(2), 0.0)
    with pytest.raises(InvalidInputError, match=words):
        model.margin(np.array(X))
