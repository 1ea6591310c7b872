"""The main job on real trials, through the command line, against known answers."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

import predictor
from training.analysis import select
from training.evaluation import cross_validate
from training.learners import learner_named
from training.metrics.survival import harrell_c
from training.run_input import Input, read_input

DATA = Path(__file__).parents[1] / ".." / "shared" / "data"


def run_source(name, folder, out, candidates=None, task="response"):
    """Run `ketamine-train run --source` in a process of its own."""
    if not (DATA / folder).is_dir():
        pytest.skip(f"the data set {folder} is not here")
    config = f"configs/{task}.yaml"
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
def test_four_relapses_among_six_responders_support_no_model(tmp_path):
    code, found, _ = run_source("ds005917", "nimh_ketamine_moa", tmp_path, task="relapse")
    assert code == 3
    assert found["status"] == "refused"
    assert found["reason"] == "4 events support no model: at least 10 relapses are needed"
    assert (found["cohort"]["with_outcome"], found["cohort"]["events"]) == (6, 4)
    assert found["cohort"]["excluded"]["not_a_responder"] == 23
    assert found["bundle"] is None


@pytest.mark.slow
def test_dated_relapses_to_smoking_give_a_model_that_says_it_is_not_of_ketamine(tmp_path):
    code, found, notes = run_source("smoking_relapse", "smoking_relapse", tmp_path, task="relapse")
    assert code == 0
    assert (found["cohort"]["with_outcome"], found["cohort"]["events"]) == (125, 89)
    assert "Not ketamine and not depression" in notes
    report = Path(found["report"]).read_text()
    assert "Not ketamine and not depression" in report
    assert "after response to ketamine" not in report
    assert 0.57 <= found["candidates"]["cox"]["c_index"]["value"] <= 0.63
    scorer = predictor.load(found["bundle"])
    score = scorer.score(
        {"age_years": 40, "sex": "male", "employment": "other", "arm": "patch_only"}
    )
    (one,) = score.to_dict()
    assert one["given"] is None
    assert one["provenance"]["time_zero"] == "day 0"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (("age_years", "sex", "employment", "arm"), 0.60),
        # two people whose race is recorded as other leave the unpenalised fit without an estimate
        (
            (
                "age_years", "sex", "employment", "arm", "years_smoking", "smoking_level",
                "prior_quit_attempts", "longest_abstinence_days",
            ),
            0.58,
        ),
    ],
)  # fmt: skip
def test_an_unpenalised_cox_ranks_smokers_as_known(variables, expected):
    folder = DATA / "smoking_relapse"
    if not folder.is_dir():
        pytest.skip("the data set smoking_relapse is not here")
    data = Input(source="smoking_relapse", folder=folder)
    asked = {"variables": variables, "declared_variables": variables, "candidates": ("cox",)}
    config, cohort, _ = read_input("configs/relapse.yaml", data, **asked)
    analysis = select(config, cohort)
    assert (config.resampling.repeats, config.resampling.folds) == (10, 5)
    rng = np.random.default_rng(20262)
    cox = learner_named("cox", "relapse")
    found = cross_validate(analysis, [cox], config.resampling, rng=rng)["cox"]
    days, events = analysis.outcome.days, analysis.outcome.events
    by_fold = [
        harrell_c(days[held], events[held], found.margin[held, repeat])
        for repeat in range(10)
        for held in (found.fold[:, [repeat]] == np.arange(5)).T
    ]
    assert len(by_fold) == 50
    assert np.mean(by_fold) == pytest.approx(expected, abs=0.03)


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
    # the ladder of ../shared/data/README.md: baseline, then the scores of week 1 and of week 2
    ladder = [found["candidates"]["logistic"]["auc"]["value"]]
    ladder += [
        found["landmarks"][week]["candidates"]["logistic"]["auc"]["value"]
        for week in ("week1", "week2")
    ]
    assert ladder == pytest.approx([0.54, 0.68, 0.76], abs=0.03)
    assert list((tmp_path / "run" / "bundle" / "landmarks").iterdir())
    with (tmp_path / "run" / "out_of_fold.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 129 * 20
    assert {line["fold"] for line in lines} == {"0", "1", "2", "3", "4"}
