"""What a study folder holds: files that are read back without a change."""

from __future__ import annotations

import csv
import re

import pytest

from predictor.rows import read_rows
from training.column_map import ColumnMap
from training.config import (
    read_column_map,
    read_dictionary,
    read_outcomes,
    read_run_config,
    read_yaml,
    shipped_configs,
)
from training.outcome_definition import outcome_definitions
from training.study_folder import write_study_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("study") / "new"
    write_study_folder(place)
    return place


@pytest.mark.parametrize("name", ["response", "relapse"])
def test_the_configurations_are_the_shipped_ones_with_their_comments(folder, name):
    path = folder / "configs" / f"{name}.yaml"
    assert path.read_bytes() == (shipped_configs() / f"{name}.yaml").read_bytes()
    assert read_run_config(path).task == name
    assert "#" in path.read_text(encoding="utf-8")


def test_the_outcomes_are_the_shipped_ones(folder):
    assert outcome_definitions(read_yaml(folder / "configs/outcomes.yaml")) == read_outcomes()


def test_the_column_map_is_commented_and_changes_nothing(folder):
    path = folder / "configs" / "column_map.yaml"
    assert read_column_map(path) == ColumnMap()
    assert path.read_text(encoding="utf-8").count("#") > 20


def test_every_key_of_a_column_map_stands_in_the_template(folder):
    text = (folder / "configs" / "column_map.yaml").read_text(encoding="utf-8")
    kinds = [ColumnMap, *(ColumnMap.model_fields[k].annotation for k in ("patients", "visits"))]
    keys = {key for kind in kinds for key in kind.model_fields}
    assert all(f"{key}:" in text for key in keys)


def test_the_examples_of_the_column_map_are_accepted_too(folder):
    text = (folder / "configs" / "column_map.yaml").read_text(encoding="utf-8")
    # one shape of the visits table at a time
    text = text.replace("#  {madrs: MADRS_Total, phq9: PHQ9_Total}", "# none")
    filled = re.sub(r"(:) (\{\}|\[\])\n(?= *#  )", r"\1\n", text)
    own = folder.parent / "own.yaml"
    own.write_text(re.sub(r"(?m)^( *)#  ", r"\1    ", filled), encoding="utf-8")
    read = read_column_map(own)
    assert [rule.rule for rule in read.eligibility] == ["not_depressed", "no_ketamine"]
    assert read.patients.columns["Weight (kg)"] == "weight_kg"
    assert read.patients.recode["employed"] == {"J": "yes", "N": "no"}
    assert read.patients.missing_codes == ("n/a", "-99", "unknown")
    assert read.visits.wide_columns["MADRS_week4"].day == 28
    assert read.events.recode["event"]["second course"] == "retreated"


def test_the_header_of_patients_is_accepted(folder):
    header = (folder / "patients_header.csv").read_text(encoding="utf-8").strip()
    assert header.startswith("patient_id,site,age_years")
    filled = folder / "filled.csv"
    commas = "," * header.count(",")
    filled.write_text(f"{header}\np1{commas}\n", encoding="utf-8")
    rows = read_rows(filled, read_dictionary(), require_ids=True)
    assert rows.faults == ()
    assert rows.patient_ids == ("p1",)


def test_each_column_of_patients_is_explained(folder):
    header = (folder / "patients_header.csv").read_text(encoding="utf-8").strip().split(",")
    with (folder / "patients_columns.csv").open(encoding="utf-8-sig", newline="") as file:
        explained = {line["column"] for line in csv.DictReader(file)}
    assert set(header) <= explained


def test_the_readme_shows_tables_and_commands(folder):
    text = (folder / "README.txt").read_text(encoding="utf-8")
    assert "patient_id,day,instrument,score" in text
    assert "patient_id,day,event" in text
    assert "madrs (0 to 60)" in text
    assert "ketamine-train check --patients" in text
    assert "{" not in text
    assert max(len(line) for line in text.splitlines()) <= 100
