"""Decision curves against net benefit one threshold at a time, counts by hand and known truth."""

import numpy as np
import pytest

from predictor.errors import InvalidInputError
from training.metrics import MeasureUndefinedError
from training.metrics.binary import net_benefit, treat_all
from training.metrics.decision import decision_curve, decision_curve_at

GRID = [0.1, 0.2, 0.35, 0.5]


def test_the_curve_is_net_benefit_at_each_threshold_ties_with_it_included():
    rng = np.random.default_rng(0)
    p = np.round(rng.random(200), 1)
    y = (rng.random(200) < p).astype(float)
    curve = decision_curve(y, p, thresholds=GRID)
    assert curve.model == pytest.approx([net_benefit(y, p, threshold=t) for t in GRID])
    assert curve.treat_all == pytest.approx([treat_all(y, threshold=t) for t in GRID])
    assert list(curve.threshold) == GRID


def test_net_benefit_at_a_day_by_hand():
    # acted on from 0.5: days 1 (event), 2 (censored), 3 (event), 4: free of it at 3: 3/4 * 1/2
    days, events = [1, 2, 3, 4, 2, 9], [1, 0, 1, 0, 1, 0]
    risk = [0.6, 0.5, 0.9, 0.7, 0.2, 0.1]
    curve = decision_curve_at(days, events, risk, t=3, thresholds=[0.5, 0.95])
    assert curve.model == pytest.approx([4 / 6 * (0.625 - 0.375), 0])
    # everybody: day 1 one of six, day 2 one of five, day 3 one of three
    free = 5 / 6 * 4 / 5 * 2 / 3
    assert curve.treat_all == pytest.approx([1 - 2 * free, 1 - free - 19 * free])


def test_without_censoring_it_is_the_plain_curve():
    rng = np.random.default_rng(1)
    risk = rng.random(300)
    days = rng.exponential(-50 / np.log1p(-risk * 0.98))
    plain = decision_curve(days <= 50, risk, thresholds=GRID)
    ours = decision_curve_at(days, np.ones(300), risk, t=50, thresholds=GRID)
    assert ours.model == pytest.approx(plain.model)
    assert ours.treat_all == pytest.approx(plain.treat_all)


def test_the_truth_is_found_though_people_are_censored_early():
    rng = np.random.default_rng(2)
    risk = rng.uniform(0.05, 0.8, 40_000)
    days, leave = rng.exponential(-50 / np.log1p(-risk)), rng.uniform(5, 150, 40_000)
    seen, events = np.minimum(days, leave), (days <= leave).astype(float)
    true = decision_curve(days <= 50, risk, thresholds=GRID)
    found = decision_curve_at(seen, events, risk, t=50, thresholds=GRID)
    assert found.model == pytest.approx(true.model, abs=0.01)
    assert found.treat_all == pytest.approx(true.treat_all, abs=0.01)


@pytest.mark.parametrize("thresholds", [[], [0], [1.0], [0.3, 0.3], [[0.3]], [np.nan]])
def test_thresholds_lie_inside_zero_and_one_and_increase(thresholds):
    with pytest.raises(InvalidInputError, match="thresholds"):
        decision_curve([0, 1], [0.2, 0.3], thresholds=thresholds)


def test_people_acted_on_must_be_followed_to_the_day():
    with pytest.raises(MeasureUndefinedError, match="outside follow-up"):
        decision_curve_at([1, 9], [0, 0], [0.9, 0.1], t=5, thresholds=[0.5])
