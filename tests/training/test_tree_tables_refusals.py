"""What is refused: tables that do not agree with XGBoost, boosters no exact table can say."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
import xgboost

from training.tree_tables import (
    TableMismatchError,
    UnsupportedBoosterError,
    check_tables,
    ensemble_from_boosters,
    tables_from_booster,
)


def _fitted(depth):
    rng = np.random.default_rng(depth)
    X = rng.normal(size=(300, 4))
    X[rng.random(X.shape) < 0.2] = np.nan
    labels = (np.nan_to_num(X) @ [1.0, -1.0, 0.5, 0.0] + rng.normal(size=300) > 0).astype(float)
    settings = {"objective": "binary:logistic", "max_depth": depth, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(X, labels), 10)
    return booster, X, tables_from_booster(booster, X)


@pytest.mark.parametrize("part", ["value", "intercept", "table", "path_table", "base", "path_base"])
def test_changed_tables_are_refused(part):
    booster, X, tables = _fitted(2)
    check_tables(tables, booster, X)
    changed = np.array(getattr(tables, part))
    used = np.flatnonzero(changed)[-1] if changed.ndim else ()
    changed[used] += 1e-3
    changed = changed if changed.ndim else float(changed)
    with pytest.raises(TableMismatchError, match="the model is not written"):
        check_tables(replace(tables, **{part: changed}), booster, X)


def test_a_changed_interventional_table_that_still_adds_up_is_refused():
    booster, X, tables = _fitted(2)
    two_slots = np.flatnonzero(tables.conditions.n_slots == 2)
    assert two_slots.size
    table = tables.table.copy()
    table[-8:-4] += 0.01  # move share from the second slot of the last leaf to the first
    table[-4:] -= 0.01
    with pytest.raises(TableMismatchError, match="cohort means"):
        check_tables(replace(tables, table=table), booster, X)


def test_tables_that_are_not_numbers_are_refused():
    booster, X, tables = _fitted(1)
    with pytest.raises(TableMismatchError, match="margins differ by nan"):
        check_tables(replace(tables, intercept=np.nan), booster, X)


@dataclass
class _Tampered:
    """A booster whose file says one thing and whose predictions say another."""

    true: xgboost.Booster
    change: tuple[str, float]
    feature_names = None

    def save_raw(self, form):
        written = json.loads(bytes(self.true.save_raw(form)))
        tree = written["learner"]["gradient_booster"]["model"]["trees"][0]
        name, amount = self.change
        tree[name][0 if name != "sum_hessian" else 1] += amount
        return json.dumps(written).encode()

    def predict(self, *args, **kwargs):
        return self.true.predict(*args, **kwargs)

    def num_boosted_rounds(self):
        return self.true.num_boosted_rounds()


@pytest.mark.parametrize(
    ("change", "what"),
    [(("split_conditions", 0.8), "margins"), (("sum_hessian", 9.0), "path-dependent")],
)
def test_a_tampered_booster_is_refused(change, what):
    booster, X, _tables = _fitted(3)
    with pytest.raises(TableMismatchError, match=what):
        tables_from_booster(_Tampered(booster, change), X)


def test_tampered_refits_are_refused():
    booster, X, _tables = _fitted(3)
    boosters = [booster, _Tampered(booster, ("split_conditions", 0.8))]
    with pytest.raises(TableMismatchError, match="margins"):
        ensemble_from_boosters(boosters, X)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_depth": 6}, "fit with max_depth 4"),
        ({"booster": "dart"}, "booster is 'dart'"),
        ({"objective": "reg:squarederror"}, "accepted are 'binary:logistic'"),
        ({"objective": "multi:softprob", "num_class": 3}, "accepted are|3 outputs"),
    ],
)
def test_other_boosters_are_refused(settings, message):
    rng = np.random.default_rng(9)
    X = rng.normal(size=(300, 5))
    labels = rng.integers(0, 2, 300).astype(float)
    booster = xgboost.train(
        {"objective": "binary:logistic", "nthread": 1, "max_depth": 2} | settings,
        xgboost.DMatrix(X, labels),
        2,
    )
    with pytest.raises(UnsupportedBoosterError, match=message):
        tables_from_booster(booster, X)


def test_splits_on_categories_are_refused():
    rng = np.random.default_rng(9)
    X = rng.integers(0, 4, size=(300, 1)).astype(float)
    data = xgboost.DMatrix(
        X, (X[:, 0] % 2 == 0).astype(float), feature_types=["c"], enable_categorical=True
    )
    booster = xgboost.train({"objective": "binary:logistic", "max_depth": 2, "nthread": 1}, data, 2)
    with pytest.raises(UnsupportedBoosterError, match="categories"):
        tables_from_booster(booster, X)


@pytest.mark.parametrize("best_iteration", [-1, 10])
def test_a_round_that_was_never_fitted_is_refused(best_iteration):
    booster, X, _tables = _fitted(1)
    with pytest.raises(UnsupportedBoosterError, match="has 10 rounds"):
        tables_from_booster(booster, X, best_iteration=best_iteration)


@pytest.mark.parametrize("shape", [(0, 4), (5, 3), (4,)])
def test_a_cohort_of_another_shape_is_refused(shape):
    booster, _X, _tables = _fitted(1)
    with pytest.raises(UnsupportedBoosterError, match="one row at least and 4 columns"):
        tables_from_booster(booster, np.zeros(shape))


def test_refits_of_nothing_are_refused():
    with pytest.raises(UnsupportedBoosterError, match="no refit is given"):
        ensemble_from_boosters([], np.zeros((3, 2)))
