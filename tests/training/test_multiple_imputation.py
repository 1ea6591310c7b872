"""Half-filled forms scored in one step, against many imputations of an independent implementation.

The columns are correlated, some are yes or no, and answers are missing at random: whether one is
missing depends on answers that are always there. Each person's missing answers are drawn 200 times
by chained Bayesian regressions, and the margin is averaged over the draws.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  (makes the next import work)
from sklearn.impute import IterativeImputer

from predictor.imputation import GaussianImputation

N, P, PEOPLE, DRAWS = 1500, 10, 60, 200
SEEDS = range(4)
BIAS = 0.15
"""Stated bias of the mean where a third of the answers is missing: root mean square over people, in
SDs of what the missing answers leave open. It comes from two steps of EM instead of all; with five
it would be 0.05."""


def cohort(rng, n):
    """Draw columns of which three are yes or no."""
    loadings = np.random.default_rng(0).normal(0.6, 0.5, size=(P, 2))
    X = rng.normal(size=(n, 2)) @ loadings.T + rng.normal(size=(n, P))
    X[:, 7:] = X[:, 7:] > [0.0, 0.8, -0.8]
    return X


def deleted_at_random(rng, X):
    """Delete answers of columns 3 and on, more often where the first two are high."""
    chance = 1 / (1 + np.exp(1.0 - 0.8 * X[:, 0] - 0.5 * X[:, 1]))
    gaps = rng.random(X.shape) < chance[:, None]
    gaps[:, :3] = False
    return np.where(gaps, np.nan, X)


@pytest.fixture(scope="module", params=SEEDS)
def both_ways(request):
    """Mean and SD of margins, in closed form and drawn; how far five EM steps are off."""
    rng = np.random.default_rng([41, request.param])
    train = deleted_at_random(rng, cohort(rng, N))
    people = deleted_at_random(rng, cohort(rng, 3 * PEOPLE))
    people = people[np.isnan(people).any(axis=1)][:PEOPLE]
    b = rng.normal(size=P)
    ours = GaussianImputation.fit(train)
    mean, sd = ours.fill(people) @ b, np.sqrt(ours.spread(people, b))
    chained = IterativeImputer(sample_posterior=True, max_iter=10, random_state=request.param)
    drawn = chained.fit(train).transform(np.repeat(people, DRAWS, axis=0)) @ b
    drawn = drawn.reshape(len(people), DRAWS)
    longer = GaussianImputation.fit(train, steps=5).fill(people) @ b
    of_draws = drawn.mean(axis=1)
    return mean, sd, of_draws, drawn.std(axis=1, ddof=1), (of_draws - longer) / sd


def test_the_mean_is_that_of_many_imputations(both_ways):
    mean, sd, of_draws, *_ = both_ways
    apart = (of_draws - mean) / sd
    chance = 1 / DRAWS
    # the mean of squares of PEOPLE errors of chance strays by sqrt(2 / PEOPLE) of itself
    assert np.mean(apart**2) < BIAS**2 + chance * (1 + 3 * np.sqrt(2 / PEOPLE))


def test_the_spread_is_that_of_many_imputations(both_ways):
    _, sd, _, of_draws, _ = both_ways
    ratio = of_draws / sd
    assert ratio.mean() == pytest.approx(1.0, abs=0.05)
    assert ratio.std() < 0.05 + np.sqrt(1 / (2 * DRAWS))


def test_five_steps_of_em_would_have_a_third_of_that_bias(both_ways):
    *_, five = both_ways
    assert np.mean(five**2) < 0.05**2 + (1 + 3 * np.sqrt(2 / PEOPLE)) / DRAWS
