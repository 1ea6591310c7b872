"""The command as a whole: what it offers, what it imports, how wrong use ends."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

import training
from training.cli import main, run

COMMANDS = ("init", "simulate", "check", "plan", "run", "validate", "compare", "promote")
LATER = ("report",)
HEAVY = ("mlflow", "sklearn", "shap", "matplotlib", "xgboost", "pandas", "scipy")


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_names_the_commands_that_exist_and_no_other(arguments, capsys):
    assert run(arguments) == 0
    listed = capsys.readouterr().out.split("Commands:")[1].splitlines()
    named = [line.split()[0] for line in listed if line.startswith("  ") and line[2:3].strip()]
    assert named == list(COMMANDS)


@pytest.mark.parametrize("name", LATER)
def test_commands_of_later_versions_do_not_exist(name, capsys):
    assert run([name]) == 2
    assert name in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_each_help_has_an_example_and_the_common_options(name, capsys):
    assert run([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"Example: ketamine-train {name} " in shown
    assert "--json" in shown
    assert "--quiet" in shown


def test_help_imports_nothing_heavy_and_is_quick():
    script = (
        "import sys\nfrom training.cli import run\n"
        "run(['--help']); run(['run', '--help'])\n"
        f"assert not set(sys.modules) & set({HEAVY!r}), set(sys.modules) & set({HEAVY!r})\n"
    )
    start = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert time.perf_counter() - start < 3  # 0.1 s on an idle machine


def test_the_entry_point_ends_with_the_exit_code(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["ketamine-train", "check", "--patients", "nix.csv"])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "nix.csv" in capsys.readouterr().err


def test_the_package_offers_the_run_and_loads_it_late():
    from training.pipeline import run as train

    assert training.run is train
    assert training.__all__ == ["ResponseClassifier", "run"]
    with pytest.raises(AttributeError, match="no attribute 'fly'"):
        training.fly  # noqa: B018 - the access is what is tested
