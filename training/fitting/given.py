"""A rule whose coefficients are given: only its level is fitted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from predictor.errors import InvalidInputError
from training.fitting.preparing import Prepared
from training.learners import Learner
from training.penalised_fit import PenalisedFit, minimise

Floats = NDArray[np.float64]


def fit_level(learner: Learner, prepared: Prepared, y: Floats) -> PenalisedFit:
    """Fit the intercept of a rule by maximum likelihood, its coefficients kept as given.

    The expected number of events then equals the observed one.

    Parameters
    ----------
    learner : Learner
        With ``given`` coefficients, per unit of each variable.
    prepared : Prepared
        Training rows; a variable in which they do not differ has no column, and its term is part
        of the intercept.
    y : ndarray of shape (n,)
        Outcomes of the same rows, 0 or 1.

    Returns
    -------
    PenalisedFit
        On the standardised columns; the covariance is that of the intercept alone.

    Raises
    ------
    InvalidInputError
        If only one outcome occurs.

    References
    ----------
    Steyerberg EW. Clinical Prediction Models. Springer 2019, section 20.2 (recalibration in the
    large).
    """
    if not 0 < y.mean() < 1:
        raise InvalidInputError("a rule needs people of both outcomes for its level")
    given = dict(learner.given)
    slopes = np.array([given[c.variable] for c in prepared.encoding.columns]) * prepared.scale
    margin = prepared.standardised @ slopes

    def objective(level: Floats) -> tuple[float, Floats, Floats]:
        eta = margin + level[0]
        risk = expit(eta)
        value = float((np.logaddexp(0.0, eta) - y * eta).sum())
        return value, np.array([(risk - y).sum()]), np.array([[(risk * expit(-eta)).sum()]])

    point, hessian, steps = minimise(objective, np.array([np.log(y.mean() / (1 - y.mean()))]))
    covariance = np.zeros((1 + slopes.size, 1 + slopes.size))
    covariance[0, 0] = 1 / hessian[0, 0]
    return PenalisedFit(
        float(point[0]), slopes, covariance, -objective(point)[0], penalty=0.0, iterations=steps
    )
