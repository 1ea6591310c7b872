"""The curves of the chosen learner: calibration, net benefit and spread of risks, with bands.

All from predictions for people whom no fit saw, averaged over repeats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.evaluation.cross_validation import OutOfFold
from training.evaluation.measures_of_relapse import HORIZONS
from training.evaluation.performance import evaluated_days
from training.evaluation.procedure import RISK_DAYS
from training.fitting import Outcome
from training.metrics import MeasureUndefinedError
from training.metrics.calibration import calibration_curve
from training.metrics.censoring import greenwood, ipcw_weights
from training.metrics.distribution import Spread, spread_of
from training.metrics.horizon import calibration_curve_at, calibration_groups_at
from training.metrics.resampled_calibration import resampled, resampled_at
from training.metrics.resampled_decision import DecisionBand, decision_band, decision_band_at

Floats = NDArray[np.float64]

RESAMPLES = 200
"""Resamples of people behind a band."""

DECISION_DAY = 90
"""Day at which net benefit and spread of a relapse risk are shown."""

SMALLEST_GROUP = 10
"""Fewer people than this, and their risks are not shown."""

POINTS, GROUPS, THRESHOLDS = 60, 5, 61
_FEWEST_RISKS = 10  # fewer distinct risks than this carry no smooth curve


@dataclass(frozen=True, slots=True, eq=False)
class Banded:
    """A curve with its pointwise 95 % band.

    Parameters
    ----------
    x, y : ndarray of shape (n_points,)
        The curve.
    lo, hi : ndarray of shape (n_points,)
        Ends of its band.
    """

    x: Floats
    y: Floats
    lo: Floats
    hi: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What is drawn of the chosen learner; a curve without a value is absent, with its reason.

    Parameters
    ----------
    calibration : mapping of int to Banded
        Smooth observed against predicted risk, by day; day 0 is the response.
    groups : mapping of int to Banded
        Kaplan-Meier in groups of like risk, by day; empty for response.
    decision : DecisionBand or None
        Net benefit; of a relapse risk at `DECISION_DAY`.
    spread : tuple of Spread or None
        Risks of those with the outcome, and of those without.
    undefined : mapping of str to str
        Why a curve is absent.
    """

    calibration: Mapping[int, Banded] = field(default_factory=dict)
    groups: Mapping[int, Banded] = field(default_factory=dict)
    decision: DecisionBand | None = None
    spread: tuple[Spread, Spread] | None = None
    undefined: Mapping[str, str] = field(default_factory=dict)


