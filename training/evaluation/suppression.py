"""Which counts of people are hidden, so that no small group is told of."""

from __future__ import annotations

from collections.abc import Sequence

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
