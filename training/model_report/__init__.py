"""The report of one run, as one HTML page that asks nothing of the network.

It follows TRIPOD [1]_: who was studied, what was predicted, how, how well, and what the report does
not show. Every number is computed elsewhere and comes in as an argument; a part that could not be
computed is left out and the page says so instead of showing an empty frame.

References
----------
.. [1] Collins GS et al. TRIPOD+AI statement. BMJ 2024; 385: e078378.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import PackageLoader

from predictor.page import page_environment, page_frame
from predictor.wording import STAMPS
from training.cohort import OUTCOME_RULES, Flow
from training.model_report.contents import contents
from training.model_report.inlining import inline
from training.model_report.numbers import with_ends
from training.model_report.parts import (
    Candidate,
    Cell,
    Chart,
    Estimate,
    Importance,
    RunReport,
    Section,
    Sentinel,
    Table,
)
from training.model_report.wording import (
    EVENTS,
    LOST,
    METRICS,
    OTHER_TITLES,
    STATUSES,
    TITLES,
    TWO_DIGITS,
    learner_words,
    metric_words,
    rule_words,
)

__all__ = [
    "Candidate",
    "Cell",
    "Chart",
    "Estimate",
    "Importance",
    "RunReport",
    "Section",
    "Sentinel",
    "Table",
    "contents",
    "learner_words",
    "metric_words",
    "render_run_report",
    "rule_words",
    "write_run_report",
]

IMPORTANCE_ROWS = 20
"""How many variables the table of contributions shows before it is opened."""


def write_run_report(report: RunReport, path: Path) -> Path:
    """Write the report of a run.

    Parameters
    ----------
    report : RunReport
        What to show.
    path : Path
        The file to write; its folder must exist.

    Returns
    -------
    Path
        The file written.
    """
    path.write_text(render_run_report(report), encoding="utf-8")
    return path


def render_run_report(report: RunReport) -> str:
    """Turn the report of a run into a page.

    Parameters
    ----------
    report : RunReport
        What to show.

    Returns
    -------
    str
        A whole HTML document.

    Raises
    ------
    InvalidInputError
        If a chart is no plain SVG or would fetch something.
    """
    environment = page_environment(PackageLoader("training"))
    titles = TITLES if report.ketamine else OTHER_TITLES
    return environment.get_template("run_report.html").render(
        page_frame(environment, simulated=report.data_origin == "simulated"),
        report=report,
        title=f"{titles[report.task]} in {report.population}",
        status_words=STATUSES[report.status],
        stamp_words=STAMPS.get(report.stamp or "", ""),
        scale="log-hazard" if report.task == "relapse" else "log-odds",
        flow=_flow_steps(report.flow, report.task),
        chosen=_chosen_words(report),
        learners=_candidate_table(report),
        charts=[(chart, inline(chart)) for chart in report.performance],
        contents=contents(report),
        sections=_with_drawings(report.sections),
        closing=_with_drawings(report.closing),
        importance_chart=(
            None
            if report.importance_chart is None
            else (report.importance_chart, inline(report.importance_chart))
        ),
        importance=_importance_tables(report),
    )


def _with_drawings(sections: Sequence[Section]) -> list[tuple[Section, list[tuple[Chart, str]]]]:
    """Put the SVG of each chart beside it."""
    return [(section, [(chart, inline(chart)) for chart in section.charts]) for section in sections]


def _metrics_shown(report: RunReport) -> list[str]:
    """Metrics that any candidate has, known ones first."""
    present = {metric: None for c in report.candidates for metric in c.metrics}
    return [m for m in METRICS if m in present] + [m for m in present if m not in METRICS]


def _flow_steps(flow: Flow, task: str) -> list[dict[str, object]]:
    """Give the boxes of the flow diagram, each with who is left out on the way to the next."""
    after = {rule: n for rule, n in flow.excluded.items() if rule in OUTCOME_RULES[task]}
    before = {rule: n for rule, n in flow.excluded.items() if rule not in after}
    analysed, happened = EVENTS[task]
    return [
        {
            "count": flow.patients,
            "words": "people in the data",
            "lost": _lost(flow.patients - flow.eligible, before),
            "lost_words": "not eligible",
        },
        {
            "count": flow.eligible,
            "words": "eligible",
            "lost": _lost(flow.eligible - flow.with_outcome, after),
            "lost_words": LOST[task],
        },
        {"count": flow.with_outcome, "words": analysed, "lost": None},
        {"count": flow.events, "words": happened, "lost": None},
    ]


def _lost(total: int, rules: Mapping[str, int]) -> dict[str, object] | None:
    """Count who is left out by each rule; the lines sum to the total."""
    unexplained = total - sum(rules.values())
    counted = {**rules, "no_reason": unexplained} if unexplained else rules
    lines = [(n, rule_words(rule)) for rule, n in counted.items()]
    return {"total": total, "lines": lines} if lines else None


def _chosen_words(report: RunReport) -> str:
    """Name the model that is kept."""
    if report.chosen is None:
        return "none"
    name = learner_words(report.chosen)
    return f"none kept ({name} stood first)" if report.status == "refused" else name


def _role(candidate: Candidate, report: RunReport) -> str:
    """Say what a learner is there for."""
    if candidate.is_comparator:
        return "comparator, never chosen"
    if candidate.name != report.chosen:
        return "candidate"
    return "first, but not kept" if report.status == "refused" else "✔ chosen"


def _candidate_table(report: RunReport) -> Table | None:
    """Put learners beside comparators, one measure in each row."""
    if not report.candidates:
        return None
    metrics = _metrics_shown(report)
    role: dict[str, object] = {"Measure": "Role"}
    rows = [role | {learner_words(c.name): _role(c, report) for c in report.candidates}]
    for metric in metrics:
        digits = 2 if metric in TWO_DIGITS else 3
        cells = {
            learner_words(c.name): _estimate(c.metrics.get(metric), digits)
            for c in report.candidates
        }
        rows.append({"Measure": Cell(*metric_words(metric)), **cells})
    note = ""
    if report.tried is not None and any(cell == _NO_VALUE for row in rows for cell in row.values()):
        note = f"A dash: no value; the reason stands under “{report.tried.caption}”."
    return Table(
        "Candidates beside comparators, on people they never saw (95 % interval under each value)",
        rows,
        note,
    )


def _importance_tables(report: RunReport) -> list[Table]:
    """Write the mean absolute contributions as a table, the smaller ones as a second one."""
    rows = [
        {
            "Variable": each.label,
            "Mean": f"{each.mean:.3f}",
            "Folds": f"{each.lo:.3f} to {each.hi:.3f}".replace(" ", "\N{NO-BREAK SPACE}"),
        }
        for each in report.importance
    ]
    caption = "Mean |contribution| over people, smallest to largest fold"
    parts = (rows[:IMPORTANCE_ROWS], rows[IMPORTANCE_ROWS:])
    captions = (caption, f"{caption}: the other variables")
    return [Table(words, part) for words, part in zip(captions, parts, strict=True) if part]


_NO_VALUE = Cell("–")


def _estimate(estimate: Estimate | None, digits: int) -> Cell:
    """Write an estimate over its interval; what is not there is a dash."""
    if estimate is None or not math.isfinite(estimate.value):
        return _NO_VALUE
    return with_ends(estimate.value, estimate.lo, estimate.hi, digits)
