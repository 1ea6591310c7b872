"""A linear model as coefficients in the unit of each variable, calibration included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, log10, nextafter

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Dictionary, Variable
from predictor.encoding import Column
from predictor.linear import Linear
from predictor.model import Model
from training.suppression import SUPPRESSED_BELOW

Floats = NDArray[np.float64]

Z = 1.959963984540054
"""Half-width of a 95 % interval in standard deviations."""

DAYS = (30, 90, 180)
"""Days at which the risk of relapse is written out."""

MARGIN_ROUNDING = 0.01
"""How far all printed coefficients together may move a margin of answers that the dictionary
accepts; a probability then moves by 0.0025 at most."""

MOST_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class Term:
    """One column of the formula.

    Parameters
    ----------
    variable, label : str
        Id of the variable, and what a clinician reads.
    level : str
        Level that the column marks with 1, or the values, such as ``at least 10``; empty for the
        value itself.
    transform : str
        ``none`` or ``log1p``, the natural log of 1 + value.
    unit : str
        UCUM code; empty for levels.
    value : float
        Coefficient: change of the calibrated margin per unit of the column.
    lo, hi : float
        Ends of its 95 % interval. For a penalised fit they hold what data and penalty say together
        and lie nearer to 0 than those of an unpenalised one.
    decimals : int
        Digits after the point that keep the margin within `MARGIN_ROUNDING`.
    centre : float or None
        Mean of the column in the cohort; stands in for a missing answer on paper. None where a
        level of the variable is had, or not had, by fewer than `SUPPRESSED_BELOW` people.
    per_sd : float or None
        Change of the margin per standard deviation of the column in the cohort; None likewise.
    of_trial : bool
        Whether the coefficient is the effect of a trial, which was not fitted.
    """

    variable: str
    label: str
    level: str
    transform: str
    unit: str
    value: float
    lo: float
    hi: float
    decimals: int
    centre: float | None
    per_sd: float | None
    of_trial: bool = False


@dataclass(frozen=True, slots=True)
class LinearFormula:
    """Margin = intercept + Σ coefficient × column, calibration included.

    Parameters
    ----------
    intercept : float
        Calibrated margin where every column is 0.
    decimals : int
        Digits after the point of the intercept.
    base : float
        Calibrated margin where every column is at its centre.
    terms : tuple of Term
        Columns in the model's order.
    calibration_intercept, calibration_slope : float
        What the calibration did; intercept and coefficients hold it already.
    cumulative_hazard : dict of int to float
        For relapse: baseline cumulative hazard H at `DAYS`; risk = 1 − exp(−H·exp(margin)). Empty
        for response: probability = 1 / (1 + exp(−margin)).
    last_supported_day : float or None
        For relapse: the hazard of later days rests on nobody.
    """

    intercept: float
    decimals: int
    base: float
    terms: tuple[Term, ...]
    calibration_intercept: float
    calibration_slope: float
    cumulative_hazard: dict[int, float]
    last_supported_day: float | None


def write_linear(
    model: Model, learner: Linear, dictionary: Dictionary, *, people: int
) -> LinearFormula:
    """Move intercept and coefficients to the scale of the answers.

    Parameters
    ----------
    model : Model
        Holds calibration, covariance and baseline hazard.
    learner : Linear
        Of that model.
    dictionary : Dictionary
        Names, units, levels and hard ranges.
    people : int
        Size of the cohort, by which rare levels are known.

    Returns
    -------
    LinearFormula
        With intervals by the Laplace covariance of the fit and the covariance of the calibration,
        taken as independent.
    """
    slope, known, columns = model.calibration.slope, model.uncertainty, model.encoding.columns
    raw = learner.coefficients
    of_slope = float(known.calibration_covariance[1, 1])
    variance = slope**2 * np.diag(known.covariance)[1:] + raw**2 * of_slope
    given, level = model.trial_coefficients, learner.intercept - float(raw @ learner.means)
    if model.trial is not None:
        variance = variance + model.trial.directions**2 @ model.trial.variances
    half = Z * np.sqrt(variance)
    spread = np.zeros(raw.size)
    if model.imputation is not None:
        spread = np.sqrt(np.maximum(np.diag(model.imputation.covariance), 0.0))
    room = MARGIN_ROUNDING / (len(columns) + 1)
    pointing = _pointing(columns, learner.means, people)
    terms = []
    for i, column in enumerate(columns):
        variable, b = dictionary[column.variable], float(slope * raw[i] + given[i])
        marked, mean = _level_marked(variable, column), float(learner.means[i])
        rare = bool(marked) and (variable.id, column.cut) in pointing
        terms.append(
            Term(
                variable=variable.id,
                label=variable.label,
                level=marked,
                transform=column.transform,
                unit="" if marked else variable.unit,
                value=b,
                lo=b - float(half[i]),
                hi=b + float(half[i]),
                decimals=_decimals(_reach(variable, column), room),
                centre=None if rare else mean,
                per_sd=None if rare else float(b * spread[i]),
                of_trial=bool(given[i]),
            )
        )
    baseline = model.baseline
    return LinearFormula(
        intercept=float(model.calibration.apply(level)) - float(given @ learner.means),
        decimals=_decimals(1.0, room),
        base=model.base,
        terms=tuple(terms),
        calibration_intercept=model.calibration.intercept,
        calibration_slope=slope,
        cumulative_hazard={}
        if baseline is None
        else {day: float(baseline.cumulative_at(day)) for day in days_of(model)},
        last_supported_day=None if baseline is None else baseline.last_supported_day,
    )


def _pointing(
    columns: Sequence[Column], means: Floats, people: int
) -> set[tuple[str, float | None]]:
    """Name the variables, with the cut, of which some level is had, or not had, by a handful.

    The level without a column counts too, and the shares of all levels are told or none: the others
    would give a hidden one away.
    """
    shares: dict[tuple[str, float | None], list[float]] = {}
    for column, mean in zip(columns, means.tolist(), strict=True):
        shares.setdefault((column.variable, column.cut), []).append(mean)
    return {
        marked
        for marked, told in shares.items()
        if min(min(share, 1 - share) for share in (*told, 1 - sum(told))) * people
        < SUPPRESSED_BELOW
    }


def days_of(model: Model) -> tuple[int, ...]:
    """Give the days at which risks are written out.

    Parameters
    ----------
    model : Model
        Any.

    Returns
    -------
    tuple of int
        Those of `DAYS` inside the grid of the hazard; none for response.
    """
    if model.baseline is None:
        return ()
    return tuple(day for day in DAYS if day <= model.baseline.horizon_days)


def level_name(variable: Variable, code: int) -> str:
    """Name a level of a variable that has levels.

    Parameters
    ----------
    variable : Variable
        Ordinal, category or yes/no.
    code : int
        Its code, from 0.

    Returns
    -------
    str
        As in the data dictionary; ``no`` and ``yes`` for yes/no.
    """
    return ("no", "yes")[code] if variable.type == "yes_no" else variable.levels[code]


def cut_words(cut: float) -> str:
    """Say which values a cut marks.

    Parameters
    ----------
    cut : float
        Lowest value marked.

    Returns
    -------
    str
        Such as ``at least 10``; ``above 8`` where the cut is the very next number to 8.

    Examples
    --------
    >>> cut_words(10.0), cut_words(nextafter(8.0, inf))
    ('at least 10', 'above 8')
    """
    near = float(f"{cut:g}")
    return f"above {near:g}" if cut == nextafter(near, inf) else f"at least {cut:.10g}"


def hard_ends(variable: Variable, transform: str) -> tuple[float, float]:
    """Give the ends of what the dictionary accepts, as the encoding sees them.

    Parameters
    ----------
    variable : Variable
        Any but a category.
    transform : str
        ``none`` or ``log1p``.

    Returns
    -------
    tuple of float
        Lowest and highest.
    """
    low, high = variable.hard_range or (0.0, float(max(len(variable.levels) - 1, 1)))
    return (float(np.log1p(low)), float(np.log1p(high))) if transform == "log1p" else (low, high)


def _level_marked(variable: Variable, column: Column) -> str:
    """Name the level that a column marks with 1."""
    if column.cut is not None:
        return cut_words(column.cut)
    if variable.type == "yes_no":
        return "yes"
    return level_name(variable, column.level) if column.level >= 0 else ""


def _reach(variable: Variable, column: Column) -> float:
    """Give the largest size that a column can have."""
    marks = column.level >= 0 or column.cut is not None
    return 1.0 if marks else max(map(abs, hard_ends(variable, column.transform)))


def _decimals(reach: float, room: float) -> int:
    """Digits after the point so that rounding a factor of up to `reach` stays inside `room`."""
    return min(max(ceil(log10(0.5 * max(reach, 1e-9) / room)), 0), MOST_DECIMALS)
