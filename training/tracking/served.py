"""The bundle as a model that MLflow serves: signature, requirements, registry."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from predictor.bundle import Bundle, read_bundle
from predictor.dictionary import Dictionary
from predictor.score import SHOWN_DAYS

SCRIPT = Path(__file__).with_name("served_model.py")
_ABOUT = (
    "data_origin", "stamp", "reason", "outcome", "given", "time_zero", "horizon_days", "chosen",
    "package_version",
)  # fmt: skip


def log_bundle(client: Any, folder: Path, *, run_id: str, name: str, tags: dict[str, str]) -> str:
    """Store a bundle as a logged model of a run.

    Parameters
    ----------
    client : mlflow.MlflowClient
        Client of the store.
    folder : Path
        The bundle; every byte of it is checked first.
    run_id : str
        The run that made it.
    name : str
        Name of the model.
    tags : dict of str to str
        Put on the model.

    Returns
    -------
    str
        Id of the logged model.

    Raises
    ------
    BundleError
        If the bundle is damaged.
    """
    import mlflow
    from mlflow.entities import LoggedModelOutput

    bundle = read_bundle(folder)
    experiment = client.get_run(run_id).info.experiment_id
    # the fluent log_model would add the user's name, the script's path and the commit of
    # whatever folder it runs in
    logged = client.create_logged_model(experiment, name=name, source_run_id=run_id, tags=tags)
    client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
    card = mlflow.models.Model(
        artifact_path=logged.artifact_location,
        run_id=run_id,
        model_id=logged.model_id,
        model_uuid=logged.model_id,
    )
    with tempfile.TemporaryDirectory() as scratch:
        saved = Path(scratch) / "model"
        mlflow.pyfunc.save_model(
            saved,
            mlflow_model=card,
            python_model=str(SCRIPT),
            artifacts={"bundle": str(Path(folder).resolve())},
            signature=signature_of(bundle),
            pip_requirements=requirements_of(bundle),
            metadata={key: getattr(bundle.provenance, key) for key in _ABOUT},
        )
        client.log_model_artifacts(logged.model_id, str(saved))
    client.finalize_logged_model(logged.model_id, "READY")
    return str(logged.model_id)


def register(client: Any, model_id: str, *, run_id: str, name: str, tags: dict[str, str]) -> str:
    """Register a logged model as the newest version of a name.

    Parameters
    ----------
    client : mlflow.MlflowClient
        Client of the store.
    model_id : str
        From `log_bundle`.
    run_id : str
        The run that made it.
    name : str
        Name in the registry.
    tags : dict of str to str
        Put on the version.

    Returns
    -------
    str
        Number of the version.
    """
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    version = client.create_model_version(
        name, source=f"models:/{model_id}", run_id=run_id, tags=tags, model_id=model_id
    )
    return str(version.version)


def requirements_of(bundle: Bundle) -> list[str]:
    """Name what the served model needs; MLflow adds itself, nothing is inferred.

    Parameters
    ----------
    bundle : Bundle
        What is served.

    Returns
    -------
    list of str
        This package in the version that wrote the bundle.
    """
    import mlflow

    return [
        f"mlflow=={mlflow.__version__}",
        f"ketamine-response=={bundle.provenance.package_version}",
    ]


def signature_of(bundle: Bundle) -> Any:
    """Describe what the served model takes and gives.

    Whatever may stand in a candidate's file is a column, the safety questions among them: MLflow
    drops unnamed columns without a word, and a STOP must not be lost so.

    Parameters
    ----------
    bundle : Bundle
        What is served.

    Returns
    -------
    mlflow.models.ModelSignature
        Optional doubles (yes / no as 1 / 0) and, for levels, optional texts.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    taken = [
        ColSpec("string" if is_text else "double", name, required=False)
        for name, is_text in columns_of(bundle.dictionary).items()
    ]
    relapse = bundle.model.task == "relapse"
    read = [*(f"risk_{day}" for day in SHOWN_DAYS), "median_day", "well_days"]
    numbers = ["probability", "lo", "hi", "margin"]
    numbers += [name + end for name in read for end in ("", "_lo", "_hi")] if relapse else []
    given = [
        ColSpec("double", "row"),
        ColSpec("string", "patient_id", required=False),
        ColSpec("string", "landmark"),
        ColSpec("string", "status"),
        *(ColSpec("double", name, required=False) for name in numbers),
        *([ColSpec("string", "check_in_days")] if relapse else []),
        ColSpec("string", "verdict", required=False),
        *(ColSpec("string", name) for name in ("refusals", "stops", "data_origin", "stamp")),
        ColSpec("string", "cautions"),
        ColSpec("double", "safety_not_asked"),
    ]
    return ModelSignature(inputs=Schema(taken), outputs=Schema(given))


def columns_of(dictionary: Dictionary) -> dict[str, bool]:
    """List the columns that may stand in a candidate's file.

    Parameters
    ----------
    dictionary : Dictionary
        Of the bundle.

    Returns
    -------
    dict of str to bool
        Whether each column holds texts: ``patient_id``, typed variables, items of instruments.
    """
    typed = [variable for variable in dictionary.variables if variable.typed]
    columns = {"patient_id": True}
    columns |= {variable.id: bool(variable.levels) for variable in typed}
    items = [item for instrument in dictionary.instruments for item in instrument.columns]
    return columns | dict.fromkeys(items, False)
