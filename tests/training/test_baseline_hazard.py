"""The baseline hazard: known truth, second implementations, what is seen at visits."""

import numpy as np
import pytest

from predictor.errors import InvalidInputError
from training.baseline_hazard import Seen, fit_baseline, log_hazard_variance
from training.metrics.survival import kaplan_meier
from training.penalised_cox import breslow
from training.visit_intervals import KNOT_DAYS


def relapses(seed=0, n=400, slope=0.7, scale=70.0, end=182.0, shape=1.0):
    """Draw Weibull times; shape below 1 means a hazard that falls."""
    rng = np.random.default_rng(seed)
    margins = rng.normal(size=n)
    true = scale * (rng.exponential(size=n) * np.exp(-slope * margins)) ** (1 / shape)
    return margins, np.minimum(true, end), (true <= end).astype(float)


def at_visits(days, events, gap=14.0):
    """Show each relapse at the first visit after it; last well day, day, event."""
    seen = np.where(events == 1, np.ceil(days / gap) * gap, np.floor(days / gap) * gap)
    return np.where(events == 1, seen - gap, seen), seen, events


def test_the_baseline_finds_a_known_falling_hazard():
    margins, days, events = relapses(6, n=8000, slope=0.7, scale=80.0, shape=0.5)
    baseline = fit_baseline(days, events, 0.7 * margins)
    at = np.array([14, 28, 56, 98, 140, 180])
    np.testing.assert_allclose(baseline.cumulative_at(at), (at / 80.0) ** 0.5, rtol=0.06)
    assert baseline.last_supported_day == 180
    assert baseline.horizon_days == 180


def test_the_baseline_is_breslow_at_the_knots_and_straight_between_them():
    margins, days, events = relapses(7)
    baseline = fit_baseline(days, events, margins)
    expected = np.array(breslow(days, events, margins, KNOT_DAYS))
    np.testing.assert_allclose(baseline.cumulative_at(KNOT_DAYS[:-1]), expected[:-1], rtol=1e-12)
    last = expected[-2] + (expected[-1] - expected[-2]) * (180 - 168) / (182 - 168)
    assert baseline.cumulative[180] == pytest.approx(last, rel=1e-12)
    second = np.diff(baseline.cumulative, 2)
    between = np.setdiff1d(np.arange(1, 180), KNOT_DAYS)
    np.testing.assert_allclose(second[between - 1], 0.0, atol=1e-12)


def test_moving_an_event_within_its_interval_leaves_the_curve_alone():
    margins, days, events = relapses(8, n=60)
    case = int(np.flatnonzero((events == 1) & (days > 57) & (days < 69))[0])
    inside = np.sort(days[(days > 56) & (days <= 70)])
    days = days[(days <= 56) | (days > 70) | (np.arange(60) == case)]
    keep = np.isin(relapses(8, n=60)[1], days)
    margins, events = margins[keep], events[keep]
    where = int(np.flatnonzero((days > 56) & (days <= 70))[0])
    assert inside.size >= 1
    moved = days.copy()
    moved[where] = 57.5 if days[where] > 60 else 68.5
    one, other = (fit_baseline(d, events, margins) for d in (days, moved))
    np.testing.assert_array_equal(one.cumulative, other.cumulative)
    assert one.last_supported_day == other.last_supported_day


def test_beyond_followup_the_last_hazard_goes_on_and_is_said():
    days = np.concatenate([np.full(5, 10.0), np.full(6, 20.0), np.full(12, 44.0)])
    events = np.concatenate([np.zeros(5), np.ones(6), np.zeros(12)])
    baseline = fit_baseline(days, events, np.zeros(23))
    assert baseline.last_supported_day == 42
    assert baseline.is_beyond_followup([42, 43]).tolist() == [False, True]
    # 6 events among 18 at risk in (14, 28], none in (28, 42]: the last interval with an event.
    first = sum(1 / (18 - taken) for taken in range(6))
    expected = first + first / 14 * (180 - 42)
    assert baseline.cumulative[180] == pytest.approx(expected, rel=1e-12)
    assert (np.diff(baseline.cumulative)[42:] > 0).all()


