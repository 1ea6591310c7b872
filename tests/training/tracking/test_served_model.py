"""The registered model answers rows as the bundle does."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from predictor.bundle import Bundle
from predictor.errors import InvalidInputError
from predictor.scoring import Scorer
from training.tracking import served


def test_the_stored_model_holds_the_bundle_and_no_example(
    kept: Any, folders: dict[str, Path]
) -> None:
    model = kept.stored()
    folder = Path(model.artifact_location.removeprefix("file://"))
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {
        "MLmodel",
        "conda.yaml",
        "python_env.yaml",
        "requirements.txt",
        "served_model.py",
        *(f"artifacts/bundle/{path.name}" for path in folders["response"].iterdir()),
    }
    needed = (folder / "requirements.txt").read_text().split()
    assert needed == ["mlflow==3.17.2", "ketamine-response==0.1.0"]
    card = yaml.safe_load((folder / "MLmodel").read_text())
    assert "saved_input_example_info" not in card
    assert card["metadata"]["data_origin"] == "simulated"
    taken = {entry["name"]: entry for entry in json.loads(card["signature"]["inputs"])}
    assert {entry["type"] for entry in taken.values()} == {"double", "string"}
    assert not any(entry["required"] for entry in taken.values())
    assert taken["sex"]["type"] == "string"
    assert taken["employed"]["type"] == "double"
    # safety questions and items too: MLflow drops columns that it does not know
    assert {"aneurysm", "nyha_class", "phq9_9", "planned_dose", "patient_id"} <= set(taken)
    assert "treatment_resistant" not in taken


def test_the_served_model_answers_as_the_bundle_does(
    load: Callable[[str], Any],
    small_bundle: Callable[[str], Bundle],
    rows: pd.DataFrame,
    row: dict[str, Any],
    stopped: dict[str, Any],
) -> None:
    found = load("ketamine-response").predict(rows)
    wanted = Scorer(small_bundle("response")).score(
        [row, stopped, {"age_years": 41.0}], explain=False
    )
    assert list(found.index) == [3, 5, 8]
    assert list(found["status"]) == ["scored", "refused", "refused"]
    assert found.loc[3, "probability"] == pytest.approx(wanted[0].probability, abs=1e-12)
    assert (found.loc[3, "lo"], found.loc[3, "hi"]) == (wanted[0].lo, wanted[0].hi)
    assert found.loc[[5, 8], ["probability", "lo", "hi", "margin"]].isna().all(axis=None)
    assert found.loc[5, "refusals"] == "stop_rule"
    assert found.loc[5, "stops"] != ""
    assert found.loc[8, "refusals"] == "too_little_information"
    assert found["probability"].dtype == np.float64
    assert found.loc[3, "safety_not_asked"] > 10


def test_empty_numbers_of_the_served_model_are_null_in_json(
    load: Callable[[str], Any], rows: pd.DataFrame
) -> None:
    found = load("ketamine-response").predict(rows)
    text = json.dumps(found.to_dict(orient="records"), allow_nan=False)
    assert json.loads(text)[1]["probability"] is None


@pytest.fixture(scope="module")
def script(kept: Any, folders: dict[str, Path]) -> Any:
    """The model that the script makes, as MLflow would load it."""
    spec = importlib.util.spec_from_file_location("training.tracking.served_model", served.SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.ServedModel()
    model.load_context(SimpleNamespace(artifacts={"bundle": folders["response"]}))
    return model


def test_the_script_answers_rows_in_their_order(script: Any, rows: pd.DataFrame) -> None:
    found = script.predict(rows.iloc[::-1])
    assert list(found.index) == [8, 5, 3]
    assert list(found["row"]) == [1, 2, 3]
    assert list(found["status"]) == ["refused", "refused", "scored"]
    lines = found.to_dict(orient="records")
    assert [line["margin"] is None for line in lines] == [True, True, False]
    assert type(found[["row"]]) is pd.DataFrame


def test_the_script_refuses_a_table_without_columns(script: Any) -> None:
    with pytest.raises(InvalidInputError, match="no column is known"):
        script.predict(pd.DataFrame())


def test_a_name_that_the_registry_refuses_is_an_error_of_its_own(kept: Any) -> None:
    from mlflow.exceptions import MlflowException

    model = kept.stored()
    with pytest.raises(MlflowException):
        served.register(kept.client, model.model_id, run_id=kept.fitted.run_id, name="", tags={})


def test_the_served_relapse_model_gives_the_risk_at_each_day(
    load: Callable[[str], Any],
    small_bundle: Callable[[str], Bundle],
    rows: pd.DataFrame,
    row: dict[str, Any],
) -> None:
    found = load("ketamine-relapse").predict(rows)
    (wanted,) = Scorer(small_bundle("relapse")).score([row], explain=False)
    for day in (30, 90, 180):
        risk = tuple(found.loc[3, [f"risk_{day}", f"risk_{day}_lo", f"risk_{day}_hi"]])
        assert risk == pytest.approx(wanted.risk_at(day), abs=1e-12)
        assert math.isnan(found.loc[5, f"risk_{day}"])
    assert found.loc[3, "well_days"] == wanted.well_days.days
    assert found.loc[3, "check_in_days"] == ""  # this bundle declares no step
    assert math.isnan(found.loc[5, "median_day"])
    assert found["probability"].isna().all()


def test_a_table_without_a_known_column_is_refused(load: Callable[[str], Any]) -> None:
    with pytest.raises(InvalidInputError, match="no column is known"):
        load("ketamine-response").predict(pd.DataFrame({"nothing_known": [1.0]}))


def test_no_row_stands_in_the_message_about_a_wrong_type(load: Callable[[str], Any]) -> None:
    from mlflow.exceptions import MlflowException

    model = load("ketamine-response")
    wrong = pd.DataFrame({"patient_id": ["planted-7"], "age_years": ["forty"]})
    with pytest.raises(MlflowException, match="check your input data") as refused:
        model.predict(wrong)
    assert "planted-7" not in str(refused.value)
    assert "age_years" in str(refused.value.__context__)


def test_the_model_loads_in_a_new_process_from_another_folder(
    kept: Any, tmp_path: Path, row: dict[str, Any]
) -> None:
    script = (
        "import sys, mlflow, pandas as pd\n"
        "model = mlflow.pyfunc.load_model('models:/ketamine-response@candidate')\n"
        f"print(model.predict(pd.DataFrame([{row!r}]))['status'][0])\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=os.environ | {"MLFLOW_TRACKING_URI": kept.uri, "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stdout.strip() == "scored", said.stderr


@pytest.mark.slow
def test_mlflow_serves_the_model(
    kept: Any, tmp_path: Path, row: dict[str, Any], stopped: dict[str, Any]
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    here = str(Path(sys.executable).parent)
    env = os.environ | {
        "MLFLOW_TRACKING_URI": kept.uri,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PATH": here + os.pathsep + os.environ["PATH"],
    }
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local"]
    command += ["-m", "models:/ketamine-response@candidate", "-h", "127.0.0.1", "-p", str(port)]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=tmp_path, env=env, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/ping", server, seconds=120)
        asked = {"dataframe_records": [row | {"age_years": 40}, stopped]}
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/invocations",
            data=json.dumps(asked).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - own server
            lines = json.loads(answer.read(), parse_constant=pytest.fail)["predictions"]
    finally:
        # its own session: the server and the worker that it started, nothing else
        os.killpg(server.pid, 15)
        server.wait(timeout=30)
    assert [line["status"] for line in lines] == ["scored", "refused"]
    assert 0 < lines[0]["lo"] < lines[0]["probability"] < lines[0]["hi"] < 1
    assert (lines[1]["probability"], lines[1]["refusals"]) == (None, "stop_rule")


def _wait_for(address: str, server: subprocess.Popen[bytes], *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - own server
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.3)
    pytest.fail("the server did not start")
