"""Priors of effects on a quadratic log-likelihood: many small ones, or few large.

The half-Cauchy of each effect's local scale in a horseshoe is a fixed grid of scales, so that the
prior is a finite mixture of normal laws and its moments are in closed form. Each effect's prior is
then replaced by the normal factor (site) that gives the effect the mean and variance it has under
the mixture, all others being what they are (expectation propagation). Unlike a variational bound
this keeps the doubt about the local scales.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The logarithm of a half-Cauchy variable has the density sech(u) / π: trapezoids are all but exact.
_LOG_SCALES = np.linspace(-7.0, 7.0, 29)
_SQUARED_SCALES = np.exp(2 * _LOG_SCALES)[:, None]
_LOG_WEIGHTS = np.log(1 / np.cosh(_LOG_SCALES) / (1 / np.cosh(_LOG_SCALES)).sum())[:, None]

_ROUNDS, _DAMPING, _SETTLED = 40, 0.7, 1e-3
_LEAST_PRECISION = 1e-8

# No site is wider than a normal law of SD 2 per SD of a column: without an end, those of two
# columns that repeat one another drift apart.
_WIDEST = 0.25


@dataclass(frozen=True, slots=True)
class EffectPrior:
    """How large effects are: the sum of a part that all have and one that few have.

    Parameters
    ----------
    dense : float
        Standard deviation of the normal part; 0 where there is none.
    sparse : float
        Global scale of the horseshoe part; 0 where there is none.
    """

    dense: float
    sparse: float

    @property
    def variances(self) -> Floats:
        """Those of the normal laws mixed, ndarray of shape (k, 1)."""
        return np.asarray(self.dense**2 + self.sparse**2 * _SQUARED_SCALES)


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """Normal factors that stand for the prior of each coefficient δ: exp(−precision·δ²/2 + pull·δ).

    Parameters
    ----------
    precision : ndarray of shape (p,)
        Above 0, so that their product with a concave likelihood has one peak.
    pull : ndarray of shape (p,)
        0 where the factor is centred at 0.
    log_size : float
        Sum of the logarithms of their constants.
    widening : ndarray of shape (p,)
        Standard deviation of each coefficient under its prior itself, as a multiple of that under
        the sites: above 1 where the widest site is still too narrow, since the prior leaves open
        whether a coefficient is large or 0.
    """

    precision: Floats
    pull: Floats
    log_size: float
    widening: Floats


def normal_sites(p: int, sd: float) -> Sites:
    """Give the sites of a normal prior, which are the prior itself.

    Parameters
    ----------
    p : int
        How many coefficients.
    sd : float
        Their standard deviation.

    Returns
    -------
    Sites
        All alike, centred at 0.
    """
    log_size = -p * float(np.log(sd) + np.log(2 * np.pi) / 2)
    return Sites(np.full(p, sd**-2), np.zeros(p), log_size, np.ones(p))


def match_sites(information: Floats, pull: Floats, prior: EffectPrior, start: Sites) -> Sites:
    """Match the sites of a prior to the quadratic −β'·information·β/2 + pull'·β.

    Parameters
    ----------
    information : ndarray of shape (k, k)
        Of the log-likelihood, with the prior precision of leading coefficients; the last p of the
        k have the prior of effects.
    pull : ndarray of shape (k,)
        Its linear part.
    prior : EffectPrior
        Of each of the p.
    start : Sites
        To begin from; of p coefficients.

    Returns
    -------
    Sites
        Where 40 sweeps do not settle them, those reached.

    References
    ----------
    Carvalho, Polson & Scott (2010), The horseshoe estimator for sparse signals, Biometrika 97:465.
    Minka (2001), Expectation propagation for approximate Bayesian inference, UAI. Hernández-Lobato,
    Hernández-Lobato & Suárez (2015), Expectation propagation in linear regression models with
    spike-and-slab priors, Mach Learn 99:437 (damping, sites of no negative precision).
    """
    if not prior.sparse:
        return normal_sites(start.precision.size, prior.dense)
    precision, shift = start.precision, start.pull
    log_size, widening = start.log_size, start.widening
    lead = pull.size - precision.size
    for sweep in range(_ROUNDS):
        covariance = np.linalg.inv(information + np.diag(np.pad(precision, (lead, 0))))
        mean = (covariance @ (pull + np.pad(shift, (lead, 0))))[lead:]
        variance = np.diag(covariance)[lead:]
        # the cavity: what everything but its own prior says of each coefficient
        left = np.maximum(1 / variance - precision, _LEAST_PRECISION)
        centre = (mean / variance - shift) / left
        log_mass, there, spread = _moments(centre, 1 / left, prior)
        log_size = float(
            (
                log_mass - np.log(variance * left) / 2 + (left * centre**2 - mean**2 / variance) / 2
            ).sum()
        )
        wanted = np.maximum(1 / spread - left, _WIDEST)
        widening = np.where(wanted > _WIDEST, 1.0, np.sqrt(spread / variance))
        moved = np.abs(there - mean) / np.sqrt(variance) + np.abs(wanted - precision) * variance / 5
        if moved.max(initial=0.0) < _SETTLED:
            break
        damping = _DAMPING / (1 + sweep / 10)
        precision = precision + damping * (wanted - precision)
        shift = shift + damping * (there * (left + wanted) - centre * left - shift)
    return Sites(precision, shift, log_size, widening)


def _moments(centre: Floats, variance: Floats, prior: EffectPrior) -> tuple[Floats, Floats, Floats]:
    """Give log mass, mean and variance of N(centre, variance) times the prior."""
    total = variance + prior.variances
    log_each = _LOG_WEIGHTS - (np.log(2 * np.pi * total) + centre**2 / total) / 2
    top = log_each.max(axis=0)
    weight = np.exp(log_each - top)
    mass = weight.sum(axis=0)
    weight /= mass
    kept = prior.variances / total
    mean = (weight * kept).sum(axis=0) * centre
    square = (weight * (kept * variance + (kept * centre) ** 2)).sum(axis=0)
    return top + np.log(mass), mean, np.maximum(square - mean**2, 1e-12)
