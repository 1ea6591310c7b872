"""What a model says of rows: margins, contributions, error, curve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.blended import Blended
from predictor.calibration import BaselineHazard
from predictor.model import Model
from predictor.uncertainty import WIDER_PER_VARIABLE, Z_LEVEL

VARIABLES = (
    "age_years", "sex", "bmi", "madrs_total", "failed_trials", "bipolar", "crp_mg_per_l",
    "diet_quality", "psychotherapy",
)  # fmt: skip


def values(**changed):
    """One row: female of 40, with every answer at a round number."""
    row = dict(zip(VARIABLES, (40.0, 0.0, 24.0, 32.0, 3.0, 0.0, 2.5, 2.0, 4.0), strict=True))
    return {name: np.atleast_1d(float(value)) for name, value in (row | changed).items()}


def answers():
    some = st.none()
    ranges = ((18, 80), (0, 2), (16, 45), (10, 50), (0, 12), (0, 1), (0, 50), (0, 3))
    codes = [st.integers(low, high) | some for low, high in ranges]
    codes.append(st.sampled_from([0, 4]) | some)
    return st.tuples(*codes).map(_row)


def _row(codes):
    """One row of drawn codes, None where not answered."""
    drawn = [np.nan if code is None else code for code in codes]
    return values(**dict(zip(VARIABLES, drawn, strict=True)))


@pytest.fixture(scope="module")
def models(bundles) -> dict[str, Model]:
    return {name: bundle.model for name, bundle in bundles.items()}


def test_the_margin_of_a_linear_model_by_hand(models):
    found = models["linear"].assess(values())
    raw = 0.2 + sum(
        [
            -0.01 * (40 - 45),
            0.2 * (0 - 0.4) - 0.1 * (0 - 0.02),
            0.03 * (24 - 27),
            -0.04 * (32 - 30),
            -0.15 * (3 - 4),
            0.3 * (0 - 0.1),
            -0.25 * (np.log(3.5) - 1),
            0.1 * (2 - 1.5),
            0.4 * (1 - 0.3),
        ]
    )
    assert found.margin[0] == pytest.approx(0.05 + 0.9 * raw, abs=1e-12)
    assert found.base == pytest.approx(0.05 + 0.9 * 0.2, abs=1e-12)
    assert found.contributions[0, 1] == pytest.approx(0.9 * (-0.08 + 0.002), abs=1e-12)


def test_the_error_of_a_complete_row_by_hand(models):
    at_means = {
        "sex": 0.0, "age_years": 45.0, "bmi": 27.0, "madrs_total": 30.0, "failed_trials": 4.0,
        "bipolar": 0.0, "crp_mg_per_l": np.e - 1, "diet_quality": 1.0, "psychotherapy": 0.0,
    }  # fmt: skip
    found = models["linear"].assess(values(**at_means))
    # distances from the means in standard deviations: only marks, bipolar and diet differ
    distances = [0.4 / 0.5, 0.02 / 0.14, 0.1 / 0.3, 0.5 / 0.9, 0.3 / 0.46]
    laplace = 0.01 + 0.02 * sum(d**2 for d in distances)
    raw = (found.margin[0] - 0.05) / 0.9
    line = np.array([1.0, raw - 0.1])
    calibration = line @ np.array([[0.004, 0.001], [0.001, 0.01]]) @ line
    assert found.sd[0] == pytest.approx(np.sqrt(0.81 * laplace + calibration), rel=1e-12)


@pytest.mark.parametrize("kind", ["linear", "boosted"])
def test_missing_answers_widen_the_error_and_name_what_they_would_remove(kind, models):
    full = models[kind].assess(values())
    less = models[kind].assess(values(bmi=np.nan, crp_mg_per_l=np.nan))
    assert not full.narrowing.any()
    assert less.answered[0].tolist() == [name not in ("bmi", "crp_mg_per_l") for name in VARIABLES]
    assert (less.narrowing[0] > 0).tolist() == (~less.answered[0]).tolist()
    if kind == "boosted":
        assert less.narrowing[0, 2] == pytest.approx(0.64 * 0.03)  # slope² · its own variance
        assert less.sd[0] > 0.8 * np.sqrt(0.03 + 0.07)


@pytest.fixture(scope="module")
def blend(models) -> Model:
    """The linear model with trees beside it; both read what is filled in."""
    trees = models["boosted"].learner
    blended = Blended(models["linear"].learner, trees, np.arange(10), 0.4)
    return replace(models["linear"], family="blended", learner=blended)


NUMBERS = {"age_years": 0, "bmi": 3, "madrs_total": 4, "failed_trials": 5, "crp_mg_per_l": 7}


@pytest.mark.parametrize("kind", ["linear", "cox", "blend"])
@given(gaps=st.sets(st.sampled_from(sorted(NUMBERS)), min_size=1))
def test_who_gives_the_answers_that_were_assumed_gets_the_same_number(kind, gaps, models, blend):
    """What is said to be assumed is what the number rests on, variable by variable."""
    model = blend if kind == "blend" else models[kind]
    open_ = model.assess(values(**dict.fromkeys(gaps, np.nan)))
    given_ = {name: open_.assumed[0, NUMBERS[name]] for name in gaps}
    if "crp_mg_per_l" in gaps:
        given_["crp_mg_per_l"] = np.expm1(given_["crp_mg_per_l"])
    told = model.assess(values(**given_))
    np.testing.assert_allclose(open_.contributions, told.contributions, atol=1e-9)
    assert open_.margin[0] == pytest.approx(told.margin[0], abs=1e-9)


@given(
    gaps=st.sets(st.sampled_from(VARIABLES[:4]), min_size=1),
)
def test_trees_assume_nothing_for_a_missing_answer(gaps, models):
    """What open answers move is the trees' own path, and adds up with the rest to the margin."""
    gone = dict.fromkeys(gaps, np.nan)
    found = models["boosted"].assess(values(**gone))
    columns = [i for i, c in enumerate(models["boosted"].encoding.columns) if c.variable in gaps]
    assert np.isnan(found.assumed[0, columns]).all()
    total = found.base + found.contributions.sum()
    X = models["boosted"].encoding.transform(values(**gone))
    raw = models["boosted"].learner.margin(X)[0]
    assert total == pytest.approx(0.05 + 0.8 * raw, abs=1e-9)


