"""Published effects as numbers on the columns of one training set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.encoding import Column, Encoding

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PublishedEffect:
    """What earlier studies say of one column.

    Parameters
    ----------
    term : str
        Name of the term in the evidence.
    variable : str
        Variable of the dictionary; for a matrix without one, name of its column.
    mean : float
        Log-odds of response (above 0: likelier) or log-hazard of relapse (above 0: sooner) per
        `per` units, or for the level or cut named.
    sd : float
        Its standard deviation, above 0.
    grade : str
        Grade of the evidence as printed.
    group : str
        Effects of one group share one strength, learned from the cohort: the weaker letter of
        `grade`.
    source : str
        Who found it.
    per : float or None
        Units of the value; None for one standard deviation of the answers.
    level : int
        Code of the level of a category; −1 for the value itself.
    cut : float or None
        The effect belongs to values of at least this; None for the value itself.
    cap : float or None
        Values above count as this value; None for no cap.
    note : str
        Where the column is not quite what was studied.
    """

    term: str
    variable: str
    mean: float
    sd: float
    grade: str
    group: str
    source: str = ""
    per: float | None = 1.0
    level: int = -1
    cut: float | None = None
    cap: float | None = None
    note: str = ""


Effects = tuple[PublishedEffect, ...]


def cuts_of(effects: Effects) -> dict[str, tuple[float, ...]]:
    """List the cuts that effects need as columns.

    Parameters
    ----------
    effects : tuple of PublishedEffect
        Of one run.

    Returns
    -------
    dict of str to tuple of float
        Rising, by variable.
    """
    found: dict[str, set[float]] = {}
    for effect in effects:
        if effect.cut is not None:
            found.setdefault(effect.variable, set()).add(effect.cut)
    return {variable: tuple(sorted(cuts)) for variable, cuts in found.items()}


def groups_of(effects: Effects) -> tuple[str, ...]:
    """Name the groups that have a strength.

    Parameters
    ----------
    effects : tuple of PublishedEffect
        Of one run.

    Returns
    -------
    tuple of str
        Sorted. An effect of mean 0 says which way nothing goes: it has no strength.
    """
    return tuple(sorted({effect.group for effect in effects if effect.mean}))


def published_per_sd(
    effects: Effects, encoding: Encoding, X: Floats, scale: Floats
) -> Floats | None:
    """Bring effects to the standardised columns of one training set.

    Parameters
    ----------
    effects : tuple of PublishedEffect
        Of one run.
    encoding : Encoding
        Learned on the training rows.
    X : ndarray, shape (n, p)
        Those rows encoded, NaN where missing.
    scale : ndarray, shape (p,)
        By which the learner divides each column.

    Returns
    -------
    ndarray, shape (p, g) or None
        Change of the margin per standard deviation of each column, one column for each of
        `groups_of`; 0 where nothing is published, and where these rows have no such column. None
        where nothing is published at all.
    """
    groups = groups_of(effects)
    if not groups:
        return None
    found = np.zeros((len(encoding.columns), len(groups)))
    for effect in effects:
        if effect.mean:
            slopes = slopes_of(effect, encoding, X)
            found[:, groups.index(effect.group)] += slopes * scale
    return found


def slopes_of(effect: PublishedEffect, encoding: Encoding, X: Floats) -> Floats:
    """Give an effect per unit of each encoded column.

    A capped effect is taken as the straight line nearest to it in these rows. The effect of a level
    that is the reference stands, reversed, on all other levels.

    Parameters
    ----------
    effect : PublishedEffect
        One effect.
    encoding : Encoding
        Learned on the training rows.
    X : ndarray, shape (n, p)
        Those rows encoded, NaN where missing.

    Returns
    -------
    ndarray, shape (p,)
        0 on every column but its own.
    """
    slopes = np.zeros(len(encoding.columns))
    at = column_of(effect, encoding.columns)
    if effect.level >= 0:
        own = [i for i, c in enumerate(encoding.columns) if c.variable == effect.variable]
        was_seen = effect.level in dict(encoding.seen).get(effect.variable, ())
        if at is not None:
            slopes[at] = effect.mean
        elif was_seen:
            slopes[own] = -effect.mean
    elif at is not None:
        slopes[at] = effect.mean * _share_of_unit(effect, X[:, at])
    return slopes


def column_of(effect: PublishedEffect, columns: Sequence[Column]) -> int | None:
    """Find the column that an effect belongs to.

    Parameters
    ----------
    effect : PublishedEffect
        One effect.
    columns : sequence of Column
        Of an encoding.

    Returns
    -------
    int or None
        Its place; None where there is none, such as that of a level nobody has.
    """
    wanted = (effect.variable, effect.level, effect.cut)
    found = (i for i, c in enumerate(columns) if (c.variable, c.level, c.cut) == wanted)
    return next(found, None)


def unit_of(effect: PublishedEffect, column: Floats) -> float:
    """Give how many units of its column an effect is for.

    Parameters
    ----------
    effect : PublishedEffect
        One effect.
    column : ndarray, shape (n,)
        Its column in the training rows, NaN where missing.

    Returns
    -------
    float
        `per`, or the standard deviation of those who answered; 1 for a cut.
    """
    if effect.cut is not None:
        return 1.0
    return float(np.nanstd(column)) if effect.per is None else effect.per


def _share_of_unit(effect: PublishedEffect, column: Floats) -> float:
    """Give how much of an effect one unit of its column carries."""
    unit = unit_of(effect, column)
    if effect.cap is None:
        return 1 / unit
    answered = column[~np.isnan(column)]
    capped = np.minimum(answered, effect.cap)
    along = np.mean((capped - capped.mean()) * (answered - answered.mean()))
    return float(along / answered.var() / unit)
