"""Logistic regression for response: unpenalised, ridge and elastic net, exact and warm-started.

Minimises −loglik + penalty · [(1 − l1_ratio)/2 · ‖b‖² + l1_ratio · ‖b‖₁], the sum over people (not
the mean), intercept unpenalised; columns are expected centred and scaled. With this scaling
``penalty`` is 1/C of scikit-learn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from predictor.calibration import logistic
from predictor.errors import InvalidInputError
from training.penalised_fit import (
    ConvergenceError,
    PenalisedFit,
    SeparationError,
    inverse,
    minimise,
)

FloatArray = NDArray[np.float64]

_MAX_OUTER = 100
_MAX_SWEEPS = 2000
# Log-odds beyond ±15 mean a probability nearer to 0 or 1 than one in three million: look closer.
_SUSPICIOUS_MARGIN = 15.0


def fit_penalised_logistic(
    X: FloatArray,
    y: FloatArray,
    *,
    penalty: float,
    l1_ratio: float = 0.0,
    start: PenalisedFit | None = None,
) -> PenalisedFit:
    """Fit a penalised logistic regression.

    Ridge and unpenalised fits are Newton steps with halving; the elastic net is proximal Newton,
    each quadratic solved by coordinate descent and finished exactly on its active columns.

    The covariance is the inverse of the penalised Hessian. The l1 term has no second derivative;
    it enters as the local quadratic approximation with effective ridge
    penalty·l1_ratio / (|b| + ε), ε = 2 / (penalty·l1_ratio), so that at b = 0 it equals the
    precision (penalty·l1_ratio)²/2 of the Laplace prior that the term stands for: a coefficient
    set to 0 keeps a small variance, not none.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Complete columns, centred and scaled.
    y : ndarray of shape (n,)
        Outcome, 1 or 0.
    penalty : float
        0 or more; 0 is maximum likelihood.
    l1_ratio : float
        0 (ridge) to 1 (lasso).
    start : PenalisedFit or None
        A fit nearby on the path, to begin from.

    Returns
    -------
    PenalisedFit
        Intercept, coefficients, covariance (p + 1, p + 1) and log-likelihood.

    Raises
    ------
    InvalidInputError
        If shapes, outcome or penalty are not as described, the outcome has one value only, or
        columns depend on one another and nothing penalises them.
    SeparationError
        If nothing is penalised and the columns separate the outcomes.
    ConvergenceError
        If the optimum was not reached.

    References
    ----------
    Friedman, Hastie & Tibshirani (2010), J Stat Softw 33(1). Lee, Sun & Saunders (2014), SIAM J
    Optim 24:1420 (proximal Newton). Fan & Li (2001), JASA 96:1348 (local quadratic approximation).
    """
    X, y = _checked(X, y)
    if not (penalty >= 0 and 0 <= l1_ratio <= 1):
        raise InvalidInputError(
            f"penalty {penalty} and l1_ratio {l1_ratio} were given; the penalty must be 0 or more "
            "and the ratio between 0 and 1"
        )
    first = _starting_point(X, y, start)
    if penalty == 0:
        point, hessian, iterations = _fit_unpenalised(X, y, first)
    elif l1_ratio == 0:
        point, hessian, iterations = minimise(lambda b: _ridge_objective(X, y, b, penalty), first)
    else:
        point, iterations = _proximal_newton(X, y, first, (penalty, l1_ratio))
        hessian = _loss(X, y, point)[2]
        l1 = penalty * l1_ratio
        effective = penalty * (1 - l1_ratio) + l1 / (np.abs(point[1:]) + 2 / l1)
        hessian[1:, 1:] += np.diag(effective)
    return PenalisedFit(
        intercept=float(point[0]),
        coefficients=point[1:],
        covariance=inverse(hessian),
        loglik=-_value(X, y, point),
        penalty=float(penalty),
        iterations=iterations,
    )


def penalty_path(X: FloatArray, y: FloatArray, *, l1_ratio: float, n: int = 20) -> FloatArray:
    """Give the penalties worth trying, largest first, evenly spaced on the log scale.

    With an l1 part the first is the smallest at which every coefficient is 0, the last a
    thousandth of it. Ridge never reaches 0: the path runs from 10 to 0.001 times the information
    n·ȳ(1 − ȳ) that the cohort holds about one standardised column, that is from coefficients an
    eleventh of their unpenalised size to hardly any shrinkage.

    Parameters
    ----------
    X : ndarray of shape (n_people, p)
        Complete columns, centred and scaled.
    y : ndarray of shape (n_people,)
        Outcome, 1 or 0.
    l1_ratio : float
        0 (ridge) to 1 (lasso).
    n : int
        How many penalties, at least 2.

    Returns
    -------
    ndarray of shape (n,)
        Strictly decreasing penalties.

    Raises
    ------
    InvalidInputError
        If shapes or outcome are not as described, or no column is correlated with the outcome at
        all.
    """
    X, y = _checked(X, y)
    prevalence = y.mean()
    if l1_ratio == 0:
        information = y.size * prevalence * (1 - prevalence)
        return np.geomspace(10 * information, 1e-3 * information, n)
    largest = float(np.abs(X.T @ (y - prevalence)).max(initial=0.0)) / l1_ratio
    if largest == 0:
        raise InvalidInputError(
            "no column varies with the outcome; there is no penalty path to try"
        )
    return np.geomspace(largest, 1e-3 * largest, n)


def _checked(X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Refuse what is not a complete matrix and a two-valued outcome."""
    X = np.asarray(X, dtype=np.float64)
    y = np.asarray(y, dtype=np.float64)
    if X.ndim != 2 or y.shape != (X.shape[0],) or not np.isfinite(X).all():
        raise InvalidInputError(
            f"X has shape {X.shape} and y {y.shape}; a complete matrix and one outcome for each "
            "of its rows are needed"
        )
    if set(np.unique(y).tolist()) != {0.0, 1.0}:
        raise InvalidInputError("a logistic fit needs people with outcome 1 and people with 0 only")
    return X, y


