"""Who is trained on and who is tested on: by patient, stratified, always shuffled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from predictor.errors import InvalidInputError, PredictorError

IndexArray = npt.NDArray[np.intp]


class LeakError(PredictorError):
    """A person stands on both sides of a split: whatever it measured is void."""


@dataclass(frozen=True, slots=True)
class Split:
    """One training set and its test set.

    Parameters
    ----------
    repeat : int
        Number of the repeat, from 0.
    fold : int
        Number of the fold within the repeat, from 0.
    train : ndarray of shape (n_train,)
        Positions of the rows trained on, increasing.
    test : ndarray of shape (n_test,)
        Positions of the rows tested on, increasing; over the folds of one repeat each row
        once.
    """

    repeat: int
    fold: int
    train: IndexArray
    test: IndexArray


def folds(
    y: npt.ArrayLike,
    *,
    groups: Sequence[str] | npt.NDArray[np.generic],
    n_splits: int,
    n_repeats: int,
    rng: np.random.Generator,
) -> list[Split]:
    """Split people into folds, several times over.

    The rows of a patient stay together. Patients with and without the outcome are dealt out
    apart, in a new random order at each repeat, so that neither the order of the rows nor
    chance leaves a fold without one of them.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcome, 0 or 1; for relapse whether the event was seen.
    groups : sequence of length n
        Patient of each row.
    n_splits : int
        Folds of a repeat, at least 2.
    n_repeats : int
        Repeats, at least 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    list of Split
        ``n_repeats * n_splits`` splits, in order of repeat and fold.

    Raises
    ------
    InvalidInputError
        If an outcome or a patient is missing, or there are more folds than patients with the
        rarer outcome.
    """
    patient, stratum = _patients(y, groups)
    possible = int(np.bincount(stratum, minlength=2).min())
    if n_splits < 2 or n_repeats < 1:
        raise InvalidInputError(
            f"{n_splits} folds and {n_repeats} repeats were asked for; at least 2 and 1 are needed"
        )
    if n_splits > possible:
        remedy = f"ask for at most {possible}" if possible >= 2 else "no split is possible"
        raise InvalidInputError(
            f"{n_splits} folds were asked for, but the rarer outcome occurs in {possible} "
            f"patients; {remedy}"
        )
    splits = []
    for repeat in range(n_repeats):
        fold_of_row = _deal(stratum, np.bincount(patient), n_splits, rng)[patient]
        for fold in range(n_splits):
            train, test = np.flatnonzero(fold_of_row != fold), np.flatnonzero(fold_of_row == fold)
            require_disjoint(patient, train=train, test=test)
            splits.append(Split(repeat, fold, train, test))
    return splits


def feasible_folds(
    y: npt.ArrayLike,
    wanted: int,
    *,
    groups: Sequence[str] | npt.NDArray[np.generic] | None = None,
) -> int:
    """Say how many folds this cohort allows, at most those wanted.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcome, 0 or 1.
    wanted : int
        Folds one would like, at least 2.
    groups : sequence of length n or None
        Patient of each row; None where each row is another patient.

    Returns
    -------
    int
        From 2 to ``wanted``.

    Raises
    ------
    InvalidInputError
        If fewer than two patients have the rarer outcome, or fewer than 2 folds are wanted.
    """
    if wanted < 2:
        raise InvalidInputError(f"{wanted} folds are wanted; cross-validation needs at least 2")
    people = np.arange(np.asarray(y).size) if groups is None else groups
    possible = int(np.bincount(_patients(y, people)[1], minlength=2).min())
    if possible < 2:
        raise InvalidInputError(
            f"the rarer outcome occurs in {possible} patients; cross-validation needs at least 2"
        )
    return min(wanted, possible)


def require_disjoint(
    groups: Sequence[str] | npt.NDArray[np.generic], *, train: IndexArray, test: IndexArray
) -> None:
    """Stop where a patient is trained on and tested on.

    Parameters
    ----------
    groups : sequence of length n
        Patient of each row.
    train : ndarray of shape (n_train,)
        Positions of the rows trained on.
    test : ndarray of shape (n_test,)
        Positions of the rows tested on.

    Raises
    ------
    LeakError
        If any patient is on both sides.
    """
    patient = np.asarray(groups)
    shared = np.intersect1d(patient[train], patient[test])
    if shared.size:
        raise LeakError(f"{shared.size} patients are on both sides of a split")


def _patients(
    y: npt.ArrayLike, groups: Sequence[str] | npt.NDArray[np.generic]
) -> tuple[IndexArray, IndexArray]:
    """Patient number of each row, and whether each patient ever had the outcome."""
    outcome = np.asarray(y, dtype=np.float64)
    if outcome.ndim != 1 or outcome.size == 0 or not np.all((outcome == 0) | (outcome == 1)):
        raise InvalidInputError(
            "outcomes must be a filled array of 0 and 1; leave out missing ones"
        )
    if len(groups) != outcome.size:
        raise InvalidInputError(f"{len(groups)} patients were given for {outcome.size} outcomes")
    if any(group is None for group in groups):
        raise InvalidInputError("a row has no patient_id; each row must name its patient")
    patient = np.unique(np.asarray(groups), return_inverse=True)[1]
    return patient, (np.bincount(patient, outcome) > 0).astype(np.intp)


def _deal(
    stratum: IndexArray, size: IndexArray, n_splits: int, rng: np.random.Generator
) -> IndexArray:
    """Fold of each patient: shuffled, the largest first, dealt out within each stratum."""
    order = rng.permutation(stratum.size)
    order = order[np.lexsort((-size[order], stratum[order]))]
    # the second stratum is dealt on from where the first ended, so folds stay equally large
    fold = np.empty(stratum.size, dtype=np.intp)
    fold[order] = rng.permutation(n_splits)[np.arange(stratum.size) % n_splits]
    return fold
