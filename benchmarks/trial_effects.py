"""What trial effects do to models of relapse, beside plans that are learned or left out.

Run ``python benchmarks/trial_effects.py --cohorts 6 --sizes 400 1000`` (half an hour on one core).
Each cohort of the simulated world is fitted three times: with effects of trials as shipped, with
the same answers learned from who has them planned, and without them. Plans hardly follow risk in
this world, so that little is confounded: what learning costs is mostly noise. Regret is the mean
log-loss of risks at 30, 90 and 180 days above that of the truth, in responders among 5,000 new
people; coverage is the share of true risks inside the 90 % interval. **The true hazard ratio of
maintenance in this world, 0.40, lies between those of the trial, so that it flatters the trial.**
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
from simulated import analysis_of, draw, fit, the_dictionary

from predictor.model import Model
from predictor.rows import read_rows
from predictor.uncertainty import Z_LEVEL
from training.config import RunConfig, read_run_config
from training.evaluation import Analysis
from training.simulation import SimulatedCohort
from training.simulation.truth import HORIZONS

N_NEW = 5000
LEARNERS = ("averaged_cox", "cox_ridge")
ARMS = ("learned", "left out", "trial")


def arms_of(cohort: SimulatedCohort, config: RunConfig) -> dict[str, Analysis]:
    """Prepare the same people three times."""
    trial = analysis_of(cohort, config)
    without = config.model_copy(update={"trial_effects": None})
    learned = replace(trial, variables=the_dictionary().predictors(), trial_effects=())
    return {"learned": learned, "left out": analysis_of(cohort, without), "trial": trial}


def measured(model: Model, new: SimulatedCohort) -> tuple[float, float]:
    """Give regret and coverage in new responders."""
    asked = new.latent["responded"].to_numpy(dtype=bool)
    said = model.assess(
        read_rows(new.patients, the_dictionary(), require_ids=True).select(asked).values
    )
    regret, covered = [], []
    for day in HORIZONS:
        truth = new.truth[f"relapse_risk_{day}"].to_numpy()[asked].clip(1e-9, 1 - 1e-9)
        risk = model.probability(said.margin, day).clip(1e-9, 1 - 1e-9)
        spread = Z_LEVEL * np.sqrt(said.sd**2 + model.hazard_variance[day])
        lo, hi = (model.probability(said.margin + side * spread, day) for side in (-1, 1))
        apart = truth * np.log(truth / risk) + (1 - truth) * np.log((1 - truth) / (1 - risk))
        regret.append(apart.mean())
        covered.append(((lo <= truth) & (truth <= hi)).mean())
    return float(np.mean(regret)), float(np.mean(covered))


def main() -> None:
    """Fit every arm to every cohort and print means with standard errors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cohorts", type=int, default=6)
    parser.add_argument("--sizes", type=int, nargs="+", default=[400, 1000])
    parser.add_argument("--learners", nargs="+", default=list(LEARNERS))
    asked = parser.parse_args()
    config, new = read_run_config("configs/relapse.yaml"), draw(N_NEW, [99, 1])
    for name in asked.learners:
        for n in asked.sizes:
            found = np.array([
                [
                    measured(fit(arm, config, name, np.random.default_rng(seed))[0], new)
                    for arm in arms_of(draw(n, [seed, n]), config).values()
                ]
                for seed in range(asked.cohorts)
            ])  # fmt: skip
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
