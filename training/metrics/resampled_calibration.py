"""Calibration in bootstrap resamples of people, all resamples fitted together.

Line, smooth curve and the distances from it, for an outcome that was seen (`resampled`) and for an
event by day t under censoring (`resampled_at`). The knots of the spline stay where all people place
them. `error_interval` turns resampled distances into intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from training.metrics import FloatArray, MeasureUndefinedError
from training.metrics.accepted import checked_followup, checked_risk
from training.metrics.calibration import on_log_odds
from training.metrics.intervals import Estimate, percentile_interval
from training.metrics.recalibration import CalibrationErrors, finite_log_odds, spline_design
from training.metrics.resampling import ipcw_in_resamples, resample_counts


@dataclass(frozen=True, slots=True, eq=False)
class ResampledCalibration:
    """Calibration in each resample; NaN where a resample has no value.

    Parameters
    ----------
    intercept, slope : ndarray of shape (n_boot,)
        As in `training.metrics.calibration.calibration_line`.
    errors : ndarray of shape (n_boot, 4)
        ICI, E50, E90 and Emax of the resample.
    scatter : ndarray of shape (n_boot, 4)
        The same of the resample's curve from the curve of all people: how far curves stray by
        chance.
    curve : ndarray of shape (n_boot, n_points)
        Smooth curve at the points asked for; no columns where none were.
    """

    intercept: FloatArray
    slope: FloatArray
    errors: FloatArray
    scatter: FloatArray
    curve: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Outcome, log-odds of each column of predictions, and which curve points are wanted."""

    happened: FloatArray
    columns: list[FloatArray]
    at: FloatArray


def resampled(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    n_boot: int,
    rng: np.random.Generator,
    *,
    at: npt.ArrayLike = (),
) -> ResampledCalibration:
    """Resample people and calibrate each resample.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,) or (n, n_repeats)
        Probabilities, inside (0, 1); of several columns the mean is given, on the same resamples.
    n_boot : int
        Resamples, at least 1.
    rng : numpy.random.Generator
        Source of randomness.
    at : array-like of shape (n_points,)
        Probabilities at which the smooth curve is wanted.

    Returns
    -------
    ResampledCalibration
        Resamples with one outcome only are NaN; so are lines where the outcomes separate.

    Raises
    ------
    MeasureUndefinedError
        If only one outcome occurs, or a probability is 0 or 1.
    InvalidInputError
        If no resample is asked for.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall 1993, chapter 13.
    """
    pairs = [on_log_odds("calibration", y, column) for column in _columns(p)]
    seen = _Seen(pairs[0][0], [log_odds for _, log_odds in pairs], logit(np.asarray(at, float)))
    everybody = np.ones((1, seen.happened.size))
    whole = _Fits.of(seen, everybody)
    parts = [
        _calibrate(seen, counts, counts, whole)
        for counts in resample_counts(n_boot, seen.happened.size, rng)
    ]
    return _joined(parts)


def resampled_at(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk_at_t: npt.ArrayLike,
    n_boot: int,
    rng: np.random.Generator,
    *,
    t: float,
    at: npt.ArrayLike = (),
) -> ResampledCalibration:
    """Resample people and calibrate their risk at day t, censoring estimated in each resample.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk_at_t : array-like of shape (n,) or (n, n_repeats)
        Predicted probability of the event by day t, inside (0, 1).
    n_boot : int
        Resamples, at least 1.
    rng : numpy.random.Generator
        Source of randomness.
    t : float
        Horizon in days.
    at : array-like of shape (n_points,)
        Risks at which the smooth curve is wanted.

    Returns
    -------
    ResampledCalibration
        Resamples not followed to t are NaN too.

    Raises
    ------
    MeasureUndefinedError
        If t lies beyond follow-up, nobody or everybody seen had the event by t, or a risk is 0
        or 1.
    InvalidInputError
        If no resample is asked for.

    References
    ----------
    Gerds TA, Andersen PK, Kattan MW. Stat Med 2014;33:3191-3203.
    """
    times, marks = checked_followup(days, events)
    happened = ((times <= t) & (marks == 1)).astype(np.float64)
    risks = [checked_risk(each, n=times.size, probability=True) for each in _columns(risk_at_t)]
    columns = [finite_log_odds("calibration", each) for each in risks]
    seen = _Seen(happened, columns, logit(np.asarray(at, float)))
    everybody = ipcw_in_resamples(np.ones((1, times.size)), times, marks, t=t)
    known = happened[everybody[0] > 0]
    if np.isnan(everybody).any() or known.size == 0 or known.min() == known.max():
        raise MeasureUndefinedError(
            "calibration", f"both outcomes must be seen by day {t:g}, inside follow-up"
        )
    whole = _Fits.of(seen, everybody)
    parts = [
        _calibrate(seen, counts, ipcw_in_resamples(counts, times, marks, t=t), whole)
        for counts in resample_counts(n_boot, times.size, rng)
    ]
    return _joined(parts)


