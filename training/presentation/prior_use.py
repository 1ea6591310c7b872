"""Published effects beside the cohort and the model, as the report tells them."""

from __future__ import annotations

from collections import Counter

from predictor.blended import Blended
from predictor.dictionary import Dictionary
from predictor.rows.wording import unit_words
from predictor.wording import signed
from training.evaluation import PriorUse, UsedPrior
from training.findings import Findings
from training.formula import cut_words
from training.metrics.intervals import Estimate
from training.model_report import Cell, Section, Table, learner_words
from training.published_effects import PublishedEffect

ANCHOR = "priors"

_HOW = (
    "The learner shrinks each coefficient towards what earlier studies published, times a strength "
    "that this cohort settles, one for each grade of evidence: 1 is as published, 0 switched off, "
    "below 0 the reverse. All grades are switched on or off together, and each strength starts "
    "from 1 where they are on: where the cohort cannot tell, a strength is 0.5, or near 1 if "
    "another grade has shown its worth. A grade of one or two effects says little of its own."
)
_ALONE = (
    "Cohort alone: the same learner, fitted to the same people without what is published; its "
    "priors around 0 still hold it, as they must where columns are many and people few. Both: the "
    "learner as it is. All are in the unit named, before calibration: the {scale} of a score are "
    "these times the calibration slope, {slope:.2f}. A dichotomy stands beside the value, which "
    "takes part of it."
)
_BLENDED = (
    "The learner is a mean of two: what stands here is its linear part, whose numbers may also "
    "step at quartiles; trees that read nothing published have {weight:.0f} % of the margin."
)
_SIMULATED = (
    "These people are simulated, and the effects of that world were chosen around the very effects "
    "published: here they are right by construction, and every figure of this learner flatters. In "
    "real people they need not hold."
)
_REAL = (
    "Published effects come from other people, treatments and definitions; that they help here is "
    "shown by the comparison of learners, not by this table. No coefficient is a cause."
)


_BANDS = (
    (-0.25, "the reverse of what was published"),
    (0.15, "switched off"),
    (0.4, "less than half"),
    (0.6, "about half: where it stands before any data"),
    (0.75, "more than half"),
    (1.25, "about as published"),
)
"""End of each band of the strength, and what it is called."""


def section(findings: Findings) -> Section | None:
    """Set published effects, the cohort and both side by side.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Section or None
        None where the chosen learner has no published effects.
    """
    found, model = findings.prior_use, findings.model
    if found is None or model is None:
        return None
    scale = "log-hazards" if model.task == "relapse" else "log-odds"
    said = [
        f"What published effects did to the learner “{learner_words(model.family)}”. {_HOW}",
        _ALONE.format(scale=scale, slope=model.calibration.slope),
        _SIMULATED if findings.cohort.origin == "simulated" else _REAL,
    ]
    if isinstance(model.learner, Blended):
        said.append(_BLENDED.format(weight=100 * model.learner.weight))
    if found.left_out:
        said.append("Left out: " + "; ".join(f"{_name(t)}: {r}" for t, r in found.left_out.items()))
    tables = [_strengths(found), _terms(found, findings.cohort.dictionary, scale)]
    return Section(ANCHOR, "Published effects and this cohort", said, tables=tables)


def strength_words(strength: float) -> str:
    """Say how far published effects hold here.

    Parameters
    ----------
    strength : float
        1 as published, 0 switched off.

    Returns
    -------
    str
        In a few words.
    """
    return next((words for end, words in _BANDS if strength < end), "stronger than published")


def _strengths(found: PriorUse) -> Table:
    """Table the strength of each group."""
    pulling = Counter(term.effect.group for term in found.terms if term.effect.mean)
    rows: list[dict[str, object]] = [
        {
            "Grade": group,
            "Effects": pulling[group],
            "Strength": signed(value, digits=2).removeprefix("+"),
            "In words": strength_words(value) + ", by one effect alone" * (pulling[group] == 1),
        }
        for group, value in found.strength.items()
    ]
    note = "Two letters in the evidence count as the weaker one."
    return Table("How far published effects hold in this cohort", rows, note)


def _terms(found: PriorUse, dictionary: Dictionary, scale: str) -> Table:
    """Table each term; those that pull come first."""
    ordered = sorted(found.terms, key=lambda term: term.effect.mean == 0)
    rows = [_row(term, dictionary) for term in ordered]
    note = (
        "Published: mean (standard deviation), grade, source. Otherwise, in brackets: 95 % "
        "interval, normal, from the posterior covariance of the fit. A published mean of 0 pulls "
        "nothing. A dash: nobody, or everybody, has it here."
    )
    caption = f"Published, cohort alone and both: {scale} for the unit named"
    return Table(caption, rows, note, folded=f"Effects, {len(rows)} lines")


def _row(term: UsedPrior, dictionary: Dictionary) -> dict[str, object]:
    """Write one term."""
    effect = term.effect
    published = f"{_number(effect.mean)} ({effect.sd:.2f}), {effect.grade}"
    column = _unit(effect, dictionary)
    return {
        "Effect": Cell(_name(effect.term), f"{column} ({effect.note})" if effect.note else column),
        "Published": Cell(published.replace(" ", "\N{NO-BREAK SPACE}"), effect.source),
        "Cohort alone": _estimate(term.alone),
        "Both": _estimate(term.both),
    }


def _name(term: str) -> str:
    """Write the name of a term as words."""
    return term.replace("_", " ")


def _unit(effect: PublishedEffect, dictionary: Dictionary) -> str:
    """Say which column carries the effect, and for how much of it."""
    variable = dictionary[effect.variable]
    unit = unit_words(variable.unit)
    if effect.cut is not None:
        return f"{variable.label}: {cut_words(effect.cut)} {unit}".strip()
    if effect.level >= 0:
        return f"{variable.label}: {variable.levels[effect.level].replace('_', ' ')}"
    if variable.type == "yes_no":
        return f"{variable.label}: yes"
    per = "1 standard deviation" if effect.per is None else f"{effect.per:g} {unit}".strip()
    capped = "" if effect.cap is None else f", up to {effect.cap:g}"
    return f"{variable.label}: per {per}{capped}"


def _estimate(estimate: Estimate | None) -> object:
    """Write an estimate over its interval."""
    if estimate is None:
        return "–"
    ends = f"[{_number(estimate.lo)} to {_number(estimate.hi)}]"
    return Cell(_number(estimate.value), ends.replace(" ", "\N{NO-BREAK SPACE}"))


def _number(value: float) -> str:
    """Write a number with its sign; 0 has none."""
    return "0" if round(value, 2) == 0 else signed(value, digits=2)
