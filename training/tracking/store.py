"""Where runs are kept: the address, one writer at a time, and quiet."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from predictor.errors import InvalidInputError

DEFAULT_URI = "sqlite:///mlflow.db"
"""A file in the working directory; no server is needed."""

WAIT_SECONDS = 300.0
"""How long another run may hold the store before this one gives up."""

_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}
_UNLESS_SET = {
    # seven tries of a server that is away take more than four minutes
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
}
_SQLITE = "sqlite:///"


def resolve_uri(tracking_uri: str | None) -> str:
    """Find the address of the store.

    Parameters
    ----------
    tracking_uri : str or None
        As given; None asks ``MLFLOW_TRACKING_URI``, then takes ``sqlite:///mlflow.db`` in the
        working directory.

    Returns
    -------
    str
        The address; the path of a SQLite file is absolute, so that it holds anywhere.
    """
    uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
    database = database_path(uri)
    if database is None:
        return uri
    query = uri.partition("?")[2]
    return f"{_SQLITE}{database}" + (f"?{query}" if query else "")


def database_path(uri: str) -> Path | None:
    """Find the file of a SQLite store.

    Parameters
    ----------
    uri : str
        Address of a store.

    Returns
    -------
    Path or None
        Absolute; None for any other kind of store.
    """
    name = uri.removeprefix(_SQLITE).partition("?")[0]
    if not uri.startswith(_SQLITE) or name in ("", ":memory:"):
        return None
    return Path(name).absolute()


def without_password(text: str) -> str:
    """Hide who logs in where an address carries it.

    Parameters
    ----------
    text : str
        An address, or a sentence that quotes one.

    Returns
    -------
    str
        With ``***`` before the ``@``.

    Examples
    --------
    >>> without_password("postgresql://me:secret@host/runs")
    'postgresql://***@host/runs'
    """
    return re.sub(r"://[^/@\s]+@", "://***@", text)


@contextmanager
def opened_store(uri: str) -> Iterator[Any]:
    """Hold a store for one run.

    MLflow's addresses are global to a process and partly read behind a client's back; they are
    put back as they were. A SQLite file has one writer at a time, from its very creation on.

    Parameters
    ----------
    uri : str
        From `resolve_uri`.

    Yields
    ------
    mlflow.MlflowClient
        A client of the store.

    Raises
    ------
    InvalidInputError
        If another run holds the store too long, or the address is not that of a store.
    """
    before = os.environ.get("MLFLOW_TRACKING_URI")
    with _one_writer(database_path(uri)), _quietly() as mlflow:
        mlflow.set_tracking_uri(uri)
        try:
            yield _client(mlflow, uri)
        finally:
            mlflow.set_tracking_uri(None)
            if before is not None:
                os.environ["MLFLOW_TRACKING_URI"] = before


def experiment_of(client: Any, name: str, *, uri: str) -> str:
    """Find or create an experiment.

    Parameters
    ----------
    client : mlflow.MlflowClient
        From `opened_store`.
    name : str
        Name of the experiment.
    uri : str
        Address of the store; beside a SQLite file stand its artefacts.

    Returns
    -------
    str
        Id of the experiment.

    Raises
    ------
    InvalidInputError
        If the store cannot be used.
    """
    database = database_path(uri)
    location = None if database is None else (database.parent / "mlruns" / name).as_uri()
    with _unusable_named():
        found = client.get_experiment_by_name(name)
        if found is None:
            return str(client.create_experiment(name, artifact_location=location))
        if found.lifecycle_stage == "deleted":
            client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


@contextmanager
def _unusable_named() -> Iterator[None]:
    """Say that the address is at fault where a store cannot be reached or is none."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, ModuleNotFoundError) as error:
        first = without_password(str(error).partition("\n")[0].rstrip("."))
        raise InvalidInputError(
            f"the MLflow store cannot be used ({first}); check MLFLOW_TRACKING_URI"
        ) from error


def _client(mlflow: Any, uri: str) -> Any:
    """Open a client; an address that is not that of a store is the caller's fault."""
    with _unusable_named():
        return _opened(mlflow, uri)


def _opened(mlflow: Any, uri: str) -> Any:
    """Open a client; a fresh SQLite file gets its tables first.

    Sixty migrations wait for the disk a thousand times; nothing is lost in a file that holds
    nothing yet, so while it is made the disk is not waited for.
    """
    database = database_path(uri)
    if database is None or database.exists():
        return mlflow.MlflowClient(uri)
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    opened: list[Any] = []

    def hurry(connection: Any, _: object) -> None:
        """Do not wait for the disk."""
        connection.execute("PRAGMA synchronous = OFF")
        opened.append(connection)

    event.listen(Engine, "connect", hurry)
    try:
        client = mlflow.MlflowClient(uri)
    finally:
        event.remove(Engine, "connect", hurry)
    for connection in opened:
        connection.execute("PRAGMA synchronous = FULL")
    return client


@contextmanager
def _one_writer(database: Path | None) -> Iterator[None]:
    """Wait for the lock beside a SQLite file."""
    if database is None:
        yield
        return
    from filelock import FileLock, Timeout

    database.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(database.with_name(f"{database.name}.lock"))
    try:
        lock.acquire(timeout=WAIT_SECONDS)
    except Timeout as error:
        raise InvalidInputError(
            f"{database} was held by another run for {WAIT_SECONDS:.0f} s; wait for it, or name "
            "another store in MLFLOW_TRACKING_URI"
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _quietly() -> Iterator[Any]:
    """Import MLflow without telemetry; keep its words off stdout and its notes to itself."""
    os.environ.update({**_UNLESS_SET, **os.environ, **_SETTINGS})
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        # it warns of its own annotations, and that no example row is given: it would be somebody's
        warnings.filterwarnings("ignore", module=r"mlflow\b")
        import mlflow

        loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
        levels = [logger.level for logger in loggers]
        for logger in loggers:
            logger.setLevel(logging.WARNING)
        try:
            yield mlflow
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
