"""The whole page of an external validation: verdict first, then what it rests on.

It answers TRIPOD+AI items 10, 12f, 12g, 16, 20a, 20c, 23a and 24 for the evaluation of a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Literal

from predictor.wording import STAMPS
from training.model_report import Chart, Section
from training.model_report.numbers import between, number
from training.model_report.sections_page import SectionsPage
from training.validation.findings import Validation
from training.validation.parts import (
    benefit_part,
    case_mix_part,
    measures_part,
    people_part,
    precision_part,
)
from training.validation.updating_part import updating_part
from training.validation.wording import STATUSES

_MARKS: Mapping[str, Literal["good", "care", "stop"]] = {
    "externally_validated": "good",
    "measured": "care",
    "updated": "care",
    "too_few": "stop",
}
_TITLES = {
    "response": "Predicting response to ketamine: validation on new people",
    "relapse": "Predicting relapse after response: validation on new people",
}
_NOT_SHOWN = (
    "Whether the new people are strangers to the model: a bundle holds nobody’s row.",
    "Single sites, subgroups, and people without an observed outcome.",
    "Any effect of treatment: the model predicts, it compares nothing.",
)


def make_page(
    found: Validation, charts: Mapping[str, Chart], *, status: str, reason: str, parent: str
) -> SectionsPage:
    """Put a validation into the parts of its page.

    Parameters
    ----------
    found : Validation
        All numbers.
    charts : mapping of str to Chart
        Drawings.
    status, reason : str
        What it ends as, and why.
    parent : str
        SHA-256 of the manifest of the given bundle.

    Returns
    -------
    SectionsPage
        For `training.model_report.sections_page`.
    """
    known, task = found.scorer.bundle.provenance, found.scorer.bundle.model.task
    sections: list[Section | None] = [
        people_part(found),
        measures_part(found, charts),
        benefit_part(found, charts),
        case_mix_part(found),
        precision_part(found),
        updating_part(found),
    ]
    return SectionsPage(
        title=_TITLES[task],
        lead=f"External validation of a frozen prediction model. {known.outcome}",
        mark=_MARKS[status],
        verdict=STATUSES[status],
        because=reason,
        facts=_facts(found),
        sections=[section for section in sections if section is not None],
        provenance={
            "ketamine-response": version("ketamine-response"),
            "Bundle, SHA-256 of its manifest": parent,
            "Model": f"{known.chosen}, written by version {known.package_version}",
            "Notes on the data": "; ".join(found.cohort.notes) or "none",
            **{f"SHA-256 of {name}": digest for name, digest in found.cohort.file_sha256.items()},
        },
        not_shown=_NOT_SHOWN,
        simulated="simulated" in (known.data_origin, found.cohort.origin),
    )


def _facts(found: Validation) -> dict[str, str]:
    """Say at once on whom, how the model ranks them, and what it was before."""
    known, external = found.scorer.bundle.provenance, found.external
    name = "AUC" if found.people.outcome.days is None else "C-index"
    ranking = external.metrics.get("auc" if name == "AUC" else "c_index")
    level = "Observed / expected" if name == "AUC" else "Observed / expected hazard"
    oe = external.metrics.get("oe" if name == "AUC" else "hazard_oe")
    facts = {
        "New people": f"{external.people} measured, {external.events} with the event "
        f"({found.cohort.source}, {found.cohort.origin})",
        "Made from": f"{known.cohort_patients} people, {known.cohort_events} with the event "
        f"({known.data_origin})",
    }
    if ranking is not None:
        facts[name] = f"{number(ranking.value)} ({between(ranking.lo, ranking.hi)})"
    if oe is not None:
        facts[level] = f"{number(oe.value)} ({between(oe.lo, oe.hi)})"
    facts["Stamp as given"] = f"{known.stamp.replace('_', ' ')}: {STAMPS[known.stamp]}"
    return facts
