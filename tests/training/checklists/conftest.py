"""Runs of each kind of ending, and their checklists as a mapping from item to answer."""

from dataclasses import replace

import pytest

from training.checklists import Answer, fill
from training.evaluation import Corrected, InternalExternal, Optimism, Sentinel, SiteResult
from training.findings import Findings
from training.learners import learner_named
from training.metrics.intervals import Estimate
from training.metrics.pooling import RandomEffects
from training.samplesize import required_sample

GUARDS = ("timing", "single_variable", "later_visit", "carried_forward", "training_rows")


def fitted(findings: Findings) -> Findings:
    """Gives all that a run can have: real people, enough of them, sites, optimism, each guard."""
    task = findings.config.task
    name = findings.choice.learner.name
    site = SiteResult("Nord", 41, 20, {"oe": Estimate(1.0, 0.8, 1.2, "by hand")}, {})
    whole = ("auc", "c_index", "calibration_slope", "brier")
    measures = {measure: Estimate(0.7, 0.61, 0.79, "by hand") for measure in whole}
    return replace(
        findings,
        config=findings.config.model_copy(update={"candidates": (name, _trees(task))}),
        cohort=replace(findings.cohort, origin="real"),
        metrics={**findings.metrics, name: measures},
        sentinels={guard: Sentinel(passed=True, detail="held") for guard in GUARDS},
        sample_size=required_sample(
            task, discrimination=0.65, event_share=0.5, n_parameters=3, n_available=2000
        ),
        status="fitted",
        reason="",
        optimism=Optimism(
            {"auc": Corrected(0.7, 0.05, 0.65, 200)}, {}, None, {name: 200}, 0, {}
        ),
        internal_external=InternalExternal(
            name, None, (site,) * 3, {}, {"oe": RandomEffects(1.0, 0.9, 1.1, 0.8, 1.2, 0.0, 3)}, {}
        ),
    )  # fmt: skip


def _trees(task: str) -> str:
    return learner_named("xgboost" if task == "response" else "xgboost_cox", task).name


def refused(findings: Findings, reason: str = "3 events support no model") -> Findings:
    """Gives a run in which nothing could be compared."""
    return replace(
        findings, choice=None, model=None, curves=None, out_of_fold={}, metrics={}, undefined={},
        status="refused", reason=reason,
    )  # fmt: skip


def leaking(findings: Findings) -> Findings:
    """Gives a run that a guard failed after all was measured."""
    guards = {**fitted(findings).sentinels, "timing": Sentinel(passed=False, detail="late: crp")}
    return replace(
        fitted(findings), sentinels=guards, model=None, status="refused", reason="leak: timing"
    )


RUNS = {
    "fitted": fitted,
    "exploratory": lambda findings: findings,
    "refused": refused,
    "leak": leaking,
}


@pytest.fixture
def run_of(findings_of):
    """Gives the findings of a run that ended in a given way."""
    return lambda ending, task="response": RUNS[ending](findings_of(task))


SECTIONS = ("people", "size", "models", "performance", "optimism", "instability", "variables",
            "leaks", "extra", "methods", "provenance", "not-shown")  # fmt: skip


@pytest.fixture
def answers_of():
    """Gives each item's answer on a page with the sections of every run, and more."""

    def made(findings: Findings, **more: str) -> dict[str, Answer]:
        filled = fill(findings, {**{anchor: anchor for anchor in SECTIONS}, **more})
        return {each.item.id: each for each in (*filled.reported, *filled.judged)}

    return made
