"""One run, read top to bottom as a methods section.

Cohort → guards → repeated nested cross-validation → choice → status → final fit → bundle →
figures and report → MLflow. All is written beside the wanted folder and moved there whole, so
that a run that breaks off leaves nothing half-written; a store that fails costs the record alone.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Dictionary, Variable
from predictor.errors import InvalidInputError
from predictor.model import Model
from training.cohort import Cohort
from training.config import RunConfig
from training.evaluation import (
    Analysis,
    Choice,
    OutOfFold,
    choose,
    cross_validate,
    inner_splits,
    leave_site_out,
    measure,
    watch,
)
from training.findings import Findings, sample_size_of, status_of, summary, why_unevaluated
from training.fitting import Outcome, Prepared, prepare
from training.importers import SourceCohort
from training.learners import REFERENCE, Learner, learner_named
from training.model_report import write_run_report
from training.outcome import RelapseOutcome
from training.presentation import draw, make_report
from training.release import write_model
from training.run_files import tracked, write_files, write_json
from training.run_input import Input, read_input
from training.tracking import Logged, log_run, ready_store
from training.tuning import Fitted, InnerFold, freeze, inner_folds, tune_and_fit

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RunResult:
    """What a run leaves behind.

    Parameters
    ----------
    findings : Findings
        All numbers.
    out : Path
        The folder.
    bundle, report : Path or None
        Inside it; no bundle if refused.
    logged : Logged or None
        Where MLflow keeps it; None until it does.
    """

    findings: Findings
    out: Path
    bundle: Path | None
    report: Path
    logged: Logged | None = None

    @property
    def status(self) -> str:
        """``fitted``, ``exploratory`` or ``refused``."""
        return self.findings.status

    @property
    def reason(self) -> str:
        """What is missing, in words."""
        return self.findings.reason

    def to_dict(self) -> dict[str, Any]:
        """Give the JSON of ``run``.

        Returns
        -------
        dict
            Paths are absolute or None.
        """
        return {
            **summary(self.findings),
            "bundle": None if self.bundle is None else str(self.bundle.resolve()),
            "report": str(self.report.resolve()),
            "run_id": None if self.logged is None else self.logged.run_id,
            "tracking_uri": None if self.logged is None else self.logged.tracking_uri,
        }


def run(
    config: str | Path,
    data: Input,
    *,
    out: Path,
    expires: str = "",
    promote: bool = False,
    tracking_uri: str | None = None,
    **overrides: Any,
) -> RunResult:
    """Train, evaluate, write and track one model.

    Parameters
    ----------
    config : str or Path
        A file or a shipped name such as ``configs/response.yaml``.
    data : Input
        Where the data are.
    out : Path
        Absent or empty.
    expires : str
        ISO date after which the bundle gives no number; empty for never.
    promote : bool
        Whether to set the alias ``champion``.
    tracking_uri : str, optional
        Of MLflow; else MLFLOW_TRACKING_URI, else ``sqlite:///mlflow.db``.
    **overrides : object
        Settings that replace those of the file, such as ``seed``.

    Returns
    -------
    RunResult
        Also when refused: then with a report and without a bundle.

    Raises
    ------
    InvalidInputError
        If settings, data, folder or store are at fault; nothing is then written. If the store
        fails at the end, the folder is whole and only the record is missing.
    """
    out = Path(out)
    partial = prepare_folder(out)
    try:
        resolved, cohort, source = read_input(config, data, **overrides)
        ready_store(resolved.task, tracking_uri=tracking_uri, apart_from=out)
        findings = analyse(resolved, cohort, source)
        charts = draw(findings)
        bundle = None
        if findings.model is not None:
            bundle = out / "bundle"
            write_model(findings, partial / "bundle", expires=expires)
        write_run_report(make_report(findings, charts), partial / "report.html")
        write_files(findings, partial)
        result = RunResult(findings, out, bundle, out / "report.html")
        write_json(result.to_dict(), partial / "run.json")
        if out.exists():
            out.rmdir()
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    record = tracked(findings, out, charts, promote=promote)
    try:
        logged = log_run(record, tracking_uri=tracking_uri)
    except InvalidInputError as error:
        raise InvalidInputError(
            f"{error}; the run itself is whole in {out}, only its record in MLflow is missing"
        ) from error
    result = replace(result, logged=logged)
    write_json(result.to_dict(), out / "run.json")
    return result


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
    folds_rng, boot_rng, fit_rng, sites_rng = np.random.default_rng(config.seed).spawn(4)
    sentinels = watch(analysis, cohort.visits)
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
    status, reason = status_of(
        analysis, sentinels, choice, size, unevaluated=why_unevaluated(out_of_fold, undefined)
    )
    across = None
    if choice is not None:
        sites = cohort.rows.select(cohort.analysed).sites
        across = leave_site_out(
            analysis, choice.learner, sites, config.resampling, rng=sites_rng, jobs=config.jobs
        )
    model = None
    if status != "refused" and choice is not None:
        model = fit_final(config, analysis, choice, fit_rng)
    return Findings(
        config, cohort, source, analysis, out_of_fold, metrics, undefined, choice, sentinels,
        size, status, reason, model, across,
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
    split_rng, refit_rng = rng.spawn(2)
    outcome = analysis.outcome
    splits = inner_splits(outcome, analysis.groups, config.resampling.inner_folds, split_rng)
    materials: dict[tuple[str, ...], tuple[Prepared, list[InnerFold]]] = {}

    def tuned(learner: Learner) -> Fitted:
        variables = analysis.read_by(learner)
        key = tuple(variable.id for variable in variables)
        if key not in materials:
            inside = inner_folds(analysis.values, variables, rows, outcome, splits)
            materials[key] = prepare(analysis.values, variables, rows), inside
        prepared, inside = materials[key]
        return tune_and_fit(learner, prepared, outcome, inside)

    judge = learner_named(REFERENCE[config.task], config.task)
    reference = tuned(judge) if choice.learner != judge else None
    return freeze(
        tuned(choice.learner),
        outcome,
        n_refits=config.bootstrap_refits,
        rng=refit_rng,
        reference=reference,
    )


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
