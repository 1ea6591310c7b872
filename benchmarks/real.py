"""Our learner on real sets beside the usual tools, on the same folds.

Run ``make peers-data`` once, then ``python benchmarks/real.py``. The peers' figures are those of
``benchmarks/peers/results_real.csv``, with their seeds; only ours are fitted here. Differences are
paired by fold, over the folds that both have; their standard errors are over folds, and too small,
because folds share training people.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from real_folds import DATA, SETS, fitted_folds, repeats_of

from training import ResponseClassifier

Floats = NDArray[np.float64]

PEERS = Path(__file__).parent / "peers" / "results_real.csv"
JUDGED_BY = ("ridge", "xgboost_default", "forest", "ebm", "autogluon")
MARGIN = 0.005
OURS = {"ours": "auto", **{f"ours_{name}": name for name in ("averaged", "blended", "ridge")}}


def fit_ours(learner: str, X: Floats, y: Floats, new: Floats) -> Floats:
    """Give our log-odds of new people."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of small cohorts, which is what is measured here
        fit = ResponseClassifier(learner=learner, random_state=0).fit(X, y)
    return fit.decision_function(new)


def ours(name: str, learner: str, repeat: int) -> pd.DataFrame:
    """Fit one of ours to the folds of one repeat."""

    def fit(X: Floats, y: Floats, new: Floats) -> Floats:
        return fit_ours(OURS[learner], X, y, new)

    return pd.DataFrame(fitted_folds(name, learner, fit, repeat=repeat))


def means(lines: pd.DataFrame) -> pd.DataFrame:
    """Give the mean of each measure: slope and ICI over repeats, the others over folds."""
    by = ["set", "learner"]
    folds = lines[lines["fold"] != "all"].groupby(by, sort=False)
    whole = lines[lines["fold"] == "all"].groupby(by, sort=False)
    found = folds[["log_loss", "brier", "auc", "seconds"]].mean()
    found.insert(1, "its se", folds["log_loss"].sem())
    return found.join(whole[["slope", "ici"]].mean()).assign(folds=folds.size())


def verdicts(lines: pd.DataFrame, learner: str, measure: str) -> pd.DataFrame:
    """Hold one of ours against each peer by paired differences; negative is in our favour."""
    folds = lines[lines["fold"] != "all"]
    wide = folds.pivot_table(index=["set", "repeat", "fold"], columns="learner", values=measure)
    gaps = wide[[peer for peer in JUDGED_BY if peer in wide]].rsub(wide[learner], axis=0)
    by_set = gaps.groupby(level="set", sort=False)
    mean, se = by_set.mean(), by_set.sem()
    best = mean.idxmax(axis=1)
    table = pd.DataFrame({"minus ridge": mean["ridge"], "its se": se["ridge"], "best peer": best})
    table["minus best"] = [mean.loc[s, best[s]] for s in mean.index]
    table["se"] = [se.loc[s, best[s]] for s in mean.index]
    table["at or below best"] = table["minus best"] <= 0
    table[f"within {MARGIN}"] = table["minus best"] <= MARGIN
    table["above ridge"] = table["minus ridge"] > 0
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--learners", nargs="+", choices=list(OURS), default=["ours"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, help="CSV file with our lines")
    asked = parser.parse_args()
    if not DATA.exists():
        sys.exit(f"{DATA} is missing: say `make peers-data`, which needs `make peers`")
    tasks = [
        (name, learner, repeat)
        for learner in asked.learners
        for name in asked.sets
        for repeat in range(min(asked.repeats, repeats_of(name)))
    ]
    found = pd.concat(Parallel(n_jobs=asked.jobs)(delayed(ours)(*task) for task in tasks))
    if asked.out:
        found.round(6).to_csv(asked.out, index=False)
    peers = pd.read_csv(PEERS, dtype={"fold": str})
    lines = pd.concat([found, peers[peers["set"].isin(asked.sets)]])
    with pd.option_context("display.width", 200, "display.max_columns", 20):
        sys.stdout.write(means(lines).sort_index().round(4).to_string() + "\n")
        for learner in asked.learners:
            for measure in ("log_loss", "brier"):
                table = verdicts(lines, learner, measure).round(4)
                sys.stdout.write(f"\n{learner}, {measure}\n{table.to_string()}\n")


if __name__ == "__main__":
    main()
