"""Horseshoe priors on a quadratic: moments and evidence against numerical integration."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import exp1

from training.horseshoe import EffectPrior, Sites, match_sites, normal_sites


def density(b, scale):
    """Of a normal law with a half-Cauchy local scale (Carvalho 2010, equation 3)."""
    u = max(b**2 / (2 * scale**2), 1e-300)
    tail = np.exp(u) * exp1(u) if u < 500 else 1 / (u + 1)
    return tail / (scale * np.sqrt(2 * np.pi**3))


def exact(information, pull, scale):
    """Log integral, mean and variance of one coefficient."""
    centre, sd = pull / information, information**-0.5
    points = sorted({0.0, *(s * scale for s in (-3, -1, -0.1, -0.01, 0.01, 0.1, 1, 3)), centre})

    def part(power):
        def value(b):
            log = -information * (b - centre) ** 2 / 2
            return b**power * np.exp(log) * density(b, scale)

        low, high = min(0, centre) - 12 * sd, max(0, centre) + 12 * sd
        inner = [low, *(point for point in points if low < point < high), high]
        return sum(quad(value, a, b, limit=200)[0] for a, b in pairwise(inner))

    mass, first, second = (part(power) for power in range(3))
    log_mass = np.log(mass) + information * centre**2 / 2
    return log_mass, first / mass, second / mass - (first / mass) ** 2


@pytest.mark.parametrize("scale", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("pull", [0.0, 8.0, -30.0])
def test_one_coefficient_has_its_exact_moments(scale, pull):
    information = 40.0
    sites = match_sites(
        np.array([[information]]), np.array([pull]), EffectPrior(0.0, scale), normal_sites(1, scale)
    )
    log_mass, mean, variance = exact(information, pull, scale)
    total = information + sites.precision[0]
    assert (pull + sites.pull[0]) / total == pytest.approx(mean, abs=2e-3 / information**0.5)
    assert sites.widening[0] ** 2 / total == pytest.approx(variance, rel=0.02)
    found = sites.log_size + (pull + sites.pull[0]) ** 2 / (2 * total)
    assert found + np.log(2 * np.pi / total) / 2 == pytest.approx(log_mass, abs=0.02)


def test_two_correlated_coefficients_are_near_to_exact():
    information = 30 * np.array([[1.0, 0.4], [0.4, 1.0]])
    pull, scale = np.array([14.0, 2.0]), 0.1
    sites = match_sites(information, pull, EffectPrior(0.0, scale), normal_sites(2, scale))
    covariance = np.linalg.inv(information + np.diag(sites.precision))
    mean = covariance @ (pull + sites.pull)
    line = (np.arange(2000) - 999.5) / 800
    prior = np.array([density(b, scale) for b in line])
    a, b = np.meshgrid(line, line, indexing="ij")
    log = pull[0] * a + pull[1] * b - 15 * (a**2 + b**2 + 0.8 * a * b)
    weight = np.exp(log - log.max()) * np.outer(prior, prior)
    share = weight / weight.sum()
    exact_mean = np.array([(share * a).sum(), (share * b).sum()])
    exact_sd = np.sqrt([(share * a**2).sum(), (share * b**2).sum()] - exact_mean**2)
    assert np.abs((mean - exact_mean) / exact_sd).max() < 0.05
    assert sites.widening * np.sqrt(np.diag(covariance)) == pytest.approx(exact_sd, rel=0.05)
    log_mass = np.log(weight.sum() / 800**2) + log.max()
    whole = pull + sites.pull
    found = sites.log_size + whole @ covariance @ whole / 2
    found += np.linalg.slogdet(covariance)[1] / 2 + np.log(2 * np.pi)
    assert found == pytest.approx(log_mass, abs=0.05)


def test_leading_coefficients_keep_their_own_prior():
    """A leading coefficient of endless precision drops out."""
    information, pull, scale = np.diag([1e12, 40.0]), np.array([0.0, 8.0]), 0.1
    information[0, 1] = information[1, 0] = 5.0
    found = match_sites(information, pull, EffectPrior(0.0, scale), normal_sites(1, scale))
    alone = match_sites(
        np.array([[40.0]]), pull[1:], EffectPrior(0.0, scale), normal_sites(1, scale)
    )
    assert found.precision == pytest.approx(alone.precision, rel=1e-6)
    assert found.pull == pytest.approx(alone.pull, rel=1e-6)


def test_the_start_does_not_matter():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(80, 30))
    information, pull = X.T @ X, X.T @ (X[:, 0] - X[:, 1] + rng.normal(size=80))
    near = normal_sites(30, 0.05)
    far = Sites(np.full(30, 1e-3), rng.normal(size=30), 0.0, np.ones(30))
    a, b = (match_sites(information, pull, EffectPrior(0.0, 0.05), start) for start in (near, far))
    means = [
        np.linalg.solve(information + np.diag(sites.precision), pull + sites.pull)
        for sites in (a, b)
    ]
    assert means[0] == pytest.approx(means[1], abs=2e-3)
    assert a.log_size == pytest.approx(b.log_size, abs=0.2)


def test_a_column_that_tells_nothing_is_left_to_its_prior():
    information, pull = np.diag([40.0, 0.0]), np.array([8.0, 0.0])
    sites = match_sites(information, pull, EffectPrior(0.0, 0.1), normal_sites(2, 0.1))
    alone = match_sites(information[:1, :1], pull[:1], EffectPrior(0.0, 0.1), normal_sites(1, 0.1))
    assert sites.precision[0] == pytest.approx(alone.precision[0], rel=0.01)
    assert sites.pull[1] == pytest.approx(0, abs=1e-9)
    assert np.isfinite(sites.precision).all()
    assert np.isfinite(sites.log_size)


def test_normal_sites_are_the_normal_prior():
    sites = normal_sites(2, 0.5)
    b = np.array([0.3, -1.0])
    log = -sites.precision @ b**2 / 2 + sites.pull @ b + sites.log_size
    assert np.exp(log) == pytest.approx(np.prod(np.exp(-(b**2) / 0.5) / np.sqrt(2 * np.pi * 0.25)))


def test_a_sum_of_both_parts_has_its_exact_moments():
    """The law of the sum by convolution on a fine grid."""
    information, pull, dense, sparse = 40.0, 8.0, 0.1, 0.05
    step = 0.001
    b = (np.arange(8000) - 3999.5) * step
    normal = np.exp(-((b / dense) ** 2) / 2) / (dense * np.sqrt(2 * np.pi))
    few = np.array([density(each, sparse) for each in b])
    prior = np.convolve(normal, few, mode="same") * step
    # the middle of two half-step grids lies half a step aside
    log = pull * (b - step / 2) - information * (b - step / 2) ** 2 / 2
    weight = prior * np.exp(log)
    share = weight / weight.sum()
    mean = share @ (b - step / 2)
    variance = share @ (b - step / 2 - mean) ** 2
    start = normal_sites(1, dense)
    sites = match_sites(
        np.array([[information]]), np.array([pull]), EffectPrior(dense, sparse), start
    )
    total = information + sites.precision[0]
    assert (pull + sites.pull[0]) / total == pytest.approx(mean, abs=3e-3 / information**0.5)
    assert sites.widening[0] ** 2 / total == pytest.approx(variance, rel=0.02)


def test_without_the_sparse_part_the_sites_are_the_normal_prior():
    start = Sites(np.ones(1), np.ones(1), 0.0, np.ones(1))
    sites = match_sites(np.eye(1), np.ones(1), EffectPrior(0.5, 0.0), start)
    assert sites.precision.tolist() == [4.0]
    assert sites.pull.tolist() == [0.0]
