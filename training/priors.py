"""Published effects of earlier studies: ``configs/priors.yaml``, checked, and chosen for a run.

A term belongs to one encoded column of the dictionary, or is listed with the reason why it does
not. Terms of a landmark model, of maintenance treatment or of a scenario stand in the file and
never enter a fit on the baseline.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from predictor.dictionary import Dictionary, Variable
from training.published_effects import Effects, PublishedEffect

Predicted = Literal["response", "remission", "relapse"]
Elsewhere = Literal["landmark", "maintenance", "scenario"]
Grade = Literal[
    "A", "A-B", "B", "B-C", "C", "D", "general", "conflict", "A (null)", "B (null)", "B-C (null)"
]


class Prior(BaseModel):
    """One published term.

    Parameters
    ----------
    term : str
        As in the evidence.
    outcome : str
        ``response``, ``remission`` or ``relapse``.
    unit : str
        What the effect is for, in the words of the evidence.
    mean, sd : float
        Log-odds or log-hazard for that, and its standard deviation.
    scale : str
        ``log-odds`` of response and remission, ``log-hazard`` of relapse.
    grade : str
        Of the evidence.
    source : str
        Who found it.
    variable : str or None
        Variable of the dictionary that carries it.
    per : float or "sd"
        Units of the value that `mean` is for, or one standard deviation of the answers.
    level : str or None
        Level of a category that carries it.
    at_least, above : float or None
        The effect is of values from here on, or above here.
    cap : float or None
        Values above count as this one.
    only : str or None
        Where the term belongs instead of a baseline fit; it then never enters one.
    unmapped : str or None
        Why no variable carries it.
    note : str
        What the column leaves out of the term.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    term: str = Field(min_length=1)
    outcome: Predicted
    unit: str = Field(min_length=1)
    mean: float = Field(allow_inf_nan=False)
    sd: float = Field(gt=0, allow_inf_nan=False)
    scale: Literal["log-odds", "log-hazard"]
    grade: Grade
    source: str = Field(min_length=1)
    variable: str | None = None
    per: float | Literal["sd"] = 1.0
    level: str | None = None
    at_least: float | None = Field(None, allow_inf_nan=False)
    above: float | None = Field(None, allow_inf_nan=False)
    cap: float | None = Field(None, allow_inf_nan=False)
    only: Elsewhere | None = None
    unmapped: str | None = Field(None, min_length=1)
    note: str = ""

    @model_validator(mode="after")
    def _one_column(self) -> Self:
        """Refuse a term that is on no column, on two, or on the other scale."""
        if self.scale != ("log-hazard" if self.outcome == "relapse" else "log-odds"):
            raise ValueError(
                f"scale of {self.term}: log-hazard is for relapse, log-odds for others"
            )
        if (self.variable is None) == (self.unmapped is None) and not self.only:
            raise ValueError(f"{self.term} needs a variable, or under unmapped why it has none")
        if isinstance(self.per, float) and not 0 < self.per < math.inf:
            raise ValueError(f"per of {self.term} must be above 0, or sd")
        marks = [self.level, self.at_least, self.above]
        if sum(mark is not None for mark in marks) + (self.cap is not None) > 1:
            raise ValueError(f"{self.term} takes one of level, at_least, above and cap")
        return self

    @property
    def cut(self) -> float | None:
        """Lowest value that carries the effect; None where the value itself does."""
        return self.at_least if self.above is None else math.nextafter(self.above, math.inf)

    @property
    def column(self) -> tuple[str | None, str | None, float | None]:
        """Variable, level and cut."""
        return self.variable, self.level, self.cut