@given(
    answered=st.lists(st.booleans(), min_size=10, max_size=10).filter(lambda a: not all(a)),
    place=st.integers(0, 9),
    at=st.lists(st.floats(-2, 2), min_size=10, max_size=10),
    line_is_known=st.booleans(),
)
def test_an_open_answer_widens_the_interval_by_what_it_would_narrow(
    answered, place, at, line_is_known, models
):
    """Over the answers that may come the variance is on average lower by what was promised.

    The variance is a quadratic of an answer, so its mean is that of two answers, one SD to either
    side of what is expected. Nothing holds for every answer: an unusual one is known less well.
    """
    model = models["linear"]
    means, spread = model.imputation.means, np.sqrt(np.diag(model.imputation.covariance))
    if line_is_known:
        known = replace(model.uncertainty, calibration_covariance=np.zeros((2, 2)))
        model = replace(model, uncertainty=known)
    j = [i for i in range(10) if not answered[i]][place % answered.count(False)]
    row = np.where(answered, means + spread * np.array(at), np.nan)[None, :]
    one = np.eye(10)[j]
    expected = model.imputation.fill(row)[0, j]
    sd = np.sqrt(model.imputation.spread(row, one)[0])
    after = []
    for sign in (-1, 1):
        told = row.copy()
        told[0, j] = expected + sign * sd
        after.append(model.variance(told)[0])
    promised = model.imputation.narrowing(row, model.learner.coefficients, np.arange(10))[0, j]
    fell = model.variance(row)[0] - np.mean(after)
    if line_is_known:
        assert fell == pytest.approx(0.81 * promised, abs=1e-9)
    else:
        assert fell >= 0.81 * promised - 1e-9


def test_each_answer_outside_the_training_range_widens_the_error(models):
    inside, edge = (models["linear"].assess(values(age_years=age)) for age in (80.0, 80.0001))
    assert inside.outside.sum() == 0
    assert edge.outside[0].tolist() == [True] + [False] * 8
    assert edge.sd[0] == pytest.approx(inside.sd[0] * (1 + WIDER_PER_VARIABLE), rel=1e-5)


