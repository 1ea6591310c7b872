"""Scores known at a landmark: as given, converted with their error, or known only later."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from predictor.crosswalk import Crosswalk, crosswalks_of
from predictor.dictionary import Dictionary
from predictor.known import Conversion, Known, known, later_cautions, others_of, reading, scale_of
from predictor.landmarks import with_landmarks
from predictor.model import Model
from training.config import read_crosswalks, read_landmarks

SHIPPED = crosswalks_of(read_crosswalks())
# √(2 · 0.24 · 11² + 2.7²), of PHQ-9 to MADRS in configs/crosswalks.yaml
PHQ9_ERROR = 8.0852
SLOPE = 0.08 * 0.9  # coefficient and calibration of the response models in conftest.py


@pytest.fixture(scope="module")
def whole(dictionary: Dictionary) -> Dictionary:
    return with_landmarks(dictionary, read_landmarks())


def answers(**given: float) -> dict[str, np.ndarray]:
    """One person's answers to the scores of dose 2 and dose 4, and to what is given."""
    names = [
        f"{s}_{d}" for s in ("madrs", "phq9", "qids_sr16", "hamd17") for d in ("dose2", "dose4")
    ]
    return {name: np.array([given.get(name, math.nan)]) for name in {*names, *given}}


def added(found: Known, model: Model) -> np.ndarray:
    """The standard deviation of the margin that the conversions add."""
    plain = model.assess(found.values)
    return np.sqrt(found.widened(model, plain).sd ** 2 - plain.sd**2)


def test_a_score_that_was_rated_is_left_alone(whole):
    values = answers(madrs_dose2=30, phq9_dose2=15)
    found = known(whole, ["madrs_dose2"], values, SHIPPED)
    assert found.values["madrs_dose2"].tolist() == [30]
    assert found.conversions == ((),)


def test_a_missing_score_is_read_from_another_scale_of_the_same_landmark(whole):
    """PHQ-9 15 equals MADRS 24 (OPTIMUM)."""
    values = answers(phq9_dose2=15, qids_sr16_dose4=5)
    found = known(whole, ["madrs_dose2"], values, SHIPPED)
    assert found.values["madrs_dose2"].tolist() == [24]
    (one,) = found.conversions[0]
    assert (one.variable.id, one.given.id, one.total, one.converted) == (
        "madrs_dose2", "phq9_dose2", 15, 24,
    )  # fmt: skip
    assert one.crosswalk.standard_error == pytest.approx(PHQ9_ERROR, abs=1e-4)


def test_of_several_scales_the_one_with_the_smallest_error_is_taken(whole):
    values = answers(phq9_dose2=15, hamd17_dose2=20, qids_sr16_dose2=5)
    found = known(whole, ["madrs_dose2"], values, SHIPPED)
    assert found.values["madrs_dose2"].tolist() == [26]  # HAM-D17 20 equals MADRS 26
    errors = [walk.standard_error for _, walk in others_of(whole, whole["madrs_dose2"], SHIPPED)]
    assert errors == sorted(errors)


def test_a_scale_that_the_model_reads_itself_is_never_converted(whole):
    values = answers(phq9_dose2=15)
    found = known(whole, ["madrs_dose2", "phq9_dose2"], values, SHIPPED)
    assert np.isnan(found.values["madrs_dose2"]).all()


def test_a_score_of_the_baseline_is_never_converted(whole):
    values = answers(phq9_total=15, madrs_total=math.nan)
    found = known(whole, ["madrs_total"], values, SHIPPED)
    assert np.isnan(found.values["madrs_total"]).all()
    assert found.conversions == ((),)


def test_without_a_crosswalk_nothing_is_converted(whole):
    found = known(whole, ["qids_sr16_dose2"], answers(phq9_dose2=15), SHIPPED)
    assert np.isnan(found.values["qids_sr16_dose2"]).all()


def test_a_conversion_says_scales_range_and_error(whole):
    found = known(whole, ["madrs_dose2"], answers(phq9_dose2=15), SHIPPED)
    caution = found.conversions[0][0].caution()
    assert caution["code"] == "converted_score"
    assert caution["variable"] == "madrs_dose2"
    assert caution["message"] == (
        "MADRS after dose 2 was not given; PHQ-9 after dose 2, 15, was converted to 24 (16 to 32, "
        "one standard error of 8.1 points either way) by a published crosswalk; the interval was "
        "widened by that error"
    )
    assert found.conversions[0][0].words == "24 ± 8.1, converted from PHQ-9 after dose 2 (15)"


def test_the_range_that_is_said_keeps_to_the_scale(whole):
    found = known(whole, ["madrs_dose2"], answers(phq9_dose2=1), SHIPPED)
    assert "converted to 1 (0 to 9," in str(found.conversions[0][0].caution()["message"])


def test_the_error_of_a_linear_margin_is_coefficient_times_standard_error(
    whole, landmark_bundles, candidate
):
    model = landmark_bundles["response"].landmarks["dose2"].model
    names = model.encoding.variables
    values = {name: np.array([1.0, 1.0]) for name in names} | {"madrs_dose2": np.full(2, np.nan)}
    values["phq9_dose2"] = np.array([15.0, np.nan])
    found = known(whole, names, values, SHIPPED)
    assert added(found, model) == pytest.approx([SLOPE * PHQ9_ERROR, 0.0], abs=1e-4)


