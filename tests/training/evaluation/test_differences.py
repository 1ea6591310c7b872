"""Differences to simpler answers: scipy's paired t, scikit-learn's AUC, a loop of resamples."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from training.evaluation import RISK_DAYS, OutOfFold, differences
from training.fitting import Outcome
from training.learners import learner_named
from training.metrics.survival import brier_ipcw_losses, harrell_c

N = 120


def response():
    rng = np.random.default_rng(5)
    y = (rng.random(N) < 0.4).astype(float)
    fold = np.zeros((N, 2), dtype=np.intp)
    found = {}
    for name, signal in (("ridge", 1.2), ("severity", 0.4), ("published_rule", 0.6)):
        margin = signal * (y - 0.4)[:, None] + rng.normal(size=(N, 2))
        found[name] = OutOfFold(name, margin, 1 / (1 + np.exp(-margin)), fold)
    # the shares of training folds differ and rank people the wrong way round
    flat = np.where(y == 1, 0.39, 0.41)[:, None].repeat(2, axis=1)
    found["prevalence"] = OutOfFold("prevalence", np.log(flat / (1 - flat)), flat, fold)
    return found, Outcome(y)


def compared(found, outcome, name="ridge", absent=()):
    task = "response" if outcome.days is None else "relapse"
    return differences(
        found,
        [learner_named(name, task)],
        outcome,
        absent=dict(absent),
        rng=np.random.default_rng(1),
    )


def test_losses_are_compared_in_pairs_and_the_average_stands_first():
    found, outcome = response()
    got = compared(found, outcome)
    assert list(got.found) == ["ridge"]
    assert list(got.found["ridge"]) == ["prevalence", "severity", "published_rule"]
    y = outcome.events[:, None]
    each = {n: -np.log(np.abs(1 - y - f.probability)).mean(axis=1) for n, f in found.items()}
    for against, measures in got.found["ridge"].items():
        expected = stats.ttest_rel(each["ridge"], each[against]).confidence_interval(0.95)
        loss = measures["log_loss"]
        assert loss.value == pytest.approx(each["ridge"].mean() - each[against].mean())
        assert (loss.lo, loss.hi) == pytest.approx(tuple(expected))


def test_the_average_ranks_nobody_whatever_its_folds_say():
    found, outcome = response()
    got = compared(found, outcome).found["ridge"]
    auc = {
        name: np.mean([roc_auc_score(outcome.events, p) for p in each.probability.T])
        for name, each in found.items()
    }
    assert auc["prevalence"] == 0
    assert got["prevalence"]["auc"].value == pytest.approx(auc["ridge"] - 0.5)
    assert got["severity"]["auc"].value == pytest.approx(auc["ridge"] - auc["severity"])


def relapse():
    rng = np.random.default_rng(6)
    margin = rng.normal(size=(N, 1))
    days = np.ceil(rng.exponential(90 * np.exp(-margin[:, 0])))
    left = np.ceil(rng.uniform(30, 300, N))
    outcome = Outcome((days <= left).astype(float), np.minimum(days, left))
    fold = np.zeros((N, 1), dtype=np.intp)
    steps = np.linspace(0.1, 0.7, len(RISK_DAYS))
    risk = steps * np.exp(0.3 * margin)[..., None]
    found = {
        "cox_ridge": OutOfFold("cox_ridge", margin, np.clip(risk, 0.01, 0.99), fold),
        "severity_cox": OutOfFold("severity_cox", rng.normal(size=(N, 1)), risk * 0 + 0.4, fold),
        "kaplan_meier": OutOfFold("kaplan_meier", 0 * margin, 0 * risk + steps, fold),
    }
    return found, outcome


def test_relapse_is_compared_by_the_brier_loss_and_c():
    found, outcome = relapse()
    got = compared(found, outcome, "cox_ridge", {"published_rule": "none"})
    assert got.to_dict()["undefined"] == {"published_rule": "none"}
    days, events = outcome.days, outcome.events
    kept = [i for i, t in enumerate(RISK_DAYS) if (days >= t).sum() >= 10]
    each = {
        name: np.mean(
            [brier_ipcw_losses(days, events, f.probability[:, 0, i], t=RISK_DAYS[i]) for i in kept],
            axis=0,
        )
        for name, f in found.items()
    }
    pair = got.found["cox_ridge"]["kaplan_meier"]
    expected = stats.ttest_rel(each["cox_ridge"], each["kaplan_meier"]).confidence_interval(0.95)
    assert (pair["brier_ipcw"].lo, pair["brier_ipcw"].hi) == pytest.approx(tuple(expected))
    c = harrell_c(days, events, found["cox_ridge"].margin[:, 0])
    assert pair["c_index"].value == pytest.approx(c - 0.5)
    assert "1000 resamples" in pair["c_index"].method
    other = harrell_c(days, events, found["severity_cox"].margin[:, 0])
    assert got.found["cox_ridge"]["severity_cox"]["c_index"].value == pytest.approx(c - other)


def test_what_failed_has_no_difference_and_says_why():
    found, outcome = response()
    nothing = np.full((N, 2), np.nan)
    found["severity"] = OutOfFold(
        "severity", nothing, nothing, found["ridge"].fold, failure="it did not converge"
    )
    got = compared(found, outcome)
    assert got.found["ridge"]["severity"] == {}
    why = got.undefined["ridge"]["severity"]
    assert set(why) == {"log_loss", "auc"}
    assert all("it did not converge" in reason for reason in why.values())
    plain = got.to_dict()["candidates"]["ridge"]
    assert plain["severity"] == {"measures": {}, "undefined": why}
    assert plain["prevalence"]["measures"]["auc"]["method"] == "DeLong, paired"
    assert plain["prevalence"]["undefined"] == {}
