"""Tuning and calibration: on out-of-fold margins alone, and honest where there is no signal."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from statsmodels.api import Logit, add_constant

from predictor.dictionary import Variable
from predictor.model import Model
from training import tuning
from training.evaluation import inner_splits
from training.fitting import Outcome, Setting, paths_of, prepare
from training.freezing import freeze
from training.learners import COMPARATORS, LEARNERS
from training.splits import Split
from training.tuning import inner_folds, tune_and_fit

N = 150
LINES = {line.name: line for line in (*LEARNERS, *COMPARATORS)}
VARIABLES = (
    *(Variable(f"v{i}", f"V{i}", "number", "g", "s", hard_range=(-9, 9)) for i in range(5)),
    Variable("route", "Route", "category", "g", "s", levels=("iv", "im", "sc")),
)
NAMES = ("ridge", "elastic_net", "xgboost", "logistic", "cox_ridge", "xgboost_cox")


def drawn(*, effect=1.2, seed=8, n=N):
    """Draw people whose outcome follows `v0` as strongly as asked."""
    rng = np.random.default_rng(seed)
    values = {f"v{i}": rng.normal(size=n) for i in range(5)}
    values["route"] = rng.choice(3, n, p=[0.6, 0.25, 0.15]).astype(float)
    signal = effect * values["v0"]
    y = (rng.random(n) < 1 / (1 + np.exp(-signal))).astype(float)
    days = np.ceil(rng.exponential(80 * np.exp(-signal)))
    values["v1"][rng.random(n) < 0.2] = np.nan
    return values, Outcome(y), Outcome((days < 180).astype(float), np.minimum(days, 180))


def tuned(name, *, people=None, rows=None, variables=VARIABLES, folds=4, seed=2):
    values, response, relapse = people or drawn()
    learner = LINES[name]
    rows = np.arange(len(response.events)) if rows is None else rows
    outcome = (response if learner.task == "response" else relapse).take(rows)
    splits = inner_splits(outcome, [str(row) for row in rows], folds, np.random.default_rng(seed))
    inside = inner_folds(values, variables, rows, outcome, splits)
    fitted = tune_and_fit(learner, prepare(values, variables, rows), outcome, inside)
    return fitted, outcome, inside


def model_of(name, **settings):
    fitted, outcome, _ = tuned(name, **settings)
    return freeze(fitted, outcome, n_refits=3, rng=np.random.default_rng(1)), fitted, outcome


def test_inner_folds_hold_each_person_out_once_and_prepare_anew():
    values, response, _ = drawn()
    rows = np.arange(20, 140)
    outcome = response.take(rows)
    splits = inner_splits(outcome, [str(r) for r in rows], 4, np.random.default_rng(0))
    found = inner_folds(values, VARIABLES, rows, outcome, splits)
    held = np.concatenate([fold.held_out for fold in found])
    assert sorted(held.tolist()) == list(range(120))
    for fold, split in zip(found, splits, strict=True):
        np.testing.assert_array_equal(fold.outcome.events, response.events[rows[split.train]])
        np.testing.assert_array_equal(fold.X_held_out[:, 0], values["v0"][rows[fold.held_out]])
        expected = np.nanmean(values["v0"][rows[split.train]])
        assert fold.prepared.means[0] == pytest.approx(expected, abs=1e-12)
        assert len(fold.prepared.X) + len(fold.X_held_out) == 120


def test_inner_folds_become_fewer_where_events_are_few():
    y = Outcome(np.array([1, 1, 1, *np.zeros(17)]))
    splits = inner_splits(y, [str(i) for i in range(20)], 5, np.random.default_rng(0))
    assert len(splits) == 3


@pytest.mark.parametrize("name", NAMES)
def test_everything_fitted_saw_exactly_the_training_rows(name):
    people = drawn()
    rows = np.random.default_rng(5).permutation(N)[:110]
    others = np.setdiff1d(np.arange(N), rows)
    poisoned = {variable: answers.copy() for variable, answers in people[0].items()}
    for answers in poisoned.values():
        answers[others] = np.inf
    response = Outcome(people[1].events.copy())
    response.events[others] = np.nan
    relapse = Outcome(people[2].events.copy(), people[2].days.copy())
    relapse.events[others], relapse.days[others] = np.nan, np.inf
    one = model_of(name, people=people, rows=rows)[0].to_arrays()
    two = model_of(name, people=(poisoned, response, relapse), rows=rows)[0].to_arrays()
    assert one.keys() == two.keys()
    for key in one:
        np.testing.assert_array_equal(one[key], two[key], err_msg=key)


def test_the_setting_is_that_of_the_least_out_of_fold_loss():
    """Ridge on the same folds by scikit-learn chooses the same penalty."""
    fitted, outcome, inside = tuned("ridge")
    penalties = [s.penalty for s in paths_of(LINES["ridge"], fitted.prepared, outcome)[0]]
    losses = np.zeros(len(penalties))
    for fold in inside:
        new = fold.prepared.imputation.fill(fold.X_held_out)
        new = (new - fold.prepared.means) / fold.prepared.scale
        y = outcome.events[fold.held_out]
        for i, penalty in enumerate(penalties):
            theirs = LogisticRegression(C=1 / penalty, tol=1e-9, max_iter=2000)
            theirs.fit(fold.prepared.standardised, fold.outcome.events)
            p = theirs.predict_proba(new)[:, 1]
            losses[i] -= np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))
    assert fitted.setting.penalty == penalties[int(np.argmin(losses))]
    assert 0 < np.argmin(losses) < len(penalties) - 1


def test_the_calibration_is_fitted_on_margins_of_people_not_fitted_on():
    """Log-odds recalibrated by hand: slope with a normal prior of SD 0.5 around 1."""
    fitted, outcome, inside = tuned("ridge")
    margins = np.full(N, np.nan)
    for fold in inside:
        new = fold.prepared.imputation.fill(fold.X_held_out)
        theirs = LogisticRegression(C=1 / fitted.setting.penalty, tol=1e-10, max_iter=5000)
        theirs.fit(fold.prepared.standardised, fold.outcome.events)
        margins[fold.held_out] = theirs.decision_function(
            (new - fold.prepared.means) / fold.prepared.scale
        )

    def loss(line):
        eta = line[0] + line[1] * margins
        fit = np.logaddexp(0, eta).sum() - outcome.events @ eta
        return fit + (line[1] - 1) ** 2 / (2 * 0.5**2)

    best = minimize(loss, [0.0, 1.0], method="BFGS").x
    affine = fitted.calibration.affine
    assert (affine.intercept, affine.slope) == pytest.approx(tuple(best), abs=1e-3)
    np.testing.assert_allclose(fitted.calibrated_margins, best[0] + best[1] * margins, atol=1e-3)
    in_sample = fitted.margin(fitted.prepared.X)
    assert np.abs(fitted.calibrated_margins - in_sample).max() > 0.05


def test_an_unpenalised_fit_keeps_its_own_line():
    fitted, outcome, _ = tuned("logistic")
    assert (fitted.calibration.affine.intercept, fitted.calibration.affine.slope) == (0.0, 1.0)
    assert not fitted.calibration.covariance.any()
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=2000)
    theirs.fit(fitted.prepared.complete, outcome.events)
    p = 1 / (1 + np.exp(-fitted.margin(fitted.prepared.X)))
    expected = theirs.predict_proba(fitted.prepared.complete)[:, 1]
    np.testing.assert_allclose(p, expected, atol=1e-4)


def noise(name):
    """Find people whose outcome has nothing to do with them, and whose folds show it."""
    for seed in range(30):
        people = drawn(effect=0.0, seed=seed, n=90)
        fitted, outcome, _ = tuned(name, people=people)
        if fitted.calibration.no_signal:
            return people, fitted, outcome
    raise AssertionError("every noise looked like a signal")


@pytest.mark.parametrize("name", ["ridge", "elastic_net", "xgboost"])
def test_without_a_signal_everybody_has_the_prevalence_and_nothing_contributes(name):
    people, fitted, outcome = noise(name)
    model = freeze(fitted, outcome, n_refits=3, rng=np.random.default_rng(0))
    found = model.assess({v: answers[:20] for v, answers in people[0].items()})
    assert not found.contributions.any()
    shown = model.probability(found.margin)
    np.testing.assert_allclose(shown, outcome.events.mean(), atol=1e-12)
    assert model.uncertainty.margin_sd == pytest.approx(0, abs=1e-12)
    assert (found.sd > 0).all()


def test_a_reference_without_a_signal_does_not_take_the_interval_away():
    """The logistic regression then keeps its own covariance, which statsmodels gives too."""
    people, reference, outcome = noise("ridge")
    inside = tuned("ridge", people=people)[2]
    fitted = tune_and_fit(LINES["logistic"], reference.prepared, outcome, inside)
    rng = np.random.default_rng(0)
    model = freeze(fitted, outcome, n_refits=0, rng=rng, reference=reference)
    design = add_constant(reference.prepared.complete)
    covariance = Logit(outcome.events, design).fit(disp=False).cov_params()
    full = ~np.isnan(reference.prepared.X).any(axis=1)
    expected = np.einsum("ij,jk,ik->i", design, covariance, design)[full]
    np.testing.assert_allclose(model.variance(reference.prepared.X[full]), expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["cox_ridge", "xgboost_cox"])
def test_without_a_signal_everybody_has_one_curve(name):
    people, fitted, outcome = noise(name)
    model = freeze(fitted, outcome, n_refits=3, rng=np.random.default_rng(0))
    found = model.assess({v: answers[:20] for v, answers in people[0].items()})
    assert not found.contributions.any()
    assert not found.margin.any()
    followed = outcome.days >= 84
    hazard = sum(
        1 / np.sum(outcome.days >= day) for day in outcome.days[(outcome.events == 1) & ~followed]
    )
    shown = model.probability(found.margin, 84)
    np.testing.assert_allclose(shown, 1 - np.exp(-hazard), atol=0.03)


@pytest.mark.parametrize("name", NAMES)
def test_a_frozen_model_says_what_was_fitted(name):
    model, fitted, outcome = model_of(name)
    assert isinstance(model, Model)
    assert (model.family, model.task) == (name, LINES[name].task)
    values = drawn()[0]
    found = model.assess(values)
    np.testing.assert_allclose(found.margin, fitted.margin(fitted.prepared.X), atol=1e-9)
    np.testing.assert_allclose(
        found.base + found.contributions.sum(axis=1), found.margin, atol=1e-9
    )
    assert (model.imputation is None) == (name in {"xgboost", "xgboost_cox"})
    assert (model.refits is None) == (name not in {"xgboost", "xgboost_cox"})
    assert (model.baseline is None) == (outcome.days is None)
    assert model.uncertainty.margin_sd == pytest.approx(found.margin.std(), abs=1e-9)
    assert np.corrcoef(found.margin, values["v0"])[0, 1] > 0.5
    assert (found.sd > 0).all()
    assert not found.outside.any()


def test_the_training_range_is_rounded_outward():
    model, fitted, _ = model_of("ridge")
    X, support = fitted.prepared.X, model.uncertainty
    numbers = slice(0, 5)
    assert (support.support_low <= np.nanmin(X, axis=0)).all()
    assert (support.support_high >= np.nanmax(X, axis=0)).all()
    ends = np.concatenate([support.support_low[numbers], support.support_high[numbers]])
    assert not np.isin(ends, X[:, numbers]).any()
    reach = np.nanstd(X, axis=0)
    assert (np.nanmin(X, axis=0) - support.support_low <= 1.7 * reach).all()


def test_the_variance_of_the_hazard_falls_with_events_and_has_a_value_on_every_day():
    model, _, outcome = model_of("cox_ridge")
    found = model.hazard_variance
    assert found.shape == (181,)
    assert np.isfinite(found).all()
    assert (found > 0).all()
    few = model_of("cox_ridge", people=drawn(n=60))[0].hazard_variance
    assert few[90] > found[90]
    # without covariates: variance of log H is sum d/n² over H² (Tsiatis), about 1 / events
    upto = outcome.events[outcome.days <= 84].sum()
    assert found[84] == pytest.approx(1 / upto, rel=0.8)


def test_folds_without_a_held_out_event_do_not_stop_the_tuning():
    values, _, relapse = drawn(n=60)
    outcome = Outcome(np.repeat([0.0, 1.0, 0.0, 1.0], 15), relapse.days)
    rows = np.arange(60)
    splits = [Split(0, i, np.flatnonzero(rows % 45 // 15 != i), rows[rows % 45 // 15 == i])
              for i in range(3)]  # fmt: skip
    assert [outcome.events[split.test].sum() for split in splits] == [15, 15, 0]
    inside = inner_folds(values, VARIABLES, rows, outcome, splits)
    prepared = prepare(values, VARIABLES, rows)
    fitted = tune_and_fit(LINES["cox_ridge"], prepared, outcome, inside)
    assert np.isfinite(fitted.calibrated_margins).all()


def test_severity_alone_keeps_its_own_line():
    fitted, outcome, _ = tuned("severity_cox", variables=VARIABLES[:1])
    assert fitted.calibration.affine.slope == 1.0
    risk = fitted.baseline.risk(fitted.calibrated_margins, 90.0)
    assert np.corrcoef(risk, outcome.days)[0, 1] < -0.3


@pytest.mark.parametrize(
    ("losses", "chosen", "walked"),
    [
        ([5, 4, 3, 3.5, 3.2, 2.9, 4, 4, 4, 1], 5, 9),  # twice worse, better again, thrice worse
        ([5, 6, 5, 5, 0], 0, 4),
        ([5, 4, 3, 2, 1], 4, 5),
    ],
)
def test_a_path_is_left_after_three_settings_in_a_row_without_gain(
    monkeypatch, losses, chosen, walked
):
    people = drawn(n=60)
    rows, outcome = np.arange(60), people[1]
    splits = [Split(0, i, rows[rows % 2 != i], rows[rows % 2 == i]) for i in range(2)]
    inside = inner_folds(people[0], VARIABLES, rows, outcome, splits)
    path = tuple(Setting(penalty=float(place)) for place in range(len(losses)))
    asked = []

    def margins(learner, path, prepared, outcome, X_new):
        for setting in path:
            asked.append(setting)
            yield np.full(len(X_new), setting.penalty)

    monkeypatch.setattr(tuning, "paths_of", lambda *_: (path,))
    monkeypatch.setattr(tuning, "margins_along", margins)
    monkeypatch.setattr(tuning, "tuning_loss", lambda _, margin, *__: losses[int(margin[0])])
    prepared = prepare(people[0], VARIABLES, rows)
    assert tune_and_fit(LINES["ridge"], prepared, outcome, inside).setting == path[chosen]
    assert len(asked) == 2 * walked
