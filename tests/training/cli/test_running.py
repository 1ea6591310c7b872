"""``run``: from tables to a bundle, or to an honest refusal."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

import predictor
from predictor.errors import InvalidInputError
from training.cli.running import run as run_model
from training.outcome_definition import OutcomeDefinition
from training.question import question_of

KEYS = {
    *("task", "status", "reason", "cohort", "chosen", "candidates", "metrics", "sentinels"),
    *(
        "headline",
        "internal_external",
        "site_mix",
        "subgroups",
        "warnings",
        "bundle",
        "report",
        "run_id",
        "tracking_uri",
    ),
}


@pytest.fixture(autouse=True)
def store(monkeypatch, tmp_path_factory):
    """One MLflow store for all runs here: making one takes seconds."""
    place = tmp_path_factory.getbasetemp() / "runs-of-the-command.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{place}")


def tables(folder):
    return [
        *("--patients", folder / "patients.csv", "--visits", folder / "visits.csv"),
        *("--events", folder / "events.csv"),
    ]


def test_from_a_simulated_cohort_to_a_bundle_that_scores(call, simulated, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("check", *tables(simulated), "--json", "--quiet").document["rows"] == 150
    ended = call("run", "configs/smoke.yaml", *tables(simulated), "--out", "out", "--json")
    assert ended.code == 0, ended.err
    document = ended.document
    assert set(document) >= KEYS
    assert document["task"] == "response"
    # 150 people are far below what Riley's criteria ask
    assert document["status"] == "exploratory"
    assert document["cohort"]["patients"] == 150
    assert document["chosen"] in {"logistic", "ridge"}
    assert set(document["candidates"]) == {
        "logistic",
        "ridge",
        "severity",
        "published_rule",
        "prevalence",
    }
    auc = document["metrics"]["auc"]
    assert set(auc) == {"value", "lo", "hi", "method"}
    assert 0 <= auc["lo"] <= auc["value"] <= auc["hi"] <= 1
    across = document["internal_external"]
    assert across["learner"] == document["chosen"]
    sites = {site["site"]: site["people"] for site in across["sites"]}
    assert list(sites) == ["simulated-a", "simulated-b", "simulated-c"]
    assert set(across["summary"]) <= {"auc", "calibration_slope", "oe"}
    assert [mix["site"] for mix in document["site_mix"]] == list(sites)
    assert document["headline"]["sites"] == 3
    assert document["headline"]["lo"] == across["summary"]["auc"]["prediction_lo"]
    assert document["question"]["task"] == "response"
    assert document["question"]["horizon_days"] == 28
    assert document["report"] == str((tmp_path / "out" / "report.html").resolve())
    assert Path(document["report"]).is_file()
    assert "configs/smoke.yaml is not here; using the one that came with the package" in ended.err
    scores = predictor.load(document["bundle"]).score(simulated / "patients.csv")
    assert len(scores) == 150


def test_other_definitions_stand_beside_the_own_one_in_every_form(call, simulated, tmp_path):
    names = "remission_madrs_10, response_phq9,response_madrs"
    ended = call(
        *("run", "configs/smoke.yaml", *tables(simulated), "--out", tmp_path / "out"),
        *("--definitions", names),
    )
    assert ended.code == 0, ended.err
    written = json.loads((tmp_path / "out" / "run.json").read_text())
    grid = written["definitions"]
    assert [one["name"] for one in grid["results"]] == ["response_madrs", "remission_madrs_10"]
    assert grid["not_applied"] == {"response_phq9": "no visit has a PHQ-9 score"}
    assert grid["learner"] == written["chosen"]
    assert grid["results"][0]["people"] == written["cohort"]["with_outcome"]
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert "By other definitions" in lines
    assert "not applied, response_phq9: no visit has a PHQ-9 score" in lines
    assert any(line.startswith(("Survives: ", "Changes: ")) for line in lines)
    report = (tmp_path / "out" / "report.html").read_text()
    assert '<h2 id="definitions">By other definitions</h2>' in report
    numbers = (tmp_path / "out" / "numbers.csv").read_text()
    assert "\ndefinitions,name remission_madrs_10,people," in numbers


def test_with_competing_events_a_run_and_its_scores_say_what_the_risk_leaves_out(
    call, simulated, tmp_path
):
    settings = {
        "task": "relapse",
        "outcome": "relapse_madrs_competing",
        "variables": ["age_years", "bmi", "failed_trials", "madrs_total"],
        "declared_variables": ["age_years", "failed_trials"],
        "candidates": ["cox", "cox_ridge"],
        "landmarks": [],
        "resampling": {"folds": 3, "repeats": 1, "inner_folds": 3},
        "optimism_resamples": 0,
    }
    (tmp_path / "own.yaml").write_text(json.dumps(settings))
    ended = call(
        *("run", tmp_path / "own.yaml", *tables(simulated), "--out", tmp_path / "out", "--json")
    )
    assert ended.code == 0, ended.err
    competing = ended.document["competing"]
    assert competing["people"] == ended.document["cohort"]["with_outcome"]
    assert competing["relapsed"] == ended.document["cohort"]["events"]
    assert competing["competed"] > 0
    for found in competing["by_day"].values():
        assert found["relapse"]["value"] <= found["one_minus_kaplan_meier"]["value"]
    assert ended.document["question"]["counts_as"]["retreated"] == "competing"
    scores = predictor.load(ended.document["bundle"]).score(simulated / "patients.csv")
    specific = "what it would be were it not for another course or ECT or death"
    assert {score.provenance.question["assumes"] for score in scores} == {specific}
    report = Path(ended.document["report"]).read_text()
    assert '<h2 id="competing">Which event comes first</h2>' in report


def test_a_definition_that_is_none_ends_a_run_before_it_computes(call, simulated, tmp_path):
    ended = call(
        *("run", "configs/smoke.yaml", *tables(simulated), "--out", tmp_path / "out"),
        *("--definitions", "remission"),
    )
    assert ended.code == 2
    assert "'remission' is no entry of outcomes.yaml" in ended.err
    assert not (tmp_path / "out").exists()


def test_a_cohort_without_enough_events_is_refused(call, tmp_path):
    call("simulate", "--patients", 14, "--seed", 1, "--out", tmp_path / "c", "--quiet")
    ended = call("run", "configs/smoke.yaml", *tables(tmp_path / "c"), "--out", tmp_path / "out")
    assert ended.code == 3
    assert ended.out.startswith("refused: no model\n")
    assert "simulated data" in ended.out
    assert "Bundle  none" in ended.out
    assert not (tmp_path / "out" / "bundle").exists()
    assert (tmp_path / "out" / "report.html").is_file()
    written = json.loads((tmp_path / "out" / "run.json").read_text())
    assert (written["status"], written["bundle"]) == ("refused", None)


@pytest.mark.parametrize(
    "name", ["nonsense://x", "sqlite:////proc/nowhere/mlflow.db", "sqlite:///out/mlflow.db"]
)
def test_a_store_that_cannot_be_used_ends_a_run_before_it_computes(
    name, call, simulated, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", name)
    monkeypatch.setattr("training.pipeline.analyse", lambda *_: pytest.fail("computed"))
    ended = call("run", "configs/smoke.yaml", *tables(simulated), "--out", "out", "--json")
    assert ended.code == 2
    assert set(ended.document) == {"error", "faults"}
    assert not list(tmp_path.iterdir())


def test_a_store_that_fails_at_the_end_costs_the_record_alone(
    call, simulated, tmp_path, monkeypatch
):
    def away(*_, **__):
        raise InvalidInputError("the MLflow store cannot be used (away)")

    monkeypatch.setattr("training.pipeline.log_run", away)
    out = tmp_path / "out"
    ended = call("run", "configs/smoke.yaml", *tables(simulated), "--out", out)
    assert ended.code == 2
    assert f"(away); the run itself is whole in {out}, only its record" in ended.err
    assert {path.name for path in out.parent.iterdir()} == {"out"}
    written = json.loads((out / "run.json").read_text())
    assert (written["run_id"], written["tracking_uri"]) == (None, None)
    predictor.load(written["bundle"]).verify()


# what reaches the pipeline, and how its answer is told; the pipeline itself stands aside


@pytest.fixture
def pipeline(monkeypatch):
    """A pipeline that remembers what it was asked and gives a made-up answer."""
    asked = SimpleNamespace(result=made_up())

    def run(config, data, **words):
        asked.config, asked.data, asked.words = config, data, words
        return asked.result

    monkeypatch.setattr("training.pipeline.run", run)
    return asked


def estimate(value):
    return {"value": value, "lo": value - 0.1, "hi": value + 0.1, "method": "made up"}


def made_up(**changed):
    """A relapse run of real data."""
    document = {
        "task": "relapse",
        "cohort": {
            "patients": 90,
            "eligible": 88,
            "with_outcome": 40,
            "events": 12,
            "excluded": {"row_fault": 2, "not_a_responder": 48},
        },
        "chosen": "cox_ridge",
        "candidates": {
            "cox_ridge": {"c_index": estimate(0.61), "ibs": estimate(0.2)},
            "severity_cox": {"c_index": estimate(0.52), "ibs": estimate(0.23)},
            "kaplan_meier": {"ibs": estimate(0.24)},
        },
        "landmarks": {
            "followup14": {
                "label": "14 days after the course",
                "status": "exploratory",
                "cohort": {"with_outcome": 31},
                "metrics": {"c_index": estimate(0.7)},
                "baseline_model": {"c_index": estimate(0.6)},
            },
            "followup28": {"label": "28 days after the course", "reason": "too few"},
        },
        "bundle": "/runs/relapse/bundle",
        "report": "/runs/relapse/report.html",
        "run_id": "r1",
        "tracking_uri": "http://tracking.example",
    }
    definition = OutcomeDefinition.model_validate(
        {
            "name": "short",
            "label": "Response",
            "task": "response",
            "instrument": "madrs",
            "percent_fall": 50,
            "window": {"day": 28, "first": 21, "last": 35},
            "source": "made up",
        }
    )
    fault = SimpleNamespace(message="row 3, age_years: 200 is above 110")
    settings = SimpleNamespace(title="A trial", extra_variables=[{"id": "arm"}])
    findings = SimpleNamespace(
        cohort=SimpleNamespace(
            origin="real", notes=("a note",), faults=(fault,), definition=definition
        ),
        choice=SimpleNamespace(reason="cox_ridge has the lowest loss"),
        headline=None,
        question=question_of(definition),
        definitions=None,
        source=SimpleNamespace(settings=settings),
        warning_signs=None,
        warnings=("possible leak: AUC above 0.75",),
    )
    fields = {"status": "fitted", "reason": "", "findings": findings, **changed}
    return SimpleNamespace(**fields, to_dict=lambda: document)


def test_words_and_seed_reach_the_pipeline(call, study, pipeline, tmp_path):
    tomorrow = (date.today() + timedelta(days=1)).isoformat()
    ended = call(
        *("run", "configs/relapse.yaml", "--patients", study.patients, "--visits", study.visits),
        *("--out", tmp_path / "out", "--seed", 9, "--jobs", 1, "--expires", tomorrow),
        *("--promote", "--ignore-unknown"),
    )
    assert ended.code == 0
    assert pipeline.config == "configs/relapse.yaml"
    assert pipeline.data.patients == study.patients
    assert pipeline.data.events is None
    assert pipeline.data.ignore_unknown
    assert callable(pipeline.words.pop("told"))
    assert pipeline.words == {
        "out": (tmp_path / "out").resolve(),
        "expires": tomorrow,
        "promote": True,
        "seed": 9,
        "jobs": 1,
    }


def test_without_options_the_configuration_decides(call, study, pipeline, tmp_path):
    call(
        *("run", "configs/relapse.yaml", "--patients", study.patients, "--visits", study.visits),
        *("--out", tmp_path / "out"),
    )
    assert "seed" not in pipeline.words
    assert pipeline.words["expires"] == ""


def test_a_run_in_words(call, study, pipeline, tmp_path):
    ended = call(
        "run", "configs/relapse.yaml", "--patients", study.patients, "--out", tmp_path / "o"
    )
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert lines[0] == "fitted: internally validated, better than the average"
    assert "simulated" not in ended.out
    for line in (
        "in the patients table 90",
        "left out, not a responder 48",
        "at risk with follow-up 40",
        "relapsed 12",
        "What was asked",
        "Time zero: the first dose (day 0)",
        "C (95 %) ibs (95 %)",
        "cox ridge 0.610 (0.510 to 0.710) 0.200 (0.100 to 0.300) chosen",
        "severity cox 0.520 (0.420 to 0.620) 0.230 (0.130 to 0.330) comparator",
        "kaplan meier — 0.240 (0.140 to 0.340) comparator",
        "cox_ridge has the lowest loss",
        "14 days after the course 31 0.600 (0.500 to 0.700) 0.700 (0.600 to 0.800) exploratory",
        "28 days after the course no model: too few",
        "Bundle /runs/relapse/bundle",
        "Report /runs/relapse/report.html",
        "MLflow run r1 in http://tracking.example",
    ):
        assert line in lines
    assert "mlflow ui" not in ended.out
    assert "a note\n" in ended.err
    assert "1 faults in the patients table" in ended.err
    assert "Data set: A trial" in ended.err
    assert "Variables that only this data set has: arm" in ended.err


def test_a_run_without_landmarks_says_nothing_of_them(call, study, pipeline, tmp_path):
    pipeline.result = made_up()
    pipeline.result.to_dict()["landmarks"] = {}
    words = ("run", "configs/relapse.yaml", "--patients", study.patients, "--out", tmp_path / "o")
    assert "landmarks" not in call(*words).out


def test_quiet_leaves_the_notes_out(call, study, pipeline, tmp_path):
    ended = call(
        *("run", "configs/relapse.yaml", "--patients", study.patients, "--out", tmp_path / "o"),
        "--quiet",
    )
    assert ended.err == ""
    assert ended.out.startswith("fitted")


def test_a_run_without_folds_names_no_learner(call, study, pipeline, tmp_path):
    pipeline.result = made_up(status="refused", reason="leak: score_day_28 tells the outcome")
    pipeline.result.findings.choice = None
    pipeline.result.findings.source = None
    pipeline.result.findings.cohort.faults = ()
    pipeline.result.to_dict().update(candidates={}, chosen=None, bundle=None)
    ended = call(
        "run", "configs/relapse.yaml", "--patients", study.patients, "--out", tmp_path / "o"
    )
    assert ended.code == 3
    assert "leak: score_day_28 tells the outcome" in ended.out
    assert "Learners" not in ended.out


def test_a_real_data_set_stands_for_tables(call, pipeline, tmp_path):
    ended = call(
        *("run", "configs/response.yaml", "--source", "rbmi", tmp_path, "--out", tmp_path / "o"),
        "--json",
    )
    assert ended.code == 0
    assert (pipeline.data.source, pipeline.data.folder) == ("rbmi", tmp_path)
    assert ended.document["run_id"] == "r1"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--source", "rmbi", "."], "rmbi is unknown; did you mean rbmi?"),
        (["--source", "rbmi", "nowhere"], "nowhere is no folder"),
        (["--source", "rbmi"], "requires 2 arguments"),
        (["--source", "rbmi", ".", "--patients", "patients.csv"], "give the one or the others"),
        (["--patients", "patients.csv"], "--visits"),
        ([], "--patients and --visits"),
        (["--seed", "-1"], "--seed"),
        (["--jobs", "0"], "--jobs"),
        (["--expires", "soon"], "give a date as YYYY-MM-DD"),
        (["--expires", "2020-02-29"], "2020-02-29 is past"),
        (["--map", "nix.yaml"], "nix.yaml"),
    ],
)
def test_wrong_use_is_the_callers(arguments, words, call, study, monkeypatch):
    monkeypatch.chdir(study.patients.parent)
    ended = call("run", "configs/response.yaml", "--out", "out", "--json", *arguments)
    assert ended.code == 2
    assert words in ended.document["error"]
    assert not Path("out").exists()


def test_an_unknown_configuration_is_refused(call, study, tmp_path):
    ended = call("run", "configs/repsonse.yaml", "--out", tmp_path / "out", "--json")
    assert ended.code == 2
    assert "neither a file nor shipped" in ended.document["error"]


def test_a_folder_that_holds_something_is_refused(call, study, tmp_path):
    ended = call(
        *("run", "configs/smoke.yaml", "--patients", study.patients, "--visits", study.visits),
        *("--out", study.patients.parent, "--json"),
    )
    assert ended.code == 2
    assert study.patients.is_file()


def test_every_option_of_the_function_is_on_the_command_line(call):
    shown = call("run", "--help").out
    names = {"as_json": "json", "column_map": "map", "ignore_unknown": "ignore-unknown"}
    options = set(run_model.__kwdefaults__)
    assert options >= {"seed", "expires", "promote", "source", "jobs"}
    assert all(f"--{names.get(option, option)}" in shown for option in options)
