"""The linear learner: a margin that is a sum of coefficient × (value − cohort mean).

Serves logistic, ridge, elastic net and Cox alike; only the link that follows differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.errors import InvalidInputError


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A fitted linear margin, centred on the training cohort.

    Assumes that effects add up on the margin's scale; an interaction or a bend that is not a
    column of its own is not seen.

    Parameters
    ----------
    coefficients : ndarray of shape (p,)
        Change of the margin per unit of each column; positive raises the margin.
    means : ndarray of shape (p,)
        Mean of each column in the training cohort: the reference of every contribution.
    intercept : float
        Margin of a person whose columns all equal `means`.

    Raises
    ------
    InvalidInputError
        If coefficients and means differ in shape, or anything is not finite.

    Examples
    --------
    >>> model = Linear(np.array([2.0, -1.0]), np.array([10.0, 0.5]), 0.3)
    >>> model.contributions(np.array([[11.0, 0.5]])).tolist()
    [[2.0, -0.0]]
    >>> model.margin(np.array([[11.0, 0.5]])).tolist()
    [2.3]
    """

    coefficients: NDArray[np.float64]
    means: NDArray[np.float64]
    intercept: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "coefficients", np.array(self.coefficients, dtype=np.float64))
        object.__setattr__(self, "means", np.array(self.means, dtype=np.float64))
        object.__setattr__(self, "intercept", float(self.intercept))
        if self.coefficients.ndim != 1 or self.coefficients.shape != self.means.shape:
            raise InvalidInputError(
                f"a linear model has coefficients of shape {self.coefficients.shape} and means of "
                f"shape {self.means.shape}; both must be one vector of the same length"
            )
        finite = np.isfinite(self.coefficients).all() and np.isfinite(self.means).all()
        if not (finite and np.isfinite(self.intercept)):
            raise InvalidInputError(
                "a linear model holds a coefficient, mean or intercept that is not a finite "
                "number; fit it again"
            )

    @property
    def base(self) -> float:
        """Margin to which the contributions are added.

        Returns
        -------
        float
            The intercept: margin at the cohort means.
        """
        return self.intercept

    def contributions(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Split each margin over the columns: coefficient × (value − cohort mean).

        For a linear margin these are the exact interventional Shapley values against the whole
        training cohort.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            Encoded columns without missing values (impute first).

        Returns
        -------
        ndarray of shape (n, p)
            Contributions in units of the margin; positive raises it.

        Raises
        ------
        InvalidInputError
            If `X` has another number of columns or a missing value.

        References
        ----------
        Lundberg & Lee (2017), A unified approach to interpreting model predictions, Corollary 1.
        """
        X = np.ascontiguousarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] != self.means.size:
            raise InvalidInputError(
                f"X has shape {X.shape}; this model takes {self.means.size} columns: encode the "
                "rows with the model's own encoding"
            )
        if not np.isfinite(X).all():
            raise InvalidInputError(
                "X holds missing or infinite values; a linear model needs complete columns: "
                "fill them with the model's imputation first"
            )
        return self.coefficients * (X - self.means)

    def margin(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the margin of each row.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            Encoded columns without missing values.

        Returns
        -------
        ndarray of shape (n,)
            Margin (log-odds, or log-hazard relative to the baseline) before calibration.
        """
        # The sum of contributions, not X @ b: a row scored alone gives the same bits as in a file.
        return np.asarray(self.intercept + self.contributions(X).sum(axis=1))

    def to_arrays(self) -> dict[str, NDArray[np.float64]]:
        """Give the whole state as arrays.

        Returns
        -------
        dict of str to ndarray
            ``coefficients``, ``means``, ``intercept`` (0-d).
        """
        return {
            "coefficients": self.coefficients.copy(),
            "means": self.means.copy(),
            "intercept": np.array(self.intercept),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.float64]]) -> Linear:
        """Rebuild the model that `to_arrays` described.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            As given by `to_arrays`.

        Returns
        -------
        Linear
            The same model, bit for bit.
        """
        return cls(arrays["coefficients"], arrays["means"], float(arrays["intercept"]))
