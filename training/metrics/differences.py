"""How far two groups of people differ in one variable, in standard deviations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from predictor.errors import InvalidInputError
from training.metrics import FloatArray, MeasureUndefinedError

MEASURE = "standardised mean difference"


def smd_of_numbers(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Give the difference of two means in pooled standard deviations.

    (mean of first − mean of second) / √((s₁² + s₂²) / 2), with sample variances.

    Parameters
    ----------
    first, second : array-like of shape (n,)
        Answers of each group, none missing; two at least.

    Returns
    -------
    float
        Above 0 where the first group has the higher values; 0 where the means agree.

    Raises
    ------
    InvalidInputError
        If an answer is missing or not one-dimensional.
    MeasureUndefinedError
        If a group has fewer than two answers, or nobody in a group differs.

    References
    ----------
    Austin PC. Stat Med 2009;28:3083-3107.

    Examples
    --------
    >>> smd_of_numbers([3.0, 5.0], [1.0, 3.0])
    1.414213562373095
    """
    groups = _answers(first, second)
    pooled = np.sqrt(np.mean([group.var(ddof=1) for group in groups]))
    if not pooled > 0:
        raise MeasureUndefinedError(MEASURE, "nobody differs inside the groups")
    return float((groups[0].mean() - groups[1].mean()) / pooled)


def smd_of_levels(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Give the distance of two groups in the shares of levels, in standard deviations.

    √(dᵀ S⁻¹ d): d holds the differences in the shares of all levels but one, S the mean of the two
    multinomial covariance matrices. With two levels it is |p₁ − p₂| / √((p₁q₁ + p₂q₂) / 2).

    Parameters
    ----------
    first, second : array-like of shape (n,)
        Codes of the levels in each group, none missing; two at least.

    Returns
    -------
    float
        0 or more; it has no direction. Which level is left out does not matter.

    Raises
    ------
    InvalidInputError
        If an answer is missing or not one-dimensional.
    MeasureUndefinedError
        If a group has fewer than two answers, all have the same level, or no level occurs in both
        groups (the distance is then infinite).

    References
    ----------
    Yang D, Dalton JE. A unified approach to measuring the effect size between two groups using
    SAS. SAS Global Forum 2012, paper 335.
    """
    groups = _answers(first, second)
    levels = np.unique(np.concatenate(groups))
    if levels.size < 2:
        raise MeasureUndefinedError(MEASURE, "everybody has the same level")
    shares = [(group[:, None] == levels).mean(axis=0) for group in groups]
    if not np.any((shares[0] > 0) & (shares[1] > 0)):
        raise MeasureUndefinedError(MEASURE, "no level occurs in both groups")
    covariance = np.mean([np.diag(p) - np.outer(p, p) for p in shares], axis=0)[1:, 1:]
    difference = (shares[0] - shares[1])[1:]
    return float(np.sqrt(difference @ np.linalg.solve(covariance, difference)))


def _answers(first: npt.ArrayLike, second: npt.ArrayLike) -> list[FloatArray]:
    """Give two groups of complete answers, or refuse them."""
    groups = [np.asarray(group, dtype=np.float64) for group in (first, second)]
    if any(group.ndim != 1 or np.isnan(group).any() for group in groups):
        raise InvalidInputError("each group is one vector of answers; leave out missing ones")
    if min(group.size for group in groups) < 2:
        raise MeasureUndefinedError(MEASURE, "a group has fewer than two answers")
    return groups
