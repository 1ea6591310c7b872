"""What a search of settings for trees gains over the fixed paths, in seconds and regret.

Run ``python benchmarks/tuning.py``. On the same cohorts of `worlds.py` and the same inner folds,
trees are tuned along the fixed paths and with as many trials as asked; both are held against the
truth of 4,000 new people. Regret is the mean log-loss above that of who knows the law.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from measured import against_truth
from worlds import WORLDS, cohort

from predictor.dictionary import Variable
from training.evaluation import inner_splits
from training.fitting import Outcome, prepare, tuning_loss
from training.learners import learner_named
from training.tuning import inner_folds, tune_and_fit


def one_cohort(world: str, n: int, seed: int, name: str, trials: int) -> list[dict[str, object]]:
    """Tune one learner both ways on one cohort."""
    people = cohort(world, n, seed)
    rows, outcome = np.arange(n), Outcome(people.y)
    ids = [f"c{j}" for j in range(people.X.shape[1])]
    values = {v: np.ascontiguousarray(x) for v, x in zip(ids, people.X.T, strict=True)}
    variables = [Variable(v, v, "number", "g", "s", hard_range=(-99, 99)) for v in ids]
    splits = inner_splits(outcome, [str(i) for i in rows], 5, np.random.default_rng([seed, 1]))
    learner = learner_named(name, "response")
    prepared = prepare(values, variables, rows, bent=learner.bends)
    folds = inner_folds(values, variables, rows, outcome, splits, bent=learner.bends)
    new = prepared.encoding.transform(dict(zip(ids, people.new.T, strict=True)))
    lines: list[dict[str, object]] = []
    for asked in (0, trials):
        start = time.process_time()
        fit = tune_and_fit(
            replace(learner, trials=asked, trial_seed=seed), prepared, outcome, folds
        )
        line = {"world": world, "n": n, "seed": seed, "trials": asked, "depth": fit.setting.depth}
        took = {"seconds": time.process_time() - start}
        # calibrated on the people themselves, so a little below what was chosen by
        inner = {"inner": tuning_loss(outcome, fit.calibrated_margins) / n}
        lines.append({**line, **took, **inner, **against_truth(people, fit.margin(new))})
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--worlds", nargs="+", choices=WORLDS,
                        default=["dense", "threshold", "interaction"])  # fmt: skip
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 400])
    parser.add_argument("--cohorts", type=int, default=5, help="of each world and size")
    parser.add_argument("--learner", default="xgboost", help="xgboost or blended")
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    tasks = [(w, n, s) for w in asked.worlds for n in asked.sizes for s in range(asked.cohorts)]
    done = Parallel(n_jobs=asked.jobs)(
        delayed(one_cohort)(*task, asked.learner, asked.trials) for task in tasks
    )
    lines = pd.DataFrame([line for cohort_ in done for line in cohort_])
    means = lines.drop(columns="seed").groupby(["world", "n", "trials"], sort=False).mean()
    print(means.to_string(float_format="{:.4f}".format))
    wide = lines.pivot_table(index=["world", "n", "seed"], columns="trials")
    for measure in ("inner", "regret", "auc"):
        gap = wide[measure][asked.trials] - wide[measure][0]
        print(f"{measure}: {gap.mean():+.4f}, SE {gap.sem():.4f}, {len(gap)} cohorts")
    share = wide["regret"].mean()
    print(f"regret as a share of the fixed paths': {share[asked.trials] / share[0]:.3f}")
    print(f"seconds: {wide['seconds'].mean().round(2).to_dict()}")


if __name__ == "__main__":
    main()
