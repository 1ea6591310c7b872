"""The fitted model written out, so that others can compute a risk without this software.

A linear model becomes its coefficients on the scale of the answers and, where rounding costs
little, a table of whole points for print; trees become a summary. Nothing is fitted here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Dictionary
from predictor.linear import Linear
from predictor.model import Model
from training.formula.bands import VariablePoints
from training.formula.linear import LinearFormula, Term, cut_words, write_linear
from training.formula.points import DRAWN, ERROR_BOUND, InCohort, PointsTable, make_points
from training.formula.trees import TreesSummary, VariableInTrees, summarise_trees

__all__ = [
    "DRAWN",
    "ERROR_BOUND",
    "FORMULA_COLUMNS",
    "Formula",
    "InCohort",
    "LinearFormula",
    "PointsTable",
    "Term",
    "TreesSummary",
    "VariableInTrees",
    "VariablePoints",
    "cut_words",
    "formula_rows",
    "write_formula",
]


@dataclass(frozen=True, slots=True)
class Formula:
    """A model written out.

    Parameters
    ----------
    linear : LinearFormula or None
        Coefficients; None for trees.
    trees : TreesSummary or None
        Summary; None for a linear model.
    points : PointsTable or None
        Points for print; None where `no_points` says why.
    no_points : str
        Why there is no points table; empty where there is one.
    """

    linear: LinearFormula | None
    trees: TreesSummary | None
    points: PointsTable | None
    no_points: str

    def to_dict(self) -> dict[str, Any]:
        """Give the numbers as plain values.

        Returns
        -------
        dict
            ``linear``, ``trees``, ``points`` (each null where it does not apply) and ``no_points``;
            terms are named by variable, or ``variable = level``.
        """
        linear, trees = self.linear, self.trees
        return {
            "linear": None
            if linear is None
            else asdict(linear) | {"terms": {_column(t): asdict(t) for t in linear.terms}},
            "trees": None
            if trees is None
            else asdict(trees) | {"variables": {v.variable: asdict(v) for v in trees.variables}},
            "points": None if self.points is None else self.points.to_dict(),
            "no_points": self.no_points,
        }


def _column(term: Term) -> str:
    """Name a column of the formula."""
    return f"{term.variable} = {term.level}" if term.level else term.variable


def write_formula(
    model: Model,
    values: Mapping[str, NDArray[np.float64]],
    dictionary: Dictionary,
    *,
    rng: np.random.Generator,
) -> Formula:
    """Write a model out.

    Parameters
    ----------
    model : Model
        Fitted and calibrated.
    values : mapping of str to ndarray, shape (n,)
        Coded answers of the people analysed, NaN where missing.
    dictionary : Dictionary
        Names, units and levels of the variables.
    rng : numpy.random.Generator
        Draws the people in whom points are compared with the model.

    Returns
    -------
    Formula
        With points where rounding costs little.
    """
    if not isinstance(model.learner, Linear):
        why = "boosted trees are no sum of one number for each answer"
        return Formula(None, summarise_trees(model, model.learner, values, dictionary), None, why)
    points, why = make_points(model, model.learner, values, dictionary, rng=rng)
    people = len(next(iter(values.values()), ()))
    linear = write_linear(model, model.learner, dictionary, people=people)
    return Formula(linear, None, points, why)


def formula_rows(formula: Formula) -> list[dict[str, Any]]:
    """Give a model as the rows of ``formula.csv``, unrounded.

    Parameters
    ----------
    formula : Formula
        A model written out.

    Returns
    -------
    list of dict
        Keys ``part``, ``variable``, ``level``, ``transform``, ``unit``, ``day``, ``value``, ``lo``,
        ``hi``, ``centre``. Parts of a linear model: ``intercept``, ``coefficient`` and, for
        relapse, ``cumulative_hazard``; of trees: ``trees``, ``depth``, ``leaves``, ``share`` and
        ``mean_contribution``.
    """
    if formula.linear is not None:
        linear = formula.linear
        rows: list[dict[str, Any]] = [{"part": "intercept", "value": linear.intercept}]
        for term in linear.terms:
            named = {key: getattr(term, key) for key in ("variable", "level", "transform", "unit")}
            ends = {"lo": term.lo, "hi": term.hi, "centre": term.centre}
            rows.append({"part": "coefficient", **named, "value": term.value, **ends})
        hazard = linear.cumulative_hazard.items()
        rows += [{"part": "cumulative_hazard", "day": day, "value": h} for day, h in hazard]
    elif formula.trees is not None:
        known = {name: getattr(formula.trees, name) for name in ("trees", "depth", "leaves")}
        rows = [{"part": k, "value": v} for k, v in known.items() if v is not None]
        for line in formula.trees.variables:
            rows += [
                {"part": part, "variable": line.variable, "value": getattr(line, part)}
                for part in ("share", "mean_contribution")
            ]
    return [dict.fromkeys(FORMULA_COLUMNS, "") | row for row in rows]


FORMULA_COLUMNS = (
    "part",
    "variable",
    "level",
    "transform",
    "unit",
    "day",
    "value",
    "lo",
    "hi",
    "centre",
)
"""Of ``formula.csv``, in order."""
