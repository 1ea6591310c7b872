"""How the chosen learner does in parts of the cohort, from predictions for people it never saw.

Nothing is fitted anew. Small groups say little, and no difference seen is no evidence that the
learner does equally well: both stand beside the numbers (`training.presentation.subgroups`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from training.evaluation.cross_validation import OutOfFold
from training.evaluation.curves import DECISION_DAY
from training.evaluation.group_measures import SCALES, Measured, Predicted, measure_group
from training.evaluation.grouping import Grouping
from training.evaluation.measures_of_relapse import MINIMUM_FOLLOWED
from training.evaluation.performance import evaluated_days
from training.evaluation.procedure import RISK_DAYS
from training.fitting import Outcome
from training.metrics import MeasureUndefinedError
from training.metrics.censoring import kaplan_meier
from training.metrics.intervals import Estimate
from training.metrics.pooling import CochranQ, cochran_q
from training.suppression import SUPPRESSED_BELOW, hidden_groups

MINIMUM_OF_EACH = 10
"""Fewer people with the event (response: or without it), and no ranking, intercept or slope."""

MINIMUM_FOR_OE = 5
"""With fewer on either side a normal interval of O/E misleads (Cochran. Biometrics 1954;10:417)."""

TOLD_WITHOUT_COUNTS = 50
"""From as many people on, measures to two digits do not give away how many there are."""

COUNTED = ("oe", "calibration_intercept")
"""Measures whose interval, with the number of people, tells how many had the event."""

TESTED = ("auc", "c_index", "oe")
"""Measures whose groups are tested for a difference."""


@dataclass(frozen=True, slots=True)
class Subgroup:
    """One group of people.

    Of a hidden group there is nothing but the name. Where its counts would give a smaller group
    away, these and the shares are None and its measures are rounded to two digits.

    Parameters
    ----------
    name : str
        Such as ``female``.
    hidden : str
        Why nothing is told of it; empty where it is.
    people, events : int or None
        Predicted; with the event. None where they are not told.
    observed : float or None
        Share with the outcome; relapse: one minus Kaplan-Meier at the day of O/E, None where too
        few are followed to it.
    predicted : float or None
        Mean probability of the same, over people and repeats.
    measured : Measured
        Ranking and calibration.
    """

    name: str
    hidden: str = ""
    people: int | None = None
    events: int | None = None
    observed: float | None = None
    predicted: float | None = None
    measured: Measured = field(default_factory=Measured)

    def to_dict(self) -> dict[str, Any]:
        """Give the group as it stands in the JSON of a run.

        Returns
        -------
        dict
            Plain values.
        """
        found = self.measured
        return {
            "group": self.name,
            "hidden": self.hidden,
            "people": self.people,
            "events": self.events,
            "observed": self.observed,
            "predicted": self.predicted,
            "measures": {name: each.to_dict() for name, each in found.measures.items()},
            "undefined": dict(found.undefined),
        }


@dataclass(frozen=True, slots=True)
class Division:
    """People divided by one variable.

    Parameters
    ----------
    variable : str
        Its id, or ``site``.
    label : str
        What a clinician reads.
    how : str
        How a number was cut, in words; empty for levels and sites.
    groups : tuple of Subgroup
        In their order; empty where there is nothing to compare.
    tests : dict of str to CochranQ
        By measure: whether the groups shown differ.
    reason : str
        Why there is nothing to compare; empty where there is.
    """

    variable: str
    label: str
    how: str
    groups: tuple[Subgroup, ...] = ()
    tests: dict[str, CochranQ] = field(default_factory=dict)
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give the division as it stands in the JSON of a run.

        Returns
        -------
        dict
            Plain values.
        """
        return {
            "label": self.label,
            "how": self.how,
            "reason": self.reason,
            "groups": [group.to_dict() for group in self.groups],
            "tests": {name: test._asdict() for name, test in self.tests.items()},
        }


