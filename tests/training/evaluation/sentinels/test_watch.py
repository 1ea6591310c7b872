"""Guards: what holds the outcome is named, what is merely good passes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from predictor.dictionary import Variable
from predictor.errors import InvalidInputError
from training.evaluation import watch


def single(analysis):
    return watch(analysis)["single_variable"]


@pytest.mark.parametrize("task", ["response", "relapse"])
def test_honest_people_pass_both_guards(draw, task):
    found = watch(draw(n=200, task=task))
    assert list(found) == ["timing", "single_variable", "same_person"]
    assert all(sentinel.passed for sentinel in found.values())
    assert found["timing"].detail.startswith("all 5 candidate variables are known before")
    assert found["timing"].to_dict() == {"passed": True, "detail": found["timing"].detail}


@pytest.mark.parametrize("sign", [1, -1])
def test_a_variable_that_holds_the_outcome_is_named(draw, sign):
    analysis = draw(n=200)
    noise = np.random.default_rng(0).normal(size=200)
    analysis.values["v2"][:] = sign * (analysis.outcome.events + 0.2 * noise)
    found = single(analysis)
    assert not found.passed
    assert found.detail.startswith("v2 alone reaches an AUC above 0.95")
    assert "v0" not in found.detail


def test_a_strong_but_honest_variable_passes(draw):
    analysis = draw(n=200)
    noise = np.random.default_rng(0).normal(size=200)
    analysis.values["v2"][:] = analysis.outcome.events + 0.6 * noise  # AUC about 0.88
    assert single(analysis).passed


def test_levels_without_an_order_are_seen_through(draw):
    """The middle level holds the outcome: no order of codes would show it."""
    analysis = draw(n=200)
    others = np.random.default_rng(1).choice([0.0, 2.0], 200)
    analysis.values["route"][:] = np.where(analysis.outcome.events == 1, 1.0, others)
    assert single(analysis).detail.startswith("route alone")


def test_an_answer_that_only_one_outcome_has_is_seen(draw):
    analysis = draw(n=200)
    analysis.values["v2"][analysis.outcome.events == 0] = np.nan
    assert single(analysis).detail.startswith("v2 alone")


def test_the_day_of_relapse_among_the_answers_is_seen(draw):
    analysis = draw(n=200, task="relapse")
    events, days = analysis.outcome.events, analysis.outcome.days
    analysis.values["v3"][:] = days + np.random.default_rng(0).normal(size=200)
    score = days[events == 1][:, None] < days[events == 0]
    assert score.mean() < 0.95  # event or not is not told apart: the day is
    assert single(analysis).detail.startswith("v3 alone")


def test_declared_variables_and_severity_are_watched_too(draw):
    analysis = draw(n=200)
    leak = Variable("leak", "Leak", "number", "g", "s", hard_range=(0, 1))
    values = analysis.values | {"leak": analysis.outcome.events.copy()}
    for part in ("declared", "severity"):
        found = single(replace(analysis, values=values, **{part: (leak,)}))
        assert found.detail.startswith("leak alone")


def test_few_people_and_constant_answers_prove_nothing(draw):
    analysis = draw(n=29)
    analysis.values["v2"][:] = analysis.outcome.events
    assert single(analysis).passed
    analysis = draw(n=60)
    analysis.values["v2"][:] = np.nan
    analysis.values["v3"][:] = 4.0
    analysis.values["route"][:] = np.nan
    assert single(analysis).passed


def test_answers_of_one_outcome_alone_prove_nothing(draw):
    analysis = draw(n=200)
    few = np.flatnonzero(analysis.outcome.events == 1)[:35]
    analysis.values["v2"][np.setdiff1d(np.arange(200), few)] = np.nan
    assert single(analysis).passed


@pytest.mark.parametrize("part", ["variables", "declared", "severity"])
@pytest.mark.parametrize("change", [{"timing": "landmark"}, {"use": "safety"}, {"use": "input"}])
def test_what_is_not_known_before_the_first_dose_is_refused(draw, part, change):
    analysis = draw()
    wrong = replace(analysis.variables[0], **change)
    with pytest.raises(InvalidInputError, match="v0 may not enter a baseline model"):
        watch(replace(analysis, **{part: (wrong,)}))


TOTAL = Variable("madrs_total", "MADRS", "integer", "g", "s", hard_range=(0, 60))


def with_total(analysis, taken_from):
    """A cohort whose MADRS falls from about 35 to about 20, and its total as asked."""
    rng = np.random.default_rng(5)
    n = len(analysis.groups)
    scores = {0.0: rng.integers(25, 46, n), 7.0: rng.integers(18, 40, n)}
    scores[28.0] = rng.integers(5, 36, n)
    visits = pd.DataFrame(
        [
            {"patient_id": who, "day": day, "instrument": "madrs", "score": float(score[i])}
            for day, score in scores.items()
            for i, who in enumerate(analysis.groups)
        ]
    )
    values = {**analysis.values, "madrs_total": taken_from(scores)}
    return replace(analysis, values=values, severity=(TOTAL,)), visits


@pytest.mark.parametrize(
    ("taken_from", "passed"),
    [
        (lambda scores: scores[0.0].astype(float), True),
        # a screening value, taken on no day of the visits table
        (lambda scores: scores[0.0] + 1.0, True),
        (lambda scores: scores[28.0].astype(float), False),
        # a sixth not known, so filled from the baseline visit
        (lambda s: np.where(np.arange(len(s[0.0])) % 6, s[28.0], s[0.0]).astype(float), False),
        (lambda scores: np.full(len(scores[0.0]), np.nan), True),
    ],
)
def test_a_total_copied_from_a_later_visit_is_named(draw, taken_from, passed):
    analysis, visits = with_total(draw(n=90), taken_from)
    found = watch(analysis, visits)["later_visit"]
    assert found.passed is passed
    if not passed:
        assert found.detail.startswith("madrs_total is the score of day 28, after the first dose")


def test_single_items_and_other_scales_are_no_totals_to_compare(draw):
    analysis, visits = with_total(draw(n=90), lambda scores: scores[0.0].astype(float))
    items = visits[visits["day"] == 0].assign(day=28.0, item="1")
    other = items.assign(instrument="phq9", item=None)
    visits = pd.concat([visits.assign(item=None), items, other])
    assert watch(analysis, visits)["later_visit"].passed


def test_a_handful_of_people_cannot_show_a_copy(draw):
    analysis, visits = with_total(draw(n=20), lambda scores: scores[28.0].astype(float))
    assert watch(analysis, visits)["later_visit"].passed


def u_shaped(analysis, rng):
    """Events lie at both ends of a variable: its order says nothing."""
    n = len(analysis.groups)
    answers = rng.normal(size=n)
    happened = (np.abs(answers) > np.median(np.abs(answers))).astype(float)
    return answers, happened


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("scale", [lambda x: x, np.exp])
def test_a_variable_that_holds_the_outcome_at_both_ends_is_named(draw, reverse, scale):
    analysis = draw(n=200)
    answers, happened = u_shaped(analysis, np.random.default_rng(8))
    analysis.values["v2"][:] = scale(answers)
    outcome = replace(analysis.outcome, events=1 - happened if reverse else happened)
    found = single(replace(analysis, outcome=outcome))
    assert found.detail.startswith("v2 alone")


def test_few_events_are_told_apart_by_chance_and_prove_nothing(draw):
    """With 2 events among 60 people, one of 40 noise variables often has an AUC above 0.95."""
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(40):
        analysis = draw(n=60)
        noise = {f"n{i}": rng.normal(size=60) for i in range(40)}
        more = tuple(replace(analysis.variables[0], id=name) for name in noise)
        happened = np.zeros(60)
        happened[rng.choice(60, 2, replace=False)] = 1
        few = replace(analysis, values=noise, variables=more, declared=(), severity=())
        best = max(abs(2 * rank_share(v, happened) - 1) for v in noise.values())
        alarms += best > 0.9
        assert single(replace(few, outcome=replace(analysis.outcome, events=happened))).passed
    assert alarms > 10


def rank_share(answers, happened):
    """AUC by counting pairs."""
    with_event, without = answers[happened == 1], answers[happened == 0]
    return (with_event[:, None] > without).mean()
