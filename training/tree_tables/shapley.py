"""Shapley values of leaves with d distinct columns, for every pattern of satisfied conditions."""

from __future__ import annotations

from math import factorial

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def interventional(d: int, value: FloatArray, frequency: FloatArray) -> FloatArray:
    """Average the two-row Shapley values of a leaf over the patterns of the cohort.

    Let A be the slots only the row satisfies and B those only the cohort's row satisfies. The
    leaf is reached by a mixture of both when it takes all of A from the row and all of B from
    the other; where a slot is satisfied by neither it is never reached. Hence each slot of A has
    v (|A|-1)! |B|! / (|A|+|B|)! and each slot of B has -v |A|! (|B|-1)! / (|A|+|B|)!.

    Parameters
    ----------
    d : int
        Distinct columns of each leaf.
    value : ndarray of float64, shape (n_leaves,)
        What each leaf adds to the margin.
    frequency : ndarray of float64, shape (n_leaves, at least 2**d)
        Share of the cohort with each pattern.

    Returns
    -------
    ndarray of float64, shape (n_leaves, d, 2**d)
        Shapley value of each slot at each pattern of the row.
    """
    weight = np.zeros((1 << d, d, 1 << d))
    full = (1 << d) - 1
    for row in range(1 << d):
        for other in range(1 << d):
            if row | other != full:
                continue
            a, b = (row & ~other).bit_count(), (other & ~row).bit_count()
            for slot in range(d):
                if row & ~other & (1 << slot):
                    weight[row, slot, other] = factorial(a - 1) * factorial(b) / factorial(a + b)
                elif other & ~row & (1 << slot):
                    weight[row, slot, other] = -factorial(a) * factorial(b - 1) / factorial(a + b)
    shares = np.einsum("xsz,lz->lsx", weight, frequency[:, : 1 << d])
    return np.asarray(shares * value[:, None, None], dtype=np.float64)


def path_dependent(d: int, value: FloatArray, ratio: FloatArray) -> FloatArray:
    """Give the Shapley values of a leaf where an absent column passes by its share of cover.

    The game is v(S) = value × Π over slots in S of [satisfied] × Π over the others of the ratio.

    Parameters
    ----------
    d : int
        Distinct columns of each leaf.
    value : ndarray of float64, shape (n_leaves,)
        What each leaf adds to the margin.
    ratio : ndarray of float64, shape (n_leaves, d)
        Share of cover that satisfies each slot.

    Returns
    -------
    ndarray of float64, shape (n_leaves, d, 2**d)
        Shapley value of each slot at each pattern of the row.
    """
    shares = np.zeros((value.size, d, 1 << d))
    for row in range(1 << d):
        satisfied = [float(row >> slot & 1) for slot in range(d)]
        for slot in range(d):
            others = [other for other in range(d) if other != slot]
            for kept in range(1 << (d - 1)):
                size = kept.bit_count()
                term = (satisfied[slot] - ratio[:, slot]) * value
                for bit, other in enumerate(others):
                    term = term * (satisfied[other] if kept >> bit & 1 else ratio[:, other])
                weight = factorial(size) * factorial(d - size - 1) / factorial(d)
                shares[:, slot, row] += weight * term
    return shares