@dataclass(frozen=True, slots=True)
class Subgroups:
    """The chosen learner in each group of each variable.

    Parameters
    ----------
    learner : str
        Whose predictions are measured.
    day : int or None
        Day of the relapse risk behind O/E; None for response, or where no day can be evaluated.
    everybody : dict of str to Estimate
        The same measures in all people.
    divisions : tuple of Division
        In the order asked for.
    """

    learner: str
    day: int | None
    everybody: dict[str, Estimate]
    divisions: tuple[Division, ...]

    @property
    def p_values(self) -> list[float]:
        """Of all tests of a difference, in their order."""
        return [test.p for division in self.divisions for test in division.tests.values()]

    def to_dict(self) -> dict[str, Any]:
        """Give all groups as they stand in the JSON of a run.

        Returns
        -------
        dict
            Plain values, all finite; counts of hidden groups are null.
        """
        return {
            "learner": self.learner,
            "day": self.day,
            "everybody": {name: each.to_dict() for name, each in self.everybody.items()},
            "by": {division.variable: division.to_dict() for division in self.divisions},
            "tests": len(self.p_values),
        }


def measure_subgroups(
    found: OutOfFold,
    outcome: Outcome,
    groupings: Sequence[Grouping],
    *,
    known: Mapping[str, Estimate],
    day: int | None,
    rng: np.random.Generator,
) -> Subgroups:
    """Measure a learner in every group of every variable.

    Parameters
    ----------
    found : OutOfFold
        Its predictions, without failure.
    outcome : Outcome
        Of the same people.
    groupings : sequence of Grouping
        How they are divided.
    known : mapping of str to Estimate
        Measures of all people that the run has already; they are not made anew.
    day : int or None
        Day of the relapse risk that sites are compared at; where None, the last of `RISK_DAYS` up
        to `DECISION_DAY` that enough people are followed to.
    rng : numpy.random.Generator
        Draws the resamples.

    Returns
    -------
    Subgroups
        Groups too small to be told of are hidden, and as many more as needed.
    """
    said = Predicted(found.margin, found.probability)
    place = _day_of(outcome) if day is None else RISK_DAYS.index(day)
    all_rng, *children = rng.spawn(1 + len(groupings))
    wanted = [name for name in SCALES if name not in known]
    whole = measure_group(outcome, said, wanted, place=place, rng=all_rng).measures
    everybody = {name: both[name] for name in SCALES if name in (both := {**known, **whole})}
    divisions = tuple(
        _divided(grouping, outcome, said, place, child)
        for grouping, child in zip(groupings, children, strict=True)
    )
    at = None if place is None else RISK_DAYS[place]
    return Subgroups(found.name, at, everybody, divisions)


def _day_of(outcome: Outcome) -> int | None:
    """Choose the day of O/E, as its place in `RISK_DAYS`."""
    try:
        reached = evaluated_days(outcome)
    except MeasureUndefinedError:
        return None
    return max(place for place in reached if RISK_DAYS[place] <= DECISION_DAY)


def _divided(
    grouping: Grouping,
    outcome: Outcome,
    said: Predicted,
    place: int | None,
    rng: np.random.Generator,
) -> Division:
    """Measure the groups of one variable and test whether they differ."""
    whole = Division(grouping.variable, grouping.label, grouping.how, reason=grouping.reason)
    if grouping.reason:
        return whole
    people = np.bincount(grouping.of, minlength=len(grouping.names)).tolist()
    hidden = hidden_groups(people)
    groups = []
    for at, (name, child) in enumerate(zip(grouping.names, rng.spawn(len(people)), strict=True)):
        if at in hidden and people[at] < TOLD_WITHOUT_COUNTS:
            groups.append(Subgroup(name, _why_hidden(people[at])))
            continue
        rows = np.flatnonzero(grouping.of == at)
        group = _measured(name, outcome.take(rows), said.take(rows), place, child)
        groups.append(_without_counts(group) if at in hidden else group)
    tests = _tests(groups)
    events = np.bincount(grouping.of, weights=outcome.events, minlength=len(people))
    for at in _untold(people, events.astype(int).tolist(), hidden):
        groups[at] = _without_events(groups[at])
    return replace(whole, groups=tuple(groups), tests=tests)


def _untold(people: Sequence[int], events: Sequence[int], hidden: set[int]) -> set[int]:
    """Choose the groups whose events would tell of fewer than ten people.

    What all groups without told events have together follows from the total; where that is few,
    the events of one more group are not told.
    """
    few = {at for at, k in enumerate(events) if min(k, people[at] - k) < SUPPRESSED_BELOW} | hidden
    together = sum(events[at] for at in few)
    others = sum(people[at] for at in few) - together
    told = [at for at in range(len(people)) if at not in few]
    if few and told and min(together, others) < SUPPRESSED_BELOW:
        few.add(min(told, key=lambda at: events[at]))
    return few - hidden


