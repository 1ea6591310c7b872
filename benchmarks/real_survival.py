"""Our learners of relapse on real sets beside the usual tools, on the same folds.

Run ``make peers-data`` once, then ``python benchmarks/real_survival.py``. The peers' figures are
those of ``benchmarks/peers/results_survival.csv``; only ours are fitted here. Differences are
paired by fold; their standard errors are too small, because folds share training people.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from survival import tuned_ridge
from survival_folds import DATA, SETS, fitted_folds, repeats_of

from training.averaged_cox import fit_averaged_cox
from training.penalised_cox import breslow

Floats = NDArray[np.float64]
Said = tuple[Floats, Floats]

PEERS = Path(__file__).parent / "peers" / "results_survival.csv"
OURS = {"averaged_cox": fit_averaged_cox, "cox_ridge": tuned_ridge}


def fitted(
    learner: str, X: Floats, days: Floats, events: Floats, new: Floats, times: Floats
) -> Said:
    """Fit one of ours on standardised columns; the baseline hazard is Breslow's."""
    mean, sd = X.mean(axis=0), X.std(axis=0)
    X, new = ((Z - mean)[:, sd > 0] / sd[sd > 0] for Z in (X, new))
    beta = OURS[learner](X, days, events).coefficients
    hazard = breslow(days, events, X @ beta, times)
    return new @ beta, -np.expm1(-np.outer(np.exp(new @ beta), hazard))


def ours(name: str, learner: str) -> pd.DataFrame:
    """Fit one of ours to all folds of a set."""

    def fit(*given: Floats) -> Said:
        return fitted(learner, *given)

    lines = [
        line
        for repeat in range(repeats_of(name))
        for line in fitted_folds(name, learner, fit, repeat=repeat)
    ]
    return pd.DataFrame(lines)


def table(lines: pd.DataFrame, first: str) -> pd.DataFrame:
    """Give means over folds, and differences of ours from each learner with standard errors."""
    means = lines.groupby(["set", "learner"], sort=False)[["c", "ibs", "seconds"]].mean()
    for measure in ("c", "ibs"):
        wide = lines.pivot_table(index=["set", "repeat", "fold"], columns="learner", values=measure)
        gap = wide.rsub(wide[first], axis=0).groupby(level="set")
        means[f"{measure}: {first} minus"] = gap.mean().stack()
        means[f"{measure}: se"] = gap.sem().stack()
    return means.sort_index(level="set", sort_remaining=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--learners", nargs="+", choices=list(OURS), default=list(OURS))
    asked = parser.parse_args()
    if not DATA.exists():
        sys.exit(f"{DATA} is missing: say `make peers-data`, which needs `make peers`")
    found = pd.concat([ours(name, learner) for learner in asked.learners for name in asked.sets])
    peers = pd.read_csv(PEERS)
    lines = pd.concat([found, peers[peers["set"].isin(asked.sets)]])
    with pd.option_context("display.width", 200):
        sys.stdout.write(table(lines, asked.learners[0]).round(4).to_string() + "\n")


if __name__ == "__main__":
    main()