def error_interval(value: float, errors: FloatArray, scatter: FloatArray) -> Estimate:
    """Give a distance from calibration its 95 % interval, in spite of its upward bias.

    Noise makes curves stray, so that distances are too large, and those of resamples more so: the
    percentile interval can lie above the truth, and above the value. The ends here are the outer
    ones of the percentile interval and of its mirror image at the value (the basic bootstrap),
    which leans the other way; the lower end is 0 where the value is no larger than what curves
    stray by chance. Simulated coverage: ``tests/training/metrics/test_resampled_calibration.py``.

    Parameters
    ----------
    value : float
        The distance on the people as they are.
    errors, scatter : ndarray of shape (n_boot,)
        A column each of `ResampledCalibration`.

    Returns
    -------
    Estimate
        Lower is better; the interval holds the value.

    Raises
    ------
    MeasureUndefinedError
        If more than 5 % of resamples have no value.

    References
    ----------
    Davison AC, Hinkley DV. Bootstrap Methods and their Application. Cambridge 1997, section 5.2.
    """
    drawn = percentile_interval(value, errors)
    lo = min(drawn.lo, 2 * value - drawn.hi)
    if value <= np.nanquantile(scatter, 0.95):
        lo = 0.0
    hi = max(drawn.hi, 2 * value - drawn.lo)
    method = drawn.method.replace("percentile bootstrap", "percentile and basic bootstrap joined")
    return Estimate(value, max(0.0, lo), min(1.0, hi), method)


@dataclass(frozen=True, slots=True, eq=False)
class _Fits:
    """Coefficients of each column of predictions: intercept alone, line, spline."""

    intercept: list[FloatArray]
    line: list[FloatArray]
    design: list[FloatArray]
    drawn: list[FloatArray]
    spline: list[FloatArray]

    @classmethod
    def of(cls, seen: _Seen, weight: FloatArray) -> _Fits:
        """Fit all people once; the resamples start from here."""
        ones, y = np.ones((seen.happened.size, 1)), seen.happened
        fits = cls([], [], [], [], [])
        for log_odds in seen.columns:
            width = min(4, np.unique(log_odds[weight[0] > 0]).size)
            design = spline_design(log_odds)[:, :width]
            line = np.column_stack([ones, log_odds])
            fits.design.append(design)
            fits.drawn.append(spline_design(log_odds, at=seen.at)[:, :width])
            start = np.zeros(1), np.array([0.0, 1.0]), np.zeros(design.shape[1])
            fits.intercept.append(fit_rows(ones, y, weight, start=start[0], offset=log_odds)[0])
            fits.line.append(fit_rows(line, y, weight, start=start[1])[0])
            fits.spline.append(fit_rows(design, y, weight, start=start[2])[0])
        return fits


def _calibrate(
    seen: _Seen, counts: FloatArray, weight: FloatArray, whole: _Fits
) -> ResampledCalibration:
    """Calibrate some resamples; of several columns of predictions the mean."""
    y, drawn = seen.happened, weight > 0
    usable = (drawn & (y == 1)).any(axis=1) & (drawn & (y == 0)).any(axis=1)
    found = np.full((len(counts), 10 + seen.at.size), np.nan)
    if usable.any():
        each = [
            _column(seen, k, counts[usable], weight[usable], whole)
            for k in range(len(seen.columns))
        ]
        found[usable] = np.mean(each, axis=0)
    return ResampledCalibration(
        found[:, 0], found[:, 1], found[:, 2:6], found[:, 6:10], found[:, 10:]
    )


