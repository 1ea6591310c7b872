"""Definitions of response, remission and relapse as data: ``configs/outcomes.yaml``, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from predictor.errors import InvalidInputError
from training.scales import SCALES, Scale
from training.settings import checked_settings, nearest

EventKind = Literal["hospitalised", "retreated", "ect", "died", "withdrew"]

DOSED = "dosed"
"""Kind of event that is a dose of the course: counted at landmarks, no intercurrent event."""

_WORDS: Mapping[str, str] = {
    "hospitalised": "admission to hospital",
    "retreated": "another course",
    "ect": "ECT",
    "died": "death",
    "withdrew": "withdrawal",
}


class Window(BaseModel):
    """The days on which an assessment counts; the one nearest to the nominal day is taken.

    Of two equally near, the later one is taken.

    Parameters
    ----------
    day : float
        Nominal day, counted from the first dose.
    first, last : float
        Both ends count.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: float
    first: float
    last: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.first <= self.day <= self.last:
            raise ValueError("the days must rise: first, day, last")
        return self


USUAL_BASELINE = Window(day=0, first=-14, last=0)


class Confirmation(BaseModel):
    """How a reading above the relapse threshold is confirmed.

    Parameters
    ----------
    consecutive : int
        1 (no confirmation) or 2 consecutive readings.
    min_gap_days, max_gap_days : float
        How far the confirming reading may lie behind the first; every reading between the two
        must be above the threshold as well.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    consecutive: Annotated[int, Field(ge=1, le=2)] = 2
    min_gap_days: Annotated[float, Field(ge=0)] = 5
    max_gap_days: Annotated[float, Field(ge=0)] = 15


class OutcomeDefinition(BaseModel):
    """One outcome as data.

    Parameters
    ----------
    name, label : str
        Id, and what reports call it.
    task : str
        ``response`` (yes or no in a window; remission is one too) or ``relapse`` (time).
    instrument : str
        A scale of `training.scales.SCALES`.
    source : str
        Where the rule comes from.
    percent_fall : float or None
        Response: the score fell by at least this share of the baseline score, in percent.
    at_most : float or None
        Response: the score is at most this (remission). With both, both must hold.
    window : Window or None
        Response: when the outcome is assessed. For relapse the window of `responders` is the
        landmark.
    baseline : Window
        Where the baseline score is read.
    responders : OutcomeDefinition or None
        Relapse: the response that makes a person part of the risk set.
    at_least : float or None
        Relapse: a score at or above this.
    loss_of_gain : float or None
        Relapse: this share (0 to 1] of the fall between baseline and landmark is lost again.
        With `at_least`, either suffices.
    confirmation : Confirmation or None
        Relapse: how a reading is confirmed; the event is dated at the first reading.
    relapse_events : tuple of str
        Events that are a relapse by themselves.
    censoring_events : tuple of str
        Intercurrent events after which a person is no longer followed.
    time_zero : str
        ``landmark_day`` (the nominal day, the same for everybody) or ``landmark_visit``.
    horizon_days : float
        How far ahead relapse is predicted. Longer follow-up is kept as it is, so that being well
        at the horizon can be told from being last seen there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    label: str
    task: Literal["response", "relapse"]
    instrument: str
    source: str
    percent_fall: Annotated[float, Field(gt=0, le=100)] | None = None
    at_most: Annotated[float, Field(ge=0)] | None = None
    window: Window | None = None
    baseline: Window = USUAL_BASELINE
    responders: OutcomeDefinition | None = None
    at_least: Annotated[float, Field(gt=0)] | None = None
    loss_of_gain: Annotated[float, Field(gt=0, le=1)] | None = None
    confirmation: Confirmation | None = None
    relapse_events: tuple[EventKind, ...] = ()
    censoring_events: tuple[EventKind, ...] = ("retreated", "ect", "died", "withdrew")
    time_zero: Literal["landmark_day", "landmark_visit"] = "landmark_day"
    horizon_days: Annotated[float, Field(gt=0, le=180)] = 180

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.instrument not in SCALES:
            hint = nearest(self.instrument, tuple(SCALES))
            raise ValueError(f"instrument {self.instrument} is unknown{hint}")
        highest = max(self.at_most or 0, self.at_least or 0)
        if highest > self.scale.high:
            raise ValueError(f"{highest:g} is above the highest {self.scale.label} total")
        faults = self._response_faults() if self.task == "response" else self._relapse_faults()
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _response_faults(self) -> list[str]:
        """Say what keeps this from being a response rule."""
        foreign = (self.responders, self.at_least, self.loss_of_gain, self.confirmation)
        checks = {
            "a response needs a window": self.window is None,
            "a response needs percent_fall or at_most": self.percent_fall is self.at_most is None,
            "responders, at_least, loss_of_gain, confirmation and relapse_events belong to a "
            "relapse": any(part is not None for part in foreign) or bool(self.relapse_events),
        }
        return [sentence for sentence, wrong in checks.items() if wrong]

    def _relapse_faults(self) -> list[str]:
        """Say what keeps this from being a relapse rule."""
        rule = self.responders
        both = set(self.relapse_events) & set(self.censoring_events)
        by_score = self.at_least is not None or self.loss_of_gain is not None
        checks = {
            "a relapse needs responders, the name of a response": rule is None
            or rule.task != "response",
            "a relapse needs at_least, loss_of_gain or relapse_events": not (
                by_score or self.relapse_events
            ),
            "percent_fall, at_most and window belong to a response": any(
                part is not None for part in (self.percent_fall, self.at_most, self.window)
            ),
            "loss_of_gain needs responders on the same instrument": self.loss_of_gain is not None
            and rule is not None
            and rule.instrument != self.instrument,
            "an event cannot both be a relapse and end the follow-up": bool(both),
        }
        return [sentence for sentence, wrong in checks.items() if wrong]

    @property
    def scale(self) -> Scale:
        """The scale of `instrument`."""
        return SCALES[self.instrument]

    @property
    def landmark(self) -> Window:
        """The window in which the outcome (response) or time zero (relapse) lies."""
        window = self.responders.window if self.responders is not None else self.window
        if window is None:  # pragma: no cover - refused when the definition is made
            raise AssertionError
        return window

    def describe(self) -> str:
        """Put the definition into one sentence for reports and scores.

        Returns
        -------
        str
            Scale, threshold, window, confirmation, time zero and censoring.
        """
        return _relapse_sentence(self) if self.task == "relapse" else _response_sentence(self)


