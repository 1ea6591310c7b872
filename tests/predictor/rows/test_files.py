"""Every surface gives the same values, and a file at fault is refused with all its faults."""

from __future__ import annotations

import builtins
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from predictor.errors import InvalidInputError
from predictor.rows import read_rows, read_rows_from_bytes


def _write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture
def refusal(dictionary):
    """Read a source that must be refused and give the error."""

    def refuse(source, **options):
        with pytest.raises(InvalidInputError) as caught:
            read_rows(source, dictionary, **options)
        assert caught.value.faults
        assert "\n" not in str(caught.value)
        return caught.value

    return refuse


ROWS = [
    {
        "patient_id": "a1",
        "site": "north",
        "age_years": "40.5",
        "sex": "female",
        "employed": "yes",
        "madrs_total": "30",
        "weight_kg": "81",
        "height_cm": "180",
        "crp": "n/a",
        "failed_trials": "-9",
    },
    {
        "patient_id": "a2",
        "site": "",
        "age_years": "",
        "sex": "Male",
        "employed": "0",
        "madrs_total": "",
        "weight_kg": "",
        "height_cm": "",
        "crp": "1.25",
        "failed_trials": "3",
    },
    {
        "patient_id": "a3",
        "site": "",
        "age_years": "forty",
        "sex": "inf",
        "employed": "2",
        "madrs_total": "61",
        "weight_kg": "6.5",
        "height_cm": "",
        "crp": "1_0",
        "failed_trials": "2.5",
    },
]


