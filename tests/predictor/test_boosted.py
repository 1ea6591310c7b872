"""Boosted trees by hand: two stumps and one leaf that asks about one column twice."""

import subprocess
import sys

import numpy as np
import pytest

from predictor.boosted import Boosted, BoostedEnsemble, LeafConditions

INF = np.inf


def _by_hand() -> Boosted:
    """Column 0: below 1 (or missing) gives -1, else +3. Columns 0 and 2 together give 2.

    The third leaf is reached where column 0 lies in [0, 2) and column 2 is at least 0.5 or missing.
    Its cohort: half the people satisfy both slots, half satisfy only the first. Of the cohort three
    quarters are below 1 in column 0.
    """
    pad = (-1, INF, -INF, False)
    slots = [
        [(0, -INF, 1.0, True), pad, pad, pad],
        [(0, 1.0, INF, False), pad, pad, pad],
        [(0, 0.0, 2.0, False), (2, 0.5, INF, True), pad, pad],
    ]
    feature, lower, upper, missing_ok = (
        np.array([[slot[part] for slot in leaf] for leaf in slots]) for part in range(4)
    )
    # slot of stump "-1": passing -1·(1 - 3/4), failing -1·(0 - 3/4); of "+3" likewise.
    # Third leaf, v = 2. Reference "both": missing slot i alone costs 2, both missing cost 1 each.
    # Reference "first only": the leaf needs column 2 from the row.
    #   pattern 0: both: -1, -1; first only: 0, 0       -> means -0.5, -0.5
    #   pattern 1: both: 0, -2;  first only: 0, 0       -> means 0, -1
    #   pattern 2: both: -2, 0;  first only: A={2}, B={0}: +1 for column 2, -1 for column 0
    #                                                    -> means -1.5, 0.5
    #   pattern 3: both: 0, 0;   first only: 0, 2       -> means 0, 1
    table = [0.75, -0.25, -0.75, 2.25, -0.5, 0.0, -1.5, 0.0, -0.5, -1.0, 0.5, 1.0]
    # Cover: column 0 in the third leaf 0.5, column 2 0.25: φ0 = 2 (s0 - .5)(s2 + .25)/2, …
    path = [0.5, -0.5, -1.5, 1.5, -0.125, 0.125, -0.625, 0.625, -0.375, -0.75, 0.375, 0.75]
    path[8:] = [
        2 * (0 - 0.25) * (0 + 0.5) / 2,
        2 * (0 - 0.25) * (1 + 0.5) / 2,
        2 * (1 - 0.25) * (0 + 0.5) / 2,
        2 * (1 - 0.25) * (1 + 0.5) / 2,
    ]
    return Boosted(
        conditions=LeafConditions(
            feature=feature.astype(np.int32),
            lower=lower.astype(np.float32),
            upper=upper.astype(np.float32),
            missing_ok=missing_ok.astype(np.bool_),
            n_columns=4,
        ),
        value=np.array([-1.0, 3.0, 2.0]),
        intercept=0.1,
        table=np.array(table),
        path_table=np.array(path),
        base=0.1 - 0.75 + 0.75 + 1.0,
        path_base=0.1 - 0.5 + 1.5 + 2 * 0.5 * 0.25,
    )


ROWS = np.array(
    [
        [0.5, 9.0, 0.7, 0.0],  # below 1; both slots of the third leaf
        [1.0, 9.0, 0.4, 0.0],  # exactly on 1 goes right; first slot only
        [np.nan, 9.0, np.nan, 0.0],  # missing goes left; not in [0, 2), second slot by missing
        [2.0, 9.0, -1.0, 0.0],  # exactly on 2 is outside [0, 2); no slot
    ]
)
MARGINS = np.array([0.1 - 1 + 2, 0.1 + 3, 0.1 - 1, 0.1 + 3])


def test_margins_are_the_leaves_reached():
    assert _by_hand().margin(ROWS) == pytest.approx(MARGINS)


def test_contributions_are_the_table_at_the_pattern_of_the_row():
    expected = np.zeros((4, 4))
    expected[:, 0] = [-0.25 - 0.75 + 0.0, 0.75 + 2.25 + 0.0, -0.25 - 0.75 - 1.5, 0.75 + 2.25 - 0.5]
    expected[:, 2] = [1.0, -1.0, 0.5, -0.5]
    assert _by_hand().contributions(ROWS) == pytest.approx(expected)


def test_contributions_add_up_to_the_margin():
    model = _by_hand()
    assert model.base + model.contributions(ROWS).sum(axis=1) == pytest.approx(MARGINS)
    assert model.path_base + model.path_contributions(ROWS).sum(axis=1) == pytest.approx(MARGINS)


def test_path_contributions_follow_the_cover():
    expected = [-0.5 - 1.5 + 0.625, 0.5 + 1.5 + 0.125, -0.5 - 1.5 - 0.625, 0.5 + 1.5 - 0.125]
    assert _by_hand().path_contributions(ROWS)[:, 0] == pytest.approx(expected)


