"""TRIPOD+AI and PROBAST+AI from a run: what it shows, what it did not do, what a person knows.

Each answer comes from the facts of the run and names where they stand. Overall judgements are never
favourable: a machine says that a risk cannot be low, and why, or leaves it to a person.
"""

from __future__ import annotations

from training.checklists.facts import (
    IN_PART,
    NO,
    NO_INFORMATION,
    NOT_APPLICABLE,
    NOT_DONE,
    PERSON,
    PROBABLY_NO,
    PROBABLY_YES,
    REPORTED,
    VERDICTS,
    YES,
)
from training.checklists.filling import Answer, Filled, Place, fill
from training.checklists.rows import COLUMNS, Overall, checklist_rows, overall, summary_of

__all__ = [
    "COLUMNS",
    "IN_PART",
    "NO",
    "NOT_APPLICABLE",
    "NOT_DONE",
    "NO_INFORMATION",
    "PERSON",
    "PROBABLY_NO",
    "PROBABLY_YES",
    "REPORTED",
    "VERDICTS",
    "YES",
    "Answer",
    "Filled",
    "Overall",
    "Place",
    "checklist_rows",
    "fill",
    "overall",
    "summary_of",
]
