"""Calibration at a horizon against plain calibration, counts by hand and known truth."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from statsmodels.duration.survfunc import SurvfuncRight

from predictor.errors import InvalidInputError
from training.metrics import MeasureUndefinedError
from training.metrics import binary as b
from training.metrics import horizon as h
from training.metrics.censoring import greenwood, ipcw_weights


def people(n=400, seed=0, censored=True):
    """People of exponential hazards, their true risk by day 90."""
    rng = np.random.default_rng(seed)
    hazard = np.exp(rng.normal(-5, 0.8, n))
    time, leave = rng.exponential(1 / hazard), rng.uniform(20, 300, n)
    if not censored:
        leave = np.full(n, np.inf)
    return np.minimum(time, leave), (time <= leave).astype(float), -np.expm1(-90 * hazard)


def test_observed_over_expected_by_hand():
    # day 1: one of four; day 3: one of two: free 3/4 * 1/2, Greenwood sum 1/12 + 1/2
    days, events = [1, 2, 3, 4], [1, 0, 1, 0]
    found = h.o_e_at(days, events, [0.5, 0.4, 0.6, 0.5], t=3)
    spread = 0.375 * np.sqrt(1 / 12 + 1 / 2) / 0.625
    assert found.value == pytest.approx(0.625 / 0.5)
    assert np.log(found.hi / found.value) == pytest.approx(1.959964 * spread, rel=1e-6)
    assert found.lo * found.hi == pytest.approx(found.value**2)


def test_greenwood_agrees_with_statsmodels():
    days, events, _ = people(120)
    other = SurvfuncRight(days, events)
    for t in (other.surv_times[3], other.surv_times[40]):
        theirs = other.surv_prob_se[other.surv_times == t][0]
        assert greenwood(days, events, t=t) == pytest.approx(theirs)
    assert greenwood(days, events, t=0) == 0
    assert greenwood([1, 2], [1, 1], t=2) == 0


def test_without_censoring_the_measures_are_the_plain_ones():
    days, events, risk = people(censored=False)
    happened = (days <= 90).astype(float)
    assert h.calibration_line_at(days, events, risk, t=90) == pytest.approx(
        b.calibration_line(happened, risk), abs=1e-7
    )
    assert h.calibration_errors_at(days, events, risk, t=90) == pytest.approx(
        b.calibration_errors(happened, risk), abs=1e-7
    )
    drawn = h.calibration_curve_at(days, events, risk, t=90, n_points=20)
    as_plain = b.calibration_curve(happened, risk, n_points=20)
    assert drawn.predicted == pytest.approx(as_plain.predicted)
    assert drawn.observed == pytest.approx(as_plain.observed, abs=1e-7)
    ours = h.calibration_groups_at(days, events, risk, t=90, n_groups=4)
    plain = b.calibration_groups(happened, risk, n_groups=4)
    assert ours.predicted == pytest.approx(plain.predicted)
    assert ours.observed == pytest.approx(plain.observed)
    assert list(ours.size) == list(plain.size)


def test_line_is_the_weighted_logistic_regression():
    days, events, risk = people(300, seed=2)
    weight = ipcw_weights(days, events, t=90)
    happened = ((days <= 90) & (events == 1)).astype(float)
    line = h.calibration_line_at(days, events, risk, t=90)
    binomial = sm.families.Binomial()
    large = sm.GLM(
        happened, np.ones((300, 1)), binomial, offset=logit(risk), freq_weights=weight
    ).fit(tol=1e-12)
    joint = sm.GLM(happened, sm.add_constant(logit(risk)), binomial, freq_weights=weight).fit(
        tol=1e-12
    )
    assert line == pytest.approx((large.params[0], joint.params[1]), abs=1e-7)


def test_the_truth_is_found_though_people_are_censored_early():
    days, events, risk = people(40_000, seed=3)
    early = (days < 90) & (events == 0)
    assert early.mean() > 0.15
    found = h.o_e_at(days, events, risk, t=90)
    assert found.value == pytest.approx(1, abs=0.02)
    assert h.calibration_line_at(days, events, risk, t=90) == pytest.approx((0, 1), abs=0.05)
    assert h.calibration_errors_at(days, events, risk, t=90).ici < 0.01
    twisted = expit(0.5 + 2 * logit(risk))
    line = h.calibration_line_at(days, events, twisted, t=90)
    assert line.slope == pytest.approx(0.5, abs=0.03)
    truly = np.abs(twisted - risk)
    errors = h.calibration_errors_at(days, events, twisted, t=90)
    assert errors[:3] == pytest.approx(
        (truly.mean(), np.median(truly), np.quantile(truly, 0.9)), abs=0.015
    )
    groups = h.calibration_groups_at(days, events, risk, t=90)
    assert groups.observed == pytest.approx(groups.predicted, abs=0.03)


def test_the_interval_of_observed_over_expected_covers():
    hits = 0
    for seed in range(400):
        days, events, risk = people(150, seed=seed)
        found = h.o_e_at(days, events, risk, t=90)
        hits += found.lo <= 1 <= found.hi
    # the risks of the people are known here, which narrows the truth a little
    assert 0.93 <= hits / 400 <= 0.995


def test_people_of_one_prediction_stay_in_one_group():
    groups = h.calibration_groups_at([1, 2, 3, 4], [1, 1, 0, 0], [0.5] * 4, t=2)
    assert (list(groups.predicted), list(groups.observed)) == ([0.5], [0.5])
    with pytest.raises(InvalidInputError, match="groups"):
        h.calibration_groups_at([1, 2], [1, 0], [0.5, 0.6], t=1, n_groups=0)


@pytest.mark.parametrize(
    ("measure", "days", "events", "risk", "words"),
    [
        (h.o_e_at, [1, 2], [1, 0], [0.5, 0.5], "outside follow-up"),
        (h.calibration_line_at, [1, 2], [1, 0], [0.5, 0.4], "outside follow-up"),
        (h.o_e_at, [4, 5], [1, 0], [0.5, 0.5], "nobody had the event"),
        (h.o_e_at, [1, 3], [1, 1], [0.5, 0.5], "everybody had the event"),
        (h.o_e_at, [1, 5], [1, 0], [0, 0], "no event is expected"),
        (h.calibration_line_at, [4, 5], [1, 0], [0.5, 0.4], "nobody seen"),
        (h.calibration_errors_at, [1, 2, 3], [1, 1, 1], [0.5, 0.4, 0.3], "everybody seen"),
        (h.calibration_errors_at, [1, 5], [1, 0], [1.0, 0.4], "exactly 0 or 1"),
        (h.calibration_line_at, [1, 5], [1, 0], [0.4, 0.4], "same probability"),
        (h.calibration_line_at, [1, 2, 5], [1, 1, 0], [0.6, 0.5, 0.4], "separate"),
        (h.calibration_groups_at, [1, 2, 9, 9], [0, 1, 0, 0], [0.1, 0.1, 0.9, 0.9], "outside"),
    ],
)
def test_a_measure_without_a_value_says_why(measure, days, events, risk, words):
    with pytest.raises(MeasureUndefinedError, match=words):
        measure(days, events, risk, t=3)
