"""Leaks planted in a simulated cohort, through the command: each ends the run, and says why."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

import training.evaluation.cross_validation as cv
from training.cli import run as command
from training.config import find_config, read_dictionary
from training.evaluation import procedure
from training.splits import Split

PEOPLE = 600


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean") / "cohort"
    made = command(["simulate", "--patients", str(PEOPLE), "--seed", "5", "--out", str(folder)])
    assert made == 0
    return folder


@pytest.fixture(autouse=True)
def store(monkeypatch, tmp_path_factory):
    """One MLflow store for all runs here: making one takes seconds."""
    place = tmp_path_factory.getbasetemp() / "runs-with-leaks.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{place}")


@pytest.fixture
def train(clean, tmp_path, capsys):
    """Run on the clean tables with some replaced; gives exit code and JSON."""

    def trained(*, column_map=None, patients=None, visits=None, **settings):
        tables = {name: clean / f"{name}.csv" for name in ("patients", "visits", "events")}
        for name, table in (("patients", patients), ("visits", visits)):
            if table is not None:
                tables[name] = tmp_path / f"{name}.csv"
                table.to_csv(tables[name], index=False)
        content = yaml.safe_load(find_config("configs/smoke.yaml")[0].read_text())
        (tmp_path / "own.yaml").write_text(
            yaml.safe_dump({**content, "optimism_resamples": 0, **settings})
        )
        words = ["run", str(tmp_path / "own.yaml"), "--out", str(tmp_path / "out"), "--json"]
        for name, path in tables.items():
            words += [f"--{name}", str(path)]
        if column_map is not None:
            (tmp_path / "map.yaml").write_text(yaml.safe_dump(column_map))
            words += ["--map", str(tmp_path / "map.yaml")]
        capsys.readouterr()
        code = command(words)
        return code, json.loads(capsys.readouterr().out)

    return trained


def read(folder, name):
    return pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)


def totals(visits):
    """MADRS of each person by day."""
    scores = visits.assign(day=visits["day"].astype(float), score=visits["score"].astype(float))
    return scores.pivot_table(index="patient_id", columns="day", values="score")


def refused(ended, name):
    code, document = ended
    assert (code, document["status"], document["bundle"]) == (3, "refused", None)
    assert document["reason"].startswith("leak: ")
    assert f"{name}: " in document["reason"]
    assert document["sentinels"][name]["passed"] is False
    return document["reason"]


def test_a_clean_cohort_passes_every_guard(train):
    code, document = train()
    assert (code, document["status"]) == (0, "exploratory")
    assert document["warnings"] == []
    assert list(document["sentinels"]) == [
        *("timing", "single_variable", "same_person", "later_visit", "carried_forward"),
        *("training_rows", "permuted_outcome"),
    ]
    assert all(sentinel["passed"] for sentinel in document["sentinels"].values())
    assert not any("not tested" in s["detail"] for s in document["sentinels"].values())


@pytest.mark.parametrize("shape", ["straight", "both ends"])
def test_an_echo_of_the_outcome_is_refused_and_named(train, clean, shape):
    patients, scores = read(clean, "patients"), totals(read(clean, "visits"))
    fall = ((scores[0.0] - scores[28.0]) / scores[0.0]).reindex(patients["patient_id"])
    responded = (fall >= 0.5).to_numpy()
    rng = np.random.default_rng(1)
    side = rng.choice([-1, 1], PEOPLE) if shape == "both ends" else np.ones(PEOPLE)
    bmi = 28 + side * responded * 8 + rng.normal(0, 1.5, PEOPLE)
    reason = refused(train(patients=patients.assign(bmi=np.round(bmi, 1))), "single_variable")
    assert "bmi alone reaches an AUC above 0.95" in reason


def test_a_score_after_the_first_dose_under_a_baseline_name_is_refused(train, clean):
    patients, scores = read(clean, "patients"), totals(read(clean, "visits"))
    late = scores[28.0].reindex(patients["patient_id"]).to_numpy()
    planted = ["" if np.isnan(score) else f"{score:.0f}" for score in late]
    reason = refused(train(patients=patients.assign(madrs_total=planted)), "later_visit")
    assert "madrs_total is the score of day 28" in reason


def test_a_variable_known_only_later_is_refused_before_anything_is_fitted(train, monkeypatch):
    """The shipped dictionary has no such variable; a study's own may."""
    monkeypatch.setattr(procedure, "prepare", lambda *_: pytest.fail("fitted"))
    known = read_dictionary()
    changed = known.merged([replace(known["bmi"], timing="landmark")])
    monkeypatch.setattr("training.run_input.read_dictionary", lambda: changed)
    code, document = train(variables=["age_years", "bmi"])
    assert code == 2
    assert "variables: bmi may not enter a baseline model" in document["error"]


def test_people_entered_again_under_another_id_are_refused(train, clean):
    patients, visits = read(clean, "patients"), read(clean, "visits")
    again = set(patients["patient_id"][:60])

    def doubled(table):
        more = table[table["patient_id"].isin(again)]
        return pd.concat([table, more.assign(patient_id="sim-again-" + more["patient_id"])])

    reason = refused(train(patients=doubled(patients), visits=doubled(visits)), "same_person")
    assert "one person under two ids" in reason


def test_a_split_with_a_person_on_both_sides_is_refused(train, monkeypatch):
    def overlapping(y, **_):
        rows = np.arange(len(y))
        return [Split(0, 0, rows, rows[:50]), Split(0, 1, rows[:50], rows[50:])]

    monkeypatch.setattr(cv, "folds", overlapping)
    assert "50 patients are on both sides" in refused(train(), "training_rows")


def test_a_step_that_learns_from_people_it_predicts_is_refused(train, monkeypatch):
    honest = procedure.prepare

    def leaky(values, variables, rows, **how):
        for variable in variables:
            np.nanmean(values[variable.id])
        return honest(values, variables, rows, **how)

    monkeypatch.setattr(procedure, "prepare", leaky)
    assert "who are not among the" in refused(train(), "training_rows")


@pytest.mark.parametrize("filled", ["every visit", "the outcome alone"])
def test_outcomes_carried_forward_are_refused(train, clean, filled):
    visits = read(clean, "visits")
    wide = totals(visits)
    early = wide[[day for day in wide if day <= 28]]
    forward = early.ffill(axis=1)
    if filled == "the outcome alone":
        forward = early.copy()
        forward[28.0] = early.ffill(axis=1)[28.0]
    long = forward.reset_index().melt("patient_id", var_name="day", value_name="score").dropna()
    planted = long.assign(instrument="madrs", day=long["day"].map("{:g}".format))
    reason = refused(train(visits=planted), "carried_forward")
    assert "outcomes were carried forward" in reason


def test_outcomes_declared_as_carried_forward_are_refused(train):
    reason = refused(train(column_map={"outcomes_carried_forward": True}), "carried_forward")
    assert "declared" in reason


def test_a_procedure_that_sees_the_outcomes_is_refused(train, monkeypatch):
    honest = cv._predict

    def peeping(fitted, analysis, split):
        held = honest(fitted, analysis, split)
        return replace(held, margin=held.margin + 0.5 * analysis.outcome.events[split.test])

    monkeypatch.setattr(cv, "_predict", peeping)
    reason = refused(train(), "permuted_outcome")
    assert "the procedure sees the outcomes that it predicts" in reason
