"""Relapse to smoking after a randomised treatment (package asaur): one row a person.

There is no response and there are no visits: everybody is at risk from day 0, and each person has
one dated event, a relapse or the end of observation.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from predictor.dictionary import Dictionary
from predictor.errors import InvalidInputError
from training.importers.source import SourceCohort, SourceSettings, build_cohort, source_file
from training.outcome import OutcomeDefinition
from training.raw_tables import RawTables, file_sha256
from training.text_table import read_text_table
from training.visits import VISIT_COLUMNS

FILE = "pharmacoSmoking.csv"
COLUMNS = ("id", "ttr", "relapse", "grp")
EVENTS = {"1": "relapsed", "0": "last_seen"}


def read_smoking_relapse(
    folder: Path,
    *,
    dictionary: Dictionary,
    definition: OutcomeDefinition,
    settings: SourceSettings,
) -> SourceCohort:
    """Read the folder of the data set.

    Parameters
    ----------
    folder : Path
        Holds ``pharmacoSmoking.csv``.
    dictionary : Dictionary
        Of the run; the variables of smoking are merged into it.
    definition : OutcomeDefinition
        What is predicted.
    settings : SourceSettings
        Of ``configs/sources/smoking_relapse.yaml``.

    Returns
    -------
    SourceCohort
        With relapses by randomised group, and how many of them lie on day 0.

    Raises
    ------
    InvalidInputError
        If the file is absent or has a fault.
    """
    path = source_file(folder, FILE)
    people = read_text_table(path, table="patients")
    absent = [name for name in COLUMNS if name not in people]
    if absent:
        raise InvalidInputError(
            f"{FILE}: column {', '.join(absent)} is missing; give the file as downloaded"
        )
    unknown = people.index[~people["relapse"].isin(list(EVENTS))]
    if len(unknown):
        raise InvalidInputError(
            f"{FILE}, row {unknown[0]}, relapse: accepted are 1 (relapsed) and 0 (last seen); give "
            "the file as downloaded"
        )
    raw = RawTables(
        patients=people,
        visits=pd.DataFrame({name: pd.Series(dtype=str) for name in VISIT_COLUMNS}),
        events=pd.DataFrame(
            {
                "patient_id": people["id"],
                "day": people["ttr"],
                "event": people["relapse"].map(EVENTS),
            }
        ),
        source=settings.name,
        file_sha256={FILE: file_sha256(path)},
    )
    cohort = build_cohort(raw, dictionary=dictionary, definition=definition, settings=settings)
    return SourceCohort(cohort, (), _facts(people), settings)


def _facts(people: pd.DataFrame) -> dict[str, float]:
    """Count people and relapses, of all and by randomised group."""
    relapsed = people["relapse"] == "1"
    days = pd.to_numeric(people["ttr"], errors="coerce")
    facts = {
        "people": len(people),
        "relapsed": relapsed.sum(),
        "relapsed on day 0, kept at half a day": (relapsed & (days == 0)).sum(),
    }
    for arm in sorted(set(people["grp"])):
        facts[f"{arm}: people"] = (people["grp"] == arm).sum()
        facts[f"{arm}: relapsed"] = (relapsed & (people["grp"] == arm)).sum()
    return {name: float(count) for name, count in facts.items()}
