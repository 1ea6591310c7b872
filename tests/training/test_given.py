"""A rule with given coefficients: its level by hand, its margins by a second solver."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit

from predictor.dictionary import Variable
from predictor.errors import InvalidInputError
from training.config import read_dictionary, read_run_config
from training.evaluation import Analysis, PublishedRule, Resampling, cross_validate, terms_of
from training.fitting import Outcome, Setting, fit_learner, margins_along, prepare
from training.learners import COMPARATORS, PUBLISHED_RULE, learner_named

RULE = next(c for c in COMPARATORS if c.name == PUBLISHED_RULE)
SICK = Variable("sick", "Sick", "yes_no", "g", "s")
BMI = Variable("bmi", "BMI", "number", "g", "s", hard_range=(10, 90))
SEVERITY = Variable("severity", "Severity", "number", "g", "s", hard_range=(0, 60))


def test_the_level_is_that_worked_out_by_hand():
    """Four people with odds 1 and four with odds 3 expect 4/2 + 4·3/4 = 5 events: level 0."""
    sick = np.repeat([0.0, 1.0], 4)
    events = np.array([1, 1, 1, 0, 1, 1, 0, 0.0])
    prepared = prepare({"sick": sick}, (SICK,), np.arange(8))
    rule = replace(RULE, given=(("sick", float(np.log(3))),))
    found = fit_learner(rule, Setting(), prepared, Outcome(events))
    margins = found.learner.margin(np.array([[0.0], [1.0]]))
    assert margins == pytest.approx([0, np.log(3)], abs=1e-9)
    assert found.covariance[0, 0] == pytest.approx(1 / (4 * 0.25 + 4 * 0.1875))
    assert np.count_nonzero(found.covariance) == 1
    (path,) = margins_along(rule, (Setting(),), prepared, Outcome(events), np.array([[1.0]]))
    assert path == pytest.approx([np.log(3)], abs=1e-9)


def test_one_outcome_gives_no_level():
    prepared = prepare({"sick": np.array([0.0, 1.0])}, (SICK,), np.arange(2))
    rule = replace(RULE, given=(("sick", 1.0),))
    with pytest.raises(InvalidInputError, match="both outcomes"):
        fit_learner(rule, Setting(), prepared, Outcome(np.ones(2)))


def people(n=90, seed=2):
    rng = np.random.default_rng(seed)
    values = {
        "bmi": rng.normal(28, 5, n),
        "sick": (rng.random(n) < 0.4).astype(float),
        "severity": rng.normal(30, 5, n),
    }
    outcome = Outcome((rng.random(n) < expit(0.1 * (values["bmi"] - 28))).astype(float))
    groups = tuple(f"p{i}" for i in range(n))
    variables = (BMI, SICK, SEVERITY)
    return Analysis(
        values, variables, (), (SEVERITY,), outcome, groups, rule=((BMI, 0.02), (SICK, 0.5))
    )


def test_held_out_people_get_the_fixed_sum_and_the_level_of_the_training_fold():
    analysis = people()
    tried = [learner_named("ridge", "response")]
    found = cross_validate(
        analysis, tried, Resampling(folds=3, repeats=1, inner_folds=3), rng=np.random.default_rng(1)
    )
    assert list(found) == ["ridge", "severity", "published_rule", "prevalence"]
    rule, y = found["published_rule"], analysis.outcome.events
    fixed = 0.02 * analysis.values["bmi"] + 0.5 * analysis.values["sick"]
    for fold in range(3):
        held = rule.fold[:, 0] == fold
        level = brentq(lambda a, h=held: (expit(a + fixed[~h]) - y[~h]).sum(), -20, 20, xtol=1e-13)
        np.testing.assert_allclose(rule.margin[held, 0], level + fixed[held], atol=1e-8)
    sizes = {name: len(each) for name, each in rule.contributions.items()}
    assert sizes == {"bmi": 3, "sick": 3}
    assert rule.no_signal_folds == 0


def test_the_rule_moves_no_number_of_the_others():
    analysis = people()
    tried = [learner_named("ridge", "response")]
    quick = Resampling(folds=3, repeats=1, inner_folds=3)
    one, two = (
        cross_validate(each, tried, quick, rng=np.random.default_rng(1))
        for each in (analysis, replace(analysis, rule=()))
    )
    assert set(one) - set(two) == {"published_rule"}
    for name in two:
        np.testing.assert_array_equal(one[name].probability, two[name].probability)


def rule(**terms):
    return PublishedRule(source="a study", terms=terms)


def test_the_shipped_rule_is_that_of_the_evidence():
    """Log-odds 0.10 for 5 kg/m2, 0.35 for a relative with alcohol use disorder, -0.15."""
    dictionary = read_dictionary()
    values = {v.id: np.ones(2) for v in dictionary.variables}
    terms, reason = terms_of(
        read_run_config("configs/response.yaml").published_rule, dictionary, values
    )
    assert reason == ""
    assert {variable.id: effect for variable, effect in terms} == pytest.approx(
        {
            "bmi": 0.02,
            "family_history_alcohol_use_disorder": 0.35,
            "prior_suicide_attempt": -0.15,
        }
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "the settings name no published rule"),
        (rule(bmo={"log_odds": 1}), "bmo, which is no predictor"),
        (rule(pregnant={"log_odds": 1}), "pregnant, which is no predictor"),
        (rule(sex={"log_odds": 1}), "sex, which does not enter a model unit by unit"),
        (rule(bmi={"log_odds": 1}), "bmi, which was answered by nobody"),
    ],
)
def test_a_rule_that_cannot_be_applied_says_why(given, words):
    dictionary = read_dictionary()
    values = {v.id: np.ones(2) for v in dictionary.variables} | {"bmi": np.full(2, np.nan)}
    terms, reason = terms_of(given, dictionary, values)
    assert terms == ()
    assert words in reason
