"""A model carried on to a later day: what is kept, what is added, and whom it never saw."""

from dataclasses import replace

import numpy as np
import pytest

from predictor.dictionary import Variable
from training.baseline_hazard import fit_baseline
from training.evaluation import (
    Analysis,
    Resampling,
    carrier,
    carry_to_everybody,
    cross_validate,
    cross_validate_carried,
    fit_all,
)
from training.evaluation.carried import Source, carry_on
from training.evaluation.procedure import predicted
from training.fitting import Outcome
from training.learners import learner_named
from training.metrics.survival import harrell_c

AGE = Variable("age", "Age", "number", "g", "s", hard_range=(-9, 9))
KIND = Variable("kind", "Kind", "category", "g", "s", levels=("a", "b", "c"))
PLAN = Variable("plan", "Plan", "yes_no", "g", "s")
SCORE = Variable("score_later", "Score", "number", "g", "s", hard_range=(-9, 9))
NAMED = {v.id: v for v in (AGE, KIND, PLAN, SCORE)}
RIDGE = learner_named("cox_ridge", "relapse")
AVERAGED = learner_named("averaged_cox", "relapse")


def people(n=400, seed=1, score_effect=0.0, after=10.0):
    """Everybody at the start, those still well later, and how the later score tells of relapse."""
    rng = np.random.default_rng(seed)
    values = {
        "age": rng.normal(size=n),
        "kind": rng.integers(0, 3, n).astype(float),
        "plan": rng.integers(0, 2, n).astype(float),
        "score_later": rng.normal(size=n),
    }
    margin = (
        0.8 * values["age"] + 0.7 * (values["kind"] == 2) + score_effect * values["score_later"]
    )
    days = 30 * rng.exponential(size=n) / np.exp(margin)
    left = rng.uniform(40, 120, n)
    outcome = Outcome((days <= left).astype(float), np.minimum(days, left))
    groups = tuple(f"p{i}" for i in range(n))
    start = analysis({v: values[v] for v in ("age", "kind", "plan")}, outcome, groups)
    well = np.flatnonzero(outcome.days > after)
    later = analysis(
        {v: x[well] for v, x in values.items()},
        Outcome(outcome.events[well], outcome.days[well] - after),
        tuple(groups[i] for i in well),
    )
    return start, later, margin[well]


def analysis(values, outcome, groups):
    variables = tuple(NAMED[v] for v in values)
    return Analysis(
        values=values,
        variables=variables,
        declared=(),
        severity=variables[:1],
        outcome=outcome,
        groups=groups,
    )


def source_of(start, learner):
    rows = np.arange(len(start.groups))
    fitted = fit_all(start, [learner], rows, 3, np.random.default_rng(2))[learner.name]
    return Source(fitted, start.groups, frozenset(v.id for v in start.variables))


def rows_of(later):
    return np.arange(len(later.groups))


@pytest.mark.parametrize("learner", [RIDGE, AVERAGED])
def test_a_score_that_tells_nothing_leaves_the_ranking_as_it_was(learner):
    start, later, _ = people()
    source = source_of(start, learner)
    fitted, seen = carry_on(source, later, rows_of(later))
    before = predicted(source.fitted, later.values, rows_of(later))[0]
    now = predicted(fitted, later.values, rows_of(later))[0]
    assert np.corrcoef(before, now)[0, 1] > 0.98
    assert now.mean() == pytest.approx(0, abs=1e-9)
    assert seen.read == len(later.groups)
    # of what is carried on not a digit changes: only what the later score adds lies between
    places = [c.variable for c in fitted.prepared.encoding.columns]
    added = fitted.prepared.complete[:, places.index("score_later")]
    slope = fitted.fitted.learner.coefficients[places.index("score_later")]
    apart = now - before - slope * added
    assert np.ptp(apart) < 1e-9


def test_a_score_that_tells_of_relapse_is_added():
    start, later, margin = people(score_effect=0.9)
    source = source_of(start, AVERAGED)
    now = predicted(carry_on(source, later, rows_of(later))[0], later.values, rows_of(later))[0]
    before = predicted(source.fitted, later.values, rows_of(later))[0]
    assert np.corrcoef(now, margin)[0, 1] > 0.97
    assert np.corrcoef(before, margin)[0, 1] < 0.85


def test_without_a_later_score_the_margin_is_the_one_of_before():
    start, later, _ = people()
    values = {v: x for v, x in later.values.items() if v != "score_later"}
    alike = analysis(values, later.outcome, later.groups)
    source = source_of(start, AVERAGED)
    now = predicted(carry_on(source, alike, rows_of(alike))[0], values, rows_of(alike))[0]
    assert np.ptp(now - predicted(source.fitted, values, rows_of(alike))[0]) < 1e-9


def test_a_learner_on_visit_intervals_is_carried_on_by_its_own_likelihood():
    start, later, margin = people(score_effect=0.6)

    def seen(each):
        days = np.ceil(each.outcome.days / 14) * 14
        return replace(each, outcome=replace(each.outcome, days=days, last_well=days - 14))

    source = source_of(seen(start), learner_named("averaged_interval", "relapse"))
    fitted, _ = carry_on(source, seen(later), rows_of(later))
    now = predicted(fitted, later.values, rows_of(later))[0]
    assert np.corrcoef(now, margin)[0, 1] > 0.95
    assert fitted.calibration.covariance[1, 1] > 0


