"""The parts of the page of an external validation. No number is made here."""

from __future__ import annotations

from collections.abc import Mapping

from predictor.wording import REFUSALS
from training.evaluation.case_mix import VariableShift
from training.model_report import Cell, Chart, Section, Table, metric_words, rule_words
from training.model_report.numbers import between, estimate, number
from training.model_report.wording import METRICS, TWO_DIGITS
from training.samplesize.precision import Precision
from training.validation.findings import ENOUGH_EVENTS, Validation
from training.validation.wording import by_reason, percent

NOTABLE = 0.1
"""Standardised differences from which on a variable counts as notably different."""

SHOWN_VARIABLES = 15

_HOW = (
    "The model was not changed: answers were read with the bundle’s own dictionary, and the "
    "outcome was counted by the rule the bundle carries. Measured are those who would be given a "
    "number in practice; somebody refused for two reasons counts under both."
)
_STOPPED = (
    "A STOP rule alone takes the number of {n} people away. The model could give them one; how it "
    "would do with them stands beside the measures."
)
_STRANGERS = (
    "A bundle holds nobody’s row, so whether any of these people were trained on cannot be told "
    "from it."
)


def people_part(found: Validation) -> Section:
    """Tell who was measured and who was not.

    Parameters
    ----------
    found : Validation
        All numbers.

    Returns
    -------
    Section
        Flow and refusals.
    """
    flow, relapse = found.cohort.flow, found.people.outcome.days is not None
    rows: list[dict[str, object]] = [{"Step": "In the patients table", "People": flow.patients}]
    rows += [
        {"Step": f"Left out: {rule_words(rule)}", "People": n} for rule, n in flow.excluded.items()
    ]
    seen = "At risk with follow-up" if relapse else "Outcome observed"
    rows += [{"Step": seen, "People": flow.with_outcome}]
    rows += [
        {"Step": Cell("Given no number", REFUSALS.get(code, code)), "People": n}
        for code, n in found.people.refused.items()
    ]
    event = "relapsed" if relapse else "responded"
    rows += [
        {"Step": "Given a number, and so measured", "People": found.external.people},
        {"Step": f"Of these {event}", "People": found.external.events},
    ]
    stopped = int(found.people.stopped.sum())
    words = [
        _HOW,
        _STOPPED.format(n=stopped) if stopped else "Nobody is refused by a STOP rule alone.",
        _STRANGERS,
    ]
    if found.may_be_training_cohort:
        words.append(
            "WARNING: people and events are as many as in the training cohort. If it is the very "
            "same cohort, nothing here is a validation."
        )
    return Section(
        "people", "People", words, tables=[Table("From everybody to those measured", rows)]
    )


def measures_part(found: Validation, charts: Mapping[str, Chart]) -> Section:
    """Tell how the model did.

    Parameters
    ----------
    found : Validation
        All numbers.
    charts : mapping of str to Chart
        Drawings.

    Returns
    -------
    Section
        Measures with intervals.
    """
    external, known = found.external, found.scorer.bundle.provenance
    relapse = found.people.outcome.days is not None
    names = [name for name in METRICS if name in external.metrics]
    names += [name for name in external.metrics if name not in METRICS]
    rows: list[dict[str, object]] = []
    for name in names:
        digits = 2 if name in TWO_DIGITS else 3
        row: dict[str, object] = {"Measure": Cell(*metric_words(name))}
        row["Those given a number"] = estimate(external.metrics[name], digits)
        if found.with_stop is not None:
            row["With STOP people"] = estimate(found.with_stop.metrics.get(name), digits)
        rows.append(row)
    words = []
    if external.people and not relapse:
        words.append(
            f"{percent(external.events / external.people)} of those measured had the outcome; in "
            f"the training cohort it was {percent(known.cohort_average)}."
        )
    gap = external.against_average
    if gap is not None:
        verdict = "better than" if external.better_than_average else "no better than"
        words.append(
            "Loss of each person less that of the average of these very people: "
            f"{number(gap.mean, 4)} (95 % interval {between(gap.lo, gap.hi, 4)}; below 0 is "
            f"better): {verdict} the average. Nobody could have known that average beforehand, so "
            "it is the harder comparator."
        )
    if found.model_based_auc is not None:
        words.append(
            f"Were the model right, these people would show an AUC of "
            f"{number(found.model_based_auc)}: how alike they are sets the bound."
        )
    note = (
        f"{by_reason(external.undefined)} Intervals: 95 %, of the sampling of these people. ICI "
        "and its kin lie above 0 even where calibration is perfect, the more so the fewer people."
    ).strip()
    shown = [charts[name] for name in ("relapse_curves", "calibration") if name in charts]
    return Section("measures", "How the model did", words, shown, [Table("Measures", rows, note)])


