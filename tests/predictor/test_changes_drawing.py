"""The drawing of visits and the table beside it."""

from __future__ import annotations

from predictor.changes_drawing import changes_of, draw_changes

VISITS = [
    {"label": "before the first dose", "known": "MADRS 32", "value": 0.5, "lo": 0.25, "hi": 0.75,
     "change": None, "reason": ""},
    {"label": "after dose 2", "known": "MADRS 20", "value": None, "lo": None, "hi": None,
     "change": None, "reason": "The model is past its expiry date."},
    {"label": "after dose 4", "known": "MADRS 9", "value": 0.8, "lo": 0.6, "hi": 0.9,
     "change": 0.3, "reason": ""},
]  # fmt: skip
SCORE = {"provenance": {"decision_threshold": 0.5}, "level": 0.9}


def test_numbers_lie_on_a_scale_of_ten_people():
    """10 to 350 units stand for 0 to 1."""
    drawn = draw_changes(VISITS, ["a", "b", "c"], threshold=0.5)
    assert [(step.point, step.lo, step.hi) for step in drawn.steps] == [
        (180.0, 95.0, 265.0), (None, None, None), (282.0, 214.0, 316.0),
    ]  # fmt: skip
    assert drawn.threshold == 180.0
    assert drawn.ticks[0] == (10.0, "0")
    assert drawn.ticks[-1] == (350.0, "10")


def test_rows_stand_below_one_another_inside_the_drawing():
    drawn = draw_changes(VISITS, ["a", "b", "c"])
    assert [step.top for step in drawn.steps] == [0, 40, 80]
    assert all(step.top < step.middle < drawn.axis < drawn.height for step in drawn.steps)
    assert drawn.threshold is None


def test_the_line_passes_over_a_visit_without_a_number():
    assert draw_changes(VISITS, ["a", "b", "c"]).line == "180.0,26.0 282.0,106.0"
    assert not draw_changes(VISITS[:1], ["a"]).line


def test_a_long_label_is_shortened():
    (step,) = draw_changes([VISITS[0] | {"label": "x" * 60}], ["a"]).steps
    assert len(step.label) == 34
    assert step.label.endswith("…")


def test_the_table_says_the_same_in_words():
    found = changes_of(SCORE, VISITS)
    assert [(row["words"], row["change"]) for row in found["rows"]] == [
        ("about 5 in 10 (3 to 8)", ""),
        ("The model is past its expiry date.", ""),
        ("about 8 in 10 (6 to 9)", "+30.0"),
    ]
    assert [step.text for step in found["drawing"].steps] == [
        "about 5 in 10", "no number", "about 8 in 10",
    ]  # fmt: skip
    assert found["level"] == 90


def test_where_no_visit_has_a_number_there_is_no_part():
    assert changes_of(SCORE, VISITS[1:2]) is None
    assert changes_of(SCORE, []) is None
