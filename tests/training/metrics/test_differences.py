"""Standardised differences by hand, and against tableone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tableone import TableOne

from predictor.errors import InvalidInputError
from training.metrics import MeasureUndefinedError
from training.metrics.differences import smd_of_levels, smd_of_numbers


def test_numbers_by_hand():
    # means 40 and 30, sample variances 100 and 300: 10 / sqrt(200)
    assert smd_of_numbers([30, 40, 50], [10, 40, 40]) == pytest.approx(10 / 200**0.5)


def test_higher_values_in_the_first_group_are_above_zero():
    assert smd_of_numbers([1, 2], [0, 1]) == -smd_of_numbers([0, 1], [1, 2]) > 0


def test_two_levels_by_hand():
    # shares 0.6 and 0.2: 0.4 / sqrt((0.24 + 0.16) / 2)
    first, second = [1, 1, 1, 0, 0], [1, 0, 0, 0, 0]
    assert smd_of_levels(first, second) == pytest.approx(0.4 / 0.2**0.5)


def test_three_levels_by_hand():
    # shares (.5 .3 .2) and (.2 .3 .5); without the first level d = (0, -.3),
    # S = [[.21, -.105], [-.105, .205]]; det = .032025; d' S^-1 d = .09 * .21 / .032025
    first = np.repeat([0, 1, 2], [5, 3, 2])
    second = np.repeat([0, 1, 2], [2, 3, 5])
    assert smd_of_levels(first, second) == pytest.approx((0.0189 / 0.032025) ** 0.5)


@given(st.permutations([0, 1, 2, 3]))
def test_names_and_order_of_levels_do_not_matter(order):
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 4, 60), rng.integers(1, 4, 50)
    renamed = np.array(order)
    assert smd_of_levels(renamed[first], renamed[second]) == pytest.approx(
        smd_of_levels(first, second), abs=1e-12
    )


# tableone 0.9.6 writes its row "n" in a way that pandas 4 will refuse
@pytest.mark.filterwarnings("ignore:Setting a new row on a DataFrame with a MultiIndex")
def test_tableone_gives_the_same():
    rng = np.random.default_rng(4)
    group = np.repeat(["first", "second"], [70, 50])
    people = pd.DataFrame(
        {
            "number": rng.normal(10, 2, 120) + (group == "first"),
            "level": rng.choice(["a", "b", "c"], 120, p=[0.5, 0.3, 0.2]),
            "group": group,
        }
    )
    theirs = TableOne(
        people, columns=["number", "level"], categorical=["level"], groupby="group", smd=True,
        pval=False,
    ).smd_table.iloc[:, 0].astype(float)  # fmt: skip
    codes = people["level"].map({"a": 0, "b": 1, "c": 2}).to_numpy()
    is_first = group == "first"
    numbers = people["number"].to_numpy()
    ours = smd_of_numbers(numbers[is_first], numbers[~is_first])
    assert -theirs["number"] == pytest.approx(ours, abs=1e-9)  # second less first
    levels = smd_of_levels(codes[is_first], codes[~is_first])
    assert theirs["level"] == pytest.approx(levels, abs=1e-9)


@pytest.mark.parametrize(
    ("measure", "first", "second", "reason"),
    [
        (smd_of_numbers, [1, 1], [2, 2], "nobody differs"),
        (smd_of_numbers, [1], [2, 3], "fewer than two"),
        (smd_of_levels, [1, 1], [1, 1], "same level"),
        (smd_of_levels, [1, 2], [3, 4], "no level occurs in both"),
    ],
)
def test_what_has_no_value_says_why(measure, first, second, reason):
    with pytest.raises(MeasureUndefinedError, match=reason):
        measure(first, second)


def test_a_missing_answer_is_refused():
    with pytest.raises(InvalidInputError, match="missing"):
        smd_of_numbers([1, np.nan], [1, 2])
