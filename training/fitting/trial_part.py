"""The part of a margin that is not fitted: effects of trials on the columns of training rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from predictor.encoding import Encoding
from predictor.trial_terms import TrialTerms
from training.published_effects import Effects, slopes_of

Floats = NDArray[np.float64]


def trial_terms(
    effects: Effects, encoding: Encoding, X: Floats, means: Floats
) -> TrialTerms | None:
    """Bring effects of trials to the encoded columns of training rows.

    Parameters
    ----------
    effects : tuple of PublishedEffect
        Of trials, each with its standard deviation.
    encoding : Encoding
        Learned on the training rows.
    X : ndarray, shape (n, n_columns)
        Those rows encoded, NaN where missing.
    means : ndarray, shape (n_columns,)
        From which contributions count.

    Returns
    -------
    TrialTerms or None
        An effect has no term where all training people have, or nobody has, its plan. None where
        no effect has one.
    """
    found = [(e, slopes_of(replace(e, mean=1.0), encoding, X)) for e in effects]
    kept = [(effect, direction) for effect, direction in found if direction.any()]
    if not kept:
        return None
    directions = np.column_stack([direction for _, direction in kept])
    return TrialTerms(
        directions,
        np.array([effect.mean for effect, _ in kept]),
        np.array([effect.sd**2 for effect, _ in kept]),
        means,
        _spread(_scores(X - means, directions)),
    )


def _scores(apart: Floats, directions: Floats) -> Floats:
    """Give each term of each row, NaN where one of its columns is missing."""
    used = directions != 0
    filled = np.nan_to_num(apart) @ directions
    return np.where(np.isnan(apart) @ used, np.nan, filled)


def _spread(scores: Floats) -> Floats:
    """Give the covariance of terms over the rows that answer both; 0 where none does."""
    told = ~np.isnan(scores)
    filled = np.nan_to_num(scores)
    together = told.astype(np.float64).T @ told
    return np.asarray(filled.T @ filled / np.maximum(together, 1.0))
