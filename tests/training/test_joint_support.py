"""Unusual combinations: seldom seen in people like the training people, found when planted."""

from __future__ import annotations

import numpy as np
import pytest

from predictor.imputation import GaussianImputation
from training.joint_support import fit_joint_support

P, COHORTS, NEW = 40, 12, 500
OWNER = np.arange(P)


def people(rng, n, share=0.2):
    """Skewed, whole-numbered and yes/no columns under four factors; columns 0 and 8 go together."""
    loadings = np.random.default_rng(3).normal(0.4, 0.4, size=(P, 4))
    X = rng.normal(size=(n, 4)) @ loadings.T + rng.normal(size=(n, P))
    X[:, 8] = X[:, 0] + 0.5 * rng.normal(size=n)
    X[:, 2::8] = np.log1p(np.exp(2 * X[:, 2::8]))
    X[:, 1::4] = X[:, 1::4] > np.linspace(-0.5, 2.2, 10)
    X[:, 3::4] = np.round(X[:, 3::4])
    return np.where(rng.random(X.shape) < share, np.nan, X)


def fitted(rng, n):
    X = people(rng, n)
    return fit_joint_support(X, GaussianImputation.fit(X), OWNER, rng=rng)


@pytest.mark.parametrize("n", [100, 200, 500])
def test_people_like_the_training_people_are_seldom_called_unusual(n):
    rates, other_patterns = [], []
    for seed in range(COHORTS):
        rng = np.random.default_rng([seed, n])
        support = fitted(rng, n)
        for share, into in ((0.2, rates), (0.5, other_patterns)):
            into.append((support.unusual(people(rng, NEW, share), OWNER)[:, 0] >= 0).mean())
    assert np.mean(rates) < 0.02
    assert np.mean(other_patterns) < 0.02


@pytest.mark.parametrize("n", [100, 200, 500])
def test_a_planted_contradiction_is_found_and_named(n):
    found = []
    for seed in range(COHORTS):
        rng = np.random.default_rng([seed, n])
        support = fitted(rng, n)
        mean, sd = support.distribution.means, np.sqrt(np.diag(support.distribution.covariance))
        planted = people(rng, 100)
        planted[:, 0], planted[:, 8] = mean[0] + 2.2 * sd[0], mean[8] - 2.2 * sd[8]
        found.append((support.unusual(planted, OWNER) == [0, 8]).all(axis=1).mean())
    assert np.mean(found) > 0.95


def test_a_person_far_out_in_everything_is_found_though_no_pair_contradicts():
    rng = np.random.default_rng(1)
    support = fitted(rng, 200)
    mean, sd = support.distribution.means, np.sqrt(np.diag(support.distribution.covariance))
    far = mean + 2.5 * sd * np.sign(rng.normal(size=(20, P)))
    assert (support.unusual(far, OWNER)[:, 0] >= 0).all()


def test_a_limit_is_nobodys_distance():
    """The limits lie on a grid of tenths."""
    support = fitted(np.random.default_rng(2), 150)
    for limit in (support.limit, support.pair_limit):
        assert 10 * limit == pytest.approx(round(10 * limit), abs=1e-9)


def test_columns_of_one_variable_are_no_pair():
    rng = np.random.default_rng(5)
    level = rng.integers(0, 3, 200)
    X = np.column_stack([level == 1, level == 2, rng.normal(size=200)]).astype(float)
    X[:, 2] += 2 * X[:, 0]
    owner = np.array([0, 0, 1])
    support = fit_joint_support(X, GaussianImputation.fit(X), owner, rng=rng)
    assert (owner[support.pairs[:, 0]] != owner[support.pairs[:, 1]]).all()
    assert [0, 2] in support.pairs.tolist()


def test_where_a_value_lies_is_in_no_pair_beside_the_value():
    rng = np.random.default_rng(6)
    value = rng.normal(size=300)
    X = np.column_stack([value, value > 0, value + 0.5 * rng.normal(size=300)]).astype(float)
    cut = np.array([False, True, False])
    owner = np.array([0, 0, 1])
    support = fit_joint_support(X, GaussianImputation.fit(X), owner, rng=rng, cut=cut)
    assert support.pairs.tolist() == [[0, 2]]
    contradiction = np.array([[1.5, 1.0, -1.5]])
    assert support.unusual(contradiction, owner).tolist() == [[0, 1]]
