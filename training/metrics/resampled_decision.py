"""Net benefit in bootstrap resamples of people: bands of a decision curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.metrics import FloatArray, MeasureUndefinedError
from training.metrics.accepted import checked, checked_followup, checked_risk
from training.metrics.decision import decision_curve, decision_curve_at
from training.metrics.resampling import resample_counts, risk_in_resamples

_UNDEFINED_ALLOWED = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class DecisionBand:
    """A decision curve with its pointwise 95 % band; NaN where a threshold has no value.

    Parameters
    ----------
    threshold : ndarray of shape (k,)
        Risk from which one would act.
    model, lo, hi : ndarray of shape (k,)
        Net benefit of acting by the model, with percentiles 2.5 and 97.5 of the resamples.
    treat_all : ndarray of shape (k,)
        Net benefit of acting on everybody.
    gain_lo : ndarray of shape (k,)
        Percentile 2.5 of the model's net benefit less that of the better of acting on everybody
        and on nobody; above 0 where the model is the better choice.
    acted_on : ndarray of shape (k,)
        Share of people whose predicted risk reaches the threshold.
    """

    threshold: FloatArray
    model: FloatArray
    lo: FloatArray
    hi: FloatArray
    treat_all: FloatArray
    gain_lo: FloatArray
    acted_on: FloatArray


def decision_band(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    *,
    thresholds: npt.ArrayLike,
    n_boot: int,
    rng: np.random.Generator,
) -> DecisionBand:
    """Net benefit over thresholds, with a pointwise bootstrap band.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, in [0, 1].
    thresholds : array-like of shape (k,)
        Probabilities from which one would act, inside (0, 1), increasing.
    n_boot : int
        Resamples, at least 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    DecisionBand
        Net benefit in true positives per person; higher is better.

    References
    ----------
    Vickers AJ, Elkin EB. Med Decis Making 2006;26:565-574. Efron B, Tibshirani RJ. An Introduction
    to the Bootstrap. Chapman & Hall 1993, chapter 13.
    """
    outcome, probability = checked(y, p)
    curve = decision_curve(outcome, probability, thresholds=thresholds)
    odds = curve.threshold / (1 - curve.threshold)
    order = np.argsort(probability, kind="stable")
    below = np.searchsorted(probability[order], curve.threshold, side="left")
    n, models, everybody = outcome.size, [], []
    for counts in resample_counts(n_boot, n, rng):
        called = _reaching(counts[:, order], below)
        true = _reaching((counts * outcome)[:, order], below)
        models.append((true - odds * (called - true)) / n)
        share = (counts @ outcome / n)[:, None]
        everybody.append(share - odds * (1 - share))
    return _band(curve.threshold, curve.model, curve.treat_all, probability,
                 np.concatenate(models), np.concatenate(everybody))  # fmt: skip


def decision_band_at(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk_at_t: npt.ArrayLike,
    *,
    t: float,
    thresholds: npt.ArrayLike,
    n_boot: int,
    rng: np.random.Generator,
) -> DecisionBand:
    """Net benefit at day t under censoring, with a pointwise bootstrap band.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk_at_t : array-like of shape (n,)
        Predicted probability of the event by day t, in [0, 1].
    t : float
        Horizon in days.
    thresholds : array-like of shape (k,)
        Risks from which one would act, inside (0, 1), increasing.
    n_boot : int
        Resamples, at least 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    DecisionBand
        Thresholds whose people are not followed to t have no value; nor has the band where more
        than 5 % of resamples have none.

    Raises
    ------
    MeasureUndefinedError
        If t lies beyond follow-up.

    References
    ----------
    Vickers AJ, Cronin AM, Elkin EB, Gonen M. BMC Med Inform Decis Mak 2008;8:53.
    """
    times, marks = checked_followup(days, events)
    risk = checked_risk(risk_at_t, n=times.size, probability=True)
    # risks of 0 act on nobody: what is left is the line of treating everybody
    whole = decision_curve_at(times, marks, np.zeros(times.size), t=t, thresholds=thresholds)
    at = whole.threshold
    odds, acted = at / (1 - at), risk[:, None] >= at
    model = np.array([_defined(times, marks, risk, t, level) for level in at])
    models, everybody = [], []
    for counts in resample_counts(n_boot, times.size, rng):
        columns = [_gained(counts * acted[:, k], times, marks, t, odds[k]) for k in range(at.size)]
        models.append(np.column_stack(columns))
        happened = risk_in_resamples(counts, times, marks, t=t)[:, None]
        everybody.append(happened - odds * (1 - happened))
    return _band(
        at, model, whole.treat_all, risk, np.concatenate(models), np.concatenate(everybody)
    )


def _reaching(ordered: FloatArray, below: npt.NDArray[np.intp]) -> FloatArray:
    """Weight of the people at or above each threshold, for each row."""
    total = np.cumsum(ordered, axis=1)
    before = np.hstack([np.zeros((len(ordered), 1)), total])[:, below]
    return np.asarray(total[:, -1:] - before)


def _defined(times: FloatArray, marks: FloatArray, risk: FloatArray, t: float, at: float) -> float:
    """Net benefit at one threshold; NaN where those acted on are not followed to t."""
    try:
        return float(decision_curve_at(times, marks, risk, t=t, thresholds=[at]).model[0])
    except MeasureUndefinedError:
        return float("nan")


def _gained(
    weights: FloatArray, times: FloatArray, marks: FloatArray, t: float, odds: float
) -> FloatArray:
    """Net benefit of acting on the people of each row; of acting on nobody 0."""
    share = weights.sum(axis=1) / times.size
    happened = risk_in_resamples(weights, times, marks, t=t)
    return np.where(share > 0, share * (happened - odds * (1 - happened)), 0.0)


def _band(
    at: FloatArray,
    model: FloatArray,
    treat_all: FloatArray,
    risk: FloatArray,
    models: FloatArray,
    everybody: FloatArray,
) -> DecisionBand:
    """Percentiles of the resamples, where enough of them have a value."""
    gains = models - np.maximum(everybody, 0)
    usable = np.isnan(gains).mean(axis=0) <= _UNDEFINED_ALLOWED
    lo, hi, gain_lo = (np.full(at.size, np.nan) for _ in range(3))
    lo[usable], hi[usable] = np.nanquantile(models[:, usable], [0.025, 0.975], axis=0)
    gain_lo[usable] = np.nanquantile(gains[:, usable], 0.025, axis=0)
    acted_on = (risk[:, None] >= at).mean(axis=0)
    return DecisionBand(at, model, lo, hi, treat_all, gain_lo, acted_on)
