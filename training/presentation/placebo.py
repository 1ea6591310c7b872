"""The model among untreated people, as the report tells it."""

from __future__ import annotations

from collections.abc import Mapping

from training.evaluation import PlaceboControl
from training.evaluation.placebo import MEASURED, Arm
from training.findings import Findings
from training.model_report import Cell, Section, Table, metric_words
from training.model_report.numbers import estimate
from training.suppression import SUPPRESSED_BELOW

METHOD = (
    "Placebo control: the chosen learner was scored, by the same outcome rule, in people who were "
    "not treated. Who is also among the people trained on has the prediction of the fold that held "
    "him or her out; others are dealt to the folds. The interval of the difference in AUC "
    "takes the two readings of a person together (the components of DeLong, summed by person)."
)
_DESIGNS: Mapping[str, str] = {
    "period": "The untreated are the same people in another period ({label}). What is left of a "
    "treatment that came first, and the order of the periods, are not allowed for.",
    "arm": "The untreated ({label}) are other people; nothing was fitted to them.",
    "trained_arm": "The untreated ({label}) are other people, and the model was fitted to them as "
    "well: it had the chance to learn what goes with their outcome too.",
}
_LEVEL = (
    "Observed over expected counts the outcomes without the treatment against the risks predicted "
    "with it: below 1 is what a treatment that works leaves, not a fault of the model. The groups "
    "were not compared to estimate an effect."
)
_FAIR = (
    "In simulated cohorts of 200 in which the model ranked both alike, the difference was up to "
    "0.013 in favour of the untreated, and its interval held 0 in 90 to 97 of 100 instead of 95: "
    "one that just misses 0 shows little."
)
_NOT_COMPARED = (
    "Untreated people: none are declared (control_arm in the column map), so it is not known "
    "whether the model predicts who responds to the treatment or who gets better anyway."
)
_TRAINED_LEVEL = "Risks under the control were learned from people under the control."


def section(findings: Findings) -> Section | None:
    """Set the chosen learner in treated and untreated people side by side.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Section or None
        None where no control arm is declared.
    """
    found = findings.placebo
    if found is None:
        return None
    told = [_what_for(found), _DESIGNS[found.design].format(label=found.label), _verdict(found)]
    rows = [
        _row("Treated", found.treated),
        _row(found.label[:1].upper() + found.label[1:], found.untreated),
    ]
    if found.difference is not None:
        nothing: dict[str, object] = dict.fromkeys(rows[0], None)
        gap = {"AUC": estimate(found.difference, 3, plus=True)}
        rows.append({**nothing, "Group": Cell("Treated less untreated"), **gap})
        told.append(_FAIR)
    return Section("placebo", "Placebo control", told, tables=[_table(found, rows)])


def not_compared(findings: Findings) -> list[str]:
    """Say that nobody untreated was there to compare with.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    list of str
        A sentence, or nothing where a control arm is declared.
    """
    return [] if findings.placebo is not None else [_NOT_COMPARED]


def _what_for(found: PlaceboControl) -> str:
    """Say what the part is for."""
    return (
        "If the model ranks untreated people as well as treated ones, it predicts who gets better "
        f"anyway, not who responds to {found.treatment}."
    )


def _verdict(found: PlaceboControl) -> str:
    """Say what the difference shows, or why there is none."""
    gap = found.difference
    if gap is None:
        return f"Not measured: {found.reason}. It stays open which of the two this model predicts."
    if gap.lo > 0:
        return (
            "It ranks treated people better than untreated ones: part of what it predicts goes "
            f"with {found.treatment}. This is no estimate of what {found.treatment} does."
        )
    if gap.hi < 0:
        return (
            "It ranks untreated people better than treated ones: what it predicts is who gets "
            "better anyway."
        )
    ranked = [arm.measures["auc"].lo > 0.5 for arm in (found.treated, found.untreated)]
    if not any(ranked):
        return (
            "In neither arm is its AUC shown to be above chance: it is not shown to predict who "
            "responds, nor who gets better anyway."
        )
    return (
        "The interval of the difference in AUC holds 0: these people do not show that the model "
        "does better among the treated, so it may predict no more than who gets better anyway."
    )


def _table(found: PlaceboControl, rows: list[dict[str, object]]) -> Table:
    """Table the arms; a measure without a value is a dash, with its reason below."""
    words = []
    if found.untreated.measures:
        words.append(_TRAINED_LEVEL if found.design == "trained_arm" else _LEVEL)
    for name, arm in (("Treated", found.treated), (found.label, found.untreated)):
        words += [f"{name}, {metric_words(m)[0]}: {why}." for m, why in arm.undefined.items()]
    return Table(
        "Treated and untreated people (95 % interval under each value)", rows, " ".join(words)
    )


def _row(name: str, arm: Arm) -> dict[str, object]:
    """Write one arm."""
    row: dict[str, object] = {
        "Group": Cell(name),
        "People": _count(arm.people),
        "With the outcome": _count(arm.events, of=arm.people),
    }
    if arm.measures or arm.undefined:
        for measure in MEASURED:
            label = metric_words(measure)[0]
            row["AUC" if measure == "auc" else label] = estimate(arm.measures.get(measure), 3)
    return row


def _count(n: int | None, *, of: int | None = None) -> str:
    """Write a count; a hidden one is said to be hidden."""
    if n is not None:
        return str(n)
    small = of is None
    return f"fewer than {SUPPRESSED_BELOW}" if small else "not shown: too few with or without"
