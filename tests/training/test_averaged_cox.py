"""Cox regression averaged over priors: against quadrature, and against simulated truth."""

import numpy as np
import pytest
from scipy.special import exp1

from predictor.errors import InvalidInputError
from training.averaged_cox import BETWEEN, SIGNAL_SD, SPARSE_SCALE, fit_averaged_cox
from training.averaging import (
    SHARE,
    SIGNAL_GRID,
    SIGNAL_LOG_SD,
    SPARSE_LOG_SD,
    SPARSITY_GRID,
    Design,
)
from training.horseshoe import EffectPrior
from training.penalised_cox import efron, risk_sets
from training.prior_fit import fit_prior


def drawn(n, effects, seed, *, visits=30.0):
    """Exponential days with censoring near 40 %, seen at visits: many ties."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, len(effects)))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    relapse = rng.exponential(np.exp(-X @ np.asarray(effects)))
    left = rng.exponential(1.5, n)
    days = np.ceil(np.minimum(relapse, left) * visits)
    return X, days, (relapse <= left).astype(float)


def regret(coefficients, effects, n=20_000):
    """Log-likelihood per event of uncensored people, level refitted, below that of the truth."""
    X = np.random.default_rng(99).normal(size=(n, len(effects)))
    off = X @ (coefficients - np.asarray(effects))
    return float(np.log(np.exp(off).mean()) - off.mean())


def efron_by_hand(eta, days, events):
    """Efron's log partial likelihood, day by day; eta (..., n)."""
    total = np.zeros(eta.shape[:-1])
    for day in np.unique(days[events == 1]):
        case = (days == day) & (events == 1)
        risk = np.exp(eta[..., days >= day]).sum(axis=-1)
        own = np.exp(eta[..., case]).sum(axis=-1)
        total += eta[..., case].sum(axis=-1)
        for k in range(case.sum()):
            total -= np.log(risk - k / case.sum() * own)
    return total


def moments(log_joint, points, cell):
    """Log integral, mean and covariance on a grid; points (m, p)."""
    top = log_joint.max()
    weight = np.exp(log_joint - top)
    share = weight / weight.sum()
    mean = share @ points
    covariance = (points - mean).T @ (share[:, None] * (points - mean))
    return np.log(weight.sum() * cell) + top, mean, covariance


def log_normal(b, scale):
    return -((b / scale) ** 2) / 2 - np.log(scale) - np.log(2 * np.pi) / 2


def log_horseshoe(b, scale):
    """Log density of a normal law with a half-Cauchy local scale (Carvalho 2010, equation 3)."""
    u = np.minimum(b**2 / (2 * scale**2), 1e6)
    low = np.minimum(u, 500.0)
    tail = np.where(u < 500, np.exp(low) * exp1(low), 1 / (u + 1))
    return np.log(tail) - np.log(scale) - np.log(2 * np.pi**3) / 2


LOG_DENSITY = {"normal": log_normal, "horseshoe": log_horseshoe}
PRIOR = {"normal": lambda sd: EffectPrior(sd, 0.0), "horseshoe": lambda tau: EffectPrior(0.0, tau)}


def fitted(X, days, events, family, scale):
    """The fit of one prior, nothing published."""
    p, sets = X.shape[1], risk_sets(days, events)
    back = np.vstack([np.zeros(p), np.eye(p)])
    design = Design(X, np.empty(0), np.empty(0), back, float(p))
    return fit_prior(lambda b: efron(X, b, sets), design, PRIOR[family](scale), start=None)


def test_a_step_to_where_the_slope_overflows_is_shortened():
    X, days, events = drawn(60, [0.7], 2)
    sets, asked = risk_sets(days, events), []

    def overflowing(b):
        value, slope, curvature = efron(X, b, sets)
        asked.append(float(b[0]))
        bent = len(asked) == 2  # the first full step
        return value, slope + (np.nan if bent else 0.0), curvature

    design = Design(X, np.empty(0), np.empty(0), np.vstack([np.zeros(1), np.eye(1)]), 1.0)
    whole = fitted(X, days, events, "normal", 1.0)
    found = fit_prior(overflowing, design, PRIOR["normal"](1.0), start=None)
    assert asked[2] == pytest.approx(asked[1] / 2)
    assert found[1] == pytest.approx(whole[1], abs=1e-3)


@pytest.mark.parametrize("scale", [0.03, 0.2, 1.0])
def test_a_rare_answer_of_whoever_relapsed_first_does_not_run_away(scale):
    # the likelihood never falls again as the one coefficient grows: beyond it is a straight line
    rng = np.random.default_rng(1)
    days = np.sort(np.ceil(rng.exponential(60, 218) / 14) * 14)
    days[:3] = 8, 9, 10
    x = (np.arange(218) == 0).astype(float)
    X, events = ((x - x.mean()) / x.std())[:, None], np.ones(218)
    b = np.linspace(-30, 30, 60_001) + 1e-7
    log_joint = efron_by_hand(b[:, None] * X[:, 0], days, events) + log_horseshoe(b, scale)
    evidence, there, _ = moments(log_joint, b[:, None], 60 / 60_000)
    found, mean, _, _ = fitted(X, days, events, "horseshoe", scale)
    assert found == pytest.approx(evidence, abs=1.5)  # 320 apart where a step may go anywhere
    assert 0.2 < mean[0] < there[0]


