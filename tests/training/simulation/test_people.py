"""Baselines: correlated, coherent, missing at random."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from predictor.dictionary import Dictionary
from predictor.rows import read_rows
from predictor.safety import SafetyRules, evaluate
from training.simulation import SimulatedCohort, World, simulate
from training.simulation.effects import Feature
from training.simulation.margins import Lognormal, Normal, Shares, YesNo
from training.simulation.people import draw_people, feature, quantile


def test_baseline_variables_hang_together(large: SimulatedCohort) -> None:
    complete = large.complete
    pairs = [
        ("madrs_total", "hamd17_total", 0.4),
        ("ctq_emotional_abuse", "ctq_physical_abuse", 0.3),
        ("gad7_total", "rrs_total", 0.2),
        ("failed_trials", "episode_months", 0.2),
        ("bmi", "systolic_mmhg", 0.15),
    ]
    for first, second, least in pairs:
        assert complete[first].corr(complete[second], method="spearman") > least
    assert complete["mspss_total"].corr(complete["perceived_stress_total"]) < -0.2


def test_values_are_coherent(large: SimulatedCohort) -> None:
    people = large.complete
    assert people["age_years"].between(18, 80).all()
    assert (people["age_at_onset_years"] <= people["age_years"]).all()
    assert (people["diastolic_mmhg"] < people["systolic_mmhg"]).all()
    bmi = people["weight_kg"] / (people["height_cm"].astype(float) / 100) ** 2
    assert (bmi - people["bmi"]).abs().max() <= 0.051
    assert (
        people["maintenance_interval_days"].notna().eq(people["maintenance_planned"] == "yes").all()
    )
    assert not (people["pregnant"].eq("yes") & people["sex"].ne("female")).any()
    assert not (people["pregnant"].eq("yes") & people["breast_feeding"].eq("yes")).any()
    iv = people[people["route"] == "iv"]
    assert iv["planned_dose_unit"].eq("mg/kg").all()
    assert iv["planned_dose"].eq(0.5).mean() > 0.6
    assert (iv["infusion_minutes"] > 0).all()
    assert people.loc[people["route"].ne("iv"), "infusion_minutes"].eq(0).all()
    assert people.loc[people["planned_dose_unit"].eq("mg"), "planned_dose"].min() >= 50
    assert people["madrs_total"].between(20, 60).all()


def test_at_most_one_in_twenty_carries_a_stop(
    world: World, dictionary: Dictionary, settings: Callable[[str], Any]
) -> None:
    rules = SafetyRules.from_dict(settings("safety.yaml"), dictionary)
    cohort = simulate(world, n_patients=4000, rng=np.random.default_rng(3), dictionary=dictionary)
    rows = read_rows(cohort.complete, dictionary)
    stopped = [
        bool(evaluate(rules, {name: value[row] for name, value in rows.values.items()}).stops)
        for row in range(len(rows))
    ]
    assert 0 < np.mean(stopped) <= 0.05


def test_many_variables_are_missing_and_some_by_age_severity_and_site(
    large: SimulatedCohort, dictionary: Dictionary
) -> None:
    predictors = [v.id for v in dictionary.predictors() if v.id in large.patients]
    share = large.patients[predictors].isna().mean()
    assert ((share >= 0.05) & (share <= 0.40)).sum() >= 30
    missing = large.patients.isna()
    old, severe = (
        large.complete[v] > large.complete[v].median() for v in ("age_years", "madrs_total")
    )
    assert missing.loc[old, "moca_total"].mean() > missing.loc[~old, "moca_total"].mean() + 0.03
    assert missing.loc[severe, "rrs_total"].mean() > missing.loc[~severe, "rrs_total"].mean() + 0.03
    by_site = missing["crp_mg_per_l"].groupby(large.patients["site"]).mean()
    assert by_site.max() > by_site.min() + 0.08


def test_missing_answers_do_not_depend_on_the_outcome(large: SimulatedCohort, world: World) -> None:
    sites = pd.get_dummies(large.complete["site"]).to_numpy(dtype=float)
    drivers = large.complete[["age_years", "madrs_total"]].to_numpy(dtype=float)
    x = np.column_stack([sites, drivers, large.latent["responded"]])
    inverse = np.linalg.inv(x.T @ x)
    for group in world.missing:
        for variable in group.variables:
            y = large.patients[variable].isna().to_numpy(dtype=float)
            slope = inverse @ x.T @ y
            se = np.sqrt(np.var(y - x @ slope) * inverse[-1, -1])
            assert abs(slope[-1]) < 4.5 * se, variable


def test_sites_differ_in_case_mix(large: SimulatedCohort) -> None:
    by_site = large.complete.groupby("site")["failed_trials"].mean()
    assert len(by_site) >= 4
    assert by_site.max() > by_site.min() + 0.5
    assert by_site.index.str.startswith("simulated").all()


def test_quantiles_of_each_margin() -> None:
    latent = np.array([-1.0, 0.0, 2.0])
    normal = Normal(kind="normal", mean=10, sd=2, low=0, high=13)
    np.testing.assert_array_equal(quantile(normal, latent), [8, 10, 13])
    skewed = Lognormal(kind="lognormal", offset=5, median=2, spread=1, low=5, high=25, digits=2)
    np.testing.assert_array_equal(quantile(skewed, latent), np.round(5 + 2 * np.exp(latent), 2))
    mostly_none = Lognormal(kind="lognormal", median=8, spread=1, low=0, high=99, zero=0.5)
    np.testing.assert_array_equal(quantile(mostly_none, np.array([-0.01, 0.6744898])), [0, 8])
    levels = Shares(kind="shares", levels=("a", "b", "c"), shares=(0.2, 0.5, 0.3))
    np.testing.assert_array_equal(quantile(levels, latent), [0, 1, 2])
    counts = Shares(kind="shares", levels=(4, 6, 8), shares=(0.2, 0.5, 0.3))
    np.testing.assert_array_equal(quantile(counts, latent), [4, 6, 8])
    np.testing.assert_array_equal(quantile(YesNo(kind="yes_no", share=0.3), latent), [0, 0, 1])


def test_features_by_hand(world: World) -> None:
    values = {"x": np.array([1.0, 5.0, 9.0]), "sex": np.array([0.0, 1.0, 2.0])}
    by_hand = [
        (Feature(variable="x", centre=1, per=4), [0, 1, 2]),
        (Feature(variable="x", cap=5, centre=1, per=4), [0, 1, 1]),
        (Feature(variable="x", step=5), [0, 0, 1]),
        (Feature(variable="x", centre=5, per=4, square=True), [0, -1, 0]),
        (Feature(variable="x", log=True, centre=1), np.log([1, 3, 5])),
        (Feature(variable="sex", level="male"), [0, 1, 0]),
    ]
    for what, expected in by_hand:
        np.testing.assert_allclose(feature(world, values, what), expected, atol=1e-12)


def test_people_are_drawn_from_the_margins(world: World) -> None:
    people = draw_people(world, 20_000, np.random.default_rng(4))
    assert people.values["madrs_total"].mean() == pytest.approx(32, abs=1)
    assert people.values["employed"].mean() == pytest.approx(0.52, abs=0.03)
    assert people.values["sex"].mean() == pytest.approx(0.41, abs=0.02)
    assert np.mean(people.values["systolic_mmhg"] >= 160) < 0.01
