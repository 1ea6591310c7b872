"""``init``: a study folder that works as it is."""

from __future__ import annotations

from pathlib import Path


def test_a_new_study_is_listed_and_written(call, tmp_path):
    ended = call("init", tmp_path / "study", "--json")
    assert ended.code == 0
    assert ended.document["folder"] == str((tmp_path / "study").resolve())
    files = [Path(path) for path in ended.document["files"]]
    assert files[0].name == "README.txt"
    assert all(path.is_absolute() and path.is_file() for path in files)
    assert sorted(files) == sorted(p for p in (tmp_path / "study").rglob("*") if p.is_file())


def test_in_words_the_files_are_named(call, tmp_path):
    ended = call("init", tmp_path)
    assert ended.code == 0
    assert "configs/column_map.yaml" in ended.out
    assert "README.txt first" in ended.out


def test_a_folder_that_holds_something_is_refused_and_left_alone(call, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    ended = call("init", tmp_path, "--json")
    assert ended.code == 2
    assert "name a new or an empty folder" in ended.document["error"]
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_is_no_folder(call, tmp_path):
    (tmp_path / "file").write_text("")
    assert call("init", tmp_path / "file").code == 2


def test_quiet_says_nothing(call, tmp_path):
    ended = call("init", tmp_path / "study", "--quiet")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
