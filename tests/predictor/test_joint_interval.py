"""The interval of a product, beside drawn people and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from predictor.joint_interval import joint_interval

DAYS = np.array([0.0, 10.0, 30.0, 90.0, 180.0])
Z = 1.6448536269514722
N_DRAWN = 1_000_000


def log_hazard(rate):
    with np.errstate(divide="ignore"):
        return np.log(rate * DAYS)


def interval(margin, sd, rate, hazard_sd):
    spread = np.full(DAYS.size, float(hazard_sd))
    return joint_interval(margin, sd, log_hazard(rate), spread, level=0.9)


# The share of draws at or below a right 5 % quantile is binomial: 0.05 ± 0.000218 at a million.
# Four standard errors: one of the 50 shares of all cases would fail once in 300 runs of new seeds.
@pytest.mark.parametrize(
    ("margin", "sd", "rate", "hazard_sd"),
    [
        (0.2, 0.5, 0.02, 0.4),
        (1.5, 0.9, 0.005, 0.8),
        (-2.0, 0.3, 0.1, 0.2),
        (0.0, 0.05, 0.02, 1.0),
        (3.0, 1.5, 0.01, 0.1),
    ],
)
def test_one_in_twenty_of_a_million_draws_lies_below_and_above(margin, sd, rate, hazard_sd):
    lo, hi = interval(margin, sd, rate, hazard_sd)
    rng = np.random.default_rng(20)
    error = 4 * math.sqrt(0.05 * 0.95 / N_DRAWN)
    responds = 1 / (1 + np.exp(-(margin + sd * rng.standard_normal(N_DRAWN))))
    ratio = np.exp(hazard_sd * rng.standard_normal(N_DRAWN))
    for i, day in enumerate(DAYS):
        drawn = responds * np.exp(-rate * day * ratio)
        assert np.mean(drawn <= lo[i]) == pytest.approx(0.05, abs=error)
        assert np.mean(drawn >= hi[i]) == pytest.approx(0.05, abs=error)


def test_on_day_0_it_is_the_interval_of_response():
    lo, hi = interval(0.4, 0.7, 0.02, 0.5)
    ends = [1 / (1 + math.exp(-(0.4 + shift * 0.7))) for shift in (-Z, Z)]
    assert [lo[0], hi[0]] == pytest.approx(ends, abs=1e-7)


def test_with_a_sure_hazard_it_is_the_interval_of_response_times_a_constant():
    lo, hi = interval(0.4, 0.7, 0.02, 0.0)
    ends = np.array([1 / (1 + math.exp(-(0.4 + shift * 0.7))) for shift in (-Z, Z)])
    for i, day in enumerate(DAYS):
        assert [lo[i], hi[i]] == pytest.approx(ends * math.exp(-0.02 * day), abs=1e-7)


# a sure response makes the distribution function a staircase on the grid of the other error,
# whose steps are 0.05 standard deviations wide: the ends are off by half a step at most
def test_with_a_sure_response_it_is_the_interval_of_staying_well_times_a_constant():
    lo, hi = interval(0.4, 0.0, 0.02, 0.5)
    chance = 1 / (1 + math.exp(-0.4))
    for i, day in enumerate(DAYS):
        for found, shift in ((lo[i], Z), (hi[i], -Z)):
            near, far = (
                chance * math.exp(-0.02 * day * math.exp(0.5 * (shift + off)))
                for off in (0.026, -0.026)
            )
            assert near - 1e-9 <= found <= far + 1e-9


def test_a_hazard_beyond_all_measure_leaves_nothing():
    lo, hi = joint_interval(0.0, 0.5, np.array([50.0]), np.array([0.3]), level=0.9)
    assert lo[0] == pytest.approx(0.0, abs=1e-12)
    assert hi[0] == pytest.approx(0.0, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    margin=st.floats(-4, 4),
    sd=st.floats(0, 2),
    rate=st.floats(1e-5, 0.5),
    hazard_sd=st.floats(0, 1.5),
)
@example(margin=4.0, sd=0.0, rate=0.5, hazard_sd=1.0)
def test_no_end_lies_above_that_of_a_factor_and_none_rises(margin, sd, rate, hazard_sd):
    lo, hi = interval(margin, sd, rate, hazard_sd)
    for ends, shift in ((lo, -Z), (hi, Z)):
        response = 1 / (1 + math.exp(-(margin + shift * sd)))
        stays = np.exp(-rate * DAYS * math.exp(-shift * hazard_sd))
        assert (ends <= response + 1e-6).all()
        assert (ends <= stays + 1e-6).all()
        assert (np.diff(ends) <= 1e-6).all()
    assert (lo >= 0).all()
    assert (lo <= hi + 1e-9).all()
