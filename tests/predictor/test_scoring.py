"""Every row is answered: a number with its interval, or why there is none."""

from __future__ import annotations

import json
import subprocess
import sys
import timeit
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import predictor
from predictor.bundle import Bundle
from predictor.calibration import BaselineHazard, logistic
from predictor.cautions import has_expired
from predictor.errors import BundleError, InvalidInputError
from predictor.report import render_page
from predictor.rows import read_rows
from predictor.scoring import Scorer, load, with_reference

KINDS = ("linear", "cox", "boosted")
NUMBERS = ("probability", "lo", "hi", "margin", "base", "base_probability", "curve")
DICTS = ("contributions", "contributions_probability")


def changed(scorer: Scorer, **provenance) -> Scorer:
    bundle = scorer.bundle
    return Scorer(replace(bundle, provenance=replace(bundle.provenance, **provenance)))


def codes(score) -> list[str]:
    return [refusal.code for refusal in score.refusals]


@pytest.mark.parametrize("kind", KINDS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    change=st.fixed_dictionaries(
        {
            "age_years": st.none() | st.integers(18, 80),
            "sex": st.none() | st.sampled_from(["female", "male", "other"]),
            "bmi": st.none() | st.floats(16, 45),
            "madrs_total": st.integers(10, 50),
            "failed_trials": st.integers(0, 12),
            "crp_mg_per_l": st.none() | st.floats(0, 50),
            "diet_quality": st.sampled_from(["poor", "very_good"]),
        }
    )
)
def test_contributions_add_up_and_their_link_is_the_number_shown(kind, scorers, candidate, change):
    score = scorers[kind].score(candidate(**change))[0]
    assert score.status == "scored"
    assert score.base + sum(score.contributions.values()) == pytest.approx(score.margin, abs=1e-9)
    if kind == "cox":
        hazard = 0.12 * np.sqrt([30, 90, 180])
        expected = 1 - np.exp(-hazard * np.exp(score.margin))
        shown = [score.risk_at(day)[0] for day in (30, 90, 180)]
        np.testing.assert_allclose(shown, expected, atol=1e-9)
        number, start = shown[2], 1 - np.exp(-hazard[2] * np.exp(score.base))
    else:
        number, start = score.probability, float(logistic(score.base))
        assert number == pytest.approx(float(logistic(score.margin)), abs=1e-12)
        assert score.lo < score.probability < score.hi
    assert score.base_probability == pytest.approx(start, abs=1e-12)
    split = score.contributions_probability
    assert sum(split.values()) == pytest.approx(number - start, abs=1e-9)
    assert split.keys() == score.contributions.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_stop_takes_every_number_away_on_every_surface(kind, scorers, candidate):
    scores = scorers[kind].score(candidate(pregnant="yes", bmi=None))
    score = scores[0]
    assert (score.status, codes(score)) == ("refused", ["stop_rule"])
    assert score.safety[0]["tier"] == "STOP"
    for plain in (score.to_dict(), json.loads(json.dumps(scores.to_dict()))[0]):
        assert all(plain[name] is None for name in (*NUMBERS, "risk_at", "next_question"))
        assert all(plain[name] == {} for name in DICTS)
        assert plain["imputed"] == []
    frame = scores.to_frame()
    numeric = frame.select_dtypes("number").drop(columns="row")
    assert {"probability", "lo", "hi", "margin"} <= set(numeric.columns)
    assert numeric.isna().all(axis=None)
    page = render_page(score.to_dict(), scorers[kind].bundle.dictionary)
    assert " in 10" not in page
    assert "No number is given" in page
    with pytest.raises(ValueError, match="explain=True"):
        scores.to_shap()
    with pytest.raises(ValueError, match="no relapse curve"):
        score.risk_at(30)


def test_safety_never_reads_the_model_nor_the_model_safety(scorers, candidate):
    calm = scorers["linear"].score(candidate())[0]
    cautious = scorers["linear"].score(candidate(glaucoma="yes", ymrs_total=15))[0]
    assert cautious.margin == calm.margin
    assert len(cautious.safety) > len(calm.safety)
    assert scorers["boosted"].score(candidate())[0].safety == calm.safety


