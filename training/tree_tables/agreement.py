"""Hold arrays against XGBoost's own answers for the same rows; refuse any difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost

from predictor.boosted import Boosted
from predictor.errors import PredictorError

FloatArray = npt.NDArray[np.float64]

TOLERANCE = 1e-5
"""Largest difference from XGBoost, which sums in float32; margin scale."""

EXACT = 1e-8
"""Largest difference in what must hold by arithmetic in float64; margin scale."""


_BLOCK = 50  # boosting rounds XGBoost sums in one go


class TableMismatchError(PredictorError):
    """The arrays do not reproduce what XGBoost says of the same rows."""


def check_tables(
    boosted: Boosted,
    booster: xgboost.Booster,
    X_cohort: FloatArray,
    *,
    best_iteration: int | None = None,
) -> None:
    """Refuse tables that do not reproduce XGBoost on the training cohort.

    Interventional contributions, which XGBoost does not give, must sum to the margin for every
    row and average to zero over the cohort for every column.

    Parameters
    ----------
    boosted : Boosted
        The tables.
    booster : xgboost.Booster
        The booster they were made from.
    X_cohort : ndarray of float, shape (n_rows, n_columns)
        The training cohort they were made with.
    best_iteration : int or None
        Last boosting round used, counted from 0; None uses all rounds.

    Raises
    ------
    TableMismatchError
        If any difference is above 1e-5 (from XGBoost) or 1e-8 (arithmetic).
    """
    rows = _matrix(booster, X_cohort)
    margin = boosted.margin(X_cohort)
    check_margins(margin, booster, X_cohort, best_iteration=best_iteration)
    theirs = booster.predict(rows, pred_contribs=True, iteration_range=_rounds(best_iteration))
    path = boosted.path_contributions(X_cohort)
    _refuse_difference("path-dependent contributions", path, theirs[:, :-1])
    _refuse_difference("the path-dependent base", np.array(boosted.path_base), theirs[:, -1])
    shares = boosted.contributions(X_cohort)
    total = boosted.base + shares.sum(axis=1)
    _refuse_difference("sums of contributions", total, margin, EXACT)
    _refuse_difference("cohort means of contributions", shares.mean(axis=0), np.array(0.0), EXACT)


def check_margins(
    margin: FloatArray,
    booster: xgboost.Booster,
    X: FloatArray,
    *,
    best_iteration: int | None = None,
) -> None:
    """Refuse margins that are not XGBoost's.

    Parameters
    ----------
    margin : ndarray of float64, shape (n_rows,)
        Margins to check.
    booster : xgboost.Booster
        The booster they stand for.
    X : ndarray of float, shape (n_rows, n_columns)
        Their rows.
    best_iteration : int or None
        Last boosting round used, counted from 0; None uses all rounds.

    Raises
    ------
    TableMismatchError
        If any difference is above 1e-5.
    """
    _refuse_difference("margins", margin, _their_margins(booster, X, best_iteration))


def _their_margins(
    booster: xgboost.Booster, X: FloatArray, best_iteration: int | None
) -> FloatArray:
    """Add up XGBoost's margins over blocks of rounds.

    It sums in float32: over hundreds of rounds in one go its own rounding reaches 1e-5.
    """
    n_rounds = booster.num_boosted_rounds() if best_iteration is None else best_iteration + 1
    rows = _matrix(booster, X)
    total = np.zeros(X.shape[0])
    for start in range(0, max(1, n_rounds), _BLOCK):
        until = (start, min(start + _BLOCK, n_rounds))
        total += booster.predict(rows, output_margin=True, iteration_range=until)
        rows.set_base_margin(np.zeros(X.shape[0]))  # the base score counts once
    return total


def _rounds(best_iteration: int | None) -> tuple[int, int]:
    """Say which rounds count, as XGBoost wants it: (0, 0) means all."""
    return (0, 0 if best_iteration is None else best_iteration + 1)


def _matrix(booster: xgboost.Booster, X: FloatArray) -> xgboost.DMatrix:
    """Give rows to XGBoost under the names it was fitted with."""
    return xgboost.DMatrix(X, feature_names=booster.feature_names)


def _refuse_difference(
    what: str, ours: FloatArray, theirs: npt.NDArray[Any], tolerance: float = TOLERANCE
) -> None:
    """Refuse the largest difference, and anything that is not a number."""
    largest = float(np.max(np.abs(ours - theirs), initial=0.0))
    if not largest <= tolerance:
        raise TableMismatchError(
            f"{what} differ by {largest:.1e}, accepted is {tolerance:.0e}; "
            "the model is not written: fit again with the locked XGBoost and report this"
        )
