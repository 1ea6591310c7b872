"""On permuted outcomes an honest procedure ranks nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from training.evaluation.cross_validation import Resampling, hold_out
from training.evaluation.procedure import Analysis
from training.evaluation.sentinels.sentinel import FALSE_ALARM, Sentinel, untested
from training.fitting import Outcome
from training.learners import Learner
from training.splits import feasible_folds, folds
from training.work import ALONE, Work

Floats = NDArray[np.float64]

PERMUTATIONS = 20
"""Each is trained once and judged in one held-out fold of its own."""

_COMPARED = 2000  # people of a fold; pairs of more take memory and add nothing


def permuted_outcome(
    analysis: Analysis,
    learner: Learner,
    resampling: Resampling,
    *,
    rng: np.random.Generator,
    work: Work = ALONE,
) -> Sentinel:
    """Repeat the procedure on permuted outcomes and judge it on people held out.

    Every permutation is split anew; of its folds one is held out, so that permutations do not
    share a fit and are independent given the answers. Inside a held-out fold every order of the
    outcomes is equally likely whatever was fitted, which gives the mean 0.5 and the variance of
    AUC or C exactly, ties and few events included.

    Parameters
    ----------
    analysis : Analysis
        People and outcome; days and events are permuted together.
    learner : Learner
        The procedure: encoding, imputation, tuning and calibration go with it.
    resampling : Resampling
        The run's folds.
    rng : numpy.random.Generator
        Draws permutations and folds.
    work : Work
        How permutations are done; the numbers do not depend on it.

    Returns
    -------
    Sentinel
        Failed where the mean discrimination is above 0.5 by more than chance takes it in one of
        2,000 runs, one-sided.

    References
    ----------
    Ojala M, Garriga GC. J Mach Learn Res 2010;11:1833-1863 (permuted outcomes). Daniels HE.
    Biometrika 1944;33:129-135 (moments).
    """
    units = [
        (analysis, learner, resampling, number, child)
        for number, child in enumerate(rng.spawn(PERMUTATIONS))
    ]
    found = work.each("Permuted outcomes", _one, units)
    judged = np.array([numbers for numbers in found if numbers], dtype=np.float64)
    if len(judged) <= PERMUTATIONS // 2:
        return untested(f"{learner.name} could not be fitted to most permuted outcomes")
    excess, variance, pairs = judged.sum(axis=0)
    measure = "AUC" if analysis.outcome.days is None else "C"
    value = 0.5 + excess / (2 * pairs)
    limit = float(norm.isf(FALSE_ALARM)) * np.sqrt(variance)
    passed = bool(excess <= limit + 1e-9)
    return Sentinel(
        passed=passed,
        detail=f"{learner.name} on {len(judged)} permuted outcomes has {measure} {value:.3f} in "
        f"people held out; chance goes up to {0.5 + limit / (2 * pairs):.3f}"
        + ("" if passed else ": the procedure sees the outcomes that it predicts"),
    )


def _one(
    analysis: Analysis,
    learner: Learner,
    resampling: Resampling,
    number: int,
    rng: np.random.Generator,
) -> Sequence[float]:
    """Permute once and judge one held-out fold; empty where nothing could be fitted."""
    order = rng.permutation(len(analysis.groups))
    permuted = replace(analysis, outcome=analysis.outcome.take(order))
    y = permuted.outcome.events
    n_splits = feasible_folds(y, resampling.folds, groups=analysis.groups)
    splits = folds(y, groups=analysis.groups, n_splits=n_splits, n_repeats=1, rng=rng)
    split = splits[number % n_splits]
    held = hold_out(permuted, [learner], split, resampling.inner_folds, rng)[learner.name]
    if held.failure:
        return []
    there = permuted.outcome.take(split.test)
    some = np.arange(held.margin.size)[:_COMPARED]
    return ranking_by_chance(held.margin[some], there.take(some))


def ranking_by_chance(margin: Floats, outcome: Outcome) -> tuple[float, float, float]:
    """Hold a ranking against all orders of the outcomes.

    Parameters
    ----------
    margin : ndarray, shape (n,)
        Higher is likelier or sooner.
    outcome : Outcome
        Of the same people.

    Returns
    -------
    excess, variance, pairs : float
        Over ordered pairs of people whose outcomes differ: pairs ranked rightly less wrongly
        (0.5 + excess / (2 · pairs) is AUC or C), its variance over all orders of the outcomes
        (the mean is 0), and the number of pairs.
    """
    events = outcome.events == 1
    days = np.where(events, 0.0, 1.0) if outcome.days is None else outcome.days
    before = events[:, None] & (
        (days[:, None] < days) | ((days[:, None] == days) & ~events)
    )  # a relapse on the day of a censoring comes first
    a = np.sign(margin[:, None] - margin)
    b = before.astype(np.float64) - before.T
    n = len(margin)
    excess, pairs = float((a * b).sum()), float((b**2).sum())
    around = [float((m.sum(axis=1) ** 2).sum() - (m**2).sum()) for m in (a, b)]
    variance = 2 * float((a**2).sum()) * pairs / max(n * (n - 1), 1)
    if n > 2:
        variance += 4 * around[0] * around[1] / (n * (n - 1) * (n - 2))
    return excess, variance, pairs
