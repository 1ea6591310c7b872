"""One cell to its code, or to the sentence that refuses it."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from predictor.dictionary import Variable
from predictor.rows import format_value

NAN = math.nan


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("40", 40.0),
        (" 40.5 ", 40.5),
        ("\t40\u00a0", 40.0),
        ("+40", 40.0),
        ("40.", 40.0),
        ("4e1", 40.0),
        ("0.4E+2", 40.0),
        (40, 40.0),
        (40.25, 40.25),
        (np.float32(40.25), 40.25),
        (np.int64(40), 40.0),
        (np.longdouble(40), 40.0),
        (np.str_("40"), 40.0),
        (Decimal("40.5"), 40.5),
        ("", NAN),
        ("   ", NAN),
        (None, NAN),
        (pd.NA, NAN),
        (pd.NaT, NAN),
    ],
)
def test_a_number_is_read_the_same_in_every_writing(read, cell, value):
    rows = read(age_years=cell)
    assert rows.faults == ()
    np.testing.assert_array_equal(rows.values["age_years"], [value])


@pytest.mark.parametrize(
    ("cell", "rule", "words"),
    [
        ("forty", "not_a_number", "a text is not a number; write digits with a point"),
        ("1_0", "not_a_number", "a text is not a number"),
        ("0x1F", "not_a_number", "a text is not a number"),
        ("４０", "not_a_number", "a text is not a number"),  # full-width digits
        ("4 0", "not_a_number", "a text is not a number"),
        ("−40", "not_a_number", "a text is not a number"),  # a minus sign that is no hyphen
        ("--40", "not_a_number", "a text is not a number"),
        ("4\x000", "not_a_number", "a text is not a number"),
        (".", "not_a_number", "leave the cell empty"),
        ("e5", "not_a_number", "a text"),
        ("40,5", "not_a_number", "40,5 has a comma and is not a number; write the decimal sign as"),
        ("1,000", "not_a_number", "1,000 has a comma"),
        ("1.234,5", "not_a_number", "1.234,5 has a comma"),
        ("1,000.5", "not_a_number", "1,000.5 has a comma"),
        ("1" * 30 + ",5", "not_a_number", "a text with a comma is not a number"),
        ("40 years", "not_a_number", "write the number alone, without unit"),
        ("40kg", "not_a_number", "write the number alone, without unit"),
        ("n/a", "not_a_number", "leave the cell empty if not answered"),
        ("NULL", "not_a_number", "leave the cell empty if not answered"),
        ("NaN", "not_finite", "leave it empty (null in JSON) if not answered"),
        ("-inf", "not_finite", "NaN or infinity is not a number"),
        ("Infinity", "not_finite", "NaN or infinity"),
        ("1e999", "not_finite", "NaN or infinity"),
        (NAN, "not_finite", "NaN or infinity"),
        (-math.inf, "not_finite", "NaN or infinity"),
        (10**400, "not_finite", "NaN or infinity"),
        (Decimal("sNaN"), "not_finite", "NaN or infinity"),
        (np.float64("nan"), "not_finite", "NaN or infinity"),
        (True, "boolean_for_number", "true or false is not a number; write the number itself"),
        (np.False_, "boolean_for_number", "true or false is not a number"),
        ("True", "boolean_for_number", "true or false is not a number"),
        ([40], "not_a_single_value", "a list or object stands where a number is expected"),
        ({"value": 40}, "not_a_single_value", "a list or object stands where a number"),
        (b"40", "not_a_single_value", "another kind of value stands where a number"),
        (pd.Timestamp("2020-01-01"), "not_a_single_value", "another kind of value"),
    ],
)
def test_what_is_no_number_is_refused_with_what_to_do(fault, read, cell, rule, words):
    found = fault(age_years=cell)
    assert (found.row, found.column, found.rule) == (1, "age_years", rule)
    assert found.message.startswith("row 1, age_years: ")
    assert words in found.message
    assert "\n" not in found.message
    assert np.isnan(read(age_years=cell).values["age_years"][0])


def test_a_fraction_is_refused_where_whole_numbers_are_counted(fault, read):
    found = fault(madrs_total="30.5")
    assert found.rule == "not_an_integer"
    assert found.message == (
        "row 1, madrs_total: 30.5 is not a whole number; whole numbers from 0 to 60 are accepted, "
        "check the value"
    )
    assert read(madrs_total="30.0").values["madrs_total"][0] == 30.0


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        *[(cell, 1.0) for cell in ("yes", "YES", "Yes ", "true", "TRUE", "1", "1.0", 1, 1.0, True)],
        *[(cell, 0.0) for cell in ("no", "No", "false", "0", 0, 0.0, False, np.False_)],
        ("not_asked", NAN),
        ("Not_Asked", NAN),
        (None, NAN),
    ],
)
def test_yes_and_no_are_read_in_every_accepted_writing(read, cell, code):
    rows = read(employed=cell)
    assert rows.faults == ()
    np.testing.assert_array_equal(rows.values["employed"], [code])


@pytest.mark.parametrize(
    ("cell", "rule", "words"),
    [
        (2, "number_for_yes_no", "2 is neither yes nor no; write yes, no, 1, 0 or leave it empty"),
        ("0.5", "number_for_yes_no", "0.5 is neither yes nor no"),
        ("yess", "unknown_level", "'yess' is no accepted level, the nearest is yes; write yes, no"),
        ("perhaps", "unknown_level", "the text is no accepted level; write yes, no or leave"),
        ("nan", "not_finite", "NaN or infinity is not yes or no"),
        ([], "not_a_single_value", "a list or object stands where yes or no is expected"),
    ],
)
def test_what_is_neither_yes_nor_no_is_refused(fault, cell, rule, words):
    found = fault(employed=cell)
    assert found.rule == rule
    assert words in found.message


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("sex", "female", 0.0),
        ("sex", " Male", 1.0),
        ("sex", "OTHER", 2.0),
        ("diet", "good", 2.0),
        ("stage", "1", 0.0),
        ("stage", 2, 1.0),
        ("stage", 2.0, 1.0),
        ("stage", "2.0", 1.0),
        ("stage", "A", 2.0),  # two levels that differ in case only are told apart
        ("stage", "a", 3.0),
        ("planned_dose_unit", "MG/KG", 0.0),
    ],
)
def test_a_level_is_coded_by_its_place(read, column, cell, code):
    rows = read(**{column: cell})
    assert rows.faults == ()
    assert rows.values[column][0] == code


@pytest.mark.parametrize(
    ("cell", "rule", "words"),
    [
        ("femal", "unknown_level", "'femal' is no accepted level, the nearest is female; write"),
        ("zzz", "unknown_level", "the text is no accepted level; write female, male, other or"),
        (3, "unknown_level", "the text is no accepted level"),
        (True, "boolean_for_level", "true or false is no level; write one of female, male, other"),
        ("false", "boolean_for_level", "true or false is no level"),
        ("inf", "not_finite", "NaN or infinity is not one level"),
        (NAN, "not_finite", "NaN or infinity is not one level"),
    ],
)
def test_an_unknown_level_is_refused_with_the_accepted_ones(fault, cell, rule, words):
    found = fault(sex=cell)
    assert found.rule == rule
    assert words in found.message


@pytest.mark.parametrize(
    "text",
    ["Jane Doe, born 1970", "lives with her mother", "P-00417", "female; see letter of 3.4."],
)
def test_no_message_repeats_free_text(read, text):
    row = dict.fromkeys(("age_years", "sex", "employed", "madrs_total", "madrs_1"), text)
    rows = read(**row)
    assert len(rows.faults) == 5
    assert not any(text in fault.message for fault in rows.faults)


@pytest.mark.parametrize("cell", ["n/a", "N/A", "nan", NAN, "999", 999, "999.0", 999.0])
def test_a_declared_missing_code_is_missing_as_text_and_as_number(read, cell):
    rows = read(crp=cell)
    assert rows.faults == ()
    assert np.isnan(rows.values["crp"][0])


def test_the_missing_code_of_another_column_is_a_fault(fault, read):
    assert fault(age_years="999").rule == "above_hard_range"
    assert np.isnan(read(failed_trials=-9).values["failed_trials"][0])


@pytest.mark.parametrize("cell", [("007"), " 007 "])
def test_an_id_stays_a_text(read, cell):
    assert read(patient_id=cell, site=3).patient_ids == ("007",)
    assert read(patient_id=cell, site=3).sites == ("3",)


@pytest.mark.parametrize(
    ("cell", "text"),
    [(12, "12"), (12.0, "12"), (np.int64(12), "12"), (None, None), ("", None), (NAN, None)],
)
def test_a_number_or_a_missing_id_is_read(read, cell, text):
    assert read(patient_id=cell).patient_ids == (text,)


@pytest.mark.parametrize("cell", [True, 1.5, ["a"], math.inf])
def test_what_is_no_id_is_refused(fault, cell):
    found = fault(patient_id=cell)
    assert found.rule == "not_an_id"
    assert found.message == (
        "row 1, patient_id: an id is a text or a whole number; write it as text"
    )


@pytest.mark.parametrize(
    ("variable", "code", "text"),
    [
        (Variable("w", "W", "number", "g", "s", unit="kg", hard_range=(1, 2)), 24.5, "24.5 kg"),
        (Variable("w", "W", "number", "g", "s", unit="kg", hard_range=(1, 2)), 24.489, "24.49 kg"),
        (
            Variable("c", "C", "number", "g", "s", unit="mg/L", hard_range=(0, 2)),
            0.01234,
            "0.0123 mg/L",
        ),
        (Variable("a", "A", "number", "g", "s", unit="a", hard_range=(1, 2)), 40.0, "40 years"),
        (Variable("a", "A", "number", "g", "s", unit="a", hard_range=(1, 2)), NAN, "not answered"),
        (Variable("n", "N", "integer", "g", "s", unit="{count}", hard_range=(1, 2)), 3.0, "3"),
        (Variable("y", "Y", "yes_no", "g", "s"), 1.0, "yes"),
        (Variable("y", "Y", "yes_no", "g", "s"), 0.0, "no"),
        (Variable("l", "L", "ordinal", "g", "s", levels=("a", "b", "c")), 2.0, "c"),
        (Variable("l", "L", "ordinal", "g", "s", levels=("a", "b", "c")), 0.6, "b"),
        (Variable("l", "L", "ordinal", "g", "s", levels=("a", "b", "c")), 9.0, "c"),
    ],
)
def test_a_code_reads_back_as_words(variable, code, text):
    assert format_value(variable, code) == text
