"""One person's relapse curve under what trials compared: maintenance or none, therapy or none.

A scenario moves the person's margin by the effect that a randomised trial found, with the trial's
uncertainty. Nothing here was learned from who happened to get a treatment in a cohort. Where there
is no controlled evidence a band is shown and no number, because none is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from predictor.curve import Curve
from predictor.model import Model
from predictor.uncertainty import Z_LEVEL

Entry = Mapping[str, Any]

ANY = "any"
"""Key of the effect in people of whom it is not known whether they remitted."""

_Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Person:
    """What scenarios need to know of a person.

    Parameters
    ----------
    margin, sd : float
        Calibrated log-hazard, and the standard deviation of its error.
    answers : mapping of str to float
        Coded answers, NaN or absent where missing.
    """

    margin: float
    sd: float
    answers: Mapping[str, float]


class _Standing(NamedTuple):
    """How a plan stands in a model: its share in training, and variance of its effect there."""

    share: float
    variance: float
    effect: float
    is_read: bool


def scenarios_of(
    entries: Sequence[Entry], model: Model, person: Person, *, days: Sequence[int]
) -> tuple[dict[str, Any], ...]:
    """Draw a person's curve under each scenario.

    The margin moves by β · (planned − as answered), β the log hazard ratio. The variance of the
    margin is that of the person's own without what it holds of the plan, plus var(β) · (planned −
    share planned in training)²: the mean of the training people is what the cohort told of the
    level. What the person has planned already is the number itself. Assumes that the effect found
    in the trial holds for the person, and on every day alike.

    Parameters
    ----------
    entries : sequence of mapping
        Of a bundle (`training.scenario_entries`).
    model : Model
        Of relapse; a model of response has no scenarios.
    person : Person
        Whose curve.
    days : sequence of int
        Days after time zero at which risks are given; the last is the one to which well days
        count.

    Returns
    -------
    tuple of dict
        ``name``, ``planned`` (with it, or without), ``own`` (the person's own plan), ``label``,
        ``short``, ``variable``, ``is_read`` (whether the effect stands in the model's own number),
        ``words``, ``comparison``, ``trial``, ``source``, ``certainty``, ``population``, ``pooled``
        (over populations, because the person's is not known), ``controlled``, ``hazard_ratio`` with
        ``lo`` and ``hi`` (95 %), ``risks`` by day, ``median``, ``well_days``, ``difference`` (of
        the risk to the person's own plan, by day; None where that is not known or is this one) and
        ``not_drawn`` (why there are no risks). Without controlled evidence ``hazard_ratio`` and
        each ``value`` are None.
    """
    if model.baseline is None:
        return ()
    reach = [day for day in days if day <= model.baseline.horizon_days]
    found: list[dict[str, Any]] = []
    for entry in entries:
        if entry["controlled"]:
            found += _compared(entry, model, person, reach)
        else:
            found.append(_unknown(entry, model, person, reach))
    return tuple(found)


def asked_by(entries: Sequence[Entry]) -> set[str]:
    """Name the variables whose answers scenarios read.

    Parameters
    ----------
    entries : sequence of mapping
        Of a bundle.

    Returns
    -------
    set of str
        Those of plans, and of the score at the end of the course.
    """
    plans = {str(entry["variable"]) for entry in entries if entry["controlled"]}
    return plans | {str(e["remission"]["variable"]) for e in entries if e["remission"]}


def population_of(entry: Entry, answers: Mapping[str, float]) -> str | None:
    """Tell whether a person remitted, where the end of the course is known.

    Parameters
    ----------
    entry : mapping
        With ``remission``: the variable of the score at the end of the course, and the highest
        score that is a remission; None where nothing is said.
    answers : mapping of str to float
        Coded answers.

    Returns
    -------
    str or None
        ``remitters`` or ``responders``; None where it is not known.
    """
    rule = entry["remission"]
    score = math.nan if rule is None else answers.get(rule["variable"], math.nan)
    if math.isnan(score):
        return None
    return "remitters" if score <= rule["at_most"] else "responders"


def _compared(
    entry: Entry, model: Model, person: Person, days: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """Draw both sides of what a trial compared."""
    population = population_of(entry, person.answers)
    if population not in entry["ratios"]:
        population = None
    effect, sd = entry["ratios"][population or ANY]
    said = _said(entry) | _ratio(entry, population) | {"population": population}
    said |= {"pooled": population is None and len(entry["estimates"]) > 1}
    standing = _standing(entry, model)
    if standing is None:
        yield said | _NOTHING | {"planned": True, "own": False, "not_drawn": _NOT_RECORDED}
        return
    answered = _answered(entry, person.answers)
    shown = answered if standing.is_read else standing.share
    as_is = standing.share if math.isnan(shown) else shown
    rest = person.sd**2 - _held(standing, answered)
    for planned in (0.0, 1.0):
        own = answered == as_is == planned
        step = effect * (planned - as_is)
        spread = max(rest, 0.0) + sd**2 * (planned - standing.share) ** 2
        curve = model.curve(person.margin + step, person.sd if own else math.sqrt(spread))
        yield (
            said
            | _read(curve, days)
            | {
                "planned": bool(planned),
                "own": own,
                "label": entry["label"] if planned else entry["without"],
                "short": entry["short"] if planned else entry["without"],
                "is_read": standing.is_read,
                "difference": None
                if own or answered != as_is
                else _difference(model, person.margin, (planned - as_is, effect, sd), days),
                "not_drawn": "",
            }
        )


def _unknown(entry: Entry, model: Model, person: Person, days: Sequence[int]) -> dict[str, Any]:
    """Give the band of what no trial compared: no number, because none is known."""
    effect, sd = entry["ratios"][ANY]
    curve = model.curve(person.margin + effect, math.hypot(person.sd, sd))
    drawn = _read(curve, days)
    risks = {day: each | {"value": None} for day, each in drawn["risks"].items()}
    lo, hi = (math.exp(effect + side * _Z_95 * sd) for side in (-1, 1))
    return (
        _said(entry)
        | _NOTHING
        | {
            "planned": True,
            "own": False,
            "population": None,
            "pooled": False,
            "lo": lo,
            "hi": hi,
            "hazard_ratio": None,
            "risks": risks,
            "well_days": drawn["well_days"] | {"days": None},
            "not_drawn": "",
        }
    )


def _said(entry: Entry) -> dict[str, Any]:
    """Take what is said of an entry whoever it is about."""
    return {key: entry[key] for key in _SAID}


_SAID = (
    "name", "label", "short", "variable", "words", "comparison", "trial", "source", "certainty",
    "controlled",
)  # fmt: skip

_NOTHING: dict[str, Any] = {
    "is_read": False, "risks": {}, "median": None, "well_days": None, "difference": None,
}  # fmt: skip

_NOT_RECORDED = "no training patient's plan was recorded, so that nothing is known to compare with"


def _ratio(entry: Entry, population: str | None) -> dict[str, float]:
    """Give the hazard ratio as published where one population is meant, else the pooled one."""
    published = [
        each
        for each in entry["estimates"]
        if each["population"] == population or len(entry["estimates"]) == 1
    ]
    if published:
        return {key: float(published[0][key]) for key in ("hazard_ratio", "lo", "hi")}
    effect, sd = entry["ratios"][population or ANY]
    ends = (math.exp(effect + side * _Z_95 * sd) for side in (0, -1, 1))
    return dict(zip(("hazard_ratio", "lo", "hi"), ends, strict=True))


def _standing(entry: Entry, model: Model) -> _Standing | None:
    """Find how a plan stands in a model; None where no training person's plan was recorded."""
    columns = model.encoding.columns
    own = [i for i, c in enumerate(columns) if c.variable == entry["variable"]]
    if model.trial is not None:
        for k in np.flatnonzero(model.trial.directions[own].any(axis=0)):
            direction = model.trial.directions[:, k]
            # where the plan is the reference of a category, its column is the lack of all others
            one = sum(direction[i] for i in own if columns[i].level == entry["code"])
            if one or (direction[own] < 0).all():
                share = float(direction @ model.trial.means) + 1 - float(one)
                variance, effect = model.trial.variances[k], model.trial.effects[k]
                return _Standing(share, float(variance), float(effect), is_read=True)
    if entry["share"] is None:
        return None
    return _Standing(float(entry["share"]), 0.0, 0.0, is_read=False)


def _answered(entry: Entry, answers: Mapping[str, float]) -> float:
    """Tell whether a person has it planned: 1, 0, or NaN where that is not known."""
    code = answers.get(entry["variable"], math.nan)
    if math.isnan(code):
        return math.nan
    return float(code == (1.0 if entry["code"] < 0 else entry["code"]))


def _held(standing: _Standing, answered: float) -> float:
    """Give what a person's variance holds of the plan."""
    if not standing.is_read:
        return 0.0
    if math.isnan(answered):
        open_ = standing.share * (1 - standing.share)
        return (standing.effect**2 + standing.variance) * open_
    return standing.variance * (answered - standing.share) ** 2


def _read(curve: Curve, days: Sequence[int]) -> dict[str, Any]:
    """Read a curve at the days that are shown."""
    last = days[-1]
    return {
        "risks": {
            str(day): dict(zip(("value", "lo", "hi"), curve.risk_at(day), strict=True))
            for day in days
        },
        "median": asdict(curve.median(last)),
        "well_days": asdict(curve.well_days(last)),
    }


def _difference(
    model: Model, margin: float, move: tuple[float, float, float], days: Sequence[int]
) -> dict[str, dict[str, float]]:
    """Give the change of risk to the person's own plan; its interval is that of the effect."""
    change, effect, sd = move
    found = {}
    for day in days:
        own = float(model.probability(np.array(margin), day))
        value, *ends = (
            float(
                model.probability(np.array(margin + change * (effect + side * Z_LEVEL * sd)), day)
            )
            - own
            for side in (0, -1, 1)
        )
        found[str(day)] = {"value": value, "lo": min(ends), "hi": max(ends)}
    return found