def test_a_threshold_is_compared_in_float32():
    third = np.float32(1 / 3)
    model = _by_hand()
    conditions = model.conditions
    upper, lower = conditions.upper.copy(), conditions.lower.copy()
    upper[0, 0] = lower[1, 0] = third
    arrays = model.to_arrays() | {"upper": upper, "lower": lower}
    row = np.array([[1 / 3, 0.0, 0.0, 0.0]])  # below the float32 third, but rounds to it: right
    assert row[0, 0] < float(third)
    assert Boosted.from_arrays(arrays).margin(row) == pytest.approx([3.1])


def test_one_row_is_scored_as_among_many():
    model = _by_hand()
    many = np.random.default_rng(3).normal(size=(200_000, 4))
    margin, shares = model.margin(many), model.contributions(many)
    for row in (0, 1, 87_381, 131_072, 199_999):
        assert model.margin(many[row : row + 1])[0] == margin[row]
        assert np.array_equal(model.contributions(many[row : row + 1])[0], shares[row])


def test_no_rows_give_no_margins():
    model = _by_hand()
    assert model.margin(np.empty((0, 4))).shape == (0,)
    assert model.contributions(np.empty((0, 4))).shape == (0, 4)


def test_arrays_keep_the_model():
    model = _by_hand()
    again = Boosted.from_arrays(model.to_arrays())
    assert again.n_columns == model.n_columns == 4
    assert np.array_equal(again.margin(ROWS), model.margin(ROWS))
    assert np.array_equal(again.contributions(ROWS), model.contributions(ROWS))
    assert np.array_equal(again.path_contributions(ROWS), model.path_contributions(ROWS))
    assert (again.base, again.path_base) == (model.base, model.path_base)
    for name, array in again.to_arrays().items():
        assert array.dtype == model.to_arrays()[name].dtype


def test_tables_of_another_length_are_refused():
    arrays = _by_hand().to_arrays()
    with pytest.raises(ValueError, match="tables of 12 values"):
        Boosted.from_arrays(arrays | {"table": arrays["table"][:-1]})


@pytest.mark.parametrize("rows", [np.zeros(4), np.zeros((2, 3))])
def test_rows_of_another_width_are_refused(rows):
    with pytest.raises(ValueError, match="fitted on 4 columns"):
        _by_hand().margin(rows)


def _refits_by_hand() -> BoostedEnsemble:
    """Three refits of two, no and one tree; depth two.

    Tree 0: column 0 below 1 (missing left) → column 1 below 0 (missing right): 1 or 2; else 4.
    Tree 1: a single leaf, 0.5. Tree 2: column 1 below 0.25 (missing left): -8, else 8.
    """
    return BoostedEnsemble(
        feature=np.array([[0, 1, 0], [0, 0, 0], [1, 0, 0]], dtype=np.int16),
        threshold=np.array([[1, 0, INF], [INF, INF, INF], [0.25, INF, INF]], dtype=np.float32),
        missing_left=np.array([[1, 0, 1], [1, 1, 1], [1, 1, 1]], dtype=np.bool_),
        value=np.array([[1, 2, 4, 4], [0.5] * 4, [-8, -8, 8, 8]], dtype=np.float32),
        intercept=np.array([0.0, 7.0, 1.0]),
        n_trees=np.array([2, 0, 1], dtype=np.int32),
        n_columns=2,
    )


def test_refits_give_one_margin_each():
    rows = np.array([[0.0, -1.0], [np.nan, np.nan], [1.0, 0.25], [np.inf, 0.0]])
    expected = [[1.5, 7.0, -7.0], [2.5, 7.0, -7.0], [4.5, 7.0, 9.0], [4.5, 7.0, -7.0]]
    assert _refits_by_hand().margins(rows) == pytest.approx(np.array(expected))


def test_refits_without_trees_give_their_intercepts():
    ensemble = BoostedEnsemble(
        feature=np.zeros((0, 0), dtype=np.int16),
        threshold=np.zeros((0, 0), dtype=np.float32),
        missing_left=np.zeros((0, 0), dtype=np.bool_),
        value=np.zeros((0, 1), dtype=np.float32),
        intercept=np.array([0.25, -1.0]),
        n_trees=np.zeros(2, dtype=np.int32),
        n_columns=3,
    )
    assert ensemble.margins(np.zeros((2, 3))).tolist() == [[0.25, -1.0], [0.25, -1.0]]


def test_arrays_keep_the_refits():
    ensemble = _refits_by_hand()
    again = BoostedEnsemble.from_arrays(ensemble.to_arrays())
    rows = np.random.default_rng(5).normal(size=(50, 2))
    assert np.array_equal(again.margins(rows), ensemble.margins(rows))
    for name, array in again.to_arrays().items():
        assert array.dtype == ensemble.to_arrays()[name].dtype


def test_scoring_trees_needs_numpy_alone():
    program = (
        "import sys; before = set(sys.modules); import predictor.boosted\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['numpy', 'predictor']"
