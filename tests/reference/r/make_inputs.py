"""Write the simulated people on whom our measures are compared with R's.

Run ``python tests/reference/r/make_inputs.py`` and then ``Rscript make_reference.R`` and
``Rscript make_competing.R`` in this folder. Nobody here is a patient. Numbers are rounded so that
the files hold them exactly.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def write(name: str, columns: dict[str, np.ndarray]) -> None:
    """Write one table, a column for each name."""
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(columns)
        table.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))


def binary(rng: np.random.Generator, n: int, decimals: int) -> dict[str, np.ndarray]:
    """Draw outcomes and predictions that are too extreme and too high."""
    true = rng.normal(-0.6, 0.9, n)
    said = 0.3 + 1.5 * true + rng.normal(0, 0.4, n)
    p = np.round(1 / (1 + np.exp(-said)), decimals).clip(0.05, 0.95)
    return {"y": (rng.random(n) < 1 / (1 + np.exp(-true))).astype(int), "p": p}


def survival(rng: np.random.Generator, n: int, visit: int) -> dict[str, np.ndarray]:
    """Draw relapses, on visit days if ``visit`` is above 1, and risks that are too extreme."""
    x = np.round(rng.normal(size=(n, 2)), 3)
    margin = 0.7 * x[:, 0] - 0.4 * x[:, 1]
    relapse, leaves = rng.exponential(150 * np.exp(-margin)), rng.uniform(20, 330, n)
    days = np.ceil(np.minimum(relapse, leaves) / visit) * visit
    if visit == 1:  # no two people on one day
        days += np.round(rng.permutation(n) / (2 * n), 6)
    risk = 1 - np.exp(-np.outer(np.exp(1.3 * margin), [30 / 150, 90 / 150, 180 / 150]))
    risk = np.round(risk, 6).clip(0.000001, 0.999999)
    return {
        "days": days,
        "event": (relapse <= leaves).astype(int),
        "x1": x[:, 0],
        "x2": x[:, 1],
        "margin": np.round(margin, 2),
        "risk30": risk[:, 0],
        "risk90": risk[:, 1],
        "risk180": risk[:, 2],
    }


def competing(rng: np.random.Generator, n: int, visit: int) -> dict[str, np.ndarray]:
    """Draw which comes first: relapse (1), something that rules it out (2) or the end (0)."""
    moments = np.stack([rng.uniform(20, 330, n), rng.exponential(150, n), rng.exponential(250, n)])
    days = np.ceil(moments.min(axis=0) / visit) * visit
    if visit == 1:
        days += np.round(rng.permutation(n) / (2 * n), 6)
    return {"days": days, "cause": moments.argmin(axis=0)}


def visits(rng: np.random.Generator, n: int, gaps: tuple[int, int]) -> dict[str, np.ndarray]:
    """Draw Weibull relapses of shape 0.7, seen at visits so many days apart, some people lost."""
    x = np.round(rng.normal(size=(n, 2)), 3)
    relapse = 60 * (rng.exponential(size=n) * np.exp(-0.7 * x[:, 0] + 0.4 * x[:, 1])) ** (1 / 0.7)
    at = np.cumsum(rng.integers(gaps[0], gaps[1] + 1, size=(n, 90)), axis=1)
    at = np.column_stack([np.zeros(n, dtype=int), at])
    stays = (at <= rng.uniform(20, 200, n)[:, None]).sum(axis=1) - 1
    shown, who = (at < relapse[:, None]).sum(axis=1), np.arange(n)
    event = shown <= stays
    well = at[who, np.where(event, shown - 1, stays)]
    return {
        "last_well": well,
        "days": np.where(event, at[who, np.minimum(shown, 90)], well),
        "event": event.astype(int),
        "x1": x[:, 0],
        "x2": x[:, 1],
    }


def main() -> None:
    """Write the tables."""
    rng = np.random.default_rng(20240501)
    write("binary.csv", binary(rng, 200, 6))
    write("binary_ties.csv", binary(rng, 120, 1))
    write("survival.csv", survival(rng, 200, 1))
    write("survival_ties.csv", survival(rng, 160, 14))
    write("competing.csv", competing(rng, 200, 1))
    write("competing_ties.csv", competing(rng, 160, 14))
    rng = np.random.default_rng(20240502)
    write("visits.csv", visits(rng, 240, (14, 14)))
    write("visits_uneven.csv", visits(rng, 200, (4, 40)))


if __name__ == "__main__":
    main()
