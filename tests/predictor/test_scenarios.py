"""Scenarios: a person's curve moved by a trial's effect with its uncertainty, and no cause."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.model import Model
from predictor.scenarios import Person, scenarios_of
from predictor.trial_terms import TrialTerms
from predictor.uncertainty import Z_LEVEL

DAYS = (30, 90, 180)
THERAPY = 9  # column of psychotherapy = cbt, code 4
SHARE, EFFECT, SD = 0.3, math.log(0.5), 0.4
ENTRY = {
    "name": "cbt", "label": "CBT", "short": "CBT", "without": "No CBT",
    "variable": "psychotherapy", "code": 4,
    "comparison": "CBT against usual treatment", "trial": "T 2020", "certainty": "low",
    "source": "T 2020, J", "words": "W", "controlled": True, "share": SHARE,
    "remission": {"variable": "madrs_course_end", "at_most": 12},
    "estimates": [
        {"population": "remitters", "hazard_ratio": 0.6, "lo": 0.4, "hi": 0.9, "people": 50},
        {"population": "responders", "hazard_ratio": 0.4, "lo": 0.2, "hi": 0.8, "people": 50},
    ],
    "ratios": {
        "remitters": [math.log(0.6), 0.2], "responders": [math.log(0.4), 0.35],
        "any": [EFFECT, SD],
    },
}  # fmt: skip
UNTRIED = {
    "name": "emdr", "label": "EMDR", "short": "EMDR", "without": "",
    "variable": "psychotherapy", "code": None,
    "comparison": "", "trial": "", "certainty": "none", "source": "", "words": "Not known.",
    "controlled": False, "share": None, "remission": None, "estimates": [],
    "ratios": {"any": [0.0, math.log(2) / 1.959964]},
}  # fmt: skip


@pytest.fixture(scope="module")
def bare(bundles) -> Model:
    """A relapse model that does not read the therapy."""
    plain = bundles["cox"].model
    coefficients, covariance = (
        plain.learner.coefficients.copy(),
        plain.uncertainty.covariance.copy(),
    )
    coefficients[THERAPY] = covariance[1 + THERAPY] = covariance[:, 1 + THERAPY] = 0.0
    return replace(
        plain,
        learner=replace(plain.learner, coefficients=coefficients),
        uncertainty=replace(plain.uncertainty, covariance=covariance),
    )


@pytest.fixture(scope="module")
def model(bare) -> Model:
    """The same with the effect of a trial."""
    return replace(bare, trial=terms(np.eye(10)[:, [THERAPY]]))


def terms(direction, share=SHARE):
    means = np.full(10, 5.0)
    means[THERAPY] = share
    spread = np.array([[share * (1 - share)]])
    return TrialTerms(direction, np.array([EFFECT]), np.array([SD**2]), means, spread)


def values(**changed):
    row = {
        "age_years": 40.0, "sex": 0.0, "bmi": 24.0, "madrs_total": 32.0, "failed_trials": 3.0,
        "bipolar": 0.0, "crp_mg_per_l": 2.5, "diet_quality": 2.0, "psychotherapy": 0.0,
    }  # fmt: skip
    return {name: np.atleast_1d(float(value)) for name, value in (row | changed).items()}


def person_of(model, **changed):
    row = values(**changed)
    found = model.assess(row)
    answers = {name: float(value[0]) for name, value in row.items()}
    return Person(float(found.margin[0]), float(found.sd[0]), answers)


def both(model, person, entry=ENTRY, days=DAYS):
    without, with_it = scenarios_of([entry], model, person, days=days)
    assert (without["planned"], with_it["planned"]) == (False, True)
    return without, with_it


def test_the_risk_under_a_scenario_by_hand(bare):
    """Baseline hazard 0.12 √day; nobody in training had the therapy, and neither has the person."""
    person = Person(0.2, 0.5, {"psychotherapy": 0.0})
    without, with_it = both(bare, person, ENTRY | {"share": 0.0})
    for day in DAYS:
        hazard = 0.12 * math.sqrt(day) * math.exp(0.2)
        assert without["risks"][str(day)]["value"] == pytest.approx(1 - math.exp(-hazard))
        assert with_it["risks"][str(day)]["value"] == pytest.approx(1 - math.exp(-hazard / 2))
    half = Z_LEVEL * math.sqrt(0.5**2 + SD**2 + 0.3 / math.sqrt(90))
    ends = [
        1 - math.exp(-0.12 * math.sqrt(90) * math.exp(0.2 + EFFECT + side * half))
        for side in (-1, 1)
    ]
    risk = with_it["risks"]["90"]
    assert (risk["lo"], risk["hi"]) == pytest.approx(tuple(ends))
    assert (without["own"], with_it["own"]) == (True, False)
    assert without["label"] == "No CBT"
    assert with_it["label"] == "CBT"


def test_the_difference_to_the_own_plan_by_hand(bare):
    person = Person(0.2, 0.5, {"psychotherapy": 0.0})
    without, with_it = both(bare, person, ENTRY | {"share": 0.0})
    assert without["difference"] is None
    hazard = 0.12 * math.sqrt(90) * math.exp(0.2)

    def change(effect):
        return math.exp(-hazard) - math.exp(-hazard * math.exp(effect))

    found = with_it["difference"]["90"]
    assert found["value"] == pytest.approx(change(EFFECT))
    assert found["lo"] == pytest.approx(change(EFFECT - Z_LEVEL * SD))
    assert found["hi"] == pytest.approx(change(EFFECT + Z_LEVEL * SD))
    assert found["lo"] < found["value"] < found["hi"]


@pytest.mark.parametrize("planned", [0.0, 4.0])
def test_a_scenario_is_what_the_model_says_of_the_same_person_with_that_plan(model, planned):
    """Risk and interval: nothing is counted twice, nothing left out."""
    own = person_of(model, psychotherapy=planned)
    pair = both(model, own)
    for scenario, code in zip(pair, (0.0, 4.0), strict=True):
        there = person_of(model, psychotherapy=code)
        curve = model.curve(there.margin, there.sd)
        for day in DAYS:
            risk = scenario["risks"][str(day)]
            assert tuple(risk.values()) == pytest.approx(curve.risk_at(day), abs=1e-12)
        assert scenario["own"] == (code == planned)
        assert scenario["is_read"]
        assert scenario["well_days"]["days"] == pytest.approx(curve.well_days(180).days)


def test_a_plan_that_is_the_reference_of_its_variable_is_found_too(bare):
    """Most training people had the therapy, so that the column marks those without it."""
    marks = tuple(
        replace(c, level=0) if c.variable == "psychotherapy" else c for c in bare.encoding.columns
    )
    encoding = replace(bare.encoding, columns=marks)
    model = replace(bare, encoding=encoding, trial=terms(-np.eye(10)[:, [THERAPY]], share=0.3))
    own = person_of(model, psychotherapy=0.0)
    there = person_of(model, psychotherapy=4.0)
    _, with_it = both(model, own)
    curve = model.curve(there.margin, there.sd)
    assert tuple(with_it["risks"]["90"].values()) == pytest.approx(curve.risk_at(90), abs=1e-12)


def test_a_plan_that_was_not_told_is_nobodys_own(model):
    person = person_of(model, psychotherapy=math.nan)
    without, with_it = both(model, person)
    assert not without["own"]
    assert not with_it["own"]
    assert without["difference"] is with_it["difference"] is None
    for scenario, code in ((without, 0.0), (with_it, 4.0)):
        there = person_of(model, psychotherapy=code)
        curve = model.curve(there.margin, there.sd)
        # what is open of the learner's other answers stays the same
        assert scenario["risks"]["90"]["value"] == pytest.approx(curve.risk_at(90)[0], abs=0.02)


def test_where_the_number_is_that_of_another_plan_nothing_is_called_own(bare):
    """Nobody in training had the therapy, the person has: the number is that without it."""
    person = Person(0.2, 0.5, {"psychotherapy": 4.0})
    without, with_it = both(bare, person, ENTRY | {"share": 0.0})
    assert not without["own"]
    assert not with_it["own"]
    assert without["risks"]["90"]["value"] == pytest.approx(bare.curve(0.2, 0.5).risk_at(90)[0])
    assert with_it["difference"] is None
    assert not with_it["is_read"]


def test_without_any_recorded_plan_nothing_is_drawn(bare):
    (found,) = scenarios_of(
        [ENTRY | {"share": None}], bare, Person(0.0, 0.5, {"psychotherapy": 0.0}), days=DAYS
    )
    assert found["risks"] == {}
    assert "no training patient" in found["not_drawn"]
    assert found["hazard_ratio"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("score", "population", "ratio"),
    [(12.0, "remitters", 0.6), (13.0, "responders", 0.4), (math.nan, None, 0.5)],
)
def test_who_remitted_gets_the_effect_found_in_remitters(bare, score, population, ratio):
    person = Person(0.2, 0.5, {"psychotherapy": 0.0, "madrs_course_end": score})
    without, with_it = both(bare, person, ENTRY | {"share": 0.0})
    assert with_it["population"] == population
    assert with_it["hazard_ratio"] == pytest.approx(ratio)
    hazards = [-math.log1p(-s["risks"]["90"]["value"]) for s in (with_it, without)]
    assert hazards[0] / hazards[1] == pytest.approx(ratio)
    if population == "remitters":
        assert (with_it["lo"], with_it["hi"]) == (0.4, 0.9)


def test_what_no_trial_compared_is_a_band_and_no_number(model):
    person = person_of(model)
    (found,) = scenarios_of([UNTRIED], model, person, days=DAYS)
    assert found["hazard_ratio"] is None
    assert (found["lo"], found["hi"]) == pytest.approx((0.5, 2.0), rel=1e-6)
    own = model.curve(person.margin, person.sd)
    for day in DAYS:
        risk = found["risks"][str(day)]
        assert risk["value"] is None
        assert risk["lo"] < own.risk_at(day)[1] < own.risk_at(day)[2] < risk["hi"]
    assert found["well_days"]["days"] is None
    assert found["difference"] is None
    assert not found["own"]


def test_a_response_model_has_no_scenarios(bundles):
    person = Person(0.0, 0.5, {})
    assert scenarios_of([ENTRY], bundles["linear"].model, person, days=DAYS) == ()


def test_days_beyond_the_model_are_left_out(model):
    _, with_it = both(model, person_of(model), days=(30, 90, 365))
    assert list(with_it["risks"]) == ["30", "90"]
    assert with_it["well_days"]["to_day"] == 90


@given(margin=st.floats(-3, 3), sd=st.floats(0.05, 2), planned=st.sampled_from([0.0, 4.0]))
def test_an_effect_below_one_never_raises_the_risk(model, margin, sd, planned):
    without, with_it = both(model, Person(margin, sd, {"psychotherapy": planned}))
    for day in map(str, DAYS):
        assert with_it["risks"][day]["value"] <= without["risks"][day]["value"]
        for scenario in (without, with_it):
            risk = scenario["risks"][day]
            assert 0 <= risk["lo"] <= risk["value"] <= risk["hi"] <= 1
    assert with_it["well_days"]["days"] >= without["well_days"]["days"]


def test_a_score_holds_its_scenarios_as_plain_values(bundles, model, candidate):
    import json

    from predictor.scoring import Scorer

    bundle = replace(bundles["cox"], model=model, scenarios=(ENTRY, UNTRIED))
    score = Scorer(bundle).score(candidate())[0]
    assert [s["name"] for s in score.scenarios] == ["cbt", "cbt", "emdr"]
    own = next(s for s in score.scenarios if s["own"])
    assert own["planned"]  # the candidate has CBT planned
    assert tuple(own["risks"]["180"].values()) == pytest.approx(score.risk_at(180))
    assert json.loads(json.dumps(score.to_dict(), allow_nan=False))["scenarios"]
    refused = Scorer(bundle).score(candidate(pregnant="yes"))[0]
    assert refused.scenarios == ()
    assert refused.to_dict()["scenarios"] == []
