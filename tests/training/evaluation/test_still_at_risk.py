"""A risk from time zero becomes one from a later day, exactly where times are Weibull."""

import numpy as np
import pytest

from training.evaluation.cross_validation import OutOfFold
from training.evaluation.procedure import RISK_DAYS
from training.evaluation.still_at_risk import cumulative_at, still_at_risk

DAYS = np.array(RISK_DAYS, dtype=float)


def weibull(days, shape=0.52, scale=32.0):
    return (np.asarray(days) / scale) ** shape


def found(probability):
    n = len(probability)
    return OutOfFold("m", np.zeros((n, 1)), probability, np.zeros((n, 1), dtype=int), {"a": [1.0]})


def test_the_hazard_between_and_beyond_the_days_is_that_of_a_weibull_law():
    risk = 1 - np.exp(-weibull(DAYS))
    days = np.array([1.0, 14.0, 15.0, 29.0, 77.0, 180.0, 236.0])
    assert cumulative_at(risk, days) == pytest.approx(weibull(days), rel=1e-9)


def test_a_risk_given_that_nothing_happened_yet_is_the_conditional_one():
    hazard = np.array([0.5, 2.0])[:, None, None]
    everybody = found(1 - np.exp(-hazard * weibull(DAYS)))
    later = still_at_risk(everybody, np.array([False, True]), passed=14)
    assert later.probability.shape == (1, 1, 7)
    by_hand = 1 - np.exp(-2 * (weibull(14 + DAYS) - weibull(14)))
    assert later.probability[0, 0] == pytest.approx(by_hand, rel=1e-9)
    assert (later.name, later.contributions) == ("baseline_model", {})


def test_at_time_zero_and_for_response_nothing_is_changed():
    risk = np.full((3, 2, 7), 0.3)
    kept = np.array([True, False, True])
    assert np.array_equal(still_at_risk(found(risk), kept).probability, risk[kept])
    share = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    there = still_at_risk(found(share), kept, passed=14)
    assert np.array_equal(there.probability, share[kept])


def test_a_certain_and_an_impossible_relapse_have_a_risk():
    risk = np.stack([np.zeros(7), np.ones(7)])[:, None, :]
    later = still_at_risk(found(risk), np.array([True, True]), passed=14).probability
    assert np.all((later >= 0) & (later <= 1))
    assert later[0] == pytest.approx(0, abs=1e-9)
