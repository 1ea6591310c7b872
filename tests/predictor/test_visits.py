"""How one person's number changed from visit to visit."""

from __future__ import annotations

import pytest

from predictor.visits import Paths, visits_of


@pytest.fixture
def relapse(landmark_scorers):
    return landmark_scorers["relapse"]


def test_each_visit_says_what_was_known_and_how_the_number_changed(relapse, candidate):
    row = candidate(madrs_dose4=18, madrs_course_end=10, phq9_followup14=5)
    (path,) = relapse.path(row)
    visits = visits_of(path, relapse.dictionary)
    assert [(visit.label, visit.known) for visit in visits] == [
        ("before the first dose", "MADRS 32"),
        ("after dose 4", "MADRS 18"),
        ("at the end of the course", "MADRS 10"),
        # 1 + 4 · 23 / 14 = 7.6
        (
            "14 days after the course",
            "MADRS 8 ± 8.1, converted from PHQ-9 14 days after the course (5)",
        ),
    ]
    values = [score.at_horizon()[0] for score in path]
    assert [visit.value for visit in visits] == values
    assert visits[0].change is None
    assert visits[2].change == values[2] - values[1]


def test_every_number_is_by_the_same_calendar_day(relapse, candidate):
    """180 days from day 28 are 166 from day 42."""
    (path,) = relapse.path(candidate(madrs_course_end=10, madrs_followup14=9))
    assert [score.provenance.horizon_days for score in path] == [180, 180, 166]


def test_a_visit_without_a_number_says_why(relapse, candidate):
    (path,) = relapse.path(candidate(madrs_course_end=10, madrs_followup14=26))
    last = visits_of(path, relapse.dictionary)[-1]
    assert (last.value, last.change) == (None, None)
    assert last.reason == "By the rule of the outcome this person has relapsed."


def test_the_change_is_counted_from_the_last_number(landmark_scorers, candidate):
    """A score far outside the training range gives no number at dose 2."""
    response = landmark_scorers["response"]
    (path,) = response.path(candidate(bmi=90, madrs_dose2=30, madrs_dose4=12))
    visits = visits_of(path, response.dictionary)
    numbers = [visit.value for visit in visits]
    changes = [visit.change for visit in visits]
    for before, now, change in zip(numbers, numbers[1:], changes[1:], strict=False):
        assert change == (None if before is None or now is None else now - before)


def test_without_a_later_score_the_answers_of_the_baseline_are_named(relapse, candidate):
    (path,) = relapse.path(candidate())
    (only,) = visits_of(path, relapse.dictionary)
    assert only.known == "the answers of the baseline"


def test_paths_give_a_list_for_each_person_and_a_line_for_each_score(relapse, candidate):
    rows = [candidate(madrs_course_end=10), candidate()]
    paths = Paths(relapse.path(rows))
    assert [[one["provenance"]["landmark"] for one in person] for person in paths.to_dict()] == [
        ["", "course_end"],
        [""],
    ]
    records = paths.to_records()
    assert [(record["row"], record["landmark"]) for record in records] == [
        (1, ""), (1, "course_end"), (2, ""),
    ]  # fmt: skip
    assert [score.row for score in paths.last] == [1, 2]
    assert len(paths) == 2
    assert paths[1][0].row == 2


def test_a_visit_is_plain_values(relapse, candidate):
    (path,) = relapse.path(candidate())
    plain = visits_of(path, relapse.dictionary)[0].to_dict()
    assert set(plain) == {
        "landmark", "label", "known", "value", "lo", "hi", "change", "reason",
    }  # fmt: skip
