"""Do predicted probabilities agree with what happened: line, smooth curve, groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from predictor.errors import InvalidInputError
from training.metrics import FloatArray
from training.metrics.accepted import checked, require_both_outcomes
from training.metrics.recalibration import (
    CalibrationErrors,
    CalibrationLine,
    errors_of,
    finite_log_odds,
    line_of,
    smooth,
)

__all__ = [
    "CalibrationCurve",
    "CalibrationErrors",
    "CalibrationLine",
    "calibration_curve",
    "calibration_errors",
    "calibration_groups",
    "calibration_line",
    "ici",
    "on_log_odds",
]


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
    outcome, log_odds = on_log_odds("calibration line", y, p)
    return line_of(outcome, log_odds, weight=np.ones(outcome.size))


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
    return calibration_errors(y, p).ici


def calibration_errors(y: npt.ArrayLike, p: npt.ArrayLike) -> CalibrationErrors:
    """ICI, E50, E90 and Emax: all from the smooth curve that is described at `ici`.

    Emax stands on the fewest people, at the ends of the curve, and is the noisiest of the four.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, inside (0, 1).

    Returns
    -------
    CalibrationErrors
        ``(ici, e50, e90, emax)``; lower is better.

    Raises
    ------
    MeasureUndefinedError
        If only one outcome occurs, or a probability is 0 or 1.

    References
    ----------
    Austin PC, Steyerberg EW. Stat Med 2019;38:4051-4065.
    """
    outcome, log_odds = on_log_odds("ICI", y, p)
    return errors_of(smooth(outcome, log_odds, at=log_odds), expit(log_odds))


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
    outcome, log_odds = on_log_odds("calibration curve", y, p)
    probability = expit(log_odds)
    grid = np.linspace(probability.min(), probability.max(), n_points)
    return CalibrationCurve(grid, smooth(outcome, log_odds, at=logit(grid)))


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


def on_log_odds(measure: str, y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Give outcomes and the log-odds of the predictions, where both are usable.

    Parameters
    ----------
    measure : str
        Name of the measure, for the message.
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome.

    Returns
    -------
    tuple of ndarray
        Outcomes and log-odds, each of shape (n,).

    Raises
    ------
    MeasureUndefinedError
        If only one outcome occurs, or a probability is 0 or 1.
    """
    outcome, probability = checked(y, p)
    require_both_outcomes(measure, outcome)
    return outcome, finite_log_odds(measure, probability)
