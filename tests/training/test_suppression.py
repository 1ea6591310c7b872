"""Hidden counts stay hidden: nothing small follows from what is shown."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from training.suppression import SUPPRESSED_BELOW, hidden_cells

TABLES = st.integers(1, 5).flatmap(
    lambda levels: st.integers(1, 3).flatmap(
        lambda groups: st.lists(
            st.lists(st.integers(0, 60), min_size=groups, max_size=groups),
            min_size=levels,
            max_size=levels,
        )
    )
)


def hidden_text(*rows):
    """Marks hidden cells, the sum over groups first."""
    return ["".join(".#"[int(cell)] for cell in row) for row in hidden_cells(np.array(rows))]


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        (([40, 30, 20], [30, 40, 50]), ["....", "...."]),
        # 4 would follow from the sum and the other groups, or from the total and the other level
        (([4, 30, 20], [60, 40, 50]), [".#.#", ".#.#"]),
        # few only where the outcome is missing: the sum goes, the comparison stays
        (([40, 30, 3], [30, 40, 12]), ["#..#", "#..#"]),
        # a rare level goes whole, with the smallest other level
        (([1, 2, 0], [30, 40, 12], [50, 40, 30]), ["####", "####", "...."]),
    ],
)
def test_cells_by_hand(rows, shown):
    assert hidden_text(*rows) == shown


@settings(max_examples=300, deadline=None)
@given(TABLES)
@example([[0, 10, 10], [10, 0, 0], [10, 10, 1], [10, 10, 9]])  # no line gives one away, all do
def test_no_hidden_count_follows_from_the_sums_and_what_is_shown(rows):
    counts = np.array(rows)
    hidden = hidden_cells(counts)
    cells = np.column_stack([counts.sum(axis=1), counts])
    assert hidden[cells < SUPPRESSED_BELOW].all()
    places = {tuple(place): i for i, place in enumerate(np.argwhere(hidden))}
    if not places:
        return
    lines = [[(level, column) for level in range(len(cells))] for column in range(cells.shape[1])]
    equations = np.zeros((len(lines) + len(cells), len(places)))
    for i, line in enumerate(lines):  # the total of a column is known
        for place in line:
            if place in places:
                equations[i, places[place]] = 1
    for level in range(len(cells)):  # the sum of a level is that of its groups
        for column in range(cells.shape[1]):
            if (level, column) in places:
                sign = -1 if column == 0 else 1
                equations[len(lines) + level, places[level, column]] = sign
    _, sizes, directions = np.linalg.svd(equations)
    free = directions[(sizes > 1e-9).sum() :]
    for place, i in places.items():
        known_alone = not (np.abs(free[:, i]) > 1e-9).any()
        nothing_left = hidden[:, place[1]].all() and hidden[place[0]].all()
        assert not known_alone or nothing_left, (rows, place)
