"""Paired differences of AUROC by their laws and coverage; numbers of R in test_reference_r.py."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from training.metrics import MeasureUndefinedError
from training.metrics.binary import auroc
from training.metrics.paired import delong_difference


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
