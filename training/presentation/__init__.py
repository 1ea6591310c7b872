"""Findings as people see them: charts, tables and the report of a run. No number is made here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Literal, cast

from predictor.rows.wording import unit_words
from predictor.wording import NO_BETTER, question_lines, signed
from training import model_report
from training.cohort import Cohort, missing_outcomes
from training.evaluation import Choice
from training.findings import Findings
from training.learners import AVERAGE, COMPARATORS, LEARNERS
from training.model_report import (
    Candidate,
    Chart,
    RunReport,
    Section,
    Table,
    learner_words,
    metric_words,
)
from training.presentation import (
    alerts,
    checklists,
    competing,
    definitions,
    differences,
    distances,
    formula,
    instability,
    landmarks,
    optimism,
    placebo,
    prior_use,
    sites,
    subgroups,
    trials,
    unobserved,
    warnings,
)
from training.presentation.charts import beeswarm, draw, importance
from training.presentation.headline import headline_words
from training.suppression import SUPPRESSED_BELOW, hidden_groups
from training.table_one import FEWEST_COMPARED, table_one

__all__ = ["beeswarm", "draw", "importance", "make_report", "provenance"]

_METHODS = tuple(
    """\
Candidates were evaluated by repeated, stratified, patient-grouped and shuffled nested \
cross-validation. Encoding, imputation, scaling, tuning and calibration were learned anew inside \
every training fold.
Margins were calibrated by an affine line fitted on out-of-fold margins of the training fold, but \
those of unpenalised, averaged and blended learners, which are left as they are; the calibration \
reported here comes only from people whom no fit or line saw.
The simplest learner whose paired loss is within one standard error of the best was chosen. \
Because the choice was made on the same folds, its figures are slightly flattering.
No class was resampled or weighted, so no risk had to be put right for that.
Outcomes not observed in their window are missing: counted, never carried forward.""".splitlines()
)
_SECTIONS: tuple[Callable[[Findings], Section | None], ...] = (
    warnings.section,
    sites.section,
    differences.section,
    landmarks.section,
    unobserved.section,
    competing.section,
    definitions.section,
    distances.section,
    subgroups.section,
    alerts.section,
    optimism.section,
    instability.section,
    formula.section,
    prior_use.section,
    trials.section,
    placebo.section,
)
"""Parts of the report that have a file of their own here, in the order in which they are read."""

_SMD = {
    task: (
        f"SMD: how far those who {event} and {others} are apart, in standard deviations; no "
        "test of anything, and no sign of a cause. Numbers: difference of means over the root of "
        f"the mean of the two variances, above 0 where those who {event} have more. Levels: the "
        "distance of Yang and Dalton (2012), which has no direction. Missing answers are left "
        f"out. A dash: fewer than {FEWEST_COMPARED} answers in a group, nobody differs, no level "
        "occurs in both groups, or a count behind it is hidden. Counts below "
        f"{SUPPRESSED_BELOW} are hidden, and those from which one would follow."
    )
    for task, event, others in (
        ("response", "responded", "those who did not"),
        ("relapse", "relapsed", "those not seen to (some were followed more briefly)"),
    )
}
"""What the last column of Table 1 means."""

_NOT_SHOWN = (
    "Any effect of treatment: contributions explain the model, not what causes an outcome.",
)


def make_report(findings: Findings, charts: dict[str, Chart]) -> RunReport:
    """Put findings into the report's parts.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.
    charts : dict of str to Chart
        From `draw`.

    Returns
    -------
    RunReport
        For `training.model_report`.
    """
    cohort, config = findings.cohort, findings.config
    choice = findings.choice
    report = RunReport(
        task=config.task,
        population="adults with depression" if findings.source is None
        else findings.source.settings.title,
        ketamine=findings.source is None or findings.source.settings.ketamine,
        outcome=cohort.definition.describe(),
        question=question_lines(findings.question.words()),
        status=cast("Literal['fitted', 'exploratory', 'refused']", findings.status),
        reason=findings.reason,
        headline=headline_words(findings),
        data_origin=cohort.origin,
        source=cohort.source,
        flow=cohort.flow,
        stamp=None if findings.model is None else findings.stamp,
        sample_size=() if findings.sample_size is None else findings.sample_size.paragraphs,
        table_one=_table_one(cohort),
        missing_outcomes=_missing(findings),
        candidates=_candidates(findings),
        chosen=None if choice is None else choice.learner.name,
        chosen_because="" if choice is None else _because(choice, findings.status),
        tried=_tried(findings),
        performance=[chart for name, chart in charts.items() if name != "contributions"],
        sections=[*filter(None, (made(findings) for made in _SECTIONS))],
        importance=importance(findings),
        importance_chart=charts.get("contributions"),
        sentinels=[
            model_report.Sentinel(name.replace("_", " "), s.passed, s.detail, s.tested)
            for name, s in findings.sentinels.items()
        ],
        extra=_extra(findings),
        notes=cohort.notes,
        methods=_methods(findings),
        provenance=provenance(findings),
        not_shown=(
            *sites.not_elsewhere(findings), *subgroups.unasked(findings),
            *placebo.not_compared(findings), *alerts.not_measured(findings),
            *_unrepeated(findings), *_NOT_SHOWN,
        ),
    )  # fmt: skip
    lists = checklists.section(findings, model_report.contents(report))
    return replace(report, closing=[lists])


def _methods(findings: Findings) -> tuple[str, ...]:
    """Describe what was done, as far as it was."""
    optional = {
        sites.METHOD: findings.internal_external,
        optimism.METHOD: findings.optimism,
        landmarks.METHOD: findings.landmarks or None,
        placebo.METHOD: findings.placebo and findings.placebo.difference,
    }
    return (*_METHODS, *(words for words, found in optional.items() if found is not None))


def _unrepeated(findings: Findings) -> list[str]:
    """Say why optimism or instability is not shown."""
    why = findings.unrepeated
    return [f"Optimism and instability: {why}."] if why else []


def provenance(findings: Findings) -> dict[str, str]:
    """List what a run can be repeated from.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    dict of str to str
        Version, seed, settings and SHA-256 of the raw files.
    """
    return {
        "ketamine-response": version("ketamine-response"),
        "data origin": findings.cohort.origin,
        **{f"SHA-256 of {name}": digest for name, digest in findings.cohort.file_sha256.items()},
        **{key.replace("_", " "): _words(value) for key, value in findings.config.flat().items()},
    }


def _candidates(findings: Findings) -> list[Candidate]:
    """List learners, then comparators, with their measures."""
    comparators = {c.name for c in COMPARATORS} | set(AVERAGE.values())
    return [
        Candidate(
            name,
            {
                metric: model_report.Estimate(e.value, e.lo, e.hi)
                for metric, e in findings.metrics[name].items()
                if not distances.shown_apart(metric)
            },
            is_comparator=name in comparators,
        )
        for name in findings.out_of_fold
    ]


def _missing(findings: Findings) -> list[Table]:
    """Table missing outcomes by site and by baseline severity."""
    counted = missing_outcomes(findings.cohort)
    tables = []
    for by, part in counted.groupby("by", sort=False):
        people = [int(n) for n in part["people"]]
        hidden = hidden_groups(people)
        rows = [
            {
                str(by).capitalize(): r["level"],
                **_counts(n, int(r["missing"]), hidden=place in hidden),
            }
            for place, (n, r) in enumerate(zip(people, part.to_dict("records"), strict=True))
        ]
        tables.append(Table(f"Missing outcomes by {by}", rows))
    return tables


def _counts(people: int, missing: int, *, hidden: bool) -> dict[str, object]:
    """Count people and missing outcomes; a group that would point at people is hidden."""
    if not hidden:
        return {"People": people, "Outcome missing": missing}
    small = people < SUPPRESSED_BELOW
    words = f"fewer than {SUPPRESSED_BELOW}" if small else "not shown: a smaller group would follow"
    return {"People": words, "Outcome missing": "–"}


def _because(choice: Choice, status: str) -> str:
    """Say why a learner stood first and how it stands against the average."""
    would = "By the rule of choice," if status == "refused" else "Chosen because"
    gap = choice.against_average
    mean, lo, hi = (signed(x, digits=4) for x in (gap.mean, gap.lo, gap.hi))
    verdict = "better than the average" if choice.better_than_average else NO_BETTER
    return (
        f"{would} {learner_words(choice.reason)}. Its loss less that of the average, in the same "
        f"people, is {mean} (95 % interval {lo} to {hi}; below 0 is better): {verdict}."
    )


def _tried(findings: Findings) -> Table | None:
    """Table learners with what failed."""
    reasons = {learner.name: learner.reason for learner in (*LEARNERS, *COMPARATORS)}
    rows = [
        {
            "Learner": learner_words(name),
            "Why it is here": reasons.get(name, "the same number for everybody"),
            "Folds without signal": found.no_signal_folds,
            "Measures without a value": _without_value(findings.undefined[name]) or "none",
        }
        for name, found in findings.out_of_fold.items()
    ]
    note = (
        "Without signal: training folds that ranked nobody, so that the average was given instead."
    )
    return Table("What was tried", rows, note) if rows else None


def _without_value(undefined: Mapping[str, str]) -> str:
    """Name the measures that share a reason together."""
    by_reason: dict[str, list[str]] = {}
    for metric, reason in undefined.items():
        by_reason.setdefault(reason, []).append(metric_words(metric)[0])
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in by_reason.items())


def _extra(findings: Findings) -> list[Table]:
    """Table what only this source has."""
    if findings.source is None:
        return []
    lines: list[dict[str, object]] = [
        {
            "Group": line.who,
            "Visit": line.session,
            "People": line.people,
            "Responders": line.responders,
            "Remitted": line.remitted,
            "Mean change": signed(line.mean_change, digits=2) if line.people else "–",
        }
        for line in findings.source.lines
    ]
    facts = [{"Count": k, "Value": f"{v:g}"} for k, v in findings.source.facts.items()]
    known = Table(
        "Known counts of this data set, recomputed",
        lines,
        "Mean change of the score since baseline; below 0 is better.",
    )
    return [table for table in (known, Table("Further counts", facts)) if table.rows]


def _table_one(cohort: Cohort) -> Table | None:
    """Put Table 1 into the report's form, with units in words."""
    units = {
        f"{v.label} [{v.unit}]": f"{v.label} ({unit_words(v.unit)})"
        for v in cohort.dictionary.variables
        if unit_words(v.unit)
    }
    rows: list[dict[str, object]] = []
    for line in table_one(cohort, hide_few=True).to_dict("records"):
        cells = {
            "SMD" if k == "smd" else str(k).capitalize(): str(v).replace(",", ",\N{NO-BREAK SPACE}")
            for k, v in line.items()
        }
        name, level = str(line["variable"]), str(line["level"])
        rows.append({**cells, "Variable": units.get(name, name), "Level": level.replace("_", " ")})
    caption = (
        "Baseline characteristics by outcome. Numbers: median [quartiles] in the unit named; "
        "levels: people (% of those who answered)"
    )
    return Table(caption, rows, _SMD[cohort.definition.task]) if rows else None


def _words(value: object) -> str:
    """Write a setting as words."""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_words(each)}" for key, each in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
