"""People needed for an external validation: worked cases, and the formulas against simulation."""

import math

import numpy as np
import pytest
from scipy.special import expit

from predictor.errors import InvalidInputError
from training.metrics.binary import auroc, calibration_line
from training.samplesize.external import (
    interval_of_oe,
    n_for_c,
    n_for_oe,
    n_for_slope,
    standard_error_of_c,
    standard_error_of_slope,
)


def test_worked_case_of_half_with_the_outcome_and_an_auc_of_0_65():
    assert n_for_c(0.65, event_share=0.5, width=0.1) == 458
    assert n_for_oe(0.5, standard_error=0.051) == 385
    assert n_for_slope(0.65, event_share=0.5, standard_error=0.051) == 5953
    assert n_for_slope(0.65, event_share=0.5, standard_error=0.102) == 1489


def test_the_smallest_number_is_given():
    for n, fits in ((458, True), (457, False)):
        assert (2 * 1.96 * standard_error_of_c(0.65, n=n, event_share=0.5) <= 0.1) is fits


def test_observed_over_expected_by_hand():
    # (1 - 0.2) / (0.2 * 0.1 ** 2) = 400; exp(1.96 * sqrt(0.8 / (400 * 0.2))) = exp(0.196)
    assert n_for_oe(0.2, standard_error=0.1) == 400
    lo, hi = interval_of_oe(1.0, n=400, event_share=0.2)
    assert hi == pytest.approx(math.exp(0.196))
    assert lo == pytest.approx(math.exp(-0.196))


def test_standard_errors_are_those_of_simulated_cohorts():
    rng = np.random.default_rng(3)
    mu, n = math.sqrt(2) * 0.38532, 600  # AUC 0.65
    found = []
    for _ in range(400):
        y = (rng.random(n) < 0.4).astype(float)
        x = rng.normal(size=n) + mu * y
        p = expit(math.log(0.4 / 0.6) - mu**2 / 2 + mu * x)
        found.append((auroc(y, p), calibration_line(y, p)[1]))
    c, slope = np.std(found, axis=0)
    # an SD of 400 draws has a relative standard error of 1 / sqrt(800) = 3.5 %; three of them
    assert standard_error_of_c(0.65, n=n, event_share=0.4) == pytest.approx(c, rel=0.106)
    assert standard_error_of_slope(0.65, n=n, event_share=0.4) == pytest.approx(slope, rel=0.106)


@pytest.mark.parametrize(
    "asked",
    [
        lambda: n_for_c(0.65, event_share=0.5, width=0),
        lambda: n_for_c(0.65, event_share=0.5, width=1e-6),
        lambda: n_for_c(1.0, event_share=0.5),
        lambda: n_for_oe(0.0),
        lambda: n_for_oe(0.5, standard_error=0),
        lambda: n_for_slope(0.5, event_share=0.5),
        lambda: standard_error_of_c(0.65, n=1, event_share=0.5),
        lambda: interval_of_oe(0.0, n=10, event_share=0.5),
    ],
)
def test_numbers_outside_their_range_are_refused(asked):
    with pytest.raises(InvalidInputError):
        asked()
