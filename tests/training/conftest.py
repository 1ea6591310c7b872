"""Findings of small runs, made by hand, as the tests of reports and files read them."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from predictor.rows import read_rows
from training.cohort import Cohort, Flow
from training.config import RunConfig, read_dictionary, read_outcomes
from training.evaluation import RISK_DAYS, Analysis, Choice, OutOfFold, Sentinel, curves_of
from training.findings import Findings
from training.fitting import Outcome
from training.learners import AVERAGE, learner_named
from training.metrics.intervals import Estimate, PairedDifference
from training.outcome import BinaryOutcome, RelapseOutcome

PEOPLE = 44
VARIABLES = ("age_years", "sex", "madrs_total")
LEARNER = {"response": "ridge", "relapse": "cox_ridge"}
NO_VALUE = "everybody has the same number"


def cohort_of(task: str) -> Cohort:
    """Gives 44 people of whom the last four have no outcome."""
    dictionary = read_dictionary()
    ages = [20 + place for place in range(PEOPLE)]
    rows = read_rows(
        [
            {
                "patient_id": f"secret-{i}",
                "age_years": age,
                "madrs_total": 25 + i % 9,
                "sex": "male",
            }
            for i, age in enumerate(ages)
        ],
        dictionary,
        require_ids=True,
    )
    known = np.arange(PEOPLE) < PEOPLE - 4
    happened = known & (np.arange(PEOPLE) % 2 == 0)
    if task == "response":
        reason = "no_score_in_window"
        outcome = BinaryOutcome(
            np.where(known, happened * 1.0, np.nan),
            tuple(None if k else reason for k in known),
        )
    else:
        reason = "not_a_responder"
        outcome = RelapseOutcome(
            known,
            np.where(known, 20.0 + 5 * np.arange(PEOPLE), np.nan),
            happened,
            tuple(None if k else reason for k in known),
            np.where(known, 6.0 + 5 * np.arange(PEOPLE), np.nan),
            np.zeros(PEOPLE, dtype=bool),
            np.zeros(PEOPLE),
        )
    return Cohort(
        rows=rows,
        dictionary=dictionary,
        definition=read_outcomes()[f"{task}_madrs"],
        outcome=outcome,
        flow=Flow(PEOPLE + 1, PEOPLE, PEOPLE - 4, 20, {"row_fault": 1, reason: 4}),
        origin="simulated",
        source="patients.csv",
        file_sha256={"patients.csv": "ab" * 32},
        visits=pd.DataFrame({"patient_id": [], "day": [], "instrument": [], "score": []}),
        baseline_score=np.full(PEOPLE, 30.0),
        notes=("1 row is left out",),
    )


def out_of_fold_of(task: str, events: np.ndarray, *, flat: bool = False) -> OutOfFold:
    """Gives predictions of two repeats in four folds; in fold 3 of repeat 1 nothing happens."""
    n = len(events)
    rng = np.random.default_rng(1)
    margin = np.zeros((n, 2)) if flat else rng.normal(size=(n, 2)) + events[:, None]
    probability = 1 / (1 + np.exp(-margin))
    if task == "relapse":
        probability = probability[..., None] * np.linspace(0.3, 0.9, len(RISK_DAYS))
    fold = np.column_stack([np.arange(n) % 4, np.where(events == 1, np.arange(n) % 3, 3)])
    sizes = {} if flat else {"age_years": [0.1, 0.3], "sex": [0.5, 0.7]}
    name = AVERAGE[task] if flat else LEARNER[task]
    return OutOfFold(name, margin, probability, fold, sizes, no_signal_folds=8 * flat)


@pytest.fixture
def findings_of():
    """Gives the findings of an exploratory run with its chosen learner beside the average."""

    def made(task: str = "response") -> Findings:
        cohort = cohort_of(task)
        learner = learner_named(LEARNER[task], task)
        events = cohort.events[cohort.analysed].astype(float)
        days = cohort.outcome.days[cohort.analysed] if task == "relapse" else None
        people = np.flatnonzero(cohort.analysed)
        values = {v: cohort.rows.values[v][people] for v in VARIABLES}
        gap = PairedDifference(-0.0118, -0.0232, -0.0003, 0.006)
        found = [out_of_fold_of(task, events), out_of_fold_of(task, events, flat=True)]
        contributions = np.random.default_rng(2).normal(size=(len(people), 2))
        model = SimpleNamespace(
            task=task,
            encoding=SimpleNamespace(variables=VARIABLES[:2]),
            assess=lambda _: SimpleNamespace(contributions=contributions),
        )
        return Findings(
            config=RunConfig(task=task, outcome=f"{task}_madrs", candidates=(learner.name,)),
            cohort=cohort,
            source=None,
            analysis=Analysis(
                values=values,
                variables=tuple(cohort.dictionary[v] for v in VARIABLES),
                declared=(),
                severity=(cohort.dictionary["madrs_total"],),
                outcome=Outcome(events, days),
                groups=tuple(str(cohort.rows.patient_ids[i]) for i in people),
            ),
            out_of_fold={f.name: f for f in found},
            metrics={
                learner.name: {"brier": Estimate(0.2, 0.1, 0.3, "by hand")},
                found[1].name: {},
            },
            undefined={learner.name: {}, found[1].name: {"auc_30": NO_VALUE, "ici": NO_VALUE}},
            choice=Choice(learner, f"{learner.name} has the lowest loss", gap, {}),
            sentinels={"single_variable": Sentinel(passed=True, detail="none")},
            sample_size=None,
            status="exploratory",
            reason="too few people",
            model=model,
            curves=curves_of(
                found[0],
                Outcome(events, days),
                thresholds=(0.2, 0.8),
                rng=np.random.default_rng(3),
            ),
        )

    return made
