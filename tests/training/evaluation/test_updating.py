"""An updated model: what it says is the rung, to the last digit, and its interval is honest."""

from dataclasses import replace

import numpy as np
import pytest

from predictor.calibration import Affine, BaselineHazard
from predictor.encoding import Column, Encoding
from predictor.errors import InvalidInputError
from predictor.imputation import GaussianImputation
from predictor.linear import Linear
from predictor.model import Model
from predictor.trial_terms import TrialTerms
from predictor.uncertainty import Uncertainty
from training.evaluation.ladder import climb
from training.evaluation.rungs import NewPeople
from training.evaluation.updating import columns_of, cross_validated, updated

NAMES = ("age_years", "bmi", "madrs_total")
MEANS = np.array([45.0, 27.0, 30.0])
SPREAD = np.array([12.0, 5.0, 6.0])
COEFFICIENTS = np.array([-0.02, 0.05, -0.06])


def model_of(task="response", *, intercept=0.1, slope=0.8):
    days = np.arange(181.0)
    relapse = task == "relapse"
    return Model(
        task,
        "ridge",
        Encoding(tuple(Column(name) for name in NAMES)),
        Linear(COEFFICIENTS, MEANS, 0.0 if relapse else 0.2),
        Affine(0.0 if relapse else intercept, slope),
        Uncertainty(
            covariance=np.diag([0.01, 1e-5, 1e-4, 1e-4]),
            means=MEANS,
            calibration_covariance=np.array([[0.004, 0.001], [0.001, 0.02]]),
            margin_mean=0.0 if relapse else 0.2,
            margin_sd=slope * float(np.sqrt(((COEFFICIENTS * SPREAD) ** 2).sum())),
            support_low=MEANS - 60,
            support_high=MEANS + 60,
            missing_variance=np.empty(0),
            remainder=0.05,
        ),
        imputation=GaussianImputation(MEANS, np.diag(SPREAD**2)),
        baseline=BaselineHazard(0.01 * days, 180.0) if relapse else None,
        hazard_variance=np.full(181, 0.02) if relapse else None,
    )


def people_of(model, rng, n, *, shift=0.0, slope=1.0, extra=0.0):
    """Draw rows; the true margin is shift + slope · margin + extra · first column."""
    X = MEANS + SPREAD * rng.normal(size=(n, 3))
    values = dict(zip(NAMES, X.T, strict=True))
    margin = model.assess(values).margin
    truth = shift + slope * margin + extra * (X[:, 0] - MEANS[0]) / SPREAD[0]
    columns = columns_of(model, X)
    if model.baseline is None:
        y = (rng.random(n) < 1 / (1 + np.exp(-truth))).astype(float)
        return values, NewPeople(margin, y, None, columns)
    visit = np.ceil(rng.exponential(1 / (0.01 * np.exp(truth))) / 14)
    last = rng.integers(1, 13, n)
    case = visit <= last
    end = 0.14 * np.where(case, visit, last)
    hazard = np.column_stack([end - 0.14 * case, end])
    return values, NewPeople(margin, case.astype(float), hazard, columns)


@pytest.mark.parametrize("task", ["response", "relapse"])
@pytest.mark.parametrize("name", ["intercept", "slope", "revision"])
def test_the_updated_model_says_what_the_rung_says(task, name):
    model = model_of(task)
    values, people = people_of(model, np.random.default_rng(3), 2000, shift=0.4, slope=0.6)
    rung = next(rung for rung in climb(people).rungs if rung.name == name)
    new = updated(model, rung, people)
    found = new.assess(values)
    np.testing.assert_allclose(
        found.base + found.contributions.sum(axis=1), found.margin, rtol=0, atol=1e-12
    )
    wanted = rung.margin(people)
    if task == "response":
        np.testing.assert_allclose(found.margin, wanted, rtol=0, atol=1e-9)
    else:  # the level is in the hazard
        days = np.linspace(1, 180, people.margin.size)
        np.testing.assert_allclose(
            new.baseline.risk(found.margin, days),
            -np.expm1(-0.01 * days * np.exp(wanted)),
            rtol=0,
            atol=1e-9,
        )
    assert new.learner.means.tolist() == MEANS.tolist()


def test_no_rung_changes_the_effect_of_a_trial():
    plain = model_of("relapse")
    learned = COEFFICIENTS * np.array([1.0, 1.0, 0.0])
    trial = TrialTerms(
        np.array([[0.0], [0.0], [1.0]]),
        np.array([0.1]),
        np.array([0.01]),
        MEANS,
        np.array([[36.0]]),
    )
    model = replace(plain, learner=replace(plain.learner, coefficients=learned), trial=trial)
    values, people = people_of(model, np.random.default_rng(3), 2000, shift=0.4, slope=0.6)
    people = replace(people, offset=trial.margin(model.encoding.transform(values)))
    assert people.columns.shape[1] == 2
    for rung in climb(people).rungs[1:]:
        new = updated(model, rung, people)
        level = rung.intercept  # in the hazard
        np.testing.assert_allclose(
            new.assess(values).margin + level, rung.margin(people), rtol=0, atol=1e-9
        )
        one, other = (
            new.assess({**values, "madrs_total": np.full(2000, at)}).margin for at in (30.0, 31.0)
        )
        np.testing.assert_allclose(other - one, 0.1, atol=1e-9)


