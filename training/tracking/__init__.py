"""The run in MLflow: one curated record, and the bundle as a model that can be served.

The last step of the way. MLflow is imported when a run is logged and nowhere else; nothing that
holds a patient is handed to it: no example row, no trace, no background rows.
"""

from __future__ import annotations

import json
import math
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from predictor.errors import InvalidInputError
from training.tracking.params import code_version, flat_params, logged_name, logged_value
from training.tracking.promotion import Promoted, promote_version
from training.tracking.served import log_bundle, register
from training.tracking.store import (
    database_path,
    experiment_of,
    opened_store,
    resolve_uri,
    without_password,
)

__all__ = [
    "NAMES",
    "Logged",
    "Promoted",
    "TrackedRun",
    "code_version",
    "flat_params",
    "log_run",
    "promote_version",
    "ready_store",
]

NAMES: Mapping[str, str] = MappingProxyType(
    {"response": "ketamine-response", "relapse": "ketamine-relapse"}
)
"""Name of the experiment and of the registered model of each task."""

_AT_ONCE = 100  # MLflow takes no more parameters, tags or metrics in one request
_TABLES = (".csv", ".tsv", ".parquet")


class _Estimate(Protocol):
    """A measure with the ends of its interval; None where there is none."""

    @property
    def value(self) -> float: ...
    @property
    def lo(self) -> float | None: ...
    @property
    def hi(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """What is kept of one run.

    Parameters
    ----------
    task : str
        ``response`` or ``relapse``.
    name : str
        Name of the run.
    params : mapping of str to object
        What it was made with, flat: resolved configuration, seeds, versions, sha256 of the raw
        files.
    tags : mapping of str to str
        ``data_origin``, ``stamp``, ``status``, ``reason``.
    metrics : mapping of str to Estimate
        Measures with their intervals.
    fold_metrics : sequence of mapping
        One line for each fold and repeat: numbers of groups of people, never of one.
    figures : mapping of str to bytes
        File name to content.
    files : mapping of str to Path
        Name in the record to a file, such as the report. No table of patients.
    bundle : Path or None
        The bundle; None for a refused run, which registers nothing.
    promote : bool
        Whether the new version becomes the ``champion``.
    """

    task: str
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, _Estimate] = field(default_factory=dict)
    fold_metrics: Sequence[Mapping[str, Any]] = ()
    figures: Mapping[str, bytes] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    bundle: Path | None = None
    promote: bool = False


@dataclass(frozen=True, slots=True)
class Logged:
    """Where a run was logged.

    Parameters
    ----------
    run_id : str
        Id of the run.
    tracking_uri : str
        Address of the store, for people and files: the path of a SQLite file is absolute, a
        password is hidden.
    model_version : str or None
        Version in the registry; None for a refused run.
    """

    run_id: str
    tracking_uri: str
    model_version: str | None


def ready_store(task: str, *, tracking_uri: str | None = None, apart_from: Path) -> None:
    """Open the store before anything is computed, so that hours of work do not end at its door.

    Parameters
    ----------
    task : str
        ``response`` or ``relapse``.
    tracking_uri : str, optional
        As for `log_run`.
    apart_from : Path
        Folder that will be replaced when the run is done; the store may not stand in it.

    Raises
    ------
    InvalidInputError
        If the store cannot be used.
    """
    uri = resolve_uri(tracking_uri)
    database = database_path(uri)
    if database is not None and database.resolve().is_relative_to(apart_from.resolve()):
        raise InvalidInputError(
            f"the MLflow store {database} stands inside --out; name another folder, or another "
            "store in MLFLOW_TRACKING_URI"
        )
    with opened_store(uri) as client:
        experiment_of(client, NAMES[task], uri=uri)


def log_run(run: TrackedRun, *, tracking_uri: str | None = None) -> Logged:
    """Log one run and, where it has a bundle, register the model.

    Every new version is the ``candidate``; it is the ``champion`` only where the run says so.

    Parameters
    ----------
    run : TrackedRun
        What to keep.
    tracking_uri : str, optional
        Address of the store; else ``MLFLOW_TRACKING_URI``, else ``sqlite:///mlflow.db`` in the
        working directory.

    Returns
    -------
    Logged
        Where it is.

    Raises
    ------
    InvalidInputError
        If the task is unknown, a file holds patients, or the store cannot be used.
    BundleError
        If the bundle is damaged.
    """
    if run.task not in NAMES:
        raise InvalidInputError(f"task {run.task!r} is unknown; it is {' or '.join(NAMES)}")
    for name, path in run.files.items():
        _refuse_patients(name, path)
    uri = resolve_uri(tracking_uri)
    with opened_store(uri) as client:
        experiment = experiment_of(client, NAMES[run.task], uri=uri)
        run_id = str(client.create_run(experiment, run_name=run.name).info.run_id)
        ended = "FAILED"
        try:
            version = _record(client, run, run_id)
            ended = "FINISHED"
        finally:
            client.set_terminated(run_id, status=ended)
    return Logged(run_id, without_password(uri), version)


