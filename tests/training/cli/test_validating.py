"""``ketamine-train validate``: what it prints, writes and refuses."""

import json
import shutil
from pathlib import Path

import pytest

MANIFEST = "manifest.json"


@pytest.fixture(autouse=True)
def store(monkeypatch, tmp_path_factory):
    """One MLflow store for all validations here: making one takes seconds."""
    place = tmp_path_factory.getbasetemp() / "validations-of-the-command.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{place}")
    for module in ("external", "benefit"):
        monkeypatch.setattr(f"training.evaluation.{module}.resamples", lambda _: 100)


@pytest.fixture(scope="module")
def bundle(simulated, tmp_path_factory):
    """A bundle of the cohort of 150."""
    from training.cli import run

    folder = tmp_path_factory.mktemp("trained") / "run"
    patch = pytest.MonkeyPatch()
    place = tmp_path_factory.getbasetemp() / "validations-of-the-command.db"
    patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{place}")
    words = ["run", "configs/smoke.yaml", *tables(simulated), "--out", folder, "--quiet"]
    assert run([str(word) for word in words]) == 0
    patch.undo()
    return folder / "bundle"


@pytest.fixture(scope="module")
def new(tmp_path_factory):
    """Other people of the same population."""
    from training.cli import run

    folder = tmp_path_factory.mktemp("new") / "cohort"
    words = ["simulate", "--patients", "200", "--seed", "8", "--out", str(folder), "--quiet"]
    assert run(words) == 0
    return folder


def tables(folder):
    return [
        *("--patients", folder / "patients.csv", "--visits", folder / "visits.csv"),
        *("--events", folder / "events.csv"),
    ]


def test_a_validation_prints_lines_and_one_document(call, bundle, new, tmp_path):
    ended = call("validate", bundle, *tables(new), "--out", tmp_path / "a")
    assert ended.code == 0, ended.err
    for words in (
        "simulated data: no row is a real person",
        "outcome observed",
        "calibration slope",
        "the closed test chooses: ",
        "external validation needs",
        "none written; the given one is as it was",
    ):
        assert words in ended.out, words
    ended = call("validate", bundle, *tables(new), "--out", tmp_path / "b", "--json", "--update")
    assert ended.code == 0, ended.err
    document = ended.document
    assert document["task"] == "response"
    assert document["status"] in {"measured", "updated"}
    assert set(document) >= {
        *("reason", "stamp", "parent", "cohort", "metrics", "undefined", "against_average"),
        *("with_stop", "net_benefit", "case_mix", "precision", "ladder", "updated", "bundle"),
        *("report", "run_id", "tracking_uri", "why_not_stamped", "model_based_auc"),
    }
    assert Path(document["report"]).is_file()
    assert json.loads((tmp_path / "b" / "validation.json").read_text()) == document
    assert (tmp_path / "b" / "figures" / "calibration.svg").is_file()


def test_the_record_names_the_bundle_and_registers_nothing(call, bundle, new, tmp_path):
    import mlflow

    document = call("validate", bundle, *tables(new), "--out", tmp_path / "a", "--json").document
    client = mlflow.MlflowClient(document["tracking_uri"])
    logged = client.get_run(document["run_id"])
    tags = logged.data.tags
    assert tags["kind"] == "external validation"
    assert tags["bundle_sha256"] == document["parent"]
    assert tags["status"] == document["status"]
    auc = document["metrics"]["auc"]
    assert logged.data.metrics["auc"] == pytest.approx(auc["value"])
    assert logged.data.metrics["auc.lo"] == pytest.approx(auc["lo"])
    names = {file.path for file in client.list_artifacts(document["run_id"])}
    assert {"validation.html", "validation.json", "figures"} <= names
    assert client.search_model_versions(f"run_id = '{document['run_id']}'") == []


def test_a_damaged_bundle_ends_with_4(call, bundle, new, tmp_path):
    harmed = Path(shutil.copytree(bundle, tmp_path / "harmed"))
    content = bytearray((harmed / "arrays.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (harmed / "arrays.npz").write_bytes(content)
    for place in (harmed, new):
        ended = call("validate", place, *tables(new), "--out", tmp_path / "out", "--json")
        assert ended.code == 4
        assert set(ended.document) == {"error", "faults"}
    assert not (tmp_path / "out").exists()


def test_people_that_cannot_be_read_end_with_2(call, bundle, new, tmp_path):
    strange = Path(shutil.copytree(new, tmp_path / "strange"))
    lines = (strange / "patients.csv").read_text().splitlines()
    text = "\n".join([lines[0] + ",shoe_size", *(f"{line},42" for line in lines[1:])])
    (strange / "patients.csv").write_text(text + "\n")
    ended = call("validate", bundle, *tables(strange), "--out", tmp_path / "out")
    assert ended.code == 2
    assert "shoe_size" in ended.err
    assert not (tmp_path / "out").exists()
    words = ("--out", tmp_path / "out", "--ignore-unknown", "--quiet")
    assert call("validate", bundle, *tables(strange), *words).code == 0
    for words in ([], ["--source", "ds005917", tmp_path / "nowhere"]):
        assert call("validate", bundle, *words, "--out", tmp_path / "other").code == 2
    full = call("validate", bundle, *tables(new), "--out", tmp_path / "out")
    assert full.code == 2
    assert "is not empty" in full.err


def test_too_few_people_end_with_3_and_figures(call, bundle, tmp_path):
    call("simulate", "--patients", 14, "--seed", 1, "--out", tmp_path / "few", "--quiet")
    ended = call("validate", bundle, *tables(tmp_path / "few"), "--out", tmp_path / "out", "--json")
    assert ended.code == 3
    assert ended.document["status"] == "too_few"
    assert ended.document["bundle"] is None
    assert (tmp_path / "out" / "validation.html").is_file()


def test_the_training_cohort_is_warned_of(call, bundle, simulated, tmp_path):
    ended = call("validate", bundle, *tables(simulated), "--out", tmp_path / "out", "--json")
    assert ended.code == 0
    assert ended.document["may_be_training_cohort"] is True
    assert "nothing here is a validation" in " ".join(ended.err.split())
