"""Untreated people: set apart before training, and judged by the rule of the treated."""

import numpy as np
import pytest

from predictor.dictionary import Dictionary, Variable
from predictor.errors import InvalidInputError
from training.cohort import read_cohort
from training.column_map import ColumnMap
from training.outcome import OutcomeDefinition, Window
from training.untreated import beside_treated, predicted_only

DICTIONARY = Dictionary(
    (
        Variable("age_years", "Age", "number", "people", "here", unit="a", hard_range=(10, 110)),
        Variable(
            "madrs_total", "MADRS total", "integer", "d", "here", unit="1", hard_range=(0, 60)
        ),
    )
)
RESPONSE = OutcomeDefinition(
    name="response", label="Response", task="response", instrument="madrs", source="here",
    percent_fall=50, window=Window(day=28, first=21, last=35),
)  # fmt: skip
RELAPSE = OutcomeDefinition(
    name="relapse", label="Relapse", task="relapse", instrument="madrs", source="here",
    responders=RESPONSE, at_least=22,
)  # fmt: skip
PATIENTS = """patient_id,age_years,madrs_total,given
a,40,30,ketamine
b,50,36,ketamine
c,60,20,saline
d,30,30,saline
e,35,30,saline
f,999,30,saline
"""
VISITS = """patient_id,day,instrument,score
a,0,madrs,30
a,28,madrs,10
b,0,madrs,36
b,28,madrs,30
c,0,madrs,20
c,28,madrs,10
d,0,madrs,30
d,28,madrs,16
e,0,madrs,30
"""
ARM = {"column": "given", "levels": ["saline"], "label": "saline"}
PERIODS = """patient_id,day,instrument,score,period
a,0,madrs,30,one
a,28,madrs,10,one
a,28,madrs,16,two
b,0,madrs,36,one
b,28,madrs,30,one
b,0,madrs,40,two
b,28,madrs,20,two
"""


def read(tmp_path, arm, *, patients=PATIENTS, visits=VISITS, definition=RESPONSE, drop=True):
    for name, text in (("patients", patients), ("visits", visits)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    column = "given" if arm.get("table", "patients") == "patients" else "period"
    tables = {
        "patients": {"drop": ["given"]} if drop else {},
        "visits": {"drop": ["period"]} if column == "period" else {},
    }
    return read_cohort(
        tmp_path / "patients.csv",
        tmp_path / "visits.csv",
        dictionary=DICTIONARY,
        definition=definition,
        column_map=ColumnMap.model_validate({**tables, "control_arm": arm}),
    )


def test_an_untreated_arm_is_counted_apart_and_never_trained_on(tmp_path):
    cohort = read(tmp_path, ARM)
    assert cohort.rows.patient_ids == ("a", "b")
    assert cohort.flow.excluded["control_arm"] == 4
    assert cohort.control.design == "arm"
    assert cohort.control.rows.patient_ids == ("c", "d", "e")  # f has a fault in age
    assert np.array_equal(cohort.control.observed, [1, 0, np.nan], equal_nan=True)
    beside = predicted_only(cohort)
    assert beside["outside_people"] == ("c", "d", "e")
    assert beside["outside"]["age_years"].tolist() == [60, 30, 35]


def test_an_arm_that_is_trained_on_stays_in_the_cohort(tmp_path):
    cohort = read(tmp_path, {**ARM, "trained_on": True})
    assert cohort.rows.patient_ids == ("a", "b", "c", "d", "e")
    assert "control_arm" not in cohort.flow.excluded
    assert cohort.control.design == "trained_arm"
    assert predicted_only(cohort)["outside_people"] == ("e",)  # no outcome, as in any cohort


def test_a_period_without_treatment_never_reaches_the_treated_outcome(tmp_path):
    arm = {"table": "visits", "column": "period", "levels": ["two"]}
    people = "\n".join(PATIENTS.splitlines()[:3]) + "\n"
    cohort = read(tmp_path, arm, patients=people, visits=PERIODS)
    assert cohort.events.tolist() == [1, 0]
    assert cohort.control.design == "period"
    # a: 30 (lent by the treated period) to 16; b: 40 to 20 in the period's own visits
    assert cohort.control.observed.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("arm", "patients", "words"),
    [
        ({**ARM, "levels": ["salin"]}, PATIENTS, "no row of patients has salin in given"),
        ({**ARM, "column": "gvien"}, PATIENTS, "control_arm"),
        (ARM, PATIENTS.replace("36,ketamine", "36,"), r"row 2, given: the arm is not known"),
        (
            {"table": "visits", "column": "period", "levels": ["three", "four"]},
            PATIENTS,
            "no row of visits has three, four",
        ),
    ],
)
def test_what_would_train_on_untreated_people_is_refused(tmp_path, arm, patients, words):
    visits = PERIODS if arm.get("table") == "visits" else VISITS
    with pytest.raises(InvalidInputError, match=words):
        read(tmp_path, arm, patients=patients, visits=visits)


def test_untreated_visits_cannot_be_trained_on():
    arm = {"table": "visits", "column": "period", "levels": ["two"], "trained_on": True}
    with pytest.raises(ValueError, match="never trained on"):
        ColumnMap.model_validate({"control_arm": arm})


def test_relapse_is_not_compared_and_says_why(tmp_path):
    cohort = read(tmp_path, ARM, definition=RELAPSE)
    assert "other people" in cohort.control.reason
    assert predicted_only(cohort) == {}


def test_without_a_control_arm_there_is_nothing_beside(findings_of):
    findings = findings_of()
    rng = np.random.default_rng(0)
    assert beside_treated(findings.cohort, findings.analysis, None, rng=rng) is None
