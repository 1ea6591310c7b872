"""The risks that a calibrated model of a given AUC hands out, when its log-odds are normal.

The linear predictor is taken as normal with one variance in people with and without the outcome.
This fixes the whole distribution of risks from the AUC and the share with the outcome, and with it
what such a model can be worth before anybody has been predicted.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from predictor.errors import InvalidInputError


@dataclass(frozen=True, slots=True, eq=False)
class Binormal:
    """Log-odds of a calibrated model on a fine grid, with their weights.

    Parameters
    ----------
    mu : float
        Distance of the two normal distributions in standard deviations.
    log_odds : ndarray of shape (20001,)
        Log-odds of the risk, rising.
    events, others : ndarray of shape (20001,)
        Weights of people with and without the outcome at each log-odds; all weights sum to 1.
    """

    mu: float
    log_odds: NDArray[np.float64]
    events: NDArray[np.float64]
    others: NDArray[np.float64]

    @property
    def risk(self) -> NDArray[np.float64]:
        """Risk at each log-odds, in (0, 1)."""
        return np.asarray(expit(self.log_odds))

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weights of everybody; they sum to 1."""
        return self.events + self.others


def binormal(auc: float, *, event_share: float) -> Binormal:
    """Lay out the risks of a calibrated model with this AUC.

    Parameters
    ----------
    auc : float
        AUC in new people, inside (0.5, 1).
    event_share : float
        Share with the outcome, inside (0, 1).

    Returns
    -------
    Binormal
        Log-odds and weights.

    Raises
    ------
    InvalidInputError
        If a number is outside its range.

    References
    ----------
    Riley RD, Van Calster B, Collins GS. Stat Med 2021;40:859-864.
    """
    require_inside("expected AUC", auc, 0.5, 1)
    require_inside("share with the outcome", event_share, 0, 1)
    mu = sqrt(2) * float(norm.ppf(auc))
    x = np.linspace(-12, 12 + mu, 20_001)
    step = np.full(x.size, x[1] - x[0])
    step[[0, -1]] /= 2
    return Binormal(
        mu=mu,
        log_odds=log(event_share / (1 - event_share)) - mu**2 / 2 + mu * x,
        events=event_share * norm.pdf(x - mu) * step,
        others=(1 - event_share) * norm.pdf(x) * step,
    )


def net_benefit_gain(auc: float, *, event_share: float, threshold: float) -> float:
    """Net benefit of acting by a calibrated model over the better of acting on all and on nobody.

    This is the most that a model of this AUC can buy at this threshold: it is calibrated, and its
    log-odds are normal. Worse calibration buys less.

    Parameters
    ----------
    auc : float
        AUC in new people, inside (0.5, 1).
    event_share : float
        Share with the outcome, inside (0, 1).
    threshold : float
        Risk from which one would act, inside (0, 1).

    Returns
    -------
    float
        0 or more, in true positives per person; higher is better.

    Raises
    ------
    InvalidInputError
        If a number is outside its range.

    References
    ----------
    Vickers AJ, Elkin EB. Med Decis Making 2006;26:565-574.

    Examples
    --------
    >>> round(100 * net_benefit_gain(0.65, event_share=0.5, threshold=0.5), 1)
    10.7
    """
    require_inside("expected AUC", auc, 0.5, 1)
    require_inside("share with the outcome", event_share, 0, 1)
    require_inside("threshold", threshold, 0, 1)
    mu = sqrt(2) * float(norm.ppf(auc))
    odds = threshold / (1 - threshold)
    cut = (log(odds) - log(event_share / (1 - event_share)) + mu**2 / 2) / mu
    benefit = event_share * norm.sf(cut - mu) - (1 - event_share) * norm.sf(cut) * odds
    treat_all = event_share - (1 - event_share) * odds
    return max(float(benefit) - max(treat_all, 0.0), 0.0)


def require_inside(what: str, value: float, low: float, high: float) -> None:
    """Refuse a number outside an open range.

    Parameters
    ----------
    what : str
        Its name, for the message.
    value, low, high : float
        The number and the ends that it must not reach.

    Raises
    ------
    InvalidInputError
        If it lies outside.
    """
    if not low < value < high:
        raise InvalidInputError(
            f"{what} {value:g} is refused; it must lie above {low:g} and below {high:g}"
        )
