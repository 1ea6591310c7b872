"""One Weibull law on visit intervals: by hand, by a general optimiser, by known truth."""

import numpy as np
import pytest
from scipy.optimize import minimize

from predictor.errors import InvalidInputError
from training.weibull import fit_weibull


def drawn(seed, n, *, shape=0.5, gap=14.0, scale=60.0):
    """People seen at visits, every fifth event dated to the day; last well, day, event, margin."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(size=n)
    relapse = scale * (rng.exponential(size=n) * np.exp(-margin)) ** (1 / shape)
    left = rng.uniform(30, 220, n)
    events = np.ceil(relapse / gap) * gap <= left
    well = np.floor(np.minimum(relapse, left) / gap) * gap
    days = np.where(events, well + gap, well)
    exact = events & (np.arange(n) % 5 == 0)
    well, days = (np.where(exact, relapse, x) for x in (well, days))
    return well, days, events.astype(float), margin


def minus_loglik(point, well, days, events, margin):
    """Minus the log-likelihood of (level, log pace) as it is defined."""
    pace, total = np.exp(point[1]), 0.0
    for left, right, event, m in zip(well, days, events, margin, strict=True):
        here, there = (np.exp(point[0] + m) * t**pace for t in (left, right))
        total += here
        if event and left < right:
            total -= np.log(-np.expm1(here - there))
        elif event:
            total -= point[0] + m + np.log(pace) + (pace - 1) * np.log(right)
    return total


@pytest.mark.parametrize("seed", range(4))
def test_level_pace_and_variance_are_those_of_a_general_optimiser(seed):
    people = drawn(seed, 80)

    def loss(point):
        return minus_loglik(point, *people) + point[1] ** 2 / 2

    oracle = minimize(loss, [-2.0, -0.5], method="Nelder-Mead", options={"xatol": 1e-9})
    found = fit_weibull(*people)
    point = np.array([found.level, np.log(found.pace)])
    np.testing.assert_allclose(point, oracle.x, atol=1e-4)
    assert found.loglik == pytest.approx(-minus_loglik(point, *people), abs=1e-9)
    h, hessian = 1e-3, np.empty((2, 2))
    for i, a in enumerate(np.eye(2) * h):
        for j, b in enumerate(np.eye(2) * h):
            corners = loss(point + a + b) - loss(point + a - b) - loss(point - a + b)
            hessian[i, j] = (corners + loss(point - a - b)) / (4 * h * h)
    assert found.log_variance == pytest.approx(np.linalg.inv(hessian)[1, 1], rel=1e-3)


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.5])
def test_the_true_law_is_found(shape):
    found = fit_weibull(*drawn(9, 8000, shape=shape))
    assert abs(np.log(found.pace / shape)) < 3 * np.sqrt(found.log_variance)
    assert found.level == pytest.approx(-shape * np.log(60), rel=0.05)


def test_one_single_visit_says_nothing_of_the_pace():
    found = fit_weibull([0, 14, 0], [14, 14, 14], [1, 0, 1])
    assert found.pace == pytest.approx(1.0, abs=1e-3)
    assert found.log_variance == pytest.approx(1.0, abs=1e-3)
    assert np.exp(found.level) * 14 == pytest.approx(np.log(3), rel=1e-3)


def test_all_who_relapse_before_the_first_visit_give_a_finite_level():
    found = fit_weibull([0, 0, 0], [14, 14, 14], [1, 1, 1])
    assert np.exp(-np.exp(found.level) * 14**found.pace) < 1e-4
    assert np.isfinite(found).all()


@pytest.mark.parametrize("size", [0.0, 8.0])
def test_a_constant_moves_the_level_alone_whatever_the_margins(size):
    well, days, events, margin = drawn(3, 100)
    one = fit_weibull(well, days, events, size * margin)
    other = fit_weibull(well, days, events, size * margin + 4.0)
    assert other.pace == pytest.approx(one.pace, rel=1e-3)
    assert other.level + 4.0 == pytest.approx(one.level, abs=1e-2)
    assert other.loglik == pytest.approx(one.loglik, abs=1e-3)


def test_days_that_are_no_interval_are_refused():
    with pytest.raises(InvalidInputError, match="up to the day"):
        fit_weibull([20.0, 0.0], [14.0, 14.0], [1, 0])
