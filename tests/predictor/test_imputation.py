"""Imputation: conditional means and variances against direct formulas and simulated truth."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predictor import imputation
from predictor.errors import InvalidInputError
from predictor.imputation import GaussianImputation


def factor_covariance(rng, p, factors=3):
    """Draw a covariance in which a few factors move all columns."""
    loadings = rng.normal(size=(p, factors)) * 0.7 + 0.3
    return loadings @ loadings.T + np.eye(p)


def with_gaps(rng, X, share):
    return np.where(rng.random(X.shape) < share, np.nan, X)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_fill_and_spread_equal_direct_inversion(seed):
    rng = np.random.default_rng(seed)
    p = 7
    units = 10.0 ** rng.integers(-4, 5, size=p)
    covariance = factor_covariance(rng, p) * np.outer(units, units)
    means, b = rng.normal(size=p) * units, rng.normal(size=p) / units
    model = GaussianImputation(means, covariance)
    row = with_gaps(rng, rng.normal(size=(1, p)) * units, 0.5)
    m, o = np.isnan(row[0]), ~np.isnan(row[0])
    solved = np.linalg.solve(
        covariance[np.ix_(o, o)] / np.outer(units[o], units[o]),
        covariance[np.ix_(o, m)] / units[o][:, None],
    )
    expected = means[m] + ((row[0, o] - means[o]) / units[o]) @ solved
    left = covariance[np.ix_(m, m)] - (covariance[np.ix_(m, o)] / units[o]) @ solved
    np.testing.assert_allclose(model.fill(row)[0, m] / units[m], expected / units[m], atol=1e-9)
    np.testing.assert_array_equal(model.fill(row)[0, o], row[0, o])
    assert model.spread(row, b)[0] == pytest.approx(b[m] @ left @ b[m], rel=1e-8, abs=1e-10)


def test_a_row_alone_gives_the_same_bits_as_in_a_file():
    rng = np.random.default_rng(5)
    model = GaussianImputation(rng.normal(size=9), factor_covariance(rng, 9))
    X = with_gaps(rng, rng.normal(size=(40, 9)), 0.4)
    X[20:] = np.where(np.isnan(X[:1]), np.nan, rng.normal(size=(20, 9)))  # one shared pattern
    filled, spread = model.fill(X), model.spread(X, np.arange(9.0))
    owner = np.array([0, 1, 1, 2, 2, 2, 3, 4, 5])
    narrowing = model.narrowing(X, np.arange(9.0), owner)
    order = rng.permutation(40)
    np.testing.assert_array_equal(model.fill(X[order]), filled[order])
    for i in range(40):
        np.testing.assert_array_equal(model.fill(X[i : i + 1])[0], filled[i])
        assert model.spread(X[i : i + 1], np.arange(9.0))[0] == spread[i]
        alone = model.narrowing(X[i : i + 1], np.arange(9.0), owner)[0]
        np.testing.assert_array_equal(alone, narrowing[i])


def test_a_file_in_several_blocks_gives_the_same_bits(monkeypatch):
    rng = np.random.default_rng(16)
    X = with_gaps(rng, rng.normal(size=(60, 8)), 0.4)
    X[30:] = np.where(np.isnan(X[:5].repeat(6, axis=0)), np.nan, rng.normal(size=(30, 8)))
    b = rng.normal(size=8)

    def everything():
        model = GaussianImputation.fit(X, steps=0)
        owner = np.arange(8) // 2
        return model.fill(X), model.spread(X, b), model.narrowing(X, b, owner)

    whole, fitted = everything(), GaussianImputation.fit(X)
    monkeypatch.setattr(imputation, "_BLOCK", 20)
    for parts, one in zip(everything(), whole, strict=True):
        np.testing.assert_array_equal(parts, one)
    again = GaussianImputation.fit(X)
    np.testing.assert_allclose(again.covariance, fitted.covariance, rtol=1e-12, atol=1e-15)


def test_complete_and_empty_rows():
    rng = np.random.default_rng(1)
    covariance, means = factor_covariance(rng, 4), np.array([1.0, 2.0, 3.0, 4.0])
    model, b = GaussianImputation(means, covariance), np.array([1.0, -1.0, 2.0, 0.5])
    complete = rng.normal(size=(1, 4))
    np.testing.assert_array_equal(model.fill(complete), complete)
    assert model.spread(complete, b)[0] == 0.0
    empty = np.full((1, 4), np.nan)
    np.testing.assert_array_equal(model.fill(empty)[0], means)
    assert model.spread(empty, b)[0] == pytest.approx(b @ covariance @ b, rel=1e-12)
    assert model.fill(np.empty((0, 4))).shape == (0, 4)


def test_more_answers_never_widen_the_spread():
    rng = np.random.default_rng(2)
    model = GaussianImputation(np.zeros(6), factor_covariance(rng, 6))
    b, row = rng.normal(size=6), np.full((1, 6), np.nan)
    last = np.inf
    for j in range(6):
        # only the columns still open count, so hold the weights of answered ones at their value
        now = model.spread(row, b)[0]
        assert now <= last + 1e-12
        last, row[0, j] = now, 0.0


def test_narrowing_is_the_spread_an_answer_takes_away():
    rng = np.random.default_rng(3)
    model = GaussianImputation(np.zeros(6), factor_covariance(rng, 6))
    b, row = rng.normal(size=6), np.array([[0.4, np.nan, np.nan, 1.0, np.nan, np.nan]])
    narrowing = model.narrowing(row, b, np.arange(6))[0]
    assert narrowing[[0, 3]].tolist() == [0.0, 0.0]
    for j in (1, 2, 4, 5):
        answered = row.copy()
        answered[0, j] = 0.7
        left = model.spread(row, b)[0] - model.spread(answered, b)[0]
        assert narrowing[j] == pytest.approx(left, rel=1e-9)


def test_columns_of_one_variable_are_answered_together():
    rng = np.random.default_rng(4)
    model = GaussianImputation(np.zeros(6), factor_covariance(rng, 6))
    b, row = rng.normal(size=6), np.array([[0.4, np.nan, np.nan, 1.0, np.nan, np.nan]])
    narrowing = model.narrowing(row, b, np.array([0, 1, 1, 2, 3, 4]))[0]
    answered = row.copy()
    answered[0, 1:3] = -0.2, 0.7
    left = model.spread(row, b)[0] - model.spread(answered, b)[0]
    assert narrowing[1] == pytest.approx(left, rel=1e-9)
    assert narrowing[[0, 2]].tolist() == [0.0, 0.0]


def test_the_spread_of_uncertain_coefficients_is_that_of_drawn_ones():
    rng = np.random.default_rng(12)
    units, means = np.array([1.0, 20.0, 0.1, 3.0, 1.0]), np.arange(5.0)
    model = GaussianImputation(means, factor_covariance(rng, 5) * np.outer(units, units))
    row = np.array([[0.3, np.nan, np.nan, 4.0, np.nan]])
    b, doubt = rng.normal(size=5) / units, 0.3 * factor_covariance(rng, 5) / np.outer(units, units)
    filled = model.fill(row)[0]
    gaps = np.isnan(row[0])
    draws = 400_000
    left = [model.spread(row, one)[0] for one in np.eye(5)]
    assert np.flatnonzero(left).tolist() == [1, 2, 4]
    precision = np.linalg.inv(model.covariance)[np.ix_(gaps, gaps)]
    x = np.tile(filled, (draws, 1))
    x[:, gaps] = rng.multivariate_normal(filled[gaps], np.linalg.inv(precision), size=draws)
    coefficients = rng.multivariate_normal(b, doubt, size=draws)
    drawn = np.einsum("ij,ij->i", x, coefficients).var()
    said = model.spread(row, b, doubt)[0] + filled @ doubt @ filled
    assert said == pytest.approx(drawn, rel=4 * np.sqrt(3 / draws))  # four SE, tails included


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_filling_beats_the_mean_and_comes_near_the_oracle(share):
    rng = np.random.default_rng(7)
    covariance = factor_covariance(rng, 20)
    X = rng.multivariate_normal(np.full(20, 5.0), covariance, size=900)
    train, test = X[:600], X[600:]
    gaps = with_gaps(rng, test, share)
    missing = np.isnan(gaps)
    model = GaussianImputation.fit(with_gaps(rng, train, share))
    error = ((model.fill(gaps) - test)[missing] ** 2).mean()
    oracle = (
        (GaussianImputation(np.full(20, 5.0), covariance).fill(gaps) - test)[missing] ** 2
    ).mean()
    of_means = ((train.mean(axis=0) - test)[:, :] ** 2)[missing].mean()
    assert error < 0.75 * of_means
    assert error < 1.1 * oracle


def test_the_spread_is_the_variance_of_what_was_missed():
    rng = np.random.default_rng(8)
    X = rng.multivariate_normal(np.zeros(10), factor_covariance(rng, 10), size=3000)
    model = GaussianImputation.fit(with_gaps(rng, X[:1500], 0.2))
    gaps, b = with_gaps(rng, X[1500:], 0.3), rng.normal(size=10)
    missed = (X[1500:] - model.fill(gaps)) @ b
    spread = model.spread(gaps, b)
    open_rows = spread > 0
    assert (missed[open_rows] ** 2 / spread[open_rows]).mean() == pytest.approx(1.0, abs=0.1)


def test_em_mends_the_bias_of_means_when_values_are_missing_at_random():
    rng = np.random.default_rng(9)
    X = rng.multivariate_normal([0.0, 0.0], [[1.0, 0.8], [0.8, 1.0]], size=4000)
    X[:, 1] = np.where(rng.random(4000) < 1 / (1 + np.exp(1.5 - 2 * X[:, 0])), np.nan, X[:, 1])
    naive = abs(GaussianImputation.fit(X, steps=0).means[1])
    assert naive > 0.15
    assert abs(GaussianImputation.fit(X).means[1]) < 0.5 * naive
    assert abs(GaussianImputation.fit(X, steps=20).means[1]) < 0.05


def test_complete_columns_give_the_sample_moments_shrunken_hardly_at_all():
    rng = np.random.default_rng(10)
    X = rng.multivariate_normal([0.0, 3.0], [[1.0, 1.6], [1.6, 4.0]], size=5000)
    model = GaussianImputation.fit(X)
    np.testing.assert_allclose(model.means, X.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(model.covariance, np.cov(X.T, ddof=0), rtol=2e-3)


def test_the_shrinkage_is_that_of_schaefer_and_strimmer():
    rng = np.random.default_rng(11)
    X = rng.normal(size=(30, 6)) + rng.normal(size=(30, 1))
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    n, noise, signal = 30, 0.0, 0.0
    for i in range(6):
        for j in range(6):
            if i != j:
                w = z[:, i] * z[:, j]
                noise += n / (n - 1) ** 3 * ((w - w.mean()) ** 2).sum()
                signal += w.mean() ** 2
    expected = (1 - noise / signal) * np.corrcoef(X.T)
    model = GaussianImputation.fit(X, steps=0)
    fitted = model.covariance / np.outer(X.std(axis=0), X.std(axis=0))
    off = ~np.eye(6, dtype=bool)
    np.testing.assert_allclose(fitted[off], expected[off], atol=1e-12)


def test_units_do_not_matter():
    rng = np.random.default_rng(12)
    X = with_gaps(rng, rng.multivariate_normal(np.zeros(5), factor_covariance(rng, 5), 300), 0.2)
    units, shift = np.array([1e-5, 1.0, 1e6, 3.0, 40.0]), np.array([0.0, 5.0, 1e6, -2.0, 100.0])
    plain, moved = GaussianImputation.fit(X).fill(X), X * units + shift
    again = GaussianImputation.fit(moved).fill(moved)
    np.testing.assert_allclose((again - shift) / units, plain, atol=1e-8)


def test_constant_repeated_and_never_answered_columns():
    rng = np.random.default_rng(13)
    a = rng.normal(size=200)
    X = np.column_stack([a, a, np.full(200, 7.1), np.full(200, np.nan), 1 - (a > 0), a > 0])
    X[::5, 1] = np.nan
    X[1::5, 2] = np.nan
    model = GaussianImputation.fit(X)
    filled = model.fill(X)
    assert np.isfinite(filled).all()
    np.testing.assert_allclose(filled[:, 2], 7.1, rtol=1e-12)
    assert (filled[:, 3] == 0).all()
    assert np.corrcoef(filled[::5, 1], a[::5])[0, 1] > 0.99
    only_constant = np.array([[0.0, 0.0, np.nan, np.nan, 1.0, 0.0]])
    assert model.spread(only_constant, np.ones(6))[0] == 0.0
    odd = only_constant.copy()
    odd[0, 2], odd[0, 0] = 99.0, np.nan  # a constant column informs nothing, whatever it holds
    odd_again = odd.copy()
    odd_again[0, 2] = 7.1
    assert model.fill(odd)[0, 0] == model.fill(odd_again)[0, 0]


def test_tiny_cohorts_are_fitted():
    for n in (1, 2, 3):
        X = np.random.default_rng(n).normal(size=(n, 8))
        X[0, :3] = np.nan
        assert np.isfinite(GaussianImputation.fit(X).fill(X)).all()
    assert GaussianImputation.fit(np.empty((4, 0))).fill(np.empty((2, 0))).shape == (2, 0)


def test_save_and_load_give_the_same_imputation():
    rng = np.random.default_rng(14)
    X = with_gaps(rng, rng.normal(size=(80, 5)), 0.3)
    model = GaussianImputation.fit(X)
    again = GaussianImputation.from_arrays(model.to_arrays())
    assert set(model.to_arrays()) == {"means", "covariance"}
    np.testing.assert_array_equal(again.fill(X), model.fill(X))
    np.testing.assert_array_equal(again.covariance, model.covariance)


@pytest.mark.parametrize(
    ("means", "covariance", "words"),
    [
        ([0.0, 0.0], [[1.0]], "are needed"),
        ([np.nan], [[1.0]], "finite"),
        ([0.0], [[np.inf]], "finite"),
        ([0.0, 0.0], [[1.0, 2.0], [2.0, 1.0]], "positive definite"),
    ],
)
def test_a_broken_distribution_is_refused(means, covariance, words):
    with pytest.raises(InvalidInputError, match=words):
        GaussianImputation(np.array(means), np.array(covariance))


def test_what_does_not_fit_is_refused():
    model = GaussianImputation(np.zeros(2), np.eye(2))
    with pytest.raises(InvalidInputError, match="2 columns"):
        model.fill(np.zeros((1, 3)))
    with pytest.raises(InvalidInputError, match="finite values"):
        model.spread(np.array([[np.inf, 0.0]]), np.ones(2))
    with pytest.raises(InvalidInputError, match="coefficients were given"):
        model.spread(np.zeros((1, 2)), np.ones(3))
    for X in (np.zeros((0, 2)), np.zeros(3), np.array([[np.inf]])):
        with pytest.raises(InvalidInputError, match="at least one row"):
            GaussianImputation.fit(X)


def test_one_person_takes_well_under_a_millisecond():
    rng = np.random.default_rng(15)
    model = GaussianImputation(np.zeros(90), factor_covariance(rng, 90))
    row, b = with_gaps(rng, rng.normal(size=(1, 90)), 0.3), rng.normal(size=90)
    best = np.inf
    for _ in range(50):
        began = time.perf_counter()
        model.fill(row)
        model.spread(row, b)
        best = min(best, time.perf_counter() - began)
    assert best < 1e-3