def test_a_handful_of_people_get_one_constant_hazard():
    days, margin = np.array([3.0, 5.0, 30.0]), np.log([1.0, 2.0, 0.5])
    baseline = fit_baseline(days, np.array([0.0, 1.0, 0.0]), margin)
    assert baseline.last_supported_day == 0
    np.testing.assert_allclose(baseline.cumulative, np.arange(181) / (3 + 10 + 15), rtol=1e-12)


def test_events_on_day_0_belong_to_the_first_interval():
    days, events = np.r_[np.zeros(5), np.full(20, 50.0)], np.r_[np.ones(5), np.zeros(20)]
    baseline = fit_baseline(days, events, np.zeros(25))
    assert baseline.cumulative[0] == 0.0
    assert baseline.cumulative[14] == pytest.approx(sum(1 / (25 - taken) for taken in range(5)))
    assert (np.diff(baseline.cumulative) >= 0).all()


@pytest.mark.parametrize("knots", [(0,), (1, 7), (0, 7, 7), (0, 3.5, 7), ((0, 7), (0, 7))])
def test_knots_that_are_not_whole_rising_days_are_refused(knots):
    with pytest.raises(InvalidInputError, match="knots"):
        fit_baseline([1.0, 2.0], [1.0, 0.0], [0.0, 0.0], knots=knots)


def test_repeats_of_margins_are_averaged():
    margins, days, events = relapses(4, n=200)
    well, days, events = at_visits(days, events)
    twice = np.column_stack([margins] * 2)
    for last_well in (None, well):
        one, two = (fit_baseline(days, events, m, last_well=last_well) for m in (margins, twice))
        np.testing.assert_allclose(two.cumulative, one.cumulative, rtol=1e-9)


def test_wrong_input_is_refused():
    margins = np.linspace(-1, 1, 20)
    for wrong in (margins[:-1], np.full(20, np.nan), np.zeros((20, 1, 1))):
        with pytest.raises(InvalidInputError, match="one finite out-of-fold"):
            fit_baseline(np.ones(20), np.ones(20), wrong)
    with pytest.raises(InvalidInputError, match="beyond day 0"):
        fit_baseline(np.zeros(20), np.ones(20), margins)


def test_visits_give_the_true_curve_also_between_them():
    margins, days, events = relapses(10, n=6000, slope=0.7, scale=32.0, shape=0.52)
    well, seen, events = at_visits(days, events)
    baseline = fit_baseline(seen, events, 0.7 * margins, last_well=well)
    at = np.array([3, 7, 14, 21, 30, 90, 180])
    np.testing.assert_allclose(baseline.cumulative_at(at), (at / 32.0) ** 0.52, rtol=0.06)
    # straight lines between knots give half of day 14's hazard on day 7; the truth has 70 %
    straight = fit_baseline(seen, events, 0.7 * margins)
    assert straight.cumulative_at(7) < 0.85 * (7 / 32.0) ** 0.52
    assert baseline.last_supported_day == 180


def test_without_columns_the_curve_at_visits_is_that_of_kaplan_meier():
    _, days, events = relapses(11, n=300, slope=0.0)
    well, seen, events = at_visits(days, events)
    baseline = fit_baseline(seen, events, np.zeros(300), last_well=well)
    km = kaplan_meier(seen, events)
    for day in (14.0, 28.0, 84.0, 168.0):
        assert 1 - baseline.risk(0.0, day) == pytest.approx(float(km.at(day)), abs=1e-6)


def test_relapses_dated_to_the_day_are_no_worse_for_it():
    margins, days, events = relapses(12, n=4000, shape=0.6)
    baseline = fit_baseline(days, events, 0.7 * margins, last_well=days)
    at = np.array([5, 30, 100, 180])
    np.testing.assert_allclose(baseline.cumulative_at(at), (at / 70.0) ** 0.6, rtol=0.08)


