"""The model asked again at each landmark of a run, after everything else of the run is known.

Up to the end of the course the chosen learner is fitted again with what is known by then. After it,
where ever fewer are still well, the model of the end of the course is carried on. Nothing here
changes a number of the run's own model; a landmark at which nothing can be fitted is listed with
its reason and fails no run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from predictor.dictionary import Landmark
from predictor.errors import InvalidInputError
from predictor.landmarks import Landmarks
from predictor.model import Model
from training.alerting import warning_signs
from training.analysis import fit_final
from training.config import read_landmarks
from training.evaluation import (
    OutOfFold,
    carrier,
    carry_to_everybody,
    cross_validate,
    cross_validate_carried,
)
from training.findings import AtLandmark, Findings
from training.landmark_people import There, beside_baseline, judged, select_at
from training.landmarking import cohort_at, read_at, wanted_landmarks
from training.learners import Learner, learner_named
from training.run_status import too_few
from training.splits import LeakError
from training.streams import streams_of
from training.work import ALONE, Work

REFUSED = "the run itself keeps no model"


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
    known, config, definition = read_landmarks(), findings.config, findings.cohort.definition
    wanted = wanted_landmarks(config.landmarks, definition, known)
    rng = streams_of(config.seed)
    if findings.choice is None or findings.status == "refused":
        return replace(findings, landmarks={one.name: AtLandmark(one, REFUSED) for one in wanted})
    # a stream for each landmark there is, so that naming one more changes no other
    names = ("", *(one.name for one in known.landmarks))
    rng_of = dict(zip(names, rng.landmarks.spawn(len(names)), strict=True))
    seen = {one.name: read_at(one, wanted, definition, known) for one in wanted}
    end = definition.landmark.day
    after = [one for one in wanted if config.task == "relapse" and one.day > end]
    asked: dict[str, AtLandmark] = {}
    if after:
        asked = _followed(findings, [seen[one.name] for one in after], known, rng_of, work)
    for one in wanted:
        if one.name not in asked:
            asked[one.name] = _asked(findings, seen[one.name], known, rng_of[one.name], work)
    found = replace(findings, landmarks={one.name: asked[one.name] for one in wanted})
    return replace(found, warning_signs=warning_signs(found, rng=rng.alerts))


def _asked(
    findings: Findings,
    seen: tuple[Landmark, ...],
    known: Landmarks,
    rng: np.random.Generator,
    work: Work,
) -> AtLandmark:
    """Fit the chosen learner again at one landmark, or say why not."""
    landmark = seen[-1]
    there = _there(findings, seen, known, learners=_learners(findings))
    if isinstance(there, str):
        return AtLandmark(landmark, there)
    folds, told = rng.spawn(2)
    try:
        out_of_fold = _cross_validated(there, folds, work)
    except LeakError as error:
        return AtLandmark(landmark, str(error))
    return _told(findings, there, out_of_fold, rng=told)


def _learners(findings: Findings) -> list[Learner]:
    """List the chosen learner, and those of the run that read declared variables alone."""
    tried = [learner_named(name, findings.config.task) for name in findings.config.candidates]
    return [*_chosen(findings), *(learner for learner in tried if learner.declared_only)]


def _chosen(findings: Findings) -> list[Learner]:
    """Name the learner of the run's own model."""
    return [] if findings.choice is None else [findings.choice.learner]


def _there(
    findings: Findings,
    seen: tuple[Landmark, ...],
    known: Landmarks,
    *,
    learners: Sequence[Learner],
    during: str = "",
) -> There | str:
    """Choose who is asked at a landmark; a text says why nobody can be."""
    cohort = cohort_at(findings.cohort, seen, known)
    there = select_at(findings, cohort, learners, during=during or seen[-1].name)
    return there if isinstance(there, str) else too_few(there.analysis) or there


def _cross_validated(there: There, rng: np.random.Generator, work: Work) -> Mapping[str, OutOfFold]:
    """Evaluate the learners of a landmark; empty where no fold can be made."""
    analysis, config = there.analysis, there.config
    events = int(analysis.outcome.events.sum())
    if min(events, len(analysis.groups) - events) < 2:
        return {}
    learners = [analysis.candidate(name) for name in config.candidates]
    stage = f"Cross-validation {there.landmark.label}"
    return cross_validate(analysis, learners, config.resampling, rng=rng, work=work, stage=stage)


def _told(
    findings: Findings,
    there: There,
    out_of_fold: Mapping[str, OutOfFold],
    model: Model | str | None = None,
    *,
    rng: np.random.Generator,
) -> AtLandmark:
    """Say what predictions at a landmark are worth, with a model where they are kept.

    Without a model given, the learner that is chosen is fitted to everybody there.
    """
    measures, beside, fit = rng.spawn(3)
    found = judged(findings, there, out_of_fold, rng=measures)
    if found.choice is None or found.status == "refused":
        return AtLandmark(there.landmark, found.reason)
    if model is None:
        try:
            model = fit_final(there.config, there.analysis, found.choice, fit)
        except InvalidInputError as error:
            model = str(error)
    if isinstance(model, str):
        return AtLandmark(there.landmark, model)
    return beside_baseline(findings, replace(found, model=model), there.landmark, rng=beside)


def _followed(
    findings: Findings,
    seen: Sequence[tuple[Landmark, ...]],
    known: Landmarks,
    rng: Mapping[str, np.random.Generator],
    work: Work,
) -> dict[str, AtLandmark]:
    """Carry the model of the end of the course on to each landmark after it."""
    day = findings.cohort.definition.landmark.day
    learner = carrier(_chosen(findings)[0])
    tried = list({each.name: each for each in (learner, *_learners(findings))}.values())
    past = tuple(one for one in seen[0] if one.day <= day)
    end: There | str = "no landmark is defined at the end of the course"
    if past and past[-1].day == day:
        end = _there(findings, past, known, learners=tried)
    if isinstance(end, str):
        return {marks[-1].name: AtLandmark(marks[-1], end) for marks in seen}
    found = {
        marks[-1]: _there(findings, marks, known, learners=[learner], during=past[-1].name)
        for marks in seen
    }
    told = {one.name: AtLandmark(one, why) for one, why in found.items() if isinstance(why, str)}
    later = {one.name: there for one, there in found.items() if isinstance(there, There)}
    return told | _carried(findings, end, later, rng, work)


def _carried(
    findings: Findings,
    end: There,
    later: Mapping[str, There],
    rng: Mapping[str, np.random.Generator],
    work: Work,
) -> dict[str, AtLandmark]:
    """Evaluate and fit the model of the end of the course, there and carried on."""
    folds, fit = rng[""].spawn(2)
    own, wanted = _chosen(findings)[0].name, findings.config.resampling.inner_folds
    asked = {name: there.analysis for name, there in later.items()}
    learners = [end.analysis.candidate(name) for name in end.config.candidates]
    people = (findings.analysis.groups, findings.out_of_fold[own].fold)
    first = end.landmark.name
    try:
        out_of_fold = cross_validate_carried(
            {first: end.analysis, **asked}, learners, people, wanted=wanted, rng=folds, work=work
        )
        models = carry_to_everybody(end.analysis, asked, learners[0], wanted=wanted, rng=fit)
    except LeakError as error:
        return {name: AtLandmark(there.landmark, str(error)) for name, there in later.items()}
    told = {first: _told(findings, end, out_of_fold[first], rng=rng[first])}
    for name, there in later.items():
        told[name] = _told(findings, there, out_of_fold[name], models[name], rng=rng[name])
    return told
