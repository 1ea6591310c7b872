"""Only what is known before the first dose may enter a baseline model."""

from __future__ import annotations

from predictor.errors import InvalidInputError
from training.evaluation.procedure import Analysis
from training.evaluation.sentinels.sentinel import Sentinel


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


def timing(analysis: Analysis) -> Sentinel:
    """Say that every candidate is known before the first dose.

    Parameters
    ----------
    analysis : Analysis
        People and candidate predictors.

    Returns
    -------
    Sentinel
        Passed; what is not known then is refused before.
    """
    require_baseline(analysis)
    return Sentinel(
        passed=True,
        detail=f"all {len(analysis.variables)} candidate variables are known before the first dose",
    )