def test_the_frozen_model_is_left_as_it_was():
    model = model_of()
    before = {name: array.tobytes() for name, array in model.to_arrays().items()}
    _, people = people_of(model, np.random.default_rng(3), 500, shift=0.6)
    for rung in climb(people).rungs:
        updated(model, rung, people)
    assert {name: array.tobytes() for name, array in model.to_arrays().items()} == before
    assert updated(model, climb(people).rungs[0], people) is model


@pytest.mark.parametrize("task", ["response", "relapse"])
def test_the_interval_holds_the_error_of_the_new_line(task):
    """Lines refitted to many new cohorts spread as far as the recomposed covariance says."""
    model, rng = model_of(task), np.random.default_rng(11)
    probe = np.array([-2.0, -0.5, 0.3, 1.5])  # raw margins
    given = model.calibration.apply(probe)
    lines, said = [], []
    for _ in range(400):
        _, people = people_of(model, rng, 900, shift=0.3, slope=1.4)
        rung = climb(people).rungs[2]
        lines.append(rung.intercept + rung.slope * given)
        said.append(updated(model, rung, people).uncertainty.calibration_variance(probe))
    ratio = np.mean(said, axis=0) / np.var(lines, axis=0, ddof=1)
    np.testing.assert_allclose(ratio, 1.0, atol=4 * np.sqrt(2 / 399))


def test_an_intercept_alone_keeps_the_error_of_the_old_slope():
    """The old slope is wrong by e ~ N(0, 0.02): with the level set anew, the error left is
    e · (raw − mean raw of the new people) and the error of the level."""
    model = model_of()
    _, people = people_of(model, np.random.default_rng(4), 3000, shift=0.5)
    rung = climb(people).rungs[1]
    new = updated(model, rung, people)
    probe = np.array([-1.0, 0.0, 0.8])
    raw = (people.margin - model.calibration.intercept) / model.calibration.slope
    wanted = rung.covariance[0, 0] + 0.02 * (probe - raw.mean()) ** 2
    np.testing.assert_allclose(new.uncertainty.calibration_variance(probe), wanted, rtol=1e-9)


def test_other_parts_of_the_interval_scale_with_the_slope():
    model = model_of()
    values, people = people_of(model, np.random.default_rng(6), 1500, slope=0.5)
    values = {**values, "bmi": np.full_like(values["bmi"], np.nan)}  # an open answer
    rung = climb(people).rungs[2]
    new = updated(model, rung, people)

    def rest(of):
        known, X = of.uncertainty, of.encoding.transform(values)
        line = known.calibration_variance(of.learner.margin(of.imputation.fill(X)))
        left = of.imputation.spread(X, of.learner.coefficients, known.covariance[1:, 1:])
        # the line's own doubt, also of what the open answer leaves, is that of the new people
        return of.assess(values).sd ** 2 - line - known.calibration_covariance[1, 1] * left

    np.testing.assert_allclose(rest(new), rung.slope**2 * rest(model), rtol=1e-9)
    assert new.uncertainty.margin_sd == pytest.approx(rung.slope * model.uncertainty.margin_sd)


def test_a_revision_keeps_the_spread_of_the_training_people_in_view():
    """Its SD of margins is that of the new coefficients under the training distribution."""
    model = model_of()
    _, people = people_of(model, np.random.default_rng(7), 4000, extra=0.7)
    ladder = climb(people)
    assert ladder.chosen.name == "revision"
    new = updated(model, ladder.chosen, people)
    expected = float(np.sqrt(((new.learner.coefficients * SPREAD) ** 2).sum()))
    assert new.uncertainty.margin_sd == pytest.approx(expected)
    assert new.uncertainty.covariance[1:, 1:].diagonal() == pytest.approx(
        ladder.chosen.covariance[1:, 1:].diagonal()
    )


def test_a_ranking_that_is_backwards_is_not_updated():
    model = model_of()
    _, people = people_of(model, np.random.default_rng(9), 900, slope=-0.8)
    with pytest.raises(InvalidInputError, match="backwards"):
        updated(model, climb(people).rungs[2], people)


def test_figures_after_an_update_come_from_people_it_did_not_see():
    """Where nothing ranks anybody, the update's own people flatter it; held-out ones do not."""
    model, rng = model_of(), np.random.default_rng(12)
    own, held = [], []
    for _ in range(60):
        _, people = people_of(model, rng, 60, slope=0.0)
        margin = cross_validated(people, rng=rng)
        assert np.isfinite(margin).all()
        own.append(_loss(people.events, climb(people).rungs[2].margin(people)))
        held.append(_loss(people.events, margin))
    # two parameters are worth about 1 / n in each direction
    assert np.mean(held) - np.mean(own) > 1 / 60


def test_a_model_without_signal_can_have_its_level_changed():
    model = model_of(slope=0.0)
    values, people = people_of(model, np.random.default_rng(2), 400, shift=0.9)
    ladder = climb(replace_columns(people))
    assert ladder.chosen.name == "intercept"
    found = updated(model, ladder.chosen, people).assess(values)
    share = people.events.mean()
    np.testing.assert_allclose(1 / (1 + np.exp(-found.margin)), share, atol=1e-9)


def replace_columns(people):
    return replace(people, columns=np.empty((people.margin.size, 0)))


def _loss(y, margin):
    return float(np.mean(np.logaddexp(0, margin) - y * margin))
