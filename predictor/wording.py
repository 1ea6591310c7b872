"""Risks in words: the sentences that the command line and the pages share.

A probability is said as a natural frequency ("about 5 in 10 (3 to 7)"), which is understood better
than a percentage [1]_, and every stamp, tier and refusal has one plain sentence, written here once.

References
----------
.. [1] Gigerenzer G, Edwards A. Simple tools for understanding risks: from innumeracy to insight.
   BMJ 2003; 327: 741-744.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from types import MappingProxyType

NO_BETTER = "no better than the average"

STAMPS: Mapping[str, str] = MappingProxyType(
    {
        "exploratory": (
            "the cohort was too small, or the model too weak, to rely on it. "
            "It is there to be looked at, not to decide by."
        ),
        "internally_validated": (
            "tested by cross-validation inside the cohort it was made from, "
            "not yet on people from elsewhere."
        ),
        "externally_validated": "tested unchanged on people it was not made from.",
    }
)
"""What each stamp of a model means; read after "Exploratory: "."""

TIERS: Mapping[str, str] = MappingProxyType(
    {
        "STOP": "speaks against treatment",
        "CAUTION": "weigh, check or correct first",
        "INFO": "good to know",
    }
)
"""What each tier of a safety finding means, gravest first."""

REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "stop_rule": "A safety rule speaks against treatment, so no number is given.",
        "row_fault": "An answer could not be read, so no number is given.",
        "too_little_information": "Too few questions were answered for a number about this person.",
        "out_of_support": "This person is too unlike the people the model was made from.",
        "not_a_responder": "This person did not respond, so there is no relapse to foretell.",
        "relapsed_already": "By the rule of the outcome this person has relapsed.",
        "expired": "The model is past its expiry date and must be checked before it is used again.",
    }
)
"""Why a row got no number, by reason code."""


CERTAINTY: Mapping[str, str] = MappingProxyType(
    {
        "seen": "read in the source",
        "recalled": "from memory, to be checked in the source",
        "derived": "worked out from what was read",
    }
)
"""How sure a statement from the literature is."""

QUESTION: Mapping[str, str] = MappingProxyType(
    {
        "about": "Not ketamine",
        "risk_set": "Who it is about",
        "time_zero": "Time zero",
        "event": "What counts",
        "observed": "How it is seen",
        "horizon": "Looks ahead",
        "missing": "Not assessed",
        "competing": "Competing events",
        "censoring": "Follow-up ends at",
        "not_counted": "Does not count",
        "assumes": "Read the risk as",
    }
)
"""Headings of the parts of a question."""

VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        "cannot_tell": "Cannot tell",
        "above_threshold": "Above the threshold",
        "below_threshold": "Below the threshold",
    }
)
"""What the interval says of the declared threshold, in a few words."""

EITHER_SIDE = "By what is known, this person may be on either side of it."
"""What *cannot tell* means."""


def question_lines(question: Mapping[str, str]) -> list[tuple[str, str]]:
    """Give the parts of a question with their headings.

    Parameters
    ----------
    question : mapping of str to str
        Part to sentence, as in a model's provenance.

    Returns
    -------
    list of tuple of str
        Heading and sentence, in order; a part that nobody has worded is headed by its name.
    """
    return [
        (QUESTION.get(name, name.replace("_", " ").capitalize()), words)
        for name, words in question.items()
    ]


def verdict_words(verdict: str, lo: float, hi: float, threshold: float) -> str:
    """Say where an interval lies beside the declared threshold, both with their numbers.

    Parameters
    ----------
    verdict : str
        A key of `VERDICTS`.
    lo, hi : float
        Ends of the interval in [0, 1].
    threshold : float
        Risk from which one would act, in (0, 1).

    Returns
    -------
    str
        The part of the sentence after the words of `VERDICTS`. Ends are whole numbers of 100
        people; with one digit more where rounding would put an end on the threshold.

    Examples
    --------
    >>> verdict_words("cannot_tell", 0.31, 0.68, 0.5)
    'the interval, 31 to 68 in 100, spans the declared threshold of 50 in 100'
    """
    close = any(f"{100 * end:.0f}" == f"{100 * threshold:.0f}" for end in (lo, hi))
    ends = " to ".join(f"{100 * end:.{int(close)}f}" for end in (lo, hi))
    lies = {
        "cannot_tell": "spans the declared threshold",
        "above_threshold": "lies wholly at or above the declared threshold",
        "below_threshold": "lies wholly below the declared threshold",
    }[verdict]
    return f"the interval, {ends} in 100, {lies} of {100 * threshold:.4g} in 100"


def conformal_words(outcomes: Collection[str] | None, reason: str | None) -> str:
    """Say which outcomes a conformal set leaves.

    Parameters
    ----------
    outcomes : collection of str or None
        Among ``responds`` and ``does_not_respond``; None where the set is refused.
    reason : str or None
        Why it is refused.

    Returns
    -------
    str
        A sentence without its stop.
    """
    if outcomes is None:
        return f"no set: {reason}"
    if not outcomes:
        return "fits neither outcome: hardly anybody of either had a number like this"
    if len(outcomes) > 1:
        return "responds, or does not: neither can be ruled out"
    left, out = "responds", "does not respond"
    if "responds" not in outcomes:
        left, out = out, left
    return f"{left}; “{out}” would be unlike nearly all who had that outcome"


def in_ten(probability: float, lo: float | None = None, hi: float | None = None) -> str:
    """Say a probability as a natural frequency out of ten people.

    Halves are rounded up. Below 1 in 20 it reads "fewer than 1 in 10", from 19 in 20 "more than
    9 in 10": a risk is never said to be none or certain. An interval that would shrink to one
    number of ten is said out of 100.

    Parameters
    ----------
    probability : float
        In [0, 1].
    lo, hi : float or None
        Ends of the interval in [0, 1]; left out of the words when either is None.

    Returns
    -------
    str
        Such as ``about 5 in 10 (3 to 7)``.

    Raises
    ------
    ValueError
        If a number is outside [0, 1] or not a number.

    Examples
    --------
    >>> in_ten(0.52, 0.31, 0.68)
    'about 5 in 10 (3 to 7)'
    >>> in_ten(0.02, 0.0, 0.11)
    'fewer than 1 in 10 (0 to 1)'
    """
    count = out_of(probability, 10)
    words = {0: "fewer than 1 in 10", 10: "more than 9 in 10"}.get(count, f"about {count} in 10")
    if lo is None or hi is None:
        return words
    low, high = out_of(lo, 10), out_of(hi, 10)
    if low != high:
        return f"{words} ({low} to {high})"
    return f"{words} ({out_of(lo, 100)} to {out_of(hi, 100)} in 100)"


def out_of(probability: float, people: int) -> int:
    """Count the people out of so many, halves rounded up.

    Parameters
    ----------
    probability : float
        In [0, 1].
    people : int
        The denominator, 10 or 100.

    Returns
    -------
    int
        Between 0 and `people`.

    Raises
    ------
    ValueError
        If the probability is outside [0, 1] or not a number.
    """
    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"{probability} is no probability: give a number from 0 to 1")
    # the tiny addend keeps 0.15 * 10 (stored just below one half) on the side people expect
    return math.floor(probability * people + 0.5 + 1e-9)


def per_hundred(difference: float) -> str:
    """Say a difference in probability as people in 100, with its sign.

    Parameters
    ----------
    difference : float
        Difference of two probabilities, in [-1, 1].

    Returns
    -------
    str
        Such as ``+6.2``, ``−0.4`` (a true minus sign) or ``0.0``.

    Examples
    --------
    >>> per_hundred(0.0621)
    '+6.2'
    """
    return signed(100 * difference, digits=1)


def signed(number: float, *, digits: int) -> str:
    """Write a number with its sign, zero without one.

    Parameters
    ----------
    number : float
        Any finite number.
    digits : int
        Digits after the point.

    Returns
    -------
    str
        The sign is ``+`` or a true minus.
    """
    text = f"{abs(number):.{digits}f}"
    if not text.strip("0."):
        return text
    return ("+" if number > 0 else "−") + text
