"""How often each guard fails a run of clean simulated people.

Run ``python benchmarks/false_alarms.py --runs 1000``. Every run draws a cohort of 60 to 400 people
of the one simulated world and goes the way of a run with one cheap learner: outcome, predictors,
nested cross-validation, guards. Nothing leaks, so every alarm is a false one. Printed are the rate
of each guard and the upper end of its exact one-sided 95 % interval; 1,000 runs without an alarm
still allow 0.30 %, so ``--without-fits`` repeats the guards that need no fit far more often.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import beta
from simulated import draw, the_dictionary, the_outcomes

from training.analysis import select
from training.cohort import Cohort, assemble_cohort
from training.config import RunConfig, read_run_config
from training.evaluation import (
    Resampling,
    cross_validate,
    measure,
    permuted_outcome,
    too_good,
    training_rows,
    watch,
)
from training.learners import learner_named
from training.raw_tables import RawTables

LEARNER = {"response": "ridge", "relapse": "cox_ridge"}
VARIABLES = {  # few, so that people who answer alike occur
    "response": ("sex", "employed", "failed_trials", "madrs_total"),
    "relapse": ("sex", "employed", "madrs_total"),
}
MOST_FITTED = 12  # guards that need no fit look at all variables
RESAMPLING = Resampling(folds=3, repeats=1, inner_folds=2)


def cohort_of(seed: int, config: RunConfig) -> Cohort:
    """Draw 60 to 400 people, as a run reads them."""
    n = int(np.random.default_rng([seed, 1]).integers(60, 401))
    people = draw(n, [seed, 0])
    return assemble_cohort(
        RawTables(people.patients, people.visits, "simulated", {}, people.events, "simulated"),
        dictionary=the_dictionary(),
        definition=the_outcomes()[config.outcome],
    )


def one_run(seed: int, *, fits: bool) -> list[tuple[str, str]]:
    """Tell what each guard says of one clean cohort; every other run is of the other task."""
    task = "response" if seed % 2 == 0 else "relapse"
    config = read_run_config(f"configs/{task}.yaml")
    if seed % 4 > 1:
        few = {"variables": VARIABLES[task], "declared_variables": VARIABLES[task]}
        config = config.model_copy(update=few)
    cohort = cohort_of(seed, config)
    analysis = select(config, cohort)
    found = watch(analysis, cohort.visits, cohort.definition)
    events = int(analysis.outcome.events.sum())
    warned = False
    if fits and min(events, len(analysis.groups) - events) >= 2:
        rng = np.random.default_rng([seed, 2])
        learner = learner_named(LEARNER[task], task)
        fitted = replace(analysis, variables=analysis.variables[:MOST_FITTED])
        held = cross_validate(fitted, [learner], RESAMPLING, rng=rng)
        found["training_rows"] = training_rows(held, len(analysis.groups))
        found["permuted_outcome"] = permuted_outcome(fitted, learner, RESAMPLING, rng=rng)
        metrics = {learner.name: measure(held[learner.name], analysis.outcome, rng=rng)[0]}
        warned = bool(too_good(metrics, task=task, people=len(analysis.groups)))
    said = [
        (name, "untested" if not s.tested else "passed" if s.passed else "alarm")
        for name, s in found.items()
    ]
    return [*said, ("(warning: too good)", "alarm" if warned else "passed")]


def summary(found: Sequence[Sequence[tuple[str, str]]]) -> str:
    """Write alarms, rate and upper bound of each guard."""
    counts = Counter(pair for run in found for pair in run)
    names = dict.fromkeys(name for run in found for name, _ in run)
    lines = [f"{'guard':22}{'tested':>8}{'alarms':>8}{'rate %':>9}{'at most %':>11}"]
    for name in names:
        alarms = counts[name, "alarm"]
        tested = alarms + counts[name, "passed"]
        most = 1.0 if alarms == tested else float(beta.ppf(0.95, alarms + 1, tested - alarms))
        rate = alarms / max(tested, 1)
        lines.append(f"{name:22}{tested:8}{alarms:8}{100 * rate:9.3f}{100 * most:11.3f}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first run")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--without-fits", action="store_true")
    wanted = parser.parse_args(arguments)
    start = time.perf_counter()
    seeds = range(wanted.first, wanted.first + wanted.runs)
    # Forked: the caches of `simulated` cannot be sent to other processes.
    found = Parallel(n_jobs=wanted.jobs, backend="multiprocessing")(
        delayed(one_run)(seed, fits=not wanted.without_fits) for seed in seeds
    )
    print(summary(found))
    took = time.perf_counter() - start
    print(f"{wanted.runs} clean runs in {took:.0f} s on {wanted.jobs} processes")


if __name__ == "__main__":
    main()
