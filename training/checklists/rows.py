"""Both lists as rows, and what follows over the questions of PROBAST+AI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.checklist_items import Checklist
from training.checklists.facts import NO, PROBABLY_NO
from training.checklists.filling import Answer, Filled

COLUMNS = ("checklist", "item", "section", "asks", "answer", "because", "where")
"""Of the rows, in order."""

FOR_A_PERSON = "for a person to judge"


@dataclass(frozen=True, slots=True)
class Overall:
    """What can be said over a part of PROBAST+AI.

    Parameters
    ----------
    part : str
        ``D`` for the quality of development, ``E`` for the risk of bias of the evaluation.
    domain : str
        One of the four, or ``Overall``, or ``Applicability``.
    verdict : str
        That the concern cannot be low and why, or that a person has to judge.
    """

    part: str
    domain: str
    verdict: str


def overall(filled: Filled) -> list[Overall]:
    """Say what follows for domains and parts, without ever calling a risk low.

    Parameters
    ----------
    filled : Filled
        From `fill`.

    Returns
    -------
    list of Overall
        For each part its four domains, ``Overall`` and ``Applicability``.
    """
    lines = []
    for part in ("D", "E"):
        answers = [each for each in filled.judged if each.item.id.startswith(part)]
        domains = dict.fromkeys(each.item.section for each in answers)
        for domain in domains:
            those = [each for each in answers if each.item.section == domain]
            lines.append(Overall(part, domain, _verdict(those)))
        lines.append(Overall(part, "Overall", _verdict(answers)))
        nobody = "cannot be low: the people are simulated"
        lines.append(Overall(part, "Applicability", nobody if filled.simulated else FOR_A_PERSON))
    return lines


def checklist_rows(filled: Filled) -> list[dict[str, str]]:
    """Flatten both lists and the judgements over them.

    Parameters
    ----------
    filled : Filled
        From `fill`.

    Returns
    -------
    list of dict
        With the keys of `COLUMNS`.
    """
    rows = [
        _row(checklist, each)
        for checklist, answers in (
            (filled.tripod, filled.reported),
            (filled.probast, filled.judged),
        )
        for each in answers
    ]
    return rows + [
        {
            "checklist": filled.probast.name,
            "item": f"{line.part} {line.domain}",
            "section": line.domain,
            "asks": "judgement",
            "answer": line.verdict,
            "because": "",
            "where": "",
        }
        for line in overall(filled)
    ]


def _row(checklist: Checklist, answer: Answer) -> dict[str, str]:
    """Write one answer as texts."""
    where = [f"report.html#{each.anchor}" if each.anchor else each.label for each in answer.where]
    return {
        "checklist": checklist.name,
        "item": answer.item.id,
        "section": answer.item.section,
        "asks": answer.item.asks,
        "answer": answer.verdict,
        "because": answer.words,
        "where": "; ".join(where),
    }


def summary_of(filled: Filled) -> dict[str, Any]:
    """Give both lists as plain values, for JSON.

    Parameters
    ----------
    filled : Filled
        From `fill`.

    Returns
    -------
    dict
        Name of each list to its source and items; PROBAST+AI also to the judgements over it.
    """
    rows = checklist_rows(filled)
    return {
        checklist.name: {
            "source": checklist.source,
            "items": [
                {key: cell for key, cell in row.items() if key != "checklist"}
                for row in rows
                if row["checklist"] == checklist.name
            ],
        }
        for checklist in (filled.tripod, filled.probast)
    }


def _verdict(answers: Sequence[Answer]) -> str:
    """Name the questions that speak against a low concern, or leave it to a person."""
    against = [each.item.id for each in answers if each.verdict in (NO, PROBABLY_NO)]
    return f"cannot be low, because of {', '.join(against)}" if against else FOR_A_PERSON
