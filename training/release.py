"""From findings to a bundle: what stands on every score is decided here."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import numpy as np

from predictor.bundle import Bundle, write_bundle
from predictor.errors import InvalidInputError
from predictor.provenance import Provenance
from predictor.scoring import load, with_reference
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
    if findings.model is None or findings.choice is None:
        raise InvalidInputError(f"a refused run has no bundle: {findings.reason}")
    definition, analysis = findings.cohort.definition, findings.analysis
    relapse = analysis.task == "relapse"
    bundle = Bundle(
        model=findings.model,
        dictionary=findings.cohort.dictionary,
        safety=read_safety(findings.cohort.dictionary),
        provenance=Provenance(
            data_origin=findings.cohort.origin,
            stamp=findings.stamp,
            reason=findings.reason,
            better_than_average=findings.choice.better_than_average,
            outcome=definition.describe(),
            given="response at the end of the acute course" if definition.responders else "",
            time_zero=_time_zero(findings),
            planned_course=findings.config.planned_course,
            horizon_days=int(definition.horizon_days) if relapse else _horizon(findings),
            cohort_average=average_of(findings),
            cohort_patients=len(analysis.groups),
            cohort_events=int(analysis.outcome.events.sum()),
            chosen=findings.choice.learner.name,
            package_version=version("ketamine-response"),
            expires=expires,
            decision_threshold=findings.config.decision_threshold,
            check_in_steps=findings.config.check_in_steps,
            question=findings.question.words(),
        ),
        lineage=lineage_of(definition, findings.model, analysis.values),
        crosswalks=read_crosswalks(),
        scenarios=scenario_entries(
            findings.config.trial_effects, findings.cohort.dictionary, analysis.values
        ),
        prevention=read_prevention(findings.cohort.dictionary) if relapse else (),
    )
    write_bundle(with_reference(bundle), folder)
    load(folder).verify()
    return folder


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


def _time_zero(findings: Findings) -> str:
    """Say from which day the prediction counts."""
    definition = findings.cohort.definition
    if definition.task == "response":
        return "the first dose (day 0)"
    if definition.responders is None:
        return "day 0"
    return f"the end of the acute course (day {definition.landmark.day:g} from the first dose)"


def _horizon(findings: Findings) -> int:
    """Give the day on which response is judged."""
    window = findings.cohort.definition.window
    return 0 if window is None else int(window.day)