def _column(
    seen: _Seen, k: int, counts: FloatArray, weight: FloatArray, whole: _Fits
) -> FloatArray:
    """Calibrate one column of predictions: two of the line, four errors, four of scatter, curve."""
    y, log_odds, design = seen.happened, seen.columns[k], whole.design[k]
    ones = np.ones((y.size, 1))
    both = np.column_stack([ones, log_odds])
    intercept = fit_rows(ones, y, weight, start=whole.intercept[k], offset=log_odds)
    line = fit_rows(both, y, weight, start=whole.line[k])
    ranked = np.hstack([intercept, line[:, 1:]])
    ranked[_separated(y, log_odds, weight)] = np.nan
    beta = fit_rows(design, y, weight, start=whole.spline[k])
    observed, predicted = expit(beta @ design.T), expit(log_odds)
    drawn = np.repeat(np.tile(np.arange(y.size), len(counts)), counts.ravel().astype(np.intp))
    people = drawn.reshape(len(counts), y.size)
    distances = (observed - predicted, observed - expit(design @ whole.spline[k]))
    errors = [_summaries(np.take_along_axis(np.abs(d), people, axis=1)) for d in distances]
    return np.hstack([ranked, *errors, expit(beta @ whole.drawn[k].T)])


def fit_rows(
    X: FloatArray,
    y: FloatArray,
    weight: FloatArray,
    *,
    start: FloatArray,
    offset: FloatArray | float = 0.0,
) -> FloatArray:
    """Fit one logistic regression for each row of weights, by Newton steps taken together.

    Steps are halved until the likelihood gains, and a fit stops by its likelihood, as the single
    fits of `training.metrics.recalibration` do.

    Parameters
    ----------
    X : ndarray of shape (n, k)
        Columns, with those of ones.
    y : ndarray of shape (n,)
        Outcomes, 0 or 1.
    weight : ndarray of shape (n_rows, n)
        How often each person counts.
    start : ndarray of shape (k,)
        Coefficients to start from.
    offset : ndarray of shape (n,) or float
        Added to the log-odds.

    Returns
    -------
    ndarray of shape (n_rows, k)
        Coefficients; those that run away, where outcomes separate, are large.
    """
    products = (X[:, :, None] * X[:, None, :]).reshape(len(X), -1)
    width = X.shape[1]

    def loss(beta: FloatArray, rows: npt.NDArray[np.intp]) -> FloatArray:
        eta = offset + beta @ X.T
        return np.asarray(np.einsum("ij,ij->i", weight[rows], np.logaddexp(0, eta) - y * eta))

    beta = np.tile(start, (len(weight), 1))
    going = np.arange(len(weight))
    current = loss(beta, going)
    for _ in range(100):
        risk = expit(offset + beta[going] @ X.T)
        hessian = (weight[going] * risk * (1 - risk)) @ products
        gradient = (weight[going] * (y - risk)) @ X
        inverse = np.linalg.pinv(hessian.reshape(-1, width, width), rcond=1e-14, hermitian=True)
        step = np.einsum("ijk,ik->ij", inverse, gradient)
        reached = loss(beta[going] + step, going)
        while (worse := (reached > current[going]) & (np.abs(step).max(axis=1) > 1e-12)).any():
            step[worse] /= 2
            reached[worse] = loss(beta[going[worse]] + step[worse], going[worse])
        beta[going] += step
        gain, current[going] = current[going] - reached, reached
        going = going[gain > 1e-13 * (reached + 0.1)]
        if not going.size:
            break
    return beta


def _separated(y: FloatArray, log_odds: FloatArray, weight: FloatArray) -> npt.NDArray[np.bool_]:
    """Mark the rows in which the predictions separate the outcomes, or are all equal."""
    case, other = (weight > 0) & (y == 1), (weight > 0) & (y == 0)
    lowest = [np.where(chosen, log_odds, np.inf).min(axis=1) for chosen in (case, other)]
    highest = [np.where(chosen, log_odds, -np.inf).max(axis=1) for chosen in (case, other)]
    return np.asarray((lowest[0] >= highest[1]) | (highest[0] <= lowest[1]))


def _summaries(distance: FloatArray) -> FloatArray:
    """Mean, median, 90th percentile and largest of each row."""
    half, ninth = np.quantile(distance, [0.5, 0.9], axis=1)
    return np.column_stack([distance.mean(axis=1), half, ninth, distance.max(axis=1)])


def _joined(parts: list[ResampledCalibration]) -> ResampledCalibration:
    """Put the parts below one another."""
    names = ResampledCalibration.__slots__
    return ResampledCalibration(*(np.concatenate([getattr(p, n) for p in parts]) for n in names))


def _columns(predictions: npt.ArrayLike) -> FloatArray:
    """Predictions by column; one column if there is one."""
    array = np.asarray(predictions, dtype=np.float64)
    return array[None, :] if array.ndim == 1 else array.T


ERRORS = CalibrationErrors._fields
"""Names of the columns of `ResampledCalibration.errors`."""
