"""Published, cohort alone and both: read against the fitted model and by hand."""

from dataclasses import replace

import numpy as np
import pytest

from predictor.dictionary import Variable
from training.averaged_logistic import fit_averaged_logistic
from training.evaluation import Analysis, fit_to_everybody, prior_use_of
from training.fitting import Outcome, prepare
from training.published_effects import PublishedEffect

VARIABLES = (
    Variable("age", "Age", "number", "g", "s", hard_range=(0, 110)),
    Variable("dose", "Dose", "number", "g", "s", hard_range=(0, 80)),
    Variable("route", "Route", "category", "g", "s", levels=("iv", "im", "oral", "sc")),
)
EFFECTS = (
    PublishedEffect("older", "age", -0.3, 0.1, "B", "B", per=10.0),
    PublishedEffect("spread", "age", 0.0, 0.1, "D", "D", per=None),
    PublishedEffect("high dose", "dose", 0.5, 0.2, "C", "C", cut=8.0),
    PublishedEffect("by vein", "route", 0.2, 0.2, "C", "C", level=0),
    PublishedEffect("by mouth", "route", -0.2, 0.2, "C", "C", level=2),
    PublishedEffect("under the skin", "route", -0.2, 0.2, "C", "C", level=3),
)
N = 400


def people(seed=12, n=N):
    """Draws people in whom the effects of age and of a high dose are as published."""
    rng = np.random.default_rng(seed)
    values = {
        "age": rng.normal(45, 14, n),
        "dose": rng.uniform(0, 16, n),
        "route": rng.choice([0.0, 1.0, 2.0], n, p=[0.5, 0.3, 0.2]),
    }
    margin = -0.03 * (values["age"] - 45) + 0.5 * (values["dose"] >= 8)
    outcome = Outcome((rng.random(n) < 1 / (1 + np.exp(-margin))) * 1.0)
    values["age"][::9] = np.nan
    groups = tuple(f"p{i}" for i in range(n))
    return Analysis(values, VARIABLES, (), VARIABLES[:1], outcome, groups, published=EFFECTS)


@pytest.fixture(scope="module")
def analysis():
    return people()


@pytest.fixture(scope="module")
def found(analysis):
    shrunk = prior_use_of(analysis, analysis.candidate("averaged"), {"x": "why"})
    return shrunk, {term.effect.term: term for term in shrunk.terms}


def test_both_is_the_final_fit_itself_in_published_units(analysis, found):
    model = fit_to_everybody(
        analysis, analysis.candidate("averaged"), wanted=3, n_refits=2,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    age, dose, step, *routes = model.learner.coefficients
    both = {name: term.both for name, term in found[1].items()}
    assert both["older"].value == pytest.approx(10 * age, rel=1e-9)
    sd = np.nanstd(analysis.values["age"])
    assert both["spread"].value == pytest.approx(sd * age, rel=1e-9)
    assert both["high dose"].value == pytest.approx(step, rel=1e-9)
    assert both["by mouth"].value == pytest.approx(routes[1], rel=1e-9)
    variance = model.uncertainty.covariance[1, 1]
    width = both["older"].hi - both["older"].lo
    assert width == pytest.approx(2 * 1.959964 * 10 * np.sqrt(variance), rel=1e-6)
    assert dose != 0


def test_the_reference_stands_against_the_others_by_their_share(analysis, found):
    prepared = prepare(analysis.values, VARIABLES, np.arange(N), cuts={"dose": (8.0,)})
    fit = fit_averaged_logistic(prepared.standardised, analysis.outcome.events)
    per_level = (fit.coefficients / prepared.scale)[3:]
    shares = [np.mean(analysis.values["route"] == level) for level in (1, 2)]
    expected = -np.dot(shares, per_level) / sum(shares)
    assert found[1]["by vein"].alone.value == pytest.approx(expected, rel=1e-9)


def test_what_nobody_has_says_nothing(found):
    term = found[1]["under the skin"]
    assert (term.alone, term.both) == (None, None)


def test_effects_that_hold_bring_both_nearer_to_the_truth_than_the_cohort_alone():
    """Cohorts of 120 in which older people do worse and a high dose better, as published."""
    error = {"alone": 0.0, "both": 0.0}
    for seed in range(15):
        analysis = people(seed, 120)
        effects = (EFFECTS[0], EFFECTS[2])
        learner = replace(analysis, published=effects).candidate("averaged")
        shrunk = prior_use_of(analysis, learner, {})
        assert set(shrunk.strength) == {"B", "C"}
        for term, truth in zip(shrunk.terms, (-0.3, 0.5), strict=True):
            for which in error:
                error[which] += (getattr(term, which).value - truth) ** 2
    assert error["both"] < 0.8 * error["alone"]


def test_effects_the_wrong_way_round_are_switched_off(analysis):
    wrong = tuple(replace(e, mean=-8 * e.mean) for e in EFFECTS[:1])
    turned = replace(analysis, published=wrong)
    shrunk = prior_use_of(turned, turned.candidate("averaged"), {})
    assert abs(shrunk.strength["B"]) < 0.15
    (term,) = shrunk.terms
    assert term.both.value == pytest.approx(term.alone.value, abs=0.05)


def test_plain_values_hold_every_number(found):
    plain = found[0].to_dict()
    assert plain["left_out"] == {"x": "why"}
    older = plain["terms"]["older"]
    assert (older["mean"], older["sd"], older["grade"]) == (-0.3, 0.1, "B")
    assert set(older["alone"]) == {"value", "lo", "hi", "method"}
    assert plain["terms"]["under the skin"]["both"] is None


def test_without_published_effects_there_is_nothing_to_tell(analysis):
    assert prior_use_of(analysis, analysis.candidate("ridge"), {}) is None
    null = replace(analysis, published=EFFECTS[1:2])
    assert prior_use_of(null, null.candidate("averaged"), {}) is None
