"""Survival measures against loops written from the formulas, hand examples and known truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from predictor.errors import InvalidInputError
from training.metrics import MeasureUndefinedError
from training.metrics import survival as s
from training.metrics.binary import auroc, brier


def people(n=60, seed=0, grid=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    time, leave = rng.exponential(90 * np.exp(-x)), rng.uniform(5, 250, n)
    days = np.minimum(time, leave)
    if grid:
        days = np.ceil(days / 14) * 14
    return days, (time <= leave).astype(float), np.round(x + rng.normal(0, 0.5, n), 1 + (not grid))


def staying(days, events, u):
    """P(C >= u): product over earlier days of 1 - censored / (at risk - events of that day)."""
    value = 1.0
    for day in sorted({d for d in days if d < u}):
        at_risk = sum(1 for d in days if d >= day)
        n_events = sum(1 for d, e in zip(days, events, strict=True) if d == day and e)
        censored = sum(1 for d, e in zip(days, events, strict=True) if d == day and not e)
        if censored:
            value *= 1 - censored / (at_risk - n_events)
    return value


def loop_concordance(days, events, risk, weight):
    good = pairs = 0.0
    for i in range(len(days)):
        for j in range(len(days)):
            later = days[j] > days[i] or (days[j] == days[i] and not events[j])
            if events[i] and later and i != j:
                pairs += weight[i]
                good += weight[i] * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    return good / pairs


def loop_brier(days, events, risk, t):
    total = 0.0
    for d, e, r in zip(days, events, risk, strict=True):
        if d <= t and e:
            total += (1 - r) ** 2 / staying(days, events, d)
        elif d >= t:
            total += r**2 / staying(days, events, t)
    return total / len(days)


def loop_dynamic(days, events, risk, t):
    good = pairs = 0.0
    for i in range(len(days)):
        if days[i] > t or not events[i]:
            continue
        weight = 1 / staying(days, events, days[i])
        for j in range(len(days)):
            if days[j] > t or (days[j] == t and not events[j]):
                pairs += weight
                good += weight * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    return good / pairs


@pytest.mark.parametrize("grid", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_measures_agree_with_slow_loops(seed, grid):
    days, events, risk = people(40 + 7 * seed, seed, grid)
    assert s.harrell_c(days, events, risk) == pytest.approx(
        loop_concordance(days, events, risk, np.ones(len(days))), abs=1e-12
    )
    weight = [
        1 / staying(days, events, d) ** 2 if e else 0 for d, e in zip(days, events, strict=True)
    ]
    assert s.uno_c(days, events, risk) == pytest.approx(
        loop_concordance(days, events, risk, weight), abs=1e-12
    )
    early = np.where(days < 60, weight, 0)
    assert s.uno_c(days, events, risk, tau=60) == pytest.approx(
        loop_concordance(days, events, risk, early), abs=1e-12
    )
    chance = 1 / (1 + np.exp(-risk))
    for t in (14, 56, 90):
        assert s.dynamic_auc(days, events, risk, t=t) == pytest.approx(
            loop_dynamic(days, events, risk, t), abs=1e-12
        )
        assert s.brier_ipcw(days, events, chance, t=t) == pytest.approx(
            loop_brier(days, events, chance, t), abs=1e-12
        )


def test_curves_by_hand_with_a_tied_day():
    # day 1: one event, one censored; day 2: one event; day 3: one censored
    days, events = [1, 1, 2, 3], [1, 0, 1, 0]
    free = s.kaplan_meier(days, events)
    assert list(free.times) == [1, 2]
    assert free.at([0, 1, 1.5, 2, 3]) == pytest.approx([1, 0.75, 0.75, 0.375, 0.375])
    assert free.before([1, 2, 3]) == pytest.approx([1, 0.75, 0.375])
    stay = s.censoring_survival(days, events)
    # on day 1 three are left after the event, one is censored
    assert stay.at([0, 1, 2, 3]) == pytest.approx([1, 2 / 3, 2 / 3, 0])
    assert stay.before([1, 3]) == pytest.approx([1, 2 / 3])
    assert free.until == 3


def test_weights_and_brier_by_hand():
    days, events = [1, 1, 2, 3], [1, 0, 1, 0]
    weight = s.ipcw_weights(days, events, t=2)
    assert weight == pytest.approx([1, 0, 1.5, 1.5])
    assert s.brier_ipcw(days, events, [0.5, 0.9, 0.8, 0.2], t=2) == pytest.approx(
        (0.25 + 1.5 * 0.04 + 1.5 * 0.04) / 4
    )


def test_concordance_by_hand():
    # known orders: 1 before 2, 3, 4; 3 before 4 (2 was censored before 3)
    days, events = [1, 2, 3, 4], [1, 0, 1, 0]
    assert s.harrell_c(days, events, [4, 3, 2, 1]) == 1
    assert s.harrell_c(days, events, [1, 2, 3, 4]) == 0
    assert s.harrell_c(days, events, [3, 3, 1, 2]) == pytest.approx(2.5 / 4)
    # the event of day 3 weighs 1 / (2/3)^2 = 2.25
    assert s.uno_c(days, events, [3, 3, 1, 2]) == pytest.approx(2.5 / 5.25)


@pytest.mark.parametrize("grid", [False, True])
def test_kaplan_meier_agrees_with_statsmodels(grid):
    days, events, _ = people(120, 3, grid)
    other = SurvfuncRight(days, events)
    assert s.kaplan_meier(days, events).at(other.surv_times) == pytest.approx(other.surv_prob)


def test_without_censoring_the_measures_are_the_plain_ones():
    days, _, risk = people(200, 1)
    events, happened = np.ones(200), days <= 50
    chance = 1 / (1 + np.exp(-risk))
    assert s.brier_ipcw(days, events, chance, t=50) == pytest.approx(brier(happened, chance))
    assert s.dynamic_auc(days, events, chance, t=50) == pytest.approx(auroc(happened, chance))
    assert s.uno_c(days, events, risk) == pytest.approx(s.harrell_c(days, events, risk))


@given(st.integers(0, 10_000), st.booleans(), st.floats(1, 100))
@settings(max_examples=50, deadline=None)
def test_weights_sum_to_the_number_of_people(seed, grid, t):
    days, events, _ = people(50, seed, grid)
    if t <= days.max():
        assert s.ipcw_weights(days, events, t=t).sum() == pytest.approx(50)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_order_of_people_and_scale_of_risk_do_not_matter(seed):
    days, events, risk = people(50, seed, grid=True)
    order = np.random.default_rng(seed).permutation(50)
    moved = days[order], events[order], risk[order]
    for measure in (s.harrell_c, s.uno_c):
        value = measure(days, events, risk)
        assert measure(*moved) == pytest.approx(value)
        assert measure(days, events, np.exp(risk)) == pytest.approx(value)
        assert measure(days, events, -risk) == pytest.approx(1 - value)


def test_administrative_censoring_on_the_horizon_keeps_everybody():
    days, events = [10, 20, 180, 180, 180], [1, 1, 0, 0, 0]
    assert s.ipcw_weights(days, events, t=180) == pytest.approx(np.ones(5))
    assert s.brier_ipcw(days, events, [1, 1, 0, 0, 0], t=180) == 0
    assert s.dynamic_auc(days, events, [2, 2, 1, 1, 1], t=180) == 1


def test_weighting_recovers_the_truth_that_dropping_misses():
    rng = np.random.default_rng(4)
    n, t = 60_000, 90.0
    time, leave = rng.exponential(100, n), rng.exponential(120, n)
    days, events = np.minimum(time, leave), (time <= leave).astype(float)
    risk = np.full(n, 0.3)
    truth = np.mean(((time <= t) - risk) ** 2)
    known = (events == 1) | (days >= t)
    dropped = np.mean((((days <= t) & (events == 1)) - risk)[known] ** 2)
    assert s.brier_ipcw(days, events, risk, t=t) == pytest.approx(truth, abs=0.01)
    assert abs(dropped - truth) > 0.02


def test_uno_c_does_not_move_with_censoring_where_harrell_c_does():
    rng = np.random.default_rng(9)
    n = 40_000
    # ranks are right early and reversed late, so that what censoring hides matters
    x = rng.integers(0, 2, n)
    time = np.where(x == 1, rng.choice([10.0, 200.0], n), 100.0) + rng.random(n)
    leave = rng.uniform(0, 260, n)
    days, events = np.minimum(time, leave), (time <= leave).astype(float)
    full = s.harrell_c(time, np.ones(n), x)
    assert s.uno_c(days, events, x) == pytest.approx(full, abs=0.02)
    assert abs(s.harrell_c(days, events, x) - full) > 0.03


def test_integrated_brier_is_the_trapezoid_of_brier_scores():
    days, events, risk = people(80, 2)
    times = [10.0, 30.0, 90.0]
    columns = np.column_stack([np.clip(0.3 + risk / 10 + k / 10, 0, 1) for k in range(3)])
    a, b, c = (loop_brier(days, events, columns[:, k], t) for k, t in enumerate(times))
    expected = ((a + b) / 2 * 20 + (b + c) / 2 * 60) / 80
    assert s.integrated_brier(days, events, columns, times=times) == pytest.approx(expected)


def test_censoring_may_come_from_the_training_data():
    days, events, risk = people(300, 1)
    chance = 1 / (1 + np.exp(-risk))
    curve = s.censoring_survival(days, events)
    few = slice(0, 40)
    expected = sum(
        (1 - r) ** 2 / staying(days, events, d) if d <= 60 and e else (d >= 60) * r**2 / g
        for d, e, r, g in zip(
            days[few], events[few], chance[few], [staying(days, events, 60)] * 40, strict=True
        )
    )
    value = s.brier_ipcw(days[few], events[few], chance[few], t=60, censoring=curve)
    assert value == pytest.approx(expected / 40)


def test_large_cohorts_are_counted_without_a_pair_matrix():
    days, events, risk = people(50_000, 1)
    assert 0.6 < s.harrell_c(days, events, risk) < 0.9


DAYS, EVENTS, RISK = [5.0, 10.0, 20.0], [1.0, 0.0, 0.0], [0.5, 0.2, 0.1]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: s.brier_ipcw(DAYS, EVENTS, RISK, t=21), "day 21 lies outside follow-up"),
        (lambda: s.brier_ipcw(DAYS, EVENTS, RISK, t=-1), "day -1"),
        (lambda: s.dynamic_auc(DAYS, EVENTS, RISK, t=30), "ends on day 20"),
        (lambda: s.uno_c(DAYS, EVENTS, RISK, tau=30), "ends on day 20"),
        (lambda: s.integrated_brier(DAYS, EVENTS, [[0.1] * 2] * 3, times=[5, 40]), "day 40"),
        (lambda: s.dynamic_auc(DAYS, EVENTS, RISK, t=3), "nobody had the event by day 3"),
        (lambda: s.dynamic_auc([1, 2], [1, 1], [1, 2], t=2), "nobody was seen free"),
        (lambda: s.harrell_c(DAYS, [0, 0, 0], RISK), "no two people"),
        (lambda: s.harrell_c([3, 3], [1, 1], [1, 2]), "no two people"),
        (lambda: s.uno_c(DAYS, EVENTS, RISK, tau=5), "no two people"),
        (
            lambda: s.ipcw_weights(
                DAYS, EVENTS, t=15, censoring=s.censoring_survival([1, 12], [1, 0])
            ),
            "ends on day 12",
        ),
        (
            lambda: s.uno_c([30, 40], [1, 0], [2, 1], censoring=s.censoring_survival([9], [0])),
            "ends on day 9",
        ),
        (
            lambda: s.ipcw_weights(
                [30, 40], [1, 0], t=25, censoring=s.StepFunction(np.ones(1), np.zeros(1), 50.0)
            ),
            "has reached 0",
        ),
    ],
)
def test_a_measure_without_a_value_says_why(call, words):
    with pytest.raises(MeasureUndefinedError, match=words):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: s.harrell_c([1, 2], [1], [1, 2]),
        lambda: s.harrell_c([-1, 2], [1, 0], [1, 2]),
        lambda: s.harrell_c([np.nan, 2], [1, 0], [1, 2]),
        lambda: s.harrell_c([1, 2], [1, 2], [1, 2]),
        lambda: s.harrell_c([1, 2], [1, 0], [1]),
        lambda: s.harrell_c([1, 2], [1, 0], [1, np.inf]),
        lambda: s.brier_ipcw([1, 2], [1, 0], [1, 2], t=1),
        lambda: s.integrated_brier(DAYS, EVENTS, [[0.1] * 2] * 3, times=[5, 5]),
        lambda: s.integrated_brier(DAYS, EVENTS, [[0.1] * 3] * 3, times=[5, 6]),
    ],
)
def test_faulty_input_is_refused(call):
    with pytest.raises(InvalidInputError):
        call()
