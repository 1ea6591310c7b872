"""Answers that are each in range but together unlike the training people's.

Two distances, each held against those of training people who took no part in the fit: the
Mahalanobis distance of all answers, which sees a person far out in many, and that of each two
answers that go together, which sees two that contradict one another. Among dozens of answers the
first would not see the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.imputation import GaussianImputation

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

FURTHEST = 3.0
"""How far, in SDs, an answer counts: further out it is for the range of single answers to say, and
a rare "yes" is not made an unusual combination by its rarity."""

_ROWS = 2048  # looked at together, so that all pairs of them fit into memory


@dataclass(frozen=True, slots=True, eq=False)
class JointSupport:
    """How far a person's answers lie from the training people's, taken together.

    Assumes that columns depend on one another linearly, and that distances, brought to one scale
    by the number of answers, are spread alike whichever answers are missing.

    Parameters
    ----------
    distribution : GaussianImputation
        Means and covariance of the encoded columns.
    limit : float
        Distance of all answers beyond which hardly any training person lay; rounded up, so that
        it is nobody's.
    pairs : ndarray of int, shape (n_pairs, 2)
        Columns that go together.
    correlation : ndarray, shape (n_pairs,)
        How closely at least, in (-1, 1).
    pair_limit : float
        As `limit`, for the distance of two answers.

    References
    ----------
    .. [1] Mahalanobis PC. On the generalised distance in statistics. Proc Natl Inst Sci India
       1936;2:49-55.
    .. [2] Wilson EB, Hilferty MM. The distribution of chi-square. Proc Natl Acad Sci USA
       1931;17:684-688.

    Examples
    --------
    >>> two = GaussianImputation(np.zeros(2), np.array([[1.0, 0.8], [0.8, 1.0]]))
    >>> support = JointSupport(two, 2.5, np.array([[0, 1]]), np.array([0.8]), 3.0)
    >>> rows = np.array([[2.0, 2.0], [2.0, -2.0], [2.0, np.nan]])
    >>> support.distances(rows).round(2).tolist()
    [1.25, 5.48, 1.72]
    >>> support.pair_distances(rows)[:, 0].round(2).tolist()
    [0.67, 6.0, 0.0]
    """

    distribution: GaussianImputation
    limit: float
    pairs: Places
    correlation: Floats
    pair_limit: float

    def distances(self, X: Floats) -> Floats:
        """Give the distance of all answers of each row from the training means.

        The squared Mahalanobis distance [1]_ of the k answered columns is that of the whole row
        with conditional means in the gaps; d²/k to the power of one third is nearly normal [2]_.
        Answers count up to `FURTHEST` SDs.

        Parameters
        ----------
        X : ndarray, shape (n, n_columns)
            Encoded rows, NaN where missing.

        Returns
        -------
        ndarray, shape (n,)
            About standard normal for people of the distribution; higher is further away; 0 where
            nothing is answered.
        """
        Z = self._standardised(X)
        # each row by itself, so that a person alone gets the same bits as in a file
        pulled = (self.distribution.precision @ Z[:, :, None])[:, :, 0]
        squared = np.maximum((Z * pulled).sum(axis=1), 0.0)
        k = (~np.isnan(X) & (self.distribution.scale > 0)).sum(axis=1)
        some = np.maximum(k, 1)
        spread = 2 / (9 * some)
        found = ((squared / some) ** (1 / 3) - (1 - spread)) / np.sqrt(spread)
        return np.asarray(np.where(k > 0, found, 0.0))

    def pair_distances(self, X: Floats) -> Floats:
        """Give how far each pair of answers is from going together.

        That is the Mahalanobis distance of the two beyond what the one further out has alone: how
        many SDs the other lies from what is expected beside it, (z_j − r z_i) / √(1 − r²).

        Parameters
        ----------
        X : ndarray, shape (n, n_columns)
            Encoded rows, NaN where missing.

        Returns
        -------
        ndarray, shape (n, n_pairs)
            In SDs, 0 or more; 0 where one of the two is missing.
        """
        Z = np.clip(self.distribution.standardise(X), -FURTHEST, FURTHEST)
        one, other = Z[:, self.pairs[:, 0]], Z[:, self.pairs[:, 1]]
        outer = np.abs(one) >= np.abs(other)
        first, second = np.where(outer, one, other), np.where(outer, other, one)
        apart = np.abs(second - self.correlation * first) / np.sqrt(1 - self.correlation**2)
        return np.asarray(np.nan_to_num(apart, nan=0.0))

    def unusual(self, X: Floats, owner: Places) -> Places:
        """Find rows whose answers together lie outside the training support, and name them.

        Parameters
        ----------
        X : ndarray, shape (n, n_columns)
            Encoded rows, NaN where missing.
        owner : ndarray of int, shape (n_columns,)
            Variable of each column.

        Returns
        -------
        ndarray of int, shape (n, 2)
            The two variables that go together least; or the variable without whose answer the
            distance of all would fall most, and -1; or -1 twice, for a row inside the support.
        """
        found = np.full((len(X), 2), -1, dtype=np.intp)
        for i in np.flatnonzero(self.distances(X) > self.limit):
            found[i, 0] = self._least_fitting(X[i], owner)
        for start in range(0, len(X) if len(self.pairs) else 0, _ROWS):
            apart = self.pair_distances(X[start : start + _ROWS])
            for i in np.flatnonzero(apart.max(axis=1) > self.pair_limit):
                found[start + i] = owner[self.pairs[apart[i].argmax()]]
        return found

    def to_arrays(self) -> dict[str, Floats]:
        """Give the whole state as arrays.

        Returns
        -------
        dict of str to ndarray
            `from_arrays` reads it back.
        """
        return {
            **self.distribution.to_arrays(),
            "limits": np.array([self.limit, self.pair_limit]),
            "pairs": self.pairs.astype(np.float64),
            "correlation": self.correlation,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Floats]) -> JointSupport:
        """Rebuild what `to_arrays` described.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            As given by `to_arrays`.

        Returns
        -------
        JointSupport
            The same.

        Raises
        ------
        ValueError
            If limits, pairs or correlations are not of their kind.
        """
        limits, pairs = arrays["limits"], arrays["pairs"]
        correlation = arrays["correlation"]
        if limits.shape != (2,) or not np.isfinite(limits).all():
            raise ValueError("the limits of the joint support must be two finite numbers")
        places = pairs.astype(np.intp)
        inside = (places >= 0) & (places < arrays["means"].size) & (places == pairs)
        if pairs.shape != (correlation.size, 2) or not inside.all():
            raise ValueError("the pairs of the joint support must be places of columns")
        if not (np.abs(correlation) < 1).all():
            raise ValueError("the correlations of the joint support must lie inside (-1, 1)")
        distribution = GaussianImputation.from_arrays(arrays)
        return cls(distribution, float(limits[0]), places, correlation, float(limits[1]))

    def _standardised(self, X: Floats) -> Floats:
        """Fill the gaps and bring columns to mean 0 and SD 1; constant columns to 0."""
        Z = self.distribution.standardise(self.distribution.fill(X))
        return np.clip(Z, -FURTHEST, FURTHEST)

    def _least_fitting(self, row: Floats, owner: Places) -> int:
        """Name the variable without whose answer the squared distance would fall most.

        It falls by w_g' (P_gg)⁻¹ w_g, with P the precision of the answered columns, w = P z and g
        the columns of one variable.
        """
        answered = np.flatnonzero(~np.isnan(row) & (self.distribution.scale > 0))
        precision = np.linalg.inv(self.distribution.correlation[np.ix_(answered, answered)])
        pulled = precision @ self._standardised(row[None, :])[0, answered]
        falls = {}
        for variable in np.unique(owner[answered]):
            own = np.flatnonzero(owner[answered] == variable)
            solved = np.linalg.solve(precision[np.ix_(own, own)], pulled[own])
            falls[int(variable)] = float(pulled[own] @ solved)
        return max(falls, key=lambda variable: falls[variable])
