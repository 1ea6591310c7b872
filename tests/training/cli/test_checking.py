"""``check``: every fault of every table, counted by rule; then who is in the cohort."""

from __future__ import annotations

from collections import Counter

import pytest


def add(path, *lines):
    path.write_text(path.read_text() + "".join(f"{line}\n" for line in lines))


def plain(text):
    """The words without the spaces that set them below each other."""
    return " ".join(text.split())


def found(ended):
    return {(f["row"], f["column"], f["rule"]) for f in ended.document["faults"]}


@pytest.fixture
def check(call, study):
    """Check the study by hand; further words are options."""

    def checked(*options):
        return call(
            *("check", "--patients", study.patients, "--visits", study.visits),
            *("--events", study.events),
            *options,
        )

    return checked


def test_sound_tables_have_no_fault(check):
    ended = check("--json")
    assert ended.code == 0
    assert ended.document == {"rows": 4, "faults": [], "by_rule": {}}


def test_table_one_and_counts_of_both_outcomes_are_shown(check):
    ended = check()
    assert ended.code == 0
    table, response, relapse = (
        plain(ended.out.split(mark)[1])
        for mark in ("Table 1", "Outcome response", "Outcome relapse")
    )
    assert "people" in table
    # p1 fell by 50 %, p2 by less; p3 has no later score and p4 none at all
    assert "left out, no score in window 1" in response
    assert "left out, no baseline score 1" in response
    assert "with the outcome observed 2" in response
    assert "with the outcome 1" in response
    assert "left out, not a responder 1" in relapse
    assert "No fault in 4 rows" in ended.out
    assert "simulated" not in ended.out


def test_in_json_the_tables_go_to_standard_error(check):
    ended = check("--json")
    assert "Table 1" in ended.err
    assert "Table 1" not in check("--json", "--quiet").err


def test_one_outcome_can_be_named(check):
    ended = check("--outcome", "remission_madrs_10")
    assert "Outcome remission_madrs_10" in ended.out
    assert "Outcome response_madrs" not in ended.out


def test_an_unknown_outcome_names_the_nearest(check):
    ended = check("--outcome", "remission_madrs", "--json")
    assert ended.code == 2
    assert "did you mean remission_madrs_1" in ended.document["error"]


def test_all_faults_of_all_tables_are_told_at_once(check, study):
    add(study.patients, "p5,40,6.5,30", "p1,40,70,61", ",abc,70,30")
    add(study.visits, "p1,7,madrs,75", "p9,7,madrs,20", "p2,7,mardrs,20", "p2,soon,madrs,20")
    add(study.events, "p8,3,ect", "p2,3,flew")
    ended = check("--json")
    assert ended.code == 2
    assert ended.document["rows"] == 7
    rules = Counter(rule for _, _, rule in found(ended))
    assert ended.document["by_rule"] == dict(rules)
    assert found(ended) >= {
        (5, "weight_kg", "below_hard_range"),
        (6, "madrs_total", "above_scale_maximum"),
        (6, "score", "score_out_of_range"),
        (7, "patient_id", "not_in_patients"),
        (8, "instrument", "instrument_unknown"),
        (9, "day", "not_a_number"),
        (2, "patient_id", "not_in_patients"),
        (3, "event", "event_unknown"),
    }
    # the id that stands twice, the id that is missing and the age that is a text
    of_patients = [f for f in ended.document["faults"] if f["message"].startswith("row")]
    assert {f["row"] for f in of_patients} >= {1, 5, 6, 7} or {5, 6, 7} <= {
        f["row"] for f in of_patients
    }
    assert {f["column"] for f in of_patients} >= {"patient_id", "age_years"}
    tables = [f["message"].partition(",")[0].partition(" ")[0] for f in ended.document["faults"]]
    assert tables == sorted(tables, key=["row", "visits", "events"].index)


def test_an_unknown_column_does_not_hide_the_other_faults(check, study):
    study.patients.write_text("patient_id,age_years,wieght_kg\np1,400,70\np2,50,80\n")
    study.visits.write_text(
        "patient_id,day,instrument,score,scroe\np1,0,madrs,99,1\np2,0,madrs,30,1\n"
    )
    study.events.write_text("patient_id,day,event,note\np1,60,flew,\n")
    ended = check("--json")
    assert ended.code == 2
    assert found(ended) == {
        (None, "wieght_kg", "unknown_column"),
        (1, "age_years", "above_hard_range"),
        (None, "scroe", "unknown_column"),
        (1, "score", "score_out_of_range"),
        (None, "note", "unknown_column"),
        (1, "event", "event_unknown"),
    }
    assert any("nearest known name is weight_kg" in f["message"] for f in ended.document["faults"])


