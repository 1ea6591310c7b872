"""Bands of decision curves against a loop over resamples, written out."""

import numpy as np
import pytest

from training.metrics import MeasureUndefinedError
from training.metrics.censoring import kaplan_meier
from training.metrics.resampled_decision import decision_band, decision_band_at

AT = np.array([0.2, 0.35, 0.5, 0.7])


def people(n=120, seed=2):
    rng = np.random.default_rng(seed)
    p = np.round(rng.random(n), 2)  # with ties, and some on a threshold
    days = np.ceil(rng.exponential(100 * (1.3 - p)))
    return p, (rng.random(n) < p).astype(float), days, (rng.random(n) < 0.7).astype(float)


def resamples(n, n_boot, seed=4):
    draw = np.random.default_rng(seed)
    return [draw.integers(n, size=n) for _ in range(n_boot)]


def expected(benefit, n, n_boot):
    """Percentiles over a loop; ``benefit(people, acted)`` is that of acting on some of them."""
    models, gains = [], []
    for i in resamples(n, n_boot):
        model = np.array([benefit(i, at, False) for at in AT])
        everybody = np.array([benefit(i, at, True) for at in AT])
        models.append(model)
        gains.append(model - np.maximum(everybody, 0))
    lo, hi = np.quantile(models, [0.025, 0.975], axis=0)
    return lo, hi, np.quantile(gains, 0.025, axis=0)


def test_a_band_is_that_of_a_loop_over_resamples():
    p, y, *_ = people()

    def benefit(i, at, everybody):
        acted = np.ones(120, dtype=bool) if everybody else p[i] >= at
        return (y[i][acted].sum() - at / (1 - at) * (1 - y[i][acted]).sum()) / 120

    found = decision_band(y, p, thresholds=AT, n_boot=60, rng=np.random.default_rng(4))
    for ours, theirs in zip(
        (found.lo, found.hi, found.gain_lo), expected(benefit, 120, 60), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
    np.testing.assert_allclose(found.model, [benefit(np.arange(120), at, False) for at in AT])
    np.testing.assert_allclose(found.treat_all, [benefit(np.arange(120), at, True) for at in AT])
    np.testing.assert_allclose(found.acted_on, [(p >= at).mean() for at in AT])


def test_under_censoring_a_band_is_that_of_kaplan_meier_in_each_resample():
    p, _, days, events = people()

    def benefit(i, at, everybody):
        acted = i if everybody else i[p[i] >= at]
        free = kaplan_meier(days[acted], events[acted]).at(60)
        return len(acted) / 120 * (1 - free - at / (1 - at) * free)

    found = decision_band_at(
        days, events, p, t=60, thresholds=AT, n_boot=60, rng=np.random.default_rng(4)
    )
    for ours, theirs in zip(
        (found.lo, found.hi, found.gain_lo), expected(benefit, 120, 60), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
    np.testing.assert_allclose(found.model, [benefit(np.arange(120), at, False) for at in AT])
    np.testing.assert_allclose(found.treat_all, [benefit(np.arange(120), at, True) for at in AT])


def test_thresholds_whose_people_are_not_followed_have_no_value():
    days = np.concatenate([np.full(30, 20.0), np.full(30, 120.0)])
    p = np.where(days == 20, 0.8, 0.3)  # the likely ones are all lost by day 20
    found = decision_band_at(
        days, np.zeros(60), p, t=60, thresholds=[0.2, 0.5, 0.9], n_boot=100,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert list(np.isnan(found.model)) == list(np.isnan(found.lo)) == [False, True, False]
    assert (found.model[2], found.lo[2], found.hi[2]) == (0, 0, 0)
    with pytest.raises(MeasureUndefinedError, match="outside follow-up"):
        decision_band_at(days, np.zeros(60), p, t=200, thresholds=[0.5], n_boot=100,
                         rng=np.random.default_rng(0))  # fmt: skip


def test_nobody_acted_on_gains_nothing():
    found = decision_band(
        [0, 1, 0, 1],
        [0.1, 0.2, 0.3, 0.4],
        thresholds=[0.5],
        n_boot=20,
        rng=np.random.default_rng(0),
    )
    assert (found.model[0], found.lo[0], found.hi[0], found.acted_on[0]) == (0, 0, 0, 0)
