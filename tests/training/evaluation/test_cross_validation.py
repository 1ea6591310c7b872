"""Cross-validation: nothing of the people held out reaches what is fitted."""

from dataclasses import replace

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.metrics import roc_auc_score

import training.evaluation.cross_validation as cv
from predictor.errors import InvalidInputError
from training.evaluation import RISK_DAYS, Resampling, cross_validate, procedure
from training.fitting import Outcome
from training.learners import COMPARATORS, LEARNERS
from training.metrics.survival import kaplan_meier
from training.splits import LeakError, Split, folds
from training.work import Work

LINES = {line.name: line for line in (*LEARNERS, *COMPARATORS)}
QUICK = Resampling(folds=3, repeats=1, inner_folds=3)


def tried(*names):
    return [LINES[name] for name in names]


def run(analysis, *names, resampling=QUICK, seed=7, jobs=1):
    rng = np.random.default_rng(seed)
    return cross_validate(analysis, tried(*names), resampling, rng=rng, work=Work(jobs))


def auc(analysis, found):
    columns = found.probability.T
    return np.mean([roc_auc_score(analysis.outcome.events, p) for p in columns])


def test_everybody_is_held_out_once_in_each_repeat(draw):
    analysis = draw()
    found = run(analysis, "logistic", "ridge", resampling=Resampling(folds=4, repeats=3))
    assert list(found) == ["logistic", "ridge", "severity", "prevalence"]
    for result in found.values():
        assert result.margin.shape == result.probability.shape == result.fold.shape == (120, 3)
        assert np.isfinite(result.probability).all()
        assert result.failure == ""
        np.testing.assert_array_equal(result.fold, found["ridge"].fold)
    sizes = [np.bincount(column) for column in found["ridge"].fold.T]
    assert all(size.tolist() == [30, 30, 30, 30] for size in sizes)
    assert (found["ridge"].fold[:, 0] != found["ridge"].fold[:, 1]).any()
    p = 1 / (1 + np.exp(-found["ridge"].margin))
    np.testing.assert_allclose(found["ridge"].probability, p, atol=1e-12)


def test_a_signal_is_found_and_only_where_it_is(draw):
    analysis = draw(n=200)
    found = run(analysis, "logistic", "ridge")
    truth = roc_auc_score(analysis.outcome.events, analysis.values["v0"])
    assert truth > 0.7
    assert auc(analysis, found["ridge"]) == pytest.approx(truth, abs=0.06)
    assert auc(analysis, found["severity"]) < 0.6
    sizes = {v: np.mean(each) for v, each in found["ridge"].contributions.items()}
    assert set(sizes) == {"v0", "v1", "v2", "v3", "route"}
    assert max(sizes, key=sizes.get) == "v0"
    assert all(len(each) == 3 for each in found["ridge"].contributions.values())
    assert set(found["logistic"].contributions) == {"v0", "v1"}
    assert found["prevalence"].contributions == {}


def test_the_average_is_that_of_the_training_fold(draw):
    analysis = draw()
    found = run(analysis, "ridge")["prevalence"]
    y = analysis.outcome.events
    for fold in range(3):
        held = found.fold[:, 0] == fold
        np.testing.assert_allclose(found.probability[held, 0], y[~held].mean(), atol=1e-12)
    assert found.no_signal_folds == 3


def test_the_average_of_relapse_is_the_kaplan_meier_curve_of_the_training_fold(draw):
    analysis = draw(n=300, task="relapse")
    found = run(analysis, "cox_ridge")["kaplan_meier"]
    assert found.probability.shape == (300, 1, len(RISK_DAYS))
    days, events = analysis.outcome.days, analysis.outcome.events
    for fold in range(3):
        held = found.fold[:, 0] == fold
        curve = kaplan_meier(days[~held], events[~held])
        expected = [1 - curve.at(day) for day in RISK_DAYS[1:]]
        shown = found.probability[held, 0, 1:]
        assert np.ptp(shown, axis=0).max() == 0
        np.testing.assert_allclose(shown[0], np.ravel(expected), atol=0.04)


