"""``ketamine-predict``: score, explain, verify. Exit codes tell who must act.

0 done · 1 our fault · 2 the input is at fault · 4 the bundle is damaged, foreign, expired or too
old. A row that is refused is an answer, not an error.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.main import get_command

from predictor.cli.commands import DAMAGED, app
from predictor.cli.screen import Screen
from predictor.errors import BundleError, InvalidInputError

__all__ = ["main", "run"]

BAD_INPUT = 2
STOPPED = 130

# a wrong option or argument; its class stands where typer keeps its own copy of click
_UsageError: Any = typer.BadParameter.__mro__[1]


def main() -> None:
    """Run the command of this process and end it with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str
        What stands after ``ketamine-predict``.

    Returns
    -------
    int
        Exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    screen = Screen(as_json="--json" in arguments)
    try:
        code = _answer(list(arguments) or ["--help"], screen)
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader has seen enough; nothing may be flushed into the closed pipe at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _answer(arguments: list[str], screen: Screen) -> int:
    """Run one command; each error has its sentence and its exit code."""
    try:
        ended = get_command(app).main(arguments, "ketamine-predict", standalone_mode=False)
    except InvalidInputError as error:
        screen.fail(str(error), error.faults)
        return BAD_INPUT
    except BundleError as error:
        screen.fail(str(error))
        return DAMAGED
    except _UsageError as error:
        screen.fail(f"{error.format_message()} See ketamine-predict --help.")
        return BAD_INPUT
    except BrokenPipeError:
        raise
    except OSError as error:
        screen.fail(f"{error.filename}: {error.strerror}; check the path and its rights")
        return BAD_INPUT
    except typer.Abort:
        screen.fail("stopped before the end")
        return STOPPED
    return int(ended or 0)
