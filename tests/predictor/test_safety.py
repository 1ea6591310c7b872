"""Safety rules fire where the labels say, and what was not asked is never taken for a no."""

from __future__ import annotations

import ast
import csv
import json
import math
import timeit
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from predictor.dictionary import Dictionary
from predictor.safety import TIERS, SafetyFindings, SafetyRules, evaluate

ROOT = Path(__file__).resolve().parents[2]
RAW = yaml.safe_load((ROOT / "configs" / "safety.yaml").read_text(encoding="utf-8"))
DICTIONARY = Dictionary.from_dict(
    yaml.safe_load((ROOT / "configs" / "dictionary.yaml").read_text(encoding="utf-8"))
)
RULES = SafetyRules.from_dict(RAW, DICTIONARY)
ALWAYS_SAID = {"pressure_after_dose", "sedation_after_dose"}

# A healthy person of 40 with every question answered: level texts, "yes"/"no" or numbers.
HARMLESS: dict[str, Any] = {
    **{name: "no" for name in RULES.reads if DICTIONARY[name].type == "yes_no"},
    "sex": "female",
    "age_years": 40,
    "bmi": 24,
    "systolic_mmhg": 120,
    "diastolic_mmhg": 80,
    "nyha_class": "none",
    "child_pugh_class": "none",
    "substance_use_disorder": "none",
    "urine_drug_screen": "negative",
    "ymrs_total": 2,
    "audit_total": 3,
    "dast10_total": 0,
    "moca_total": 28,
    "cssrs_ideation_month": 1,
    "benzodiazepine_mg_diazepam_eq": 0,
}


def coded(answers: dict[str, Any]) -> dict[str, float]:
    """Codes by hand: yes 1, no 0, a level its place, None NaN."""
    codes = {}
    for name, answer in answers.items():
        if answer is None:
            codes[name] = math.nan
        elif answer in ("yes", "no"):
            codes[name] = float(answer == "yes")
        elif isinstance(answer, str):
            codes[name] = float(DICTIONARY[name].levels.index(answer))
        else:
            codes[name] = float(answer)
    return codes


def asked(**answers: Any) -> SafetyFindings:
    return evaluate(RULES, coded({**HARMLESS, **answers}))


def fired(tier: str | None = None, **answers: Any) -> set[str]:
    findings = asked(**answers).findings
    return {f.code for f in findings if tier in (None, f.tier)} - ALWAYS_SAID


# ------------------------------------------------------------------ the shipped rules


def test_every_condition_of_the_evidence_table_has_its_rule_and_tier() -> None:
    path = ROOT.parent / "shared" / "evidence" / "safety_rules.csv"
    if not path.exists():
        pytest.skip("the evidence tables are not beside the project")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    tiers: dict[str, set[str]] = {}
    for rule in RULES.rules:
        for condition in rule.conditions:
            tiers.setdefault(condition, set()).add(rule.tier)
    assert len(rows) >= 49
    for row in rows:
        assert row["tier"] in tiers.get(row["condition"], ()), row["condition"]
    assert set(tiers) == {row["condition"] for row in rows}


def test_every_safety_variable_is_asked_by_a_rule() -> None:
    safety = {variable.id for variable in DICTIONARY.variables if variable.use == "safety"}
    assert safety <= set(RULES.asks)


def test_a_healthy_person_gets_general_information_only() -> None:
    said = asked()
    assert {finding.code for finding in said.findings} == ALWAYS_SAID
    assert said.not_asked == ()
    assert said.stops == ()


