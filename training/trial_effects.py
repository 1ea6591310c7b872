"""Effects of randomised trials against relapse: ``configs/trial_effects.yaml``, checked and pooled.

Who is planned to get maintenance or therapy is no accident, so a cohort cannot say what they do.
Relapse models never learn from their variables: a trial's effect stands there instead, or nothing.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from predictor.dictionary import Dictionary, Variable
from predictor.errors import InvalidInputError
from training.published_effects import Effects, PublishedEffect

PLANNED = frozenset(
    {
        "maintenance_planned",
        "maintenance_interval_days",
        "psychotherapy",
        "integration_sessions",
        "integration_minutes",
    }
)
"""What may be planned to stay well. No relapse model learns from who has it, whatever is set."""

Population = Literal["remitters", "responders"]
Certainty = Literal["high", "moderate", "low", "very low", "none"]

_Z = 1.959963984540054


class Estimate(BaseModel):
    """Effect in one population.

    Parameters
    ----------
    population : str
        ``remitters`` or ``responders`` (short of remission) when the trial began.
    hazard_ratio : float
        Of relapse with it against without; below 1 is better.
    interval : tuple of float
        Its 95 % interval.
    people : int
        Randomised.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    population: Population
    hazard_ratio: float = Field(gt=0, allow_inf_nan=False)
    interval: tuple[float, float]
    people: int = Field(ge=2)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        """Refuse an interval that does not hold the ratio."""
        low, high = self.interval
        if not 0 < low < self.hazard_ratio < high < math.inf:
            raise ValueError(
                "interval must be two ratios above 0, one below hazard_ratio, one above"
            )
        return self

    @property
    def log_ratio(self) -> LogRatio:
        """The same on the log scale; the interval is taken as that of a normal law."""
        low, high = map(math.log, self.interval)
        return LogRatio(math.log(self.hazard_ratio), (high - low) / (2 * _Z))


class LogRatio(NamedTuple):
    """A log hazard ratio as a normal law.

    Parameters
    ----------
    mean : float
        Below 0: later relapse.
    sd : float
        Standard deviation, above 0.
    """

    mean: float
    sd: float


class Unknown(BaseModel):
    """Band shown where there is no controlled evidence: a convention, not an estimate.

    Parameters
    ----------
    hazard_ratio : float
        Its middle.
    interval : tuple of float
        Its 95 % ends.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    hazard_ratio: float = Field(1.0, gt=0)
    interval: tuple[float, float] = (0.5, 2.0)

    @property
    def log_ratio(self) -> LogRatio:
        """The same on the log scale."""
        low, high = map(math.log, self.interval)
        return LogRatio(math.log(self.hazard_ratio), (high - low) / (2 * _Z))


class Remission(BaseModel):
    """By which answer it is told in whom an effect was found.

    Parameters
    ----------
    variable : str
        Score at the end of the course; only models of later landmarks have it.
    at_most : float
        Highest score that is a remission.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    variable: str = Field(min_length=1)
    at_most: float = Field(ge=0, allow_inf_nan=False)


class TrialEffect(BaseModel):
    """One thing that may be done to stay well, and what trials say of it.

    Parameters
    ----------
    name : str
        Short name.
    label, without, short : str
        What it is, and what it is compared with, in words; `without` only where a trial compared.
        `short` stands for the label where there is little room.
    variable, level : str or None
        Answer that says it is planned; None where the dictionary does not ask.
    estimates : tuple of Estimate
        One for each population; empty where there is no controlled evidence.
    comparison : str
        What was compared with what.
    trial : str
        Short name of the trial.
    certainty : str
        ``high``, ``moderate``, ``low``, ``very low``; ``none`` without estimates.
    source : str
        Where it was published.
    words : str
        What it means, for the person it is about.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str = Field(min_length=1)
    without: str = ""
    short: str = ""
    variable: str | None = None
    level: str | None = None
    estimates: tuple[Estimate, ...] = ()
    comparison: str = ""
    trial: str = ""
    certainty: Certainty = "none"
    source: str = ""
    words: str = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Refuse a trial without what it needs to be named, and certainty without a trial."""
        needed = ("without", "variable", "comparison", "trial", "source")
        missing = [key for key in needed if not getattr(self, key)]
        if self.estimates and missing:
            raise ValueError(f"{self.name} has estimates and needs {', '.join(missing)}")
        if bool(self.estimates) == (self.certainty == "none"):
            raise ValueError(f"certainty of {self.name} must be none exactly without estimates")
        populations = [estimate.population for estimate in self.estimates]
        if len(set(populations)) < len(populations):
            raise ValueError(f"{self.name} has two estimates for one population")
        return self

    def log_ratio(self, population: Population | None = None) -> LogRatio:
        """Give the effect in a population, or in people of whom it is not known.

        Of two populations with log ratios y and standard errors s the mean is weighted by
        1 / (s² + τ²), with the variance τ² between them by the method of moments. The standard
        deviation is that of one more population, √(variance of the mean + τ²), not of the mean.

        Parameters
        ----------
        population : str, optional
            Where it is known and has an estimate, that estimate.

        Returns
        -------
        LogRatio
            Of relapse with it against without.

        References
        ----------
        DerSimonian R, Laird N. Control Clin Trials 1986;7:177-188. Higgins JPT, Thompson SG,
        Spiegelhalter DJ. J R Stat Soc A 2009;172:137-159 (the interval of one more population).
        """
        own = [e.log_ratio for e in self.estimates if e.population == population]
        return own[0] if own else pooled([e.log_ratio for e in self.estimates])


