"""The same people by other definitions of the outcome: what stays and what changes.

Values and conclusions; `training.definitions_grid` makes the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from training.metrics.intervals import Estimate

ALIKE = 0.8
"""Rank correlation of margins from which two definitions are said to rank people alike; a
convention."""

SAME_LEVEL = 10
"""Observed shares that lie less than so many in 100 apart are called the same; a convention."""


@dataclass(frozen=True, slots=True)
class Strong:
    """One of the variables that move the margin most.

    Parameters
    ----------
    variable, label : str
        Id, and what a clinician reads.
    direction : str
        Which answers stand higher, such as ``higher raises``, ``no raises`` or a level.
    """

    variable: str
    label: str
    direction: str


@dataclass(frozen=True, slots=True)
class ByDefinition:
    """One definition applied to the cohort.

    Parameters
    ----------
    name, label : str
        Of the definition.
    people, events : int
        Analysed, and with the event.
    status, reason : str
        What a run with this definition would end as by its numbers, and what is missing; the
        guards are not repeated.
    discrimination : Estimate or None
        AUC or Harrell's C in people held out, one repeat.
    undefined : str
        Why there is none.
    better_than_average : bool or None
        Whether the whole paired interval of the loss lies below the average's; None where the
        loss has no value.
    observed : dict of int to float
        Relapse: 1 − Kaplan–Meier by each horizon that follow-up reaches. Response: the share with
        the outcome, at the nominal day.
    strongest : tuple of Strong
        Up to three, strongest first; fitted to everybody analysed. Empty where refused.
    agreement : float or None
        Spearman correlation of its margins with those of the run's own definition, over everybody
        eligible; None where one of them ranks nobody or is refused.
    """

    name: str
    label: str
    people: int
    events: int
    status: str
    reason: str
    discrimination: Estimate | None = None
    undefined: str = ""
    better_than_average: bool | None = None
    observed: dict[int, float] = field(default_factory=dict)
    strongest: tuple[Strong, ...] = ()
    agreement: float | None = None

    def to_dict(self) -> dict[str, object]:
        """Give the numbers as they stand in the JSON of a run.

        Returns
        -------
        dict
            Plain values.
        """
        found = self.discrimination
        return {
            "name": self.name,
            "label": self.label,
            "people": self.people,
            "events": self.events,
            "status": self.status,
            "reason": self.reason,
            "discrimination": None if found is None else found.to_dict(),
            "undefined": {"discrimination": self.undefined} if self.undefined else {},
            "better_than_average": self.better_than_average,
            "observed": {str(day): risk for day, risk in self.observed.items()},
            "strongest": [
                {"variable": one.variable, "direction": one.direction} for one in self.strongest
            ],
            "agreement": self.agreement,
        }


@dataclass(frozen=True, slots=True)
class Conclusion:
    """One plain sentence on the grid.

    Parameters
    ----------
    words : str
        The sentence, without a full stop.
    survives : bool
        Whether it holds by every definition.
    """

    words: str
    survives: bool


@dataclass(frozen=True, slots=True)
class Definitions:
    """A cohort over a grid of definitions.

    Parameters
    ----------
    task, learner : str
        ``response`` or ``relapse``; the learner that was fitted to each.
    found : tuple of ByDefinition
        The run's own first.
    not_applied : dict of str to str
        Definitions that these data cannot support, with the reason.
    """

    task: str
    learner: str
    found: tuple[ByDefinition, ...]
    not_applied: dict[str, str]

    @property
    def conclusions(self) -> tuple[Conclusion, ...]:
        """What survives and what changes."""
        return conclusions_of(self.task, self.found)

    def to_dict(self) -> dict[str, object]:
        """Give the grid as it stands in the JSON of a run.

        Returns
        -------
        dict
            Plain values.
        """
        return {
            "learner": self.learner,
            "results": [one.to_dict() for one in self.found],
            "not_applied": dict(self.not_applied),
            "conclusions": [
                {"words": one.words, "survives": one.survives} for one in self.conclusions
            ],
        }


def conclusions_of(task: str, found: Sequence[ByDefinition]) -> tuple[Conclusion, ...]:
    """Say what survives a change of the definition.

    Parameters
    ----------
    task : str
        ``response`` or ``relapse``.
    found : sequence of ByDefinition
        The run's own first.

    Returns
    -------
    tuple of Conclusion
        From definitions by which a model is kept; empty where that of the run is none of them, or
        the only one.
    """
    kept = [one for one in found if one.status != "refused"]
    if len(kept) < 2 or kept[0] is not found[0]:
        return ()
    found = kept
    parts = (_about_average(task, found), _about_level(task, found), _about_ranks(found))
    return (*(part for part in parts if part is not None), *_about_variables(found))


def _about_average(task: str, found: Sequence[ByDefinition]) -> Conclusion | None:
    """Say in how many definitions the model beat the average, and the range of AUC or C."""
    judged = [one for one in found if one.better_than_average is not None]
    if not judged:
        return None
    better = sum(bool(one.better_than_average) for one in judged)
    values = [one.discrimination.value for one in found if one.discrimination is not None]
    label = "AUC" if task == "response" else "C"
    ends = f"; {label} {min(values):.2f} to {max(values):.2f}" if values else ""
    words = {
        0: f"no better than the average in any of {len(judged)} definitions",
        len(judged): f"better than the average in each of {len(judged)} definitions",
    }.get(better, f"better than the average in {better} of {len(judged)} definitions")
    return Conclusion(words + ends, better in {0, len(judged)})


def _about_level(task: str, found: Sequence[ByDefinition]) -> Conclusion | None:
    """Say how far apart the observed risk is by definition alone."""
    if task == "response":
        shares = [share for one in found for share in one.observed.values()]
        what = "the share with the outcome is"
    else:
        days = [day for day in found[0].observed if all(day in one.observed for one in found)]
        common = max(days, default=None)
        shares = [] if common is None else [one.observed[common] for one in found]
        what = f"the observed risk of relapse by day {common} is"
    if len(shares) < 2:
        return None
    low, high = (round(100 * end) for end in (min(shares), max(shares)))
    same = high - low < SAME_LEVEL
    words = f"{what} {low} to {high} in 100 by definition"
    return Conclusion(words if same else f"{words}: a risk says little without its rule", same)


def _about_ranks(found: Sequence[ByDefinition]) -> Conclusion | None:
    """Say whether the same people stand high."""
    own = found[0].name
    others = [one.agreement for one in found[1:] if one.agreement is not None]
    if not others:
        return None
    alike = sum(one >= ALIKE for one in others)
    ends = f"{min(others):.2f}" + (f" to {max(others):.2f}" if len(others) > 1 else "")
    words = (
        f"{alike} of {len(others)} other definitions rank people as {own} does (rank correlation "
        f"{ends}; {ALIKE:g} or more is called alike)"
    )
    return Conclusion(words, alike == len(others))


def _about_variables(found: Sequence[ByDefinition]) -> list[Conclusion]:
    """Say of each strong variable of the run's own definition whether it is strong elsewhere."""
    fitted = [one for one in found if one.strongest]
    if not found[0].strongest or len(fitted) < 2:
        return []
    told = []
    for own in found[0].strongest:
        elsewhere = [each for one in fitted for each in one.strongest]
        ways = [each.direction for each in elsewhere if each.variable == own.variable]
        same = all(way == own.direction for way in ways)
        words = (
            f"{own.label} is among the three strongest in {len(ways)} of {len(fitted)} definitions"
            + (", always in the same direction" if same else ", in different directions")
        )
        told.append(Conclusion(words, same and len(ways) == len(fitted)))
    return told
