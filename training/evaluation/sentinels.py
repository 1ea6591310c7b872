"""Guards that fail a run: what they catch would flatter the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from predictor.errors import InvalidInputError
from training.evaluation.cross_validation import Analysis
from training.metrics.binary import auroc

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
    """Name a variable that tells the outcomes apart alone."""
    outcome = analysis.outcome.events
    named = []
    for variable in analysis.variables:
        answers = analysis.values[variable.id]
        known = ~np.isnan(answers)
        events = outcome[known]
        if known.sum() < MINIMUM_ANSWERS or events.min() == events.max():
            continue
        spread = np.ptp(answers[known])
        if spread == 0:
            continue
        score = (answers[known] - answers[known].min()) / spread
        alone = auroc(events, score)
        if max(alone, 1 - alone) > TOO_GOOD_ALONE:
            named.append(variable.id)
    if named:
        return Sentinel(
            passed=False,
            detail=f"{', '.join(named)} alone reaches an AUC above {TOO_GOOD_ALONE}: it holds the "
            "outcome or was recorded after it",
        )
    return Sentinel(passed=True, detail=f"no variable alone reaches an AUC of {TOO_GOOD_ALONE}")
