"""One person under two ids: found by answers and course together, never by answers alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from training.evaluation import watch
from training.evaluation.sentinels.same_person import same_person
from training.fitting import Outcome


def with_visits(analysis, seed=4):
    """Gives every person three scores after the first dose."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 41, (len(analysis.groups), 3))
    visits = pd.DataFrame(
        [
            {"patient_id": who, "day": float(day), "instrument": "madrs", "score": float(score)}
            for who, row in zip(analysis.groups, scores, strict=True)
            for day, score in zip((7, 14, 28), row, strict=True)
        ]
    )
    return analysis, visits


def twice(analysis, visits, copies):
    """Enter the first people again under other ids."""
    n = len(analysis.groups)
    rows = np.concatenate([np.arange(n), np.arange(copies)])
    groups = (*analysis.groups, *(f"again-{i}" for i in range(copies)))
    names = dict(zip(analysis.groups, groups[n:], strict=False))
    more = visits[visits["patient_id"].isin(list(names))]
    doubled = replace(
        analysis,
        values={v: answers[rows] for v, answers in analysis.values.items()},
        outcome=analysis.outcome.take(rows),
        groups=groups,
    )
    return doubled, pd.concat([visits, more.assign(patient_id=more["patient_id"].map(names))])


def coarse(analysis):
    """Answers of so few values that many people answer alike."""
    values = {v: np.round(answers) % 2 for v, answers in analysis.values.items()}
    return replace(analysis, values=values)


def test_different_people_pass(draw):
    analysis, visits = with_visits(draw(n=200))
    found = same_person(analysis, visits)
    assert found.passed
    assert found.detail == "no two people give the same answers throughout"


@pytest.mark.parametrize("task", ["response", "relapse"])
def test_different_people_who_answer_alike_pass(draw, task):
    analysis, visits = with_visits(coarse(draw(n=200, task=task)))
    for seen in (visits, None):
        found = same_person(analysis, seen)
        assert found.passed
        assert "no more alike than chance" in found.detail


@pytest.mark.parametrize(("copies", "words"), [(8, "fewer than 10"), (40, "40")])
def test_people_entered_again_are_found(draw, copies, words):
    analysis, visits = with_visits(draw(n=200))
    rounded = {v: np.round(answers, 1) for v, answers in analysis.values.items()}
    analysis = replace(analysis, values=rounded)
    found = same_person(*twice(analysis, visits, copies))
    assert not found.passed
    assert found.detail.startswith(f"{words} pairs of people give the same answers")
    assert "again" not in found.detail  # nobody is named


def test_a_whole_cohort_entered_twice_is_found(draw):
    analysis, visits = with_visits(draw(n=100))
    coded = {**analysis.values, "v3": np.round(analysis.values["v3"])}
    doubled, seen = twice(replace(analysis, values=coded), visits, 100)
    assert not watch(doubled, seen)["same_person"].passed


def test_a_single_pair_proves_nothing(draw):
    analysis, visits = with_visits(draw(n=60))
    found = same_person(*twice(analysis, visits, 1))
    assert found.passed


def test_nobody_and_no_variables_are_no_reason_to_fail(draw):
    analysis = draw(n=4)
    empty = replace(
        analysis,
        values={v: answers[:0] for v, answers in analysis.values.items()},
        outcome=Outcome(np.empty(0)),
        groups=(),
    )
    assert same_person(empty).passed
    assert same_person(replace(analysis, variables=(), declared=(), severity=())).passed
