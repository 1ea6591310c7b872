"""Settings: what is shipped is read, what is wrong is named before any data are touched."""

from pathlib import Path

import pytest
import yaml

from predictor.errors import InvalidInputError
from training.config import (
    RunConfig,
    files,
    find_config,
    read_column_map,
    read_dictionary,
    read_outcomes,
    read_run_config,
    read_safety,
    read_source_settings,
    read_world,
    read_yaml,
    shipped_configs,
    write_yaml,
)
from training.importers import source_overrides

ROOT = Path(__file__).parents[2]
CONTENT = {
    "task": "response",
    "outcome": "response_madrs",
    "candidates": ["ridge"],
    "resampling": {"folds": 4, "repeats": 3},
}


@pytest.fixture
def file(tmp_path):
    def write(**changes):
        path = tmp_path / "mine.yaml"
        content = {k: v for k, v in (CONTENT | changes).items() if v is not None}
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return path

    return write


def refusal(path, **overrides):
    with pytest.raises(InvalidInputError) as caught:
        read_run_config(path, **overrides)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "task", "candidates"),
    [
        ("response", "response", ("logistic", "averaged", "ridge", "blended")),
        ("relapse", "relapse", ("averaged_cox", "cox_ridge", "xgboost_cox")),
        ("smoke", "response", ("logistic", "ridge")),
    ],
)
def test_every_shipped_configuration_is_accepted(name, task, candidates):
    found = read_run_config(f"configs/{name}.yaml")
    assert (found.task, found.candidates) == (task, candidates)
    assert found.expected_discrimination == 0.65
    outcome = read_outcomes()[found.outcome]
    assert outcome.task == task
    dictionary = read_dictionary()
    assert all(v in dictionary for v in (*found.declared_variables, found.severity))


def test_everything_shipped_beside_them_is_read():
    dictionary = read_dictionary()
    assert len(dictionary.variables) >= 60
    assert {"STOP", "CAUTION", "INFO"} == {r.tier for r in read_safety(dictionary).rules}
    assert {"response_madrs", "relapse_madrs"} <= set(read_outcomes())
    assert read_world().model_dump()
    assert read_source_settings("rbmi").outcomes == {"response": "response_hamd17_day42"}


def test_what_is_not_said_has_a_default(file):
    found = read_run_config(file(resampling=None))
    assert (found.resampling.folds, found.resampling.repeats, found.resampling.inner_folds) == (
        5,
        2,
        5,
    )
    assert (found.variables, found.severity, found.jobs) == ("all", "madrs_total", 1)


def test_overrides_replace_and_resampling_is_merged_key_by_key(file):
    found = read_run_config(file(), seed=9, resampling={"repeats": 1})
    assert (found.seed, found.resampling.folds, found.resampling.repeats) == (9, 4, 1)


