"""What stood in the place of answers that were not given, and which question would help most."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Variable
from predictor.known import Conversion
from predictor.model import Assessment
from predictor.rows import format_value

Floats = NDArray[np.float64]

_OWN_PATH = "nothing: the trees have a path of their own for a missing answer"


def imputed_of(
    variables: Sequence[Variable],
    assessment: Assessment,
    i: int,
    *,
    first_column: NDArray[np.intp],
    split: Floats,
) -> Iterator[dict[str, Any]]:
    """Say what was assumed for each unanswered variable.

    Parameters
    ----------
    variables : sequence of Variable
        What the model reads, in its order.
    assessment : Assessment
        What the model says of the rows.
    i : int
        Place of the row among them, from 0.
    first_column : ndarray of int, shape (n_variables,)
        First encoded column of each variable.
    split : ndarray, shape (n_variables,)
        Contributions on the scale of the number.

    Yields
    ------
    dict
        Keys ``variable``, ``label``, ``assumed``, ``moves``.
    """
    for j in np.flatnonzero(~assessment.answered[i]):
        variable = variables[j]
        coded = float(assessment.assumed[i, first_column[j]])
        words = _OWN_PATH if math.isnan(coded) else _assumed_words(variable, coded)
        yield _entry(variable, words, float(split[j]))


def converted_of(
    variables: Sequence[Variable], conversions: Sequence[Conversion], split: Floats
) -> Iterator[dict[str, Any]]:
    """Say what was put in the place of each score that was rated on another scale.

    Parameters
    ----------
    variables : sequence of Variable
        What the model reads, in its order.
    conversions : sequence of Conversion
        Of one row.
    split : ndarray, shape (n_variables,)
        Contributions on the scale of the number.

    Yields
    ------
    dict
        Keys ``variable``, ``label``, ``assumed``, ``moves``.
    """
    places = {variable.id: j for j, variable in enumerate(variables)}
    for one in conversions:
        yield _entry(one.variable, one.words, float(split[places[one.variable.id]]))


def next_question_of(
    variables: Sequence[Variable], assessment: Assessment, i: int
) -> dict[str, str] | None:
    """Name the unanswered variable that would narrow the interval most.

    Parameters
    ----------
    variables : sequence of Variable
        What the model reads, in its order.
    assessment : Assessment
        What the model says of the rows.
    i : int
        Place of the row among them, from 0.

    Returns
    -------
    dict or None
        Keys ``variable`` and ``label``; None where no answer would.
    """
    gain = assessment.narrowing[i]
    if not gain.size or gain.max() <= 0:
        return None
    variable = variables[int(np.argmax(gain))]
    return {"variable": variable.id, "label": variable.label}


def _entry(variable: Variable, assumed: str, moves: float) -> dict[str, Any]:
    """Give one line of what was assumed."""
    return {
        "variable": variable.id,
        "label": variable.label,
        "assumed": assumed,
        "moves": moves,
    }


def _assumed_words(variable: Variable, coded: float) -> str:
    """Say what a linear learner put in the place of a missing answer."""
    if variable.type == "category":
        return "the mixture of levels expected from the other answers"
    if variable.type == "yes_no":
        return f"yes with probability {min(max(coded, 0.0), 1.0):.2f}"
    return format_value(variable, math.expm1(coded) if variable.transform == "log1p" else coded)