def test_not_asked_is_not_no(scorers, candidate, dictionary):
    label = dictionary["aneurysm"].label
    said_no = scorers["linear"].score(candidate())[0]
    not_asked = scorers["linear"].score(candidate(aneurysm=None))[0]
    assert label not in said_no.not_asked
    assert label in not_asked.not_asked
    assert not_asked.status == "scored"


@pytest.mark.parametrize("kind", KINDS)
def test_fewer_than_five_answers_give_no_number(kind, scorers, candidate):
    model = ("bmi", "failed_trials", "crp_mg_per_l", "diet_quality", "psychotherapy")
    four, five = (scorers[kind].score(candidate(**dict.fromkeys(model[:n])))[0] for n in (5, 4))
    assert codes(four) == ["too_little_information"]
    assert "4 of the 9 variables" in four.refusals[0].message
    assert five.status == "scored"


def test_out_of_support_is_a_caution_unless_it_alone_decides(scorers, candidate):
    caution = scorers["linear"].score(candidate(age_years=85))[0]
    assert caution.status == "scored"
    assert caution.cautions[0]["code"] == "out_of_support"
    assert caution.cautions[0]["variable"] == "age_years"
    inside = scorers["linear"].score(candidate(age_years=80))[0]
    assert not inside.cautions
    width = [np.ptp(np.log([s.lo / (1 - s.lo), s.hi / (1 - s.hi)])) for s in (inside, caution)]
    assert width[1] > 1.25 * width[0]
    # 0.9 · 0.03 · (50 − 27) = 0.621 is more than one SD of the margins, 0.6
    refused = scorers["linear"].score(candidate(bmi=50))[0]
    assert codes(refused) == ["out_of_support"]
    assert refused.refusals[0].variable == "bmi"
    assert refused.margin is None
    almost = scorers["linear"].score(candidate(bmi=49))[0]
    assert almost.status == "scored"


def test_a_level_nobody_had_is_a_caution(scorers, candidate):
    score = scorers["linear"].score(candidate(psychotherapy="emdr"))[0]
    assert score.status == "scored"
    assert [c["variable"] for c in score.cautions] == ["psychotherapy"]


def test_a_faulty_row_is_answered_at_its_place(scorers, candidate):
    rows = [candidate(patient_id="a"), candidate(age_years=440, bmi="x"), candidate(bmi=30)]
    scores = scorers["linear"].score(rows)
    assert [score.row for score in scores] == [1, 2, 3]
    assert [score.status for score in scores] == ["scored", "refused", "scored"]
    assert codes(scores[1]) == ["row_fault", "row_fault"]
    assert {r.variable for r in scores[1].refusals} == {"age_years", "bmi"}
    assert scores[1].values["age_years"] == "not answered"
    assert [score.patient_id for score in scores] == ["a", None, None]


def test_an_expired_model_refuses_every_row(scorers, candidate):
    old = changed(scorers["linear"], expires="2020-01-31")
    scores = old.score([candidate(), candidate(pregnant="yes")])
    assert [codes(score) for score in scores] == [["expired"], ["stop_rule", "expired"]]
    assert "2020-01-31" in scores[0].refusals[0].message
    assert changed(scorers["linear"], expires="2999-01-31").score(candidate())[0].probability
    assert not has_expired("")


def test_warnings_of_a_row_stand_on_its_score_only(scorers, candidate):
    scores = scorers["linear"].score([candidate(), candidate(heart_rate_per_min=200)])
    assert scores[0].cautions == ()
    assert [c["code"] for c in scores[1].cautions] == ["outside_plausible_range"]


def test_a_model_no_better_than_the_average_says_so_on_every_score(scorers, candidate):
    weak = changed(scorers["linear"], better_than_average=False)
    score = weak.score(candidate())[0]
    assert [c["code"] for c in score.cautions] == ["no_better_than_average"]


def test_a_curve_beyond_the_follow_up_says_so(bundles, candidate):
    model = bundles["cox"].model
    short = replace(model, baseline=BaselineHazard(model.baseline.cumulative, 120.0))
    score = Scorer(replace(bundles["cox"], model=short)).score(candidate())[0]
    assert [c["code"] for c in score.cautions] == ["beyond_followup"]
    assert "day 120" in score.cautions[0]["message"]


