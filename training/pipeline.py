"""One run from tables to folder: read, analyse, draw, write, record.

What is computed stands in `training.analysis`. All is written beside the wanted folder and moved
there whole, so that a run that breaks off leaves nothing half-written; a store that fails costs
the record alone.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from predictor.errors import InvalidInputError
from training.analysis import analyse
from training.findings import Findings, summary
from training.model_report import write_run_report
from training.presentation import draw, make_report
from training.release import write_model
from training.run_files import tracked, write_files, write_json
from training.run_input import Input, read_input
from training.tracking import Logged, log_run, ready_store


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
