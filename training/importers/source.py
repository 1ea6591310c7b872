"""What every source of real data has: its settings, and what reading it gives."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from predictor.dictionary import Dictionary, variable_from_dict
from predictor.errors import InvalidInputError
from predictor.outcome_rules import has_fallen
from training.cohort import Cohort, assemble_cohort
from training.column_map import ColumnMap
from training.outcome import OutcomeDefinition
from training.raw_tables import RawTables

Task = Literal["response", "relapse"]


class SourceSettings(BaseModel):
    """One file of ``configs/sources/``.

    Parameters
    ----------
    name, title : str
        Name on the command line, and what it is.
    download, licence, citation : str
        Where a user gets the original, on which terms, and what to cite.
    outcomes : dict of str to str
        Name of the outcome preset for each task that the source supports.
    ketamine : bool
        Whether the source is about ketamine; where not, its reports do not say so.
    visit_days : dict of str to float
        Label of each visit in the file to its nominal day; empty where there are no visits.
    control_days : dict of str to float
        The same for a control period, which the column map declares as ``control_arm``; it never
        joins the training rows.
    column_map : ColumnMap
        Renaming, recoding and eligibility.
    extra_variables : tuple of dict
        Variables that only this source has, merged into the dictionary.
    notes : tuple of str
        What every report on this source must say.
    run : dict
        Settings that a run takes over for this source; checked by the run's own configuration.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    download: str
    licence: str
    citation: str
    outcomes: Annotated[dict[Task, str], Field(min_length=1)]
    ketamine: bool = True
    visit_days: dict[str, float] = {}
    control_days: dict[str, float] = {}
    column_map: ColumnMap = ColumnMap()
    extra_variables: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    run: dict[str, Any] = {}

    def outcome_of(self, task: Task) -> str:
        """Name the outcome of a task.

        Parameters
        ----------
        task : str
            ``response`` or ``relapse``.

        Returns
        -------
        str
            An entry of ``outcomes.yaml``.

        Raises
        ------
        InvalidInputError
            If the source does not support the task.
        """
        if task not in self.outcomes:
            there = " and ".join(self.outcomes)
            raise InvalidInputError(
                f"source {self.name} has no {task} outcome; it supports {there}: use configs/"
                f"{next(iter(self.outcomes))}.yaml"
            )
        return self.outcomes[task]


def source_overrides(settings: SourceSettings, task: Task) -> dict[str, Any]:
    """Turn what a source says about its run into overrides.

    Parameters
    ----------
    settings : SourceSettings
        Of ``configs/sources/NAME.yaml``.
    task : str
        ``response`` or ``relapse``.

    Returns
    -------
    dict
        For `training.config.read_run_config`.

    Raises
    ------
    InvalidInputError
        If the source does not support the task.
    """
    said = dict(settings.run) | {"outcome": settings.outcome_of(task)}
    resampling = {key: said.pop(key) for key in ("folds", "repeats", "inner_folds") if key in said}
    return {**said, "resampling": resampling}


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line of what is known of a source: a group of people at one visit.

    Parameters
    ----------
    who, session : str
        Group and visit.
    people : int
        With a score at baseline and at this visit.
    responders : int
        By the source's own response rule, at this visit.
    mean_change : float
        Score at the visit less baseline; negative is better; NaN without people.
    remitted : int
        With a score at or below the scale's usual remission cut-off.
    """

    who: str
    session: str
    people: int
    responders: int
    mean_change: float
    remitted: int

    def to_dict(self) -> dict[str, object]:
        """Give the line for a report.

        Returns
        -------
        dict
            The fields by name.
        """
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class SourceCohort:
    """A real data set as read.

    Parameters
    ----------
    cohort : Cohort
        The default cohort with the outcome that was asked for.
    lines : tuple of SourceLine
        Counts by group and visit, for the report.
    facts : dict of str to float
        Further counts, by what they count.
    settings : SourceSettings
        Of this source.
    """

    cohort: Cohort
    lines: tuple[SourceLine, ...]
    facts: dict[str, float]
    settings: SourceSettings


def source_line(
    who: str,
    session: str,
    *,
    start: np.ndarray,
    score: np.ndarray,
    rule: OutcomeDefinition,
    remitted_at_most: float,
) -> SourceLine:
    """Describe a group of people at one visit.

    Parameters
    ----------
    who, session : str
        Group and visit.
    start, score : numpy.ndarray
        Scores at baseline and at the visit; NaN where not known; shape (n,).
    rule : OutcomeDefinition
        Gives the percentage of the fall.
    remitted_at_most : float
        Cut-off of remission.

    Returns
    -------
    SourceLine
        Of those with both scores.
    """
    both = ~np.isnan(start) & ~np.isnan(score)
    first, last = start[both], score[both]
    return SourceLine(
        who=who,
        session=session,
        people=int(both.sum()),
        responders=int(fell_enough(first, last, rule).sum()),
        mean_change=float((last - first).mean()) if both.any() else float("nan"),
        remitted=int((last <= remitted_at_most).sum()),
    )


def fell_enough(start: np.ndarray, score: np.ndarray, rule: OutcomeDefinition) -> np.ndarray:
    """Tell whose score fell by at least the percentage of a rule.

    Parameters
    ----------
    start, score : numpy.ndarray
        Scores at baseline and later; shape (n,).
    rule : OutcomeDefinition
        A response with ``percent_fall``.

    Returns
    -------
    numpy.ndarray
        Bool, shape (n,); False where a score is not known.
    """
    percent = rule.percent_fall if rule.percent_fall is not None else 50.0
    return has_fallen(start, score, percent)


def build_cohort(
    raw: RawTables,
    *,
    dictionary: Dictionary,
    definition: OutcomeDefinition,
    settings: SourceSettings,
) -> Cohort:
    """Make the cohort of a source from its tables.

    Parameters
    ----------
    raw : RawTables
        With a column ``day`` in the visits.
    dictionary : Dictionary
        The source's own variables are merged into it.
    definition : OutcomeDefinition
        What is predicted.
    settings : SourceSettings
        Of this source.

    Returns
    -------
    Cohort
        Its notes begin with what every report on the source must say.

    Raises
    ------
    InvalidInputError
        If a table has a fault.
    """
    extra = [variable_from_dict(entry) for entry in settings.extra_variables]
    added = tuple(f"variable of this source: {v.id} ({v.label})" for v in extra)
    noted = RawTables(
        patients=raw.patients,
        visits=raw.visits,
        events=raw.events,
        source=settings.name,
        file_sha256=raw.file_sha256,
        notes=(*settings.notes, *added, *raw.notes),
    )
    return assemble_cohort(
        noted,
        dictionary=dictionary.merged(extra),
        definition=definition,
        column_map=settings.column_map,
    )


def source_file(folder: Path, *names: str) -> Path:
    """Find a file of a source under one of its names.

    Parameters
    ----------
    folder : Path
        Where the user put the data set.
    *names : str
        Accepted places inside it.

    Returns
    -------
    Path
        The first that exists.

    Raises
    ------
    InvalidInputError
        If there is none.
    """
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise InvalidInputError(
        f"{folder.name}: {' or '.join(names)} is not in this folder; give the folder of the data "
        "set as it was downloaded"
    )
