"""What is read from a relapse curve, in plain words."""

from __future__ import annotations

import pytest

from predictor.course import SEEN, course_of, marked, median_words, step_words, well_words
from predictor.curve import CheckIn, Median, WellDays

FEW = "Fewer than half of people like this would have relapsed by"
WELL = WellDays(95.7, 61.2, 131.9, 180)


@pytest.mark.parametrize(
    ("median", "words"),
    [
        (
            Median(41, 20, None, 180),
            "Half of people like this would have relapsed by day 41 (20 to not within 180 days).",
        ),
        (
            Median(41, 20, 77, 180),
            "Half of people like this would have relapsed by day 41 (20 to 77).",
        ),
        (
            Median(None, 139, None, 180),
            f"{FEW} day 180; at the upper end of the interval, half would have by day 139.",
        ),
        (
            Median(None, None, None, 90),
            f"{FEW} day 90, at either end of the interval.",
        ),
    ],
)
def test_half_is_said_with_its_interval_or_as_not_reached(median, words):
    assert median_words(median) == words


def test_days_well_name_the_day_to_which_they_are_counted():
    words = "about 17 (12 to 23) are expected without relapse."
    assert well_words(WellDays(17.4, 12.2, 22.6, 27)) == f"Of the 27 days after time zero, {words}"


@pytest.mark.parametrize(
    ("risk", "words"),
    [(0.1, "1 in 10"), (0.3, "3 in 10"), (0.25, "25 in 100"), (0.125, "12.5 in 100")],
)
def test_a_step_is_said_in_whole_people_of_ten_where_it_is_whole(risk, words):
    assert step_words(risk) == words


def test_the_schedule_has_a_row_for_each_step_that_is_reached():
    check_ins = [
        CheckIn(0.1, 6, 14, False),
        CheckIn(0.25, 31, 90, False),
        CheckIn(0.5, 154, None, True),
        CheckIn(0.6, None, None, False),
        CheckIn(0.7, None, None, False),
    ]
    found = course_of(Median(None, None, None, 80), WELL, check_ins, last_supported_day=80.0)
    assert found.schedule == (
        ("day 6", "1 in 10", "day 14"),
        ("day 31", "25 in 100", "day 90 †"),
        ("day 154 †", "5 in 10", "not within 180 days"),
    )
    assert found.unreached.endswith("6 in 10 are not reached within 180 days.")
    assert found.seen == SEEN
    assert found.beyond.startswith("† Too few patients were followed beyond day 80;")


def test_what_does_not_apply_is_not_said():
    found = course_of(Median(None, None, None, 180), WELL, [], last_supported_day=180.0)
    assert found.schedule == ()
    assert found.unreached == found.seen == found.beyond == ""
    full = course_of(
        Median(9, 5, 20, 180), WELL, [CheckIn(0.1, 6, 9, False)], last_supported_day=180
    )
    assert full.unreached == ""
    assert full.seen == SEEN


def test_only_days_beyond_the_followup_are_marked():
    assert marked(80, 80.0) == "day 80"
    assert marked(81, 80.0) == "day 81 †"
