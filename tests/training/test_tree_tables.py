"""Tables against three oracles: XGBoost itself, shap, and the definition of Shapley values."""

import itertools
import json
from dataclasses import dataclass
from math import factorial

import numpy as np
import pytest
import xgboost

from predictor.boosted import Boosted
from training.tree_tables import (
    ensemble_from_boosters,
    tables_from_booster,
)

N_COLUMNS = 9
CONSTANT, ALL_MISSING, NEVER_MISSING = 6, 7, 8
OBJECTIVES = ("binary:logistic", "survival:cox")
DEPTHS = (1, 2, 3, 4)

# On import shap styles a colour map through a function matplotlib is about to deprecate.
shap_warnings = pytest.mark.filterwarnings(
    "ignore:The set_(bad|over|under) function:PendingDeprecationWarning"
)


@dataclass(frozen=True)
class Case:
    """One fitted booster, its tables and rows it never saw."""

    booster: xgboost.Booster
    cohort: np.ndarray
    rows: np.ndarray
    on_threshold: int
    tables: Boosted

    @property
    def trees(self):
        return _trees(self.booster)

    @property
    def n_splitting(self):
        return sum(tree["left_children"][0] >= 0 for tree in self.trees)


def _trees(booster):
    return json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"][
        "trees"
    ]


def _patients(rng, n, *, missing=0.2):
    X = rng.normal(size=(n, N_COLUMNS))
    X[:, 1:3] = np.round(2 * X[:, 1:3]) / 2
    X[:, 3] = rng.random(n) < 0.4
    X[rng.random(X.shape) < missing] = np.nan
    X[:, CONSTANT] = 1.5
    X[:, ALL_MISSING] = np.nan
    X[:, NEVER_MISSING] = rng.normal(size=n)
    return X


def _labels(rng, X, objective):
    x = np.nan_to_num(X, nan=0.7)
    signal = x[:, 0] + x[:, 1] * x[:, 3] - np.abs(x[:, 2]) + 0.5 * x[:, NEVER_MISSING]
    if objective == "binary:logistic":
        return (rng.random(len(X)) < 1 / (1 + np.exp(-signal))).astype(float)
    days = rng.exponential(60 * np.exp(-0.7 * signal)) + 0.5
    return np.where(days < 180, days, -180.0)


def _fit(X, labels, objective, *, rounds=40, **settings):
    settings = {"objective": objective, "eta": 0.2, "nthread": 1, "seed": 1} | settings
    return xgboost.train(settings, xgboost.DMatrix(X, labels), rounds)


