"""Curves of the chosen learner: bands hold a known truth; small groups are hidden."""

import numpy as np
import pytest

from training.evaluation import RISK_DAYS, OutOfFold, curves_of, groups_of
from training.fitting import Outcome
from training.metrics.censoring import kaplan_meier

DAYS = np.array(RISK_DAYS, dtype=float)


def response(n=400, seed=0):
    rng = np.random.default_rng(seed)
    margin = rng.normal(size=(n, 2)) * 0.1 + rng.normal(size=(n, 1))
    p = 1 / (1 + np.exp(-margin))
    y = (rng.random(n) < p.mean(axis=1)).astype(float)
    return OutOfFold("ridge", margin, p, np.zeros((n, 2), dtype=np.intp)), Outcome(y)


def relapse(n=400, seed=1, until=400):
    rng = np.random.default_rng(seed)
    margin = 0.6 * rng.normal(size=(n, 1))
    days = np.ceil(rng.exponential(120 * np.exp(-margin[:, 0])))
    left = np.ceil(rng.uniform(10, until, n))
    risk = 1 - np.exp(-DAYS / 120 * np.exp(margin)[..., None])
    found = OutOfFold("cox_ridge", margin, risk, np.zeros((n, 1), dtype=np.intp))
    return found, Outcome((days <= left).astype(float), np.minimum(days, left))


def curves(found, outcome, seed=2):
    return curves_of(found, outcome, thresholds=(0.2, 0.8), rng=np.random.default_rng(seed))


def test_a_calibrated_response_lies_inside_its_band():
    got = curves(*response())
    assert got.undefined == {}
    curve = got.calibration[0]
    assert (curve.lo <= curve.y + 0.02).all()
    assert ((curve.lo <= curve.x) & (curve.x <= curve.hi)).mean() > 0.9
    there, not_there = got.spread
    assert there.quartiles[1] > not_there.quartiles[1]
    assert got.decision.threshold[[0, -1]].tolist() == [0.2, 0.8]


def test_a_calibrated_relapse_lies_inside_its_bands_at_each_day():
    found, outcome = relapse()
    got = curves(found, outcome)
    assert set(got.calibration) == set(got.groups) == {30, 90, 180}
    for day, curve in got.calibration.items():
        assert ((curve.lo <= curve.x) & (curve.x <= curve.hi)).mean() > 0.9, day
    groups = got.groups[90]
    risk = found.probability[:, 0, RISK_DAYS.index(90)]
    first = np.argsort(risk, kind="stable")[:80]
    assert groups.y[0] == pytest.approx(
        1 - kaplan_meier(outcome.days[first], outcome.events[first]).at(90)
    )
    assert (groups.lo < groups.y).all()
    assert (groups.y < groups.hi).all()
    there, not_there = got.spread
    assert there.quartiles[1] > not_there.quartiles[1]


def test_days_that_too_few_reach_are_named():
    got = curves(*relapse(until=60))
    assert set(got.calibration) == {30}
    assert got.decision is None
    assert got.spread is None
    assert {"calibration_90", "calibration_180", "decision", "spread"} == set(got.undefined)
    assert "too few people are followed" in got.undefined["decision"]


def test_a_handful_with_an_outcome_is_not_shown():
    found, _ = response(60)
    y = np.zeros(60)
    y[:9] = 1
    got = curves(found, Outcome(y))
    assert got.spread is None
    assert "fewer than 10" in got.undefined["spread"]


@pytest.mark.parametrize(("people", "groups"), [(5, 1), (29, 2), (49, 4), (50, 5), (600, 5)])
def test_no_group_of_like_risk_is_smaller_than_ten(people, groups):
    assert groups_of(people) == groups
    assert people < 20 or people // groups >= 10


def test_the_same_seed_gives_the_same_curves():
    one, two = (curves(*response(80)) for _ in range(2))
    assert one.calibration[0].lo.tobytes() == two.calibration[0].lo.tobytes()
    assert one.decision.lo.tobytes() == two.decision.lo.tobytes()
