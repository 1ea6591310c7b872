"""Measures of out-of-fold predictions, each with a 95 % interval, and losses by person."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from training.evaluation.cross_validation import OutOfFold
from training.evaluation.measures_of_relapse import (
    MINIMUM_FOLLOWED,
    FollowUp,
    harrell,
    measures_of_relapse,
)
from training.evaluation.measures_of_response import chance_precision, measures_of_response
from training.evaluation.procedure import RISK_DAYS
from training.fitting import Outcome
from training.learners import AVERAGE
from training.metrics import MeasureUndefinedError, binary, survival
from training.metrics.intervals import Estimate

Floats = NDArray[np.float64]

OF_AN_AVERAGE = frozenset({"log_loss", "brier", "ibs", "brier_30", "brier_90", "brier_180"})
"""Measures that have a meaning where everybody has the same number."""


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
        if found.name in AVERAGE.values() and name not in OF_AN_AVERAGE:
            undefined[name] = "everybody has the same number"
            continue
        try:
            estimates[name] = compute()
        except MeasureUndefinedError as error:
            undefined[name] = str(error)
    if found.name == AVERAGE["response"]:
        with suppress(MeasureUndefinedError):
            estimates["auprc"] = chance_precision(outcome.events)
            del undefined["auprc"]
    return estimates, undefined


def discrimination(found: OutOfFold, outcome: Outcome, *, rng: np.random.Generator) -> Estimate:
    """Give AUC or Harrell's C alone, also where no risk can be evaluated.

    Parameters
    ----------
    found : OutOfFold
        Predictions.
    outcome : Outcome
        What happened.
    rng : numpy.random.Generator
        Draws the resamples of people.

    Returns
    -------
    Estimate
        In [0, 1]; 0.5 is chance, higher is better.

    Raises
    ------
    MeasureUndefinedError
        If nothing was predicted, or the measure has no value on these people.
    """
    if found.failure:
        raise MeasureUndefinedError("discrimination", found.failure)
    n_boot = _n_boot(*found.margin.shape)
    if outcome.days is not None:
        return harrell(FollowUp(outcome.days, outcome.events), found.margin, n_boot, rng)
    ready = measures_of_response(outcome.events, found.probability, n_boot=n_boot, rng=rng)
    return ready["auc"]()


def _n_boot(n_people: int, repeats: int) -> int:
    """Choose the number of resamples: 100 to 400, fewer where each costs more."""
    return int(np.clip(400_000 // (n_people * repeats), 100, 400))


def _measures(
    found: OutOfFold, outcome: Outcome, rng: np.random.Generator
) -> dict[str, Callable[[], Estimate]]:
    """Name the measures of a task, each ready to be computed."""
    n_boot = _n_boot(*found.margin.shape)
    if outcome.days is None:
        return measures_of_response(outcome.events, found.probability, n_boot=n_boot, rng=rng)
    kept = evaluated_days(outcome)
    risks = {RISK_DAYS[i]: found.probability[:, :, i] for i in kept}
    follow_up = FollowUp(outcome.days, outcome.events)
    return measures_of_relapse(follow_up, found.margin, risks, n_boot=n_boot, rng=rng)
