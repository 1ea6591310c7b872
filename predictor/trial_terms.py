"""Effects of randomised trials that enter a margin as they are.

Who is planned to get a treatment against relapse is no accident, so a cohort cannot say what the
treatment does. Such a term is not fitted: its coefficient is the trial's, its variance is in the
interval, and it is added after the calibration, which must not change it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TrialTerms:
    """Trial effects on the encoded columns of one model.

    Assumes that the effect found in the trial holds, within its variance, for the people scored.

    Parameters
    ----------
    directions : ndarray, shape (n_columns, n_terms)
        Part of each column in each term; 0 on every column that the learner may read.
    effects, variances : ndarray, shape (n_terms,)
        Log hazard ratio of each term (below 0: later relapse) and its variance, above 0.
    means : ndarray, shape (n_columns,)
        Mean of each column over the training people who answered it.
    spread : ndarray, shape (n_terms, n_terms)
        Covariance of the terms over those people: what is open where nobody answered.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is not finite or a variance is not above 0.

    Examples
    --------
    >>> planned = TrialTerms([[1.0]], [-0.9], [0.09], [0.4], [[0.24]])
    >>> planned.margin(np.array([[1.0], [0.0], [np.nan]])).round(2).tolist()
    [-0.54, 0.36, 0.0]
    """

    directions: Floats
    effects: Floats
    variances: Floats
    means: Floats
    spread: Floats

    def __post_init__(self) -> None:
        for part in fields(self):
            object.__setattr__(self, part.name, np.array(getattr(self, part.name), np.float64))
        k, p = self.effects.size, self.means.size
        shapes = {"directions": (p, k), "effects": (k,), "variances": (k,), "means": (p,)}
        for name, shape in (shapes | {"spread": (k, k)}).items():
            part = getattr(self, name)
            if part.shape != shape or not np.isfinite(part).all():
                raise ValueError(f"{name} of trial terms must be finite and of shape {shape}")
        if not (self.variances > 0).all():
            raise ValueError("an effect of a trial is never known exactly: variances are above 0")

    @property
    def coefficients(self) -> Floats:
        """Change of the margin per unit of each column, shape (n_columns,)."""
        return np.asarray(self.directions @ self.effects)

    def contributions(self, X: Floats) -> Floats:
        """Split what trials add to the margin over the columns.

        Parameters
        ----------
        X : ndarray, shape (n, n_columns)
            Encoded rows, NaN where missing.

        Returns
        -------
        ndarray, shape (n, n_columns)
            Coefficient × (value − mean); 0 where the answer is missing: the mix of plans of the
            training people is then assumed.
        """
        return np.asarray(self._apart(X) * self.coefficients)

    def margin(self, X: Floats) -> Floats:
        """Give what trials add to the margin.

        Parameters
        ----------
        X : ndarray, shape (n, n_columns)
            Encoded rows, NaN where missing.

        Returns
        -------
        ndarray, shape (n,)
            Log-hazard against the mix of plans of the training people.
        """
        return np.asarray(self.contributions(X).sum(axis=1))

    def variance(self, X: Floats) -> Floats:
        """Give the variance of that by the trials' own uncertainty.

        Parameters
        ----------
        X : ndarray, shape (n, n_columns)
            Encoded rows, NaN where missing.

        Returns
        -------
        ndarray, shape (n,)
            Squared log-hazard; 0 for a plan like the mix of the training people.
        """
        scores = (self._apart(X)[:, :, None] * self.directions).sum(axis=1)
        return np.asarray((self.variances * scores**2).sum(axis=1))

    def open_by_term(self, X: Floats) -> Floats:
        """Give the variance that unanswered plans leave open.

        Parameters
        ----------
        X : ndarray, shape (n, n_columns)
            Encoded rows, NaN where missing.

        Returns
        -------
        ndarray, shape (n, n_terms)
            Sums over terms to E[(effect · score)²] of what is not answered; 0 where answered.
        """
        asked = (np.isnan(X) @ np.abs(self.directions)) > 0
        square = np.outer(self.effects, self.effects) + np.diag(self.variances)
        return np.asarray(asked * (asked[:, None, :] * (square * self.spread)).sum(axis=2))

    def owners(self, owner: NDArray[np.intp]) -> NDArray[np.intp]:
        """Tell which variable each term belongs to.

        Parameters
        ----------
        owner : ndarray of int, shape (n_columns,)
            Variable of each column.

        Returns
        -------
        ndarray of int, shape (n_terms,)
            Its number.
        """
        return np.asarray(owner[np.abs(self.directions).argmax(axis=0)])

    def to_arrays(self) -> dict[str, Floats]:
        """Give the whole state as arrays.

        Returns
        -------
        dict of str to ndarray
            One for each field.
        """
        return {part.name: getattr(self, part.name).copy() for part in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Floats]) -> TrialTerms:
        """Rebuild what `to_arrays` described.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            One for each field.

        Returns
        -------
        TrialTerms
            The same terms, bit for bit.
        """
        return cls(**{part.name: arrays[part.name] for part in fields(cls)})

    def _apart(self, X: Floats) -> Floats:
        """Give distances from the means; none where missing."""
        return np.where(np.isnan(X), 0.0, X - self.means)
