"""Tables of `accuracy.py`: ours beside the peers in the same cohorts, and what is asked of ours."""

from __future__ import annotations

import pandas as pd
from ours import PUBLISHED
from worlds import COMPLETE

CELL = ["world", "n"]
HELD = [
    "auc", "brier", "slope", "ici", "coverage", "width", "prevalence_width", "refused", "seconds",
]  # fmt: skip


def regrets(lines: pd.DataFrame) -> pd.DataFrame:
    """Give the regret of each learner in each cohort; only cohorts that ridge was fitted to."""
    wide = lines.pivot_table(index=[*CELL, "seed"], columns="learner", values="regret", sort=False)
    return wide[wide["ridge"].notna()]


def by_cell(lines: pd.DataFrame, learner: str) -> pd.DataFrame:
    """Give regret as a share of the ridge's, and paired differences with standard errors."""
    wide = regrets(lines)
    wide = wide[wide[learner].notna()]
    cells = wide.groupby(level=CELL, sort=False)
    mean = cells.mean()
    table = pd.DataFrame({"cohorts": cells.size(), "ridge regret": mean["ridge"]})
    for name in wide:
        if name != "ridge":
            shared = wide[wide[name].notna()].groupby(level=CELL, sort=False)
            table[name] = shared[name].mean() / shared["ridge"].mean()
    peers = [k for k in peers_of(lines) if mean[k].notna().all()]
    best = mean[peers].idxmin(axis=1)
    table["best peer"] = best
    for cell, peer in best.items():
        gap = (wide[learner] - wide[peer]).xs(cell, level=(0, 1))
        beside = (wide[learner] - wide["ridge"]).xs(cell, level=(0, 1))
        table.loc[cell, ["minus best", "its se"]] = gap.mean(), gap.sem()
        table.loc[cell, ["minus ridge", "se"]] = beside.mean(), beside.sem()
    return table


def peers_of(lines: pd.DataFrame) -> list[str]:
    """Name the peers: lines without an interval."""
    return list(dict.fromkeys(lines.loc[lines["coverage"].isna(), "learner"]))


def held_by_cell(lines: pd.DataFrame, learner: str) -> pd.DataFrame:
    """Give the other measures of one of ours; slope and ICI as medians."""
    cells = lines[lines["learner"] == learner].groupby(CELL, sort=False)
    table = cells[HELD].mean()
    table[["slope", "ici"]] = cells[["slope", "ici"]].median()
    table.insert(HELD.index("coverage") + 1, "its se", cells["coverage"].sem())
    return table


def over_worlds(lines: pd.DataFrame) -> pd.DataFrame:
    """Give means over the complete worlds, each learner's regret as a share of the ridge's."""
    wide = regrets(lines[lines["world"].isin(COMPLETE)])
    rows = {}
    for learner in wide:
        both = wide[wide[learner].notna()]
        rows[learner] = {
            "cohorts": len(both),
            "regret": both[learner].mean(),
            "share of ridge": both[learner].mean() / both["ridge"].mean(),
        }
    means = lines.groupby("learner", sort=False)[["auc", "brier", "ici", "seconds"]].mean()
    return pd.DataFrame(rows).T.join(means)


def asked(lines: pd.DataFrame, learner: str) -> list[str]:
    """Say what is asked of ours and what was reached."""
    wide = regrets(lines)
    peers = peers_of(lines)
    said = []
    complete = wide[wide.index.get_level_values("world").isin(COMPLETE)]
    complete = complete[complete[learner].notna()]
    best = complete[peers].dropna(axis=1, thresh=len(complete)).mean().idxmin()
    share = complete[learner].mean() / complete[best].mean()
    said.append(f"{learner} over the complete worlds: {share:.3f} x {best} (asked: 0.95)")
    if learner + PUBLISHED in wide:
        said += _with_published(wide, peers, learner)
    table = by_cell(lines, learner)
    over = table[table["minus ridge"] > table["se"]]
    cells = ", ".join(f"{world} {n}" for world, n in over.index) or "none"
    said.append(f"{learner} above the ridge by more than one standard error: {cells} (asked: none)")
    return said


def _with_published(wide: pd.DataFrame, peers: list[str], learner: str) -> list[str]:
    """Say what published effects bring where they are right, half right and wrong."""
    said, told = [], learner + PUBLISHED
    sizes, worlds = wide.index.get_level_values("n"), wide.index.get_level_values("world")
    for world in ("published_right", "published_half", "published_wrong"):
        small = wide[(worlds == world) & (sizes <= 200) & wide[told].notna()]
        if len(small):
            best = small[peers].mean().idxmin()
            share = small[told].mean() / small[best].mean()
            text = f"{told}, {world}, n <= 200: {share:.3f} x {best}"
            said.append(text + (" (asked: 0.85)" if world != "published_wrong" else ""))
    wrong = wide[(worlds == "published_wrong") & wide[told].notna()]
    if len(wrong) and learner in wide:
        share = wrong[told].mean() / wrong[learner].mean()
        said.append(f"{told}, published_wrong: {share:.3f} x {learner} (asked: 1.02)")
    return said