def _without_events(group: Subgroup) -> Subgroup:
    """Leave out events, shares, and the measures whose intervals would give the events back."""
    spared = _without_counts(group)
    told = spared.measured.measures
    kept = {name: each for name, each in told.items() if name not in COUNTED}
    why = {name: "its interval would tell of a handful" for name in told if name in COUNTED}
    measured = replace(
        spared.measured, measures=kept, undefined={**group.measured.undefined, **why}
    )
    return replace(spared, people=group.people, measured=measured)


def _without_counts(group: Subgroup) -> Subgroup:
    """Leave out what would give a smaller group away, and round the rest to two digits."""
    measures = {
        name: replace(each, value=round(each.value, 2), lo=round(each.lo, 2), hi=round(each.hi, 2))
        for name, each in group.measured.measures.items()
    }
    return Subgroup(group.name, measured=replace(group.measured, measures=measures))


def _why_hidden(people: int) -> str:
    """Say why a group is hidden, without its number."""
    if people < SUPPRESSED_BELOW:
        return f"fewer than {SUPPRESSED_BELOW} people"
    return "a smaller group would follow from it"


def _measured(
    name: str, outcome: Outcome, said: Predicted, place: int | None, rng: np.random.Generator
) -> Subgroup:
    """Measure one group; what so few people cannot carry is named with that reason."""
    scarce = _too_few(outcome, place)
    wanted = [measure for measure in SCALES if measure not in scarce]
    found = measure_group(outcome, said, wanted, place=place, rng=rng)
    found = replace(found, undefined={**found.undefined, **scarce})
    observed = predicted = None
    if outcome.days is None:
        observed, predicted = float(outcome.events.mean()), float(said.probability.mean())
    elif place is not None:
        predicted = float(said.probability[:, :, place].mean())
        if _followed(outcome, place) >= MINIMUM_FOLLOWED:
            free = kaplan_meier(outcome.days, outcome.events).at(float(RISK_DAYS[place]))
            observed = 1 - float(free)
    people, events = outcome.events.size, int(outcome.events.sum())
    return Subgroup(name, "", people, events, observed, predicted, found)


def _too_few(outcome: Outcome, place: int | None) -> dict[str, str]:
    """Name the measures that need more people, with the reason."""
    happened = outcome.events == 1
    fewest, rest = int(happened.sum()), "with the event"
    if outcome.days is None:
        fewest, rest = min(fewest, int((~happened).sum())), "with or without the event"
    scarce = {}
    if fewest < MINIMUM_OF_EACH:
        scarce = dict.fromkeys(_shape(outcome), f"fewer than {MINIMUM_OF_EACH} people {rest}")
    if outcome.days is None or place is None:
        if fewest < MINIMUM_FOR_OE:
            scarce["oe"] = f"fewer than {MINIMUM_FOR_OE} people {rest}"
        return scarce
    day = RISK_DAYS[place]
    if _followed(outcome, place) < MINIMUM_FOLLOWED:
        scarce["oe"] = f"fewer than {MINIMUM_FOLLOWED} people are followed to day {day}"
    elif int((happened & (outcome.days <= day)).sum()) < MINIMUM_FOR_OE:
        scarce["oe"] = f"fewer than {MINIMUM_FOR_OE} people with the event by day {day}"
    return scarce


def _shape(outcome: Outcome) -> tuple[str, ...]:
    """Name the measures of a task that rest on both kinds of people."""
    if outcome.days is None:
        return "auc", "calibration_intercept", "calibration_slope"
    return "c_index", "calibration_slope"


def _followed(outcome: Outcome, place: int) -> int:
    """Count who is followed to a day of `RISK_DAYS`."""
    return 0 if outcome.days is None else int((outcome.days >= RISK_DAYS[place]).sum())


def _tests(groups: Sequence[Subgroup]) -> dict[str, CochranQ]:
    """Test each measure over the groups where it and its error are known."""
    tests = {}
    for name in TESTED:
        forth = SCALES[name][0]
        usable = [
            (forth(group.measured.measures[name].value), error)
            for group in groups
            if np.isfinite(error := group.measured.errors.get(name, np.nan)) and error > 0
        ]
        if len(usable) >= 2:
            tests[name] = cochran_q(*zip(*usable, strict=True))
    return tests
