"""Margins of many refits at once, for the interval of one person's risk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from predictor.boosted.leaves import Array, FloatArray, as_float32, row_chunks


@dataclass(frozen=True, slots=True, eq=False)
class BoostedEnsemble:
    """Margins of many refits of a boosted learner, for the interval of one person's risk.

    Every tree is stored as a full binary tree of one common depth, children of node i at 2i + 1
    and 2i + 2, so that a step down all trees is one array operation. Where a tree is shallower,
    all leaves below its own leaf repeat its value.

    Parameters
    ----------
    feature : ndarray of int16, shape (n_trees, 2**depth - 1)
        Column each node asks about.
    threshold : ndarray of float32, shape (n_trees, 2**depth - 1)
        A row goes left where its value is below.
    missing_left : ndarray of bool, shape (n_trees, 2**depth - 1)
        Whether a missing value goes left.
    value : ndarray of float32, shape (n_trees, 2**depth)
        What each leaf adds to the margin.
    intercept : ndarray of float64, shape (n_refits,)
        Margin of each refit before any tree.
    n_trees : ndarray of int32, shape (n_refits,)
        Trees of each refit; they follow one another in the arrays above.
    n_columns : int
        Number of columns of X.
    """

    feature: npt.NDArray[np.int16]
    threshold: npt.NDArray[np.float32]
    missing_left: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float32]
    intercept: FloatArray
    n_trees: npt.NDArray[np.int32]
    n_columns: int
    _column: npt.NDArray[np.intp] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Point each node at the copy of X in which a missing value goes its way."""
        column = self.feature.astype(np.intp)
        column[~self.missing_left] += self.n_columns
        object.__setattr__(self, "_column", column)

    def margins(self, X: Array) -> FloatArray:
        """Give the margin of each row under each refit.

        Parameters
        ----------
        X : ndarray of float, shape (n_rows, n_columns)
            Rows; NaN is a missing value.

        Returns
        -------
        ndarray of float64, shape (n_rows, n_refits)
            Log-odds or log-hazard; higher is more likely.
        """
        x = as_float32(X, self.n_columns)
        missing = np.isnan(x)
        sent = np.hstack([np.where(missing, -np.inf, x), np.where(missing, np.inf, x)])
        sent = sent.astype(np.float32, copy=False)
        grown = np.flatnonzero(self.n_trees)
        starts = (np.cumsum(self.n_trees) - self.n_trees)[grown]
        out = np.tile(self.intercept, (x.shape[0], 1))
        if not grown.size:
            return out
        for rows in row_chunks(x.shape[0], self.value.shape[0]):
            out[rows, grown] += np.add.reduceat(self._leaves(sent[rows]), starts, axis=1)
        return out

    def _leaves(self, sent: npt.NDArray[np.float32]) -> FloatArray:
        """Walk down all trees at once to the value of the leaf each row reaches in each tree."""
        n_trees, n_leaves = self.value.shape
        first_cell = np.arange(sent.shape[0])[:, None] * sent.shape[1]
        first_node = np.arange(n_trees) * (n_leaves - 1)
        node = np.zeros((sent.shape[0], n_trees), dtype=np.intp)
        for _ in range(n_leaves.bit_length() - 1):
            at = node + first_node
            value = sent.ravel().take(self._column.ravel().take(at) + first_cell)
            node = 2 * node + 1 + (value >= self.threshold.ravel().take(at))
        leaf = node - (n_leaves - 1) + np.arange(n_trees) * n_leaves
        return np.asarray(self.value.ravel().take(leaf), dtype=np.float64)

    def to_arrays(self) -> dict[str, Array]:
        """Give the whole state as arrays.

        Returns
        -------
        dict of str to ndarray
            Numbers are arrays without dimensions.
        """
        return {
            "feature": self.feature,
            "threshold": self.threshold,
            "missing_left": self.missing_left,
            "value": self.value,
            "intercept": self.intercept,
            "n_trees": self.n_trees,
            "n_columns": np.array(self.n_columns),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> BoostedEnsemble:
        """Build the refits from what ``to_arrays`` gave.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            The state.

        Returns
        -------
        BoostedEnsemble
            The same refits.
        """
        return cls(
            feature=arrays["feature"],
            threshold=arrays["threshold"],
            missing_left=arrays["missing_left"],
            value=arrays["value"],
            intercept=arrays["intercept"],
            n_trees=arrays["n_trees"],
            n_columns=int(arrays["n_columns"]),
        )
