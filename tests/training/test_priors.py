"""Published terms: the shipped file against the evidence, and which of them enter a fit."""

import csv
from dataclasses import replace
from math import inf, nextafter
from pathlib import Path

import pytest
import yaml

from predictor.dictionary import Dictionary
from predictor.errors import InvalidInputError
from training.config import RunConfig, read_dictionary, read_priors, read_run_config
from training.priors import Prior, Priors, effects_of_columns, published_effects, strength_group

EVIDENCE = Path(__file__).parents[3] / "shared/evidence/priors.csv"
DICTIONARY = read_dictionary()
PRIORS = read_priors()
ELSEWHERE = {
    "early_improvement_20pct": "landmark",
    "residual_severity_at_landmark": "landmark",
    "remission_vs_response_only": "landmark",
    "maintenance_esketamine_in_stable_remitters": "scenario",
    "maintenance_esketamine_in_stable_responders": "scenario",
    "post_course_cbt": "scenario",
}
# no effect on relapse is published; of response they are priors like others
UNTRIED = ("emdr", "accelerated_resolution_therapy", "internal_family_systems")
TERM = {
    "term": "x", "outcome": "response", "unit": "yes", "mean": 0.2, "sd": 0.1,
    "scale": "log-odds", "grade": "C", "source": "s", "variable": "bipolar",
}  # fmt: skip


def chosen(*, priors=PRIORS, dictionary=DICTIONARY, outcome="response", variables=None):
    asked = dictionary.predictors() if variables is None else variables
    return published_effects(priors, dictionary, asked, outcome=outcome)


def one(**changes):
    return Priors(source="s", terms=(Prior(**{**TERM, **changes}),))


@pytest.mark.skipif(not EVIDENCE.is_file(), reason="the evidence is not beside this checkout")
def test_the_file_says_what_the_evidence_says_term_by_term():
    with EVIDENCE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    kept = ("term", "unit", "outcome", "scale", "grade", "source")
    expected = {
        (row["term"], row["outcome"]): (
            {key: row[key] for key in kept}, float(row["mean"]), float(row["sd"])
        )
        for row in rows
    }  # fmt: skip
    found = {
        (prior.term, prior.outcome): (
            {key: getattr(prior, key) for key in kept}, prior.mean, prior.sd
        )
        for prior in PRIORS.terms
    }  # fmt: skip
    assert found == expected
    marked = [
        r for r in rows if "LANDMARK MODEL ONLY" in r["rationale"] or "scenario" in r["rationale"]
    ]
    assert {row["term"] for row in marked} <= set(ELSEWHERE)


def test_terms_of_landmark_maintenance_and_scenario_are_flagged():
    flagged = {(p.term, p.outcome): p.only for p in PRIORS.terms if p.only}
    assert {flagged.pop((term, "relapse")) for term in UNTRIED} == {"scenario"}
    assert {term: only for (term, _), only in flagged.items()} == ELSEWHERE
    named = ("landmark", "maintenance")
    assert all(p.only for p in PRIORS.terms if any(word in p.term for word in named))


@pytest.mark.parametrize("outcome", ["response", "remission", "relapse"])
def test_flagged_terms_never_enter_a_fit(outcome):
    effects, left_out = chosen(outcome=outcome)
    assert not {effect.term for effect in effects} & set(ELSEWHERE)
    assert all("never to a fit on the baseline" in left_out[t] for t in left_out if t in ELSEWHERE)


@pytest.mark.parametrize("only", ["landmark", "maintenance", "scenario"])
def test_a_flag_holds_even_where_the_variable_is_a_baseline_predictor(only):
    effects, left_out = chosen(priors=one(only=only))
    assert effects == ()
    assert "never to a fit" in left_out["x"]


@pytest.mark.parametrize("change", [{"timing": "landmark"}, {"use": "safety"}, {"use": "input"}])
def test_a_variable_not_known_before_the_first_dose_carries_no_effect(change):
    variables = [replace(v, **change) if v.id == "bipolar" else v for v in DICTIONARY.variables]
    effects, left_out = chosen(
        priors=one(), dictionary=Dictionary(tuple(variables)), variables=tuple(variables)
    )
    assert effects == ()
    assert left_out == {"x": "bipolar is no predictor known before the first dose"}


def test_every_shipped_term_has_a_column_or_a_reason():
    for outcome in ("response", "remission", "relapse"):
        effects, left_out = chosen(outcome=outcome)
        assert set(left_out) <= {*ELSEWHERE, *(UNTRIED if outcome == "relapse" else ())}
        assert all(e.variable in DICTIONARY for e in effects)
    by_term = {e.term: e for e in chosen()[0]}
    assert by_term["marked_anxiety"].cut == 10
    assert by_term["benzodiazepine_over_8mg_diazepam_eq"].cut == nextafter(8, inf)
    assert by_term["failed_trials"].cap == 8
    assert by_term["failed_trials"].group == "B"
    assert by_term["age"].per == 10
    assert by_term["anhedonia"].per is None
    assert DICTIONARY["sex"].levels[by_term["female"].level] == "female"


