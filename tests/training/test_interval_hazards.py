"""Interval-censored hazards: by hand, by statsmodels on person-periods, by a general optimiser."""

import time

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize

from predictor.errors import InvalidInputError
from training import interval_hazards
from training.interval_hazards import (
    fit_heights,
    fit_interval_hazards,
    interval_profile,
)
from training.penalised_cox import fit_ridge_cox
from training.penalised_fit import ConvergenceError, SeparationError
from training.visit_intervals import visit_intervals
from training.weibull import fit_weibull

EFFECTS = np.array([0.8, -0.5, 0.3])


def seen_at_visits(seed, n, *, gap=14.0, irregular=False, shape=0.5, effects=EFFECTS):
    """Weibull relapse seen at visits, and people who leave; X, last well day, day, event."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, len(effects)))
    relapse = 60 * (rng.exponential(size=n) * np.exp(-X @ effects)) ** (1 / shape)
    steps = rng.uniform(3, 2 * gap, (n, 60)) if irregular else np.full((n, 60), gap)
    visits = np.column_stack([np.zeros(n), np.cumsum(steps, axis=1), np.full(n, 1e6)])
    stays = (visits <= rng.uniform(30, 220, n)[:, None]).sum(axis=1) - 1
    shown = (visits < relapse[:, None]).sum(axis=1)
    events = shown <= stays
    who = np.arange(n)
    well = visits[who, np.where(events, shown - 1, stays)]
    return X, well, np.where(events, visits[who, shown], well), events.astype(float)


def loglik_by_loops(margin, last_well, days, events, hazards, knots):
    """Write the likelihood as it is defined; hazards per day in each period."""
    ends = [*knots[1:], np.inf]

    def cumulative(t):
        return sum(h * max(min(t, e) - k, 0) for h, k, e in zip(hazards, knots, ends, strict=True))

    total = 0.0
    for eta, left, right, event in zip(margin, last_well, days, events, strict=True):
        here, there = (np.exp(-cumulative(t) * np.exp(eta)) for t in (left, right))
        if event and left < right:
            total += np.log(here - there)
        elif event:
            place = max(k for k, knot in enumerate(knots) if knot < right)
            total += np.log(hazards[place]) + eta + np.log(here)
        else:
            total += np.log(here)
    return total


def with_exact_days(last_well, days, events):
    """Date every third event exactly, in the middle of its interval."""
    rows = np.flatnonzero(events == 1)[::3]
    last_well, days = last_well.copy(), days.copy()
    last_well[rows] = days[rows] = (last_well[rows] + days[rows]) / 2
    return last_well, days, events


def test_two_people_and_one_period_by_hand():
    # One relapsed before day 14, one was well then: each visit has odds of one half.
    heights = fit_heights(np.zeros(2), visit_intervals([0, 14], [14, 14], [1, 0], knots=[0]))
    assert np.exp(heights.log_heights[0]) * 14 == pytest.approx(np.log(2), rel=1e-5)
    assert heights.loglik == pytest.approx(2 * np.log(0.5), abs=1e-9)
    # information of log B at B = log 2: B + B² e^B/(e^B − 1)² − B/(e^B − 1) = 2 (log 2)²
    assert 1 / heights.covariance[0, 0] == pytest.approx(2 * np.log(2) ** 2, rel=1e-5)


@pytest.mark.parametrize("irregular", [False, True])
def test_the_likelihood_is_that_of_its_definition(irregular):
    X, *seen = seen_at_visits(0, 40, irregular=irregular)
    seen = with_exact_days(*seen)
    knots = [0, 14, 28, 70, 120]
    found = fit_interval_hazards(X, visit_intervals(*seen, knots=knots), penalty=1.0)
    hazards = np.exp(found.heights.log_heights)
    by_loops = loglik_by_loops(X @ found.linear.coefficients, *seen, hazards, knots)
    assert found.linear.loglik == pytest.approx(by_loops, abs=1e-9)


@pytest.mark.parametrize("pace", [1.0, 0.5])
@pytest.mark.parametrize("irregular", [False, True])
def test_gradient_and_hessian_of_the_profile_equal_finite_differences(irregular, pace):
    X, *seen = seen_at_visits(1, 80, irregular=irregular)
    offset, at, h = np.linspace(-0.5, 0.5, 80), np.array([0.3, -0.2, 0.1]), 1e-5
    intervals = visit_intervals(*with_exact_days(*seen), pace=pace, offset=offset)
    _, gradient, information = interval_profile(X, at, intervals)
    for j, step in enumerate(np.eye(3) * h):
        up, down = (interval_profile(X, at + s, intervals) for s in (step, -step))
        assert gradient[j] == pytest.approx((up[0] - down[0]) / (2 * h), abs=1e-5)
        np.testing.assert_allclose(-information[j], (up[1] - down[1]) / (2 * h), atol=1e-5)


def person_periods(X, days, events, gap=14.0):
    """One row for each person and visit until the event or the last visit; outcome, design."""
    periods = np.round(days / gap).astype(int)
    rows = [(i, k) for i, n in enumerate(periods) for k in range(n)]
    person, period = np.array(rows).T
    y = (period == periods[person] - 1) * events[person]
    return y, np.column_stack([np.eye(periods.max())[period], X[person]])


def test_one_period_for_each_interval_is_the_complementary_log_log_model():
    X, well, days, events = seen_at_visits(2, 400)
    keep = days > 0
    X, well, days, events = X[keep], well[keep], days[keep], events[keep]
    y, design = person_periods(X, days, events)
    link = sm.families.links.CLogLog()
    oracle = sm.GLM(y, design, family=sm.families.Binomial(link)).fit(tol=1e-12, maxiter=100)
    n_periods = design.shape[1] - 3
    intervals = visit_intervals(well, days, events, knots=14 * np.arange(n_periods))
    ours = fit_interval_hazards(X, intervals)
    np.testing.assert_allclose(ours.linear.coefficients, oracle.params[-3:], atol=1e-6)
    per_visit = ours.heights.log_heights + np.log(14)
    seen = design[:, :-3].T @ y > 0  # elsewhere both are as good as −∞
    np.testing.assert_allclose(per_visit[seen], oracle.params[:-3][seen], atol=1e-4)
    assert (per_visit[~seen] < -10).all()
    assert ours.linear.loglik == pytest.approx(oracle.llf, abs=1e-3)
    # the information of statsmodels is the expected one here; ours is the observed
    error = np.sqrt(np.diag(ours.covariance))
    np.testing.assert_allclose(error[:3], oracle.bse[-3:], rtol=0.03)


def test_exactly_dated_events_are_the_piecewise_exponential_model():
    X, well, days, events = seen_at_visits(3, 300)
    days = np.where(events == 1, (well + days) / 2, np.maximum(days, 1.0))
    knots = np.array([0.0, 14, 56])
    intervals = visit_intervals(days, days, events, knots=knots)
    place = np.searchsorted(knots, days, side="left") - 1
    count = np.eye(3)[place] * events[:, None]
    design = np.column_stack([np.tile(np.eye(3), (300, 1)), np.repeat(X, 3, axis=0)])
    lived = intervals.before.ravel()
    kept = lived > 0
    oracle = sm.GLM(
        count.ravel()[kept], design[kept], family=sm.families.Poisson(),
        offset=np.log(lived[kept]),
    ).fit(tol=1e-12)  # fmt: skip
    ours = fit_interval_hazards(X, intervals)
    np.testing.assert_allclose(ours.linear.coefficients, oracle.params[3:], atol=1e-6)
    np.testing.assert_allclose(ours.heights.log_heights, oracle.params[:3], atol=1e-5)
    np.testing.assert_allclose(ours.covariance[:3, :3], oracle.cov_params()[3:, 3:], rtol=1e-4)


def test_a_general_optimiser_finds_no_better_fit_and_the_same_covariance():
    X, *seen = seen_at_visits(4, 70, irregular=True)
    knots = [0.0, 14.0, 42.0, 98.0]
    intervals = visit_intervals(*seen, knots=knots)

    def loss(point):
        penalty = 2.0 / 2 * point[:3] @ point[:3]
        return penalty - loglik_by_loops(X @ point[:3], *seen, np.exp(point[3:]), knots)

    ours = fit_interval_hazards(X, intervals, penalty=2.0)
    point = np.concatenate([ours.linear.coefficients, ours.heights.log_heights])
    first = np.r_[0.6, -0.4, 0.2, -3.5, -4.5, -4.5, -4.5]
    oracle = minimize(loss, first, method="BFGS", options={"gtol": 1e-4})
    assert loss(point) <= oracle.fun + 1e-7
    np.testing.assert_allclose(point, oracle.x, atol=1e-3)
    h = 1e-4
    hessian = np.empty((7, 7))
    for i, a in enumerate(np.eye(7) * h):
        for j, b in enumerate(np.eye(7) * h):
            corners = loss(point + a + b) - loss(point + a - b) - loss(point - a + b)
            hessian[i, j] = (corners + loss(point - a - b)) / (4 * h * h)
    np.testing.assert_allclose(ours.covariance, np.linalg.inv(hessian), atol=2e-4)
    np.testing.assert_allclose(ours.linear.covariance[1:, 1:], ours.covariance[:3, :3])
    assert not ours.linear.covariance[0].any()


def test_effects_are_the_true_ones_where_dating_at_visits_pulls_them_toward_0():
    X, well, days, events = seen_at_visits(5, 8000, gap=56.0)
    pace = fit_weibull(well, days, events).pace
    ours = fit_interval_hazards(X, visit_intervals(well, days, events, pace=pace))
    np.testing.assert_allclose(ours.linear.coefficients, EFFECTS, atol=0.05)
    kept = days > 0
    dated = fit_ridge_cox(X[kept], days[kept], events[kept], penalty=0.0).coefficients
    assert np.all(np.abs(dated) < 0.93 * np.abs(EFFECTS))


def test_the_baseline_of_known_margins_is_the_true_one_within_its_own_error():
    X, *seen = seen_at_visits(6, 6000)
    margin = X @ EFFECTS
    pace, variance, *_ = fit_weibull(*seen, margin)
    assert pace == pytest.approx(0.5, abs=0.03)
    assert abs(np.log(pace / 0.5)) < 3 * np.sqrt(variance)
    intervals = visit_intervals(*seen, pace=pace)
    heights = fit_heights(margin, intervals)
    at = np.array([7.0, 30.0, 90.0, 180.0])
    lived = intervals.lived(at)
    error = np.sqrt(heights.log_variance(lived))
    off = np.log(heights.cumulative(lived)) - 0.5 * np.log(at / 60)
    assert np.all(np.abs(off) < 3 * error + 0.01)
    assert np.all(error < 0.06)


def test_errors_of_the_baseline_are_those_of_repeated_cohorts():
    at, found = np.array([30.0, 90.0]), []
    for seed in range(200):
        _, *seen = seen_at_visits([7, seed], 120, effects=np.zeros(3))
        intervals = visit_intervals(*seen, pace=0.5)
        heights = fit_heights(np.zeros(120), intervals)
        lived = intervals.lived(at)
        found.append([np.log(heights.cumulative(lived)), heights.log_variance(lived)])
    logs, variances = np.array(found).transpose(1, 0, 2)
    np.testing.assert_allclose(np.sqrt(variances.mean(axis=0)), logs.std(axis=0), rtol=0.15)


def test_periods_without_an_event_are_borne():
    # Nobody relapses in (14, 28]; everybody left relapses by day 42.
    well, days = [0, 0, 14, 28, 28], [14, 14, 14, 42, 42]
    intervals = visit_intervals(well, days, [1, 1, 0, 1, 1], knots=[0, 14, 28])
    heights = fit_heights(np.zeros(5), intervals)
    first, none, all_left = np.exp(heights.log_heights) * 14
    assert first == pytest.approx(-np.log(3 / 5), rel=1e-4)
    assert 0 < none < 1e-3
    assert 1e-8 < np.exp(-all_left) < 1e-4
    assert np.isfinite(heights.covariance).all()
    assert heights.loglik == pytest.approx(2 * np.log(0.4) + 3 * np.log(0.6), abs=1e-3)
    X = np.array([[0.5], [-1.0], [0.3], [1.0], [-0.8]])
    assert np.isfinite(interval_profile(X, np.array([0.4]), intervals)[0])
    wide = visit_intervals([0, 0, 30], [42, 42, 30], [1, 1, 0], knots=[0, 14, 28])
    risk = -np.expm1(-fit_heights(np.zeros(3), wide).cumulative(wide.lived([42.0])))
    # two fifteenths of the last period passed well: 28 S/(1 − S) = 2 with S of the whole period
    assert risk[0] == pytest.approx(14 / 15, abs=1e-4)


def test_periods_that_no_visit_divides_are_borne():
    # visits every 56 days, knots every 14: only the sum of four heights is seen
    X, *seen = seen_at_visits(15, 800, gap=56.0)
    fine, coarse = (
        fit_interval_hazards(X, visit_intervals(*seen, knots=knots))
        for knots in (np.arange(0, 183, 14), [0, 56, 112, 168])
    )
    np.testing.assert_allclose(fine.linear.coefficients, coarse.linear.coefficients, atol=1e-4)
    assert fine.linear.loglik == pytest.approx(coarse.linear.loglik, abs=1e-3)
    np.testing.assert_allclose(fine.linear.covariance, coarse.linear.covariance, rtol=1e-3)
    hazards = [
        found.heights.cumulative(visit_intervals(*seen, knots=knots).lived([56.0, 112.0]))
        for found, knots in ((fine, np.arange(0, 183, 14)), (coarse, [0, 56, 112, 168]))
    ]
    np.testing.assert_allclose(*hazards, rtol=1e-3)


def test_order_and_a_constant_change_nothing_but_the_level():
    X, *seen = seen_at_visits(8, 200)
    order = np.random.default_rng(0).permutation(200)
    one = fit_interval_hazards(X, visit_intervals(*seen), penalty=3.0)
    moved = [values[order] for values in seen]
    higher = visit_intervals(*moved, offset=np.full(200, 2.0))
    other = fit_interval_hazards(X[order], higher, penalty=3.0)
    np.testing.assert_allclose(other.linear.coefficients, one.linear.coefficients, atol=1e-7)
    np.testing.assert_allclose(other.heights.log_heights + 2.0, one.heights.log_heights, atol=1e-3)
    again = fit_interval_hazards(X, visit_intervals(*seen), penalty=3.0, start=one.linear)
    assert again.linear.iterations == 1
    np.testing.assert_allclose(again.linear.coefficients, one.linear.coefficients, atol=1e-9)


def test_a_chance_of_one_half_is_two_half_people():
    X, *seen = seen_at_visits(16, 120)
    well, days, events = seen
    lost = np.flatnonzero(events == 0)[::2]
    until, open_ = days.copy(), events.copy()
    until[lost], open_[lost] = well[lost] + 14, 0.5
    both = np.repeat(np.arange(120), 2)
    first = np.tile([True, False], 120)
    waiting = np.isin(both, lost)
    twice = (
        np.where(waiting & ~first, until[both], well[both]),
        until[both],
        np.where(waiting, first * 1.0, events[both]),
    )
    one = fit_interval_hazards(X, visit_intervals(well, until, open_), penalty=1.0)
    two = fit_interval_hazards(X[both], visit_intervals(*twice), penalty=2.0)
    np.testing.assert_allclose(one.linear.coefficients, two.linear.coefficients, atol=1e-5)
    np.testing.assert_allclose(
        one.linear.covariance, 2 * two.linear.covariance, rtol=1e-3, atol=1e-6
    )
    assert 2 * one.linear.loglik == pytest.approx(two.linear.loglik, abs=1e-3)
    margin = X @ EFFECTS
    law, other = fit_weibull(well, until, open_, margin), fit_weibull(*twice, margin[both])
    assert law.pace == pytest.approx(other.pace, rel=0.01)  # their priors weigh once and twice
    assert 2 * law.loglik == pytest.approx(other.loglik, abs=0.01)


def test_an_offset_is_a_coefficient_that_is_known():
    X, *seen = seen_at_visits(9, 300)
    intervals = visit_intervals(*seen)
    whole = fit_interval_hazards(X, intervals).linear
    known = X[:, 0] * whole.coefficients[0]
    rest = fit_interval_hazards(X[:, 1:], visit_intervals(*seen, offset=known)).linear
    np.testing.assert_allclose(rest.coefficients, whole.coefficients[1:], atol=1e-6)


def test_without_a_column_only_the_baseline_is_fitted():
    _, *seen = seen_at_visits(10, 60)
    intervals = visit_intervals(*seen)
    found = fit_interval_hazards(np.empty((60, 0)), intervals)
    assert found.linear.coefficients.size == 0
    assert found.linear.loglik == fit_heights(np.zeros(60), intervals).loglik
    np.testing.assert_allclose(found.covariance, found.heights.covariance)


def test_columns_that_order_the_events_need_a_penalty():
    well, days, events = 14.0 * np.arange(12), 14.0 * np.arange(1, 13), np.ones(12)
    X = -np.arange(12.0)[:, None]
    intervals = visit_intervals(well, days, events)
    with pytest.raises(SeparationError, match="use a penalty"):
        fit_interval_hazards(X - X.mean(), intervals)
    assert fit_interval_hazards(X - X.mean(), intervals, penalty=1.0).linear.coefficients[0] > 0


def test_a_penalised_fit_that_does_not_converge_says_so(monkeypatch):
    X, *seen = seen_at_visits(11, 50)

    def never(*_):
        raise ConvergenceError("a fit did not converge")

    monkeypatch.setattr(interval_hazards, "minimise", never)
    with pytest.raises(ConvergenceError):
        fit_interval_hazards(X, visit_intervals(*seen), penalty=1.0)


def test_a_step_that_goes_too_far_has_no_likelihood():
    X, *seen = seen_at_visits(12, 50)
    value, gradient, _ = interval_profile(X, np.array([1e3, 0.0, 0.0]), visit_intervals(*seen))
    assert value == -np.inf
    assert np.isnan(gradient).all()


def test_wrong_input_is_refused():
    X, *seen = seen_at_visits(13, 50)
    intervals = visit_intervals(*seen)
    for wrong in (X[:-1], X[:, 0], np.full((50, 1), np.nan)):
        with pytest.raises(InvalidInputError, match="complete matrix"):
            fit_interval_hazards(wrong, intervals)
    with pytest.raises(InvalidInputError, match="penalty"):
        fit_interval_hazards(X, intervals, penalty=-1.0)
    with pytest.raises(InvalidInputError, match="depend on one another"):
        fit_interval_hazards(np.column_stack([X, X[:, 0]]), intervals)


def test_5000_people_and_60_columns_take_a_moment():
    effects = np.linspace(-0.2, 0.2, 60)
    X, *seen = seen_at_visits(14, 5000, irregular=True, effects=effects)
    intervals = visit_intervals(*seen)
    start = time.perf_counter()
    interval_profile(X, np.zeros(60), intervals)
    assert time.perf_counter() - start < 0.3
