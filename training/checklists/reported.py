"""What a run reports on each item of TRIPOD+AI, and what it did not do.

One function for each name that ``configs/tripod_ai.yaml`` gives under ``from``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from predictor.uncertainty import MINIMUM_ANSWERED
from training.checklists.facts import IN_PART, NOT_DONE, PERSON, REPORTED, Facts, Said
from training.table_one import table_one

Filler = Callable[[Facts], Said]


def _abstract(facts: Facts) -> Said:
    if facts.unevaluated:
        return Said(NOT_DONE, facts.unevaluated)
    return Said(REPORTED, "status, people, events and each measure with its interval")


def _source(facts: Facts) -> Said:
    nobody = "; simulated, so that it represents nobody" if facts.is_simulated else ""
    words = f"the data: {facts.findings.cohort.source}, raw files named by their SHA-256{nobody}"
    return Said(REPORTED, words)


def _centres(facts: Facts) -> Said:
    named = {site for site in facts.findings.cohort.rows.sites if site is not None}
    if not named:
        return Said(NOT_DONE, "nobody in the data has a site")
    return Said(REPORTED, f"{len(named)} {'site' if len(named) == 1 else 'sites'} in the data")


def _eligibility(facts: Facts) -> Said:
    flow = facts.findings.cohort.flow
    words = f"{flow.eligible:,} of {flow.patients:,} people were eligible"
    return Said(REPORTED, f"{words}; who was left out is counted rule by rule")


def _treatments(facts: Facts) -> Said:
    planned = sum(v.timing == "planned" for v in facts.findings.analysis.variables)
    course = f"the course: {facts.findings.config.planned_course}"
    if not planned:
        return Said(REPORTED, f"{course}; no candidate predictor describes the treatment")
    words = f"{planned} of the candidate predictors say what was planned, none what was given"
    return Said(REPORTED, f"{course}; {words}")


def _outcome(facts: Facts) -> Said:
    definition = facts.findings.cohort.definition
    return Said(REPORTED, f"{definition.label}, by a rule fixed in the settings, with its days")


def _candidates(facts: Facts) -> Said:
    config = facts.findings.config
    which = (
        "all predictors of the data dictionary known before the first dose"
        if config.variables == "all"
        else f"the {len(config.variables)} that the settings name"
    )
    return Said(REPORTED, f"{which}; the run picked none by its relation to the outcome")


def _definitions(facts: Facts) -> Said:
    if facts.findings.model is None:
        return Said(
            IN_PART,
            "labels and units stand in Table 1; no bundle, which would hold ranges, levels, "
            "instruments and timing, is kept",
        )
    words = "label, unit, range, levels, instrument and timing of each travel in the bundle"
    return Said(REPORTED, words)


def _size(facts: Facts) -> Said:
    size = facts.findings.sample_size
    if size is None:
        words = "Riley's criteria need people with and without the event, and a variable"
        return Said(NOT_DONE, words)
    return Said(
        REPORTED,
        f"{size.n_available:,} people; Riley's criteria ask for {size.n_required:,}: "
        f"{'enough' if size.is_enough else 'too few'}",
    )


def _missing(facts: Facts) -> Said:
    filled = (
        f"{100 * facts.missing_share:.0f} % of the answers are missing and are filled in as "
        "learned inside each training set (trees alone read them as missing)"
    )
    if not facts.unobserved:
        return Said(REPORTED, f"{filled}; every outcome is observed")
    left = f"{filled}; people without an outcome are left out, each reason counted"
    if facts.has("unobserved"):
        return Said(REPORTED, f"{left}, and what they could change is shown")
    return Said(IN_PART, f"{left}; what they could change is not in this run")


def _splits(facts: Facts) -> Said:
    plan = facts.findings.config.resampling
    if facts.unevaluated:
        return Said(NOT_DONE, facts.unevaluated)
    often = "repeat" if plan.repeats == 1 else "repeats"
    return Said(
        REPORTED,
        f"{plan.folds} outer folds, {plan.repeats} {often}, {plan.inner_folds} inner ones, "
        "stratified, nobody on both sides; no part is set aside",
    )


def _forms(facts: Facts) -> Said:
    curves = "of a blend with steps at quartiles, " if facts.curves else ""
    bend = "trees: steps and interactions" if facts.trees else "no trees were tried"
    return Said(
        REPORTED,
        "numbers as they are or as ln(1 + x), one column for each level; linear learners: "
        f"straight lines, {curves}no splines, no interactions; {bend}",
    )


def _steps(facts: Facts) -> Said:
    if facts.choice is None:
        return Said(NOT_DONE, facts.unevaluated)
    tried = len(facts.findings.config.candidates)
    words = f"{tried} {'learner' if tried == 1 else 'learners'} tried, tuned on inner folds"
    if facts.findings.optimism is None:
        return Said(IN_PART, f"{words}; optimism: {facts.findings.unrepeated or 'not assessed'}")
    return Said(REPORTED, f"{words}; the whole procedure repeated in resamples")


def _clusters(facts: Facts) -> Said:
    if facts.no_sites:
        return Said(NOT_DONE, facts.no_sites)
    return Said(REPORTED, "each site predicted from the others, pooled by random effects")


def _measures(facts: Facts) -> Said:
    if facts.unevaluated:
        return Said(NOT_DONE, facts.unevaluated)
    words = f"{len(facts.metrics)} measures of the chosen learner beside those of the others"
    return Said(REPORTED, f"{words}, the average and severity alone; what each means stands by it")


def _predictions(facts: Facts) -> Said:
    if facts.unevaluated:
        return Said(NOT_DONE, facts.unevaluated)
    return Said(REPORTED, "each person by fits of the training folds, which never saw that person")


def _fairness(facts: Facts) -> Said:
    if not facts.has("subgroups"):
        return Said(NOT_DONE, "no measures by sex, age or other groups are in this run")
    return Said(REPORTED, "measures by group; nothing in the fits makes groups more alike")


def _output(facts: Facts) -> Said:
    if facts.findings.model is None:
        return Said(NOT_DONE, "no model is kept")
    returned = "a curve of relapse" if facts.is_relapse else "a probability"
    threshold = facts.findings.config.decision_threshold
    return Said(
        REPORTED,
        f"{returned} with its interval; {threshold:g} is the threshold that the settings declare",
    )


def _differences(facts: Facts) -> Said:
    nobody = "there are no people beside those of development"
    if facts.no_sites or not facts.has("sites"):
        return Said(NOT_DONE, nobody)
    return Said(IN_PART, f"{nobody}; sites stand in for others")


def _licence(facts: Facts) -> Said:
    source = facts.findings.source
    if source is None:
        return Said(PERSON, "")
    return Said(REPORTED, f"licence of the data: {source.settings.licence}")


def _flow(facts: Facts) -> Said:
    flow = facts.findings.cohort.flow
    words = f"{flow.with_outcome:,} analysed, {flow.events:,} with the event"
    if facts.is_relapse:
        return Said(IN_PART, f"{words}; how long people were followed is not summed up")
    return Said(REPORTED, f"{words}; the outcome has a fixed window")


def _characteristics(facts: Facts) -> Said:
    if table_one(facts.findings.cohort).empty:
        return Said(NOT_DONE, "there is nobody to describe")
    return Said(REPORTED, "Table 1 by outcome, with what is missing")


def _analysed(facts: Facts) -> Said:
    words = f"{facts.people:,} people and {facts.events:,} events"
    if facts.unevaluated:
        return Said(IN_PART, f"{words}; {facts.unevaluated}")
    return Said(REPORTED, f"{words}, all of them in development and, held out, in evaluation")


def _specification(facts: Facts) -> Said:
    if facts.findings.model is None:
        return Said(NOT_DONE, "no model is kept")
    words = "preparation, coefficients or trees, calibration and intervals are in the bundle"
    if facts.has("formula"):
        return Said(REPORTED, f"{words}, and the formula on the page")
    return Said(REPORTED, f"{words}; the formula is not on the page")


def _performance(facts: Facts) -> Said:
    if facts.unevaluated:
        return Said(NOT_DONE, facts.unevaluated)
    if facts.failed:
        guards = ", ".join(name.replace("_", " ") for name in facts.failed)
        return Said(NOT_DONE, f"what is shown is void, because a guard failed: {guards}")
    if not facts.has("subgroups"):
        return Said(IN_PART, "each measure with its interval; key groups are not in this run")
    return Said(REPORTED, "each measure with its interval, and by group")


def _between_sites(facts: Facts) -> Said:
    across = facts.findings.internal_external
    if across is None:
        return Said(NOT_DONE, facts.no_sites)
    words = f"{len(across.sites)} sites, their mean and the prediction interval for a new one"
    return Said(REPORTED, words)


def _limits(facts: Facts) -> Said:
    size = facts.findings.sample_size
    named = ["no evaluation elsewhere"]
    if size is None or not size.is_enough:
        named.append("too few people")
    if facts.failed:
        named.append("failed guards")
    if facts.findings.warnings:
        named.append("warnings")
    if facts.findings.optimism is None:
        named.append("optimism not assessed")
    return Said(REPORTED, f"among them: {', '.join(named)}")


def _poor_input(facts: Facts) -> Said:
    if facts.findings.model is None:
        return Said(NOT_DONE, "no model is kept")
    return Said(
        REPORTED,
        "a faulty answer is refused by name, a missing one widens the interval, and fewer than "
        f"{MINIMUM_ANSWERED} answered variables give no number",
    )


FILLERS: Mapping[str, Filler | Said] = MappingProxyType(
    {
        "title": Said(REPORTED, "development with internal validation; people, outcome and status"),
        "abstract": _abstract,
        "aims": Said(
            REPORTED, "development with internal validation; no evaluation in other people"
        ),
        "source": _source,
        "centres": _centres,
        "eligibility": _eligibility,
        "treatments": _treatments,
        "preparation": Said(
            IN_PART,
            "every row is checked against the data dictionary, and refused rows are counted; "
            "whether checks strike some groups more often was not looked at",
        ),
        "outcome": _outcome,
        "candidates": _candidates,
        "definitions": _definitions,
        "size": _size,
        "missing": _missing,
        "splits": _splits,
        "forms": _forms,
        "steps": _steps,
        "clusters": _clusters,
        "measures": _measures,
        "updating": Said(NOT_DONE, "nothing was updated after the evaluation"),
        "predictions": _predictions,
        "imbalance": Said(REPORTED, "not treated: no class is resampled or weighted"),
        "fairness": _fairness,
        "output": _output,
        "differences": _differences,
        "licence": _licence,
        "code": Said(
            REPORTED, "version, settings, seed and hashes of the data; same seed, same numbers"
        ),
        "flow": _flow,
        "characteristics": _characteristics,
        "analysed": _analysed,
        "specification": _specification,
        "performance": _performance,
        "between_sites": _between_sites,
        "limits": _limits,
        "poor_input": _poor_input,
    }
)
"""Who fills which item of TRIPOD+AI, by the name in the settings, or what every run answers."""
