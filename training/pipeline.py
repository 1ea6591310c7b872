"""One run, read top to bottom as a methods section.

Cohort → guards → repeated nested cross-validation → choice → status → final fit → bundle →
figures and report → MLflow. All is written beside the wanted folder and moved there whole, so
that a run that breaks off leaves nothing half-written.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Dictionary, Variable
from predictor.errors import InvalidInputError
from predictor.model import Model
from training.cohort import Cohort, read_cohort
from training.config import (
    RunConfig,
    read_column_map,
    read_dictionary,
    read_outcomes,
    read_run_config,
    read_source_settings,
    source_overrides,
)
from training.evaluation import (
    Analysis,
    Choice,
    OutOfFold,
    choose,
    cross_validate,
    inner_splits,
    measure,
    watch,
)
from training.findings import Findings, sample_size_of, status_of
from training.fitting import Outcome, prepare
from training.importers import SourceCohort, read_source
from training.learners import learner_named
from training.outcome import RelapseOutcome
from training.tuning import freeze, inner_folds, tune_and_fit

Floats = NDArray[np.float64]


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
    dictionary, outcomes = read_dictionary(), read_outcomes()
    if data.source is not None:
        if data.folder is None:
            raise InvalidInputError(f"--source {data.source} needs the folder of the data set")
        settings = read_source_settings(data.source)
        resolved = read_run_config(config, **(source_overrides(settings) | overrides))
        found = read_source(
            data.source, data.folder, dictionary=dictionary, definitions=outcomes, settings=settings
        )
        _require_task(resolved, found.cohort.definition.task)
        return resolved, found.cohort, found
    if data.patients is None or data.visits is None:
        raise InvalidInputError("name --patients and --visits, or a --source and its folder")
    resolved = read_run_config(config, **overrides)
    if resolved.outcome not in outcomes:
        raise InvalidInputError(
            f"outcome: {resolved.outcome!r} is no entry of outcomes.yaml; accepted are "
            + ", ".join(outcomes)
        )
    _require_task(resolved, outcomes[resolved.outcome].task)
    cohort = read_cohort(
        data.patients,
        data.visits,
        events_path=data.events,
        dictionary=dictionary,
        definition=outcomes[resolved.outcome],
        column_map=None if data.column_map is None else read_column_map(data.column_map),
        ignore_unknown=data.ignore_unknown,
    )
    return resolved, cohort, None


def analyse(config: RunConfig, cohort: Cohort, source: SourceCohort | None = None) -> Findings:
    """Do everything that gives a number.

    Parameters
    ----------
    config : RunConfig
        Resolved settings.
    cohort : Cohort
        Eligible people with their outcome.
    source : SourceCohort or None
        For a named real data set.

    Returns
    -------
    Findings
        Status, measures and, unless refused, the model.
    """
    analysis = select(config, cohort)
    folds_rng, boot_rng, fit_rng = np.random.default_rng(config.seed).spawn(3)
    sentinels = watch(analysis)
    learners = [learner_named(name, config.task) for name in config.candidates]
    out_of_fold: dict[str, OutOfFold] = {}
    events = int(analysis.outcome.events.sum())
    if min(events, len(analysis.groups) - events) >= 2:
        out_of_fold = cross_validate(
            analysis, learners, config.resampling, rng=folds_rng, jobs=config.jobs
        )
    metrics, undefined = {}, {}
    for name, found in out_of_fold.items():
        metrics[name], undefined[name] = measure(found, analysis.outcome, rng=boot_rng)
    choice = choose(out_of_fold, learners, analysis.outcome) if out_of_fold else None
    size = sample_size_of(config, analysis)
    status, reason = status_of(analysis, sentinels, choice, size)
    model = None
    if status != "refused" and choice is not None:
        model = fit_final(config, analysis, choice, fit_rng)
    return Findings(
        config, cohort, source, analysis, out_of_fold, metrics, undefined, choice, sentinels,
        size, status, reason, model,
    )  # fmt: skip


def select(config: RunConfig, cohort: Cohort) -> Analysis:
    """Take the people analysed and the variables declared.

    Parameters
    ----------
    config : RunConfig
        Resolved settings.
    cohort : Cohort
        Eligible people with their outcome.

    Returns
    -------
    Analysis
        Outcome observed, or at risk with follow-up.
    """
    kept = cohort.analysed
    rows = cohort.rows.select(kept)
    days = cohort.outcome.days[kept] if isinstance(cohort.outcome, RelapseOutcome) else None
    dictionary = cohort.dictionary
    return Analysis(
        values=rows.values,
        variables=dictionary.predictors()
        if config.variables == "all"
        else _named(config.variables, dictionary, "variables"),
        declared=_named(config.declared_variables, dictionary, "declared_variables"),
        severity=_named((config.severity,), dictionary, "severity"),
        outcome=Outcome(cohort.events[kept].astype(np.float64), days),
        groups=tuple(str(patient) for patient in rows.patient_ids),
    )


def fit_final(
    config: RunConfig, analysis: Analysis, choice: Choice, rng: np.random.Generator
) -> Model:
    """Fit the chosen learner on everybody analysed.

    Parameters
    ----------
    config : RunConfig
        Resolved settings.
    analysis : Analysis
        People and outcome.
    choice : Choice
        Which learner.
    rng : numpy.random.Generator
        Draws inner folds and refits.

    Returns
    -------
    Model
        Calibrated, with interval.
    """
    rows = np.arange(len(analysis.groups))
    variables = analysis.read_by(choice.learner)
    split_rng, refit_rng = rng.spawn(2)
    splits = inner_splits(
        analysis.outcome, analysis.groups, config.resampling.inner_folds, split_rng
    )
    inside = inner_folds(analysis.values, variables, rows, analysis.outcome, splits)
    prepared = prepare(analysis.values, variables, rows)
    fitted = tune_and_fit(choice.learner, prepared, analysis.outcome, inside)
    return freeze(fitted, analysis.outcome, n_refits=config.bootstrap_refits, rng=refit_rng)


def prepare_folder(out: Path) -> Path:
    """Refuse a folder that holds something, and make the one that is written first.

    Parameters
    ----------
    out : Path
        Where the run shall stand in the end.

    Returns
    -------
    Path
        A new folder beside it.

    Raises
    ------
    InvalidInputError
        If `out` is not absent or empty.
    """
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise InvalidInputError(f"{out} is not empty; name a new folder for --out")
    partial = out.with_name(f".{out.name}.unfinished")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    return partial


def _named(wanted: tuple[str, ...], dictionary: Dictionary, key: str) -> tuple[Variable, ...]:
    """Find variables by id, naming all that are unknown."""
    unknown = [v for v in wanted if v not in dictionary]
    if unknown:
        raise InvalidInputError(
            f"{key}: {', '.join(unknown)} is not in the data dictionary; see "
            "docs/data-dictionary.md for the accepted ids"
        )
    return tuple(dictionary[v] for v in wanted)


def _require_task(config: RunConfig, task: str) -> None:
    """Refuse an outcome of the other task."""
    if config.task != task:
        raise InvalidInputError(
            f"outcome: {config.outcome} is a {task} outcome but the configuration is for "
            f"{config.task}; use configs/{task}.yaml"
        )
