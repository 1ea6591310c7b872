"""What tuning makes small, and how much weight trees get in a blend by it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.fitting.between_visits import seen_of
from training.fitting.preparing import Outcome
from training.penalised_cox import cox_partial_loglik
from training.weibull import fit_weibull

Floats = NDArray[np.float64]

BLEND_WEIGHTS = tuple(k / 10 for k in range(8))
"""Shares of the trees in a blended margin that are weighed."""

BLEND_RATE = 5.0
"""The prior of the share falls by e for each 1/5: trees must show on held-out people what they are
worth (`benchmarks/parts.py`)."""

NO_WEIGHT = 0.02
"""A share below this is none: the blend is then linear."""


def tuning_loss(outcome: Outcome, margin: Floats, likelihood: str = "partial") -> float:
    """Give the loss of held-out people: log-loss, or minus a log-likelihood of relapse.

    On visit intervals their own baseline is one Weibull law: few people cannot bear more.

    Parameters
    ----------
    outcome : Outcome
        What happened to them.
    margin : ndarray, shape (n,)
        What was said before, without the known part; higher is likelier, or sooner.
    likelihood : str
        Of the learner that said it: ``partial`` or ``interval``; not read for response.

    Returns
    -------
    float
        Summed over people; lower is better.
    """
    if outcome.days is None:
        return float(np.sum(np.logaddexp(0.0, margin) - outcome.events * margin))
    if not outcome.events.any():
        return 0.0
    whole = outcome.added_to(margin)
    if likelihood == "partial":
        return -cox_partial_loglik(outcome.days, outcome.events, whole)
    return -fit_weibull(*seen_of(outcome), whole - whole.mean()).loglik


def blend_weight(losses: Sequence[float]) -> float:
    """Average the share of the trees by how well each share foretold held-out people.

    Parameters
    ----------
    losses : sequence of float
        Summed out-of-fold loss at each of `BLEND_WEIGHTS`.

    Returns
    -------
    float
        Posterior mean of the share under a prior that falls with it; 0 where it is negligible.

    References
    ----------
    Yao et al (2018), Using stacking to average Bayesian predictive distributions, Bayesian Anal
    13:917 (pseudo-Bayesian model averaging by held-out likelihood).
    """
    log = -np.asarray(losses) - BLEND_RATE * np.array(BLEND_WEIGHTS)
    shares = np.exp(log - log.max())
    weight = float(shares @ np.array(BLEND_WEIGHTS) / shares.sum())
    return weight if weight >= NO_WEIGHT else 0.0
