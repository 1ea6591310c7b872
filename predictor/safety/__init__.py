"""Contraindications and warnings, beside the number and apart from it.

The rules come from ``configs/safety.yaml`` and travel in each bundle as JSON. They read answers
only: nothing here knows of a model or a probability. An answer may be missing, so every rule is
true, false or *unknown*; the answers that would settle an unknown rule are reported as not asked.
"""

from predictor.safety.conditions import Combination, Comparison, Condition
from predictor.safety.rules import (
    TIERS,
    Finding,
    SafetyFindings,
    SafetyRule,
    SafetyRules,
    Tier,
    evaluate,
)

__all__ = [
    "TIERS",
    "Combination",
    "Comparison",
    "Condition",
    "Finding",
    "SafetyFindings",
    "SafetyRule",
    "SafetyRules",
    "Tier",
    "evaluate",
]
