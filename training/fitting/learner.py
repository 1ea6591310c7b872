"""One learner at one setting on one training set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.blended import Blended
from predictor.boosted import Boosted
from predictor.linear import Linear
from training.averaged_cox import fit_averaged_cox
from training.averaged_interval import fit_averaged_interval
from training.averaged_logistic import fit_averaged_logistic
from training.averaging import AveragedFit
from training.fitting.between_visits import intervals_of
from training.fitting.boosting import boost, margins_of_rounds, snapped
from training.fitting.given import fit_level
from training.fitting.preparing import Outcome, Prepared
from training.fitting.settings import Path, Setting
from training.interval_hazards import fit_interval_hazards
from training.learners import Learner
from training.penalised_cox import fit_ridge_cox
from training.penalised_fit import PenalisedFit
from training.penalised_logistic import fit_penalised_logistic
from training.published_effects import published_per_sd
from training.tree_tables import tables_from_booster
from training.visit_intervals import Intervals

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FittedLearner:
    """A learner at one setting.

    Parameters
    ----------
    learner : Linear, Boosted or Blended
        On the encoded scale; a blended learner whose trees have no weight is linear.
    covariance : ndarray, shape (1 + n_columns, 1 + n_columns) or (0, 0)
        Laplace covariance of a linear learner on the encoded scale; empty for trees alone.
    """

    learner: Linear | Boosted | Blended
    covariance: Floats


def margins_along(
    learner: Learner, path: Path, prepared: Prepared, outcome: Outcome, X_new: Floats
) -> Iterator[Floats]:
    """Fit one setting of a path after the other and give its margins of other rows.

    Parameters
    ----------
    learner : Learner
        Line of the table.
    path : tuple of Setting
        As from `paths_of`; each fit starts from the one before.
    prepared : Prepared
        Training rows.
    outcome : Outcome
        Theirs.
    X_new : ndarray, shape (n_new, n_columns)
        Other rows as encoded by ``prepared.encoding``, NaN where missing.

    Yields
    ------
    ndarray, shape (n_new,)
        Uncalibrated margins, of a blended learner those of its trees; a setting is fitted only
        when it is asked for.
    """
    if learner.kind == "boosted":
        yield from margins_of_rounds(
            path, snapped(prepared), outcome, X_new, likelihood=learner.likelihood
        )
        return
    if learner.kind == "blended":
        filled = prepared.imputation.fill(X_new)[:, prepared.straight]
        yield from margins_of_rounds(path, snapped(prepared, completed=True), outcome, filled)
        return
    new = (prepared.imputation.fill(X_new) - prepared.means) / prepared.scale
    new, fit = new[:, prepared.read], None
    seen = intervals_of(outcome) if learner.likelihood == "interval" else None
    for setting in path:
        fit = _fit_linear(learner, setting, prepared, outcome, before=fit, seen=seen)
        yield fit.intercept + new @ fit.coefficients


def fit_learner(
    learner: Learner, setting: Setting, prepared: Prepared, outcome: Outcome
) -> FittedLearner:
    """Fit one setting on all training rows.

    Parameters
    ----------
    learner : Learner
        Line of the table.
    setting : Setting
        What tuning chose.
    prepared : Prepared
        Training rows.
    outcome : Outcome
        Theirs.

    Returns
    -------
    FittedLearner
        On the encoded scale, exact tables for trees.
    """
    if learner.kind == "boosted":
        booster = boost(snapped(prepared), outcome, setting, likelihood=learner.likelihood)
        return FittedLearner(tables_from_booster(booster, prepared.X), np.empty((0, 0)))
    fit = _fit_linear(learner, setting, prepared, outcome)
    unit = np.concatenate([[1.0], 1 / prepared.scale])
    read = np.concatenate([[True], prepared.read])
    coefficients, covariance = np.zeros(unit.size), np.zeros((unit.size, unit.size))
    coefficients[read] = np.concatenate([[fit.intercept], fit.coefficients]) * unit[read]
    covariance[np.ix_(read, read)] = fit.covariance * np.outer(unit[read], unit[read])
    linear = Linear(coefficients[1:], prepared.means, fit.intercept)
    if not setting.weight:
        return FittedLearner(linear, covariance)
    booster = boost(snapped(prepared, completed=True), outcome, setting)
    trees = tables_from_booster(booster, prepared.complete[:, prepared.straight])
    return FittedLearner(Blended(linear, trees, prepared.straight, setting.weight), covariance)


def fit_averaged(
    prepared: Prepared, outcome: Outcome, published: Floats | None, likelihood: str = "partial"
) -> AveragedFit:
    """Fit the average over priors on standardised columns.

    Parameters
    ----------
    prepared : Prepared
        Training rows.
    outcome : Outcome
        Theirs.
    published : ndarray, shape (n_read, n_groups) or None
        From `published_here`; None for what the rows say alone.
    likelihood : str
        Of relapse: ``partial`` or ``interval``.

    Returns
    -------
    AveragedFit
        Of response or of relapse, on the columns that a learner may read.
    """
    read = prepared.read
    X, curves = prepared.standardised[:, read], prepared.curves[read]
    if likelihood == "interval":
        return fit_averaged_interval(X, intervals_of(outcome), published=published, curves=curves)
    if outcome.days is not None:
        return fit_averaged_cox(
            X,
            outcome.days,
            outcome.events,
            published=published,
            curves=curves,
            offset=outcome.offset,
        )
    return fit_averaged_logistic(X, outcome.events, published=published, curves=curves)


def published_here(learner: Learner, prepared: Prepared) -> Floats | None:
    """Bring the published effects of a learner to the standardised columns of training rows.

    Parameters
    ----------
    learner : Learner
        With the effects that its run hands to it.
    prepared : Prepared
        Training rows.

    Returns
    -------
    ndarray, shape (n_read, n_groups) or None
        As from `published_per_sd`, on the columns that a learner may read.
    """
    found = published_per_sd(learner.published, prepared.encoding, prepared.X, prepared.scale)
    return None if found is None else found[prepared.read]


def _fit_linear(
    learner: Learner,
    setting: Setting,
    prepared: Prepared,
    outcome: Outcome,
    *,
    before: PenalisedFit | AveragedFit | None = None,
    seen: Intervals | None = None,
) -> PenalisedFit | AveragedFit:
    """Fit one linear learner on the columns it may read; without any it is the average."""
    if learner.given:
        return fit_level(learner, prepared, outcome.events)
    X = prepared.standardised[:, prepared.read]
    if outcome.days is not None and not X.shape[1]:
        return PenalisedFit(0.0, np.empty(0), np.zeros((1, 1)), 0.0, setting.penalty, 0)
    if learner.kind in ("averaged", "blended"):
        published = published_here(learner, prepared)
        return fit_averaged(prepared, outcome, published, learner.likelihood)
    start = before if isinstance(before, PenalisedFit) else None
    if learner.likelihood == "interval":
        seen = seen or intervals_of(outcome)
        return fit_interval_hazards(X, seen, penalty=setting.penalty, start=start).linear
    if outcome.days is not None:
        return fit_ridge_cox(
            X,
            outcome.days,
            outcome.events,
            penalty=setting.penalty,
            start=start,
            offset=outcome.offset,
        )
    return fit_penalised_logistic(
        X, outcome.events, penalty=setting.penalty, l1_ratio=setting.l1_ratio, start=start
    )