def _starting_point(X: FloatArray, y: FloatArray, start: PenalisedFit | None) -> FloatArray:
    """Begin at the given fit, or at the prevalence."""
    if start is not None:
        return np.concatenate([[start.intercept], start.coefficients])
    point = np.zeros(X.shape[1] + 1)
    point[0] = np.log(y.mean() / (1 - y.mean()))
    return point


def _value(X: FloatArray, y: FloatArray, point: FloatArray) -> float:
    """Give the negative log-likelihood."""
    margin = point[0] + X @ point[1:]
    return float(np.logaddexp(0.0, margin).sum() - y @ margin)


def _loss(X: FloatArray, y: FloatArray, point: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Give the negative log-likelihood with its gradient and Hessian."""
    margin = point[0] + X @ point[1:]
    probability = logistic(margin)
    weight = probability * logistic(-margin)
    residual = probability - y
    gradient = np.concatenate([[residual.sum()], X.T @ residual])
    hessian = np.empty((point.size, point.size))
    hessian[0, 0] = weight.sum()
    hessian[0, 1:] = hessian[1:, 0] = weight @ X
    hessian[1:, 1:] = X.T @ (weight[:, None] * X)
    value = float(np.logaddexp(0.0, margin).sum() - y @ margin)
    return value, gradient, hessian


def _ridge_objective(
    X: FloatArray, y: FloatArray, point: FloatArray, penalty: float
) -> tuple[float, FloatArray, FloatArray]:
    """Add the ridge term to the loss."""
    value, gradient, hessian = _loss(X, y, point)
    slopes = point[1:]
    gradient[1:] += penalty * slopes
    hessian[1:, 1:] += penalty * np.eye(slopes.size)
    return value + penalty / 2 * float(slopes @ slopes), gradient, hessian


def _fit_unpenalised(
    X: FloatArray, y: FloatArray, first: FloatArray
) -> tuple[FloatArray, FloatArray, int]:
    """Fit by maximum likelihood, or say why there is no maximum."""
    design = np.column_stack([np.ones(y.size), X])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise InvalidInputError(
            f"{X.shape[1]} columns and an intercept depend on one another in {y.size} people; "
            "drop the repeated columns or use a penalty"
        )
    try:
        point, hessian, iterations = minimise(lambda b: _loss(X, y, b), first)
    except ConvergenceError:
        if _is_separated(design, y):
            raise SeparationError(_SEPARATED) from None
        raise
    if np.abs(design @ point).max() > _SUSPICIOUS_MARGIN and _is_separated(design, y):
        raise SeparationError(_SEPARATED)
    return point, hessian, iterations


_SEPARATED = (
    "the columns separate the outcomes perfectly, so the unpenalised estimate is infinite; use a "
    "penalty (learner ridge or elastic net) or declare fewer variables"
)


def _is_separated(design: FloatArray, y: FloatArray) -> bool:
    """Ask a linear programme for a direction that never contradicts an outcome (Konis 2007)."""
    from scipy.optimize import linprog

    signed = np.where(y == 1, 1.0, -1.0)[:, None] * design
    answer = linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(y.size), bounds=(-1.0, 1.0), method="highs"
    )
    return bool(answer.status == 0 and -answer.fun > 1e-6)


def _proximal_newton(
    X: FloatArray, y: FloatArray, first: FloatArray, penalties: tuple[float, float]
) -> tuple[FloatArray, int]:
    """Minimise loss + elastic net by quadratic models with step halving."""
    penalty, l1_ratio = penalties
    l1, l2 = penalty * l1_ratio, penalty * (1 - l1_ratio)

    def cost(point: FloatArray) -> float:
        slopes = point[1:]
        return l1 * float(np.abs(slopes).sum()) + l2 / 2 * float(slopes @ slopes)

    point = first
    for iteration in range(1, _MAX_OUTER + 1):
        value, gradient, hessian = _loss(X, y, point)
        target = _solve_quadratic(gradient, hessian, point, (l1, l2))
        direction = target - point
        promised = float(gradient @ direction) + cost(target) - cost(point)
        if promised >= -1e-12:
            return target, iteration
        total = value + cost(point)
        step = 1.0
        while _value(X, y, point + step * direction) + cost(point + step * direction) > (
            total + 1e-4 * step * promised + 1e-12 * (1 + abs(total))
        ):
            step /= 2
            if step < 1e-10:
                raise ConvergenceError(
                    "an elastic net found no step that improves it; check the columns for extreme "
                    "values and scale them"
                )
        point = point + step * direction
    raise ConvergenceError(
        f"an elastic net did not converge in {_MAX_OUTER} Newton steps; use a larger penalty"
    )


def _solve_quadratic(
    gradient: FloatArray, hessian: FloatArray, point: FloatArray, penalties: tuple[float, float]
) -> FloatArray:
    """Minimise the quadratic model of the loss at `point` plus the elastic net.

    The intercept is profiled out, so that only the p × p matrix remains.
    """
    l1, l2 = penalties
    across = hessian[0, 1:] / hessian[0, 0]
    gram = hessian[1:, 1:] - np.outer(across, hessian[0, 1:])
    pull = gram @ point[1:] - (gradient[1:] - across * gradient[0])
    slopes = _coordinate_descent(gram + l2 * np.eye(pull.size), pull, point[1:], l1)
    intercept = point[0] - gradient[0] / hessian[0, 0] - across @ (slopes - point[1:])
    return np.concatenate([[intercept], slopes])


def _coordinate_descent(
    gram: FloatArray, pull: FloatArray, first: FloatArray, l1: float
) -> FloatArray:
    """Minimise b'Gb/2 − pull'b + l1·‖b‖₁; exact once the active columns and signs are found."""
    slopes = first.copy()
    diagonal = np.diag(gram)
    movable = np.flatnonzero(diagonal > 0)
    slopes[diagonal <= 0] = 0.0
    tolerance = 1e-9 * max(1.0, l1)
    residual = pull - gram @ slopes
    for sweep in range(_MAX_SWEEPS):
        # Every fifth sweep visits all columns, the others only those that are not 0.
        for j in movable if sweep % 5 == 0 else np.flatnonzero(slopes):
            along = residual[j] + diagonal[j] * slopes[j]
            new = np.sign(along) * max(abs(along) - l1, 0.0) / diagonal[j]
            if new != slopes[j]:
                residual -= gram[:, j] * (new - slopes[j])
                slopes[j] = new
        if sweep % 5 == 0:
            slopes = _solve_active(gram, pull, slopes, l1)
            residual = pull - gram @ slopes
            if _is_optimal(residual, slopes, l1, tolerance):
                return slopes
    raise ConvergenceError(
        "coordinate descent of an elastic net did not converge; use a larger penalty or drop "
        "columns that repeat one another"
    )


def _solve_active(gram: FloatArray, pull: FloatArray, slopes: FloatArray, l1: float) -> FloatArray:
    """Go to the optimum of the active columns, dropping each that would change its sign.

    The feature-sign search of Lee et al (2007). A trace of ridge keeps each step a descent where
    active columns repeat one another; a second step takes its bias away.
    """
    slopes = slopes.copy()
    trace = 1e-9 * np.diag(gram).max(initial=0.0)
    whole_steps = 0
    while whole_steps < 2 and (active := np.flatnonzero(slopes)).size:
        here, signs = slopes[active], np.sign(slopes[active])
        block = gram[np.ix_(active, active)]
        slope = pull[active] - l1 * signs - block @ here
        move = np.linalg.solve(block + trace * np.eye(active.size), slope)
        crossing = signs * (here + move) <= 0
        shares = np.where(crossing, np.abs(here) / np.maximum(np.abs(move), 1e-300), np.inf)
        step = min(1.0, float(shares.min()))
        slopes[active] = here + step * move
        slopes[active[shares <= step]] = 0.0
        whole_steps += not crossing.any()
    return slopes


def _is_optimal(residual: FloatArray, slopes: FloatArray, l1: float, tolerance: float) -> bool:
    """Check the subgradient conditions of the elastic net."""
    violation = np.where(
        slopes != 0, np.abs(residual - l1 * np.sign(slopes)), np.maximum(np.abs(residual) - l1, 0.0)
    )
    return bool((violation <= tolerance).all())
