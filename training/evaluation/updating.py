"""A rung becomes a model: calibration recomposed, contributions exact, the interval honest.

The frozen model's calibrated margin is affine in its raw margin, and so is every rung but a
revision, which is linear in the columns: either way the contributions of the new model add up to
its margin.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from predictor.calibration import Affine, BaselineHazard
from predictor.errors import InvalidInputError
from predictor.linear import Linear
from predictor.model import Model
from training.evaluation.ladder import climb
from training.evaluation.rungs import NewPeople, Rung
from training.splits import feasible_folds, folds

Floats = NDArray[np.float64]

FOLDS = 10
"""Folds over the new people in which the whole choice is repeated."""


def columns_of(model: Model, complete: Floats) -> Floats:
    """Give the columns whose coefficients a revision would estimate anew.

    Parameters
    ----------
    model : Model
        The frozen model.
    complete : ndarray, shape (n, n_columns)
        Encoded rows with what the model assumes for missing answers.

    Returns
    -------
    ndarray, shape (n, n_used)
        Centred at the training means, without columns that the model does not use; none at all
        for trees, which have no coefficients.
    """
    if not isinstance(model.learner, Linear) or not model.learner.coefficients.any():
        return np.empty((len(complete), 0))
    used = model.learner.coefficients != 0
    return np.asarray((complete - model.learner.means)[:, used])


def updated(model: Model, rung: Rung, people: NewPeople) -> Model:
    """Give the model that a rung makes of a frozen one.

    What the rung estimates anew takes the place of what the frozen model held: after a change of
    intercept and slope the error of its own calibration no longer matters, after one of the
    intercept alone that of its slope stays, counted from the new people. The variance of the
    margin, of missing answers and of what is left out are scaled with the slope.

    Parameters
    ----------
    model : Model
        The frozen model.
    rung : Rung
        How it changes.
    people : NewPeople
        Those on whom the rung was fitted.

    Returns
    -------
    Model
        A new one; the frozen model is not touched.

    Raises
    ------
    InvalidInputError
        If the slope is 0 or less: the margins then rank these people backwards or not at all, and
        no update mends that.
    """
    if rung.slope <= 0:
        raise InvalidInputError(
            f"the slope in the new people is {rung.slope:.2f}: the model ranks them backwards or "
            "not at all, and no line through its margins mends that; it should not be used there"
        )
    if rung.name == "as_given":
        return model
    if rung.name == "revision":
        return _revised(model, rung)
    old, known = model.calibration, model.uncertainty
    level = 0.0 if model.baseline is not None else rung.intercept
    return replace(
        model,
        calibration=Affine(level + rung.slope * old.intercept, rung.slope * old.slope),
        uncertainty=replace(
            known,
            calibration_covariance=_composed(model, rung, people),
            margin_sd=rung.slope * known.margin_sd,
            remainder=rung.slope**2 * known.remainder,
        ),
        baseline=_rescaled(model.baseline, rung.intercept),
        conformal=None,  # its ranks are those of the margins before
    )


def cross_validated(people: NewPeople, *, rng: np.random.Generator) -> Floats:
    """Give each new person the margin of an update that the person had no part in.

    In each fold the ladder is climbed anew on the others, choice included.

    Parameters
    ----------
    people : NewPeople
        At least two with and two without the event.
    rng : numpy.random.Generator
        Deals out the folds.

    Returns
    -------
    ndarray, shape (n,)
        Changed margins; for relapse the change of level is in them.

    Raises
    ------
    InvalidInputError
        If fewer than two folds can be made.
    """
    names = [str(place) for place in range(people.margin.size)]
    wanted = feasible_folds(people.events, FOLDS, groups=names)
    margin = np.full(people.margin.size, np.nan)
    for split in folds(people.events, groups=names, n_splits=wanted, n_repeats=1, rng=rng):
        chosen = climb(people.take(split.train)).chosen
        margin[split.test] = chosen.margin(people.take(split.test))
    return margin


def _composed(model: Model, rung: Rung, people: NewPeople) -> Floats:
    """Give the covariance of the new calibration around the raw training mean."""
    old, known = model.calibration, model.uncertainty
    turn = np.array(
        [[1.0, 0.0], [old.intercept + old.slope * known.margin_mean, old.slope]]
    )  # (1, margin) from (1, raw − mean)
    covariance = turn.T @ rung.covariance @ turn
    if rung.name == "intercept" and old.slope > 0:
        centre = (
            float((people.margin - people.fixed).mean()) - old.intercept
        ) / old.slope - known.margin_mean
        around = np.array([-centre, 1.0])
        covariance += known.calibration_covariance[1, 1] * np.outer(around, around)
    return np.asarray(covariance)


def _rescaled(baseline: BaselineHazard | None, log_ratio: float) -> BaselineHazard | None:
    """Multiply a baseline hazard."""
    if baseline is None:
        return None
    return BaselineHazard(np.exp(log_ratio) * baseline.cumulative, baseline.last_supported_day)


def _revised(model: Model, rung: Rung) -> Model:
    """Put the new coefficients in place; level and calibration are in them."""
    old, known, learner = model.calibration, model.uncertainty, model.learner
    if not isinstance(learner, Linear) or model.imputation is None:
        raise InvalidInputError("trees have no coefficients that could be estimated anew")
    used = np.flatnonzero(learner.coefficients)
    coefficients = rung.slope * old.slope * learner.coefficients
    coefficients[used] += rung.effects
    start = rung.slope * float(old.apply(learner.intercept))
    relapse = model.baseline is not None
    covariance = np.zeros_like(known.covariance)
    places = np.concatenate([[0], 1 + used])
    covariance[np.ix_(places, places)] = rung.covariance
    spread = model.imputation.covariance
    before, after = (
        float(np.sqrt(c @ spread @ c)) for c in (old.slope * learner.coefficients, coefficients)
    )
    return replace(
        model,
        learner=Linear(coefficients, learner.means, start + (0.0 if relapse else rung.intercept)),
        calibration=Affine(0.0, 1.0),
        uncertainty=replace(
            known,
            covariance=covariance,
            calibration_covariance=np.zeros((2, 2)),
            margin_mean=start + (0.0 if relapse else rung.intercept),
            margin_sd=known.margin_sd * after / before,
            remainder=rung.slope**2 * known.remainder,
        ),
        baseline=_rescaled(model.baseline, rung.intercept),
        conformal=None,  # its ranks are those of the margins before
    )
