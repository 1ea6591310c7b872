"""The whole procedure in resamples: what it was trained on, what is taken off, what moves."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from statsmodels.api import GLM, add_constant, families

from training.evaluation import (
    RISK_DAYS,
    Repetition,
    Repetitions,
    instability,
    repeat_in_resamples,
)
from training.evaluation import (
    optimism as _optimism,
)
from training.evaluation import procedure as steps
from training.evaluation.repetitions import repeat, resample
from training.fitting import Outcome
from training.learners import LEARNERS
from training.metrics import MeasureUndefinedError
from training.work import Work


def optimism(repetitions, outcome):
    return _optimism(repetitions, outcome, rng=np.random.default_rng(0))


LINES = {line.name: line for line in LEARNERS}
PEOPLE = 40
Y = np.tile([1.0, 0.0], PEOPLE // 2)


def said(probability, drawn=None, learner="ridge"):
    drawn = np.arange(PEOPLE) if drawn is None else np.asarray(drawn)
    p = np.asarray(probability, dtype=float)
    return Repetition(drawn, learner, np.log(p / (1 - p)), p)


def cases(n, drawn):
    """Models in which the first n cases are ranked below everybody, on the rows drawn."""
    p = np.where(Y == 1, 0.7, 0.4)
    p[np.flatnonzero(Y)[:n]] = 0.2
    return said(p, drawn)


def test_optimism_is_the_mean_gap_between_resample_and_original_people():
    # in everybody: 4 of 20 cases lose to all others, AUC 0.8; in a resample without them AUC 1
    clean = np.setdiff1d(np.arange(PEOPLE), np.flatnonzero(Y)[:4])
    half = [cases(4, clean) for _ in range(10)] + [cases(4, np.arange(PEOPLE)) for _ in range(10)]
    found = optimism(Repetitions(said(np.where(Y == 1, 0.7, 0.4)), tuple(half), {}), Outcome(Y))
    auc = found.measures["auc"]
    assert (auc.apparent, auc.optimism, auc.value) == (
        pytest.approx(1.0),
        pytest.approx(0.1),  # ten gaps of 0.2, ten of 0
        pytest.approx(0.9),
    )
    assert auc.resamples == 20
    brier = found.measures["brier"]
    wrong, right = 0.8**2, (0.3**2 + 0.4**2) / 2
    whole = (4 * wrong + 16 * 0.3**2 + 20 * 0.4**2) / 40
    inside = (16 * 0.3**2 + 20 * 0.4**2) / 36
    assert brier.apparent == pytest.approx(right)
    assert brier.optimism == pytest.approx((inside - whole) / 2)


def test_the_632_plus_estimate_is_that_of_its_formula():
    # left out of each resample: 4 cases that lose and 4 others, AUC 0; apparent 1: R = 1, weight 1
    left_out = np.concatenate([np.flatnonzero(Y)[:4], np.flatnonzero(Y == 0)[:4]])
    rows = np.setdiff1d(np.arange(PEOPLE), left_out)
    models = tuple(cases(4, rows) for _ in range(20))
    whole = said(np.where(Y == 1, 0.7, 0.4))
    assert optimism(Repetitions(whole, models, {}), Outcome(Y)).plus.value == pytest.approx(0.5)
    # two of eight left-out cases lose: AUC 0.75, R = 0.5, weight 0.632 / 0.816
    left_out = np.concatenate([np.flatnonzero(Y)[:8], np.flatnonzero(Y == 0)[:8]])
    rows = np.setdiff1d(np.arange(PEOPLE), left_out)
    models = tuple(cases(2, rows) for _ in range(20))
    weight = 0.632 / (1 - 0.368 * 0.5)
    expected = (1 - weight) * 1.0 + weight * 0.75
    assert optimism(Repetitions(whole, models, {}), Outcome(Y)).plus.value == pytest.approx(
        expected
    )


def test_the_632_plus_estimate_is_never_above_the_apparent_value():
    whole = cases(4, np.arange(PEOPLE))
    perfect = said(np.where(Y == 1, 0.7, 0.4), np.arange(20))
    found = optimism(Repetitions(whole, (perfect,) * 20, {}), Outcome(Y))
    assert found.plus.value == pytest.approx(found.measures["auc"].apparent) == pytest.approx(0.8)


def test_resamples_without_a_signal_do_not_pass_for_models_without_optimism():
    flat = said(np.full(PEOPLE, 0.5))
    clean = np.setdiff1d(np.arange(PEOPLE), np.flatnonzero(Y)[:4])
    models = tuple([cases(4, clean)] * 20 + [flat] * 30)
    found = optimism(Repetitions(said(np.where(Y == 1, 0.7, 0.4)), models, {"none": 2}), Outcome(Y))
    assert found.measures["auc"].optimism == pytest.approx(0.2)
    assert (found.no_signal, found.failures) == (30, {"none": 2})
    assert found.chosen == {"ridge": 50}
    with pytest.raises(MeasureUndefinedError, match="19 resamples gave a model with a signal"):
        optimism(
            Repetitions(said(np.where(Y == 1, 0.7, 0.4)), (*models[:19], flat), {}), Outcome(Y)
        )


def test_a_kept_model_without_a_signal_has_no_slope_and_says_so():
    flat = said(np.full(PEOPLE, 0.5))
    found = optimism(Repetitions(flat, (flat,) * 20, {}), Outcome(Y))
    assert found.measures["auc"].value == pytest.approx(0.5)
    assert "calibration_slope" in found.undefined
    assert found.plus is None


def test_instability_counts_distances_and_decisions_by_hand():
    kept = said(np.linspace(0.1, 0.9, PEOPLE))
    others = [said(np.clip(kept.probability + shift, 0.01, 0.99)) for shift in (0.05, -0.05) * 10]
    found = instability(Repetitions(kept, tuple(others), {}), threshold=0.5)
    np.testing.assert_allclose(found.absolute_error, 0.05, atol=1e-12)
    assert found.mape == pytest.approx(0.05)
    near = (kept.probability > 0.45) & (kept.probability < 0.55)
    np.testing.assert_allclose(found.flips, np.where(near, 0.5, 0.0))
    summary = found.to_dict()
    assert summary["often_flipped"] == pytest.approx(near.mean())
    assert (summary["models"], summary["day"], summary["threshold"]) == (20, None, 0.5)
    with pytest.raises(MeasureUndefinedError, match="19 resamples gave a model; 20 are needed"):
        instability(Repetitions(kept, tuple(others[:19]), {}), threshold=0.5)


def test_relapse_is_looked_at_by_day_90():
    risk = np.linspace(0.1, 0.9, PEOPLE)[:, None] * np.linspace(0.5, 1, len(RISK_DAYS))
    kept = Repetition(np.arange(PEOPLE), "cox_ridge", risk[:, 0], risk)
    found = instability(Repetitions(kept, (kept,) * 20, {}), threshold=0.3)
    np.testing.assert_array_equal(found.original, risk[:, RISK_DAYS.index(90)])
    assert (found.day, found.mape, found.flipped) == (90, 0.0, 0.0)


def test_patients_are_drawn_with_all_their_rows():
    groups = ["a", "b", "a", "c"]
    for seed in range(20):
        drawn = resample(groups, np.random.default_rng(seed))
        times = np.bincount(drawn, minlength=4)
        assert times[0] == times[2]
        assert times[0] + times[1] + times[3] == 3


def test_copies_of_a_person_stay_in_one_inner_fold(draw, monkeypatch):
    analysis, seen = draw(n=60), []
    kept = steps.inner_folds

    def spy(values, variables, rows, outcome, splits, **how):
        seen.extend(np.intersect1d(rows[s.train], rows[s.test]).size for s in splits)
        return kept(values, variables, rows, outcome, splits, **how)

    monkeypatch.setattr(steps, "inner_folds", spy)
    drawn = resample(analysis.groups, np.random.default_rng(1))
    assert len(np.unique(drawn)) < 60
    repeat(analysis, [LINES["ridge"]], drawn, 4, np.random.default_rng(2))
    assert seen == [0, 0, 0, 0]


def test_people_left_out_of_a_resample_are_not_learned_from(draw):
    analysis = draw(n=80)
    drawn = resample(analysis.groups, np.random.default_rng(1))
    outside = np.setdiff1d(np.arange(80), drawn)
    events = analysis.outcome.events.copy()
    events[outside] = 1 - events[outside]
    tried = [LINES["logistic"], LINES["ridge"]]
    one, two = (
        repeat(each, tried, drawn, 3, np.random.default_rng(2))
        for each in (analysis, replace(analysis, outcome=Outcome(events)))
    )
    assert one.learner == two.learner
    np.testing.assert_array_equal(one.probability, two.probability)


@pytest.mark.parametrize(("task", "names"), [("response", ("logistic", "ridge")),
                                             ("relapse", ("cox_ridge",))])  # fmt: skip
def test_the_corrected_value_is_nearer_to_the_truth_than_the_apparent_one(draw, task, names):
    analysis = draw(n=100, effect=0.8, task=task)
    tried = [LINES[name] for name in names]
    repetitions = repeat_in_resamples(
        analysis, tried, tried[-1], n_resamples=25, inner_folds=3, rng=np.random.default_rng(4)
    )
    found = optimism(repetitions, analysis.outcome)
    assert sum(found.chosen.values()) == 25
    first = found.measures["auc" if task == "response" else "c_index"]
    assert first.optimism > 0
    assert 0.5 < found.plus.value <= first.apparent
    assert found.plus.lo < found.plus.value < found.plus.hi
    if task == "response":
        whole = repetitions.whole.probability
        assert first.apparent == pytest.approx(roc_auc_score(analysis.outcome.events, whole))
        new = draw(n=20_000, effect=0.8, seed=99)
        drawn = np.concatenate([np.arange(100), np.arange(100, 20_100)])
        both = replace(
            analysis,
            values={v: np.append(analysis.values[v], new.values[v]) for v in new.values},
            outcome=Outcome(np.append(analysis.outcome.events, new.outcome.events)),
            groups=tuple(map(str, drawn)),
        )
        truth = repeat(both, tried[-1:], np.arange(100), 3, np.random.default_rng(5))
        slope = found.measures["calibration_slope"]
        y, margin = analysis.outcome.events, repetitions.whole.margin
        wald = GLM(y, add_constant(margin), family=families.Binomial()).fit().bse[1]
        assert slope.hi - slope.value == pytest.approx(1.959964 * wald, rel=1e-4)
        value = roc_auc_score(new.outcome.events, truth.probability[100:])
        assert abs(first.value - value) < abs(first.apparent - value)


def test_the_same_seed_gives_the_same_repetitions_in_any_number_of_processes(draw, tmp_path):
    analysis = draw(n=60)
    one, two = (
        repeat_in_resamples(
            analysis,
            [LINES["ridge"]],
            LINES["ridge"],
            n_resamples=4,
            inner_folds=3,
            rng=np.random.default_rng(8),
            work=work,
        )
        for work in (Work(), Work(2, tmp_path))
    )
    for a, b in zip(one.resampled, two.resampled, strict=True):
        np.testing.assert_array_equal(a.drawn, b.drawn)
        np.testing.assert_array_equal(a.probability, b.probability)
    assert one.chosen == two.chosen == {"ridge": 4}


def test_a_resample_that_cannot_be_fitted_is_counted_with_its_reason(draw):
    analysis = draw(n=40)
    events = np.zeros(40)
    events[:2] = 1
    rare = replace(analysis, outcome=Outcome(events))
    found = repeat_in_resamples(
        rare,
        [LINES["ridge"]],
        LINES["ridge"],
        n_resamples=12,
        inner_folds=2,
        rng=np.random.default_rng(1),
    )
    assert sum(found.failures.values()) + len(found.resampled) == 12
    assert any("rarer outcome" in reason for reason in found.failures)
