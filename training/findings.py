"""All numbers of one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from predictor.dictionary import Landmark
from predictor.model import Model
from training.cohort import Cohort
from training.config import RunConfig
from training.evaluation import (
    Analysis,
    Choice,
    CompetingRisks,
    Curves,
    Definitions,
    Differences,
    Headline,
    Instability,
    InternalExternal,
    Optimism,
    OutOfFold,
    PlaceboControl,
    PriorUse,
    Sentinel,
    SiteMix,
    StopRuleFound,
    Subgroups,
    Unobserved,
    WarningSigns,
    headline_of,
)
from training.formula import Formula
from training.importers import SourceCohort
from training.metrics.intervals import Estimate
from training.question import Question, question_of
from training.samplesize import SampleSize
from training.trial_use import TrialUse, trial_use


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """All numbers of a run, before anything is drawn or written.

    Parameters
    ----------
    config : RunConfig
        Resolved settings.
    cohort : Cohort
        Who was eligible, and the outcome.
    source : SourceCohort or None
        What else is known of a real data set.
    analysis : Analysis
        Who was analysed.
    out_of_fold : dict of str to OutOfFold
        Predictions of candidates and comparators; empty where no fold could be made.
    metrics : dict of str to dict of str to Estimate
        Measures by candidate.
    undefined : dict of str to dict of str to str
        Measures without a value, with the reason, by candidate.
    choice : Choice or None
        What was chosen.
    sentinels : dict of str to Sentinel
        Guards.
    sample_size : SampleSize or None
        Riley's minimum; None without events.
    status, reason : str
        ``fitted``, ``exploratory`` or ``refused``, and what is missing.
    model : Model or None
        Fitted on everybody analysed; None if refused.
    internal_external : InternalExternal or None
        The chosen learner, each site predicted from the others; None where fewer than three sites
        are large enough.
    optimism : Optimism or None
        From the whole procedure repeated in resamples.
    instability : Instability or None
        From the same repetitions.
    unrepeated : str
        Why there is neither; empty where there is.
    curves : Curves or None
        Of the chosen learner; None where nothing was chosen.
    differences : Differences or None
        Candidates against simpler answers; None where nothing was chosen.
    site_mix : tuple of SiteMix
        How the people of each site left out differ from those of the others.
    subgroups : Subgroups or None
        The chosen learner in parts of the cohort; None where nothing was chosen.
    unobserved : Unobserved or None
        The chosen learner had no outcome gone missing; None for relapse, or without a choice.
    placebo : PlaceboControl or None
        The chosen learner in untreated people beside the treated; None where none are declared.
    warnings : tuple of str
        What fails no run but is to be looked into before anything is believed.
    formula : Formula or None
        The model written out; None where there is no model.
    prior_use : PriorUse or None
        What published effects, the cohort and both together say in the final fit; None where
        nothing is published for the chosen learner.
    competing : CompetingRisks or None
        Which event comes first; None where the definition declares no competing events.
    definitions : Definitions or None
        The same people by other definitions; None where none were asked for.
    warning_signs : WarningSigns or None
        Alerts at follow-up visits; None for response and where no such visit was scored.
    landmarks : dict of str to AtLandmark
        The model asked again, by landmark, in order of day.
    """

    config: RunConfig
    cohort: Cohort
    source: SourceCohort | None
    analysis: Analysis
    out_of_fold: dict[str, OutOfFold]
    metrics: dict[str, dict[str, Estimate]]
    undefined: dict[str, dict[str, str]]
    choice: Choice | None
    sentinels: dict[str, Sentinel]
    sample_size: SampleSize | None
    status: str
    reason: str
    model: Model | None = None
    internal_external: InternalExternal | None = None
    optimism: Optimism | None = None
    instability: Instability | None = None
    unrepeated: str = ""
    curves: Curves | None = None
    differences: Differences | None = None
    site_mix: tuple[SiteMix, ...] = ()
    subgroups: Subgroups | None = None
    unobserved: Unobserved | None = None
    placebo: PlaceboControl | None = None
    warnings: tuple[str, ...] = ()
    formula: Formula | None = None
    prior_use: PriorUse | None = None
    competing: CompetingRisks | None = None
    definitions: Definitions | None = None
    warning_signs: WarningSigns | None = None
    landmarks: Mapping[str, AtLandmark] = field(default_factory=dict)

    @property
    def question(self) -> Question:
        """What the run asks."""
        source = self.source
        foreign = source is not None and not source.settings.ketamine
        about = source.settings.title if source is not None and foreign else ""
        return question_of(self.cohort.definition, about=about)

    @property
    def stamp(self) -> str:
        """What is said on every score."""
        return "internally_validated" if self.status == "fitted" else "exploratory"

    @property
    def headline(self) -> Headline | None:
        """The number that this run is quoted by; None where no model is kept."""
        if self.choice is None or self.status == "refused":
            return None
        measured = self.metrics[self.choice.learner.name]
        return headline_of(self.config.task, self.internal_external, measured)


@dataclass(frozen=True, slots=True, eq=False)
class AtLandmark:
    """A model that reads what is known at a landmark, or why there is none.

    Parameters
    ----------
    landmark : Landmark
        Where it is asked.
    reason : str
        Why nothing was evaluated; empty where it was.
    findings : Findings or None
        Of those still in question there.
    baseline : dict of str to Estimate
        Measures of the run's own model, which reads the baseline alone, in the same people.
    difference : dict of str to Estimate
        This model less that one, in the same people.
    undefined : dict of str to str
        What of these two has no value, with the reason.
    stop_rule : StopRuleFound or None
        A published rule at this landmark beside the model.
    """

    landmark: Landmark
    reason: str = ""
    findings: Findings | None = None
    baseline: Mapping[str, Estimate] = field(default_factory=dict)
    difference: Mapping[str, Estimate] = field(default_factory=dict)
    undefined: Mapping[str, str] = field(default_factory=dict)
    stop_rule: StopRuleFound | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give the landmark as it stands in the JSON of a run.

        Returns
        -------
        dict
            Plain values; nobody's id.
        """
        found, one = self.findings, self.landmark
        said: dict[str, Any] = {
            "label": one.label,
            "day": one.day,
            "status": "refused" if found is None else found.status,
            "reason": self.reason if found is None else found.reason,
        }
        if found is None:
            return said
        known = summary(found)
        kept = ("cohort", "chosen", "metrics", "candidates", "sample_size", "sentinels")
        return {
            **said,
            **{key: known[key] for key in kept},
            "horizon_days": found.cohort.definition.horizon_days,
            "reads": [v.id for v in found.analysis.variables if v.landmark is not None],
            "baseline_model": {name: e.to_dict() for name, e in self.baseline.items()},
            "difference": {name: e.to_dict() for name, e in self.difference.items()},
            "undefined": dict(self.undefined),
            "stop_rule": None if self.stop_rule is None else self.stop_rule.to_dict(),
        }


