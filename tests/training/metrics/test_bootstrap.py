"""Bootstrap by counts against the loop over resamples, which it must repeat draw for draw."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score

from predictor.errors import InvalidInputError
from training.metrics import MeasureUndefinedError, bootstrap, resampling
from training.metrics.bootstrap import (
    bootstrap_auc,
    bootstrap_auprc,
    bootstrap_c,
    bootstrap_dynamic_auc,
    bootstrap_uno_c,
)
from training.metrics.intervals import bootstrap_interval, over_repeats, percentile_interval
from training.metrics.survival import dynamic_auc, harrell_c, uno_c


def people(n=90, seed=0, ties=False):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(float)
    p = stats.norm.cdf(rng.normal(size=n) + 0.8 * y - 0.4)
    days, events = rng.exponential(60 / (0.2 + p)), (rng.random(n) < 0.6).astype(float)
    return (y, np.round(p, 1), np.ceil(days / 14) * 14, events) if ties else (y, p, days, events)


def rng(seed=7):
    return np.random.default_rng(seed)


def resamples(n, n_boot, seed=7):
    draw = rng(seed)
    return [draw.integers(n, size=n) for _ in range(n_boot)]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("held", [50_000, 450])
def test_auc_of_each_resample_is_that_of_scikit_learn(ties, held, monkeypatch):
    monkeypatch.setattr(resampling, "_HELD_AT_ONCE", held)
    y, p, *_ = people(ties=ties)
    expected = [roc_auc_score(y[i], p[i]) for i in resamples(90, 23)]
    assert bootstrap_auc(y, p, 23, rng()) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("table", [3000, 10])
def test_c_of_each_resample_is_that_of_its_people(ties, table, monkeypatch):
    monkeypatch.setattr(bootstrap, "PAIRS_UP_TO", table)
    _, p, days, events = people(ties=ties)
    expected = [harrell_c(days[i], events[i], p[i]) for i in resamples(90, 23)]
    assert bootstrap_c(days, events, p, 23, rng()) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("ties", [False, True])
def test_precision_of_each_resample_is_that_of_scikit_learn(ties):
    y, p, *_ = people(ties=ties)
    expected = [average_precision_score(y[i], p[i]) for i in resamples(90, 23)]
    assert bootstrap_auprc(y, p, 23, rng()) == pytest.approx(expected, abs=1e-12)
    both = bootstrap_auprc(y, np.column_stack([p, 1 - p]), 23, rng())
    other = [average_precision_score(y[i], 1 - p[i]) for i in resamples(90, 23)]
    assert both == pytest.approx(np.mean([expected, other], axis=0), abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("t", [40, 84])
def test_dynamic_auc_of_each_resample_weighs_its_own_censoring(ties, t):
    _, p, days, events = people(ties=ties)
    expected = [dynamic_auc(days[i], events[i], p[i], t=t) for i in resamples(90, 23)]
    assert bootstrap_dynamic_auc(days, events, p, 23, rng(), t=t) == pytest.approx(
        expected, abs=1e-12
    )
    columns = np.column_stack([p, 1 - p])
    both = bootstrap_dynamic_auc(days, events, columns, 23, rng(), t=t)
    assert both == pytest.approx(np.full(23, 0.5))


def test_dynamic_auc_marks_the_resamples_in_which_it_has_no_value():
    days, events, p = np.array([1.0, 2, 3, 4, 6]), np.array([1.0, 0, 1, 0, 0]), np.arange(5.0)
    found = bootstrap_dynamic_auc(days, events, p, 80, rng(), t=3.5)
    for value, chosen in zip(found, resamples(5, 80), strict=True):
        try:
            expected = dynamic_auc(days[chosen], events[chosen], p[chosen], t=3.5)
        except MeasureUndefinedError:
            assert np.isnan(value)
        else:
            assert value == pytest.approx(expected)
    assert 0 < np.isnan(found).sum() < 80


def test_c_of_repeats_is_their_mean_on_the_same_resamples():
    _, p, days, events = people()
    columns = np.column_stack([p, p**2 + rng(1).random(90)])
    whole = bootstrap_interval(
        over_repeats(harrell_c), (days, events, columns), n_boot=200, rng=rng()
    )
    found = percentile_interval(whole.value, bootstrap_c(days, events, columns, 200, rng()))
    assert (found.lo, found.hi) == pytest.approx((whole.lo, whole.hi), abs=1e-6)
    assert found.method == whole.method


@pytest.mark.parametrize("table", [3000, 1])
def test_resamples_without_a_value_are_marked(table, monkeypatch):
    monkeypatch.setattr(bootstrap, "PAIRS_UP_TO", table)
    drawn = resamples(3, 60)
    auc = bootstrap_auc([0, 0, 1], [0.1, 0.5, 0.3], 60, rng())
    assert list(np.isnan(auc)) == [2 not in i or set(i) == {2} for i in drawn]
    precision = bootstrap_auprc([0, 0, 1], [0.1, 0.5, 0.3], 60, rng())
    assert list(np.isnan(precision)) == list(np.isnan(auc))
    # the only event is the first person's: known pairs need that person and a later one
    c = bootstrap_c([1, 2, 3], [1, 0, 0], [0.5, 0.4, 0.6], 60, rng())
    assert list(np.isnan(c)) == [0 not in i or set(i) == {0} for i in drawn]
    with pytest.raises(MeasureUndefinedError, match="of 60 resamples"):
        percentile_interval(0.5, auc)


@pytest.mark.parametrize("ties", [False, True])
def test_unos_c_of_each_resample_weighs_its_own_censoring(ties):
    _, p, days, events = people(ties=ties)
    columns = np.column_stack([p, p**2 + rng(1).random(90)])
    expected = [
        np.mean([uno_c(days[i], events[i], risk[i], tau=84) for risk in columns.T])
        for i in resamples(90, 23)
    ]
    found = bootstrap_uno_c(days, events, columns, 23, rng(), tau=84)
    assert found == pytest.approx(expected, abs=1e-6)


def test_unos_c_marks_the_resamples_that_are_not_followed_far_enough():
    days, events, p = np.array([1.0, 2, 3, 4, 6]), np.array([1.0, 0, 1, 0, 0]), np.arange(5.0)
    found = bootstrap_uno_c(days, events, p, 80, rng(), tau=5)
    for value, chosen in zip(found, resamples(5, 80), strict=True):
        assert np.isnan(value) == (4 not in chosen or not {0, 2} & set(chosen)), chosen
    with pytest.raises(MeasureUndefinedError, match="outside follow-up"):
        bootstrap_uno_c(days, events, p, 10, rng(), tau=7)


def test_growing_weights_stay_exact_in_the_table():
    # 2,500 people of one event: C is counted, not rounded
    n = 2500
    days, events = np.arange(1.0, n + 1), np.zeros(n)
    events[:40] = 1
    risk = rng(3).normal(size=n)
    (drawn,) = resamples(n, 1)
    expected = harrell_c(days[drawn], events[drawn], risk[drawn])
    assert bootstrap_c(days, events, risk, 1, rng()) == pytest.approx([expected], abs=1e-12)


def test_faulty_input_is_refused():
    with pytest.raises(MeasureUndefinedError, match="none of the 2"):
        bootstrap_auc([0, 0], [0.1, 0.2], 10, rng())
    with pytest.raises(MeasureUndefinedError, match="known order"):
        bootstrap_c([1, 2], [0, 0], [0.1, 0.2], 10, rng())
    with pytest.raises(MeasureUndefinedError, match="all of the 2"):
        bootstrap_auprc([1, 1], [0.1, 0.2], 10, rng())
    with pytest.raises(MeasureUndefinedError, match="outside follow-up"):
        bootstrap_dynamic_auc([1, 2], [1, 0], [0.1, 0.2], 10, rng(), t=3)
    with pytest.raises(InvalidInputError, match="resamples"):
        bootstrap_auc([0, 1], [0.1, 0.2], 0, rng())
    with pytest.raises(InvalidInputError, match="risks"):
        bootstrap_c([1, 2], [1, 0], [0.1], 10, rng())
