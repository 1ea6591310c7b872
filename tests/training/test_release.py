"""Bundles: what stands on every score, and nothing of anybody in their bytes."""

import io
import struct
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from predictor.bundle import read_bundle
from predictor.errors import InvalidInputError
from predictor.scoring import load
from training.analysis import fit_final, select
from training.cohort import read_cohort
from training.config import RunConfig, read_dictionary, read_outcomes, read_world
from training.evaluation import RISK_DAYS, Choice, OutOfFold
from training.findings import Findings
from training.learners import LEARNERS
from training.lineage import outcome_of
from training.metrics.intervals import PairedDifference
from training.question import question_of
from training.release import _horizon, average_of, write_model
from training.simulation import simulate, write_cohort

N_PLANTED = 12
NUMBERS = ("age_years", "bmi", "crp_mg_per_l", "il6_pg_per_ml", "systolic_mmhg", "expectancy")
PLANTED_ID = "918273645"
CASES = (
    ("response_madrs", "ridge"),
    ("response_madrs", "xgboost"),
    ("response_madrs", "logistic"),
    ("relapse_madrs", "cox_ridge"),
    ("relapse_madrs", "xgboost_cox"),
)


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    drawn = simulate(read_world(), n_patients=240, rng=np.random.default_rng(21))
    write_cohort(drawn, folder)
    for name in ("patients", "visits", "events"):
        path = folder / f"{name}.csv"
        text = path.read_text(encoding="utf-8")
        first = drawn.patients["patient_id"].iloc[0]
        path.write_text(text.replace(first, PLANTED_ID), encoding="utf-8")
    return {
        name: read_cohort(
            folder / "patients.csv",
            folder / "visits.csv",
            events_path=folder / "events.csv",
            dictionary=read_dictionary(),
            definition=read_outcomes()[name],
        )
        for name in ("response_madrs", "relapse_madrs")
    }


def findings_of(cohort, name):
    """Fit one learner on a cohort with planted answers and event times; give what was planted."""
    task = cohort.definition.task
    config = RunConfig.model_validate(
        {
            "task": task,
            "outcome": cohort.definition.name,
            "candidates": (name,),
            "variables": (*NUMBERS, "madrs_total", "sex", "route", "failed_trials"),
            "declared_variables": (*NUMBERS[:3], "madrs_total"),
            "resampling": {"folds": 3, "inner_folds": 3},
            "bootstrap_refits": 4,
            "planned_course": "eight infusions",
        }
    )
    analysis = select(config, cohort)
    rng, planted = np.random.default_rng(77), []
    for variable in NUMBERS:
        answers = analysis.values[variable]
        low, high = np.nanquantile(answers, [0.1, 0.9])
        unusual = np.round(rng.uniform(low, high, N_PLANTED), 5)
        answers[:N_PLANTED] = unusual
        planted += unusual.tolist()
        answers[N_PLANTED] = np.nanmax(answers) + 0.31477  # nobody has more
        answers[N_PLANTED + 1] = np.nanmin(answers) - 0.21893  # nor less
        planted += answers[N_PLANTED : N_PLANTED + 2].tolist()
    analysis.values["age_years"][0] = 43.21987
    analysis.values["crp_mg_per_l"][0] = 17.3571
    planted += [43.21987, 17.3571]
    if task == "relapse":
        days = np.round(rng.uniform(20, 170, N_PLANTED)) + 0.25 + rng.integers(1, 9, N_PLANTED) / 97
        days[0] = 37.25
        analysis.outcome.days[:N_PLANTED], analysis.outcome.events[:N_PLANTED] = days, 1.0
        well = np.floor(days / 14) * 14 + 0.34127  # seen well at the visit before
        analysis.outcome.last_well[:N_PLANTED] = np.minimum(well, days)
        analysis.outcome.unconfirmed[:N_PLANTED] = 0.0
        planted += [*days.tolist(), *well.tolist()]
    learner = next(line for line in LEARNERS if line.name == name)
    choice = Choice(learner, "lowest", PairedDifference(-0.1, -0.2, 0.01, 0.05), {})
    n = len(analysis.groups)
    risks = np.tile(np.linspace(0.1, 0.62, len(RISK_DAYS)), (n, 2, 1))
    average = OutOfFold("kaplan_meier", np.zeros((n, 2)), risks, np.zeros((n, 2), dtype=int))
    model = fit_final(config, analysis, choice, np.random.default_rng(5))
    found = Findings(
        config, cohort, None, analysis, {"kaplan_meier": average}, {}, {}, choice, {}, None,
        "exploratory", "few people", model,
    )  # fmt: skip
    return found, planted


