"""A real trial with drop-outs: honest completers pass, carried-forward outcomes fail."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from predictor.dictionary import Variable
from training.config import read_dictionary, read_outcomes, read_source_settings
from training.evaluation import Analysis, Resampling, cross_validate, watch
from training.fitting import Outcome
from training.importers import read_source
from training.learners import learner_named
from training.metrics.binary import auroc

DATA = Path(__file__).parents[4] / ".." / "shared" / "data" / "rbmi_antidepressant"
FILE = "antidepressant_data.csv"
LADDER = {  # ../shared/data/README.md: baseline; with the change of week 1; of week 2
    "completers": (0.54, 0.68, 0.76),
    "carried forward": (0.54, 0.73, 0.82),
}


def cohort_of(people, folder):
    """Read the trial as it is, or with every missed visit filled with the one before."""
    if not (DATA / FILE).is_file():
        pytest.skip("the data set rbmi_antidepressant is not here")
    table = pd.read_csv(DATA / FILE, dtype=str)
    if people == "carried forward":
        who = table.drop_duplicates("PATIENT")["PATIENT"]
        every = pd.MultiIndex.from_product([who, sorted(set(table["VISIT"]))])
        filled = table.set_index(["PATIENT", "VISIT"]).reindex(every)
        table = filled.groupby(level=0).ffill().rename_axis(["PATIENT", "VISIT"]).reset_index()
    table.to_csv(folder / FILE, index=False)
    return read_source(
        "rbmi",
        folder,
        dictionary=read_dictionary(),
        definition=read_outcomes()["response_hamd17_day42"],
        settings=read_source_settings("rbmi"),
    ).cohort


def changes(cohort, day):
    """How far the score has moved from baseline by a day."""
    scores = cohort.visits.pivot_table(index="patient_id", columns="day", values="score")
    moved = (scores[day] - scores[0.0]).reindex(list(cohort.rows.patient_ids))
    return moved.to_numpy()


def rung(cohort, wanted):
    """Take the people with an outcome and the variables of one rung."""
    kept = np.flatnonzero(cohort.analysed)
    values = {v: cohort.rows.values[v][kept] for v in ("hamd17_total", "sex", "arm")}
    variables = [cohort.dictionary[v] for v in values]
    for day in wanted:
        name = f"change_{day:g}"
        values[name] = changes(cohort, day)[kept]
        variables.append(Variable(name, name, "number", "g", "s", hard_range=(-60, 60)))
    return Analysis(
        values=values,
        variables=tuple(variables),
        declared=tuple(variables),
        severity=(variables[0],),
        outcome=Outcome(cohort.events[kept].astype(float)),
        groups=tuple(str(cohort.rows.patient_ids[i]) for i in kept),
    )


@pytest.mark.parametrize(("people", "n"), [("completers", 129), ("carried forward", 172)])
def test_the_guard_passes_the_honest_trial_and_fails_the_filled_one(people, n, tmp_path):
    cohort = cohort_of(people, tmp_path)
    assert cohort.flow.with_outcome == n
    found = watch(rung(cohort, ()), cohort.visits, cohort.definition)
    failed = [name for name, sentinel in found.items() if not sentinel.passed]
    assert failed == ([] if people == "completers" else ["carried_forward"])


@pytest.mark.slow
@pytest.mark.parametrize("people", list(LADDER))
def test_what_carrying_forward_adds_is_what_is_known(people, tmp_path):
    cohort = cohort_of(people, tmp_path)
    learner = learner_named("logistic", "response")
    found = []
    for wanted in ((), (7.0,), (7.0, 14.0)):
        analysis = rung(cohort, wanted)
        resampling = Resampling(folds=5, repeats=20, inner_folds=2)
        held = cross_validate(analysis, [learner], resampling, rng=np.random.default_rng(1))
        columns = held["logistic"].probability.T
        found.append(np.mean([auroc(analysis.outcome.events, p) for p in columns]))
    assert found == pytest.approx(LADDER[people], abs=0.015)
