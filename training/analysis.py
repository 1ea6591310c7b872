"""Everything of a run that gives a number, read top to bottom as a methods section.

Cohort → guards → repeated nested cross-validation → choice → status → validation → final fit.
Nothing is drawn or written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from predictor.dictionary import Dictionary, Variable
from predictor.errors import InvalidInputError
from predictor.model import Model
from training.analysed import outcome_for_fits
from training.cohort import Cohort
from training.config import RunConfig
from training.conformal import fit_conformal
from training.evaluation import (
    Analysis,
    Choice,
    Instability,
    Optimism,
    OutOfFold,
    Sentinel,
    choose,
    competing_risks,
    cross_validate,
    fit_to_everybody,
    groupings,
    instability,
    measure,
    optimism,
    permuted_outcome,
    prior_use_of,
    repeat_in_resamples,
    terms_of,
    too_good,
    training_rows,
    watch,
)
from training.examination import examine
from training.findings import Findings
from training.formula import write_formula
from training.importers import SourceCohort
from training.learners import PUBLISHED_RULE, REFERENCE, learner_named
from training.metrics import MeasureUndefinedError
from training.priors import published_effects
from training.published_effects import Effects
from training.run_status import sample_size_of, status_of, why_unevaluated
from training.splits import LeakError
from training.streams import streams_of
from training.trial_effects import given_effects, without_plans
from training.untreated import predicted_only
from training.work import ALONE, Work


def analyse(
    config: RunConfig,
    cohort: Cohort,
    source: SourceCohort | None = None,
    *,
    work: Work = ALONE,
) -> Findings:
    """Do everything that gives a number.

    Parameters
    ----------
    config : RunConfig
        Resolved settings.
    cohort : Cohort
        Eligible people with their outcome.
    source : SourceCohort or None
        For a named real data set.
    work : Work
        How repeated fits are done.

    Returns
    -------
    Findings
        Status, measures and, unless refused, the model.
    """
    analysis, rng = select(config, cohort), streams_of(config.seed)
    sites = cohort.rows.select(cohort.analysed).sites
    divided = groupings(
        config.subgroups, cohort.dictionary, analysis.values, sites, cuts=config.subgroup_bands
    )
    sentinels = watch(analysis, cohort.visits, cohort.definition, carried=cohort.carried_forward)
    learners = [analysis.candidate(name) for name in config.candidates]
    out_of_fold: dict[str, OutOfFold] = {}
    events = int(analysis.outcome.events.sum())
    if min(events, len(analysis.groups) - events) >= 2:
        try:
            out_of_fold = cross_validate(
                analysis, learners, config.resampling, rng=rng.folds, work=work
            )
        except LeakError as error:  # whatever was measured would be void
            sentinels["training_rows"] = Sentinel(passed=False, detail=str(error))
    metrics, undefined = {}, {}
    for name, found in out_of_fold.items():
        # a stream of its own: with or without the rule, the others' intervals are the same
        stream = rng.rule if name == PUBLISHED_RULE else rng.measures
        metrics[name], undefined[name] = measure(found, analysis.outcome, rng=stream)
    choice = choose(out_of_fold, learners, analysis.outcome) if out_of_fold else None
    if choice is not None:
        sentinels |= watch_procedure(
            config, analysis, choice, out_of_fold, rng=rng.guards, work=work
        )
    size = sample_size_of(config, analysis)
    status, reason = status_of(
        analysis, sentinels, choice, size, unevaluated=why_unevaluated(out_of_fold, undefined)
    )
    findings = Findings(
        config, cohort, source, analysis, out_of_fold, metrics, undefined, choice, sentinels,
        size, status, reason,
        unrepeated="a refused run is not repeated in resamples",
        warnings=too_good(metrics, task=config.task, people=len(analysis.groups)),
        competing=competing_risks(analysis.outcome),
    )  # fmt: skip
    findings = examine(findings, divided, absent(config, cohort), rng=rng, work=work)
    if status == "refused" or choice is None:
        return findings
    again = repeat_procedure(config, analysis, choice, rng=rng.again, work=work)
    model = fit_final(config, analysis, choice, rng.fit)
    if config.conformal:
        held_out = out_of_fold[choice.learner.name].margin[:, 0]
        model = replace(model, conformal=fit_conformal(held_out, analysis.outcome.events))
    formula = write_formula(model, analysis.values, cohort.dictionary, rng=rng.points)
    _, left_out = published_by(config, cohort, analysis.variables)
    prior_use = prior_use_of(analysis, choice.learner, left_out)
    return replace(findings, model=model, formula=formula, prior_use=prior_use, **again._asdict())


def watch_procedure(
    config: RunConfig,
    analysis: Analysis,
    choice: Choice,
    out_of_fold: dict[str, OutOfFold],
    *,
    rng: np.random.Generator,
    work: Work = ALONE,
) -> dict[str, Sentinel]:
    """Run the guards that look at fits.

    Parameters
    ----------
    config : RunConfig
        Resolved settings.
    analysis : Analysis
        People and outcome.
    choice : Choice
        Whose learner is repeated on permuted outcomes; for trees, which would take minutes, the
        ridge on the same variables.
    out_of_fold : dict of str to OutOfFold
        With the rows that their fits read.
    rng : numpy.random.Generator
        Draws the permutations.
    work : Work
        How they are done.

    Returns
    -------
    dict of str to Sentinel
        ``training_rows`` and ``permuted_outcome``.
    """
    learner = choice.learner
    if learner.kind in ("boosted", "blended"):
        learner = learner_named(REFERENCE[config.task], config.task)
    return {
        "training_rows": training_rows(out_of_fold, len(analysis.groups)),
        "permuted_outcome": permuted_outcome(
            analysis, learner, config.resampling, rng=rng, work=work
        ),
    }


class Again(NamedTuple):
    """What repeating the whole procedure in resamples shows.

    Parameters
    ----------
    optimism : Optimism or None
        What is taken off the apparent performance.
    instability : Instability or None
        How far a person's number moves.
    unrepeated : str
        Why one or both are missing; empty where neither is.
    """

    optimism: Optimism | None = None
    instability: Instability | None = None
    unrepeated: str = ""


def repeat_procedure(
    config: RunConfig,
    analysis: Analysis,
    choice: Choice,
    *,
    rng: np.random.Generator,
    work: Work = ALONE,
) -> Again:
    """Repeat the whole procedure in resamples of people.

    Parameters
    ----------
    config : RunConfig
        Resolved settings.
    analysis : Analysis
        People and outcome.
    choice : Choice
        Whose learner is the kept one.
    rng : numpy.random.Generator
        Draws the resamples.
    work : Work
        How they are done.

    Returns
    -------
    Again
        Optimism and instability, or why not.
    """
    if not config.optimism_resamples:
        return Again(unrepeated="the settings ask for no resamples (optimism_resamples: 0)")
    repeat_rng, error_rng = rng.spawn(2)
    repetitions = repeat_in_resamples(
        analysis,
        [analysis.candidate(name) for name in config.candidates],
        choice.learner,
        n_resamples=config.optimism_resamples,
        inner_folds=config.resampling.inner_folds,
        rng=repeat_rng,
        work=work,
    )
    reasons, gap, spread = [], None, None
    try:
        gap = optimism(repetitions, analysis.outcome, rng=error_rng)
    except MeasureUndefinedError as error:
        reasons.append(str(error))
    try:
        spread = instability(repetitions, threshold=config.decision_threshold)
    except MeasureUndefinedError as error:
        reasons.append(str(error))
    return Again(gap, spread, "; ".join(reasons))


def select(config: RunConfig, cohort: Cohort) -> Analysis:
    """Take the people analysed and the variables declared.

    Parameters
    ----------
    config : RunConfig
        Resolved settings.
    cohort : Cohort
        Eligible people with their outcome.

    Returns
    -------
    Analysis
        Outcome observed, or at risk with follow-up.
    """
    kept = cohort.analysed
    rows = cohort.rows.select(kept)
    dictionary = cohort.dictionary
    rule, _ = terms_of(config.published_rule, dictionary, rows.values)
    variables = (
        dictionary.predictors()
        if config.variables == "all"
        else _named(config.variables, dictionary, "variables")
    )
    declared = _named(config.declared_variables, dictionary, "declared_variables")
    trials: Effects = ()
    if config.task == "relapse":
        trials = given_effects(config.trial_effects, dictionary, (*variables, *declared))
        variables, declared = (without_plans(some, trials) for some in (variables, declared))
    published, _ = published_by(config, cohort, variables)
    return Analysis(
        values=rows.values,
        variables=variables,
        declared=declared,
        severity=_named((config.severity,), dictionary, "severity"),
        outcome=outcome_for_fits(cohort),
        groups=tuple(str(patient) for patient in rows.patient_ids),
        rule=rule,
        published=published,
        trials=config.tuning_trials,
        trial_seed=config.seed,
        trial_effects=trials,
        **predicted_only(cohort),
    )


def published_by(
    config: RunConfig, cohort: Cohort, variables: Sequence[Variable]
) -> tuple[Effects, dict[str, str]]:
    """Choose the published effects of a run.

    Parameters
    ----------
    config : RunConfig
        Resolved settings.
    cohort : Cohort
        With dictionary and outcome.
    variables : sequence of Variable
        Candidate predictors.

    Returns
    -------
    effects : tuple of PublishedEffect
        Empty where priors are off.
    left_out : dict of str to str
        Terms of this outcome that enter no fit, with the reason.
    """
    if config.priors is None:
        return (), {}
    is_remission = config.task == "response" and cohort.definition.at_most is not None
    return published_effects(
        config.priors,
        cohort.dictionary,
        variables,
        outcome="remission" if is_remission else config.task,
    )


def absent(config: RunConfig, cohort: Cohort) -> dict[str, str]:
    """Say which comparators of the task a run cannot have.

    Parameters
    ----------
    config : RunConfig
        Resolved settings.
    cohort : Cohort
        Eligible people with their outcome.

    Returns
    -------
    dict of str to str
        By name, with the reason.
    """
    if config.task == "relapse":
        return {PUBLISHED_RULE: "the evidence holds no published rule for relapse after ketamine"}
    values = cohort.rows.select(cohort.analysed).values
    _, reason = terms_of(config.published_rule, cohort.dictionary, values)
    return {PUBLISHED_RULE: reason} if reason else {}


def fit_final(
    config: RunConfig, analysis: Analysis, choice: Choice, rng: np.random.Generator
) -> Model:
    """Fit the chosen learner on everybody analysed.

    Parameters
    ----------
    config : RunConfig
        Resolved settings.
    analysis : Analysis
        People and outcome.
    choice : Choice
        Which learner.
    rng : numpy.random.Generator
        Draws inner folds and refits.

    Returns
    -------
    Model
        Calibrated, with interval and training support.
    """
    return fit_to_everybody(
        analysis,
        choice.learner,
        wanted=config.resampling.inner_folds,
        n_refits=config.bootstrap_refits,
        rng=rng,
    )


def _named(wanted: tuple[str, ...], dictionary: Dictionary, key: str) -> tuple[Variable, ...]:
    """Find variables by id, naming all that are unknown."""
    unknown = [v for v in wanted if v not in dictionary]
    if unknown:
        raise InvalidInputError(
            f"{key}: {', '.join(unknown)} is not in the data dictionary; see "
            "docs/data-dictionary.md for the accepted ids"
        )
    return tuple(dictionary[v] for v in wanted)
