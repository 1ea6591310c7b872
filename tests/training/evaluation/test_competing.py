"""Which event comes first, by hand on a few people, and who is taken for censored by fits."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from training.analysis import select
from training.evaluation import competing_risks
from training.findings import summary
from training.fitting import Outcome
from training.presentation import make_report

NBSP = "\N{NO-BREAK SPACE}"
# ten people: four relapse on day 10, three have ECT on day 20, one relapses on 60, two stay to 100
DAYS = np.array([10.0] * 4 + [20.0] * 3 + [60.0] + [100.0] * 2)
EVENTS = np.array([1.0] * 4 + [0.0] * 3 + [1.0] + [0.0] * 2)
ECT = np.array([0.0] * 4 + [1.0] * 3 + [0.0] * 3)


def test_each_event_has_its_share_and_kaplan_meier_answers_another_question():
    found = competing_risks(Outcome(EVENTS, DAYS, competing=ECT))
    assert (found.people, found.relapsed, found.competed) == (10, 5, 3)
    at = {day: {name: one.value for name, one in each.items()} for day, each in found.days.items()}
    assert at[30] == pytest.approx(
        {"relapse": 0.4, "competing": 0.3, "one_minus_kaplan_meier": 0.4}
    )
    # of the three left on day 60 one relapses: 0.4 + 0.3 / 3; were it not for ECT, 1 - 0.6 * 2 / 3
    assert at[90] == pytest.approx(
        {"relapse": 0.5, "competing": 0.3, "one_minus_kaplan_meier": 0.6}
    )
    assert found.undefined == {180: "follow-up ends on day 100"}
    assert json.loads(json.dumps(found.to_dict()))["by_day"]["30"]["competing"]["value"] == 0.3


def test_without_declared_competing_events_there_is_nothing_to_say():
    assert competing_risks(Outcome(EVENTS, DAYS)) is None
    assert competing_risks(Outcome(EVENTS)) is None
    nobody = np.empty(0)
    assert competing_risks(Outcome(nobody, nobody, competing=nobody)) is None


def test_people_taken_keep_their_competing_events():
    taken = Outcome(EVENTS, DAYS, competing=ECT).take(np.array([7, 4]))
    assert taken.competing.tolist() == [0.0, 1.0]
    assert taken.events.tolist() == [1.0, 0.0]  # censored for whoever fits a hazard of relapse


def declared(findings):
    """Findings whose definition declares ECT and death as competing; two people had ECT first."""
    cohort = findings.cohort
    rule = cohort.definition.model_copy(
        update={"competing_events": ("ect", "died"), "censoring_events": ("withdrew",)}
    )
    first = np.flatnonzero(cohort.analysed & ~cohort.events)[:2]
    marked = np.isin(np.arange(len(cohort.analysed)), first)
    cohort = replace(cohort, definition=rule, outcome=replace(cohort.outcome, competing=marked))
    outcome = select(findings.config, cohort).outcome
    return replace(findings, cohort=cohort, competing=competing_risks(outcome))


def test_a_run_tells_both_numbers_and_what_each_means(findings_of):
    plain = findings_of("relapse")
    assert select(plain.config, plain.cohort).outcome.competing is None
    assert summary(plain)["competing"] is None
    findings = declared(plain)
    told = summary(findings)["competing"]
    assert (told["people"], told["competed"]) == (40, 2)
    sections = {part.anchor: part for part in make_report(findings, {}).sections}
    part = sections["competing"]
    assert part.paragraphs[0].endswith("2 had a competing event first (ECT or death).")
    assert "were it not for ECT or death" in part.paragraphs[2]
    assert list(part.tables[0].rows[0]) == [
        "Day",
        "Relapse first",
        "ECT or death first",
        f"1{NBSP}−{NBSP}Kaplan–Meier of relapse",
    ]
    assert "competing" not in {part.anchor for part in make_report(plain, {}).sections}
