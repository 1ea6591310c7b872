"""The published rule for stopping after four infusions, as a comparator beside the model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from predictor.dictionary import Dictionary
from predictor.outcome_rules import has_fallen

AFTER_FOUR = "dose4"
"""Where the rule is asked: after the fourth infusion."""

LEAST_GAIN = 20.0
"""Percent of the baseline score that counts as an improvement [1]_."""

PUBLISHED = (
    "Of 135 people given six infusions, over 90 in 100 of those who responded in the end had "
    "gained as much by then (Transl Psychiatry 2024); in another study of 134, 58 in 100 of those "
    "without it early on had it after infusion 4. A comparator, not part of the model."
)
"""What is known of the rule, and what it is here."""

_SCALES = ("madrs", "hamd17", "qids_sr16", "phq9", "bdi2")


def stopping_rule(dictionary: Dictionary, answers: Mapping[str, float]) -> dict[str, Any] | None:
    """Ask the published rule for stopping of one person; the model takes no part in it.

    Parameters
    ----------
    dictionary : Dictionary
        Names the scales.
    answers : mapping of str to float
        Coded answers of one person, NaN where missing.

    Returns
    -------
    dict or None
        Keys ``scale`` (what was read), ``gain_percent`` (fall of the score since baseline; below
        0 where it rose), ``advice`` (``go on`` or ``stop``), ``words`` and ``published`` (its own
        figures). None where no scale was rated both times. MADRS goes first, for which the rule
        was published.

    References
    ----------
    .. [1] Translational Psychiatry 2024, doi 10.1038/s41398-024-03027-2 (n = 135, six infusions):
       sensitivity of an improvement of 20 % after infusion 4 for response above 90 %.
    """
    for scale in _SCALES:
        start, now = (answers.get(f"{scale}_{when}", math.nan) for when in ("total", AFTER_FOUR))
        if math.isnan(start + now) or start <= 0:
            continue
        gain = 100 * (start - now) / start
        advice = "go on" if has_fallen(start, now, LEAST_GAIN) else "stop"
        label = dictionary[f"{scale}_total"].instrument or scale
        shown = f"{gain:.0f}".replace("-", "−")
        other = "" if scale == "madrs" else f", read from {label} though published for MADRS"
        words = (
            f"By the published stop rule (no gain of {LEAST_GAIN:g} % or more after four "
            f"infusions{other}): gain {shown} %: {advice}"
        )
        found = {"scale": label, "gain_percent": gain, "advice": advice}
        return found | {"words": words, "published": PUBLISHED}
    return None
