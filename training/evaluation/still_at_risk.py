"""What a baseline model says of those who are still at risk later on.

A risk from time zero becomes one from a later day by the rule of conditional probability; nothing
is fitted again. So a model that reads later answers can be held against it in the same people.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.evaluation.cross_validation import OutOfFold
from training.evaluation.procedure import RISK_DAYS

Floats = NDArray[np.float64]


def still_at_risk(
    found: OutOfFold, kept: NDArray[np.bool_], *, passed: float = 0.0, name: str = "baseline_model"
) -> OutOfFold:
    """Give a model's predictions for some of its people, from a later day on.

    Parameters
    ----------
    found : OutOfFold
        Predictions from time zero for everybody.
    kept : ndarray of bool, shape (n,)
        Who is still at risk.
    passed : float
        Days after time zero, at least 0; without meaning for response.
    name : str
        Of the predictions.

    Returns
    -------
    OutOfFold
        Of those kept: the same margins, and for relapse the risk by each of `RISK_DAYS` counted
        from the later day, given that nothing happened before it.
    """
    probability = found.probability[kept]
    if probability.ndim == 3 and passed > 0:
        days = np.array(RISK_DAYS, dtype=np.float64)
        before, by = (cumulative_at(probability, t) for t in (np.array([passed]), passed + days))
        probability = -np.expm1(before - by)
    return replace(
        found,
        name=name,
        margin=found.margin[kept],
        probability=probability,
        fold=found.fold[kept],
        contributions={},
        seen=(),
    )


def cumulative_at(risk: Floats, days: Floats) -> Floats:
    """Read the cumulative hazard between the days at which risks are known.

    Parameters
    ----------
    risk : ndarray, shape (…, 7)
        Risk by each of `RISK_DAYS`, rising, in [0, 1).
    days : ndarray, shape (k,)
        Days after time zero, above 0.

    Returns
    -------
    ndarray, shape (…, k)
        Cumulative hazard. Between two days, and beyond the first and the last, it goes as a power
        of time, which is exact for Weibull times.
    """
    known = np.log(np.array(RISK_DAYS, dtype=np.float64))
    height = np.log(np.maximum(-np.log1p(-np.minimum(risk, 1 - 1e-12)), 1e-12))
    place = np.clip(np.searchsorted(known, np.log(days)) - 1, 0, known.size - 2)
    share = (np.log(days) - known[place]) / (known[place + 1] - known[place])
    low, high = height[..., place], height[..., place + 1]
    return np.asarray(np.exp(low + share * (high - low)))
