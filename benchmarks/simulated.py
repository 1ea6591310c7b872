"""How near trained models come to the truth of the simulated world, over many training seeds.

Run ``python benchmarks/simulated.py --seeds 20 --sizes 600 5000``. Every seed draws a training
cohort and 5,000 new people with their missing answers; a model is fitted as a run fits its final
model and its numbers are held against the true chances of the new people. No published effects are
handed over, because this world was drawn around them: `published.py` measures what they do.
``--learner auto`` chooses as a run does, by repeated nested cross-validation; without it every
learner is fitted.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from predictor.dictionary import Dictionary
from predictor.model import Assessment, Model
from predictor.rows import read_rows
from predictor.uncertainty import Z_LEVEL
from training.analysis import fit_final, select
from training.cohort import assemble_cohort
from training.config import (
    RunConfig,
    read_dictionary,
    read_outcomes,
    read_run_config,
    read_world,
)
from training.evaluation import Analysis, Choice, choose, cross_validate
from training.learners import LEARNERS, Learner, learner_named
from training.metrics.binary import auroc
from training.metrics.calibration import calibration_line
from training.metrics.intervals import PairedDifference
from training.outcome import OutcomeDefinition
from training.raw_tables import RawTables
from training.simulation import SimulatedCohort, World, simulate
from training.simulation.truth import HORIZONS, c_index

N_NEW = 5000
TASKS = ("response", "relapse")
AUTO = "auto"


@cache
def the_world() -> World:
    """Read the one world once in each process."""
    return read_world()


@cache
def the_dictionary() -> Dictionary:
    """Read the data dictionary once in each process."""
    return read_dictionary()


@cache
def the_outcomes() -> dict[str, OutcomeDefinition]:
    """Read the outcome definitions once in each process."""
    return read_outcomes()


def draw(n: int, seed: Sequence[int]) -> SimulatedCohort:
    """Draw people of the one world."""
    rng = np.random.default_rng(seed)
    return simulate(the_world(), n_patients=n, rng=rng, dictionary=the_dictionary())


def analysis_of(people: SimulatedCohort, config: RunConfig) -> Analysis:
    """Take the people analysed, as a run does."""
    cohort = assemble_cohort(
        RawTables(people.patients, people.visits, "simulated", {}, people.events, "simulated"),
        dictionary=the_dictionary(),
        definition=the_outcomes()[config.outcome],
    )
    return select(config, cohort)


def fit(
    analysis: Analysis, config: RunConfig, name: str, rng: np.random.Generator
) -> tuple[Model, Learner]:
    """Fit one learner, or the one that a run would choose, as a run fits its final model."""
    choice_rng, fit_rng = rng.spawn(2)
    learners = [learner_named(one, config.task) for one in config.candidates]
    if name == AUTO:
        found = cross_validate(analysis, learners, config.resampling, rng=choice_rng)
        choice = choose(found, learners, analysis.outcome)
        assert choice is not None
    else:
        undecided = PairedDifference(np.nan, np.nan, np.nan, np.nan)
        choice = Choice(learner_named(name, config.task), "asked for", undecided, {})
    return fit_final(config, analysis, choice, fit_rng), choice.learner


def against_truth(model: Model, new: SimulatedCohort) -> dict[str, float]:
    """Hold a model against the true chances of new people."""
    responded = new.latent["responded"].to_numpy(dtype=bool)
    asked = np.ones(len(responded), dtype=bool) if model.task == "response" else responded
    rows = read_rows(new.patients, the_dictionary(), require_ids=True).select(asked)
    said = model.assess(rows.values)
    measure = _response if model.task == "response" else _relapse
    return measure(model, said, new) | {"answered": float(said.answered.mean())}


def _response(model: Model, said: Assessment, new: SimulatedCohort) -> dict[str, float]:
    """Measure discrimination, calibration, regret and coverage of a response model."""
    truth = new.truth["response_probability"].to_numpy()
    responded = new.latent["responded"].to_numpy(dtype=bool)
    p = model.probability(said.margin)
    line = calibration_line(responded, p)
    lo, hi = (model.probability(said.margin + side * Z_LEVEL * said.sd) for side in (-1, 1))
    error = said.margin - np.log(truth / (1 - truth))
    return {
        "auc_gap": new.oracle["auc"] - auroc(responded, p),
        "slope": line.slope,
        "intercept": line.intercept,
        "regret": float(np.mean(_log_loss(truth, p) - _log_loss(truth, truth))),
        "bias": float(np.mean(p - truth)),
        "margin_error": float(np.sqrt(np.mean(error**2))),
        "margin_sd": float(np.sqrt(np.mean(said.sd**2))),
    } | _coverage((lo <= truth) & (truth <= hi), hi - lo, said)


def _relapse(model: Model, said: Assessment, new: SimulatedCohort) -> dict[str, float]:
    """Measure concordance, calibration and coverage of a relapse model among responders."""
    asked = new.latent["responded"].to_numpy(dtype=bool)
    truth = {day: new.truth[f"relapse_risk_{day}"].to_numpy()[asked] for day in HORIZONS}
    days = new.latent["relapse_days"].to_numpy()[asked]
    risk, lo, hi = (np.empty((len(days), 181)) for _ in range(3))
    for i, (margin, sd) in enumerate(zip(said.margin, said.sd, strict=True)):
        curve = model.curve(margin, sd)
        risk[i], lo[i], hi[i] = curve.relapse, curve.lo, curve.hi
    line = calibration_line(days <= 90, risk[:, 90])
    best = c_index(days, truth[180])
    found = {"c_gap": best - c_index(days, said.margin), "slope": line.slope}
    found["intercept"] = line.intercept
    for day in HORIZONS:
        held = (lo[:, day] <= truth[day]) & (truth[day] <= hi[:, day])
        said_risk = np.clip(risk[:, day], 1e-6, 1 - 1e-6)
        lost = _log_loss(truth[day], said_risk) - _log_loss(truth[day], truth[day])
        found[f"regret_{day}"] = float(np.mean(lost))
        found[f"bias_{day}"] = float(np.mean(risk[:, day] - truth[day]))
        found[f"covered_{day}"] = float(held.mean())
    held = (lo[:, 90] <= truth[90]) & (truth[90] <= hi[:, 90])
    return found | _coverage(held, hi[:, 90] - lo[:, 90], said)


def _coverage(held: np.ndarray, width: np.ndarray, said: Assessment) -> dict[str, float]:
    """Give coverage and width, and coverage in the third that answers most and least."""
    answered = said.answered.mean(axis=1)
    few, many = np.quantile(answered, [1 / 3, 2 / 3])
    return {
        "covered": float(held.mean()),
        "width": float(width.mean()),
        "covered_most_answered": float(held[answered >= many].mean()),
        "covered_least_answered": float(held[answered <= few].mean()),
    }


def _log_loss(truth: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Give the log-loss expected under the true chance."""
    return np.asarray(-truth * np.log(p) - (1 - truth) * np.log1p(-p))


