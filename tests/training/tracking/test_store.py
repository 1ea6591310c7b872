"""One writer at a time, the right address, and quiet."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from predictor.errors import InvalidInputError
from training.tracking import TrackedRun, log_run, ready_store, store


@pytest.mark.slow
def test_two_processes_share_a_fresh_store(folders: dict[str, Path], tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom training.tracking import *\n"
        f"run = TrackedRun('response', sys.argv[1], bundle=Path({str(folders['response'])!r}))\n"
        "print(log_run(run).model_version)\n"
    )
    env = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", script, name],
            cwd=tmp_path,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    said = [process.communicate(timeout=240) for process in started]
    assert sorted(out for out, _ in said) == ["1\n", "2\n"], said
    # no git repository, no server, no variable: the store is a file in the working directory
    assert {path.name for path in tmp_path.iterdir()} == {
        "mlflow.db",
        "mlflow.db.lock",
        "mlruns",
    }


def test_a_fresh_store_waits_for_the_disk_again_once_it_is_made(tmp_path: Path) -> None:
    from sqlalchemy import text

    uri = f"sqlite:///{tmp_path / 'deep' / 'mlflow.db'}"
    with store.opened_store(uri) as client:
        engine = client._tracking_client.store.engine
        with engine.connect() as connection:
            assert connection.execute(text("PRAGMA synchronous")).scalar() == 2


def test_a_deleted_experiment_is_taken_up_again(kept: Any) -> None:
    client = kept.client
    client.delete_experiment(client.create_experiment("taken up"))
    found = store.experiment_of(client, "taken up", uri=kept.uri)
    assert client.get_experiment(found).lifecycle_stage == "active"


def test_a_store_that_cannot_be_used_is_named(kept: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"cannot be used .*MLFLOW_TRACKING_URI"):
        store.experiment_of(kept.client, "", uri=kept.uri)


def test_a_store_held_by_another_run_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, a_run: Callable[..., TrackedRun]
) -> None:
    from filelock import FileLock

    monkeypatch.setattr(store, "WAIT_SECONDS", 0.1)
    with (
        FileLock(tmp_path / "mlflow.db.lock"),
        pytest.raises(InvalidInputError, match="held by another run"),
    ):
        log_run(a_run(), tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}")


@pytest.mark.parametrize(
    ("given", "variable", "wanted"),
    [
        (None, None, "sqlite:///{here}/mlflow.db"),
        (None, "", "sqlite:///{here}/mlflow.db"),
        (None, "sqlite:///sub/a.db", "sqlite:///{here}/sub/a.db"),
        ("sqlite:///b.db?timeout=9", "http://ignored", "sqlite:///{here}/b.db?timeout=9"),
        (None, "http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("sqlite://", None, "sqlite://"),
        ("sqlite:///:memory:", None, "sqlite:///:memory:"),
    ],
)
def test_the_address_is_argument_then_variable_then_a_file_here(
    given: str | None,
    variable: str | None,
    wanted: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    if variable is not None:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", variable)
    assert store.resolve_uri(given) == wanted.format(here=tmp_path)


def test_only_a_sqlite_file_is_locked() -> None:
    with store._one_writer(None):
        pass


def test_importing_tracking_imports_no_mlflow() -> None:
    script = (
        "import sys, training.tracking; print(sorted({'mlflow', 'sqlalchemy'} & {*sys.modules}))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"


def test_telemetry_is_off(kept: Any) -> None:
    from mlflow.telemetry.utils import is_telemetry_disabled

    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert is_telemetry_disabled()


@pytest.mark.parametrize(
    "uri", ["nonsense://x", "sqlite:///{folder}/text.csv", "file://{folder}/runs"]
)
def test_an_address_that_is_no_store_is_named_before_anything_is_computed(
    uri: str, tmp_path: Path
) -> None:
    (tmp_path / "text.csv").write_text("patient_id,day\n" * 200)
    with pytest.raises(InvalidInputError, match=r"cannot be used .*MLFLOW_TRACKING_URI"):
        ready_store(
            "response", tracking_uri=uri.format(folder=tmp_path), apart_from=tmp_path / "out"
        )


def test_a_store_without_its_driver_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(InvalidInputError, match="cannot be used") as refused:
        ready_store(
            "response", tracking_uri="postgresql://u:hidden@127.0.0.1:1/d", apart_from=tmp_path
        )
    assert "hidden" not in str(refused.value)


def test_a_store_inside_the_folder_of_the_run_is_refused(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'out' / 'mlflow.db'}"
    with pytest.raises(InvalidInputError, match=r"inside --out; .*MLFLOW_TRACKING_URI"):
        ready_store("response", tracking_uri=uri, apart_from=tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_store_that_can_be_used_is_ready(kept: Any, tmp_path: Path) -> None:
    ready_store("response", tracking_uri=kept.uri, apart_from=tmp_path / "out")


def test_no_password_of_an_address_is_shown(kept: Any) -> None:
    words = "API request to https://me:hidden@host/api failed"
    assert store.without_password(words) == "API request to https://***@host/api failed"
    assert store.without_password(kept.uri) == kept.uri


def test_a_server_that_quotes_its_address_shows_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(InvalidInputError, match="cannot be used") as refused:
        ready_store("response", tracking_uri="http://me:hidden@127.0.0.1:9", apart_from=tmp_path)
    assert "hidden" not in str(refused.value)
