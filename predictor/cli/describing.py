"""One person's score in lines for people: safety first, then the number, then why."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from predictor.console import Line
from predictor.course import course_of, marked
from predictor.dictionary import Dictionary
from predictor.provenance import Provenance
from predictor.scenario_words import NOT_LEARNED, spoken_scenarios, trials_of
from predictor.score import Score
from predictor.visits import visits_of
from predictor.wording import (
    EITHER_SIDE,
    NO_BETTER,
    QUESTION,
    REFUSALS,
    STAMPS,
    TIERS,
    VERDICTS,
    conformal_words,
    in_ten,
    per_hundred,
    verdict_words,
)

STRONGEST = 3
"""How many contributions are printed."""

_SHOWN_ASSUMED = 5
_STYLES = {"STOP": "bold white on red", "CAUTION": "bold yellow", "INFO": "cyan"}
_SHOWN_QUESTIONS = 8
_SHOWN_PARTS = ("event", "observed", "assumes", "about")


def describe(score: Score) -> Iterator[Line]:
    """Put one score into lines.

    Parameters
    ----------
    score : Score
        Any score.

    Yields
    ------
    Line
        Safety, then the number or why there is none, then what it rests on.
    """
    who = f"Row {score.row}" + (f", {score.patient_id}" if score.patient_id else "")
    landmark = score.provenance.landmark
    yield Line(who + (f", by what is known at {landmark}" if landmark else ""), 0, "bold")
    yield from safety_lines(score.safety, score.not_asked)
    if score.status == "refused":
        yield from _refusal(score)
    else:
        yield from _number(score)
        yield from _cautions(score)
        yield from _assumed(score)
        yield from _why(score)
        yield from _scenarios(score)
    yield from stamp_lines(score.provenance)
    yield from origin_lines(score.provenance.data_origin)
    yield Line("")


def describe_path(path: Sequence[Score], dictionary: Dictionary) -> Iterator[Line]:
    """Put one person's latest score into lines, and how the number came about visit by visit.

    Parameters
    ----------
    path : sequence of Score
        Of one person, in order.
    dictionary : Dictionary
        That of all landmarks.

    Yields
    ------
    Line
        As `describe`, then one line for each visit.
    """
    yield from list(describe(path[-1]))[:-1]
    what = (
        "risk of relapse by the same day" if path[0].task == "relapse" else "chance of responding"
    )
    yield Line(f"How the picture changed: {what}", 2, "bold")
    for visit in visits_of(path, dictionary):
        if visit.value is None:
            words = visit.reason
        else:
            change = "" if visit.change is None else f", {per_hundred(visit.change)} in 100"
            words = in_ten(visit.value, visit.lo, visit.hi) + change
        yield Line(f"- {visit.label} ({visit.known}): {words}", 4)
    yield Line("")


def safety_lines(safety: Sequence[Mapping[str, str]], not_asked: Sequence[str]) -> Iterator[Line]:
    """Say what the safety rules found, gravest first, and what was not asked.

    Parameters
    ----------
    safety : sequence of mapping
        Findings: tier, text.
    not_asked : sequence of str
        Labels of the unanswered safety questions.

    Yields
    ------
    Line
        Indented by two or more.
    """
    for tier in TIERS:
        found = [finding for finding in safety if finding["tier"] == tier]
        if found:
            yield Line(f"{tier}: {TIERS[tier]}", 2, _STYLES[tier])
        for finding in found:
            yield Line(f"- {finding['text']}", 4)
    if not any(finding["tier"] == "STOP" for finding in safety):
        yield Line("No answer fires a STOP rule.", 2)
    if not_asked:
        asked = "; ".join(not_asked[:_SHOWN_QUESTIONS])
        left = len(not_asked) - _SHOWN_QUESTIONS
        more = f"; and {left} more (explain lists all)" if left > 0 else ""
        yield Line(f"Not asked ({len(not_asked)}), which is not a no: {asked}{more}", 2)
    else:
        yield Line("Every safety question was answered.", 2)


def _refusal(score: Score) -> Iterator[Line]:
    """Say why there is no number."""
    yield Line("No number is given.", 2, "bold")
    codes = dict.fromkeys(refusal.code for refusal in score.refusals)
    for code in codes:
        yield Line(f"- {REFUSALS[code]} [{code}]", 4)
        for refusal in score.refusals:
            if refusal.code == code and code != "stop_rule":  # stops stand above
                yield Line(refusal.message, 6)


def _number(score: Score) -> Iterator[Line]:
    """Say the number with its interval and the cohort's average beside it."""
    source = score.provenance
    average = in_ten(source.cohort_average)
    level = round(100 * score.level)
    if score.task == "response" and score.probability is not None:
        number = in_ten(score.probability, score.lo, score.hi)
        yield Line(f"Chance of responding: {number}", 2, "bold")
        yield Line(f"Cohort's average: {average}. In brackets: {level} % interval.", 4)
    else:
        yield Line("Risk of relapse", 2, "bold")
        last = math.inf if score.curve is None else score.curve.last_supported_day
        for day in score.shown_days:
            yield Line(f"by {marked(day, last)}: {in_ten(*score.risk_at(day))}", 4, "bold")
        yield Line(
            f"Cohort's average by day {source.horizon_days}: {average}. "
            f"In brackets: {level} % interval.",
            4,
        )
    yield from _alert(score)
    yield from _course(score)
    yield from _verdict(score)
    if score.stopping_rule:
        yield Line(f"{score.stopping_rule['words']}.", 4)
        yield Line(score.stopping_rule["published"], 4, "dim")
    for found in score.conformal or ():
        if found["level"] == score.level:
            words = conformal_words(found["outcomes"], found["reason"])
            yield Line(f"Conformal set ({level} %): {words}.", 4)
    given = {"Given": source.given, "Time zero": source.time_zero}
    given |= {"Planned course": source.planned_course}
    given |= {QUESTION[part]: source.question.get(part, "") for part in _SHOWN_PARTS}
    for name, words in given.items():
        if words:
            yield Line(f"{name}: {words}", 4)


