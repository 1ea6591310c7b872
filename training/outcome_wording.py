"""Outcome definitions in sentences, for reports and scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.outcome_definition import OutcomeDefinition

EVENT_WORDS: Mapping[str, str] = {
    "hospitalised": "admission to hospital",
    "retreated": "another course",
    "ect": "ECT",
    "died": "death",
    "withdrew": "withdrawal",
    "relapsed": "a relapse recorded by the study",
    "last_seen": "the end of observation",
}
"""What an event of each kind is called in sentences."""


def response_sentence(definition: OutcomeDefinition) -> str:
    """Describe a response rule.

    Parameters
    ----------
    definition : OutcomeDefinition
        Of task ``response``.

    Returns
    -------
    str
        Scale, threshold and window.
    """
    return f"{definition.label}: {response_words(definition)}; without one the outcome is missing."


def response_words(definition: OutcomeDefinition) -> str:
    """Say what a response is, and when it is judged.

    Parameters
    ----------
    definition : OutcomeDefinition
        Of task ``response``.

    Returns
    -------
    str
        Scale, threshold and window.
    """
    window, start = definition.landmark, definition.baseline
    parts = []
    if definition.percent_fall is not None:
        parts.append(f"a fall of at least {definition.percent_fall:g} % from day {start.day:g}")
    if definition.at_most is not None:
        parts.append(f"a score of {definition.at_most:g} or less")
    return (
        f"{_scale_label(definition)} shows {' and '.join(parts)} at day {window.day:g} (the "
        f"assessment nearest to it from day {window.first:g} to day {window.last:g})"
    )


def relapse_sentence(definition: OutcomeDefinition) -> str:
    """Describe a relapse rule.

    Parameters
    ----------
    definition : OutcomeDefinition
        Of task ``relapse``.

    Returns
    -------
    str
        Risk set, time zero, event, end of follow-up and horizon.
    """
    until = " or ".join(
        [*map(EVENT_WORDS.__getitem__, definition.censoring_events), "the last visit"]
    )
    first = " or ".join(EVENT_WORDS[event] for event in definition.competing_events)
    competing = f"; {first} before it is a competing event" if first else ""
    zero = "that day" if definition.time_zero == "landmark_day" else "the visit there"
    zero = "day 0" if definition.responders is None else zero
    return (
        f"{definition.label}: among {risk_set_words(definition)} (time zero is {zero}), "
        f"{event_words(definition)}{competing}; follow-up ends at {until}; "
        f"horizon {definition.horizon_days:g} days."
    )


def risk_set_words(definition: OutcomeDefinition) -> str:
    """Say who can relapse.

    Parameters
    ----------
    definition : OutcomeDefinition
        Of task ``relapse``.

    Returns
    -------
    str
        As read after "among".
    """
    if definition.responders is None:
        return "everybody"
    rule = definition.responders.label
    return f"people with {rule[0].lower() + rule[1:]} at day {definition.landmark.day:g}"


def event_words(definition: OutcomeDefinition) -> str:
    """Say what a relapse is.

    Parameters
    ----------
    definition : OutcomeDefinition
        Of task ``relapse``.

    Returns
    -------
    str
        Scores, how they are confirmed, and events.
    """
    name = _scale_label(definition)
    parts = []
    if definition.at_least is not None:
        parts.append(f"a {name} score of {definition.at_least:g} or more")
    if definition.loss_of_gain is not None:
        parts.append(f"loss of {100 * definition.loss_of_gain:g} % of the {name} gain")
    if definition.response_lost:
        parts.append(f"a {name} score that is no longer a response")
    score = " or ".join(parts)
    confirmation = definition.confirmation
    if score and confirmation is not None and confirmation.consecutive == 2:
        score += (
            f" at two consecutive assessments {confirmation.min_gap_days:g} to "
            f"{confirmation.max_gap_days:g} days apart, dated at the first"
        )
    events = " or ".join(EVENT_WORDS[event] for event in definition.relapse_events)
    return f"{score}, or {events}" if score and events else score or events


def _scale_label(definition: OutcomeDefinition) -> str:
    """Name the scale; empty where no score is read."""
    return "" if definition.scale is None else definition.scale.label
