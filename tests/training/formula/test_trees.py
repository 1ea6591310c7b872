"""Summary of trees against trees counted by hand."""

import numpy as np
import pytest
import xgboost

from predictor.calibration import Affine
from predictor.encoding import Column, Encoding
from predictor.model import Model
from predictor.uncertainty import Uncertainty
from training.formula import formula_rows, write_formula
from training.tree_tables import ensemble_from_boosters, tables_from_booster

NAMES = ("age_years", "bmi", "madrs_total")


@pytest.fixture(scope="module")
def grown():
    """Stumps and pairs of splits on age and MADRS; BMI never differs."""
    rng = np.random.default_rng(2)
    X = np.column_stack([rng.normal(45, 10, 200), np.full(200, 25.0), rng.normal(30, 5, 200)])
    y = (rng.random(200) < 1 / (1 + np.exp(0.1 * (X[:, 0] - 45) + 0.1 * (X[:, 2] - 30)))) * 1.0
    settings = {"objective": "binary:logistic", "max_depth": 2, "eta": 0.1, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(X, y), 7)
    model = Model(
        "response", "xgboost", Encoding(tuple(map(Column, NAMES))),
        tables_from_booster(booster, X), Affine(0.0, 0.5),
        Uncertainty(np.empty((0, 0)), X.mean(axis=0), np.zeros((2, 2)), 0.0, 1.0,
                    X.min(axis=0), X.max(axis=0), np.zeros(3)),
        refits=ensemble_from_boosters([booster], X),
    )  # fmt: skip
    return model, booster, X


def test_trees_questions_and_contributions(grown, dictionary):
    model, booster, X = grown
    values = dict(zip(NAMES, X.T, strict=True))
    formula = write_formula(model, values, dictionary, rng=np.random.default_rng(0))
    found = formula.trees
    assert formula.linear is None
    assert "no sum of one number" in formula.no_points
    table = booster.trees_to_dataframe()
    assert (found.trees, found.depth) == (7, 2)
    assert found.leaves == (table["Feature"] == "Leaf").sum()
    assert found.unused == ("Body mass index (typed, or derived from weight and height)",)
    # every column on every way to a leaf, walked in XGBoost's own table
    parent = {child: row.ID for row in table.itertuples() for child in (row.Yes, row.No)}
    feature = dict(zip(table["ID"], table["Feature"], strict=True))
    asked = []
    for leaf in table.loc[table["Feature"] == "Leaf", "ID"]:
        on_the_way, node = set(), leaf
        while node in parent:
            node = parent[node]
            on_the_way.add(feature[node])
        asked += on_the_way
    shares = {line.variable: line.share for line in found.variables}
    assert shares["age_years"] == pytest.approx(asked.count("f0") / len(asked))
    assert shares["madrs_total"] == pytest.approx(asked.count("f2") / len(asked))
    own = 0.5 * np.abs(model.learner.contributions(X)).mean(axis=0)
    sizes = {line.variable: line.mean_contribution for line in found.variables}
    assert sizes["age_years"] == pytest.approx(own[0])
    rows = formula_rows(formula)
    assert {row["part"] for row in rows} == {
        "trees", "depth", "leaves", "share", "mean_contribution",
    }  # fmt: skip
