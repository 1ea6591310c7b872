"""Missing outcomes: bounds against every assignment there is, weights against known truth."""

import itertools

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from predictor.errors import InvalidInputError
from training.metrics import MeasureUndefinedError
from training.metrics.binary import auroc, brier, log_loss
from training.metrics.unobserved import (
    auroc_side_by_side,
    brier_side_by_side,
    log_loss_side_by_side,
    oe_side_by_side,
)

EACH = [
    (auroc_side_by_side, auroc, 1),
    (brier_side_by_side, brier, -1),
    (log_loss_side_by_side, log_loss, -1),
]


def people(n, n_missing, seed):
    rng = np.random.default_rng(seed)
    p = np.round(rng.uniform(0.05, 0.95, n), 1)
    y = (rng.random(n) < p).astype(float)
    y[:2] = 0, 1
    y[rng.choice(np.arange(2, n), n_missing, replace=False)] = np.nan
    return y, p


@pytest.mark.parametrize(("side_by_side", "measure", "kinder"), EACH)
@pytest.mark.parametrize("seed", range(4))
def test_no_outcomes_of_the_missing_lie_beyond_the_bounds(side_by_side, measure, kinder, seed):
    y, p = people(20, 8, seed)
    missing = np.isnan(y)
    values = []
    for said in itertools.product([0.0, 1.0], repeat=8):
        y[missing] = said
        values.append(measure(y, p))
    y[missing] = np.nan
    found = side_by_side(y, p, chance_observed=np.full(20, 0.6))
    ends = min(values), max(values)
    assert (found.worst, found.best) == pytest.approx(ends[::kinder])
    assert found.n_missing == 8
    # one chance for all: the weights say nothing
    assert found.complete == pytest.approx(measure(y[~missing], p[~missing]))
    assert found.weighted == pytest.approx(found.complete)


@pytest.mark.parametrize(("side_by_side", "measure", "kinder"), EACH)
def test_with_everybody_observed_all_answers_agree(side_by_side, measure, kinder):
    y, p = people(50, 0, 1)
    found = side_by_side(y, p, chance_observed=np.ones(50))
    value = measure(y, p)
    assert (found.complete, found.weighted, found.worst, found.best) == pytest.approx((value,) * 4)


def test_weights_are_those_of_scikit_learn():
    y, p = people(60, 10, 2)
    chance = np.random.default_rng(3).uniform(0.2, 1, 60)
    seen = ~np.isnan(y)
    expected = roc_auc_score(y[seen], p[seen], sample_weight=1 / chance[seen])
    assert auroc_side_by_side(y, p, chance_observed=chance).weighted == pytest.approx(expected)


@pytest.mark.parametrize(("side_by_side", "measure", "kinder"), EACH)
def test_weights_find_the_truth_where_leaving_depends_on_the_baseline(
    side_by_side, measure, kinder
):
    rng = np.random.default_rng(4)
    margin = rng.normal(size=60_000)
    y, p = (rng.random(60_000) < expit(margin)).astype(float), expit(margin)
    chance = expit(1 - 1.5 * np.abs(margin))
    true = measure(y, p)
    y[rng.random(60_000) > chance] = np.nan
    found = side_by_side(y, p, chance_observed=chance)
    assert found.weighted == pytest.approx(true, abs=0.008)
    assert abs(found.complete - true) > 0.012


@pytest.mark.parametrize("chance", [[1, 1], [1, 1, 0], [1, 1, 1.1], [1, 1, np.nan]])
def test_faulty_chances_are_refused(chance):
    with pytest.raises(InvalidInputError, match="chances"):
        brier_side_by_side([0, 1, np.nan], [0.1, 0.5, 0.2], chance_observed=chance)


def test_without_a_value_it_says_why():
    with pytest.raises(MeasureUndefinedError, match="no outcome was observed"):
        brier_side_by_side([np.nan], [0.1], chance_observed=[1])
    with pytest.raises(MeasureUndefinedError, match="none of the 2"):
        auroc_side_by_side([0, 0, np.nan], [0.1, 0.2, 0.3], chance_observed=[1, 1, 1])
    with pytest.raises(MeasureUndefinedError, match="impossible"):
        log_loss_side_by_side([0, 1, np.nan], [0.1, 0.2, 1.0], chance_observed=[1, 1, 1])
    with pytest.raises(InvalidInputError):
        brier_side_by_side([0, 2], [0.1, 0.2], chance_observed=[1, 1])


def test_observed_over_expected_goes_from_none_to_all_of_the_missing():
    """Three cases, four expected in all; one expected among two missing: 3/4 to 5/4."""
    y = np.array([1, 1, 1, 0, 0, np.nan, np.nan])
    p = np.array([0.9, 0.8, 0.6, 0.4, 0.3, 0.5, 0.5])
    chance = np.array([0.5, 1, 1, 1, 0.5, 1, 1])
    found = oe_side_by_side(y, p, chance_observed=chance)
    assert found.complete == pytest.approx(1)
    assert found.weighted == pytest.approx(4 / (3 + 0.9 + 0.3))
    assert (found.best, found.worst) == pytest.approx((5 / 4, 3 / 4))
    assert found.n_missing == 2
    with pytest.raises(MeasureUndefinedError, match="observed or expected"):
        oe_side_by_side([0, 0, np.nan], [0.1, 0.2, 0.3], chance_observed=[1, 1, 1])
