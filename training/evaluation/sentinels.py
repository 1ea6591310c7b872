"""Guards that fail a run: what they catch would flatter the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predictor.dictionary import Variable
from predictor.errors import InvalidInputError
from training.evaluation.procedure import Analysis
from training.fitting import Outcome
from training.metrics.binary import auroc
from training.metrics.survival import harrell_c

Floats = NDArray[np.float64]

TOO_GOOD_ALONE = 0.95
"""No baseline variable reaches this AUC alone unless it holds the outcome."""

MINIMUM_ANSWERS = 30
"""With fewer answers an AUC this high is chance in one of many variables."""

COPIED = 0.5
"""Scores of two days agree in far fewer people unless one was copied from the other."""


@dataclass(frozen=True, slots=True)
class Sentinel:
    """One guard.

    Parameters
    ----------
    passed : bool
        False fails the run.
    detail : str
        What was looked at and found.
    """

    passed: bool
    detail: str

    def to_dict(self) -> dict[str, object]:
        """Give the guard for JSON.

        Returns
        -------
        dict
            Keys ``passed`` and ``detail``.
        """
        return {"passed": self.passed, "detail": self.detail}


def require_baseline(analysis: Analysis) -> None:
    """Refuse variables that are known only after the first dose, or serve safety alone.

    Parameters
    ----------
    analysis : Analysis
        People and candidate predictors.

    Raises
    ------
    InvalidInputError
        Naming every such variable.
    """
    wrong = [
        v.id
        for v in (*analysis.variables, *analysis.declared, *analysis.severity)
        if v.timing == "landmark" or v.use != "predictor"
    ]
    if wrong:
        raise InvalidInputError(
            f"variables: {', '.join(dict.fromkeys(wrong))} may not enter a baseline model (known "
            "only later, or read by safety rules alone); remove them from the configuration"
        )


def watch(analysis: Analysis, visits: pd.DataFrame | None = None) -> dict[str, Sentinel]:
    """Run the guards that need no fit.

    Parameters
    ----------
    analysis : Analysis
        People and candidate predictors.
    visits : pandas.DataFrame or None
        Checked visits, to compare totals with; None where there are none to compare.

    Returns
    -------
    dict of str to Sentinel
        ``timing``, ``single_variable`` and, with visits, ``later_visit``.
    """
    require_baseline(analysis)
    compared = {} if visits is None else {"later_visit": _later_visit(analysis, visits)}
    return {
        **compared,
        "timing": Sentinel(
            passed=True,
            detail=f"all {len(analysis.variables)} candidate variables are known before the "
            "first dose",
        ),
        "single_variable": _single_variable(analysis),
    }


def _later_visit(analysis: Analysis, visits: pd.DataFrame) -> Sentinel:
    """Name a total that was copied from a visit after the first dose."""
    watched = {v.id for v in (*analysis.variables, *analysis.declared, *analysis.severity)}
    totals = visits[visits["item"].isna()] if "item" in visits else visits
    for instrument, scores in totals.groupby("instrument"):
        variable = f"{instrument}_total"
        if variable not in watched:
            continue
        by_day = scores.groupby(["patient_id", "day"])["score"].mean().unstack("day")
        by_day = by_day.reindex(list(analysis.groups))
        stated, days = analysis.values[variable], by_day.columns.to_numpy(dtype=np.float64)
        equal = {float(day): _share_equal(stated, by_day[day]) for day in days}
        at_baseline = max((share for day, share in equal.items() if day <= 0), default=0.0)
        later = {day: share for day, share in equal.items() if day > 0}
        day = max(later, key=lambda day: later[day], default=0.0)
        if later and later[day] > max(COPIED, at_baseline):
            return Sentinel(
                passed=False,
                detail=f"{variable} is the score of day {day:g}, after the first dose, in "
                f"{later[day]:.0%} of people",
            )
    return Sentinel(passed=True, detail="no total is the score of a visit after the first dose")


def _share_equal(stated: Floats, scores: pd.Series[float]) -> float:
    """Give the share of people whose total is this visit's score; 0 with few to compare."""
    read = scores.to_numpy(dtype=np.float64)
    both = ~np.isnan(stated) & ~np.isnan(read)
    if both.sum() < MINIMUM_ANSWERS:
        return 0.0
    return float(np.mean(np.abs(stated[both] - read[both]) < 0.5 + 1e-9))


def _single_variable(analysis: Analysis) -> Sentinel:
    """Name a variable that tells the outcomes apart alone, by its answers or by having one."""
    watched = {v.id: v for v in (*analysis.variables, *analysis.declared, *analysis.severity)}
    named = [
        variable.id
        for variable in watched.values()
        if _alone(variable, analysis.values[variable.id], analysis.outcome) > TOO_GOOD_ALONE
    ]
    if named:
        return Sentinel(
            passed=False,
            detail=f"{', '.join(named)} alone reaches an AUC above {TOO_GOOD_ALONE}: it holds the "
            "outcome or was recorded after it",
        )
    return Sentinel(passed=True, detail=f"no variable alone reaches an AUC of {TOO_GOOD_ALONE}")


def _alone(variable: Variable, answers: Floats, outcome: Outcome) -> float:
    """Give the best discrimination of one variable: 0.5 where it cannot be told."""
    known = ~np.isnan(answers)
    best = _discrimination(known.astype(np.float64), outcome)
    seen = outcome.take(np.flatnonzero(known))
    score = answers[known]
    if variable.type == "category" and score.size:  # levels have no order but their outcomes'
        _, level = np.unique(score, return_inverse=True)
        score = (np.bincount(level, seen.events) / np.bincount(level))[level]
    return max(best, _discrimination(score, seen))


def _discrimination(score: Floats, outcome: Outcome) -> float:
    """Give AUC, or for relapse also C if that is higher, in whichever direction it ranks."""
    events = outcome.events
    if events.size < MINIMUM_ANSWERS or events.min() == events.max() or np.ptp(score) == 0:
        return 0.5
    found = [auroc(events, (score - score.min()) / np.ptp(score))]
    if outcome.days is not None:
        found.append(harrell_c(outcome.days, events, score))
    return max(max(value, 1 - value) for value in found)
