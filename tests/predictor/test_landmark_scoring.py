"""Scores at landmarks: by the landmark's own model, with what is known then."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from predictor.bundle import read_bundle, write_bundle
from predictor.errors import BundleError, InvalidInputError
from predictor.landmark_models import shared_of
from predictor.scoring import Scorer

PHQ9_ERROR = 8.0852  # tests/predictor/test_known.py
SLOPE = 0.08 * 0.9


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def half_width(score) -> float:
    return (logit(score.hi) - logit(score.lo)) / 2


@pytest.fixture
def response(landmark_scorers):
    return landmark_scorers["response"]


def test_the_landmarks_own_model_gives_the_number(response, candidate):
    row = candidate(madrs_dose2=30)
    score = response.score(row, landmark="dose2")[0]
    alone = Scorer(response.bundle.landmarks["dose2"]).score(row)[0]
    assert score.status == "scored"
    assert score.probability == alone.probability
    assert score.provenance.landmark == "dose2"


def test_a_worse_score_lowers_the_chance_of_responding(response, candidate):
    """Ten points of MADRS move the log-odds by 10 · 0.08 · 0.9 = 0.72."""
    scores = [
        response.score(candidate(madrs_dose2=total), landmark="dose2")[0] for total in (20, 30)
    ]
    assert scores[0].margin - scores[1].margin == pytest.approx(0.72)


def test_an_unknown_landmark_names_those_the_bundle_has(response, candidate):
    with pytest.raises(
        InvalidInputError, match="dose9: the bundle has no such model; it has dose2"
    ):
        response.score(candidate(), landmark="dose9")


def test_a_bundle_without_landmarks_says_so(scorers, candidate):
    with pytest.raises(InvalidInputError, match="trained at baseline alone"):
        scorers["linear"].score(candidate(), landmark="dose2")
    with pytest.raises(InvalidInputError, match="trained at baseline alone"):
        scorers["linear"].path(candidate())


def test_at_baseline_later_answers_change_nothing_and_are_named(response, candidate):
    plain = response.score(candidate())[0]
    later = response.score(candidate(madrs_dose2=12, phq9_dose4=3))[0]
    assert later.probability == plain.probability
    codes = [caution["code"] for caution in later.cautions]
    assert codes == ["known_later"]


def test_a_converted_score_gives_the_number_of_the_same_score_measured(response, candidate):
    """PHQ-9 15 equals MADRS 24."""
    measured = response.score(candidate(madrs_dose2=24), landmark="dose2")[0]
    converted = response.score(candidate(phq9_dose2=15), landmark="dose2")[0]
    assert converted.margin == pytest.approx(measured.margin, abs=1e-12)
    assert converted.contributions == pytest.approx(measured.contributions)


def test_a_converted_score_widens_the_interval_by_its_error(response, candidate):
    measured = response.score(candidate(madrs_dose2=24), landmark="dose2")[0]
    converted = response.score(candidate(phq9_dose2=15), landmark="dose2")[0]
    added = 1.6448536 * SLOPE * PHQ9_ERROR
    assert half_width(converted) == pytest.approx(math.hypot(half_width(measured), added), rel=1e-4)
    assert half_width(converted) > half_width(measured)


def test_a_converted_score_widens_the_band_of_a_relapse_curve_on_every_day(
    landmark_scorers, candidate
):
    relapse = landmark_scorers["relapse"]
    row = {"madrs_total": 50, "madrs_course_end": 9}
    measured, converted = (
        relapse.score(candidate(**row, **later), landmark="followup14")[0].curve
        # PHQ-9 0 equals MADRS 0
        for later in ({"madrs_followup14": 0}, {"phq9_followup14": 0})
    )
    np.testing.assert_allclose(measured.relapse, converted.relapse, atol=1e-12)
    assert (converted.hi[1:] > measured.hi[1:]).all()
    assert (converted.lo[1:] < measured.lo[1:]).all()


def test_a_conversion_is_never_silent(response, candidate):
    score = response.score(candidate(phq9_dose2=15), landmark="dose2")[0]
    assert [caution["code"] for caution in score.cautions] == ["converted_score"]
    (entry,) = [one for one in score.imputed if one["variable"] == "madrs_dose2"]
    assert entry["assumed"] == "24 ± 8.1, converted from PHQ-9 after dose 2 (15)"
    assert entry["moves"] == score.contributions_probability["madrs_dose2"]
    assert score.values["madrs_dose2"] == entry["assumed"]


def test_the_score_on_its_own_scale_is_the_answer_that_would_help_most(response, candidate):
    score = response.score(candidate(phq9_dose2=15, bmi=None), landmark="dose2")[0]
    assert score.next_question == {"variable": "madrs_dose2", "label": "MADRS after dose 2"}


@pytest.mark.parametrize("task", ["response", "relapse"])
def test_contributions_sum_exactly_at_every_landmark(landmark_scorers, candidate, task):
    row = candidate(
        bmi=None, phq9_dose2=12, qids_sr16_dose4=9, madrs_course_end=11, phq9_followup14=5,
        madrs_followup28=8,
    )  # fmt: skip
    known = {name: row[name] for name in row if name in landmark_scorers[task].dictionary}
    (path,) = landmark_scorers[task].path(known)
    assert len(path) == (3 if task == "response" else 5)
    for score in path:
        total = score.base + math.fsum(score.contributions.values())
        assert total == pytest.approx(score.margin, abs=1e-12)
        at = score.probability if task == "response" else score.at_horizon()[0]
        shown = score.base_probability + math.fsum(score.contributions_probability.values())
        assert shown == pytest.approx(at, abs=1e-12)


def test_a_person_alone_scores_as_in_a_file(response, candidate):
    rows = [candidate(phq9_dose2=3 + 4 * i) for i in range(6)] + [candidate(madrs_dose2=9)]
    together = response.score(rows, landmark="dose2")
    for row, score in zip(rows, together, strict=True):
        alone = response.score(row, landmark="dose2")[0]
        assert (alone.probability, alone.lo, alone.hi) == (score.probability, score.lo, score.hi)


def test_a_path_holds_the_landmarks_whose_score_is_answered(response, candidate):
    rows = [candidate(), candidate(madrs_dose4=12), candidate(phq9_dose2=9, madrs_dose4=12)]
    paths = response.path(rows)
    named = [[score.provenance.landmark for score in path] for path in paths]
    assert named == [[""], ["", "dose4"], ["", "dose2", "dose4"]]
    assert [path[0].row for path in paths] == [1, 2, 3]


def test_a_path_gives_what_each_landmark_alone_gives(response, candidate):
    row = candidate(madrs_dose2=20, madrs_dose4=12)
    (path,) = response.path(row)
    alone = [response.score(row, landmark=name)[0] for name in (None, "dose2", "dose4")]
    assert [score.probability for score in path] == [score.probability for score in alone]


def test_a_stop_rule_of_safety_takes_every_number_of_a_path_away(response, candidate):
    (path,) = response.path(candidate(pregnant="yes", madrs_dose2=9))
    assert [score.status for score in path] == ["refused", "refused"]


def test_rows_are_read_by_one_dictionary_for_all_landmarks(response):
    names = [landmark.name for landmark in response.dictionary.landmarks]
    assert names == ["dose2", "dose4"]
    assert "phq9_dose4" in response.dictionary
    assert response.landmarks["dose2"].dictionary is response.dictionary
    assert shared_of(response.bundle.landmarks["dose2"]).dictionary is (
        response.bundle.landmarks["dose2"].dictionary
    )


def test_a_bundle_without_landmarks_reads_rows_by_its_own_dictionary(scorers):
    assert scorers["linear"].dictionary is scorers["linear"].bundle.dictionary


def test_what_a_bundle_shares_is_taken_from_its_landmarks_if_need_be(landmark_bundles):
    bundle = replace(landmark_bundles["relapse"], lineage={}, crosswalks=())
    inner = {
        name: replace(one, crosswalks=landmark_bundles["relapse"].crosswalks)
        for name, one in bundle.landmarks.items()
    }
    shared = shared_of(replace(bundle, landmarks=inner))
    assert shared.outcome["name"] == "relapse_madrs"
    assert ("phq9", "madrs") in shared.crosswalks
    assert not shared_of(bundle).crosswalks


def test_a_bundle_scores_alike_after_it_was_written(landmark_bundles, candidate, tmp_path):
    scorer = Scorer(read_bundle(write_bundle(landmark_bundles["relapse"], tmp_path / "b")))
    row = candidate(madrs_course_end=10, phq9_followup14=4)
    here = Scorer(landmark_bundles["relapse"]).path(row)[0]
    again = scorer.path(row)[0]
    assert [s.margin for s in here] == [s.margin for s in again]
    np.testing.assert_array_equal(here[-1].curve.hi, again[-1].curve.hi)


def test_verify_looks_at_the_models_of_landmarks(landmark_bundles):
    bundle = landmark_bundles["response"]
    Scorer(bundle).verify()
    inner = bundle.landmarks["dose4"]
    first, *rest = inner.reference
    numbers = [number and number + 1e-6 for number in first["score"]["numbers"]]
    wrong = {**first, "score": {**first["score"], "numbers": numbers}}
    spoilt = replace(inner, reference=(wrong, *rest))
    with pytest.raises(BundleError, match="scores otherwise here"):
        Scorer(replace(bundle, landmarks={**bundle.landmarks, "dose4": spoilt})).verify()


def test_the_typical_reference_row_of_every_landmark_is_scored(landmark_bundles):
    for bundle in landmark_bundles.values():
        for inner in bundle.landmarks.values():
            status = {entry["name"]: entry["score"]["status"] for entry in inner.reference}
            assert status["typical"] == "scored"
