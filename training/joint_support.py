"""The limits beyond which a combination of answers is called unusual, from held-out distances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from predictor.imputation import GaussianImputation
from predictor.shrinkage import pairwise_correlation
from predictor.support import JointSupport

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

RARE = 0.01
"""Share of people like the training people who may be called unusual in the long run; half of it
for each of the two distances."""

FEWEST = 10
"""People without whom there is no limit."""

_FOLDS = 5
_GRID = 0.1
_CLOSEST = 0.95
_SURE = 2.0  # standard errors taken off a correlation: pairs that go together by chance stay out


def fit_joint_support(
    X: Floats,
    distribution: GaussianImputation,
    owner: Places,
    *,
    rng: np.random.Generator,
    cut: NDArray[np.bool_] | None = None,
) -> JointSupport:
    """Set the limits so that hardly anybody of the training population lies beyond them.

    Rows that a covariance was fitted to lie nearer to it than new ones, much so where columns are
    many and people few. So each person's distances are taken from a fit to four fifths of the
    others. A limit is the k-th smallest of n distances, k = ⌈(n + 1)(1 − 0.005)⌉, or the largest
    where k > n (fewer than 199 people): a new person lies beyond it with a chance of about
    1 − k / (n + 1). It is rounded up to tenths, so that it is no person's distance.

    Parameters
    ----------
    X : ndarray, shape (n, n_columns)
        Encoded training rows, NaN where missing; at least `FEWEST` rows.
    distribution : GaussianImputation
        Fitted to all of them.
    owner : ndarray of int, shape (n_columns,)
        Variable of each column; columns of one variable are never a pair.
    rng : numpy.random.Generator
        Deals people to folds.
    cut : ndarray of bool, shape (n_columns,), optional
        Columns that only say from where on a value of another column lies: in no pair, since that
        column is.

    Returns
    -------
    JointSupport
        For new people.

    References
    ----------
    .. [1] Vovk V, Gammerman A, Shafer G. Algorithmic learning in a random world. Springer 2005
       (the rank of a new person among exchangeable ones).
    """
    paired = np.ones(len(owner), dtype=bool) if cut is None else ~cut
    may_pair = (owner[:, None] != owner[None, :]) & paired[:, None] & paired[None, :]
    fold = rng.permutation(len(X)) % _FOLDS
    distances, apart = np.empty(len(X)), np.zeros(len(X))
    for held_out in range(_FOLDS):
        rows = fold == held_out
        others = _without_limits(X[~rows], GaussianImputation.fit(X[~rows]), may_pair)
        distances[rows] = others.distances(X[rows])
        apart[rows] = others.pair_distances(X[rows]).max(axis=1, initial=0.0)
    found = _without_limits(X, distribution, may_pair)
    limits = _limit(distances), _limit(apart)
    return JointSupport(distribution, limits[0], found.pairs, found.correlation, limits[1])


def _without_limits(
    X: Floats, distribution: GaussianImputation, may_pair: NDArray[np.bool_]
) -> JointSupport:
    """Find the pairs of columns that surely go together."""
    correlation, variance = pairwise_correlation(distribution.standardise(X))
    surely = np.maximum(np.abs(correlation) - _SURE * np.sqrt(variance), 0.0)
    surely = np.sign(correlation) * np.minimum(surely, _CLOSEST)
    one, other = np.nonzero(np.triu(may_pair & (surely != 0), 1))
    pairs = np.column_stack([one, other])
    return JointSupport(distribution, np.inf, pairs, surely[one, other], np.inf)


def _limit(distances: Floats) -> float:
    """Give the limit that a new person passes with a chance of about half of `RARE`."""
    n = len(distances)
    k = min(int(np.ceil((n + 1) * (1 - RARE / 2))), n)
    return float(np.ceil(np.sort(distances)[k - 1] / _GRID) * _GRID)
