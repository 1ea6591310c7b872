"""Measures of one group, against second implementations on the same people."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score
from statsmodels.api import GLM, add_constant, families
from statsmodels.duration.hazard_regression import PHReg

from training.evaluation import RISK_DAYS
from training.evaluation.group_measures import SCALES, Predicted, measure_group
from training.fitting import Outcome
from training.metrics.survival import harrell_c

N, REPEATS = 160, 3


def two_repeats(seed=4):
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=N)
    margin = 0.7 * signal[:, None] + 0.3 * rng.normal(size=(N, REPEATS)) + 0.2
    events = (rng.random(N) < expit(signal)).astype(float)
    return Outcome(events), Predicted(margin, expit(margin))


def followed(seed=4):
    rng = np.random.default_rng(seed)
    margin = rng.normal(size=(N, 1)) + 0.2 * rng.normal(size=(N, REPEATS))
    due, left = rng.exponential(100 * np.exp(-margin[:, 0])), rng.uniform(40, 250, N)
    at = np.array(RISK_DAYS, dtype=float)
    risk = 1 - np.exp(-at * np.exp(margin[:, :, None]) / 100)
    return Outcome((due <= left).astype(float), np.minimum(due, left)), Predicted(margin, risk)


def measured(outcome, said, place=None, names=SCALES):
    return measure_group(outcome, said, names, place=place, rng=np.random.default_rng(0))


def test_measures_of_a_response_are_means_over_repeats():
    outcome, said = two_repeats()
    found, y = measured(outcome, said), outcome.events
    assert list(found.measures) == ["auc", "calibration_intercept", "calibration_slope", "oe"]
    assert found.undefined == {}
    aucs = [roc_auc_score(y, column) for column in said.probability.T]
    assert found.measures["auc"].value == pytest.approx(np.mean(aucs))
    family = families.Binomial()
    levels = [GLM(y, np.ones(N), family=family, offset=m).fit() for m in said.margin.T]
    slopes = [GLM(y, add_constant(m), family=family).fit() for m in said.margin.T]
    for name, fits in (("calibration_intercept", levels), ("calibration_slope", slopes)):
        value = np.mean([fit.params[-1] for fit in fits])
        error = np.mean([fit.bse[-1] for fit in fits])
        estimate = found.measures[name]
        assert estimate.value == pytest.approx(value, rel=1e-6)
        assert found.errors[name] == pytest.approx(error, rel=1e-5)
        assert estimate.hi - estimate.lo == pytest.approx(2 * 1.959964 * error, rel=1e-5)
    ratio = np.mean(y.sum() / said.probability.sum(axis=0))
    assert found.measures["oe"].value == pytest.approx(ratio)
    assert found.errors["oe"] == pytest.approx(np.sqrt((1 - y.mean()) / y.sum()))


def test_the_error_of_an_auc_is_that_of_its_logit():
    outcome, said = two_repeats()
    found = measured(outcome, said)
    auc, h = found.measures["auc"], 1e-6
    through = (logit(auc.value + h) - logit(auc.value - h)) / (2 * h)  # delta method by differences
    assert found.errors["auc"] == pytest.approx(through * (auc.hi - auc.lo) / (2 * 1.959964), 1e-4)


def test_measures_of_a_relapse_are_weighted_for_censoring():
    outcome, said = followed()
    place = RISK_DAYS.index(60)
    found = measured(outcome, said, place)
    assert list(found.measures) == ["c_index", "calibration_slope", "oe"]
    days, events = outcome.days, outcome.events
    cs = [harrell_c(days, events, column) for column in said.margin.T]
    assert found.measures["c_index"].value == pytest.approx(np.mean(cs))
    fits = [PHReg(days, m[:, None], status=events, ties="efron").fit() for m in said.margin.T]
    slope = found.measures["calibration_slope"].value
    assert slope == pytest.approx(np.mean([fit.params[0] for fit in fits]), rel=1e-5)
    free = 1.0  # Kaplan-Meier by its definition
    for day in np.unique(days[(events == 1) & (days <= 60)]):
        free *= 1 - (events[days == day].sum() / (days >= day).sum())
    expected = said.probability[:, :, place].mean()
    assert found.measures["oe"].value == pytest.approx((1 - free) / expected)


def test_a_relapse_without_a_day_has_no_observed_to_expected():
    found = measured(*followed())
    assert found.undefined["oe"].endswith("nobody is followed long enough")
    assert set(found.errors) == set(found.measures) == {"c_index", "calibration_slope"}


def test_only_measures_asked_for_are_computed():
    found = measured(*two_repeats(), names=("oe", "c_index"))
    assert (list(found.measures), found.undefined) == (["oe"], {})


def test_one_repeat_that_ranks_nobody_leaves_no_ranking():
    outcome, said = two_repeats()
    flat = said.margin.copy()
    flat[:, 1] = 0.3
    found = measured(outcome, Predicted(flat, expit(flat)))
    assert found.undefined["auc"].endswith("everybody has the same number")
    assert "everybody has the same probability" in found.undefined["calibration_intercept"]
    assert set(found.measures) == {"oe"}
