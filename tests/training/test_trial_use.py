"""Which effects of trials stand in the models of a run, told in JSON and report."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from training.config import (
    read_dictionary,
    read_run_config,
    read_source_settings,
    read_trial_effects,
)
from training.importers import source_overrides
from training.number_table import number_rows
from training.presentation import trials
from training.trial_use import share_planned, trial_use

DICTIONARY = read_dictionary()
SHIPPED = read_trial_effects()
VALUES = {
    "maintenance_planned": np.array([1.0, 0.0, 0.0, np.nan]),
    "psychotherapy": np.array([4.0, 0.0, 4.0, 1.0]),
}


def used(values=VALUES, read=tuple(VALUES)):
    return {use.effect.name: use for use in trial_use(SHIPPED, DICTIONARY, values, read=read)}


def test_each_effect_is_in_the_models_or_has_a_reason():
    assert {name: use.left_out for name, use in used().items()} == {"maintenance": "", "cbt": ""}
    alike = VALUES | {"psychotherapy": np.full(4, 4.0)}
    assert used(alike)["cbt"].left_out == "everybody, or nobody, has it planned"
    untold = VALUES | {"maintenance_planned": np.full(4, np.nan)}
    assert used(untold)["maintenance"].left_out == "nobody’s plan was recorded"
    fewer = used(read=("psychotherapy",))
    assert fewer["maintenance"].left_out.endswith("not among the variables of this run")
    assert trial_use(None, DICTIONARY, VALUES, read=()) == ()


def test_the_share_is_of_those_who_told():
    assert share_planned(VALUES["maintenance_planned"], -1) == pytest.approx(1 / 3)
    assert share_planned(VALUES["psychotherapy"], 4) == 0.5
    assert share_planned(np.full(3, np.nan), 4) is None


def test_the_numbers_of_an_effect_stand_in_the_flat_table():
    rows = number_rows({"trial_effects": {n: use.to_dict() for n, use in used().items()}})
    (row,) = [r for r in rows if r["candidate"] == "cbt" and r["measure"] == "hazard_ratio"]
    assert [round(float(row[key]), 2) for key in ("value", "lo", "hi")] == [0.67, 0.25, 1.79]


@pytest.fixture
def findings(findings_of):
    found = findings_of("relapse")
    config = found.config.model_copy(update={"trial_effects": SHIPPED})
    return replace(found, config=config)


def test_the_report_names_effect_population_source_and_certainty(findings):
    part = trials.section(findings)
    assert any("No learner read these answers" in words for words in part.paragraphs)
    assert any("EMDR" in words and "No controlled evidence" in words for words in part.paragraphs)
    (table,) = part.tables
    maintenance, cbt = table.rows
    assert maintenance["Hazard ratio"].replace("\N{NO-BREAK SPACE}", " ") == "0.39 [0.22 to 0.72]"
    assert "remitters 0.49" in maintenance["Found in"].text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Daly 2019" in maintenance["Found in"].under
    assert (maintenance["Certainty"], cbt["Certainty"]) == ("moderate", "very low")
    assert str(maintenance["In the models"]).startswith(("yes", "no: "))


def test_without_trial_effects_the_report_says_that_plans_were_left_out(findings, findings_of):
    off = findings.config.model_copy(update={"trial_effects": None})
    part = trials.section(replace(findings, config=off))
    assert "left out of every model" in part.paragraphs[0]
    assert not part.tables
    assert trials.section(findings_of("response")) is None
    other = SimpleNamespace(settings=SimpleNamespace(ketamine=False))
    assert trials.section(replace(findings, source=other)) is None


def test_what_was_found_of_ketamine_stands_in_no_model_of_another_treatment():
    settings = source_overrides(read_source_settings("smoking_relapse"), "relapse")
    assert read_run_config("configs/relapse.yaml", **settings).trial_effects is None
