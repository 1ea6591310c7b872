"""The main job on real trials, through the command line, against known answers."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

DATA = Path(__file__).parents[1] / ".." / "shared" / "data"


def run_source(name, folder, out, candidates=None):
    """Run `ketamine-train run --source` in a process of its own."""
    if not (DATA / folder).is_dir():
        pytest.skip(f"the data set {folder} is not here")
    config = "configs/response.yaml"
    if candidates:
        settings = yaml.safe_load((Path(__file__).parents[1] / config).read_text())
        (out / "own.yaml").write_text(yaml.safe_dump({**settings, "candidates": candidates}))
        config = "own.yaml"
    command = [
        sys.executable, "-c", "from training.cli import main; main()", "run",
        config, "--source", name, str(DATA / folder), "--out", str(out / "run"),
        "--json",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=out, check=False)
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.mark.slow
def test_six_events_of_a_ketamine_trial_support_no_model(tmp_path):
    code, found, _ = run_source("ds005917", "nimh_ketamine_moa", tmp_path)
    assert code == 3
    assert found["status"] == "refused"
    assert "6 events" in found["reason"]
    assert found["bundle"] is None
    assert not list(tmp_path.glob("run/bundle*"))
    cohort = found["cohort"]
    assert cohort["patients"] == 58
    assert cohort["with_outcome"] == 29
    assert cohort["events"] == 6
    assert cohort["excluded"]["healthy"] == 22
    assert cohort["patients"] - sum(cohort["excluded"].values()) == 29
    assert (
        found["candidates"]["logistic"]["auc"]["lo"]
        < 0.5
        < (found["candidates"]["logistic"]["auc"]["hi"])
    )
    report = Path(found["report"]).read_text()
    for number in ("-9.22", "-1.96", "-4.38", "-8.86"):  # mean changes of the known answers
        assert number in report.replace("−", "-")


@pytest.mark.slow
def test_an_antidepressant_trial_gives_an_honest_no_signal(tmp_path):
    # Trees are left out for their time alone: 100 training folds, each with its own tuning.
    candidates = ["logistic", "ridge", "elastic_net"]
    code, found, _ = run_source("rbmi", "rbmi_antidepressant", tmp_path, candidates)
    assert code == 0
    assert found["status"] == "exploratory"
    assert "no better than the average" in found["reason"]
    assert found["cohort"]["with_outcome"] == 129
    assert found["cohort"]["events"] == 49
    assert 0.51 <= found["candidates"]["logistic"]["auc"]["value"] <= 0.57
    assert found["metrics"]["auc"]["lo"] < 0.5 < found["metrics"]["auc"]["hi"]
    with (tmp_path / "run" / "out_of_fold.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 129 * 20
    assert {line["fold"] for line in lines} == {"0", "1", "2", "3", "4"}