def one_seed(task: str, n: int, names: Sequence[str], seed: int) -> list[dict[str, object]]:
    """Train on one cohort and measure every learner on the same new people."""
    config = read_run_config(f"configs/{task}.yaml")
    analysis = analysis_of(draw(n, [seed, 0]), config)
    new = draw(N_NEW, [seed, 1])
    lines: list[dict[str, object]] = []
    for name in names:
        start = time.perf_counter()
        model, learner = fit(analysis, config, name, np.random.default_rng([seed, 2]))
        took = time.perf_counter() - start
        line: dict[str, object] = {"task": task, "n": n, "learner": name, "seed": seed}
        line |= {"chosen": learner.name, **against_truth(model, new), "seconds": took}
        lines.append(line | {"raw_slope": model.calibration.slope})
    return lines


def measured(
    task: str, sizes: Sequence[int], names: Sequence[str], *, seeds: int, jobs: int
) -> pd.DataFrame:
    """Measure every learner at every size over the training seeds; one line for each fit."""
    work = (delayed(one_seed)(task, n, names, seed) for n in sizes for seed in range(seeds))
    # Forked: the caches of this script cannot be sent to other processes.
    found = Parallel(n_jobs=jobs, backend="multiprocessing")(work)
    return pd.DataFrame([line for lines in found for line in lines])


def summary(lines: pd.DataFrame) -> str:
    """Write mean and standard error of every figure, one column for each size and learner."""
    grouped = lines.drop(columns=["task", "seed", "chosen"]).groupby(["n", "learner"], sort=False)
    mean, error = grouped.mean().T, grouped.sem().T
    cells = mean.map("{:.4f}".format) + " ± " + error.map("{:.4f}".format)
    return str(cells.to_string())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--sizes", type=int, nargs="+", default=[600, 5000])
    parser.add_argument("--task", choices=TASKS, nargs="+", default=list(TASKS))
    parser.add_argument("--learner", nargs="+", help="auto or names; all learners if absent")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", help="CSV file with one line for each fit")
    wanted = parser.parse_args(arguments)
    tables = []
    for task in wanted.task:
        known = [learner.name for learner in LEARNERS if learner.task == task]
        names = [x for x in wanted.learner or known if x == AUTO or x in known]
        if not names:
            continue
        lines = measured(task, wanted.sizes, names, seeds=wanted.seeds, jobs=wanted.jobs)
        tables.append(lines)
        print(f"\n{task}, mean ± standard error over {wanted.seeds} training seeds")
        print(summary(lines))
        if AUTO in names:
            print(lines[lines.learner == AUTO].groupby(["n", "chosen"]).size().to_string())
        sys.stdout.flush()
    if wanted.out:
        pd.concat(tables).to_csv(wanted.out, index=False)


if __name__ == "__main__":
    main()
