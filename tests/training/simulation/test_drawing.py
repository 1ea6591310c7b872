"""Frames and files of a simulated cohort."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from predictor.dictionary import Dictionary
from predictor.errors import InvalidInputError
from predictor.rows import read_rows
from training.simulation import World, simulate, write_cohort


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
