"""Intervals against DeLong's definition by loops, textbook formulas and coverage of known truth."""

import json

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from predictor.errors import InvalidInputError
from training.metrics import MeasureUndefinedError
from training.metrics.binary import auroc, brier
from training.metrics.intervals import (
    Estimate,
    bootstrap_interval,
    delong_interval,
    oe_ratio,
    over_repeats,
    paired_difference,
)


def people(n=80, seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(float)
    return y, expit(np.round(rng.normal(size=n) + 0.8 * y, 1))


def loop_delong(y, p):
    """Variance from the n × m table of DeLong 1988, equations 4 to 6."""
    cases, others = p[y == 1], p[y == 0]
    psi = np.array([[(a > b) + 0.5 * (a == b) for b in others] for a in cases])
    variance = psi.mean(axis=1).var(ddof=1) / len(cases) + psi.mean(axis=0).var(ddof=1) / len(
        others
    )
    return psi.mean(), np.sqrt(variance)


@pytest.mark.parametrize("seed", range(5))
def test_delong_agrees_with_its_definition(seed):
    y, p = people(seed=seed)
    value, se = loop_delong(y, p)
    estimate = delong_interval(y, p)
    assert estimate.value == pytest.approx(value, abs=1e-12)
    assert estimate.value == pytest.approx(auroc(y, p), abs=1e-12)
    assert (estimate.lo, estimate.hi) == pytest.approx(
        (value - 1.959964 * se, value + 1.959964 * se), abs=1e-6
    )
    assert estimate.method == "DeLong"


def test_delong_by_hand():
    # placements of cases 1, .5, of others 1, .5: AUC .75, variance .125 / 2 + .125 / 2 = .125
    estimate = delong_interval([1, 1, 0, 0], [0.9, 0.4, 0.2, 0.6])
    assert estimate.value == 0.75
    assert estimate.lo == pytest.approx(0.75 - 1.959964 * np.sqrt(0.125))
    assert estimate.hi == 1


def test_repeats_never_pass_for_more_people():
    y, p = people()
    one, same = delong_interval(y, p), delong_interval(y, np.column_stack([p] * 20))
    assert (same.lo, same.hi) == pytest.approx((one.lo, one.hi))
    other = expit(np.random.default_rng(3).normal(size=80))
    both = delong_interval(y, np.column_stack([p, other]))
    assert both.value == pytest.approx((auroc(y, p) + auroc(y, other)) / 2)


def test_delong_covers_the_truth():
    rng, hits = np.random.default_rng(1), 0
    truth = stats.norm.cdf(0.8 / np.sqrt(2))
    for _ in range(600):
        y = np.repeat([0.0, 1.0], [60, 40])
        estimate = delong_interval(y, expit(rng.normal(size=100) + 0.8 * y))
        hits += estimate.lo <= truth <= estimate.hi
    assert 0.92 <= hits / 600 <= 0.98


def test_perfect_separation_has_an_honest_interval():
    estimate = delong_interval([0, 0, 0, 0, 1, 1, 1], np.linspace(0.1, 0.9, 7))
    # three of three pairs without a shared person: Clopper-Pearson bound
    assert (estimate.value, estimate.hi) == (1, 1)
    assert estimate.lo == pytest.approx(stats.beta.ppf(0.025, 3, 1))
    assert "exact" in estimate.method
    turned = delong_interval([1, 1, 1, 0, 0, 0, 0], np.linspace(0.1, 0.9, 7))
    assert (turned.value, turned.lo) == (0, 0)
    assert turned.hi == pytest.approx(1 - estimate.lo)


@pytest.mark.parametrize(
    ("y", "words"), [([0, 0, 0], "none of the 3"), ([0, 0, 1], "one person only")]
)
def test_delong_without_a_value_says_why(y, words):
    with pytest.raises(MeasureUndefinedError, match=words):
        delong_interval(y, [0.1, 0.5, 0.3])


@pytest.mark.parametrize("p", [np.zeros((2, 2, 2)), np.zeros((2, 0)), np.zeros((3, 2)), [0.5, 1.5]])
def test_delong_refuses_faulty_predictions(p):
    with pytest.raises(InvalidInputError):
        delong_interval([0, 1], p)


def test_observed_over_expected_by_hand():
    # 4 of 10 observed, 5 expected: sqrt(0.6 / 4) on the log scale
    found = oe_ratio([1] * 4 + [0] * 6, [0.5] * 10)
    reach = np.exp(1.959964 * np.sqrt(0.15))
    assert found.value == pytest.approx(0.8)
    assert (found.lo, found.hi) == pytest.approx((0.8 / reach, 0.8 * reach), rel=1e-6)
    twice = oe_ratio([1] * 4 + [0] * 6, np.column_stack([np.full(10, 0.5), np.full(10, 0.4)]))
    assert twice.value == pytest.approx(0.9)
    assert np.log(twice.hi / twice.value) == pytest.approx(np.log(reach), rel=1e-6)


def test_observed_over_expected_covers_the_truth():
    rng, hits = np.random.default_rng(4), 0
    for _ in range(600):
        risk = rng.uniform(0.1, 0.7, 120)
        # predictions are 1.25 times too low in everybody
        found = oe_ratio((rng.random(120) < risk).astype(float), risk / 1.25)
        hits += found.lo <= 1.25 <= found.hi
    # a little wide, as the risks differ between people
    assert 0.93 <= hits / 600 <= 0.995


@pytest.mark.parametrize(
    ("y", "p", "words"),
    [([0, 0], [0.1, 0.2], "none"), ([1, 1], [0.1, 0.2], "all"), ([0, 1], [0.0, 0.0], "expected")],
)
def test_observed_over_expected_without_a_value_says_why(y, p, words):
    with pytest.raises(MeasureUndefinedError, match=words):
        oe_ratio(y, p)


def test_bootstrap_of_a_mean_is_close_to_the_normal_interval():
    rng = np.random.default_rng(2)
    x = rng.normal(3, 2, 400)
    estimate = bootstrap_interval(lambda a: float(a.mean()), [x], n_boot=2000, rng=rng)
    se = x.std(ddof=1) / 20
    assert estimate.value == x.mean()
    assert (estimate.lo, estimate.hi) == pytest.approx(
        (x.mean() - 1.96 * se, x.mean() + 1.96 * se), abs=0.15 * se
    )
    assert estimate.method == "percentile bootstrap, 2000 resamples"


def test_bootstrap_draws_people_whole_and_repeats_itself():
    y, p = people()
    a = bootstrap_interval(auroc, [y, p], n_boot=300, rng=np.random.default_rng(7))
    b = bootstrap_interval(auroc, [y, p], n_boot=300, rng=np.random.default_rng(7))
    assert a == b
    delong = delong_interval(y, p)
    assert (a.lo, a.hi) == pytest.approx((delong.lo, delong.hi), abs=0.03)


def test_resamples_without_a_value_are_counted_and_too_many_refused():
    y, p = np.repeat([0.0, 1.0], [40, 4]), np.linspace(0.1, 0.9, 44)
    estimate = bootstrap_interval(auroc, [y, p], n_boot=1000, rng=np.random.default_rng(0))
    # nobody of four is drawn with chance (40/44)^44 = 1.5 %
    count = int(estimate.method.split(", ")[-1].split()[0])
    assert 3 <= count <= 35
    y[:43] = 0
    with pytest.raises(MeasureUndefinedError, match="of 1000 resamples"):
        bootstrap_interval(auroc, [y, p], n_boot=1000, rng=np.random.default_rng(0))


@pytest.mark.parametrize(("arrays", "n_boot"), [([], 500), ([[1], [1, 2]], 500), ([[1, 2]], 99)])
def test_bootstrap_refuses_faulty_input(arrays, n_boot):
    with pytest.raises(InvalidInputError):
        bootstrap_interval(np.mean, arrays, n_boot=n_boot, rng=np.random.default_rng(0))


def test_a_measure_over_repeats_is_the_mean_of_columns():
    y, p = people()
    value = over_repeats(brier)(y, np.column_stack([p, p**2]))
    assert value == pytest.approx((brier(y, p) + brier(y, p**2)) / 2)


def test_paired_difference_is_the_one_sample_t_interval():
    rng = np.random.default_rng(5)
    a, b = rng.random(30), rng.random(30)
    found = paired_difference(a, b)
    expected = stats.ttest_1samp(a - b, 0).confidence_interval(0.95)
    assert (found.lo, found.hi) == pytest.approx((expected.low, expected.high))
    assert found.mean == pytest.approx(np.mean(a - b))
    assert found.se == pytest.approx(stats.sem(a - b))


def test_paired_difference_averages_a_persons_repeats_first():
    rng = np.random.default_rng(6)
    a, b = rng.random((30, 20)), rng.random((30, 20))
    assert paired_difference(a, b) == pytest.approx(
        paired_difference(a.mean(axis=1), b.mean(axis=1))
    )
    same = np.column_stack([a[:, 0]] * 20), np.column_stack([b[:, 0]] * 20)
    assert paired_difference(*same).se == pytest.approx(paired_difference(a[:, 0], b[:, 0]).se)


@pytest.mark.parametrize(
    ("a", "b"), [([1, 2], [1]), ([1, np.nan], [1, 2]), ([1, 2], [1, np.inf]), (1.0, 2.0)]
)
def test_losses_that_cannot_be_paired_are_refused(a, b):
    with pytest.raises(InvalidInputError):
        paired_difference(a, b)


def test_one_person_has_no_paired_interval():
    with pytest.raises(MeasureUndefinedError, match="two are needed"):
        paired_difference([1.0], [2.0])


def test_an_estimate_is_json():
    estimate = Estimate(0.7, 0.6, 0.8, "DeLong")
    assert json.loads(json.dumps(estimate.to_dict())) == {
        "value": 0.7,
        "lo": 0.6,
        "hi": 0.8,
        "method": "DeLong",
    }
