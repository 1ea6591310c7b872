"""Paired differences of AUROC by their laws and coverage; numbers of R in test_reference_r.py."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from training.metrics import MeasureUndefinedError
from training.metrics.binary import auroc
from training.metrics.paired import delong_difference, harrell_difference
from training.metrics.survival import harrell_c


def people(n=80, seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(float)
    return y, expit(np.round(rng.normal(size=n) + 0.8 * y, 1))


def test_a_difference_of_auroc_is_paired_in_people():
    y, p = people()
    noisy = expit(np.random.default_rng(9).normal(size=80))
    found = delong_difference(y, p, noisy)
    assert found.mean == pytest.approx(auroc(y, p) - auroc(y, noisy))
    turned = delong_difference(y, noisy, p)
    assert (turned.lo, turned.hi) == pytest.approx((-found.hi, -found.lo))
    many = delong_difference(y, np.column_stack([p] * 5), np.column_stack([noisy] * 5))
    assert many == pytest.approx(found)
    assert delong_difference(y, p, p) == (0, 0, 0, 0)


def test_a_difference_of_auroc_covers_the_truth():
    rng, hits = np.random.default_rng(11), 0
    truth = stats.norm.cdf(1 / np.sqrt(2)) - stats.norm.cdf(0.5 / np.sqrt(2))
    y = np.repeat([0.0, 1.0], [60, 40])
    for _ in range(400):
        shared = rng.normal(size=100)
        a, b = (0.6 * shared + 0.8 * rng.normal(size=100) + effect * y for effect in (1.0, 0.5))
        found = delong_difference(y, expit(a), expit(b))
        hits += found.lo <= truth <= found.hi
    assert 0.92 <= hits / 400 <= 0.98


def test_a_difference_without_spread_is_undefined():
    with pytest.raises(MeasureUndefinedError, match="both models separate"):
        delong_difference([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.8], [0.2, 0.1, 0.9, 0.8])
    with pytest.raises(MeasureUndefinedError, match="one person only"):
        delong_difference([0, 0, 1], [0.1, 0.2, 0.7], [0.2, 0.1, 0.9])


def test_two_models_share_the_resamples_of_c():
    rng = np.random.default_rng(8)
    days, events = np.ceil(rng.exponential(60, 40)), (rng.random(40) < 0.7).astype(float)
    a, b = rng.normal(size=(2, 40, 2)) - 0.02 * days[:, None]
    found = harrell_difference((days, events), a, b, n_boot=60, seed=3)
    draws, expected = np.random.default_rng(3), []

    def c(rows, margin):
        return np.mean([harrell_c(days[rows], events[rows], m) for m in margin[rows].T])

    for _ in range(60):
        rows = draws.integers(40, size=40)
        expected.append(c(rows, a) - c(rows, b))
    everybody = np.arange(40)
    assert found.value == pytest.approx(c(everybody, a) - c(everybody, b))
    assert (found.lo, found.hi) == pytest.approx(np.quantile(expected, [0.025, 0.975]), abs=1e-6)
