"""What is known of a person at a landmark: scores as given, converted, or not known yet.

A landmark model reads the scores of its own scales. Where only another scale was rated, its total
is converted by a published crosswalk; who uses the number is told so, and the error of the
conversion is added to that of the margin.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from predictor.crosswalk import Crosswalk
from predictor.dictionary import Dictionary, Variable
from predictor.model import Assessment, Model

Floats = NDArray[np.float64]
Crosswalks = Mapping[tuple[str, str], Crosswalk]
Caution = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Conversion:
    """One person's total of a scale, worked out from another scale's.

    Parameters
    ----------
    variable, given : Variable
        The score that was wanted, and the one that was answered.
    total, converted : float
        The answer, and the score that was put in the place of the wanted one; not rounded.
    crosswalk : Crosswalk
        How, with the standard error and the source.
    """

    variable: Variable
    given: Variable
    total: float
    converted: float
    crosswalk: Crosswalk

    @property
    def words(self) -> str:
        """Say what was assumed, with its error."""
        return (
            f"{self.converted:.0f} ± {self.crosswalk.standard_error:.1f}, converted from "
            f"{self.given.label} ({self.total:.0f})"
        )

    def caution(self) -> Caution:
        """Say what was converted, how far off it may be, and by which source.

        Returns
        -------
        dict
            Keys ``code``, ``variable``, ``message``.
        """
        low, high = self.variable.hard_range or (-math.inf, math.inf)
        error = self.crosswalk.standard_error
        ends = [min(max(self.converted + step, low), high) for step in (-error, error)]
        message = (
            f"{self.variable.label} was not given; {self.given.label}, {self.total:.0f}, was "
            f"converted to {self.converted:.0f} ({ends[0]:.0f} to {ends[1]:.0f}, one standard "
            f"error of {error:.1f} points either way) by a published crosswalk; the interval was "
            "widened by that error"
        )
        return {"code": "converted_score", "variable": self.variable.id, "message": message}


@dataclass(frozen=True, slots=True)
class Known:
    """Answers of n rows with what was converted.

    Parameters
    ----------
    values : mapping of str to ndarray, shape (n,)
        Coded answers, converted ones among them; NaN where missing.
    conversions : tuple of tuple
        Conversions of each row.
    """

    values: Mapping[str, Floats]
    conversions: tuple[tuple[Conversion, ...], ...]

    def widened(self, model: Model, assessment: Assessment) -> Assessment:
        """Add the errors of the conversions to what a model says of the converted answers.

        The error of a margin is half the difference of the margins at one standard error either
        way; for a margin that is linear in the score this is coefficient × standard error. The
        errors of several conversions of one person may be independent or all the same; the larger
        sum is taken.

        Parameters
        ----------
        model : Model
            Any; what its learner is does not matter.
        assessment : Assessment
            What it says of `values`.

        Returns
        -------
        Assessment
            With a larger `sd`, and with what the score itself would remove of it in `narrowing`;
            the same where nothing was converted.
        """
        rows = np.flatnonzero([bool(made) for made in self.conversions])
        if not rows.size:
            return assessment
        values = {name: answers[rows] for name, answers in self.values.items()}
        errors: dict[str, Floats] = {}
        for place, row in enumerate(rows):
            for one in self.conversions[row]:
                error = errors.setdefault(one.variable.id, np.zeros(rows.size))
                error[place] = one.crosswalk.standard_error
        each = {name: _half_step(model, values, {name: errors[name]}) for name in errors}
        together = np.abs(_half_step(model, values, errors))
        sd, narrowing = assessment.sd.copy(), assessment.narrowing.copy()
        added = np.maximum(np.linalg.norm(list(each.values()), axis=0), together)
        sd[rows] = np.hypot(sd[rows], added)
        for name, step in each.items():
            narrowing[rows, model.encoding.variables.index(name)] += step**2
        return replace(assessment, sd=sd, narrowing=narrowing)


def known(
    dictionary: Dictionary,
    read: Sequence[str],
    values: Mapping[str, Floats],
    crosswalks: Crosswalks,
) -> Known:
    """Convert the scores that a landmark model reads and that were rated on another scale.

    A score is left to the model's own imputation where the other scale is itself read by the
    model: their correlation is known there.

    Parameters
    ----------
    dictionary : Dictionary
        Knows the variables of `values`.
    read : sequence of str
        Ids of the variables that the model reads.
    values : mapping of str to ndarray, shape (n,)
        Coded answers, NaN where missing.
    crosswalks : mapping of pair of str to Crosswalk
        By scale given and scale wanted.

    Returns
    -------
    Known
        `values` themselves, where nothing was converted.
    """
    n = next(iter(values.values())).size
    made: list[list[Conversion]] = [[] for _ in range(n)]
    filled = dict(values)
    for variable in (dictionary[name] for name in read):
        others = [
            (dictionary[name], crosswalk)
            for name, crosswalk in others_of(dictionary, variable, crosswalks)
            if name not in read and name in values
        ]
        if not others:
            continue
        answers = values[variable.id].copy()
        for row in np.flatnonzero(np.isnan(answers)):
            one = _conversion(variable, others, {g.id: float(values[g.id][row]) for g, _ in others})
            if one is not None:
                answers[row] = one.converted
                made[row].append(one)
        filled[variable.id] = answers
    return Known(filled, tuple(tuple(row) for row in made))


def others_of(
    dictionary: Dictionary, variable: Variable, crosswalks: Crosswalks
) -> list[tuple[str, Crosswalk]]:
    """Find what a score at a landmark can be converted from.

    Parameters
    ----------
    dictionary : Dictionary
        Which scores may be answered.
    variable : Variable
        The wanted one.
    crosswalks : mapping of pair of str to Crosswalk
        By scale given and scale wanted.

    Returns
    -------
    list of pair of str and Crosswalk
        Ids of scores at the same landmark, the smallest standard error first; empty for what is
        no score of a landmark.
    """
    scale = scale_of(dictionary, variable)
    if scale is None:
        return []
    found = [
        (f"{given}_{variable.landmark}", crosswalk)
        for (given, wanted), crosswalk in crosswalks.items()
        if wanted == scale and f"{given}_{variable.landmark}" in dictionary
    ]
    return sorted(found, key=lambda one: one[1].standard_error)


def reading(
    dictionary: Dictionary, variable: Variable, answers: Mapping[str, float], crosswalks: Crosswalks
) -> tuple[float, Variable | None]:
    """Read one person's score at a landmark, from another scale where its own was not rated.

    Parameters
    ----------
    dictionary : Dictionary
        Which scores may be answered.
    variable : Variable
        The wanted score.
    answers : mapping of str to float
        Coded answers of one person, NaN where missing.
    crosswalks : mapping of pair of str to Crosswalk
        By scale given and scale wanted.

    Returns
    -------
    score : float
        In points of the wanted scale, NaN where nothing was rated.
    given : Variable or None
        What it was converted from; None where it was rated itself, or nothing was.
    """
    score = answers.get(variable.id, math.nan)
    if not math.isnan(score):
        return score, None
    others = [
        (dictionary[name], walk) for name, walk in others_of(dictionary, variable, crosswalks)
    ]
    found = _conversion(variable, others, answers)
    return (math.nan, None) if found is None else (found.converted, found.given)


def scale_of(dictionary: Dictionary, variable: Variable) -> str | None:
    """Name the scale that a variable of a landmark is a total of.

    Parameters
    ----------
    dictionary : Dictionary
        Holds the same scale's total at baseline.
    variable : Variable
        Any.

    Returns
    -------
    str or None
        Such as ``madrs`` for ``madrs_dose2``; None for all else.
    """
    if variable.landmark is None:
        return None
    scale = variable.id.removesuffix(f"_{variable.landmark}")
    return scale if f"{scale}_total" in dictionary else None


def later_cautions(
    dictionary: Dictionary, landmark: str, values: Mapping[str, Floats], i: int
) -> Iterator[Caution]:
    """Say that answers were given which are known only after what the model reads.

    Parameters
    ----------
    dictionary : Dictionary
        Knows the landmarks in order of day.
    landmark : str
        Of the model; empty at baseline.
    values : mapping of str to ndarray, shape (n,)
        Coded answers, NaN where missing.
    i : int
        Place of the row, from 0.

    Yields
    ------
    dict
        One at most: keys ``code``, ``variable``, ``message``.
    """
    names = ["", *(one.name for one in dictionary.landmarks)]
    later = names[names.index(landmark) + 1 :]
    if not later:
        return
    given = [
        v
        for v in dictionary.variables
        if v.landmark in later and v.id in values and not math.isnan(values[v.id][i])
    ]
    if not given:
        return
    more = len(given) - 1
    others = f" (and {more} more {'answer' if more == 1 else 'answers'})" if more else ""
    message = f"{given[0].label}{others}: known later than what this model reads, not used"
    yield {"code": "known_later", "variable": given[0].id, "message": message}


def _conversion(
    variable: Variable,
    others: Sequence[tuple[Variable, Crosswalk]],
    answers: Mapping[str, float],
) -> Conversion | None:
    """Convert the first of the other scores that is answered."""
    for given, crosswalk in others:
        total = answers.get(given.id, math.nan)
        if not math.isnan(total):
            converted = float(crosswalk.convert(np.array([total]))[0])
            return Conversion(variable, given, total, converted, crosswalk)
    return None


def _half_step(model: Model, values: Mapping[str, Floats], errors: Mapping[str, Floats]) -> Floats:
    """Give half the difference of the margins at one standard error either way."""
    ends = [
        model.assess({**values, **{name: values[name] + step * errors[name] for name in errors}})
        for step in (1, -1)
    ]
    return np.asarray((ends[0].margin - ends[1].margin) / 2)
