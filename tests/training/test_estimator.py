"""The scikit-learn face: its contract, and that it says what the model says."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.utils.estimator_checks import parametrize_with_checks

from training import ResponseClassifier

pytestmark = pytest.mark.filterwarnings("ignore::training.estimator.SmallCohortWarning")


@parametrize_with_checks([ResponseClassifier()])
def test_the_contract_of_scikit_learn_is_kept(estimator, check):
    check(estimator)


def drawn(n=200, *, p=4, seed=3, missing=0.0):
    """Draw people whose log-odds are the first column minus the second."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    eta = X[:, 0] - X[:, 1]
    y = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    X[rng.random(X.shape) < missing] = np.nan
    return X, y, eta


@pytest.mark.parametrize("learner", ["auto", "ridge", "elastic_net", "logistic", "xgboost"])
def test_contributions_add_up_and_the_interval_holds_the_probability(learner):
    X, y, _ = drawn(missing=0.2)
    X[:, 3] = 7.0
    fitted = ResponseClassifier(learner=learner, random_state=1).fit(X, y)
    shares, margin = fitted.contributions(X), fitted.decision_function(X)
    assert shares.shape == X.shape
    np.testing.assert_allclose(fitted.base_ + shares.sum(axis=1), margin, atol=1e-12)
    assert (shares[:, 3] == 0).all()
    probability = fitted.predict_proba(X)
    np.testing.assert_allclose(probability[:, 1], expit(margin), atol=1e-12)
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-15)
    ends = fitted.predict_interval(X)
    assert (ends[:, 0] < probability[:, 1]).all()
    assert (probability[:, 1] < ends[:, 1]).all()
    assert ((ends > 0) & (ends < 1)).all()
    assert (fitted.predict(X) == (probability[:, 1] > 0.5)).all()


def test_coefficients_are_those_of_the_calibrated_margin():
    X, y, _ = drawn()
    fitted = ResponseClassifier(random_state=1).fit(X, y)
    margin = fitted.intercept_ + X @ fitted.coef_[0]
    np.testing.assert_allclose(margin, fitted.decision_function(X), atol=1e-12)
    assert not hasattr(ResponseClassifier(learner="xgboost").fit(X, y), "coef_")