def test_what_was_assumed_is_said_with_how_far_it_moves_the_number(scorers, candidate):
    gaps = ("age_years", "sex", "bipolar", "crp_mg_per_l")
    score = scorers["linear"].score(candidate(**dict.fromkeys(gaps)))[0]
    assumed = {entry["variable"]: entry for entry in score.imputed}
    assert set(assumed) == set(gaps)
    assert assumed["age_years"]["assumed"].endswith("years")
    assert assumed["sex"]["assumed"].startswith("the mixture")
    assert assumed["bipolar"]["assumed"].startswith("yes with probability 0.")
    # the conditional mean of log(1 + CRP) lies near its mean of 1, so CRP near e − 1
    milligrams, unit = assumed["crp_mg_per_l"]["assumed"].split()
    assert 1 < float(milligrams) < 2.5
    assert unit == "mg/L"
    for name in gaps:
        assert assumed[name]["moves"] == score.contributions_probability[name]
    assert score.next_question["variable"] in gaps
    trees = scorers["boosted"].score(candidate(bmi=None))[0]
    assert trees.imputed[0]["assumed"].startswith("nothing")


def test_a_complete_row_assumes_nothing(scorers, candidate):
    score = scorers["linear"].score(candidate())[0]
    assert score.imputed == ()
    assert score.next_question is None


def test_without_explanation_only_the_contributions_are_left_out(scorers, candidate):
    full = scorers["cox"].score(candidate(bmi=None))
    bare = scorers["cox"].score(candidate(bmi=None), explain=False)
    left = bare.to_dict()[0]
    assert left == full.to_dict()[0] | {"contributions": {}, "contributions_probability": {}}


