"""Frozen models made by hand, as the tests of scoring use them."""

from dataclasses import replace

import numpy as np
import pytest

from predictor.calibration import Affine, BaselineHazard
from predictor.encoding import Column, Encoding
from predictor.imputation import GaussianImputation
from predictor.linear import Linear
from predictor.model import Model
from predictor.trial_terms import TrialTerms
from predictor.uncertainty import Uncertainty
from training.config import read_dictionary

COLUMNS = (
    Column("age_years"),
    Column("sex", level=1),
    Column("sex", level=2),
    Column("madrs_total"),
    Column("bipolar"),
    Column("crp_mg_per_l", transform="log1p"),
    Column("diet_quality"),
)
MEANS = np.array([45.0, 0.4, 0.02, 30.0, 0.1, 1.0, 1.5])
SPREAD = np.array([12.0, 0.5, 0.14, 6.0, 0.3, 0.7, 0.9])
COEFFICIENTS = np.array([-0.0123, 0.2, -0.1, -0.0437, 0.31, -0.25, 0.1])


def response_model(coefficients=COEFFICIENTS) -> Model:
    """A response model of six variables whose support reaches beyond what is accepted."""
    n = MEANS.size
    return Model(
        "response",
        "ridge",
        Encoding(COLUMNS, seen=(("sex", (0, 1, 2)),)),
        Linear(coefficients, MEANS, 0.2),
        Affine(0.05, 0.9),
        Uncertainty(
            covariance=np.diag(np.concatenate([[0.01], 0.02 / SPREAD**2])),
            means=MEANS,
            calibration_covariance=np.array([[0.004, 0.001], [0.001, 0.01]]),
            margin_mean=0.1,
            margin_sd=0.6,
            support_low=np.array([18.0, 0, 0, 10.0, 0, -0.5, 0]),
            support_high=np.array([80.0, 1, 1, 65.0, 1, 4.0, 3]),
            missing_variance=np.empty(0),
        ),
        imputation=GaussianImputation(MEANS, (0.2 + 0.8 * np.eye(n)) * np.outer(SPREAD, SPREAD)),
    )


def with_cuts(model):
    """The same model with columns of their own for MADRS, CRP and diet from a value on."""
    columns, at = (
        list(model.encoding.columns),
        {"madrs_total": 30.0, "crp_mg_per_l": 3.0, "diet_quality": 2.0},
    )
    places = [i for i, c in enumerate(columns) if c.variable in at]
    for place in reversed(places):
        name = columns[place].variable
        columns.insert(place + 1, Column(name, cut=at[name]))
    ends = [i + 1 for i in places]

    def wider(old, new):
        return np.insert(np.asarray(old, dtype=float), ends, new)

    means = wider(model.learner.means, [0.5, 0.4, 0.5])
    spread = wider(np.sqrt(np.diag(model.imputation.covariance)), 0.5)
    n = means.size
    known = replace(
        model.uncertainty,
        covariance=np.diag(np.concatenate([[0.01], 0.02 / spread**2])),
        means=means,
        support_low=wider(model.uncertainty.support_low, 0.0),
        support_high=wider(model.uncertainty.support_high, 1.0),
    )
    return replace(
        model,
        encoding=Encoding(tuple(columns), seen=model.encoding.seen),
        learner=Linear(wider(model.learner.coefficients, [0.8, -1.2, 0.9]), means, 0.2),
        uncertainty=known,
        imputation=GaussianImputation(means, (0.2 + 0.8 * np.eye(n)) * np.outer(spread, spread)),
    )


@pytest.fixture(scope="session")
def cut_model():
    return with_cuts(response_model())


@pytest.fixture(scope="session")
def model_of():
    """Makes the response model with other coefficients."""
    return response_model


@pytest.fixture(scope="session")
def dictionary():
    return read_dictionary()


@pytest.fixture(scope="session")
def models() -> dict[str, Model]:
    """A response model and a relapse model of the same coefficients."""
    response = response_model()
    days = np.arange(181.0)
    relapse = replace(
        response,
        task="relapse",
        family="cox_ridge",
        learner=Linear(COEFFICIENTS, MEANS, 0.0),
        baseline=BaselineHazard(0.12 * days**0.5, 150.0),
        hazard_variance=np.zeros(181),
    )
    return {"response": response, "relapse": relapse, "trial": with_trial(relapse)}


def with_trial(relapse):
    """The relapse model with the effect of a trial on bipolar disorder, which it does not learn."""
    learned, covariance = COEFFICIENTS.copy(), relapse.uncertainty.covariance.copy()
    learned[4] = covariance[5] = covariance[:, 5] = 0.0
    direction = np.eye(MEANS.size)[:, [4]]
    return replace(
        relapse,
        learner=Linear(learned, MEANS, 0.0),
        uncertainty=replace(relapse.uncertainty, covariance=covariance),
        trial=TrialTerms(direction, np.array([-0.9]), np.array([0.09]), MEANS, np.array([[0.09]])),
    )


@pytest.fixture(scope="session")
def some_people(dictionary):
    """Coded answers of 60 people, some missing."""
    rng = np.random.default_rng(8)
    n = 60
    values = {v.id: np.full(n, np.nan) for v in dictionary.variables}
    values["age_years"] = rng.integers(18, 80, n) * 1.0
    values["sex"] = rng.integers(0, 3, n) * 1.0
    values["madrs_total"] = rng.integers(20, 45, n) * 1.0
    values["bipolar"] = rng.integers(0, 2, n) * 1.0
    values["crp_mg_per_l"] = np.where(rng.random(n) < 0.3, np.nan, rng.exponential(3, n))
    values["diet_quality"] = rng.integers(0, 4, n) * 1.0
    return values