STOPS = [
    ("aneurysm", {"aneurysm": "yes"}),
    ("arteriovenous_malformation", {"arteriovenous_malformation": "yes"}),
    ("intracerebral_haemorrhage", {"intracerebral_haemorrhage": "yes"}),
    ("hypersensitivity", {"ketamine_hypersensitivity": "yes"}),
    ("recent_cardiovascular_event", {"recent_cardiovascular_event": "yes"}),
    ("recent_cardiac_arrest", {"recent_cardiac_arrest": "yes"}),
    ("unstable_angina", {"unstable_angina": "yes"}),
    ("pressure_rise_hazard", {"pressure_rise_hazard": "yes"}),
    ("pressure_rise_hazard", {"raised_intracranial_pressure": "yes"}),
    ("uncontrolled_hypertension", {"systolic_mmhg": 160}),
    ("uncontrolled_hypertension", {"diastolic_mmhg": 100}),
    ("active_psychosis", {"active_psychosis": "yes"}),
    ("mania", {"ymrs_total": 20}),
    ("mania", {"ymrs_total": 20, "bipolar": "yes"}),
    ("substance_use_disorder_severe", {"substance_use_disorder": "moderate"}),
    ("substance_use_disorder_severe", {"substance_use_disorder": "severe"}),
    ("substance_use_disorder_severe", {"urine_drug_screen": "positive"}),
    ("pregnancy", {"pregnant": "yes"}),
    ("pregnancy", {"pregnant": "yes", "sex": "male"}),
    ("breast_feeding", {"breast_feeding": "yes"}),
    ("severe_hepatic_impairment", {"child_pugh_class": "c"}),
    ("age_below_18", {"age_years": 17.9}),
]
CAUTIONS = [
    ("elevated_pressure", {"systolic_mmhg": 141}),
    ("elevated_pressure", {"diastolic_mmhg": 91}),
    ("heart_failure", {"nyha_class": "iii"}),
    ("heart_failure", {"nyha_class": "iv"}),
    ("valve_disease", {"valve_disease": "yes"}),
    ("arrhythmia", {"uncontrolled_arrhythmia": "yes"}),
    ("pulmonary_insufficiency", {"pulmonary_insufficiency": "yes"}),
    ("sleep_apnoea_with_obesity", {"sleep_apnoea": "yes", "bmi": 35}),
    ("hypertensive_encephalopathy", {"hypertensive_encephalopathy": "yes"}),
    ("intrathecal_shunt", {"intrathecal_shunt": "yes"}),
    ("stroke_or_tia", {"stroke_or_tia": "yes"}),
    ("psychosis_history", {"psychosis_history": "yes"}),
    ("psychosis_history", {"psychotic_features": "yes"}),
    ("bipolar", {"bipolar": "yes"}),
    ("hypomania", {"ymrs_total": 12}),
    ("substance_use", {"substance_use_disorder": "mild"}),
    ("substance_use", {"audit_total": 16}),
    ("substance_use", {"dast10_total": 6}),
    ("moderate_hepatic_impairment", {"child_pugh_class": "b"}),
    ("cystitis", {"cystitis_or_urinary_symptoms": "yes"}),
    ("hyperthyroidism", {"uncontrolled_hyperthyroidism": "yes"}),
    ("cns_depressants", {"cns_depressant": "yes"}),
    ("cns_depressants", {"benzodiazepine_mg_diazepam_eq": 5}),
    ("psychostimulants", {"stimulant": "yes"}),
    ("monoamine_oxidase_inhibitors", {"maoi": "yes"}),
    ("opioids", {"opioid_use": "yes"}),
    ("acute_suicidality", {"cssrs_ideation_month": 4}),
    ("glaucoma", {"glaucoma": "yes"}),
    ("porphyria", {"porphyria": "yes"}),
    ("seizure_disorder", {"seizure_disorder": "yes"}),
    ("dementia", {"dementia": "yes"}),
    ("dementia", {"moca_total": 17}),
]
INFORMS = [
    ("naltrexone", {"naltrexone": "yes"}),
    ("age_65_or_above", {"age_years": 65}),
]


@pytest.mark.parametrize(("code", "answers"), STOPS)
def test_each_stop_fires_alone_among_stops(code, answers) -> None:
    assert fired("STOP", **answers) == {code}
    assert asked(**answers).stops[0].code == code
    assert asked(**answers).findings[0].tier == "STOP"


@pytest.mark.parametrize(("code", "answers"), CAUTIONS)
def test_each_caution_fires_alone(code, answers) -> None:
    if answers != {"bipolar": "yes"}:
        assert fired(**answers) == {code}
    assert fired("CAUTION", **answers) == {code}


@pytest.mark.parametrize(("code", "answers"), INFORMS)
def test_each_information_fires_alone(code, answers) -> None:
    assert fired(**answers) == {code}


