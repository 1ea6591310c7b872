"""Is a placebo control fair: cohorts in which the model ranks untreated people as well as treated.

Run ``python benchmarks/placebo.py --cohorts 200 --people 200``. Everybody has 12 normal variables,
four of which raise the odds of the outcome alike with and without treatment; a ridge is
cross-validated on the treated (5 folds, 2 repeats). The true difference in AUC is 0, for an arm of
other people, for another period of the same people, and for an arm that is trained on as well (then
half of the people are untreated). Told are the mean difference with its Monte Carlo error, how
often its 95 % interval holds 0, and how often it lies above (the model is said to predict
response) or below it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.special import expit

from predictor.dictionary import Variable
from training.evaluation import (
    Analysis,
    PlaceboControl,
    Resampling,
    Untreated,
    cross_validate,
    placebo_control,
)
from training.fitting import Outcome
from training.learners import learner_named

RIDGE = learner_named("ridge", "response")
EFFECTS = np.array([0.5, 0.3, 0.3, 0.2] + [0.0] * 8)
VARIABLES = tuple(
    Variable(f"v{i}", f"V{i}", "number", "g", "s", hard_range=(-99, 99))
    for i in range(EFFECTS.size)
)
SPLITS = Resampling(folds=5, repeats=2, inner_folds=5)
DESIGNS = ("arm", "period", "trained_arm")


def one(seed: int, n: int, design: str) -> PlaceboControl:
    """Draw one cohort and score its model among the untreated."""
    rng = np.random.default_rng([seed, n, DESIGNS.index(design)])
    X, names = rng.normal(size=(n, EFFECTS.size)), tuple(f"p{i}" for i in range(n))
    y = (rng.random(n) < expit(X @ EFFECTS)).astype(float)
    outside: dict[str, np.ndarray] = {}
    people, untreated = names, y
    if design == "arm":
        others = rng.normal(size=X.shape)
        outside = {v.id: others[:, i] for i, v in enumerate(VARIABLES)}
        people = tuple(f"u{i}" for i in range(n))
        untreated = (rng.random(n) < expit(others @ EFFECTS)).astype(float)
    elif design == "period":
        untreated = (rng.random(n) < expit(X @ EFFECTS)).astype(float)
    else:
        people, untreated = names[::2], y[::2]
    analysis = Analysis(
        values={v.id: X[:, i] for i, v in enumerate(VARIABLES)},
        variables=VARIABLES,
        declared=VARIABLES[:2],
        severity=VARIABLES[:1],
        outcome=Outcome(y),
        groups=names,
        outside=outside,
        outside_people=people if outside else (),
    )
    found = cross_validate(analysis, [RIDGE], SPLITS, rng=rng)[RIDGE.name]
    asked = Untreated("placebo", "ketamine", design, people, untreated)
    return placebo_control(analysis, found, asked, rng=rng)


def line(controls: Sequence[PlaceboControl], n: int, design: str) -> dict[str, object]:
    """Sum up the cohorts of one design."""
    gaps = [each.difference for each in controls if each.difference is not None]
    values = np.array([gap.value for gap in gaps])
    return {
        "people": n,
        "design": design,
        "cohorts": len(gaps),
        "mean difference": values.mean(),
        "its error": values.std(ddof=1) / np.sqrt(values.size),
        "interval holds 0": np.mean([gap.lo <= 0 <= gap.hi for gap in gaps]),
        "above 0": np.mean([gap.lo > 0 for gap in gaps]),
        "below 0": np.mean([gap.hi < 0 for gap in gaps]),
    }


def main() -> int:
    """Run all designs and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=200)
    parser.add_argument("--people", type=int, nargs="+", default=[200])
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    lines = []
    for n in asked.people:
        for design in DESIGNS:
            drawn = Parallel(n_jobs=asked.jobs)(
                delayed(one)(seed, n, design) for seed in range(asked.cohorts)
            )
            lines.append(line(drawn, n, design))
    print(pd.DataFrame(lines).round(4).to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
