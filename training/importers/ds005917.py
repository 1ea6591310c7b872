"""NIMH ketamine mechanism-of-action study (OpenNeuro ds005917), a cross-over of two infusions.

The default cohort is the ketamine period of people with depression: day 2 against the only
baseline, which lies before the first infusion, whichever that was. Healthy volunteers never enter
the cohort; the saline period is the control and never joins the training rows.
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

REMITTED_AT_MOST = 10.0
STILL_ILL_AT_LEAST = 20.0


def read_ds005917(
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
        Holds ``participants.tsv`` and ``phenotype.tsv`` (also in ``phenotype/``).
    dictionary : Dictionary
        Of the run.
    definition : OutcomeDefinition
        What is predicted.
    settings : SourceSettings
        Of ``configs/sources/ds005917.yaml``.

    Returns
    -------
    SourceCohort
        With the lines of every period and how long the responders stayed well.

    Raises
    ------
    InvalidInputError
        If a file is absent or has a fault.
    """
    paths = {
        "participants.tsv": source_file(folder, "participants.tsv"),
        "phenotype.tsv": source_file(folder, "phenotype.tsv", "phenotype/phenotype.tsv"),
    }
    people = read_text_table(paths["participants.tsv"], table="participants")
    scores = read_text_table(paths["phenotype.tsv"], table="phenotype")
    _refuse_other_files(people, scores)
    session = scores["session_id"]
    control = session.isin(list(settings.control_days))
    unknown = ~session.isin([*settings.visit_days, *settings.control_days])
    nominal = settings.visit_days | settings.control_days
    days = session.map({name: f"{day:g}" for name, day in nominal.items()})
    visits = scores.assign(day=days)[~unknown]
    raw = RawTables(
        patients=people,
        visits=visits,
        source=settings.name,
        file_sha256={name: file_sha256(path) for name, path in paths.items()},
        notes=(
            f"{int(control.sum())} rows of the saline period are the control, never trained on",
            f"{int(unknown.sum())} rows without a known session are left out",
        ),
    )
    if not control.any():  # whoever leaves the control period out has none to declare
        plain = settings.column_map.model_copy(update={"control_arm": None})
        settings = settings.model_copy(update={"column_map": plain})
    cohort = build_cohort(raw, dictionary=dictionary, definition=definition, settings=settings)
    rule = definition.responders or definition
    by_session = _by_session(people, scores)
    return SourceCohort(
        cohort, _lines(by_session, rule, settings), _facts(by_session, rule), settings
    )


def _refuse_other_files(people: pd.DataFrame, scores: pd.DataFrame) -> None:
    """Refuse files without the columns that are read here."""
    needed = {
        "participants.tsv": (people, ("participant_id", "group", "infusion_1", "infusion_2")),
        "phenotype.tsv": (scores, ("participant_id", "session_id", "MADRS_Total")),
    }
    for name, (table, columns) in needed.items():
        absent = [column for column in columns if column not in table]
        if absent:
            raise InvalidInputError(
                f"{name}: column {', '.join(absent)} is missing; give the file as downloaded"
            )


def _by_session(people: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """MADRS of each person by session, with group and order of infusions."""
    madrs = pd.to_numeric(scores["MADRS_Total"], errors="coerce")
    wide = scores.assign(madrs=madrs).pivot_table(
        index="participant_id", columns="session_id", values="madrs", aggfunc="first"
    )
    sessions = ("ses-b0", "ses-d2", "ses-d10", "ses-p2", "ses-p10")
    joined = people.set_index("participant_id")[["group", "infusion_1", "infusion_2"]]
    return joined.join(wide.reindex(columns=list(sessions)))


def _lines(
    scores: pd.DataFrame, rule: OutcomeDefinition, settings: SourceSettings
) -> tuple[SourceLine, ...]:
    """Describe every period."""
    asked = [
        (who, groups, session, name)
        for who, groups in (("MDD", ["MDD"]), ("MDD + BP", ["MDD", "BP"]))
        for session, name in (
            ("ses-d2", "ketamine day 2"),
            ("ses-p2", "placebo day 2"),
            ("ses-d10", "ketamine day 10"),
            ("ses-p10", "placebo day 10"),
        )
        if session in settings.visit_days or session in settings.control_days
    ]
    return tuple(
        source_line(
            who,
            name,
            start=scores["ses-b0"][scores["group"].isin(groups)].to_numpy(float),
            score=scores[session][scores["group"].isin(groups)].to_numpy(float),
            rule=rule,
            remitted_at_most=REMITTED_AT_MOST,
        )
        for who, groups, session, name in asked
    )


def _facts(scores: pd.DataFrame, rule: OutcomeDefinition) -> dict[str, float]:
    """Count how long the responders stayed well, and what the order of infusions did."""
    ill = scores[scores["group"].isin(["MDD", "BP"])]
    start = ill["ses-b0"].to_numpy(float)
    early, late = ill["ses-d2"].to_numpy(float), ill["ses-d10"].to_numpy(float)
    both = ~np.isnan(start) & ~np.isnan(early)
    responded = fell_enough(start, early, rule)
    seen = responded & ~np.isnan(late)
    facts = {
        "day-2 responders": responded.sum(),
        "day-2 responders with a day-10 score": seen.sum(),
        "of these no longer responding at day 10": (seen & ~fell_enough(start, late, rule)).sum(),
        "of these with MADRS of 20 or more at day 10": (seen & (late >= STILL_ILL_AT_LEAST)).sum(),
    }
    for column, name in (("infusion_1", "ketamine first"), ("infusion_2", "ketamine second")):
        order = (ill[column] == "d").to_numpy()
        facts[f"{name}: people"] = (order & both).sum()
        facts[f"{name}: responders"] = (order & responded).sum()
    return {name: float(count) for name, count in facts.items()}
