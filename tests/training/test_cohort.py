"""Cohorts from small files: who is counted where, and every fault of every table at once."""

import json

import numpy as np
import pytest

from predictor.dictionary import Dictionary, Variable
from predictor.errors import InvalidInputError
from training.cohort import missing_outcomes, read_cohort
from training.column_map import ColumnMap
from training.outcome import OutcomeDefinition, Window
from training.table_one import table_one

DICTIONARY = Dictionary(
    (
        Variable("age_years", "Age", "number", "people", "here", unit="a", hard_range=(10, 110)),
        Variable("sex", "Sex", "category", "people", "here", levels=("female", "male", "other")),
        Variable("employed", "Employed", "yes_no", "people", "here"),
        Variable(
            "madrs_total",
            "MADRS total",
            "integer",
            "depression",
            "here",
            unit="{score}",
            hard_range=(0, 60),
        ),
        Variable("height_cm", "Height", "number", "b", "h", use="input", hard_range=(100, 230)),
    )
)
RESPONSE = OutcomeDefinition(
    name="response",
    label="Response",
    task="response",
    instrument="madrs",
    source="here",
    percent_fall=50,
    window=Window(day=28, first=21, last=35),
)
RELAPSE = OutcomeDefinition(
    name="relapse",
    label="Relapse",
    task="relapse",
    instrument="madrs",
    source="here",
    responders=RESPONSE,
    at_least=22,
    relapse_events=("hospitalised",),
)
PATIENTS = """patient_id,site,age_years,sex,employed,height_cm
a,one,40,female,yes,170
b,one,50,male,no,170
c,two,60,female,,170
d,two,999,male,yes,170
e,,30,male,no,170
"""
VISITS = """patient_id,day,instrument,score
a,0,madrs,30
a,28,MADRS,10
a,42,madrs,12
b,0,madrs,36
b,28,madrs,30
c,0,madrs,20.5
c,7,madrs,5
d,0,madrs,30
d,28,madrs,10
e,28,madrs,10
"""


@pytest.fixture
def study(tmp_path):
    def write(patients=PATIENTS, visits=VISITS, events=None):
        (tmp_path / "patients.csv").write_text(patients, encoding="utf-8")
        (tmp_path / "visits.csv").write_text(visits, encoding="utf-8")
        if events is not None:
            (tmp_path / "events.csv").write_text(events, encoding="utf-8")
        return tmp_path

    return write


def read(folder, definition=RESPONSE, **settings):
    if (folder / "events.csv").exists():
        settings["events_path"] = folder / "events.csv"
    return read_cohort(
        folder / "patients.csv",
        folder / "visits.csv",
        dictionary=DICTIONARY,
        definition=definition,
        **settings,
    )


def faults(folder, **settings):
    with pytest.raises(InvalidInputError) as caught:
        read(folder, **settings)
    return {(fault.row, fault.column, fault.rule) for fault in caught.value.faults}


def test_everybody_is_counted_once_in_the_flow(study):
    cohort = read(study())
    flow = cohort.flow
    assert (flow.patients, flow.eligible, flow.with_outcome, flow.events) == (5, 4, 2, 1)
    assert flow.excluded == {"row_fault": 1, "no_baseline_score": 1, "no_score_in_window": 1}
    assert flow.patients - sum(flow.excluded.values()) == flow.with_outcome
    assert cohort.rows.patient_ids == ("a", "b", "c", "e")
    assert cohort.analysed.tolist() == [True, True, False, False]
    assert cohort.events.tolist() == [True, False, False, False]
    assert [fault.rule for fault in cohort.faults] == ["above_hard_range"]
    assert set(cohort.visits["patient_id"]) == {"a", "b", "c", "e"}
    assert cohort.origin == "real"
    assert set(cohort.file_sha256) == {"patients", "visits"}


def test_the_baseline_score_is_taken_from_the_visit_where_the_patients_table_lacks_it(study):
    cohort = read(study())
    np.testing.assert_array_equal(cohort.rows.values["madrs_total"], [30, 36, 21, np.nan])
    np.testing.assert_array_equal(cohort.baseline_score, [30, 36, 20.5, np.nan])
    assert "madrs_total: taken from the baseline visit for 3 people" in cohort.notes