_WRITTEN = {}


@pytest.fixture
def written(cohorts, tmp_path_factory):
    """Gives findings, what was planted and the folder of a bundle; each is made once."""

    def make(outcome, name):
        if (outcome, name) not in _WRITTEN:
            found, planted = findings_of(cohorts[outcome], name)
            folder = tmp_path_factory.mktemp("run") / "bundle"
            assert write_model(found, folder, expires="2999-12-31") == folder
            _WRITTEN[outcome, name] = found, planted, folder
        return _WRITTEN[outcome, name]

    return make


def contents(folder):
    """Give the bytes of every file, of every array in them, and all numbers of the arrays."""
    parts, numbers = [file.read_bytes() for file in sorted(folder.iterdir())], []
    with zipfile.ZipFile(io.BytesIO((folder / "arrays.npz").read_bytes())) as archive:
        for entry in archive.namelist():
            raw = archive.read(entry)
            parts.append(raw)
            numbers.append(np.load(io.BytesIO(raw)).astype(np.float64).ravel())
    return b"\x00".join(parts), np.concatenate(numbers)


@pytest.mark.parametrize(("outcome", "name"), CASES)
def test_no_byte_of_a_bundle_tells_of_a_person(written, outcome, name):
    found, planted, folder = written(outcome, name)
    held, numbers = contents(folder)
    patients = found.analysis.groups
    assert PLANTED_ID in found.cohort.rows.patient_ids
    assert len(patients) >= 60
    for patient in (*patients, PLANTED_ID):
        assert patient.encode() not in held
    for kind in ("<i", "<q", ">i", "<d"):
        assert struct.pack(kind, int(PLANTED_ID)) not in held
    searched = set()
    for value in planted:
        for shown in (value, np.log1p(value), 2 * value, value + 28):
            exact, rounded = float(shown), float(np.float32(shown))
            searched |= {exact, rounded}
            patterns = [struct.pack("<d", exact), struct.pack("<d", rounded)]
            patterns += [struct.pack("<f", exact), struct.pack(">d", exact)]
            assert not any(pattern in held for pattern in patterns), (name, value)
        if round(value, 2) != value:
            assert str(value).encode() not in held
            assert f"{np.log1p(value):.6f}".encode() not in held
    near = np.abs(numbers[:, None] - np.array(sorted(searched))) <= 1e-9
    assert not near.any()
    assert len(searched) > 4 * len(planted)


@pytest.mark.parametrize(("outcome", "name"), CASES)
def test_nobody_s_answer_is_an_end_of_the_training_range(written, outcome, name):
    found, _, folder = written(outcome, name)
    model = load(folder).bundle.model
    for position, column in enumerate(model.encoding.columns):
        if column.variable not in NUMBERS:
            continue
        answers = found.analysis.values[column.variable]
        answers = np.log1p(answers) if column.transform == "log1p" else answers
        low = model.uncertainty.support_low[position]
        high = model.uncertainty.support_high[position]
        assert low < np.nanmin(answers) < np.nanmax(answers) < high


def test_what_stands_on_every_score(written):
    found, _, folder = written("response_madrs", "ridge")
    scorer = load(folder)
    stated = scorer.bundle.provenance
    assert (stated.data_origin, stated.stamp, stated.reason) == (
        "simulated",
        "exploratory",
        "few people",
    )
    assert stated.better_than_average is False
    assert stated.outcome == found.cohort.definition.describe()
    assert (stated.given, stated.time_zero) == ("", "the first dose (day 0)")
    assert (stated.planned_course, stated.horizon_days) == ("eight infusions", 28)
    observed = found.cohort.outcome.observed
    assert stated.cohort_average == pytest.approx(np.nanmean(observed))
    assert stated.cohort_patients == np.isfinite(observed).sum()
    assert stated.cohort_events == np.nansum(observed)
    assert (stated.chosen, stated.expires) == ("ridge", "2999-12-31")
    scorer.verify()


