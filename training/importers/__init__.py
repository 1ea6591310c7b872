"""Real data sets that the project can read: one line for each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from predictor.dictionary import Dictionary
from predictor.errors import InvalidInputError
from training.importers.ds005917 import read_ds005917
from training.importers.rbmi import read_rbmi
from training.importers.smoking_relapse import read_smoking_relapse
from training.importers.source import (
    SourceCohort,
    SourceLine,
    SourceSettings,
    Task,
    source_overrides,
)
from training.outcome import OutcomeDefinition
from training.settings import nearest

__all__ = [
    "IMPORTERS",
    "SourceCohort",
    "SourceLine",
    "SourceSettings",
    "Task",
    "read_source",
    "source_overrides",
]


class Importer(Protocol):
    """Reads the folder of one data set."""

    def __call__(
        self,
        folder: Path,
        *,
        dictionary: Dictionary,
        definition: OutcomeDefinition,
        settings: SourceSettings,
    ) -> SourceCohort:
        """Read the folder."""


IMPORTERS: Mapping[str, Importer] = {
    "ds005917": read_ds005917,  # ketamine against saline, one infusion each
    "rbmi": read_rbmi,  # antidepressant against placebo, with drop-out
    "smoking_relapse": read_smoking_relapse,  # not ketamine: dated relapses to smoking
}


def read_source(
    name: str,
    folder: Path,
    *,
    dictionary: Dictionary,
    definition: OutcomeDefinition,
    settings: SourceSettings,
) -> SourceCohort:
    """Read a real data set by name.

    Parameters
    ----------
    name : str
        A key of `IMPORTERS`.
    folder : Path
        Where the user put it.
    dictionary : Dictionary
        Of the run; the source's own variables are merged into it.
    definition : OutcomeDefinition
        What is predicted; of another outcome than the source's own, the counts are of that one.
    settings : SourceSettings
        Of ``configs/sources/NAME.yaml``.

    Returns
    -------
    SourceCohort
        The cohort and what else is known of the source.

    Raises
    ------
    InvalidInputError
        If the source is unknown, the settings are of another one, or a file is absent or has a
        fault.
    """
    if name not in IMPORTERS:
        raise InvalidInputError(f"source {name} is unknown{nearest(name, tuple(IMPORTERS))}")
    if settings.name != name:
        raise InvalidInputError(
            f"source {name}: the settings are those of {settings.name}; give configs/sources/"
            f"{name}.yaml"
        )
    return IMPORTERS[name](
        Path(folder), dictionary=dictionary, definition=definition, settings=settings
    )