def test_a_stated_baseline_score_stays_and_a_difference_is_said(study):
    lines = PATIENTS.splitlines()
    stated = ["madrs_total", "33", "36", "", "20", "25"]
    both = "\n".join(f"{line},{score}" for line, score in zip(lines, stated, strict=True))
    cohort = read(study(patients=both + "\n"))
    np.testing.assert_array_equal(cohort.rows.values["madrs_total"], [33, 36, 21, 25])
    np.testing.assert_array_equal(cohort.baseline_score, [30, 36, 20.5, 25])
    assert any("differ in 1 rows (1)" in note for note in cohort.notes)
    assert cohort.flow.excluded["no_baseline_score"] == 1  # the outcome reads visits alone


def test_relapse_counts_the_risk_set_with_follow_up(study):
    events = "patient_id,day,event\na,60,HOSPITALISED\nb,5,Ect\n"
    visits = VISITS + "e,0,madrs,40\n"
    cohort = read(study(visits=visits, events=events), RELAPSE)
    flow = cohort.flow
    assert (flow.eligible, flow.with_outcome, flow.events) == (4, 1, 1)
    assert flow.excluded == {
        "row_fault": 1,
        "response_not_observed": 1,
        "not_a_responder": 1,
        "no_follow_up": 1,
    }
    assert cohort.outcome.days[0] == 32
    table = missing_outcomes(cohort)
    assert table[table["by"] == "site"].to_dict("records") == [
        {"by": "site", "level": "not known", "people": 1, "missing": 1},
        {"by": "site", "level": "one", "people": 1, "missing": 0},
        {"by": "site", "level": "two", "people": 1, "missing": 1},
    ]


def test_missing_outcomes_are_counted_by_site_and_severity(study):
    assert missing_outcomes(read(study())).to_dict("records") == [
        {"by": "site", "level": "not known", "people": 1, "missing": 1},
        {"by": "site", "level": "one", "people": 2, "missing": 0},
        {"by": "site", "level": "two", "people": 1, "missing": 1},
        {"by": "baseline severity", "level": "moderate (20-34)", "people": 2, "missing": 1},
        {"by": "baseline severity", "level": "severe (35-60)", "people": 1, "missing": 0},
        {"by": "baseline severity", "level": "not known", "people": 1, "missing": 1},
    ]


def test_every_fault_of_every_table_is_reported_at_once(study):
    visits = """patient_id,day,instrument,score
a,0,madrs,61
a,x,madrs,10
a,,madrs,10
a,-15,madrs,10
b,0,mdrs,10
b,0,madrs,-1
b,7,madrs,inf
b,14,madrs,10
b,14,madrs,11
zz,0,madrs,10
"""
    events = "patient_id,day,event\na,5,fever\nzz,5,died\na,99999,died\nb,,ect\n"
    assert faults(study(visits=visits, events=events)) == {
        (4, "age_years", "above_hard_range"),
        (1, "score", "score_out_of_range"),
        (2, "day", "not_a_number"),
        (3, "day", "day_missing"),
        (4, "day", "day_out_of_range"),
        (5, "instrument", "instrument_unknown"),
        (6, "score", "score_out_of_range"),
        (7, "score", "not_a_number"),
        (9, "day", "duplicate_visit"),
        (10, "patient_id", "not_in_patients"),
        (1, "event", "event_unknown"),
        (2, "patient_id", "not_in_patients"),
        (3, "day", "day_out_of_range"),
        (4, "day", "day_missing"),
    }


def test_doses_are_events_that_change_no_outcome(study):
    doses = "patient_id,day,event\na,0,dosed\na,3,Dosed\nb,40,dosed\n"
    with_doses, without = read(study(events=doses)), read(study())
    assert np.array_equal(with_doses.outcome.observed, without.outcome.observed, equal_nan=True)
    with pytest.raises(ValueError, match="censoring_events"):
        RELAPSE.model_validate(RELAPSE.model_dump() | {"censoring_events": ("dosed",)})