@pytest.mark.parametrize("family", ["normal", "horseshoe"])
@pytest.mark.parametrize("scale", [0.05, 0.2, 1.0])
def test_the_fit_is_near_to_the_exact_posterior_of_one_column(family, scale):
    X, days, events = drawn(60, [0.7], 2)
    found, mean, covariance, _ = fitted(X, days, events, family, scale)
    b = np.linspace(-4, 4, 20_001) + 1e-7  # the density of a horseshoe has no value at 0
    log_joint = efron_by_hand(b[:, None] * X[:, 0], days, events) + LOG_DENSITY[family](b, scale)
    evidence, there, spread = moments(log_joint, b[:, None], 8 / 20_000)
    assert found == pytest.approx(evidence, abs=0.02)
    assert mean == pytest.approx(there, abs=0.06 * spread[0, 0] ** 0.5)
    assert covariance[0, 0] == pytest.approx(spread[0, 0], rel=0.07)


def test_the_average_is_near_to_the_exact_one():
    """Two columns: every scale by a grid of 600 × 600, weighted by exact evidence and prior."""
    X, days, events = drawn(60, [0.6, -0.3], 3)
    line = (np.arange(600) - 299.5) / 120
    b = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    loglik = efron_by_hand(b @ X.T, days, events)
    grids = {
        "normal": (SHARE["normal"], SIGNAL_GRID, SIGNAL_SD, SIGNAL_LOG_SD, 2**0.5),
        "horseshoe": (SHARE["horseshoe"], SPARSITY_GRID, SPARSE_SCALE, SPARSE_LOG_SD, 2),
    }
    weights, foretold, means, seconds = [], [], [], []
    for family, (share, grid, centre, log_sd, columns) in grids.items():
        logs = []
        for scale in grid:
            log_joint = loglik + LOG_DENSITY[family](b, scale / columns).sum(axis=1)
            evidence, mean, covariance = moments(log_joint, b, 120.0**-2)
            logs.append(evidence - (np.log(scale / centre) / log_sd) ** 2 / 2)
            means.append(mean)
            seconds.append(covariance + np.outer(mean, mean))
        own = np.exp(np.array(logs) - max(logs))
        prior = np.exp(-((np.log(np.array(grid) / centre) / log_sd) ** 2) / 2)
        foretold.append(share * (np.exp(max(logs) + 50) * own.sum() / prior.sum()) ** BETWEEN)
        weights.append(own / own.sum())
    weight = np.concatenate([w * f for w, f in zip(weights, foretold, strict=True)])
    weight /= weight.sum()
    mean = weight @ np.array(means)
    covariance = np.tensordot(weight, np.array(seconds), 1) - np.outer(mean, mean)
    fit = fit_averaged_cox(X, days, events)
    spread = np.sqrt(np.diag(covariance))
    assert np.abs((fit.coefficients - mean) / spread).max() < 0.06
    assert np.sqrt(np.diag(fit.covariance)[1:]) == pytest.approx(spread, rel=0.04)


def test_with_many_people_the_average_finds_the_effects():
    effects = [0.8, -0.4, 0.0, 0.2]
    fit = fit_averaged_cox(*drawn(20_000, effects, 2, visits=1000.0))
    assert fit.intercept == 0
    assert fit.coefficients == pytest.approx(np.array(effects), abs=0.04)
    assert fit.strength.shape == (0,)
    assert not fit.covariance[0].any()
    assert not fit.covariance[:, 0].any()


def test_without_signal_everybody_comes_near_the_average():
    spreads = []
    for seed in range(10):
        X, days, events = drawn(150, np.zeros(30), seed)
        spreads.append(float((X @ fit_averaged_cox(X, days, events).coefficients).std()))
    assert np.mean(spreads) < 0.3  # an unpenalised fit spreads them by about 0.6


@pytest.mark.parametrize("kind", ["few", "many"])
def test_it_is_nearer_to_the_truth_than_either_extreme(kind):
    rng = np.random.default_rng(5)
    effects = np.zeros(40)
    if kind == "few":
        effects[:4] = [0.4, -0.4, 0.35, 0.3]
    else:
        effects = rng.normal(0, 0.12, 40)
    ours, unpenalised = [], []
    for seed in range(8):
        X, days, events = drawn(200, effects, seed)
        ours.append(regret(fit_averaged_cox(X, days, events).coefficients, effects))
        flat = fitted(X, days, events, "normal", 10.0)[1]
        unpenalised.append(regret(flat, effects))
    assert np.mean(ours) < 0.9 * regret(np.zeros(40), effects)
    assert np.mean(ours) < 0.6 * np.mean(unpenalised)


