"""What averaged fits share: local scales against quadrature, shares, and the average itself."""

import numpy as np
import pytest
from scipy.integrate import quad

from training.averaging import (
    SHARE,
    SIGNAL_GRID,
    SIGNAL_LOG_SD,
    SPARSE_LOG_SD,
    SPARSITY_GRID,
    Weighing,
    average,
    local_precision,
)


def test_local_precisions_of_the_horseshoe_are_those_of_quadrature():
    sizes = np.array([1e-3, 0.1, 1.0, 7.0, 49.0, 51.0, 300.0])
    local, log_sum = local_precision("horseshoe", sizes)
    masses = []
    for size, found in zip(sizes, local, strict=True):
        mass = quad(lambda x, s=size: np.exp(-s * x) / (1 + x), 0, np.inf)[0]
        mean = quad(lambda x, s=size: x * np.exp(-s * x) / (1 + x), 0, np.inf)[0] / mass
        assert found == pytest.approx(mean, rel=2e-3)
        masses.append(mass)
    assert log_sum == pytest.approx(np.log(np.array(masses) / np.pi).sum(), abs=1e-3)


def test_the_normal_prior_weighs_nothing_but_its_penalty():
    size = np.array([0.2, 1.5])
    local, log_sum = local_precision("normal", size)
    assert local.tolist() == [1.0, 1.0]
    assert log_sum == pytest.approx(-1.7)


def test_the_shares_are_shares_and_scales_are_positive():
    assert sum(SHARE.values()) == pytest.approx(1)
    assert SIGNAL_LOG_SD > 0
    assert min(SPARSITY_GRID) > 0
    assert min(SIGNAL_GRID) > 0


@pytest.mark.parametrize("between", [0.0, 0.25, 1.0])
def test_the_average_is_that_of_a_mixture_drawn_by_hand(between):
    """Two published grades, intercept: moments of the mixture against 400,000 draws from it."""
    rng = np.random.default_rng(1)
    X, effects = rng.normal(size=(5, 2)), np.array([[0.3, 0.0], [0.0, -0.2]])
    asked = []

    def fit(design, family, scale, start):
        k = design.X.shape[1]
        step = len(asked) % 7
        root = np.eye(k) * 0.2 + 0.02 * np.arange(k)
        mean = np.linspace(-1, 1, k) * step / 3 + (family == "horseshoe")
        evidence = 0.3 * step
        asked.append((family, design, evidence, mean, scale, start))
        return evidence, mean, root @ root.T, step

    found = average(X, effects, fit, intercept=True, weighing=Weighing(0.6, 2.0, between))
    laws = {"normal": (0.6, SIGNAL_LOG_SD, SIGNAL_GRID, 2**0.5)}  # of two columns
    laws["horseshoe"] = (2.0, SPARSE_LOG_SD, SPARSITY_GRID, 2)
    weights = {}
    for family, (centre, log_sd, grid, size) in laws.items():
        own = np.array([[each[4] * size, each[2]] for each in asked if each[0] == family]).T
        prior = np.exp(-((np.log(np.array(grid) / centre) / log_sd) ** 2) / 2)
        weight = np.exp(own[1] - ((np.log(own[0] / centre) / log_sd) ** 2) / 2)
        evidence = weight.sum() / (2 * prior.sum())  # a mean over scales, effects off and on
        weights[family] = SHARE[family] * evidence**between * weight / weight.sum()
    whole = sum(weight.sum() for weight in weights.values())
    draws, strengths = [], []
    for family, weight in weights.items():
        own = [each for each in asked if each[0] == family]
        for (_, design, _, mean, _, _), w in zip(own, weight / whole, strict=True):
            k = design.X.shape[1]
            root = np.eye(k) * 0.2 + 0.02 * np.arange(k)
            covariance = root @ root.T
            drawn = rng.multivariate_normal(mean, covariance, size=int(400_000 * w))
            g = len(mean) - 3
            delta = drawn[:, 1 + g :] + drawn[:, 1 : 1 + g] @ effects[:, :g].T
            draws.append(np.column_stack([drawn[:, 0], delta]))
            strengths.append(len(drawn) * np.pad(mean[1 : 1 + g], (0, 2 - g)))
            assert design.X.shape == (5, 3 + g)
    everybody = np.concatenate(draws)
    assert found.intercept == pytest.approx(everybody[:, 0].mean(), abs=0.01)
    assert found.coefficients == pytest.approx(everybody[:, 1:].mean(axis=0), abs=0.01)
    assert found.covariance == pytest.approx(np.cov(everybody.T), abs=0.02)
    assert found.strength == pytest.approx(np.sum(strengths, axis=0) / len(everybody), abs=1e-3)
    starts = [each[5] for each in asked]
    assert starts.count(None) == 4  # two families, published effects off and on
