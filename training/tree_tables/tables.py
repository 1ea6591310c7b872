"""Build the tables of one booster against its training cohort."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import xgboost

from predictor.boosted import MAX_SLOTS, Boosted, LeafConditions
from training.tree_tables.agreement import check_tables
from training.tree_tables.forest import Leaf, checked_cohort, leaves_of, read_forest
from training.tree_tables.shapley import interventional, path_dependent

FloatArray = npt.NDArray[np.float64]

_CHUNK = 512


def tables_from_booster(
    booster: xgboost.Booster, X_cohort: FloatArray, *, best_iteration: int | None = None
) -> Boosted:
    """Build the exact tables of a booster against a training cohort.

    Parameters
    ----------
    booster : xgboost.Booster
        Fitted with ``binary:logistic`` or ``survival:cox`` on numeric columns, trees of depth 4
        at most.
    X_cohort : ndarray of float, shape (n_rows, n_columns)
        The whole training cohort, NaN where missing. Contributions are against these rows, of
        which only the frequencies of patterns enter the tables.
    best_iteration : int or None
        Last boosting round used, counted from 0; None uses all rounds.

    Returns
    -------
    Boosted
        Margins and contributions as arrays.

    Raises
    ------
    UnsupportedBoosterError
        If the booster is of another kind, or the cohort has other columns or no rows.
    TableMismatchError
        If margins or contributions differ from XGBoost's own by more than 1e-5.
    """
    forest = read_forest(booster, best_iteration)
    X = checked_cohort(X_cohort, forest.n_columns)
    leaves = sorted(
        (leaf for tree in forest.trees for leaf in leaves_of(tree)),
        key=lambda leaf: len(leaf.slots),
    )
    stumps = [leaf.value for leaf in leaves if not leaf.slots]
    leaves = leaves[len(stumps) :]
    intercept = forest.intercept + float(np.sum(stumps))
    conditions, ratio = _conditions(leaves, forest.n_columns)
    value = np.array([leaf.value for leaf in leaves], dtype=np.float64)
    frequency = _pattern_frequency(conditions, X)
    n_slots = conditions.n_slots
    rows = np.arange(value.size)
    boosted = Boosted(
        conditions=conditions,
        value=value,
        intercept=intercept,
        table=_by_slots(n_slots, lambda d, k: interventional(d, value[k], frequency[k])),
        path_table=_by_slots(n_slots, lambda d, k: path_dependent(d, value[k], ratio[k, :d])),
        base=intercept + float(value @ frequency[rows, np.left_shift(1, n_slots) - 1]),
        path_base=intercept + float(value @ ratio.prod(axis=1)),
    )
    check_tables(boosted, booster, X, best_iteration=best_iteration)
    return boosted


def _conditions(leaves: Sequence[Leaf], n_columns: int) -> tuple[LeafConditions, FloatArray]:
    """Lay the slots of all leaves out as arrays; cover ratios of padded slots are 1."""
    shape = (len(leaves), MAX_SLOTS)
    conditions = LeafConditions(
        feature=np.full(shape, -1, dtype=np.int32),
        lower=np.full(shape, np.inf, dtype=np.float32),
        upper=np.full(shape, -np.inf, dtype=np.float32),
        missing_ok=np.zeros(shape, dtype=np.bool_),
        n_columns=n_columns,
    )
    ratio = np.ones(shape)
    for row, leaf in enumerate(leaves):
        for column, (feature, slot) in enumerate(leaf.slots.items()):
            conditions.feature[row, column] = feature
            conditions.lower[row, column] = slot.lower
            conditions.upper[row, column] = slot.upper
            conditions.missing_ok[row, column] = slot.missing_ok
            ratio[row, column] = slot.cover_ratio
    return conditions, ratio


def _pattern_frequency(conditions: LeafConditions, X: FloatArray) -> FloatArray:
    """Find how often each pattern of each leaf occurs in the cohort."""
    n_leaves, n_patterns = conditions.feature.shape[0], 1 << MAX_SLOTS
    count = np.zeros(n_leaves * n_patterns, dtype=np.int64)
    first = np.arange(n_leaves) * n_patterns
    for start in range(0, X.shape[0], _CHUNK):
        found = conditions.patterns(X[start : start + _CHUNK]) + first
        count += np.bincount(found.ravel(), minlength=count.size)
    return np.asarray(count.reshape(n_leaves, n_patterns) / X.shape[0], dtype=np.float64)


def _by_slots(
    n_slots: npt.NDArray[np.intp],
    table: Callable[[int, npt.NDArray[np.intp]], FloatArray],
) -> FloatArray:
    """Build the tables of all leaves with one, two, … slots; leaves come in that order."""
    sizes = range(1, MAX_SLOTS + 1)
    return np.concatenate([table(d, np.flatnonzero(n_slots == d)).ravel() for d in sizes])
