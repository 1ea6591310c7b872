"""The weighted mean of two margins: by hand, exact sums, refusals, round trip."""

import numpy as np
import pytest

from predictor.blended import Blended
from predictor.boosted import MAX_SLOTS, Boosted, LeafConditions
from predictor.linear import Linear

LINEAR = Linear(np.array([2.0, -1.0, 0.5]), np.array([10.0, 0.5, 0.0]), 0.2)


def stump(low=-0.5, high=1.5, cut=3.0, share=0.25):
    """One tree: `low` below the cut, `high` from it on; a share of the cohort lies above."""
    mean = (1 - share) * low + share * high
    none = [-1] * (MAX_SLOTS - 1)
    conditions = LeafConditions(
        feature=np.array([[0, *none], [0, *none]], dtype=np.int16),
        lower=np.array([[-np.inf] * MAX_SLOTS, [cut] * MAX_SLOTS], dtype=np.float32),
        upper=np.array([[cut] * MAX_SLOTS, [np.inf] * MAX_SLOTS], dtype=np.float32),
        missing_ok=np.array([[True] * MAX_SLOTS, [False] * MAX_SLOTS]),
        n_columns=1,
    )
    # Shapley value of the only column: what its leaf gives, less what it gives on average
    table = np.array([-(1 - share) * low, share * low, -share * high, (1 - share) * high])
    return Boosted(
        conditions=conditions,
        value=np.array([low, high]),
        intercept=0.0,
        table=table,
        path_table=table,
        base=mean,
        path_base=mean,
    )


def blend(weight=0.25):
    return Blended(LINEAR, stump(), np.array([1]), weight)


X = np.array([[11.0, 5.0, 2.0], [10.0, 0.5, 0.0]])


def test_margin_and_contributions_by_hand():
    linear = [0.2 + 2.0 - 4.5 + 1.0, 0.2]
    trees = [1.5, -0.5]
    expected = [0.75 * a + 0.25 * b for a, b in zip(linear, trees, strict=True)]
    np.testing.assert_allclose(blend().margin(X), expected, atol=1e-12)
    assert blend().base == pytest.approx(0.75 * 0.2 + 0.25 * 0.0)
    shared = [[0.75 * 2.0, 0.75 * -4.5 + 0.25 * 1.5, 0.75 * 1.0], [0.0, 0.25 * -0.5, 0.0]]
    np.testing.assert_allclose(blend().contributions(X), shared, atol=1e-12)


def test_the_disagreement_is_the_variance_of_a_mixture():
    rng = np.random.default_rng(0)
    linear, trees = LINEAR.margin(X), stump().margin(X[:, [1]])
    drawn = np.where(rng.random((200_000, 1)) < 0.25, trees, linear)
    np.testing.assert_allclose(blend().disagreement(X), drawn.var(axis=0), rtol=0.02)


def test_the_level_of_a_log_hazard_is_no_disagreement():
    moved = Linear(LINEAR.coefficients, LINEAR.means, LINEAR.intercept + 5.0)
    shifted = Blended(moved, stump(), np.array([1]), 0.25)
    np.testing.assert_allclose(
        shifted.disagreement(X, levels=False), blend().disagreement(X, levels=False), atol=1e-12
    )
    # bases 0.2 and 0.0; margins from them −1.5, 0 and 1.5, −0.5
    np.testing.assert_allclose(
        blend().disagreement(X, levels=False), 0.25 * 0.75 * np.array([3.0, -0.5]) ** 2, atol=1e-12
    )
    apart = np.array([1.5 - 3.7, -0.5 - 5.2])
    np.testing.assert_allclose(shifted.disagreement(X), 0.25 * 0.75 * apart**2, atol=1e-12)


@pytest.mark.parametrize(("weight", "part"), [(0.0, "linear"), (1.0, "trees")])
def test_at_the_ends_one_part_speaks_alone(weight, part):
    found = blend(weight).margin(X)
    alone = LINEAR.margin(X) if part == "linear" else stump().margin(X[:, [1]])
    np.testing.assert_allclose(found, alone, atol=1e-12)
    assert not blend(weight).disagreement(X).any()


@pytest.mark.parametrize("weight", [-0.1, 1.1, np.nan])
def test_a_weight_that_is_no_share_is_refused(weight):
    with pytest.raises(ValueError, match="share between 0 and 1"):
        blend(weight)


@pytest.mark.parametrize("places", [[3], [-1], [0, 1]])
def test_places_that_do_not_fit_are_refused(places):
    with pytest.raises(ValueError, match="columns of the linear learner"):
        Blended(LINEAR, stump(), np.array(places), 0.5)


def test_arrays_round_trip():
    again = Blended.from_arrays(blend().to_arrays())
    np.testing.assert_array_equal(again.margin(X), blend().margin(X))
    assert again.weight == 0.25
