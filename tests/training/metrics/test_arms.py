"""Difference of AUROC between arms: two known special cases, and coverage in a cross-over."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from predictor.errors import InvalidInputError
from training.metrics import MeasureUndefinedError
from training.metrics.arms import Ranked, auroc_difference_of_arms
from training.metrics.binary import auroc
from training.metrics.intervals import delong_interval
from training.metrics.paired import delong_difference


def arm(n=70, seed=0, effect=0.8, prefix="a"):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(float)
    return Ranked([f"{prefix}{i}" for i in range(n)], y, expit(rng.normal(size=n) + effect * y))


def test_without_shared_people_the_variances_add_up():
    a, b = arm(), arm(50, seed=1, effect=0.1, prefix="b")
    found = auroc_difference_of_arms(a, b)
    assert found.mean == pytest.approx(auroc(a.y, a.p) - auroc(b.y, b.p))
    each = [delong_interval(one.y, one.p) for one in (a, b)]
    errors = [(one.hi - one.value) / stats.norm.ppf(0.975) for one in each]
    assert found.se == pytest.approx(np.hypot(*errors))
    assert found.hi - found.mean == pytest.approx(1.959963984540054 * found.se)


def test_the_same_people_and_outcomes_give_delongs_paired_difference():
    a = arm()
    noisy = expit(np.random.default_rng(9).normal(size=(70, 3)) + a.y[:, None] / 2)
    found = auroc_difference_of_arms(a, Ranked(a.people, a.y, noisy))
    assert found == pytest.approx(delong_difference(a.y, a.p, noisy))


def test_people_in_both_arms_are_found_by_name_and_not_by_place():
    a, order = arm(), np.random.default_rng(3).permutation(70)
    turned = Ranked([a.people[i] for i in order], a.y[order], a.p[order])
    found = auroc_difference_of_arms(a, turned)
    assert (found.mean, found.se) == pytest.approx((0, 0), abs=1e-12)
    strangers = auroc_difference_of_arms(a, turned._replace(people=[f"b{i}" for i in order]))
    assert strangers.se > 0.05


def test_the_interval_of_a_cross_over_covers_the_truth():
    """60 people, of whom 40 are seen in both periods with outcomes that go together."""
    rng, hits, gaps = np.random.default_rng(5), 0, []
    truth = stats.norm.cdf(1 / np.sqrt(2)) - stats.norm.cdf(0.4 / np.sqrt(2))
    for _ in range(600):
        tendency, shared = rng.normal(size=80), 0.8 * rng.normal(size=80)
        periods = []
        for rows, effect in ((np.arange(60), 1.0), (np.arange(20, 80), 0.4)):
            luck = 0.8 * tendency[rows] + 0.6 * rng.normal(size=rows.size)
            y = (luck > 0).astype(float)
            said = effect * y + shared[rows] + 0.6 * rng.normal(size=rows.size)
            periods.append(Ranked([f"p{i}" for i in rows], y, expit(said)))
        found = auroc_difference_of_arms(*periods)
        hits += found.lo <= truth <= found.hi
        gaps.append(found.mean)
    assert 0.93 <= hits / 600 <= 0.97
    assert np.mean(gaps) == pytest.approx(truth, abs=3 * np.std(gaps) / np.sqrt(600))


def test_an_arm_without_spread_or_with_a_person_twice_is_refused():
    a = arm()
    with pytest.raises(MeasureUndefinedError, match="without exception"):
        auroc_difference_of_arms(a, Ranked(list("abcd"), [0, 0, 1, 1], [0.1, 0.2, 0.7, 0.8]))
    with pytest.raises(MeasureUndefinedError, match="one person only"):
        auroc_difference_of_arms(a, Ranked(list("abc"), [0, 0, 1], [0.1, 0.2, 0.7]))
    with pytest.raises(InvalidInputError, match="one row for each person"):
        auroc_difference_of_arms(a, Ranked(list("aabc"), [0, 0, 1, 1], [0.1, 0.2, 0.3, 0.1]))
    with pytest.raises(InvalidInputError, match="one row for each person"):
        auroc_difference_of_arms(a, Ranked(list("abc"), [0, 0, 1, 1], [0.1, 0.2, 0.3, 0.1]))
