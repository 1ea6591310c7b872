"""Fits the calibration: affine on out-of-fold margins.

In-sample margins are too extreme by construction; every function here expects margins from folds
that did not hold the person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from predictor.calibration import Affine, logistic
from predictor.errors import InvalidInputError
from training.interval_hazards import interval_profile
from training.penalised_cox import RiskSets, efron, risk_sets
from training.penalised_fit import Objective, inverse, minimise
from training.visit_intervals import Intervals

FloatArray = NDArray[np.float64]
# Log-likelihood of coefficients of columns, its gradient and its negative Hessian.
Law = Callable[[FloatArray, FloatArray], tuple[float, FloatArray, FloatArray]]

# Standard deviation of the normal prior of the slope around 1. It puts 95 % of the prior between
# 0 and 2, the range in which slopes of tuned learners fall, and weighs as much as 1/0.5² = 4 units
# of information: those of about 64 people when margins have SD 0.5 (AUC 0.64) and half respond. So
# it decides in a small cohort and hardly matters in one of 600.
SLOPE_SD = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationFit:
    """An affine calibration and what was seen while fitting it.

    Parameters
    ----------
    affine : Affine
        What to apply; slope 0 where there is no signal, above 0 otherwise.
    raw_slope : float
        Slope without the prior: 1 is ideal, below 1 margins are too extreme, 0 or less means they
        do not rank people. Infinite when margins order the outcomes perfectly, 0 when all margins
        are equal.
    raw_intercept : float
        Intercept that goes with `raw_slope` (0 for relapse); NaN when that is infinite.
    no_signal : bool
        True if the raw slope is 0 or less; the model is then the average.
    covariance : ndarray of shape (2, 2)
        Of (intercept, slope) of `affine`: inverse penalised Hessian. With no signal the slope's
        row and column are 0; for relapse the intercept's are.
    """

    affine: Affine
    raw_slope: float
    raw_intercept: float
    no_signal: bool
    covariance: FloatArray


def fit_affine_response(
    margins: ArrayLike, y: ArrayLike, *, slope_sd: float = SLOPE_SD
) -> CalibrationFit:
    """Recalibrate out-of-fold log-odds: logit P = a + b·margin, b drawn toward 1.

    The log-likelihood is concave, so the penalised slope lies between the raw slope and 1: it is
    above 0 exactly when the raw slope is. That sign is the sign of the covariance of margin and
    outcome, and is known even where the raw slope is infinite.

    Parameters
    ----------
    margins : array_like of shape (n,) or (n, repeats)
        Out-of-fold margins; higher is more probable. With several repeats the log-likelihood is
        averaged over them, so that a person counts once.
    y : array_like of shape (n,)
        Outcome, 1 or 0.
    slope_sd : float
        Standard deviation of the normal prior of b around 1; above 0.

    Returns
    -------
    CalibrationFit
        The calibration. Without signal: slope 0, intercept logit(prevalence).

    Raises
    ------
    InvalidInputError
        If shapes or values are not as described, or the outcome has one value only.
    ConvergenceError
        If the optimum was not reached.

    References
    ----------
    Cox (1958), Biometrika 45:562 (logistic recalibration). Van Calster et al (2019), BMC Med
    17:230 (reading of slope and intercept).
    """
    y = np.asarray(y, dtype=np.float64)
    margins = _checked_margins(margins, y.size, slope_sd)
    if y.ndim != 1 or set(np.unique(y).tolist()) != {0.0, 1.0}:
        raise InvalidInputError("calibration needs people with outcome 1 and people with 0 only")
    prevalence = float(y.mean())
    level = float(np.log(prevalence / (1 - prevalence)))
    centre = float(margins.mean())
    signal = float(((y - prevalence) @ (margins - centre)).sum())
    varies = _varies(margins)
    if signal <= 0 or not varies:
        raw = _raw_response(margins, y) if varies else np.array([level, 0.0])
        covariance = np.diag([1 / (y.size * prevalence * (1 - prevalence)), 0.0])
        return CalibrationFit(Affine(level, 0.0), float(raw[1]), float(raw[0]), True, covariance)
    objective = _response_objective(margins, y, slope_sd)
    point, hessian, _ = minimise(objective, np.array([level, 0.0]))
    separated = margins[y == 1].min() >= margins[y == 0].max()
    raw = np.array([np.nan, np.inf]) if separated else _raw_response(margins, y)
    return CalibrationFit(
        Affine(float(point[0]), float(point[1])),
        float(raw[1]),
        float(raw[0]),
        False,
        inverse(hessian),
    )


def fit_affine_relapse(
    margins: ArrayLike,
    days: ArrayLike,
    events: ArrayLike,
    *,
    slope_sd: float = SLOPE_SD,
    offset: FloatArray | None = None,
    intervals: Intervals | None = None,
) -> CalibrationFit:
    """Recalibrate out-of-fold log-hazards by a likelihood of relapse, slope drawn toward 1.

    It is Efron's partial likelihood, or that of visit intervals where `intervals` are given:
    margins that were fitted to intervals would seem too extreme by Efron's, which ties pull toward
    0. The level is left to the baseline hazard; the intercept is 0. The slope is above 0 exactly
    when the raw slope is, as for response.

    Parameters
    ----------
    margins : array_like of shape (n,) or (n, repeats)
        Out-of-fold margins; higher is sooner. With several repeats the log-likelihood is averaged
        over them.
    days : array_like of shape (n,)
        Day of relapse or censoring after time zero.
    events : array_like of shape (n,)
        1 if relapse was seen, 0 if censored.
    slope_sd : float
        Standard deviation of the normal prior of the slope around 1; above 0.
    offset : ndarray of shape (n,), optional
        What stands beside the line and is not stretched by it.
    intervals : Intervals, optional
        Of the same people, for margins that were fitted to them; they hold their own offset.

    Returns
    -------
    CalibrationFit
        The calibration. Without signal: slope 0, so that all share one curve.

    Raises
    ------
    InvalidInputError
        If shapes or values are not as described, or no event was seen.
    ConvergenceError
        If the optimum was not reached.

    References
    ----------
    van Houwelingen (2000), Stat Med 19:3401 (calibration slope of a survival model).
    """
    sets = risk_sets(days, events, offset=offset)
    repeats = _checked_margins(margins, sets.order.size, slope_sd)
    # A constant cancels in the likelihood; centring keeps the exponentials in range.
    repeats = repeats - repeats.mean(axis=0)
    law = _law(days, events, offset, intervals)
    signal = _mean_law(repeats, 0.0, law)[1] if _varies(repeats) else 0.0
    if signal <= 0:
        slope = _raw_relapse(repeats, sets, law) if signal < 0 else 0.0
        return CalibrationFit(Affine(0.0, 0.0), slope, 0.0, True, np.zeros((2, 2)))
    point, hessian, _ = minimise(_relapse_objective(repeats, law, slope_sd), np.array([0.0]))
    covariance = np.zeros((2, 2))
    covariance[1, 1] = 1 / hessian[0, 0]
    slope = np.inf if _orders_perfectly(repeats, sets) else _raw_relapse(repeats, sets, law)
    intercept = 0.0 if np.isfinite(slope) else np.nan
    return CalibrationFit(Affine(0.0, float(point[0])), slope, intercept, False, covariance)


def kept_line(
    fit: CalibrationFit,
    margins: ArrayLike,
    events: ArrayLike,
    days: ArrayLike | None = None,
    *,
    offset: FloatArray | None = None,
    intervals: Intervals | None = None,
) -> CalibrationFit:
    """Leave margins as they are, with the doubt that held-out people leave about their line.

    A learner averaged over priors says by itself how far to shrink; a line fitted on top of that
    only adds noise in small cohorts (`benchmarks/parts.py`). What the line would be
    stays in `raw_slope`, how well it is known in the covariance.

    Parameters
    ----------
    fit : CalibrationFit
        What would be fitted.
    margins, events, days, offset, intervals : object
        As for `fit_affine_response`, or `fit_affine_relapse` where days are given.

    Returns
    -------
    CalibrationFit
        Slope 1, intercept 0; the covariance is that of a line around them.
    """
    held_out = np.asarray(margins, dtype=np.float64)
    held_out = held_out.reshape(len(held_out), -1)
    covariance = np.zeros((2, 2))
    if days is None:
        objective = _response_objective(held_out, np.asarray(events, dtype=np.float64), SLOPE_SD)
        covariance = inverse(objective(np.array([0.0, 1.0]))[2])
    else:
        law = _law(days, events, offset, intervals)
        objective = _relapse_objective(held_out - held_out.mean(axis=0), law, SLOPE_SD)
        covariance[1, 1] = 1 / objective(np.array([1.0]))[2][0, 0]
    return replace(fit, affine=Affine(0.0, 1.0), covariance=covariance, no_signal=False)


def _checked_margins(margins: ArrayLike, n: int, slope_sd: float) -> FloatArray:
    """Give margins as people by repeats; refuse what cannot be calibrated."""
    margins = np.asarray(margins, dtype=np.float64)
    if margins.ndim == 1:
        margins = margins[:, None]
    if margins.ndim != 2 or margins.shape[0] != n or not np.isfinite(margins).all():
        raise InvalidInputError(
            f"margins of shape {margins.shape} were given for {n} people; one finite out-of-fold "
            "margin for each person and repeat is needed"
        )
    if not slope_sd > 0:
        raise InvalidInputError(f"slope_sd {slope_sd} was given; it must be above 0")
    return margins


def _varies(margins: FloatArray) -> bool:
    """Tell margins that differ between people from rounding."""
    centre = margins.mean(axis=0)
    return bool(np.abs(margins - centre).max() > 1e-10 * (1.0 + np.abs(centre).max()))


def _response_objective(margins: FloatArray, y: FloatArray, slope_sd: float) -> Objective:
    """Give −loglik (mean over repeats) + (b − 1)²/(2 sd²) of (a, b); sd infinite: no prior."""
    precision = slope_sd**-2
    repeats = margins.shape[1]
    outcome = y[:, None]

    def objective(point: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        a, b = point
        eta = a + b * margins
        residual = (logistic(eta) - outcome) / repeats
        weight = logistic(eta) * logistic(-eta) / repeats
        value = float((np.logaddexp(0.0, eta) - outcome * eta).sum()) / repeats
        gradient = np.array([residual.sum(), (residual * margins).sum() + precision * (b - 1)])
        cross = (weight * margins).sum()
        across = (weight * margins**2).sum() + precision
        hessian = np.array([[weight.sum(), cross], [cross, across]])
        return value + precision * (b - 1) ** 2 / 2, gradient, hessian

    return objective


def _raw_response(margins: FloatArray, y: FloatArray) -> FloatArray:
    """Give intercept and slope without the prior; (NaN, −inf) if margins order people backwards."""
    if margins[y == 1].max() <= margins[y == 0].min():
        return np.array([np.nan, -np.inf])
    # Standardised, so that margins of any size start from the same point.
    centre, scale = float(margins.mean()), float(margins.std())
    objective = _response_objective((margins - centre) / scale, y, np.inf)
    prevalence = y.mean()
    point, _, _ = minimise(objective, np.array([np.log(prevalence / (1 - prevalence)), 0.0]))
    slope = float(point[1]) / scale
    return np.array([float(point[0]) - slope * centre, slope])


def _law(
    days: ArrayLike,
    events: ArrayLike,
    offset: FloatArray | None,
    intervals: Intervals | None,
) -> Law:
    """Give the log-likelihood of a slope: Efron's, or that of visit intervals."""
    if intervals is None:
        return partial(efron, sets=risk_sets(days, events, offset=offset))
    return partial(interval_profile, intervals=intervals)


