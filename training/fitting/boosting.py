"""Boosted shallow trees: grown on answers moved to a grid, so that no split shows a value."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xgboost
from numpy.typing import NDArray

from predictor.boosted import BoostedEnsemble
from predictor.errors import InvalidInputError
from training.fitting.bends import are_whole, grid_steps
from training.fitting.between_visits import interval_slopes
from training.fitting.preparing import Outcome, Prepared
from training.fitting.settings import Path, Setting
from training.tree_tables import ensemble_from_boosters

Floats = NDArray[np.float64]


def boost(
    X: Floats, outcome: Outcome, setting: Setting, *, likelihood: str = "partial"
) -> xgboost.Booster:
    """Grow shallow trees.

    Parameters
    ----------
    X : ndarray, shape (n, n_columns)
        Rows as from `snapped`, NaN where missing.
    outcome : Outcome
        Theirs.
    setting : Setting
        Depth, rounds and growth.
    likelihood : str
        Of relapse: ``partial`` or ``interval``, the latter on a known baseline.

    Returns
    -------
    xgboost.Booster
        The trees.

    Raises
    ------
    InvalidInputError
        If there is no column, or visit intervals are asked for and not known.
    """
    booster, data = _started(X, outcome, setting)
    slopes = interval_slopes(outcome) if likelihood == "interval" else None
    for round_ in range(setting.rounds):
        booster.update(data, round_, slopes)
    return booster


def margins_of_rounds(
    path: Path, X: Floats, outcome: Outcome, X_new: Floats, *, likelihood: str = "partial"
) -> Iterator[Floats]:
    """Grow trees of one kind and give margins of other rows after each number of rounds.

    Parameters
    ----------
    path : tuple of Setting
        One depth and growth, rounds increasing.
    X : ndarray, shape (n, n_columns)
        Rows as from `snapped`.
    outcome : Outcome
        Theirs.
    X_new : ndarray, shape (n_new, n_columns)
        Other rows, as they are.
    likelihood : str
        As for `boost`.

    Yields
    ------
    ndarray, shape (n_new,)
        Uncalibrated margins; trees are grown only as they are asked for.
    """
    new = xgboost.DMatrix(X_new, nthread=1)
    booster, data = _started(X, outcome, path[0])
    slopes = interval_slopes(outcome) if likelihood == "interval" else None
    grown = 0
    for setting in path:
        for round_ in range(grown, setting.rounds):
            booster.update(data, round_, slopes)
        grown = setting.rounds
        yield booster.predict(new, output_margin=True).astype(np.float64)


def refit_trees(
    setting: Setting,
    prepared: Prepared,
    outcome: Outcome,
    *,
    n_refits: int,
    rng: np.random.Generator,
    likelihood: str = "partial",
) -> BoostedEnsemble:
    """Refit trees in bootstrap resamples of people, tuning kept.

    Parameters
    ----------
    setting : Setting
        What tuning chose.
    prepared : Prepared
        Training rows.
    outcome : Outcome
        Theirs.
    n_refits : int
        Resamples.
    rng : numpy.random.Generator
        Draws them.
    likelihood : str
        As for `boost`.

    Returns
    -------
    BoostedEnsemble
        Margins of every refit.
    """
    n, X = len(outcome.events), snapped(prepared)
    boosters = []
    for _ in range(n_refits):
        drawn = rng.integers(0, n, n)
        boosters.append(boost(X[drawn], outcome.take(drawn), setting, likelihood=likelihood))
    return ensemble_from_boosters(boosters, prepared.X)


def snapped(prepared: Prepared, *, completed: bool = False) -> Floats:
    """Move each answer down to the next edge of a grid, so that trees can only split at edges.

    The edges do not depend on anybody's value beyond the size of a column's spread, a tenth of
    which they lie apart: halves for whole numbers, elsewhere places on which no rounded answer
    falls. A row lies below an edge exactly when the row moved down does, so that trees grown on
    moved rows read rows as they are. Few distinct values make histograms exact and fast.

    Parameters
    ----------
    prepared : Prepared
        Training rows.
    completed : bool
        Whether missing answers are filled and the columns of curves left out.

    Returns
    -------
    ndarray, shape (n, n_columns)
        Moved rows, NaN where missing.
    """
    # a column that no tree may read is empty, and never split
    X, scale = np.where(prepared.read, prepared.X, np.nan), prepared.scale
    whole = are_whole(X)
    if completed:
        kept = prepared.straight
        X, scale, whole = prepared.complete[:, kept], scale[kept], whole[kept]
    width = grid_steps(scale, whole)
    offset = np.where(whole, 0.5, 0.503 * width)
    return np.asarray(np.floor((X - offset) / width) * width + offset)


def _started(
    X: Floats, outcome: Outcome, setting: Setting
) -> tuple[xgboost.Booster, xgboost.DMatrix]:
    """Give a booster without trees, and its data."""
    if not X.shape[1]:
        raise InvalidInputError(
            "no candidate variable differs between the training people; declare others"
        )
    label = outcome.events
    if outcome.days is not None:  # xgboost marks censoring by a negative time
        days = np.maximum(outcome.days, 0.5)
        label = np.where(outcome.events == 1, days, -days)
    growth = setting.growth
    parameters: dict[str, object] = {
        "objective": "binary:logistic" if outcome.days is None else "survival:cox",
        "max_depth": setting.depth,
        "eta": growth.learning_rate,
        "min_child_weight": growth.min_child_weight,
        "lambda": growth.l2,
        "subsample": growth.subsample,
        "colsample_bynode": growth.colsample,
        "tree_method": "hist",
        "nthread": 1,
        "seed": 0,
        "seed_per_iteration": True,  # trees of several boosters may be grown in turn
        "verbosity": 0,
    }
    if outcome.days is not None:
        parameters["base_score"] = 1.0  # a hazard ratio of 1: trees start from margin 0
    else:
        parameters["base_score"] = float(np.clip(label.mean(), 1e-3, 1 - 1e-3))
    data = xgboost.DMatrix(X, label=label, base_margin=outcome.offset, nthread=1)
    return xgboost.Booster(parameters, [data]), data
