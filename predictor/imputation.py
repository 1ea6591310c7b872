"""What a linear learner assumes for a missing value, and how much that widens the interval.

The columns are taken as jointly normal: a missing value is replaced by its mean given the answered
ones, and the variance left over goes into the person's interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from predictor.errors import InvalidInputError
from predictor.shrinkage import shrink, shrunken_correlation, unit_diagonal

FloatArray = NDArray[np.float64]

# A standard deviation this small beside the column's mean is rounding, not variation.
_CONSTANT = 1e-9
# Numbers held at once for a block of rows, about 16 MB.
_BLOCK = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class GaussianImputation:
    """Conditional means and variances under one multivariate normal distribution.

    Assumes that values are missing at random given the answered columns and that columns depend
    on one another linearly; yes/no and one-hot columns get the best linear guess, which may lie
    between the two values.

    Parameters
    ----------
    means : ndarray of shape (p,)
        Mean of each column.
    covariance : ndarray of shape (p, p)
        Covariance of the columns. A column of variance 0 (constant, or never answered) informs
        nothing and is filled with its mean.

    Attributes
    ----------
    scale : ndarray of shape (p,)
        Standard deviation of each column.
    correlation, precision : ndarray of shape (p, p)
        Correlation of the columns, and its inverse.

    Raises
    ------
    InvalidInputError
        If the shapes do not fit, or the covariance is not symmetric positive definite.

    Examples
    --------
    >>> model = GaussianImputation(np.array([0.0, 1.0]), np.array([[1.0, 0.5], [0.5, 1.0]]))
    >>> model.fill(np.array([[2.0, np.nan]])).round(9).tolist()
    [[2.0, 2.0]]
    >>> model.spread(np.array([[2.0, np.nan]]), np.array([1.0, 2.0])).round(9).tolist()
    [3.0]
    """

    means: FloatArray
    covariance: FloatArray
    scale: FloatArray = field(init=False, repr=False)
    correlation: FloatArray = field(init=False, repr=False)
    precision: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        means = np.array(self.means, dtype=np.float64)
        covariance = np.array(self.covariance, dtype=np.float64)
        if means.ndim != 1 or covariance.shape != (means.size, means.size):
            raise InvalidInputError(
                f"an imputation has means of shape {means.shape} and a covariance of shape "
                f"{covariance.shape}; (p,) and (p, p) are needed"
            )
        if not (np.isfinite(means).all() and np.isfinite(covariance).all()):
            raise InvalidInputError("an imputation holds numbers that are not finite; fit it again")
        scale = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        correlation = unit_diagonal(covariance, scale)
        try:
            np.linalg.cholesky(correlation)
        except np.linalg.LinAlgError as error:
            raise InvalidInputError(
                "the covariance of an imputation is not positive definite; fit it again"
            ) from error
        precision = np.linalg.inv(correlation)
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "covariance", covariance)
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "correlation", correlation)
        object.__setattr__(self, "precision", (precision + precision.T) / 2)

    @classmethod
    def fit(cls, X: FloatArray, *, steps: int = 2) -> GaussianImputation:
        """Estimate means and covariance from columns with missing values.

        Start: means and variances of the answered values, pairwise correlations r_ij, shrunk to
        (1 − λ) r_ij with λ = Σ Var(r_ij) / Σ r_ij² over i ≠ j, raised where needed until the
        smallest eigenvalue is 0.01. Then `steps` of EM for the normal distribution, each followed
        by the same shrinkage with the same λ. From a consistent start a few steps do nearly all
        that full convergence would, and mend most of the bias of pairwise estimates when values
        are missing at random rather than completely at random.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            Encoded columns of the training cohort; NaN where missing, any units.
        steps : int
            EM steps, 0 or more; 0 keeps the pairwise estimate.

        Returns
        -------
        GaussianImputation
            The fitted distribution. A column never answered has mean 0 and variance 0.

        Raises
        ------
        InvalidInputError
            If `X` is not a matrix with at least one row, or holds infinite values.

        References
        ----------
        Schäfer & Strimmer (2005), A shrinkage approach to large-scale covariance matrix
        estimation, Stat Appl Genet Mol Biol 4:32 (λ, target of unequal variances). Little & Rubin
        (2019), Statistical analysis with missing data, section 11.2 (EM).
        """
        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[0] == 0 or np.isinf(X).any():
            raise InvalidInputError(
                "an imputation is fitted on a matrix of at least one row, with finite values or "
                "NaN for missing ones"
            )
        centre, scale = _answered_moments(X)
        varies = scale > 0
        Z = (X - centre) / np.where(varies, scale, 1.0)
        Z[:, ~varies] = np.nan
        correlation, shrinkage = shrunken_correlation(Z)
        model = cls(np.zeros(Z.shape[1]), correlation)
        for _ in range(steps):
            model = model._em_step(Z, shrinkage)
        outer = scale[:, None] * scale[None, :]
        return cls(centre + scale * model.means, model.covariance * outer)

    def fill(self, X: FloatArray) -> FloatArray:
        """Replace each missing value by its mean given the answered ones.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            Encoded columns, NaN where missing.

        Returns
        -------
        ndarray of shape (n, p)
            Complete copy; answered values are untouched, an empty row becomes the means.

        Raises
        ------
        InvalidInputError
            If `X` has another number of columns or infinite values.
        """
        X = self._checked(X)
        filled, known = X.copy(), self._known(X)
        for rows, of, gaps in _patterns(X):
            # Stacks of one row each, not one product of all rows: a person scored alone gets the
            # same bits as in a file.
            link = (self.precision @ known[rows][:, :, None])[:, :, 0]
            inside = self.precision.take(_places(gaps, self.means.size))
            pull = np.take_along_axis(link, gaps[of], axis=1)[:, :, None]
            moved = np.asarray(np.linalg.solve(inside[of], pull), dtype=np.float64)
            self._write(filled, (rows, gaps[of]), moved[:, :, 0])
        return filled

    def spread(
        self, X: FloatArray, coefficients: FloatArray, doubt: FloatArray | None = None
    ) -> FloatArray:
        """Give the variance of a linear margin that the missing values leave open.

        Of b'x with b and x independent, the variance is that of b at the mean of x, plus what is
        given here: b' Σ b + tr(H Σ), with Σ the covariance of x given the answered values and H
        that of b. Without the second term an unanswered value would lower the variance, because
        it is filled near the mean, where the margin is known best.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            Encoded columns, NaN where missing.
        coefficients : ndarray of shape (p,)
            Coefficients of the margin, per unit of each column.
        doubt : ndarray of shape (p, p), optional
            Covariance H of the coefficients; 0 if they are taken as known.

        Returns
        -------
        ndarray of shape (n,)
            In squared units of the margin; 0 for a complete row. It does not depend on the
            answered values, only on which ones are answered.

        Raises
        ------
        InvalidInputError
            If the number of columns or coefficients does not fit.
        """
        X = self._checked(X)
        if np.shape(coefficients) != self.means.shape:
            raise InvalidInputError(
                f"{np.shape(coefficients)} coefficients were given for {self.means.size} columns"
            )
        b = np.asarray(coefficients, dtype=np.float64)
        squares = np.outer(b, b) if doubt is None else np.outer(b, b) + doubt
        squares = squares * np.outer(self.scale, self.scale)
        variance = np.zeros(X.shape[0])
        for part in self._open_values(X):
            moments = squares.take(_places(part.gaps, self.means.size)) * part.left
            variance[part.rows] = moments.reshape(len(moments), -1).sum(axis=1)[part.of]
        return np.maximum(variance, 0.0)

    def narrowing(
        self, X: FloatArray, coefficients: FloatArray, owner: NDArray[np.intp]
    ) -> FloatArray:
        """Give the part of the margin's variance that an answer to each variable would remove.

        What the answer tells of other unanswered variables is counted. The doubt of coefficients
        takes no part: an answer moves it from the values that are open to the value that is known,
        and on average over the answers that may come the sum stays.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            Encoded columns, NaN where missing.
        coefficients : ndarray of shape (p,)
            Coefficients of the margin, per unit of each column.
        owner : ndarray of int of shape (p,)
            Variable of each column, counted from 0 without gaps; the columns of a category are
            answered together.

        Returns
        -------
        ndarray of shape (n, n_variables)
            (Σb)_g' Σ_gg⁻¹ (Σb)_g for the columns g of a variable, with Σ the covariance given the
            answered columns; 0 where answered. Squared units of the margin.
        """
        weights = np.asarray(coefficients, dtype=np.float64) * self.scale
        X = self._checked(X)
        removed = np.zeros((X.shape[0], owner.max(initial=-1) + 1))
        for part in self._open_values(X):
            own = owner[part.gaps]
            same = own[:, :, None] == own[:, None, :]
            pull = part.left @ weights[part.gaps][:, :, None]
            gain = (pull * np.linalg.solve(np.where(same, part.left, 0.0), pull))[:, :, 0]
            np.add.at(removed, (part.rows[:, None], own[part.of]), gain[part.of])
        return removed

    def standardise(self, X: FloatArray) -> FloatArray:
        """Bring answered values to mean 0 and standard deviation 1.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            Encoded columns, NaN where missing.

        Returns
        -------
        ndarray of shape (n, p)
            NaN where missing; 0 in a column of variance 0.
        """
        moved = X - self.means
        still = np.where(np.isnan(X), np.nan, 0.0)
        return np.asarray(np.divide(moved, self.scale, out=still, where=self.scale > 0))

    def to_arrays(self) -> dict[str, FloatArray]:
        """Give the whole state as arrays.

        Returns
        -------
        dict of str to ndarray
            ``means`` and ``covariance``.
        """
        return {"means": self.means.copy(), "covariance": self.covariance.copy()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, FloatArray]) -> GaussianImputation:
        """Rebuild the imputation that `to_arrays` described.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            As given by `to_arrays`.

        Returns
        -------
        GaussianImputation
            The same distribution, bit for bit.
        """
        return cls(arrays["means"], arrays["covariance"])

    def _checked(self, X: FloatArray) -> FloatArray:
        """Refuse what this distribution was not fitted for."""
        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] != self.means.size or np.isinf(X).any():
            raise InvalidInputError(
                f"X has shape {X.shape}; {self.means.size} columns of finite values, or NaN where "
                "missing, are needed: encode the rows with the model's own encoding"
            )
        return X

    def _open_values(self, X: FloatArray) -> Iterator[_Open]:
        """Yield the standardised covariance of the missing columns given all others."""
        for rows, of, gaps in _patterns(X):
            if gaps.shape[1] == self.means.size:
                left = self.correlation[None]
            else:
                inside = self.precision.take(_places(gaps, self.means.size))
                left = np.asarray(np.linalg.inv(inside), dtype=np.float64)
            yield _Open(rows, of, gaps, left)

    def _known(self, X: FloatArray) -> FloatArray:
        """Standardise the answered values; 0 where missing."""
        Z = self.standardise(X)
        return np.where(np.isnan(Z), 0.0, Z)

    def _write(
        self, X: FloatArray, at: tuple[NDArray[np.intp], NDArray[np.intp]], moved: FloatArray
    ) -> None:
        """Write conditional means, given how far below the mean they lie in standard deviations."""
        rows, gaps = at
        X[rows[:, None], gaps] = self.means[gaps] - self.scale[gaps] * moved

    def _em_step(self, Z: FloatArray, shrinkage: float) -> GaussianImputation:
        """Do one expectation and one shrunken maximisation step on standardised columns."""
        p = self.means.size
        filled, summed = Z.copy(), np.zeros(p * p)
        link = self._known(Z) @ self.precision
        for part in self._open_values(Z):
            gaps = part.gaps[part.of]
            pull = link[part.rows[:, None], gaps][:, :, None]
            self._write(filled, (part.rows, gaps), (part.left[part.of] @ pull)[:, :, 0])
            people = np.bincount(part.of, minlength=len(part.gaps))[:, None, None]
            places = _places(part.gaps, p)
            summed += np.bincount(places.ravel(), (people * part.left).ravel(), minlength=p * p)
        open_covariance = self.scale[:, None] * summed.reshape(p, p) * self.scale
        means = filled.mean(axis=0)
        moved = filled - means
        return GaussianImputation(
            means, shrink((moved.T @ moved + open_covariance) / Z.shape[0], shrinkage)
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Open:
    """Rows with equally many missing columns: row i has those of `gaps[of[i]]`."""

    rows: NDArray[np.intp]
    of: NDArray[np.intp]
    gaps: NDArray[np.intp]
    left: FloatArray


def _patterns(
    X: FloatArray,
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]]:
    """Yield rows with equally many missing columns, which pattern each has, and the patterns.

    Complete rows are left out; so many rows at a time that their matrices fit into memory.
    """
    missing = np.isnan(X)
    incomplete = np.flatnonzero(missing.any(axis=1))
    packed = np.packbits(missing[incomplete], axis=1)
    keys = packed.view(np.dtype((np.void, packed.shape[1])))[:, 0] if incomplete.size else packed
    _, first, of = np.unique(keys, return_index=True, return_inverse=True)
    patterns = missing[incomplete[first]]
    n_gaps = patterns.sum(axis=1)
    order = np.lexsort((of, n_gaps[of]))  # rows of one pattern stand together
    size_of_row = n_gaps[of[order]]
    for size in np.unique(n_gaps):
        alike = order[size_of_row == size]
        step = max(1, _BLOCK // int(size) ** 2)
        for start in range(0, alike.size, step):
            block = alike[start : start + step]
            here, place = np.unique(of[block], return_inverse=True)
            gaps = np.nonzero(patterns[here])[1].reshape(-1, int(size))
            yield incomplete[block], place, gaps


def _places(gaps: NDArray[np.intp], p: int) -> NDArray[np.intp]:
    """Give where the pairs of missing columns stand in a flattened matrix of p columns."""
    return np.asarray(gaps[:, :, None] * p + gaps[:, None, :])


def _answered_moments(X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give mean and standard deviation of the answered values; (0, 0) where there is none."""
    answered = ~np.isnan(X)
    n = np.maximum(answered.sum(axis=0), 1)
    centre = np.where(answered, X, 0.0).sum(axis=0) / n
    moved = np.where(answered, X - centre, 0.0)
    scale = np.sqrt((moved**2).sum(axis=0) / n)
    return centre, np.where(scale > _CONSTANT * (1.0 + np.abs(centre)), scale, 0.0)
