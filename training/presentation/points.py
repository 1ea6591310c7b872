"""The points of a model: in the report, and as one sheet for print."""

from __future__ import annotations

from predictor.rows.wording import unit_words
from predictor.wording import STAMPS
from training.findings import Findings
from training.formula import DRAWN, ERROR_BOUND, Formula, PointsTable, VariablePoints
from training.model_report import Cell, Table
from training.model_report.points_page import PointsLine, PointsPage

_SAFETY = (
    "STOP first: the safety rules are not in the points. Whoever has a reason against ketamine has "
    "one at every total."
)
_RESEARCH = "For research: nobody is treated, or refused treatment, by points."


def points_page(findings: Findings) -> PointsPage | None:
    """Put the points on one sheet.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    PointsPage or None
        None where there is no points table.
    """
    points = None if findings.formula is None else findings.formula.points
    if points is None:
        return None
    relapse = findings.config.task == "relapse"
    return PointsPage(
        title=f"Points for {'relapse after response to' if relapse else 'response to'} ketamine",
        lead=f"Outcome: {findings.cohort.definition.describe()}",
        stamp=f"{findings.stamp.replace('_', ' ').capitalize()}: {STAMPS[findings.stamp]}",
        warnings=(_SAFETY, _RESEARCH),
        lines=[
            PointsLine(row.label, unit_words(row.unit), _answers(row), row.missing)
            for row in points.rows
        ],
        heads=[f"Total: {_risk_words(points)}"],
        totals=[
            (_total(ends), *map(_percent, risks))
            for ends, risks in zip(points.totals, points.percents, strict=True)
        ],
        notes=_cost(points),
        simulated=findings.cohort.origin == "simulated",
    )


def points_words(formula: Formula) -> list[str]:
    """Say how to use the points and what they cost, or why there are none.

    Parameters
    ----------
    formula : Formula
        With or without points.

    Returns
    -------
    list of str
        Sentences.
    """
    points = formula.points
    if points is None:
        return [f"There is no points table: {formula.no_points}."]
    use = (
        "Points for print (points.html in the folder of the run is the same on one sheet): add the "
        f"points of all lines and read the risk at the total. {_SAFETY} {_RESEARCH}"
    )
    return [use, *_cost(points)]


def points_tables(points: PointsTable | None) -> list[Table]:
    """Table points, and risks by total.

    Parameters
    ----------
    points : PointsTable or None
        None gives no table.

    Returns
    -------
    list of Table
        Two, or none.
    """
    if points is None:
        return []
    rows: list[dict[str, object]] = [
        {
            "Variable": Cell(row.label, unit_words(row.unit)),
            "Answer: points": "; ".join(
                f"{words}: {n}".replace(" ", "\N{NO-BREAK SPACE}") for words, n in _answers(row)
            ),
            "Not known": row.missing,
        }
        for row in points.rows
    ]
    heads = [f"By day {day}" for day in points.days] if any(points.days) else ["Response"]
    risks: list[dict[str, object]] = [
        {"Total": _total(ends), **dict(zip(heads, map(_percent, percents), strict=True))}
        for ends, percents in zip(points.totals, points.percents, strict=True)
    ]
    how = "Points of each answer; a number holds from there up to the next"
    return [
        Table(how, rows, folded=f"Points, {len(rows)} variables"),
        Table("Risk in percent at each total of points", risks, folded="Risk at each total"),
    ]


def _cost(points: PointsTable) -> list[str]:
    """Say how far the table lies from the model."""
    known = points.in_cohort
    share = (
        f"in {100 * known.within:.0f} % of"
        if known.within is not None
        else "in all but fewer than 10 of"
    )
    bound = f"{100 * ERROR_BOUND:g}"
    sentences = [
        (
            f"Where every answer is known, the points lie within {bound} percentage points of the "
            f"model in at least 99 of 100 people (on average {100 * points.typical_error:.1f} "
            f"away, at most {100 * points.largest_error:.1f}), in {DRAWN:,} people drawn from the "
            "spread of the cohort’s answers; a table that does not is not printed. In the cohort "
            f"itself, with missing answers taken as “not known”, they lie within {bound} "
            f"percentage points {share} the {known.people} people, on average "
            f"{100 * known.typical:.1f} away: the software makes more of what is missing."
        ),
        "The points carry the model’s own error, which is larger; it stands in its report.",
    ]
    if points.left_out:
        sentences.append(
            f"Worth less than half a point, and left out: {', '.join(points.left_out)}."
        )
    return sentences


def _risk_words(points: PointsTable) -> str:
    """Name the risks that stand at a total."""
    if not any(points.days):
        return "chance of response in percent"
    days = " · ".join(str(day) for day in points.days)
    return f"risk of relapse in percent by day {days}"


def _answers(row: VariablePoints) -> list[tuple[str, int]]:
    """Say each answer of a variable in words, with its points."""
    if row.levels:
        named = [level.replace("_", " ") for level in row.levels]
        return list(zip(named, row.points, strict=True))
    ends = [_edge(edge) for edge in row.edges]
    words = [f"below {ends[0]}", *ends]
    return list(zip(words, row.points, strict=True))


def _edge(edge: float) -> str:
    """Write an edge with a true minus."""
    return f"{edge:.10g}".replace("-", "\N{MINUS SIGN}")


def _total(ends: tuple[int, int]) -> str:
    """Write a total, or the totals from one to another."""
    return str(ends[0]) if ends[0] == ends[1] else f"{ends[0]}–{ends[1]}"


def _percent(percent: int) -> str:
    """Write a risk in whole percent, never as none or certain."""
    return {0: "<1", 100: ">99"}.get(percent, str(percent))
