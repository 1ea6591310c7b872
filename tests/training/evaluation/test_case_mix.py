"""New people against the training cohort: numbers by hand."""

import numpy as np
import pytest

from predictor.calibration import Affine
from predictor.encoding import Column, Encoding
from predictor.imputation import GaussianImputation
from predictor.linear import Linear
from predictor.model import Model
from predictor.uncertainty import Uncertainty
from training.evaluation.case_mix import compare_case_mix, describe_columns

N = 40


def model_of(*, imputation=True):
    means = np.array([40.0, 0.25, 0.25])
    return Model(
        "response",
        "ridge",
        Encoding(
            (Column("age_years"), Column("route", level=1), Column("route", level=2)),
            seen=(("route", (0, 1, 2)),),
        ),
        Linear(np.array([0.1, 0.0, 0.0]), means, 0.0),
        Affine(0.5, 2.0),
        Uncertainty(
            covariance=np.diag([0.01, 0.01, 0.01, 0.01]),
            means=means,
            calibration_covariance=np.zeros((2, 2)),
            margin_mean=0.25,
            margin_sd=0.9,
            support_low=np.array([20.0, 0.0, 0.0]),
            support_high=np.array([60.0, 1.0, 1.0]),
            missing_variance=np.empty(0),
        ),
        imputation=GaussianImputation(means, np.diag([100.0, 0.1875, 0.1875]))
        if imputation
        else None,
    )


def values_of(ages, routes):
    return {"age_years": np.asarray(ages, float), "route": np.asarray(routes, float)}


TRAINED = values_of([30.0, 50.0] * (N // 2), [0, 0, 1, 2] * (N // 4))


def test_columns_are_described_by_hand():
    ages = TRAINED["age_years"].copy()
    ages[:4] = np.nan
    found = describe_columns(model_of(), TRAINED | {"age_years": ages})
    assert found == {
        "mean": [40.0, 0.25, 0.25],
        "sd": [10.0, pytest.approx(0.433), pytest.approx(0.433)],
        "missing": [0.1, 0.0, 0.0],
    }


def test_columns_that_few_answered_are_not_described():
    ages = np.full(N, np.nan)
    ages[:9] = 77.0
    found = describe_columns(model_of(), TRAINED | {"age_years": ages})
    assert (found["mean"][0], found["sd"][0]) == (None, None)
    ages[9] = 77.0
    assert describe_columns(model_of(), TRAINED | {"age_years": ages})["mean"][0] == 77.0


def test_differences_by_hand():
    model = model_of()
    new = values_of([45.0, 65.0] * (N // 2), [1, 1, 1, 2] * (N // 4))
    new["age_years"][:2] = np.nan
    found = compare_case_mix(model, new, describe_columns(model, TRAINED))
    age, route = (next(s for s in found.variables if s.variable == v) for v in TRAINED)
    assert age.smd == pytest.approx(15 / 10)
    assert (age.missing, age.missing_before) == (0.05, 0.0)
    assert age.outside == (N // 2 - 1) / N == found.any_outside
    # level 1 went from 0.25 to 0.75: 0.5 / sqrt(0.1875)
    assert route.smd == pytest.approx(0.5 / np.sqrt(0.1875), rel=1e-3)
    assert [s.variable for s in found.variables] == ["age_years", "route"]
    assert found.margin_mean_before == 1.0
    assert found.margin_sd_before == 0.9
    # missing ages are filled with 40; margin = 0.5 + 2 · 0.1 · (age − 40)
    ages = np.array([40.0, 40.0, *[45.0, 65.0] * (N // 2 - 1)])
    margins = 0.5 + 0.2 * (ages - 40)
    assert found.margin_mean == pytest.approx(margins.mean())
    assert found.margin_sd == pytest.approx(margins.std())
    assert found.to_dict()["variables"][0]["smd"] == age.smd


def test_an_old_bundle_says_what_its_imputation_knows():
    found = compare_case_mix(model_of(), TRAINED, None)
    age = next(s for s in found.variables if s.variable == "age_years")
    assert age.smd == pytest.approx(0.0)
    assert age.missing_before is None


def test_what_is_not_known_has_a_reason():
    told = {key: [None] * 3 for key in ("mean", "sd", "missing")}
    found = compare_case_mix(model_of(), TRAINED, told)
    assert {s.smd for s in found.variables} == {None}
    assert "does not hold" in found.variables[0].reason
    same = values_of(np.full(N, np.nan), np.zeros(N))
    found = compare_case_mix(model_of(), same, describe_columns(model_of(), TRAINED))
    reasons = {s.variable: s.reason for s in found.variables}
    assert "fewer than 10" in reasons["age_years"]
