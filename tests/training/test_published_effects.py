"""Published effects on encoded columns: worked out by hand on a few people."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.dictionary import Variable
from predictor.encoding import Encoding
from training.fitting import prepare
from training.published_effects import (
    PublishedEffect,
    cuts_of,
    groups_of,
    published_per_sd,
    slopes_of,
)

VARIABLES = (
    Variable("age", "Age", "number", "g", "s", hard_range=(0, 110)),
    Variable("sex", "Sex", "category", "g", "s", levels=("female", "male", "other")),
    Variable("anxiety", "Anxiety", "integer", "g", "s", hard_range=(0, 21)),
    Variable("months", "Months", "number", "g", "s", hard_range=(0, 500), transform="log1p"),
)
VALUES = {
    "age": np.array([20.0, 40.0, 60.0, np.nan]),
    "sex": np.array([0.0, 0.0, 1.0, 2.0]),
    "anxiety": np.array([0.0, 4.0, 10.0, 10.0]),
    "months": np.array([3.0, 24.0, 30.0, 60.0]),
}


def effect(variable, mean=0.5, *, group="C", **more):
    return PublishedEffect(variable, variable, mean, 0.2, group, group, **more)


def encoded(*effects):
    encoding = Encoding.fit(VALUES, VARIABLES, cuts_of(effects))
    return encoding, encoding.transform(VALUES)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (effect("age", per=10.0), [0.05, 0, 0, 0, 0]),
        # one standard deviation of 20, 40, 60 is the root of 800 / 3
        (effect("age", per=None), [0.5 / np.sqrt(800 / 3), 0, 0, 0, 0]),
        # 0, 4, 10, 10 up to 4 is 0, 4, 4, 4: covariance 6, variance 18
        (effect("anxiety", cap=4.0), [0, 0, 0, 0.5 * 6 / 18, 0]),
        (effect("sex", level=1), [0, 0.5, 0, 0, 0]),
        # the reference: everybody else lacks it
        (effect("sex", level=0), [0, -0.5, -0.5, 0, 0]),
        (effect("nobody"), [0, 0, 0, 0, 0]),
    ],
)
def test_an_effect_per_unit_of_its_column(one, expected):
    encoding, X = encoded(one)
    assert slopes_of(one, encoding, X) == pytest.approx(expected, abs=1e-15)


def test_a_level_that_nobody_has_carries_nothing():
    few = {k: v[:3] for k, v in VALUES.items()}
    encoding = Encoding.fit(few, VARIABLES)
    assert not slopes_of(effect("sex", level=2), encoding, encoding.transform(few)).any()


def test_a_dichotomy_stands_on_a_column_of_its_own():
    one = effect("months", cut=np.nextafter(24.0, np.inf))
    encoding, X = encoded(one)
    assert [c.cut for c in encoding.columns][-2:] == [None, one.cut]
    assert X[:, -1].tolist() == [0, 0, 1, 1]  # above 24, not from 24 on
    assert slopes_of(one, encoding, X).tolist() == [0, 0, 0, 0, 0, 0.5]


def test_effects_are_brought_to_the_scale_of_each_training_set():
    """The value of a coefficient times the SD of its column, whatever the rows."""
    effects = (effect("age", per=10.0, group="B"), effect("anxiety", -0.2), effect("sex", 0.0))
    assert groups_of(effects) == ("B", "C")
    for rows in ([0, 1, 2], [1, 2, 3]):
        prepared = prepare(VALUES, VARIABLES, np.array(rows), cuts=cuts_of(effects))
        found = published_per_sd(effects, prepared.encoding, prepared.X, prepared.scale)
        by_name = dict(zip(prepared.encoding.columns, found.tolist(), strict=True))
        age, anxiety = (
            next(v for c, v in by_name.items() if c.variable == n) for n in ("age", "anxiety")
        )
        assert age == pytest.approx([0.05 * prepared.complete[:, 0].std(), 0])
        assert anxiety == pytest.approx([0, -0.2 * VALUES["anxiety"][rows].std()])
        assert np.count_nonzero(found) == 2


@given(st.floats(0.01, 100), st.floats(-2, 2), st.sampled_from(["per", "sd", "cap", "cut"]))
def test_the_unit_of_a_variable_does_not_matter(factor, mean, how):
    """Months or years, milligrams or grams: the pull on a standardised column is the same."""
    found = []
    for scale in (1.0, factor):
        values = {"age": VALUES["age"] * scale}
        more = {
            "per": {"per": 10.0 * scale}, "sd": {"per": None},
            "cap": {"per": 10.0 * scale, "cap": 45.0 * scale}, "cut": {"cut": 30.0 * scale},
        }[how]  # fmt: skip
        effects = (effect("age", mean, **more),)
        prepared = prepare(values, VARIABLES[:1], np.arange(4), cuts=cuts_of(effects))
        here = published_per_sd(effects, prepared.encoding, prepared.X, prepared.scale)
        found.append([0.0] if here is None else here.ravel().tolist())
    assert found[0] == pytest.approx(found[1], rel=1e-6, abs=1e-9)


def test_a_cap_that_nobody_reaches_changes_nothing():
    free, capped = effect("age", per=10.0), effect("age", per=10.0, cap=60.0)
    encoding, X = encoded(free)
    assert slopes_of(capped, encoding, X) == pytest.approx(slopes_of(free, encoding, X))


def test_null_findings_alone_give_no_score():
    prepared = prepare(VALUES, VARIABLES, np.arange(4))
    nothing = (effect("age", 0.0),)
    assert published_per_sd(nothing, prepared.encoding, prepared.X, prepared.scale) is None
    assert published_per_sd((), prepared.encoding, prepared.X, prepared.scale) is None
