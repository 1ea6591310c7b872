"""Combinations of answers: distances against direct formulas, and what a score says of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predictor import support as module
from predictor.bundle import read_bundle, write_bundle
from predictor.cli.describing import describe
from predictor.imputation import GaussianImputation
from predictor.report import render_page
from predictor.scoring import Scorer
from predictor.support import FURTHEST, JointSupport
from predictor.uncertainty import WIDER_PER_VARIABLE


def support_of(rng, p, *, limit=2.5, pair_limit=3.0):
    """Draw a distribution in which one column is constant, and two pairs."""
    loadings = rng.normal(size=(p, 3)) * 0.7 + 0.3
    covariance = loadings @ loadings.T + np.eye(p)
    covariance[-1] = covariance[:, -1] = 0.0
    distribution = GaussianImputation(rng.normal(size=p), covariance)
    pairs, correlation = np.array([[0, 1], [2, 4]]), np.array([0.6, -0.5])
    return JointSupport(distribution, limit, pairs, correlation, pair_limit)


def squared(support, row):
    """The squared distance of one row, from the answered columns alone."""
    distribution = support.distribution
    sd = np.sqrt(np.diag(distribution.covariance))
    answered = np.flatnonzero(~np.isnan(row) & (sd > 0))
    z = (row[answered] - distribution.means[answered]) / sd[answered]
    within = (
        distribution.covariance[np.ix_(answered, answered)]
        / np.outer(sd, sd)[np.ix_(answered, answered)]
    )
    return z @ np.linalg.solve(within, z), len(answered)


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_the_distance_of_any_pattern_is_that_of_its_answered_columns(seed):
    rng = np.random.default_rng(seed)
    support = support_of(rng, 7)
    row = support.distribution.means + rng.normal(size=7) * 0.5  # nothing beyond three SDs
    row[rng.random(7) < 0.4] = np.nan
    d2, k = squared(support, row)
    expected = ((d2 / k) ** (1 / 3) - (1 - 2 / (9 * k))) / np.sqrt(2 / (9 * k)) if k else 0.0
    assert support.distances(row[None, :])[0] == pytest.approx(expected, rel=1e-7, abs=1e-7)


def test_distances_of_normal_people_are_nearly_standard_normal():
    rng = np.random.default_rng(2)
    support = support_of(rng, 12)
    people = rng.multivariate_normal(
        support.distribution.means, support.distribution.covariance, size=4000
    )
    people[rng.random(people.shape) < 0.3] = np.nan
    found = support.distances(people)
    assert found.mean() == pytest.approx(0.0, abs=0.06)
    assert found.std() == pytest.approx(1.0, abs=0.06)


def test_the_distance_of_two_answers_by_hand():
    two = GaussianImputation(np.array([10.0, 0.0]), np.diag([4.0, 1.0]))
    support = JointSupport(two, 9.0, np.array([[0, 1]]), np.array([0.6]), 3.0)
    rows = np.array([[14.0, -1.0], [14.0, 2.0], [14.0, np.nan], [90.0, 0.0]])
    # SDs from the mean: (2, −1), (2, 2), (2, missing), (40 taken as 3, 0)
    expected = [(1 + 0.6 * 2) / 0.8, (2 - 0.6 * 2) / 0.8, 0.0, 0.6 * FURTHEST / 0.8]
    assert support.pair_distances(rows)[:, 0] == pytest.approx(expected)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_the_variable_named_is_the_one_without_which_the_distance_falls_most(seed):
    rng = np.random.default_rng(seed)
    support = replace(support_of(rng, 7, limit=-9.0), pairs=np.empty((0, 2), dtype=np.intp),
                      correlation=np.empty(0))  # fmt: skip
    owner = np.array([0, 0, 1, 2, 3, 3, 4])
    row = support.distribution.means + rng.normal(size=7) * 0.5
    row[rng.integers(0, 6)] = np.nan
    without = {}
    for variable in set(owner[~np.isnan(row)].tolist()) - {4}:
        less = np.where(owner == variable, np.nan, row)
        without[variable] = squared(support, less)[0]
    named = support.unusual(row[None, :], owner)[0]
    assert named.tolist() == [min(without, key=without.get), -1]


def test_a_person_alone_is_judged_as_in_a_file(monkeypatch):
    rng = np.random.default_rng(4)
    support = support_of(rng, 9, limit=1.0, pair_limit=1.5)
    X = support.distribution.means + rng.normal(size=(50, 9)) * 1.5
    X[rng.random(X.shape) < 0.3] = np.nan
    owner, together = np.arange(9), support.distances(X)
    named = support.unusual(X, owner)
    assert {tuple(row >= 0) for row in named} == {(True, True), (True, False), (False, False)}
    monkeypatch.setattr(module, "_ROWS", 7)
    np.testing.assert_array_equal(support.unusual(X, owner), named)
    for i in range(50):
        assert support.distances(X[i : i + 1])[0] == together[i]
        np.testing.assert_array_equal(support.unusual(X[i : i + 1], owner)[0], named[i])


def test_nothing_answered_is_never_unusual():
    support = support_of(np.random.default_rng(5), 6)
    empty = np.full((2, 6), np.nan)
    assert support.distances(empty).tolist() == [0.0, 0.0]
    assert (support.unusual(empty, np.arange(6)) == -1).all()


@pytest.mark.parametrize(
    "damage",
    [
        {"limits": np.array([np.nan, 1.0])},
        {"limits": np.array([1.0])},
        {"pairs": np.array([[0.0, 9.0], [2.0, 4.0]])},
        {"pairs": np.array([[0.5, 1.0], [2.0, 4.0]])},
        {"pairs": np.array([[0.0, 1.0]])},
        {"correlation": np.array([1.0, 0.2])},
    ],
)
def test_arrays_come_back_and_damaged_ones_are_refused(damage):
    support = support_of(np.random.default_rng(6), 6)
    arrays = support.to_arrays()
    again = JointSupport.from_arrays(arrays)
    assert {k: v.tolist() for k, v in again.to_arrays().items()} == {
        k: v.tolist() for k, v in arrays.items()
    }
    with pytest.raises(ValueError, match="joint support"):
        JointSupport.from_arrays(arrays | damage)


AGE_AND_BMI = np.array([[0, 3]])


def scorer_with_joint(scorer: Scorer, *, limit=99.0, pair_limit=99.0) -> Scorer:
    """A scorer that knows that age and body mass index go together."""
    model = scorer.bundle.model
    sd = np.array([12.0, 0.5, 0.14, 5.0, 6.0, 2.0, 0.3, 0.7, 0.9, 0.46])
    distribution = GaussianImputation(model.uncertainty.means, np.diag(sd**2))
    joint = JointSupport(distribution, limit, AGE_AND_BMI, np.array([0.9]), pair_limit)
    return Scorer(replace(scorer.bundle, model=replace(model, joint=joint)))


@pytest.mark.parametrize("kind", ["linear", "cox", "boosted"])
def test_answers_that_contradict_are_a_caution_and_widen_the_interval(kind, scorers, candidate):
    person = candidate(age_years=66, bmi=20)
    plain = scorers[kind].bundle.model
    scorer = scorer_with_joint(scorers[kind], pair_limit=3.0)
    score = scorer.score(person)[0]
    assert [c["code"] for c in score.cautions] == ["unusual_combination"]
    message = score.cautions[0]["message"]
    assert "do not go together" in message
    labels = [scorer.bundle.dictionary[v].label for v in ("age_years", "bmi")]
    assert message.startswith(" and ".join(labels))
    codes = {k: np.array([v]) for k, v in _codes(scorer, person).items()}
    before, after = plain.assess(codes).sd[0], scorer.bundle.model.assess(codes).sd[0]
    assert after == pytest.approx((1 + WIDER_PER_VARIABLE) * before, rel=1e-12)
    assert message in render_page(score.to_dict(), scorer.bundle.dictionary)
    assert any(message in line.text for line in describe(score))
    calm = scorer.score(candidate(age_years=66, bmi=36))[0]
    assert not calm.cautions


def _codes(scorer, person):
    from predictor.rows import read_rows

    values = read_rows(person, scorer.bundle.dictionary).values
    return {v: values[v][0] for v in scorer.bundle.model.encoding.variables}


def test_answers_unusual_as_a_whole_name_the_one_that_fits_least(scorers, candidate):
    scorer = scorer_with_joint(scorers["linear"], limit=-5.0)
    caution = scorer.score(candidate(age_years=75))[0].cautions[0]
    assert (caution["code"], caution["variable"]) == ("unusual_combination", "age_years")
    assert "fits the other answers least" in caution["message"]


def test_an_answer_out_of_range_by_itself_is_not_said_twice(scorers, candidate):
    scorer = scorer_with_joint(scorers["linear"], pair_limit=3.0)
    cautions = scorer.score(candidate(age_years=85, bmi=20))[0].cautions
    assert [c["code"] for c in cautions] == ["out_of_support"]


def test_a_bundle_keeps_the_joint_support(scorers, candidate, tmp_path):
    scorer = scorer_with_joint(scorers["linear"], pair_limit=3.0)
    written = read_bundle(write_bundle(scorer.bundle, tmp_path / "one"))
    person = candidate(age_years=66, bmi=20)
    assert Scorer(written).score(person).to_dict() == scorer.score(person).to_dict()
