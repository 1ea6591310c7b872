"""Measures of out-of-fold predictions, each with a 95 % interval, and losses by person."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from training.evaluation.cross_validation import OutOfFold
from training.evaluation.procedure import RISK_DAYS
from training.fitting import Outcome
from training.learners import AVERAGE
from training.metrics import MeasureUndefinedError, binary, calibration, survival
from training.metrics.bootstrap import (
    PAIRS_UP_TO,
    bootstrap_auprc,
    bootstrap_c,
    bootstrap_dynamic_auc,
)
from training.metrics.horizon import o_e_at
from training.metrics.intervals import (
    Estimate,
    bootstrap_interval,
    delong_interval,
    oe_ratio,
    over_repeats,
    percentile_interval,
)

Floats = NDArray[np.float64]

MINIMUM_FOLLOWED = 10
"""Fewer people followed beyond a day than this, and no risk is evaluated there."""

RANK_RESAMPLES = 2000
"""Resamples of people where all of them cost about as much as one."""


def evaluated_days(outcome: Outcome) -> list[int]:
    """Tell at which days relapse risks can be evaluated.

    Parameters
    ----------
    outcome : Outcome
        Relapse, of everybody analysed.

    Returns
    -------
    list of int
        Positions in `RISK_DAYS` up to which enough people are followed.

    Raises
    ------
    MeasureUndefinedError
        If there is none.
    """
    if outcome.days is None:
        raise MeasureUndefinedError("risk of relapse", "the outcome has no follow-up times")
    days = outcome.days
    kept = [i for i, t in enumerate(RISK_DAYS) if int((days >= t).sum()) >= MINIMUM_FOLLOWED]
    if not kept:
        raise MeasureUndefinedError(
            "risk of relapse", f"fewer than {MINIMUM_FOLLOWED} people are followed to day 15"
        )
    return kept


def losses(found: OutOfFold, outcome: Outcome) -> Floats:
    """Give each person's loss, on which candidates are compared in pairs.

    Parameters
    ----------
    found : OutOfFold
        Predictions.
    outcome : Outcome
        What happened.

    Returns
    -------
    ndarray, shape (n, n_repeats)
        Log-loss; for relapse the inverse-probability-of-censoring weighted Brier loss averaged
        over the evaluated days. Lower is better.
    """
    repeats = range(found.margin.shape[1])
    if outcome.days is None:
        columns = [binary.log_losses(outcome.events, found.probability[:, r]) for r in repeats]
        return np.column_stack(columns)
    kept = evaluated_days(outcome)
    return np.column_stack(
        [
            np.mean(
                [
                    survival.brier_ipcw_losses(
                        outcome.days, outcome.events, found.probability[:, r, i], t=RISK_DAYS[i]
                    )
                    for i in kept
                ],
                axis=0,
            )
            for r in repeats
        ]
    )


def measure(
    found: OutOfFold, outcome: Outcome, *, rng: np.random.Generator
) -> tuple[dict[str, Estimate], dict[str, str]]:
    """Compute every measure with its interval.

    Parameters
    ----------
    found : OutOfFold
        Predictions; values are pooled within a repeat and averaged over repeats.
    outcome : Outcome
        What happened.
    rng : numpy.random.Generator
        Draws the bootstrap resamples of people.

    Returns
    -------
    estimates : dict of str to Estimate
        By the names that MLflow and JSON use.
    undefined : dict of str to str
        Measures without a value, with the reason; never shown as 0.
    """
    estimates: dict[str, Estimate] = {}
    undefined: dict[str, str] = {}
    if found.failure:
        return estimates, {"all": found.failure}
    try:
        ready = _measures(found, outcome, rng)
    except MeasureUndefinedError as error:
        return estimates, {"all": str(error)}
    for name, compute in ready.items():
        if found.name in AVERAGE.values() and name not in _OF_AN_AVERAGE:
            undefined[name] = "everybody has the same number"
            continue
        try:
            estimates[name] = compute()
        except MeasureUndefinedError as error:
            undefined[name] = str(error)
    return estimates, undefined


_OF_AN_AVERAGE = {"log_loss", "brier", "ibs", "brier_30", "brier_90", "brier_180"}


def _n_boot(n_people: int, repeats: int) -> int:
    """Choose the number of resamples: 100 to 400, fewer where each costs more."""
    return int(np.clip(400_000 // (n_people * repeats), 100, 400))


def _measures(
    found: OutOfFold, outcome: Outcome, rng: np.random.Generator
) -> dict[str, Callable[[], Estimate]]:
    """Name the measures of a task, each ready to be computed."""
    n_boot = _n_boot(*found.margin.shape)
    if outcome.days is None:
        arrays = (outcome.events, found.probability)
        plain = {
            "log_loss": binary.log_loss,
            "brier": binary.brier,
            "scaled_brier": binary.scaled_brier,
            "auprc": binary.auprc,
            "calibration_intercept": lambda y, p: calibration.calibration_line(y, p).intercept,
            "calibration_slope": lambda y, p: calibration.calibration_line(y, p).slope,
            "ici": calibration.ici,
        }
        ready: dict[str, Callable[[], Estimate]] = {"auc": lambda: delong_interval(*arrays)}
        for name, function in plain.items():
            ready[name] = _boot(over_repeats(function), arrays, n_boot, rng)
        ready["oe"] = lambda: oe_ratio(*arrays)
        ready["auprc"] = _ranked(binary.auprc, bootstrap_auprc, arrays, RANK_RESAMPLES, rng)
        return ready
    kept = evaluated_days(outcome)
    times = np.array([RISK_DAYS[i] for i in kept], dtype=np.float64)
    risks = found.probability[:, :, kept]
    follow_up = (outcome.days, outcome.events)
    margins = (*follow_up, found.margin)
    n_of_c = RANK_RESAMPLES if outcome.days.size <= PAIRS_UP_TO else n_boot
    ready = {
        "c_index": _ranked(survival.harrell_c, bootstrap_c, margins, n_of_c, rng),
        "ibs": _boot(_integrated(times), (*follow_up, risks), n_boot, rng),
    }
    for day in (30, 90, 180):
        if day in times:
            at = risks[:, :, int(np.flatnonzero(times == day)[0])]
            ready[f"auc_{day}"] = _ranked(
                _at(survival.dynamic_auc, day),
                partial(bootstrap_dynamic_auc, t=float(day)),
                (*follow_up, at),
                RANK_RESAMPLES,
                rng,
            )
            ready[f"oe_{day}"] = partial(
                o_e_at, *follow_up, at.mean(axis=1), t=float(day)
            )  # expected: mean over repeats
            ready[f"brier_{day}"] = _boot(
                over_repeats(_at(survival.brier_ipcw, day)), (*follow_up, at), n_boot, rng
            )
    return ready


def _boot(
    function: Callable[..., float],
    arrays: tuple[Floats, ...],
    n_boot: int,
    rng: np.random.Generator,
) -> Callable[[], Estimate]:
    """Bind one measure to its arrays."""
    return lambda: bootstrap_interval(function, arrays, n_boot=n_boot, rng=rng)


def _ranked(
    function: Callable[..., float],
    resampled: Callable[..., Floats],
    arrays: tuple[Floats, ...],
    n_boot: int,
    rng: np.random.Generator,
) -> Callable[[], Estimate]:
    """Bind a measure of ranks, whose resamples are computed together."""
    return lambda: percentile_interval(
        over_repeats(function)(*arrays), resampled(*arrays, n_boot, rng)
    )


def _at(function: Callable[..., float], day: int) -> Callable[..., float]:
    """Fix the day of a measure."""
    return lambda days, events, risk: function(days, events, risk, t=float(day))


def _integrated(times: Floats) -> Callable[..., float]:
    """Average the integrated Brier score over repeats."""

    def mean_over_repeats(days: Floats, events: Floats, risks: Floats) -> float:
        if times.size < 2:
            raise MeasureUndefinedError(
                "integrated Brier score", f"too few people are followed beyond day {times[0]:g}"
            )
        each = [
            survival.integrated_brier(days, events, risks[:, r, :], times=times)
            for r in range(risks.shape[1])
        ]
        return float(np.mean(each))

    return mean_over_repeats
