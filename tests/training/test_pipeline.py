"""A run that breaks off is taken up where it was; nothing half-written stays."""

from pathlib import Path

import pytest
from filelock import FileLock

from predictor.errors import InvalidInputError
from training.cli import run as command
from training.pipeline import run, unfinished
from training.run_input import Input


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study") / "cohort"
    assert command(["simulate", "--patients", "150", "--seed", "3", "--out", str(folder)]) == 0
    return Input(folder / "patients.csv", folder / "visits.csv", folder / "events.csv")


def written(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != "run.json"
    }


def train(tables, out, told=None, **settings):
    return run(
        "configs/smoke.yaml",
        tables,
        out=out,
        tracking_uri=f"sqlite:///{out.parent / 'mlflow.db'}",
        told=told,
        **settings,
    )


@pytest.mark.slow
def test_a_run_that_broke_off_goes_on_and_ends_as_if_it_had_not(tables, tmp_path):
    whole = train(tables, tmp_path / "whole")
    told = []

    def broken_off(stage, done, of):
        told.append((stage, done, of))
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tables, tmp_path / "out", broken_off)
    assert not (tmp_path / "out").exists()
    left = tmp_path / ".out.unfinished"
    assert {file.parent.name for file in left.rglob("*") if file.is_file()} == {"steps"}
    (left / "report.html").write_text("half")
    with pytest.raises(InvalidInputError, match="unfinished run that differs in settings"):
        train(tables, tmp_path / "out", seed=99)
    first, again = told[0], []
    result = train(tables, tmp_path / "out", lambda *x: again.append(x))
    assert again[0] == (first[0], 2, first[2])
    assert written(result.out) == written(whole.out)
    assert not left.exists()
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_an_error_before_the_first_step_leaves_nothing(tables, tmp_path):
    with pytest.raises(InvalidInputError):
        train(tables, tmp_path / "out", outcome="none_such")
    assert [file.name for file in tmp_path.iterdir() if "out" in file.name] == []


def test_two_processes_do_not_write_one_run(tmp_path):
    with (
        FileLock(tmp_path / ".out.lock"),
        pytest.raises(InvalidInputError, match="another process is writing"),
        unfinished(tmp_path / "out"),
    ):
        pass


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(InvalidInputError, match="is not empty"), unfinished(tmp_path / "out"):
        pass
    assert [file.name for file in tmp_path.iterdir()] == ["out"]
