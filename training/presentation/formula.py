"""The model written out: coefficients or trees, in the report."""

from __future__ import annotations

from predictor.rows.wording import unit_words
from predictor.wording import signed
from training.findings import Findings
from training.formula import LinearFormula, Term, TreesSummary
from training.model_report import Cell, Section, Table, learner_words
from training.presentation.points import points_tables, points_words

ANCHOR = "formula"


def section(findings: Findings) -> Section | None:
    """Write the model out.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Section or None
        None where there is no model.
    """
    formula, model = findings.formula, findings.model
    if formula is None or model is None:
        return None
    name = learner_words(model.family)
    said: list[str] = []
    tables: list[Table] = []
    if formula.trees is not None:
        said, tables = _trees(formula.trees, name)
    elif formula.linear is not None:
        said, tables = _linear(formula.linear, name, model.family)
    return Section(
        ANCHOR,
        "The model written out",
        [*said, *points_words(formula)],
        tables=[*tables, *points_tables(formula.points)],
    )


def _linear(formula: LinearFormula, name: str, family: str) -> tuple[list[str], list[Table]]:
    """Write the formula, and what stands in it."""
    relapse = bool(formula.cumulative_hazard)
    link = _hazard(formula) if relapse else "Probability of response = 1 / (1 + exp(−margin))."
    said = [
        (
            f"{name[0].upper()}{name[1:]}: margin ({'log-hazard' if relapse else 'log-odds'}) = "
            f"{signed(formula.intercept, digits=formula.decimals)} + the sum of coefficient × "
            f"value over the lines below. {link}"
        ),
        (
            f"The calibration (intercept {signed(formula.calibration_intercept, digits=3)}, slope "
            f"{formula.calibration_slope:.3f}) is already in these numbers. With every answer at "
            f"the cohort’s mean the margin is {signed(formula.base, digits=3)}: the base from "
            "which contributions count."
        ),
        (
            "The formula asks for every answer. On paper, put the cohort’s mean where one is "
            "missing; the software does better and takes what the other answers make likely, so "
            "that the two then differ. Outside the range of the people it was made from, the "
            "formula is a guess."
        ),
        _intervals_of(family),
    ]
    rows: list[dict[str, object]] = [
        {
            "Variable": Cell(term.label, _per(term) + _origin(term)),
            "Coefficient": _printed(term.value, term),
            "95 % interval": f"{_printed(term.lo, term)} to {_printed(term.hi, term)}".replace(
                " ", "\N{NO-BREAK SPACE}"
            ),
            "Mean": _mean(term),
            "Per SD": "–" if term.per_sd is None else signed(term.per_sd, digits=3),
        }
        for term in formula.terms
    ]
    note = (
        "Enough digits are given for the probability to come out to 0.25 percentage points; "
        "formula.csv in the folder of the run has all of them. Mean: of the value as it enters the "
        "formula, for levels the share of people (a dash: fewer than 10 have one of the levels, or "
        "have it not; for a missing answer take the level that most people have). Per "
        "SD: for a difference of one standard deviation in the cohort. No coefficient is a cause."
    )
    caption = "Coefficients in the unit of each variable"
    return said, [Table(caption, rows, note, folded=f"Coefficients, {len(rows)} lines")]


def _hazard(formula: LinearFormula) -> str:
    """Say how a margin becomes the risk of relapse by a day."""
    values = ", ".join(f"{h:.5g} by day {day}" for day, h in formula.cumulative_hazard.items())
    words = f"Risk of relapse by a day = 1 − exp(−H × exp(margin)), with H = {values}."
    last = formula.last_supported_day
    if last is not None and last < max(formula.cumulative_hazard):
        words += f" Too few people were followed beyond day {last:.0f}: H goes on as before it."
    return words


def _intervals_of(family: str) -> str:
    """Say what the intervals of the coefficients are."""
    if family == "logistic":
        return "The intervals of the coefficients are those of maximum likelihood."
    if family.startswith(("averaged", "blended")):
        return (
            "The intervals of the coefficients hold what data and priors say together, averaged "
            "over the priors, which pull towards 0 or towards published effects; they are no tests."
        )
    borrowed = " An elastic net borrows them from a ridge on the same columns."
    return (
        "The intervals of the coefficients hold what data and penalty say together (Laplace): the "
        "penalty pulls them towards 0, and they are no tests."
        + borrowed
        * (family == "elastic_net")
    )


_SHARED = (
    "The margin is a mean: {share:.0f} % of it are boosted trees, the rest is a sum of effects "
    "that may bend. "
)


def _origin(term: Term) -> str:
    """Say of a coefficient that was not fitted where it comes from."""
    if term.of_trial:
        return "; effect of a trial, not fitted"
    return "; not read" if term.lo == term.hi == 0 else ""


def _per(term: Term) -> str:
    """Say what one unit of a column is."""
    if term.level:
        return f"1 if {term.level.replace('_', ' ')}, otherwise 0"
    unit = unit_words(term.unit)
    value = f"value{f' in {unit}' if unit else ''}"
    return f"ln(1 + {value})" if term.transform == "log1p" else value


def _printed(number: float, term: Term) -> str:
    """Write a number of a line with the digits it needs."""
    return signed(number, digits=term.decimals)


def _mean(term: Term) -> str:
    """Write the mean of a column; its digits are enough to stand in for a missing answer."""
    if term.centre is None:
        return "–"
    digits = 3 if term.level or abs(term.centre) < 10 else 2
    return signed(term.centre, digits=digits).removeprefix("+")


def _trees(trees: TreesSummary, name: str) -> tuple[list[str], list[Table]]:
    """Sum trees up."""
    grown = ""
    if trees.trees is not None:
        grown = f"{trees.trees} trees of at most {trees.depth} splits one below the other, "
    unused = f" Never asked about: {', '.join(trees.unused)}." if trees.unused else ""
    said = [
        _SHARED.format(name=name, share=100 * trees.weight) * (trees.weight < 1)
        + (
            f"{name[0].upper()}{name[1:]}: {grown}{trees.leaves} leaves in all. This model cannot "
            "be written down on paper: nobody can add up that many leaves by hand. The bundle "
            "holds every leaf as plain arrays and is the model. No variable was made to act in one "
            "direction only."
        ),
    ]
    rows: list[dict[str, object]] = [
        {
            "Variable": line.label,
            "Share of questions": f"{100 * line.share:.1f} %",
            "Mean |contribution|": f"{line.mean_contribution:.3f}",
        }
        for line in trees.variables
    ]
    note = (
        "Share of questions: of all conditions on the ways to the leaves. Mean |contribution|: on "
        f"the margin, among the people the model was made from.{unused}"
    )
    return said, [Table("What the trees ask about", rows, note)]
