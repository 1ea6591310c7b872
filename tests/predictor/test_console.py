"""What both commands share: the channels of a command and how it ends."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer

from predictor.console import Line, Screen, aligned, run_command, run_process
from predictor.errors import BundleError, Fault, InvalidInputError

FAULT = Fault(17, "weight_kg", "below_hard_range", "row 17, weight_kg: 6.5 is below 20 kg")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def app_that(act) -> typer.Typer:
    app = typer.Typer(rich_markup_mode=None)
    app.callback()(lambda: None)
    app.command("do")(act)
    return app


def raising(error: BaseException):
    def act() -> None:
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (InvalidInputError("the input is wrong", [FAULT]), 2, "the input is wrong"),
        (BundleError("the bundle is damaged"), 4, "the bundle is damaged"),
        (PermissionError(13, "Permission denied", "out"), 2, "out: Permission denied"),
        (typer.Abort(), 130, "stopped before the end"),
        # typer itself ends with 130 and says nothing
        (KeyboardInterrupt(), 130, "stopped before the end"),
        (typer.Exit(3), 3, ""),
        (typer.BadParameter("no such day"), 2, "no such day"),
    ],
)
def test_each_error_has_its_exit_code(error, code, sentence, capsys):
    assert run_command(app_that(raising(error)), "name", ["do"]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert sentence in shown.err


def test_an_error_of_the_system_without_a_file_is_ours():
    with pytest.raises(OSError, match="of nobody"):
        run_command(app_that(raising(OSError("of nobody"))), "name", ["do"])


def test_what_nobody_expected_is_raised():
    with pytest.raises(ZeroDivisionError):
        run_command(app_that(raising(ZeroDivisionError())), "name", ["do"])


def test_wrong_use_in_json_is_one_document(capsys):
    assert run_command(app_that(lambda: None), "name", ["do", "--json", "--nix"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["faults"] == []
    assert "name do --help" in document["error"]


def test_our_fault_ends_with_one_a_traceback_a_hint_and_json_without_details():
    script = (
        "import typer; from predictor.console import run_process\n"
        "app = typer.Typer()\n"
        "@app.command()\n"
        "def do(as_json: bool = typer.Option(False, '--json')): raise ValueError('id-7731')\n"
        "run_process(app, 'name')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, "--json"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert "a fault of the program, not of your input (ValueError)" in ended.stderr
    document = json.loads(ended.stdout)
    assert "id-7731" not in document["error"]
    assert document["faults"] == []


def test_the_hook_for_unexpected_errors_says_whose_fault_it_is(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["name", "do", "--json"])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    with pytest.raises(SystemExit) as ended:
        run_process(app_that(lambda: None), "name")
    assert ended.value.code == 2
    capsys.readouterr()
    error = ValueError("id-7731")
    sys.excepthook(ValueError, error, None)
    shown = capsys.readouterr()
    assert "(ValueError)" in json.loads(shown.out)["error"]
    assert "id-7731" not in shown.out


def test_noise_in_a_real_process_never_reaches_standard_output():
    script = (
        "import subprocess; from predictor.console import Screen\n"
        "screen = Screen(as_json=True)\n"
        "with screen.working('Counting'):\n"
        "    print('from code'); subprocess.run(['echo', 'from a process'])\n"
        "screen.answer({'n': 1}, [])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert json.loads(ended.stdout) == {"n": 1}
    assert set(ended.stderr.splitlines()) == {"Counting …", "from code", "from a process"}


@contextmanager
def files(folder):
    """Standard output and standard error as two files; pytest sets its own between fixtures."""
    with (
        (folder / "out").open("w") as out,
        (folder / "err").open("w") as err,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        yield out, err


def written(file) -> str:
    file.flush()
    return Path(file.name).read_text()


def test_noise_below_python_is_redirected_too(tmp_path):
    with files(tmp_path) as (out, err):
        with Screen(quiet=True).working("Counting"):
            os.write(out.fileno(), b"from below\n")
        assert written(out) == ""
        assert written(err) == "from below\n"


def test_standard_output_is_back_after_an_error(tmp_path):
    screen = Screen(quiet=True)
    with files(tmp_path) as (out, _):
        with pytest.raises(ValueError, match="within"), screen.working("Counting"):
            raise ValueError("within")
        screen.answer({}, [Line("here")])
        assert written(out) == "here\n"


def test_a_reader_who_has_seen_enough_is_no_error(tmp_path):
    app = app_that(raising(BrokenPipeError(32, "Broken pipe")))
    with files(tmp_path) as (out, err):
        assert run_command(app, "name", ["do"]) == 0
        assert written(out) == written(err) == ""


def test_leaving_early_is_left_alone():
    with pytest.raises(SystemExit):
        run_command(app_that(raising(SystemExit(7))), "name", ["do"])


def test_many_faults_are_cut_and_counted_unless_json_is_asked_for(capsys):
    faults = [Fault(row, "bmi", "not_a_number", f"row {row}, bmi") for row in range(1, 31)]
    Screen().fail("the file is at fault", faults)
    shown = capsys.readouterr().err.splitlines()
    assert shown[:2] == ["the file is at fault", "  row 1, bmi"]
    assert "10 more" in shown[-1]
    Screen().fail("the file is at fault", faults[:2])
    assert len(capsys.readouterr().err.splitlines()) == 3
    Screen(as_json=True).fail("the file is at fault", faults)
    assert len(json.loads(capsys.readouterr().out)["faults"]) == 30


def test_what_was_written_is_said_unless_quiet(capsys):
    Screen().done({"n": 1}, "written")
    Screen(quiet=True).done({"n": 1}, "written")
    Screen(as_json=True).done({"n": 1}, "written")
    assert capsys.readouterr().out == 'written\n{"n": 1}\n'


def test_elsewhere_than_on_a_terminal_steps_are_silent(capsys):
    with Screen().progress("pages", 2) as step:
        step()
    assert capsys.readouterr().err == ""


def test_streams_without_a_file_are_redirected_too(monkeypatch):
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    with Screen().working("Counting"):
        sys.stdout.write("noise")
    assert out.getvalue() == ""
    assert err.getvalue() == "Counting ...\nnoise"


def test_a_terminal_shows_that_work_goes_on(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with Screen().working("Counting people"):
        pass
    assert "Counting people" in terminal.getvalue()
    assert "0:00:00" in terminal.getvalue()


def test_a_terminal_shows_how_far_work_is(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Screen().progress("pages", 2) as step:
        step()
        step()
    assert "pages" in terminal.getvalue()


def test_a_terminal_gets_the_same_words(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    Screen().answer({}, [Line("12 people", 2, "bold"), Line("")])
    assert "  " in terminal.getvalue()
    assert "12 people" in terminal.getvalue()


def test_columns_stand_below_each_other():
    lines = aligned([("a", "1"), ("bbb", ""), ("cc", "33")], indent=2)
    assert [line.text for line in lines] == ["a    1", "bbb", "cc   33"]
    assert {line.indent for line in lines} == {2}
