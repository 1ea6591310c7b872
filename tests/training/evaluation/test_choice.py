"""The choice: the simplest within one standard error, never a comparator, never one that failed."""

import numpy as np
import pytest

from training.evaluation import RISK_DAYS, OutOfFold, choose
from training.fitting import Outcome
from training.learners import COMPARATORS, LEARNERS

N = 100
LINES = {line.name: line for line in (*LEARNERS, *COMPARATORS)}
RESPONSE = Outcome(np.tile([1.0, 0.0], N // 2))
EVERYBODY = [LINES[name] for name in ("logistic", "ridge", "elastic_net", "xgboost")]


def predictions(name, loss, *, failure=""):
    """Give predictions of response whose log-loss in each person is the one asked for."""
    loss = np.broadcast_to(np.asarray(loss, dtype=float), N)
    right = np.exp(-loss)
    p = np.where(RESPONSE.events == 1, right, 1 - right)[:, None]
    return OutOfFold(name, np.log(p / (1 - p)), p, np.zeros((N, 1), dtype=np.intp), failure=failure)


def noisy(mean, spread, seed):
    """Give people this mean and standard deviation: half of them above, half below."""
    sides = np.random.default_rng(seed).permutation(np.tile([-1.0, 1.0], N // 2))
    return mean + spread * sides / sides.std(ddof=1)


def chosen(losses, learners=EVERYBODY, *, failed=()):
    found = {
        name: predictions(name, loss, failure="separated" if name in failed else "")
        for name, loss in ({"prevalence": 0.69} | losses).items()
    }
    return choose(found, learners, RESPONSE)


def test_a_simpler_learner_within_one_standard_error_is_chosen():
    """Paired difference 0.02 with SD 0.3 in 100 people: standard error 0.03."""
    best = noisy(1.0, 0.05, 1)
    gap = noisy(0.02, 0.3, 2)
    found = chosen({"ridge": best + gap, "xgboost": best})
    assert found.learner.name == "ridge"
    assert "simplest learner" in found.reason
    assert "(xgboost)" in found.reason
    assert found.differences["xgboost"].mean < found.differences["ridge"].mean


def test_a_simpler_learner_beyond_one_standard_error_is_not():
    """The same gap with SD 0.1: standard error 0.01."""
    best = noisy(1.0, 0.05, 1)
    found = chosen({"ridge": best + noisy(0.02, 0.1, 2), "xgboost": best})
    assert found.learner.name == "xgboost"
    assert "has the lowest cross-validated log-loss" in found.reason


def test_the_standard_error_is_paired():
    """Large losses of both learners in the same people say nothing of their difference."""
    common = noisy(1.5, 0.9, 3)
    found = chosen({"ridge": common + noisy(0.02, 0.1, 2), "xgboost": common})
    assert found.learner.name == "xgboost"


def test_of_several_near_the_best_the_simplest_is_chosen():
    best = noisy(1.0, 0.05, 1)
    near = {
        name: best + noisy(0.01, 0.3, seed) for seed, name in enumerate(("ridge", "elastic_net"), 4)
    }
    far = {"logistic": best + noisy(0.2, 0.3, 9)}
    assert chosen({"xgboost": best} | near | far).learner.name == "ridge"


def test_the_order_of_the_candidates_does_not_matter():
    best = noisy(1.0, 0.05, 1)
    losses = {"xgboost": best, "ridge": best + noisy(0.01, 0.3, 2)}
    for learners in (EVERYBODY, EVERYBODY[::-1]):
        assert chosen(losses, learners).learner.name == "ridge"


def test_comparators_are_never_chosen():
    found = chosen({"ridge": noisy(0.8, 0.1, 1), "severity": 0.1})
    assert found.learner.name == "ridge"
    assert found.differences["severity"].mean < found.differences["prevalence"].mean == 0
    assert not found.better_than_average
    assert found.against_average.mean == pytest.approx(0.8 - 0.69)


def test_a_failed_candidate_is_never_chosen():
    found = chosen({"logistic": 0.1, "ridge": 0.6}, failed=("logistic",))
    assert found.learner.name == "ridge"
    assert "logistic" not in found.differences


def test_without_a_candidate_nothing_is_chosen():
    assert chosen({"ridge": 0.5}, failed=("ridge",)) is None


@pytest.mark.parametrize(("gap", "better"), [(-0.10, True), (-0.03, False), (0.05, False)])
def test_better_than_the_average_means_the_whole_interval(gap, better):
    """SD 0.2 in 100 people: half the interval is 1.984 × 0.02 = 0.04."""
    found = chosen({"ridge": 0.69 + noisy(gap, 0.2, 1)})
    assert found.better_than_average is better
    assert found.against_average.hi == pytest.approx(gap + 0.0397, abs=1e-3)


def test_relapse_is_chosen_by_the_brier_score():
    days = np.repeat(np.arange(1.0, 51.0) * 8, 2)
    outcome = Outcome(np.ones(N), days)
    happened = (days[:, None] <= np.array(RISK_DAYS)).astype(float)[:, None]
    fold = np.zeros((N, 1), dtype=np.intp)

    def off(by, name):
        return OutOfFold(name, np.zeros((N, 1)), np.abs(happened - by), fold)

    found = {
        "cox_ridge": off(0.3, "cox_ridge"),
        "xgboost_cox": off(0.2, "xgboost_cox"),
        "severity_cox": off(0.0, "severity_cox"),
        "kaplan_meier": off(0.5, "kaplan_meier"),
    }
    learners = [LINES["cox_ridge"], LINES["xgboost_cox"]]
    result = choose(found, learners, outcome)
    assert result.learner.name == "xgboost_cox"
    assert result.against_average.mean == pytest.approx(0.04 - 0.25)
    assert "IPCW Brier score" in result.reason
    assert choose(found, learners, Outcome(np.ones(N), np.minimum(days, 14.0))) is None
