"""Simulated cohorts: what the published rates ask for, and a truth that is true."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pydantic import ValidationError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from predictor.dictionary import Dictionary
from predictor.errors import InvalidInputError
from predictor.rows import read_rows
from predictor.safety import SafetyRules, evaluate
from training.outcome import outcome_definitions, relapse_outcome, response_outcome
from training.simulation import SimulatedCohort, World, simulate, write_cohort
from training.simulation.effects import Feature
from training.simulation.margins import Lognormal, Normal, Shares, YesNo
from training.simulation.people import draw_people, feature, quantile
from training.simulation.truth import auc, c_index

CONFIGS = Path(__file__).parents[2] / "configs"
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


def settings(name: str) -> dict:
    return yaml.safe_load((CONFIGS / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def world() -> World:
    return World.model_validate(settings("simulation.yaml"))


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return Dictionary.from_dict(settings("dictionary.yaml"))


@pytest.fixture(scope="module")
def large(world: World) -> SimulatedCohort:
    return simulate(world, n_patients=30_000, rng=np.random.default_rng(2026))


@pytest.fixture(scope="module")
def all_seen(world: World) -> World:
    nobody_leaves = {"visit_missed": 0.0, "leaves": 0.0}
    drop_out = world.drop_out.model_copy(update=nobody_leaves)
    return world.model_copy(update={"drop_out": drop_out})


@pytest.fixture(scope="module")
def followed(all_seen: World) -> SimulatedCohort:
    return simulate(all_seen, n_patients=3000, rng=np.random.default_rng(5))


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


def test_every_typed_variable_is_filled_and_no_row_is_refused(
    world: World, dictionary: Dictionary
) -> None:
    cohort = simulate(world, n_patients=1500, rng=np.random.default_rng(1), dictionary=dictionary)
    typed = [variable.id for variable in dictionary.variables if variable.typed]
    assert list(cohort.patients.columns) == ["patient_id", "site", *typed]
    assert cohort.patients.notna().any().all()
    rows = read_rows(cohort.patients, dictionary, require_ids=True)
    assert rows.faults == ()
    assert np.nanmean(rows.values["dose_mg_per_kg"]) == pytest.approx(0.6, abs=0.2)


def test_at_most_one_in_twenty_carries_a_stop(world: World, dictionary: Dictionary) -> None:
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


def test_default_rule_on_complete_visits_gives_the_drawn_response(
    followed: SimulatedCohort,
) -> None:
    definition = outcome_definitions(settings("outcomes.yaml"))["response_madrs"]
    ids = list(followed.latent["patient_id"])
    observed = response_outcome(definition, followed.visits, ids).observed
    np.testing.assert_array_equal(observed, followed.latent["responded"].to_numpy(dtype=float))
    wide = followed.visits.pivot_table(index="patient_id", columns="day", values="score").loc[ids]
    np.testing.assert_array_equal(wide[28] <= wide[0] / 2, followed.latent["responded"])
    np.testing.assert_array_equal(wide[0], followed.complete["madrs_total"].astype(float))
    assert list(wide.columns) == [0, 7, 14, 21, 28, *range(42, 211, 14)]


def test_scores_stay_high_from_relapse_to_retreatment(followed: SimulatedCohort) -> None:
    retreated = followed.events[followed.events["event"] == "retreated"]
    until = followed.latent["patient_id"].map(retreated.set_index("patient_id")["day"])
    known = followed.latent.assign(until=until.fillna(np.inf)).query("responded")
    visits = followed.visits.query("day >= 28").merge(known, on="patient_id")
    relapsed = visits["relapse_days"] + 28 <= visits["day"]
    before_retreatment = visits["day"] < visits["until"]
    assert (visits.loc[~relapsed, "score"] < 22).all()
    assert (visits.loc[relapsed & before_retreatment, "score"] >= 22).all()
    assert (visits.loc[~before_retreatment, "score"] < 22).mean() > 0.3
    assert visits["score"].between(0, 60).all()
    assert (visits["score"] % 1 == 0).all()


def test_default_rule_finds_relapse_at_the_next_visit(followed: SimulatedCohort) -> None:
    definition = outcome_definitions(settings("outcomes.yaml"))["relapse_madrs"]
    outcome = relapse_outcome(
        definition, followed.visits, followed.events, list(followed.latent["patient_id"])
    )
    responded = followed.latent["responded"].to_numpy()
    days = followed.latent["relapse_days"].to_numpy()
    np.testing.assert_array_equal(outcome.at_risk, responded)
    early = responded & (np.nan_to_num(days, nan=999) <= 140)
    assert outcome.relapsed[early].all()
    next_visit = np.ceil(days[early] / 14) * 14
    admitted = followed.events.query("event == 'hospitalised'")["patient_id"]
    plain = ~followed.latent["patient_id"].isin(admitted).to_numpy()[early]
    np.testing.assert_array_equal(outcome.days[early][plain], next_visit[plain])
    assert not outcome.relapsed[responded & (days > 182)].any()


def test_admissions_follow_a_relapse(followed: SimulatedCohort) -> None:
    admitted = followed.events.query("event == 'hospitalised'").merge(followed.latent)
    assert len(admitted) > 20
    assert (admitted["day"] >= 28 + admitted["relapse_days"]).all()
    assert (admitted["day"] <= 28 + admitted["relapse_days"] + 11).all()


def test_true_response_probabilities_are_calibrated(large: SimulatedCohort) -> None:
    chance = large.truth["response_probability"]
    assert_calibrated(chance.to_numpy(), large.latent["responded"].to_numpy())


@pytest.mark.parametrize("days", [30, 90, 180])
@pytest.mark.parametrize("suffix", ["", "_landmark"])
def test_true_relapse_risks_are_calibrated(large: SimulatedCohort, days: int, suffix: str) -> None:
    responded = large.latent["responded"].to_numpy()
    risk = large.truth[f"relapse_risk_{days}{suffix}"].to_numpy()[responded]
    relapsed = large.latent["relapse_days"].to_numpy()[responded] <= days
    assert_calibrated(risk, relapsed)


def assert_calibrated(chance: np.ndarray, happened: np.ndarray) -> None:
    """Mean truth and frequency agree within 4.5 standard errors in each tenth of the truth."""
    for tenth in np.array_split(np.argsort(chance, kind="stable"), 10):
        p = chance[tenth]
        se = np.sqrt((p * (1 - p)).sum()) / len(p)
        assert abs(happened[tenth].mean() - p.mean()) <= 4.5 * se + 1e-12


def test_landmark_truth_knows_more(large: SimulatedCohort) -> None:
    truth, responded = large.truth, large.latent["responded"]
    landmark = truth["relapse_risk_180_landmark"]
    assert landmark.notna().eq(responded).all()
    relapsed = large.latent["relapse_days"] <= 14
    assert (landmark[relapsed] == 1).all()
    assert (landmark[responded & ~relapsed] < 1).all()
    assert truth["relapse_risk_30"].notna().all()
    assert (truth["relapse_risk_30"] < truth["relapse_risk_90"]).all()
    assert (truth["relapse_risk_90"] < truth["relapse_risk_180"]).all()


def test_people_who_leave_do_not_come_back_and_leave_more_when_ill(
    large: SimulatedCohort,
) -> None:
    last = large.visits.groupby("patient_id")["day"].max()
    withdrew = large.events.query("event == 'withdrew'").set_index("patient_id")["day"]
    assert (last.loc[withdrew.index] < withdrew).all()
    assert 0.5 < (last >= 196).mean() < 0.85
    score = large.visits.query("day == 28").set_index("patient_id")["score"]
    stayed = last.loc[score.index] > 28
    assert stayed[score < 15].mean() > stayed[score > 30].mean() + 0.01


def test_one_seed_gives_the_same_bytes(world: World, tmp_path: Path) -> None:
    contents = []
    for seed, name in [(7, "a"), (7, "b"), (8, "c")]:
        cohort = simulate(world, n_patients=60, rng=np.random.default_rng(seed))
        files = write_cohort(cohort, tmp_path / name, seed=seed)
        contents.append({key: path.read_bytes() for key, path in files.items()})
    assert contents[0] == contents[1]
    assert contents[0]["patients"] != contents[2]["patients"]
    origins = [json.loads(content["origin"]) for content in contents]
    assert origins[0]["world_sha256"] == origins[2]["world_sha256"] == world.sha256()
    assert (origins[0]["seed"], origins[2]["seed"]) == (7, 8)


def test_files_say_that_they_are_simulated(world: World, tmp_path: Path) -> None:
    cohort = simulate(world, n_patients=25, rng=np.random.default_rng(0))
    files = write_cohort(cohort, tmp_path / "deep" / "folder")
    assert sorted(path.name for path in files.values()) == sorted(
        ["patients.csv", "visits.csv", "events.csv", "truth.csv", "origin.json"]
    )
    origin = json.loads(files["origin"].read_text(encoding="utf-8"))
    assert origin["data_origin"] == "simulated"
    patients = pd.read_csv(files["patients"])
    assert patients["patient_id"].str.fullmatch(r"sim-\d{6}").all()
    assert "responded" not in patients
    assert b".0," not in files["patients"].read_bytes().replace(b"20.0,", b"")


def test_one_person_is_a_cohort_without_oracle(world: World, tmp_path: Path) -> None:
    cohort = simulate(world, n_patients=1, rng=np.random.default_rng(0))
    assert np.isnan(cohort.oracle["auc"])
    assert np.isnan(cohort.oracle["c_index"])
    origin = json.loads(write_cohort(cohort, tmp_path)["origin"].read_text(encoding="utf-8"))
    assert origin["oracle"] == {"auc": None, "c_index": None}


def test_an_empty_cohort_is_refused(world: World) -> None:
    with pytest.raises(InvalidInputError, match="at least 1"):
        simulate(world, n_patients=0, rng=np.random.default_rng(0))


def test_a_small_dictionary_gets_its_columns_only(world: World, dictionary: Dictionary) -> None:
    few = Dictionary(tuple(dictionary[v] for v in ("madrs_total", "age_years", "sex")))
    cohort = simulate(world, n_patients=5, rng=np.random.default_rng(0), dictionary=few)
    assert list(cohort.patients) == ["patient_id", "site", "madrs_total", "age_years", "sex"]


def test_a_level_the_dictionary_does_not_know_is_refused(
    world: World, dictionary: Dictionary
) -> None:
    entries = dictionary.to_dict()
    sex = next(entry for entry in entries["variables"] if entry["id"] == "sex")
    sex["levels"] = ["woman", "man"]
    with pytest.raises(InvalidInputError, match="sex: female, male, other is no level"):
        simulate(
            world,
            n_patients=5,
            rng=np.random.default_rng(0),
            dictionary=Dictionary.from_dict(entries),
        )


def changed(**parts: object) -> dict:
    return {**settings("simulation.yaml"), **parts}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (changed(colour="blue"), "Extra inputs"),
        (changed(factors=["severity"]), "unknown"),
        (changed(factor_correlations=[["severity", "luck", 0.1]]), "luck"),
        (changed(missing=[{"variables": ["shoe_size"], "rate": 0.1}]), "shoe_size"),
        (changed(missing=[{"variables": ["age_years"], "rate": 0.1}]), "leave it answered"),
        (changed(variables={"age_years": {"kind": "yes_no", "share": 0.5}}), "lacks madrs_total"),
    ],
)
def test_a_world_whose_parts_do_not_fit_is_refused(content: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        World.model_validate(content)


def test_loads_beyond_the_whole_variance_are_refused() -> None:
    content = settings("simulation.yaml")
    content["variables"]["bmi"]["loads"] = {"metabolic": 0.9, "ageing": 0.6}
    with pytest.raises(ValidationError, match="bmi: its loads explain more"):
        World.model_validate(content)


def test_shares_that_do_not_sum_to_one_are_refused() -> None:
    with pytest.raises(ValidationError, match="summing to 1"):
        Shares(kind="shares", levels=("a", "b"), shares=(0.5, 0.4))


def test_a_world_is_frozen(world: World) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        world.name = "another"


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


def test_auc_and_concordance_agree_with_second_implementations() -> None:
    rng = np.random.default_rng(0)
    chance, risk, days = rng.random(200).round(1), rng.random(80), rng.exponential(size=80)
    outcome = rng.random(200) < chance
    assert auc(outcome, chance) == pytest.approx(roc_auc_score(outcome, chance), abs=1e-12)
    sooner = days[:, None] < days[None, :]
    concordant = (sooner & (risk[:, None] > risk[None, :])).sum() / sooner.sum()
    assert c_index(days, risk) == pytest.approx(concordant, abs=1e-12)
