"""A relapse curve: its laws, and what is read from it beside closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predictor.curve import CheckIn, Curve, Median

DAYS = np.arange(181.0)


def constant_hazards(rate, lo, hi, *, supported=180.0):
    """A curve of constant daily hazards: 1 - exp(-rate * day)."""
    lines = (-np.expm1(-each * DAYS) for each in (rate, lo, hi))
    return Curve(DAYS, *lines, supported, np.zeros(181))


@st.composite
def curves(draw):
    """Any curve: three rising lines in order, whatever their shape."""
    rises = st.lists(st.floats(0, 0.2), min_size=180, max_size=180)
    hazard = np.concatenate([[0.0], np.cumsum(draw(rises))])
    apart = draw(st.floats(1, 5))
    lines = (-np.expm1(-hazard * factor) for factor in (1.0, 1 / apart, apart))
    return Curve(DAYS, *lines, float(draw(st.integers(0, 180))), np.zeros(181))


# ln 2 / rate: 34.66 days at 0.02, 23.10 at 0.03, 69.31 at 0.01
def test_the_median_is_the_first_day_by_which_half_have_relapsed():
    assert constant_hazards(0.02, 0.01, 0.03).median(180) == Median(35, 24, 70, 180)


def test_a_median_that_is_not_reached_has_no_day():
    # 1 - exp(-0.003 * 180) = 0.42 stays below one half; 0.005 reaches it on day 138.6
    assert constant_hazards(0.003, 0.001, 0.005).median(180) == Median(None, 139, None, 180)
    assert constant_hazards(0.02, 0.003, 0.03).median(180) == Median(35, 24, None, 180)


def test_no_median_is_told_beyond_the_followup_or_the_horizon():
    curve = constant_hazards(0.02, 0.01, 0.03, supported=34.0)
    assert curve.median(180) == Median(None, 24, None, 34)
    assert constant_hazards(0.02, 0.01, 0.03).median(35) == Median(35, 24, None, 35)


# the integral of exp(-rate * t) to T is (1 - exp(-rate * T)) / rate; trapezoids of one day
# are off by about rate / 12 of the fall
@pytest.mark.parametrize("to_day", [28, 90, 180])
def test_well_days_are_the_area_above_the_curve(to_day):
    found = constant_hazards(0.02, 0.01, 0.03).well_days(to_day)
    exact = [-math.expm1(-rate * to_day) / rate for rate in (0.02, 0.03, 0.01)]
    assert [found.days, found.lo, found.hi] == pytest.approx(exact, abs=0.003)
    assert found.to_day == to_day


def test_whoever_never_relapses_is_well_on_all_days():
    nobody = constant_hazards(0.0, 0.0, 0.0)
    assert nobody.well_days(180).days == 180
    assert nobody.median(180) == Median(None, None, None, 180)


# -ln(1 - step) / rate: 0.1 is passed after 5.27 days at 0.02 and 3.51 at 0.03;
# 0.5 after 34.7 and 23.1; 0.99 after 230 and 153.5
def test_the_upper_end_sets_the_days_of_the_schedule():
    found = constant_hazards(0.02, 0.01, 0.03, supported=100.0).check_ins((0.1, 0.5, 0.99), 180)
    assert found == (
        CheckIn(0.1, 4, 6, False),
        CheckIn(0.5, 24, 35, False),
        CheckIn(0.99, 154, None, True),
    )


def test_a_step_that_is_not_passed_by_the_horizon_has_no_day():
    found = constant_hazards(0.02, 0.01, 0.03).check_ins((0.1, 0.5), 20)
    assert found == (CheckIn(0.1, 4, 6, False), CheckIn(0.5, None, None, False))


@settings(max_examples=60, deadline=None)
@given(curve=curves(), by_day=st.integers(1, 180))
def test_laws_of_what_is_read(curve, by_day):
    median = curve.median(by_day)
    ends = [math.inf if day is None else day for day in (median.lo, median.day, median.hi)]
    assert ends == sorted(ends)
    well = curve.well_days(by_day)
    assert 0 <= well.lo <= well.days <= well.hi <= by_day == well.to_day
    # nobody is well longer than had they only relapsed on the last day, nor shorter than at once
    assert well.days >= by_day * (1 - curve.risk_at(by_day)[0]) - 1e-9
    steps = (0.05, 0.1, 0.3, 0.5, 0.9)
    found = curve.check_ins(steps, by_day)
    for check_in, step in zip(found, steps, strict=True):
        day = by_day + 1 if check_in.day is None else check_in.day
        assert day <= (check_in.expected_day or math.inf)
        assert (curve.hi[:day] < step).all()  # not seen too late
        assert check_in.day is None or curve.hi[day] >= step
    kept = [by_day + 1 if check_in.day is None else check_in.day for check_in in found]
    assert kept == sorted(kept)


@settings(max_examples=30, deadline=None)
@given(curve=curves(), day=st.floats(0, 180))
def test_a_risk_read_between_days_keeps_order_and_range(curve, day):
    value, lo, hi = curve.risk_at(day)
    assert 0 <= lo <= value + 1e-15 <= hi + 2e-15 <= 1 + 3e-15


@pytest.mark.parametrize(
    "lines",
    [
        (0.5 - 0.001 * DAYS, 0 * DAYS, 0 * DAYS + 1),  # falls
        (0.001 * DAYS, 0.002 * DAYS, 0.003 * DAYS),  # below its band
        (0.001 * DAYS, 0 * DAYS, 0.01 * DAYS),  # above 1
        (0.001 * DAYS, 0.0005 * DAYS - 0.1, 0.002 * DAYS),  # below 0
    ],
)
def test_a_curve_that_falls_or_leaves_its_band_is_refused(lines):
    with pytest.raises(ValueError, match="must not fall"):
        Curve(DAYS, *lines, 180.0, np.zeros(181))


def test_a_curve_as_plain_values():
    curve = constant_hazards(0.02, 0.01, 0.03, supported=100.0)
    plain = curve.to_dict()
    assert list(plain) == ["days", "relapse", "lo", "hi", "last_supported_day"]
    assert plain["relapse"] == curve.relapse.tolist()
    assert plain["last_supported_day"] == 100
