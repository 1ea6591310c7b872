"""Where a curve may bend: a few cuts of each number, from which on its effect may be another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Variable

Floats = NDArray[np.float64]
Cuts = Mapping[str, tuple[float, ...]]

SHARES = (0.25, 0.5, 0.75)
"""A curve may step at the quartiles: few steps, so that each has people enough on both sides."""


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
        Quartiles of the answers, rounded up to a grid that does not depend on anybody's value, of
        numbers with three different answers or more; of whole numbers they are whole.
    """
    found = {}
    for variable in variables:
        answered = values[variable.id][~np.isnan(values[variable.id])]
        if variable.type in ("category", "yes_no") or np.unique(answered).size <= 2:
            continue
        step = float(grid_steps(answered.std(keepdims=True), are_whole(answered[:, None]))[0])
        at = np.ceil(np.quantile(answered, SHARES) / step - 1e-9) * step
        inside = (at > answered.min()) & (at <= answered.max())
        found[variable.id] = tuple(
            float(cut) for cut in np.unique(at[inside]) if cut not in cuts.get(variable.id, ())
        )
    return found


def grid_steps(scale: Floats, whole: NDArray[np.bool_]) -> Floats:
    """Choose a grid for columns: about a tenth of their spread, at least 1 for whole numbers.

    Parameters
    ----------
    scale : ndarray, shape (n_columns,)
        Standard deviations, above 0.
    whole : ndarray of bool, shape (n_columns,)
        Whether all answers are whole numbers.

    Returns
    -------
    ndarray, shape (n_columns,)
        1, 2 or 5 times a power of ten each.
    """
    steps = round_steps(scale / 10)
    return np.where(whole, np.maximum(steps, 1.0), steps)


def are_whole(X: Floats) -> NDArray[np.bool_]:
    """Tell which columns hold whole numbers alone.

    Parameters
    ----------
    X : ndarray, shape (n, n_columns)
        Answers, NaN where missing.

    Returns
    -------
    ndarray of bool, shape (n_columns,)
        True also for a column without an answer.
    """
    return np.asarray(np.all(np.isnan(X) | (np.round(X) == X), axis=0))


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
