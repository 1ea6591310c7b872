"""What a run answers to the questions of PROBAST+AI, from its own facts.

One function for each name that ``configs/probast_ai.yaml`` gives under ``from``. None of them
answers yes to what a table cannot show, and none says that a risk of bias is low.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from training.checklists.facts import (
    NO,
    NO_INFORMATION,
    NOT_APPLICABLE,
    PERSON,
    PROBABLY_NO,
    PROBABLY_YES,
    YES,
    Facts,
    Said,
)
from training.checklists.reported import Filler

ENOUGH_TO_EVALUATE = 100
"""People with and, for response, without the event that an evaluation needs.

References
----------
Vergouwe Y et al. J Clin Epidemiol 2005;58:475-483. Collins GS et al. Stat Med 2016;35:214-226.
"""

_OF_TIMING = ("timing", "single_variable", "later_visit")


def _data_sources(facts: Facts) -> Said:
    if facts.is_simulated:
        return Said(NO, "the people are simulated; nobody among them exists")
    return Said(PERSON, f"the data are {facts.findings.cohort.source}")


def _kept(facts: Facts) -> Said:
    flow = facts.findings.cohort.flow
    return Said(
        PERSON,
        f"{flow.eligible:,} of {flow.patients:,} people were eligible and {flow.with_outcome:,} "
        "were analysed",
    )


def _prepared_alike(facts: Facts) -> Said:
    if facts.unevaluated:
        return Said(NO_INFORMATION, facts.unevaluated)
    return Said(YES, "one preparation, learned in training people, serves everybody")


def _predictors_blind(facts: Facts) -> Said:
    failed = [name.replace("_", " ") for name in _OF_TIMING if name in facts.failed]
    if failed:
        return Said(NO, f"a guard failed: {', '.join(failed)}")
    return Said(
        PROBABLY_YES,
        "declared as known before the first dose, and no guard found a trace of the outcome; an "
        "answer filled in later leaves none",
    )


def _available(facts: Facts) -> Said:
    if "timing" in facts.failed:
        return Said(NO, facts.failed["timing"].detail)
    n = len(facts.findings.analysis.variables)
    return Said(
        PROBABLY_YES,
        f"all {n} candidate predictors are declared as known or planned before the first dose; "
        "what a clinic has at hand is not known",
    )


def _outcome_suitable(facts: Facts) -> Said:
    if "carried_forward" in facts.failed:
        return Said(NO, facts.failed["carried_forward"].detail)
    return Said(PERSON, f"the rule is {facts.findings.cohort.definition.label}")


def _outcome_alike(facts: Facts) -> Said:
    if "carried_forward" in facts.failed:
        return Said(NO, facts.failed["carried_forward"].detail)
    words = "one rule was applied to everybody's visits, and the run fills in none"
    guard = facts.findings.sentinels.get("carried_forward")
    if guard is None or not guard.tested:
        words += "; whether the data hold outcomes carried forward could not be tested"
        return Said(PERSON, words)
    return Said(PROBABLY_YES, words)


def _outcome_apart(facts: Facts) -> Said:
    definition = facts.findings.cohort.definition
    rules = [rule for rule in (definition, definition.responders) if rule is not None]
    reckoned = any(rule.percent_fall is not None or rule.loss_of_gain for rule in rules)
    scale = "" if definition.scale is None else definition.scale.label
    shared = any(v.instrument == scale for v in facts.findings.analysis.variables)
    if reckoned and shared:
        return Said(
            PROBABLY_NO,
            f"the {scale} score at baseline is a candidate predictor, and the outcome is reckoned "
            "from it",
        )
    return Said(PERSON, "no candidate predictor is part of the rule of the outcome")


def _interval(facts: Facts) -> Said:
    definition = facts.findings.cohort.definition
    if facts.is_relapse:
        days = f"relapse within {definition.horizon_days:g} days"
        return Said(PERSON, f"{days} of day {definition.landmark.day:g}")
    window = definition.landmark
    return Said(PERSON, f"the outcome is read from day {window.first:g} to day {window.last:g}")


def _size_to_develop(facts: Facts) -> Said:
    size = facts.findings.sample_size
    if size is None:
        return Said(NO, "without people with and without the event no size can be enough")
    told = (
        f"{size.n_available:,} people, {size.events_per_parameter:.1f} events for each of "
        f"{size.n_parameters} parameters; Riley's criteria ask for {size.n_required:,} people"
    )
    return Said(YES if size.is_enough else NO, told)


def _numbers_handled(facts: Facts) -> Said:
    if facts.trees:
        return Said(PROBABLY_YES, "no number was cut into bands; trees were tried beside lines")
    return Said(PROBABLY_NO, "no number was cut into bands, but straight lines alone were tried")


def _gaps(facts: Facts) -> Said:
    if facts.unevaluated:
        return Said(NO_INFORMATION, facts.unevaluated)
    single = "missing answers were imputed once, inside the folds, not multiply"
    if facts.is_relapse:
        single += "; people censored early are weighted, not dropped"
    if not facts.unobserved:
        return Said(PROBABLY_YES, f"{single}; every outcome is observed")
    if facts.has("unobserved"):
        return Said(PROBABLY_YES, f"{single}; what outcomes not observed could change is shown")
    words = "people whose outcome was not observed are left out, and what they could change is not"
    return Said(PROBABLY_NO, f"{single}; {words} shown")


def _overfitting(facts: Facts) -> Said:
    if facts.choice is None:
        return Said(NO_INFORMATION, facts.unevaluated)
    if not facts.choice.learner.declared_only:
        return Said(
            YES,
            "tuned on inner folds or averaged over priors; calibration judged on held-out people",
        )
    size = facts.findings.sample_size
    words = "unpenalised and not calibrated; its few variables were declared beforehand"
    enough = size is not None and size.is_enough
    return Said(PROBABLY_YES if enough else PROBABLY_NO, words)


def _beyond_apparent(facts: Facts) -> Said:
    if facts.unevaluated:
        return Said(NO, facts.unevaluated)
    return Said(YES, "nested cross-validation: people whom no fit had seen; nobody from elsewhere")


def _size_to_evaluate(facts: Facts) -> Said:
    if facts.unevaluated:
        return Said(NO, facts.unevaluated)
    others = facts.people - facts.events
    smaller = facts.events if facts.is_relapse else min(facts.events, others)
    told = f"{facts.events:,} people with and {others:,} without the event"
    name, label = ("c_index", "C") if facts.is_relapse else ("auc", "AUC")
    if name in facts.metrics:
        found = facts.metrics[name]
        told += f"; the {label} lies between {found.lo:.2f} and {found.hi:.2f}"
    rule = f"{ENOUGH_TO_EVALUATE} of each are the least that is advised"
    if facts.is_relapse:
        rule = f"{ENOUGH_TO_EVALUATE} events are the least that is advised"
    return Said(PROBABLY_YES if smaller >= ENOUGH_TO_EVALUATE else NO, f"{told}; {rule}")


def _leakage(facts: Facts) -> Said:
    if facts.failed:
        return Said(NO, f"a guard failed: {', '.join(facts.failed).replace('_', ' ')}")
    guards = facts.findings.sentinels
    if "training_rows" not in guards:
        return Said(NO_INFORMATION, facts.unevaluated or "the rows that fits read were not counted")
    idle = [name.replace("_", " ") for name, guard in guards.items() if not guard.tested]
    if idle:
        return Said(
            PROBABLY_YES, f"no guard failed, but some had nothing to test: {', '.join(idle)}"
        )
    return Said(YES, f"all {len(guards)} guards passed; the rows that fits read were counted")


def _steps_repeated(facts: Facts) -> Said:
    if facts.unevaluated:
        return Said(NO, facts.unevaluated)
    inside = "encoding, imputation, tuning and calibration were learned anew in each fold"
    if len(facts.findings.config.candidates) == 1:
        return Said(YES, f"{inside}; one learner alone was tried")
    if facts.findings.optimism is None:
        return Said(NO, f"{inside}, but the choice among learners was made once, on these folds")
    return Said(
        PROBABLY_YES,
        f"{inside}; the choice among learners was made on these folds, and repeated in the "
        "resamples for optimism",
    )


def _measures_shown(facts: Facts) -> Said:
    if facts.unevaluated:
        return Said(NO, facts.unevaluated)
    curves = facts.findings.curves
    shown = {
        "discrimination": bool({"auc", "c_index"} & set(facts.metrics)),
        "calibration": any(name.startswith("calibration_slope") for name in facts.metrics),
        "net benefit": curves is not None and curves.decision is not None,
    }
    lacking = [name for name, there in shown.items() if not there]
    if lacking:
        return Said(NO, f"without a value: {', '.join(lacking)}")
    return Said(YES, "all three, each with its interval")


QUESTIONS: Mapping[str, Filler | Said] = MappingProxyType(
    {
        "data_sources": _data_sources,
        "same_people": Said(PERSON, "the people of development, split"),
        "kept": _kept,
        "predictors_alike": Said(
            PERSON, "one data dictionary gave one unit and range for each variable"
        ),
        "prepared_alike": _prepared_alike,
        "predictors_blind": _predictors_blind,
        "available": _available,
        "outcome_suitable": _outcome_suitable,
        "outcome_alike": _outcome_alike,
        "outcome_apart": _outcome_apart,
        "interval": _interval,
        "size_to_develop": _size_to_develop,
        "numbers_handled": _numbers_handled,
        "gaps": _gaps,
        "imbalance": Said(NOT_APPLICABLE, "no class is resampled or weighted"),
        "overfitting": _overfitting,
        "beyond_apparent": _beyond_apparent,
        "size_to_evaluate": _size_to_evaluate,
        "leakage": _leakage,
        "steps_repeated": _steps_repeated,
        "measures_shown": _measures_shown,
    }
)
"""Who answers which question of PROBAST+AI, by the name in the settings, or every run's answer."""
