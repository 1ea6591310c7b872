"""The model asked again at each landmark of a run, after everything else of the run is known.

Nothing here changes a number of the run's own model; a landmark at which nothing can be fitted is
listed with its reason and fails no run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from predictor.dictionary import Landmark
from predictor.errors import InvalidInputError
from predictor.landmarks import Landmarks
from training.alerting import warning_signs
from training.analysis import fit_final, select
from training.cohort import Cohort
from training.config import RunConfig, read_landmarks
from training.evaluation import (
    Analysis,
    Choice,
    OutOfFold,
    StopRuleFound,
    beside_stop_rule,
    choose,
    cross_validate,
    differences,
    measure,
    still_at_risk,
    training_rows,
    watch_at_landmark,
)
from training.findings import AtLandmark, Findings
from training.importers import SourceCohort
from training.landmarking import cohort_at, others_read, read_at, scores_read, wanted_landmarks
from training.learners import learner_named
from training.metrics import MeasureUndefinedError
from training.run_status import sample_size_of, status_of, too_few, why_unevaluated
from training.splits import LeakError
from training.streams import streams_of
from training.work import ALONE, Work

BASELINE = "baseline_model"
"""Name of the run's own model where it stands beside one that reads more."""


def ask_again(findings: Findings, *, work: Work = ALONE) -> Findings:
    """Fit and evaluate a model at each landmark of the run.

    Parameters
    ----------
    findings : Findings
        Of the run's own model.
    work : Work
        How repeated fits are done.

    Returns
    -------
    Findings
        With the landmarks and, of relapse, what alerts at those after the course are worth; the
        same where the run names none.
    """
    known, config = read_landmarks(), findings.config
    wanted = wanted_landmarks(config.landmarks, findings.cohort.definition, known)
    # a stream for each landmark there is, so that naming one more changes no other
    rng = streams_of(config.seed)
    streams = rng.landmarks.spawn(len(known.landmarks))
    rng_of = dict(zip((one.name for one in known.landmarks), streams, strict=True))
    asked = {}
    for one in wanted:
        seen = read_at(one, wanted, findings.cohort.definition, known)
        asked[one.name] = _asked(findings, seen, known, rng=rng_of[one.name], work=work)
    found = replace(findings, landmarks=asked)
    return replace(found, warning_signs=warning_signs(found, rng=rng.alerts))


@dataclass(frozen=True, slots=True, eq=False)
class _There:
    """What is analysed at a landmark."""

    config: RunConfig
    cohort: Cohort
    analysis: Analysis
    own_scores: tuple[str, ...]


def _asked(
    findings: Findings,
    seen: tuple[Landmark, ...],
    known: Landmarks,
    *,
    rng: np.random.Generator,
    work: Work,
) -> AtLandmark:
    """Fit and evaluate a model at one landmark, or say why not."""
    landmark = seen[-1]
    if findings.choice is None or findings.status == "refused":
        return AtLandmark(landmark, "the run itself keeps no model")
    there = _select(findings, findings.choice, cohort_at(findings.cohort, seen, known))
    if isinstance(there, str):
        return AtLandmark(landmark, there)
    reason = too_few(there.analysis)
    if reason:
        return AtLandmark(landmark, reason)
    folds, measures, beside, fit = rng.spawn(4)
    try:
        found = _evaluate(there, findings.source, folds=folds, measures=measures, work=work)
        if found.choice is not None and found.status != "refused":
            model = fit_final(there.config, there.analysis, found.choice, fit)
            found = replace(found, model=model)
    except (InvalidInputError, LeakError) as error:
        return AtLandmark(landmark, str(error))
    if found.choice is None or found.status == "refused":
        return AtLandmark(landmark, found.reason)
    return _beside_baseline(findings, found, landmark, rng=beside)


def _select(findings: Findings, choice: Choice, cohort: Cohort) -> _There | str:
    """Choose people, variables and learners of a landmark; a text says why there are none."""
    analysed, config = cohort.analysed, findings.config
    scale = cohort.definition.scale

    def answered(names: tuple[str, ...]) -> tuple[str, ...]:
        values = cohort.rows.values
        return tuple(v for v in names if not np.isnan(values[v][analysed]).all())

    landmark = cohort.dictionary.landmarks[-1]
    scores = answered(scores_read(cohort.definition, cohort.dictionary))
    if scale is None or f"{scale.id}_{landmark.name}" not in scores:
        of = "" if scale is None else f"{scale.label} "
        return f"nobody in question has a {of}score {landmark.label}"
    baseline = tuple(v.id for v in findings.analysis.variables)
    few = [name for name in config.candidates if learner_named(name, config.task).declared_only]
    total = (scale.variable,) if scale.variable in cohort.dictionary else ()
    declared = (*(v.id for v in findings.analysis.declared), *total, *scores)
    narrowed = config.model_copy(
        update={
            "variables": (*baseline, *scores, *answered(others_read(cohort.dictionary))),
            "declared_variables": tuple(dict.fromkeys(declared)) if few else (),
            "severity": scores[-1],
            "published_rule": None,
            "candidates": tuple(dict.fromkeys([choice.learner.name, *few])),
            "landmarks": (),
        }
    )
    analysis = replace(select(narrowed, cohort), outside={}, outside_people=())
    return _There(narrowed, cohort, analysis, scores)


def _evaluate(
    there: _There,
    source: SourceCohort | None,
    *,
    folds: np.random.Generator,
    measures: np.random.Generator,
    work: Work,
) -> Findings:
    """Guards, cross-validation, measures, choice and status."""
    config, analysis, definition = there.config, there.analysis, there.cohort.definition
    sentinels = watch_at_landmark(
        analysis, there.cohort.dictionary, definition, own_scores=there.own_scores
    )
    out_of_fold: dict[str, OutOfFold] = {}
    events = int(analysis.outcome.events.sum())
    learners = [analysis.candidate(name) for name in config.candidates]
    if min(events, len(analysis.groups) - events) >= 2:
        out_of_fold = cross_validate(
            analysis,
            learners,
            config.resampling,
            rng=folds,
            work=work,
            stage=f"Cross-validation {there.cohort.dictionary.landmarks[-1].label}",
        )
        sentinels["training_rows"] = training_rows(out_of_fold, len(analysis.groups))
    metrics, undefined = {}, {}
    for name, one in out_of_fold.items():
        metrics[name], undefined[name] = measure(one, analysis.outcome, rng=measures)
    choice = choose(out_of_fold, learners, analysis.outcome) if out_of_fold else None
    size = sample_size_of(config, analysis)
    status, reason = status_of(
        analysis, sentinels, choice, size, unevaluated=why_unevaluated(out_of_fold, undefined)
    )
    return Findings(
        config, there.cohort, source, analysis, out_of_fold, metrics, undefined, choice, sentinels,
        size, status, reason,
    )  # fmt: skip


def _beside_baseline(
    findings: Findings, found: Findings, landmark: Landmark, *, rng: np.random.Generator
) -> AtLandmark:
    """Set the run's own model, and a published rule, beside the model of a landmark."""
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
