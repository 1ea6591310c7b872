"""The files of a run, and that nothing which names a patient reaches MLflow."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import yaml

from training.presentation import draw
from training.run_files import tracked, write_files, write_json


def test_out_of_fold_has_a_line_for_each_person_and_repeat(findings_of, tmp_path) -> None:
    findings = findings_of()
    write_files(findings, tmp_path)
    with (tmp_path / "out_of_fold.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    columns = ["patient_id", "repeat", "fold", "margin", "probability", "outcome"]
    assert list(lines[0]) == columns
    assert len(lines) == 40 * 2
    found = findings.out_of_fold["ridge"]
    assert [lines[3][c] for c in ("patient_id", "repeat", "outcome")] == ["secret-1", "1", "0"]
    assert float(lines[3]["margin"]) == found.margin[1, 1]
    assert float(lines[3]["probability"]) == found.probability[1, 1]
    assert [int(line["fold"]) for line in lines[:4]] == [0, 0, 1, 3]


def test_for_relapse_the_probability_is_that_of_the_last_day(findings_of, tmp_path) -> None:
    findings = findings_of("relapse")
    write_files(findings, tmp_path)
    with (tmp_path / "out_of_fold.csv").open(encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    found = findings.out_of_fold["cox_ridge"]
    assert float(first["probability"]) == found.probability[0, 0, -1]
    assert list(first)[6:] == ["days", "risk_30", "risk_90", "risk_180"]
    assert float(first["days"]) == findings.analysis.outcome.days[0]
    assert float(first["risk_90"]) == found.probability[0, 0, 3]


def test_flow_settings_and_table_one_are_written(findings_of, tmp_path) -> None:
    write_files(findings_of(), tmp_path)
    assert json.loads((tmp_path / "flow.json").read_text(encoding="utf-8")) == {
        "patients": 45,
        "eligible": 44,
        "with_outcome": 40,
        "events": 20,
        "excluded": {"row_fault": 1, "no_score_in_window": 4},
    }
    settings = yaml.safe_load((tmp_path / "config.yaml").read_text(encoding="utf-8"))
    assert settings["candidates"] == ["ridge"]
    assert settings["resampling"]["folds"] == 5
    table = (tmp_path / "table_one.csv").read_text(encoding="utf-8").splitlines()
    assert table[0].startswith("variable,level,missing,overall")
    assert table[1].startswith("people,,,44,20,20,4")


def test_a_run_without_a_choice_writes_a_header_alone(findings_of, tmp_path) -> None:
    findings = replace(findings_of(), choice=None, model=None, status="refused")
    write_files(findings, tmp_path)
    assert len((tmp_path / "out_of_fold.csv").read_text(encoding="utf-8").splitlines()) == 1
    record = tracked(findings, tmp_path, {}, promote=False)
    assert record.bundle is None
    assert record.metrics == {}
    assert record.fold_metrics == []
    assert record.figures == {}
    assert record.tags["stamp"] == record.tags["chosen"] == ""


def test_json_holds_finite_numbers_alone(tmp_path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json({"auc": float("nan")}, tmp_path / "x.json")


@pytest.mark.parametrize("task", ["response", "relapse"])
def test_nothing_that_names_a_patient_is_tracked(task, findings_of, tmp_path) -> None:
    findings = findings_of(task)
    record = tracked(findings, tmp_path, draw(findings), promote=True)
    told = repr((record.name, record.params, record.tags, record.fold_metrics, record.metrics))
    assert "secret" not in told
    assert str(tmp_path) not in told
    assert "out_of_fold.csv" not in record.files
    assert not any(b"secret" in content for content in record.figures.values())
    assert record.promote
    assert record.bundle == tmp_path / "bundle"
    assert record.params["sha256.patients.csv"] == "ab" * 32
    assert record.params["resampling.folds"] == "5"
    assert record.tags["stamp"] == "exploratory"
    assert record.metrics["brier"].value == 0.2
    assert "shap_beeswarm.png" in record.figures


def test_folds_of_response_are_measured_where_both_outcomes_occur(findings_of, tmp_path) -> None:
    findings = findings_of()
    lines = tracked(findings, tmp_path, {}, promote=False).fold_metrics
    assert [(line["repeat"], line["fold"]) for line in lines] == [
        (repeat, fold) for repeat in (0, 1) for fold in range(4)
    ]
    found, y = findings.out_of_fold["ridge"], findings.analysis.outcome.events
    # repeat 1 holds all people without the outcome in fold 3: no AUC anywhere, a log-loss there
    last = lines[-1]
    assert last["events"] == 0
    assert last["people"] == 20
    p = found.probability[y == 0, 1]
    assert last["log_loss"] == pytest.approx(-np.log(1 - p).mean())
    assert last["mean_prediction"] == pytest.approx(p.mean())
    assert all("auc" not in line and "c_index" not in line for line in lines)


def test_an_auc_of_a_fold_by_counting_pairs(findings_of, tmp_path) -> None:
    findings = findings_of()
    found, y = findings.out_of_fold["ridge"], findings.analysis.outcome.events
    fold = np.tile((np.arange(40) // 2 % 4)[:, None], 2)
    both = replace(findings, out_of_fold={"ridge": replace(found, fold=fold)})
    line = tracked(both, tmp_path, {}, promote=False).fold_metrics[0]
    held = fold[:, 0] == 0
    cases = found.probability[held & (y == 1), 0]
    others = found.probability[held & (y == 0), 0]
    assert line["auc"] == pytest.approx((cases[:, None] > others).mean())


def test_folds_of_relapse_have_a_concordance_where_somebody_relapsed(findings_of, tmp_path) -> None:
    lines = tracked(findings_of("relapse"), tmp_path, {}, promote=False).fold_metrics
    assert all((line["events"] > 0) == ("c_index" in line) for line in lines)
    assert 0 < lines[0]["c_index"] <= 1
    assert all("auc" not in line for line in lines)
