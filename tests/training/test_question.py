"""What a model is asked, part by part, from definitions as they ship and as they may be written."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from predictor.wording import QUESTION, question_lines
from training.config import read_outcomes
from training.outcome_definition import EventKind
from training.question import question_of

PRESETS = read_outcomes()


def test_the_default_relapse_part_by_part():
    assert question_of(PRESETS["relapse_madrs"]).words() == {
        "risk_set": "people with response (MADRS) at day 28",
        "time_zero": "day 28, the same for everybody",
        "event": (
            "a MADRS score of 22 or more at two consecutive assessments 5 to 15 days apart, dated "
            "at the first, or admission to hospital"
        ),
        "observed": (
            "scores at visits, between which nothing is known; events on the day they happened"
        ),
        "horizon": "180 days from time zero",
        "censoring": "another course, ECT, death, withdrawal, the last visit",
        "not_counted": "a relapse recorded by the study, the end of observation",
    }


def test_every_kind_of_event_counts_once_in_every_relapse():
    for definition in PRESETS.values():
        counts = question_of(definition).counts_as
        if definition.task == "response":
            assert counts == {}
            continue
        assert list(counts) == list(get_args(EventKind))
        assert [kind for kind, role in counts.items() if role == "relapse"] == [
            kind for kind in get_args(EventKind) if kind in definition.relapse_events
        ]


def test_competing_events_make_the_risk_cause_specific_in_words():
    rule = PRESETS["relapse_madrs"].model_copy(
        update={"competing_events": ("ect", "died"), "censoring_events": ("withdrew",)}
    )
    asked = question_of(rule)
    assert asked.counts_as["ect"] == asked.counts_as["died"] == "competing"
    assert asked.counts_as["retreated"] == "not counted"
    words = asked.words()
    assert words["competing"] == "ECT, death"
    assert words["assumes"] == asked.assumes == "what it would be were it not for ECT or death"
    assert "assumes" not in question_of(PRESETS["relapse_madrs"]).words()


def test_a_response_is_judged_at_one_assessment():
    asked = question_of(PRESETS["response_madrs"])
    assert asked.words() == {
        "risk_set": "everybody with a MADRS score before the first dose",
        "time_zero": "the first dose (day 0)",
        "event": (
            "MADRS shows a fall of at least 50 % from day 0 at day 28 (the assessment nearest to "
            "it from day 21 to day 35)"
        ),
        "observed": "at the one assessment nearest to the nominal day",
        "horizon": "to day 28 from the first dose",
        "missing": "without one the outcome is missing; nothing is carried forward",
    }
    assert question_of(PRESETS["remission_madrs_10"]).risk_set == "everybody"


@pytest.mark.parametrize(
    ("name", "change", "observed", "zero"),
    [
        ("relapse_recorded", {}, "dates", "day 0"),
        ("relapse_salloum", {}, "visits", "day 3, the same for everybody"),
        ("relapse_madrs", {}, "visits and dates", "day 28, the same for everybody"),
        (
            "relapse_salloum",
            {"time_zero": "landmark_visit"},
            "visits",
            "each person's own visit nearest to day 3",
        ),
    ],
)
def test_how_a_relapse_is_seen_and_from_when(name, change, observed, zero):
    asked = question_of(PRESETS[name].model_copy(update=change))
    assert (asked.observed, asked.time_zero) == (observed, zero)


def test_the_json_holds_plain_values_and_data_of_something_else_are_named():
    asked = question_of(PRESETS["relapse_recorded"], about="smoking")
    told = json.loads(json.dumps(asked.to_dict()))
    assert told["counts_as"]["relapsed"] == "relapse"
    assert told["counts_as"]["last_seen"] == "censoring"
    assert (told["horizon_days"], told["about"]) == (180, "smoking")
    assert next(iter(asked.words())) == "about"


def test_every_part_has_a_heading():
    parts = {part for one in PRESETS.values() for part in question_of(one, about="x").words()}
    assert parts <= set(QUESTION)
    assert question_lines({"event": "a fall", "next_part": "y"}) == [
        ("What counts", "a fall"),
        ("Next part", "y"),
    ]