def test_errors_of_two_conversions_are_taken_as_the_same(whole, landmark_bundles):
    """Twice the same error adds up to more than two independent ones."""
    model = landmark_bundles["response"].landmarks["dose4"].model
    names = model.encoding.variables
    values = {name: np.array([1.0]) for name in names}
    values |= answers(phq9_dose2=15, phq9_dose4=15)
    found = known(whole, names, values, SHIPPED)
    assert added(found, model) == pytest.approx([2 * SLOPE * PHQ9_ERROR], abs=1e-4)


def test_errors_that_cancel_are_taken_as_independent(whole, landmark_bundles):
    """A model of the change alone: +b at dose 2, −b at dose 4."""
    model = landmark_bundles["response"].landmarks["dose4"].model
    slopes = model.learner.coefficients.copy()
    slopes[-2] = -slopes[-1]
    model = replace(model, learner=replace(model.learner, coefficients=slopes))
    values = {name: np.array([1.0]) for name in model.encoding.variables}
    values |= answers(phq9_dose2=15, phq9_dose4=15)
    found = known(whole, model.encoding.variables, values, SHIPPED)
    assert added(found, model) == pytest.approx([math.sqrt(2) * SLOPE * PHQ9_ERROR], abs=1e-4)


def test_trees_are_asked_at_one_standard_error_either_way(bundles, dictionary):
    bundle = bundles["boosted"]
    names = bundle.model.encoding.variables
    values = {name: np.array([1.0]) for name in names} | {"madrs_total": np.array([30.0])}
    crosswalk = Crosswalk("phq9", "madrs", np.array([[0.0, 0.0], [27.0, 54.0]]), 8.0, "", "seen")
    made = Conversion(dictionary["madrs_total"], dictionary["phq9_total"], 15, 30, crosswalk)
    ends = [
        bundle.model.assess(values | {"madrs_total": np.array([end])}).margin[0]
        for end in (38.0, 22.0)
    ]
    assert ends[0] != ends[1]
    error = added(Known(values, ((made,),)), bundle.model)
    assert error == pytest.approx([abs(ends[0] - ends[1]) / 2], abs=1e-12)


def test_the_score_itself_would_remove_the_error_of_its_conversion(whole, landmark_bundles):
    model = landmark_bundles["response"].landmarks["dose2"].model
    names = model.encoding.variables
    values = {name: np.array([1.0]) for name in names} | answers(phq9_dose2=15)
    found = known(whole, names, values, SHIPPED)
    plain = model.assess(found.values)
    gain = found.widened(model, plain).narrowing - plain.narrowing
    assert gain[0, names.index("madrs_dose2")] == pytest.approx((SLOPE * PHQ9_ERROR) ** 2, abs=1e-4)
    assert np.count_nonzero(gain) == 1


def test_only_totals_of_landmarks_have_a_scale(whole):
    assert scale_of(whole, whole["qids_sr16_dose2"]) == "qids_sr16"
    assert scale_of(whole, whole["cadss_dose2"]) is None
    assert scale_of(whole, whole["madrs_total"]) is None


def test_a_reading_is_the_score_itself_or_its_conversion(whole):
    wanted = whole["madrs_dose2"]
    plain = {"madrs_dose2": 30.0, "phq9_dose2": 15.0}
    assert reading(whole, wanted, plain, SHIPPED) == (30.0, None)
    score, given = reading(whole, wanted, {"phq9_dose2": 15.0}, SHIPPED)
    assert (score, given) == (24.0, whole["phq9_dose2"])
    nothing, given = reading(whole, wanted, {}, SHIPPED)
    assert math.isnan(nothing)
    assert given is None


def test_answers_known_later_are_named_once(whole):
    values = answers(madrs_dose2=20, madrs_dose4=12, phq9_dose4=6)
    assert not list(later_cautions(whole, "dose4", values, 0))
    (later,) = later_cautions(whole, "dose2", values, 0)
    assert later["code"] == "known_later"
    assert later["message"] == (
        "MADRS after dose 4 (and 1 more answer): known later than what this model reads, not used"
    )
    (at_baseline,) = later_cautions(whole, "", values, 0)
    assert "MADRS after dose 2 (and 2 more answers):" in str(at_baseline["message"])


@pytest.mark.parametrize(
    ("low_by", "least", "most"), [(0.0, 0.91, 0.92), (2.7, 0.89, 0.91), (5.1, 0.85, 0.87)]
)
def test_the_widened_interval_holds_the_margin_of_the_measured_score(low_by, least, most):
    """100,000 people whose two scales correlate by 0.76; the published line lies off by so much."""
    rng = np.random.default_rng(1)
    n, slope, own = 100_000, 0.072, 0.25
    shared = rng.normal(size=n)
    scales = np.sqrt(0.76) * shared + np.sqrt(0.24) * rng.normal(size=(2, n))
    measured, converted = 20 + 11 * scales
    truth = slope * measured + own * rng.normal(size=n)
    half = 1.6448536 * math.hypot(own, slope * PHQ9_ERROR)
    inside = np.abs(slope * (converted - low_by) - truth) <= half
    assert least < inside.mean() < most
