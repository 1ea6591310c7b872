"""Throughput of the tree tables against shap, on the same booster and rows, in one run.

Run ``python benchmarks/tree_tables.py``; takes about a minute, most of it shap's.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np
import xgboost

from training.tree_tables import ensemble_from_boosters, tables_from_booster

N_COHORT, N_COLUMNS, N_TREES, DEPTH = 2000, 60, 100, 3
N_ROWS, N_SHAP_ROWS, N_REFITS = 5000, 50, 25


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Take the best of a few runs."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def draw(rng: np.random.Generator, n: int) -> np.ndarray:
    X = rng.normal(size=(n, N_COLUMNS))
    X[rng.random(X.shape) < 0.2] = np.nan
    return X


def fit(X: np.ndarray, y: np.ndarray, seed: int) -> xgboost.Booster:
    settings = {
        "objective": "binary:logistic",
        "max_depth": DEPTH,
        "eta": 0.05,
        "nthread": 1,
        "seed": seed,
    }
    return xgboost.train(settings, xgboost.DMatrix(X, y), N_TREES)


def main() -> None:
    # shap touches plotting and numpy names that are about to be deprecated; not what is measured
    warnings.simplefilter("ignore")
    import shap

    rng = np.random.default_rng(1)
    X = draw(rng, N_COHORT)
    x = np.nan_to_num(X)
    y = (rng.random(N_COHORT) < 1 / (1 + np.exp(-x[:, 0] - x[:, 1] * x[:, 2]))).astype(float)
    booster = fit(X, y, 0)
    build = seconds(lambda: tables_from_booster(booster, X), 1)
    tables = tables_from_booster(booster, X)
    rows = draw(rng, N_ROWS)
    few = rows[:N_SHAP_ROWS]
    path = shap.TreeExplainer(booster)
    # given an array, shap draws 100 of its rows and says nothing; a masker keeps them all
    whole, drawn = (
        shap.TreeExplainer(
            booster,
            data=shap.maskers.Independent(X, max_samples=size),
            feature_perturbation="interventional",
        )
        for size in (N_COHORT, 100)
    )
    gap = np.abs(tables.contributions(few) - whole.shap_values(few, check_additivity=False))
    assert gap.max() < 1e-5

    each = {
        "tables, interventional": seconds(lambda: tables.contributions(rows)) / N_ROWS,
        "tables, path-dependent": seconds(lambda: tables.path_contributions(rows)) / N_ROWS,
        f"shap, interventional against {N_COHORT} rows": seconds(
            lambda: whole.shap_values(few, check_additivity=False), 1
        )
        / N_SHAP_ROWS,
        "shap, interventional against 100 of them": seconds(
            lambda: drawn.shap_values(rows[:500], check_additivity=False), 1
        )
        / 500,
        "shap, path-dependent": seconds(lambda: path.shap_values(rows)) / N_ROWS,
    }
    ours, ours_path, theirs, theirs_drawn, theirs_path = each.values()
    print(f"{N_TREES} trees of depth {DEPTH}, {tables.value.size} leaves; built in {build:.2f} s")
    for name, took in each.items():
        print(f"{name}: {1e6 * took:.1f} microseconds a row")
    print(f"ratio of throughput, interventional, whole cohort: {theirs / ours:.0f}")
    print(f"ratio of throughput, interventional, shap on 100 rows: {theirs_drawn / ours:.0f}")
    print(f"ratio of throughput, path-dependent: {theirs_path / ours_path:.1f}")

    one = rows[:1]
    alone = seconds(lambda: (tables.margin(one), tables.contributions(one)), 200)
    resamples = [rng.integers(0, N_COHORT, N_COHORT) for _ in range(N_REFITS)]
    refits = [fit(X[at], y[at], seed) for seed, at in enumerate(resamples)]
    ensemble = ensemble_from_boosters(refits, X)
    held = sum(array.nbytes for array in ensemble.to_arrays().values())
    many = seconds(lambda: ensemble.margins(one), 200)
    print(f"one row, margin and contributions: {1e3 * alone:.3f} ms")
    print(f"one row, margins of {N_REFITS} refits: {1e3 * many:.3f} ms, {held / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
