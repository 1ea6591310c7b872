"""A store with runs in it, and small models made by hand over the shipped dictionary."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import yaml

from predictor.bundle import Bundle, write_bundle
from predictor.calibration import Affine, BaselineHazard
from predictor.dictionary import Dictionary
from predictor.encoding import Column, Encoding
from predictor.imputation import GaussianImputation
from predictor.linear import Linear
from predictor.model import Model
from predictor.provenance import Provenance
from predictor.safety import SafetyRules
from predictor.uncertainty import Uncertainty
from training import tracking
from training.tracking import TrackedRun, flat_params, log_run

CONFIGS = Path(__file__).resolve().parents[3] / "configs"


VARIABLES = ("age_years", "madrs_total", "failed_trials", "employed", "expectancy")


MEANS = np.array([45.0, 30.0, 3.0, 0.5, 50.0, 0.4])


SPREAD = np.array([12.0, 6.0, 2.0, 0.5, 20.0, 0.5])


ROW = {
    "age_years": 40.0,
    "madrs_total": 33.0,
    "failed_trials": 2.0,
    "employed": 1.0,
    "expectancy": 60.0,
    "sex": "male",
}


STOPPED = ROW | {"systolic_mmhg": 175.0}


# the rows of the signature: doubles and texts, all optional
ROWS = pd.DataFrame([ROW, STOPPED, {"age_years": 41.0, "sex": None}], index=[3, 5, 8])


class Estimate(NamedTuple):
    value: float
    lo: float | None
    hi: float | None


def make_bundle(task: str) -> Bundle:
    """A model of six columns, made by hand, over the shipped dictionary and safety rules."""

    def content(name: str) -> Any:
        return yaml.safe_load((CONFIGS / name).read_text(encoding="utf-8"))

    dictionary = Dictionary.from_dict(content("dictionary.yaml"))
    columns = (*(Column(name) for name in VARIABLES), Column("sex", level=1))
    relapse = task == "relapse"
    model = Model(
        task,
        "ridge",
        Encoding(columns, seen=(("sex", (0, 1)),)),
        Linear(np.array([0.01, -0.04, -0.2, 0.4, 0.01, 0.1]), MEANS, 0.1),
        Affine(0.05, 0.9),
        Uncertainty(
            covariance=np.eye(7) * 0.001,
            means=MEANS,
            calibration_covariance=np.eye(2) * 0.01,
            margin_mean=0.1,
            margin_sd=0.6,
            support_low=MEANS - 4 * SPREAD,
            support_high=MEANS + 4 * SPREAD,
            missing_variance=np.empty(0),
        ),
        GaussianImputation(MEANS, np.diag(SPREAD**2)),
        baseline=BaselineHazard(0.1 * np.arange(181.0) ** 0.5, 180.0) if relapse else None,
        hazard_variance=np.full(181, 0.01) if relapse else None,
    )
    provenance = Provenance(
        data_origin="simulated",
        stamp="exploratory",
        reason="",
        better_than_average=True,
        outcome="response" if not relapse else "relapse",
        given="response at the end of the acute course" if relapse else "",
        time_zero="day 28" if relapse else "day 0",
        planned_course="six infusions",
        horizon_days=180 if relapse else 28,
        cohort_average=0.5,
        cohort_patients=100,
        cohort_events=50,
        chosen="ridge",
        package_version="0.1.0",
    )
    return Bundle(
        model, dictionary, SafetyRules.from_dict(content("safety.yaml"), dictionary), provenance
    )


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One written bundle of each task."""
    place = tmp_path_factory.mktemp("bundles")
    return {t: write_bundle(make_bundle(t), place / t / "bundle") for t in ("response", "relapse")}


def make_run(**changed: Any) -> TrackedRun:
    """A response run with one of everything but a bundle."""
    run = TrackedRun(
        "response",
        "seed 7",
        params=flat_params({"seed": 7, "resampling": {"folds": 5}, "sha256.patients.csv": "ab"}),
        tags={"data_origin": "simulated", "stamp": "exploratory", "status": "fitted"},
        metrics={
            "auc": Estimate(0.61, 0.55, 0.67),
            "ici": Estimate(math.nan, 0.1, math.inf),
            "slope": Estimate(0.9, None, None),
        },
        fold_metrics=[{"repeat": 0, "fold": 0, "auc": 0.6}, {"repeat": 0, "fold": 1, "ici": 0.1}],
        figures={"roc.png": b"a picture"},
    )
    return replace(run, **changed)


class Kept(NamedTuple):
    client: Any
    uri: str
    fitted: tracking.Logged
    second: tracking.Logged
    refused: tracking.Logged
    relapse: tracking.Logged
    stdout: str

    def experiment(self, name: str) -> str:
        """Id of an experiment."""
        return str(self.client.get_experiment_by_name(name).experiment_id)

    def stored(self) -> Any:
        """The logged model of the first response run."""
        models = self.client.search_logged_models([self.experiment("ketamine-response")])
        return next(model for model in models if model.source_run_id == self.fitted.run_id)


@pytest.fixture(scope="session")
def kept(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """Runs in one store: refused, relapse, response promoted, response not promoted."""
    place = tmp_path_factory.mktemp("store")
    report = place / "report.html"
    report.write_text("<p>patient_id is never shown</p>", encoding="utf-8")
    before = os.environ.pop("MLFLOW_TRACKING_URI", None)
    said = place / "stdout"
    uri = f"sqlite:///{place / 'mlflow.db'}"
    refused = make_run(tags={"status": "refused"}, files={"report.html": report})
    with said.open("w") as stdout, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        without = log_run(refused, tracking_uri=uri)
        relapse = log_run(
            replace(make_run(), task="relapse", bundle=folders["relapse"]), tracking_uri=uri
        )
        fitted = log_run(make_run(bundle=folders["response"], promote=True), tracking_uri=uri)
        second = log_run(make_run(name="second", bundle=folders["response"]), tracking_uri=uri)
    assert "MLFLOW_TRACKING_URI" not in os.environ
    from mlflow import MlflowClient

    yield Kept(MlflowClient(uri), uri, fitted, second, without, relapse, said.read_text())
    if before is not None:
        os.environ["MLFLOW_TRACKING_URI"] = before


@pytest.fixture
def load(kept: Kept) -> Iterator[Callable[[str], Any]]:
    """Load a registered model from the store."""
    import mlflow

    mlflow.set_tracking_uri(kept.uri)
    yield lambda name: mlflow.pyfunc.load_model(f"models:/{name}@candidate")
    mlflow.set_tracking_uri(None)


@pytest.fixture
def small_bundle() -> Callable[[str], Bundle]:
    return make_bundle


@pytest.fixture
def a_run() -> Callable[..., TrackedRun]:
    return make_run


@pytest.fixture
def row() -> dict[str, Any]:
    """An answered row of which nothing is wrong."""
    return dict(ROW)


@pytest.fixture
def stopped() -> dict[str, Any]:
    """The same with a pressure that stops it."""
    return dict(STOPPED)


@pytest.fixture
def rows() -> pd.DataFrame:
    """Answered, stopped, and hardly answered."""
    return ROWS.copy()