def test_a_source_speaks_of_folds_and_of_the_outcome_of_each_task_it_supports():
    said = source_overrides(read_source_settings("rbmi"), "response")
    assert said["outcome"] == "response_hamd17_day42"
    assert said["resampling"] == {"repeats": 20, "folds": 5}
    assert said["declared_variables"] == ["hamd17_total", "sex", "arm"]
    found = read_run_config("configs/response.yaml", **said)
    assert (found.resampling.repeats, found.resampling.inner_folds) == (20, 5)
    both = read_source_settings("ds005917")
    assert source_overrides(both, "response")["outcome"] == "response_madrs_day2"
    assert source_overrides(both, "relapse") == {
        "outcome": "relapse_madrs_response_lost_day10",
        "landmarks": [],
        "stop_rule": None,
        "resampling": {},
    }
    words = "source rbmi has no relapse outcome; it supports response: use configs/response.yaml"
    with pytest.raises(InvalidInputError, match=words):
        source_overrides(read_source_settings("rbmi"), "relapse")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outcom": "x"}, "outcom: the key is unknown; did you mean outcome?"),
        ({"outcome": None}, "outcome: the key is missing"),
        ({"resampling": {"fold": 3}}, "resampling.fold: the key is unknown; did you mean folds?"),
        ({"resampling": 5}, "resampling"),
        ({"resampling": [1]}, "resampling"),
        ({"resampling": {"folds": 1}}, "resampling.folds"),
        ({"decision_thresholds": [0.8, 0.2]}, "two numbers in order"),
        ({"decision_thresholds": [0.0, 0.2]}, "two numbers in order"),
        ({"expected_discrimination": 0.5}, "expected_discrimination"),
        ({"bootstrap_refits": 1}, "bootstrap_refits"),
        ({"tuning_trial": 20}, "tuning_trial: the key is unknown; did you mean tuning_trials?"),
        ({"tuning_trials": 9}, "tuning_trials must be 0, or at least 10"),
        ({"tuning_trials": -1}, "tuning_trials"),
        ({"candidates": []}, "candidates"),
        ({"variables": []}, "variables is empty"),
        ({"candidates": ["ridge", "ridge"]}, "candidates names ridge twice"),
        ({"variables": ["sex", "bmi", "sex"]}, "variables names sex twice; name each once"),
        ({"declared_variables": ["sex", "sex"]}, "declared_variables names sex twice"),
        ({"candidates": ["cox_ridge"]}, "'cox_ridge' is no learner for response"),
        (
            {"candidates": ["severity"]},
            "accepted are logistic, averaged, ridge, elastic_net, xgboost, blended",
        ),
        ({"candidates": ["logistic"]}, "declared_variables is empty"),
        ({"published_rule": {"source": "x", "terms": {}}}, "published_rule.terms"),
        ({"published_rule": {"source": "x", "terms": {"bmi": {"per": 5}}}}, "log_odds: the key"),
        (
            {
                "task": "relapse",
                "candidates": ["cox_ridge"],
                "published_rule": {"source": "x", "terms": {"bmi": {"log_odds": 1}}},
            },
            "published_rule is for response alone",
        ),
        (
            {"task": "relapse", "candidates": ["cox_ridge"], "conformal": True},
            "conformal is for response alone",
        ),
        ({"check_in_steps": [0.1]}, "check_in_steps is for relapse alone"),
        ({"alert_step": 0.1}, "alert_step is for relapse alone"),
        (
            {"task": "relapse", "candidates": ["cox_ridge"], "alert_step": 1},
            "alert_step: Input should be less than 1",
        ),
        *(
            (
                {"task": "relapse", "candidates": ["cox_ridge"], "check_in_steps": steps},
                "check_in_steps must be risks inside (0, 1), each above the last",
            )
            for steps in ([0.2, 0.1], [0.1, 0.1], [0.0, 0.2], [0.5, 1.0])
        ),
        ({"task": "remission"}, "task"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_wrong_setting_is_named(file, changes, words):
    assert words in refusal(file(**changes))


def test_steps_of_check_ins_belong_to_relapse(file):
    relapse = {"task": "relapse", "candidates": ["cox_ridge"]}
    assert read_run_config(file()).check_in_steps == ()
    assert read_run_config(file(**relapse)).check_in_steps == (0.1, 0.2, 0.3, 0.4, 0.5)
    assert read_run_config(file(**relapse, check_in_steps=[])).check_in_steps == ()
    assert read_run_config(file(**relapse, check_in_steps=[0.25])).check_in_steps == (0.25,)


def test_a_step_of_alerts_belongs_to_relapse(file):
    relapse = {"task": "relapse", "candidates": ["cox_ridge"]}
    assert read_run_config(file()).alert_step is None
    assert read_run_config(file(**relapse)).alert_step == 0.15
    assert read_run_config(file(**relapse, alert_step=0.1)).alert_step == 0.1
    none = RunConfig(outcome="relapse_madrs", alert_step=None, **relapse)
    assert none.alert_step is None


def test_an_override_is_checked_like_the_file(file):
    assert "jobs" in refusal(file(), jobs=0)
    assert "resampling.fold" in refusal(file(), resampling={"fold": 3})


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words\n"])
def test_a_file_without_keys_is_refused(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    assert "must hold keys such as task and outcome" in refusal(path)


def test_broken_yaml_names_the_line(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("task: response\noutcome: [a\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"mine\.yaml, line 3 is not valid YAML"):
        read_yaml(path)


def test_yaml_with_control_signs_is_refused_without_a_line(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"task: \x00\n")
    with pytest.raises(InvalidInputError, match="is not valid YAML"):
        read_yaml(path)


@pytest.mark.parametrize("content", [b"\xff\xfe\xff", None])
def test_a_file_that_is_no_text_or_absent_is_refused(tmp_path, content):
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_yaml(path)


def test_yaml_never_builds_objects(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("a: !!python/object/apply:os.getcwd []\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="is not valid YAML"):
        read_yaml(path)


def test_what_is_written_is_read_back(tmp_path):
    content = {"task": "response", "note": "Größe ≥ 5", "folds": [1, 2]}
    write_yaml(content, tmp_path / "out.yaml")
    assert read_yaml(tmp_path / "out.yaml") == content
    assert "Größe ≥ 5" in (tmp_path / "out.yaml").read_text(encoding="utf-8")


def test_resolved_settings_give_the_same_settings_again(tmp_path):
    found = read_run_config("configs/response.yaml", seed=3)
    write_yaml(found.model_dump(mode="json"), tmp_path / "resolved.yaml")
    assert read_run_config(tmp_path / "resolved.yaml") == found


def test_a_file_on_disk_comes_before_one_that_is_shipped(tmp_path, monkeypatch, file):
    assert find_config(ROOT / "configs" / "relapse.yaml")[1] is False
    monkeypatch.chdir(tmp_path)
    path, shipped = find_config("configs/relapse.yaml")
    assert (path.name, shipped) == ("relapse.yaml", True)
    assert find_config("relapse.yaml") == (path, True)
    (tmp_path / "configs").mkdir()
    file().rename(tmp_path / "configs" / "relapse.yaml")
    assert find_config("configs/relapse.yaml") == (Path("configs/relapse.yaml"), False)


@pytest.mark.parametrize("name", ["configs/none.yaml", "none.yaml", "configs"])
def test_an_unknown_configuration_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInputError, match="neither a file nor shipped"):
        find_config(name)
    with pytest.raises(InvalidInputError, match=r"sources/nowhere\.yaml"):
        read_source_settings("nowhere")


def test_an_installed_wheel_brings_its_own_configurations(tmp_path, monkeypatch):
    assert shipped_configs() == ROOT / "configs"
    (tmp_path / "configs_shipped").mkdir()
    monkeypatch.setattr(files.resources, "files", lambda _: tmp_path)
    assert shipped_configs() == tmp_path / "configs_shipped"


def test_a_column_map_may_be_empty_and_is_checked(tmp_path):
    path = tmp_path / "map.yaml"
    path.write_text("", encoding="utf-8")
    assert read_column_map(path) == read_column_map(path)
    path.write_text("patient: {}\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="did you mean patients"):
        read_column_map(path)


def test_settings_cannot_be_changed():
    found = RunConfig.model_validate(CONTENT)
    with pytest.raises(ValueError, match="frozen"):
        found.seed = 5


def test_bands_of_subgroups_are_read(file):
    read = read_run_config(file(subgroups=["bmi", "site"], subgroup_bands={"bmi": [25, 30]}))
    assert read.subgroup_bands == {"bmi": (25, 30)}
    assert read_run_config(file()).subgroups == ("sex", "age_years", "site", "bipolar", "route")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"subgroups": ["sex", "sex"]}, "subgroups names sex twice"),
        ({"subgroup_bands": {"age_year": [40]}}, "not in subgroups; did you mean age_years?"),
        ({"subgroups": [], "subgroup_bands": {"bmi": [25]}}, "bmi, which is not in subgroups."),
        ({"subgroup_bands": {"age_years": []}}, "must be numbers, each above the last"),
        ({"subgroup_bands": {"age_years": [60, 40]}}, "must be numbers, each above the last"),
    ],
)
def test_subgroups_that_cannot_be_made_are_refused(file, changes, words):
    assert words in refusal(file(**changes))
