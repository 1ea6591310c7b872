"""What trial effects do to models of relapse, beside plans that are learned or left out.

Run ``python benchmarks/trial_effects.py --cohorts 6 --sizes 400 1000`` (half an hour on one core).
Each cohort of the simulated world is fitted three times: with effects of trials as shipped, with
the same answers learned from who has them planned, and without them. Plans hardly follow risk in
this world, so that little is confounded: what learning costs is mostly noise. Regret is the mean
log-loss of risks at 30, 90 and 180 days above that of the truth, in responders among 5,000 new
people; coverage is the share of true risks inside the 90 % interval. "Other plan": the same
people under maintenance if they have none planned, and the other way round, as a scenario shows
them, against the truth of that plan. **The true hazard ratio of maintenance in this world, 0.40,
lies between those of the trial, so that it flatters the trial.**
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from simulated import analysis_of, draw, fit, the_dictionary, the_world

from predictor.model import Model
from predictor.rows import read_rows
from predictor.uncertainty import Z_LEVEL
from training.config import RunConfig, read_run_config
from training.evaluation import Analysis
from training.simulation import SimulatedCohort
from training.simulation.people import draw_people
from training.simulation.truth import HORIZONS, relapse_risk, true_chances

Values = dict[str, NDArray[np.float64]]
Risks = dict[int, NDArray[np.float64]]

N_NEW = 5000
LEARNERS = ("averaged_cox", "cox_ridge")
ARMS = ("learned", "left out", "trial")


def arms_of(cohort: SimulatedCohort, config: RunConfig) -> dict[str, Analysis]:
    """Prepare the same people three times."""
    trial = analysis_of(cohort, config)
    without = config.model_copy(update={"trial_effects": None})
    learned = replace(trial, variables=the_dictionary().predictors(), trial_effects=())
    return {"learned": learned, "left out": analysis_of(cohort, without), "trial": trial}


def new_people(n: int, seed: list[int]) -> tuple[Values, Risks, Risks]:
    """Draw responders: their answers, their true risks, and those with the other plan."""
    drawn, world = draw(n, seed), the_world()
    responded = drawn.latent["responded"].to_numpy(dtype=bool)
    rows = read_rows(drawn.patients, the_dictionary(), require_ids=True).select(responded)
    people = draw_people(world, n, np.random.default_rng(seed))
    planned = people.values["maintenance_planned"]
    other = replace(people, values={**people.values, "maintenance_planned": 1 - planned})
    as_is, otherwise = (
        {day: relapse_risk(world, true_chances(world, each), day)[responded] for day in HORIZONS}
        for each in (people, other)
    )
    return rows.values, as_is, otherwise


def measured(model: Model, values: Values, truth: Risks) -> tuple[float, float]:
    """Give regret and coverage in new responders."""
    said, regret, covered = model.assess(values), [], []
    for day in HORIZONS:
        true = truth[day].clip(1e-9, 1 - 1e-9)
        risk = model.probability(said.margin, day).clip(1e-9, 1 - 1e-9)
        spread = Z_LEVEL * np.sqrt(said.sd**2 + model.hazard_variance[day])
        lo, hi = (model.probability(said.margin + side * spread, day) for side in (-1, 1))
        apart = true * np.log(true / risk) + (1 - true) * np.log((1 - true) / (1 - risk))
        regret.append(apart.mean())
        covered.append(((lo <= true) & (true <= hi)).mean())
    return float(np.mean(regret)), float(np.mean(covered))


def main() -> None:
    """Fit every arm to every cohort and print means with standard errors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cohorts", type=int, default=6)
    parser.add_argument("--sizes", type=int, nargs="+", default=[400, 1000])
    parser.add_argument("--learners", nargs="+", default=list(LEARNERS))
    asked = parser.parse_args()
    config = read_run_config("configs/relapse.yaml")
    values, truth, other = new_people(N_NEW, [99, 1])
    planned = values["maintenance_planned"]
    turned = {**values, "maintenance_planned": 1 - planned}  # NaN stays NaN
    for name in asked.learners:
        for n in asked.sizes:
            found, scenario = [], []
            for seed in range(asked.cohorts):
                arms = arms_of(draw(n, [seed, n]), config)
                models = [
                    fit(arm, config, name, np.random.default_rng(seed))[0] for arm in arms.values()
                ]
                found.append([measured(model, values, truth) for model in models])
                scenario.append(measured(models[-1], turned, other))
            found = np.array(found)
            regret, covered = np.mean(scenario, axis=0)
            print(f"{name:14} n {n:5} other plan regret {regret:.4f} coverage {covered:.3f}")
            for i, arm in enumerate(ARMS):
                regret, covered = found[:, i].mean(axis=0)
                apart = found[:, 2, 0] - found[:, i, 0]
                error = apart.std(ddof=1) / np.sqrt(len(apart))
                print(
                    f"{name:14} n {n:5} {arm:9} regret {regret:.4f} coverage {covered:.3f} "
                    f"trial less this {apart.mean():+.4f} (standard error {error:.4f})",
                    flush=True,
                )


if __name__ == "__main__":
    main()
