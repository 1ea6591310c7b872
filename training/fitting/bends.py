"""Where a curve may bend: a few cuts of each number, from which on its effect may be another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Variable

Floats = NDArray[np.float64]
Cuts = Mapping[str, tuple[float, ...]]

SHARES = (0.25, 0.5, 0.75)
"""A curve may step at the quartiles: more steps gained nothing in cohorts of 100 to 800."""


def bends_of(values: Mapping[str, Floats], variables: Sequence[Variable], cuts: Cuts) -> Cuts:
    """Choose the cuts of each number's curve from training rows.

    Parameters
    ----------
    values : mapping of str to ndarray, shape (n,)
        Coded answers, NaN where missing.
    variables : sequence of Variable
        Candidate predictors; those that are no numbers have no curve.
    cuts : mapping of str to tuple of float
        Cuts that have a column already, which are not given again.

    Returns
    -------
    mapping of str to tuple of float
        Quartiles of the answers, rounded up to a grid so that they are nobody's value, of numbers
        with three different answers or more.
    """
    found = {}
    for variable in variables:
        answered = values[variable.id][~np.isnan(values[variable.id])]
        if variable.type in ("category", "yes_no") or np.unique(answered).size <= 2:
            continue
        step = grid_step(answered)
        at = np.ceil(np.quantile(answered, SHARES) / step - 1e-9) * step
        inside = (at > answered.min()) & (at <= answered.max())
        found[variable.id] = tuple(
            float(cut) for cut in np.unique(at[inside]) if cut not in cuts.get(variable.id, ())
        )
    return found


def grid_step(answered: Floats) -> float:
    """Choose the grid of a number: ones for whole numbers, else a tenth of its spread.

    Parameters
    ----------
    answered : ndarray, shape (n,)
        Answers, which differ.

    Returns
    -------
    float
        1, 2 or 5 times a power of ten; at least 1 for whole numbers.
    """
    step = float(round_steps(np.array([answered.std() / 10]))[0])
    return max(step, 1.0) if np.all(np.round(answered) == answered) else step


def round_steps(wish: Floats) -> Floats:
    """Round positive widths up to 1, 2 or 5 times a power of ten.

    Parameters
    ----------
    wish : ndarray
        Widths above 0.

    Returns
    -------
    ndarray
        The round widths.
    """
    power = 10.0 ** np.floor(np.log10(wish))
    steps = np.array([1.0, 2.0, 5.0, 10.0])
    return np.asarray(power * steps[np.searchsorted(steps, wish / power * (1 - 1e-9))])
