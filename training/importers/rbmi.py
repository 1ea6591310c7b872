"""Antidepressant trial with drop-out (package rbmi): HAM-D17 to week 6, baseline in each row.

The visit days are nominal (VISIT), the real ones (RELDAYS) are kept beside them as ``actual_day``.
A person without a week-6 score has no outcome. Values carried forward appear only among the facts,
so that a published count can be found again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from predictor.dictionary import Dictionary
from predictor.errors import InvalidInputError
from training.importers.source import (
    SourceCohort,
    SourceLine,
    SourceSettings,
    build_cohort,
    fell_enough,
    source_file,
    source_line,
)
from training.outcome import OutcomeDefinition
from training.raw_tables import RawTables, file_sha256
from training.text_table import read_text_table

FILE = "antidepressant_data.csv"
PERSON_COLUMNS = ("PATIENT", "THERAPY", "GENDER", "POOLINV", "BASVAL")
VISIT_COLUMNS = ("VISIT", "RELDAYS", "HAMDTL17")
REMITTED_AT_MOST = 7.0


def read_rbmi(
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
        Holds ``antidepressant_data.csv``.
    dictionary : Dictionary
        Of the run; the randomised arm is merged into it.
    definition : OutcomeDefinition
        What is predicted.
    settings : SourceSettings
        Of ``configs/sources/rbmi.yaml``.

    Returns
    -------
    SourceCohort
        With one line for each visit.

    Raises
    ------
    InvalidInputError
        If the file is absent or has a fault, or a person's baseline differs between rows.
    """
    path = source_file(folder, FILE)
    table = read_text_table(path, table="visits")
    absent = [name for name in (*PERSON_COLUMNS, *VISIT_COLUMNS) if name not in table]
    if absent:
        raise InvalidInputError(
            f"{FILE}: column {', '.join(absent)} is missing; give the file as downloaded"
        )
    people = _people(table)
    raw = RawTables(
        patients=people,
        visits=_visits(table, people, settings),
        source=settings.name,
        file_sha256={FILE: file_sha256(path)},
    )
    cohort = build_cohort(raw, dictionary=dictionary, definition=definition, settings=settings)
    rule = definition.responders or definition
    scores = _by_visit(table, people, settings)
    return SourceCohort(
        cohort, _lines(scores, rule, settings), _facts(scores, rule, settings), settings
    )


def _people(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each person; what should not change between visits must not."""
    people = table[list(PERSON_COLUMNS)].drop_duplicates()
    twice = people.index[people["PATIENT"].duplicated()]
    if len(twice):
        raise InvalidInputError(
            f"{FILE}, row {twice[0]}: arm, sex, site or baseline differ from an earlier row of the "
            "same person; give the file as downloaded"
        )
    return people


def _visits(table: pd.DataFrame, people: pd.DataFrame, settings: SourceSettings) -> pd.DataFrame:
    """Visits on nominal days, the baseline score of each person as a visit on day 0."""
    days = {label: f"{day:g}" for label, day in settings.visit_days.items()}
    unknown = table.index[~table["VISIT"].isin(list(days))]
    if len(unknown):
        raise InvalidInputError(
            f"{FILE}, row {unknown[0]}, VISIT: accepted are {', '.join(days)}; give the file as "
            "downloaded or add the visit to visit_days"
        )
    later = pd.DataFrame(
        {
            "PATIENT": table["PATIENT"],
            "day": table["VISIT"].map(days),
            "score": table["HAMDTL17"],
            "actual_day": table["RELDAYS"],
        }
    )
    baseline = pd.DataFrame(
        {"PATIENT": people["PATIENT"], "day": "0", "score": people["BASVAL"], "actual_day": "0"}
    )
    return pd.concat([baseline, later])


def _by_visit(table: pd.DataFrame, people: pd.DataFrame, settings: SourceSettings) -> pd.DataFrame:
    """HAM-D17 of each person by visit, with arm and baseline."""
    score = pd.to_numeric(table["HAMDTL17"], errors="coerce")
    wide = table.assign(score=score).pivot_table(
        index="PATIENT", columns="VISIT", values="score", aggfunc="first"
    )
    start = people.set_index("PATIENT")[["THERAPY"]].assign(
        start=pd.to_numeric(people.set_index("PATIENT")["BASVAL"], errors="coerce")
    )
    return start.join(wide.reindex(columns=list(settings.visit_days)))


def _lines(
    scores: pd.DataFrame, rule: OutcomeDefinition, settings: SourceSettings
) -> tuple[SourceLine, ...]:
    """Describe every visit."""
    return tuple(
        source_line(
            "all",
            f"day {day:g}",
            start=scores["start"].to_numpy(float),
            score=scores[label].to_numpy(float),
            rule=rule,
            remitted_at_most=REMITTED_AT_MOST,
        )
        for label, day in settings.visit_days.items()
    )


def _facts(
    scores: pd.DataFrame, rule: OutcomeDefinition, settings: SourceSettings
) -> dict[str, float]:
    """Count what the literature reports after carrying the last score forward."""
    last = scores[list(settings.visit_days)].ffill(axis=1).iloc[:, -1].to_numpy(float)
    responded = fell_enough(scores["start"].to_numpy(float), last, rule)
    facts = {
        "carried forward (not an outcome here): people": int((~np.isnan(last)).sum()),
        "carried forward (not an outcome here): responders": int(responded.sum()),
        "carried forward (not an outcome here): remitted": int((last <= REMITTED_AT_MOST).sum()),
    }
    shares = {
        f"carried forward (not an outcome here): share of responders, {arm}": responded[
            (scores["THERAPY"] == arm).to_numpy()
        ].mean()
        for arm in sorted(set(scores["THERAPY"]))
    }
    return {name: float(value) for name, value in {**facts, **shares}.items()}