def outcome_definitions(content: Mapping[str, Any]) -> dict[str, OutcomeDefinition]:
    """Read the definitions of ``configs/outcomes.yaml``.

    Parameters
    ----------
    content : mapping
        Name of each outcome to its fields. ``responders`` may name another entry.

    Returns
    -------
    dict of str to OutcomeDefinition
        In the order of the file.

    Raises
    ------
    InvalidInputError
        If a key is unknown, a rule does not hold together, or ``responders`` names no entry.
    """
    return {name: _definition(name, content) for name in content}


def _definition(name: str, content: Mapping[str, Any]) -> OutcomeDefinition:
    """Check one entry, its named response put in place."""
    where = f"outcomes, {name}"
    if not isinstance(content[name], Mapping):
        raise InvalidInputError(f"{where}: the entry must hold keys such as task and instrument")
    entry = {"name": name, **content[name]}
    rule = entry.get("responders")
    if isinstance(rule, str):
        if rule == name or rule not in content:
            hint = nearest(rule, tuple(other for other in content if other != name))
            raise InvalidInputError(f"{where}, responders: {rule} is no other outcome{hint}")
        entry["responders"] = _definition(rule, content)
    return checked_settings(OutcomeDefinition, entry, where=where)


def _response_sentence(definition: OutcomeDefinition) -> str:
    """Describe a response rule."""
    name, window, start = definition.scale.label, definition.landmark, definition.baseline
    parts = []
    if definition.percent_fall is not None:
        parts.append(f"a fall of at least {definition.percent_fall:g} % from day {start.day:g}")
    if definition.at_most is not None:
        parts.append(f"a score of {definition.at_most:g} or less")
    return (
        f"{definition.label}: {name} shows {' and '.join(parts)} at day {window.day:g} (the "
        f"assessment nearest to it from day {window.first:g} to day {window.last:g}); without "
        "one the outcome is missing."
    )


def _relapse_sentence(definition: OutcomeDefinition) -> str:
    """Describe a relapse rule."""
    name, landmark = definition.scale.label, definition.landmark
    rule = definition.responders.label if definition.responders is not None else ""
    parts = []
    if definition.at_least is not None:
        parts.append(f"a {name} score of {definition.at_least:g} or more")
    if definition.loss_of_gain is not None:
        parts.append(f"loss of {100 * definition.loss_of_gain:g} % of the {name} gain")
    score = " or ".join(parts)
    confirmation = definition.confirmation
    if score and confirmation is not None and confirmation.consecutive == 2:
        score += (
            f" at two consecutive assessments {confirmation.min_gap_days:g} to "
            f"{confirmation.max_gap_days:g} days apart, dated at the first"
        )
    events = " or ".join(_WORDS[event] for event in definition.relapse_events)
    events = f", or {events}" if score and events else events
    zero = "that day" if definition.time_zero == "landmark_day" else "the visit there"
    ends = [_WORDS[event] for event in definition.censoring_events]
    until = " or ".join([*ends, "the last visit"])
    return (
        f"{definition.label}: among people with {rule[0].lower() + rule[1:]} at day "
        f"{landmark.day:g} (time zero is {zero}), {score}{events}; follow-up ends at {until}; "
        f"horizon {definition.horizon_days:g} days."
    )
