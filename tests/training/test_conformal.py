"""Conformal sets hold the outcome of at least the declared share of each outcome's people."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from predictor.conformal import LEVELS, OUTCOMES
from training.conformal import fit_conformal

COHORTS, NEW, P = 80, 1000, 12


def draw(rng, n):
    """Draw columns and outcomes; the truth reaches an AUC of about 0.75."""
    X = rng.normal(size=(n, P))
    effects = np.where(np.arange(P) < 6, 0.4, 0.0)
    return X, (rng.random(n) < expit(X @ effects - 0.6)).astype(float)


@pytest.fixture(scope="module", params=[60, 200])
def covered(request):
    """Share of each outcome's new people whose set holds it: cohorts, levels, outcomes."""
    found = np.full((COHORTS, len(LEVELS), 2), np.nan)
    for cohort in range(COHORTS):
        rng = np.random.default_rng([cohort, request.param])
        X, y = draw(rng, request.param)
        model = LogisticRegression(C=0.1)
        folds = StratifiedKFold(5, shuffle=True, random_state=cohort)
        held_out = cross_val_predict(model, X, y, cv=folds, method="decision_function")
        table = fit_conformal(held_out, y)
        new, happened = draw(rng, NEW)
        sets = [table.sets(margin) for margin in model.fit(X, y).decision_function(new)]
        for i in range(len(LEVELS)):
            if sets[0][i]["outcomes"] is None:
                continue
            for outcome in (0, 1):
                people = np.flatnonzero(happened == outcome)
                held = [OUTCOMES[outcome] in sets[j][i]["outcomes"] for j in people]
                found[cohort, i, outcome] = np.mean(held)
    return found


def test_coverage_of_each_outcome_is_at_least_the_level(covered):
    for i, level in enumerate(LEVELS):
        for outcome in (0, 1):
            share = covered[:, i, outcome]
            share = share[~np.isnan(share)]
            assert share.size > COHORTS / 2
            error = share.std(ddof=1) / np.sqrt(share.size)
            assert share.mean() >= level - 2 * error


def test_coverage_is_not_bought_by_sets_that_are_far_too_large(covered):
    """At 80 % the limits are ranks of 20 people and more: hardly above the level."""
    assert np.nanmean(covered[:, 0]) < 0.80 + 0.05
