"""The same people by other definitions of the outcome, as report and command line tell it."""

from __future__ import annotations

from predictor.wording import signed
from training.evaluation import ByDefinition, Definitions
from training.findings import Findings
from training.model_report import Cell, Section, Table, learner_words
from training.model_report.numbers import estimate, number

_WHAT = (
    "The definition of the outcome is a choice. Here the same people are judged by other "
    "definitions of configs/outcomes.yaml, each with the {learner}, one repeat of cross-validation "
    "and one fit to everybody analysed. A conclusion that stands by one definition alone is a "
    "statement on that rule. Guards, sites and resamples are not repeated, and nothing is chosen "
    "by this table."
)
_ALIKE = "Alike: rank correlation of its margins with those of this run, in everybody eligible."


def section(findings: Findings) -> Section | None:
    """Set the definitions side by side, with what survives.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Section or None
        None where no other definitions were asked for.
    """
    grid = findings.definitions
    if grid is None:
        return None
    rows: list[dict[str, object]] = [_row(grid, one) for one in grid.found]
    tables = [Table("One line for each definition, this run's own first", rows, _note(grid))]
    if grid.not_applied:
        left: list[dict[str, object]] = [
            {"Definition": name, "Why it cannot be applied": why}
            for name, why in grid.not_applied.items()
        ]
        tables.append(Table("Definitions that these data cannot support", left))
    return Section(
        "definitions",
        "By other definitions",
        [_WHAT.format(learner=learner_words(grid.learner)), *conclusion_words(grid)],
        tables=tables,
    )


def conclusion_words(grid: Definitions) -> list[str]:
    """Say what survives and what changes.

    Parameters
    ----------
    grid : Definitions
        Of a run.

    Returns
    -------
    list of str
        One sentence for each conclusion.
    """
    if len(grid.found) < 2:
        return ["No other definition could be applied, so nothing can be compared."]
    if not grid.conclusions:
        words = "this run's own definition and another need enough events for a model"
        return [f"Nothing is concluded: {words}."]
    return [
        f"{'Survives' if one.survives else 'Changes'}: {one.words}." for one in grid.conclusions
    ]


def grid_lines(grid: Definitions) -> list[tuple[str, ...]]:
    """Give the grid as a table of texts for a screen.

    Parameters
    ----------
    grid : Definitions
        Of a run.

    Returns
    -------
    list of tuple of str
        Headings, then one line for each definition.
    """
    label = _measure(grid)
    heads = ("", "people", "events", "would be", f"{label} (95 %)", _observed_head(grid), "alike")
    return [heads, *(_line(one) for one in grid.found)]


def _line(one: ByDefinition) -> tuple[str, ...]:
    """Give one line for a screen."""
    found = one.discrimination
    value = "—" if found is None else f"{found.value:.3f} ({found.lo:.3f} to {found.hi:.3f})"
    alike = "—" if one.agreement is None else signed(one.agreement, digits=2)
    counts = (str(one.people), str(one.events))
    return (one.name, *counts, one.status, value, _observed(one) or "—", alike)


def _row(grid: Definitions, one: ByDefinition) -> dict[str, object]:
    """Give one line of the report's table."""
    better = {True: "better", False: "no better", None: "–"}[one.better_than_average]
    strongest = ", ".join(f"{each.label} ({each.direction})" for each in one.strongest)
    return {
        "Definition": Cell(one.label, one.name),
        "People": one.people,
        "Events": one.events,
        "Would end as": one.status,
        f"{_measure(grid)} (95 %)": "–"
        if one.discrimination is None
        else estimate(one.discrimination, 2),
        "Than the average": better,
        _observed_head(grid).capitalize(): _observed(one) or "–",
        "Alike": "–" if one.agreement is None else number(one.agreement, 2),
        "Strongest": strongest or "no signal",
    }


def _measure(grid: Definitions) -> str:
    """Name the measure of discrimination."""
    return "AUC" if grid.task == "response" else "C"


def _observed_head(grid: Definitions) -> str:
    """Head the column of what was observed."""
    return "with the outcome" if grid.task == "response" else "relapsed by day"


def _observed(one: ByDefinition) -> str:
    """Write the observed shares, by day."""
    return ", ".join(f"{day}: {share:.2f}" for day, share in one.observed.items())


def _note(grid: Definitions) -> str:
    """Say what the columns mean, and why a value is not there."""
    observed = (
        "Share with the outcome at the nominal day."
        if grid.task == "response"
        else "Relapsed by day: 1 − Kaplan–Meier, from the time zero of each definition."
    )
    why = [f"{one.name}: {one.undefined}." for one in grid.found if one.undefined]
    return " ".join([observed, _ALIKE, *why])