def _test_rows(rng, booster, n=1000):
    """Rows of which half miss at least 30 %, and half hit a threshold of the trees exactly."""
    X = _patients(rng, n, missing=0.05)
    splits = [
        (tree["split_indices"][node], tree["split_conditions"][node])
        for tree in _trees(booster)
        for node, left in enumerate(tree["left_children"])
        if left >= 0
    ]
    for row in range(0, n, 2):
        column, threshold = splits[rng.integers(len(splits))]
        X[row, column] = np.float32(threshold)
    for row in range(n // 2):
        holes = rng.choice(N_COLUMNS - 1, size=int(rng.integers(2, 8)), replace=False)
        X[row, [hole if hole < ALL_MISSING else NEVER_MISSING for hole in holes]] = np.nan
    hit = np.zeros(n, dtype=bool)
    for column, threshold in splits:
        hit |= X[:, column] == np.float32(threshold)
    return X, int(hit.sum())


def _make(objective, depth):
    rng = np.random.default_rng(100 * depth + len(objective))
    X = _patients(rng, 500)
    booster = _fit(X, _labels(rng, X, objective), objective, max_depth=depth)
    rows, on_threshold = _test_rows(rng, booster)
    cohort = X[:80]
    return Case(booster, cohort, rows, on_threshold, tables_from_booster(booster, cohort))


@pytest.fixture(scope="module", params=list(itertools.product(OBJECTIVES, DEPTHS)), ids=str)
def case(request):
    return _make(*request.param)


def _assert_meaningful(case):
    """Say how much was compared: rows, rows with gaps, rows on thresholds, trees with a split."""
    missing = np.isnan(case.rows).mean(axis=1)
    assert len(case.rows) >= 800
    assert (missing >= 0.3).sum() >= len(case.rows) / 2
    assert case.on_threshold >= 250
    assert case.n_splitting == 40


def test_margins_are_those_of_xgboost(case):
    _assert_meaningful(case)
    theirs = case.booster.predict(xgboost.DMatrix(case.rows), output_margin=True)
    assert np.abs(case.tables.margin(case.rows) - theirs).max() < 1e-5
    assert np.ptp(theirs) > 0.5


def test_contributions_add_up_to_the_margin(case):
    _assert_meaningful(case)
    tables, margin = case.tables, case.tables.margin(case.rows)
    total = tables.base + tables.contributions(case.rows).sum(axis=1)
    assert np.abs(total - margin).max() < 1e-9
    total = tables.path_base + tables.path_contributions(case.rows).sum(axis=1)
    assert np.abs(total - margin).max() < 1e-5


def test_the_base_is_the_mean_margin_of_the_cohort(case):
    assert case.tables.base == pytest.approx(case.tables.margin(case.cohort).mean(), abs=1e-12)


def test_path_contributions_are_those_of_xgboost(case):
    _assert_meaningful(case)
    theirs = case.booster.predict(xgboost.DMatrix(case.rows), pred_contribs=True)
    assert np.abs(case.tables.path_contributions(case.rows) - theirs[:, :-1]).max() < 1e-5
    assert np.abs(case.tables.path_base - theirs[:, -1]).max() < 1e-5
    assert np.abs(theirs[:, :-1]).max() > 0.1


@shap_warnings
def test_path_contributions_are_those_of_shap(case):
    import shap

    _assert_meaningful(case)
    theirs = shap.TreeExplainer(case.booster).shap_values(case.rows)
    assert np.abs(case.tables.path_contributions(case.rows) - theirs).max() < 1e-5


@shap_warnings
def test_interventional_contributions_are_those_of_shap(case):
    import shap

    _assert_meaningful(case)
    explainer = shap.TreeExplainer(
        case.booster,
        data=case.cohort,
        feature_perturbation="interventional",
        model_output="raw",
    )
    theirs = explainer.shap_values(case.rows, check_additivity=False)
    assert np.abs(case.tables.contributions(case.rows) - theirs).max() < 1e-5
    assert np.abs(theirs).max() > 0.1


def _shapley_by_enumeration(margin, row, cohort):
    """Average over the cohort of the definition, coalition by coalition."""
    columns = range(row.size)
    shares = np.zeros(row.size)
    for column in columns:
        others = [other for other in columns if other != column]
        for size in range(row.size):
            weight = factorial(size) * factorial(row.size - size - 1) / factorial(row.size)
            for kept in itertools.combinations(others, size):
                without = cohort.copy()
                without[:, list(kept)] = row[list(kept)]
                within = without.copy()
                within[:, column] = row[column]
                shares[column] += weight * (margin(within) - margin(without)).mean()
    return shares


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_interventional_contributions_are_shapley_values_by_definition(objective):
    rng = np.random.default_rng(8)
    X = _patients(rng, 300)[:, [0, 1, 2, 3, NEVER_MISSING]]
    labels = _labels(rng, np.insert(X, [4] * 4, 0.0, axis=1), objective)
    booster = _fit(X, labels, objective, rounds=3, max_depth=4, eta=0.5)
    cohort, rows = X[:25], X[250:262]
    tables = tables_from_booster(booster, cohort)

    def margin(at):
        return booster.predict(xgboost.DMatrix(at), output_margin=True).astype(float)

    expected = np.array([_shapley_by_enumeration(margin, row, cohort) for row in rows])
    assert np.abs(tables.contributions(rows) - expected).max() < 1e-6
    assert (np.abs(expected) > 0.01).sum() >= 30
    assert np.isnan(rows).any(axis=1).sum() >= 5


def test_missing_values_never_seen_in_training_go_where_xgboost_sends_them():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(300, 4))
    booster = _fit(X, (X[:, 0] + X[:, 1] > 0).astype(float), "binary:logistic", max_depth=3)
    rows = X.copy()
    rows[rng.random(rows.shape) < 0.5] = np.nan
    theirs = booster.predict(xgboost.DMatrix(rows), output_margin=True)
    ours = tables_from_booster(booster, X).margin(rows)
    assert np.abs(ours - theirs).max() < 1e-5