def _record(client: Any, run: TrackedRun, run_id: str) -> str | None:
    """Write everything of a run; the model before the metrics, so that they are its own."""
    tags = {logged_name(name): str(text) for name, text in run.tags.items()}
    params = _params(run.params)
    _log_texts(client, run_id, params=params, tags=tags)
    _log_artefacts(client, run, run_id)
    name = NAMES[run.task]
    model_id = None
    if run.bundle is not None:
        model_id = log_bundle(client, run.bundle, run_id=run_id, name=name, tags=tags)
    _log_metrics(client, run_id, run.metrics, model_id=model_id)
    if model_id is None:
        return None
    version = register(client, model_id, run_id=run_id, name=name, tags=tags)
    for alias in ("candidate", "champion")[: 1 + run.promote]:
        client.set_registered_model_alias(name, alias, version)
    return version


def _params(params: Mapping[str, Any]) -> dict[str, str]:
    """Give parameters as they are logged; numbers that are not finite are left out."""
    texts = {logged_name(name): logged_value(value) for name, value in params.items()}
    return {name: text for name, text in texts.items() if text is not None}


def _log_texts(client: Any, run_id: str, *, params: dict[str, str], tags: dict[str, str]) -> None:
    """Log parameters and tags."""
    from mlflow.entities import Param, RunTag

    for some in _batches([Param(name, text) for name, text in params.items()]):
        client.log_batch(run_id, params=some)
    for some in _batches([RunTag(name, text) for name, text in tags.items()]):
        client.log_batch(run_id, tags=some)


def _log_metrics(
    client: Any, run_id: str, metrics: Mapping[str, _Estimate], *, model_id: str | None
) -> None:
    """Log measures and the ends of their intervals."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    found = [
        Metric(logged_name(name), float(number), now, 0, model_id=model_id, run_id=run_id)
        for name, number in _numbers(metrics)
    ]
    for some in _batches(found):
        client.log_batch(run_id, metrics=some)


def _numbers(metrics: Mapping[str, _Estimate]) -> Iterator[tuple[str, float]]:
    """Name every finite number."""
    for name, estimate in metrics.items():
        ends = (("", estimate.value), (".lo", estimate.lo), (".hi", estimate.hi))
        for end, number in ends:
            if number is not None and math.isfinite(number):
                yield f"{name}{end}", number


def _log_artefacts(client: Any, run: TrackedRun, run_id: str) -> None:
    """Log figures, files, the parameters in full and the table of folds, all in one go."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        full = json.dumps(_finite(run.params), indent=1, sort_keys=True, default=str)
        _place(folder, "params.json").write_text(full + "\n", encoding="utf-8")
        for name, content in run.figures.items():
            _place(folder, f"figures/{name}").write_bytes(content)
        for name, path in run.files.items():
            shutil.copyfile(path, _place(folder, name))
        client.log_artifacts(run_id, scratch)
    if run.fold_metrics:
        client.log_table(run_id, data=_columns(run.fold_metrics), artifact_file="fold_metrics.json")


def _place(folder: Path, name: str) -> Path:
    """Name a file inside the folder and nowhere else."""
    place = folder / name
    if not place.resolve().is_relative_to(folder.resolve()):
        raise InvalidInputError(f"{name} leads out of the record; name a file inside it")
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _columns(lines: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Turn lines into columns; what is absent or not finite is empty."""
    names = dict.fromkeys(name for line in lines for name in line)
    return {name: [_finite(line).get(name) for line in lines] for name in names}


def _finite(line: Mapping[str, Any]) -> dict[str, Any]:
    """Empty the numbers that are not finite."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in line.items()
    }


def _batches(entries: list[Any]) -> Iterator[list[Any]]:
    """Cut a list to the size of a request."""
    for start in range(0, len(entries), _AT_ONCE):
        yield entries[start : start + _AT_ONCE]


def _refuse_patients(name: str, path: Path) -> None:
    """Refuse a file that is, or may be, a table of patients."""
    if not path.is_file():
        raise InvalidInputError(f"{path} is no file; name a file to keep as {name}")
    if path.suffix in _TABLES:
        with path.open("rb") as opened:
            if path.suffix == ".parquet" or b"patient_id" in opened.readline():
                raise InvalidInputError(
                    f"{path} may hold patients; only tables without patient_id are tracked"
                )
