"""Fit the peers to cohorts of the simulated worlds: ``make peers-worlds``.

Adds lines to ``results_worlds.csv`` and skips what is there already. A line carries the events of
its cohort, so that ours can be seen to be fitted to the same people. Seconds are the processor's.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pandas as pd
from learners import PEERS
from measured import against_truth
from worlds import SIZES, WORLDS, cohort

RESULTS = Path(__file__).parent / "results_worlds.csv"
COLUMNS = (
    "world", "n", "seed", "events", "learner", "regret", "auc", "brier", "slope", "ici", "seconds",
)  # fmt: skip
FAST = ("ridge", "elastic_net", "forest", "xgboost_default")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=list(WORLDS))
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--learners", nargs="+", choices=list(PEERS), default=list(FAST))
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--cohorts", type=int, default=20, help="of each world and size")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    there = pd.read_csv(asked.out) if asked.out.exists() else pd.DataFrame(columns=COLUMNS)
    done = set(zip(there["world"], there["n"], there["seed"], there["learner"], strict=True))
    for seed in range(asked.first, asked.first + asked.cohorts):
        for world in asked.worlds:
            for n in asked.sizes:
                open_ = [k for k in asked.learners if (world, n, seed, k) not in done]
                if open_:
                    lines = pd.DataFrame(fitted(world, n, seed, open_), columns=COLUMNS)
                    header = not asked.out.exists()
                    lines.round(6).to_csv(asked.out, mode="a", index=False, header=header)
        print(f"seed {seed}", flush=True)


def fitted(world: str, n: int, seed: int, learners: list[str]) -> list[dict[str, object]]:
    """Fit peers to one cohort."""
    people, lines = cohort(world, n, seed), []
    for learner in learners:
        start = time.process_time()
        eta = PEERS[learner](people.X, people.y, people.new)
        took = time.process_time() - start
        line = {"world": world, "n": n, "seed": seed, "learner": learner, "seconds": took}
        lines.append({**line, "events": int(people.y.sum()), **against_truth(people, eta)})
    return lines


if __name__ == "__main__":
    main()
