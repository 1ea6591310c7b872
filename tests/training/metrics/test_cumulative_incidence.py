"""Cumulative incidence by hand, against R's cmprsk (frozen), and beside Kaplan-Meier."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.errors import InvalidInputError
from training.metrics import MeasureUndefinedError
from training.metrics.cumulative_incidence import cumulative_incidence
from training.metrics.survival import kaplan_meier

HERE = Path(__file__).parents[2] / "reference/r"
SMOKING = Path(__file__).parents[3] / "../shared/data/smoking_relapse/pharmacoSmoking.csv"


def read(name):
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "line", read("competing_reference.csv"), ids=lambda row: "-".join(row.values())[:24]
)
def test_incidence_variance_and_kaplan_meier_are_those_of_r(line):
    people = read(f"{line['table']}.csv")
    days = np.array([float(row["days"]) for row in people])
    causes = np.array([int(row["cause"]) for row in people])
    cause, day = int(line["cause"]), float(line["day"])
    found = cumulative_incidence(days, causes, cause)
    place = np.searchsorted(found.times, day, side="right") - 1
    assert found.at(day).value == pytest.approx(float(line["incidence"]), abs=1e-9)
    assert found.variances[place] == pytest.approx(float(line["variance"]), rel=1e-9)
    risk = 1 - kaplan_meier(days, (causes == cause).astype(float)).at(day)
    assert risk == pytest.approx(float(line["km_risk"]), abs=1e-9)


@pytest.mark.parametrize("line", read("competing_smoking.csv"), ids=lambda row: row["day"])
def test_incidence_of_real_relapses_is_that_of_r(line):
    if not SMOKING.is_file():
        pytest.skip("the data set smoking_relapse is not here")
    with SMOKING.open(encoding="utf-8", newline="") as file:
        people = list(csv.DictReader(file))
    days = np.maximum([float(row["ttr"]) for row in people], 0.5)
    found = cumulative_incidence(days, [int(row["relapse"]) for row in people], 1)
    place = np.searchsorted(found.times, float(line["day"]), side="right") - 1
    assert found.at(float(line["day"])).value == pytest.approx(float(line["incidence"]), abs=1e-9)
    assert found.variances[place] == pytest.approx(float(line["variance"]), rel=1e-9)


def test_four_people_by_hand():
    # day 1: a quarter relapses; day 2: a quarter dies; day 3: one leaves; day 4: the last relapses
    found = cumulative_incidence([1, 2, 3, 4], [1, 2, 0, 1], 1)
    np.testing.assert_allclose(found.values, [0.25, 0.25, 0.75])
    assert found.at(0.5).value == 0
    assert found.at(3).value == 0.25
    assert cumulative_incidence([1, 2, 3, 4], [1, 2, 0, 1], 2).at(4).value == 0.25
    # Kaplan-Meier takes the death for somebody who left: 1 - 3/4 * 0
    assert 1 - kaplan_meier([1, 2, 3, 4], [1, 0, 0, 1]).at(4) == 1


def test_the_interval_is_that_of_the_log_log_scale():
    found = cumulative_incidence([1] * 25 + [9] * 75, [1] * 25 + [0] * 75, 1)
    # one day: the share 1/4 with variance 0.25 * 0.75 / 99
    assert found.variances[0] == pytest.approx(0.25 * 0.75 / 99)
    free, reach = 0.75, 1.959964 * np.sqrt(0.25 * 0.75 / 99) / (0.75 * -np.log(0.75))
    one = found.at(5)
    assert one.lo == pytest.approx(1 - free ** np.exp(-reach), abs=1e-6)
    assert one.hi == pytest.approx(1 - free ** np.exp(reach), abs=1e-6)


def test_beyond_follow_up_there_is_no_value():
    with pytest.raises(MeasureUndefinedError, match="follow-up ends on day 4"):
        cumulative_incidence([1, 4], [1, 0], 1).at(5)


def test_without_any_event_the_incidence_is_0():
    one = cumulative_incidence([3, 4], [0, 0], 1).at(4)
    assert (one.value, one.lo, one.hi) == (0, 0, 0)


@pytest.mark.parametrize(
    ("days", "causes"),
    [([], []), ([1, 2], [1]), ([-1], [1]), ([np.nan], [1]), ([1], [0.5]), ([1], [-1])],
)
def test_what_is_no_day_and_cause_is_refused(days, causes):
    with pytest.raises(InvalidInputError):
        cumulative_incidence(days, causes, 1)


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3)), min_size=1, max_size=40),
    st.randoms(use_true_random=False),
)
def test_causes_add_up_to_all_events_and_none_exceeds_its_kaplan_meier(people, shuffler):
    days, causes = np.array(people, dtype=float).T
    each = [cumulative_incidence(days, causes, cause) for cause in (1, 2, 3)]
    together = 1 - kaplan_meier(days, (causes > 0).astype(float)).at(each[0].times)
    np.testing.assert_allclose(sum(one.values for one in each), together, atol=1e-9)
    for cause, one in zip((1, 2, 3), each, strict=True):
        alone = 1 - kaplan_meier(days, (causes == cause).astype(float)).at(one.times)
        assert np.all(one.values <= alone + 1e-9)
        assert np.all(np.diff(one.values, prepend=0) >= -1e-12)
        assert np.all((one.variances >= 0) & np.isfinite(one.variances))
    shuffler.shuffle(people)
    again = cumulative_incidence(*np.array(people, dtype=float).T, 1)
    np.testing.assert_allclose(again.values, each[0].values)
