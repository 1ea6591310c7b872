"""Logistic regression averaged over priors: against quadrature, and against simulated truth."""

import numpy as np
import pytest
from scipy.special import expit, logit

from predictor.errors import InvalidInputError
from training.averaged_logistic import SIGNAL_SD, _fit, _Problem, fit_averaged_logistic
from training.averaging import SIGNAL_GRID, Design


def drawn(n, effects, seed, level=0.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, len(effects)))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    truth = level + X @ np.asarray(effects)
    return X, (rng.random(n) < expit(truth)).astype(float), truth


def regret(intercept, coefficients, effects, level=0.0, n=20_000):
    """Log-loss in new people above that of the truth."""
    rng = np.random.default_rng(99)
    X = rng.normal(size=(n, len(effects)))
    truth = level + X @ np.asarray(effects)
    p, eta = expit(truth), intercept + X @ coefficients
    own = -(p * np.log(p) + (1 - p) * np.log1p(-p))
    return float((np.logaddexp(0, eta) - p * eta - own).mean())


def exact(X, y, log_density, span=4.0):
    """Evidence, mean and variance of the one coefficient, intercept N(0, 10²), by a fine grid."""
    a, b = np.meshgrid(np.linspace(-6, 6, 601), np.linspace(-span, span, 1601), indexing="ij")
    eta = a[..., None] + b[..., None] * X[:, 0]
    log_joint = (y * eta - np.logaddexp(0, eta)).sum(axis=-1) - a**2 / 200 + log_density(b)
    log_joint -= np.log(10) + 0.5 * np.log(2 * np.pi)
    cell = (12 / 600) * (2 * span / 1600)
    top = log_joint.max()
    weight = np.exp(log_joint - top)
    mean = (weight * b).sum() / weight.sum()
    variance = (weight * (b - mean) ** 2).sum() / weight.sum()
    return np.log(weight.sum() * cell) + top, mean, variance


def problem(X, y):
    columns = np.column_stack([np.ones(len(y)), X])
    design = Design(columns, np.array([0.01]), np.zeros(1), np.eye(columns.shape[1]), 1.0)
    return _Problem(design, y)


@pytest.mark.parametrize("scale", [0.1, 0.5])
def test_the_normal_fit_is_near_to_the_exact_posterior(scale):
    X, y, _ = drawn(60, [0.8], 1)
    bound, mean, covariance, _ = _fit(problem(X, y), "normal", scale, None)
    evidence, there, spread = exact(
        X, y, lambda b: -((b / scale) ** 2) / 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)
    )
    assert evidence - 1.0 < bound < evidence + 1e-3  # a lower bound, and a near one
    assert mean[1] == pytest.approx(there, abs=0.25 * spread**0.5)
    assert covariance[1, 1] == pytest.approx(spread, rel=0.25)


def test_with_many_people_the_average_finds_the_effects():
    effects = [1.0, -0.5, 0.0, 0.25]
    X, y, _ = drawn(20_000, effects, 2, level=-0.4)
    fit = fit_averaged_logistic(X, y)
    assert fit.intercept == pytest.approx(-0.4, abs=0.06)
    assert fit.coefficients == pytest.approx(np.array(effects), abs=0.06)
    assert fit.strength.shape == (0,)


def test_without_signal_everybody_comes_near_the_average():
    spreads = []
    for seed in range(10):
        X, y, _ = drawn(150, np.zeros(30), seed, level=logit(0.4))
        fit = fit_averaged_logistic(X, y)
        spreads.append(float((X @ fit.coefficients).std()))
    assert np.mean(spreads) < 0.35  # an unpenalised fit spreads them by more than 1


