"""The part of a margin that trials know: never fitted, never rescaled, whatever the cohort says."""

from dataclasses import replace

import numpy as np
import pytest

from predictor.dictionary import Variable
from training.calibrating import fit_affine_relapse
from training.evaluation import inner_splits
from training.fitting import Outcome, prepare
from training.freezing import freeze
from training.learners import LEARNERS
from training.published_effects import PublishedEffect
from training.tuning import inner_folds, tune_and_fit

N = 200
LINES = {line.name: line for line in LEARNERS}
RELAPSE = ("averaged_cox", "cox_ridge", "xgboost_cox", "blended_cox", "cox",
           "averaged_interval", "interval_ridge", "xgboost_interval")  # fmt: skip
VARIABLES = (
    Variable("v0", "V0", "number", "g", "s", hard_range=(-9, 9)),
    Variable("planned", "Maintenance", "yes_no", "g", "s"),
    Variable("therapy", "Therapy", "category", "g", "s", levels=("none", "emdr", "cbt")),
    Variable("v1", "V1", "number", "g", "s", hard_range=(-9, 9)),
)
MAINTENANCE = PublishedEffect("maintenance", "planned", -0.9, 0.3, "moderate", "trial")
CBT = PublishedEffect("cbt", "therapy", -0.4, 0.5, "very low", "trial", level=2)
GIVEN = (MAINTENANCE, CBT)


def drawn(*, harm=1.0, signal=0.8, seed=5, n=N):
    """Draw people among whom those with a plan relapse sooner, as confounding would have it."""
    rng = np.random.default_rng(seed)
    values = {
        "v0": rng.normal(size=n),
        "planned": (rng.random(n) < 0.4).astype(float),
        "therapy": rng.choice(3, n, p=[0.6, 0.25, 0.15]).astype(float),
        "v1": rng.normal(size=n),
    }
    log_hazard = signal * values["v0"] + harm * values["planned"] + harm * values["therapy"] / 2
    days = np.ceil(rng.exponential(80 * np.exp(-log_hazard)))
    for name in ("planned", "v1"):
        values[name][rng.random(n) < 0.1] = np.nan
    well = np.where(days < 180, np.maximum(days - 14, 0.0), 180.0)
    return values, Outcome((days < 180).astype(float), np.minimum(days, 180.0), well)


def tuned(name, people, *, given=GIVEN):
    values, outcome = people
    rows = np.arange(len(outcome.events))
    learner = LINES[name]
    how = {"bent": learner.bends, "given": given}
    prepared = prepare(values, VARIABLES, rows, **how)
    known = prepared.known(outcome)
    splits = inner_splits(outcome, [str(row) for row in rows], 4, np.random.default_rng(2))
    inside = inner_folds(values, VARIABLES, rows, known, splits, **how)
    return tune_and_fit(learner, prepared, known, inside)


def row(**changed):
    values = {"v0": 0.4, "planned": 0.0, "therapy": 0.0, "v1": -0.2} | changed
    return {name: np.array([float(value)]) for name, value in values.items()}


def test_the_columns_of_a_plan_are_prepared_and_never_read():
    prepared = prepare(drawn()[0], VARIABLES, np.arange(N), given=GIVEN)
    named = [c.variable for c in prepared.encoding.columns]
    assert named == ["v0", "planned", "therapy", "therapy", "v1"]
    assert prepared.read.tolist() == [True, False, False, False, True]
    assert prepared.straight.tolist() == [0, 4]
    assert prepared.trial.directions.T.tolist() == [[0, 1, 0, 0, 0], [0, 0, 0, 1, 0]]
    assert prepare(drawn()[0], VARIABLES, np.arange(N)).trial is None


def test_terms_are_centred_at_the_mix_of_plans_and_open_where_nobody_told():
    values, outcome = drawn()
    prepared = prepare(values, VARIABLES, np.arange(N), given=GIVEN)
    assert prepared.trial.means[1] == prepared.complete[:, 1].mean()
    offset = prepared.known(outcome).offset
    untold = np.isnan(values["planned"])
    cbt = -0.4 * ((values["therapy"] == 2) - (values["therapy"] == 2).mean())
    np.testing.assert_allclose(offset[untold], cbt[untold], atol=1e-12)
    share = np.nanmean(values["planned"])
    assert prepared.trial.spread[0, 0] == pytest.approx(share * (1 - share), rel=0.01)


