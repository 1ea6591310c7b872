"""One run from tables to folder: read, analyse, draw, write, record.

What is computed stands in `training.analysis`. All is written beside the wanted folder and moved
there whole, so that a run that breaks off leaves nothing half-written; what it had computed is
kept, and the same command takes it up again. A store that fails costs the record alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from predictor.errors import InvalidInputError
from training.analysis import analyse
from training.cohort import Cohort
from training.config import RunConfig
from training.definitions_grid import over_definitions
from training.findings import Findings, summary
from training.landmark_models import ask_again
from training.model_report import contents, write_run_report
from training.presentation import draw, make_report
from training.release import write_model
from training.run_files import tracked, write_checklists, write_files, write_json
from training.run_input import Input, read_input, read_others
from training.streams import streams_of
from training.tracking import Logged, code_version, log_run, ready_store
from training.work import Told, Work, require_same_work

KEPT = "steps"
"""Folder of an unfinished run in which what was computed is kept."""


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
    told: Told | None = None,
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
    told : callable, optional
        Called as the stages go on: stage, steps done, steps in all.
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
    with unfinished(out) as partial:
        resolved, cohort, source = read_input(config, data, **overrides)
        others = read_others(resolved, data)
        ready_store(resolved.task, tracking_uri=tracking_uri, apart_from=out)
        kept = partial / KEPT
        require_same_work(kept, _about(resolved, cohort))
        work = Work(resolved.jobs, kept, told)
        findings = ask_again(analyse(resolved, cohort, source, work=work), work=work)
        stream = streams_of(resolved.seed).definitions
        findings = over_definitions(findings, others, rng=stream, work=work)
        charts = draw(findings)
        bundle = None
        if findings.model is not None:
            bundle = out / "bundle"
            write_model(findings, partial / "bundle", expires=expires)
        report = make_report(findings, charts)
        write_run_report(report, partial / "report.html")
        write_files(findings, partial)
        write_checklists(findings, contents(report), partial)
        result = RunResult(findings, out, bundle, out / "report.html")
        write_json(result.to_dict(), partial / "run.json")
        shutil.rmtree(kept)
        if out.exists():
            out.rmdir()
        partial.rename(out)
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


@contextmanager
def unfinished(out: Path) -> Iterator[Path]:
    """Give the folder that is written first; what was broken off there is taken up again.

    Parameters
    ----------
    out : Path
        Where the run shall stand in the end.

    Yields
    ------
    Path
        A folder beside it. Left by an error it is removed, unless steps of the run are kept in it.

    Raises
    ------
    InvalidInputError
        If `out` is not absent or empty, or another process is writing this run.
    """
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise InvalidInputError(f"{out} is not empty; name a new folder for --out")
    partial = out.with_name(f".{out.name}.unfinished")
    partial.mkdir(parents=True, exist_ok=True)
    lock = FileLock(out.with_name(f".{out.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise InvalidInputError(
            f"another process is writing {out}; wait for it, or name another folder for --out"
        ) from error
    try:
        for left in partial.iterdir():  # half-written by the run that broke off
            if left.name != KEPT:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        yield partial
    finally:
        if not any((partial / KEPT).glob("*.npz")):
            shutil.rmtree(partial, ignore_errors=True)
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def _about(config: RunConfig, cohort: Cohort) -> dict[str, str]:
    """Name all that the steps of a run depend on."""
    settings = config.model_dump(mode="json", exclude={"jobs"})
    return {
        "settings": json.dumps(settings, sort_keys=True),
        "people": str(cohort.flow),
        "untreated": _untreated(cohort),
        "code": f"{version('ketamine-response')} {code_version()}",
        **{f"file {name}": digest for name, digest in cohort.file_sha256.items()},
    }


def _untreated(cohort: Cohort) -> str:
    """Name the control arm by its design and size."""
    control = cohort.control
    return "none" if control is None else f"{control.design}, {len(control.rows)} people"
