"""A linear learner and boosted trees that agree on one margin: their weighted mean.

Both read completed columns, so that a missing answer is assumed once and for both alike. The mean
of two margins is a margin: contributions stay exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.boosted import Boosted
from predictor.dotted import part_of, under
from predictor.linear import Linear

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Blended:
    """The weighted mean of a linear margin and a boosted one.

    Parameters
    ----------
    linear : Linear
        Reads every column.
    trees : Boosted
        Reads the columns of `places` alone.
    places : ndarray of int, shape (n_columns of the trees,)
        Places of the trees' columns among all columns, each once.
    weight : float
        Share of the trees in the margin, 0 to 1.

    Raises
    ------
    ValueError
        If the weight is no share, or the places do not fit the trees or the columns.
    """

    linear: Linear
    trees: Boosted
    places: NDArray[np.intp]
    weight: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", np.array(self.places, dtype=np.intp))
        object.__setattr__(self, "weight", float(self.weight))
        if not 0 <= self.weight <= 1:
            raise ValueError("the weight of the trees must be a share between 0 and 1")
        n = self.linear.coefficients.size
        inside = (self.places >= 0) & (self.places < n)
        once = np.unique(self.places).size == self.places.size
        if self.places.shape != (self.trees.n_columns,) or not inside.all() or not once:
            raise ValueError("the trees must read columns of the linear learner, each once")

    @property
    def base(self) -> float:
        """Margin to which the contributions are added.

        Returns
        -------
        float
            Weighted mean of both bases.
        """
        return (1 - self.weight) * self.linear.base + self.weight * self.trees.base

    def contributions(self, X: Floats) -> Floats:
        """Split each margin over the columns.

        Parameters
        ----------
        X : ndarray, shape (n, n_columns)
            Encoded columns without missing values.

        Returns
        -------
        ndarray, shape (n, n_columns)
            Weighted mean of both learners' exact Shapley values against the training cohort.

        Raises
        ------
        InvalidInputError
            If `X` has another number of columns or a missing value.
        """
        shared = (1 - self.weight) * self.linear.contributions(X)
        shared[:, self.places] += self.weight * self.trees.contributions(X[:, self.places])
        return np.asarray(shared)

    def margin(self, X: Floats) -> Floats:
        """Give the margin of each row.

        Parameters
        ----------
        X : ndarray, shape (n, n_columns)
            Encoded columns without missing values.

        Returns
        -------
        ndarray, shape (n,)
            Base and contributions added up.
        """
        return np.asarray(self.base + self.contributions(X).sum(axis=1))

    def disagreement(self, X: Floats, *, levels: bool = True) -> Floats:
        """Give the variance of the margin between the two learners.

        Parameters
        ----------
        X : ndarray, shape (n, n_columns)
            Encoded columns without missing values.
        levels : bool
            Whether the level of a margin means something; that of a log-hazard does not, so that
            each margin counts from its own base.

        Returns
        -------
        ndarray, shape (n,)
            weight · (1 − weight) · (difference of the margins)²: what a mixture of both adds to
            the variance within them.

        References
        ----------
        Hoeting et al (1999), Bayesian model averaging, Stat Sci 14:382, equation 3.
        """
        apart = self.trees.margin(X[:, self.places]) - self.linear.margin(X)
        if not levels:
            apart = apart - (self.trees.base - self.linear.base)
        return np.asarray(self.weight * (1 - self.weight) * apart**2)

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Give the whole state as arrays.

        Returns
        -------
        dict of str to ndarray
            Those of the parts under ``linear.`` and ``trees.``, with ``places`` and ``weight``.
        """
        arrays: dict[str, NDArray[np.generic]] = {
            "places": self.places.copy(),
            "weight": np.array(self.weight),
        }
        arrays |= under("linear", self.linear.to_arrays()) | under("trees", self.trees.to_arrays())
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Blended:
        """Rebuild what `to_arrays` described.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            As given by `to_arrays`.

        Returns
        -------
        Blended
            The same learner, bit for bit.
        """
        return cls(
            Linear.from_arrays(part_of(arrays, "linear")),
            Boosted.from_arrays(part_of(arrays, "trees")),
            arrays["places"].astype(np.intp),
            float(arrays["weight"]),
        )
