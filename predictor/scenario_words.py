"""What trials say about staying well, in words; shared by the command line and the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from predictor.wording import in_ten, out_of

Scenario = Mapping[str, Any]

NOT_LEARNED = "from {trial}, not from this cohort"
"""Stands beside an effect that a model did not learn."""

AS_PLANNED = "As planned now"

_POPULATION = {
    "remitters": "as found in people in remission",
    "responders": "as found in people with a response short of remission",
}
_POOLED = (
    "between what was found in people in remission and in people with a response short of it, "
    "because it is not known which holds here"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One scenario.

    Parameters
    ----------
    label, short, detail : str
        What is done, the same where there is little room, and what else is to be said of it.
    own : bool
        Whether it is what the person has planned.
    risks : tuple of (str, str)
        Day, and the risk by it in words.
    change : str
        Difference to the person's own plan on the last day; empty where that is not known.
    well : str
        Expected well days.
    trial : str
        Short name of the trial, with its certainty; empty for the person's own plan.
    value, lo, hi : float
        Risk by the last day, in [0, 1].
    """

    label: str
    short: str
    detail: str
    own: bool
    risks: tuple[tuple[str, str], ...]
    change: str
    well: str
    trial: str
    value: float
    lo: float
    hi: float


@dataclass(frozen=True, slots=True)
class Finding:
    """What one trial found, and how sure that is.

    Parameters
    ----------
    label, words : str
        What was tried, and what it means.
    ratio : str
        Hazard ratio with its interval, and of whom it holds.
    comparison, certainty, source : str
        What was compared; how sure it is; where it was published.
    note : str
        Whether the model's own number holds the effect, or why nothing is drawn.
    """

    label: str
    words: str
    ratio: str
    comparison: str
    certainty: str
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class Untried:
    """What no trial compared.

    Parameters
    ----------
    each : tuple of (str, str)
        Label and words.
    band : str
        What the risk by the last day may be, in words.
    lo, hi : float
        Ends of that band, in [0, 1].
    """

    each: tuple[tuple[str, str], ...]
    band: str
    lo: float
    hi: float


@dataclass(frozen=True, slots=True)
class Spoken:
    """All scenarios of one person in words.

    Parameters
    ----------
    day : str
        Last day.
    rows : tuple of Row
        The person's own plan first, where it is known.
    findings : tuple of Finding
        One for each thing that a trial compared.
    untried : Untried or None
        What no trial compared.
    """

    day: str
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    untried: Untried | None


def spoken_scenarios(scenarios: Sequence[Scenario]) -> Spoken | None:
    """Put the scenarios of a score into words.

    Parameters
    ----------
    scenarios : sequence of mapping
        As ``Score.scenarios`` holds them.

    Returns
    -------
    Spoken or None
        None where there are none.
    """
    if not scenarios:
        return None
    drawn = [s for s in scenarios if s["controlled"] and s["risks"]]
    untried = [s for s in scenarios if not s["controlled"]]
    own = [s for s in drawn if s["own"]]
    rows = [_own_row(own)] if own else []
    rows += [_row(s) for s in drawn if not s["own"]]
    tried = {s["name"]: s for s in scenarios if s["controlled"] and s["planned"]}
    days = next((list(s["risks"]) for s in scenarios if s["risks"]), [""])
    return Spoken(
        days[-1],
        tuple(rows),
        tuple(_finding(s) for s in tried.values()),
        _untried(untried) if untried else None,
    )


def trials_of(scenarios: Sequence[Scenario]) -> dict[str, str]:
    """Name the variables whose effect in a number is that of a trial.

    Parameters
    ----------
    scenarios : sequence of mapping
        As ``Score.scenarios`` holds them.

    Returns
    -------
    dict of str to str
        Short name of the trial, by variable.
    """
    return {s["variable"]: s["trial"] for s in scenarios if s["controlled"] and s["is_read"]}


def change_words(value: float, lo: float, hi: float) -> str:
    """Say a difference of risks with its interval.

    Parameters
    ----------
    value, lo, hi : float
        Differences of two probabilities, in [-1, 1]; below 0 fewer relapse.

    Returns
    -------
    str
        Out of 100 people.

    Examples
    --------
    >>> change_words(-0.21, -0.33, -0.08)
    'about 21 in 100 fewer (8 to 33 fewer)'
    >>> change_words(-0.09, -0.31, 0.14)
    'about 9 in 100 fewer (from 31 fewer to 14 more)'
    """
    count, low, high = (round(100 * each) for each in (value, lo, hi))
    said = "no difference" if count == 0 else f"about {abs(count)} in 100 {_way(count)}"
    if low * high < 0:
        return f"{said} (from {abs(low)} {_way(low)} to {abs(high)} {_way(high)})"
    least, most = sorted((abs(low), abs(high)))
    return f"{said} ({least} to {most} {_way(low or high)})"


def _way(count: int) -> str:
    """Say which way a count goes."""
    return "more" if count > 0 else "fewer"


def _own_row(own: Sequence[Scenario]) -> Row:
    """Say what the person has planned, once for all that trials compared."""
    plans = "; ".join(_inside(s["label"]) for s in own)
    return _row(own[0], label=AS_PLANNED, detail=plans, trial="")


def _row(scenario: Scenario, *, label: str = "", detail: str = "", trial: str | None = None) -> Row:
    """Say one scenario."""
    risks = {day: (r["value"], r["lo"], r["hi"]) for day, r in scenario["risks"].items()}
    well, difference = scenario["well_days"], scenario["difference"]
    last = list(risks)[-1]
    change = {} if difference is None else difference[last]
    sure = f"{scenario['trial']}, certainty {scenario['certainty']}"
    return Row(
        label or scenario["label"],
        label or scenario["short"],
        detail,
        bool(scenario["own"]),
        tuple((day, in_ten(*risk)) for day, risk in risks.items()),
        change_words(change["value"], change["lo"], change["hi"]) if change else "",
        f"{well['days']:.0f} ({well['lo']:.0f} to {well['hi']:.0f})",
        sure if trial is None else trial,
        *risks[last],
    )


def _finding(scenario: Scenario) -> Finding:
    """Say what a trial found."""
    ratio = (
        f"hazard ratio of relapse {scenario['hazard_ratio']:.2f} (95 % interval "
        f"{scenario['lo']:.2f} to {scenario['hi']:.2f})"
    )
    whom = _POPULATION.get(scenario["population"] or "", _POOLED if scenario["pooled"] else "")
    note = f"Not drawn: {scenario['not_drawn']}." if scenario["not_drawn"] else ""
    if scenario["is_read"]:
        given = NOT_LEARNED.format(trial=scenario["trial"])
        note = f"The number above takes this effect {given}."
    return Finding(
        scenario["label"],
        scenario["words"],
        ", ".join(part for part in (ratio, whom) if part),
        scenario["comparison"],
        scenario["certainty"],
        scenario["source"],
        note,
    )


def _untried(scenarios: Sequence[Scenario]) -> Untried:
    """Say what is not known; the band is the same for all."""
    risk = list(scenarios[0]["risks"].values())[-1]
    low, high = out_of(risk["lo"], 10), out_of(risk["hi"], 10)
    return Untried(
        tuple((s["label"], s["words"]) for s in scenarios),
        f"anywhere from {low} to {high} in 10",
        risk["lo"],
        risk["hi"],
    )


def _inside(label: str) -> str:
    """Put a label inside a sentence; what is written in capitals stays so."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