def test_cuts_of_abuse_are_those_of_the_dictionary():
    cuts = {e.variable: e.cut for o in ("response", "relapse") for e in chosen(outcome=o)[0]}
    for scale in ("ctq_physical_abuse", "ctq_emotional_abuse"):
        assert f"moderate or worse from {cuts[scale]:g})" in DICTIONARY[scale].label


def test_remission_has_its_own_effects_where_they_were_published():
    response, remission = (
        {e.term: e for e in chosen(outcome=o)[0]} for o in ("response", "remission")
    )
    assert (response["baseline_severity"].mean, remission["baseline_severity"].mean) == (0, -0.15)
    del response["baseline_severity"], remission["baseline_severity"]
    assert response == remission


def test_variables_outside_the_run_are_named():
    effects, left_out = chosen(variables=(DICTIONARY["bmi"],))
    assert [e.term for e in effects] == ["bmi"]
    assert left_out["age"] == "age_years is not among the variables of this run"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"variable": "height"}, "height is no variable of this run's dictionary"),
        ({"variable": "sex"}, "the term must name one of its levels"),
        ({"variable": "sex", "level": "woman"}, "woman is no level of sex"),
        ({"variable": "bipolar", "at_least": 1}, "bipolar is no number that could be cut"),
        ({"variable": "episode_months"}, "does not enter a model unit by unit"),
        ({"variable": None, "unmapped": "nobody asks it"}, "nobody asks it"),
    ],
)
def test_a_term_that_fits_no_column_is_left_out_with_its_reason(changes, reason):
    effects, left_out = chosen(priors=one(**changes))
    assert effects == ()
    assert reason in left_out["x"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"capp": 3}, "the key is unknown; did you mean cap?"),
        ({"at_lest": 3}, "did you mean at_least?"),
        ({"sd": 0}, "terms.0.sd"),
        ({"per": -1.0}, "per of x must be above 0, or sd"),
        ({"scale": "log-hazard"}, "log-hazard is for relapse"),
        ({"variable": None}, "needs a variable, or under unmapped why it has none"),
        ({"unmapped": "none"}, "needs a variable, or under unmapped"),
        ({"at_least": 1, "above": 2}, "takes one of level, at_least, above and cap"),
        ({"grade": "E"}, "terms.0.grade"),
    ],
)
def test_a_wrong_term_is_named(tmp_path, changes, words):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"source": "s", "terms": [TERM | changes]}), encoding="utf-8")
    with pytest.raises(InvalidInputError) as caught:
        read_priors(path)
    assert words in str(caught.value)


def test_one_column_has_one_term_for_an_outcome():
    with pytest.raises(ValueError, match="the column bipolar stands twice"):
        Priors(source="s", terms=(Prior(**TERM), Prior(**TERM | {"term": "y"})))
    with pytest.raises(ValueError, match="the term x stands twice"):
        Priors(source="s", terms=(Prior(**TERM), Prior(**TERM | {"variable": "ptsd"})))


@pytest.mark.parametrize(
    ("grade", "group"),
    [("A-B", "B"), ("B-C (null)", "C"), ("B (null)", "B"), ("conflict", "conflict"), ("D", "D")],
)
def test_effects_share_the_strength_of_their_weaker_letter(grade, group):
    assert strength_group(grade) == group


def test_a_run_reads_the_file_or_leaves_priors_out(tmp_path):
    config = read_run_config("configs/response.yaml")
    assert config.priors == PRIORS
    assert config.flat()["priors"] == PRIORS.fingerprint
    off = read_run_config("configs/response.yaml", priors="none")
    assert (off.priors, off.flat()["priors"]) == (None, "none")
    # what a run writes into its folder is read back
    assert RunConfig.model_validate(config.model_dump(mode="json")) == config
    with pytest.raises(InvalidInputError, match="neither a file nor shipped"):
        read_run_config("configs/response.yaml", priors=str(tmp_path / "absent.yaml"))


def test_columns_of_a_plain_matrix_carry_effects_without_a_dictionary():
    found = effects_of_columns({"x0": (0.3, 0.1), "x2": (-0.2, 0.2, "B")})
    assert [(e.variable, e.mean, e.sd, e.group, e.per) for e in found] == [
        ("x0", 0.3, 0.1, "published", 1.0),
        ("x2", -0.2, 0.2, "B", 1.0),
    ]