def test_what_stands_on_every_relapse_score(written):
    found, _, folder = written("relapse_madrs", "cox_ridge")
    stated = load(folder).bundle.provenance
    assert stated.given == "response at the end of the acute course"
    assert stated.time_zero == "the end of the acute course (day 28 from the first dose)"
    assert stated.horizon_days == 180
    assert stated.question == question_of(found.cohort.definition).words()
    assert stated.cohort_average == average_of(found) == pytest.approx(0.62)
    assert stated.cohort_events == found.analysis.outcome.events.sum()


def test_words_on_prevention_stand_in_bundles_of_relapse_alone(written):
    relapse, response = (
        read_bundle(written(*one)[2])
        for one in (("relapse_madrs", "cox_ridge"), ("response_madrs", "ridge"))
    )
    assert {entry["part"] for entry in relapse.prevention} >= {"watch", "at_once"}
    assert response.prevention == ()


@pytest.mark.parametrize("part", ["model", "choice"])
def test_a_refused_run_has_no_bundle(written, tmp_path, part):
    found, _, _ = written("response_madrs", "ridge")
    refused = replace(found, status="refused", reason="6 events", **{part: None})
    with pytest.raises(InvalidInputError, match="a refused run has no bundle: 6 events"):
        write_model(refused, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_a_folder_that_holds_something_is_not_written_over(written):
    found, _, folder = written("response_madrs", "ridge")
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(InvalidInputError, match="name a new folder"):
        write_model(found, folder)
    assert (folder / "manifest.json").read_bytes() == before


def test_a_response_without_a_window_has_no_horizon():
    found = SimpleNamespace(
        cohort=SimpleNamespace(definition=SimpleNamespace(task="response", window=None))
    )
    assert _horizon(found) == 0


@pytest.mark.parametrize(("outcome", "name"), CASES)
def test_a_bundle_keeps_its_outcome_and_its_cohort_for_later(written, outcome, name):
    found, _, folder = written(outcome, name)
    bundle = load(folder).bundle
    assert outcome_of(bundle) == found.cohort.definition
    columns = bundle.lineage["development"]
    X = bundle.model.encoding.transform(found.analysis.values)
    np.testing.assert_allclose(columns["mean"], np.nanmean(X, axis=0), rtol=1e-3)
    np.testing.assert_allclose(columns["sd"], np.nanstd(X, axis=0), rtol=1e-3)
    np.testing.assert_allclose(columns["missing"], np.isnan(X).mean(axis=0), atol=1e-3)


def test_an_old_bundle_is_known_by_its_sentence(written):
    found, _, folder = written("relapse_madrs", "cox_ridge")
    old = replace(load(folder).bundle, lineage={})
    assert outcome_of(old) == found.cohort.definition
    strange = replace(old, provenance=replace(old.provenance, outcome="well again"))
    with pytest.raises(InvalidInputError, match=r"no entry of outcomes\.yaml says 'well again'"):
        outcome_of(strange)


@pytest.mark.parametrize(("outcome", "name"), CASES)
def test_a_bundle_carries_the_threshold_and_the_limits_of_combinations(written, outcome, name):
    found, _, folder = written(outcome, name)
    bundle = load(folder).bundle
    assert bundle.provenance.decision_threshold == found.config.decision_threshold == 0.5
    steps = (0.1, 0.2, 0.3, 0.4, 0.5) if outcome == "relapse_madrs" else ()
    assert bundle.provenance.check_in_steps == steps
    joint = bundle.model.joint
    for limit in (joint.limit, joint.pair_limit):
        assert 10 * limit == pytest.approx(round(10 * limit), abs=1e-9)
    X = bundle.model.encoding.transform(found.analysis.values)
    unusual = joint.unusual(X, bundle.model.encoding.owner())[:, 0] >= 0
    assert unusual.mean() < 0.05
