"""Effects of trials: the shipped file against the evidence, pooled, and on the columns of a run."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from predictor.errors import InvalidInputError
from training.config import RunConfig, read_dictionary, read_priors, read_trial_effects
from training.settings import checked_settings
from training.trial_effects import (
    PLANNED,
    LogRatio,
    TrialEffects,
    given_effects,
    pooled,
    without_plans,
)

EVIDENCE = Path(__file__).parents[3] / "shared/evidence"
DICTIONARY = read_dictionary()
SHIPPED = read_trial_effects()
BY_NAME = {effect.name: effect for effect in SHIPPED.effects}
ENTRY = {
    "name": "doses", "label": "Doses", "without": "No doses", "variable": "maintenance_planned",
    "level": "yes", "comparison": "a against b", "trial": "T", "source": "S", "certainty": "low",
    "words": "W", "estimates": [
        {"population": "remitters", "hazard_ratio": 0.5, "interval": [0.3, 0.9], "people": 20}
    ],
}  # fmt: skip


def refusal(**changes):
    with pytest.raises(InvalidInputError) as caught:
        checked_settings(
            TrialEffects, {"source": "s", "effects": [ENTRY | changes]}, where="mine.yaml"
        )
    return str(caught.value)


@pytest.mark.skipif(
    not (EVIDENCE / "relapse_rates.csv").is_file(),
    reason="the evidence is not beside this checkout",
)
def test_maintenance_has_the_hazard_ratios_of_the_evidence():
    with (EVIDENCE / "relapse_rates.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["hr"]]
    expected = {
        float(r["hr"]): (float(r["hr_ci_low"]), float(r["hr_ci_high"]), int(r["n"])) for r in rows
    }
    found = {e.hazard_ratio: (*e.interval, e.people) for e in BY_NAME["maintenance"].estimates}
    assert found == expected


def test_the_log_ratios_are_those_that_the_priors_record():
    recorded = {p.term: (p.mean, p.sd) for p in read_priors().terms if p.outcome == "relapse"}
    for term, effect, population in (
        ("maintenance_esketamine_in_stable_remitters", "maintenance", "remitters"),
        ("maintenance_esketamine_in_stable_responders", "maintenance", "responders"),
        ("post_course_cbt", "cbt", "responders"),
    ):
        assert BY_NAME[effect].log_ratio(population) == pytest.approx(recorded[term], abs=0.003)


def test_two_populations_are_pooled_as_statsmodels_pools_them():
    ratios = [e.log_ratio for e in BY_NAME["maintenance"].estimates]
    theirs = combine_effects(
        np.array([r.mean for r in ratios]), np.array([r.sd**2 for r in ratios]), method_re="dl"
    )
    ours = BY_NAME["maintenance"].log_ratio()
    assert ours.mean == pytest.approx(theirs.mean_effect_re, abs=1e-12)
    assert ours.sd == pytest.approx(math.sqrt(theirs.sd_eff_w_re**2 + theirs.tau2), abs=1e-12)
    assert round(math.exp(ours.mean), 2) == 0.39
    assert ours.sd > 1.2 * theirs.sd_eff_w_re  # one more population, not the mean


def test_populations_that_agree_have_no_variance_between_them():
    both = pooled([LogRatio(-0.7, 0.3), LogRatio(-0.7, 0.3)])
    assert both == pytest.approx((-0.7, 0.3 / math.sqrt(2)))
    assert BY_NAME["cbt"].log_ratio("remitters") == BY_NAME["cbt"].log_ratio()


def test_what_no_trial_compared_has_no_estimate_and_no_source():
    untried = {e.name for e in SHIPPED.effects if not e.estimates}
    assert untried >= {"emdr", "art", "ifs", "integration", "maintenance_interval", "diet"}
    assert all(BY_NAME[name].certainty == "none" and not BY_NAME[name].trial for name in untried)
    assert SHIPPED.unknown.log_ratio.mean == 0
    assert SHIPPED.unknown.log_ratio.sd == pytest.approx(math.log(2) / 1.959964, abs=1e-6)


def test_every_variable_and_level_of_the_file_is_in_the_dictionary():
    for effect in SHIPPED.effects:
        assert effect.variable in DICTIONARY
        if effect.level and DICTIONARY[effect.variable].type == "category":
            assert effect.level in DICTIONARY[effect.variable].levels
    assert all(variable in DICTIONARY for variable in PLANNED)
    assert {effect.variable for effect in SHIPPED.controlled} <= PLANNED


@pytest.mark.parametrize("trials", [SHIPPED, None])
def test_what_is_planned_to_stay_well_is_given_or_left_out(trials):
    effects = given_effects(trials, DICTIONARY, DICTIONARY.predictors())
    kept = without_plans(DICTIONARY.predictors(), effects)
    names = [variable.id for variable in kept]
    standing = {"maintenance_planned", "psychotherapy"} if trials else set()
    assert {effect.variable for effect in effects} == standing
    assert PLANNED & set(names) == standing
    left = [v.id for v in DICTIONARY.predictors() if v.id not in PLANNED]
    assert [name for name in names if name not in PLANNED] == left


def test_an_effect_on_a_variable_that_a_run_does_not_ask_is_passed_over():
    assert given_effects(SHIPPED, DICTIONARY, (DICTIONARY["age_years"],)) == ()


def test_an_answer_that_a_variable_does_not_have_is_refused():
    wrong = replace_effect(level="no")
    with pytest.raises(InvalidInputError, match="accepted are yes"):
        given_effects(wrong, DICTIONARY, DICTIONARY.predictors())
    wrong = replace_effect(variable="psychotherapy", level="yoga")
    with pytest.raises(InvalidInputError, match="accepted are none, emdr"):
        given_effects(wrong, DICTIONARY, DICTIONARY.predictors())


def replace_effect(**changes):
    entry = {"source": "s", "effects": [ENTRY | changes]}
    return checked_settings(TrialEffects, entry, where="mine.yaml")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"trial": ""}, "needs trial"),
        ({"certainty": "none"}, "certainty of doses"),
        ({"estimates": [], "certainty": "low"}, "certainty of doses"),
        ({"estimates": 2 * ENTRY["estimates"]}, "two estimates"),
        ({"estimates": [ENTRY["estimates"][0] | {"interval": [0.6, 0.9]}]}, "interval must be"),
        ({"hazard": 0.5}, "unknown"),
    ],
)
def test_wrong_entries_are_named(changes, said):
    assert said in refusal(**changes)


def test_a_name_stands_once():
    with pytest.raises(InvalidInputError, match="stands twice"):
        checked_settings(TrialEffects, {"source": "s", "effects": [ENTRY, ENTRY]}, where="x")


def test_relapse_takes_the_shipped_effects_unless_told_otherwise():
    settings = {"task": "relapse", "outcome": "relapse_madrs", "candidates": ["cox_ridge"]}
    config = RunConfig.model_validate(settings)
    assert config.trial_effects == SHIPPED
    assert config.flat()["trial_effects"] == SHIPPED.fingerprint
    off = RunConfig.model_validate(settings | {"trial_effects": "none"})
    assert off.trial_effects is None
    assert off.flat()["trial_effects"] == "none"
    assert RunConfig.model_validate(config.model_dump(mode="json")) == config


def test_response_has_none():
    settings = {"task": "response", "outcome": "response_madrs", "candidates": ["ridge"]}
    assert RunConfig.model_validate(settings).trial_effects is None
    with pytest.raises(ValueError, match="relapse alone"):
        RunConfig.model_validate(settings | {"trial_effects": "configs/trial_effects.yaml"})
