"""What a model of a given AUC can buy: figures of the evidence, by hand and by simulation."""

import math

import numpy as np
import pytest
from scipy.special import expit

from predictor.errors import InvalidInputError
from training.metrics.binary import net_benefit
from training.samplesize.binormal import binormal, net_benefit_gain


@pytest.mark.parametrize(
    ("auc", "gains"), [(0.65, (0.4, 2.9, 10.7, 4.3)), (0.70, (1.5, 5.4, 14.5, 8.1))]
)
def test_gain_over_the_best_default_per_100_people(auc, gains):
    # the evidence prints 0.5 and 8.0 for the first and last; recomputed exactly 0.45 and 8.05
    found = [
        round(100 * net_benefit_gain(auc, event_share=0.5, threshold=t), 1)
        for t in (0.3, 0.4, 0.5, 0.6)
    ]
    assert found == pytest.approx(gains, abs=0.051)


def test_gain_is_that_of_simulated_people():
    rng = np.random.default_rng(8)
    n, mu = 400_000, math.sqrt(2) * 0.52440  # AUC 0.70
    y = (rng.random(n) < 0.3).astype(float)
    p = expit(math.log(0.3 / 0.7) - mu**2 / 2 + mu * (rng.normal(size=n) + mu * y))
    # treat all: 0.3 - 0.7 * 0.25 / 0.75
    default = max(0.3 - 0.7 / 3, 0)
    expected = net_benefit(y, p, threshold=0.25) - default
    gain = net_benefit_gain(0.7, event_share=0.3, threshold=0.25)
    assert gain == pytest.approx(expected, abs=0.003)  # Monte-Carlo error about 0.001


def test_at_half_the_gain_is_that_of_the_youden_index():
    # threshold 0.5, share 0.5: (sensitivity + specificity - 1) / 2, each Phi(mu / 2)
    phi = 0.5 * (1 + math.erf(0.5449 / 2 / math.sqrt(2)))
    assert net_benefit_gain(0.65, event_share=0.5, threshold=0.5) == pytest.approx(
        (2 * phi - 1) / 2, abs=1e-4
    )


def test_the_risks_average_to_the_share_with_the_outcome():
    risks = binormal(0.65, event_share=0.3)
    assert risks.weights.sum() == pytest.approx(1)
    assert risks.weights @ risks.risk == pytest.approx(0.3)  # calibrated
    assert risks.mu == pytest.approx(0.5449, abs=5e-5)


@pytest.mark.parametrize("threshold", [0, 1])
def test_a_threshold_that_is_no_risk_is_refused(threshold):
    with pytest.raises(InvalidInputError, match="threshold"):
        net_benefit_gain(0.65, event_share=0.5, threshold=threshold)
