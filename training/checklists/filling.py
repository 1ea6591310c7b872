"""One run, both lists: each item with its answer and with what bears it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from training.checklist_items import Checklist, ChecklistItem
from training.checklists.facts import IN_PART, NOT_DONE, PERSON, Facts, Said
from training.checklists.judged import QUESTIONS
from training.checklists.reported import FILLERS, Filler
from training.config import read_checklist
from training.findings import Findings

FILES = (
    "config.yaml",
    "flow.json",
    "numbers.csv",
    "out_of_fold.csv",
    "run.json",
    "table_one.csv",
)
"""What every run folder holds beside its report; ``bundle/`` is there where a model is kept."""

_TOP = {"main": "Head of this page"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer is borne out.

    Parameters
    ----------
    label : str
        Title of a section, or name of a file of the run folder.
    anchor : str
        Of the section; empty for a file.
    """

    label: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One item, filled.

    Parameters
    ----------
    item : ChecklistItem
        What is asked.
    verdict : str
        In a word or two.
    words : str
        Why, or what; sentences.
    where : tuple of Place
        What bears it out; each is there.
    """

    item: ChecklistItem
    verdict: str
    words: str
    where: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Filled:
    """Both lists of one run.

    Parameters
    ----------
    tripod, probast : Checklist
        What is asked.
    reported, judged : tuple of Answer
        The answers, in the order of the lists.
    simulated : bool
        Whether the people do not exist.
    """

    tripod: Checklist
    probast: Checklist
    reported: tuple[Answer, ...]
    judged: tuple[Answer, ...]
    simulated: bool


def fill(findings: Findings, sections: Mapping[str, str]) -> Filled:
    """Fill both lists from a run.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.
    sections : mapping of str to str
        Anchor to title of each section that is on the report.

    Returns
    -------
    Filled
        An item whose artefacts are not in this run says so.

    Raises
    ------
    KeyError
        If a list names a filler that does not exist.
    """
    facts = Facts(findings, {**_TOP, **sections})
    tripod, probast = read_checklist("tripod_ai"), read_checklist("probast_ai")
    reported = tuple(_reported(item, facts) for item in tripod.items)
    judged = tuple(_judged(item, facts) for item in probast.items)
    return Filled(tripod, probast, reported, judged, facts.is_simulated)


def _reported(item: ChecklistItem, facts: Facts) -> Answer:
    """Fill one item of TRIPOD+AI."""
    if item.person:
        return Answer(item, PERSON, _sentence(f"to write down: {item.add}"))
    said = _said(FILLERS[item.filler], facts)
    where = _places(item, facts)
    verdict, words = said.verdict, _sentence(said.words)
    if verdict == NOT_DONE:
        return Answer(item, verdict, words)
    if verdict == PERSON:
        return Answer(item, verdict, _sentence(f"to write down: {item.add}"))
    if item.where and not where:
        return Answer(item, NOT_DONE, "Nothing that would hold it is in this run.")
    if item.add:
        verdict = IN_PART
        words = f"{words} To add: {item.add}."
    return Answer(item, verdict, words, where)


def _judged(item: ChecklistItem, facts: Facts) -> Answer:
    """Answer one question of PROBAST+AI."""
    if item.person:
        return Answer(item, PERSON, _sentence(f"to look at: {item.add}"))
    said = _said(QUESTIONS[item.filler], facts)
    words = _sentence(said.words)
    if said.verdict == PERSON:
        words = f"{words} To look at: {item.add}."
    return Answer(item, said.verdict, words, _places(item, facts))


def _said(filler: Filler | Said, facts: Facts) -> Said:
    """Ask a filler; what every run would answer stands there already."""
    return filler if isinstance(filler, Said) else filler(facts)


def _places(item: ChecklistItem, facts: Facts) -> tuple[Place, ...]:
    """List those of an item's places that this run has."""
    files = (*FILES, "bundle/") if facts.findings.model is not None else FILES
    firsts = [
        next((name for name in each.split("|") if name in files or facts.has(name)), "")
        for each in item.where
    ]
    return tuple(
        Place(name) if name in files else Place(facts.sections[name], name)
        for name in firsts
        if name
    )


def _sentence(words: str) -> str:
    """Begin large and end with a full stop."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."