def test_right_published_effects_help_and_wrong_ones_are_switched_off():
    rng = np.random.default_rng(6)
    effects = rng.normal(0, 0.15, 30)
    noise = rng.normal(0, 0.15, 30)
    losses, strengths = [], []
    for seed in range(8):
        X, days, events = drawn(150, effects, seed)
        fits = [
            fit_averaged_cox(X, days, events, published=published)
            for published in (None, effects[:, None], noise[:, None])
        ]
        losses.append([regret(fit.coefficients, effects) for fit in fits])
        strengths.append([float(fit.strength[0]) for fit in fits[1:]])
    alone, right, wrong = np.mean(losses, axis=0)
    assert right < 0.5 * alone
    assert wrong < 1.1 * alone
    assert np.mean(strengths, axis=0)[0] > 0.8
    assert abs(np.mean(strengths, axis=0)[1]) < 0.4


def test_its_interval_holds_the_truth_of_many_small_effects():
    rng = np.random.default_rng(7)
    held = []
    for seed in range(20):
        effects = rng.normal(0, SIGNAL_SD / 40**0.5, 40)  # drawn from the prior: it must be right
        fit = fit_averaged_cox(*drawn(200, effects, seed))
        new = rng.normal(size=(2000, 40))
        half = 1.645 * np.sqrt(((new @ fit.covariance[1:, 1:]) * new).sum(axis=1))
        held.append(float((np.abs(new @ (fit.coefficients - effects)) < half).mean()))
    assert 0.83 < np.mean(held) < 0.97


def test_it_does_not_depend_on_order_or_on_the_unit_of_time():
    X, days, events = drawn(80, [0.5, 0.0, -0.5], 8)
    fit = fit_averaged_cox(X, days, events)
    people, columns = np.random.default_rng(9).permutation(80), [2, 0, 1]
    again = fit_averaged_cox(X[people][:, columns], 7 * days[people], events[people])
    assert again.coefficients == pytest.approx(fit.coefficients[columns], abs=1e-9)


def test_turned_columns_turn_the_effects():
    X, days, events = drawn(80, [0.5, 0.2], 10)
    fit = fit_averaged_cox(X, days, events, published=np.array([[0.4], [0.0]]))
    turned = fit_averaged_cox(X * [-1, 1], days, events, published=np.array([[-0.4], [0.0]]))
    assert turned.coefficients == pytest.approx(fit.coefficients * [-1, 1], abs=1e-9)
    assert turned.strength == pytest.approx(fit.strength, abs=1e-9)


def test_columns_that_foretell_everything_are_fitted_all_the_same():
    X = np.linspace(-1.7, 1.7, 40)[:, None]
    fit = fit_averaged_cox(X, np.arange(40)[::-1], np.ones(40))
    assert fit.coefficients[0] > 1
    assert np.isfinite(fit.covariance).all()


def test_a_column_given_twice_shares_its_effect():
    X, days, events = drawn(82, [1.5, 0.0], 12)
    fit = fit_averaged_cox(X[:, [0, 1, 0]], days, events)
    once = fit_averaged_cox(X, days, events)
    assert fit.coefficients[[0, 2]].sum() == pytest.approx(once.coefficients[0], rel=0.1)
    assert np.abs(fit.coefficients).max() < 2
    assert np.linalg.eigvalsh(fit.covariance).min() > -1e-9


def test_the_prior_lies_within_its_grid():
    assert min(SIGNAL_GRID) < SIGNAL_SD < max(SIGNAL_GRID)
    assert min(SPARSITY_GRID) < SPARSE_SCALE < max(SPARSITY_GRID)


def test_the_prior_is_centred_where_two_people_are_ordered_as_written():
    """C of a normal log-hazard of SD σ: the mean of 1 / (1 + e^−|d|), d normal of SD √2·σ."""
    d = np.abs(np.random.default_rng(0).normal(0, 2**0.5, 400_000))
    for sd, c in ((SIGNAL_SD, 0.67), (0.25, 0.57), (1.8, 0.81)):
        assert (1 / (1 + np.exp(-sd * d))).mean() == pytest.approx(c, abs=0.005)
    assert SIGNAL_SD * np.exp(np.array([-1.96, 1.96]) * SIGNAL_LOG_SD) == pytest.approx(
        [0.25, 1.8], abs=0.05
    )


@pytest.mark.parametrize(
    ("X", "days", "events", "published", "words"),
    [
        (np.zeros((3, 2)), [1, 2], [1, 0], None, "do not fit"),
        (np.zeros(3), [1, 2, 3], [1, 0, 1], None, "do not fit"),
        (np.zeros((3, 2)), [1, 2, 3], [1, 0, 1], np.zeros((3, 1)), "do not fit"),
        (np.full((3, 2), np.nan), [1, 2, 3], [1, 0, 1], None, "must be finite"),
        (np.zeros((3, 2)), [1, 2, 3], [0, 0, 0], None, "no event"),
        (np.zeros((3, 2)), [1, 2, -3], [1, 0, 1], None, "days of 0 or more"),
    ],
)
def test_what_is_no_problem_of_days_and_events_is_refused(X, days, events, published, words):
    with pytest.raises(InvalidInputError, match=words):
        fit_averaged_cox(X, days, events, published=published)
