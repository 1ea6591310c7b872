"""One person's page: what speaks against treatment, the number, and why — in that order.

It is made from the plain values of a score, so that it can never show another number than the JSON
does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from predictor.changes_drawing import changes_of
from predictor.course import BEYOND, Course, course_of
from predictor.curve import CheckIn, Median, WellDays
from predictor.dictionary import Dictionary
from predictor.drawing import (
    Curve,
    Frequency,
    Waterfall,
    draw_curve,
    draw_frequency,
    draw_waterfall,
    shorten_changes,
)
from predictor.page import page_environment, page_frame, safety_first, save_page, stamp_of
from predictor.scenario_drawing import draw_scenarios
from predictor.scenario_words import NOT_LEARNED, spoken_scenarios, trials_of
from predictor.wording import (
    CERTAINTY,
    EITHER_SIDE,
    REFUSALS,
    VERDICTS,
    conformal_words,
    in_ten,
    per_hundred,
    question_lines,
    signed,
    verdict_words,
)

_CHANGEABLE_SHOWN = 6
"""So many answers that care can change are named on a page; the JSON holds all."""

TASKS: Mapping[str, Mapping[str, str]] = {
    "response": {
        "title": "Response to ketamine",
        "number": "Chance of responding",
        "verb": "respond",
        "scale": "log-odds",
    },
    "relapse": {
        "title": "Relapse after response to ketamine",
        "number": "Risk of relapse",
        "verb": "relapse",
        "scale": "log-hazard",
    },
}


def write_page(
    score: Mapping[str, Any],
    dictionary: Dictionary,
    path: Path,
    *,
    visits: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Write one person's page.

    Parameters
    ----------
    score : mapping
        What ``Score.to_dict()`` gives.
    dictionary : Dictionary
        Names the variables that the score itself does not name.
    path : Path
        The file to write; its folder must exist.
    visits : sequence of mapping
        How the number changed, as `predictor.visits.Visit.to_dict` gives it.

    Returns
    -------
    Path
        The file written.
    """
    return save_page(render_page(score, dictionary, visits=visits), path)


