"""What is to be looked into before a result is believed, as the report tells it."""

from __future__ import annotations

from training.findings import Findings
from training.model_report import Section

_WHY = (
    "This fails no run. In so few people it is rather the trace of an answer recorded after the "
    "first dose, or of a choice made with the outcomes in view, than a finding."
)


def section(findings: Findings) -> Section | None:
    """Tell the warnings of a run.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Section or None
        None without a warning.
    """
    if not findings.warnings:
        return None
    told = [f"Warning: {warning}." for warning in findings.warnings]
    return Section("warnings", "Too good to be believed unseen", [*told, _WHY])
