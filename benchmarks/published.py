"""What published effects do to the averaged learner in the simulated world: right, reversed, mixed.

Run ``python benchmarks/published.py --cohorts 20``. The world was drawn around the shipped effects,
so that ``shipped`` is what right priors are worth at best and flatters; ``reversed`` turns every
sign, ``C reversed`` those of grade C alone, and ``cuts alone`` keeps the columns of dichotomies
without any effect. Every cohort is fitted as a run fits its final model, and held against the true
chances of 5,000 new people with their missing answers.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from simulated import N_NEW, analysis_of, draw, the_dictionary

from predictor.model import Model
from predictor.rows import read_rows
from predictor.uncertainty import Z_LEVEL
from training.config import read_run_config
from training.evaluation import fit_to_everybody, prior_use_of
from training.metrics.binary import auroc
from training.published_effects import Effects
from training.simulation import SimulatedCohort


def variants(effects: Effects) -> dict[str, Effects]:
    """Give the effects as shipped, absent, with their columns alone, reversed and half reversed."""
    flat = tuple(replace(effect, mean=0.0) for effect in effects)
    turned = tuple(replace(effect, mean=-effect.mean) for effect in effects)
    mixed = tuple(t if t.group == "C" else e for t, e in zip(turned, effects, strict=True))
    return {
        "none": (),
        "cuts alone": flat,
        "shipped": effects,
        "reversed": turned,
        "C reversed": mixed,
    }


def against_truth(model: Model, new: SimulatedCohort) -> dict[str, float]:
    """Hold a model against the true chances of new people."""
    rows = read_rows(new.patients, the_dictionary(), require_ids=True)
    said, truth = model.assess(rows.values), new.truth["response_probability"].to_numpy()
    lo, p, hi = (model.probability(said.margin + side * Z_LEVEL * said.sd) for side in (-1, 0, 1))
    loss = truth * np.log(truth / p) + (1 - truth) * np.log((1 - truth) / (1 - p))
    return {
        "regret": float(loss.mean()),
        "auc": auroc(new.latent["responded"].to_numpy(), p),
        "covered": float(np.mean((lo <= truth) & (truth <= hi))),
        "width": float(np.mean(hi - lo)),
    }


def one_cohort(n: int, seed: int) -> list[dict[str, object]]:
    """Fit one cohort with each variant and measure them on the same new people."""
    config = read_run_config("configs/response.yaml", priors="configs/priors.yaml")
    analysis, new = analysis_of(draw(n, [seed, 0]), config), draw(N_NEW, [seed, 1])
    lines = []
    for name, effects in variants(analysis.published).items():
        here = replace(analysis, published=effects)
        learner = here.candidate("averaged")
        rng = np.random.default_rng([seed, 2])
        model = fit_to_everybody(here, learner, wanted=5, n_refits=2, rng=rng)
        use = prior_use_of(here, learner, {})
        strength = {} if use is None else {f"strength {g}": s for g, s in use.strength.items()}
        line: dict[str, object] = {"n": n, "seed": seed, "effects": name}
        lines.append(line | against_truth(model, new) | strength)
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cohorts", type=int, default=20)
    parser.add_argument("--sizes", type=int, nargs="+", default=[150, 300])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", help="CSV file with one line for each fit")
    asked = parser.parse_args(arguments)
    tasks = [(n, seed) for n in asked.sizes for seed in range(asked.cohorts)]
    done = Parallel(n_jobs=asked.jobs)(delayed(one_cohort)(*task) for task in tasks)
    lines = pd.DataFrame([line for cohort in done for line in cohort])
    if asked.out:
        lines.to_csv(asked.out, index=False)
    grouped = lines.drop(columns="seed").groupby(["n", "effects"], sort=False)
    print(grouped.mean().T.to_string(float_format="{:.4f}".format))
    regret = lines.pivot_table(index=["n", "seed"], columns="effects", values="regret")
    gaps = regret.sub(regret["none"], axis=0).drop(columns="none").groupby("n")
    print("\nRegret less that without published effects, its standard error, and share of it")
    print(gaps.mean().to_string(float_format="{:+.4f}".format))
    print(gaps.sem().to_string(float_format="{:.4f}".format))
    mean = regret.groupby("n").mean()
    print(mean.div(mean["none"], axis=0).to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
