"""``ketamine-predict``: score, explain, outlook, verify. Exit codes tell who must act.

0 done · 1 our fault · 2 the input is at fault · 4 the bundle is damaged, foreign, expired or too
old. A row that is refused is an answer, not an error.
"""

from __future__ import annotations

from collections.abc import Sequence

from predictor.cli.commands import app
from predictor.cli.joining import outlook
from predictor.console import run_command, run_process

__all__ = ["main", "run"]

NAME = "ketamine-predict"

app.command(
    epilog="Example: ketamine-predict outlook runs/response/bundle runs/relapse/bundle new.csv"
)(outlook)


def main() -> None:
    """Run the command of this process and end it with its exit code."""
    run_process(app, NAME)


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
    return run_command(app, NAME, arguments)
