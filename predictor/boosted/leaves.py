"""What a row must satisfy to reach a leaf, compared in float32 as XGBoost compares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Array = npt.NDArray[Any]

MAX_SLOTS = 4
"""Most distinct columns on the way to one leaf."""

_CELLS = 1 << 18  # rows × slots held at once: about 2 MB per temporary, which stays in cache


def row_chunks(n_rows: int, width: int) -> Iterator[slice]:
    """Cut rows into slices that keep temporaries small, whatever the number of leaves.

    Parameters
    ----------
    n_rows : int
        Rows to cut.
    width : int
        Numbers held for one row.

    Yields
    ------
    slice
        The next rows; each row is in one slice.
    """
    step = max(1, _CELLS // max(1, width))
    for start in range(0, n_rows, step):
        yield slice(start, start + step)


def as_float32(X: Array, n_columns: int) -> npt.NDArray[np.float32]:
    """Round rows as XGBoost does before it compares them.

    Parameters
    ----------
    X : ndarray of float, shape (n_rows, n_columns)
        Rows; NaN is a missing value.
    n_columns : int
        Columns the trees were fitted on.

    Returns
    -------
    ndarray of float32, shape (n_rows, n_columns)
        The rows, contiguous.

    Raises
    ------
    ValueError
        If X has another shape.
    """
    x = np.asarray(X)
    if x.ndim != 2 or x.shape[1] != n_columns:
        raise ValueError(f"X has shape {x.shape}; the trees were fitted on {n_columns} columns")
    return np.ascontiguousarray(x, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class LeafConditions:
    """What a row must satisfy to reach each leaf, one merged condition per distinct column.

    Comparisons are made in float32, as XGBoost makes them. A padded slot (``feature`` -1,
    ``lower`` +inf, ``upper`` -inf, ``missing_ok`` False) is satisfied by no row.

    Parameters
    ----------
    feature : ndarray of int32, shape (n_leaves, 4)
        Column a slot asks about; -1 where the leaf has fewer than four distinct columns. Filled
        slots come first. Leaves with fewer slots come first, which saves comparisons.
    lower, upper : ndarray of float32, shape (n_leaves, 4)
        The slot is satisfied by ``lower <= x < upper``.
    missing_ok : ndarray of bool, shape (n_leaves, 4)
        Whether a missing value satisfies the slot.
    n_columns : int
        Number of columns of X.
    """

    feature: npt.NDArray[np.int32]
    lower: npt.NDArray[np.float32]
    upper: npt.NDArray[np.float32]
    missing_ok: npt.NDArray[np.bool_]
    n_columns: int

    @property
    def n_slots(self) -> npt.NDArray[np.intp]:
        """Count the distinct columns each leaf asks about.

        Returns
        -------
        ndarray of int, shape (n_leaves,)
            From 1 to 4.
        """
        return np.asarray((self.feature >= 0).sum(axis=1), dtype=np.intp)

    def patterns(self, X: Array) -> npt.NDArray[np.uint8]:
        """Find which conditions of each leaf each row satisfies.

        All rows are held at once; give large X in chunks.

        Parameters
        ----------
        X : ndarray of float, shape (n_rows, n_columns)
            Rows; NaN is a missing value.

        Returns
        -------
        ndarray of uint8, shape (n_rows, n_leaves)
            Bit j is set where slot j is satisfied; ``2**n_slots - 1`` where the leaf is reached.
        """
        x = as_float32(X, self.n_columns)
        used = self.feature >= 0
        found = np.zeros((x.shape[0], self.feature.shape[0]), dtype=np.uint8)
        for slot in range(MAX_SLOTS):
            if not used[:, slot].any():
                break
            tail = slice(int(used[:, slot].argmax()), None)
            value = x.take(self.feature[tail, slot], axis=1)
            satisfied = (value >= self.lower[tail, slot]) & (value < self.upper[tail, slot])
            satisfied |= np.isnan(value) & self.missing_ok[tail, slot]
            found[:, tail] |= satisfied.view(np.uint8) << np.uint8(slot)
        return found
