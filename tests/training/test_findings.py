"""What a run ends as: every way to less than `fitted`, each with its reason."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from predictor.dictionary import Variable
from training.cohort import Flow
from training.config import RunConfig, read_dictionary, read_outcomes
from training.evaluation import (
    Analysis,
    Choice,
    InternalExternal,
    OutOfFold,
    Sentinel,
    headline_of,
)
from training.findings import Findings, summary
from training.fitting import Outcome
from training.learners import LEARNERS
from training.metrics.intervals import Estimate, PairedDifference
from training.metrics.pooling import RandomEffects
from training.run_status import sample_size_of, status_of, why_unevaluated

RIDGE = next(line for line in LEARNERS if line.name == "ridge")
VARIABLES = (
    *(Variable(f"v{i}", f"V{i}", "number", "g", "s", hard_range=(-9, 9)) for i in range(3)),
    Variable("route", "Route", "category", "g", "s", levels=("iv", "im", "sc", "oral")),
)
PASSED = {"timing": Sentinel(True, "fine"), "single_variable": Sentinel(True, "none")}
FAILED = PASSED | {"single_variable": Sentinel(False, "madrs_total alone reaches 0.99")}
BETTER = Choice(RIDGE, "lowest loss", PairedDifference(-0.1, -0.15, -0.05, 0.02), {})
NO_BETTER = Choice(RIDGE, "lowest loss", PairedDifference(-0.1, -0.25, 0.05, 0.07), {})
ENOUGH = SimpleNamespace(is_enough=True, n_required=20)
TOO_FEW = SimpleNamespace(is_enough=False, n_required=812)


def people(events, others, *, task="response"):
    n = events + others
    rng = np.random.default_rng(0)
    y = np.repeat([1.0, 0.0], [events, others])
    days = None if task == "response" else np.arange(1.0, n + 1)
    values = {f"v{i}": rng.normal(size=n) for i in range(3)}
    values["route"] = np.arange(n) % 3.0
    groups = tuple(str(i) for i in range(n))
    return Analysis(values, VARIABLES, VARIABLES[:1], VARIABLES[:1], Outcome(y, days), groups)


def config(**changes):
    settings = {"task": "response", "outcome": "response_madrs", "candidates": ("ridge",)}
    return RunConfig.model_validate(settings | changes)


def test_enough_people_and_better_than_the_average_is_fitted():
    assert status_of(people(40, 40), PASSED, BETTER, ENOUGH) == ("fitted", "")


@pytest.mark.parametrize(
    ("choice", "size", "words"),
    [
        (BETTER, TOO_FEW, ["80 people are fewer than the 812 that Riley's criteria ask"]),
        (BETTER, None, ["80 people are fewer than the unknown that Riley's criteria ask"]),
        (NO_BETTER, ENOUGH, ["no better than the average"]),
        (NO_BETTER, TOO_FEW, ["80 people are fewer than the 812", "no better than the average"]),
    ],
)
def test_less_than_that_is_exploratory_and_says_what_is_missing(choice, size, words):
    status, reason = status_of(people(40, 40), PASSED, choice, size)
    assert status == "exploratory"
    assert all(part in reason for part in words)
    assert len(reason.split("; ")) == len(words)


@pytest.mark.parametrize(
    ("task", "events", "others", "status"),
    [
        ("response", 10, 10, "fitted"),
        ("response", 9, 10, "refused"),
        ("response", 10, 9, "refused"),
        ("response", 6, 29, "refused"),
        ("response", 0, 0, "refused"),
        ("relapse", 10, 0, "fitted"),
        ("relapse", 9, 50, "refused"),
    ],
)
def test_ten_events_are_the_least(task, events, others, status):
    found, reason = status_of(people(events, others, task=task), PASSED, BETTER, ENOUGH)
    assert found == status
    if status == "refused":
        assert reason.startswith(f"{events} events")
        assert f"and {others} non-events" in reason or task == "relapse"


def test_a_failed_guard_refuses_whatever_else_is_true():
    status, reason = status_of(people(40, 40), FAILED, BETTER, ENOUGH)
    assert (status, reason) == ("refused", "leak: single_variable: madrs_total alone reaches 0.99")
    assert status_of(people(2, 40), FAILED, None, None)[1].startswith("leak:")


def test_without_a_choice_the_run_is_refused():
    status, reason = status_of(people(40, 40), PASSED, None, ENOUGH)
    assert (status, "no candidate could be fitted" in reason) == ("refused", True)


@pytest.mark.parametrize(
    ("failure", "undefined", "words"),
    [
        (None, {}, "at least 2 people with the event and 2 without"),
        ("the fit did not converge", {"all": "nobody is followed"}, "the fit did not converge"),
        ("", {"all": "nobody is followed"}, "nobody is followed"),
        ("", {}, ""),
    ],
)
def test_a_run_without_a_choice_says_what_kept_it_from_choosing(failure, undefined, words):
    nothing = np.zeros((2, 1))
    found = OutOfFold("ridge", nothing, nothing, nothing.astype(np.intp), failure=failure or "")
    why = why_unevaluated({} if failure is None else {"ridge": found}, {"ridge": undefined})
    assert words in why
    _, reason = status_of(people(40, 40), PASSED, None, ENOUGH, unevaluated=why)
    assert reason.endswith(why)


def test_riley_counts_the_columns_of_the_largest_candidate():
    analysis = people(40, 60)
    found = sample_size_of(config(candidates=("ridge",)), analysis)
    assert found.n_parameters == 3 + 2  # three numbers and three of four levels seen
    assert (found.n_available, found.event_share, found.discrimination) == (100, 0.4, 0.65)
    both = config(candidates=("logistic", "ridge"), declared_variables=("v0",))
    assert sample_size_of(both, analysis).n_parameters == 5
    alone = config(candidates=("logistic",), declared_variables=("v0",))
    assert sample_size_of(alone, analysis).n_parameters == 1
    analysis.values["v1"][:] = 3.0
    assert sample_size_of(both, analysis).n_parameters == 4


def test_riley_has_nothing_to_say_without_both_outcomes_or_columns():
    assert sample_size_of(config(), people(0, 30)) is None
    assert sample_size_of(config(), people(30, 0)) is None
    assert sample_size_of(config(), people(0, 0)) is None
    analysis = people(15, 15)
    for answers in analysis.values.values():
        answers[:] = 1.0
    assert sample_size_of(config(), analysis) is None


def test_a_run_is_quoted_by_what_a_new_site_may_expect_where_sites_can_say_it():
    validated = {"auc": Estimate(0.7, 0.6, 0.8, "DeLong")}
    over = RandomEffects(0.61, 0.55, 0.66, 0.5, 0.71, 0.02, 5)
    across = InternalExternal("ridge", None, (), {}, {"auc": over}, {})
    first = headline_of("response", across, validated)
    assert (first.measure, first.value, first.lo, first.hi) == ("auc", 0.61, 0.5, 0.71)
    assert (first.method, first.sites) == ("95 % prediction interval", 5)
    assert first.basis == "internal_external"
    alone = headline_of("response", None, validated)
    assert (alone.value, alone.lo, alone.hi, alone.sites) == (0.7, 0.6, 0.8, None)
    assert (alone.basis, alone.method, alone.reason) == ("cross_validation", "95 % interval", "")
    few = replace(across, summary={}, undefined={"auc": "2 sites have a value, 3 are needed"})
    without = headline_of("response", few, validated)
    assert (without.basis, without.reason) == (
        "cross_validation", "2 sites have a value, 3 are needed",
    )  # fmt: skip
    relapse = replace(across, summary={"c_index": over})
    assert headline_of("relapse", relapse, {}).measure == "c_index"
    assert headline_of("relapse", None, {}) is None


@pytest.mark.parametrize("chosen", [True, False])
def test_the_summary_holds_plain_numbers(chosen):
    flow = Flow(50, 45, 40, 20, {"row_fault": 5, "no_score_in_window": 5})
    metrics = {"ridge": {"auc": Estimate(0.7, 0.6, 0.8, "DeLong")}, "prevalence": {}}
    rule = read_outcomes()["response_madrs"]
    cohort = SimpleNamespace(flow=flow, origin="real", definition=rule)
    findings = Findings(
        config(), cohort, None, people(20, 20), {}, metrics, {},
        BETTER if chosen else None, PASSED, None, "exploratory", "few people", None,
    )  # fmt: skip
    found = summary(findings)
    assert found["cohort"] == {
        "patients": 50,
        "eligible": 45,
        "with_outcome": 40,
        "events": 20,
        "excluded": {"row_fault": 5, "no_score_in_window": 5},
    }
    auc = {"value": 0.7, "lo": 0.6, "hi": 0.8, "method": "DeLong"}
    assert found["candidates"]["ridge"]["auc"] == auc
    assert found["metrics"] == ({"auc": auc} if chosen else {})
    assert found["chosen"] == ("ridge" if chosen else None)
    quoted = {
        "measure": "auc",
        "value": 0.7,
        "lo": 0.6,
        "hi": 0.8,
        "method": "95 % interval",
        "basis": "cross_validation",
        "sites": None,
        "reason": "",
    }
    assert found["headline"] == (quoted if chosen else None)
    # nobody is to quote what a failed guard made
    assert summary(replace(findings, status="refused"))["headline"] is None
    assert found["site_mix"] == []
    assert found["sentinels"]["timing"] == {"passed": True, "detail": "fine"}
    assert found["internal_external"] is None
    across = SimpleNamespace(to_dict=lambda: {"learner": "ridge"}, summary={}, undefined={})
    left_out = summary(replace(findings, internal_external=across))
    assert left_out["internal_external"] == {"learner": "ridge"}
    assert (found["task"], found["status"], found["reason"]) == (
        "response",
        "exploratory",
        "few people",
    )
    assert findings.stamp == "exploratory"
    assert replace(findings, status="fitted").stamp == "internally_validated"


def test_safety_variables_the_site_and_constant_columns_are_no_parameters():
    dictionary = read_dictionary()
    cohort_like = people(40, 40)
    wanted = RunConfig.model_validate(
        {"task": "response", "outcome": "response_madrs", "candidates": ["ridge"]}
    )
    predictors = dictionary.predictors()
    assert not any(v.use == "safety" for v in predictors)
    assert "site" not in {v.id for v in predictors}
    constant = {"v2": np.ones(80), "route": np.full(80, np.nan)}
    analysis = replace(cohort_like, values=cohort_like.values | constant)
    # v0 and v1 are left: v2 is the same in everybody and nobody answered the route
    assert sample_size_of(wanted, analysis).n_parameters == 2
