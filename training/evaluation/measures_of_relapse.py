"""Measures of a predicted relapse, each ready to be computed with its 95 % interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from training.metrics import MeasureUndefinedError, survival
from training.metrics.bootstrap import (
    PAIRS_UP_TO,
    bootstrap_c,
    bootstrap_dynamic_auc,
    bootstrap_uno_c,
)
from training.metrics.horizon import calibration_errors_at, calibration_line_at, o_e_at
from training.metrics.intervals import (
    Estimate,
    bootstrap_interval,
    over_repeats,
    percentile_interval,
)
from training.metrics.resampled_calibration import (
    ERRORS,
    ResampledCalibration,
    error_interval,
    resampled_at,
)
from training.metrics.resampling import ipcw_in_resamples, resample_counts

Floats = NDArray[np.float64]
Ready = dict[str, Callable[[], Estimate]]

HORIZONS = (30, 90, 180)
"""Days at which relapse risks are measured one by one."""

MINIMUM_FOLLOWED = 10
"""Fewer people followed beyond a day than this, and no risk is evaluated there."""

RANK_RESAMPLES = 2000
"""Resamples of people where all of them cost about as much as one."""

_AT_A_DAY = ("auc", "oe", "brier", "calibration_intercept", "calibration_slope", *ERRORS)


@dataclass(frozen=True, slots=True, eq=False)
class FollowUp:
    """What was seen of each person.

    Parameters
    ----------
    days : ndarray of shape (n,)
        Day of relapse or censoring after time zero.
    events : ndarray of shape (n,)
        1 = relapsed then, 0 = censored then.
    """

    days: Floats
    events: Floats


def measures_of_relapse(
    seen: FollowUp,
    margin: Floats,
    risks: Mapping[int, Floats],
    *,
    n_boot: int,
    rng: np.random.Generator,
) -> Ready:
    """Name the measures of a predicted relapse.

    Parameters
    ----------
    seen : FollowUp
        What happened.
    margin : ndarray of shape (n, n_repeats)
        Out-of-fold log-hazards, each from the base of its own fit.
    risks : mapping of int to ndarray, shape (n, n_repeats)
        Risk by each day that enough people reach, first day first.
    n_boot : int
        Resamples of people where each costs some time.
    rng : numpy.random.Generator
        Draws the resamples.

    Returns
    -------
    dict of str to callable
        By the names that MLflow and JSON use; computing one may raise MeasureUndefinedError, also
        for the days of `HORIZONS` that too few people reach.
    """
    ready: Ready = {
        "c_index": lambda: harrell(seen, margin, n_boot, rng),
        "uno_c": lambda: _uno(seen, margin, float(max(risks)), n_boot, rng),
        "ibs": lambda: _ibs(seen, risks, n_boot, rng),
    }
    for day in HORIZONS:
        if day in risks:
            ready |= _at_day(seen, risks[day], day, n_boot, rng)
        else:
            ready |= {f"{name}_{day}": partial(_not_reached, day) for name in _AT_A_DAY}
    return ready


def _at_day(seen: FollowUp, risk: Floats, day: int, n_boot: int, rng: np.random.Generator) -> Ready:
    """Name the measures at one day."""
    arrays, t = (seen.days, seen.events), float(day)

    @cache
    def drawn() -> ResampledCalibration:
        return resampled_at(*arrays, risk, n_boot, rng, t=t)

    def auc() -> Estimate:
        value = over_repeats(partial(survival.dynamic_auc, t=t))(*arrays, risk)
        found = bootstrap_dynamic_auc(*arrays, risk, RANK_RESAMPLES, rng, t=t)
        return percentile_interval(value, found)

    def brier() -> Estimate:
        value = over_repeats(partial(survival.brier_ipcw, t=t))(*arrays, risk)
        return percentile_interval(value, _brier_drawn(seen, {day: risk}, n_boot, rng)[:, 0])

    def line(part: str) -> Estimate:
        def of(days: Floats, events: Floats, p: Floats) -> float:
            return float(getattr(calibration_line_at(days, events, p, t=t), part))

        return percentile_interval(over_repeats(of)(*arrays, risk), getattr(drawn(), part))

    def error(place: int) -> Estimate:
        def of(days: Floats, events: Floats, p: Floats) -> float:
            return float(calibration_errors_at(days, events, p, t=t)[place])

        value = over_repeats(of)(*arrays, risk)
        return error_interval(value, drawn().errors[:, place], drawn().scatter[:, place])

    return {
        f"auc_{day}": auc,
        # expected: mean over repeats
        f"oe_{day}": lambda: o_e_at(*arrays, risk.mean(axis=1), t=t),
        f"brier_{day}": brier,
        f"calibration_intercept_{day}": lambda: line("intercept"),
        f"calibration_slope_{day}": lambda: line("slope"),
        **{f"{name}_{day}": partial(error, place) for place, name in enumerate(ERRORS)},
    }


def _not_reached(day: int) -> Estimate:
    """Say that too few people are followed to a day."""
    raise MeasureUndefinedError(
        f"risk of relapse at {day} days", f"fewer than {MINIMUM_FOLLOWED} people are followed to it"
    )


def harrell(seen: FollowUp, margin: Floats, n_boot: int, rng: np.random.Generator) -> Estimate:
    """Give Harrell's C with its interval.

    Parameters
    ----------
    seen : FollowUp
        What happened.
    margin : ndarray of shape (n, n_repeats)
        Out-of-fold log-hazards; higher is sooner.
    n_boot : int
        Resamples of people where there are too many for a table of all pairs.
    rng : numpy.random.Generator
        Draws the resamples.

    Returns
    -------
    Estimate
        In [0, 1]; 0.5 is chance, higher is better.
    """
    arrays = (seen.days, seen.events, margin)
    n_boot = RANK_RESAMPLES if seen.days.size <= PAIRS_UP_TO else n_boot
    return percentile_interval(
        over_repeats(survival.harrell_c)(*arrays), bootstrap_c(*arrays, n_boot, rng)
    )


def _uno(
    seen: FollowUp, margin: Floats, tau: float, n_boot: int, rng: np.random.Generator
) -> Estimate:
    """Uno's C up to the last day that enough people reach; the day is named in its method."""
    arrays = (seen.days, seen.events, margin)
    uno = over_repeats(partial(survival.uno_c, tau=tau))
    if seen.days.size > PAIRS_UP_TO:  # a table of all pairs would be too large
        found = bootstrap_interval(uno, arrays, n_boot=n_boot, rng=rng)
    else:
        drawn = bootstrap_uno_c(*arrays, RANK_RESAMPLES, rng, tau=tau)
        found = percentile_interval(uno(*arrays), drawn)
    return replace(found, method=f"{found.method}; events before day {tau:g}")


