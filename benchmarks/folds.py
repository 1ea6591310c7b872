"""Which person is tested in which fold, by seed: the same in our environment and the peers'."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
MANY_PEOPLE, MANY_REPEATS = 3000, 3


def repeats_for(n: int) -> int:
    """Give three repeats, or one where there are more than 3,000 people."""
    return 1 if n > MANY_PEOPLE else MANY_REPEATS


def shuffled_folds(y: NDArray[np.float64], seed: int) -> NDArray[np.int64]:
    """Deal shuffled people to five folds, those with the event and those without apart."""
    rng = np.random.default_rng([seed, len(y)])
    fold = np.empty(len(y), dtype=np.int64)
    for value in (0.0, 1.0):
        who = rng.permutation(np.flatnonzero(y == value))
        fold[who] = (np.arange(len(who)) + (0 if value == 0 else FOLDS // 2)) % FOLDS
    return fold


def all_folds(y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give the fold of each person in each repeat, of shape (repeats, n)."""
    return np.stack([shuffled_folds(y, seed) for seed in range(repeats_for(len(y)))])
