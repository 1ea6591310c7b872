"""The words of the run report: measures, rules, learners and units as people say them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CHANCE = "higher is better, 0.5 is chance"
LOWER = "lower is better"


DYNAMIC = f"cumulative/dynamic; {CHANCE}"
WEIGHTED = f"weighted for censoring; {LOWER}"

DISTANCE = "distance of observed from predicted risk"

OE = "ideal 1; above 1 the risk is predicted too low"


def _at_days(name: str, label: str, meaning: str) -> dict[str, tuple[str, str]]:
    """Word a measure at each horizon of relapse."""
    return {f"{name}_{day}": (f"{label} at {day} days", meaning) for day in (30, 90, 180)}


METRICS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "auc": ("AUC", CHANCE),
        "c_index": ("C-index", CHANCE),
        "uno_c": (
            "Uno's C",
            f"free of censoring, events up to the last day evaluated; {CHANCE}",
        ),
        "auc_30": ("AUC at 30 days", DYNAMIC),
        "auc_90": ("AUC at 90 days", DYNAMIC),
        "auc_180": ("AUC at 180 days", DYNAMIC),
        "auprc": (
            "Area under the precision\N{EN DASH}recall curve",
            "higher is better; chance level = share with the outcome",
        ),
        "log_loss": ("Log-loss", LOWER),
        "brier": ("Brier score", LOWER),
        "scaled_brier": (
            "Scaled Brier score",
            "higher is better, 0 is the average's, 1 perfect",
        ),
        "brier_ipcw": ("IPCW Brier loss", f"mean over the days evaluated; {LOWER}"),
        "ibs": ("Integrated Brier score", f"mean over the days followed; {LOWER}"),
        "brier_30": ("Brier score at 30 days", WEIGHTED),
        "brier_90": ("Brier score at 90 days", WEIGHTED),
        "brier_180": ("Brier score at 180 days", WEIGHTED),
        "oe": ("Observed / expected", OE),
        "oe_30": ("Observed / expected at 30 days", OE),
        "oe_90": ("Observed / expected at 90 days", OE),
        "oe_180": ("Observed / expected at 180 days", OE),
        "hazard_oe": (
            "Observed / expected hazard",
            "over all follow-up, given its shape; ideal 1; above 1 the risk is predicted too low",
        ),
        "calibration_slope": ("Calibration slope", "ideal 1"),
        "calibration_intercept": ("Calibration intercept", "ideal 0"),
        **_at_days("calibration_slope", "Calibration slope", "ideal 1"),
        **_at_days("calibration_intercept", "Calibration intercept", "ideal 0"),
        "ici": ("ICI", f"mean {DISTANCE}; {LOWER}"),
        **_at_days("ici", "ICI", f"mean {DISTANCE}; {LOWER}"),
        "e50": ("E50", f"median {DISTANCE}; {LOWER}"),
        "e90": ("E90", f"nine in ten people stay within this {DISTANCE}; {LOWER}"),
        "emax": ("Emax", f"largest {DISTANCE}; {LOWER}"),
        **_at_days("e50", "E50", f"median {DISTANCE}; {LOWER}"),
        **_at_days("e90", "E90", f"nine in ten people stay within this {DISTANCE}; {LOWER}"),
        **_at_days("emax", "Emax", f"largest {DISTANCE}; {LOWER}"),
    }
)
"""Label of each measure and which way is better; others are shown under their own name."""

TWO_DIGITS = frozenset(
    {
        *("auc", "auc_30", "auc_90", "auc_180", "c_index", "uno_c", "hazard_oe"),
        *("calibration_slope", "calibration_intercept", "oe", "oe_30", "oe_90", "oe_180"),
        *(f"calibration_{part}_{day}" for part in ("slope", "intercept") for day in (30, 90, 180)),
    }
)
"""Measures of which a third digit says nothing; the others are shown with three."""

STATUSES: Mapping[str, str] = MappingProxyType(
    {
        "fitted": "A model was fitted, and its cohort was large enough for it.",
        "exploratory": "A model was fitted, but it must not be relied on.",
        "refused": "No model is kept.",
    }
)
TITLES: Mapping[str, str] = MappingProxyType(
    {
        "response": "Predicting response to ketamine",
        "relapse": "Predicting relapse after response to ketamine",
    }
)
OTHER_TITLES: Mapping[str, str] = MappingProxyType(
    {"response": "Predicting response", "relapse": "Predicting relapse"}
)
"""Of data that are not about ketamine."""

EVENTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "response": ("outcome observed", "responded"),
        "relapse": ("in the risk set, with follow-up", "relapsed"),
    }
)
LOST: Mapping[str, str] = MappingProxyType(
    {"response": "without an outcome", "relapse": "not in the risk set"}
)
"""Those between eligible and analysed."""

RULES: Mapping[str, str] = MappingProxyType(
    {
        "row_fault": "row refused by the data dictionary",
        "healthy": "healthy volunteers",
        "no_ketamine": "no ketamine given",
        "no_ketamine_infusion": "no ketamine infusion",
        "no_baseline_score": "no score at baseline",
        "zero_baseline_score": "score of 0 at baseline, which cannot fall",
        "no_score_in_window": "outcome not observed in its window",
        "response_not_observed": "response not observed in its window",
        "not_a_responder": "did not respond",
        "no_follow_up": "responded, not seen again",
        "relapsed_before_landmark": "relapsed by then",
        "not_followed_to_landmark": "not followed so long",
        "no_score_at_landmark": "no score in the window of the landmark",
        "ill_at_landmark": "a score there that is a relapse",
        "no_reason": "reason not recorded",
    }
)
"""Why people are left out, as read after their number."""

NAMES: Mapping[str, str] = MappingProxyType({"kaplan_meier": "Kaplan\N{EN DASH}Meier"})


def rule_words(rule: str) -> str:
    """Say why people were left out.

    Parameters
    ----------
    rule : str
        Name of a rule of the flow, such as ``row_fault``.

    Returns
    -------
    str
        Its words; for a rule that nobody has worded, its name without underscores.
    """
    return RULES.get(rule, rule.replace("_", " "))


def learner_words(name: str) -> str:
    """Say the name of a learner or comparator.

    Parameters
    ----------
    name : str
        As in the configuration, such as ``cox_ridge``.

    Returns
    -------
    str
        The name as read in a sentence.
    """
    return NAMES.get(name, name.replace("_", " "))


def metric_words(name: str) -> tuple[str, str]:
    """Say the name of a measure and which way is better.

    Parameters
    ----------
    name : str
        As in the JSON of a run, such as ``auc_30``.

    Returns
    -------
    label, meaning : str
        For a measure that nobody has worded, its name without underscores and nothing.
    """
    return METRICS.get(name, (name.replace("_", " "), ""))
