"""``ketamine-train promote``: the model of a run becomes the one in use."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from predictor.console import JsonOption, Line, QuietOption, Screen, aligned
from predictor.errors import InvalidInputError

if TYPE_CHECKING:
    from training.run_folder import RunFolder


def promote(
    *,
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", exists=True, file_okay=False, help="The --out folder of a finished run."
        ),
    ],
    demo: Annotated[
        bool,
        typer.Option("--demo", help="Promote a model of simulated people, as a demonstration."),
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Give the model that RUN registered the alias champion in MLflow; refused runs have none."""
    screen = Screen(as_json=as_json, quiet=quiet)
    with screen.working("Promoting"):
        from training.run_folder import read_run_folder
        from training.tracking import NAMES, promote_version

        folder = read_run_folder(run)
        run_id = _registered(folder, demo=demo)
        promoted = promote_version(
            NAMES[folder.task], run_id, demo=demo, tracking_uri=_store(folder)
        )
    facts = [
        ("model", promoted.name),
        ("version", promoted.version),
        ("champion before", promoted.before or "none"),
        ("status of its run", folder.status),
        ("store", promoted.tracking_uri),
    ]
    lines = [Line("champion: the model in use", style="bold"), *aligned(facts, indent=2)]
    lines += [Line("simulated data: a demonstration, never for people", 2)] * (
        folder.data_origin == "simulated"
    )
    document = {**asdict(promoted), "status": folder.status, "data_origin": folder.data_origin}
    screen.answer(document, lines)


def _registered(folder: RunFolder, *, demo: bool) -> str:
    """Refuse a run that has no model to promote, and give its id in MLflow."""
    if folder.status == "refused":
        raise InvalidInputError(
            f"{folder.path} ended refused ({folder.reason}): it has no model to promote"
        )
    if folder.data_origin == "simulated" and not demo:
        raise InvalidInputError(
            f"{folder.path} was made from simulated people; say --demo to promote it as a "
            "demonstration"
        )
    if folder.run_id is None or not folder.run_id.isalnum():
        raise InvalidInputError(
            f"{folder.path} has no record in MLflow, its store had failed; repeat the run"
        )
    return folder.run_id


def _store(folder: RunFolder) -> str | None:
    """Name the store of a run; a password is not kept in its folder."""
    uri = os.environ.get("MLFLOW_TRACKING_URI") or folder.tracking_uri
    if uri is not None and "://***@" in uri:
        raise InvalidInputError(
            f"the MLflow store {uri} asks for a password; give its whole address in "
            "MLFLOW_TRACKING_URI"
        )
    return uri
