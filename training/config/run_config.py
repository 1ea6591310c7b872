"""The settings of one run, checked."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from predictor.errors import InvalidInputError
from training.config.files import find_config, read_yaml
from training.evaluation import SITE, PublishedRule, Resampling, StopRule
from training.learners import learner_named
from training.priors import Priors
from training.settings import checked_settings, flat_settings, nearest
from training.trial_effects import TrialEffects

CHECK_IN_STEPS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Cumulative risks of relapse at which to be seen, where a run declares none: a convention."""

ALERT_STEP = 0.15
"""Risk over the next 14 days from which there is an alert, where a run declares none: a convention,
chosen in the simulated world (docs/methods.md); what it gives is measured in each run."""


class RunConfig(BaseModel):
    """Settings of one run.

    Parameters
    ----------
    task : str
        ``response`` or ``relapse``.
    outcome : str
        Name of an entry of ``outcomes.yaml``.
    definitions : tuple of str or "all"
        Other entries of the same task over which the heart of the run is repeated.
    variables : tuple of str or "all"
        Candidate predictors.
    declared_variables : tuple of str
        Those of the unpenalised learner.
    severity : str
        Variable of the severity comparator.
    published_rule : PublishedRule or None
        Comparator of response with fixed coefficients.
    priors : Priors or None
        Published effects for learners that read them: a file, or ``none``.
    trial_effects : TrialEffects or None
        Relapse: effects of trials against it, a file (the shipped one unless said), or ``none``,
        which leaves out the variables of what is planned to stay well.
    candidates : tuple of str
        Learners to try.
    expected_discrimination : float
        AUC or C expected in new people, declared beforehand, in (0.5, 1).
    resampling : Resampling
        How people are split.
    tuning_trials, bootstrap_refits : int
        Of trees: paths searched (0 for the fixed ones, else at least 10); refits for the interval.
    optimism_resamples : int
        Resamples of the whole procedure, for optimism and instability: 0, or at least 20.
    decision_threshold : float
        Risk from which one would act, declared beforehand, in (0, 1).
    decision_thresholds : tuple of float
        Ends of the range over which net benefit is shown, in (0, 1).
    subgroups : tuple of str
        Variables, or ``site``, in whose groups the chosen learner is measured; empty for none.
    subgroup_bands : dict of str to tuple of float
        Lowest value of each band but the first, for numbers that are not to be cut as usual.
    check_in_steps : tuple of float
        Relapse: cumulative risks at which a person is to be seen, rising, in (0, 1).
    alert_step : float or None
        Relapse: risk over the next 14 days from which a follow-up visit is an alert, in (0, 1).
    landmarks : tuple of str
        Entries of ``landmarks.yaml`` at which a model is asked again; empty for none.
    stop_rule : StopRule or None
        Comparator of response at one of them.
    conformal : bool
        Whether scores say which outcomes cannot be ruled out; response only.
    planned_course : str
        The course in words, printed with every score.
    seed, jobs : int
        Of every random choice; processes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: Literal["response", "relapse"]
    outcome: str
    definitions: tuple[str, ...] | Literal["all"] = ()
    variables: tuple[str, ...] | Literal["all"] = "all"
    declared_variables: tuple[str, ...] = ()
    severity: str = "madrs_total"
    published_rule: PublishedRule | None = None
    priors: Priors | None = None
    trial_effects: TrialEffects | None = Field(
        default_factory=lambda known: (
            read_trial_effects() if known.get("task") == "relapse" else None
        )
    )
    candidates: tuple[str, ...] = Field(min_length=1)
    expected_discrimination: float = Field(0.65, gt=0.5, lt=1)
    resampling: Resampling = Resampling.model_validate({})
    tuning_trials: int = Field(0, ge=0)
    bootstrap_refits: int = Field(30, ge=2)
    optimism_resamples: int = Field(100, ge=0)
    decision_threshold: float = Field(0.5, gt=0, lt=1)
    decision_thresholds: tuple[float, float] = (0.2, 0.8)
    subgroups: tuple[str, ...] = ("sex", "age_years", SITE, "bipolar", "route")
    subgroup_bands: dict[str, tuple[float, ...]] = {}
    check_in_steps: tuple[float, ...] = Field(
        default_factory=lambda known: CHECK_IN_STEPS if known.get("task") == "relapse" else ()
    )
    alert_step: float | None = Field(
        default_factory=lambda known: ALERT_STEP if known.get("task") == "relapse" else None,
        gt=0,
        lt=1,
    )
    landmarks: tuple[str, ...] = ()
    stop_rule: StopRule | None = None
    conformal: bool = False
    planned_course: str = "as planned in the training cohort"
    seed: int = Field(0, ge=0)
    jobs: int = Field(1, ge=1)

    @field_validator("priors", mode="before")
    @classmethod
    def _read(cls, named: Any) -> Any:
        """Read published effects where a file is named."""
        named = None if named == "none" else named
        return read_priors(named) if isinstance(named, str) else named

    @field_validator("trial_effects", mode="before")
    @classmethod
    def _read_trials(cls, named: Any) -> Any:
        """Read effects of trials where a file is named."""
        named = None if named == "none" else named
        return read_trial_effects(named) if isinstance(named, str) else named

    @model_validator(mode="after")
    def _in_order(self) -> RunConfig:
        """Refuse thresholds that are no range, too few resamples, and what relapse has not."""
        if not 0 < self.decision_thresholds[0] < self.decision_thresholds[1] < 1:
            raise ValueError("decision_thresholds must be two numbers in order, inside (0, 1)")
        for key, least in (("optimism_resamples", 20), ("tuning_trials", 10)):
            if 0 < getattr(self, key) < least:
                raise ValueError(f"{key} must be 0, or at least {least}")
        for key in ("published_rule", "stop_rule", "conformal"):
            if getattr(self, key) and self.task != "response":
                raise ValueError(f"{key} is for response alone; leave it out for relapse")
        return self

    @model_validator(mode="after")
    def _steps_rise(self) -> RunConfig:
        """Refuse steps that are no rising risks, and steps of a response."""
        steps = (0.0, *self.check_in_steps, 1.0)
        if self.trial_effects is not None and self.task != "relapse":
            raise ValueError("trial_effects is for relapse alone; leave it out for response")
        if self.check_in_steps and self.task != "relapse":
            raise ValueError("check_in_steps is for relapse alone; leave it out for response")
        if self.alert_step is not None and self.task != "relapse":
            raise ValueError("alert_step is for relapse alone; leave it out for response")
        if any(low >= high for low, high in pairwise(steps)):
            raise ValueError("check_in_steps must be risks inside (0, 1), each above the last")
        return self

    @model_validator(mode="after")
    def _bands_of_subgroups(self) -> RunConfig:
        """Refuse bands that nobody is put into, and cuts that are no bands."""
        for name, cuts in self.subgroup_bands.items():
            if name not in self.subgroups:
                hint = nearest(name, self.subgroups) if self.subgroups else ""
                raise ValueError(f"subgroup_bands names {name}, which is not in subgroups{hint}")
            if not cuts or any(low >= high for low, high in pairwise(cuts)):
                raise ValueError(f"subgroup_bands of {name} must be numbers, each above the last")
        return self

    @model_validator(mode="after")
    def _known_candidates(self) -> RunConfig:
        """Refuse names that stand twice, and learners that are unknown or have nothing to read."""
        if not self.variables:
            raise ValueError('variables is empty; name some, or write "all"')
        for key in ("variables", "declared_variables", "candidates", "subgroups", "landmarks"):
            names = getattr(self, key)
            twice = sorted({name for name in names if names.count(name) > 1})
            if names != "all" and twice:
                raise ValueError(f"{key} names {', '.join(twice)} twice; name each once")
        for name in self.candidates:
            try:
                learner = learner_named(name, self.task)
            except InvalidInputError as error:
                raise ValueError(str(error)) from error
            if learner.declared_only and not self.declared_variables:
                raise ValueError(f"declared_variables is empty, but {name} reads nothing else")
        return self

    def flat(self) -> dict[str, Any]:
        """Give every setting under one name.

        Returns
        -------
        dict
            Names such as ``resampling.folds``, plain values; of priors and trial effects a hash.
        """
        said = self.model_dump(mode="json", exclude={"priors", "trial_effects"})
        for key in ("priors", "trial_effects"):
            held = getattr(self, key)
            said[key] = "none" if held is None else held.fingerprint
        return flat_settings(said)


def read_priors(name: str | Path = "configs/priors.yaml") -> Priors:
    """Read the published effects.

    Parameters
    ----------
    name : str or Path
        A file or a shipped name.

    Returns
    -------
    Priors
        The checked terms.
    """
    return checked_settings(Priors, read_yaml(find_config(name)[0]), where=str(name))


def read_trial_effects(name: str | Path = "configs/trial_effects.yaml") -> TrialEffects:
    """Read the effects of trials against relapse.

    Parameters
    ----------
    name : str or Path
        A file or a shipped name.

    Returns
    -------
    TrialEffects
        The checked effects.
    """
    return checked_settings(TrialEffects, read_yaml(find_config(name)[0]), where=str(name))
