"""Definitions of response, remission and relapse as data: ``configs/outcomes.yaml``, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from predictor.errors import InvalidInputError
from predictor.outcome_rules import RelapseRule, ResponseRule
from training.outcome_wording import relapse_sentence, response_sentence
from training.scales import SCALES, Scale
from training.settings import checked_settings, nearest

Floats = NDArray[np.float64]
EventKind = Literal["hospitalised", "retreated", "ect", "died", "withdrew", "relapsed", "last_seen"]

DOSED = "dosed"
"""Kind of event that is a dose of the course: counted at landmarks, no intercurrent event."""


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
FIRST_DOSE = Window(day=0, first=0, last=0)
"""Time zero where everybody is at risk."""


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
    instrument : str or None
        A scale of `training.scales.SCALES`; None for a relapse that reads dated events alone.
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
        Relapse: the response that makes a person part of the risk set. None: everybody is at risk
        from day 0, and the rule reads dated events alone.
    at_least : float or None
        Relapse: a score at or above this.
    loss_of_gain : float or None
        Relapse: this share (0 to 1] of the fall between baseline and landmark is lost again.
    response_lost : bool
        Relapse: the rule of `responders` no longer holds. Of this, `at_least` and `loss_of_gain`,
        either suffices.
    confirmation : Confirmation or None
        Relapse: how a reading is confirmed; the event is dated at the first reading.
    relapse_events : tuple of str
        Events that are a relapse by themselves.
    censoring_events : tuple of str
        Intercurrent events after which a person is no longer followed.
    competing_events : tuple of str
        Intercurrent events after which a relapse can no longer be, or would be another thing. A
        kind of event stands under one of the three at most; under none, it does not count.
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
    instrument: str | None = None
    source: str
    percent_fall: Annotated[float, Field(gt=0, le=100)] | None = None
    at_most: Annotated[float, Field(ge=0)] | None = None
    window: Window | None = None
    baseline: Window = USUAL_BASELINE
    responders: OutcomeDefinition | None = None
    at_least: Annotated[float, Field(gt=0)] | None = None
    loss_of_gain: Annotated[float, Field(gt=0, le=1)] | None = None
    response_lost: bool = False
    confirmation: Confirmation | None = None
    relapse_events: tuple[EventKind, ...] = ()
    censoring_events: tuple[EventKind, ...] = ("retreated", "ect", "died", "withdrew")
    competing_events: tuple[EventKind, ...] = ()
    time_zero: Literal["landmark_day", "landmark_visit"] = "landmark_day"
    horizon_days: Annotated[float, Field(gt=0, le=180)] = 180

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.instrument is not None and self.instrument not in SCALES:
            hint = nearest(self.instrument, tuple(SCALES))
            raise ValueError(f"instrument {self.instrument} is unknown{hint}")
        highest = max(self.at_most or 0, self.at_least or 0)
        if self.instrument is not None and highest > SCALES[self.instrument].high:
            label = SCALES[self.instrument].label
            raise ValueError(f"{highest:g} is above the highest {label} total")
        faults = self._response_faults() if self.task == "response" else self._relapse_faults()
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _response_faults(self) -> list[str]:
        """Say what keeps this from being a response rule."""
        foreign = (self.responders, self.at_least, self.loss_of_gain, self.confirmation)
        counted = (self.response_lost, self.relapse_events, self.competing_events)
        checks = {
            "a response needs an instrument": self.instrument is None,
            "a response needs a window": self.window is None,
            "a response needs percent_fall or at_most": self.percent_fall is self.at_most is None,
            "responders, at_least, loss_of_gain, response_lost, confirmation, relapse_events and "
            "competing_events belong to a relapse": any(part is not None for part in foreign)
            or any(counted),
        }
        return [sentence for sentence, wrong in checks.items() if wrong]

    def _relapse_faults(self) -> list[str]:
        """Say what keeps this from being a relapse rule."""
        rule = self.responders
        no_response = rule is not None and rule.task != "response"
        on_nothing = rule is None and (self.reads_scores or not self.relapse_events)
        elsewhere = rule is not None and rule.instrument != self.instrument
        checks = {
            "a relapse needs responders, the name of a response, unless it reads dated events "
            "alone": no_response or on_nothing,
            "a relapse needs at_least, loss_of_gain, response_lost or relapse_events": not (
                self.reads_scores or self.relapse_events
            ),
            "a relapse by scores needs an instrument": self.reads_scores
            and self.instrument is None,
            "percent_fall, at_most and window belong to a response": any(
                part is not None for part in (self.percent_fall, self.at_most, self.window)
            ),
            "loss_of_gain and response_lost need responders on the same instrument": elsewhere
            and (self.loss_of_gain is not None or self.response_lost),
            "without responders time zero is day 0: leave out time_zero": rule is None
            and self.time_zero == "landmark_visit",
        }
        return [*(fault for fault, wrong in checks.items() if wrong), *self._event_faults()]

    def _event_faults(self) -> list[str]:
        """Say which kinds of events cannot count as they are declared."""
        relapse, ends = set(self.relapse_events), set(self.censoring_events)
        apart = set(self.competing_events)
        checks = {
            "an event cannot both be a relapse and end the follow-up": relapse & (ends | apart),
            "an event cannot both compete and censor; name censoring_events without those of "
            "competing_events": ends & apart,
            "last_seen ends the follow-up or does not count": {"last_seen"} & (relapse | apart),
            "relapsed is a relapse or does not count": {"relapsed"} & (ends | apart),
        }
        return [sentence for sentence, wrong in checks.items() if wrong]

    @property
    def reads_scores(self) -> bool:
        """Relapse: whether a score can be one; False where dated events alone are read."""
        return self.at_least is not None or self.loss_of_gain is not None or self.response_lost

    @property
    def scale(self) -> Scale | None:
        """The scale of `instrument`, or of the responders'; None where no score is read."""
        named = self.instrument or (self.responders and self.responders.instrument)
        return SCALES[named] if named else None

    @property
    def response_rule(self) -> ResponseRule:
        """Which scores are a response; of a relapse, nothing."""
        return ResponseRule(self.percent_fall, self.at_most)

    @property
    def relapse_rule(self) -> RelapseRule:
        """Which later scores are a relapse; of a response, none."""
        lost = self.responders.response_rule if self.responders and self.response_lost else None
        return RelapseRule(self.at_least, self.loss_of_gain, lost)

    @property
    def landmark(self) -> Window:
        """The window in which the outcome (response) or time zero (relapse) lies."""
        rule = self.responders or self
        return FIRST_DOSE if rule.window is None else rule.window

    def describe(self) -> str:
        """Put the definition into one sentence for reports and scores.

        Returns
        -------
        str
            Scale, threshold, window, confirmation, time zero and censoring.
        """
        return relapse_sentence(self) if self.task == "relapse" else response_sentence(self)


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
