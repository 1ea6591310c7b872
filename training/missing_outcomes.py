"""From a cohort to what the chosen learner's measures would be had no outcome gone missing."""

from __future__ import annotations

import numpy as np

from predictor.errors import InvalidInputError
from training.cohort import Cohort
from training.config import RunConfig
from training.evaluation import (
    Analysis,
    OutOfFold,
    Unobserved,
    chance_observed,
    under_assumptions,
)
from training.fitting import Outcome
from training.outcome import RelapseOutcome
from training.work import ALONE, Work

NEVER_DEFINED = "zero_baseline_score"
"""Reason of those whose outcome does not exist, rather than went unobserved."""


def had_nobody_gone_missing(
    config: RunConfig,
    cohort: Cohort,
    analysis: Analysis,
    found: OutOfFold,
    *,
    rng: np.random.Generator,
    work: Work = ALONE,
) -> Unobserved | None:
    """Measure the chosen learner under three assumptions on the outcomes not observed.

    Parameters
    ----------
    config : RunConfig
        Resolved settings.
    cohort : Cohort
        Eligible people with their outcome.
    analysis : Analysis
        The people analysed; first among those outside it stand the others of the cohort.
    found : OutOfFold
        Of the chosen learner.
    rng : numpy.random.Generator
        Draws splits, then resamples.
    work : Work
        How the splits are done.

    Returns
    -------
    Unobserved or None
        None for relapse, where people leave in the course of follow-up.
    """
    if isinstance(cohort.outcome, RelapseOutcome):
        return None
    observed = analysis.outcome.events
    reasons = [reason for reason in cohort.outcome.missing_reason if reason is not None]
    lost = np.flatnonzero([reason != NEVER_DEFINED for reason in reasons])
    if not lost.size:
        return Unobserved(0, observed.size, {}, {}, None, "")
    y = np.concatenate([observed, np.full(lost.size, np.nan)])
    p = np.concatenate([found.probability, found.outside.probability[lost]])
    split_rng, boot_rng = rng.spawn(2)
    chance: np.ndarray | str
    try:
        everybody = _everybody(cohort, analysis, lost)
        chance = chance_observed(everybody, config.resampling, rng=split_rng, work=work)
    except InvalidInputError as error:
        chance = str(error)
    return under_assumptions(y, p, chance, rng=boot_rng)


def _everybody(cohort: Cohort, analysis: Analysis, lost: np.ndarray) -> Analysis:
    """Give the people analysed, then those without an outcome, with who was observed."""
    ids = cohort.rows.select(~cohort.analysed).patient_ids
    groups = (*analysis.groups, *(str(ids[place]) for place in lost))
    seen = np.arange(len(groups)) < len(analysis.groups)
    values = {
        name: np.concatenate([answers, analysis.outside[name][lost]])
        for name, answers in analysis.values.items()
    }
    return Analysis(
        values=values,
        variables=analysis.variables,
        declared=(),
        severity=(),
        outcome=Outcome(seen.astype(np.float64)),
        groups=groups,
    )