def test_a_split_on_missingness_alone_is_exact():
    rng = np.random.default_rng(6)
    X = np.where(rng.random((400, 1)) < 0.5, np.nan, 3.0)
    labels = np.isnan(X[:, 0]).astype(float)
    booster = _fit(X, labels, "binary:logistic", rounds=3, max_depth=2)
    tables = tables_from_booster(booster, X)
    present, missing = tables.margin(np.array([[3.0], [np.nan]]))
    assert missing - present > 0.5


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_trees_without_a_split_only_move_the_base(objective):
    rng = np.random.default_rng(2)
    X = _patients(rng, 60)
    booster = _fit(
        X, _labels(rng, X, objective), objective, rounds=3, min_child_weight=1e6, base_score=0.3
    )
    tables = tables_from_booster(booster, X)
    theirs = booster.predict(xgboost.DMatrix(X), output_margin=True)
    assert tables.value.size == 0
    assert tables.margin(X) == pytest.approx(theirs, abs=1e-6)
    assert tables.base == pytest.approx(theirs[0], abs=1e-6)
    assert not tables.contributions(X).any()


def test_a_booster_without_trees_gives_its_base_score():
    X = np.zeros((5, 2))
    booster = _fit(X, np.array([0, 1, 0, 1, 0.0]), "binary:logistic", rounds=0, base_score=0.25)
    tables = tables_from_booster(booster, X)
    assert tables.margin(X) == pytest.approx(np.full(5, np.log(1 / 3)), abs=1e-6)
    ensemble = ensemble_from_boosters([booster, booster], X)
    assert ensemble.margins(X) == pytest.approx(np.full((5, 2), np.log(1 / 3)), abs=1e-6)


def test_rounds_after_the_best_one_are_left_out():
    case = _make("binary:logistic", 2)
    until = {"output_margin": True, "iteration_range": (0, 8)}
    theirs = case.booster.predict(xgboost.DMatrix(case.rows), **until)
    tables = tables_from_booster(case.booster, case.cohort, best_iteration=7)
    assert np.abs(tables.margin(case.rows) - theirs).max() < 1e-5
    assert np.abs(case.tables.margin(case.rows) - theirs).max() > 0.1


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_hundreds_of_rounds_are_not_refused_for_the_rounding_of_xgboost(objective):
    rng = np.random.default_rng(21)
    X = _patients(rng, 400)
    booster = _fit(
        X, _labels(rng, X, objective), objective, rounds=420, max_depth=4, base_score=0.7
    )
    tables = tables_from_booster(booster, X)
    theirs = booster.predict(xgboost.DMatrix(X), output_margin=True)
    assert np.abs(tables.margin(X) - theirs).max() < 1e-4
    assert np.ptp(theirs) > 10


def test_named_columns_are_accepted():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(100, 2))
    booster = _fit(X, (X[:, 0] > 0).astype(float), "binary:logistic", rounds=3, max_depth=3)
    booster.feature_names = ["bmi", "madrs_total"]
    assert tables_from_booster(booster, X).n_columns == 2


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_refits_have_the_margins_of_xgboost(objective):
    rng = np.random.default_rng(11)
    X = _patients(rng, 300)
    labels = _labels(rng, X, objective)
    boosters = []
    for depth in (1, 4, 2, 3):
        drawn = rng.integers(0, 300, 300)
        boosters.append(_fit(X[drawn], labels[drawn], objective, rounds=10, max_depth=depth))
    rows, on_threshold = _test_rows(rng, boosters[1])
    ensemble = ensemble_from_boosters(boosters, X, best_iterations=[None, 4, 0, None])
    margins = ensemble.margins(rows)
    rounds = [(0, 0), (0, 5), (0, 1), (0, 0)]
    for column, (booster, until) in enumerate(zip(boosters, rounds, strict=True)):
        theirs = booster.predict(xgboost.DMatrix(rows), output_margin=True, iteration_range=until)
        assert np.abs(margins[:, column] - theirs).max() < 1e-5
    assert margins.shape == (1000, 4)
    assert on_threshold >= 250
    assert ensemble.n_trees.tolist() == [10, 5, 1, 10]


def test_the_tables_hold_no_row_of_the_cohort():
    case = _make("survival:cox", 3)
    held = np.concatenate([np.ravel(array) for array in case.tables.to_arrays().values()])
    thresholds = {np.float32(t) for tree in case.trees for t in tree["split_conditions"]}
    planted = {
        value
        for value in case.cohort[:, [0, NEVER_MISSING]].ravel()
        if np.isfinite(value) and np.float32(value) not in thresholds
    }
    assert len(planted) >= 100
    assert not planted & set(held.tolist())
