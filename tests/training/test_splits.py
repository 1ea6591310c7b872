"""Folds keep patients together, both outcomes everywhere, and forget the order of the rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predictor.errors import InvalidInputError
from training.splits import LeakError, feasible_folds, folds, require_disjoint


def split(y, groups=None, n_splits=5, n_repeats=1, seed=0):
    people = np.arange(len(y)).astype(str) if groups is None else groups
    rng = np.random.default_rng(seed)
    return folds(y, groups=people, n_splits=n_splits, n_repeats=n_repeats, rng=rng)


@given(
    st.lists(st.tuples(st.integers(0, 15), st.booleans()), min_size=30, max_size=80),
    st.integers(2, 4),
    st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_a_patient_is_never_on_both_sides(rows, n_splits, seed):
    groups = [f"p{patient}" for patient, _ in rows]
    y = np.array([happened for _, happened in rows], dtype=float)
    try:
        n_splits = feasible_folds(y, n_splits, groups=groups)
    except InvalidInputError:
        return
    tested = np.zeros(len(y), dtype=int)
    for one in split(y, groups, n_splits=n_splits, seed=seed):
        assert {groups[i] for i in one.train}.isdisjoint(groups[i] for i in one.test)
        assert sorted([*one.train, *one.test]) == list(range(len(y)))
        tested[one.test] += 1
    assert np.all(tested == 1)


def test_rows_ordered_by_outcome_give_folds_alike():
    y = np.repeat([0.0, 1.0], [70, 33])
    for one in split(y, n_splits=5, n_repeats=4):
        assert 6 <= y[one.test].sum() <= 7
        assert 20 <= len(one.test) <= 21


def test_folds_do_not_follow_the_order_of_the_rows():
    y = np.tile([0.0, 1.0], 500)
    for one in split(y, n_splits=5):
        # a fold in order would be one block or every fifth row; the mean gap of chance is about 5
        assert len(np.unique(np.diff(one.test))) > 8
        assert abs(one.test.mean() - 499.5) < 100


def test_repeats_differ_and_a_seed_repeats_itself():
    y = np.repeat([0.0, 1.0], 40)
    first, second = split(y, n_repeats=2), split(y, n_repeats=2)
    assert [(s.repeat, s.fold) for s in first] == [(r, f) for r in range(2) for f in range(5)]
    assert all(np.array_equal(a.test, b.test) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[0].test, first[5].test)
    assert not np.array_equal(first[0].test, split(y, seed=1)[0].test)


def test_every_fold_holds_both_outcomes_at_the_limit():
    y = np.repeat([0.0, 1.0], [90, 3])
    for one in split(y, n_splits=3, n_repeats=5):
        assert y[one.test].sum() == 1


def test_patients_of_many_rows_are_spread_over_folds():
    groups = np.repeat(["a", "b", "c", "d", "e", "f"], [30, 30, 30, 2, 2, 2])
    y = np.tile([0.0, 1.0], 48)
    y[np.isin(groups, ["c", "f"])] = 0.0
    sizes = [len(one.test) for one in split(y, groups, n_splits=2)]
    assert max(sizes) < 66


def test_more_folds_than_the_rarer_outcome_allows_are_refused_with_what_is_possible():
    y = np.repeat([0.0, 1.0], [50, 4])
    with pytest.raises(InvalidInputError, match="occurs in 4 patients; ask for at most 4"):
        split(y, n_splits=5)
    with pytest.raises(InvalidInputError, match="no split is possible"):
        split(np.repeat([0.0, 1.0], [9, 1]), n_splits=2)


def test_rarer_outcomes_are_counted_in_patients_not_rows():
    y, groups = np.array([1.0] * 10 + [0.0] * 10), ["a"] * 10 + list("bcdefghijk")
    with pytest.raises(InvalidInputError, match="in 1 patients"):
        split(y, groups, n_splits=2)


def test_feasible_folds():
    assert feasible_folds(np.repeat([0.0, 1.0], [50, 4]), 5) == 4
    assert feasible_folds(np.repeat([0.0, 1.0], [50, 40]), 5) == 5
    assert feasible_folds([0, 0, 1, 1, 1], 5, groups=["a", "b", "c", "c", "d"]) == 2
    with pytest.raises(InvalidInputError, match="occurs in 0 patients"):
        feasible_folds(np.zeros(10), 5)
    with pytest.raises(InvalidInputError, match="1 folds"):
        feasible_folds([0, 1], 1)


@pytest.mark.parametrize(
    ("y", "groups", "words"),
    [
        ([0.0, np.nan, 1.0], ["a", "b", "c"], "missing"),
        ([], [], "filled"),
        ([0.0, 1.0], ["a"], "1 patients"),
        ([0.0, 1.0], ["a", None], "patient_id"),
    ],
)
def test_faulty_input_is_refused(y, groups, words):
    with pytest.raises(InvalidInputError, match=words):
        split(np.array(y), groups, n_splits=2)


@pytest.mark.parametrize(("n_splits", "n_repeats"), [(1, 1), (2, 0)])
def test_too_few_folds_or_repeats_are_refused(n_splits, n_repeats):
    with pytest.raises(InvalidInputError, match="at least 2 and 1"):
        split([0, 0, 1, 1], n_splits=n_splits, n_repeats=n_repeats)


def test_a_shared_patient_is_a_leak():
    with pytest.raises(LeakError, match="1 patients"):
        require_disjoint(["a", "b", "a"], train=np.array([0, 1]), test=np.array([2]))
    require_disjoint(["a", "b", "c"], train=np.array([0, 1]), test=np.array([2]))
