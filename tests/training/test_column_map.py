"""Exports of other shapes become our tables; every wrong map is refused by name."""

import pandas as pd
import pytest
import yaml

from predictor.errors import InvalidInputError
from training.column_map import ColumnMap, excluded_by, map_patients, map_table, map_visits
from training.settings import checked_settings
from training.text_table import read_text_table


def column_map(text: str) -> ColumnMap:
    return checked_settings(ColumnMap, yaml.safe_load(text), where="map.yaml")


def texts(**columns: list[str]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=range(1, n + 1), dtype=object)


def test_columns_are_renamed_recoded_blanked_and_dropped():
    mapping = column_map(
        """
        patients:
          columns: {ID: patient_id, Geschlecht: sex, Score: madrs_total}
          recode: {sex: {1: male, 2: female}, employed: {1: yes, 0: no}}
          missing_codes: [-99, n/a]
          drop: [Name]
        """
    )
    table = texts(
        ID=["p1", "p2"],
        Geschlecht=["1", "2"],
        Score=["-99", "30"],
        employed=["1", "0"],
        Name=["x", "y"],
        bmi=["n/a", "22"],
    )
    mapped = map_patients(table, mapping)
    assert mapped.to_dict("list") == {
        "patient_id": ["p1", "p2"],
        "sex": ["male", "female"],
        "madrs_total": ["", "30"],
        "employed": ["yes", "no"],
        "bmi": ["", "22"],
    }
    assert list(mapped.index) == [1, 2]


def test_only_named_columns_are_read_where_that_is_wanted():
    mapping = column_map("patients: {columns: {ID: patient_id}, only_named: true}")
    assert list(map_patients(texts(ID=["a"], secret=["x"]), mapping)) == ["patient_id"]


def test_an_empty_map_changes_nothing():
    table = texts(patient_id=["a"], day=["0"], instrument=["madrs"], score=["30"])
    assert map_visits(table, ColumnMap().visits).equals(table)
    assert map_patients(table, ColumnMap()).equals(table)


def test_wide_visit_columns_become_one_row_each_and_empty_cells_none():
    mapping = column_map(
        """
        patients: {columns: {ID: patient_id}}
        visits: {wide: true, columns: {ID: patient_id}, missing_codes: ["."],
                 wide_columns: {PHQ_END: {instrument: phq9, day: 28}}}
        """
    )
    table = texts(
        ID=["p1", "p2"],
        age_years=["40", "50"],
        madrs_day0=["30", "31"],
        madrs_day14=["20", "."],
        **{"HAM-D17_day-1": ["", "22"]},
        PHQ_END=["9", ""],
    )
    long = map_visits(table, mapping.visits)
    found = {
        (row, *cells)
        for row, *cells in long[["patient_id", "day", "instrument", "score"]].itertuples()
    }
    assert found == {
        (1, "p1", "0", "madrs", "30"),
        (2, "p2", "0", "madrs", "31"),
        (1, "p1", "14", "madrs", "20"),
        (2, "p2", "-1", "HAM-D17", "22"),
        (1, "p1", "28", "phq9", "9"),
    }
    assert list(map_patients(table, mapping)) == ["patient_id", "age_years"]


def test_one_column_for_each_scale_becomes_one_row_for_each_score():
    mapping = column_map(
        "visits: {columns: {id: patient_id}, score_columns: {madrs: M, phq9: P}, "
        "missing_codes: [x]}"
    )
    table = texts(id=["a", "b"], day=["0", "7"], M=["30", "x"], P=["", "9"])
    long = map_visits(table, mapping.visits)
    assert long.to_dict("records") == [
        {"patient_id": "a", "day": "0", "instrument": "madrs", "score": "30"},
        {"patient_id": "b", "day": "7", "instrument": "phq9", "score": "9"},
    ]


def test_a_table_of_one_scale_needs_no_column_for_it():
    mapping = column_map("visits: {instrument: madrs}")
    mapped = map_visits(texts(patient_id=["a"], day=["0"], score=["30"]), mapping.visits)
    assert list(mapped["instrument"]) == ["madrs"]


