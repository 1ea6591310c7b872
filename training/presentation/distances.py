"""How far predicted risks lie from what happened, as the report tells it."""

from __future__ import annotations

from training.findings import Findings
from training.model_report import Cell, Section, Table, learner_words, metric_words
from training.model_report.numbers import estimate
from training.model_report.wording import METRICS

_APART = ("e50", "e90", "emax")
_MEANS = (
    "How far observed risk, smoothed, lies from predicted risk over the people: the median (E50), "
    "what nine in ten stay within (E90) and the largest (Emax); their mean, the ICI, stands in the "
    "table above. Emax rests on the few people at the ends of the curve."
)
_INTERVALS = (
    "Chance alone bends a curve, so these distances are too large, more so in few people. The "
    "intervals are widened for that, and begin at 0 where the value is no larger than what curves "
    "stray by chance; in fewer than about 300 people those of E90 and Emax may still miss the "
    "truth in more than 5 of 100."
)
_WEIGHTED = (
    "At each day, people censored before it are carried by the weights of those who were not."
)


def shown_apart(metric: str) -> bool:
    """Tell whether a measure stands in this part of the report alone.

    Parameters
    ----------
    metric : str
        As in the JSON of a run, such as ``e50_90``.

    Returns
    -------
    bool
        True for E50, E90 and Emax.
    """
    return metric.partition("_")[0] in _APART


def section(findings: Findings) -> Section | None:
    """Table the distances of every learner.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Section or None
        None where no learner has any.
    """
    learners = [name for name, found in findings.metrics.items() if any(map(shown_apart, found))]
    present = {metric for name in learners for metric in findings.metrics[name]}
    rows: list[dict[str, object]] = [
        {
            "Measure": Cell(*metric_words(metric)),
            **{learner_words(n): estimate(findings.metrics[n].get(metric), 3) for n in learners},
        }
        for metric in METRICS
        if metric in present and shown_apart(metric)
    ]
    if not rows:
        return None
    words = [_MEANS, _INTERVALS]
    if findings.config.task == "relapse":
        words.append(_WEIGHTED)
    table = Table("Distance of observed from predicted risk (95 % interval under each value)", rows)
    return Section("distances", "How far risks are off", words, tables=[table])