@pytest.mark.parametrize("kind", KINDS)
def test_order_of_rows_and_columns_does_not_matter(kind, scorers, candidate):
    rows = [candidate(age_years=20 + 3 * i, bmi=None if i % 3 else 20 + i) for i in range(12)]
    forward = scorers[kind].score(rows)
    turned = [dict(reversed(row.items())) for row in reversed(rows)]
    backward = scorers[kind].score(turned)
    assert len(forward) == len(backward) == 12
    for one, other in zip(forward, reversed(list(backward)), strict=True):
        assert one.margin == other.margin
        assert one.contributions == other.contributions
        assert one.probability == other.probability
        if one.curve is None:
            assert (one.lo, one.hi) == pytest.approx((other.lo, other.hi), rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_alone_gets_the_answer_it_gets_in_a_file(kind, scorers, candidate):
    rows = [candidate(age_years=20 + 3 * i, bmi=None if i % 3 else 20 + i) for i in range(12)]
    together = scorers[kind].score(rows)
    alone = [scorers[kind].score(row)[0] for row in rows]
    assert [score.margin for score in together] == [score.margin for score in alone]
    assert [score.contributions for score in together] == [s.contributions for s in alone]


def test_dict_frame_and_rows_give_the_same_answer(scorers, candidate, dictionary):
    rows = [candidate(), candidate(age_years=60)]
    expected = scorers["linear"].score(rows).to_dict()
    assert scorers["linear"].score(pd.DataFrame(rows)).to_dict() == expected
    assert scorers["linear"].score(read_rows(rows, dictionary)).to_dict() == expected


def test_an_unknown_column_is_refused_unless_ignored(scorers, candidate):
    with pytest.raises(InvalidInputError, match="age_yeers"):
        scorers["linear"].score(candidate(age_yeers=3))
    score = scorers["linear"].score(candidate(age_yeers=3), ignore_unknown=True)[0]
    assert score.status == "scored"


def test_a_model_without_any_column_still_answers(scorers, candidate):
    scores = scorers["empty"].score([candidate(), {}, candidate(pregnant="yes")])
    assert [score.status for score in scores] == ["scored", "scored", "refused"]
    assert scores[0].probability == pytest.approx(1 / (1 + np.exp(-0.2)))
    assert scores[0].lo < scores[0].probability < scores[0].hi
    assert scores[0].contributions == {}
    with pytest.raises(ValueError, match="no row has contributions"):
        scores.to_shap()


def test_a_margin_at_the_base_splits_along_the_slope(bundles, candidate):
    for kind in ("linear", "cox"):
        model = bundles[kind].model
        flat = replace(model, calibration=replace(model.calibration, slope=0.0))
        score = Scorer(replace(bundles[kind], model=flat)).score(candidate())[0]
        assert score.margin == score.base
        assert set(score.contributions_probability.values()) == {0.0}


def test_a_certain_base_has_no_slope(bundles, candidate):
    model = bundles["cox"].model
    calibration = replace(model.calibration, intercept=50.0, slope=0.0)
    certain = Scorer(replace(bundles["cox"], model=replace(model, calibration=calibration)))
    score = certain.score(candidate())[0]
    assert score.risk_at(180) == (1.0, 1.0, 1.0)
    assert set(score.contributions_probability.values()) == {0.0}


@pytest.mark.parametrize("kind", [*KINDS, "empty"])
def test_the_frozen_scores_are_met_again(kind, folders):
    load(folders[kind]).verify()


def test_frozen_scores_do_not_depend_on_expiry(bundles):
    bundle = bundles["linear"]
    old = replace(bundle, provenance=replace(bundle.provenance, expires="2020-01-31"))
    assert with_reference(old).reference == bundle.reference
    Scorer(old).verify()
    statuses = [entry["score"]["status"] for entry in bundle.reference]
    assert statuses[0] == statuses[2] == "scored"
    assert bundle.reference[3]["score"]["refusals"] == ["too_little_information"]


def with_frozen(bundle: Bundle, change) -> Scorer:
    entries = json.loads(json.dumps(bundle.reference))
    change(entries[0]["score"])
    return Scorer(replace(bundle, reference=tuple(entries)))


@pytest.mark.parametrize(
    "change",
    [
        lambda frozen: frozen["numbers"].__setitem__(0, frozen["numbers"][0] + 2e-9),
        lambda frozen: frozen["numbers"].__setitem__(2, None),
        lambda frozen: frozen["numbers"].append(0.5),
        lambda frozen: frozen.update(status="refused"),
        lambda frozen: frozen.pop("refusals"),
    ],
)
def test_another_score_than_the_frozen_one_is_refused(change, bundles):
    with pytest.raises(BundleError, match="'typical' scores otherwise"):
        with_frozen(bundles["linear"], change).verify()


def test_rounding_is_not_another_score(bundles):
    with_frozen(
        bundles["linear"],
        lambda frozen: frozen["numbers"].__setitem__(0, frozen["numbers"][0] + 1e-12),
    ).verify()


def test_a_bundle_without_reference_rows_cannot_be_verified(bundles):
    with pytest.raises(BundleError, match="no reference rows"):
        Scorer(replace(bundles["linear"], reference=())).verify()


NUMPY_ONLY = """
import importlib.abc, sys
class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("numpy", "predictor"):
            raise ModuleNotFoundError(f"{name} is blocked", name=name)
sys.meta_path.insert(0, Block())
import json, predictor
scores = predictor.load(sys.argv[1]).score(json.loads(sys.argv[2]))
print(json.dumps(scores.to_dict()))
"""


@pytest.mark.parametrize("kind", KINDS)
def test_loading_and_scoring_need_numpy_alone(kind, folders, scorers, candidate):
    row = candidate(bmi=None)
    command = [sys.executable, "-c", NUMPY_ONLY, str(folders[kind]), json.dumps(row)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == scorers[kind].score(row).to_dict()


def test_the_package_names_load_and_nothing_else():
    assert predictor.load is load
    with pytest.raises(AttributeError, match="no attribute 'train'"):
        _ = predictor.train


@pytest.mark.parametrize("kind", KINDS)
def test_one_person_is_scored_within_milliseconds(kind, scorers):
    row = dict(scorers[kind].bundle.reference[2]["row"])
    scorers[kind].score(row)
    best = min(timeit.repeat(lambda: scorers[kind].score(row), number=5, repeat=5)) / 5
    assert best < 0.010  # about 1 ms on an idle machine; room for a busy one
