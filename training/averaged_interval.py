"""Proportional hazards averaged over priors when relapse is seen at visits.

As `averaged_cox`, on the interval-censored likelihood instead of Efron's: a relapse counts as
having happened between two visits, so that ties at visits do not pull effects toward 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.averaged_cox import average_hazards
from training.averaging import AveragedFit, Places, refuse_columns
from training.interval_hazards import interval_profile
from training.visit_intervals import Intervals

Floats = NDArray[np.float64]


def fit_averaged_interval(
    X: Floats,
    intervals: Intervals,
    *,
    published: Floats | None = None,
    curves: Places | None = None,
) -> AveragedFit:
    """Fit every prior of the grid and average by marginal likelihood.

    Assumes standardised columns, hazards that are proportional, and visits whose days say nothing
    about relapse given the columns. Priors and weights are those of `fit_averaged_cox`.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Columns of mean 0 and standard deviation 1, complete.
    intervals : Intervals
        What was seen of the same people, with the known part of their margins.
    published : ndarray of shape (p, g), optional
        Published effects in log-hazard per standard deviation, one column for each grade of
        evidence; 0 where nothing is published.
    curves : ndarray of int, shape (p,), optional
        Number of the curve that a column helps to describe, −1 for a column of its own.

    Returns
    -------
    AveragedFit
        Intercept 0, coefficients positive where relapse is sooner.

    Raises
    ------
    InvalidInputError
        If shapes or values are not as described.
    ConvergenceError
        If a fit found no step that improves it.

    References
    ----------
    Murphy & van der Vaart (2000), On profile likelihood, JASA 95:449.
    """
    X = np.asarray(X, dtype=np.float64)
    effects = np.zeros((X.shape[1] if X.ndim == 2 else 0, 0)) if published is None else published
    refuse_columns(X, (len(intervals.before),), effects)
    return average_hazards(
        X,
        effects,
        lambda design: lambda point: interval_profile(design.X, point, intervals),
        curves=curves,
    )
