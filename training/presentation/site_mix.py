"""Who the people of each site are, as the report tells it."""

from __future__ import annotations

from predictor.wording import signed
from training.evaluation import SiteMix
from training.findings import Findings
from training.model_report import Cell, Table
from training.model_report.numbers import estimate, number

NAMED = 3
"""Variables named for each site, at most."""

_WHY = (
    "A model may do worse at a site because it is wrong there, or because other people come there: "
    "people more alike are harder to rank, and people of another risk shift the level."
)
_TOLD = "Told apart (AUC)"
_NOTE = (
    "Each site against people of all other sites, before any outcome. Told apart: AUC of a model "
    "of being at the site, from the baseline of people whom it never saw; 0.5 where nothing tells "
    "them apart. Margin: what the chosen learner says of people it never saw. Differ most: "
    "standardised mean differences, with a sign the site less the others in pooled SD, without one "
    "the distance of Yang and Dalton (2012) for levels. Named are at most three that are larger "
    "than any would be by chance at one site in 20."
)
_EXPECTED = (
    " AUC if right: what people of these margins would show were the model right; well below that "
    "of other sites, they are more alike."
)


def mix_words(findings: Findings) -> list[str]:
    """Say at how many sites the people are others than elsewhere.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    list of str
        Paragraphs; empty where no site was left out.
    """
    mixes = findings.site_mix
    if not mixes:
        return []
    apart = sum(mix.membership is not None and mix.membership.lo > 0.5 for mix in mixes)
    told = (
        "At no site can the people be told from those of the others by their baseline beyond chance"
        if not apart
        else f"At {apart} of {len(mixes)} sites the people can be told from those of the others by "
        "their baseline"
    )
    return [f"{_WHY} {told} (95 % interval of the AUC {'not ' * (not apart)}above 0.5)."]


def mix_table(findings: Findings) -> Table | None:
    """Table how the people of each site differ from those of the others.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Table or None
        None where no site was left out.
    """
    if not findings.site_mix:
        return None
    dictionary = findings.cohort.dictionary
    labels = {v.id: v.label for v in findings.analysis.variables if v.id in dictionary}
    unsigned = {v.id for v in findings.analysis.variables if v.type in ("category", "yes_no")}
    response = findings.config.task == "response"
    rows = [_row(mix, labels, unsigned, response=response) for mix in findings.site_mix]
    note = f"{_NOTE}{_EXPECTED if response else ''}{_undefined(findings.site_mix, labels)}"
    return Table("Who the people of each site are", rows, note)


def _row(
    mix: SiteMix, labels: dict[str, str], unsigned: set[str], *, response: bool
) -> dict[str, object]:
    """Put one site into a row."""
    row: dict[str, object] = {
        "Site": mix.site,
        _TOLD: estimate(mix.membership),
        "Margin, mean": Cell(
            number(mix.margin_mean), f"elsewhere {number(mix.margin_mean_elsewhere)}"
        ),
        "Margin, SD": Cell(number(mix.margin_sd), f"elsewhere {number(mix.margin_sd_elsewhere)}"),
    }
    if response:
        row["AUC if right"] = "–" if mix.expected_auc is None else number(mix.expected_auc)
    return {**row, "Differ most": _largest(mix, labels, unsigned)}


def _largest(mix: SiteMix, labels: dict[str, str], unsigned: set[str]) -> str:
    """Name the largest differences beyond chance."""
    named = []
    for variable, each in mix.differences.items():
        if abs(each.smd) <= each.by_chance:
            continue
        size = number(each.smd) if variable in unsigned else signed(each.smd, digits=2)
        named.append(f"{labels.get(variable, variable)}: {size}")
    more = len(named) - NAMED
    if not named:
        return "none beyond chance"
    return "; ".join(named[:NAMED]) + (f"; and {more} more" if more > 0 else "")


def _undefined(mixes: tuple[SiteMix, ...], labels: dict[str, str]) -> str:
    """Say what has no value; variables by number alone, as there may be many."""
    sentences = []
    for mix in mixes:
        if "membership" in mix.undefined:
            sentences.append(f"{mix.site}, told apart: {mix.undefined['membership']}.")
        if "expected_auc" in mix.undefined:
            sentences.append(f"{mix.site}, AUC if right: {mix.undefined['expected_auc']}.")
        uncompared = sum(variable in labels for variable in mix.undefined)
        if uncompared:
            sentences.append(
                f"{mix.site}: {uncompared} variable{'s' * (uncompared > 1)} cannot be compared."
            )
    return "".join(f" {sentence}" for sentence in sentences)