@pytest.mark.parametrize(
    ("task", "names"),
    [
        ("response", ("logistic", "ridge", "xgboost", "severity")),
        ("relapse", ("cox_ridge", "xgboost_cox", "severity_cox")),
    ],
)
def test_what_happened_to_held_out_people_changes_nothing(draw, task, names):
    """Tuning, fit and calibration are the same when the outcomes of the test people are turned."""
    analysis = draw(task=task)
    rows = np.random.default_rng(0).permutation(120)
    split = Split(0, 0, np.sort(rows[:80]), np.sort(rows[80:]))
    events = analysis.outcome.events.copy()
    events[split.test] = 1 - events[split.test]
    days = None if analysis.outcome.days is None else analysis.outcome.days.copy()
    if days is not None:
        days[split.test] = days[split.test][::-1] + 5
    turned = replace(analysis, outcome=Outcome(events, days))
    one, two = (
        cv.hold_out(a, tried(*names), split, 3, np.random.default_rng(1))
        for a in (analysis, turned)
    )
    for name in one:
        np.testing.assert_array_equal(one[name].margin, two[name].margin)
        np.testing.assert_array_equal(one[name].probability, two[name].probability)
        assert one[name].contributions == two[name].contributions


def test_answers_of_held_out_people_change_their_own_prediction_alone(draw):
    analysis = draw()
    split = Split(0, 0, np.arange(80), np.arange(80, 120))
    values = {v: answers.copy() for v, answers in analysis.values.items()}
    values["v0"][119] += 2
    values["v1"][119] = np.nan
    one, two = (
        cv.hold_out(a, tried("ridge"), split, 3, np.random.default_rng(1))["ridge"]
        for a in (analysis, replace(analysis, values=values))
    )
    np.testing.assert_array_equal(one.margin[:-1], two.margin[:-1])
    assert two.margin[-1] != one.margin[-1]
    assert one.contributions == two.contributions


def test_every_fit_gets_the_people_of_its_training_fold_alone(draw, monkeypatch):
    analysis, seen = draw(), []
    analysis.values["v2"][:] = np.arange(120)  # tells who is who
    kept = procedure.tune_and_fit

    def spy(learner, prepared, outcome, folds):
        if learner.name != "ridge":
            return kept(learner, prepared, outcome, folds)
        inside = [set(fold.prepared.X[:, 2].astype(int)) for fold in folds]
        held = [set(fold.X_held_out[:, 2].astype(int)) for fold in folds]
        seen.append((set(prepared.X[:, 2].astype(int)), inside, held))
        return kept(learner, prepared, outcome, folds)

    monkeypatch.setattr(procedure, "tune_and_fit", spy)
    found = run(analysis, "ridge")["ridge"]
    everybody = set(range(120))
    assert len(seen) == 3
    for place, (outer, inside, held) in enumerate(seen):
        test = set(np.flatnonzero(found.fold[:, 0] == place).tolist())
        assert outer == everybody - test
        for fitted, out in zip(inside, held, strict=True):
            assert fitted | out == outer
            assert not fitted & out
        assert set.union(*held) == outer


def test_a_patient_on_both_sides_stops_the_run(draw):
    analysis = draw()
    twice = replace(analysis, groups=(*analysis.groups[:-1], "p0"))
    split = Split(0, 0, np.arange(80), np.arange(80, 120))
    with pytest.raises(LeakError):
        cv.hold_out(twice, tried("ridge"), split, 3, np.random.default_rng(1))


def test_rows_of_one_patient_stay_together(draw):
    analysis = draw()
    groups = tuple(f"p{i // 2}" for i in range(120))
    found = run(replace(analysis, groups=groups), "ridge")["ridge"]
    assert (found.fold[::2, 0] == found.fold[1::2, 0]).all()


