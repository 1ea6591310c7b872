"""Measures of out-of-fold predictions against scikit-learn and sums by hand."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as their_log_loss
from statsmodels.stats.proportion import proportion_confint

from training.evaluation import RISK_DAYS, OutOfFold, measure, performance
from training.evaluation.performance import evaluated_days, losses
from training.fitting import Outcome
from training.metrics import MeasureUndefinedError

N, REPEATS = 160, 2


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    monkeypatch.setattr(performance, "_n_boot", lambda *_: 100)


def rng():
    return np.random.default_rng(5)


@pytest.fixture
def response():
    margin = rng().normal(size=(N, 1)) + 0.3 * np.random.default_rng(1).normal(size=(N, REPEATS))
    p = 1 / (1 + np.exp(-margin))
    y = (np.random.default_rng(2).random(N) < p.mean(axis=1)).astype(float)
    return OutOfFold("ridge", margin, p, np.zeros((N, REPEATS), dtype=np.intp)), Outcome(y)


@pytest.fixture
def relapse():
    """People of whom half are censored, and risks that follow their true hazard."""
    draw = np.random.default_rng(3)
    margin = draw.normal(size=(N, 1)) + 0.2 * draw.normal(size=(N, REPEATS))
    days = np.ceil(draw.exponential(120 * np.exp(-margin.mean(axis=1))))
    left = np.ceil(draw.uniform(20, 500, N))
    days, events = np.minimum(days, left), (days <= left).astype(float)
    hazard = np.array(RISK_DAYS) / 120
    risk = np.minimum(1 - np.exp(-hazard * np.exp(margin)[..., None]), 1 - 1e-9)
    found = OutOfFold("cox_ridge", margin, risk, np.zeros((N, REPEATS), dtype=np.intp))
    return found, Outcome(events, days)


def named(found, name):
    return OutOfFold(name, found.margin, found.probability, found.fold)


def test_response_is_measured_within_repeats_and_averaged(response):
    found, outcome = response
    estimates, undefined = measure(found, outcome, rng=rng())
    assert undefined == {}
    y, columns = outcome.events, found.probability.T
    expected = {
        "auc": np.mean([roc_auc_score(y, p) for p in columns]),
        "auprc": np.mean([average_precision_score(y, p) for p in columns]),
        "log_loss": np.mean([their_log_loss(y, p) for p in columns]),
        "brier": np.mean([brier_score_loss(y, p) for p in columns]),
        "scaled_brier": np.mean([1 - brier_score_loss(y, p) / y.var() for p in columns]),
        "oe": np.mean([y.mean() / p.mean() for p in columns]),
    }
    for name, value in expected.items():
        assert estimates[name].value == pytest.approx(value, abs=1e-9)
        assert estimates[name].lo < value < estimates[name].hi
    lines = []
    for margin in found.margin.T:
        line = LogisticRegression(C=np.inf, tol=1e-10).fit(margin[:, None], y)
        lines.append(line.coef_[0, 0])
    assert estimates["calibration_slope"].value == pytest.approx(np.mean(lines), abs=1e-3)
    assert set(estimates) == {
        *expected, "calibration_slope", "calibration_intercept", "ici", "e50", "e90", "emax",
    }  # fmt: skip
    assert (
        estimates["e50"].value < estimates["ici"].value < estimates["e90"].value
        or estimates["e50"].value < estimates["e90"].value < estimates["emax"].value
    )
    assert 0 <= estimates["ici"].value < 0.15
    assert estimates["auc"].method == "DeLong"


def test_relapse_is_measured_by_concordance_and_brier_scores(relapse):
    found, outcome = relapse
    estimates, undefined = measure(found, outcome, rng=rng())
    assert undefined == {}
    at_a_day = (
        "auc", "brier", "oe", "calibration_intercept", "calibration_slope", "ici", "e50", "e90",
        "emax",
    )  # fmt: skip
    days = (30, 90, 180)
    assert set(estimates) == {"c_index", "uno_c", "ibs"} | {
        f"{name}_{day}" for name in at_a_day for day in days
    }
    free = 1.0  # Kaplan–Meier by hand
    for day in np.unique(outcome.days[(outcome.events == 1) & (outcome.days <= 90)]):
        gone = ((outcome.days == day) & (outcome.events == 1)).sum()
        free *= 1 - gone / (outcome.days >= day).sum()
    predicted = found.probability[:, :, RISK_DAYS.index(90)].mean()
    assert estimates["oe_90"].value == pytest.approx((1 - free) / predicted, abs=1e-9)
    pairs = []
    for margin in found.margin.T:
        right = known = 0.0
        for i in np.flatnonzero(outcome.events):
            later = (outcome.days > outcome.days[i]) | (
                (outcome.days == outcome.days[i]) & (outcome.events == 0)
            )
            known += later.sum()
            right += (margin[i] > margin[later]).sum()
        pairs.append(right / known)
    assert estimates["c_index"].value == pytest.approx(np.mean(pairs), abs=1e-9)
    for estimate in estimates.values():
        assert estimate.lo <= estimate.value < estimate.hi
    assert 0.6 < estimates["auc_90"].value < 0.95
    assert 0 < estimates["ibs"].value < 0.25


def test_a_risk_of_exactly_one_has_no_log_odds_and_says_so(relapse):
    found, outcome = relapse
    sure = found.probability.copy()
    sure[0, 0, RISK_DAYS.index(90)] = 1
    changed = OutOfFold("cox_ridge", found.margin, sure, found.fold)
    estimates, undefined = measure(changed, outcome, rng=rng())
    assert "brier_90" in estimates
    for name in ("calibration_slope_90", "ici_90", "emax_90"):
        assert "exactly 0 or 1" in undefined[name]


def test_without_censoring_brier_scores_are_mean_squares():
    days = np.repeat(np.arange(1.0, 41.0) * 10, 4)
    outcome = Outcome(np.ones(N), days)
    margin = np.zeros((N, 1))
    risk = np.tile(np.linspace(0.1, 0.7, len(RISK_DAYS)), (N, 1, 1))
    found = OutOfFold("cox_ridge", margin, risk, np.zeros((N, 1), dtype=np.intp))
    happened = days[:, None] <= np.array(RISK_DAYS)
    squares = (happened - risk[:, 0]) ** 2
    np.testing.assert_allclose(losses(found, outcome)[:, 0], squares.mean(axis=1), atol=1e-12)
    estimates, _ = measure(found, outcome, rng=rng())
    assert estimates["brier_90"].value == pytest.approx(squares[:, 3].mean(), abs=1e-12)
    trapezoids = np.trapezoid(squares.mean(axis=0), RISK_DAYS) / (180 - 15)
    assert estimates["ibs"].value == pytest.approx(trapezoids, abs=1e-12)


def test_losses_of_response_are_those_of_each_person(response):
    found, outcome = response
    expected = -np.log(
        np.where(outcome.events[:, None] == 1, found.probability, 1 - found.probability)
    )
    np.testing.assert_allclose(losses(found, outcome), expected, atol=1e-12)


@pytest.mark.parametrize("task", ["response", "relapse"])
def test_an_average_has_a_loss_and_no_discrimination(task, response, relapse):
    found, outcome = response if task == "response" else relapse
    average = "prevalence" if task == "response" else "kaplan_meier"
    estimates, undefined = measure(named(found, average), outcome, rng=rng())
    kept = (
        {"log_loss", "brier", "auprc"}
        if task == "response"
        else {"ibs", "brier_30", "brier_90", "brier_180"}
    )
    assert set(estimates) == kept
    assert set(undefined.values()) == {"everybody has the same number"}
    if task == "response":  # a prediction that ranks nobody is right as often as the outcome occurs
        assert estimates["auprc"].value == outcome.events.mean()
        wilson = proportion_confint(outcome.events.sum(), N, method="wilson")
        assert (estimates["auprc"].lo, estimates["auprc"].hi) == pytest.approx(wilson)
    assert ("auc" if task == "response" else "c_index") in undefined


def test_a_failed_candidate_has_its_reason_and_no_number(response):
    nothing = np.full((N, 1), np.nan)
    failed = OutOfFold("logistic", nothing, nothing, np.zeros((N, 1)), failure="they separate")
    assert measure(failed, response[1], rng=rng()) == ({}, {"all": "they separate"})


def test_days_are_evaluated_as_far_as_ten_people_are_followed(relapse):
    days = np.concatenate([np.full(90, 5.0), np.full(60, 60.0), np.full(9, 200.0)])
    assert [RISK_DAYS[i] for i in evaluated_days(Outcome(np.ones(159), days))] == [15, 30, 60]
    days = np.append(days, 119.0)
    assert [RISK_DAYS[i] for i in evaluated_days(Outcome(np.ones(160), days))] == [15, 30, 60, 90]
    with pytest.raises(MeasureUndefinedError, match="no follow-up times"):
        evaluated_days(Outcome(np.ones(5)))


def test_short_follow_up_is_a_reason_and_not_a_crash(relapse):
    found, outcome = relapse
    short = Outcome(outcome.events, np.minimum(outcome.days, 14))
    estimates, undefined = measure(found, short, rng=rng())
    assert estimates == {}
    assert "fewer than 10 people are followed to day 15" in undefined["all"]


def test_follow_up_to_one_day_has_no_integrated_score(relapse):
    found, outcome = relapse
    short = Outcome(outcome.events, np.minimum(outcome.days, 20))
    estimates, undefined = measure(found, short, rng=rng())
    assert "day 15" in undefined["ibs"]
    assert set(estimates) == {"c_index", "uno_c"}
    assert "events before day 15" in estimates["uno_c"].method
    for name in ("auc_30", "emax_90", "calibration_slope_180"):
        assert "fewer than 10 people are followed to it" in undefined[name]


def test_a_measure_without_a_value_is_named_and_never_zero():
    y = np.zeros(40)
    y[3] = 1
    p = np.linspace(0.1, 0.4, 40)[:, None]
    found = OutOfFold("ridge", np.log(p / (1 - p)), p, np.zeros((40, 1)))
    estimates, undefined = measure(found, Outcome(y), rng=rng())
    assert "auc" in undefined
    assert "auc" not in estimates
    assert "log_loss" in estimates


@pytest.mark.parametrize(("people", "resamples"), [(40, 400), (600, 333), (5000, 100)])
def test_fewer_resamples_are_drawn_where_each_costs_more(people, resamples, monkeypatch):
    monkeypatch.undo()
    assert performance._n_boot(people, 2) == resamples
