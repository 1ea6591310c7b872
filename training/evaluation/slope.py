"""Slope of the outcome on the margin, with its standard error: are predictions too extreme."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.fitting import Outcome
from training.metrics import MeasureUndefinedError, calibration
from training.metrics.intervals import Estimate
from training.penalised_cox import fit_ridge_cox
from training.penalised_logistic import fit_penalised_logistic

Floats = NDArray[np.float64]

_Z = 1.959963984540054


class Said(Protocol):
    """What a model says of n people: margins, and probabilities of response or relapse."""

    @property
    def margin(self) -> Floats:
        """Calibrated margins, shape (n,)."""

    @property
    def probability(self) -> Floats:
        """Shape (n,), or (n, 7) by day of relapse."""


def slope_of(outcome: Outcome, said: Said) -> tuple[Estimate, float]:
    """Give the slope of the outcome on the margin, by logistic or Cox regression, with Wald's.

    Parameters
    ----------
    outcome : Outcome
        Of the people predicted.
    said : Said
        Their margins and probabilities.

    Returns
    -------
    estimate : Estimate
        1 is ideal; below 1 the predictions are too extreme.
    error : float
        Standard error.

    Raises
    ------
    MeasureUndefinedError
        If everybody has the same number, or only one outcome occurs.
    """
    require_spread(said)
    # fitted on the standard deviation's scale, where the search is well conditioned
    scale = float(said.margin.std())
    X = ((said.margin - said.margin.mean()) / scale)[:, None]
    if outcome.days is None:
        calibration.calibration_line(outcome.events, said.probability)  # refuses separation
        fit = fit_penalised_logistic(X, outcome.events, penalty=0.0)
    else:
        fit = fit_ridge_cox(X, outcome.days, outcome.events, penalty=0.0)
    value, error = float(fit.coefficients[0]) / scale, float(fit.covariance[1, 1]) ** 0.5 / scale
    return Estimate(value, value - _Z * error, value + _Z * error, "Wald"), error


def require_spread(said: Said) -> None:
    """Stop where everybody has the same number.

    Parameters
    ----------
    said : Said
        Margins of some people.

    Raises
    ------
    MeasureUndefinedError
        If they do not differ.
    """
    if np.ptp(said.margin) < 1e-12:
        raise MeasureUndefinedError("ranking", "everybody has the same number")
