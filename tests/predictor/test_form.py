"""The blank candidate and its sheet."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from predictor.dictionary import Dictionary, Instrument, Variable
from predictor.errors import InvalidInputError
from predictor.form import blank_candidate, sheet, write_form
from predictor.rows import read_rows


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    body = {"group": "body", "source": "s", "use": "input"}
    return Dictionary(
        (
            Variable("weight_kg", "Weight", "number", unit="kg", hard_range=(20, 350), **body),
            Variable("height_cm", "Height", "number", unit="cm", hard_range=(100, 230), **body),
            Variable(
                "bmi",
                "BMI",
                "number",
                "body",
                "s",
                unit="kg/m2",
                hard_range=(10, 90),
                plausible_range=(15, 60),
                derived="bmi",
                derived_from=("weight_kg", "height_cm"),
            ),
            Variable(
                "phq9_total",
                "PHQ-9, total",
                "integer",
                "depression now",
                "s",
                unit="{score}",
                hard_range=(0, 6),
                instrument="PHQ-9",
                variant="sum",
                missing_codes=("-9",),
            ),
            Variable("failed_trials", "Trials", "integer", "history", "s", hard_range=(0, 40)),
            Variable(
                "treatment_resistant",
                "TRD",
                "yes_no",
                "history",
                "s",
                derived="at_least_two",
                derived_from=("failed_trials",),
                typed=False,
            ),
            Variable(
                "route", "Route", "category", "plan", "s", timing="planned", levels=("iv", "im")
            ),
            Variable("aneurysm", "Aneurysm – ever", "yes_no", "safety", "s", use="safety"),
        ),
        (Instrument("phq9", "PHQ-9", "phq9_total", (1, 2), (0, 3), "s"),),
    )


def _by_column(text: str) -> dict[str, dict[str, str]]:
    return {line["column"]: line for line in csv.DictReader(io.StringIO(text))}


def test_the_blank_candidate_has_every_column_that_may_be_typed(dictionary):
    assert blank_candidate(dictionary) == (
        "patient_id,site,weight_kg,height_cm,bmi,phq9_total,failed_trials,route,aneurysm\n"
        ",,,,,,,,\n"
    )


def test_the_sheet_says_what_each_column_takes(dictionary):
    lines = _by_column(sheet(dictionary))
    assert list(lines) == [
        *("patient_id", "site", "weight_kg", "height_cm", "bmi", "phq9_total", "failed_trials"),
        *("route", "aneurysm", "phq9_1", "phq9_2"),
    ]
    assert lines["bmi"] == {
        "column": "bmi",
        "label": "BMI",
        "group": "body",
        "accepted": "number, 10 to 90",
        "unit": "kg/m2",
        "usual": "15 to 60",
        "missing": "empty",
        "note": "or leave it empty and give weight_kg, height_cm",
    }
    assert lines["phq9_total"]["accepted"] == "whole number, 0 to 6"
    assert lines["phq9_total"]["missing"] == "empty; -9"
    assert lines["phq9_total"]["note"] == (
        "scale: PHQ-9, sum; or leave it empty and give the items phq9_1 … phq9_2"
    )
    assert lines["failed_trials"]["note"] == ""
    assert lines["route"]["accepted"] == "iv; im"
    assert lines["route"]["note"] == "as planned before the first dose"
    assert lines["aneurysm"]["accepted"] == "yes; no"
    assert lines["aneurysm"]["note"] == "safety question: empty means not asked, never no"
    assert lines["phq9_2"]["label"] == "PHQ-9, item 2"
    assert lines["phq9_2"]["accepted"] == "whole number, 0 to 3"
    assert lines["phq9_2"]["missing"] == "empty; -9"


def test_the_form_reads_back_as_one_row_without_answers(tmp_path, dictionary):
    candidate, beside = write_form(dictionary, tmp_path / "candidate.csv")
    assert beside == tmp_path / "candidate_sheet.csv"
    rows = read_rows(candidate, dictionary)
    assert len(rows) == 1
    assert rows.accepted.all()
    assert all(np.isnan(value).all() for value in rows.values.values())
    assert "Aneurysm – ever" in beside.read_text(encoding="utf-8-sig")


def test_every_column_of_the_sheet_is_accepted_when_read(dictionary):
    columns = dict.fromkeys(_by_column(sheet(dictionary)))
    assert read_rows(columns, dictionary).accepted.all()


@pytest.mark.parametrize("taken", ["candidate.csv", "candidate_sheet.csv"])
def test_a_filled_form_is_never_overwritten(tmp_path, dictionary, taken):
    (tmp_path / taken).write_text("answers", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="is there already and may hold answers"):
        write_form(dictionary, tmp_path / "candidate.csv")
    assert [path.name for path in tmp_path.iterdir()] == [taken]


def test_a_form_is_csv_in_a_folder_that_exists(tmp_path, dictionary):
    with pytest.raises(InvalidInputError, match=r"give a name ending in \.csv"):
        write_form(dictionary, tmp_path / "candidate.xlsx")
    with pytest.raises(InvalidInputError, match="absent: there is no such folder"):
        write_form(dictionary, tmp_path / "absent" / "candidate.csv")
