"""A finished run read back: whole or refused by name, and nobody is named."""

import json

import numpy as np
import pytest
import yaml

from predictor.errors import InvalidInputError
from training.run_files import write_files
from training.run_folder import read_predictions, read_run_folder


@pytest.fixture
def folder_of(findings_of, tmp_path):
    """Gives the folder of a run as `run` leaves it, without bundle and report."""

    def made(task="response", **changed):
        findings = findings_of(task)
        write_files(findings, tmp_path)
        content = {
            "task": task, "status": "exploratory", "reason": "too few people",
            "data_origin": "simulated", "chosen": findings.choice.learner.name,
            "run_id": "ab12", "tracking_uri": "sqlite:////x.db", **changed,
        }  # fmt: skip
        (tmp_path / "run.json").write_text(json.dumps(content), encoding="utf-8")
        return tmp_path, findings

    return made


@pytest.mark.parametrize("task", ["response", "relapse"])
def test_what_was_written_is_read_back_in_the_order_of_ids(task, folder_of) -> None:
    path, findings = folder_of(task)
    run = read_run_folder(path)
    assert (run.task, run.outcome, run.chosen) == (
        task, f"{task}_madrs", findings.choice.learner.name,
    )  # fmt: skip
    said = read_predictions(run)
    order = np.argsort(findings.analysis.groups)
    found = findings.out_of_fold[run.chosen]
    assert said.people == tuple(np.array(findings.analysis.groups)[order])
    np.testing.assert_array_equal(said.outcome, findings.analysis.outcome.events[order])
    np.testing.assert_array_equal(said.margin, found.margin[order])
    np.testing.assert_array_equal(said.fold, found.fold[order])
    if task == "response":
        assert said.days is None
        assert said.risks == {}
        np.testing.assert_array_equal(said.probability, found.probability[order])
    else:
        np.testing.assert_array_equal(said.days, findings.analysis.outcome.days[order])
        for day, place in ((30, 1), (90, 3), (180, 6)):
            np.testing.assert_array_equal(said.risks[day], found.probability[order, :, place])


def edited(path, old, new):
    file = path / "out_of_fold.csv"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("column", "value"),
    [("probability", "1.2"), ("margin", "inf"), ("outcome", "2"), ("fold", ""), ("days", "-1"),
     ("risk_90", "x")],
)  # fmt: skip
def test_a_cell_that_cannot_be_right_is_named_by_row_and_column(column, value, folder_of) -> None:
    path, _ = folder_of("relapse")
    lines = (path / "out_of_fold.csv").read_text(encoding="utf-8").splitlines()
    cells = lines[3].split(",")
    cells[lines[0].split(",").index(column)] = value
    lines[3] = ",".join(cells)
    (path / "out_of_fold.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InvalidInputError, match=f"row 3, {column}") as refused:
        read_predictions(read_run_folder(path))
    assert "secret" not in str(refused.value)


def test_lines_that_are_double_missing_or_at_odds_are_refused(folder_of) -> None:
    path, _ = folder_of()
    file = path / "out_of_fold.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    last = lines[-1].split(",")
    changed = {
        "twice": [*lines, lines[-1]],
        "lacks a person": lines[:-1],
        "two outcomes": [*lines[:-1], ",".join([*last[:-1], str(1 - int(last[-1]))])],
    }
    for words, content in changed.items():
        file.write_text("\n".join(content), encoding="utf-8")
        with pytest.raises(InvalidInputError, match=words) as refused:
            read_predictions(read_run_folder(path))
        assert "secret" not in str(refused.value)
    file.write_text(lines[0] + "\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="predicted nobody: too few people"):
        read_predictions(read_run_folder(path))
    file.write_text("", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_predictions(read_run_folder(path))


def test_a_run_of_relapse_from_before_has_no_days_and_says_so(folder_of) -> None:
    path, _ = folder_of("relapse")
    edited(path, ",days,risk_30", ",day,risk30")
    with pytest.raises(InvalidInputError, match="no column days, risk_30"):
        read_predictions(read_run_folder(path))


def test_a_folder_that_is_not_that_of_a_run_is_refused(folder_of, tmp_path) -> None:
    with pytest.raises(InvalidInputError, match=r"holds no run\.json"):
        read_run_folder(tmp_path / "nowhere")
    path, _ = folder_of(task="response")
    (path / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="not JSON"):
        read_run_folder(path)
    (path / "run.json").write_text('{"task": "response"}', encoding="utf-8")
    with pytest.raises(InvalidInputError, match="status, reason"):
        read_run_folder(path)
    path, _ = folder_of()
    (path / "config.yaml").write_text(yaml.safe_dump({"task": "relapse"}), encoding="utf-8")
    with pytest.raises(InvalidInputError, match="another task"):
        read_run_folder(path)
