"""What each part of the blended learner is worth on small cohorts of known truth.

Run ``python benchmarks/parts.py --cohorts 10``. Beside the learner as it is stand its linear part
alone, its trees alone, half of each, and the learner with a line fitted to its held-out margins;
`averaged` is the linear part without curves, also with such a line. Mean regret as a share of that
of `averaged`, by world and size; below 1 is better.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from measured import against_truth
from numpy.typing import NDArray
from worlds import cohort

from predictor.calibration import Affine
from predictor.dictionary import Variable
from training.calibrating import fit_affine_response
from training.evaluation import inner_splits
from training.fitting import Outcome, fit_learner, prepare
from training.learners import learner_named
from training.tuning import Fitted, inner_folds, tune_and_fit

Floats = NDArray[np.float64]

WORLDS = ("sparse", "dense", "threshold", "interaction")


def one_cohort(name: str, n: int, seed: int) -> list[dict[str, object]]:
    """Fit the learner and what is left of it without a part."""
    people = cohort(name, n, seed)
    ids = [f"x{j}" for j in range(people.X.shape[1])]
    variables = tuple(Variable(i, i, "number", "-", "-", hard_range=(-1e9, 1e9)) for i in ids)
    values, rows = dict(zip(ids, people.X.T, strict=True)), np.arange(n)
    outcome = Outcome(people.y)
    splits = inner_splits(outcome, [str(i) for i in rows], 5, np.random.default_rng(seed))
    found = []
    for kind in ("averaged", "blended"):
        learner = learner_named(kind, "response")
        prepared = prepare(values, variables, rows, bent=learner.bends)
        folds = inner_folds(values, variables, rows, outcome, splits, bent=learner.bends)
        fitted = tune_and_fit(learner, prepared, outcome, folds)
        said = {kind: fitted, f"{kind}, line": _with_line(fitted, outcome)}
        if kind == "blended":
            for words, weight in (("no trees", 0.0), ("half trees", 0.5), ("trees alone", 1.0)):
                setting = replace(fitted.setting, weight=weight)
                again = fit_learner(learner, setting, prepared, outcome)
                said[words] = replace(fitted, fitted=again)
        new = prepared.encoding.transform(dict(zip(ids, people.new.T, strict=True)))
        found += [
            {"world": name, "n": n, "seed": seed, "part": words,
             "regret": against_truth(people, each.margin(new))["regret"]}
            for words, each in said.items()
        ]  # fmt: skip
    return found


def _with_line(fitted: Fitted, outcome: Outcome) -> Fitted:
    """Fit a line to held-out margins, as other learners do."""
    line = fit_affine_response(fitted.calibrated_margins, outcome.events)
    assert fitted.calibration.affine == Affine(0.0, 1.0)
    return replace(fitted, calibration=line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--cohorts", type=int, default=10, help="of each world and size")
    parser.add_argument("--sizes", nargs="+", type=int, default=[100, 200, 400])
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    tasks = [(w, n, s) for w in WORLDS for n in asked.sizes for s in range(asked.cohorts)]
    done = Parallel(n_jobs=asked.jobs)(delayed(one_cohort)(*task) for task in tasks)
    lines = pd.DataFrame([line for each in done for line in each])
    wide = lines.pivot_table(index=["world", "n"], columns="part", values="regret", sort=False)
    wide.loc[("all", ""), :] = wide.mean()
    shares = wide.div(wide["averaged"], axis=0)
    sys.stdout.write(shares.round(3).to_string() + "\n")


if __name__ == "__main__":
    main()
