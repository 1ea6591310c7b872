"""The damped Newton search that the likelihood fits share."""

import numpy as np
import pytest

from training.penalised_fit import ConvergenceError, inverse, minimise


def test_a_quadratic_is_solved_at_once():
    A, b = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([1.0, -1.0])
    point, hessian, _ = minimise(
        lambda x: (float(x @ A @ x / 2 - b @ x), A @ x - b, A), np.array([9.0, -9.0])
    )
    np.testing.assert_allclose(point, np.linalg.solve(A, b), rtol=1e-12)
    np.testing.assert_array_equal(hessian, A)


def test_steps_that_overshoot_or_overflow_are_halved():
    # log cosh: the full Newton step from 2 diverges; the minimum is at 0.
    def log_cosh(x):
        value = float(np.log(np.cosh(x[0])))
        return value, np.tanh(x), np.array([[1 / np.cosh(x[0]) ** 2]])

    point, _, iterations = minimise(log_cosh, np.array([5.0]))
    assert abs(point[0]) < 1e-6
    assert iterations < 30


def test_a_search_that_cannot_end_says_so():
    def exponential(x):
        return float(np.exp(-x[0])), -np.exp(-x), np.array([[np.exp(-x[0])]])

    def lying(x):
        return float(x[0]), -np.ones(1), np.ones((1, 1))

    def flat(x):
        return 0.0, np.ones(1), np.zeros((1, 1))

    def concave(x):
        return -float(x[0] ** 2), -2 * x, np.array([[-2.0]])

    def slow(x):
        return float(np.abs(x[0]) ** 1.001), np.array([1.0]), np.array([[1e3]])

    assert minimise(exponential, np.array([0.0]))[0][0] > 20  # falls on until rounding
    for objective, words in (
        (lying, "no step that improves"),
        (flat, "singular"),
        (concave, "singular"),
        (slow, "100 Newton steps"),
    ):
        with pytest.raises(ConvergenceError, match=words):
            minimise(objective, np.array([1.0]))


def test_a_singular_hessian_has_no_covariance():
    with pytest.raises(ConvergenceError, match="singular"):
        inverse(np.zeros((2, 2)))
