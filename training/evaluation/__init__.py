"""How good a learner is in people it never saw, and which one is chosen."""

from training.evaluation.choice import Choice, choose
from training.evaluation.cross_validation import (
    RISK_DAYS,
    Analysis,
    OutOfFold,
    Resampling,
    cross_validate,
    inner_splits,
)
from training.evaluation.performance import measure
from training.evaluation.sentinels import Sentinel, watch

__all__ = [
    "RISK_DAYS",
    "Analysis",
    "Choice",
    "OutOfFold",
    "Resampling",
    "Sentinel",
    "choose",
    "cross_validate",
    "inner_splits",
    "measure",
    "watch",
]
