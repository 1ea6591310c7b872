"""How often the band of a relapse curve holds a person's true risk, over many cohorts.

Run ``python benchmarks/relapse_bands.py --cohorts 50``. Each cohort of 600 patients is drawn from
the simulated world, a relapse model is fitted as a run fits its final model, and the 90 % bands of
new responders are held against their true risks at 30, 90 and 180 days.

A model takes the effects of maintenance and CBT from trials, with the trials' uncertainty. In the
world as shipped these effects are at the trials' means, where that uncertainty can only be too
much; an interval that holds it must be judged over worlds whose effects are drawn from it, as here
(``drawn``). The shipped world stands beside (``shipped``). No published priors are handed over,
because the world was drawn around them.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from simulated import analysis_of, fit, the_dictionary, the_world

from predictor.model import Model
from predictor.rows import read_rows
from training.config import read_run_config, read_trial_effects
from training.simulation import SimulatedCohort, World, simulate
from training.simulation.truth import HORIZONS

Floats = NDArray[np.float64]

N_PATIENTS, N_NEW = 600, 2500
PLACES = ("shipped", "drawn")


def drawn_world(rng: np.random.Generator) -> World:
    """Give the world with each effect of a trial drawn from what the trial leaves open."""
    world, told = the_world(), {e.variable: e for e in read_trial_effects().controlled}
    effects = []
    for effect in world.relapse.effects:
        trial = told.get(effect.variable)
        if trial is not None and trial.level == effect.level:
            ratio = trial.log_ratio()
            value = float(rng.normal(ratio.mean, ratio.sd))
            effects.append(effect.model_copy(update={"effect": value}))
        else:
            effects.append(effect)
    relapse = world.relapse.model_copy(update={"effects": tuple(effects)})
    return world.model_copy(update={"relapse": relapse})


def one_cohort(place: str, seed: int, learner: str) -> dict[str, object]:
    """Fit one learner to one cohort and hold its bands against the truth of new people."""
    world = the_world() if place == "shipped" else drawn_world(np.random.default_rng([seed, 9]))
    known, new = (
        simulate(
            world, n_patients=n, rng=np.random.default_rng([seed, k]), dictionary=the_dictionary()
        )
        for k, n in enumerate((N_PATIENTS, N_NEW))
    )
    config = read_run_config("configs/relapse.yaml")
    model, _ = fit(analysis_of(known, config), config, learner, np.random.default_rng([seed, 2]))
    return {"world": place, "seed": seed, "learner": learner, **held(model, new)}


def held(model: Model, new: SimulatedCohort) -> dict[str, float]:
    """Give coverage, bias and width of the bands of new responders, and what must never happen."""
    asked = new.latent["responded"].to_numpy(dtype=bool)
    rows = read_rows(new.patients, the_dictionary(), require_ids=True).select(asked)
    said = model.assess(rows.values)
    curves = [model.curve(float(m), float(sd)) for m, sd in zip(said.margin, said.sd, strict=True)]
    risk, lo, hi = (np.array([getattr(c, k) for c in curves]) for k in ("relapse", "lo", "hi"))
    found: dict[str, float] = {}
    for day in HORIZONS:
        truth = new.truth[f"relapse_risk_{day}"].to_numpy()[asked]
        inside = (lo[:, day] <= truth) & (truth <= hi[:, day])
        found[f"covered_{day}"] = float(inside.mean())
        found[f"bias_{day}"] = float((risk[:, day] - truth).mean())
        found[f"width_{day}"] = float((hi[:, day] - lo[:, day]).mean())
    falls = sum(float((np.diff(line, axis=1) < 0).sum()) for line in (risk, lo, hi))
    outside = float((lo < 0).sum() + (hi > 1).sum() + (lo > risk).sum() + (risk > hi).sum())
    return found | {"falls": falls, "out_of_order": outside}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--cohorts", type=int, default=50)
    parser.add_argument("--worlds", nargs="+", choices=PLACES, default=list(PLACES))
    parser.add_argument("--learner", nargs="+", help="the first candidate of configs/relapse.yaml")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", help="CSV file with one line for each cohort")
    asked = parser.parse_args()
    learners = asked.learner or [read_run_config("configs/relapse.yaml").candidates[0]]
    tasks = [(w, s, name) for name in learners for w in asked.worlds for s in range(asked.cohorts)]
    done = Parallel(n_jobs=asked.jobs, backend="multiprocessing")(
        delayed(one_cohort)(*task) for task in tasks
    )
    lines = pd.DataFrame(done)
    if asked.out:
        lines.to_csv(asked.out, index=False)
    cells = lines.drop(columns="seed").groupby(["learner", "world"], sort=False)
    shown = cells.mean().map("{:.4f}".format) + " ± " + cells.sem().map("{:.4f}".format)
    sys.stdout.write(shown.T.to_string() + "\n")


if __name__ == "__main__":
    main()