def test_the_same_texts_give_the_same_rows_on_every_surface(tmp_path, dictionary):
    frame = pd.DataFrame(ROWS)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    frame.to_csv(tmp_path / "tab.csv", index=False, sep="\t")
    frame.to_csv(tmp_path / "semicolon.CSV", index=False, sep=";")
    frame.to_csv(tmp_path / "bom.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
    (tmp_path / "rows.json").write_text(json.dumps(ROWS), encoding="utf-8")
    frame.to_parquet(tmp_path / "rows.parquet")
    sources = [ROWS, tuple(ROWS), frame, *sorted(tmp_path.iterdir()), str(tmp_path / "rows.csv")]
    assert len(sources) == 10
    expected = read_rows(ROWS, dictionary)
    assert len(expected.faults) == 7
    for source in sources:
        rows = read_rows(source, dictionary)
        assert rows.faults == expected.faults
        assert rows.warnings == expected.warnings
        assert rows.patient_ids == ("a1", "a2", "a3")
        assert rows.sites == ("north", None, None)
        for name, value in expected.values.items():
            np.testing.assert_array_equal(rows.values[name], value)


def test_typed_values_give_the_same_rows_on_every_surface(tmp_path, dictionary):
    typed = [
        {"patient_id": 7, "age_years": 40.5, "sex": "female", "employed": True, "madrs_total": 30},
        {"patient_id": 8, "age_years": None, "sex": None, "employed": None, "madrs_total": None},
    ]
    frame = pd.DataFrame(typed)
    nullable = frame.convert_dtypes()
    assert nullable["madrs_total"].isna().iloc[1]
    (tmp_path / "rows.json").write_text(json.dumps(typed), encoding="utf-8")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    pq.write_table(pa.Table.from_pylist(typed), tmp_path / "rows.parquet")
    nullable.to_parquet(tmp_path / "nullable.parquet")
    sources = [typed, frame, nullable, *sorted(tmp_path.iterdir())]
    for source in sources:
        rows = read_rows(source, dictionary)
        assert rows.faults == ()
        assert rows.patient_ids == ("7", "8")
        np.testing.assert_array_equal(rows.values["age_years"], [40.5, math.nan])
        np.testing.assert_array_equal(rows.values["sex"], [0.0, math.nan])
        np.testing.assert_array_equal(rows.values["employed"], [1.0, math.nan])
        np.testing.assert_array_equal(rows.values["madrs_total"], [30.0, math.nan])


def test_nan_is_missing_in_a_frame_and_parquet_but_infinity_is_refused(tmp_path, dictionary):
    frame = pd.DataFrame({"age_years": [40.0, math.nan, math.inf]})
    frame.to_parquet(tmp_path / "rows.parquet")
    for source in (frame, tmp_path / "rows.parquet"):
        rows = read_rows(source, dictionary)
        np.testing.assert_array_equal(rows.values["age_years"], [40.0, math.nan, math.nan])
        assert [(fault.row, fault.rule) for fault in rows.faults] == [(3, "not_finite")]


def test_nan_in_a_column_of_derived_values_of_a_frame_is_missing(dictionary):
    frame = pd.DataFrame({"age_years": [40.0], "treatment_resistant": [math.nan]})
    assert read_rows(frame, dictionary).faults == ()


def test_nan_and_infinity_in_json_are_refused(dictionary):
    content = b'[{"age_years": NaN}, {"age_years": -Infinity}, {"crp": NaN}, {"age_years": 40}]'
    rows = read_rows_from_bytes(content, ".json", dictionary)
    assert [(fault.row, fault.rule) for fault in rows.faults] == [
        (1, "not_finite"),
        (2, "not_finite"),
    ]


def test_one_json_object_is_one_row(dictionary):
    rows = read_rows_from_bytes(b'\xef\xbb\xbf {"age_years": "40"}', ".JSON", dictionary)
    np.testing.assert_array_equal(rows.values["age_years"], [40.0])


def test_a_nested_json_value_is_a_fault_of_its_row(dictionary):
    content = b'[{"age_years": {"value": 40}}, {"age_years": [40]}]'
    rows = read_rows_from_bytes(content, ".json", dictionary)
    assert [fault.rule for fault in rows.faults] == ["not_a_single_value"] * 2


def test_spaces_around_names_and_blank_lines_do_not_matter(tmp_path, dictionary):
    path = _write(tmp_path / "rows.csv", "\n age_years , sex\n\n40, female \n\n41,male\n\n")
    rows = read_rows(path, dictionary)
    np.testing.assert_array_equal(rows.values["age_years"], [40.0, 41.0])
    np.testing.assert_array_equal(rows.values["sex"], [0.0, 1.0])


def test_a_quoted_cell_may_hold_the_delimiter(tmp_path, dictionary):
    path = _write(tmp_path / "rows.csv", 'patient_id,age_years\n"a, b",40\n')
    assert read_rows(path, dictionary).patient_ids == ("a, b",)


def test_no_rows_in_memory_are_no_rows(dictionary):
    for source in ([], pd.DataFrame({"age_years": []})):
        rows = read_rows(source, dictionary)
        assert len(rows) == 0
        assert rows.accepted.shape == (0,)


# --- faults of the whole file ---


def test_unknown_and_duplicate_columns_are_all_named_with_the_nearest_name(tmp_path, refusal):
    path = _write(tmp_path / "c.csv", "age_year,sex,sex,colour,,madrs_11\n40,male,male,red,,1\n")
    error = refusal(path)
    assert [(fault.column, fault.rule) for fault in error.faults] == [
        ("sex", "duplicate_column"),
        ("", "unknown_column"),
        ("age_year", "unknown_column"),
        ("colour", "unknown_column"),
        ("madrs_11", "unknown_column"),
    ]
    messages = [fault.message for fault in error.faults]
    assert messages[0] == "column sex stands 2 times; keep one of them"
    assert "column (without name) is unknown" in messages[1]
    assert messages[2] == (
        "column age_year is unknown, the nearest known name is age_years; rename it, delete it or "
        "ignore unknown columns"
    )
    assert "nearest known name is madrs_1;" in messages[4]
    assert str(error) == "c.csv: column sex stands 2 times; keep one of them (and 4 more faults)"


def test_unknown_columns_can_be_left_out_with_a_warning(dictionary):
    row = {"age_years": 40, "colour": "red", "Age_Years": 3, "response": 1}
    rows = read_rows(row, dictionary, ignore_unknown=True)
    assert rows.faults == ()
    assert [(w.row, w.column, w.rule) for w in rows.warnings] == [
        (None, "Age_Years", "ignored_column"),
        (None, "colour", "ignored_column"),
        (None, "response", "ignored_column"),
    ]
    assert rows.warnings[0].message == (
        "column Age_Years is unknown, the nearest known name is age_years; it is left out"
    )


def test_a_file_without_header_is_refused_without_quoting_the_patient(tmp_path, refusal):
    error = refusal(_write(tmp_path / "c.csv", "P-0041,57,site Jane\nP-0042,58,June\n"))
    assert [fault.rule for fault in error.faults] == ["no_known_column"]
    assert "Jane" not in str(error)
    assert "the first line must name the columns" in str(error)


@pytest.mark.parametrize("ignore_unknown", [False, True])
def test_repeated_values_in_the_place_of_a_header_are_not_quoted_either(ignore_unknown, dictionary):
    text = b"Jane Doe,57,57,grief,grief\nJohn Roe,58,58,none,none\n"
    with pytest.raises(InvalidInputError) as caught:
        read_rows_from_bytes(text, ".csv", dictionary, ignore_unknown=ignore_unknown)
    assert [fault.to_dict()["column"] for fault in caught.value.faults] == [None]
    assert not any(word in str(caught.value) for word in ("Jane", "57", "grief"))


def test_a_table_that_is_no_frame_is_refused(refusal):
    error = refusal(pa.table({"age_years": [40]}))
    assert [fault.rule for fault in error.faults] == ["not_rows"]


def test_broken_text_in_parquet_is_refused(tmp_path, refusal):
    halves = [None, pa.py_buffer(np.array([0, 2], np.int32)), pa.py_buffer(b"\xff\xfe")]
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"sex": pa.Array.from_buffers(pa.string(), 1, halves)}), path)
    assert [fault.rule for fault in refusal(path).faults] == ["unreadable_parquet"]


