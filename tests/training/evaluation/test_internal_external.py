"""Leaving one site out: what is said of a site comes from the others alone."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.metrics import roc_auc_score
from statsmodels.api import GLM, add_constant, families

import training.evaluation.cross_validation as cv
import training.evaluation.internal_external as ie
import training.evaluation.slope as slope_file
from predictor.errors import InvalidInputError
from training.evaluation import RISK_DAYS, Resampling, leave_site_out, procedure, sites_of
from training.evaluation.cross_validation import Held
from training.evaluation.group_measures import common_day
from training.evaluation.performance import evaluated_days
from training.fitting import Outcome
from training.learners import LEARNERS
from training.metrics import MeasureUndefinedError
from training.metrics.survival import harrell_c
from training.penalised_fit import ConvergenceError
from training.work import Work

LINES = {line.name: line for line in LEARNERS}
QUICK = Resampling(folds=3, repeats=1, inner_folds=3)
RESPONSE = {"auc", "calibration_slope", "oe"}


def at_sites(n, names=("north", "south", "west", "east")):
    return [names[place] for place in np.random.default_rng(11).integers(len(names), size=n)]


def leave(analysis, sites, learner="ridge", *, seed=5, jobs=1):
    rng = np.random.default_rng(seed)
    return leave_site_out(analysis, LINES[learner], sites, QUICK, rng=rng, work=Work(jobs))


def test_sites_without_a_shift_are_predicted_alike_and_a_new_one_is_covered(draw):
    analysis = draw(n=1600)
    found = leave(analysis, at_sites(1600))
    assert [site.site for site in found.sites] == ["east", "north", "south", "west"]
    assert (found.learner, found.day, found.undefined) == ("ridge", None, {})
    assert set(found.summary) == RESPONSE
    fresh = draw(n=20_000, seed=99)
    truth = roc_auc_score(fresh.outcome.events, fresh.values["v0"])  # the law itself
    auc, slope, oe = (found.summary[name] for name in ("auc", "calibration_slope", "oe"))
    assert auc.prediction_lo < truth < auc.prediction_hi
    assert auc.prediction_hi - auc.prediction_lo < 0.25
    assert slope.prediction_lo < 1 < slope.prediction_hi
    assert oe.prediction_lo < 1 < oe.prediction_hi
    assert max(auc.tau2, oe.tau2) < 0.05


def test_a_site_where_the_effect_is_reversed_is_seen(draw):
    analysis, sites = draw(n=800), at_sites(800)
    there = np.array(sites) == "west"
    turned = {**analysis.values, "v0": np.where(there, -1, 1) * analysis.values["v0"]}
    found = leave(replace(analysis, values=turned), sites)
    by_name = {site.site: site.measures for site in found.sites}
    assert by_name["west"]["auc"].hi < 0.5
    assert by_name["west"]["calibration_slope"].hi < 0
    assert all(by_name[name]["auc"].lo > 0.5 for name in ("north", "south", "east"))
    auc = found.summary["auc"]
    assert auc.tau2 > 0.3
    assert auc.prediction_lo < 0.3
    assert auc.prediction_hi > 0.8


def test_measures_of_a_site_are_those_of_its_own_people(draw):
    analysis, sites = draw(n=400), at_sites(400)
    found = leave(analysis, sites).sites[0]
    there = np.flatnonzero(np.array(sites) == "east")
    assert (found.people, found.events) == (there.size, analysis.outcome.events[there].sum())
    fit_rng, _ = np.random.default_rng(5).spawn(2)
    split = ie._without(analysis, sites, "east", 0)
    held = cv.hold_out(analysis, [LINES["ridge"]], split, 3, fit_rng.spawn(4)[0])["ridge"]
    y = analysis.outcome.events[there]
    assert found.measures["auc"].value == pytest.approx(roc_auc_score(y, held.probability))
    oe = found.measures["oe"]
    assert oe.value == pytest.approx(y.sum() / held.probability.sum())
    other = GLM(y, add_constant(held.margin), family=families.Binomial()).fit()
    slope = found.measures["calibration_slope"]
    assert slope.value == pytest.approx(other.params[1], rel=1e-6)
    np.testing.assert_allclose([slope.lo, slope.hi], other.conf_int()[1], rtol=1e-5)


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_the_site_held_out_is_never_read_while_fitting(draw, monkeypatch, poison):
    analysis, sites = draw(n=240), at_sites(240)
    split = ie._without(analysis, sites, "west", 0)
    fits = []

    def watched(*args):
        fits.append(cv_fit(*args))
        return fits[-1]

    cv_fit = procedure.tune_and_fit
    monkeypatch.setattr(procedure, "tune_and_fit", watched)
    # reads the site, after fitting
    monkeypatch.setattr(cv, "_predict", lambda _fit, _people, split: cv._failed(split, ""))
    values = {name: answers.copy() for name, answers in analysis.values.items()}
    events = analysis.outcome.events.copy()
    for answers in values.values():
        answers[split.test] = poison
    events[split.test] = poison
    for each in (analysis, replace(analysis, values=values, outcome=Outcome(events))):
        cv.hold_out(each, [LINES["ridge"]], split, 3, np.random.default_rng(2))
    clean, poisoned = fits
    assert clean.setting == poisoned.setting
    assert clean.calibration.affine == poisoned.calibration.affine
    np.testing.assert_array_equal(
        clean.fitted.learner.coefficients, poisoned.fitted.learner.coefficients
    )
    np.testing.assert_array_equal(clean.prepared.X, poisoned.prepared.X)
    np.testing.assert_array_equal(clean.calibrated_margins, poisoned.calibrated_margins)


def test_a_patient_of_two_sites_is_not_trained_on_when_either_is_held_out(draw):
    analysis, sites = draw(n=80), at_sites(80)
    west, north = sites.index("west"), sites.index("north")
    groups = list(analysis.groups)
    groups[north] = groups[west]
    split = ie._without(replace(analysis, groups=tuple(groups)), sites, "west", 0)
    assert west in split.test
    assert north not in split.test
    assert north not in split.train
    assert split.train.size + split.test.size == 79


def test_sites_too_small_train_only_and_their_few_people_are_not_counted(draw):
    analysis = draw(n=400)
    sites = at_sites(400)
    sites[:6] = ["tiny"] * 6
    sites[6:20] = ["small"] * 14
    sites[20:32] = [None] * 12
    found = leave(analysis, sites)
    # 6 would follow from the total, so the next smallest number goes too
    assert found.train_only == {"small": 14, "tiny": None, "not known": None}
    assert len(found.sites) == 4
    assert sum(site.people for site in found.sites) == 368
    # the 32 people trained on have at least 10 events and 10 others: nothing follows
    assert sum(site.events for site in found.sites) == analysis.outcome.events[32:].sum()


def test_no_count_below_ten_follows_from_the_total_and_the_others():
    def counted(**sites):
        names = [name for name, (n, _) in sites.items() for _ in range(n)]
        events = [float(i < k) for n, k in sites.values() for i in range(n)]
        return sites_of(Outcome(np.array(events)), names)

    large = {"a": (60, 30), "b": (50, 20), "c": (40, 15)}
    alone = counted(**large)
    assert alone.people == {"a": 60, "b": 50, "c": 40}
    assert alone.events == {"a": 30, "b": 20, "c": 15}
    # 6 people follow from the total, so the people and the events of c are not told
    six = counted(**large, d=(6, 3))
    assert six.train_only == {"d": None}
    assert six.people == {"a": 60, "b": 50, "c": None}
    assert six.events == {"a": 30, "b": 20, "c": None}
    # 30 people are told, their 4 events would follow
    four = counted(**large, d=(30, 4))
    assert four.train_only == {"d": 30}
    assert four.people == {"a": 60, "b": 50, "c": 40}
    assert four.events == {"a": 30, "b": 20, "c": None}
    # and so would 4 without the event
    others = counted(**large, d=(30, 26))
    assert others.events == {"a": 30, "b": 20, "c": None}
    # two sites trained on have 12 and 18 together: neither follows
    two = counted(**large, d=(15, 7), e=(15, 5))
    assert two.train_only == {"d": 15, "e": 15}
    assert two.events == {"a": 30, "b": 20, "c": 15}


def test_what_is_written_names_sites_and_no_patient(draw):
    analysis = draw(n=300)
    named = replace(analysis, groups=tuple(f"secret-{i}" for i in range(300)))
    written = leave(named, at_sites(300)).to_dict()
    assert "secret" not in repr(written)
    assert set(written) == {"learner", "day", "sites", "train_only", "summary", "undefined"}
    assert [site["site"] for site in written["sites"]] == ["east", "north", "south", "west"]
    assert set(written["sites"][0]["measures"]["auc"]) == {"value", "lo", "hi", "method"}


FEW = "sites have at least 10 people with and 10 without the event; 3 are needed"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("north", "south"), f"2 of 2 {FEW}"),
        ((None,), "no site is known; 3 are needed"),
        (tuple(f"s{i}" for i in range(15)), f"0 of 15 {FEW}"),
    ],
)
def test_fewer_than_three_sites_give_nothing_but_the_reason(names, words, draw):
    analysis, sites = draw(n=180), at_sites(180, names)
    assert leave(analysis, sites) is None
    reason = sites_of(analysis.outcome, sites).reason
    assert reason == words


def test_each_person_needs_a_site_or_none(draw):
    with pytest.raises(InvalidInputError, match="3 sites were given for 120 people"):
        leave(draw(), ["a", "b", "c"])


def test_numbers_come_from_the_seed_and_not_from_the_number_of_processes(draw):
    analysis, sites = draw(n=240, task="relapse"), at_sites(240, ("a", "b", "c"))
    first = leave(analysis, sites, "cox_ridge").to_dict()
    with parallel_config(backend="threading"):
        assert leave(analysis, sites, "cox_ridge", jobs=2).to_dict() == first
    assert leave(analysis, sites, "cox_ridge", seed=6).to_dict() != first


def test_relapse_is_ranked_by_c_and_counted_at_a_day_that_every_site_reaches(draw):
    analysis, sites = draw(n=450, task="relapse"), at_sites(450, ("a", "b", "c"))
    days, events = analysis.outcome.days, analysis.outcome.events
    late = (np.array(sites) == "b") & (days > 100)
    cut = Outcome(np.where(late, 0.0, events), np.where(late, 100.0, days))
    found = leave(replace(analysis, outcome=cut), sites, "cox_ridge")
    assert found.day == 90
    assert set(found.summary) == {"c_index", "calibration_slope", "oe"}
    c = found.summary["c_index"]
    assert c.prediction_lo < harrell_c(days, events, analysis.values["v0"]) < c.prediction_hi
    slope = found.summary["calibration_slope"]
    assert slope.prediction_lo < 1 < slope.prediction_hi
    assert all("bootstrap" in site.measures["c_index"].method for site in found.sites)


def test_sites_not_followed_have_no_observed_to_expected(draw):
    analysis, sites = draw(n=300, task="relapse"), at_sites(300, ("a", "b", "c"))
    short = Outcome(analysis.outcome.events, np.linspace(1, 9, 300))
    found = leave(replace(analysis, outcome=short), sites, "cox_ridge")
    assert found.day is None
    assert "nobody is followed long enough" in found.sites[0].undefined["oe"]
    assert found.undefined["oe"].endswith("0 sites have a value, 3 are needed")
    assert "oe" not in found.summary


def held_of(margin, *, failure=""):
    margin = np.asarray(margin, dtype=float)
    return Held(margin, 1 / (1 + np.exp(-margin)), {}, no_signal=False, failure=failure)


EVENTS = np.tile([1.0, 0.0], 12)
measured = partial(ie._measured, "a", Outcome(EVENTS), place=None, rng=np.random.default_rng(0))


def test_the_same_number_for_everybody_ranks_nobody():
    site, errors = measured(held=held_of(np.zeros(24)))
    assert set(site.measures) == set(errors) == {"oe"}
    assert site.undefined["auc"].endswith("everybody has the same number")
    assert "everybody has the same number" in site.undefined["calibration_slope"]


def test_perfect_separation_has_an_auc_that_is_not_pooled():
    site, errors = measured(held=held_of(EVENTS + np.linspace(0, 0.5, 24)))
    assert site.measures["auc"].value == 1
    assert np.isnan(errors["auc"])
    assert "separate the outcomes" in site.undefined["calibration_slope"]
    summary, undefined = ie._pooled([site] * 3, [errors] * 3)
    assert set(summary) == {"oe"}
    assert undefined["auc"].endswith("0 sites have a value, 3 are needed")


def test_a_site_whose_fit_failed_says_so():
    site, errors = measured(held=held_of(np.full(24, np.nan), failure="it did not converge"))
    assert site.undefined == dict.fromkeys(RESPONSE, "it did not converge")
    assert (site.measures, errors) == ({}, {})


def test_a_slope_that_is_not_found_is_named(monkeypatch):
    def lost(*_, **__):
        raise ConvergenceError("no optimum")

    monkeypatch.setattr(slope_file, "fit_penalised_logistic", lost)
    site, _ = measured(held=held_of(np.sin(np.arange(24.0))))
    assert site.undefined == {"calibration_slope": "no optimum"}


def test_the_days_are_those_of_the_cross_validation():
    assert RISK_DAYS[common_day([Outcome(np.ones(30), np.full(30, 61.0))])] == 60
    with pytest.raises(MeasureUndefinedError):
        evaluated_days(Outcome(np.ones(30)))