def test_messages_name_the_row_what_is_accepted_and_nobody(study):
    visits = VISITS + "a,50,madrss,3\nsecret-name,50,madrs,3\na,60,madrs,70\n"
    with pytest.raises(InvalidInputError) as caught:
        read(study(visits=visits))
    texts = [fault.message for fault in caught.value.faults]
    assert any("row 11, instrument: unknown instrument; did you mean madrs?" in t for t in texts)
    assert any("row 13, score: 70 is no madrs total, which goes from 0 to 60" in t for t in texts)
    assert not any("secret-name" in text for text in texts)
    assert "more faults" in str(caught.value)


def test_one_fault_is_the_whole_message(study):
    with pytest.raises(InvalidInputError, match="did you mean hospitalised") as caught:
        read(
            study(
                patients=PATIENTS.replace("999", "20"),
                events="patient_id,day,event\na,5,hospitalized\n",
            )
        )
    assert "more faults" not in str(caught.value)


@pytest.mark.parametrize(
    ("visits", "expected"),
    [
        ("patient_id,day,score\na,0,3\n", (None, "instrument", "missing_column")),
        (
            "patient_id,day,instrument,score,scor\na,0,madrs,3,4\n",
            (None, "scor", "unknown_column"),
        ),
    ],
)
def test_missing_and_unknown_columns_are_refused(study, visits, expected):
    assert expected in faults(study(visits=visits))


def test_what_is_unknown_may_be_ignored_with_a_note(study):
    first, *lines = VISITS.splitlines()
    visits = "\n".join([f"{first},mood", *[f"{line},x" for line in lines], "zz,0,madrs,3,x", ""])
    cohort = read(study(visits=visits), ignore_unknown=True)
    assert "visits: ignored unknown columns mood" in cohort.notes
    assert "visits: ignored 1 rows of people not in the patients table" in cohort.notes
    assert cohort.flow.with_outcome == 2


def test_an_ignored_column_of_the_patients_is_named(study):
    first, *lines = PATIENTS.splitlines()
    patients = "\n".join([f"{first},age_yeers", *[f"{line},3" for line in lines], ""])
    cohort = read(study(patients=patients), ignore_unknown=True)
    assert any(
        note.startswith(
            "patients: column age_yeers is unknown, the nearest known name is age_years"
        )
        for note in cohort.notes
    )


def test_single_items_are_no_totals_and_no_duplicates(study):
    visits = "patient_id,day,instrument,score,item,rater\n" + "".join(
        f"{line},,\n" for line in VISITS.splitlines()[1:]
    )
    cohort = read(study(visits=visits + "a,28,madrs,3,1,x\na,28,madrs,3,2,x\n"))
    assert cohort.flow.events == 1
    assert cohort.visits["item"].notna().sum() == 2


def test_an_empty_events_table_is_no_fault(study):
    cohort = read(study(events="patient_id,day,event\n"), RELAPSE)
    assert cohort.flow.events == 0
    assert "events" in cohort.file_sha256


def test_instruments_without_a_variable_stay_visits(study):
    cohort = read(study(visits=VISITS + "a,0,BDI-II,30\n".replace("BDI-II", "bdi2")))
    assert "bdi2" in set(cohort.visits["instrument"])


def test_a_column_map_and_eligibility_come_before_everything_else(study):
    wide = """ID;Age;grp;madrs_day0;madrs_day28
a;40;MDD;30;10
b;50;HC;30;10
c;999;HC;30;10
d;999;MDD;30;10
""".replace(";", ",")
    mapping = ColumnMap.model_validate(
        {
            "patients": {"columns": {"ID": "patient_id", "Age": "age_years"}, "drop": ["grp"]},
            "visits": {"wide": True, "columns": {"ID": "patient_id"}},
            "eligibility": [{"rule": "healthy", "columns": ["grp"], "keep": ["MDD"]}],
        }
    )
    cohort = read(study(patients=wide, visits=wide), column_map=mapping)
    assert cohort.flow.excluded == {"healthy": 2, "row_fault": 1}
    assert cohort.rows.patient_ids == ("a",)
    assert cohort.outcome.observed.tolist() == [1.0]


