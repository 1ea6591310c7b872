"""Responding and staying well: the product of two scores of one person."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from predictor.calibration import BaselineHazard
from predictor.errors import InvalidInputError
from predictor.outlook import ASSUMPTIONS, outlook
from predictor.scoring import Scorer


@pytest.fixture
def pair(scorers, candidate):
    """Score one candidate by both models."""

    def make(**changed):
        row = candidate(patient_id="p1", **changed)
        return tuple(scorers[kind].score(row, explain=False)[0] for kind in ("linear", "cox"))

    return make


def test_the_chance_is_the_product_and_starts_at_the_chance_to_respond(pair):
    response, relapse = pair()
    joint = outlook(response, relapse).joint
    assert joint.well[0] == response.probability
    assert joint.at(0) == pytest.approx((response.probability, response.lo, response.hi), abs=1e-7)
    for day in (30, 90, 180):
        expected = response.probability * (1 - relapse.risk_at(day)[0])
        assert joint.at(day)[0] == pytest.approx(expected, rel=1e-12)
    assert joint.shown_days == (0, 30, 90, 180)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    age=st.integers(18, 80),
    madrs=st.integers(20, 50),
    crp=st.one_of(st.none(), st.floats(0.1, 50)),
    trials=st.integers(1, 12),
)
def test_no_value_and_no_end_lies_above_that_of_a_factor(pair, age, madrs, crp, trials):
    response, relapse = pair(
        age_years=age, madrs_total=madrs, crp_mg_per_l=crp, failed_trials=trials
    )
    joint = outlook(response, relapse).joint
    curve = relapse.curve
    factors = (
        (joint.well, response.probability, 1 - curve.relapse),
        (joint.lo, response.lo, 1 - curve.hi),
        (joint.hi, response.hi, 1 - curve.lo),
    )
    for line, chance, stays in factors:
        assert (line <= chance + 1e-15).all()
        assert (line <= stays + 1e-15).all()
        assert (np.diff(line) <= 1e-15).all()
    assert (joint.lo <= joint.well).all()
    assert (joint.well <= joint.hi).all()
    assert (joint.lo >= 0).all()


def test_one_in_twenty_people_drawn_from_the_two_errors_lies_below_and_above(pair):
    response, relapse = pair()
    joint = outlook(response, relapse).joint
    rng = np.random.default_rng(4)
    u, v = rng.standard_normal((2, 1_000_000))
    responds = 1 / (1 + np.exp(-(response.margin + response.margin_sd * u)))
    for day in (30, 180):
        # the hazard of the hand-made model: 0.12 * sqrt(day), the variance of its log 0.3/sqrt(day)
        spread = np.sqrt(relapse.margin_sd**2 + 0.3 / np.sqrt(day))
        hazard = 0.12 * np.sqrt(day) * np.exp(relapse.margin + spread * v)
        drawn = responds * np.exp(-hazard)
        _, lo, hi = joint.at(day)
        assert np.mean(drawn <= lo) == pytest.approx(0.05, abs=0.00087)  # four standard errors
        assert np.mean(drawn >= hi) == pytest.approx(0.05, abs=0.00087)


def test_a_near_horizon_ends_the_curve(bundles, scorers, candidate):
    source = replace(bundles["cox"].provenance, horizon_days=45)
    relapse = Scorer(replace(bundles["cox"], provenance=source)).score(candidate())[0]
    joint = outlook(scorers["linear"].score(candidate())[0], relapse).joint
    assert joint.well.size == 46
    assert joint.shown_days == (0, 30, 45)
    with pytest.raises(ValueError, match="outside 0 to 45"):
        joint.at(90)


def test_where_everybody_has_relapsed_nobody_is_well(bundles, scorers, candidate):
    steep = BaselineHazard(1e4 * np.arange(181.0), 180.0)
    bundle = replace(bundles["cox"], model=replace(bundles["cox"].model, baseline=steep))
    relapse = Scorer(bundle).score(candidate())[0]
    assert relapse.curve.relapse[-1] == 1
    joint = outlook(scorers["linear"].score(candidate())[0], relapse).joint
    assert joint.at(180) == pytest.approx((0, 0, 0), abs=1e-12)


def test_a_refusal_of_either_is_a_refusal_of_both_and_names_its_model(scorers, bundles, candidate):
    scored = scorers["linear"].score(candidate())[0]
    late = replace(bundles["cox"].provenance, expires="2000-01-01")
    expired = Scorer(replace(bundles["cox"], provenance=late)).score(candidate())[0]
    found = outlook(scored, expired)
    assert found.status == "refused"
    assert found.joint is None
    assert [(r["models"], r["code"]) for r in found.refusals] == [(["relapse"], "expired")]
    plain = found.to_dict()
    assert plain["response"] is plain["relapse_at"] is plain["well_at"] is plain["curve"] is None


def test_a_stop_is_said_once_for_both(pair):
    found = outlook(*pair(pregnant="yes"))
    assert [(r["models"], r["code"]) for r in found.refusals] == [
        (["response", "relapse"], "stop_rule")
    ]
    assert len([f for f in found.safety if f["tier"] == "STOP"]) == 1


def test_findings_and_open_questions_of_either_are_kept(pair):
    response, relapse = pair(aneurysm=None)
    finding = {"code": "other", "tier": "INFO", "text": "Only there.", "source": "S"}
    relapse = replace(relapse, safety=(*relapse.safety, finding), not_asked=("Only there",))
    found = outlook(response, relapse, cautions=["unlike courses"])
    assert [*found.safety] == [*response.safety, finding]
    assert found.not_asked == (*response.not_asked, "Only there")
    assert found.cautions[0] == {
        "models": ["response", "relapse"],
        "code": "pair",
        "variable": None,
        "message": "unlike courses",
    }


def test_keys_are_the_same_whatever_the_status_and_all_is_plain(pair):
    scored, refused = (outlook(*pair(**c)).to_dict() for c in ({}, {"pregnant": "yes"}))
    assert list(scored) == list(refused)
    assert json.loads(json.dumps(scored, allow_nan=False)) == scored
    assert scored["assumptions"] == list(ASSUMPTIONS)
    assert set(scored["provenance"]) == {"response", "relapse"}
    assert scored["well_at"]["90"]["value"] == scored["curve"]["well"][90]
    assert {len(scored["curve"][line]) for line in ("days", "well", "lo", "hi")} == {181}


@pytest.mark.parametrize(
    ("origins", "stamps", "said"),
    [
        (("real", "real"), ("externally_validated", "internally_validated"), ("real", 1)),
        (("real", "simulated"), ("exploratory", "externally_validated"), ("simulated", 0)),
        (("simulated", "real"), ("externally_validated",) * 2, ("simulated", 2)),
    ],
)
def test_it_is_worth_no_more_than_its_weaker_model(pair, origins, stamps, said):
    scores = [
        replace(score, provenance=replace(score.provenance, data_origin=origin, stamp=stamp))
        for score, origin, stamp in zip(pair(), origins, stamps, strict=True)
    ]
    found = outlook(*scores)
    order = ("exploratory", "internally_validated", "externally_validated")
    assert (found.data_origin, order.index(found.stamp)) == said


def test_scores_that_are_no_pair_are_refused(pair, scorers, candidate):
    response, relapse = pair()
    with pytest.raises(InvalidInputError, match="given were relapse and response"):
        outlook(relapse, response)
    other = replace(relapse, patient_id="p2")
    with pytest.raises(InvalidInputError, match="not of the same person"):
        outlook(response, other)
    later = replace(relapse, provenance=replace(relapse.provenance, landmark="dose2"))
    with pytest.raises(InvalidInputError, match="score at baseline"):
        outlook(response, later)
    with pytest.raises(ValueError, match="lacks a margin"):
        outlook(replace(response, margin_sd=None), relapse)