def benefit_part(found: Validation, charts: Mapping[str, Chart]) -> Section | None:
    """Tell whether acting on the number would help.

    Parameters
    ----------
    found : Validation
        All numbers.
    charts : mapping of str to Chart
        Drawings.

    Returns
    -------
    Section or None
        None without net benefit.
    """
    if found.benefit is None:
        return None
    rows: list[dict[str, object]] = [
        {
            "Threshold": percent(each.threshold),
            "Model": Cell(number(each.model, 3), between(each.model_lo, each.model_hi, 3)),
            "Treat all": number(each.treat_all, 3),
            "Model less treat all": Cell(
                number(each.gain, 3), between(each.gain_lo, each.gain_hi, 3)
            ),
            "Better than both": "yes" if each.helps else "not shown",
        }
        for each in found.benefit.at
    ]
    words = [
        (
            "A threshold is the risk from which one would act; it states how harm and benefit are "
            "weighed. Treating nobody has net benefit 0. “Yes” means that both 95 % intervals lie "
            "above 0 at that threshold, one threshold at a time."
        )
    ]
    if found.benefit.day is not None:
        words.append(f"Acting on relapse by day {found.benefit.day}.")
    shown = [charts["decision_curve"]] if "decision_curve" in charts else []
    return Section(
        "benefit", "Net benefit", words, shown, [Table("Net benefit by threshold", rows)]
    )


def case_mix_part(found: Validation) -> Section | None:
    """Tell how the new people differ from those trained on.

    Parameters
    ----------
    found : Validation
        All numbers.

    Returns
    -------
    Section or None
        None where nobody was measured.
    """
    mix = found.case_mix
    if mix is None:
        return None
    labels = {v.id: v.label for v in found.scorer.bundle.dictionary.variables}
    rows = [_shift_row(shift, labels) for shift in mix.variables[:SHOWN_VARIABLES]]
    notable = sum(shift.smd is not None and abs(shift.smd) >= NOTABLE for shift in mix.variables)
    spread = mix.margin_sd / mix.margin_sd_before if mix.margin_sd_before > 0 else None
    words = [
        (
            f"{notable} of {len(mix.variables)} variables differ by at least {NOTABLE} SD. "
            f"At least one answer lies outside the training range in {_people(mix.any_outside)} of "
            "those measured."
        ),
        "Spread of the margin (SD): "
        f"{number(mix.margin_sd)} here, {number(mix.margin_sd_before)} in the training cohort; "
        f"mean {number(mix.margin_mean)} against {number(mix.margin_mean_before)}. "
        + (
            "People more alike than those trained on lower discrimination without any fault of "
            "the model."
            if spread is not None and spread < 1
            else "These people are no more alike than those trained on."
        ),
    ]
    note = (
        "New people less training cohort, in pooled SD; of a category the level that differs "
        "most. A dash: not known, or fewer than 10 people."
    )
    if len(mix.variables) > SHOWN_VARIABLES:
        note += f" The {SHOWN_VARIABLES} that differ most; all stand in validation.json."
    table = Table("Variables that differ most", rows, note)
    return Section("case-mix", "New people against the training cohort", words, tables=[table])


def _shift_row(shift: VariableShift, labels: Mapping[str, str]) -> dict[str, object]:
    """Put one variable into a row."""
    return {
        "Variable": labels.get(shift.variable, shift.variable),
        "Difference (SD)": "–" if shift.smd is None else number(shift.smd),
        "Missing here": percent(shift.missing),
        "Missing in training": percent(shift.missing_before),
        "Outside the training range": percent(shift.outside),
    }


def _people(share: float | None) -> str:
    """Say a share of people; few of them are not counted out."""
    return "fewer than 10" if share is None else percent(share)


def precision_part(found: Validation) -> Section:
    """Tell how many people were needed and how sure the measures are.

    Parameters
    ----------
    found : Validation
        All numbers.

    Returns
    -------
    Section
        In words.
    """
    precision: Precision | None = found.precision
    words = [
        "The cohort’s average that the bundle carries cannot be planned with."
        if precision is None
        else precision.sentence
    ]
    words += [
        f"{metric_words(name)[0]}: {number(found.external.metrics[name].value)}, its 95 % interval "
        f"is {number(found.external.metrics[name].hi - found.external.metrics[name].lo)} wide."
        for name in ("auc", "c_index", "oe", "hazard_oe", "calibration_slope")
        if name in found.external.metrics
    ]
    kinds = "events" if found.people.outcome.days is not None else "people with and without it"
    words.append(
        f"A stamp asks for {ENOUGH_EVENTS} {kinds} and a loss below that of the average of the "
        "new people by a paired 95 % interval."
    )
    return Section("precision", "Sample size and precision", words)