# ---- origin


def test_origin_json_beside_the_patients_says_simulated(study):
    folder = study()
    (folder / "origin.json").write_text(json.dumps({"data_origin": "simulated"}), encoding="utf-8")
    assert read(folder).origin == "simulated"
    (folder / "origin.json").write_text(json.dumps({"data_origin": "real"}), encoding="utf-8")
    assert read(folder).origin == "real"


@pytest.mark.parametrize("content", ["[]", "{}", "not json", '{"data_origin": "dream"}'])
def test_an_origin_that_cannot_be_read_is_refused(study, content):
    folder = study()
    (folder / "origin.json").write_text(content, encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"origin\.json"):
        read(folder)


def test_simulated_ids_make_a_cohort_simulated(study):
    folder = study(PATIENTS.replace("\na,", "\nsim-a,"), VISITS.replace("\na,", "\nsim-a,"))
    assert read(folder).origin == "simulated"


# ---- table 1


def test_table_one_counts_by_outcome_without_inputs_and_empty_variables(study):
    table = table_one(read(study(patients=PATIENTS.replace("999", "20")))).set_index(
        ["variable", "level"]
    )
    assert list(table.columns) == [
        "missing",
        "overall",
        "responded",
        "did not respond",
        "outcome missing",
        "smd",
    ]
    assert table.loc[("Age [a]", ""), "smd"] == "–"  # fewer than ten answers in a group
    assert table.loc[("people", ""), "overall"] == "5"
    assert table.loc[("people", ""), "responded"] == "2"
    assert table.loc[("Sex", "female"), "overall"] == "2 (40.0)"
    assert table.loc[("Employed", "no"), "missing"] == "1"
    assert table.loc[("Age [a]", ""), "overall"].startswith("40.0 [30.0,50.0]")
    assert ("Sex", "other") not in table.index
    assert "Height" not in table.index.get_level_values(0)


def test_table_one_hides_counts_of_few_and_what_tells_of_them(findings_of):
    cohort = findings_of().cohort  # 20 responded, 20 did not, of 4 the outcome is missing
    group = np.where(~cohort.analysed, 2, np.where(cohort.events, 0, 1))
    first = np.zeros(44, dtype=bool)
    for place, few in enumerate((6, 12, 0)):
        first[np.flatnonzero(group == place)[:few]] = True
    cohort.rows.values["sex"][:] = np.where(first, 0.0, 1.0)
    whole = table_one(cohort).set_index(["variable", "level"])
    assert whole.loc[("Sex", "female"), "responded"].startswith("6 (")
    table = table_one(cohort, hide_few=True).set_index(["variable", "level"])
    sex = table.loc["Sex"]
    assert list(sex["responded"]) == ["fewer than 10", "not shown"]
    assert list(sex["outcome missing"]) == ["fewer than 10", "fewer than 10"]
    # with all groups told, 6 would follow
    assert "not shown" in {*sex["overall"], *sex["did not respond"]}
    assert not {"6", "14"} & {cell.split(" ")[0] for cell in sex.to_numpy().ravel()}
    assert sex["smd"].iloc[0] == "–"  # it would give the share back
    age = table.loc[("Age [a]", "")]
    assert age["outcome missing"] == "fewer than 10"  # quartiles of 4 people
    assert age["smd"] == whole.loc[("Age [a]", ""), "smd"] == "−0.08"
    assert table.loc[("people", ""), "outcome missing"] == "4"  # as in the flow


def test_table_one_of_relapse_names_its_groups(study):
    columns = list(table_one(read(study(), RELAPSE)))
    assert columns[4:] == ["no relapse seen", "not at risk", "smd"]


def test_table_one_of_nobody_is_empty(study):
    cohort = read(study(patients="patient_id,age_years\na,999\nb,999\nc,999\nd,999\ne,999\n"))
    assert cohort.flow.eligible == 0
    assert table_one(cohort).empty
    assert missing_outcomes(cohort).empty
