"""Who may be asked of a landmark model: score known then, still a responder, not relapsed yet.

The rule of the outcome is read from the bundle, where training wrote it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from predictor.bundle import Bundle
from predictor.dictionary import Variable
from predictor.known import Floats, others_of, reading, scale_of
from predictor.landmark_models import Shared
from predictor.outcome_rules import RelapseRule, ResponseRule
from predictor.score import Refusal, Score

Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Reading:
    """One score after the end of the course, and whether it meets the rule of relapse."""

    day: float
    wanted: Variable
    given: Variable | None
    ill: bool


class RiskSet:
    """Reasons to give no number at a landmark.

    Parameters
    ----------
    bundle : Bundle
        Of a landmark; a baseline model has none of these reasons.
    shared : Shared
        Every score that may be answered, crosswalks by which one may be read from another scale,
        and the rule where the bundle does not hold its own.
    """

    def __init__(self, bundle: Bundle, shared: Shared) -> None:
        dictionary = shared.dictionary
        self._dictionary = dictionary
        self._crosswalks = shared.crosswalks
        self._landmark = bundle.provenance.landmark
        self._scores = [
            bundle.dictionary[name]
            for name in bundle.model.encoding.variables
            if bundle.dictionary[name].landmark == self._landmark
            and scale_of(dictionary, bundle.dictionary[name])
        ]
        self._days = {one.name: one.day for one in dictionary.landmarks}
        outcome: Rule = bundle.lineage.get("outcome") or shared.outcome
        self._rule: Rule = outcome if bundle.model.task == "relapse" else {}

    def refusals(self, values: Mapping[str, Floats], i: int) -> list[Refusal]:
        """List the reasons for one row.

        Parameters
        ----------
        values : mapping of str to ndarray, shape (n,)
            Coded answers as given; NaN where missing.
        i : int
            Place of the row, from 0.

        Returns
        -------
        list of Refusal
            Codes ``too_little_information``, ``not_a_responder``, ``relapsed_already``.
        """
        if not self._landmark:
            return []
        answers = {name: float(given[i]) for name, given in values.items()}
        unknown = [] if self.is_rated(values, i) else self._unanswered()
        return [*unknown, *self._left(answers)]

    def is_rated(self, values: Mapping[str, Floats], i: int) -> bool:
        """Tell whether a score of the landmark itself is known, converted ones among them.

        Parameters
        ----------
        values : mapping of str to ndarray, shape (n,)
            Coded answers as given; NaN where missing.
        i : int
            Place of the row, from 0.

        Returns
        -------
        bool
            True also for a model that reads no score of its landmark.
        """
        answers = {name: float(given[i]) for name, given in values.items()}
        found = [self._score(variable, answers)[0] for variable in self._scores]
        return not found or not all(map(math.isnan, found))

    def _unanswered(self) -> list[Refusal]:
        """Say which score of the landmark is needed."""
        wanted = self._scores[0]
        others = others_of(self._dictionary, wanted, self._crosswalks)
        labels = [self._dictionary[name].label for name, _ in others]
        instead = f", or {' or '.join(labels)}, to be converted" if labels else ""
        message = f"{wanted.label} is not answered and this model needs it; give it{instead}"
        return [Refusal("too_little_information", message, wanted.id)]

    def _left(self, answers: Mapping[str, float]) -> list[Refusal]:
        """Refuse who never responded, or has relapsed by the day of the landmark."""
        responders: Rule | None = self._rule.get("responders")
        if not responders or not responders.get("window"):
            return []
        zero = float(responders["window"]["day"])
        if self._days[self._landmark] < zero:
            return []
        ends = [name for name, day in self._days.items() if day == zero]
        start, end = self._both(responders["instrument"], ends, answers)
        response = ResponseRule.of(responders)
        if response.is_known(start, end) and not response.holds(start, end):
            message = (
                "the score at the end of the course does not meet the rule of response, so there "
                "is nothing to relapse from; look at the model of response"
            )
            return [Refusal("not_a_responder", message)]
        start, end = self._both(str(self._rule.get("instrument")), ends, answers)
        found = self._relapse(self._follow_up(answers, zero, start=start, end=end))
        return [] if found is None else [self._has_relapsed(found)]

    def _follow_up(
        self, answers: Mapping[str, float], zero: float, *, start: float, end: float
    ) -> list[_Reading]:
        """Read the scores after the end of the course, up to the landmark and with it."""
        readings, rule = [], RelapseRule.of(self._rule)
        last = self._days[self._landmark]
        for name, day in self._days.items():
            wanted = f"{self._rule.get('instrument')}_{name}"
            # at the end of the course itself nobody who is ill by the rule was in training
            if (zero < day <= last or day == last) and wanted in self._dictionary:
                score, given = self._score(self._dictionary[wanted], answers)
                if not math.isnan(score):
                    ill = bool(rule.holds(score, start=start, end=end))
                    readings.append(_Reading(day, self._dictionary[wanted], given, ill))
        return readings

    def _relapse(self, readings: Sequence[_Reading]) -> _Reading | None:
        """Find a reading that is a relapse; of the day itself, whether or not it is confirmed."""
        if readings and readings[-1].ill and readings[-1].day == self._days[self._landmark]:
            return readings[-1]
        rule: Rule = self._rule.get("confirmation") or {}
        if rule.get("consecutive", 1) == 1:
            return next((one for one in readings if one.ill), None)
        for first, second in pairwise(readings):
            near = rule["min_gap_days"] <= second.day - first.day <= rule["max_gap_days"]
            if first.ill and second.ill and near:
                return first
        return None

    def _has_relapsed(self, found: _Reading) -> Refusal:
        """Put a relapse into a refusal."""
        converted = "" if found.given is None else f", converted from {found.given.label},"
        message = (
            f"{found.wanted.label}{converted} meets the rule of relapse: this is a relapse by the "
            "rule: act, do not predict"
        )
        rule: Rule = self._rule.get("confirmation") or {}
        if rule.get("consecutive", 1) > 1 and found.day == self._days[self._landmark]:
            message += (
                f"; the rule asks for a second reading {rule['min_gap_days']:g} to "
                f"{rule['max_gap_days']:g} days later to confirm it"
            )
        return Refusal("relapsed_already", message, found.wanted.id)

    def _both(
        self, scale: str, ends: Sequence[str], answers: Mapping[str, float]
    ) -> tuple[float, float]:
        """Find a scale's scores at baseline and at the end of the course; NaN where not given.

        The second may come from another scale; of baseline totals nothing is ever converted.
        """
        named = [f"{scale}_{name}" for name in ends if f"{scale}_{name}" in self._dictionary]
        found = [self._score(self._dictionary[name], answers)[0] for name in named]
        end = next((score for score in found if not math.isnan(score)), math.nan)
        return answers.get(f"{scale}_total", math.nan), end

    def _score(
        self, variable: Variable, answers: Mapping[str, float]
    ) -> tuple[float, Variable | None]:
        """Read a score, from another scale if need be."""
        return reading(self._dictionary, variable, answers, self._crosswalks)


def until_left(scores: Iterable[Score]) -> tuple[Score, ...]:
    """Keep the scores of one person up to the one that finds the person out of the risk set.

    Parameters
    ----------
    scores : iterable of Score
        In order of landmarks.

    Returns
    -------
    tuple of Score
        What was scored after a relapse is left out.
    """
    kept = []
    for score in scores:
        kept.append(score)
        if any(refusal.code in _LEFT for refusal in score.refusals):
            break
    return tuple(kept)


_LEFT = ("relapsed_already", "not_a_responder")
