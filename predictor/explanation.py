"""Contributions as people read them: on the scale of the number, and for shap's own plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import shap

Floats = NDArray[np.float64]

# below this step the rounding of the difference is worse than taking the link as straight
_TOO_CLOSE = 1e-8


def on_probability_scale(
    contributions: Floats, *, step: float, difference: float, slope_at_base: float
) -> Floats:
    """Split the difference between number and base among the variables.

    The number is a function of the sum of contributions alone, so the Aumann–Shapley value of a
    variable is its share of that sum times the difference.

    Parameters
    ----------
    contributions : ndarray, shape (n_variables,)
        Contributions to the calibrated margin.
    step : float
        Margin minus base margin, the sum of `contributions`.
    difference : float
        link(margin) − link(base), in [−1, 1].
    slope_at_base : float
        Derivative of the link at the base, used where `step` is 0.

    Returns
    -------
    ndarray, shape (n_variables,)
        Adds up to `difference`.

    References
    ----------
    .. [1] Aumann RJ, Shapley LS. Values of Non-Atomic Games. Princeton 1974.
    """
    if abs(step) < _TOO_CLOSE:
        return contributions * slope_at_base
    return contributions * (difference / step)


def to_shap(
    contributions: Floats, base: float, data: Floats, labels: list[str]
) -> shap.Explanation:
    """Hand the contributions to shap's own plots.

    Parameters
    ----------
    contributions : ndarray, shape (n, n_variables)
        Contributions to the calibrated margin.
    base : float
        Base margin.
    data : ndarray, shape (n, n_variables)
        Coded answers, NaN where missing.
    labels : list of str
        One for each variable.

    Returns
    -------
    shap.Explanation
        Needs the extra [plots].
    """
    import shap  # late: scoring never needs it

    return shap.Explanation(
        values=contributions,
        base_values=np.full(len(contributions), base),
        data=data,
        feature_names=labels,
    )
