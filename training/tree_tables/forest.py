"""Read the trees of a booster from XGBoost's own JSON, and refuse what no exact table can say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost

from predictor.boosted import MAX_SLOTS
from predictor.errors import PredictorError

FloatArray = npt.NDArray[np.float64]


class UnsupportedBoosterError(PredictorError):
    """The booster is of a kind for which no exact table is built."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree as XGBoost writes it: node 0 is the root, a leaf has left child -1.

    Parameters
    ----------
    left, right : list of int, length n_nodes
        Children of each node.
    feature : list of int, length n_nodes
        Column each node asks about.
    threshold : ndarray of float32, shape (n_nodes,)
        A row goes left where its value is below; of a leaf, its value.
    missing_left : list of bool, length n_nodes
        Whether a missing value goes left.
    cover : list of float, length n_nodes
        Sum of hessians of the training rows that came by.
    """

    left: list[int]
    right: list[int]
    feature: list[int]
    threshold: npt.NDArray[np.float32]
    missing_left: list[bool]
    cover: list[float]

    def depth(self, node: int = 0) -> int:
        """Count the splits on the longest way down.

        Parameters
        ----------
        node : int
            Where to start; 0 is the root.

        Returns
        -------
        int
            0 for a leaf.
        """
        if self.left[node] < 0:
            return 0
        return 1 + max(self.depth(self.left[node]), self.depth(self.right[node]))


@dataclass(slots=True)
class Slot:
    """All conditions on one column on the way to one leaf, merged.

    Parameters
    ----------
    lower, upper : float
        Satisfied by ``lower <= x < upper``; both are float32 numbers.
    missing_ok : bool
        Whether a missing value comes through.
    cover_ratio : float
        Product of the shares of cover that go this way, 0 to 1.
    """

    lower: float = -np.inf
    upper: float = np.inf
    missing_ok: bool = True
    cover_ratio: float = 1.0


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf and what leads to it.

    Parameters
    ----------
    value : float
        What it adds to the margin.
    slots : dict of int to Slot
        Merged conditions by column.
    """

    value: float
    slots: dict[int, Slot]


@dataclass(frozen=True, slots=True)
class Forest:
    """What the tables need of a booster.

    Parameters
    ----------
    trees : list of Tree
        Trees of the rounds used.
    intercept : float
        Base score on the margin scale.
    n_columns : int
        Columns of X.
    """

    trees: list[Tree]
    intercept: float
    n_columns: int


def read_forest(booster: xgboost.Booster, best_iteration: int | None) -> Forest:
    """Read XGBoost's own JSON and refuse what the tables cannot say exactly.

    Parameters
    ----------
    booster : xgboost.Booster
        Fitted with ``binary:logistic`` or ``survival:cox``.
    best_iteration : int or None
        Last boosting round used, counted from 0; None uses all rounds.

    Returns
    -------
    Forest
        Trees of the rounds used, intercept on the margin scale, number of columns.

    Raises
    ------
    UnsupportedBoosterError
        If it is no ``gbtree`` with one output and numeric splits at most 4 deep, or has no such
        round.
    """
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    grown = learner["gradient_booster"]
    if grown["name"] != "gbtree":
        raise UnsupportedBoosterError(
            f"the booster is {grown['name']!r}; fit with booster='gbtree'"
        )
    until = grown["model"]["iteration_indptr"]
    n_iterations = len(until) - 1
    if best_iteration is not None and not 0 <= best_iteration < n_iterations:
        raise UnsupportedBoosterError(
            f"best_iteration is {best_iteration}; the booster has {n_iterations} rounds from 0"
        )
    used = n_iterations if best_iteration is None else best_iteration + 1
    return Forest(
        trees=[_read_tree(tree) for tree in grown["model"]["trees"][: until[used]]],
        intercept=_base_margin(learner),
        n_columns=int(learner["learner_model_param"]["num_feature"]),
    )


def _base_margin(learner: dict[str, Any]) -> float:
    """Put the base score, written on the scale of the prediction, on the margin scale.

    XGBoost 3 writes it as a vector in a string ("[4.03E-1]"), older ones as a number.
    """
    scores = learner["learner_model_param"]["base_score"].strip("[]").split(",")
    if len(scores) != 1:
        raise UnsupportedBoosterError(f"the booster has {len(scores)} outputs; one is accepted")
    score = float(scores[0])
    objective = learner["objective"]["name"]
    if objective == "binary:logistic":
        return float(np.log(score) - np.log1p(-score))
    if objective == "survival:cox":
        return float(np.log(score))
    raise UnsupportedBoosterError(
        f"the objective is {objective!r}; accepted are 'binary:logistic' and 'survival:cox'"
    )


def _read_tree(written: dict[str, Any]) -> Tree:
    """Read one tree; refuse splits on categories and trees that are too deep."""
    if any(written["split_type"]):
        raise UnsupportedBoosterError("a tree splits on categories; give numeric columns only")
    tree = Tree(
        left=written["left_children"],
        right=written["right_children"],
        feature=written["split_indices"],
        threshold=np.array(written["split_conditions"], dtype=np.float32),
        missing_left=[bool(left) for left in written["default_left"]],
        cover=written["sum_hessian"],
    )
    if tree.depth() > MAX_SLOTS:
        raise UnsupportedBoosterError(
            f"a tree is {tree.depth()} splits deep; fit with max_depth {MAX_SLOTS} at most"
        )
    return tree


def leaves_of(tree: Tree) -> Iterator[Leaf]:
    """Walk to every leaf and merge the conditions met on the way.

    Parameters
    ----------
    tree : Tree
        The tree.

    Yields
    ------
    Leaf
        Its value and one slot for each distinct column; none in a tree without a split.
    """
    waiting: list[tuple[int, dict[int, Slot]]] = [(0, {})]
    while waiting:
        node, slots = waiting.pop()
        if tree.left[node] < 0:
            yield Leaf(float(tree.threshold[node]), slots)
            continue
        for goes_left in (True, False):
            column = tree.feature[node]
            narrowed = _narrow(slots.get(column, Slot()), tree, node, goes_left=goes_left)
            child = tree.left[node] if goes_left else tree.right[node]
            waiting.append((child, {**slots, column: narrowed}))


def _narrow(slot: Slot, tree: Tree, node: int, *, goes_left: bool) -> Slot:
    """Add the condition of one split to what is already asked of its column."""
    threshold = float(tree.threshold[node])
    child = tree.left[node] if goes_left else tree.right[node]
    parent_cover = tree.cover[node]
    ratio = tree.cover[child] / parent_cover if parent_cover > 0 else 0.0
    return Slot(
        lower=slot.lower if goes_left else max(slot.lower, threshold),
        upper=min(slot.upper, threshold) if goes_left else slot.upper,
        missing_ok=slot.missing_ok and tree.missing_left[node] == goes_left,
        cover_ratio=slot.cover_ratio * ratio,
    )


def checked_cohort(X_cohort: FloatArray, n_columns: int) -> FloatArray:
    """Refuse a cohort without rows or with other columns than the booster.

    Parameters
    ----------
    X_cohort : ndarray of float, shape (n_rows, n_columns)
        The cohort.
    n_columns : int
        Columns of the booster.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_columns)
        The cohort.

    Raises
    ------
    UnsupportedBoosterError
        If the shape is another.
    """
    X = np.asarray(X_cohort, dtype=np.float64)
    if X.ndim != 2 or X.shape[0] == 0 or X.shape[1] != n_columns:
        raise UnsupportedBoosterError(
            f"the cohort has shape {X.shape}; one row at least and {n_columns} columns are needed"
        )
    return X
