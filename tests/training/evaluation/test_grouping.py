"""Dividing people: every answer, also none, has its group; wrong names are refused."""

import numpy as np
import pytest

from predictor.dictionary import Dictionary, Variable
from predictor.errors import InvalidInputError
from training.evaluation.grouping import group_by, group_by_site, groupings

NAN = float("nan")
AGE = Variable("age_years", "Age", "number", "g", "s", unit="a", hard_range=(0, 120))
BMI = Variable("bmi", "BMI", "number", "g", "s", unit="kg/m2", hard_range=(9, 99))
MADRS = Variable(
    "madrs_total", "MADRS total", "integer", "g", "s", unit="{score}", hard_range=(0, 60)
)
SEX = Variable("sex", "Sex", "category", "g", "s", levels=("female", "male", "not_said"))
BIPOLAR = Variable("bipolar", "Bipolar disorder", "yes_no", "g", "s")
ALL = (AGE, BMI, MADRS, SEX, BIPOLAR)


def by_person(grouping):
    return [grouping.names[place] for place in grouping.of]


def test_levels_are_groups_and_no_answer_is_one():
    found = group_by(SEX, np.array([2.0, 0.0, NAN, 0.0]))
    assert found.names == ("female", "not said", "not answered")  # nobody is male
    assert by_person(found) == ["not said", "female", "not answered", "female"]
    assert (found.how, found.reason) == ("", "")
    assert by_person(group_by(BIPOLAR, np.array([1.0, 0.0]))) == ["yes", "no"]


def test_age_is_cut_at_40_and_60_unless_other_bands_are_declared():
    ages = np.array([39.9, 40.0, 59.9, 60.0, NAN])
    found = group_by(AGE, ages)
    assert by_person(found) == [
        "under 40", "40 to under 60", "40 to under 60", "60 or more", "not answered",
    ]  # fmt: skip
    assert (found.label, found.how) == ("Age (years)", "cut by convention")
    declared = group_by(AGE, ages, (50.0,))
    assert by_person(declared)[:4] == ["under 50", "under 50", "50 or more", "50 or more"]
    assert declared.how == "cut as declared in the settings"


def test_a_scale_is_cut_at_its_bands_of_severity():
    found = group_by(MADRS, np.array([19.0, 20.0, 34.0, 35.0]))
    assert by_person(found) == [
        "mild (7-19)", "moderate (20-34)", "moderate (20-34)", "severe (35-60)",
    ]  # fmt: skip


def test_another_number_is_cut_into_thirds_at_rounded_values():
    found = group_by(BMI, np.linspace(20.04, 37.94, 180))  # thirds at 26.0 and 32.0
    assert found.names == ("under 26", "26 to under 32", "32 or more")
    assert np.bincount(found.of).tolist() == [60, 60, 60]
    assert "thirds" in found.how


@pytest.mark.parametrize(
    ("values", "names", "reason"),
    [
        ([NAN, NAN], ("not answered",), "nobody has an answer"),
        ([], (), "nobody has an answer"),
        ([25.0] * 4, ("any",), "all people are in one group"),
        ([0.0, 0.0, 0.0, 5.0], ("any",), "all people are in one group"),  # both thirds at 0
        ([25.0, NAN], ("any", "not answered"), ""),
    ],
)
def test_what_divides_nobody_says_why(values, names, reason):
    found = group_by(BMI, np.array(values))
    assert (found.names, found.reason) == (names, reason)


def test_sites_are_in_alphabetical_order_and_may_be_unknown():
    found = group_by_site(["west", None, "east", "west"])
    assert found.names == ("east", "west", "not answered")
    assert by_person(found) == ["west", "not answered", "east", "west"]


def grouped(wanted, cuts=None):
    values = {variable.id: np.array([1.0, 0.0]) for variable in ALL}
    return groupings(wanted, Dictionary(ALL), values, ["a", "b"], cuts=cuts or {})


def test_groupings_come_in_the_order_asked_for():
    assert [g.variable for g in grouped(["site", "sex", "bipolar"])] == ["site", "sex", "bipolar"]
    assert grouped(["bmi"], {"bmi": (1.0,)})[0].names == ("under 1", "1 or more")


def test_an_unknown_variable_is_refused_with_the_nearest_name():
    with pytest.raises(InvalidInputError, match=r"age_yaers is not in .*; did you mean age_years"):
        grouped(["age_yaers"])


@pytest.mark.parametrize("name", ["sex", "site"])
def test_cuts_of_what_is_no_number_are_refused(name):
    with pytest.raises(InvalidInputError, match=f"{name} is no number"):
        grouped([name], {name: (1.0,)})
