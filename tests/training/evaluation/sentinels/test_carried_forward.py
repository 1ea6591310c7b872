"""Carried-forward outcomes: honest repeats pass, filled ones fail."""

import numpy as np
import pandas as pd
import pytest

from training.config import read_outcomes
from training.evaluation.sentinels.carried_forward import carried_forward

DEFINITIONS = read_outcomes()
MADRS = DEFINITIONS["response_madrs"]
DAYS = (0, 7, 14, 21, 28)


def visits_of(scores, days=DAYS, instrument="madrs"):
    """Long visits from one row for each person; NaN is no visit."""
    wide = pd.DataFrame(scores, columns=list(days), dtype=float)
    long = wide.rename_axis("patient_id").reset_index().melt("patient_id", var_name="day")
    long = long.rename(columns={"value": "score"}).dropna()
    return long.assign(
        patient_id="p" + long["patient_id"].astype(str),
        day=long["day"].astype(float),
        instrument=instrument,
    )


def course(n, *, seed=0, settling=False):
    """People whose score falls by chance, with changes that may grow ever smaller."""
    rng = np.random.default_rng(seed)
    spread = np.array([12, 6, 4, 2]) if settling else np.full(4, 4)
    fall = np.array([8, 3, 1, 0]) if settling else np.full(4, 3)
    steps = np.round(rng.normal(-fall, spread, size=(n, 4)))
    start = rng.integers(28, 46, n)
    return np.clip(np.column_stack([start, start[:, None] + steps.cumsum(axis=1)]), 0, 60)


def left_early(scores, share, *, seed=1):
    """Take away all visits after a random one in some people."""
    rng = np.random.default_rng(seed)
    scores = scores.astype(float).copy()
    for person in np.flatnonzero(rng.random(len(scores)) < share):
        scores[person, rng.integers(1, 5) :] = np.nan
    return scores


def forward(scores):
    return pd.DataFrame(scores).ffill(axis=1).to_numpy()


@pytest.mark.parametrize("settling", [False, True])
@pytest.mark.parametrize("n", [60, 400])
def test_honest_visits_pass_with_drop_outs_and_as_changes_grow_smaller(n, settling):
    scores = left_early(course(n, settling=settling), 0.3)
    found = carried_forward(visits_of(scores), MADRS)
    assert found.passed
    assert found.tested


def test_settling_alone_makes_repeats_more_frequent_than_before():
    """The rate of repeats at earlier visits would have raised an alarm here."""
    scores = course(400, settling=True)
    repeats = (np.diff(scores, axis=1) == 0).mean(axis=0)
    assert repeats[-1] > 2 * repeats[:-1].mean()
    assert carried_forward(visits_of(scores), MADRS).passed


def test_filled_outcomes_fail():
    scores = left_early(course(300), 0.3)
    only_last = scores.copy()
    only_last[:, -1] = forward(scores)[:, -1]
    for filled in (only_last, forward(scores)):
        found = carried_forward(visits_of(filled), MADRS)
        assert not found.passed
        assert "outcomes were carried forward" in found.detail


def test_with_the_baseline_as_only_visit_before_smooth_changes_tell():
    scores = course(200)[:, [0, 4]]
    assert carried_forward(visits_of(scores, (0, 28)), MADRS).passed
    copied = scores.copy()
    copied[:40, 1] = copied[:40, 0]
    found = carried_forward(visits_of(copied, (0, 28)), MADRS)
    assert not found.passed
    assert "of 200 people" in found.detail


def test_people_who_stay_at_no_symptom_at_all_are_no_copies():
    scores = course(200)
    scores[:120, 2:] = 0
    assert carried_forward(visits_of(scores), MADRS).passed


def test_other_scales_single_items_and_days_after_the_outcome_are_not_read():
    honest = visits_of(course(200)).assign(item=None)
    others = [
        visits_of(forward(left_early(course(200), 0.9)), instrument="phq9").assign(item=None),
        honest[honest["day"] == 21].assign(day=28.0, item="1"),
        honest[honest["day"] == 28].assign(day=60.0),
    ]
    everything = pd.concat([honest, *others])
    assert carried_forward(everything, MADRS) == carried_forward(honest, MADRS)


def test_what_is_declared_fails_outright():
    found = carried_forward(visits_of(course(10)), MADRS, declared=True)
    assert not found.passed
    assert "declared" in found.detail


def test_relapse_is_judged_by_the_response_that_makes_the_risk_set():
    filled = visits_of(forward(left_early(course(300), 0.4)))
    assert not carried_forward(filled, DEFINITIONS["relapse_madrs"]).passed


def test_too_little_to_look_at_is_said():
    one = carried_forward(visits_of(course(30)[:, [4]], (28,)), MADRS)
    assert (one.passed, one.tested) == (True, False)
    nobody = carried_forward(visits_of(course(3)).iloc[:0], MADRS)
    assert not nobody.tested