def test_unknown_columns_can_be_left_out(check, study):
    text = study.patients.read_text().replace("weight_kg", "wieght_kg")
    study.patients.write_text(text)
    ended = check("--ignore-unknown")
    assert ended.code == 0
    assert "worth a look, in wieght_kg" in ended.out


def test_faulty_people_are_left_out_of_the_description(check, study):
    add(study.patients, "p5,40,6.5,30")
    ended = check()
    assert ended.code == 2
    assert "left out, row fault 1" in plain(ended.out)
    assert "row 5, weight_kg" in ended.out
    assert "1 faults" in ended.out
    assert "below_hard_range 1" in plain(ended.out)


def test_with_faulty_visits_outcomes_wait(check, study):
    add(study.visits, "p1,7,madrs,75")
    ended = check()
    assert ended.code == 2
    assert "Outcome" not in ended.out
    assert "Table 1 and outcomes are counted after that" in ended.out


def test_tables_that_cannot_be_read_are_faults_each(check, study):
    study.patients.write_bytes(b"\xff\xfe\x00")
    study.visits.write_text("")
    study.events.write_text("patient_id,day\np1,60\n")
    ended = check("--json")
    assert ended.code == 2
    assert ended.document["rows"] == 0
    messages = [fault["message"] for fault in ended.document["faults"]]
    assert len(messages) == 3
    assert [m.split(":")[0].split(",")[0] for m in messages] == ["patients", "visits", "events"]


def test_visits_are_checked_where_patients_cannot_be_read(check, study):
    study.patients.write_bytes(b"\xff\xfe\x00")
    add(study.visits, "p1,7,madrs,75")
    ended = check("--json")
    assert {rule for _, _, rule in found(ended)} >= {"score_out_of_range"}
    assert "not_in_patients" not in ended.document["by_rule"]


def test_events_may_be_left_out(call, study):
    ended = call("check", "--patients", study.patients, "--visits", study.visits, "--json")
    assert ended.document == {"rows": 4, "faults": [], "by_rule": {}}


def test_an_events_table_without_rows_is_accepted(check, study):
    study.events.write_text("patient_id,day,event\n")
    assert check("--json").code == 0


@pytest.mark.parametrize("table", ["patients", "visits", "events"])
def test_a_column_map_that_names_an_absent_column_is_a_fault(table, check, study, tmp_path):
    path = tmp_path / "map.yaml"
    path.write_text(f"{table}:\n  columns: {{Subject: patient_id}}\n")
    ended = check("--map", path, "--json")
    assert ended.code == 2
    assert (None, "Subject", "absent_column") in found(ended)


def test_a_clash_of_names_in_a_column_map_is_a_fault(check, tmp_path):
    path = tmp_path / "map.yaml"
    path.write_text("patients:\n  columns: {age_years: weight_kg}\n")
    ended = check("--map", path, "--json")
    assert found(ended) >= {(None, None, "refused_table")}


def test_a_column_map_renames_and_counts_who_is_not_eligible(check, study, tmp_path):
    text = study.patients.read_text().replace("age_years", "Age")
    study.patients.write_text(text)
    path = tmp_path / "map.yaml"
    path.write_text(
        "eligibility:\n  - {rule: too_old, columns: [Age], keep: ['30', '40', '50']}\n"
        "patients:\n  columns: {Age: age_years}\n"
    )
    ended = check("--map", path)
    assert ended.code == 0
    assert "left out, too old 1" in plain(ended.out)


def test_an_eligibility_rule_on_an_absent_column_is_a_fault(check, tmp_path):
    path = tmp_path / "map.yaml"
    path.write_text("eligibility:\n  - {rule: ill, columns: [Group], keep: [MDD]}\n")
    ended = check("--map", path, "--json")
    assert found(ended) == {(None, "Group", "absent_column")}


def test_an_unknown_key_in_a_column_map_names_the_nearest(check, tmp_path):
    path = tmp_path / "map.yaml"
    path.write_text("patiens: {}\n")
    ended = check("--map", path, "--json")
    assert ended.code == 2
    assert "did you mean patients" in ended.document["error"]
    assert ended.document["faults"][0]["rule"] == "unknown_key"


@pytest.mark.parametrize(
    "arguments", [["--patients", "nix.csv"], ["--visits", "x.csv"], ["--patients", "."]]
)
def test_tables_must_be_named_and_be_there(arguments, call):
    ended = call("check", *arguments, "--json")
    assert ended.code == 2
    assert "see ketamine-train check --help" in ended.document["error"]


def test_a_cohort_without_any_value_has_no_table_one(check, study):
    study.patients.write_text("patient_id\np1\np2\n")
    study.visits.write_text("patient_id,day,instrument,score\np1,28,phq9,3\n")
    ended = check()
    assert ended.code == 0
    assert "Table 1" not in ended.out
