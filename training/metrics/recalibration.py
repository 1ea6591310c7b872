"""Fits behind the calibration measures: line and spline on the log-odds, people weighted.

Whether an outcome simply happened or may be hidden by censoring is the caller's matter: hidden
ones get weight 0 and the others stand for them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from training.metrics import FloatArray, MeasureUndefinedError

# Harrell 2015, table 2.3: quantiles at which the knots of a restricted cubic spline stand
_KNOT_QUANTILES = (0.05, 0.35, 0.65, 0.95)


class CalibrationLine(NamedTuple):
    """Logistic recalibration of predictions; (0, 1) is perfect.

    Parameters
    ----------
    intercept : float
        Calibration in the large: intercept with the slope fixed at 1, on the log-odds scale;
        below 0 when risks are predicted too high.
    slope : float
        Slope of the log-odds when intercept and slope are fitted together; below 1 when
        predictions are too extreme.
    """

    intercept: float
    slope: float


class CalibrationErrors(NamedTuple):
    """Distances of predicted risk from smoothed observed risk, over the people; all in [0, 1].

    Parameters
    ----------
    ici : float
        Mean distance (integrated calibration index).
    e50 : float
        Median distance.
    e90 : float
        Distance that nine in ten people stay within.
    emax : float
        Largest distance.
    """

    ici: float
    e50: float
    e90: float
    emax: float


def finite_log_odds(measure: str, p: FloatArray) -> FloatArray:
    """Give log-odds, or stop where one is infinite.

    Parameters
    ----------
    measure : str
        Name of the measure, for the message.
    p : ndarray of shape (n,)
        Probabilities.

    Returns
    -------
    ndarray of shape (n,)
        Log-odds.

    Raises
    ------
    MeasureUndefinedError
        If a probability is 0 or 1.
    """
    sure = int(np.sum((p == 0) | (p == 1)))
    if sure:
        raise MeasureUndefinedError(
            measure, f"{sure} probabilities are exactly 0 or 1, their log-odds infinite"
        )
    return np.asarray(logit(p), dtype=np.float64)


def errors_of(observed: FloatArray, predicted: FloatArray) -> CalibrationErrors:
    """Summarise the distances of a smooth curve from the predictions.

    Parameters
    ----------
    observed : ndarray of shape (n,)
        Smoothed observed risk of each person.
    predicted : ndarray of shape (n,)
        Predicted risk of each person.

    Returns
    -------
    CalibrationErrors
        Mean, median, 90th percentile and largest distance.
    """
    distance = np.abs(observed - predicted)
    half, ninth = np.quantile(distance, [0.5, 0.9])
    return CalibrationErrors(
        float(distance.mean()), float(half), float(ninth), float(distance.max())
    )


def line_of(y: FloatArray, log_odds: FloatArray, *, weight: FloatArray) -> CalibrationLine:
    """Fit intercept (slope fixed at 1) and slope to weighted people.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Outcomes, 0 or 1; those of weight 0 are not read.
    log_odds : ndarray of shape (n,)
        Log-odds of the predictions.
    weight : ndarray of shape (n,)
        How many people each stands for, at least 0.

    Returns
    -------
    CalibrationLine
        ``(intercept, slope)``.

    Raises
    ------
    MeasureUndefinedError
        If all predictions are equal or separate the outcomes perfectly.
    """
    if log_odds.min() == log_odds.max():
        raise MeasureUndefinedError("calibration slope", "everybody has the same probability")
    cases, others = (log_odds[(weight > 0) & (y == outcome)] for outcome in (1, 0))
    if cases.min() >= others.max() or cases.max() <= others.min():
        raise MeasureUndefinedError(
            "calibration slope", "the probabilities separate the outcomes perfectly"
        )
    ones = np.ones((y.size, 1))
    joint = np.column_stack([ones, log_odds])
    intercept = _fit_logistic(ones, y, offset=log_odds, weight=weight)[0]
    slope = _fit_logistic(joint, y, offset=np.zeros(y.size), weight=weight)[1]
    return CalibrationLine(float(intercept), float(slope))


def smooth(
    y: FloatArray, log_odds: FloatArray, *, at: FloatArray, weight: FloatArray | None = None
) -> FloatArray:
    """Smooth the observed risk by logistic regression on a restricted cubic spline.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Outcomes, 0 or 1; those of weight 0 are not read.
    log_odds : ndarray of shape (n,)
        Log-odds of the predictions; their quantiles place the knots.
    at : ndarray of shape (n_points,)
        Log-odds at which the curve is wanted.
    weight : ndarray of shape (n,) or None
        How many people each stands for; None counts each once.

    Returns
    -------
    ndarray of shape (n_points,)
        Observed risk, in [0, 1].
    """
    weight = np.ones(y.size) if weight is None else weight
    design, drawn = spline_design(log_odds), spline_design(log_odds, at=at)
    # predictions of few distinct values cannot carry every column of the spline
    n_columns = min(design.shape[1], np.unique(log_odds[weight > 0]).size)
    beta = _fit_logistic(design[:, :n_columns], y, offset=np.zeros(y.size), weight=weight)
    risk: FloatArray = expit(drawn[:, :n_columns] @ beta)
    return risk


def spline_design(log_odds: FloatArray, *, at: FloatArray | None = None) -> FloatArray:
    """Give the columns of the restricted cubic spline behind `smooth`.

    Parameters
    ----------
    log_odds : ndarray of shape (n,)
        Log-odds of the predictions; their quantiles place the knots.
    at : ndarray of shape (n_points,) or None
        Where the columns are wanted; None for the people themselves.

    Returns
    -------
    ndarray of shape (n_points, n_columns)
        One, the log-odds and up to two cubic terms.

    References
    ----------
    Harrell FE. Regression Modeling Strategies, 2nd ed. Springer 2015, section 2.4.
    """
    knots = np.unique(np.quantile(log_odds, _KNOT_QUANTILES))
    return _spline(log_odds if at is None else at, knots)


def _spline(x: FloatArray, knots: FloatArray) -> FloatArray:
    """Columns 1, x and the restricted cubic terms (Harrell 2015, eq. 2.25)."""
    columns = [np.ones_like(x), x]
    if knots.size >= 3:
        last, before = knots[-1], knots[-2]
        for knot in knots[:-2]:
            cubic = np.clip(x - knot, 0, None) ** 3
            cubic -= np.clip(x - before, 0, None) ** 3 * (last - knot) / (last - before)
            cubic += np.clip(x - last, 0, None) ** 3 * (before - knot) / (last - before)
            columns.append(cubic / (last - knots[0]) ** 2)
    return np.column_stack(columns)


def _fit_logistic(
    X: FloatArray, y: FloatArray, *, offset: FloatArray, weight: FloatArray
) -> FloatArray:
    """Maximum-likelihood coefficients by Newton steps, halved until the likelihood gains.

    It stops by the likelihood, as ``glm`` in R: where a part of the spline separates the outcomes
    its coefficients run away but the fitted risks converge.
    """

    def loss(beta: FloatArray) -> float:
        eta = offset + X @ beta
        return float(weight @ (np.logaddexp(0, eta) - y * eta))

    beta = np.zeros(X.shape[1])
    current = loss(beta)
    for _ in range(100):
        risk = expit(offset + X @ beta)
        hessian = (X * (weight * risk * (1 - risk))[:, None]).T @ X
        step = np.linalg.lstsq(hessian, X.T @ (weight * (y - risk)), rcond=1e-14)[0]
        while loss(beta + step) > current and np.any(np.abs(step) > 1e-12):
            step = step / 2
        beta = beta + step
        gain, current = current - loss(beta), loss(beta)
        if gain <= 1e-13 * (current + 0.1):
            break
    return beta
