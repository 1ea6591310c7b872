"""What is asked of the chosen learner beyond its measures.

How it does at other sites, in parts of the cohort, in those lost and those untreated. Nothing is
chosen or fitted for use here; each answer has its section in the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from training.evaluation import (
    Choice,
    Grouping,
    OutOfFold,
    compare_sites,
    curves_of,
    differences,
    leave_site_out,
    measure_subgroups,
    places_of,
)
from training.findings import Findings
from training.learners import learner_named
from training.missing_outcomes import had_nobody_gone_missing
from training.streams import Streams
from training.untreated import beside_treated
from training.work import ALONE, Work


def examine(
    findings: Findings,
    divided: Sequence[Grouping],
    absent: dict[str, str],
    *,
    rng: Streams,
    work: Work = ALONE,
) -> Findings:
    """Add what the chosen learner is asked beyond its measures.

    Parameters
    ----------
    findings : Findings
        With out-of-fold predictions, measures and choice.
    divided : sequence of Grouping
        How the cohort is divided into subgroups.
    absent : dict of str to str
        Comparators that could not be made, with the reason.
    rng : Streams
        Of the run.
    work : Work
        How repeated fits are done.

    Returns
    -------
    Findings
        With curves, differences, sites, subgroups, outcomes not observed and placebo control; the
        same where nothing was chosen, but for the placebo control, which says so.
    """
    choice, analysis, cohort = findings.choice, findings.analysis, findings.cohort
    if choice is None:
        return replace(findings, placebo=beside_treated(cohort, analysis, None, rng=rng.control))
    chosen = findings.out_of_fold[choice.learner.name]
    config = findings.config
    found = replace(
        findings,
        differences=differences(
            findings.out_of_fold,
            [learner_named(name, config.task) for name in config.candidates],
            analysis.outcome,
            absent=absent,
            rng=rng.pairs,
        ),
        curves=curves_of(
            chosen, analysis.outcome, thresholds=config.decision_thresholds, rng=rng.measures
        ),
        unobserved=had_nobody_gone_missing(
            config, cohort, analysis, chosen, rng=rng.lost, work=work
        ),
        placebo=beside_treated(cohort, analysis, chosen, rng=rng.control),
    )
    found = _at_other_sites(found, choice, chosen, rng, work)
    across = found.internal_external
    parts = measure_subgroups(
        chosen,
        analysis.outcome,
        divided,
        known=findings.metrics[choice.learner.name],
        day=None if across is None else across.day,
        rng=rng.groups,
    )
    return replace(found, subgroups=parts)


def _at_other_sites(
    findings: Findings, choice: Choice, chosen: OutOfFold, rng: Streams, work: Work
) -> Findings:
    """Predict each site from the others, and compare their people."""
    analysis, resampling = findings.analysis, findings.config.resampling
    sites = findings.cohort.rows.select(findings.cohort.analysed).sites
    across = leave_site_out(analysis, choice.learner, sites, resampling, rng=rng.sites, work=work)
    if across is None:
        return findings
    places = places_of([site.site for site in across.sites], sites)
    mix = compare_sites(analysis, chosen.margin, places, resampling, rng=rng.mix, work=work)
    return replace(findings, internal_external=across, site_mix=mix)
