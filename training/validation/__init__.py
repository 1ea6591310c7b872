"""One external validation from a bundle and tables to a folder: read, measure, draw, write, record.

The given bundle is read and never written to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from predictor.bundle import fingerprint, write_bundle
from predictor.errors import InvalidInputError
from predictor.scoring import load
from training.model_report import Chart
from training.model_report.sections_page import write_sections_page
from training.pipeline import unfinished
from training.run_files import write_json
from training.run_input import Input
from training.tracking import Logged, TrackedRun, code_version, log_run, ready_store
from training.validation.drawing import draw_validation
from training.validation.findings import Validation, examine, numbers_of
from training.validation.page import make_page
from training.validation.reading import read_new_people
from training.validation.releasing import released

__all__ = ["Validation", "ValidationResult", "validate"]


@dataclass(frozen=True, slots=True, eq=False)
class ValidationResult:
    """What a validation leaves behind.

    Parameters
    ----------
    found : Validation
        All numbers.
    status, reason : str
        ``externally_validated``, ``updated``, ``measured`` or ``too_few``, and why.
    parent : str
        SHA-256 of the manifest of the given bundle.
    out : Path
        The folder.
    bundle : Path or None
        A new bundle inside it; None where none is written.
    stamp : str or None
        Of the new bundle.
    logged : Logged or None
        Where MLflow keeps it.
    """

    found: Validation
    status: str
    reason: str
    parent: str
    out: Path
    bundle: Path | None
    stamp: str | None
    logged: Logged | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give the JSON of ``validate``.

        Returns
        -------
        dict
            Paths are absolute or None.
        """
        return {
            "status": self.status,
            "reason": self.reason,
            "stamp": self.stamp,
            "parent": self.parent,
            **numbers_of(self.found),
            "bundle": None if self.bundle is None else str(self.bundle.resolve()),
            "report": str((self.out / "validation.html").resolve()),
            "run_id": None if self.logged is None else self.logged.run_id,
            "tracking_uri": None if self.logged is None else self.logged.tracking_uri,
        }


def validate(
    folder: Path,
    data: Input,
    *,
    out: Path,
    update: bool = False,
    seed: int = 0,
    tracking_uri: str | None = None,
) -> ValidationResult:
    """Test a frozen model on new people.

    Parameters
    ----------
    folder : Path
        The bundle.
    data : Input
        Where the new people are.
    out : Path
        Absent or empty.
    update : bool
        Whether to write an updated bundle, where the closed test asks for a change.
    seed : int
        Of resamples and folds.
    tracking_uri : str, optional
        Of MLflow; else MLFLOW_TRACKING_URI, else ``sqlite:///mlflow.db``.

    Returns
    -------
    ValidationResult
        Also with too few people: then with figures and without a bundle.

    Raises
    ------
    BundleError
        If the bundle is damaged, foreign or expired.
    InvalidInputError
        If data, folder or store are at fault; nothing is then written. If the store fails at the
        end, the folder is whole and only the record is missing.
    """
    scorer = load(folder)
    scorer.verify()
    parent, out = fingerprint(folder), Path(out)
    if out.resolve().is_relative_to(Path(folder).resolve()):
        raise InvalidInputError(
            f"{out} lies inside the bundle, which is left as it is; name another folder for --out"
        )
    with unfinished(out) as partial:
        cohort, _ = read_new_people(scorer.bundle, data)
        ready_store(scorer.bundle.model.task, tracking_uri=tracking_uri, apart_from=out)
        found = examine(scorer, cohort, update=update, rng=np.random.default_rng(seed))
        charts = draw_validation(found)
        bundle, status, reason = released(found, parent=parent, update=update)
        if bundle is not None:
            write_bundle(bundle, partial / "bundle")
            load(partial / "bundle").verify()
        page = make_page(found, charts, status=status, reason=reason, parent=parent)
        write_sections_page(page, partial / "validation.html")
        (partial / "figures").mkdir()
        for name, chart in charts.items():
            (partial / "figures" / f"{name}.svg").write_bytes(chart.svg)
        result = ValidationResult(
            found,
            status,
            reason,
            parent,
            out,
            None if bundle is None else out / "bundle",
            None if bundle is None else bundle.provenance.stamp,
        )
        write_json(result.to_dict(), partial / "validation.json")
        if out.exists():
            out.rmdir()
        partial.rename(out)
    return _recorded(result, charts, seed, tracking_uri)


def _recorded(
    result: ValidationResult, charts: dict[str, Chart], seed: int, tracking_uri: str | None
) -> ValidationResult:
    """Log the validation; nothing is registered."""
    found = result.found
    task = found.scorer.bundle.model.task
    hashes = {f"sha256.{name}": h for name, h in found.cohort.file_sha256.items()}
    record = TrackedRun(
        task=task,
        name=f"{task} validation",
        params={
            "seed": seed,
            "package_version": version("ketamine-response"),
            "code_version": code_version(),
            **hashes,
        },
        tags={
            "kind": "external validation",
            "bundle_sha256": result.parent,
            "status": result.status,
            "reason": result.reason,
            "data_origin": found.cohort.origin,
            "stamp": result.stamp or "",
        },
        metrics=dict(found.external.metrics),
        figures={f"{name}.svg": chart.svg for name, chart in charts.items()},
        files={name: result.out / name for name in ("validation.html", "validation.json")},
    )
    try:
        logged = log_run(record, tracking_uri=tracking_uri)
    except InvalidInputError as error:
        raise InvalidInputError(
            f"{error}; the validation itself is whole in {result.out}, only its record in MLflow "
            "is missing"
        ) from error
    result = replace(result, logged=logged)
    write_json(result.to_dict(), result.out / "validation.json")
    return result
