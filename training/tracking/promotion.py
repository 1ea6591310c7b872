"""Make a registered model the champion: the version in use, set only on demand."""

from __future__ import annotations

from dataclasses import dataclass

from predictor.errors import InvalidInputError
from training.tracking.store import database_path, opened_store, resolve_uri, without_password

CHAMPION = "champion"


@dataclass(frozen=True, slots=True)
class Promoted:
    """Which version is in use now.

    Parameters
    ----------
    name : str
        Of the registered model.
    version : str
        Has the alias ``champion`` now.
    before : str or None
        Version that had it before; None where none had.
    tracking_uri : str
        Address of the store, without a password.
    """

    name: str
    version: str
    before: str | None
    tracking_uri: str


def promote_version(
    name: str, run_id: str, *, demo: bool, tracking_uri: str | None = None
) -> Promoted:
    """Give the version that a run registered the alias ``champion``.

    Parameters
    ----------
    name : str
        Of the registered model.
    run_id : str
        The run.
    demo : bool
        Whether a model of simulated people is meant.
    tracking_uri : str, optional
        Address of the store; else ``MLFLOW_TRACKING_URI``, else ``sqlite:///mlflow.db`` in the
        working directory.

    Returns
    -------
    Promoted
        The version, and which one it follows.

    Raises
    ------
    InvalidInputError
        If the store does not know the run, it registered nothing, or its version is of simulated
        people and `demo` was not said.
    """
    uri = resolve_uri(tracking_uri)
    database, shown = database_path(uri), without_password(uri)
    if database is not None and not database.exists():
        raise InvalidInputError(
            f"there is no MLflow store at {shown}; name it in MLFLOW_TRACKING_URI"
        )
    with opened_store(uri) as client:
        found = [v for v in client.search_model_versions(f"run_id = '{run_id}'") if v.name == name]
        if len(found) != 1:
            raise InvalidInputError(
                f"the MLflow store {shown} holds {len(found)} versions of {name} from this run, "
                "one is needed; name the store of the run in MLFLOW_TRACKING_URI"
            )
        (version,) = found
        # the record counts, not a file that anybody may have edited
        if version.tags.get("data_origin") != "real" and not demo:
            raise InvalidInputError(
                f"version {version.version} of {name} was made from simulated people; say --demo "
                "to promote it as a demonstration"
            )
        before = client.get_registered_model(name).aliases.get(CHAMPION)
        client.set_registered_model_alias(name, CHAMPION, version.version)
    return Promoted(name, str(version.version), None if before is None else str(before), shown)