def render_page(
    score: Mapping[str, Any],
    dictionary: Dictionary | None = None,
    *,
    visits: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Turn one score into a page.

    Parameters
    ----------
    score : mapping
        What ``Score.to_dict()`` gives. When its status is ``refused`` no risk of any kind, not
        even the cohort's average, stands on the page.
    dictionary : Dictionary or None
        Names the variables that the score itself does not name.
    visits : sequence of mapping
        How the number changed, as `predictor.visits.Visit.to_dict` gives it; what was foretold
        before this score stays on the page where this score is refused.

    Returns
    -------
    str
        A whole HTML document.

    Raises
    ------
    KeyError
        If the score lacks a key of its contract.
    """
    environment = page_environment()
    scored = score["status"] == "scored"
    provenance = score["provenance"]
    return environment.get_template("patient.html").render(
        page_frame(environment, simulated=provenance["data_origin"] == "simulated"),
        task=_task(score),
        question=question_lines(provenance["question"]),
        **safety_first(score),
        known=_landmark(score, dictionary),
        changes=changes_of(score, visits),
        refusals=_refusals(score, dictionary),
        number=_number(score) if scored else None,
        stopping_rule=score.get("stopping_rule"),
        why=_why(score, dictionary) if scored and score["contributions_probability"] else None,
        cautions=[
            {"name": _name(score, dictionary, c["variable"]), "message": c["message"]}
            for c in score["cautions"]
        ],
        imputed=[{**entry, "moves": _moves(entry.get("moves"))} for entry in score["imputed"]],
        next_question=score["next_question"],
        alert=score.get("alert") if scored else None,
        prevention=_prevention(score) if scored else None,
        scenarios=_scenarios(score) if scored else None,
        stamp=stamp_of(provenance),
        provenance=_provenance(score),
    )


def _landmark(score: Mapping[str, Any], dictionary: Dictionary | None) -> str:
    """Say by when what the model reads is known; empty for a baseline model."""
    name = score["provenance"].get("landmark", "")
    labels = {} if dictionary is None else {one.name: one.label for one in dictionary.landmarks}
    return labels.get(name, str(name))


def _name(score: Mapping[str, Any], dictionary: Dictionary | None, variable: str | None) -> str:
    """Label of a variable, from the score, else from the dictionary, else its id."""
    if not variable:
        return ""
    if variable in score["labels"]:
        return str(score["labels"][variable])
    if dictionary is not None and variable in dictionary:
        return dictionary[variable].label
    return variable


def _refusals(score: Mapping[str, Any], dictionary: Dictionary | None) -> list[dict[str, str]]:
    """Put every reason for refusal in plain words."""
    return [
        {
            "code": refusal["code"],
            "words": REFUSALS.get(refusal["code"], "No number is given."),
            "name": _name(score, dictionary, refusal["variable"]),
            "message": refusal["message"],
        }
        for refusal in score["refusals"]
    ]


def _task(score: Mapping[str, Any]) -> Mapping[str, str]:
    """Name the task; the title speaks of ketamine only where the data do."""
    task = TASKS[score["task"]]
    foreign = "about" in score["provenance"]["question"]
    return {**task, "title": score["task"].capitalize()} if foreign else task


def _number(score: Mapping[str, Any]) -> dict[str, Any]:
    """Gather the number, its interval, the average beside it and its drawings."""
    provenance = score["provenance"]
    horizon = str(provenance["horizon_days"] or "")
    value, lo, hi = score["probability"], score["lo"], score["hi"]
    rows: list[tuple[str, str]] = []
    curve: Curve | None = None
    if score["task"] == "relapse":
        at = {day: (r["value"], r["lo"], r["hi"]) for day, r in score["risk_at"].items()}
        value, lo, hi = at[horizon] if horizon in at else at[max(at, key=int)]
        rows = [(day, in_ten(*at[day])) for day in sorted(at, key=int)]
        curve = _curve(score["curve"], [int(day) for day, _ in rows])
        last = score["curve"]["last_supported_day"]
        rows = [(f"{day} {BEYOND}" if int(day) > last else day, said) for day, said in rows]
    average, threshold = provenance["cohort_average"], provenance["decision_threshold"]
    frequency: Frequency = draw_frequency(value, lo, hi, average=average, threshold=threshold)
    return {
        "words": in_ten(value, lo, hi),
        "short": in_ten(value),
        "range": in_ten(value, lo, hi).partition("(")[2].rstrip(")"),
        "average": None if average is None else in_ten(average),
        "threshold": None if threshold is None else f"{100 * threshold:.4g} in 100",
        "verdict": VERDICTS.get(score["verdict"] or "", ""),
        "conformal": [
            conformal_words(found["outcomes"], found["reason"])
            for found in score["conformal"] or ()
            if found["level"] == score["level"]
        ],
        "meaning": EITHER_SIDE if score["verdict"] == "cannot_tell" else "",
        "verdict_words": verdict_words(score["verdict"], lo, hi, threshold) if threshold else "",
        "level": round(100 * score["level"]),
        "frequency": frequency,
        "curve": curve,
        "rows": rows,
        "zero": provenance["time_zero"],
        "course": _course(score) if curve else None,
        "horizon": horizon,
        "given": score["given"],
        "assumes": provenance["question"].get("assumes", ""),
    }


def _curve(curve: Mapping[str, Any], marked: Sequence[int]) -> Curve:
    """Draw the curve of a relapse score."""
    band = (curve["lo"], curve["hi"])
    last = curve["last_supported_day"]
    return draw_curve(curve["days"], curve["relapse"], band, marked=marked, supported=last)


def _course(score: Mapping[str, Any]) -> Course:
    """Say what is read from the curve of a relapse score."""
    return course_of(
        Median(**score["median"]),
        WellDays(**score["well_days"]),
        [CheckIn(**each) for each in score["check_ins"]],
        last_supported_day=score["curve"]["last_supported_day"],
    )


def _why(score: Mapping[str, Any], dictionary: Dictionary | None) -> dict[str, Any]:
    """Gather the contributions: a drawing, the table that says the same, and the exact scale."""
    changes: Mapping[str, float] = score["contributions_probability"]
    names = {v: _name(score, dictionary, v) for v in changes}
    shared = {name for name, count in Counter(names.values()).items() if count > 1}
    names = {v: f"{name} ({v})" if name in shared else name for v, name in names.items()}
    labelled = {names[v]: change for v, change in changes.items()}
    answers = {names[v]: score["values"].get(v) or "" for v in changes}
    last = "This person"
    drawing: Waterfall = draw_waterfall(
        score["base_probability"], labelled, first="Starting point", last=last
    )
    ordered = sorted(score["contributions"].items(), key=lambda item: -abs(item[1]))
    given = trials_of(score.get("scenarios", ()))
    trials = {names[v]: NOT_LEARNED.format(trial=given[v]) for v in names if v in given}
    return {
        "drawing": drawing,
        "start": f"{100 * score['base_probability']:.0f}",
        "rows": [
            {
                "label": label,
                "answer": answers.get(label, ""),
                "trial": trials.get(label, ""),
                "change": per_hundred(change),
                "way": "raises" if change > 0 else "lowers" if change < 0 else "no change",
            }
            for label, change in shorten_changes(labelled)
        ],
        "exact": [
            (_name(score, dictionary, v), score["values"].get(v) or "", signed(c, digits=3))
            for v, c in ordered
        ],
        "base": signed(score["base"], digits=3),
        "margin": signed(score["margin"], digits=3),
    }


def _prevention(score: Mapping[str, Any]) -> dict[str, Any] | None:
    """Gather what is said of staying well; scores written before have nothing of it."""
    said = score.get("prevention")
    if said is None:
        return None
    sure = {
        part: [{**each, "sure": CERTAINTY[each["certainty"]]} for each in said[part]]
        for part in ("watch", "course", "returns")
    }
    raised = [{**each, "change": per_hundred(each["change"])} for each in said["raised"]]
    changeable = [
        each["label"]
        for each in said["changeable"]
        if each["change"] > 0 and each not in said["raised"]
    ]
    return {**said, **sure, "raised": raised, "changeable": changeable[:_CHANGEABLE_SHOWN]}


def _scenarios(score: Mapping[str, Any]) -> dict[str, Any] | None:
    """Gather what trials say of staying well; scores written before have nothing of it."""
    said = spoken_scenarios(score.get("scenarios", ()))
    return None if said is None else {"said": said, "bars": draw_scenarios(said)}


def _moves(moves: object) -> str:
    """Say how far an assumed answer moves the number."""
    if isinstance(moves, int | float):
        return f"{per_hundred(float(moves))} in 100"
    return str(moves) if moves else "not known"


def _provenance(score: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List where the number comes from; what is not known is left out."""
    source = score["provenance"]
    people = source["cohort_patients"]
    counted = f"{people} people" if people else ""
    if people and source["cohort_events"] is not None and score["status"] == "scored":
        what = "relapsed" if score["task"] == "relapse" else "responded"
        counted = f"{people} people, of whom {source['cohort_events']} {what}"
    rows = [
        ("Data the model was made from", f"{source['data_origin']} data"),
        ("Cohort", counted),
        ("What is predicted", source["outcome"]),
        ("Time zero", source["time_zero"]),
        ("Planned course", source["planned_course"]),
        ("Looks ahead", f"{source['horizon_days']} days" if source["horizon_days"] else ""),
        ("Learner", str(source["chosen"] or "").replace("_", " ")),
        ("Stamp", str(source["stamp"] or "").replace("_", " ")),
        ("Version of the program", source["package_version"]),
        ("Model expires", source["expires"]),
    ]
    return [(name, str(value)) for name, value in rows if value]
