"""Random-effects means against a published example and second implementations."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit
from scipy.stats import t
from statsmodels.regression.linear_model import WLS
from statsmodels.stats.meta_analysis import combine_effects

from predictor.errors import InvalidInputError
from training.metrics import MeasureUndefinedError
from training.metrics.pooling import cochran_q, random_effects

# Colditz et al., JAMA 1994;271:698-702: cases and others, vaccinated and not, of 13 BCG trials
BCG = np.array(
    [
        (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619),
        (33, 5036, 47, 5761), (180, 1361, 372, 1079), (8, 2537, 10, 619),
        (505, 87886, 499, 87892), (29, 7470, 45, 7232), (17, 1699, 65, 1600),
        (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825),
    ],
    dtype=float,
)  # fmt: skip


def bcg():
    a, b, c, d = BCG.T
    log_ratio = np.log(a / (a + b)) - np.log(c / (c + d))
    return log_ratio, np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))


def test_the_trials_of_bcg_give_the_published_figures():
    # Viechtbauer, J Stat Softw 2010;36(3): REML tau² 0.3132, mean -0.7145
    found = random_effects(*bcg())
    assert found.tau2 == pytest.approx(0.3132, abs=5e-5)
    assert found.value == pytest.approx(-0.7145, abs=5e-5)
    assert found.sites == 13


def test_interval_and_prediction_interval_by_a_weighted_regression():
    effects, errors = bcg()
    found = random_effects(effects, errors)
    fit = WLS(effects, np.ones(13), weights=1 / (errors**2 + found.tau2)).fit()
    assert fit.scale > 1  # else the factor would be cut
    np.testing.assert_allclose([found.lo, found.hi], fit.conf_int()[0], rtol=1e-10)
    reach = t.ppf(0.975, 11) * np.sqrt(found.tau2 + fit.bse[0] ** 2)
    np.testing.assert_allclose(
        [found.prediction_lo, found.prediction_hi],
        [found.value - reach, found.value + reach],
        rtol=1e-10,
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_variance_between_sites_has_the_highest_restricted_likelihood(seed):
    rng = np.random.default_rng(seed)
    errors = rng.uniform(0.1, 0.4, 6)
    effects = rng.normal(0, 0.5, 6) + rng.normal(0, errors)

    def minus_loglik(tau2):
        v = errors**2 + tau2
        mean = np.sum(effects / v) / np.sum(1 / v)
        return np.sum(np.log(v)) + np.log(np.sum(1 / v)) + np.sum((effects - mean) ** 2 / v)

    best = minimize_scalar(minus_loglik, bounds=(0, 5), method="bounded", options={"xatol": 1e-10})
    assert random_effects(effects, errors).tau2 == pytest.approx(best.x, abs=1e-5)


def test_sites_that_agree_by_chance_have_the_interval_of_the_factor_1():
    effects, errors = np.array([0.50, 0.52, 0.51, 0.49]), np.full(4, 0.2)
    found = random_effects(effects, errors)
    assert found.tau2 == 0
    reach = t.ppf(0.975, 3) * 0.1
    np.testing.assert_allclose([found.lo, found.hi], [0.505 - reach, 0.505 + reach])
    other = combine_effects(effects, errors**2, method_re="dl")
    assert found.value == pytest.approx(other.mean_effect_re)
    assert other.sd_eff_w_re_hksj < 0.1


def test_another_scale_keeps_the_variance():
    found = random_effects([0.2, 0.9, 1.6], [0.1, 0.1, 0.2])
    shown = found.on(expit)
    assert shown.value == pytest.approx(expit(found.value))
    assert (shown.tau2, shown.sites) == (found.tau2, 3)
    assert 0 < shown.prediction_lo < shown.lo < shown.value < shown.hi < shown.prediction_hi < 1
    assert set(shown.to_dict()) == {
        "value", "lo", "hi", "prediction_lo", "prediction_hi", "tau2", "sites",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("effects", "errors"),
    [([1, 2, np.nan], [1, 1, 1]), ([1, 2, 3], [1, 0, 1]), ([1, 2, 3], [1, 1])],
)
def test_what_cannot_be_pooled_is_refused(effects, errors):
    with pytest.raises(InvalidInputError, match="one finite estimate"):
        random_effects(effects, errors)


def test_two_sites_have_no_mean():
    with pytest.raises(MeasureUndefinedError, match="2 sites have a value, 3 are needed"):
        random_effects([1, 2], [1, 1])


def test_far_sites_with_small_errors_are_searched_far_enough():
    found = random_effects([0.0, 10.0, 20.0], [1e-3, 1e-3, 1e-3])
    assert found.tau2 == pytest.approx(100.0, rel=1e-6)  # sample variance


@pytest.mark.parametrize(
    ("sites", "tau", "least"), [(3, 0.6, 0.98), (5, 0.3, 0.87), (10, 0.3, 0.85)]
)
def test_intervals_cover_as_the_methods_say(sites, tau, least):
    rng = np.random.default_rng(4)
    means = covered = 0
    for _ in range(600):
        errors = rng.uniform(0.15, 0.35, sites)
        found = random_effects(rng.normal(0.7, tau, sites) + rng.normal(0, errors), errors)
        means += found.lo < 0.7 < found.hi
        covered += found.prediction_lo < rng.normal(0.7, tau) < found.prediction_hi
    assert means / 600 >= 0.935
    assert covered / 600 >= least


def test_the_heterogeneity_of_the_trials_of_bcg_is_the_published_one():
    # Viechtbauer, J Stat Softw 2010;36(3): Q(df = 12) = 152.2330, p < .0001
    found = cochran_q(*bcg())
    assert found.q == pytest.approx(152.2330, abs=5e-5)
    assert found.df == 12
    assert found.p < 1e-4


def test_q_of_two_groups_is_the_squared_z_of_their_difference():
    # (0.9 - 0.1)^2 / (0.3^2 + 0.4^2) = 0.64 / 0.25, two-sided p of z = 1.6
    found = cochran_q([0.9, 0.1], [0.3, 0.4])
    assert found.q == pytest.approx(2.56)
    assert (found.df, found.p) == (1, pytest.approx(0.109599, abs=1e-6))


def test_one_group_differs_from_nothing():
    with pytest.raises(MeasureUndefinedError, match="1 groups have a value, 2 are needed"):
        cochran_q([0.5], [0.1])