class Priors(BaseModel):
    """All published terms.

    Parameters
    ----------
    source : str
        What was reviewed.
    terms : tuple of Prior
        Each once for an outcome.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(min_length=1)
    terms: tuple[Prior, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all terms."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        """Refuse two terms of one name, or on one column, for the same outcome."""
        named = Counter((p.term, p.outcome) for p in self.terms)
        on = Counter((p.column, p.outcome) for p in self.terms if p.variable and not p.only)
        twice = [f"the term {term}" for (term, _), n in named.items() if n > 1]
        twice += [f"the column {column[0]}" for (column, _), n in on.items() if n > 1]
        if twice:
            raise ValueError(f"{', '.join(twice)} stands twice for one outcome")
        return self


def strength_group(grade: str) -> str:
    """Tell which effects share one strength.

    Parameters
    ----------
    grade : str
        As in the evidence, such as ``A-B`` or ``B (null)``.

    Returns
    -------
    str
        Its weaker letter, as in the dictionary; other words as they are.
    """
    return grade.removesuffix(" (null)").split("-")[-1]


def published_effects(
    priors: Priors,
    dictionary: Dictionary,
    variables: Sequence[Variable],
    *,
    outcome: Predicted,
) -> tuple[Effects, dict[str, str]]:
    """Choose the terms that may enter a fit on the baseline.

    Parameters
    ----------
    priors : Priors
        All terms.
    dictionary : Dictionary
        Of the run.
    variables : sequence of Variable
        Candidate predictors of the run.
    outcome : str
        For remission, terms of remission stand in the place of those of response on the same
        column.

    Returns
    -------
    effects : tuple of PublishedEffect
        In the order of the file.
    left_out : dict of str to str
        Every other term of this outcome, with the reason.
    """
    asked = {variable.id for variable in variables}
    effects: list[PublishedEffect] = []
    left_out: dict[str, str] = {}
    for prior in _of_outcome(priors, outcome):
        reason = _why_not(prior, dictionary, asked)
        if reason or prior.variable is None:
            left_out[prior.term] = reason
            continue
        variable = dictionary[prior.variable]
        effects.append(
            PublishedEffect(
                prior.term,
                prior.variable,
                prior.mean,
                prior.sd,
                prior.grade,
                strength_group(prior.grade),
                prior.source,
                per=None if prior.per == "sd" else prior.per,
                level=-1 if prior.level is None else variable.levels.index(prior.level),
                cut=prior.cut,
                cap=prior.cap,
                note=prior.note,
            )
        )
    return tuple(effects), left_out


def effects_of_columns(
    priors: Mapping[str, tuple[float, float] | tuple[float, float, str]],
) -> Effects:
    """Give effects on the columns of a plain matrix, for a learner without a dictionary.

    Parameters
    ----------
    priors : mapping of str to tuple
        By name of the column: log-odds per unit of it, standard deviation and, where known, grade
        of the evidence; columns of one grade share one strength.

    Returns
    -------
    tuple of PublishedEffect
        In the same order; without a grade, of the group ``published``.
    """
    return tuple(
        PublishedEffect(
            name, name, float(mean), float(sd), *2 * (grade[0] if grade else "published",)
        )
        for name, (mean, sd, *grade) in priors.items()
    )


def _of_outcome(priors: Priors, outcome: Predicted) -> list[Prior]:
    """Take the terms of an outcome; those of remission before those of response."""
    if outcome != "remission":
        return [prior for prior in priors.terms if prior.outcome == outcome]
    own = {prior.column for prior in priors.terms if prior.outcome == "remission"}
    return [
        prior
        for prior in priors.terms
        if prior.outcome == "remission" or (prior.outcome == "response" and prior.column not in own)
    ]


def _why_not(prior: Prior, dictionary: Dictionary, asked: set[str]) -> str:
    """Say why a term enters no fit of this run; empty where it does."""
    if prior.only is not None:
        return f"belongs to {_ELSEWHERE[prior.only]}, never to a fit on the baseline"
    if prior.variable is None:
        return prior.unmapped or ""
    if prior.variable not in dictionary:
        return f"{prior.variable} is no variable of this run's dictionary"
    variable = dictionary[prior.variable]
    if variable.id not in {known.id for known in dictionary.predictors()}:
        return f"{variable.id} is no predictor known before the first dose"
    if variable.id not in asked:
        return f"{variable.id} is not among the variables of this run"
    return _misfit(prior, variable)


_ELSEWHERE = {
    "landmark": "a model at the landmark",
    "maintenance": "maintenance treatment",
    "scenario": "a scenario",
}


def _misfit(prior: Prior, variable: Variable) -> str:
    """Say why a term cannot stand on a column of its variable; empty where it can."""
    is_number = variable.type in ("number", "integer")
    if (variable.type == "category") != (prior.level is not None):
        return f"{variable.id} is a category, and the term must name one of its levels"
    if prior.level is not None and prior.level not in variable.levels:
        return f"{prior.level} is no level of {variable.id}"
    if (prior.cut is not None or prior.cap is not None) and not is_number:
        return f"{variable.id} is no number that could be cut"
    if variable.transform != "none" and prior.cut is None and (prior.per != "sd" or prior.cap):
        return f"{variable.id} does not enter a model unit by unit"
    return ""