@pytest.mark.parametrize("kind", ["few", "many"])
def test_it_is_nearer_to_the_truth_than_either_extreme(kind):
    rng = np.random.default_rng(5)
    effects = np.zeros(40)
    if kind == "few":
        effects[:4] = [0.6, -0.6, 0.5, 0.4]
    else:
        effects = rng.normal(0, 0.15, 40)
    ours, average, unpenalised = [], [], []
    for seed in range(8):
        X, y, _ = drawn(200, effects, seed)
        fit = fit_averaged_logistic(X, y)
        ours.append(regret(fit.intercept, fit.coefficients, effects))
        average.append(regret(logit(y.mean()), np.zeros(40), effects))
        flat = _fit(problem(X, y), "normal", 10.0, None)[1]
        unpenalised.append(regret(flat[0], flat[1:], effects))
    assert np.mean(ours) < 0.9 * np.mean(average)
    assert np.mean(ours) < 0.5 * np.mean(unpenalised)


def test_right_published_effects_help_and_wrong_ones_are_switched_off():
    rng = np.random.default_rng(6)
    effects = rng.normal(0, 0.2, 30)
    noise = rng.normal(0, 0.2, 30)
    alone, right, wrong, strengths = [], [], [], []
    for seed in range(8):
        X, y, _ = drawn(150, effects, seed)
        fits = [
            fit_averaged_logistic(X, y, published=published)
            for published in (None, effects[:, None], noise[:, None])
        ]
        losses = [regret(fit.intercept, fit.coefficients, effects) for fit in fits]
        for found, kept in zip(losses, (alone, right, wrong), strict=True):
            kept.append(found)
        strengths.append([float(fit.strength[0]) for fit in fits[1:]])
    assert np.mean(right) < 0.5 * np.mean(alone)
    assert np.mean(wrong) < 1.1 * np.mean(alone)
    assert np.mean(strengths, axis=0)[0] > 0.8
    assert abs(np.mean(strengths, axis=0)[1]) < 0.4


def test_its_interval_holds_the_truth_of_many_small_effects():
    rng = np.random.default_rng(7)
    held = []
    for seed in range(20):
        effects = rng.normal(0, 0.66 / 40**0.5, 40)  # drawn from the prior: it must be right
        X, y, _ = drawn(200, effects, seed)
        fit = fit_averaged_logistic(X, y)
        new = np.column_stack([np.ones(2000), rng.normal(size=(2000, 40))])
        found = new @ np.concatenate([[fit.intercept], fit.coefficients])
        half = 1.645 * np.sqrt(((new @ fit.covariance) * new).sum(axis=1))
        held.append(float((np.abs(found - new[:, 1:] @ effects) < half).mean()))
    assert 0.83 < np.mean(held) < 0.97


def test_it_does_not_depend_on_the_order_of_people_or_columns():
    X, y, _ = drawn(80, [0.5, 0.0, -0.5], 8)
    fit = fit_averaged_logistic(X, y)
    people, columns = np.random.default_rng(9).permutation(80), [2, 0, 1]
    again = fit_averaged_logistic(X[people][:, columns], y[people])
    assert again.coefficients == pytest.approx(fit.coefficients[columns], abs=1e-9)
    assert again.intercept == pytest.approx(fit.intercept, abs=1e-9)


def test_the_covariance_can_be_one_and_the_prior_lies_within_its_grid():
    X, y, _ = drawn(90, np.zeros(12), 10)
    assert np.linalg.eigvalsh(fit_averaged_logistic(X, y).covariance).min() > 0
    assert min(SIGNAL_GRID) < SIGNAL_SD < max(SIGNAL_GRID)


@pytest.mark.parametrize(
    ("X", "y", "published", "words"),
    [
        (np.zeros((4, 2)), np.array([0.0, 1, 0]), None, "do not fit"),
        (np.zeros(4), np.array([0.0, 1, 0, 1]), None, "do not fit"),
        (np.zeros((4, 2)), np.array([0.0, 1, 0, 1]), np.zeros((3, 1)), "do not fit"),
        (np.full((4, 2), np.nan), np.array([0.0, 1, 0, 1]), None, "must be finite"),
        (np.zeros((4, 2)), np.ones(4), None, "outcome 1 and people with 0"),
    ],
)
def test_what_is_no_problem_of_two_outcomes_is_refused(X, y, published, words):
    with pytest.raises(InvalidInputError, match=words):
        fit_averaged_logistic(X, y, published=published)