def test_the_first_unmet_eligibility_rule_is_named():
    rules = column_map(
        """
        eligibility:
          - {rule: healthy, columns: [group], keep: [MDD, BP]}
          - {rule: no_infusion, columns: [one, two], keep: [d]}
        """
    ).eligibility
    table = texts(
        group=["HC", "MDD", "BP", "MDD", ""],
        one=["", "d", "p", "p", "d"],
        two=["", "", "d", "p", ""],
    )
    assert excluded_by(table, rules) == ["healthy", None, None, "no_infusion", "healthy"]
    with pytest.raises(InvalidInputError, match="no column group; did you mean grup"):
        excluded_by(table.rename(columns={"group": "grup"}), rules)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("patient: {}", "patient: the key is unknown; did you mean patients"),
        ("patients: {colums: {}}", "did you mean columns"),
        ("visits: {wide: true, score_columns: {madrs: M}}", "give one of wide"),
        ("patients: {columns: {a: x, b: x}}", "two columns become x"),
        ("visits: {wide_columns: {M: {instrument: madrs}}}", "day: the key is missing"),
        ("[]", "the whole entry"),
        ("zzz: 1", "accepted are patients, visits, events, eligibility"),
    ],
)
def test_a_map_that_does_not_hold_together_is_refused(text, words):
    with pytest.raises(InvalidInputError, match=words):
        column_map(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("patients: {columns: {Agee: age_years}}", "no column Agee; did you mean Age"),
        ("patients: {drop: [bmii]}", "no column bmii; did you mean bmi"),
        ("patients: {recode: {age_years: {}}}", "recode: there is no column age_years"),
        ("patients: {columns: {Age: bmi}}", "bmi stands in the table and is also a new name"),
    ],
)
def test_a_map_that_does_not_fit_the_table_is_refused(text, words):
    table = texts(patient_id=["a"], Age=["40"], bmi=["22"])
    with pytest.raises(InvalidInputError, match=words):
        map_patients(table, column_map(text))


def test_a_wide_map_without_visits_or_people_is_refused():
    wide = column_map("visits: {wide: true}").visits
    with pytest.raises(InvalidInputError, match="no column holds a visit"):
        map_visits(texts(patient_id=["a"], bmi=["22"]), wide)
    with pytest.raises(InvalidInputError, match="no column patient_id"):
        map_visits(texts(ID=["a"], madrs_day0=["22"]), wide)
    named = column_map("visits: {score_columns: {madrs: M}}").visits
    with pytest.raises(InvalidInputError, match="no column M"):
        map_visits(texts(patient_id=["a"]), named)


def test_two_columns_may_swap_names():
    mapping = column_map("events: {columns: {day: event, event: day}}").events
    mapped = map_table(texts(day=["ECT"], event=["5"]), mapping, where="events")
    assert mapped.to_dict("list") == {"event": ["ECT"], "day": ["5"]}


def test_a_file_of_any_kind_is_read_as_the_same_texts(tmp_path):
    (tmp_path / "a.csv").write_text("id,score,ok\n p1 ,30,yes\np2,,no\n", encoding="utf-8")
    (tmp_path / "a.tsv").write_text("id\tscore\tok\np1\t30\tyes\np2\t\tno\n", encoding="utf-8")
    (tmp_path / "a.json").write_text(
        '[{"id": "p1", "score": 30.0, "ok": true}, {"id": "p2", "score": null, "ok": false}]',
        encoding="utf-8",
    )
    frame = pd.DataFrame({"id": ["p1", "p2"], "score": [30.0, None], "ok": [True, False]})
    frame.to_parquet(tmp_path / "a.parquet")
    tables = [
        read_text_table(tmp_path / f"a.{kind}", table="patients")
        for kind in ("csv", "tsv", "json", "parquet")
    ]
    expected = {"id": ["p1", "p2"], "score": ["30", ""], "ok": ["yes", "no"]}
    assert all(table.to_dict("list") == expected for table in tables)
    assert all(list(table.index) == [1, 2] for table in tables)


def test_files_that_are_no_table_are_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="there is no such file"):
        read_text_table(tmp_path / "none.csv", table="visits")
    (tmp_path / "twice.csv").write_text("id,id\n1,2\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="column id stands 2 times"):
        read_text_table(tmp_path / "twice.csv", table="visits")
    (tmp_path / "old.xls").write_text("x", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="not accepted"):
        read_text_table(tmp_path / "old.xls", table="visits")
    (tmp_path / "empty.csv").write_text("patient_id,day,event\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="no row"):
        read_text_table(tmp_path / "empty.csv", table="visits")
    assert read_text_table(tmp_path / "empty.csv", table="events", may_be_empty=True).empty
    (tmp_path / "latin.csv").write_bytes("id,name\n1,M\xfcller\n".encode("latin-1"))
    with pytest.raises(InvalidInputError, match="UTF-8"):
        read_text_table(tmp_path / "latin.csv", table="events", may_be_empty=True)


def test_not_a_number_in_json_is_no_missing_value(tmp_path):
    (tmp_path / "a.json").write_text('[{"score": NaN}]', encoding="utf-8")
    table = read_text_table(tmp_path / "a.json", table="visits")
    assert table["score"].tolist() == ["nan"]
