"""The number a run is quoted by, in words for the report and the command line."""

from __future__ import annotations

from training.evaluation.headline import NEW_SITE
from training.findings import Findings
from training.model_report import metric_words
from training.model_report.numbers import number


def headline_words(findings: Findings) -> list[str]:
    """Say what the model may be expected to do, what a new site may expect first.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    list of str
        One or two sentences; empty where no model is kept.
    """
    found, choice = findings.headline, findings.choice
    if found is None or choice is None:
        return []
    label = metric_words(found.measure)[0]
    validated = findings.metrics[choice.learner.name].get(found.measure)
    within = (
        "Cross-validated, no value"
        if validated is None
        else f"Cross-validated, in people the model never saw: {label} {number(validated.value)} "
        f"(95 % interval {number(validated.lo)} to {number(validated.hi)})"
    )
    if found.basis == NEW_SITE:
        expected = (
            f"At a new site: {label} {number(found.value)}, and it may lie anywhere from "
            f"{number(found.lo)} to {number(found.hi)} ({found.method}, {found.sites} sites)."
        )
        return [expected, f"{within}; that is for more people of the same sites."]
    why = f" What a new site may expect cannot be said: {found.reason}." if found.reason else ""
    return [f"{within}.{why}"]
