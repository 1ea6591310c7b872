"""Who and what is analysed at a landmark, and what a model of it is worth beside the run's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from predictor.dictionary import Landmark
from training.analysis import select
from training.cohort import Cohort
from training.config import RunConfig
from training.evaluation import (
    Analysis,
    OutOfFold,
    StopRuleFound,
    beside_stop_rule,
    choose,
    differences,
    measure,
    still_at_risk,
    training_rows,
    watch_at_landmark,
)
from training.findings import AtLandmark, Findings
from training.landmarking import others_read, scores_read
from training.learners import Learner, learner_named
from training.metrics import MeasureUndefinedError
from training.run_status import sample_size_of, status_of, why_unevaluated

BASELINE = "baseline_model"
"""Name of the run's own model where it stands beside one that reads more."""


@dataclass(frozen=True, slots=True, eq=False)
class There:
    """What is analysed at a landmark.

    Parameters
    ----------
    config : RunConfig
        Of the run, with the variables and learners of the landmark.
    cohort : Cohort
        Of the landmark.
    analysis : Analysis
        Those still in question.
    own_scores : tuple of str
        Later scores of the outcome's own scale that somebody has.
    """

    config: RunConfig
    cohort: Cohort
    analysis: Analysis
    own_scores: tuple[str, ...]

    @property
    def landmark(self) -> Landmark:
        """Where the model is asked."""
        return self.cohort.dictionary.landmarks[-1]


def select_at(
    findings: Findings, cohort: Cohort, learners: Sequence[Learner], *, during: str
) -> There | str:
    """Choose the people and variables of a landmark.

    Parameters
    ----------
    findings : Findings
        Of the run.
    cohort : Cohort
        Of the landmark.
    learners : sequence of Learner
        To be tried.
    during : str
        Landmark whose dissociation and doses are read: this one, or after the course its end.

    Returns
    -------
    There or str
        A text says why nobody can be asked.
    """
    analysed, config = cohort.analysed, findings.config
    scale, landmark = cohort.definition.scale, cohort.dictionary.landmarks[-1]

    def answered(names: tuple[str, ...]) -> tuple[str, ...]:
        values = cohort.rows.values
        return tuple(v for v in names if not np.isnan(values[v][analysed]).all())

    scores = answered(scores_read(cohort.definition, cohort.dictionary))
    if scale is None or f"{scale.id}_{landmark.name}" not in scores:
        of = "" if scale is None else f"{scale.label} "
        return f"nobody in question has a {of}score {landmark.label}"
    baseline = tuple(v.id for v in findings.analysis.variables)
    total = (scale.variable,) if scale.variable in cohort.dictionary else ()
    declared = (*(v.id for v in findings.analysis.declared), *total, *scores)
    names = tuple(dict.fromkeys(learner.name for learner in learners))
    few = any(learner_named(name, config.task).declared_only for name in names)
    narrowed = config.model_copy(
        update={
            "variables": (*baseline, *scores, *answered(others_read(cohort.dictionary, during))),
            "declared_variables": tuple(dict.fromkeys(declared)) if few else (),
            "severity": scores[-1],
            "published_rule": None,
            "candidates": names,
            "landmarks": (),
        }
    )
    analysis = replace(select(narrowed, cohort), outside={}, outside_people=())
    return There(narrowed, cohort, analysis, scores)


def judged(
    findings: Findings,
    there: There,
    out_of_fold: Mapping[str, OutOfFold],
    *,
    rng: np.random.Generator,
) -> Findings:
    """Say what predictions at a landmark are worth: guards, measures, choice and status.

    Parameters
    ----------
    findings : Findings
        Of the run.
    there : There
        What is analysed.
    out_of_fold : mapping of str to OutOfFold
        Predictions of people whom no fit saw.
    rng : numpy.random.Generator
        Draws resamples of people.

    Returns
    -------
    Findings
        Of the landmark, without a model.
    """
    config, analysis = there.config, there.analysis
    sentinels = watch_at_landmark(
        analysis, there.cohort.dictionary, there.cohort.definition, own_scores=there.own_scores
    )
    if out_of_fold:
        sentinels["training_rows"] = training_rows(out_of_fold, len(analysis.groups))
    metrics, undefined = {}, {}
    for name, one in out_of_fold.items():
        metrics[name], undefined[name] = measure(one, analysis.outcome, rng=rng)
    learners = [analysis.candidate(name) for name in config.candidates]
    choice = choose(out_of_fold, learners, analysis.outcome) if out_of_fold else None
    size = sample_size_of(config, analysis)
    status, reason = status_of(
        analysis, sentinels, choice, size, unevaluated=why_unevaluated(out_of_fold, undefined)
    )
    return Findings(
        config, there.cohort, findings.source, analysis, dict(out_of_fold), metrics, undefined,
        choice, sentinels, size, status, reason,
    )  # fmt: skip


def beside_baseline(
    findings: Findings, found: Findings, landmark: Landmark, *, rng: np.random.Generator
) -> AtLandmark:
    """Set the run's own model, and a published rule, beside the model of a landmark.

    Parameters
    ----------
    findings : Findings
        Of the run.
    found : Findings
        Of the landmark, with a choice.
    landmark : Landmark
        Which one.
    rng : numpy.random.Generator
        Draws resamples of people.

    Returns
    -------
    AtLandmark
        All that is told of the landmark.
    """
    own, choice, outcome = findings.choice, found.choice, found.analysis.outcome
    if own is None or choice is None:  # pragma: no cover - refused before
        raise AssertionError
    name, chosen = choice.learner.name, found.out_of_fold[choice.learner.name]
    kept = found.cohort.analysed[findings.cohort.analysed]
    passed = max(landmark.day - findings.cohort.definition.landmark.day, 0.0)
    before = still_at_risk(
        findings.out_of_fold[own.learner.name], kept, passed=passed, name=BASELINE
    )
    measured, undefined = measure(before, outcome, rng=rng)
    gaps = differences(
        {name: chosen, BASELINE: before}, [choice.learner], outcome, absent={}, rng=rng
    )
    why = gaps.undefined.get(name, {}).get(BASELINE, {})
    return AtLandmark(
        landmark,
        findings=found,
        baseline=measured,
        difference=gaps.found[name][BASELINE],
        undefined=undefined | {f"difference in {what}": said for what, said in why.items()},
        stop_rule=_stop_rule(findings, found, landmark, chosen),
    )


def _stop_rule(
    findings: Findings, found: Findings, landmark: Landmark, chosen: OutOfFold
) -> StopRuleFound | None:
    """Ask the published rule of stopping, where it belongs to this landmark."""
    rule = findings.config.stop_rule
    if rule is None or rule.landmark != landmark.name:
        return None
    analysis, who = found.analysis, found.cohort.analysed
    start, score = found.cohort.baseline_score[who], analysis.values[analysis.severity[0].id]
    try:
        return beside_stop_rule(rule, start, score, analysis.outcome.events, chosen.probability)
    except MeasureUndefinedError:
        return None
