"""Settings as names and texts; the commit of the code."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path
from typing import Any

import pytest

from training import tracking
from training.tracking import code_version, flat_params, params


def test_settings_are_flattened_to_names_and_texts() -> None:
    nested = {"a": {"b": {"c": 1}, "d": [1, "x"]}, "e": ("y",), "f": None}
    flat = flat_params(nested)
    assert flat == {"a.b.c": 1, "a.d": '[1, "x"]', "e": '["y"]', "f": None}
    assert flat_params({"g": 2}, prefix="h.") == {"h.g": 2}


def test_long_strange_and_infinite_params_are_made_fit() -> None:
    logged = tracking._params({"a=b%": "x" * 7000, "n": math.nan, "none": None, "yes": True})
    assert set(logged) == {"a_b_", "none", "yes"}
    assert len(logged["a_b_"]) == params.LONGEST_VALUE
    assert logged["a_b_"].endswith("…")
    assert (logged["none"], logged["yes"]) == ("", "True")
    assert len(params.logged_name("n" * 300)) == 250


def test_the_code_version_is_a_commit_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, _, state = code_version().partition("-")
    assert state in ("", "dirty")
    assert len(commit) in (0, 40)
    assert params._git("status", folder=tmp_path) is None
    monkeypatch.setattr(params, "__file__", str(tmp_path / "params.py"))
    assert code_version() == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert params._git("status", folder=tmp_path) is None


def test_a_git_that_hangs_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(command: list[str], **_: Any) -> None:
        raise subprocess.TimeoutExpired(command, 5)

    monkeypatch.setattr(params.subprocess, "run", hang)
    assert params._git("status", folder=tmp_path) is None
