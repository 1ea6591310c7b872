"""Which sections the report of a run has, in the order in which they are read."""

from __future__ import annotations

from training.model_report.parts import RunReport


def contents(report: RunReport) -> dict[str, str]:
    """List the sections of the page.

    Parameters
    ----------
    report : RunReport
        What is shown.

    Returns
    -------
    dict of str to str
        Anchor to title; each anchor is on the page.
    """
    extra = bool(report.extra or report.notes)
    importance = bool(report.importance or report.importance_chart)
    return {
        **({"question": "What was asked"} if report.question else {}),
        "people": "People",
        "size": "Sample size",
        "models": "Models compared",
        **({"performance": "Performance"} if report.performance else {}),
        **{section.anchor: section.title for section in report.sections},
        **({"variables": "Variables"} if importance else {}),
        "leaks": "Checks for leaks",
        **({"extra": "More on the data"} if extra else {}),
        "methods": "Methods",
        **{section.anchor: section.title for section in report.closing},
        "provenance": "Provenance",
        "not-shown": "Not shown",
    }
