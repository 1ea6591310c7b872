"""Whose answers a fit reads, counted where they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from training.splits import LeakError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RowsSeen:
    """What the fits of one training set read.

    Parameters
    ----------
    training : int
        Distinct rows trained on.
    read : int
        Distinct rows of which any fit read an answer.
    inner : sequence of int
        Rows that each inner training set was fitted on.
    """

    training: int
    read: int
    inner: Sequence[int]


class Reads(Mapping[str, Floats]):
    """Answers that remember of which rows they were read.

    Parameters
    ----------
    values : mapping of str to ndarray, shape (n,)
        Coded answers of everybody.
    n : int
        People.
    """

    def __init__(self, values: Mapping[str, Floats], n: int) -> None:
        self._values = values
        self.seen = np.zeros(n, dtype=bool)

    def __getitem__(self, variable: str) -> Floats:
        return cast("Floats", _Answers(self._values[variable], self.seen))

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class _Answers:
    """One variable; whatever is not asked for by row counts as reading everybody."""

    def __init__(self, answers: Floats, seen: NDArray[np.bool_]) -> None:
        self._answers, self._seen = answers, seen

    def __getitem__(self, rows: Any) -> Any:
        self._seen[rows] = True
        return self._answers[rows]

    def __array__(self, *args: Any, **kwargs: Any) -> Floats:
        self._seen[:] = True
        return np.array(self._answers, dtype=np.float64)

    def __getattr__(self, name: str) -> Any:
        self._seen[:] = True
        return getattr(self._answers, name)


def count_rows(
    reads: Reads,
    rows: NDArray[np.intp],
    fitted: Sequence[int],
    inner: Sequence[tuple[int, int]],
) -> RowsSeen:
    """Count what fits read, and stop unless it is exactly their training rows.

    Parameters
    ----------
    reads : Reads
        Given to everything that was fitted, and to nothing that predicts.
    rows : ndarray of int
        Places of the training rows; one may stand twice.
    fitted : sequence of int
        Rows of each fit to all of them.
    inner : sequence of tuple of int
        Rows of each inner fit, and how many its split says.

    Returns
    -------
    RowsSeen
        The counts.

    Raises
    ------
    LeakError
        If a fit read anybody else, or not all.
    """
    training = np.zeros(reads.seen.size, dtype=bool)
    training[rows] = True
    people, read = int(training.sum()), int(reads.seen.sum())
    outside = int((reads.seen & ~training).sum())
    if outside:
        raise LeakError(
            f"fitting read the answers of {outside} people who are not among the {people} trained "
            "on"
        )
    counts = [(read, people), *((n, len(rows)) for n in fitted), *inner]
    for found, said in counts:
        if found != said:
            raise LeakError(f"a step was fitted to {found} rows where its training side has {said}")
    return RowsSeen(people, read, tuple(found for found, _ in inner))
