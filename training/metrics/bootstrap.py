"""Bootstrap of rank measures without a loop: people drawn with replacement, as counts.

A resample is how often each person was drawn (multinomial). AUC and C then need one sort or one
table of pairs for all resamples together. The draws are those of
`training.metrics.intervals.bootstrap_interval` with the same generator, so both give the same
interval.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from predictor.errors import InvalidInputError
from training.metrics import FloatArray, MeasureUndefinedError
from training.metrics.accepted import checked, checked_followup, checked_risk, require_both_outcomes
from training.metrics.survival import harrell_c

PAIRS_UP_TO = 3000
"""More people than this, whose table of pairs grows with the square, and C is ranked anew."""

# people times resamples held at once: as many as stay in the processor's cache
_HELD_AT_ONCE = 50_000


def bootstrap_auc(
    y: npt.ArrayLike, p: npt.ArrayLike, n_boot: int, rng: np.random.Generator
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
    order = np.argsort(probability, kind="stable")
    ordered, ranked = outcome[order], probability[order]
    first_of_tie = np.append(0, np.flatnonzero(np.diff(ranked)) + 1)
    values = [
        _weighted_auc(c[:, order], ordered, first_of_tie) for c in _counts(n_boot, order.size, rng)
    ]
    return np.concatenate(values)


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
    scores = np.asarray(risk, dtype=np.float64)
    scores = scores[:, None] if scores.ndim == 1 else scores
    columns = [checked_risk(column, n=times.size) for column in scores.T]
    for column in columns:
        harrell_c(times, marks, column)
    counts = _counts(n_boot, times.size, rng)
    if times.size > PAIRS_UP_TO:
        return np.array([_c_of(times, marks, columns, drawn) for some in counts for drawn in some])
    known, won = _pairs(times, marks, columns)
    return np.concatenate([_weighted_c(drawn, known, won) for drawn in counts])


def _counts(n_boot: int, n: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """How often each person is in each resample, some resamples at a time."""
    if n_boot < 1:
        raise InvalidInputError(f"{n_boot} resamples were asked for; at least 1 is needed")
    step = max(1, _HELD_AT_ONCE // n)
    for start in range(0, n_boot, step):
        size = min(step, n_boot - start)
        drawn = rng.integers(n, size=(size, n)) + n * np.arange(size)[:, None]
        yield np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)


def _weighted_auc(
    counts: FloatArray, y: FloatArray, first_of_tie: npt.NDArray[np.intp]
) -> FloatArray:
    """AUROC of each row of counts; people stand by increasing probability."""
    cases = counts * y
    others = counts - cases
    if first_of_tie.size < y.size:
        cases, others = (np.add.reduceat(each, first_of_tie, axis=1) for each in (cases, others))
    beaten = np.cumsum(others, axis=1)
    pairs = cases.sum(axis=1) * beaten[:, -1]
    won = np.einsum("ij,ij->i", cases, beaten - others / 2)
    return _shares(won, pairs)


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
    counts: FloatArray, known: npt.NDArray[np.float32], won: npt.NDArray[np.float32]
) -> FloatArray:
    """C of each row of counts."""
    half = counts.astype(np.float32)
    pairs, good = (np.einsum("ij,ij->i", counts, half @ table.T) for table in (known, won))
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
