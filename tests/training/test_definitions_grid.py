"""One cohort over several definitions: the same people and random numbers, honest refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from predictor.dictionary import Variable
from predictor.errors import InvalidInputError
from training.analysis import select
from training.config import RunConfig, read_world
from training.definitions_grid import _direction, over_definitions, why_not_applied
from training.evaluation import Choice, OutOfFold
from training.findings import Findings
from training.learners import learner_named
from training.metrics.intervals import PairedDifference
from training.metrics.survival import kaplan_meier
from training.presentation.definitions import conclusion_words, grid_lines, section
from training.run_input import Input, outcome_named, read_others, read_people
from training.simulation import simulate, write_cohort

LEARNER = {"response": "averaged", "relapse": "averaged_cox"}  # always with a signal
VARIABLES = ("age_years", "sex", "bmi", "madrs_total", "failed_trials")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    write_cohort(simulate(read_world(), n_patients=160, rng=np.random.default_rng(4)), folder)
    return Input(folder / "patients.csv", folder / "visits.csv", folder / "events.csv")


def config_of(task, **changed):
    settings = {
        "outcome": f"{task}_madrs",
        "variables": VARIABLES,
        "candidates": (LEARNER[task],),
        "resampling": {"folds": 3, "inner_folds": 3},
        "trial_effects": None,
    }
    return RunConfig.model_validate({"task": task, **settings, **changed})


def findings_for(data, task, *, chosen=True):
    """The findings of a run that need no fit; the choice stands as if one had been made."""
    config = config_of(task)
    cohort, _ = read_people(data, outcome_named(config.outcome, task))
    learner = learner_named(LEARNER[task], task)
    choice = Choice(learner, "made up", PairedDifference(0, -1, 1, 1), {}) if chosen else None
    nothing: dict[str, OutOfFold] = {}
    return Findings(
        config, cohort, None, select(config, cohort), nothing, {}, {}, choice, {}, None,
        "exploratory", "few people",
    )  # fmt: skip


def grid_of(findings, cohorts):
    return over_definitions(findings, cohorts, rng=np.random.default_rng(5)).definitions


def renamed(cohort, name):
    return replace(cohort, definition=cohort.definition.model_copy(update={"name": name}))


@pytest.mark.parametrize("task", ["response", "relapse"])
def test_the_same_rule_under_another_name_gives_the_same_numbers(data, task):
    findings = findings_for(data, task)
    again = renamed(findings.cohort, "again")
    own, other = grid_of(findings, {"again": again}).found
    assert (own.name, other.name) == (f"{task}_madrs", "again")
    assert other.agreement == pytest.approx(1)
    assert own.agreement is None
    assert replace(other, name=own.name, agreement=None) == own
    flow = findings.cohort.flow
    assert (own.people, own.events) == (flow.with_outcome, flow.events)


def test_the_numbers_of_a_definition_do_not_depend_on_what_else_is_asked(data):
    findings = findings_for(data, "response")
    names = ("remission_madrs_10", "partial_response_madrs")
    cohorts = read_others(config_of("response", definitions=names), data)
    assert tuple(cohorts) == names
    both = grid_of(findings, cohorts).found
    alone = grid_of(findings, {names[1]: cohorts[names[1]]}).found
    assert both[2] == alone[1]
    assert both[1].observed == {28: pytest.approx(both[1].events / both[1].people)}
    assert both[2].events > both[0].events > both[1].events  # 25 % fall, 50 % fall, remission


def test_the_risk_of_each_rule_is_kaplan_meier_up_to_its_horizon(data):
    findings = findings_for(data, "relapse")
    cohorts = read_others(config_of("relapse", definitions=("relapse_escape_trd",)), data)
    _, other = grid_of(findings, cohorts).found
    outcome = cohorts["relapse_escape_trd"].outcome
    days, events = outcome.days[outcome.at_risk], outcome.relapsed[outcome.at_risk]
    curve = kaplan_meier(days, events.astype(float))
    assert other.observed == {
        day: pytest.approx(1 - float(curve.at(day))) for day in (30, 90) if day <= curve.until
    }
    assert 180 not in other.observed  # its horizon is 168 days


def test_what_cannot_be_applied_is_listed_with_its_reason(data):
    findings = findings_for(data, "relapse", chosen=False)
    cohorts = read_others(config_of("relapse", definitions="all"), data)
    grid = grid_of(findings, cohorts)
    assert grid.learner == "averaged_cox"  # without a choice, the first candidate
    assert "no visit has a QIDS-SR16 score" in grid.not_applied["relapse_elekt_d"]
    assert "a relapse recorded by the study" in grid.not_applied["relapse_recorded"]
    assert grid.not_applied["relapse_salloum"].startswith("nobody is left to be analysed")
    assert {one.name for one in grid.found} | set(grid.not_applied) == {*cohorts, "relapse_madrs"}


def test_too_few_events_and_data_that_cannot_be_read_are_reasons(data):
    findings = findings_for(data, "response")
    cohort = findings.cohort
    rare = np.where(np.isnan(cohort.outcome.observed), np.nan, 0.0)
    rare[np.flatnonzero(~np.isnan(rare))[0]] = 1.0
    few = replace(
        cohort,
        outcome=replace(cohort.outcome, observed=rare),
        flow=replace(cohort.flow, events=1),
    )
    assert why_not_applied(few).startswith("1 events in ")
    assert why_not_applied(cohort) == ""
    grid = grid_of(findings, {"rare": few, "broken": "no such column"})
    assert grid.not_applied["broken"] == "no such column"
    assert [one.name for one in grid.found] == ["response_madrs"]
    assert conclusion_words(grid) == [
        "No other definition could be applied, so nothing can be compared."
    ]


def test_an_own_definition_with_too_few_events_is_shown_and_nothing_is_concluded(data):
    findings = findings_for(data, "response")
    cohort = findings.cohort
    observed = cohort.outcome.observed.copy()
    seen = np.flatnonzero(~np.isnan(observed))
    observed[seen] = 0.0
    observed[seen[0]] = 1.0
    rare = replace(
        cohort,
        outcome=replace(cohort.outcome, observed=observed),
        flow=replace(cohort.flow, events=1),
    )
    grid = grid_of(replace(findings, cohort=rare), {"usual": renamed(cohort, "usual")})
    own, other = grid.found
    assert (own.status, own.discrimination, own.strongest) == ("refused", None, ())
    assert own.undefined == "folds need at least 2 people with the event and 2 without it"
    assert other.status == "exploratory"
    assert other.strongest
    assert other.agreement is None
    assert grid.conclusions == ()
    assert conclusion_words(grid)[0].startswith("Nothing is concluded: this run's own")


def test_without_other_definitions_findings_are_left_alone(data):
    findings = findings_for(data, "response")
    assert over_definitions(findings, {}, rng=np.random.default_rng(1)) is findings
    assert read_others(config_of("response"), data) == {}
    assert read_others(config_of("response", definitions=("response_madrs",)), data) == {}
    assert section(findings) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [("remission_madrs", "no entry of outcomes.yaml"), ("relapse_madrs", "is a relapse outcome")],
)
def test_unknown_and_foreign_definitions_are_refused(data, name, words):
    with pytest.raises(InvalidInputError, match=words):
        read_others(config_of("response", definitions=(name,)), data)


def test_data_that_a_definition_cannot_read_are_a_reason_not_an_end(data, monkeypatch):
    def refuse(*_):
        raise InvalidInputError("the file is gone")

    monkeypatch.setattr("training.run_input.read_people", refuse)
    found = read_others(config_of("response", definitions=("remission_madrs_10",)), data)
    assert found == {"remission_madrs_10": "the file is gone"}


def test_a_direction_names_the_answers_that_stand_higher():
    def variable(kind, levels=()):
        return Variable("x", "X", kind, "g", "s", levels=levels)

    values, up = np.array([0, 1, 2, np.nan]), np.array([-1.0, 0.0, 2.0, 9.0])
    assert _direction(variable("number"), values, up) == "higher raises"
    assert _direction(variable("integer"), values, -up) == "higher lowers"
    assert _direction(variable("yes_no"), values, up) == "yes raises"
    assert _direction(variable("yes_no"), values, -up) == "no raises"
    levels = variable("category", ("a", "b", "c"))
    assert _direction(levels, values, up) == "c highest"


def test_the_grid_is_told_on_the_screen_and_in_the_report(data):
    findings = findings_for(data, "relapse")
    cohorts = read_others(config_of("relapse", definitions="all"), data)
    told = []
    from training.work import Work

    findings = over_definitions(
        findings,
        cohorts,
        rng=np.random.default_rng(5),
        work=Work(told=lambda stage, *_: told.append(stage)),
    )
    grid = findings.definitions
    n = len(grid.found)
    assert set(told) == {f"Definition {k + 1} of {n}" for k in range(n)}
    lines = grid_lines(grid)
    assert lines[0][4] == "C (95 %)"
    assert len(lines) == n + 1
    part = section(findings)
    assert part.paragraphs[1:] == conclusion_words(grid)
    assert [row["Definition"].under for row in part.tables[0].rows] == [x.name for x in grid.found]
    assert {row["Definition"] for row in part.tables[1].rows} == set(grid.not_applied)
    assert all(words.startswith(("Survives: ", "Changes: ")) for words in conclusion_words(grid))