@pytest.mark.parametrize("column", ["patient_id", "site"])
@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_in_json_is_no_id(column, token, dictionary):
    content = f'{{"{column}": {token}}}'.encode()
    rows = read_rows_from_bytes(content, ".json", dictionary)
    assert [(fault.column, fault.rule) for fault in rows.faults] == [(column, "not_an_id")]


def test_no_answer_in_the_ids_of_a_frame_is_no_id(dictionary):
    frame = pd.DataFrame({"patient_id": [math.nan, 2.0], "site": [None, pd.NA]})
    rows = read_rows(frame, dictionary)
    assert rows.faults == ()
    assert rows.patient_ids == (None, "2")


def test_a_long_name_over_several_lines_is_named_in_one_line(refusal):
    error = refusal({"age_years": 1, "what\nis " + 90 * "x": 2})
    assert "column what is xxx" in str(error)
    assert len(str(error)) < 200


def test_duplicate_names_are_found_on_every_surface(tmp_path, refusal, dictionary):
    frame = pd.DataFrame([[40, 41]], columns=["age_years", " age_years"])
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table([[1.0], [2.0]], names=["age_years", "age_years"]), path)
    as_json = _write(tmp_path / "rows.json", '[{"age_years": 1}, {"age_years": 1, "age_years": 2}]')
    for source in (frame, path, as_json, {"age_years": 1, "age_years ": 2}):
        error = refusal(source)
        assert [(f.column, f.rule) for f in error.faults] == [("age_years", "duplicate_column")]


def test_every_ragged_row_is_named(tmp_path, refusal):
    path = _write(tmp_path / "c.csv", "age_years,sex\n40,male\n41\n42,male,\n")
    error = refusal(path)
    assert [(fault.row, fault.rule) for fault in error.faults] == [
        (2, "ragged_row"),
        (3, "ragged_row"),
    ]
    assert str(error) == (
        "c.csv: row 2 has 1 cells where the header has 2; check its delimiters and quotation marks "
        "(and 1 more faults)"
    )


