"""The population looks as the evidence says and can be learnt."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from predictor.dictionary import Dictionary
from predictor.rows import read_rows
from training.simulation import SimulatedCohort, World, simulate
from training.simulation.truth import auc

N_SEEDS = 20

# (mean, sd) of the evidence table of priors, per unit of the feature as the world writes it.
RESPONSE_PRIORS = {
    "age_years": (-0.08, 0.10),
    "bmi": (0.10, 0.15),
    "failed_trials": (-0.10, 0.10),
    "episode_months": (-0.15, 0.25),
    "employed": (0.30, 0.25),
    "inpatient": (-0.20, 0.30),
    "gad7_total": (-0.10, 0.25),
    "family_history_alcohol_use_disorder": (0.35, 0.35),
    "prior_suicide_attempt": (-0.15, 0.25),
    "ctq_physical_abuse": (0.15, 0.30),
    "bipolar": (0.10, 0.30),
    "melancholia": (-0.15, 0.30),
    "shaps_ordinal_total": (0.05, 0.20),
    "isi_total": (0.10, 0.20),
    "benzodiazepine_mg_diazepam_eq": (-0.35, 0.35),
    "naltrexone": (-1.0, 0.7),
    "rrs_total": (0.0, 0.15),
    "fscrs_hated_self": (0.0, 0.15),
    "mspss_total": (0.0, 0.15),
    "perceived_stress_total": (0.0, 0.15),
    "physical_activity_met_min_per_week": (0.0, 0.15),
}
RELAPSE_PRIORS = {
    "prior_episodes": (0.08, 0.08),
    "ctq_emotional_abuse": (0.15, 0.25),
    "psychotherapy": (-0.4, 0.5),
    "rrs_total": (0.0, 0.15),
    "fscrs_hated_self": (0.0, 0.15),
    "mspss_total": (0.0, 0.15),
    "perceived_stress_total": (0.0, 0.15),
    "physical_activity_met_min_per_week": (0.0, 0.15),
}


@pytest.fixture(scope="module")
def means(world: World, dictionary: Dictionary) -> pd.Series:
    return pd.DataFrame([figures(world, dictionary, seed) for seed in range(N_SEEDS)]).mean()


def figures(world: World, dictionary: Dictionary, seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    cohort = simulate(world, n_patients=2000, rng=rng, dictionary=dictionary)
    responded = cohort.latent["responded"].to_numpy()
    days = cohort.latent["relapse_days"].to_numpy()
    iv = cohort.complete["route"].eq("iv").to_numpy()
    planned = cohort.complete["maintenance_planned"].eq("yes").to_numpy()
    alone = days[responded & ~planned]
    return {
        "response_iv": responded[iv].mean(),
        "auc": cohort.oracle["auc"],
        "c_index": cohort.oracle["c_index"],
        "well_19": (alone > 19).mean(),
        "well_85": (alone > 85).mean(),
        "well_180": (alone > 180).mean(),
        "planned": planned.mean(),
        "iv": iv.mean(),
    }


@pytest.mark.parametrize(
    ("figure", "low", "high"),
    [
        ("response_iv", 0.45, 0.60),
        ("auc", 0.66, 0.72),
        ("c_index", 0.60, 0.68),
        ("well_19", 0.45, 0.55),
        ("well_85", 0.20, 0.30),
        ("well_180", 0.12, 0.20),
        ("planned", 0.25, 1 / 3),
        ("iv", 0.80, 0.95),
    ],
)
def test_published_rates_hold_on_average_over_seeds(
    means: pd.Series, figure: str, low: float, high: float
) -> None:
    assert low <= means[figure] <= high


def test_maintenance_lowers_the_hazard_as_published(world: World) -> None:
    effect = next(e for e in world.relapse.effects if e.variable == "maintenance_planned")
    assert 0.30 <= np.exp(effect.effect) <= 0.49


def test_hazard_falls_with_time(large: SimulatedCohort) -> None:
    days = large.latent["relapse_days"].dropna().to_numpy()
    hazards = []
    for start, stop in [(0, 30), (30, 90), (90, 180)]:
        at_risk = days[days > start]
        time = np.minimum(at_risk, stop) - start
        hazards.append((at_risk <= stop).sum() / time.sum())
    assert hazards[0] > 1.5 * hazards[1] > 1.5 * hazards[2]


def test_effects_are_many_small_and_near_their_priors(world: World) -> None:
    effects = [effect for effect in world.response.effects if effect.effect != 0]
    assert len({effect.variable for effect in effects}) >= 20
    assert sum(effect.step is not None or effect.square for effect in effects) >= 2
    assert len(world.response.interactions) >= 1
    response = {effect.variable: effect.effect for effect in effects}
    relapse = {effect.variable: effect.effect for effect in world.relapse.effects}
    for chosen, priors in [(response, RESPONSE_PRIORS), (relapse, RELAPSE_PRIORS)]:
        for variable, (mean, sd) in priors.items():
            assert abs(chosen[variable] - mean) <= 2 * sd, variable


def test_no_variable_alone_reaches_auc_060(large: SimulatedCohort, dictionary: Dictionary) -> None:
    responded = large.latent["responded"].to_numpy()
    strength = {}
    for variable in dictionary.predictors():
        if variable.id not in large.complete:
            continue
        values = large.complete[variable.id]
        known = values.notna().to_numpy()
        levels = variable.levels or ("no", "yes")
        columns = [values]
        if variable.type == "category":
            columns = [values == level for level in levels]
        elif variable.type in ("yes_no", "ordinal"):
            columns = [values.map({level: code for code, level in enumerate(levels)})]
        areas = [auc(responded[known], c[known].to_numpy(dtype=float)) for c in columns]
        strength[variable.id] = max(abs(area - 0.5) for area in areas)
    assert len(strength) >= 75
    assert max(strength.values()) < 0.10
    assert sum(value >= 0.06 for value in strength.values()) >= 6


def test_a_linear_learner_finds_most_of_the_signal(world: World, dictionary: Dictionary) -> None:
    gaps = []
    for seed in range(4):
        columns, outcomes, oracle = [], [], []
        for n_patients, stream in [(600, seed), (3000, 1000 + seed)]:
            rng = np.random.default_rng(stream)
            cohort = simulate(world, n_patients=n_patients, rng=rng, dictionary=dictionary)
            rows = read_rows(cohort.patients, dictionary)
            columns.append(design(rows.values, dictionary))
            outcomes.append(cohort.latent["responded"].to_numpy())
            oracle.append(cohort.oracle["auc"])
        mean, sd = np.nanmean(columns[0], axis=0), np.nanstd(columns[0], axis=0)
        train, test = (np.nan_to_num((x - mean) / np.where(sd > 0, sd, 1)) for x in columns)
        ridge = LogisticRegression(C=0.005, max_iter=500).fit(train, outcomes[0])
        gaps.append(oracle[1] - roc_auc_score(outcomes[1], test @ ridge.coef_[0]))
    assert np.mean(gaps) <= 0.06


def design(values: dict[str, np.ndarray], dictionary: Dictionary) -> np.ndarray:
    columns = []
    for variable in dictionary.predictors():
        x = values[variable.id]
        if variable.type == "category":
            columns += [
                np.where(np.isnan(x), np.nan, x == i) for i in range(1, len(variable.levels))
            ]
        elif variable.id != "maintenance_interval_days":
            columns.append(np.log1p(x) if variable.transform == "log1p" else x)
    return np.column_stack(columns)