def trial_use_of(findings: Findings) -> tuple[TrialUse, ...]:
    """Tell which effects of trials stand in the models.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    tuple of TrialUse
        Empty for response, and where they are off.
    """
    trials, analysis = findings.config.trial_effects, findings.analysis
    if trials is None:
        return ()
    return trial_use(
        trials,
        findings.cohort.dictionary,
        analysis.values,
        read={variable.id for variable in (*analysis.variables, *analysis.declared)},
    )


def summary(findings: Findings) -> dict[str, Any]:
    """Give the numbers of a run as plain values, without where its files are.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    dict
        As in the JSON of ``run``; ``metrics`` are those of the chosen learner.
    """
    flow, chosen = findings.cohort.flow, findings.choice
    across, size = findings.internal_external, findings.sample_size
    metrics = {
        name: {metric: estimate.to_dict() for metric, estimate in found.items()}
        for name, found in findings.metrics.items()
    }
    return {
        "task": findings.config.task,
        "status": findings.status,
        "reason": findings.reason,
        "question": findings.question.to_dict(),
        "data_origin": findings.cohort.origin,
        "cohort": {
            "patients": flow.patients,
            "eligible": flow.eligible,
            "with_outcome": flow.with_outcome,
            "events": flow.events,
            "excluded": dict(flow.excluded),
        },
        "chosen": None if chosen is None else chosen.learner.name,
        "headline": None if findings.headline is None else findings.headline.to_dict(),
        "candidates": metrics,
        "metrics": {} if chosen is None else metrics[chosen.learner.name],
        "internal_external": None if across is None else across.to_dict(),
        "site_mix": [mix.to_dict() for mix in findings.site_mix],
        "sample_size": None if size is None else size.to_dict(),
        "optimism": None if findings.optimism is None else findings.optimism.to_dict(),
        "instability": None if findings.instability is None else findings.instability.to_dict(),
        "differences": None if findings.differences is None else findings.differences.to_dict(),
        "subgroups": None if findings.subgroups is None else findings.subgroups.to_dict(),
        "unobserved": None if findings.unobserved is None else findings.unobserved.to_dict(),
        "formula": None if findings.formula is None else findings.formula.to_dict(),
        "priors": None if findings.prior_use is None else findings.prior_use.to_dict(),
        "trial_effects": {use.effect.name: use.to_dict() for use in trial_use_of(findings)},
        "placebo_control": None if findings.placebo is None else findings.placebo.to_dict(),
        "definitions": None if findings.definitions is None else findings.definitions.to_dict(),
        "competing": None if findings.competing is None else findings.competing.to_dict(),
        "warning_signs": None
        if findings.warning_signs is None
        else findings.warning_signs.to_dict(),
        "sentinels": {name: s.to_dict() for name, s in findings.sentinels.items()},
        "landmarks": {name: one.to_dict() for name, one in findings.landmarks.items()},
        "warnings": list(findings.warnings),
    }