@pytest.mark.parametrize(
    ("name", "content", "rule", "words"),
    [
        ("c.csv", b"", "empty_file", "c.csv: the file is empty; give a header and rows"),
        ("c.csv", b" \n\n", "empty_file", "the file is empty"),
        ("c.csv", b"\xef\xbb\xbf\n", "empty_file", "the file has no row below its header"),
        (
            "c.csv",
            b"age_years,sex\n",
            "empty_file",
            "the file has no row below its header; add one",
        ),
        ("c.csv", b'age_years\n"40\n', "unreadable_csv", "check the quotation marks"),
        ("c.csv", b'age_years\n"4"0\n', "unreadable_csv", "line 2 is no valid CSV"),
        ("c.csv", b"age_years\n40\n\xe9\n", "not_utf8", "line 3 is not written in UTF-8; save the"),
        ("c.csv", "age_years\n40".encode("utf-16"), "not_utf8", "line 1 is not written in UTF-8"),
        ("c.json", b"[]", "empty_file", "the list is empty; add one object per patient"),
        ("c.json", b"\xff", "not_utf8", "UTF-8"),
        ("c.json", b'[{"age_years": 40},\n {"age_years": }]', "unreadable_json", "row 2, line 2:"),
        ("c.json", b'[{"age_years": {"v": 4}},\n\n {,', "unreadable_json", "row 2, line 3:"),
        ("c.json", b"[" * 200_000, "unreadable_json", "row 1: a number is too long or objects"),
        ("c.json", b'{"crp": ' + b"1" * 5000 + b"}", "unreadable_json", "a number is too long"),
        (
            "c.json",
            b"[[1, 2]]",
            "not_an_object",
            "row 1 is of type list, not an object; give names",
        ),
        ("c.json", b"40", "not_an_object", "row 1 is of type int, not an object"),
        ("c.parquet", b"PAR1 no", "unreadable_parquet", "the file is no valid Parquet; write it"),
        ("c.xlsx", b"PK", "wrong_extension", "ending in '.xlsx' is not accepted; save it as .csv"),
        ("c", b"40", "wrong_extension", "save it as .csv, .json or .parquet"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, refusal, name, content, rule, words):
    (tmp_path / name).write_bytes(content)
    error = refusal(tmp_path / name)
    assert [fault.rule for fault in error.faults] == [rule]
    assert str(error).startswith(f"{name}: ")
    assert words in str(error)


def test_the_row_of_unreadable_json_is_given(tmp_path, refusal):
    path = _write(tmp_path / "c.json", '[{"age_years": 1}, {"age_years": 2}, {"age_years": x}]')
    assert refusal(path).faults[0].row == 3


def test_a_parquet_file_without_rows_is_refused(tmp_path, refusal):
    pd.DataFrame({"age_years": []}).to_parquet(tmp_path / "c.parquet")
    assert refusal(tmp_path / "c.parquet").faults[0].rule == "empty_file"


def test_a_file_that_is_absent_or_cannot_be_opened_is_refused(tmp_path, refusal):
    (tmp_path / "folder.csv").mkdir()
    assert refusal(tmp_path / "absent.csv").faults[0].rule == "file_not_found"
    assert refusal(tmp_path / "folder.csv").faults[0].rule == "unreadable_file"


@pytest.mark.parametrize("source", [3, None, b"age_years\n40", {1, 2}])
def test_what_holds_no_rows_is_refused(refusal, source):
    error = refusal(source)
    assert error.faults[0].rule == "not_rows"
    assert "give a dict, a list of dicts, a data frame or the path of a" in str(error)


def test_each_row_of_a_list_that_is_no_object_is_named(refusal):
    error = refusal([{"age_years": 40}, 40, "x"])
    assert [(fault.row, fault.rule) for fault in error.faults] == [
        (2, "not_an_object"),
        (3, "not_an_object"),
    ]


def test_without_pyarrow_the_extra_is_named(tmp_path, refusal, monkeypatch):
    pd.DataFrame({"age_years": [40]}).to_parquet(tmp_path / "c.parquet")
    real_import = builtins.__import__

    def without_pyarrow(name, *rest):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_pyarrow)
    error = refusal(tmp_path / "c.parquet")
    assert error.faults[0].rule == "parquet_not_installed"
    assert "ketamine-response[files]" in str(error)


def test_a_frame_is_recognised_by_its_columns_alone(dictionary):
    class Plain:
        columns = ("age_years", "sex")

        def __init__(self) -> None:
            self._cells = {"age_years": [40.0, math.nan], "sex": ["female", None]}

        def __getitem__(self, name: str) -> list[object]:
            return self._cells[name]

        def __len__(self) -> int:
            return 2

    rows = read_rows(Plain(), dictionary)
    np.testing.assert_array_equal(rows.values["age_years"], [40.0, math.nan])