def test_rows_ordered_by_outcome_give_the_same_auc(draw):
    """The order of the file must not matter: same people, sorted or not, over many splits."""
    shuffled, ordered = draw(n=150), draw(n=150, ordered=True)
    assert np.diff(ordered.outcome.events).min() >= 0
    each = np.array(
        [
            [auc(a, run(a, "ridge", seed=seed)["ridge"]) for a in (shuffled, ordered)]
            for seed in range(8)
        ]
    )
    gap = each[:, 0] - each[:, 1]
    assert abs(gap.mean()) < 3 * gap.std(ddof=1) / np.sqrt(len(gap)) + 1e-3
    assert abs(gap.mean()) < 0.02
    shares = run(ordered, "ridge")["ridge"].fold[:, 0]
    rates = [ordered.outcome.events[shares == fold].mean() for fold in range(3)]
    assert np.ptp(rates) < 0.05


@pytest.mark.parametrize("name", ["ridge", "logistic"])
def test_a_permuted_outcome_gives_an_auc_of_a_half(draw, name):
    analysis, found = draw(n=150), []
    for seed in range(12):
        shuffled = np.random.default_rng(seed).permutation(analysis.outcome.events)
        permuted = replace(analysis, outcome=Outcome(shuffled))
        found.append(auc(permuted, run(permuted, name, seed=seed)[name]))
    assert np.mean(found) == pytest.approx(0.5, abs=0.045)


def test_a_candidate_that_separates_is_named_and_the_others_go_on(draw):
    analysis = draw()
    analysis.values["v0"][:] = analysis.outcome.events + 0.1 * analysis.values["v2"]
    found = run(analysis, "logistic", "ridge")
    assert "separate" in found["logistic"].failure or "perfectly" in found["logistic"].failure
    assert np.isnan(found["logistic"].probability).all()
    assert found["ridge"].failure == ""
    assert np.isfinite(found["ridge"].probability).all()


def test_too_few_events_inside_a_training_fold_are_named(draw):
    analysis = draw(n=40)
    events = np.zeros(40)
    events[[4, 17]] = 1
    found = run(replace(analysis, outcome=Outcome(events)), "ridge")
    assert "the rarer outcome occurs in 1 patients" in found["ridge"].failure
    assert np.isfinite(found["prevalence"].probability).all()
    assert found["ridge"].fold.max() == 1  # two people with the outcome allow two folds


def test_a_single_event_allows_no_fold(draw):
    analysis = draw(n=40)
    events = np.zeros(40)
    events[4] = 1
    with pytest.raises(InvalidInputError, match="needs at least 2"):
        run(replace(analysis, outcome=Outcome(events)), "ridge")


def test_a_variable_without_variation_leaves_a_comparator_at_the_average(draw):
    analysis = draw()
    analysis.values["v3"][:] = 20.0
    found = run(analysis, "ridge")
    y, severity = analysis.outcome.events, found["severity"]
    for fold in range(3):
        held = severity.fold[:, 0] == fold
        np.testing.assert_allclose(severity.probability[held, 0], y[~held].mean(), atol=1e-6)


def test_severity_that_was_never_asked_leaves_everybody_one_curve(draw):
    analysis = draw(task="relapse")
    analysis.values["v3"][:] = np.nan
    found = run(analysis, "cox_ridge")
    assert found["severity_cox"].failure == ""
    assert not found["severity_cox"].margin.any()
    average = found["kaplan_meier"].probability
    np.testing.assert_allclose(found["severity_cox"].probability, average, atol=1e-9)


@pytest.mark.parametrize("name", ["cox_ridge", "xgboost_cox"])
def test_relapse_risks_rise_with_time_and_follow_the_margin(draw, name):
    analysis = draw(task="relapse", n=150)
    found = run(analysis, name)[name]
    assert found.probability.shape == (150, 1, 7)
    assert (np.diff(found.probability[:, 0], axis=1) >= 0).all()
    for fold in range(3):
        held = found.fold[:, 0] == fold
        margins, risks = found.margin[held, 0], found.probability[held, 0, 3]
        assert (np.diff(risks[np.argsort(margins)]) >= -1e-12).all()


def test_processes_do_not_change_the_numbers(draw):
    analysis = draw()
    one = run(analysis, "ridge")["ridge"]
    with parallel_config(backend="threading"):  # as processes, without the time to start them
        two = run(analysis, "ridge", jobs=3)["ridge"]
    np.testing.assert_array_equal(one.probability, two.probability)