def _alert(score: Score) -> Iterator[Line]:
    """Say whether the next days are a warning, and what such warnings are worth."""
    if score.alert is not None:
        yield Line(score.alert["words"], 4, "bold")
        for words in score.alert["measured_words"]:
            yield Line(words, 6)


def _course(score: Score) -> Iterator[Line]:
    """Say what is read from the curve: half relapsed, days well, by when to be seen."""
    if score.curve is None or score.median is None or score.well_days is None:
        return
    course = course_of(
        score.median,
        score.well_days,
        score.check_ins,
        last_supported_day=score.curve.last_supported_day,
    )
    yield Line(course.half, 4)
    yield Line(course.well, 4)
    if course.seen:
        yield Line("By when to be seen, at the latest:", 4)
    for day, share, expected in course.schedule:
        yield Line(f"{day}: up to {share} may have relapsed (expected: {expected})", 6)
    for words in (course.unreached, course.seen):
        if words:
            yield Line(words, 6)
    if course.beyond:
        yield Line(course.beyond, 4)


def _verdict(score: Score) -> Iterator[Line]:
    """Say on which side of the declared threshold the whole interval lies, if on one."""
    threshold = score.provenance.decision_threshold
    if score.verdict is None or threshold is None:
        return
    _, lo, hi = score.at_horizon()
    words = verdict_words(score.verdict, lo, hi, threshold)
    by = f" by day {score.provenance.horizon_days}" if score.task == "relapse" else ""
    yield Line(f"{VERDICTS[score.verdict]}{by}: {words}.", 4, "bold")
    if score.verdict == "cannot_tell":
        yield Line(EITHER_SIDE, 4)


def _cautions(score: Score) -> Iterator[Line]:
    """Say what to look at though there is a number."""
    for caution in score.cautions:
        yield Line(f"Take care: {caution['message']}", 2, "yellow")


def _assumed(score: Score) -> Iterator[Line]:
    """Say what stands for unanswered questions, those that move the number most first."""
    if not score.imputed:
        yield Line("Nothing was assumed: every question of the model was answered.", 2)
        return
    yield Line(f"Assumed for {len(score.imputed)} unanswered questions of the model", 2)
    ordered = sorted(score.imputed, key=lambda entry: -abs(entry["moves"]))
    for entry in ordered[:_SHOWN_ASSUMED]:
        moves = per_hundred(entry["moves"])
        yield Line(f"- {entry['label']}: {entry['assumed']} ({moves} in 100)", 4)
    if len(ordered) > _SHOWN_ASSUMED:
        yield Line(f"- and {len(ordered) - _SHOWN_ASSUMED} that move it less", 4)
    if score.next_question:
        yield Line(f"The answer that would help most: {score.next_question['label']}", 4)


def _why(score: Score) -> Iterator[Line]:
    """Name the strongest contributions."""
    changes = score.contributions_probability
    if not changes:
        return
    by = f" by day {score.provenance.horizon_days}" if score.task == "relapse" else ""
    yield Line(f"Strongest contributions, in 100 people{by} (they explain the model, no cause)", 2)
    trials = trials_of(score.scenarios)
    for variable in sorted(changes, key=lambda v: -abs(changes[v]))[:STRONGEST]:
        label, answer = score.labels[variable], score.values[variable]
        given = f" ({NOT_LEARNED.format(trial=trials[variable])})" if variable in trials else ""
        yield Line(f"- {label} ({answer}): {per_hundred(changes[variable])}{given}", 4)


def _scenarios(score: Score) -> Iterator[Line]:
    """Say the risk under what trials compared, and name what none compared."""
    said = spoken_scenarios(score.scenarios)
    if said is None:
        return
    if said.rows:
        yield Line(
            f"What trials say about staying well, by day {said.day} (not learned from this cohort)",
            2,
        )
    for row in said.rows:
        about = row.detail or row.trial
        yield Line(f"- {row.label} ({about}): {dict(row.risks)[said.day]}", 4)
    if said.untried is not None:
        names = "; ".join(label for label, _ in said.untried.each)
        yield Line(f"Not known, no controlled evidence: {names}", 4)


def stamp_lines(source: Provenance, model: str = "Model") -> Iterator[Line]:
    """Say what a model is worth.

    Parameters
    ----------
    source : Provenance
        Of the model.
    model : str
        What it is called.

    Yields
    ------
    Line
        Indented by two.
    """
    stamp = source.stamp.replace("_", " ")
    reason = f" {source.reason.rstrip('.')}." if source.reason else ""
    yield Line(f"{model} {stamp}: {STAMPS[source.stamp]}{reason}", 2)
    if not source.better_than_average:
        words = f"In testing the {model.lower()} was {NO_BETTER}: read the average instead."
        yield Line(words, 2, "yellow")


def origin_lines(data_origin: str) -> Iterator[Line]:
    """Say that people do not exist, if so, and what none of this is for.

    Parameters
    ----------
    data_origin : str
        ``real`` or ``simulated``.

    Yields
    ------
    Line
        Indented by two.
    """
    if data_origin == "simulated":
        yield Line("SIMULATED DATA: the model was made from people who do not exist.", 2, "magenta")
    yield Line("Research use only.", 2, "dim")
