"""Words that the parts of the page share."""

from __future__ import annotations

from collections.abc import Mapping

from training.model_report import metric_words

STATUSES: Mapping[str, str] = {
    "externally_validated": "Externally validated: the frozen model held in new people",
    "measured": "Measured in new people, no bundle written",
    "updated": "Updated: a new model, tuned on these people",
    "too_few": "Too few people to conclude",
}
"""What a validation ends as."""

RUNGS: Mapping[str, str] = {
    "as_given": "As given",
    "intercept": "Level set anew",
    "slope": "Level and slope set anew",
    "revision": "Coefficients estimated anew",
}
"""The rungs of the ladder, from least to most change."""


def percent(share: float | None) -> str:
    """Write a share in percent.

    Parameters
    ----------
    share : float or None
        None stands for one to nine people, or for what is not known.

    Returns
    -------
    str
        Such as ``12 %``.
    """
    return "–" if share is None else f"{100 * share:.0f} %"


def by_reason(undefined: Mapping[str, str]) -> str:
    """Name the measures that have no value, those of one reason together.

    Parameters
    ----------
    undefined : mapping of str to str
        Measure to reason.

    Returns
    -------
    str
        A sentence; empty where there are none.
    """
    grouped: dict[str, list[str]] = {}
    for name, reason in undefined.items():
        grouped.setdefault(reason, []).append(metric_words(name)[0])
    parts = [f"{', '.join(names)}: {reason}" for reason, names in grouped.items()]
    return f"Without a value: {'; '.join(parts)}." if parts else ""
