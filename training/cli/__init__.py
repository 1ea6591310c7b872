"""``ketamine-train``: from a cohort to a tracked model. Exit codes tell who must act.

0 done · 1 our fault · 2 the input is at fault · 3 the cohort cannot support what was asked, or a
leak sentinel failed. Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

from collections.abc import Sequence

import typer

from predictor.console import run_command, run_process
from training.cli.checking import check
from training.cli.comparing import compare
from training.cli.planning import plan
from training.cli.promoting import promote
from training.cli.running import run as run_model
from training.cli.simulating import simulate
from training.cli.starting import init
from training.cli.validating import validate

__all__ = ["app", "main", "run"]

NAME = "ketamine-train"

app = typer.Typer(
    name=NAME,
    help="Train, evaluate and track models of response to ketamine and of relapse after it. "
    "Research use only.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_TABLES = "--patients cohort/patients.csv --visits cohort/visits.csv"
for command, name, example in (
    (init, "init", "my-study"),
    (simulate, "simulate", "--patients 600 --seed 7 --out cohort"),
    (check, "check", f"{_TABLES} --events cohort/events.csv"),
    (plan, "plan", f"configs/response.yaml {_TABLES}"),
    (run_model, "run", f"configs/response.yaml {_TABLES} --out runs/response"),
    (validate, "validate", f"runs/response/bundle {_TABLES} --out validation"),
    (compare, "compare", "runs/one runs/other"),
    (promote, "promote", "runs/response"),
):
    app.command(name, epilog=f"Example: {NAME} {name} {example}")(command)


def main() -> None:
    """Run the command of this process and end it with its exit code."""
    run_process(app, NAME)


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str
        What stands after ``ketamine-train``.

    Returns
    -------
    int
        Exit code.
    """
    return run_command(app, NAME, arguments)
