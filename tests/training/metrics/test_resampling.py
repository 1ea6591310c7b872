"""What resamples share, against the functions for one set of people."""

import numpy as np
import pytest

from predictor.errors import InvalidInputError
from training.metrics.censoring import ipcw_weights, kaplan_meier
from training.metrics.resampling import (
    ipcw_in_resamples,
    resample_counts,
    resampled_means,
    risk_in_resamples,
)


def follow_up(n=70, seed=1):
    rng = np.random.default_rng(seed)
    days = np.ceil(rng.exponential(80, n) / 7) * 7
    return days, (rng.random(n) < 0.6).astype(float)


def draws(n, n_boot, seed=5):
    rng = np.random.default_rng(seed)
    chosen = [rng.integers(n, size=n) for _ in range(n_boot)]
    counts = np.concatenate([*resample_counts(n_boot, n, np.random.default_rng(seed))])
    assert all(
        (np.bincount(i, minlength=n) == c).all() for i, c in zip(chosen, counts, strict=True)
    )
    return chosen, counts


@pytest.mark.parametrize("t", [30, 84])  # between visits, and on a day with events and censorings
def test_weights_of_each_resample_are_those_of_its_people(t):
    days, events = follow_up()
    chosen, counts = draws(70, 25)
    found = ipcw_in_resamples(counts, days, events, t=t)
    for weights, people in zip(found, chosen, strict=True):
        expected = np.zeros(70)
        np.add.at(expected, people, ipcw_weights(days[people], events[people], t=t))
        np.testing.assert_allclose(weights, expected, atol=1e-9)
        assert weights.sum() == pytest.approx(70)


@pytest.mark.parametrize("t", [30, 84])
def test_risk_of_each_resample_is_one_minus_kaplan_meier(t):
    days, events = follow_up()
    chosen, counts = draws(70, 25)
    found = risk_in_resamples(counts, days, events, t=t)
    expected = [1 - kaplan_meier(days[i], events[i]).at(t) for i in chosen]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_resample_that_is_not_followed_so_far_has_no_value():
    days, events = np.array([10.0, 20, 50]), np.array([1.0, 1, 0])
    counts = np.array([[1.0, 1, 1], [2, 1, 0]])
    assert list(np.isnan(risk_in_resamples(counts, days, events, t=30))) == [False, True]
    assert list(np.isnan(ipcw_in_resamples(counts, days, events, t=30)).all(axis=1)) == [
        False,
        True,
    ]


def test_means_are_those_of_the_people_drawn():
    values = np.random.default_rng(0).normal(size=(40, 2))
    chosen, _ = draws(40, 30)
    found = resampled_means(values, 30, np.random.default_rng(5))
    np.testing.assert_allclose(found, [values[i].mean(axis=0) for i in chosen], atol=1e-12)
    with pytest.raises(InvalidInputError, match="resamples"):
        resampled_means(values, 0, np.random.default_rng(5))
