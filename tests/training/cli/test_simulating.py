"""``simulate``: files of a cohort, the same for the same seed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

FILES = ("patients.csv", "visits.csv", "events.csv", "truth.csv", "origin.json")


def test_the_answer_names_files_and_figures(call, tmp_path):
    ended = call("simulate", "--patients", 40, "--seed", 3, "--out", tmp_path / "a", "--json")
    assert ended.code == 0
    document = ended.document
    assert list(document) == ["patients", "visits", "events", "truth", "oracle", "rates"]
    for name in ("patients", "visits", "events", "truth"):
        assert document[name] == str((tmp_path / "a" / f"{name}.csv").resolve())
        assert Path(document[name]).is_file()
    assert set(document["oracle"]) == {"auc", "c_index"}
    assert set(document["rates"]) == {"response", "relapse_90"}
    with Path(document["patients"]).open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 40
    origin = json.loads((tmp_path / "a" / "origin.json").read_text())
    assert origin["data_origin"] == "simulated"
    assert origin["seed"] == 3


def test_one_seed_is_one_cohort(call, tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        call("simulate", "--patients", 30, "--seed", seed, "--out", tmp_path / name, "--quiet")
    first, again, other = (
        [(tmp_path / name / file).read_bytes() for file in FILES] for name in "abc"
    )
    assert first == again
    assert first[0] != other[0]


def test_one_person_has_no_rank_and_the_document_is_still_json(call, tmp_path):
    ended = call("simulate", "--patients", 1, "--out", tmp_path / "a", "--json")
    assert ended.code == 0
    assert ended.document["oracle"]["auc"] is None


def test_in_words_the_data_are_called_simulated(call, tmp_path):
    ended = call("simulate", "--patients", 1, "--out", tmp_path / "a")
    assert ended.code == 0
    assert "no row is a real person" in ended.out
    assert "not defined" in ended.out


def test_a_world_of_ones_own_is_read(call, tmp_path):
    import yaml

    from training.config import shipped_configs

    world = yaml.safe_load((shipped_configs() / "simulation.yaml").read_text(encoding="utf-8"))
    world["response"]["intercept"] = 30.0
    own = tmp_path / "own.yaml"
    own.write_text(yaml.safe_dump(world), encoding="utf-8")
    ended = call("simulate", "--patients", 20, "--world", own, "--out", tmp_path / "a", "--json")
    assert ended.code == 0
    assert ended.document["rates"]["response"] == 1.0
    assert ended.document["oracle"]["auc"] is None


@pytest.mark.parametrize(
    ("option", "value"), [("--seed", -1), ("--patients", 0), ("--world", "nix.yaml")]
)
def test_wrong_values_are_the_callers(option, value, call, tmp_path):
    ended = call("simulate", option, value, "--out", tmp_path / "a", "--json")
    assert ended.code == 2
    assert ended.document["error"]
    assert not (tmp_path / "a").exists()


def test_a_folder_that_holds_something_is_refused(call, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    assert call("simulate", "--patients", 5, "--out", tmp_path).code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
