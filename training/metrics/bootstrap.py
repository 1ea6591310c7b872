"""Bootstrap of rank measures without a loop: people drawn with replacement, as counts.

A resample is how often each person was drawn (multinomial). AUC, AUPRC and C then need one sort
or one table of pairs for all resamples together. The draws are those of
`training.metrics.intervals.bootstrap_interval` with the same generator, so both give the same
interval.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.metrics import FloatArray, MeasureUndefinedError
from training.metrics.accepted import checked, checked_followup, checked_risk, require_both_outcomes
from training.metrics.resampling import Ranks, resample_counts, staying
from training.metrics.survival import dynamic_auc, harrell_c, uno_c

PAIRS_UP_TO = 3000
"""More people than this, whose table of pairs grows with the square, and C is ranked anew."""


def bootstrap_auc(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    n_boot: int,
    rng: np.random.Generator,
    *,
    weight: FloatArray | float = 1.0,
) -> FloatArray:
    """AUROC in bootstrap resamples of people, by weighted ranks.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, in [0, 1].
    n_boot : int
        Resamples, at least 1.
    rng : numpy.random.Generator
        Source of randomness.
    weight : ndarray of shape (n,) or float
        Of each person whenever drawn, above 0; a pair weighs the product of its people's.

    Returns
    -------
    ndarray of shape (n_boot,)
        In [0, 1]; NaN where a resample holds one outcome only.

    Raises
    ------
    MeasureUndefinedError
        If only one outcome occurs.
    InvalidInputError
        If no resample is asked for.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall 1993, chapter 13.
    """
    outcome, probability = checked(y, p)
    require_both_outcomes("AUROC", outcome)
    ranks = Ranks.of(probability)

    def auc(counts: FloatArray) -> FloatArray:
        cases = counts * outcome
        return _weighted_auc(cases, counts - cases, ranks)

    return np.concatenate(
        [auc(counts * weight) for counts in resample_counts(n_boot, outcome.size, rng)]
    )


def bootstrap_auprc(
    y: npt.ArrayLike, p: npt.ArrayLike, n_boot: int, rng: np.random.Generator
) -> FloatArray:
    """Average precision in bootstrap resamples of people.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,) or (n, n_repeats)
        Probabilities of the outcome, in [0, 1]; of several columns the mean is given.
    n_boot : int
        Resamples, at least 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of shape (n_boot,)
        In (0, 1]; NaN where a resample holds one outcome only.

    Raises
    ------
    MeasureUndefinedError
        If only one outcome occurs.
    InvalidInputError
        If no resample is asked for.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall 1993, chapter 13.
    """
    columns = [checked(y, column) for column in _columns(p)]
    outcome = columns[0][0]
    require_both_outcomes("AUPRC", outcome)
    ranks = [Ranks.of(-probability) for _, probability in columns]

    def auprc(counts: FloatArray) -> FloatArray:
        cases = counts * outcome
        both = (cases.sum(axis=1) > 0) & (cases.sum(axis=1) < outcome.size)
        each = [_weighted_precision(cases, counts, rank) for rank in ranks]
        return np.where(both, np.mean(each, axis=0), np.nan)

    return np.concatenate([auprc(counts) for counts in resample_counts(n_boot, outcome.size, rng)])


def bootstrap_dynamic_auc(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk: npt.ArrayLike,
    n_boot: int,
    rng: np.random.Generator,
    *,
    t: float,
) -> FloatArray:
    """Cumulative/dynamic AUC at day t in bootstrap resamples, censoring estimated in each.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk : array-like of shape (n,) or (n, n_repeats)
        Predicted risk by t on any scale; higher = sooner. Of several columns the mean is given.
    n_boot : int
        Resamples, at least 1.
    rng : numpy.random.Generator
        Source of randomness.
    t : float
        Horizon in days.

    Returns
    -------
    ndarray of shape (n_boot,)
        In [0, 1]; NaN where a resample is not followed to t or one group is empty in it.

    Raises
    ------
    MeasureUndefinedError
        If the measure has no value on all people.
    InvalidInputError
        If no resample is asked for.

    References
    ----------
    Uno H et al. J Am Stat Assoc 2007;102:527-537.
    """
    times, marks = checked_followup(days, events)
    columns = [checked_risk(column, n=times.size) for column in _columns(risk)]
    for column in columns:
        dynamic_auc(times, marks, column, t=t)
    ranks = [Ranks.of(column) for column in columns]
    case, free = (times <= t) & (marks == 1), times >= t
    free &= ~case

    def auc(counts: FloatArray) -> FloatArray:
        stay = staying(counts, times, marks)[:, case]
        cases = np.zeros(counts.shape)
        # where nobody stays, nobody is followed to t either, and no pair is left
        cases[:, case] = counts[:, case] / np.where(stay > 0, stay, 1)
        # those free of the event at t share one weight, which cancels
        each = [_weighted_auc(cases, counts * free, rank) for rank in ranks]
        return np.asarray(np.mean(each, axis=0))

    return np.concatenate([auc(counts) for counts in resample_counts(n_boot, times.size, rng)])


def bootstrap_c(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk: npt.ArrayLike,
    n_boot: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Harrell's C in bootstrap resamples of people, by one weighted table of pairs.

    Above 3,000 people, where the table would not fit, each resample is ranked anew.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk : array-like of shape (n,) or (n, n_repeats)
        Predicted risk on any scale; higher = sooner. With several columns (repeats of a
        cross-validation) the mean over columns is given, on the same resamples.
    n_boot : int
        Resamples, at least 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of shape (n_boot,)
        In [0, 1]; NaN where no pair of a resample has a known order.

    Raises
    ------
    MeasureUndefinedError
        If no pair of all people has a known order.
    InvalidInputError
        If no resample is asked for.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall 1993, chapter 13.
    """
    times, marks = checked_followup(days, events)
    columns = [checked_risk(column, n=times.size) for column in _columns(risk)]
    for column in columns:
        harrell_c(times, marks, column)
    counts = resample_counts(n_boot, times.size, rng)
    if times.size > PAIRS_UP_TO:
        return np.array([_c_of(times, marks, columns, drawn) for some in counts for drawn in some])
    known, won = _pairs(times, marks, columns)
    return np.concatenate([_weighted_c(drawn, known, won) for drawn in counts])


