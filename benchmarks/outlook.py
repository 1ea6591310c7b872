"""Whether the interval of responding and staying well holds the true chance, over cohorts.

Run ``python benchmarks/outlook.py --seeds 40``. Every seed draws a training cohort of 600 people of
the simulated world and 400 new ones; a ridge and a ridge Cox are fitted as a run fits its final
model, and the joint interval of each new person at 30, 90 and 180 days is held against the true
chance: that of response times that of no relapse by then.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import pandas as pd
from simulated import analysis_of, draw, fit, the_dictionary

from predictor.joint_interval import joint_interval
from predictor.rows import read_rows
from predictor.uncertainty import LEVEL
from training.config import read_run_config
from training.simulation.truth import HORIZONS

N_NEW = 400
LEARNERS = {"response": "ridge", "relapse": "cox_ridge"}


def one_seed(n: int, seed: int) -> dict[str, float]:
    """Train both models on one cohort and measure coverage and width in new people."""
    drawn, new = draw(n, [seed, 0]), draw(N_NEW, [seed, 1])
    values = read_rows(new.patients, the_dictionary(), require_ids=True).values
    models = {}
    for task, name in LEARNERS.items():
        config = read_run_config(f"configs/{task}.yaml")
        rng = np.random.default_rng([seed, 2])
        models[task] = fit(analysis_of(drawn, config), config, name, rng)[0]
    said = {task: model.assess(values) for task, model in models.items()}
    truth = new.truth["response_probability"].to_numpy()[:, None] * (
        1 - new.truth[[f"relapse_risk_{day}" for day in HORIZONS]].to_numpy()
    )
    ends = np.empty((2, N_NEW, len(HORIZONS)))
    for i in range(N_NEW):
        curve = models["relapse"].curve(
            float(said["relapse"].margin[i]), float(said["relapse"].sd[i])
        )
        at = list(HORIZONS)
        ends[:, i] = joint_interval(
            float(said["response"].margin[i]),
            float(said["response"].sd[i]),
            np.log(-np.log1p(-curve.relapse[at])),
            curve.log_hazard_sd[at],
            level=LEVEL,
        )
    held, width = (ends[0] <= truth) & (truth <= ends[1]), ends[1] - ends[0]
    found = {f"covered_{day}": held[:, k].mean() for k, day in enumerate(HORIZONS)}
    return found | {f"width_{day}": width[:, k].mean() for k, day in enumerate(HORIZONS)}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--patients", type=int, default=600)
    wanted = parser.parse_args(arguments)
    lines = pd.DataFrame([one_seed(wanted.patients, seed) for seed in range(wanted.seeds)])
    table = pd.DataFrame({"mean": lines.mean(), "standard error": lines.sem()})
    print(table.map("{:.3f}".format).to_string())


if __name__ == "__main__":
    main()
