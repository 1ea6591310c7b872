"""Options that more than one command has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from predictor.errors import InvalidInputError

PATIENTS = typer.Option(
    "--patients", metavar="FILE", exists=True, dir_okay=False, help="Table, a row each person."
)
VISITS = typer.Option(
    "--visits", metavar="FILE", exists=True, dir_okay=False, help="Table, a row each score."
)
EVENTS = typer.Option(
    "--events",
    metavar="FILE",
    exists=True,
    dir_okay=False,
    help="Table of admissions, further treatment, withdrawal.",
)
MAP = typer.Option(
    "--map",
    metavar="FILE",
    exists=True,
    dir_okay=False,
    help="Column map (.yaml): how your export differs from our tables.",
)

ConfigArgument = Annotated[
    str, typer.Argument(metavar="CONFIG", help="configs/response.yaml, …/relapse.yaml or own.")
]
SourceOption = Annotated[
    tuple[str, Path] | None,
    typer.Option("--source", metavar="NAME FOLDER", help="A real data set that is mapped already."),
]
EventsOption = Annotated[Path | None, EVENTS]
MapOption = Annotated[Path | None, MAP]


def require_free(folder: Path) -> Path:
    """Refuse a folder that holds something.

    Parameters
    ----------
    folder : Path
        Where files shall be written.

    Returns
    -------
    Path
        The same, absolute.

    Raises
    ------
    InvalidInputError
        If it is a file or not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInputError(f"{folder} is there already; name a new or an empty folder")
    return folder.resolve()
