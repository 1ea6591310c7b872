"""Small models made by hand over the shipped dictionary and safety rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost
import yaml

from predictor.bundle import Bundle, write_bundle
from predictor.calibration import Affine, BaselineHazard
from predictor.dictionary import Dictionary
from predictor.encoding import Column, Encoding
from predictor.imputation import GaussianImputation
from predictor.landmarks import with_landmarks
from predictor.linear import Linear
from predictor.model import Model
from predictor.provenance import Provenance
from predictor.safety import SafetyRules
from predictor.scoring import Scorer, with_reference
from predictor.uncertainty import Uncertainty
from training.config import read_crosswalks, read_landmarks, read_outcomes
from training.tree_tables import ensemble_from_boosters, tables_from_booster

CONFIGS = Path(__file__).resolve().parents[2] / "configs"

ENCODING = Encoding(
    columns=(
        Column("age_years"),
        Column("sex", level=1),
        Column("sex", level=2),
        Column("bmi"),
        Column("madrs_total"),
        Column("failed_trials"),
        Column("bipolar"),
        Column("crp_mg_per_l", transform="log1p"),
        Column("diet_quality"),
        Column("psychotherapy", level=4),
    ),
    dropped=(("gad7_total", "never answered"),),
    seen=(("sex", (0, 1, 2)), ("psychotherapy", (0, 4))),
)
MEANS = np.array([45.0, 0.4, 0.02, 27.0, 30.0, 4.0, 0.1, 1.0, 1.5, 0.3])
SPREAD = np.array([12.0, 0.5, 0.14, 5.0, 6.0, 2.0, 0.3, 0.7, 0.9, 0.46])
COEFFICIENTS = np.array([-0.01, 0.2, -0.1, 0.03, -0.04, -0.15, 0.3, -0.25, 0.1, 0.4])
LOW = np.array([18.0, 0.0, 0.0, 16.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0])
HIGH = np.array([80.0, 1.0, 1.0, 45.0, 50.0, 12.0, 1.0, 4.0, 3.0, 1.0])

PROVENANCE = Provenance(
    data_origin="simulated",
    stamp="internally_validated",
    reason="",
    better_than_average=True,
    outcome="at least 50 % fall of MADRS from day 0 at day 28",
    given="",
    time_zero="first dose",
    planned_course="six infusions of 0.5 mg/kg over 40 minutes in two weeks",
    horizon_days=28,
    cohort_average=0.55,
    cohort_patients=600,
    cohort_events=330,
    chosen="ridge",
    package_version="0.1.0",
    decision_threshold=0.5,
)
OF_RELAPSE = {
    "outcome": "MADRS of 22 or more at two consecutive assessments, or admission",
    "given": "response at the end of the acute course",
    "time_zero": "day 28 after the first dose",
    "horizon_days": 180,
    "cohort_average": 0.8,
    "chosen": "ridge_cox",
}


def uncertainty_of(n: int, **changed: Any) -> Uncertainty:
    """Interval parts for the first n columns."""
    covariance = np.diag(np.concatenate([[0.01], 0.02 / SPREAD[:n] ** 2]))
    settings: dict[str, Any] = {
        "covariance": covariance,
        "means": MEANS[:n],
        "calibration_covariance": np.array([[0.004, 0.001], [0.001, 0.01]]),
        "margin_mean": 0.1,
        "margin_sd": 0.6,
        "support_low": LOW[:n],
        "support_high": HIGH[:n],
        "missing_variance": np.empty(0),
    }
    return Uncertainty(**settings | changed)


def correlated() -> np.ndarray:
    """Covariance with a correlation of 0.2 between all columns."""
    correlation = np.full((MEANS.size, MEANS.size), 0.2)
    np.fill_diagonal(correlation, 1.0)
    return correlation * np.outer(SPREAD, SPREAD)


def linear_model() -> Model:
    """A response model of ten columns."""
    return Model(
        "response",
        "ridge",
        ENCODING,
        Linear(COEFFICIENTS, MEANS, 0.2),
        Affine(0.05, 0.9),
        uncertainty_of(MEANS.size),
        imputation=GaussianImputation(MEANS, correlated()),
    )


def cox_model() -> Model:
    """A relapse model of ten columns whose hazard falls with time."""
    days = np.arange(181.0)
    return replace(
        linear_model(),
        task="relapse",
        family="ridge_cox",
        learner=Linear(COEFFICIENTS, MEANS, 0.0),
        baseline=BaselineHazard(0.12 * days**0.5, 180.0),
        hazard_variance=np.concatenate([[0.0], 0.3 / np.sqrt(days[1:])]),
    )


def empty_model() -> Model:
    """A response model that knows the prevalence only."""
    nothing = np.empty(0)
    uncertainty = uncertainty_of(0, covariance=np.array([[0.01]]), means=nothing, margin_sd=0.0)
    return Model(
        "response",
        "prevalence",
        Encoding(()),
        Linear(nothing, nothing, 0.2),
        Affine(0.0, 1.0),
        uncertainty,
        imputation=GaussianImputation(nothing, np.empty((0, 0))),
    )


def boosted_model() -> Model:
    """Shallow trees with five refits."""
    rng = np.random.default_rng(5)
    X = np.clip(rng.normal(MEANS, SPREAD, size=(300, MEANS.size)), LOW, HIGH)
    X[:, [1, 2, 6, 9]] = X[:, [1, 2, 6, 9]] > 0.5
    X[:, 8] = np.round(X[:, 8])
    y = (rng.random(300) < 1 / (1 + np.exp(-(X - MEANS) @ COEFFICIENTS * 3))).astype(float)
    X[rng.random(X.shape) < 0.15] = np.nan
    X[:, 2] = np.where(np.isnan(X[:, 1]), np.nan, np.nan_to_num(X[:, 2]))
    settings = {"objective": "binary:logistic", "max_depth": 3, "eta": 0.1, "nthread": 1}
    boosters = []
    for _ in range(6):
        drawn = rng.integers(0, 300, 300) if boosters else np.arange(300)
        boosters.append(xgboost.train(settings, xgboost.DMatrix(X[drawn], y[drawn]), 20))
    return Model(
        "response",
        "xgboost",
        ENCODING,
        tables_from_booster(boosters[0], X),
        Affine(0.05, 0.8),
        uncertainty_of(
            MEANS.size,
            covariance=np.empty((0, 0)),
            missing_variance=np.linspace(0.01, 0.09, len(ENCODING.variables)),
        ),
        refits=ensemble_from_boosters(boosters[1:], X),
    )


@pytest.fixture(scope="session")
def dictionary() -> Dictionary:
    text = (CONFIGS / "dictionary.yaml").read_text(encoding="utf-8")
    return Dictionary.from_dict(yaml.safe_load(text))


@pytest.fixture(scope="session")
def rules(dictionary: Dictionary) -> SafetyRules:
    text = (CONFIGS / "safety.yaml").read_text(encoding="utf-8")
    return SafetyRules.from_dict(yaml.safe_load(text), dictionary)


@pytest.fixture(scope="session")
def bundles(dictionary: Dictionary, rules: SafetyRules) -> dict[str, Bundle]:
    """One bundle of each kind by name: linear, cox, boosted, empty."""
    models = {
        "linear": linear_model(),
        "cox": cox_model(),
        "boosted": boosted_model(),
        "empty": empty_model(),
    }
    made = {}
    for name, model in models.items():
        provenance = replace(PROVENANCE, **OF_RELAPSE) if name == "cox" else PROVENANCE
        made[name] = with_reference(Bundle(model, dictionary, rules, provenance))
    return made


@pytest.fixture(scope="session")
def scorers(bundles: dict[str, Bundle]) -> dict[str, Scorer]:
    return {name: Scorer(bundle) for name, bundle in bundles.items()}


@pytest.fixture(scope="session")
def folders(
    bundles: dict[str, Bundle], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Each bundle as a folder; read only."""
    root = tmp_path_factory.mktemp("bundles")
    return {name: write_bundle(bundle, root / name) for name, bundle in bundles.items()}


