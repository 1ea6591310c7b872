"""Columns of X: what is learned from training rows and how answers become numbers."""

from __future__ import annotations

import numpy as np
import pytest

from predictor.dictionary import Variable
from predictor.encoding import Column, Encoding

NAN = np.nan
VARIABLES = (
    Variable("age", "Age", "number", "g", "s", hard_range=(0, 110)),
    Variable("crp", "CRP", "number", "g", "s", hard_range=(0, 500), transform="log1p"),
    Variable("sex", "Sex", "category", "g", "s", levels=("female", "male", "other")),
    Variable("empty", "Empty", "number", "g", "s", hard_range=(0, 1)),
    Variable("same", "Same", "yes_no", "g", "s"),
    Variable("tms", "TMS", "yes_no", "g", "s"),
)
VALUES = {
    "age": np.array([20.0, 30.0, NAN, 50.0]),
    "crp": np.array([0.0, np.e - 1, NAN, 0.0]),
    "sex": np.array([1.0, 0.0, 1.0, NAN]),
    "empty": np.full(4, NAN),
    "same": np.array([1.0, 1.0, NAN, 1.0]),
    "tms": np.array([0.0, 1.0, 0.0, NAN]),
}


@pytest.fixture(scope="module")
def encoding() -> Encoding:
    return Encoding.fit(VALUES, VARIABLES)


def test_the_most_frequent_level_is_the_reference_and_unseen_levels_get_no_column(encoding):
    assert encoding.columns == (
        Column("age"),
        Column("crp", transform="log1p"),
        Column("sex", level=0),
        Column("tms"),
    )
    assert encoding.variables == ("age", "crp", "sex", "tms")
    assert encoding.seen == (("sex", (0, 1)),)


def test_variables_with_nothing_to_learn_from_are_named(encoding):
    assert dict(encoding.dropped) == {
        "empty": "never answered",
        "same": "the same answer in everybody",
    }


def test_values_are_encoded_as_by_hand(encoding):
    expected = [[20, 0, 0, 0], [30, 1, 1, 1], [NAN, NAN, 0, 0], [50, 0, NAN, NAN]]
    np.testing.assert_allclose(encoding.transform(VALUES), expected, rtol=1e-15)


def test_a_row_alone_gives_the_bits_it_gives_among_others(encoding):
    together = encoding.transform(VALUES)
    for i in range(4):
        alone = encoding.transform({k: v[i : i + 1] for k, v in VALUES.items()})
        np.testing.assert_array_equal(alone, together[i : i + 1])


def test_only_a_level_nobody_had_is_unseen(encoding):
    values = VALUES | {"sex": np.array([0.0, 1.0, 2.0, NAN])}
    assert np.argwhere(encoding.unseen(values)).tolist() == [[2, 2]]


def test_columns_are_summed_to_variables():
    encoding = Encoding((Column("sex", 1), Column("sex", 2), Column("age")))
    assert encoding.owner().tolist() == [0, 0, 1]
    summed = encoding.by_variable(np.array([[1.0, 2.0, 4.0], [0.5, -0.5, 8.0]]))
    assert summed.tolist() == [[3.0, 4.0], [0.0, 8.0]]


def test_columns_of_one_variable_stand_together():
    with pytest.raises(ValueError, match="stand together"):
        Encoding((Column("sex", 1), Column("age"), Column("sex", 2)))


def test_no_column_gives_a_matrix_without_columns():
    encoding = Encoding(())
    assert encoding.transform(VALUES).shape == (4, 0)
    assert encoding.unseen(VALUES).shape == (4, 0)
    assert encoding.transform({}).shape == (0, 0)


def test_the_encoding_survives_json(encoding):
    assert Encoding.from_dict(encoding.to_dict()) == encoding


CUT = Encoding.fit(VALUES, VARIABLES, {"age": (30.0, 60.0), "crp": (1.0,), "sex": (1.0,)})


def test_a_cut_has_a_column_behind_the_value_where_it_divides_the_answers():
    assert CUT.columns == (
        Column("age"),
        Column("age", cut=30.0),  # nobody is 60
        Column("crp", transform="log1p"),
        Column("crp", cut=1.0),
        Column("sex", level=0),  # a category has levels, no cuts
        Column("tms"),
    )
    # from the cut on, on the scale of the answers; e - 1 is above 1
    expected = [[20, 0, 0, 0], [30, 1, 1, 1], [NAN, NAN, NAN, NAN], [50, 1, 0, 0]]
    np.testing.assert_allclose(CUT.transform(VALUES)[:, :4], expected, rtol=1e-15)


def test_contributions_of_value_and_cut_are_one_variable():
    parts = np.arange(6.0)[None]
    assert CUT.by_variable(parts).tolist() == [[0 + 1, 2 + 3, 4, 5]]


def test_cuts_come_back_and_what_was_written_before_them_is_read(encoding):
    assert Encoding.from_dict(CUT.to_dict()) == CUT
    assert encoding.to_dict()["columns"] == [
        ["age", -1, "none"], ["crp", -1, "log1p"], ["sex", 0, "none"], ["tms", -1, "none"]
    ]  # fmt: skip
    assert CUT.to_dict()["columns"][1] == ["age", -1, "none", 30.0]
