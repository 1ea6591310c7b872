"""How near learners come to the truth on small cohorts, beside the usual tools.

Run ``python benchmarks/accuracy.py`` (20 cohorts of each world and size), ``--quick`` (minutes) or
``--full`` (50 cohorts). Every cohort is drawn from a world of `worlds.py`; each learner is fitted
to it and held against the truth of 4,000 new people. Regret is the mean log-loss above that of who
knows the law. Only ours are fitted here; the peers' lines are read from
``benchmarks/peers/results_worlds.csv``, and ``--peers`` first adds to it those that are missing.
Shares and differences are over the cohorts that both were fitted to.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pandas as pd
from accuracy_table import asked as asked_of
from accuracy_table import by_cell, held_by_cell, over_worlds
from joblib import Parallel, delayed
from ours import DEFAULT, PUBLISHED, one_cohort
from worlds import SIZES, WORLDS

HERE = Path(__file__).parent
PEERS = HERE / "peers" / "results_worlds.csv"
PEERS_PYTHON = HERE.parent / ".venv-peers" / "bin" / "python"


def fit_missing_peers(worlds: list[str], sizes: list[int], cohorts: int) -> None:
    """Let the peers' own environment fit what the cached lines lack."""
    if not PEERS_PYTHON.exists():
        sys.exit("the peers have no environment yet: say `make peers`")
    script = HERE / "peers" / "fit_worlds.py"
    subprocess.run(  # noqa: S603 - our own script
        [PEERS_PYTHON, script, "--worlds", *worlds, "--sizes", *map(str, sizes),
         "--cohorts", str(cohorts)],
        check=True, env={"PYTHONPATH": f"{HERE.parent}:{HERE}", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def beside_peers(ours: pd.DataFrame) -> pd.DataFrame:
    """Add the peers' lines of the same cohorts; refuse cohorts drawn differently."""
    key = ["world", "n", "seed"]
    drawn = ours[[*key, "events"]].drop_duplicates()
    peers = pd.read_csv(PEERS).merge(drawn, on=key, suffixes=("", "_ours"))
    if (peers["events"] != peers["events_ours"]).any():
        sys.exit(f"{PEERS.name}: its cohorts are not those drawn here; fit the peers again")
    return pd.concat([ours, peers.drop(columns="events_ours")], ignore_index=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--cohorts", type=int, default=20, help="of each world and size")
    parser.add_argument("--quick", action="store_true", help="5 cohorts, sizes 100 to 400")
    parser.add_argument("--full", action="store_true", help="50 cohorts")
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=list(WORLDS))
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--learners", nargs="+", default=[DEFAULT, DEFAULT + PUBLISHED],
                        help="ours or a learner's name, alone or with ', published'")  # fmt: skip
    parser.add_argument("--peers", action="store_true", help="first fit peers that are missing")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, help="CSV file with our lines")
    asked = parser.parse_args()
    cohorts = 50 if asked.full else 5 if asked.quick else asked.cohorts
    sizes = [n for n in asked.sizes if n <= 400] if asked.quick else asked.sizes
    if asked.peers:
        fit_missing_peers(asked.worlds, sizes, cohorts)
    tasks = [(w, n, seed) for w in asked.worlds for n in sizes for seed in range(cohorts)]
    done = Parallel(n_jobs=asked.jobs)(delayed(one_cohort)(*t, asked.learners) for t in tasks)
    ours = pd.DataFrame([line for cohort in done for line in cohort])
    if asked.out:
        ours.round(6).to_csv(asked.out, index=False)
    report(beside_peers(ours), asked.learners)


def report(lines: pd.DataFrame, learners: list[str]) -> None:
    """Print every table."""
    first = learners[0]
    tables = {f"Regret, shares of the ridge's; differences of {first}": by_cell(lines, first)}
    tables |= {f"{name}: other measures": held_by_cell(lines, name) for name in learners}
    tables["Over the complete worlds"] = over_worlds(lines)
    with pd.option_context("display.width", 240, "display.max_columns", 30):
        for title, table in tables.items():
            sys.stdout.write(f"\n{title}\n{table.round(4).to_string()}\n")
    sys.stdout.write("\n" + "\n".join(asked_of(lines, first)) + "\n")


if __name__ == "__main__":
    main()