def test_the_lists_above_name_every_rule() -> None:
    named = {code for code, _ in [*STOPS, *CAUTIONS, *INFORMS]} | ALWAYS_SAID
    both = {"benzodiazepine_dose", "raised_intracranial_pressure"}  # below, with another rule
    assert named | both == {rule.code for rule in RULES.rules}
    stops = {rule.code for rule in RULES.rules if rule.tier == "STOP"}
    assert stops == {code for code, _ in STOPS}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"systolic_mmhg": 159}, {"elevated_pressure"}),
        ({"systolic_mmhg": 160}, {"uncontrolled_hypertension", "elevated_pressure"}),
        ({"diastolic_mmhg": 99}, {"elevated_pressure"}),
        ({"diastolic_mmhg": 100}, {"uncontrolled_hypertension", "elevated_pressure"}),
        ({"systolic_mmhg": 140, "diastolic_mmhg": 90}, set()),
        ({"systolic_mmhg": 141}, {"elevated_pressure"}),
        ({"diastolic_mmhg": 91}, {"elevated_pressure"}),
        ({"systolic_mmhg": 141, "age_years": 64.9}, {"elevated_pressure"}),
        ({"systolic_mmhg": 150, "age_years": 65}, {"age_65_or_above"}),
        ({"systolic_mmhg": 151, "age_years": 65}, {"age_65_or_above", "elevated_pressure"}),
        ({"diastolic_mmhg": 91, "age_years": 65}, {"age_65_or_above", "elevated_pressure"}),
        ({"age_years": 64.9}, set()),
        ({"age_years": 18}, set()),
        ({"ymrs_total": 11}, set()),
        ({"ymrs_total": 12}, {"hypomania"}),
        ({"ymrs_total": 19}, {"hypomania"}),
        ({"ymrs_total": 20}, {"mania"}),
        ({"audit_total": 15}, set()),
        ({"audit_total": 16}, {"substance_use"}),
        ({"audit_total": 40, "dast10_total": 10}, {"substance_use"}),
        ({"dast10_total": 5}, set()),
        ({"dast10_total": 6}, {"substance_use"}),
        ({"substance_use_disorder": "mild"}, {"substance_use"}),
        (
            {"substance_use_disorder": "moderate"},
            {"substance_use", "substance_use_disorder_severe"},
        ),
        ({"nyha_class": "ii"}, set()),
        ({"child_pugh_class": "a"}, set()),
        ({"sleep_apnoea": "yes", "bmi": 34.9}, set()),
        ({"bmi": 50}, set()),
        ({"moca_total": 18}, set()),
        ({"cssrs_ideation_month": 3}, set()),
        ({"benzodiazepine_mg_diazepam_eq": 8}, {"cns_depressants"}),
        ({"benzodiazepine_mg_diazepam_eq": 8.5}, {"cns_depressants", "benzodiazepine_dose"}),
        (
            {"raised_intracranial_pressure": "yes"},
            {"pressure_rise_hazard", "raised_intracranial_pressure"},
        ),
    ],
)
def test_thresholds_hold_at_their_boundary(answers, expected) -> None:
    assert fired(**answers) == expected


# ------------------------------------------------------------------ not asked is not no


def test_a_person_of_whom_nothing_is_known_was_asked_nothing() -> None:
    said = evaluate(RULES, {})
    assert {finding.code for finding in said.findings} == ALWAYS_SAID
    assert set(said.not_asked) == set(RULES.asks)
    assert evaluate(RULES, dict.fromkeys(DICTIONARY.ids, math.nan)) == said


# Settled otherwise in the harmless person: not demented, not obese, not bipolar.
SPARED = {"moca_total", "sleep_apnoea", "bmi", "ymrs_total"}


@pytest.mark.parametrize("name", sorted(set(RULES.asks)))
def test_one_question_left_out_is_named_and_is_no_finding(name) -> None:
    assert fired(**{name: None}) == set()
    assert asked(**{name: None}).not_asked == (() if name in SPARED else (name,))


def test_a_screen_not_done_is_an_open_question() -> None:
    said = asked(urine_drug_screen="not_done")
    assert said.not_asked == ("urine_drug_screen",)
    assert not said.stops


def test_a_yes_settles_a_rule_though_its_other_part_is_unknown() -> None:
    said = asked(substance_use_disorder="severe", urine_drug_screen=None)
    assert said.stops[0].code == "substance_use_disorder_severe"
    assert said.not_asked == ()
    assert fired("STOP", systolic_mmhg=None, diastolic_mmhg=100) == {"uncontrolled_hypertension"}


def test_a_no_settles_a_rule_that_needs_both_parts() -> None:
    assert asked(sleep_apnoea="no", bmi=None).not_asked == ()
    assert asked(sleep_apnoea=None, bmi=24).not_asked == ()
    assert asked(sleep_apnoea=None, bmi=40).not_asked == ("sleep_apnoea",)
    assert asked(sleep_apnoea="yes", bmi=None).not_asked == ("bmi",)


