"""What every penalised likelihood fit returns, and the damped Newton search they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.errors import InvalidInputError, PredictorError

FloatArray = NDArray[np.float64]
# Value, gradient and Hessian of a convex function to be made small.
Objective = Callable[[FloatArray], tuple[float, FloatArray, FloatArray]]

_MAX_STEPS = 100
# Squared Newton decrement (twice the height still to fall, in log-likelihood units) at which the
# last full step is taken; convergence is quadratic, so the solution is then exact to rounding.
_DECREMENT = 1e-12


class ConvergenceError(PredictorError):
    """A fit did not reach its optimum; the sentence says what to change."""


class SeparationError(InvalidInputError):
    """Without a penalty the estimate is infinite: the columns tell the outcomes apart perfectly."""


@dataclass(frozen=True, slots=True, eq=False)
class PenalisedFit:
    """One penalised likelihood fit.

    Parameters
    ----------
    intercept : float
        Margin where all columns are 0; 0 for Cox models, whose baseline hazard holds it.
    coefficients : ndarray of shape (p,)
        Change of the margin per unit of each column.
    covariance : ndarray of shape (p + 1, p + 1)
        Inverse of the penalised Hessian, of (intercept, coefficients); for Cox models the row and
        column of the intercept are 0.
    loglik : float
        Log-likelihood (Cox: partial) at the solution, without the penalty.
    penalty : float
        Penalty the fit was made with.
    iterations : int
        Newton steps taken.
    """

    intercept: float
    coefficients: FloatArray
    covariance: FloatArray
    loglik: float
    penalty: float
    iterations: int


def minimise(objective: Objective, start: FloatArray) -> tuple[FloatArray, FloatArray, int]:
    """Find the minimum of a smooth convex function by Newton steps, halved until they descend.

    Parameters
    ----------
    objective : callable
        Gives value, gradient (k,) and positive definite Hessian (k, k) at a point (k,).
    start : ndarray of shape (k,)
        First point.

    Returns
    -------
    tuple of ndarray, ndarray and int
        Minimum (k,), Hessian there (k, k), Newton steps taken.

    Raises
    ------
    ConvergenceError
        If no step descends, the Hessian is singular or 100 steps are not enough.

    References
    ----------
    Boyd & Vandenberghe (2004), Convex optimization, section 9.5.
    """
    point = np.asarray(start, dtype=np.float64)
    value, gradient, hessian = objective(point)
    for iteration in range(1, _MAX_STEPS + 1):
        direction = _newton_direction(hessian, gradient)
        decrement = -float(gradient @ direction)
        last = decrement <= _DECREMENT
        point, value, gradient, hessian = _descend(objective, point, value, direction, decrement)
        if last:
            return point, hessian, iteration
    raise ConvergenceError(
        f"a fit did not converge in {_MAX_STEPS} Newton steps; use a larger penalty or fewer "
        "columns"
    )


def inverse(hessian: FloatArray) -> FloatArray:
    """Invert a positive definite Hessian into a covariance, kept symmetric.

    Parameters
    ----------
    hessian : ndarray of shape (k, k)
        Second derivatives of the penalised negative log-likelihood.

    Returns
    -------
    ndarray of shape (k, k)
        Covariance of the estimates.

    Raises
    ------
    ConvergenceError
        If the Hessian is singular.
    """
    try:
        covariance = np.linalg.inv(hessian)
    except np.linalg.LinAlgError as error:
        raise ConvergenceError(_SINGULAR) from error
    return np.asarray((covariance + covariance.T) / 2)


_SINGULAR = (
    "the information matrix of a fit is singular: columns repeat one another or tell the outcomes "
    "apart perfectly; use a penalty or drop columns"
)


def _newton_direction(hessian: FloatArray, gradient: FloatArray) -> FloatArray:
    """Solve for the Newton step; it must descend."""
    try:
        direction = -np.linalg.solve(hessian, gradient)
    except np.linalg.LinAlgError as error:
        raise ConvergenceError(_SINGULAR) from error
    if not (np.isfinite(direction).all() and gradient @ direction <= 0):
        raise ConvergenceError(_SINGULAR)
    return np.asarray(direction)


def _descend(
    objective: Objective,
    point: FloatArray,
    value: float,
    direction: FloatArray,
    decrement: float,
) -> tuple[FloatArray, float, FloatArray, FloatArray]:
    """Take the longest of the steps 1, 1/2, 1/4, … that descends enough."""
    rounding = 1e-12 * (1.0 + abs(value))
    step = 1.0
    while step > 1e-10:
        trial = point + step * direction
        # A trial too far out may overflow; it is then not finite and the step is halved.
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            new_value, gradient, hessian = objective(trial)
        if np.isfinite(new_value) and new_value <= value - 1e-4 * step * decrement + rounding:
            return trial, new_value, gradient, hessian
        step /= 2
    raise ConvergenceError(
        "a fit found no step that improves it; check the columns for extreme values and scale them"
    )