def test_another_seed_gives_other_folds(draw):
    analysis = draw()
    one, two = (run(analysis, "ridge", seed=seed)["ridge"] for seed in (1, 2))
    assert (one.fold != two.fold).any()
    again = run(analysis, "ridge", seed=1)["ridge"]
    np.testing.assert_array_equal(one.probability, again.probability)


@pytest.mark.parametrize("key", ["folds", "inner_folds", "repeats"])
def test_resampling_refuses_too_little(key):
    with pytest.raises(ValueError, match=key):
        Resampling(**{key: 0})


def test_who_reads_what(draw):
    analysis = draw()
    assert analysis.read_by(LINES["ridge"]) == analysis.variables
    assert analysis.read_by(LINES["logistic"]) == analysis.declared
    assert analysis.read_by(LINES["severity"]) == analysis.severity
    assert (analysis.task, draw(task="relapse").task) == ("response", "relapse")


def outside_of(analysis, n):
    """The first people once more, as if nothing were known of their outcome."""
    return replace(analysis, outside={v: a[:n].copy() for v, a in analysis.values.items()})


@pytest.mark.parametrize(
    ("task", "names"), [("response", ("ridge", "xgboost")), ("relapse", ("cox_ridge",))]
)
def test_people_outside_are_predicted_by_every_fold_and_change_nothing(draw, task, names):
    analysis, resampling = draw(task=task), Resampling(folds=3, repeats=2, inner_folds=3)
    alone = run(analysis, *names, resampling=resampling)
    found = run(outside_of(analysis, 120), *names, resampling=resampling)
    for name, with_others in found.items():
        np.testing.assert_array_equal(with_others.margin, alone[name].margin)
        np.testing.assert_array_equal(with_others.probability, alone[name].probability)
        assert with_others.outside.margin.shape == (120, 2)
        assert with_others.outside.probability.shape == alone[name].probability.shape
        assert alone[name].outside.margin.size == 0
    held_out, mean = found[names[0]].margin, found[names[0]].outside.margin
    # two of three folds saw the person: the mean is near to, and not, the held-out margin
    assert np.corrcoef(held_out.mean(axis=1), mean.mean(axis=1))[0, 1] > 0.8
    assert not np.allclose(held_out, mean)


def test_what_folds_say_of_people_outside_is_averaged_on_the_margin(draw):
    analysis = outside_of(draw(), 7)
    found = run(analysis, "ridge")["ridge"]
    rng = np.random.default_rng(7)
    y = analysis.outcome.events
    splits = folds(y, groups=analysis.groups, n_splits=3, n_repeats=1, rng=rng)
    held = [
        cv.hold_out(analysis, tried("ridge"), split, 3, child)
        for split, child in zip(splits, rng.spawn(3), strict=True)
    ]
    margins = [one["ridge"].outside.margin for one in held]
    # the severity comparator is not among `tried`, and draws nothing
    np.testing.assert_allclose(found.outside.margin[:, 0], sum(margins) / 3, rtol=1e-12)
    expected = 1 / (1 + np.exp(-sum(margins) / 3))
    np.testing.assert_allclose(found.outside.probability[:, 0], expected, rtol=1e-12)
    averages = [one["prevalence"].outside.probability for one in held]
    assert all(np.ptp(each) == 0 and each.shape == (7,) for each in averages)


def test_a_learner_that_fails_says_nothing_of_people_outside(draw):
    analysis = outside_of(draw(n=40), 5)
    events = np.zeros(40)
    events[[4, 17]] = 1
    found = run(replace(analysis, outcome=Outcome(events)), "ridge")
    assert found["ridge"].failure != ""
    assert found["ridge"].outside.margin.size == 0
    assert found["prevalence"].outside.margin.shape == (5, 1)


def test_what_is_said_of_people_outside_is_kept_and_read_again(draw, tmp_path):
    analysis = outside_of(draw(), 5)
    kept = Work(1, tmp_path)
    first, again = (
        cross_validate(analysis, tried("ridge"), QUICK, rng=np.random.default_rng(7), work=work)
        for work in (kept, kept)
    )
    np.testing.assert_array_equal(
        first["ridge"].outside.probability, again["ridge"].outside.probability
    )
