"""Rows are counted where answers are read; a fit that reads others stops the run."""

import numpy as np
import pytest

import training.evaluation.cross_validation as cv
from training.evaluation import Resampling, cross_validate, procedure, training_rows
from training.evaluation.counting import Reads, count_rows
from training.learners import learner_named
from training.splits import LeakError, Split

RIDGE = learner_named("ridge", "response")
QUICK = Resampling(folds=3, repeats=2, inner_folds=4)


def run(analysis):
    return cross_validate(analysis, [RIDGE], QUICK, rng=np.random.default_rng(3))


def test_every_fit_is_counted(draw):
    """120 people: 80 trained on in each of 6 outer splits, 60 in each of 4 inner ones of both
    the ridge and the severity comparator."""
    found = run(draw(n=120))
    for result in found.values():
        assert [(s.training, s.read) for s in result.seen] == [(80, 80)] * 6
        assert [list(s.inner) for s in result.seen] == [[60] * 8] * 6
    sentinel = training_rows(found, 120)
    assert sentinel.passed
    assert sentinel.tested
    assert sentinel.detail == (
        "6 outer training sets read the answers of 80 of 120 people and 48 inner ones those of "
        "60: exactly their own, and of nobody whom they predict"
    )


def test_without_a_fit_nothing_is_claimed():
    assert not training_rows({}, 10).tested


@pytest.mark.parametrize(
    "everybody",
    [
        lambda values, variables: {v.id: values[v.id][:] for v in variables},
        lambda values, variables: {v.id: np.asarray(values[v.id]) for v in variables},
        lambda values, variables: {v.id: values[v.id].mean() for v in variables},
    ],
)
def test_a_step_that_reads_people_it_predicts_is_stopped(draw, monkeypatch, everybody):
    honest = procedure.prepare

    def leaky(values, variables, rows, **how):
        everybody(values, variables)
        return honest(values, variables, rows, **how)

    monkeypatch.setattr(procedure, "prepare", leaky)
    with pytest.raises(LeakError, match="answers of 40 people who are not among the 80 trained on"):
        run(draw(n=120))


def test_a_step_that_leaves_people_out_is_stopped(draw, monkeypatch):
    honest = procedure.inner_folds

    def short(values, variables, rows, outcome, splits, **how):
        found = honest(values, variables, rows, outcome, splits, **how)
        return [found[0], *found[:-1]] if len(splits[0].train) != len(splits[1].train) else found

    monkeypatch.setattr(procedure, "inner_folds", short)
    with pytest.raises(LeakError, match="a step was fitted to"):
        run(draw(n=121))


def test_a_fold_that_trains_on_whom_it_tests_is_stopped(draw, monkeypatch):
    def overlapping(y, **_):
        rows = np.arange(len(y))
        return [Split(0, 0, rows, rows[:40])]

    monkeypatch.setattr(cv, "folds", overlapping)
    with pytest.raises(LeakError, match="40 patients are on both sides"):
        run(draw(n=120))


def test_a_person_drawn_twice_is_one_person_read(draw):
    values = {"v0": np.arange(5.0)}
    reads = Reads(values, 5)
    assert list(reads) == ["v0"]
    assert len(reads) == 1
    rows = np.array([1, 1, 3])
    np.testing.assert_array_equal(reads["v0"][rows], [1, 1, 3])
    assert reads.seen.tolist() == [False, True, False, True, False]
    assert count_rows(reads, rows, [3], [(2, 2)]).read == 2
    with pytest.raises(LeakError, match="fitted to 2 rows where its training side has 3"):
        count_rows(reads, rows, [2], [])
    with pytest.raises(LeakError, match="fitted to 2 rows where its training side has 3"):
        count_rows(reads, np.array([1, 2, 3]), [3], [])
