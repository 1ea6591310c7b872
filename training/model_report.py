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
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from jinja2 import PackageLoader

from predictor.errors import InvalidInputError
from predictor.report import page_environment, page_frame
from predictor.wording import STAMPS, signed
from training.cohort import Flow

Task = Literal["response", "relapse"]
Status = Literal["fitted", "exploratory", "refused"]

METRICS: Mapping[str, tuple[str, str]] = {
    "auc": ("AUC", "higher is better, 0.5 is chance"),
    "c_index": ("C-index", "higher is better, 0.5 is chance"),
    "log_loss": ("Log-loss", "lower is better"),
    "brier": ("Brier score", "lower is better"),
    "ibs": ("Integrated Brier score", "lower is better"),
    "calibration_slope": ("Calibration slope", "ideal 1"),
    "calibration_intercept": ("Calibration intercept", "ideal 0"),
    "ici": ("ICI", "mean distance of observed from predicted risk; lower is better"),
}
"""Label of each metric and which way is better; others are shown under their own name."""

TWO_DIGITS = frozenset({"auc", "c_index", "calibration_slope", "calibration_intercept"})
"""Metrics of which a third digit says nothing; the others are shown with three."""

STATUSES: Mapping[str, str] = {
    "fitted": "A model was fitted, and its cohort was large enough for it.",
    "exploratory": "A model was fitted, but it must not be relied on.",
    "refused": "No model is kept.",
}
TITLES: Mapping[str, str] = {
    "response": "Predicting response to ketamine",
    "relapse": "Predicting relapse after response to ketamine",
}
EVENTS: Mapping[str, tuple[str, str]] = {
    "response": ("outcome observed", "responded"),
    "relapse": ("responders with follow-up", "relapsed"),
}
_FETCHES = re.compile(r"<script|<foreignObject|<!DOCTYPE|\son\w+=|(?:href|src)=\"(?!#)|url\((?!#)")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval.

    Parameters
    ----------
    value : float
        The estimate; NaN is shown as a dash.
    lo, hi : float or None
        Ends of its interval; None shows the estimate alone.
    """

    value: float
    lo: float | None = None
    hi: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One learner or comparator.

    Parameters
    ----------
    name : str
        As in the config, such as ``elastic_net``.
    metrics : mapping of str to Estimate
        By metric name (`METRICS`), from people the model never saw.
    is_comparator : bool
        Shown beside the others, never chosen.
    """

    name: str
    metrics: Mapping[str, Estimate]
    is_comparator: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with the words for those who cannot see it.

    Parameters
    ----------
    title : str
        Caption.
    svg : bytes
        From `training.figures`.
    alt : str
        What the drawing shows, in a sentence or two.
    note : str
        What to look at; may be empty.
    """

    title: str
    svg: bytes
    alt: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts.

    Parameters
    ----------
    caption : str
        What it shows.
    rows : sequence of mapping of str to object
        One mapping for each row, column name to cell; the first row's keys are the columns and the
        first column names the rows. None is an empty cell.
    note : str
        A sentence under it; may be empty.
    """

    caption: str
    rows: Sequence[Mapping[str, object]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Importance:
    """How much one variable moves the predictions of the chosen model.

    Parameters
    ----------
    label : str
        The variable.
    mean : float
        Mean absolute contribution over people and folds, on the log-odds or log-hazard scale.
    lo, hi : float
        Smallest and largest mean of a fold.
    """

    label: str
    mean: float
    lo: float
    hi: float


@dataclass(frozen=True, slots=True)
class Sentinel:
    """One check that nothing leaked.

    Parameters
    ----------
    name : str
        What was checked.
    passed : bool
        Whether it held.
    detail : str
        What was found.
    """

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class RunReport:
    """Everything that the report of one run shows.

    Parameters
    ----------
    task : str
        ``response`` or ``relapse``.
    population : str
        Who was studied, to follow "in", such as "adults with depression".
    outcome : str
        The outcome definition as a sentence.
    status : str
        ``fitted``, ``exploratory`` or ``refused``.
    reason : str
        Why it is not more than that; empty when fitted.
    data_origin : str
        ``real`` or ``simulated``.
    source : str
        Name of the data.
    flow : Flow
        Numbers of the flow diagram.
    stamp : str or None
        Stamp of the bundle; None when there is none.
    sample_size : sequence of str
        Sentences about what this cohort can support.
    table_one : Table or None
        Baseline characteristics.
    missing_outcomes : sequence of Table
        Missing outcomes by site and by baseline severity.
    candidates : sequence of Candidate
        Learners, then comparators; empty when nothing could be compared.
    chosen : str or None
        Name of the chosen learner.
    chosen_because : str
        Why that one, as a sentence.
    performance : sequence of Chart
        ROC, calibration, decision curve, relapse curves, …; may be empty.
    importance : sequence of Importance
        Largest first; may be empty.
    importance_chart : Chart or None
        The same as a drawing.
    sentinels : sequence of Sentinel
        Checks for leaks.
    extra : sequence of Table
        Tables that only this source has.
    methods : sequence of str
        Paragraphs.
    provenance : mapping of str to str
        Config, seeds, code version, SHA-256 of each data file by file name, …
    not_shown : sequence of str
        What this report does not show.
    """

    task: Task
    population: str
    outcome: str
    status: Status
    reason: str
    data_origin: Literal["real", "simulated"]
    source: str
    flow: Flow
    stamp: str | None = None
    sample_size: Sequence[str] = ()
    table_one: Table | None = None
    missing_outcomes: Sequence[Table] = ()
    candidates: Sequence[Candidate] = ()
    chosen: str | None = None
    chosen_because: str = ""
    performance: Sequence[Chart] = ()
    importance: Sequence[Importance] = ()
    importance_chart: Chart | None = None
    sentinels: Sequence[Sentinel] = ()
    extra: Sequence[Table] = ()
    methods: Sequence[str] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    not_shown: Sequence[str] = ()


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
    return environment.get_template("run_report.html").render(
        page_frame(environment, simulated=report.data_origin == "simulated"),
        report=report,
        title=f"{TITLES[report.task]} in {report.population}",
        status_words=STATUSES[report.status],
        stamp_words=STAMPS.get(report.stamp or "", ""),
        flow_words=EVENTS[report.task],
        scale="log-hazard" if report.task == "relapse" else "log-odds",
        learners=_candidate_table(report),
        metric_notes=[METRICS[m] for m in _metrics_shown(report) if m in METRICS],
        charts=[(chart, _inline(chart)) for chart in report.performance],
        importance_chart=(
            None
            if report.importance_chart is None
            else (report.importance_chart, _inline(report.importance_chart))
        ),
        importance=_importance_table(report),
    )


def _metrics_shown(report: RunReport) -> list[str]:
    """Metrics that any candidate has, known ones first."""
    present = {metric: None for c in report.candidates for metric in c.metrics}
    return [m for m in METRICS if m in present] + [m for m in present if m not in METRICS]


def _candidate_table(report: RunReport) -> Table | None:
    """Put learners beside comparators."""
    if not report.candidates:
        return None
    metrics = _metrics_shown(report)
    rows = []
    for candidate in report.candidates:
        role = "comparator, never chosen" if candidate.is_comparator else "candidate"
        if candidate.name == report.chosen:
            role = "✔ chosen"
        row: dict[str, object] = {"Model": candidate.name.replace("_", " "), "Role": role}
        for metric in metrics:
            label = METRICS.get(metric, (metric.replace("_", " "), ""))[0]
            digits = 2 if metric in TWO_DIGITS else 3
            row[label] = _estimate(candidate.metrics.get(metric), digits)
        rows.append(row)
    return Table("Candidates beside comparators, on people they never saw (95 % interval)", rows)


def _importance_table(report: RunReport) -> Table | None:
    """Write the mean absolute contributions as a table."""
    if not report.importance:
        return None
    rows = [
        {
            "Variable": each.label,
            "Mean": f"{each.mean:.3f}",
            "Folds": f"{each.lo:.3f} to {each.hi:.3f}",
        }
        for each in report.importance
    ]
    return Table("Mean |contribution| over people, smallest to largest fold", rows)


def _estimate(estimate: Estimate | None, digits: int) -> str:
    """Write an estimate with its interval; what is not there is a dash."""
    if estimate is None or not math.isfinite(estimate.value):
        return "–"
    value = _number(estimate.value, digits)
    if estimate.lo is None or estimate.hi is None:
        return value
    interval = f"({_number(estimate.lo, digits)} to {_number(estimate.hi, digits)})"
    return f"{value} {interval}".replace(" to ", "\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}")


def _number(value: float, digits: int) -> str:
    """Write a true minus and no plus."""
    return signed(value, digits=digits).removeprefix("+")


def _inline(chart: Chart) -> str:
    """Give the SVG of a chart with its words, once it is sure to fetch and run nothing."""
    from markupsafe import escape

    svg = chart.svg.decode("utf-8")
    if not svg.startswith("<svg") or _FETCHES.search(re.sub(r'xmlns(:\w+)?="[^"]*"', "", svg)):
        raise InvalidInputError(
            f"report, chart {chart.title!r}: only a plain SVG that fetches and runs nothing can "
            "stand in the page; draw it with training.figures"
        )
    return svg.replace("<svg", f'<svg class="chart" aria-label="{escape(chart.alt)}"', 1)
