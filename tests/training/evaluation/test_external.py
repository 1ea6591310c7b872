"""A frozen model in new people, against second programs and simulated truth."""

from types import SimpleNamespace

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from predictor.calibration import BaselineHazard, logistic
from training.evaluation.benefit import benefit_of
from training.evaluation.case_mix import model_based_auc
from training.evaluation.external import (
    _lines,
    average_there,
    last_horizon,
    measure_external,
)
from training.evaluation.numbering import Numbered, for_ladder
from training.fitting import Outcome
from training.metrics import MeasureUndefinedError
from training.metrics.binary import net_benefit, treat_all

RESPONSE = SimpleNamespace(baseline=None, probability=logistic)
HAZARD = BaselineHazard(0.01 * np.arange(181.0), 180.0)
RELAPSE = SimpleNamespace(
    baseline=HAZARD, probability=lambda margin, day=180: HAZARD.risk(margin, day)
)


def responders(n, *, shift=0.0, slope=1.0, seed=1):
    rng = np.random.default_rng(seed)
    margin = 0.2 + 0.6 * rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(-(shift + slope * margin)))).astype(float)
    everybody = np.ones(n, dtype=bool)
    return Numbered(Outcome(y), margin, np.empty((n, 0)), everybody, ~everybody, {})


def relapsers(n, *, shift=0.0, slope=1.0, seed=1):
    rng = np.random.default_rng(seed)
    margin = 0.6 * rng.normal(size=n)
    latent = rng.exponential(1 / (0.01 * np.exp(shift + slope * margin)))
    last = 14 * rng.integers(1, 14, n)
    seen = np.ceil(latent / 14) * 14
    days, events = np.minimum(seen, last), (seen <= last).astype(float)
    everybody = np.ones(n, dtype=bool)
    outcome = Outcome(events, days.astype(float))
    return Numbered(outcome, margin, np.empty((n, 0)), everybody, ~everybody, {}, days - 14.0)


def test_twenty_thousand_people_measured_by_second_programs():
    people = responders(20_000, shift=0.3, slope=0.7)
    found = measure_external(RESPONSE, people, people.scored, rng=np.random.default_rng(0))
    y, margin = people.outcome.events, people.margin
    p = 1 / (1 + np.exp(-margin))
    got = {name: each.value for name, each in found.metrics.items()}
    assert got["auc"] == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    assert got["brier"] == pytest.approx(brier_score_loss(y, p), abs=1e-12)
    assert got["log_loss"] == pytest.approx(log_loss(y, p), abs=1e-9)
    assert got["oe"] == pytest.approx(y.sum() / p.sum(), abs=1e-12)
    one = sm.GLM(y, np.ones(y.size), family=sm.families.Binomial(), offset=margin).fit(tol=1e-12)
    two = sm.Logit(y, sm.add_constant(margin)).fit(disp=0, tol=1e-12)
    for name, fit, place in (
        ("calibration_intercept", one, 0),
        ("calibration_slope", two, 1),
    ):
        lo, hi = fit.conf_int()[place]
        each = found.metrics[name]
        assert (each.value, each.lo, each.hi) == pytest.approx((fit.params[place], lo, hi), 1e-6)
        assert "Wald" in each.method
    # the truth that was drawn lies in the interval of the slope, and the model beats the average
    assert found.metrics["calibration_slope"].lo < 0.7 < found.metrics["calibration_slope"].hi
    assert found.better_than_average
    null = np.full(y.size, y.mean())
    assert found.against_average.mean == pytest.approx(log_loss(y, p) - log_loss(y, null), abs=1e-9)
    for name in ("ici", "e50", "e90", "emax", "scaled_brier"):
        each = found.metrics[name]
        assert 0 <= each.lo <= each.value <= each.hi <= 1
    assert got["e50"] <= got["e90"] <= got["emax"]
    assert found.undefined == {}


@pytest.mark.parametrize(("model", "drawn"), [(RESPONSE, responders), (RELAPSE, relapsers)])
def test_the_intervals_of_a_right_model_hold_the_truth(model, drawn):
    truth = {"calibration_intercept": 0, "calibration_slope": 1, "hazard_oe": 1}
    held = []
    for seed in range(300):
        people = drawn(300, seed=1000 + seed)
        metrics, _ = _lines(for_ladder(model, people, people.scored))
        held.append([each.lo < truth[name] < each.hi for name, each in metrics.items()])
    share = np.mean(held, axis=0)
    assert share.size == (2 if model is RESPONSE else 1)
    assert np.all(share >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 300))


def test_a_relapse_model_that_is_right_measures_so():
    people = relapsers(6000)
    found = measure_external(RELAPSE, people, people.scored, rng=np.random.default_rng(0))
    level, slope = found.metrics["hazard_oe"], found.metrics["calibration_slope"]
    assert level.lo < 1 < level.hi
    assert slope.lo < 1 < slope.hi
    assert "Cox" in slope.method
    for day in (30, 90, 180):
        names = [f"{name}_{day}" for name in ("oe", "auc", "brier", "calibration_slope", "ici")]
        assert {*names} <= set(found.metrics), day
    assert found.metrics["uno_c"].lo < found.metrics["c_index"].value < found.metrics["uno_c"].hi
    assert found.better_than_average


