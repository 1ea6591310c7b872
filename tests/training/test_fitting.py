"""One learner on one training set: against second implementations, and blind to other rows."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from predictor.dictionary import Variable
from predictor.errors import InvalidInputError
from training.fitting import (
    Outcome,
    Setting,
    fit_learner,
    margins_along,
    paths_of,
    prepare,
    refit_trees,
)
from training.learners import COMPARATORS, LEARNERS

N = 160
LINES = {line.name: line for line in (*LEARNERS, *COMPARATORS)}
VARIABLES = (
    Variable("age_years", "Age", "number", "g", "s", hard_range=(0, 110)),
    Variable("crp", "CRP", "number", "g", "s", hard_range=(0, 500), transform="log1p"),
    Variable("employed", "Employed", "yes_no", "g", "s"),
    Variable("route", "Route", "category", "g", "s", levels=("iv", "im", "sc", "oral")),
    Variable("same", "Same in all", "yes_no", "g", "s"),
)


@pytest.fixture
def people():
    """Values of 160 people with gaps, a response and a relapse that follow from them."""
    rng = np.random.default_rng(4)
    values = {
        "age_years": rng.normal(45, 12, N),
        "crp": rng.lognormal(1, 1, N),
        "employed": (rng.random(N) < 0.6).astype(float),
        "route": rng.choice(3, N, p=[0.5, 0.3, 0.2]).astype(float),
        "same": np.ones(N),
    }
    signal = (values["age_years"] - 45) / 12 + 0.8 * (values["route"] == 1)
    y = (rng.random(N) < 1 / (1 + np.exp(-signal))).astype(float)
    days = rng.exponential(80 * np.exp(-signal)) + 0.1
    seen = (days < 180).astype(float)
    for variable in ("age_years", "crp", "employed"):
        values[variable][rng.random(N) < 0.15] = np.nan
    return values, Outcome(y), Outcome(seen, np.minimum(days, 180.0))


@pytest.fixture
def prepared(people):
    return prepare(people[0], VARIABLES, np.arange(N))


def outcome_for(learner, people):
    return people[1] if learner.task == "response" else people[2]


def test_what_is_prepared_is_complete_and_standardised(people, prepared):
    assert prepared.encoding.variables == ("age_years", "crp", "employed", "route")
    assert [c.level for c in prepared.encoding.columns] == [-1, -1, -1, 1, 2]
    assert dict(prepared.encoding.dropped) == {"same": "the same answer in everybody"}
    known = ~np.isnan(people[0]["crp"])
    np.testing.assert_allclose(prepared.X[known, 1], np.log(1 + people[0]["crp"][known]))
    assert np.isnan(prepared.X[~known, 1]).all()
    np.testing.assert_array_equal(prepared.complete[known, 1], prepared.X[known, 1])
    assert np.isfinite(prepared.complete).all()
    np.testing.assert_allclose(prepared.standardised.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(prepared.standardised.std(axis=0), 1)


@pytest.mark.parametrize("poison", [np.nan, np.inf, 1e12])
def test_preparing_sees_the_training_rows_alone(people, poison):
    values = people[0]
    rows = np.random.default_rng(1).permutation(N)[:90]
    others = np.setdiff1d(np.arange(N), rows)
    changed = {v: answers.copy() for v, answers in values.items()}
    for answers in changed.values():
        answers[others] = poison
    one, two = (prepare(v, VARIABLES, rows) for v in (values, changed))
    assert one.encoding == two.encoding
    for name in ("X", "complete", "means", "scale"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    for name in ("means", "covariance"):
        np.testing.assert_array_equal(getattr(one.imputation, name), getattr(two.imputation, name))
    assert len(one.X) == 90


def test_without_a_variable_that_varies_nothing_is_encoded(people):
    found = prepare(people[0], VARIABLES[-1:], np.arange(N))
    assert found.X.shape == found.complete.shape == (N, 0)
    assert found.standardised.shape == (N, 0)


@pytest.mark.parametrize("name", ["logistic", "severity", "ridge", "severity_cox", "cox_ridge"])
def test_without_a_variable_that_varies_a_linear_learner_is_the_average(people, name):
    learner, rows = LINES[name], np.arange(N)
    outcome, prepared = outcome_for(learner, people), prepare(people[0], VARIABLES[-1:], rows)
    found = fit_learner(learner, paths_of(learner, prepared, outcome)[0][0], prepared, outcome)
    share = people[1].events.mean()
    expected = np.log(share / (1 - share)) if learner.task == "response" else 0.0
    np.testing.assert_allclose(found.learner.margin(np.empty((4, 0))), expected, atol=1e-9)
    assert found.covariance.shape == (1, 1)


@pytest.mark.parametrize("name", ["xgboost", "xgboost_cox"])
def test_without_a_variable_that_varies_trees_are_refused(people, name):
    learner, prepared = LINES[name], prepare(people[0], VARIABLES[-1:], np.arange(N))
    with pytest.raises(InvalidInputError, match="no candidate variable differs"):
        fit_learner(learner, Setting(depth=1, rounds=5), prepared, outcome_for(learner, people))


def test_an_outcome_is_taken_with_its_days(people):
    taken = people[2].take(np.array([5, 3]))
    np.testing.assert_array_equal(taken.days, people[2].days[[5, 3]])
    np.testing.assert_array_equal(taken.events, people[2].events[[5, 3]])
    assert people[1].take(np.array([1])).days is None


def test_paths_go_from_the_simplest_setting_on(people, prepared):
    (ridge,) = paths_of(LINES["ridge"], prepared, people[1])
    assert all(a.penalty > b.penalty > 0 for a, b in pairwise(ridge))
    assert {s.l1_ratio for s in ridge} == {0.0}
    nets = paths_of(LINES["elastic_net"], prepared, people[1])
    assert [{s.l1_ratio for s in net} for net in nets] == [{0.5}, {0.9}]
    assert all(a.penalty > b.penalty > 0 for net in nets for a, b in pairwise(net))
    trees = paths_of(LINES["xgboost"], prepared, people[1])
    assert [{s.depth for s in path} for path in trees] == [{1}, {2}, {3}]
    assert all(a.rounds < b.rounds for path in trees for a, b in pairwise(path))
    (cox,) = paths_of(LINES["cox_ridge"], prepared, people[2])
    assert all(a.penalty > b.penalty > 0 for a, b in pairwise(cox))
    for name in ("logistic", "severity", "severity_cox"):
        learner = LINES[name]
        assert paths_of(learner, prepared, outcome_for(learner, people)) == ((Setting(),),)


@pytest.mark.parametrize("penalty", [0.5, 20.0])
def test_ridge_is_that_of_scikit_learn(people, prepared, penalty):
    found = fit_learner(LINES["ridge"], Setting(penalty), prepared, people[1])
    theirs = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=2000)
    theirs.fit(prepared.standardised, people[1].events)
    margin = found.learner.margin(prepared.complete)
    np.testing.assert_allclose(margin, theirs.decision_function(prepared.standardised), atol=1e-5)
    np.testing.assert_allclose(found.learner.base, theirs.intercept_[0], atol=1e-5)


def test_the_covariance_of_ridge_is_the_inverse_penalised_information(people, prepared):
    found = fit_learner(LINES["ridge"], Setting(3.0), prepared, people[1])
    p = 1 / (1 + np.exp(-found.learner.margin(prepared.complete)))
    design = np.column_stack([np.ones(N), prepared.complete - prepared.means])
    penalty = np.diag([0.0, *(3.0 * prepared.scale**2)])
    information = (design * (p * (1 - p))[:, None]).T @ design + penalty
    np.testing.assert_allclose(found.covariance @ information, np.eye(6), atol=1e-6)


def test_an_elastic_net_is_that_of_scikit_learn(people, prepared):
    found = fit_learner(LINES["elastic_net"], Setting(12.0, 0.5), prepared, people[1])
    theirs = LogisticRegression(
        C=1 / 12, l1_ratio=0.5, solver="saga", tol=1e-9, max_iter=20_000, random_state=0
    )
    theirs.fit(prepared.standardised, people[1].events)
    ours = found.learner.coefficients * prepared.scale
    np.testing.assert_allclose(ours, theirs.coef_[0], atol=1e-4)
    assert (ours == 0).any()
    assert (ours != 0).any()


def test_ridge_cox_maximises_the_penalised_partial_likelihood(people, prepared):
    outcome, penalty, X = people[2], 4.0, prepared.standardised
    assert len(np.unique(outcome.days[outcome.events == 1])) == outcome.events.sum()

    def loss(b):
        eta = X @ b
        cases = np.flatnonzero(outcome.events)
        at_risk = [np.logaddexp.reduce(eta[outcome.days >= outcome.days[i]]) for i in cases]
        return -(eta[cases].sum() - sum(at_risk)) + penalty * b @ b / 2

    best = minimize(loss, np.zeros(X.shape[1]), method="BFGS", options={"gtol": 1e-6})
    found = fit_learner(LINES["cox_ridge"], Setting(penalty), prepared, outcome)
    np.testing.assert_allclose(found.learner.coefficients * prepared.scale, best.x, atol=1e-4)
    assert found.learner.base == 0


@pytest.mark.parametrize("name", ["ridge", "elastic_net", "cox_ridge", "logistic"])
def test_a_path_gives_the_margins_of_each_setting_fitted_alone(people, prepared, name):
    learner, outcome = LINES[name], outcome_for(LINES[name], people)
    path = paths_of(learner, prepared, outcome)[-1]
    new = prepared.encoding.transform({v: people[0][v][:40] for v in people[0]})
    new[::3, 0] = np.nan
    found = list(margins_along(learner, path, prepared, outcome, new))
    assert len(found) == len(path)
    for place in {0, len(path) // 2, len(path) - 1}:
        alone = fit_learner(learner, path[place], prepared, outcome).learner
        expected = alone.margin(prepared.imputation.fill(new))
        np.testing.assert_allclose(found[place], expected, atol=1e-5)


@pytest.mark.parametrize("name", ["xgboost", "xgboost_cox"])
def test_fewer_rounds_are_the_same_trees_stopped_earlier(people, prepared, name):
    learner, outcome = LINES[name], outcome_for(LINES[name], people)
    new = prepared.X[:50]
    paths = [tuple(Setting(depth=d, rounds=r) for r in (10, 40)) for d in (2, 1)]
    walks = [margins_along(learner, path, prepared, outcome, new) for path in paths]
    # in turn, as the folds of a tuning walk
    for settings, margins in zip(zip(*paths, strict=True), zip(*walks, strict=True), strict=True):
        for setting, found in zip(settings, margins, strict=True):
            alone = fit_learner(learner, setting, prepared, outcome)
            np.testing.assert_allclose(found, alone.learner.margin(new), atol=1e-5)
            assert alone.covariance.shape == (0, 0)
    assert np.ptp(margins[0]) > 0


def test_trees_split_where_nobody_stands(people, prepared):
    """A threshold on somebody's value would carry it into the bundle."""
    tables = fit_learner(
        LINES["xgboost"], Setting(depth=3, rounds=100), prepared, people[1]
    ).learner.conditions
    compared = 0
    for column in range(prepared.X.shape[1]):
        of_column = tables.feature == column
        ends = np.concatenate([tables.lower[of_column], tables.upper[of_column]])
        ends = ends[np.isfinite(ends)]
        held = prepared.X[:, column].astype(np.float32)
        assert not np.isin(ends, held).any()
        assert not np.isin(ends, 2 * held).any()
        compared += ends.size
    assert compared > 100


def test_trees_follow_a_missing_answer_where_it_tells_something(people):
    values = {v: answers.copy() for v, answers in people[0].items()}
    y = people[1].events
    values["age_years"] = np.where(y == 1, np.nan, 40.0 + np.arange(N) % 7)
    prepared = prepare(values, VARIABLES, np.arange(N))
    found = fit_learner(LINES["xgboost"], Setting(depth=1, rounds=50), prepared, people[1])
    margin = found.learner.margin(prepared.X)
    assert margin[y == 1].min() > margin[y == 0].max()


@pytest.mark.parametrize("name", ["xgboost", "xgboost_cox"])
def test_refits_differ_and_repeat_with_their_seed(people, prepared, name):
    outcome, setting = outcome_for(LINES[name], people), Setting(depth=2, rounds=20)
    drawn = [
        refit_trees(
            setting, prepared, outcome, n_refits=4, rng=np.random.default_rng(seed)
        ).margins(prepared.X)
        for seed in (1, 1, 2)
    ]
    assert drawn[0].shape == (N, 4)
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert np.abs(drawn[0] - drawn[2]).max() > 1e-3
    assert (drawn[0].std(axis=1) > 0).mean() > 0.9