def test_a_level_nobody_had_is_outside(models):
    found = models["linear"].assess(values(psychotherapy=2.0))
    assert found.outside[0].tolist() == [False] * 8 + [True]


@pytest.mark.parametrize("kind", ["linear", "cox", "boosted"])
@given(row=answers())
def test_base_and_contributions_add_up_to_the_margin(kind, models, row):
    model = models[kind]
    found = model.assess(row)
    assert found.base + found.contributions.sum() == pytest.approx(found.margin[0], abs=1e-9)
    X = model.encoding.transform(row)
    complete = X if model.imputation is None else model.imputation.fill(X)
    raw = model.learner.margin(complete)[0]
    assert found.margin[0] == pytest.approx(
        model.calibration.intercept + model.calibration.slope * raw, abs=1e-9
    )
    assert found.sd[0] > 0


@given(row=answers())
def test_the_curve_never_falls_and_stays_in_its_band(models, row):
    found = models["cox"].assess(row)
    curve = models["cox"].curve(float(found.margin[0]), float(found.sd[0]))
    risk, lo, hi = curve.relapse, curve.lo, curve.hi
    for line in (risk, lo, hi):
        assert (np.diff(line) >= 0).all()
        assert 0 <= line[0] <= line[-1] <= 1
    assert (lo <= risk).all()
    assert (risk <= hi).all()


def test_the_curve_by_hand(models):
    model = models["cox"]
    curve = model.curve(0.3, 0.2)
    risk, lo, hi = curve.relapse, curve.lo, curve.hi
    assert curve.days.tolist() == list(range(181))
    assert curve.last_supported_day == 180
    assert curve.log_hazard_sd[100] == pytest.approx(np.sqrt(0.04 + 0.3 / 10), rel=1e-12)
    half = Z_LEVEL * np.sqrt(0.04 + 0.3 / 10)
    expected = [1 - np.exp(-1.2 * np.exp(0.3 + shift)) for shift in (0.0, -half, half)]
    assert [risk[100], lo[100], hi[100]] == pytest.approx(expected, rel=1e-12)
    assert model.probability(np.array(0.3), 100) == pytest.approx(expected[0], rel=1e-12)
    assert model.probability(np.array(0.3)) == pytest.approx(risk[180], rel=1e-12)


def test_a_response_model_has_no_curve(models):
    with pytest.raises(ValueError, match="ask for its probability"):
        models["linear"].curve(0.0, 1.0)


@pytest.mark.parametrize("kind", ["linear", "cox", "boosted", "empty"])
def test_the_arrays_hold_all_there_is_to_a_model(kind, models):
    model = models[kind]
    again = Model.from_parts(model.task, model.family, model.encoding, model.to_arrays())
    one, other = model.assess(values(bmi=np.nan)), again.assess(values(bmi=np.nan))
    for name in ("margin", "contributions", "sd", "assumed", "narrowing"):
        np.testing.assert_array_equal(getattr(other, name), getattr(one, name))
    assert isinstance(again.baseline, BaselineHazard) == (kind == "cox")


@pytest.mark.parametrize("kind", ["linear", "cox", "boosted"])
def test_a_row_alone_gives_the_numbers_it_gives_among_others(kind, models):
    rng = np.random.default_rng(2)
    many = {name: np.repeat(value, 20) for name, value in values().items()}
    many["age_years"] = rng.uniform(20, 80, 20)
    many["bmi"] = np.where(rng.random(20) < 0.5, np.nan, rng.uniform(18, 40, 20))
    together = models[kind].assess(many)
    for i in range(20):
        alone = models[kind].assess({name: value[i : i + 1] for name, value in many.items()})
        assert alone.margin[0] == together.margin[i]
        np.testing.assert_allclose(alone.sd[0], together.sd[i], rtol=1e-12)


def test_a_model_without_any_column_gives_everybody_its_base(models):
    found = models["empty"].assess({name: np.repeat(v, 3) for name, v in values().items()})
    np.testing.assert_array_equal(found.margin, [0.2, 0.2, 0.2])
    assert found.contributions.shape == found.outside.shape == (3, 0)
    assert (found.sd > 0).all()
