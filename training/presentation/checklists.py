"""Both checklists, as the report tells them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from training.checklists import VERDICTS, Answer, Filled, fill, overall
from training.findings import Findings
from training.model_report import Cell, Section, Table

_WHAT_FOR = (
    "Two published lists by which such a report is read, filled in from what this run did. Each "
    "answer names the section, or the file of the run’s folder, that bears it out. What a table "
    "cannot show is left to a person, and is to be written into the paper."
)
_NOT_A_VERDICT = (
    "PROBAST+AI is a person’s judgement. The machine answers what it can and never says that a "
    "concern or a risk of bias is low. The evaluation judged here is the internal one."
)
_PARTS = {"D": "Development: quality", "E": "Evaluation: risk of bias"}


def section(findings: Findings, sections: Mapping[str, str]) -> Section:
    """Table what a run answers to TRIPOD+AI and PROBAST+AI.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.
    sections : mapping of str to str
        Anchor to title of the sections that are on the report.

    Returns
    -------
    Section
        To be read after everything else.
    """
    filled = fill(findings, sections)
    tables = [
        _table(
            "What is reported where",
            filled.reported,
            f"{filled.tripod.source}. Wording ours, shortened.",
            folded=f"{filled.tripod.name}, {len(filled.reported)} lines",
        ),
        _over(filled),
    ]
    for part, name in _PARTS.items():
        answers = [each for each in filled.judged if each.item.id.startswith(part)]
        folded = f"{filled.probast.name}, {name.lower()}, {len(answers)} questions"
        source = f"{filled.probast.source}. Wording ours."
        tables.append(_table("Answers from the facts of this run", answers, source, folded=folded))
    told = [
        _WHAT_FOR,
        f"{filled.tripod.name}: {_counted(filled.reported)}.",
        f"{filled.probast.name}: {_counted(filled.judged)}.",
        _NOT_A_VERDICT,
    ]
    return Section("checklists", "Reporting checklists", told, tables=tables)


def _counted(answers: Sequence[Answer]) -> str:
    """Count the answers of each kind."""
    counts = Counter(each.verdict for each in answers)
    named = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]]
    return f"of {len(answers)} lines {', '.join(named)}"


def _table(caption: str, answers: Sequence[Answer], note: str, *, folded: str) -> Table:
    """Write one row for each answer."""
    rows: list[dict[str, object]] = [
        {
            "Item": Cell(each.item.id, each.item.section),
            "Asked": each.item.asks,
            "Answer": each.verdict,
            "Why, and where": Cell(
                each.words, links=[(place.label, place.anchor) for place in each.where]
            ),
        }
        for each in answers
    ]
    return Table(caption, rows, note, folded=folded)


def _over(filled: Filled) -> Table:
    """Set what follows for development and evaluation side by side."""
    lines = overall(filled)
    verdicts = {(line.part, line.domain): line.verdict for line in lines}
    rows: list[dict[str, object]] = [
        {"Domain": domain, **{name: verdicts[part, domain] for part, name in _PARTS.items()}}
        for domain in dict.fromkeys(line.domain for line in lines)
    ]
    return Table(f"{filled.probast.name}: what follows for concern and risk of bias", rows)
