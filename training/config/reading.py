"""Each file of ``configs/`` to the typed settings that it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from predictor.crosswalk import crosswalks_of
from predictor.dictionary import Dictionary
from predictor.errors import InvalidInputError
from predictor.landmarks import Landmarks
from predictor.prevention import checked_prevention
from predictor.safety import SafetyRules
from training.checklist_items import Checklist
from training.column_map import ColumnMap
from training.config.files import find_config, read_yaml
from training.config.run_config import RunConfig
from training.importers import SourceSettings
from training.outcome_definition import OutcomeDefinition, outcome_definitions
from training.settings import checked_settings
from training.simulation import World


def read_run_config(name: str | Path, **overrides: Any) -> RunConfig:
    """Read the settings of a run.

    Parameters
    ----------
    name : str or Path
        A file or a shipped name.
    **overrides : object
        Settings that replace those of the file; ``resampling`` is merged key by key.

    Returns
    -------
    RunConfig
        The checked settings.

    Raises
    ------
    InvalidInputError
        If a key is unknown or a value is not accepted.
    """
    path, _ = find_config(name)
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise InvalidInputError(f"{path} must hold keys such as task and outcome")
    resampling, replaced = content.get("resampling") or {}, overrides.pop("resampling", {})
    if isinstance(resampling, dict):  # anything else is refused by name
        resampling = {**resampling, **replaced}
    return checked_settings(
        RunConfig, {**content, **overrides, "resampling": resampling}, where=str(name)
    )


def read_dictionary() -> Dictionary:
    """Read the data dictionary.

    Returns
    -------
    Dictionary
        Of ``configs/dictionary.yaml``.
    """
    return Dictionary.from_dict(read_yaml(find_config("configs/dictionary.yaml")[0]))


def read_safety(dictionary: Dictionary) -> SafetyRules:
    """Read the safety rules.

    Parameters
    ----------
    dictionary : Dictionary
        Whose variables they read.

    Returns
    -------
    SafetyRules
        Of ``configs/safety.yaml``.
    """
    return SafetyRules.from_dict(read_yaml(find_config("configs/safety.yaml")[0]), dictionary)


def read_crosswalks() -> tuple[dict[str, Any], ...]:
    """Read the crosswalks from the scores of one scale to another's.

    Returns
    -------
    tuple of dict
        Of ``configs/crosswalks.yaml``, checked; a bundle carries them as they are.
    """
    entries = tuple(read_yaml(find_config("configs/crosswalks.yaml")[0])["crosswalks"])
    crosswalks_of(entries)
    return entries


def read_landmarks() -> Landmarks:
    """Read the landmarks, and what is known at each.

    Returns
    -------
    Landmarks
        Of ``configs/landmarks.yaml``.
    """
    return Landmarks.from_dict(read_yaml(find_config("configs/landmarks.yaml")[0]))


def read_prevention(dictionary: Dictionary) -> tuple[dict[str, Any], ...]:
    """Read what stands beside a relapse score: signs to watch, when to act, with their sources.

    Parameters
    ----------
    dictionary : Dictionary
        Whose variables the signs name.

    Returns
    -------
    tuple of dict
        Of ``configs/relapse_prevention.yaml``, with the words of the safety rules filled in.
    """
    content = read_yaml(find_config("configs/relapse_prevention.yaml")[0])
    return checked_prevention(content["entries"], dictionary, read_safety(dictionary))


def read_outcomes() -> dict[str, OutcomeDefinition]:
    """Read the outcome definitions.

    Returns
    -------
    dict of str to OutcomeDefinition
        Of ``configs/outcomes.yaml``.
    """
    return outcome_definitions(read_yaml(find_config("configs/outcomes.yaml")[0]))


def read_checklist(name: str) -> Checklist:
    """Read what a published checklist asks.

    Parameters
    ----------
    name : str
        ``tripod_ai`` or ``probast_ai``.

    Returns
    -------
    Checklist
        Of ``configs/NAME.yaml``.
    """
    path, _ = find_config(f"configs/{name}.yaml")
    return checked_settings(Checklist, read_yaml(path), where=path.name)


def read_world(name: str | Path = "configs/simulation.yaml") -> World:
    """Read the world of the simulator.

    Parameters
    ----------
    name : str or Path
        A file or a shipped name.

    Returns
    -------
    World
        The checked settings.
    """
    return checked_settings(World, read_yaml(find_config(name)[0]), where=str(name))


def read_column_map(path: Path) -> ColumnMap:
    """Read a column map.

    Parameters
    ----------
    path : Path
        A YAML file.

    Returns
    -------
    ColumnMap
        The checked map.
    """
    return checked_settings(ColumnMap, read_yaml(path) or {}, where=str(path))


def read_source_settings(name: str) -> SourceSettings:
    """Read how a real data set maps to our tables.

    Parameters
    ----------
    name : str
        Such as ``ds005917``.

    Returns
    -------
    SourceSettings
        Of ``configs/sources/NAME.yaml``.

    Raises
    ------
    InvalidInputError
        If the source is not known.
    """
    path, _ = find_config(f"configs/sources/{name}.yaml")
    return checked_settings(SourceSettings, read_yaml(path), where=str(path))