def _mean_law(margins: FloatArray, slope: float, law: Law) -> tuple[float, float, float]:
    """Give log-likelihood, score and information of a slope, averaged over repeats."""
    each = [law(column[:, None], np.array([slope])) for column in margins.T]
    loglik = float(np.mean([value for value, _, _ in each]))
    score = float(np.mean([gradient[0] for _, gradient, _ in each]))
    return loglik, score, float(np.mean([information[0, 0] for _, _, information in each]))


def _relapse_objective(margins: FloatArray, law: Law, slope_sd: float) -> Objective:
    """Give −loglik + (b − 1)²/(2 sd²) of (b,); sd infinite: no prior."""
    precision = slope_sd**-2

    def objective(point: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        b = float(point[0])
        loglik, score, information = _mean_law(margins, b, law)
        gradient = np.array([precision * (b - 1) - score])
        hessian = np.array([[information + precision]])
        return precision * (b - 1) ** 2 / 2 - loglik, gradient, hessian

    return objective


def _raw_relapse(margins: FloatArray, sets: RiskSets, law: Law) -> float:
    """Give the slope without the prior; −inf if margins order the events backwards."""
    if _orders_perfectly(-margins, sets):
        return -np.inf
    scale = float(margins.std())
    objective = _relapse_objective(margins / scale, law, np.inf)
    return float(minimise(objective, np.array([0.0]))[0][0]) / scale


def _orders_perfectly(margins: FloatArray, sets: RiskSets) -> bool:
    """Ask whether every case has the highest margin of all at risk, in every repeat."""
    ordered = margins[sets.order]
    highest = np.maximum.accumulate(ordered[::-1], axis=0)[::-1][sets.first]
    return bool((ordered[sets.cases] >= highest).all())