def test_with_age_unknown_the_stricter_pressure_limit_holds() -> None:
    assert fired(systolic_mmhg=145, diastolic_mmhg=85, age_years=None) == {"elevated_pressure"}
    assert fired(systolic_mmhg=145, diastolic_mmhg=85, age_years=70) == {"age_65_or_above"}
    assert fired(systolic_mmhg=140, diastolic_mmhg=85, age_years=None) == set()
    assert asked(systolic_mmhg=145, age_years=None).not_asked == ("age_years",)


def test_questions_that_do_not_apply_are_not_missed() -> None:
    open_ = {"pregnant": None, "breast_feeding": None}
    assert asked(sex="male", **open_).not_asked == ()
    for sex in ("female", "other", None):
        assert asked(sex=sex, **open_).not_asked == ("pregnant", "breast_feeding")
    assert asked(bipolar="no", ymrs_total=None).not_asked == ()
    assert asked(bipolar="yes", ymrs_total=None).not_asked == ("ymrs_total",)
    assert set(asked(bipolar=None, ymrs_total=None).not_asked) == {"ymrs_total", "bipolar"}
    assert asked(dementia="no", moca_total=None).not_asked == ()
    assert asked(dementia=None, moca_total=None).not_asked == ("dementia", "moca_total")
    assert asked(dementia=None, moca_total=17).not_asked == ()


def test_findings_and_open_questions_come_strictest_first() -> None:
    said = asked(
        naltrexone="yes", bipolar="yes", aneurysm="yes", glaucoma=None, unstable_angina=None
    )
    ranks = [TIERS.index(finding.tier) for finding in said.findings]
    assert ranks == sorted(ranks)
    assert said.findings[0].to_dict() == {
        "code": "aneurysm",
        "tier": "STOP",
        "text": "Aneurysmal vascular disease is a contraindication to ketamine and esketamine.",
        "source": "US esketamine label; EU esketamine product information",
    }
    assert said.not_asked == ("unstable_angina", "glaucoma")


CODES = {
    name: st.sampled_from([math.nan, 0.0, 1.0])
    if DICTIONARY[name].hard_range is None
    else st.one_of(st.just(math.nan), st.integers(*map(math.ceil, DICTIONARY[name].hard_range)))
    for name in RULES.reads
}


@given(st.fixed_dictionaries(CODES), st.data())
def test_a_further_answer_never_withdraws_a_finding_except_for_age(answers, data) -> None:
    before = {f.code for f in evaluate(RULES, answers).findings}
    missing = [n for n in RULES.reads if math.isnan(answers[n]) and n != "age_years"]
    name = data.draw(st.sampled_from(missing or ["sex"]))
    if missing:
        answers = {**answers, name: data.draw(CODES[name])}
    assert before <= {f.code for f in evaluate(RULES, answers).findings}


@given(st.fixed_dictionaries(CODES))
def test_only_unanswered_questions_are_called_not_asked(answers) -> None:
    said = evaluate(RULES, answers)
    assert all(math.isnan(answers[name]) for name in said.not_asked)
    assert len(set(said.not_asked)) == len(said.not_asked)
    assert set(said.not_asked) <= set(RULES.asks)


# ------------------------------------------------------------------ rows, files, walls


def test_each_row_of_a_table_is_judged_by_its_own_answers() -> None:
    people = [{}, {"aneurysm": "yes"}, {"aneurysm": None}]
    rows = [coded({**HARMLESS, **answers}) for answers in people]
    table = {name: np.array([row[name] for row in rows]) for name in HARMLESS}
    for number, row in enumerate(rows):
        assert evaluate(RULES, table, row=number) == evaluate(RULES, row)
    assert evaluate(RULES, table, row=1).stops
    assert evaluate(RULES, table, row=2).not_asked == ("aneurysm",)


def test_a_row_takes_well_under_a_millisecond() -> None:
    table = {name: np.zeros(10) for name in DICTIONARY.ids}
    best = min(timeit.repeat(lambda: evaluate(RULES, table, row=3), number=50, repeat=5)) / 50
    assert best < 1e-3


def test_json_gives_the_same_rules_back() -> None:
    plain = json.loads(json.dumps(RULES.to_dict()))
    assert SafetyRules.from_dict(plain, DICTIONARY) == RULES
    by_code = {rule["code"]: rule for rule in plain["rules"]}
    assert {rule["code"] for rule in RAW["rules"]} == set(by_code)
    for rule in RAW["rules"]:
        assert by_code[rule["code"]] == rule


def test_safety_imports_nothing_of_the_model() -> None:
    for path in (ROOT / "predictor" / "safety").glob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
        own = {m for m in modules if m.startswith("predictor") and "safety" not in m}
        assert own <= {"predictor.dictionary", "predictor.errors"}
