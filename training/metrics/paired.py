"""Which of two models ranks better: differences in the same people.

Losses, which every person has one of, are compared by
`training.metrics.intervals.paired_difference`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from training.metrics import FloatArray, MeasureUndefinedError
from training.metrics.bootstrap import bootstrap_c
from training.metrics.intervals import (
    Estimate,
    PairedDifference,
    over_repeats,
    percentile_interval,
    placements,
)
from training.metrics.survival import harrell_c


def delong_difference(y: npt.ArrayLike, p_a: npt.ArrayLike, p_b: npt.ArrayLike) -> PairedDifference:
    """Difference of two models' AUROC in the same people, with DeLong's paired 95 % interval.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p_a : array-like of shape (n,) or (n, n_repeats)
        Probabilities of model A, in [0, 1]; repeats are averaged within a person.
    p_b : array-like of shape (n,) or (n, n_repeats)
        Probabilities of model B for the same people.

    Returns
    -------
    PairedDifference
        AUROC of A minus that of B; above 0 when A ranks better.

    Raises
    ------
    MeasureUndefinedError
        If an outcome occurs in fewer than two people, or both models separate the outcomes
        perfectly.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845.
    """
    of_a, of_b = placements(y, p_a), placements(y, p_b)
    if of_a[0].min() == of_b[0].min() == 1:
        raise MeasureUndefinedError("AUROC difference", "both models separate the outcomes")
    cases, others = of_a[0] - of_b[0], of_a[1] - of_b[1]
    se = float(np.sqrt(cases.var(ddof=1) / cases.size + others.var(ddof=1) / others.size))
    mean, reach = float(cases.mean()), float(norm.ppf(0.975)) * se
    return PairedDifference(mean, mean - reach, mean + reach, se)


def harrell_difference(
    follow_up: tuple[FloatArray, FloatArray],
    margin_a: FloatArray,
    margin_b: FloatArray,
    *,
    n_boot: int,
    seed: int,
) -> Estimate:
    """Difference of two models' C-index in the same people, in the same bootstrap resamples.

    Parameters
    ----------
    follow_up : tuple of ndarray, each of shape (n,)
        Day of relapse or censoring, and 1 = relapsed then.
    margin_a : ndarray of shape (n, n_repeats)
        Log-hazards of model A.
    margin_b : ndarray of shape (n, n_repeats)
        Log-hazards of model B for the same people.
    n_boot : int
        Resamples of people.
    seed : int
        Of the draws, which are those of both models.

    Returns
    -------
    Estimate
        C of A minus that of B, mean over repeats; above 0 when A ranks better.

    Raises
    ------
    MeasureUndefinedError
        If no pair of people can be ordered.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall 1993, chapter 13.
    """
    a, b = (over_repeats(harrell_c)(*follow_up, margin) for margin in (margin_a, margin_b))
    drawn = [
        bootstrap_c(*follow_up, margin, n_boot, np.random.default_rng(seed))
        for margin in (margin_a, margin_b)
    ]
    return percentile_interval(a - b, drawn[0] - drawn[1])


def as_estimate(found: PairedDifference, method: str) -> Estimate:
    """Give a paired difference the form of all estimates.

    Parameters
    ----------
    found : PairedDifference
        A minus B.
    method : str
        How its interval was made.

    Returns
    -------
    Estimate
        The same numbers.
    """
    return Estimate(found.mean, found.lo, found.hi, method)
