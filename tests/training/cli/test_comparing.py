"""`compare` and `promote` on finished runs: what is said, what is set, what is refused."""

import json

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import roc_auc_score

from training.cli import run as command
from training.config import find_config, read_yaml


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs on the same people, the second with fewer variables, and their store."""
    place = tmp_path_factory.mktemp("runs")
    cohort = place / "cohort"
    assert command(["simulate", "--patients", "200", "--seed", "3", "--out", str(cohort)]) == 0
    store = f"sqlite:///{place / 'mlflow.db'}"
    settings = read_yaml(find_config("configs/smoke.yaml")[0])
    settings |= {"optimism_resamples": 0, "candidates": ["logistic"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", store)
        for name, declared in (("one", ["failed_trials", "employed"]), ("two", ["age_years"])):
            config = place / f"{name}.yaml"
            config.write_text(yaml.safe_dump(settings | {"declared_variables": declared}))
            tables = ("--patients", cohort / "patients.csv", "--visits", cohort / "visits.csv")
            words = ["run", config, *tables, "--out", place / name, "--quiet"]
            assert command([str(word) for word in words]) == 0
        yield place, store


@pytest.fixture
def call(runs, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", runs[1])

    def called(*words):
        capsys.readouterr()
        code = command([str(word) for word in words])
        return code, *capsys.readouterr()

    return called


def auc_of(folder):
    table = pd.read_csv(folder / "out_of_fold.csv")
    return np.mean(
        [roc_auc_score(x["outcome"], x["probability"]) for _, x in table.groupby("repeat")]
    )


@pytest.mark.slow
def test_two_runs_are_compared_on_the_same_people(runs, call):
    one, two = runs[0] / "one", runs[0] / "two"
    code, out, _ = call("compare", one, two, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["people"] == len(pd.read_csv(one / "out_of_fold.csv")["patient_id"].unique())
    assert (found["only_a"], found["only_b"], found["same_folds"]) == (0, 0, True)
    auc = found["differences"]["auc"]
    assert auc["difference"]["value"] == pytest.approx(auc_of(one) - auc_of(two))
    assert auc["a"] == pytest.approx(auc_of(one))
    assert "sim-0" not in out
    code, out, _ = call("compare", one, one)
    assert code == 0
    assert "By log-loss: cannot be told apart" in out
    assert "simulated data" in out


@pytest.mark.slow
def test_the_model_of_a_run_becomes_champion_only_when_a_demonstration_is_meant(runs, call):
    one, two = runs[0] / "one", runs[0] / "two"
    code, _, said = call("promote", one)
    assert code == 2
    assert "say --demo to promote it as a demonstration" in said
    for folder, before in ((one, None), (two, "1")):
        code, out, _ = call("promote", folder, "--demo", "--json")
        assert code == 0
        assert json.loads(out)["before"] == before
    client = mlflow.MlflowClient(runs[1])
    champion = client.get_model_version_by_alias("ketamine-response", "champion")
    assert champion.run_id == json.loads((two / "run.json").read_text())["run_id"]


@pytest.mark.slow
def test_refused_and_unknown_runs_are_not_promoted(runs, call, tmp_path, monkeypatch):
    document = json.loads((runs[0] / "one" / "run.json").read_text())
    for name, changed, words in (
        ("refused", {"status": "refused", "reason": "too few"}, "ended refused"),
        ("unlogged", {"run_id": None}, "has no record in MLflow"),
        ("elsewhere", {"run_id": "0" * 32}, "holds 0 versions"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "run.json").write_text(json.dumps(document | changed))
        for file in ("config.yaml", "out_of_fold.csv"):
            (folder / file).write_bytes((runs[0] / "one" / file).read_bytes())
        code, _, said = call("promote", folder, "--demo")
        assert code == 2, said
        assert words in said
