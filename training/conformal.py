"""The limits of conformal sets, from margins of people whom no fit had seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from predictor.conformal import LEVELS, ConformalTable

Floats = NDArray[np.float64]

_GRID = 0.05


def fit_conformal(margin: Floats, events: Floats) -> ConformalTable:
    """Take the limits of each outcome's strangeness from its own people.

    With n people of an outcome, the limit is their k-th smallest strangeness, k = ⌈(n + 1) level⌉:
    a new person of the same outcome is at most as strange with a chance of k / (n + 1) ≥ level,
    at any n, if margins of new and of held-out people are exchangeable. Here that holds nearly,
    not exactly: new people are scored by the fit to everybody, held-out ones by fits to fewer.
    Limits are rounded up to twentieths, which can only make sets larger.

    Parameters
    ----------
    margin : ndarray, shape (n,)
        Calibrated log-odds of response, each from a fit that never saw the person.
    events : ndarray, shape (n,)
        1 where the person responded, else 0.

    Returns
    -------
    ConformalTable
        Infinite limits where an outcome has fewer people than a level needs.

    References
    ----------
    .. [1] Vovk V. Cross-conformal predictors. Ann Math Artif Intell 2015;74:9-28.
    """
    limits = np.full((len(LEVELS), 2), np.inf)
    for outcome, strangeness in enumerate((margin, -margin)):
        ordered = np.sort(strangeness[events == outcome])
        for i, level in enumerate(LEVELS):
            k = int(np.ceil((ordered.size + 1) * level - 1e-9))
            if k <= ordered.size:
                limits[i, outcome] = np.ceil(ordered[k - 1] / _GRID) * _GRID
    return ConformalTable(limits)