def groups_of(people: int) -> int:
    """Tell in how many groups of like risk people can be shown.

    Parameters
    ----------
    people : int
        How many there are.

    Returns
    -------
    int
        At most `GROUPS`, at least 1; fewer where a group would have less than `SMALLEST_GROUP`.
    """
    return max(1, min(GROUPS, people // SMALLEST_GROUP))


def curves_of(
    found: OutOfFold,
    outcome: Outcome,
    *,
    thresholds: tuple[float, float],
    rng: np.random.Generator,
) -> Curves:
    """Compute the curves of one learner.

    Parameters
    ----------
    found : OutOfFold
        Its predictions, without failure.
    outcome : Outcome
        What happened.
    thresholds : tuple of float
        Ends of the range over which net benefit is shown.
    rng : numpy.random.Generator
        Draws the resamples of people.

    Returns
    -------
    Curves
        Whatever has a value, and reasons for the rest.
    """
    grid = np.linspace(*thresholds, THRESHOLDS)
    mean = found.probability.mean(axis=1)
    if outcome.days is None:
        return _of_response(outcome.events, mean, grid, rng)
    return _of_relapse(outcome, mean, grid, rng)


def _of_response(y: Floats, p: Floats, grid: Floats, rng: np.random.Generator) -> Curves:
    """Curves of a predicted response."""
    undefined: dict[str, str] = {}
    calibration: dict[int, Banded] = {}
    spread = None
    try:
        _require_varied(p)
        curve = calibration_curve(y, p, n_points=POINTS)
        drawn = resampled(y, p, RESAMPLES, rng, at=curve.predicted).curve
        calibration[0] = Banded(curve.predicted, curve.observed, *_percentiles(drawn))
    except MeasureUndefinedError as error:
        undefined["calibration"] = str(error)
    try:
        spread = _spread(p, y, np.ones(y.size))
    except MeasureUndefinedError as error:
        undefined["spread"] = str(error)
    decision = decision_band(y, p, thresholds=grid, n_boot=RESAMPLES, rng=rng)
    return Curves(calibration, {}, decision, spread, undefined)


def _of_relapse(outcome: Outcome, mean: Floats, grid: Floats, rng: np.random.Generator) -> Curves:
    """Curves of a predicted relapse, at the days that enough people reach."""
    days, events = np.asarray(outcome.days), outcome.events
    reached = [RISK_DAYS[i] for i in evaluated_days(outcome)]
    undefined = {
        f"calibration_{day}": "too few people are followed to it"
        for day in HORIZONS
        if day not in reached
    }
    calibration: dict[int, Banded] = {}
    groups: dict[int, Banded] = {}
    for day in (day for day in HORIZONS if day in reached):
        risk = mean[:, RISK_DAYS.index(day)]
        try:
            calibration[day] = _calibration_at(days, events, risk, day, rng)
            groups[day] = _groups_at(days, events, risk, day)
        except MeasureUndefinedError as error:
            undefined[f"calibration_{day}"] = str(error)
    decision = spread = None
    if DECISION_DAY not in reached:
        undefined["decision"] = undefined["spread"] = undefined[f"calibration_{DECISION_DAY}"]
        return Curves(calibration, groups, None, None, undefined)
    risk, t = mean[:, RISK_DAYS.index(DECISION_DAY)], float(DECISION_DAY)
    decision = decision_band_at(days, events, risk, t=t, thresholds=grid, n_boot=RESAMPLES, rng=rng)
    try:
        happened = ((days <= t) & (events == 1)).astype(np.float64)
        spread = _spread(risk, happened, ipcw_weights(days, events, t=t))
    except MeasureUndefinedError as error:
        undefined["spread"] = str(error)
    return Curves(calibration, groups, decision, spread, undefined)


def _calibration_at(
    days: Floats, events: Floats, risk: Floats, day: int, rng: np.random.Generator
) -> Banded:
    """Smooth calibration at one day, with its band."""
    _require_varied(risk)
    t = float(day)
    curve = calibration_curve_at(days, events, risk, t=t, n_points=POINTS)
    drawn = resampled_at(days, events, risk, RESAMPLES, rng, t=t, at=curve.predicted).curve
    return Banded(curve.predicted, curve.observed, *_percentiles(drawn))


def _groups_at(days: Floats, events: Floats, risk: Floats, day: int) -> Banded:
    """Kaplan-Meier in groups of like risk, with Greenwood's interval cut at 0 and 1."""
    t, n_groups = float(day), groups_of(days.size)
    found = calibration_groups_at(days, events, risk, t=t, n_groups=n_groups)
    sizes = np.asarray(found.size).astype(np.intp)
    if sizes.min() < SMALLEST_GROUP:
        raise MeasureUndefinedError(
            "calibration in groups", f"a group of like risk has fewer than {SMALLEST_GROUP} people"
        )
    parts = np.split(np.argsort(risk, kind="stable"), np.cumsum(sizes)[:-1])
    reach = 1.96 * np.array([greenwood(days[part], events[part], t=t) for part in parts])
    observed = found.observed
    lo, hi = np.clip([observed - reach, observed + reach], 0, 1)
    return Banded(found.predicted, observed, lo, hi)


def _spread(p: Floats, happened: Floats, weight: Floats) -> tuple[Spread, Spread]:
    """Risks of those with the outcome and of those without, where both are enough to be shown."""
    groups = [(happened == value) & (weight > 0) for value in (1, 0)]
    if min(int(group.sum()) for group in groups) < SMALLEST_GROUP:
        raise MeasureUndefinedError(
            "spread of risks", f"fewer than {SMALLEST_GROUP} people had one of the outcomes"
        )
    there, not_there = (spread_of(p[group], weight=weight[group]) for group in groups)
    return there, not_there


def _require_varied(p: Floats) -> None:
    """Stop where hardly any two people have different risks."""
    if np.unique(p).size < _FEWEST_RISKS:
        raise MeasureUndefinedError(
            "calibration curve", f"fewer than {_FEWEST_RISKS} different risks were predicted"
        )


def _percentiles(drawn: Floats) -> tuple[Floats, Floats]:
    """Give the ends of a pointwise band, where enough resamples have a value."""
    if np.isnan(drawn).any(axis=1).mean() > 0.05:
        raise MeasureUndefinedError(
            "band of the calibration curve", "too many resamples have no curve"
        )
    lo, hi = np.nanquantile(drawn, [0.025, 0.975], axis=0)
    return lo, hi
