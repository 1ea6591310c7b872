"""The same cohort over other definitions of its outcome: which conclusions survive.

Each definition gets the run's learner, one repeat of cross-validation and one fit to everybody,
with the same random numbers; no guard, resample or site is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from predictor.boosted import Boosted
from predictor.dictionary import Variable
from training.analysis import select
from training.cohort import Cohort
from training.config import RunConfig
from training.evaluation import (
    Analysis,
    ByDefinition,
    Choice,
    Definitions,
    Resampling,
    Strong,
    choose,
    cross_validate,
    discrimination,
    fit_all,
)
from training.evaluation.measures_of_relapse import HORIZONS
from training.evaluation.procedure import predicted
from training.findings import Findings
from training.learners import Learner
from training.metrics import MeasureUndefinedError
from training.metrics.intervals import Estimate
from training.metrics.survival import kaplan_meier
from training.model_report import rule_words
from training.outcome_wording import EVENT_WORDS
from training.run_status import sample_size_of, status_of
from training.tuning import Fitted
from training.work import ALONE, Told, Work

Floats = NDArray[np.float64]

TOO_FEW = "folds need at least 2 people with the event and 2 without it"

SHOWN = 3
"""Variables named as the strongest of each definition."""


def over_definitions(
    findings: Findings,
    cohorts: Mapping[str, Cohort | str],
    *,
    rng: np.random.Generator,
    work: Work = ALONE,
) -> Findings:
    """Repeat the heart of a run over other definitions.

    Parameters
    ----------
    findings : Findings
        Of the run; its own definition is the first of the grid.
    cohorts : mapping of str to Cohort or str
        The same people by each other definition, or why they could not be read.
    rng : numpy.random.Generator
        Drawn from once: every definition gets the same random numbers.
    work : Work
        How folds are done; nothing is kept.

    Returns
    -------
    Findings
        With the grid; unchanged without other definitions.
    """
    if not cohorts:
        return findings
    config, choice = findings.config, findings.choice
    name = config.candidates[0] if choice is None else choice.learner.name
    seed = int(rng.integers(2**32))
    reasons = {
        other: cohort if isinstance(cohort, str) else why_not_applied(cohort)
        for other, cohort in cohorts.items()
    }
    own = findings.cohort.definition.name
    used = {own: findings.cohort}
    used |= {o: c for o, c in cohorts.items() if isinstance(c, Cohort) and not reasons[o]}
    results: list[ByDefinition] = []
    first: Floats | None = None
    for place, cohort in enumerate(used.values()):
        quiet = Work(work.jobs, None, _told(work.told, place, len(used)))
        found, margin = _by_definition(config, cohort, name, seed=seed, work=quiet)
        first = margin if place == 0 else first
        results.append(replace(found, agreement=_agreement(first, margin) if place else None))
    left_out = {other: why for other, why in reasons.items() if why}
    grid = Definitions(config.task, name, tuple(results), left_out)
    return replace(findings, definitions=grid)


def why_not_applied(cohort: Cohort) -> str:
    """Say why a definition cannot be applied to these data.

    Parameters
    ----------
    cohort : Cohort
        Read by that definition.

    Returns
    -------
    str
        Empty where it can: at least two people with the event and two without it.
    """
    definition, flow = cohort.definition, cohort.flow
    rated = set(cohort.visits["instrument"])
    for rule in (definition.responders, definition):
        if rule is not None and rule.instrument is not None and rule.instrument not in rated:
            label = "" if rule.scale is None else rule.scale.label
            return f"no visit has a {label} score"
    wanted = definition.relapse_events
    dated_alone = definition.task == "relapse" and not definition.reads_scores
    if dated_alone and not cohort.events_table["event"].isin(wanted).any():
        named = " or ".join(EVENT_WORDS[kind] for kind in wanted)
        return f"no event is recorded that it reads: {named}"
    if not flow.with_outcome:
        lost = {rule: n for rule, n in flow.excluded.items() if n}
        most = rule_words(max(lost, key=lambda rule: lost[rule])) if lost else "nobody is eligible"
        return f"nobody is left to be analysed; most often: {most}"
    if min(flow.events, flow.with_outcome - flow.events) < 2:
        return f"{flow.events} events in {flow.with_outcome} people: {TOO_FEW}"
    return ""


def _by_definition(
    config: RunConfig, cohort: Cohort, name: str, *, seed: int, work: Work
) -> tuple[ByDefinition, Floats | None]:
    """Evaluate and fit one learner on one definition; its margins of everybody eligible."""
    definition = cohort.definition
    asked = config.model_copy(update={"outcome": definition.name, "candidates": (name,)})
    analysis = select(asked, cohort)
    learner = analysis.candidate(name)
    outcome = analysis.outcome
    rng, fit_rng = np.random.default_rng(seed).spawn(2)
    plan = config.resampling.model_copy(update={"repeats": 1})
    measured, undefined, choice = _evaluated(analysis, learner, plan, rng=rng, work=work)
    size = sample_size_of(asked, analysis)
    status, reason = status_of(analysis, {}, choice, size, unevaluated=undefined)
    strongest: tuple[Strong, ...] = ()
    margin = None
    if status != "refused":  # a fit to so few would only invite reading
        inner = config.resampling.inner_folds
        strongest, margin = _fitted(analysis, learner, cohort, inner, fit_rng)
    result = ByDefinition(
        name=definition.name,
        label=definition.label,
        people=outcome.events.size,
        events=int(outcome.events.sum()),
        status=status,
        reason=reason,
        discrimination=measured,
        undefined=undefined,
        better_than_average=None if choice is None else choice.better_than_average,
        observed=_observed(cohort, analysis),
        strongest=strongest,
    )
    return result, margin


def _evaluated(
    analysis: Analysis, learner: Learner, plan: Resampling, *, rng: np.random.Generator, work: Work
) -> tuple[Estimate | None, str, Choice | None]:
    """Cross-validate one learner: its AUC or C, or why there is none, and how it stands."""
    outcome, events = analysis.outcome, int(analysis.outcome.events.sum())
    if min(events, outcome.events.size - events) < 2:
        return None, TOO_FEW, None
    folds_rng, measure_rng = rng.spawn(2)
    found = cross_validate(analysis, [learner], plan, rng=folds_rng, work=work)
    choice = choose(found, [learner], outcome)
    try:
        return discrimination(found[learner.name], outcome, rng=measure_rng), "", choice
    except MeasureUndefinedError as error:
        return None, str(error), choice


def _fitted(
    analysis: Analysis, learner: Learner, cohort: Cohort, inner: int, rng: np.random.Generator
) -> tuple[tuple[Strong, ...], Floats | None]:
    """Fit the learner to everybody analysed; what moves it most, and margins of all eligible."""
    rows = np.arange(len(analysis.groups))
    fit = fit_all(analysis, [learner], rows, inner, rng)[learner.name] if rows.size else ""
    if isinstance(fit, str):
        return (), None
    everybody = np.arange(len(cohort.rows))
    margin, _ = predicted(fit, cohort.rows.values, everybody)
    return _strongest(fit, analysis), margin


def _strongest(fit: Fitted, analysis: Analysis) -> tuple[Strong, ...]:
    """Name the variables with the largest mean contribution, and which way each points."""
    if fit.calibration.affine.slope == 0:
        return ()
    prepared = fit.prepared
    read = prepared.X if isinstance(fit.fitted.learner, Boosted) else prepared.complete
    by_variable = prepared.encoding.by_variable(fit.fitted.learner.contributions(read))
    size = np.abs(by_variable).mean(axis=0)
    variables = {v.id: v for v in analysis.read_by(fit.learner)}
    order = [int(i) for i in np.argsort(-size, kind="stable")[:SHOWN] if size[i] > 0]
    names = prepared.encoding.variables
    return tuple(
        Strong(
            names[i],
            variables[names[i]].label,
            _direction(variables[names[i]], analysis.values[names[i]], by_variable[:, i]),
        )
        for i in order
    )


def _direction(variable: Variable, values: Floats, contribution: Floats) -> str:
    """Say which answers stand higher."""
    known = ~np.isnan(values)
    values, contribution = values[known], contribution[known]
    if variable.type == "category":
        means = {int(code): contribution[values == code].mean() for code in np.unique(values)}
        return f"{variable.levels[max(means, key=lambda code: means[code])]} highest"
    raises = float(((values - values.mean()) * contribution).sum()) > 0
    if variable.type == "yes_no":
        return f"{'yes' if raises else 'no'} raises"
    return "higher raises" if raises else "higher lowers"


def _observed(cohort: Cohort, analysis: Analysis) -> dict[int, float]:
    """Give the observed share, or the risk at each horizon that follow-up and rule reach."""
    outcome, definition = analysis.outcome, cohort.definition
    if not outcome.events.size:
        return {}
    if outcome.days is None:
        return {int(definition.landmark.day): float(outcome.events.mean())}
    curve = kaplan_meier(outcome.days, outcome.events)
    reach = min(curve.until, definition.horizon_days)
    return {day: float(1 - curve.at(day)) for day in HORIZONS if day <= reach}


def _agreement(first: Floats | None, margin: Floats | None) -> float | None:
    """Give Spearman's correlation of two sets of margins; None where one ranks nobody."""
    if first is None or margin is None or min(np.ptp(first), np.ptp(margin)) < 1e-12:
        return None
    from scipy.stats import spearmanr

    return float(spearmanr(first, margin).statistic)


def _told(told: Told | None, place: int, n: int) -> Told | None:
    """Tell of the folds of one definition under its number."""
    if told is None:
        return None
    return lambda _, done, units: told(f"Definition {place + 1} of {n}", done, units)
