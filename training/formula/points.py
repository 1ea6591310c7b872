"""A linear model as whole points for print, with what rounding costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Dictionary
from predictor.linear import Linear
from predictor.model import Model
from training.formula.bands import Part, VariablePoints, parts_of, points_of, read_off
from training.formula.drawn import draw_people
from training.formula.linear import days_of
from training.suppression import SUPPRESSED_BELOW

Floats = NDArray[np.float64]

ERROR_BOUND = 0.05
"""A points table is refused that moves the risk of more than one drawn person in a hundred by more
than this: a convention, about what "5 in 100" means to a reader. The largest is told as well."""

_SHARE_INSIDE = 0.99

MOST_POINTS = (5, 10, 20, 30)
"""Points of the variable that can move the margin most, coarsest table first."""

DRAWN = 4000
"""People drawn to measure the error; every table is measured in the same ones."""


@dataclass(frozen=True, slots=True)
class InCohort:
    """How far the table lies from the model in the people analysed, used as printed.

    Parameters
    ----------
    people : int
        How many they are.
    typical : float
        Mean absolute difference in probability, over all days.
    within : float or None
        Share of people within `ERROR_BOUND` on every day; None where fewer than
        `SUPPRESSED_BELOW` people are outside, so that the share does not point at them.
    """

    people: int
    typical: float
    within: float | None


@dataclass(frozen=True, slots=True)
class PointsTable:
    """Points for print.

    Parameters
    ----------
    most : int
        Points of the strongest variable: one of `MOST_POINTS`.
    rows : tuple of VariablePoints
        Most points first.
    left_out : tuple of str
        Labels of variables that are worth less than half a point.
    margin_per_point, margin_at_zero : float
        Margin ≈ ``margin_at_zero`` + points × ``margin_per_point``.
    days : tuple of int
        Days of the risks; one 0 for response.
    totals : tuple of tuple of int
        First and last total of each line of the table of risks; every total that can occur is in
        one line.
    percents : tuple of tuple of int
        For each line the risk by each of `days`, in whole percent.
    largest_error, typical_error : float
        Largest and mean absolute difference in probability from the model, in `DRAWN` people with
        every answer, drawn from the distribution of the cohort's answers; over all days.
    inside : float
        Share of these people within `ERROR_BOUND` on every day.
    in_cohort : InCohort
        The same in the people analysed, missing answers taken as the table says.
    """

    most: int
    rows: tuple[VariablePoints, ...]
    left_out: tuple[str, ...]
    margin_per_point: float
    margin_at_zero: float
    days: tuple[int, ...]
    totals: tuple[tuple[int, int], ...]
    percents: tuple[tuple[int, ...], ...]
    largest_error: float
    typical_error: float
    inside: float
    in_cohort: InCohort

    def to_dict(self) -> dict[str, Any]:
        """Give what the table costs as plain values; the table itself is for print.

        Returns
        -------
        dict
            ``most``, ``margin_per_point``, ``margin_at_zero``, the errors and ``in_cohort``.
        """
        size = ("most", "margin_per_point", "margin_at_zero")
        kept = (*size, "largest_error", "typical_error", "inside")
        return {name: getattr(self, name) for name in kept} | {"in_cohort": asdict(self.in_cohort)}


def make_points(
    model: Model,
    learner: Linear,
    values: Mapping[str, Floats],
    dictionary: Dictionary,
    *,
    rng: np.random.Generator,
) -> tuple[PointsTable | None, str]:
    """Round a linear model to whole points, if that costs little.

    Each answer gets the nearest whole number of steps of the margin above the least favourable
    one. The coarsest of `MOST_POINTS` is kept whose risks, as printed, stay within `ERROR_BOUND` of
    the model's own in 99 of 100 people drawn.

    Parameters
    ----------
    model : Model
        Holds encoding, calibration, support and baseline hazard.
    learner : Linear
        Of that model.
    values : mapping of str to ndarray, shape (n,)
        Coded answers of the people analysed, NaN where missing; nothing of the table rests on
        them but what is said of its error.
    dictionary : Dictionary
        Names, units, levels and hard ranges.
    rng : numpy.random.Generator
        Draws the people in whom tables are compared.

    Returns
    -------
    table : PointsTable or None
        None where it is refused.
    reason : str
        Why it is refused; empty otherwise.

    References
    ----------
    Sullivan LM, Massaro JM, D'Agostino RB. Stat Med 2004;23:1631-1660.
    """
    parts = parts_of(model, learner, dictionary)
    widest = max((part.range for part in parts), default=0.0)
    if widest <= 0:
        return None, "no variable moves the number"
    if model.imputation is None:
        return None, "the model does not hold how the answers of its cohort are spread"
    drawn = draw_people(model, model.imputation, parts, people=DRAWN, rng=rng)
    for most in MOST_POINTS:
        table = _table(model, parts, drawn, values, step=widest / most, most=most)
        if table.inside >= _SHARE_INSIDE:
            return table, ""
    return None, (
        f"even with {MOST_POINTS[-1]} points for the strongest variable, only "
        f"{100 * table.inside:.0f} in 100 people get a risk within {100 * ERROR_BOUND:g} "
        f"percentage points of the model’s (on average {100 * table.typical_error:.1f} away, at "
        f"most {100 * table.largest_error:.1f}); {100 * _SHARE_INSIDE:.0f} in 100 are asked"
    )


def _table(
    model: Model,
    parts: Sequence[Part],
    drawn: Mapping[str, Floats],
    values: Mapping[str, Floats],
    *,
    step: float,
    most: int,
) -> PointsTable:
    """Round to steps of the margin, and measure what that costs."""
    pairs = [(points_of(part, step), part) for part in parts]
    kept = [(row, part) for row, part in pairs if max(row.points) > 0]
    totals, margin = read_off(kept, drawn), model.assess(drawn).margin
    at_zero = float(np.mean(margin - step * totals))
    possible = np.arange(
        sum(min(*row.points, row.missing) for row, _ in kept),
        sum(max(*row.points, row.missing) for row, _ in kept) + 1,
    )
    days = days_of(model) or (0,)
    listed = np.asarray(at_zero + step * possible, dtype=np.float64)
    percents = np.rint(100 * _risks(model, listed, days)).astype(int)
    error = np.abs(percents[totals - possible[0]] / 100 - _risks(model, margin, days))
    own = _risks(model, model.assess(values).margin, days)
    in_cohort = np.abs(percents[read_off(kept, values) - possible[0]] / 100 - own)
    lines = [
        (tuple(int(x) for x in key), [int(total) for total, _ in group])
        for key, group in groupby(
            zip(possible, percents.tolist(), strict=True), key=lambda pair: pair[1]
        )
    ]
    return PointsTable(
        most=most,
        rows=tuple(sorted((r for r, _ in kept), key=lambda row: (-max(row.points), row.label))),
        left_out=tuple(row.label for row, _ in pairs if max(row.points) == 0),
        margin_per_point=step,
        margin_at_zero=at_zero,
        days=days,
        totals=tuple((group[0], group[-1]) for _, group in lines),
        percents=tuple(key for key, _ in lines),
        largest_error=float(error.max()),
        typical_error=float(error.mean()),
        inside=float((error.max(axis=1) <= ERROR_BOUND).mean()),
        in_cohort=_in_cohort(in_cohort),
    )


def _in_cohort(error: Floats) -> InCohort:
    """Describe the error in the people analysed without pointing at a few of them."""
    outside = int((error.max(axis=1) > ERROR_BOUND).sum())
    within = None if 0 < outside < SUPPRESSED_BELOW else 1 - outside / len(error)
    return InCohort(len(error), float(error.mean()), within)


def _risks(model: Model, margin: Floats, days: Sequence[int]) -> Floats:
    """Turn margins into the risk by each day, one column each; one column for response."""
    return np.column_stack([model.probability(margin, day or None) for day in days])
