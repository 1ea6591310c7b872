"""From the follow-up landmarks of a run to person-visits, and what alerts at them are worth.

A visit is a landmark after the end of the course at which a person was still at risk and had a
score; its risk comes from the cross-validation of that landmark's model. Nothing is fitted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.cohort import Cohort
from training.evaluation import (
    ScoredVisits,
    WarningSigns,
    risk_ahead,
    simple_rules,
    told_of_alerts,
    weigh_alerts,
)
from training.findings import AtLandmark, Findings
from training.metrics.alerts import PersonVisits
from training.outcome import RelapseOutcome

Floats = NDArray[np.float64]

CARRIED = ("sensitivity", "sensitivity_last_visit", "ppv", "false_per_year", "lead_days")
"""Measures that travel with a bundle, to two digits."""


def warning_signs(findings: Findings, *, rng: np.random.Generator) -> WarningSigns | None:
    """Measure the alerts of the follow-up landmarks of a run, on people whom no fit saw.

    Parameters
    ----------
    findings : Findings
        With the landmarks.
    rng : numpy.random.Generator
        Draws the resamples.

    Returns
    -------
    WarningSigns or None
        None where no step is declared, no landmark after the end of the course was evaluated, or
        the rule reads no scale.
    """
    step, outcome = findings.config.alert_step, findings.cohort.outcome
    definition, followed = findings.cohort.definition, follow_up_landmarks(findings)
    scale = definition.scale
    if step is None or not followed or not isinstance(outcome, RelapseOutcome) or scale is None:
        return None
    scored = scored_visits(outcome, followed, scale.id)
    rules, absent = simple_rules(
        scored, scale.label, score_range=scale.high - scale.low, ill_from=definition.at_least
    )
    names = [each.landmark.name for each in followed]
    return weigh_alerts(scored, rules, step=step, landmarks=names, absent=absent, rng=rng)


def follow_up_landmarks(findings: Findings) -> list[AtLandmark]:
    """Take the landmarks after the end of the course that were evaluated.

    Parameters
    ----------
    findings : Findings
        With the landmarks.

    Returns
    -------
    list of AtLandmark
        In order of day.
    """
    end = findings.cohort.definition.landmark.day
    return [
        each
        for each in findings.landmarks.values()
        if each.findings is not None and each.landmark.day > end
    ]


def scored_visits(
    outcome: RelapseOutcome, followed: Sequence[AtLandmark], scale: str
) -> ScoredVisits:
    """Put the people at risk at each landmark below one another.

    Parameters
    ----------
    outcome : RelapseOutcome
        Of the run, days from the end of the course.
    followed : sequence of AtLandmark
        Evaluated, with a choice.
    scale : str
        Whose scores stand beside the risks.

    Returns
    -------
    ScoredVisits
        Risks of the chosen learner of each landmark.
    """
    rows, day, risk, score, before = [], [], [], [], []
    for each in followed:
        found = each.findings
        if found is None or found.choice is None or not isinstance(
            found.cohort.outcome, RelapseOutcome
        ):  # fmt: skip
            continue
        here = np.flatnonzero(found.cohort.analysed)
        rows.append(here)
        # what a landmark's own days lack is how long after the course it is
        day.append(outcome.days[here] - found.cohort.outcome.days[here])
        chosen = found.out_of_fold[found.choice.learner.name]
        risk.append(risk_ahead(chosen.probability))
        now, last = _scores(found.cohort, scale)
        score.append(now[here])
        before.append(last[here])
    people, person = np.unique(np.concatenate(rows), return_inverse=True)
    visits = PersonVisits(
        person,
        np.concatenate(day),
        outcome.days[people],
        outcome.relapsed[people].astype(np.float64),
        outcome.last_well_days[people],
    )
    return ScoredVisits(visits, np.concatenate(risk), np.concatenate(score), np.concatenate(before))


def measured_for_bundle(found: WarningSigns) -> dict[str, Any]:
    """Give what warnings at the declared step were worth, as a bundle carries it.

    Parameters
    ----------
    found : WarningSigns
        Measured.

    Returns
    -------
    dict
        Measures to two digits where they are told, and the simpler rules that were as good.
    """
    known = told_of_alerts(found.found)["measures"]
    kept: dict[str, Any] = {
        name: {end: round(known[name][end], 2) for end in ("value", "lo", "hi")}
        for name in CARRIED
        if name in known
    }
    simpler = [each.words for each in found.comparators.values() if not each.is_beaten]
    return {**kept, "no_better_than": simpler}


def _scores(cohort: Cohort, scale: str) -> tuple[Floats, Floats]:
    """Give everybody's score at the last landmark seen, and the one before it."""
    end = cohort.definition.landmark.day
    seen = [one for one in cohort.dictionary.landmarks if one.day >= end]
    nothing = np.full(len(cohort.analysed), np.nan)
    columns = [cohort.rows.values.get(f"{scale}_{one.name}", nothing) for one in seen]
    before = nothing.copy()
    for column in columns[:-1]:  # the latest that is known stands
        before = np.where(np.isnan(column), before, column)
    return columns[-1], before
