"""The command as a process: what it imports, pipes, encodings, terminals."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from predictor.cli import main

COMMAND = [sys.executable, "-c", "from predictor.cli import main; main()"]

BLOCKED = """
import importlib.abc, sys
allowed = {"numpy", "predictor", "typer", "click", "rich", "jinja2", "markupsafe", "shellingham",
           "pygments", "markdown_it", "mdurl", "typing_extensions", "annotated_doc", "colorama"}
# typer reads options with these
allowed |= {"pydantic", "pydantic_core", "annotated_types", "typing_inspection"}
class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        own = top in sys.stdlib_module_names or top.startswith("_sysconfigdata")
        if not own and top not in allowed:
            raise ModuleNotFoundError(f"{name} is blocked", name=name)
sys.meta_path.insert(0, Block())
from predictor.cli import run
code = run(sys.argv[1:])
unwanted = {"mlflow", "sklearn", "shap", "matplotlib", "pandas", "scipy", "yaml"} & set(sys.modules)
assert not unwanted, unwanted
sys.exit(code)
"""


@pytest.mark.parametrize("kind", ["cox", "boosted"])
def test_the_commands_need_the_core_libraries_alone(kind, folders, people, scorers, tmp_path):
    command = [sys.executable, "-c", BLOCKED]
    scored = [*command, "score", folders[kind], people, "--json"]
    done = subprocess.run(scored, capture_output=True, check=True)
    assert json.loads(done.stdout) == scorers[kind].score(people).to_dict()
    explained = [*command, "explain", folders[kind], people, "--out", tmp_path / "pages"]
    subprocess.run(explained, capture_output=True, check=True)
    assert len(list((tmp_path / "pages").iterdir())) == 4


def test_the_entry_point_ends_with_the_exit_code(folders, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["ketamine-predict", "verify", str(folders["linear"])])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    with pytest.raises(SystemExit, match="0"):
        main()
    assert "as it was written" in capsys.readouterr().out


def test_a_closed_pipe_is_no_error(folders, people):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*COMMAND, "score", folders["cox"], people, "--json"],
            stdout=writing, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_any_encoding_of_standard_output_will_do(encoding, folders, people):
    env = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run(
        [*COMMAND, "score", folders["linear"], people], capture_output=True, env=env, check=True
    )
    text = done.stdout.decode(encoding)
    assert "): -" in text  # a true minus sign becomes a hyphen, never nothing
    help_ = subprocess.run([*COMMAND, "score", "--help"], capture_output=True, env=env, check=True)
    assert b"Example" in help_.stdout


def on_terminal(arguments, **changed) -> str:
    """What a terminal of 100 columns shows."""
    outer, inner = pty.openpty()
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    env |= {"TERM": "xterm-256color", "COLUMNS": "100", **changed}
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=inner, stderr=inner, stdin=subprocess.DEVNULL, env=env
    ) as process:
        os.close(inner)
        shown = b""
        try:
            while part := os.read(outer, 65536):
                shown += part
        except OSError:  # Linux ends a terminal with an error
            pass
        os.close(outer)
    assert process.returncode == 0
    return shown.decode()


def test_a_terminal_gets_colour_unless_it_is_not_wanted(folders, people):
    arguments = ["score", str(folders["linear"]), str(people)]
    coloured, plain = on_terminal(arguments), on_terminal(arguments, NO_COLOR="1")
    assert "\x1b[" in coloured
    assert ";41m" in coloured  # STOP on red
    assert "41m" not in plain
    assert "Chance of responding" in plain
    assert max(len(line) for line in plain.splitlines()) < 130


def test_pages_on_a_terminal_show_progress(folders, people, tmp_path):
    shown = on_terminal(["explain", str(folders["cox"]), str(people), "--out", str(tmp_path / "p")])
    assert "4 rows answered" in shown.replace("\r\n", " ")