def test_a_plan_that_most_people_have_stands_reversed_on_the_others():
    values, _ = drawn()
    values["therapy"] = np.where(np.arange(N) % 5 == 0, 0.0, 2.0)
    prepared = prepare(values, VARIABLES, np.arange(N), given=GIVEN)
    without, planned = (
        prepared.trial.margin(prepared.encoding.transform(row(therapy=x)))[0] for x in (0, 2)
    )
    assert planned - without == pytest.approx(-0.4, abs=1e-12)


def test_a_plan_that_everybody_has_gives_no_term():
    values, outcome = drawn()
    values["planned"] = np.ones(N)
    prepared = prepare(values, VARIABLES, np.arange(N), given=(MAINTENANCE,))
    assert prepared.trial is None
    assert prepared.known(outcome) is outcome


@pytest.mark.parametrize("name", RELAPSE)
@pytest.mark.parametrize("signal", [0.0, 0.8])
def test_the_effect_is_the_trials_whatever_the_cohort_says(name, signal):
    fitted = tuned(name, drawn(signal=signal))
    encoding = fitted.prepared.encoding
    at = {x: fitted.margin(encoding.transform(row(planned=x)))[0] for x in (0.0, 1.0)}
    assert at[1.0] - at[0.0] == pytest.approx(-0.9, abs=1e-9)
    at = {x: fitted.margin(encoding.transform(row(therapy=x)))[0] for x in (0.0, 1.0, 2.0)}
    assert at[2.0] - at[0.0] == pytest.approx(-0.4, abs=1e-9)
    assert at[1.0] == pytest.approx(at[0.0], abs=1e-9)  # no trial, not read
    if name == "cox_ridge" and signal:
        assert fitted.calibration.affine.slope != 1.0


@pytest.mark.parametrize("name", RELAPSE)
def test_the_model_scores_as_the_fit_and_holds_the_variance_of_the_trial(name):
    values, outcome = drawn()
    fitted = tuned(name, (values, outcome))
    model = freeze(fitted, outcome, n_refits=3, rng=np.random.default_rng(1))
    X = fitted.prepared.X
    np.testing.assert_allclose(model.assess(values).margin, fitted.margin(X), atol=1e-9)
    bare = replace(model, trial=None)
    planned, cbt = fitted.prepared.trial.directions.argmax(axis=0)
    share = fitted.prepared.trial.means[planned]
    some = ~np.isnan(values["planned"]) & (values["therapy"] == 0)
    others = 0.25 * fitted.prepared.trial.means[cbt] ** 2
    added = (0.09 * (values["planned"] - share) ** 2 + others)[some]
    np.testing.assert_allclose((model.variance(X) - bare.variance(X))[some], added, rtol=1e-9)


def test_an_effect_that_is_known_is_not_given_to_others():
    """Where the plan goes with another answer, the fit beside the known part finds the truth."""
    values, _ = drawn(n=2000, harm=0.0, signal=0.5)
    rng = np.random.default_rng(9)
    values["planned"] = (rng.random(2000) < 1 / (1 + np.exp(-2 * values["v0"]))).astype(float)
    days = np.ceil(rng.exponential(80 * np.exp(0.9 * values["planned"] - 0.5 * values["v0"])))
    outcome = Outcome((days < 180).astype(float), np.minimum(days, 180.0))
    beside = tuned("averaged_cox", (values, outcome), given=(MAINTENANCE,))
    effect = beside.fitted.learner.coefficients[0]
    assert effect == pytest.approx(0.5, abs=0.1)
    out = tuned("averaged_cox", ({**values, "planned": np.ones(2000)}, outcome), given=())
    assert out.fitted.learner.coefficients[0] < 0.35


def test_the_calibration_stretches_the_learned_part_alone():
    """Margins twice too large beside a known part get half the slope, for any size of that part."""
    rng = np.random.default_rng(3)
    margin, known = rng.normal(size=1500), np.where(rng.random(1500) < 0.5, -2.0, 0.0)
    days = np.ceil(rng.exponential(60 * np.exp(-margin - known)))
    events = np.ones(1500)
    fit = fit_affine_relapse(2 * margin, days, events, offset=known)
    assert fit.affine.slope == pytest.approx(0.5, abs=0.05)
