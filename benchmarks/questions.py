"""How much more the question named next narrows an interval than a question taken at random.

Run ``python benchmarks/questions.py --cohorts 20``. Each cohort of the simulated world trains a
model as a run does; of each new person 40 % of the answers are deleted. Every unanswered question
is then answered with the truth, one at a time, and the width of the 90 % interval is compared with
the width before: of the question that the score names, of all on average (what a random question
would do), and of the best, which only somebody who knew all answers could name.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import pandas as pd
from simulated import analysis_of, draw, fit, the_dictionary

from predictor.model import Model
from predictor.rows import read_rows
from predictor.uncertainty import Z_LEVEL
from training.config import read_run_config

Floats = np.ndarray
N_NEW = 100
DELETED = 0.4
SCALES = ("margin", "probability")


def widths(model: Model, values: dict[str, Floats]) -> tuple[dict[str, Floats], Floats]:
    """Give the width of each person's interval on both scales, and the promised narrowing."""
    said = model.assess(values)
    lo, hi = (said.margin + side * Z_LEVEL * said.sd for side in (-1, 1))
    found = {"margin": hi - lo, "probability": model.probability(hi) - model.probability(lo)}
    return found, said.narrowing


def one_cohort(seed: int, n: int, name: str) -> dict[str, object]:
    """Train on one cohort and ask its new people."""
    config = read_run_config("configs/response.yaml")
    analysis = analysis_of(draw(n, [seed, 0]), config)
    model, _ = fit(analysis, config, name, np.random.default_rng([seed, 2]))
    people = read_rows(draw(N_NEW, [seed, 1]).complete, the_dictionary(), require_ids=True)
    variables = model.encoding.variables
    truth = {v: people.values[v] for v in people.values}
    rng = np.random.default_rng([seed, 3])
    open_ = rng.random((N_NEW, len(variables))) < DELETED
    given = truth | {v: np.where(open_[:, j], np.nan, truth[v]) for j, v in enumerate(variables)}
    before, promised = widths(model, given)
    narrowed = {scale: np.full(open_.shape, np.nan) for scale in SCALES}
    for j, v in enumerate(variables):
        asked = open_[:, j]
        after, _ = widths(model, given | {v: truth[v]})
        for scale in SCALES:
            narrowed[scale][asked, j] = (before[scale] - after[scale])[asked]
    full, _ = widths(model, truth)
    named = np.where(open_, promised, -np.inf).argmax(axis=1)
    line: dict[str, object] = {"learner": name, "variables": len(variables)}
    for scale in SCALES:
        gain = narrowed[scale]
        line |= {
            f"{scale}: width": before[scale].mean(),
            f"{scale}: width if all were answered": full[scale].mean(),
            f"{scale}: half-filled is wider": (before[scale] > full[scale]).mean(),
            f"{scale}: narrowed by the named": gain[np.arange(N_NEW), named].mean(),
            f"{scale}: narrowed by a random": np.nanmean(gain, axis=1).mean(),
            f"{scale}: narrowed by the best": np.nanmax(gain, axis=1).mean(),
        }
    return line


def ratios(lines: pd.DataFrame) -> pd.DataFrame:
    """Give the ratio of mean narrowings with its jackknife standard error over cohorts."""
    rows = []
    for scale in SCALES:
        named, random, best = (
            lines[f"{scale}: narrowed by {who}"].to_numpy()
            for who in ("the named", "a random", "the best")
        )
        for what, over in (("named : random", random), ("named : best", best)):
            left_out = (named.sum() - named) / (over.sum() - over)
            n = len(named)
            error = np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2))
            rows.append((scale, what, named.sum() / over.sum(), error))
    return pd.DataFrame(rows, columns=["scale", "ratio", "value", "SE"])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cohorts", type=int, default=20)
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--learner", nargs="+", default=["averaged", "ridge", "xgboost"])
    wanted = parser.parse_args(arguments)
    for name in wanted.learner:
        lines = pd.DataFrame([one_cohort(seed, wanted.n, name) for seed in range(wanted.cohorts)])
        print(f"\n{name}, {wanted.cohorts} cohorts of {wanted.n}, {N_NEW} new people each")
        numbers = lines.drop(columns="learner")
        table = pd.DataFrame({"mean": numbers.mean(), "SE": numbers.sem()})
        print(table.to_string(float_format="{:.4f}".format))
        print(ratios(lines).to_string(index=False, float_format="{:.3f}".format), flush=True)


if __name__ == "__main__":
    main()