def _ibs(
    seen: FollowUp, risks: Mapping[int, Floats], n_boot: int, rng: np.random.Generator
) -> Estimate:
    """Brier score integrated over the days that enough people reach."""
    times = np.array(list(risks), dtype=np.float64)
    if times.size < 2:
        raise MeasureUndefinedError(
            "integrated Brier score", f"too few people are followed beyond day {times[0]:g}"
        )
    stacked = np.stack(list(risks.values()), axis=2)
    each = [
        survival.integrated_brier(seen.days, seen.events, stacked[:, r], times=times)
        for r in range(stacked.shape[1])
    ]
    drawn = np.trapezoid(_brier_drawn(seen, risks, n_boot, rng), times, axis=1)
    return percentile_interval(float(np.mean(each)), drawn / (times[-1] - times[0]))


def _brier_drawn(
    seen: FollowUp, risks: Mapping[int, Floats], n_boot: int, rng: np.random.Generator
) -> Floats:
    """Brier score by each day in resamples (rows), censoring estimated in each."""
    squares = {
        t: (((seen.days <= t) & (seen.events == 1))[:, None] - risk) ** 2
        for t, risk in risks.items()
    }
    parts = []
    for counts in resample_counts(n_boot, seen.days.size, rng):
        columns = [
            ipcw_in_resamples(counts, seen.days, seen.events, t=t) @ each.mean(axis=1)
            for t, each in squares.items()
        ]
        parts.append(np.column_stack(columns) / seen.days.size)
    return np.concatenate(parts)