LANDMARK_SLOPE = {"response": -0.08, "relapse": 0.05}


def landmark_model(task: str, scores: tuple[str, ...]) -> Model:
    """A model of age, sex, bmi, MADRS at baseline, failed trials and later MADRS scores."""
    kept = list(range(6))
    p, q = len(kept), len(scores)
    means = np.concatenate([MEANS[kept], np.full(q, 20.0)])
    spread = np.concatenate([SPREAD[kept], np.full(q, 8.0)])
    correlation = np.full((p + q, p + q), 0.2)
    np.fill_diagonal(correlation, 1.0)
    made = cox_model() if task == "relapse" else linear_model()
    slopes = np.full(q, LANDMARK_SLOPE[task])
    known = uncertainty_of(
        p,
        covariance=np.diag(np.concatenate([[0.01], 0.02 / spread**2])),
        means=means,
        support_low=np.concatenate([LOW[kept], np.zeros(q)]),
        support_high=np.concatenate([HIGH[kept], np.full(q, 60.0)]),
    )
    linear = Linear(np.concatenate([COEFFICIENTS[kept], slopes]), means, made.learner.base)
    return replace(
        made,
        encoding=replace(
            ENCODING,
            columns=(*ENCODING.columns[:6], *(Column(score) for score in scores)),
            dropped=(),
            seen=(("sex", (0, 1, 2)),),
        ),
        learner=linear,
        uncertainty=known,
        imputation=GaussianImputation(means, correlation * np.outer(spread, spread)),
    )


