"""``ketamine-train init``: a study folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from predictor.console import JsonOption, Line, QuietOption, Screen
from training.cli.options import require_free


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or an empty folder.")],
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make a study folder: commented configurations, a column map, what the tables hold."""
    from training.study_folder import write_study_folder

    screen = Screen(as_json=as_json, quiet=quiet)
    free = require_free(folder)
    written = write_study_folder(free)
    lines = [Line(f"Study folder: {free}")]
    lines += [Line(str(path.relative_to(free)), 2) for path in written]
    lines.append(Line("Read README.txt first."))
    document = {"folder": str(free), "files": [str(path) for path in written]}
    screen.answer(document, [] if quiet else lines)
