"""Effects of trials in a margin: as published, added after the calibration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from predictor.bundle import read_bundle, write_bundle
from predictor.linear import Linear
from predictor.model import Model
from predictor.trial_terms import TrialTerms

CBT = 9  # column of psychotherapy = cbt in the models made by hand
SHARE = 0.3


def terms(p: int = 10) -> TrialTerms:
    """Hazard ratio 0.67 of a therapy planned for three people in ten."""
    direction = np.zeros((p, 1))
    direction[CBT] = 1.0
    means = np.full(p, 5.0)
    means[CBT] = SHARE
    return TrialTerms(
        direction, np.array([-0.4]), np.array([0.25]), means, np.array([[SHARE * (1 - SHARE)]])
    )


@pytest.fixture(params=["cox", "boosted"])
def model(request, bundles) -> Model:
    """A model whose learner does not read the therapy, with the trial's effect beside it."""
    plain = bundles[request.param].model
    if isinstance(plain.learner, Linear):
        coefficients = plain.learner.coefficients.copy()
        coefficients[CBT] = 0.0
        covariance = plain.uncertainty.covariance.copy()
        covariance[:, 1 + CBT] = covariance[1 + CBT] = 0.0
        plain = replace(
            plain,
            learner=replace(plain.learner, coefficients=coefficients),
            uncertainty=replace(plain.uncertainty, covariance=covariance),
        )
    return replace(plain, trial=terms())


def values(**changed):
    row = {
        "age_years": 40.0, "sex": 0.0, "bmi": 24.0, "madrs_total": 32.0, "failed_trials": 3.0,
        "bipolar": 0.0, "crp_mg_per_l": 2.5, "diet_quality": 2.0, "psychotherapy": 0.0,
    }  # fmt: skip
    return {name: np.atleast_1d(float(value)) for name, value in (row | changed).items()}


def test_the_calibration_does_not_change_the_effect_of_a_trial(bundles):
    plain = bundles["cox"].model
    no_signal = replace(plain, calibration=replace(plain.calibration, slope=0.0), trial=terms())
    without, planned = (no_signal.assess(values(psychotherapy=x)).margin[0] for x in (0.0, 4.0))
    assert planned - without == pytest.approx(-0.4, abs=1e-12)


def test_contribution_margin_and_base_by_hand(model):
    found = model.assess(values(psychotherapy=4.0))
    bare = replace(model, trial=None).assess(values(psychotherapy=4.0))
    added = -0.4 * (1 - SHARE)
    assert found.contributions[0, 8] - bare.contributions[0, 8] == pytest.approx(added, abs=1e-12)
    assert found.margin[0] == pytest.approx(found.base + found.contributions.sum(), abs=1e-12)
    assert found.base == bare.base


def test_the_interval_holds_the_uncertainty_of_the_trial(model):
    for code, apart in ((4.0, 1 - SHARE), (0.0, -SHARE)):
        found = model.assess(values(psychotherapy=code))
        bare = replace(model, trial=None).assess(values(psychotherapy=code))
        assert found.sd[0] ** 2 == pytest.approx(bare.sd[0] ** 2 + 0.25 * apart**2, rel=1e-12)


def test_a_plan_that_nobody_told_counts_as_the_mix_of_the_training_people(model):
    gone = values(psychotherapy=np.nan)
    found, bare = model.assess(gone), replace(model, trial=None).assess(gone)
    assert found.margin[0] == pytest.approx(bare.margin[0], abs=1e-12)
    assert found.assumed[0, CBT] == SHARE
    # (effect² + variance of the effect) · variance of the plan
    opened = (0.4**2 + 0.25) * SHARE * (1 - SHARE)
    assert found.sd[0] ** 2 == pytest.approx(bare.sd[0] ** 2 + opened, rel=1e-12)
    assert found.narrowing[0, 8] - bare.narrowing[0, 8] == pytest.approx(opened, rel=1e-12)


def test_two_terms_of_one_variable_are_open_together():
    both = TrialTerms(
        np.eye(2), np.array([-1.0, -0.5]), np.array([0.1, 0.2]), np.array([0.2, 0.3]),
        np.array([[0.16, -0.06], [-0.06, 0.21]]),
    )  # fmt: skip
    gone = np.array([[np.nan, np.nan]])
    # E[(−s₁ − 0.5 s₂)²] + 0.1 E[s₁²] + 0.2 E[s₂²]
    expected = 0.16 + 2 * 0.5 * -0.06 + 0.25 * 0.21 + 0.1 * 0.16 + 0.2 * 0.21
    assert both.open_by_term(gone).sum() == pytest.approx(expected, rel=1e-12)
    assert both.owners(np.array([7, 7])).tolist() == [7, 7]
    assert not both.open_by_term(np.array([[1.0, 0.0]])).any()


def test_a_bundle_keeps_the_terms_to_the_bit(bundles, tmp_path, model):
    if model.task == "response":
        model = replace(bundles["cox"].model, trial=terms())
    folder = write_bundle(replace(bundles["cox"], model=model), tmp_path / "bundle")
    read = read_bundle(folder).model
    assert read.assess(values()).margin == model.assess(values()).margin
    assert read.assess(values()).sd == model.assess(values()).sd


@pytest.mark.parametrize(
    "changed",
    [
        {"variances": np.array([0.0])},
        {"effects": np.array([np.nan])},
        {"effects": np.array([-0.4, -0.4])},
        {"means": np.zeros(3)},
    ],
)
def test_terms_that_do_not_fit_are_refused(changed):
    with pytest.raises(ValueError, match=r"trial"):
        replace(terms(), **changed)