def landmark_bundle(bundle: Bundle, names: tuple[str, ...]) -> Bundle:
    """A bundle with a model at each of these landmarks, as training would write it."""
    landmarks, task = read_landmarks(), bundle.model.task
    whole = with_landmarks(bundle.dictionary, landmarks)
    kept = [one for one in landmarks.landmarks if one.name in names]
    outcome = "relapse_madrs" if task == "relapse" else "response_madrs"
    lineage = {"outcome": read_outcomes()[outcome].model_dump(mode="json")}
    inner = {}
    for i, landmark in enumerate(kept):
        seen = kept[: i + 1]
        variables = [v for v in whole.variables if v.landmark in (None, *(s.name for s in seen))]
        after = max(0, int(landmark.day) - 28) if task == "relapse" else 0
        inner[landmark.name] = with_reference(
            replace(
                bundle,
                model=landmark_model(task, tuple(f"madrs_{one.name}" for one in seen)),
                dictionary=replace(whole, variables=tuple(variables), landmarks=tuple(seen)),
                provenance=replace(
                    bundle.provenance,
                    landmark=landmark.name,
                    horizon_days=bundle.provenance.horizon_days - after,
                ),
                reference=(),
                lineage=lineage,
            )
        )
    return replace(
        bundle,
        crosswalks=read_crosswalks(),
        landmarks=inner,
        lineage=lineage,
    )


@pytest.fixture(scope="session")
def landmark_bundles(bundles: dict[str, Bundle]) -> dict[str, Bundle]:
    """Bundles with models at landmarks: response and relapse."""
    return {
        "response": landmark_bundle(bundles["linear"], ("dose2", "dose4")),
        "relapse": landmark_bundle(
            bundles["cox"], ("dose4", "course_end", "followup14", "followup28")
        ),
    }


@pytest.fixture(scope="session")
def landmark_scorers(landmark_bundles: dict[str, Bundle]) -> dict[str, Scorer]:
    return {name: Scorer(bundle) for name, bundle in landmark_bundles.items()}


@pytest.fixture
def candidate(rules: SafetyRules, dictionary: Dictionary) -> Callable[..., dict[str, Any]]:
    """Make a candidate with every model variable and every safety question answered."""
    answers: dict[str, Any] = {
        v.id: "no" for v in dictionary.variables if v.id in rules.reads and v.type == "yes_no"
    }
    answers |= {
        "age_years": 40,
        "sex": "female",
        "bmi": 24,
        "madrs_total": 32,
        "failed_trials": 3,
        "bipolar": "no",
        "crp_mg_per_l": 2.5,
        "diet_quality": "good",
        "psychotherapy": "cbt",
        "systolic_mmhg": 120,
        "diastolic_mmhg": 80,
        "nyha_class": "none",
        "child_pugh_class": "none",
        "substance_use_disorder": "none",
        "urine_drug_screen": "negative",
        "ymrs_total": 2,
        "audit_total": 3,
        "dast10_total": 0,
        "moca_total": 28,
        "cssrs_ideation_month": 1,
        "benzodiazepine_mg_diazepam_eq": 0,
    }

    def make(**changed: Any) -> dict[str, Any]:
        """A change to None leaves the question unanswered."""
        return {k: v for k, v in (answers | changed).items() if v is not None}

    return make


@pytest.fixture
def people(tmp_path, candidate) -> Path:
    """Four candidates: scored, stopped, faulty, all but empty."""
    rows = [
        candidate(patient_id="id-7731", bmi=None, aneurysm=None),
        candidate(patient_id="id-7732", pregnant="yes"),
        candidate(patient_id="id-7733", age_years=440),
        {"patient_id": "id-7734", "age_years": 44},
    ]
    path = tmp_path / "people.json"
    path.write_text(json.dumps(rows))
    return path
