"""Scores as values: JSON, tables, curves."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from predictor.calibration import BaselineHazard
from predictor.cli.describing import describe
from predictor.report import render_page
from predictor.score import Refusal, reference_score
from predictor.scoring import Scorer
from predictor.uncertainty import Z_LEVEL
from predictor.wording import in_ten

KINDS = ("linear", "cox", "boosted", "empty")


@pytest.fixture
def mixed(scorers, candidate):
    """Scored, stopped, faulty and all but empty rows, by kind of model."""
    rows = [candidate(patient_id="p1"), candidate(pregnant="yes"), candidate(bmi=5), {}]
    return {kind: scorers[kind].score(rows) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_has_the_same_keys_whatever_its_status(kind, mixed):
    plain = mixed[kind].to_dict()
    assert {tuple(entry) for entry in plain} == {tuple(plain[0])}
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert {entry["level"] for entry in plain} == {0.9}
    assert plain[0]["provenance"]["data_origin"] == "simulated"


def test_the_keys_of_the_interface_are_there(mixed):
    plain = mixed["cox"].to_dict()[0]
    assert {
        "status", "refusals", "probability", "lo", "hi", "level", "curve", "given", "margin",
        "base", "contributions", "contributions_probability", "base_probability", "safety",
        "cautions", "imputed", "next_question", "provenance", "row", "patient_id", "not_asked",
        "margin_sd", "median", "well_days", "check_ins",
    } <= set(plain)  # fmt: skip
    assert plain["given"] == "response at the end of the acute course"
    assert mixed["linear"].to_dict()[0]["given"] is None
    assert plain["curve"].pop("last_supported_day") == 180
    assert set(plain["curve"]) == {"days", "relapse", "lo", "hi"}
    assert {len(line) for line in plain["curve"].values()} == {181}
    assert {"code", "tier", "text", "source"} == set(plain["safety"][0])


def test_a_refusal_is_a_code_a_sentence_and_a_variable(mixed):
    faulty = mixed["linear"].to_dict()[2]["refusals"][0]
    assert faulty["code"] == "row_fault"
    assert faulty["variable"] == "bmi"
    assert "10 to 90" in faulty["message"]
    assert Refusal("expired", "x").to_dict() == {
        "code": "expired",
        "message": "x",
        "variable": None,
    }


def test_changing_the_plain_values_leaves_the_score_alone(mixed):
    score = mixed["linear"][0]
    plain = score.to_dict()
    plain["contributions"].clear()
    plain["safety"][0]["tier"] = "none"
    assert score.contributions
    assert score.safety[0]["tier"] != "none"
    with pytest.raises(FrozenInstanceError):
        score.probability = 0.5


def test_the_risk_at_a_day_lies_on_the_curve(mixed):
    score = mixed["cox"][0]
    curve = score.curve
    assert curve.days.tolist() == list(range(181))
    assert score.risk_at(0) == (0.0, 0.0, 0.0)
    assert score.risk_at(90) == (curve.relapse[90], curve.lo[90], curve.hi[90])
    between = score.risk_at(30.25)
    expected = [0.75 * line[30] + 0.25 * line[31] for line in (curve.relapse, curve.lo, curve.hi)]
    assert between == pytest.approx(expected, rel=1e-12)
    assert score.to_dict()["risk_at"]["180"]["value"] == curve.relapse[180]
    value, lo, hi = score.risk_at(180)
    assert lo < value < hi


def test_a_horizon_between_the_printed_days_is_printed_too(bundles, candidate):
    source = replace(bundles["cox"].provenance, horizon_days=28)
    score = Scorer(replace(bundles["cox"], provenance=source)).score(candidate())[0]
    value, lo, hi = score.risk_at(28)
    assert score.to_dict()["risk_at"]["28"] == {"value": value, "lo": lo, "hi": hi}
    lines = [line.text for line in describe(score)]
    assert f"by day 28: {in_ten(value, lo, hi)}" in lines
    page = render_page(score.to_dict())
    assert f'<span class="big">{in_ten(value)}</span>' in page
    assert "within 28 days" in page


@pytest.mark.parametrize("day", [-0.1, 180.5, math.nan])
def test_a_day_off_the_curve_is_refused(day, mixed):
    with pytest.raises(ValueError, match="outside 0 to 180"):
        mixed["cox"][0].risk_at(day)


def test_a_response_has_no_day(mixed):
    with pytest.raises(ValueError, match="row 1 has no relapse curve"):
        mixed["linear"][0].risk_at(30)


@pytest.fixture
def steady(bundles):
    """Make a scorer whose hazard is the same on every day: 0.02 at margin 0, 0.01 its sd."""

    def make(*, supported=180.0, **changed):
        days = np.arange(181.0)
        bundle = bundles["cox"]
        model = replace(
            bundle.model,
            baseline=BaselineHazard(0.02 * days, supported),
            hazard_variance=np.zeros(181),
        )
        steps = {"check_in_steps": (0.1, 0.2, 0.5)}
        source = replace(bundle.provenance, **steps | changed)
        return Scorer(replace(bundle, model=model, provenance=source))

    return make


def test_what_is_read_from_a_curve_follows_the_margin_and_its_error(steady, candidate):
    score = steady().score(candidate())[0]
    plain = score.to_dict()
    rates = [0.02 * math.exp(score.margin + shift * score.margin_sd) for shift in (0, Z_LEVEL)]
    slow = 0.02 * math.exp(score.margin - Z_LEVEL * score.margin_sd)
    day, early, late = (math.ceil(math.log(2) / rate) for rate in (*rates, slow))
    assert early < day < late < 180
    assert plain["median"] == {"day": day, "lo": early, "hi": late, "by_day": 180}
    lasting = [-math.expm1(-180 * rate) / rate for rate in (*rates, slow)]
    found = plain["well_days"]
    assert found.pop("to_day") == 180
    assert [found["days"], found["lo"], found["hi"]] == pytest.approx(lasting, abs=1e-2)
    expected = [
        {
            "risk": step,
            "day": math.ceil(-math.log1p(-step) / rates[1]),
            "expected_day": math.ceil(-math.log1p(-step) / rates[0]),
            "beyond_followup": False,
        }
        for step in (0.1, 0.2, 0.5)
    ]
    assert plain["check_ins"] == expected


def test_a_near_horizon_and_a_short_followup_end_what_is_read(steady, candidate):
    near = steady(horizon_days=20).score(candidate())[0]
    assert near.well_days.to_day == near.median.by_day == 20
    assert near.median.day is None
    assert near.check_ins[2].expected_day is None
    short = steady(supported=10.0).score(candidate())[0]
    assert short.median == replace(short.median, day=None, hi=None, by_day=10)
    assert [check_in.beyond_followup for check_in in short.check_ins] == [False, False, True]
    assert short.to_dict()["curve"]["last_supported_day"] == 10


def test_a_table_tells_the_median_the_well_days_and_the_schedule(steady, candidate):
    frame = steady().score([candidate(), {}]).to_frame()
    score = steady().score(candidate())[0]
    first, refused = frame.iloc[0], frame.iloc[1]
    assert first["median_day"] == score.median.day
    assert first["well_days"] == score.well_days.days
    assert first["well_days_lo"] == score.well_days.lo < score.well_days.hi
    assert first["check_in_days"] == ";".join(str(c.day) for c in score.check_ins)
    assert refused[["median_day", "well_days", "well_days_hi"]].isna().all()
    assert refused["check_in_days"] == ""
    numbers = ["median_day", "median_day_lo", "median_day_hi", "well_days"]
    assert (frame[numbers].dtypes == np.float64).all()


def test_a_response_or_a_refusal_has_nothing_to_read_from_a_curve(mixed):
    for score in (mixed["linear"][0], mixed["cox"][1]):
        plain = score.to_dict()
        assert plain["median"] is plain["well_days"] is None
        assert plain["check_ins"] == []
    assert mixed["linear"][0].margin_sd > 0
    assert mixed["cox"][1].margin_sd is None
    assert "median_day" not in mixed["linear"].to_records()[0]


@pytest.mark.parametrize("kind", ["linear", "cox"])
def test_a_table_has_a_line_for_each_row(kind, mixed):
    frame = mixed[kind].to_frame()
    assert frame["row"].tolist() == [1, 2, 3, 4]
    assert frame["status"].tolist() == ["scored", "refused", "refused", "refused"]
    assert frame["stops"].tolist() == ["", "pregnancy", "", ""]
    assert frame["refusals"].tolist()[2:] == ["row_fault", "too_little_information"]
    numbers = ["margin", "risk_90", "risk_90_lo"] if kind == "cox" else ["probability", "lo", "hi"]
    assert (frame[numbers].dtypes == np.float64).all()
    assert frame.loc[0, numbers].notna().all()
    assert frame.loc[1:, numbers].isna().all(axis=None)
    if kind == "cox":
        assert frame.loc[0, "risk_90"] == mixed[kind][0].risk_at(90)[0]
        assert frame["probability"].isna().all()


def test_scores_are_a_sequence(mixed):
    scores = mixed["linear"]
    assert len(scores) == 4
    assert scores[-1].row == 4
    assert [score.row for score in scores[1:3]] == [2, 3]
    assert next(iter(scores)) is scores[0]


@pytest.mark.filterwarnings(
    # on import shap styles a colour map through a function matplotlib is about to deprecate
    "ignore:The set_(bad|over|under) function:PendingDeprecationWarning"
)
def test_shap_gets_the_scored_rows_only(mixed):
    explanation = mixed["linear"].to_shap()
    score = mixed["linear"][0]
    assert explanation.shape == (1, 9)
    assert explanation.values.sum() + explanation.base_values[0] == pytest.approx(score.margin)
    assert explanation.feature_names[0] == "Age"
    assert explanation.data[0, 0] == 40


def test_the_frozen_part_of_a_score(mixed):
    response, relapse = reference_score(mixed["linear"][0]), reference_score(mixed["cox"][0])
    assert response["status"] == "scored"
    assert response["numbers"][2] == mixed["linear"][0].probability
    assert len(response["numbers"]) == 5
    assert relapse["numbers"][5:8] == list(mixed["cox"][0].risk_at(30))
    assert len(relapse["numbers"]) == 14
    stopped = reference_score(mixed["cox"][1])
    assert stopped["refusals"] == ["stop_rule"]
    assert stopped["numbers"] == [None] * 5