def test_the_hazard_starts_anew_at_the_later_day():
    start, later, _ = people()
    fitted, _ = carry_on(source_of(start, AVERAGED), later, rows_of(later))
    expected = fit_baseline(later.outcome.days, later.outcome.events, fitted.calibrated_margins)
    assert fitted.baseline.cumulative == pytest.approx(expected.cumulative)
    assert fitted.calibration.affine.slope == 1


def test_levels_are_read_against_the_reference_of_those_still_well():
    start, later, _ = people(n=900)
    # of those still well most are of kind c, so that c is the reference there
    kept = np.flatnonzero((later.values["kind"] == 2) | (np.arange(len(later.groups)) % 5 == 0))
    fewer = analysis(
        {v: x[kept] for v, x in later.values.items()},
        later.outcome.take(kept),
        tuple(later.groups[i] for i in kept),
    )
    source = source_of(start, RIDGE)
    fitted, _ = carry_on(source, fewer, rows_of(fewer))
    first = {c.level for c in source.fitted.prepared.encoding.columns if c.variable == "kind"}
    second = {c.level for c in fitted.prepared.encoding.columns if c.variable == "kind"}
    assert first != second
    before, now = (
        predicted(each, fewer.values, rows_of(fewer))[0] for each in (source.fitted, fitted)
    )
    places = [c.variable for c in fitted.prepared.encoding.columns]
    slope = fitted.fitted.learner.coefficients[places.index("score_later")]
    assert np.ptp(now - before - slope * fewer.values["score_later"]) < 1e-9


def test_an_answer_that_all_still_well_share_changes_nobodys_rank():
    start, later, _ = people()
    same = later.values["plan"] == 1
    kept = np.flatnonzero(same)
    fewer = analysis(
        {v: x[kept] for v, x in later.values.items()},
        later.outcome.take(kept),
        tuple(later.groups[i] for i in kept),
    )
    fitted, _ = carry_on(source_of(start, RIDGE), fewer, rows_of(fewer))
    assert "plan" not in fitted.prepared.encoding.variables


def test_nobody_is_predicted_by_what_saw_them():
    start, later, _ = people(n=240, seed=4)
    held = cross_validate(
        start, [RIDGE], Resampling(folds=3, repeats=2, inner_folds=3), rng=np.random.default_rng(1)
    )["cox_ridge"]
    found = cross_validate_carried(
        {"end": start, "later": later},
        [RIDGE],
        (start.groups, held.fold),
        wanted=3,
        rng=np.random.default_rng(1),
    )
    place = {who: i for i, who in enumerate(start.groups)}
    own = [place[who] for who in later.groups]
    carried = found["later"]["cox_ridge"]
    assert np.array_equal(carried.fold, held.fold[own])
    assert np.array_equal(found["end"]["cox_ridge"].fold, held.fold)
    assert set(found["later"]) == {"cox_ridge", "severity_cox", "kaplan_meier"}
    assert carried.probability.shape == (len(own), 2, 7)
    c = harrell_c(later.outcome.days, later.outcome.events, carried.margin[:, 0])
    assert 0.6 < c < 0.8
    # a person's answers move nothing that predicts the person: exact, fold by fold
    changed = {v: x.copy() for v, x in start.values.items()}
    changed["age"][own[0]] += 5
    again = cross_validate_carried(
        {"end": replace(start, values=changed), "later": later},
        [RIDGE],
        (start.groups, held.fold),
        wanted=3,
        rng=np.random.default_rng(1),
    )["later"]["cox_ridge"]
    assert np.array_equal(again.margin[0], carried.margin[0])
    assert not np.array_equal(again.margin, carried.margin)


def test_models_of_everybody_have_intervals_and_exact_contributions():
    start, later, _ = people(score_effect=0.5)
    found = carry_to_everybody(
        start, {"later": later}, AVERAGED, wanted=3, rng=np.random.default_rng(3)
    )["later"]
    assessed = found.assess(later.values)
    total = found.base + assessed.contributions.sum(axis=1)
    assert total == pytest.approx(assessed.margin, abs=1e-12)
    assert (assessed.sd > 0).all()
    assert found.joint is not None
    # what the later score adds is less sure than nothing: its doubt is in the interval
    places = [c.variable for c in found.encoding.columns]
    assert found.uncertainty.covariance[1:, 1:][places.index("score_later")].any()


def test_a_day_on_which_nobody_relapses_any_more_is_a_reason():
    start, later, _ = people()
    never = replace(later, outcome=Outcome(np.zeros(len(later.groups)), later.outcome.days))
    found = carry_to_everybody(
        start, {"later": never}, AVERAGED, wanted=3, rng=np.random.default_rng(3)
    )
    assert isinstance(found["later"], str)


def test_what_is_no_sum_over_columns_is_not_carried_on():
    trees = learner_named("xgboost_cox", "relapse")
    assert carrier(trees).name == "averaged_cox"
    assert carrier(learner_named("xgboost_interval", "relapse")).name == "averaged_interval"
    assert carrier(learner_named("cox", "relapse")).name == "averaged_cox"
    assert carrier(RIDGE) is RIDGE
