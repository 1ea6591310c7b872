"""Guards that fail a run: what they catch would flatter the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Variable
from predictor.errors import InvalidInputError
from training.evaluation.cross_validation import Analysis
from training.fitting import Outcome
from training.metrics.binary import auroc
from training.metrics.survival import harrell_c

Floats = NDArray[np.float64]

TOO_GOOD_ALONE = 0.95
"""No baseline variable reaches this AUC alone unless it holds the outcome."""

MINIMUM_ANSWERS = 30
"""With fewer answers an AUC this high is chance in one of many variables."""


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


def watch(analysis: Analysis) -> dict[str, Sentinel]:
    """Run the guards that need no fit.

    Parameters
    ----------
    analysis : Analysis
        People and candidate predictors.

    Returns
    -------
    dict of str to Sentinel
        ``timing`` and ``single_variable``.
    """
    require_baseline(analysis)
    return {
        "timing": Sentinel(
            passed=True,
            detail=f"all {len(analysis.variables)} candidate variables are known before the "
            "first dose",
        ),
        "single_variable": _single_variable(analysis),
    }


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
