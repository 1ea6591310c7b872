"""A boosted model: leaves, their values, and the tables that explain them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from predictor.boosted.leaves import Array, FloatArray, LeafConditions, as_float32, row_chunks


@dataclass(frozen=True, slots=True, eq=False)
class _Lookup:
    """The slots of all leaves in order of their column, so that a column is one run of slots."""

    leaf: npt.NDArray[np.intp]
    start: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    column_start: npt.NDArray[np.intp]

    @classmethod
    def of(cls, conditions: LeafConditions) -> _Lookup:
        """Order the slots; the tables hold leaf after leaf, slot after slot, pattern by pattern."""
        n_slots = conditions.n_slots
        leaf, slot = np.nonzero(conditions.feature >= 0)
        column = conditions.feature[leaf, slot].astype(np.intp)
        size = np.left_shift(1, n_slots)[leaf]
        start = np.cumsum(size) - size
        order = np.argsort(column, kind="stable")
        columns, column_start = np.unique(column[order], return_index=True)
        return cls(leaf[order], start[order], columns, column_start)


@dataclass(frozen=True, slots=True, eq=False)
class Boosted:
    """A boosted ensemble of shallow trees on the margin scale, explained exactly.

    For every row ``base + contributions(X).sum(axis=1) == margin(X)`` and
    ``path_base + path_contributions(X).sum(axis=1) == margin(X)`` up to rounding in float64.

    Parameters
    ----------
    conditions : LeafConditions
        How each leaf is reached.
    value : ndarray of float64, shape (n_leaves,)
        What each leaf adds to the margin; log-odds or log-hazard, higher is more likely.
    intercept : float
        Margin before any leaf: the base score and all trees without a split.
    table, path_table : ndarray of float64, shape (sum of n_slots * 2**n_slots,)
        Shapley value of each slot at each pattern: leaf after leaf, within it slot after slot,
        within that pattern by pattern. ``table`` is interventional against the training cohort,
        ``path_table`` follows the cover of the trees.
    base : float
        Mean margin of the training cohort.
    path_base : float
        Mean margin by cover.

    References
    ----------
    Lundberg SM et al. From local explanations to global understanding with explainable AI for
    trees. Nat Mach Intell 2020;2:56-67.
    """

    conditions: LeafConditions
    value: FloatArray
    intercept: float
    table: FloatArray
    path_table: FloatArray
    base: float
    path_base: float
    _full: npt.NDArray[np.uint8] = field(init=False, repr=False)
    _lookup: _Lookup = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check that the tables fit the leaves, and order the slots for lookup."""
        n_slots = self.conditions.n_slots
        cells = int((n_slots * np.left_shift(1, n_slots)).sum())
        if {self.table.shape, self.path_table.shape} != {(cells,)}:
            raise ValueError(f"tables of {cells} values are expected for these leaves")
        object.__setattr__(self, "_full", (np.left_shift(1, n_slots) - 1).astype(np.uint8))
        object.__setattr__(self, "_lookup", _Lookup.of(self.conditions))

    @property
    def n_columns(self) -> int:
        """Tell how many columns X must have.

        Returns
        -------
        int
            Number of columns.
        """
        return self.conditions.n_columns

    def margin(self, X: Array) -> FloatArray:
        """Sum the leaves each row reaches.

        Parameters
        ----------
        X : ndarray of float, shape (n_rows, n_columns)
            Rows; NaN is a missing value and goes where the trees learned to send it.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            Log-odds or log-hazard; higher is more likely.
        """
        x = as_float32(X, self.n_columns)
        out = np.empty(x.shape[0])
        for rows in row_chunks(x.shape[0], self.value.size):
            reached = self.conditions.patterns(x[rows]) == self._full
            out[rows] = np.where(reached, self.value, 0.0).sum(axis=1)
        return out + self.intercept

    def contributions(self, X: Array) -> FloatArray:
        """Split ``margin - base`` over the columns, against the whole training cohort.

        Interventional: a column left out of a coalition takes its values in the cohort,
        independently of the columns kept.

        Parameters
        ----------
        X : ndarray of float, shape (n_rows, n_columns)
            Rows; NaN is a missing value.

        Returns
        -------
        ndarray of float64, shape (n_rows, n_columns)
            Exact Shapley values on the margin scale; positive raises the margin.
        """
        return self._look_up(X, self.table)

    def path_contributions(self, X: Array) -> FloatArray:
        """Split ``margin - path_base`` over the columns, following the cover of the trees.

        Parameters
        ----------
        X : ndarray of float, shape (n_rows, n_columns)
            Rows; NaN is a missing value.

        Returns
        -------
        ndarray of float64, shape (n_rows, n_columns)
            Path-dependent Shapley values, as XGBoost's ``pred_contribs``.
        """
        return self._look_up(X, self.path_table)

    def _look_up(self, X: Array, table: FloatArray) -> FloatArray:
        """Read each slot's value at the row's pattern and sum the slots of each column."""
        x = as_float32(X, self.n_columns)
        out = np.zeros(x.shape)
        slots = self._lookup
        if not slots.columns.size:
            return out
        for rows in row_chunks(x.shape[0], slots.leaf.size):
            found = self.conditions.patterns(x[rows]).take(slots.leaf, axis=1)
            shares = table.take(found + slots.start)
            out[rows, slots.columns] = np.add.reduceat(shares, slots.column_start, axis=1)
        return out

    def to_arrays(self) -> dict[str, Array]:
        """Give the whole state as arrays.

        Returns
        -------
        dict of str to ndarray
            Numbers are arrays without dimensions.
        """
        conditions = self.conditions
        return {
            "feature": conditions.feature,
            "lower": conditions.lower,
            "upper": conditions.upper,
            "missing_ok": conditions.missing_ok,
            "n_columns": np.array(conditions.n_columns),
            "value": self.value,
            "intercept": np.array(self.intercept),
            "table": self.table,
            "path_table": self.path_table,
            "base": np.array(self.base),
            "path_base": np.array(self.path_base),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Boosted:
        """Build the model from what ``to_arrays`` gave.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            The state.

        Returns
        -------
        Boosted
            The same model.
        """
        conditions = LeafConditions(
            feature=arrays["feature"],
            lower=arrays["lower"],
            upper=arrays["upper"],
            missing_ok=arrays["missing_ok"],
            n_columns=int(arrays["n_columns"]),
        )
        return cls(
            conditions=conditions,
            value=arrays["value"],
            intercept=float(arrays["intercept"]),
            table=arrays["table"],
            path_table=arrays["path_table"],
            base=float(arrays["base"]),
            path_base=float(arrays["path_base"]),
        )
