"""How sure one person's risk is: interval, training support, and too little information.

The interval holds the person's risk *given complete answers to every candidate variable*. Its
variance on the margin is the sum of what is not known about the model (Laplace for linear
learners, bootstrap refits for trees), about its calibration, about the unanswered variables, and
the remainder: what truly tells people apart but the learner does not read or has not learned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Verdict = Literal["cannot_tell", "above_threshold", "below_threshold"]

LEVEL = 0.90
"""Probability with which an interval is meant to hold the person's risk."""

Z_LEVEL = 1.6448536269514722
"""95th percentile of the standard normal: half of a two-sided 90 % interval."""

MINIMUM_ANSWERED = 5
"""Fewer answered model variables than this give no number (interface: too_little_information)."""

WIDER_PER_VARIABLE = 0.25
"""Share by which the interval widens for each variable outside the training support: a
convention, not an estimate, because nothing in the training data speaks of such values."""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """What is needed to give an interval without any training row.

    Parameters
    ----------
    covariance : ndarray, shape (1 + n_columns, 1 + n_columns)
        Covariance of (margin at the means, coefficients) of a linear learner on the encoded
        scale; shape (0, 0) for trees.
    means : ndarray, shape (n_columns,)
        Training means of the encoded columns, the point where the covariance is centred.
    calibration_covariance : ndarray, shape (2, 2)
        Covariance of the calibration's (intercept, slope), the intercept at the mean margin.
    margin_mean, margin_sd : float
        Mean and standard deviation of the uncalibrated and of the calibrated margin over the
        training rows, in this order; log-odds or log-hazard.
    support_low, support_high : ndarray, shape (n_columns,)
        Range of the training answers, rounded outward so that no person's value is kept.
    missing_variance : ndarray, shape (n_variables,)
        For trees: variance of each variable's contribution over the training rows that
        answered it, taken as the spread when it is not answered. Shape (0,) for linear learners.
    remainder : float
        Variance on the calibrated margin, the same for everybody, of what the learner does not
        read or has not learned, as judged in training by a ridge on all candidate variables
        (`training.freezing.freeze`); 0 where nothing is left.
    """

    covariance: Floats
    means: Floats
    calibration_covariance: Floats
    margin_mean: float
    margin_sd: float
    support_low: Floats
    support_high: Floats
    missing_variance: Floats
    remainder: float = 0.0

    def laplace_variance(self, X: Floats) -> Floats:
        """Give the sampling variance of a linear learner's margin.

        Parameters
        ----------
        X : ndarray, shape (n, n_columns)
            Encoded rows without missing values.

        Returns
        -------
        ndarray, shape (n,)
            Variance of the uncalibrated margin; grows with distance from the training means.

        References
        ----------
        .. [1] MacKay DJC. The evidence framework applied to classification networks.
           Neural Computation 1992;4:720-736 (Laplace approximation).
        """
        centred = np.column_stack([np.ones(len(X)), X - self.means])
        return _variance_along(centred, self.covariance)

    def calibration_variance(self, margin: Floats) -> Floats:
        """Give the variance that the calibration line adds.

        Parameters
        ----------
        margin : ndarray, shape (n,)
            Uncalibrated margins.

        Returns
        -------
        ndarray, shape (n,)
            Variance on the calibrated margin.
        """
        centred = np.column_stack([np.ones(len(margin)), margin - self.margin_mean])
        return _variance_along(centred, self.calibration_covariance)

    def outside_support(self, X: Floats) -> NDArray[np.bool_]:
        """Find answers outside the range of the training answers.

        Parameters
        ----------
        X : ndarray, shape (n, n_columns)
            Encoded rows, NaN where missing.

        Returns
        -------
        ndarray of bool, shape (n, n_columns)
            True where the answer lies outside; a missing answer never does.
        """
        return np.asarray(np.less(X, self.support_low) | np.greater(X, self.support_high))

    def to_arrays(self) -> dict[str, Floats]:
        """Give the state as arrays.

        Returns
        -------
        dict of str to ndarray
            `from_arrays` reads it back.
        """
        return {f.name: np.asarray(getattr(self, f.name), dtype=np.float64) for f in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Floats]) -> Uncertainty:
        """Read what `to_arrays` wrote.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            One array for each field.

        Returns
        -------
        Uncertainty
            The same values.

        Raises
        ------
        ValueError
            If an array is of another kind or shape, or holds what is not finite.
        """
        n = arrays["means"].size
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("support_low", "support_high"), (n,))
        shapes |= {"means": (n,), "calibration_covariance": (2, 2)}
        shapes["covariance"] = (1 + n, 1 + n) if arrays["covariance"].size else (0, 0)
        for name, array in arrays.items():
            if array.dtype.kind != "f" or not np.isfinite(array).all():
                raise ValueError(f"{name} must hold finite numbers")
            if array.shape != shapes.get(name, array.shape):
                raise ValueError(f"{name} must be of shape {shapes[name]}")
        return cls(
            covariance=arrays["covariance"],
            means=arrays["means"],
            calibration_covariance=arrays["calibration_covariance"],
            margin_mean=float(arrays["margin_mean"]),
            margin_sd=float(arrays["margin_sd"]),
            support_low=arrays["support_low"],
            support_high=arrays["support_high"],
            missing_variance=arrays["missing_variance"],
            remainder=float(arrays["remainder"]),
        )


def verdict_of(lo: float, hi: float, threshold: float) -> Verdict:
    """Say on which side of a threshold a risk lies, or that its interval cannot tell.

    Parameters
    ----------
    lo, hi : float
        Ends of the interval of the risk, in [0, 1].
    threshold : float
        Risk from which one would act, in (0, 1).

    Returns
    -------
    str
        ``above_threshold`` if the whole interval is at or above the threshold,
        ``below_threshold`` if it is below, else ``cannot_tell``.

    Examples
    --------
    >>> verdict_of(0.31, 0.68, 0.5)
    'cannot_tell'
    """
    if lo >= threshold:
        return "above_threshold"
    return "below_threshold" if hi < threshold else "cannot_tell"


def _variance_along(rows: Floats, covariance: Floats) -> Floats:
    """Give x'Vx of each row x, one product a row: alone it gives the same bits as in a file."""
    turned = (rows[:, None, :] @ covariance)[:, 0, :]
    return np.asarray((turned * rows).sum(axis=1))


def rounded_support(X: Floats, widths: Floats) -> tuple[Floats, Floats]:
    """Describe the range of training answers without keeping anybody's value.

    Parameters
    ----------
    X : ndarray, shape (n, n_columns)
        Encoded training rows, NaN where missing; each column has an answer.
    widths : ndarray, shape (n_columns,)
        Grid of each column, in its unit; the ends are rounded outward to it.

    Returns
    -------
    low, high : ndarray, shape (n_columns,)
        Ends of the range on the grid.
    """
    least, most = np.nanmin(X, axis=0), np.nanmax(X, axis=0)
    low = np.floor(least / widths) * widths
    high = np.ceil(most / widths) * widths
    # a division may round up to a whole number: one step further keeps the end outside
    return low - widths * (low > least), high + widths * (high < most)
