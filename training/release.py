"""From findings to a bundle: what stands on every score is decided here."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from predictor.bundle import Bundle, write_bundle
from predictor.dictionary import Landmark
from predictor.errors import InvalidInputError
from predictor.provenance import Provenance
from predictor.scoring import load, with_reference
from training.alerting import follow_up_landmarks, measured_for_bundle
from training.config import read_crosswalks, read_prevention, read_safety
from training.findings import Findings
from training.learners import AVERAGE
from training.lineage import lineage_of
from training.scenario_entries import scenario_entries


def write_model(findings: Findings, folder: Path, *, expires: str = "") -> Path:
    """Write the bundle and check that it loads and scores as it should.

    Parameters
    ----------
    findings : Findings
        With a model.
    folder : Path
        Absent or empty.
    expires : str
        ISO date, or empty for never.

    Returns
    -------
    Path
        The bundle.

    Raises
    ------
    InvalidInputError
        If there is no model.
    """
    bundle = bundle_of(findings, expires=expires)
    asked = {
        name: bundle_of(one.findings, expires=expires, landmark=one.landmark)
        for name, one in findings.landmarks.items()
        if one.findings is not None
    }
    asked = {name: with_reference(one) for name, one in _warning(findings, asked).items()}
    write_bundle(with_reference(replace(bundle, landmarks=asked)), folder)
    load(folder).verify()
    return folder


def bundle_of(findings: Findings, *, expires: str = "", landmark: Landmark | None = None) -> Bundle:
    """Put one model and what stands on its scores together.

    Parameters
    ----------
    findings : Findings
        With a model.
    expires : str
        ISO date, or empty for never.
    landmark : Landmark or None
        Where the model is asked; None for a baseline model.

    Returns
    -------
    Bundle
        Without landmarks, and without reference rows.

    Raises
    ------
    InvalidInputError
        If there is no model.
    """
    if findings.model is None or findings.choice is None:
        raise InvalidInputError(f"a refused run has no bundle: {findings.reason}")
    analysis, definition = findings.analysis, findings.cohort.definition
    entries = scenario_entries(
        findings.config.trial_effects, findings.cohort.dictionary, analysis.values
    )
    relapse, about = analysis.task == "relapse", findings.question.about
    return Bundle(
        model=findings.model,
        dictionary=findings.cohort.dictionary,
        safety=read_safety(findings.cohort.dictionary),
        provenance=Provenance(
            data_origin=findings.cohort.origin,
            stamp=findings.stamp,
            reason=findings.reason,
            better_than_average=findings.choice.better_than_average,
            outcome=_rule(findings, landmark),
            given=_given(findings, landmark),
            time_zero=_time_zero(findings, landmark),
            planned_course=findings.config.planned_course,
            horizon_days=_horizon(findings, landmark),
            cohort_average=average_of(findings),
            cohort_patients=len(analysis.groups),
            cohort_events=int(analysis.outcome.events.sum()),
            chosen=findings.choice.learner.name,
            package_version=version("ketamine-response"),
            expires=expires,
            decision_threshold=findings.config.decision_threshold,
            check_in_steps=findings.config.check_in_steps,
            question=_question(findings, landmark),
            landmark="" if landmark is None else landmark.name,
        ),
        lineage=lineage_of(definition, findings.model, analysis.values),
        crosswalks=read_crosswalks(),
        scenarios=entries,
        prevention=read_prevention(findings.cohort.dictionary) if relapse and not about else (),
    )


def _warning(findings: Findings, asked: dict[str, Bundle]) -> dict[str, Bundle]:
    """Let the models of follow-up warn, and say what their warnings were worth."""
    found = findings.warning_signs
    if found is None:
        return asked
    follow_up = {each.landmark.name for each in follow_up_landmarks(findings)}
    measured = measured_for_bundle(found)
    return {
        name: replace(
            one, provenance=replace(one.provenance, alert_step=found.step), alerts=(measured,)
        )
        if name in follow_up
        else one
        for name, one in asked.items()
    }


def average_of(findings: Findings) -> float:
    """Give the share with the outcome; for relapse by the horizon (Kaplan–Meier, smoothed).

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    float
        In [0, 1].
    """
    outcome = findings.analysis.outcome
    if outcome.days is None:
        return float(outcome.events.mean())
    found = findings.out_of_fold[AVERAGE["relapse"]]
    return float(np.mean(found.probability[..., -1]))


def _restarts(findings: Findings, landmark: Landmark | None) -> bool:
    """Tell whether days count from the landmark: always for response, else after the course."""
    definition = findings.cohort.definition
    after_course = landmark is not None and landmark.day >= definition.landmark.day
    return landmark is not None and (definition.task == "response" or after_course)


def _rule(findings: Findings, landmark: Landmark | None) -> str:
    """Describe the rule of the outcome, whose horizon counts from its own time zero."""
    definition = findings.cohort.definition
    if landmark is None or definition.task == "response" or not _restarts(findings, landmark):
        return definition.describe()
    whole = definition.horizon_days + landmark.day - definition.landmark.day
    return definition.model_copy(update={"horizon_days": whole}).describe()


def _question(findings: Findings, landmark: Landmark | None) -> dict[str, str]:
    """Say what is asked, at a landmark of those still in question there."""
    words = findings.question.words()
    if landmark is None or not _restarts(findings, landmark):
        return words
    still = "" if findings.cohort.definition.task == "response" else "still well and "
    return words | {
        "risk_set": f"{words['risk_set']}, {still}asked again {landmark.label}",
        "time_zero": _time_zero(findings, landmark),
    }


def _given(findings: Findings, landmark: Landmark | None) -> str:
    """Say under which condition a relapse is predicted."""
    if findings.cohort.definition.responders is None:
        return ""
    given = "response at the end of the acute course"
    if landmark is None or not _restarts(findings, landmark):
        return given
    return f"{given}, and still well {landmark.label} (day {landmark.day:g})"


def _time_zero(findings: Findings, landmark: Landmark | None) -> str:
    """Say from which day the prediction counts."""
    definition = findings.cohort.definition
    if landmark is not None and _restarts(findings, landmark):
        return f"{landmark.label} (day {landmark.day:g} from the first dose)"
    if definition.task == "response":
        return "the first dose (day 0)"
    if definition.responders is None:
        return "day 0"
    return f"the end of the acute course (day {definition.landmark.day:g} from the first dose)"


def _horizon(findings: Findings, landmark: Landmark | None = None) -> int:
    """Give the days ahead: to the end of the horizon, or to the day response is judged on."""
    definition = findings.cohort.definition
    if definition.task == "relapse":
        return int(definition.horizon_days)
    window = definition.window
    return 0 if window is None else int(window.day - (0 if landmark is None else landmark.day))
