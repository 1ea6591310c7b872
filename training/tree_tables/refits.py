"""Stack the trees of refits for their margins alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xgboost

from predictor.boosted import BoostedEnsemble
from training.tree_tables.agreement import check_margins
from training.tree_tables.forest import Tree, UnsupportedBoosterError, checked_cohort, read_forest

FloatArray = npt.NDArray[np.float64]


def ensemble_from_boosters(
    boosters: Sequence[xgboost.Booster],
    X_cohort: FloatArray,
    *,
    best_iterations: Sequence[int | None] | None = None,
) -> BoostedEnsemble:
    """Stack the trees of refits for their margins alone.

    Parameters
    ----------
    boosters : sequence of xgboost.Booster
        Refits of one learner, each as ``tables_from_booster`` takes it; one at least.
    X_cohort : ndarray of float, shape (n_rows, n_columns)
        Rows on which the margins are compared with XGBoost's.
    best_iterations : sequence of int or None
        Last boosting round used of each refit, counted from 0; None uses all rounds of all.

    Returns
    -------
    BoostedEnsemble
        Margins of all refits, one column for each booster, in their order.

    Raises
    ------
    UnsupportedBoosterError
        If a booster is of another kind or has other columns, or none is given.
    TableMismatchError
        If a margin differs from XGBoost's own by more than 1e-5.
    """
    last = [None] * len(boosters) if best_iterations is None else list(best_iterations)
    forests = [read_forest(one, end) for one, end in zip(boosters, last, strict=True)]
    if not forests:
        raise UnsupportedBoosterError("no refit is given; an ensemble needs one booster at least")
    X = checked_cohort(X_cohort, forests[0].n_columns)
    for forest in forests:
        checked_cohort(X, forest.n_columns)
    trees = [tree for forest in forests for tree in forest.trees]
    depth = max((tree.depth() for tree in trees), default=0)
    full = _FullTrees.empty(len(trees), depth)
    for at, tree in enumerate(trees):
        full.put(at, tree)
    ensemble = BoostedEnsemble(
        feature=full.feature,
        threshold=full.threshold,
        missing_left=full.missing_left,
        value=full.value,
        intercept=np.array([forest.intercept for forest in forests]),
        n_trees=np.array([len(forest.trees) for forest in forests], dtype=np.int32),
        n_columns=forests[0].n_columns,
    )
    margins = ensemble.margins(X)
    for column, (booster, end) in enumerate(zip(boosters, last, strict=True)):
        check_margins(margins[:, column], booster, X, best_iteration=end)
    return ensemble


@dataclass(frozen=True, slots=True)
class _FullTrees:
    """Trees filled up to one depth, as ``BoostedEnsemble`` holds them."""

    feature: npt.NDArray[np.int16]
    threshold: npt.NDArray[np.float32]
    missing_left: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float32]

    @classmethod
    def empty(cls, n_trees: int, depth: int) -> _FullTrees:
        """Make room for trees in which every row goes left."""
        nodes = (n_trees, (1 << depth) - 1)
        return cls(
            feature=np.zeros(nodes, dtype=np.int16),
            threshold=np.full(nodes, np.inf, dtype=np.float32),
            missing_left=np.ones(nodes, dtype=np.bool_),
            value=np.zeros((n_trees, 1 << depth), dtype=np.float32),
        )

    def put(self, at: int, tree: Tree) -> None:
        """Copy one tree; the value of a leaf above the last level goes to all places below it."""
        n_nodes = self.threshold.shape[1]
        waiting = [(0, 0, 0)]  # place in the full tree, node of the tree, level
        while waiting:
            place, node, level = waiting.pop()
            if tree.left[node] >= 0:
                self.feature[at, place] = tree.feature[node]
                self.threshold[at, place] = tree.threshold[node]
                self.missing_left[at, place] = tree.missing_left[node]
                waiting.append((2 * place + 1, tree.left[node], level + 1))
                waiting.append((2 * place + 2, tree.right[node], level + 1))
                continue
            below = (n_nodes + 1) >> level
            first = (place + 1) * below - 1 - n_nodes
            self.value[at, first : first + below] = tree.threshold[node]
