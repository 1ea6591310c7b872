"""A warning at a follow-up visit: the updated risk over the next days beside a declared step.

What such warnings are worth was measured in training, on people whom no fit saw, and stands beside
them. A warning says that somebody is to be looked at, no more; its absence rules nothing out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from predictor.curve import Curve

AHEAD_DAYS = 14
"""How far a warning looks ahead."""

_SAID = (
    ("sensitivity", "{} in 100 relapses had a warning at a visit in the 28 days before"),
    ("ppv", "after {} in 100 warnings a relapse followed"),
)


def alert_of(curve: Curve, step: float, measured: Mapping[str, Any] | None) -> dict[str, Any]:
    """Tell whether the risk over the next 14 days is at or above the declared step.

    Parameters
    ----------
    curve : Curve
        From the visit on.
    step : float
        Declared risk, in (0, 1).
    measured : mapping or None
        What warnings at this step were worth; see `measured_words`. None where not measured.

    Returns
    -------
    dict
        ``step``, ``risk_14`` (value, lo, hi), ``alert``, ``words``, ``measured`` and
        ``measured_words``.
    """
    value, lo, hi = curve.risk_at(AHEAD_DAYS)
    return {
        "step": step,
        "risk_14": {"value": value, "lo": lo, "hi": hi},
        "alert": value >= step,
        "words": alert_words((value, lo, hi), step),
        "measured": None if measured is None else dict(measured),
        "measured_words": [] if measured is None else measured_words(measured),
    }


def alert_words(risk: tuple[float, float, float], step: float) -> str:
    """Say a risk beside the declared step.

    Parameters
    ----------
    risk : tuple of float
        Risk over the next 14 days with the ends of its interval, in [0, 1].
    step : float
        Declared, in (0, 1).

    Returns
    -------
    str
        One or two sentences; a digit more where rounding would put the risk on the step.

    Examples
    --------
    >>> alert_words((0.274, 0.18, 0.4), 0.2)[:60]
    'Warning: the risk of relapse over the next 14 days is 27 in '
    """
    is_close = f"{100 * risk[0]:.0f}" == f"{100 * step:.0f}" and risk[0] != step
    value, lo, hi = (f"{100 * end:.{int(is_close)}f}" for end in risk)
    said = f"the risk of relapse over the next 14 days is {value} in 100 ({lo} to {hi})"
    declared = f"the declared step of {100 * step:.4g} in 100"
    if risk[0] >= step:
        return f"Warning: {said}, at or above {declared}."
    return f"No warning: {said}, below {declared}. This rules no relapse out."


def measured_words(measured: Mapping[str, Any]) -> list[str]:
    """Say what warnings were worth in people whom no fit saw.

    Parameters
    ----------
    measured : mapping
        ``sensitivity``, ``ppv``, ``false_per_year`` and ``lead_days``, each with ``value``, ``lo``
        and ``hi``, where they are known; ``no_better_than``: simpler rules in words.

    Returns
    -------
    list of str
        Sentences.
    """
    said = [
        words.format(f"{100 * measured[name]['value']:.0f}") + _between(measured[name], 100, 0)
        for name, words in _SAID
        if name in measured
    ]
    if "false_per_year" in measured:
        often = measured["false_per_year"]
        said.append(
            f"{often['value']:.1f} false warnings for each year of a person{_between(often, 1, 1)}"
        )
    if "lead_days" in measured:
        said.append(
            f"the first came a median of {measured['lead_days']['value']:.0f} days before the "
            "relapse was seen"
        )
    found = [f"Measured in people whom no model had seen: {'; '.join(said)}."] if said else []
    simpler = list(measured.get("no_better_than", ()))
    if simpler:
        found.append(f"These warnings were not shown to be better than: {'; '.join(simpler)}.")
    return found


def _between(measure: Mapping[str, float], times: int, digits: int) -> str:
    """Write the ends of a 95 % interval."""
    lo, hi = (f"{times * measure[end]:.{digits}f}" for end in ("lo", "hi"))
    return f" (95 % interval {lo} to {hi})"
