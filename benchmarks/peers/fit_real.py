"""Fit the peers to the real sets: ``make peers-real``.

Adds lines to ``results_real.csv`` and skips what is there already, so that it can be stopped and
taken up again.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import pandas as pd
from learners import PEERS
from real_folds import SETS, fitted_folds, repeats_of

RESULTS = Path(__file__).parent / "results_real.csv"
COLUMNS = (
    "set", "repeat", "fold", "learner", "log_loss", "brier", "auc", "slope", "ici", "seconds",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--learners", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--repeats", type=int, help="fewer than the folds hold")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    there = pd.read_csv(asked.out) if asked.out.exists() else pd.DataFrame(columns=COLUMNS)
    done = set(zip(there["set"], there["learner"], there["repeat"], strict=True))
    for learner, name in itertools.product(asked.learners, asked.sets):
        for repeat in range(repeats_of(name))[: asked.repeats]:
            if (name, learner, repeat) in done:
                continue
            found = fitted_folds(name, learner, PEERS[learner], repeat=repeat)
            lines = pd.DataFrame(list(found), columns=COLUMNS).round(6)
            lines.to_csv(asked.out, mode="a", index=False, header=not asked.out.exists())
            loss = lines["log_loss"].iloc[-1]
            print(
                f"{learner}, {name}, {repeat}: {loss:.4f}, {lines['seconds'].sum():.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
