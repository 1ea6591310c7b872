"""Who the people of a site are: known shifts are found, exchangeable sites are not told apart."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

import training.evaluation.site_mix as sm
from training.evaluation import Resampling
from training.evaluation.cross_validation import Held
from training.splits import Split

FOLDS = Resampling(folds=5, repeats=1, inner_folds=3)
NAMES = ("north", "south", "west", "east")


def at_sites(n, seed=11):
    return [NAMES[place] for place in np.random.default_rng(seed).integers(4, size=n)]


def mixes(analysis, sites, *, names=NAMES, margin=None, seed=5):
    said = analysis.values["v0"] if margin is None else margin
    places = sm.places_of(names, sites)
    found = sm.compare_sites(analysis, said, places, FOLDS, rng=np.random.default_rng(seed))
    return {each.site: each for each in found}


def shifted(analysis, sites, size, *, site="west", variable="v3"):
    there = np.array(sites) == site
    moved = {**analysis.values, variable: analysis.values[variable] + size * there}
    return replace(analysis, values=moved)


def test_people_of_exchangeable_sites_cannot_be_told_apart(draw):
    """Over 32 sites the AUC is 0.5 within three standard errors; 95 % of intervals hold it."""
    found = [
        mix.membership
        for seed in range(8)
        for mix in mixes(draw(n=240, seed=seed), at_sites(240, seed)).values()
        if mix.membership is not None
    ]
    values = np.array([each.value for each in found])
    assert abs(values.mean() - 0.5) < 3 * values.std(ddof=1) / np.sqrt(values.size)
    assert sum(each.lo <= 0.5 <= each.hi for each in found) >= len(found) - 5  # P < 0.01


def test_a_site_of_other_people_is_told_apart_as_far_as_its_shift_goes(draw):
    sites = at_sites(1200)
    found = mixes(shifted(draw(n=1200), sites, 1.5), sites)
    truth = norm.cdf(1.5 / np.sqrt(2))  # of two normals 1.5 SD apart
    assert found["west"].membership.lo < truth < found["west"].membership.hi
    assert found["west"].membership.value > 0.8
    west, other = found["west"].differences, found["east"].differences
    assert next(iter(west)) == "v3"
    assert west["v3"].smd == pytest.approx(1.5, abs=0.25)
    assert west["v3"].smd > west["v3"].by_chance
    assert other["v3"].smd < 0  # the others now hold the shifted people


def test_differences_by_hand(draw):
    analysis = draw(n=40)
    here = np.arange(40) < 20
    numbers = np.tile([0.0, 2.0], 20) + np.where(here, 1.0, 0.0)
    # shares .5 .3 .2 against .2 .3 .5, the example of `differences`
    levels = np.repeat([0.0, 1, 2, 0, 1, 2], [10, 6, 4, 4, 6, 10])
    few = np.where(np.arange(40) < 9, 1.0, np.nan)
    values = {**analysis.values, "v0": numbers, "route": levels, "v2": few}
    found = mixes(
        replace(analysis, values=values), ["a"] * 20 + ["b"] * 20, names=("a",)
    )["a"]  # fmt: skip
    # variance of ten 0 and ten 2 with n - 1: 20 / 19
    assert found.differences["v0"].smd == pytest.approx(1 / np.sqrt(20 / 19))
    assert found.differences["route"].smd == pytest.approx((0.0189 / 0.032025) ** 0.5)
    # five variables share 5 %: normal quantile of 1 - .005 times the root of 1/20 + 1/20
    assert found.differences["v0"].by_chance == pytest.approx(2.575829 * np.sqrt(0.1))
    # chi-squared with 2 degrees of freedom: -2 ln(.01)
    assert found.differences["route"].by_chance == pytest.approx(np.sqrt(-0.2 * np.log(0.01)))
    assert found.undefined["v2"] == "fewer than 10 answered on one side"
    sizes = [abs(each.smd) for each in found.differences.values()]
    assert sizes == sorted(sizes, reverse=True)


def test_chance_reaches_the_limit_at_one_site_in_twenty(draw):
    beyond = []
    for seed in range(400):
        analysis, half = draw(n=80, seed=seed), np.arange(80) < 40
        found, _ = sm._differences(analysis, half, ~half)
        beyond.append(any(abs(each.smd) > each.by_chance for each in found.values()))
    assert 0.02 < np.mean(beyond) < 0.085  # three standard errors around 0.05


def test_margins_are_compared_and_tell_which_auc_to_expect(draw):
    analysis, sites = draw(n=400), at_sites(400)
    there = np.array(sites) == "north"
    margin = np.random.default_rng(1).normal(size=(400, 2)) * np.where(there, 0.5, 2)[:, None]
    found = mixes(analysis, sites, margin=margin)["north"]
    mean = margin.mean(axis=1)
    assert found.margin_mean == pytest.approx(mean[there].mean())
    assert found.margin_sd == pytest.approx(mean[there].std())
    assert found.margin_sd_elsewhere == pytest.approx(mean[~there].std())
    assert found.margin_mean_elsewhere == pytest.approx(mean[~there].mean())
    # over pairs, by the definition: a case is drawn with p, another person with 1 - p
    p = 1 / (1 + np.exp(-mean[there]))
    pairs = np.outer(p, 1 - p) * ~np.eye(p.size, dtype=bool)
    won = (pairs * (p[:, None] > p[None, :])).sum() / pairs.sum()
    assert found.expected_auc == pytest.approx(won)


def test_who_has_no_site_is_on_neither_side():
    ((name, here, elsewhere),) = sm.places_of(["a"], ["a", None, "b"])
    assert (name, here.tolist(), elsewhere.tolist()) == (
        "a", [True, False, False], [False, False, True],
    )  # fmt: skip


def test_the_outcome_is_not_read(draw):
    analysis, sites = draw(n=200), at_sites(200)
    turned = replace(
        analysis, outcome=replace(analysis.outcome, events=1 - analysis.outcome.events)
    )
    assert mixes(analysis, sites) == mixes(turned, sites)


def test_relapse_has_no_expected_auc_and_a_single_number_none_either(draw):
    sites = at_sites(200)
    relapse = mixes(draw(n=200, task="relapse"), sites)["east"]
    assert relapse.expected_auc is None
    assert "expected_auc" not in relapse.undefined
    flat = mixes(draw(n=200), sites, margin=np.zeros(200))["east"]
    assert flat.expected_auc is None
    assert "same number" in flat.undefined["expected_auc"]


def test_a_membership_model_without_a_value_says_why(draw, monkeypatch):
    split = Split(0, 0, np.arange(2, 4), np.arange(2))
    y = np.array([0.0, 1, 0, 1])
    flat = Held(np.ones(2), np.ones(2), {}, no_signal=True)
    assert "nothing" not in sm._told_apart([(y, split, flat)])
    assert sm._told_apart([(y, split, flat)]).startswith("in no fold")
    failed = replace(flat, failure="no optimum")
    assert sm._told_apart([(y, split, failed)]) == "no optimum"
    monkeypatch.setattr(sm, "_told_apart", lambda _: "no optimum")
    found = mixes(draw(n=120), at_sites(120))["north"]
    assert found.membership is None
    assert found.undefined["membership"] == "no optimum"
    assert found.to_dict()["membership"] is None


def test_json_holds_plain_values_of_two_digits(draw):
    sites = at_sites(200)
    plain = mixes(draw(n=200), sites)["south"].to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert set(plain["differences"]) == {"v0", "v1", "v2", "v3", "route"}
    assert all(
        round(number, 2) == number
        for each in plain["differences"].values()
        for number in each.values()
    )
    assert set(plain["membership"]) == {"value", "lo", "hi", "method"}