def test_visits_that_were_missed_make_the_interval_longer_and_the_curve_no_later():
    margins, days, events = relapses(13, n=4000, slope=0.7, shape=0.6)
    rng = np.random.default_rng(0)
    gap = np.where(rng.random(4000) < 0.5, 14.0, 42.0)
    well, seen, events = at_visits(days, events, gap)
    between, dated = (
        fit_baseline(seen, events, 0.7 * margins, last_well=last) for last in (well, None)
    )
    truth = (30 / 70.0) ** 0.6
    assert between.cumulative_at(30) == pytest.approx(truth, rel=0.06)
    assert dated.cumulative_at(30) < 0.85 * truth


def test_beyond_the_supported_knot_the_last_piece_with_an_event_goes_on():
    days = np.concatenate([np.full(5, 10.0), np.full(6, 28.0), np.full(12, 44.0)])
    events = np.concatenate([np.zeros(5), np.ones(6), np.zeros(12)])
    well = np.where(events == 1, 14.0, days)
    baseline = fit_baseline(days, events, np.zeros(23), last_well=well)
    assert baseline.last_supported_day == 42
    # 6 of 18 relapsed in (14, 28], nobody before and after
    assert baseline.cumulative[14] < 1e-5
    assert baseline.cumulative[[28, 42]] == pytest.approx([np.log(18 / 12)] * 2, rel=1e-4)
    rises = np.diff(baseline.cumulative)
    assert (rises[42:] > 0.5 * rises[27]).all()
    variance = log_hazard_variance(Seen(days, events, well), np.zeros(23), baseline)
    assert np.isfinite(variance).all()
    assert variance[0] == variance[14] < 100
    # of log(−log S) at S = 12/18: 6 / (18 · 12) / (log S)²
    assert variance[42] == pytest.approx(6 / (18 * 12) / np.log(1.5) ** 2, rel=1e-3)


def test_relapses_after_the_supported_knot_alone_give_one_piece():
    days = np.concatenate([np.full(12, 15.0), np.full(5, 56.0)])
    events = np.concatenate([np.zeros(12), np.ones(5)])
    well = np.where(events == 1, 42.0, days)
    baseline = fit_baseline(days, events, np.zeros(17), last_well=well)
    assert baseline.last_supported_day == 14
    assert (np.diff(baseline.cumulative) > 0).all()


def test_a_handful_at_visits_get_one_weibull_curve():
    days, well = np.array([14.0, 28.0, 30.0]), np.array([14.0, 14.0, 30.0])
    baseline = fit_baseline(days, np.array([0.0, 1.0, 0.0]), np.zeros(3), last_well=well)
    assert baseline.last_supported_day == 0
    lines = np.log(baseline.cumulative[1:])
    slopes = np.diff(lines) / np.diff(np.log(np.arange(1, 181)))
    np.testing.assert_allclose(slopes, slopes[0], rtol=1e-9)


def test_the_variance_of_the_log_hazard_is_that_of_repeated_cohorts():
    at, found = np.array([3, 7, 30, 90, 180]), []
    for seed in range(60):
        margins, days, events = relapses([14, seed], n=150, slope=0.7, shape=0.52, scale=32.0)
        well, days, events = at_visits(days, events)
        baseline = fit_baseline(days, events, 0.7 * margins, last_well=well)
        variance = log_hazard_variance(Seen(days, events, well), 0.7 * margins, baseline)
        assert variance.shape == (181,)
        assert variance[0] == variance[1] > 0
        found.append([np.log(baseline.cumulative[at]), variance[at]])
    logs, variances = np.array(found).transpose(1, 0, 2)
    np.testing.assert_allclose(np.sqrt(variances.mean(axis=0)), logs.std(axis=0), rtol=0.25)


def test_knots_between_visits_hardly_widen_the_variance():
    margins, days, events = relapses(15, n=400)
    exact = log_hazard_variance(
        Seen(days, events), 0.7 * margins, fit_baseline(days, events, 0.7 * margins)
    )
    well, seen, events = at_visits(days, events)
    visits = log_hazard_variance(
        Seen(seen, events, well),
        0.7 * margins,
        fit_baseline(seen, events, 0.7 * margins, last_well=well),
    )
    for day in (28, 84, 168):
        assert visits[day] == pytest.approx(exact[day], rel=0.15)