class TrialEffects(BaseModel):
    """All that may be done to stay well.

    Parameters
    ----------
    source : str
        What was reviewed.
    unknown : Unknown
        Band of what has no controlled evidence.
    remission : Remission or None
        How a person's population is known; None where it never is.
    effects : tuple of TrialEffect
        Each name, and each answer with an estimate, once.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(min_length=1)
    unknown: Unknown = Unknown.model_validate({})
    remission: Remission | None = None
    effects: tuple[TrialEffect, ...]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        """Refuse a name or an answer that stands twice."""
        names = [effect.name for effect in self.effects]
        answers = [(e.variable, e.level) for e in self.controlled]
        if len(set(names)) < len(names) or len(set(answers)) < len(answers):
            raise ValueError("a name, or an answer with estimates, stands twice in effects")
        return self

    @property
    def controlled(self) -> tuple[TrialEffect, ...]:
        """Those that a trial compared."""
        return tuple(effect for effect in self.effects if effect.estimates)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all effects."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def pooled(ratios: Sequence[LogRatio]) -> LogRatio:
    """Pool log hazard ratios for one more population.

    Parameters
    ----------
    ratios : sequence of LogRatio
        One or more.

    Returns
    -------
    LogRatio
        As in `TrialEffect.log_ratio`; one ratio alone is given back.

    Examples
    --------
    >>> both = pooled([LogRatio(-0.7, 0.3), LogRatio(-1.2, 0.3)])
    >>> round(both.mean, 3), round(both.sd, 3)
    (-0.95, 0.312)
    """
    if len(ratios) == 1:
        return ratios[0]
    weights = [ratio.sd**-2 for ratio in ratios]
    fixed = _weighted(ratios, weights)
    apart = sum(w * (r.mean - fixed) ** 2 for w, r in zip(weights, ratios, strict=True))
    spare = sum(weights) - sum(w**2 for w in weights) / sum(weights)
    between = max(0.0, (apart - (len(ratios) - 1)) / spare)
    weights = [1 / (ratio.sd**2 + between) for ratio in ratios]
    return LogRatio(_weighted(ratios, weights), math.sqrt(1 / sum(weights) + between))


def given_effects(
    trials: TrialEffects | None, dictionary: Dictionary, variables: Sequence[Variable]
) -> Effects:
    """Choose the effects of trials that stand in a relapse model.

    Parameters
    ----------
    trials : TrialEffects or None
        None for a run without them.
    dictionary : Dictionary
        Of the run.
    variables : sequence of Variable
        Predictors of the run.

    Returns
    -------
    tuple of PublishedEffect
        For people of whom remission is not known, on variables of the run.

    Raises
    ------
    InvalidInputError
        If an effect names an answer that its variable does not have.
    """
    asked = {variable.id for variable in variables}
    chosen = [e for e in (trials.controlled if trials else ()) if e.variable in asked]
    return tuple(_on_column(effect, dictionary[str(effect.variable)]) for effect in chosen)


def without_plans(variables: Sequence[Variable], effects: Effects) -> tuple[Variable, ...]:
    """Leave out what is planned to stay well, but for what trials say something of.

    Parameters
    ----------
    variables : sequence of Variable
        Predictors of a run.
    effects : tuple of PublishedEffect
        As from `given_effects`.

    Returns
    -------
    tuple of Variable
        Those that a relapse model has columns of.
    """
    standing = {effect.variable for effect in effects}
    return tuple(v for v in variables if v.id in standing or v.id not in PLANNED)


def level_code(effect: TrialEffect, variable: Variable) -> int:
    """Give the code by which a column marks that something is planned.

    Parameters
    ----------
    effect : TrialEffect
        With a variable.
    variable : Variable
        That one.

    Returns
    -------
    int
        Code of the level of a category; −1 for the value itself of a yes/no variable.

    Raises
    ------
    InvalidInputError
        If the variable has no such answer.
    """
    if variable.type == "yes_no" and effect.level == "yes":
        return -1
    if variable.type == "category" and effect.level in variable.levels:
        return variable.levels.index(effect.level)
    accepted = variable.levels if variable.type == "category" else ("yes",)
    raise InvalidInputError(
        f"trial_effects, {effect.name}: {effect.level!r} is no answer of {variable.id} that an "
        f"effect can stand on; accepted are {', '.join(accepted)}"
    )


def _on_column(effect: TrialEffect, variable: Variable) -> PublishedEffect:
    """Give a trial's effect as one on a column."""
    ratio = effect.log_ratio()
    return PublishedEffect(
        effect.name,
        variable.id,
        ratio.mean,
        ratio.sd,
        effect.certainty,
        "trial",
        effect.source,
        level=level_code(effect, variable),
    )


def _weighted(ratios: Sequence[LogRatio], weights: Sequence[float]) -> float:
    """Give a weighted mean."""
    return sum(w * r.mean for w, r in zip(weights, ratios, strict=True)) / sum(weights)
