"""What is kept of a run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from predictor.bundle import Bundle, write_bundle
from predictor.errors import BundleError, InvalidInputError
from training import tracking
from training.tracking import TrackedRun, log_run


def test_metrics_have_both_ends_and_only_finite_numbers(kept: Any) -> None:
    metrics = kept.client.get_run(kept.fitted.run_id).data.metrics
    assert metrics == {"auc": 0.61, "auc.lo": 0.55, "auc.hi": 0.67, "ici.lo": 0.1, "slope": 0.9}


def test_params_and_tags_are_what_was_given_and_name_no_user(kept: Any) -> None:
    data = kept.client.get_run(kept.fitted.run_id).data
    assert data.params == {"seed": "7", "resampling.folds": "5", "sha256.patients.csv": "ab"}
    own = {name for name in data.tags if not name.startswith("mlflow.")}
    assert own == {"data_origin", "stamp", "status"}
    assert not {"mlflow.user", "mlflow.source.name", "mlflow.source.git.commit"} & set(data.tags)
    model = kept.stored()
    assert not {"mlflow.user", "mlflow.source.name"} & set(model.tags)


def test_runs_end_finished_in_the_experiment_of_their_task(kept: Any) -> None:
    for logged, name in ((kept.fitted, "ketamine-response"), (kept.relapse, "ketamine-relapse")):
        info = kept.client.get_run(logged.run_id).info
        assert (info.status, info.experiment_id) == ("FINISHED", kept.experiment(name))
        assert (info.run_name, logged.tracking_uri) == ("seed 7", kept.uri)


def test_figures_folds_and_full_params_are_artefacts_beside_the_store(kept: Any) -> None:
    names = {entry.path for entry in kept.client.list_artifacts(kept.fitted.run_id)}
    assert names == {"figures", "fold_metrics.json", "params.json"}
    run = kept.client.get_run(kept.fitted.run_id)
    folder = Path(run.info.artifact_uri.removeprefix("file://"))
    assert folder.is_relative_to(Path(kept.uri.removeprefix("sqlite:///")).parent / "mlruns")
    assert (folder / "figures/roc.png").read_bytes() == b"a picture"
    folds = json.loads((folder / "fold_metrics.json").read_text())
    lines = [dict(zip(folds["columns"], line, strict=True)) for line in folds["data"]]
    assert [line["fold"] for line in lines] == [0, 1]
    assert [line["ici"] for line in lines] == [None, 0.1]
    assert "fold_metrics.json" in run.data.tags["mlflow.loggedArtifacts"]


def test_a_refused_run_is_logged_with_its_report_and_registers_nothing(kept: Any) -> None:
    assert kept.refused.model_version is None
    run = kept.client.get_run(kept.refused.run_id)
    assert run.data.metrics["auc"] == 0.61
    assert run.data.tags["status"] == "refused"
    assert "report.html" in {e.path for e in kept.client.list_artifacts(kept.refused.run_id)}
    versions = kept.client.search_model_versions("name = 'ketamine-response'")
    assert {version.run_id for version in versions} == {kept.fitted.run_id, kept.second.run_id}


def test_candidate_is_the_new_version_and_champion_only_by_promotion(kept: Any) -> None:
    def aliases(name: str) -> dict[str, str]:
        found = kept.client.get_registered_model(name).aliases
        return {alias: str(version) for alias, version in found.items()}

    assert aliases("ketamine-response") == {"candidate": "2", "champion": "1"}
    assert aliases("ketamine-relapse") == {"candidate": "1"}
    assert [kept.fitted.model_version, kept.second.model_version] == ["1", "2"]
    version = kept.client.get_model_version_by_alias("ketamine-response", "candidate")
    assert (version.run_id, version.tags["stamp"]) == (kept.second.run_id, "exploratory")


def test_metrics_belong_to_the_logged_model_too(kept: Any) -> None:
    model = kept.stored()
    assert {metric.key for metric in model.metrics} >= {"auc", "auc.lo", "auc.hi"}


def test_nothing_is_said_on_stdout(kept: Any) -> None:
    assert kept.stdout == ""


def test_a_failed_run_is_marked_and_the_address_restored(
    kept: Any,
    folders: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    a_run: Callable[..., TrackedRun],
    small_bundle: Callable[[str], Bundle],
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", kept.uri)
    damaged = tmp_path / "bundle"
    write_bundle(small_bundle("response"), damaged)
    (damaged / "model.json").write_bytes(b"{}")
    with pytest.raises(BundleError, match="was changed"):
        log_run(a_run(name="damaged", bundle=damaged))
    assert os.environ["MLFLOW_TRACKING_URI"] == kept.uri
    newest = kept.client.search_runs(
        [kept.experiment("ketamine-response")], "attributes.run_name = 'damaged'"
    )[0]
    assert newest.info.status == "FAILED"
    assert len(kept.client.search_model_versions("name = 'ketamine-response'")) == 2


@pytest.mark.parametrize("name", ["out_of_fold.csv", "out.parquet"])
def test_a_table_of_patients_is_not_tracked(
    name: str, tmp_path: Path, a_run: Callable[..., TrackedRun]
) -> None:
    (tmp_path / name).write_text("patient_id,margin\np1,0.3\n")
    with pytest.raises(InvalidInputError, match="may hold patients"):
        log_run(a_run(files={name: tmp_path / name}), tracking_uri="sqlite:////nowhere/at/all.db")


def test_a_table_without_patients_may_be_tracked(tmp_path: Path) -> None:
    (tmp_path / "flow.csv").write_text("rule,patients\nall,10\n")
    tracking._refuse_patients("flow.csv", tmp_path / "flow.csv")


def test_absent_files_unknown_tasks_and_names_that_lead_out_are_refused(
    tmp_path: Path, a_run: Callable[..., TrackedRun]
) -> None:
    with pytest.raises(InvalidInputError, match="is no file"):
        log_run(a_run(files={"report.html": tmp_path / "absent"}))
    with pytest.raises(InvalidInputError, match="'remission' is unknown"):
        log_run(a_run(task="remission"))
    with pytest.raises(InvalidInputError, match="leads out"):
        tracking._place(tmp_path, "../elsewhere")


def test_long_lists_are_cut_to_requests() -> None:
    sizes = [len(some) for some in tracking._batches(list(range(205)))]
    assert sizes == [100, 100, 5]
