"""Which counts of people are hidden, so that no small group is told of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int_]
Flags = NDArray[np.bool_]

SUPPRESSED_BELOW = 10
"""Counts of fewer people than this are hidden."""


def hidden_groups(people: Sequence[int]) -> set[int]:
    """Choose the groups whose counts are hidden.

    Those too small, and the next smallest until no count follows from the total and the others.

    Parameters
    ----------
    people : sequence of int
        People of each group; together a total that is known.

    Returns
    -------
    set of int
        Places of the hidden groups: none, or at least two with 10 people together, or all.
    """
    order = sorted(range(len(people)), key=lambda place: people[place])
    hidden = [place for place in order if people[place] < SUPPRESSED_BELOW]
    for place in order[len(hidden) :]:
        told = sum(people[each] for each in hidden)
        if not hidden or (len(hidden) > 1 and told >= SUPPRESSED_BELOW):
            break
        hidden.append(place)
    return set(hidden)


def hidden_cells(counts: Counts) -> Flags:
    """Choose the cells of a table that are hidden: levels by groups, beside their sum.

    Those too small, and more until none follows: neither along a level, whose groups add up to the
    sum beside them, nor along a column, whose total is taken as known, nor from all of them
    together. Of a level whose only hidden cell is in the last group, the sum is hidden rather than
    another group. How closely a hidden count can be bracketed is not looked at.

    Parameters
    ----------
    counts : ndarray of int, shape (n_levels, n_groups)
        People; the group that matters least last.

    Returns
    -------
    ndarray of bool, shape (n_levels, 1 + n_groups)
        The sum over groups stands first.
    """
    cells = np.column_stack([counts.sum(axis=1), counts])
    hidden: Flags = cells < SUPPRESSED_BELOW
    before = -1
    while hidden.sum() > before:
        before = int(hidden.sum())
        for level in range(len(cells)):
            _hide_in_level(cells[level], hidden[level])
        for column in range(cells.shape[1]):
            _hide_in_column(cells[:, column], hidden[:, column])
        if hidden.sum() == before:
            _hide_round_a_solved_one(cells, hidden)
    return hidden


def _hide_round_a_solved_one(cells: Counts, hidden: Flags) -> None:
    """Hide one more cell, in place, beside a hidden one that all lines together still determine."""
    for level, column in np.argwhere(hidden)[_solved(hidden)]:
        for line, flags in (
            (cells[:, column], hidden[:, column]),
            (cells[level], hidden[level]),
        ):
            if not flags.all():
                flags[_smallest(line, flags)] = True
                return


def _solved(hidden: Flags) -> Flags:
    """Tell which hidden cells follow from what is shown, the sums and the totals of columns."""
    levels, columns = np.nonzero(hidden)
    of_column = (np.arange(hidden.shape[1])[:, None] == columns).astype(np.float64)
    of_level = (np.arange(len(hidden))[:, None] == levels) * np.where(columns == 0, -1.0, 1.0)
    _, sizes, directions = np.linalg.svd(np.vstack([of_column, of_level]))
    free = directions[int((sizes > 1e-9).sum()) :]
    fixed: Flags = ~(np.abs(free) > 1e-9).any(axis=0)
    return fixed


def _hide_in_level(cells: Counts, hidden: Flags) -> None:
    """Hide more of one level, in place, until nothing small follows from its sum."""
    while hidden.any() and not hidden.all():
        groups = np.flatnonzero(hidden[1:]) + 1
        if hidden[0] and groups.size:
            return  # the sum is as unknown as its part
        if groups.size > 1 and cells[groups].sum() >= SUPPRESSED_BELOW:
            return
        if hidden[0]:
            hidden[-1] = True
        elif hidden[1:].all() or not hidden[1:-1].any():
            hidden[0] = True
        else:
            hidden[1 + _smallest(cells[1:], hidden[1:])] = True


def _hide_in_column(cells: Counts, hidden: Flags) -> None:
    """Hide more of one column, in place, until nothing small follows from its total."""
    while hidden.any() and not hidden.all():
        if hidden.sum() > 1 and cells[hidden].sum() >= SUPPRESSED_BELOW:
            return
        hidden[_smallest(cells, hidden)] = True


def _smallest(cells: Counts, hidden: Flags) -> int:
    """Find the smallest cell that is not hidden."""
    left = np.flatnonzero(~hidden)
    return int(left[np.argmin(cells[left])])
