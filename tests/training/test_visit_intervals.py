"""Intervals between visits, counted by hand."""

import numpy as np
import pytest

from predictor.errors import InvalidInputError
from training.visit_intervals import KNOT_DAYS, visit_intervals


def test_three_people_by_hand():
    # Relapsed between day 10 and day 30; dated exactly on day 14; censored, last well on day 20.
    found = visit_intervals([10, 14, 20], [30, 14, 44], [1, 1, 0], knots=[0, 14, 28, 42])
    assert found.before.tolist() == [[10, 0, 0], [14, 0, 0], [14, 6, 0]]
    assert found.cases.tolist() == [0]
    assert found.within.tolist() == [[4, 14, 2]]
    assert found.exact.tolist() == [1]
    assert found.period.tolist() == [0]  # a knot belongs to the period that it ends
    assert found.n_events == 2


def test_an_event_that_may_have_happened_counts_by_its_chance():
    found = visit_intervals([14, 14], [28, 28], [0.25, 1], knots=[0, 14, 28])
    assert found.weight.tolist() == [0.25, 1]
    assert found.within.tolist() == [[0, 14], [0, 14]]
    assert found.before.tolist() == [[14, 0.75 * 14], [14, 0]]
    assert found.n_events == 1.25


def test_what_nobody_reached_has_no_period_and_the_last_one_has_no_end():
    found = visit_intervals([0, 500], [28, 500], [1, 0])
    assert found.edges.tolist() == list(KNOT_DAYS)
    assert found.before[1].sum() == 500
    early = visit_intervals([0, 0], [28, 500], [1, 0])
    assert early.edges.tolist() == [0, 14]


def test_the_clock_runs_by_its_power():
    found = visit_intervals([4, 9], [9, 9], [1, 1], knots=[0, 4], pace=0.5)
    np.testing.assert_allclose(found.before, [[2, 0], [2, 1]])
    np.testing.assert_allclose(found.within, [[0, 1]])
    assert found.log_speed == pytest.approx(np.log(0.5 / 3))
    np.testing.assert_allclose(found.lived([1, 16]), [[1, 0], [2, 2]])


@pytest.mark.parametrize(
    ("last_well", "days", "events", "words"),
    [
        ([1, 2], [3], [1], "one of each"),
        ([[1]], [[3]], [[1]], "one of each"),
        ([4, 2], [3, 3], [1, 0], "up to the day"),
        ([-1, 2], [3, 3], [1, 0], "0 or more"),
        ([np.nan, 2], [3, 3], [1, 0], "none missing"),
        ([1, 2], [np.inf, 3], [1, 0], "none missing"),
        ([1, 2], [3, 3], [2, 0], "1 or 0"),
        ([3, 2], [3, 3], [0.5, 1], "of some length"),
        ([1, 2], [3, 3], [0, 0], "no event"),
        ([0, 2], [0, 3], [1, 0], "half a day"),
    ],
)
def test_follow_up_that_is_no_interval_is_refused(last_well, days, events, words):
    with pytest.raises(InvalidInputError, match=words):
        visit_intervals(last_well, days, events)


@pytest.mark.parametrize("wrong", [{"knots": [1, 2]}, {"knots": [0, 2, 2]}, {"pace": 0.0}])
def test_knots_that_do_not_rise_from_0_are_refused(wrong):
    with pytest.raises(InvalidInputError, match="knots must begin at day 0"):
        visit_intervals([1.0], [2.0], [1], **wrong)
