"""Do predicted probabilities agree with what happened: line, smooth curve, groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from predictor.errors import InvalidInputError
from training.metrics import FloatArray, MeasureUndefinedError
from training.metrics.accepted import checked, require_both_outcomes

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


@dataclass(frozen=True, slots=True)
class CalibrationCurve:
    """Observed against predicted risk, as drawn in a calibration plot.

    Parameters
    ----------
    predicted : ndarray of shape (n_points,)
        Predicted probability, increasing.
    observed : ndarray of shape (n_points,)
        Share in whom the outcome happened: smoothed, or counted in a group.
    size : ndarray of shape (n_points,) or None
        People in each group; None for the smooth curve.
    """

    predicted: FloatArray
    observed: FloatArray
    size: FloatArray | None = None


def calibration_line(y: npt.ArrayLike, p: npt.ArrayLike) -> CalibrationLine:
    """Calibration intercept (slope fixed at 1) and calibration slope.

    Two maximum-likelihood fits on the log-odds: ``logit P(y) = intercept + logit(p)`` gives the
    intercept, ``logit P(y) = c + slope logit(p)`` the slope. On the people a model was fitted
    to, both look better than they are.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, inside (0, 1).

    Returns
    -------
    CalibrationLine
        ``(intercept, slope)``.

    Raises
    ------
    MeasureUndefinedError
        If only one outcome occurs, a probability is 0 or 1, all are equal, or they separate
        the outcomes perfectly (the slope is then infinite).

    References
    ----------
    Cox DR. Biometrika 1958;45:562-565. Van Calster B et al. J Clin Epidemiol 2016;74:167-176.
    """
    outcome, log_odds = _on_log_odds("calibration line", y, p)
    if log_odds.min() == log_odds.max():
        raise MeasureUndefinedError("calibration slope", "everybody has the same probability")
    cases, others = log_odds[outcome == 1], log_odds[outcome == 0]
    if cases.min() >= others.max() or cases.max() <= others.min():
        raise MeasureUndefinedError(
            "calibration slope", "the probabilities separate the outcomes perfectly"
        )
    ones = np.ones((outcome.size, 1))
    intercept = _fit_logistic(ones, outcome, offset=log_odds)[0]
    joint = np.column_stack([ones, log_odds])
    slope = _fit_logistic(joint, outcome, offset=np.zeros(outcome.size))[1]
    return CalibrationLine(float(intercept), float(slope))


def ici(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Integrated calibration index: mean distance of probability and smoothed observed risk.

    The observed risk comes from a logistic regression on a restricted cubic spline of the
    log-odds (at most four knots), where Austin and Steyerberg smooth by LOESS: a spline stays in
    [0, 1] and is defined in small cohorts. Smoothing noise keeps it above 0 even in perfect
    calibration, the more so the fewer the people.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, inside (0, 1).

    Returns
    -------
    float
        In [0, 1]; lower is better.

    Raises
    ------
    MeasureUndefinedError
        If only one outcome occurs, or a probability is 0 or 1.

    References
    ----------
    Austin PC, Steyerberg EW. Stat Med 2019;38:4051-4065. Harrell FE. Regression Modeling
    Strategies, 2nd ed. Springer 2015, section 2.4.
    """
    outcome, log_odds = _on_log_odds("ICI", y, p)
    observed = _smooth(outcome, log_odds, at=log_odds)
    return float(np.mean(np.abs(observed - expit(log_odds))))


def calibration_curve(
    y: npt.ArrayLike, p: npt.ArrayLike, *, n_points: int = 100
) -> CalibrationCurve:
    """Smooth calibration curve, the one behind `ici`, from the lowest to the highest prediction.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, inside (0, 1).
    n_points : int
        Points drawn, evenly spaced in probability.

    Returns
    -------
    CalibrationCurve
        Predicted and smoothed observed risk.

    Raises
    ------
    MeasureUndefinedError
        If only one outcome occurs, or a probability is 0 or 1.

    References
    ----------
    Austin PC, Steyerberg EW. Stat Med 2019;38:4051-4065.
    """
    outcome, log_odds = _on_log_odds("calibration curve", y, p)
    probability = expit(log_odds)
    grid = np.linspace(probability.min(), probability.max(), n_points)
    return CalibrationCurve(grid, _smooth(outcome, log_odds, at=logit(grid)))


def calibration_groups(
    y: npt.ArrayLike, p: npt.ArrayLike, *, n_groups: int = 10
) -> CalibrationCurve:
    """Mean prediction and observed share in groups of like prediction, equally large.

    People of one prediction stay together, so there may be fewer groups than asked.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, in [0, 1].
    n_groups : int
        Groups wanted, at least 1.

    Returns
    -------
    CalibrationCurve
        One point per group, with its size.

    Raises
    ------
    InvalidInputError
        If fewer than one group is asked for.
    """
    outcome, probability = checked(y, p)
    if n_groups < 1:
        raise InvalidInputError(f"{n_groups} groups were asked for; at least 1 is needed")
    cuts = np.quantile(probability, np.arange(1, n_groups) / n_groups)
    _, group = np.unique(np.searchsorted(cuts, probability), return_inverse=True)
    size = np.bincount(group).astype(np.float64)
    return CalibrationCurve(
        np.bincount(group, probability) / size, np.bincount(group, outcome) / size, size
    )


def _on_log_odds(measure: str, y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Outcomes and log-odds of the predictions, where both are usable."""
    outcome, probability = checked(y, p)
    require_both_outcomes(measure, outcome)
    sure = int(np.sum((probability == 0) | (probability == 1)))
    if sure:
        raise MeasureUndefinedError(
            measure, f"{sure} probabilities are exactly 0 or 1, their log-odds infinite"
        )
    return outcome, np.asarray(logit(probability), dtype=np.float64)


def _smooth(y: FloatArray, log_odds: FloatArray, *, at: FloatArray) -> FloatArray:
    """Observed risk at log-odds ``at``, by logistic regression on a spline."""
    knots = np.unique(np.quantile(log_odds, _KNOT_QUANTILES))
    design = _spline(log_odds, knots)
    # predictions of few distinct values cannot carry every column of the spline
    n_columns = min(design.shape[1], np.unique(log_odds).size)
    beta = _fit_logistic(design[:, :n_columns], y, offset=np.zeros(y.size))
    smooth: FloatArray = expit(_spline(at, knots)[:, :n_columns] @ beta)
    return smooth


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


def _fit_logistic(X: FloatArray, y: FloatArray, *, offset: FloatArray) -> FloatArray:
    """Maximum-likelihood coefficients by Newton steps, halved until the likelihood gains.

    It stops by the likelihood, as ``glm`` in R: where a part of the spline separates the outcomes
    its coefficients run away but the fitted risks converge.
    """

    def loss(beta: FloatArray) -> float:
        eta = offset + X @ beta
        return float(np.sum(np.logaddexp(0, eta) - y * eta))

    beta = np.zeros(X.shape[1])
    current = loss(beta)
    for _ in range(100):
        risk = expit(offset + X @ beta)
        hessian = (X * (risk * (1 - risk))[:, None]).T @ X
        step = np.linalg.lstsq(hessian, X.T @ (y - risk), rcond=1e-14)[0]
        while loss(beta + step) > current and np.any(np.abs(step) > 1e-12):
            step = step / 2
        beta = beta + step
        gain, current = current - loss(beta), loss(beta)
        if gain <= 1e-13 * (current + 0.1):
            break
    return beta