def test_a_hazard_of_another_level_is_seen():
    people = relapsers(6000, shift=np.log(0.7))
    found = measure_external(RELAPSE, people, people.scored, rng=np.random.default_rng(0))
    level = found.metrics["hazard_oe"]
    assert level.lo < 0.7 < level.hi < 0.8
    assert found.metrics["oe_90"].hi < 1


@pytest.mark.parametrize("events", [0.0, 1.0])
def test_one_outcome_alone_leaves_measures_without_a_value_and_with_a_reason(events):
    people = responders(40)
    people.outcome.events[:] = events
    found = measure_external(RESPONSE, people, people.scored, rng=np.random.default_rng(0))
    assert {"auc", "calibration_slope", "ici"} <= set(found.undefined)
    assert not set(found.metrics) & set(found.undefined)
    assert all(found.undefined.values())
    assert not found.better_than_average


def test_nobody_scored_has_no_measure():
    people = responders(5)
    found = measure_external(RESPONSE, people, ~people.scored, rng=np.random.default_rng(0))
    assert (found.people, found.metrics) == (0, {})
    assert found.undefined == {"all": "nobody was given a number"}
    assert found.to_dict()["against_average"] is None
    nobody = benefit_of(
        RESPONSE, people, ~people.scored, thresholds=(0.2, 0.8), rng=np.random.default_rng(0)
    )
    assert nobody is None


def test_relapse_without_an_event_has_reasons():
    people = relapsers(60)
    people.outcome.events[:] = 0
    found = measure_external(RELAPSE, people, people.scored, rng=np.random.default_rng(0))
    assert {"hazard_oe", "calibration_slope", "c_index"} <= set(found.undefined)


def test_everybody_with_the_same_number_has_a_level_and_no_slope():
    people = responders(200)
    people.margin[:] = 0.2
    found = measure_external(RESPONSE, people, people.scored, rng=np.random.default_rng(0))
    assert "calibration_intercept" in found.metrics
    assert found.undefined["calibration_slope"] == "everybody has the same number"
    assert not found.better_than_average


def test_the_average_there_is_that_of_the_people_measured():
    people = responders(80)
    share = people.outcome.events.mean()
    assert set(average_there(people.outcome).probability.ravel()) == {share}
    days, events = np.array([10.0, 40.0, 40.0, 100.0]), np.array([1.0, 1.0, 0.0, 0.0])
    risks = average_there(Outcome(events, days)).probability[0, 0]
    # Kaplan-Meier by hand: 3/4 after day 10, 1/2 after day 40
    np.testing.assert_allclose(risks, [0.25, 0.25, 0.5, 0.5, 0.5, 0.5, 0.5])


def test_the_last_horizon_is_one_that_ten_people_reach():
    days = np.concatenate([np.full(15, 20.0), np.full(10, 95.0), np.full(9, 182.0)])
    assert last_horizon(Outcome(np.ones(34), days)) == 90
    assert last_horizon(Outcome(np.ones(15), days[:15])) is None
    assert last_horizon(Outcome(np.ones(15))) is None


def test_the_auc_of_a_right_model_is_foretold_from_its_margins_alone():
    people = responders(4000)
    margin = people.margin
    p = 1 / (1 + np.exp(-margin))
    few = margin[:50]
    q = 1 / (1 + np.exp(-few))
    pairs = q[:, None] * (1 - q)[None, :]
    np.fill_diagonal(pairs, 0)
    won = (few[:, None] > few[None, :]) + 0.5 * (few[:, None] == few[None, :])
    assert model_based_auc(few) == pytest.approx((pairs * won).sum() / pairs.sum(), abs=1e-12)
    drawn = [roc_auc_score(np.random.default_rng(s).random(4000) < p, p) for s in range(40)]
    error = np.std(drawn, ddof=1) / np.sqrt(40)
    assert abs(model_based_auc(margin) - np.mean(drawn)) < 4 * error
    with pytest.raises(MeasureUndefinedError, match="same number"):
        model_based_auc(np.zeros(9))


def test_net_benefit_is_that_of_the_measure_and_its_interval_holds_it():
    people = responders(2000)
    y, p = people.outcome.events, 1 / (1 + np.exp(-people.margin))
    found = benefit_of(
        RESPONSE, people, people.scored, thresholds=(0.2, 0.8), rng=np.random.default_rng(0)
    )
    assert [each.threshold for each in found.at] == [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    for each in found.at:
        assert each.model == pytest.approx(net_benefit(y, p, threshold=each.threshold))
        assert each.treat_all == pytest.approx(treat_all(y, threshold=each.threshold))
        assert each.model_lo <= each.model <= each.model_hi
        assert each.gain == pytest.approx(each.model - each.treat_all)
        assert each.helps == (each.model_lo > 0 and each.gain_lo > 0)
    assert any(each.helps for each in found.at)
    assert found.to_dict()["day"] is None


def test_net_benefit_of_relapse_stands_at_the_last_day_that_is_followed():
    people = relapsers(900)
    found = benefit_of(
        RELAPSE, people, people.scored, thresholds=(0.2, 0.8), rng=np.random.default_rng(0)
    )
    assert found.day == 180
    short = Outcome(people.outcome.events, np.minimum(people.outcome.days, 20.0))
    brief = Numbered(short, people.margin, people.columns, people.scored, people.stopped, {})
    none = benefit_of(
        RELAPSE, brief, brief.scored, thresholds=(0.2, 0.8), rng=np.random.default_rng(0)
    )
    assert none is None
