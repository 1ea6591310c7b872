"""What a model is asked, said part by part: in the run, its report and every score.

Two models of relapse answer the same question only if all of these parts are the same. They come
from the outcome definition alone; nothing here depends on the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from training.outcome_definition import EventKind, OutcomeDefinition
from training.outcome_wording import EVENT_WORDS, event_words, response_words, risk_set_words

CountsAs = Literal["relapse", "censoring", "competing", "not counted"]
Observed = Literal["one assessment", "visits", "visits and dates", "dates"]

_OBSERVED: dict[Observed, str] = {
    "one assessment": "at the one assessment nearest to the nominal day",
    "visits": "at visits: between the last one well and the first one ill nothing is known",
    "visits and dates": (
        "scores at visits, between which nothing is known; events on the day they happened"
    ),
    "dates": "dated to the day",
}


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Parameters
    ----------
    task : str
        ``response`` or ``relapse``.
    risk_set, time_zero, event : str
        Whom it is about, from when days count, and what counts, in words.
    observed : str
        ``one assessment``, ``visits``, ``visits and dates`` or ``dates``.
    horizon_days : float
        How far ahead: days from time zero; of a response the nominal day of the assessment.
    counts_as : dict of str to str
        Relapse: each kind of event to ``relapse``, ``censoring``, ``competing`` or
        ``not counted``; empty for a response.
    about : str
        What the data are about where that is not ketamine; else empty.
    """

    task: Literal["response", "relapse"]
    risk_set: str
    time_zero: str
    event: str
    observed: Observed
    horizon_days: float
    counts_as: dict[str, CountsAs]
    about: str = ""

    @property
    def assumes(self) -> str:
        """How a cause-specific risk is to be read; empty without competing events."""
        events = self._named("competing", joined=" or ")
        return f"what it would be were it not for {events}" if events else ""

    def to_dict(self) -> dict[str, object]:
        """Give the question as it stands in the JSON of a run.

        Returns
        -------
        dict
            Plain values.
        """
        return {
            "task": self.task,
            "risk_set": self.risk_set,
            "time_zero": self.time_zero,
            "event": self.event,
            "observed": self.observed,
            "horizon_days": self.horizon_days,
            "counts_as": dict(self.counts_as),
            "assumes": self.assumes,
            "about": self.about,
        }

    def words(self) -> dict[str, str]:
        """Give the question as texts, for people.

        Returns
        -------
        dict of str to str
            Part to sentence, in the order in which they are read; `predictor.wording.QUESTION`
            has their headings. Parts that do not apply are left out.
        """
        if self.task == "response":
            ahead = {
                "horizon": f"to day {self.horizon_days:g} from the first dose",
                "missing": "without one the outcome is missing; nothing is carried forward",
            }
        else:
            ahead = {
                "horizon": f"{self.horizon_days:g} days from time zero",
                "competing": self._named("competing"),
                "censoring": self._named("censoring", "the last visit"),
                "not_counted": self._named("not counted"),
                "assumes": self.assumes,
            }
        parts = {
            "about": self.about,
            "risk_set": self.risk_set,
            "time_zero": self.time_zero,
            "event": self.event,
            "observed": _OBSERVED[self.observed],
            **ahead,
        }
        return {name: words for name, words in parts.items() if words}

    def _named(self, role: CountsAs, *more: str, joined: str = ", ") -> str:
        """Name the kinds of events that count as something."""
        kinds = [EVENT_WORDS[kind] for kind, as_ in self.counts_as.items() if as_ == role]
        return joined.join([*kinds, *more])


def question_of(definition: OutcomeDefinition, *, about: str = "") -> Question:
    """Say what a model of an outcome is asked.

    Parameters
    ----------
    definition : OutcomeDefinition
        What is predicted.
    about : str
        What the data are about where that is not ketamine.

    Returns
    -------
    Question
        Every part of it.
    """
    if definition.task == "response":
        needs_start = definition.percent_fall is not None
        scale = "" if definition.scale is None else f"{definition.scale.label} "
        return Question(
            "response",
            f"everybody with a {scale}score before the first dose" if needs_start else "everybody",
            "the first dose (day 0)",
            response_words(definition),
            "one assessment",
            definition.landmark.day,
            {},
            about,
        )
    return Question(
        "relapse",
        risk_set_words(definition),
        _time_zero(definition),
        event_words(definition),
        _observed(definition),
        definition.horizon_days,
        {kind: _counts_as(definition, kind) for kind in get_args(EventKind)},
        about,
    )


def _time_zero(definition: OutcomeDefinition) -> str:
    """Say from which day a relapse counts."""
    if definition.responders is None:
        return "day 0"
    day = f"day {definition.landmark.day:g}"
    if definition.time_zero == "landmark_visit":
        return f"each person's own visit nearest to {day}"
    return f"{day}, the same for everybody"


def _observed(definition: OutcomeDefinition) -> Observed:
    """Say how a relapse is seen."""
    if not definition.reads_scores:
        return "dates"
    return "visits and dates" if definition.relapse_events else "visits"


def _counts_as(definition: OutcomeDefinition, kind: str) -> CountsAs:
    """Say what one kind of event counts as."""
    named: tuple[tuple[CountsAs, tuple[str, ...]], ...] = (
        ("relapse", definition.relapse_events),
        ("competing", definition.competing_events),
        ("censoring", definition.censoring_events),
    )
    return next((role for role, kinds in named if kind in kinds), "not counted")
