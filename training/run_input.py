"""Where the data of a run come from, and how settings and data meet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from predictor.errors import InvalidInputError
from training.cohort import Cohort, read_cohort
from training.config import (
    RunConfig,
    read_column_map,
    read_dictionary,
    read_landmarks,
    read_outcomes,
    read_run_config,
    read_source_settings,
)
from training.importers import SourceCohort, read_source, source_overrides
from training.landmarking import wanted_landmarks
from training.outcome_definition import OutcomeDefinition


@dataclass(frozen=True, slots=True)
class Input:
    """Where the data of a run come from: three tables, or a named real data set.

    Parameters
    ----------
    patients, visits, events : Path or None
        Tables of a study; events are optional.
    column_map : Path or None
        How the export differs from our tables.
    source : str or None
        Name of a real data set.
    folder : Path or None
        Its folder.
    ignore_unknown : bool
        Leave out unknown columns with a note.
    """

    patients: Path | None = None
    visits: Path | None = None
    events: Path | None = None
    column_map: Path | None = None
    source: str | None = None
    folder: Path | None = None
    ignore_unknown: bool = False


def read_input(
    config: str | Path, data: Input, **overrides: Any
) -> tuple[RunConfig, Cohort, SourceCohort | None]:
    """Read settings and cohort.

    Parameters
    ----------
    config : str or Path
        A file or a shipped name.
    data : Input
        Where the data are.
    **overrides : object
        Settings that replace those of the file.

    Returns
    -------
    config : RunConfig
        Resolved settings.
    cohort : Cohort
        Eligible people with their outcome.
    source : SourceCohort or None
        For a named real data set.

    Raises
    ------
    InvalidInputError
        If settings or data are at fault.
    """
    if data.source is not None:
        settings = read_source_settings(data.source)
        overrides = source_overrides(settings, read_run_config(config).task) | overrides
    resolved = read_run_config(config, **overrides)
    definition = outcome_named(resolved.outcome, resolved.task)
    wanted_landmarks(resolved.landmarks, definition, read_landmarks())
    return resolved, *read_people(data, definition)


def outcome_named(name: str, task: str) -> OutcomeDefinition:
    """Find an outcome of a task by name.

    Parameters
    ----------
    name : str
        An entry of ``outcomes.yaml``.
    task : str
        ``response`` or ``relapse``.

    Returns
    -------
    OutcomeDefinition
        What is predicted.

    Raises
    ------
    InvalidInputError
        If there is no such entry, or it is of the other task.
    """
    outcomes = read_outcomes()
    if name not in outcomes:
        raise InvalidInputError(
            f"outcome: {name!r} is no entry of outcomes.yaml; accepted are " + ", ".join(outcomes)
        )
    found = outcomes[name]
    if found.task != task:
        raise InvalidInputError(
            f"outcome: {name} is a {found.task} outcome but the configuration is for {task}; use "
            f"configs/{found.task}.yaml"
        )
    return found


def read_others(config: RunConfig, data: Input) -> dict[str, Cohort | str]:
    """Read the same people by the other definitions that a run asks for.

    Parameters
    ----------
    config : RunConfig
        Resolved settings.
    data : Input
        Where the data are.

    Returns
    -------
    dict of str to Cohort or str
        By definition, that of the run itself left out; a text says why it could not be read.

    Raises
    ------
    InvalidInputError
        If a definition is no entry of ``outcomes.yaml``, or of the other task.
    """
    known = read_outcomes()
    wanted = tuple(known) if config.definitions == "all" else config.definitions
    if config.definitions == "all":
        wanted = tuple(name for name in wanted if known[name].task == config.task)
    found: dict[str, Cohort | str] = {}
    for name in dict.fromkeys(wanted):
        definition = outcome_named(name, config.task)
        if name == config.outcome:
            continue
        try:
            found[name] = read_people(data, definition)[0]
        except InvalidInputError as error:
            found[name] = str(error)
    return found


def read_people(data: Input, definition: OutcomeDefinition) -> tuple[Cohort, SourceCohort | None]:
    """Read the people of a study and decide everybody's outcome.

    Parameters
    ----------
    data : Input
        Where the data are.
    definition : OutcomeDefinition
        What is predicted.

    Returns
    -------
    cohort : Cohort
        Eligible people with their outcome.
    source : SourceCohort or None
        For a named real data set.

    Raises
    ------
    InvalidInputError
        If no data are named, or they are at fault.
    """
    if data.source is not None:
        if data.folder is None:
            raise InvalidInputError(f"--source {data.source} needs the folder of the data set")
        found = read_source(
            data.source,
            data.folder,
            dictionary=read_dictionary(),
            definition=definition,
            settings=read_source_settings(data.source),
        )
        return found.cohort, found
    if data.patients is None or data.visits is None:
        raise InvalidInputError("name --patients and --visits, or a --source and its folder")
    cohort = read_cohort(
        data.patients,
        data.visits,
        events_path=data.events,
        dictionary=read_dictionary(),
        definition=definition,
        column_map=None if data.column_map is None else read_column_map(data.column_map),
        ignore_unknown=data.ignore_unknown,
    )
    return cohort, None