def bootstrap_uno_c(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk: npt.ArrayLike,
    n_boot: int,
    rng: np.random.Generator,
    *,
    tau: float,
) -> FloatArray:
    """Uno's C in bootstrap resamples of people, the censoring curve estimated in each.

    The table of pairs grows with the square of the people; see `PAIRS_UP_TO`.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk : array-like of shape (n,) or (n, n_repeats)
        Predicted risk on any scale; higher = sooner. Of several columns the mean is given.
    n_boot : int
        Resamples, at least 1.
    rng : numpy.random.Generator
        Source of randomness.
    tau : float
        Only events before day tau count.

    Returns
    -------
    ndarray of shape (n_boot,)
        In [0, 1]; NaN where no pair of a resample has a known order or it is not followed to tau.

    Raises
    ------
    MeasureUndefinedError
        If the measure has no value on all people.
    InvalidInputError
        If no resample is asked for.

    References
    ----------
    Uno H et al. Stat Med 2011;30:1105-1117.
    """
    times, marks = checked_followup(days, events)
    columns = [checked_risk(column, n=times.size) for column in _columns(risk)]
    for column in columns:
        uno_c(times, marks, column, tau=tau)
    known, won = _pairs(times, marks, columns)
    late = times >= tau

    def c(counts: FloatArray) -> FloatArray:
        stay = staying(counts, times, marks)
        carried = np.where((stay > 0) & ~late, 1 / np.where(stay > 0, stay, 1) ** 2, 0.0)
        found = _weighted_c(counts, known, won, carried=carried)
        return np.where(counts[:, late].any(axis=1), found, np.nan)

    return np.concatenate([c(counts) for counts in resample_counts(n_boot, times.size, rng)])


def _columns(predictions: npt.ArrayLike) -> FloatArray:
    """Predictions by column; one column if there is one."""
    array = np.asarray(predictions, dtype=np.float64)
    return array[None, :] if array.ndim == 1 else array.T


def _weighted_auc(cases: FloatArray, others: FloatArray, ranks: Ranks) -> FloatArray:
    """AUC of each row of weights."""
    case, other = ranks.gather(cases), ranks.gather(others)
    beaten = np.cumsum(other, axis=1)
    won = np.einsum("ij,ij->i", case, beaten - other / 2)
    return _shares(won, case.sum(axis=1) * beaten[:, -1])


def _weighted_precision(cases: FloatArray, counts: FloatArray, ranks: Ranks) -> FloatArray:
    """Average precision of each row of counts; ``ranks`` are those of the highest first."""
    case = ranks.gather(cases)
    hits, called = np.cumsum(case, axis=1), np.cumsum(ranks.gather(counts), axis=1)
    precision = hits / np.maximum(called, 1)
    return _shares(np.einsum("ij,ij->i", case, precision), hits[:, -1])


def _pairs(
    days: FloatArray, events: FloatArray, columns: list[FloatArray]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Pairs whose order is known, and the share of columns that order them so (a tie: half)."""
    later = (days > days[:, None]) | ((days == days[:, None]) & (events == 0))
    known = later & (events == 1)[:, None]
    won = np.zeros(known.shape, dtype=np.float32)
    for risk in columns:
        won += np.where(risk[:, None] > risk, 1.0, 0.5 * (risk[:, None] == risk)).astype(np.float32)
    won[~known] = 0
    won /= len(columns)
    return known.astype(np.float32), won


def _weighted_c(
    counts: FloatArray,
    known: npt.NDArray[np.float32],
    won: npt.NDArray[np.float32],
    *,
    carried: FloatArray | None = None,
) -> FloatArray:
    """C of each row of counts; a pair carries the weight of its earlier person."""
    half = counts.astype(np.float32)
    first = counts if carried is None else counts * carried
    pairs, good = (np.einsum("ij,ij->i", first, half @ table.T) for table in (known, won))
    return _shares(good, pairs)


def _shares(won: FloatArray, pairs: FloatArray) -> FloatArray:
    """Share of pairs won; NaN where there is none."""
    shares = np.full(pairs.size, np.nan)
    shares[pairs > 0] = won[pairs > 0] / pairs[pairs > 0]
    return shares


def _c_of(
    days: FloatArray, events: FloatArray, columns: list[FloatArray], counts: FloatArray
) -> float:
    """C of one resample, mean over columns."""
    chosen = np.repeat(np.arange(days.size), counts.astype(np.intp))
    try:
        each = [harrell_c(days[chosen], events[chosen], risk[chosen]) for risk in columns]
    except MeasureUndefinedError:
        return float("nan")
    return float(np.mean(each))
