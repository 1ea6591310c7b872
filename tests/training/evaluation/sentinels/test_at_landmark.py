"""A landmark model may be told nearly everything by an earlier score, but never the outcome."""

from dataclasses import replace

import numpy as np
import pytest

from predictor.dictionary import Dictionary, Landmark, Variable
from training.evaluation import Analysis, watch_at_landmark
from training.fitting import Outcome
from training.outcome import OutcomeDefinition, Window

DEFINITION = OutcomeDefinition(
    name="r", label="R", task="response", instrument="madrs", source="s", percent_fall=50,
    window=Window(day=28, first=21, last=35),
)  # fmt: skip
BASELINE = Variable("madrs_total", "M", "integer", "g", "s", hard_range=(0, 60))
LATER = replace(BASELINE, id="madrs_dose2", timing="landmark", landmark="dose2")
BEYOND = replace(BASELINE, id="madrs_dose4", timing="landmark", landmark="dose4")
OTHER = replace(LATER, id="cadss_dose2")
NAMED = (Landmark("dose2", "after dose 2", 7, 6, 9), Landmark("dose4", "after dose 4", 14, 13, 17))
HAPPENED = np.repeat([0.0, 1.0], 100)


def dictionary(landmarks=NAMED[:1], variables=(BASELINE, LATER, OTHER)):
    return Dictionary(variables, landmarks=landmarks)


def analysis(**answers):
    noise = np.random.default_rng(1).normal(size=200)
    values = {"madrs_total": noise} | answers
    there = {v.id: v for v in (BASELINE, LATER, BEYOND, OTHER)}
    variables = tuple(there[name] for name in values)
    return Analysis(
        values=values,
        variables=variables,
        declared=(),
        severity=(BASELINE,),
        outcome=Outcome(HAPPENED),
        groups=tuple(map(str, range(200))),
    )


def watched(people, own=("madrs_dose2",), known=None, definition=DEFINITION):
    return watch_at_landmark(people, known or dictionary(), definition, own_scores=own)


def test_the_outcomes_own_scale_may_tell_the_outcomes_apart_at_a_landmark():
    found = watched(analysis(madrs_dose2=HAPPENED))
    assert [s.passed for s in found.values()] == [True, True]
    assert "after dose 2" in found["timing"].detail


@pytest.mark.parametrize("name", ["cadss_dose2", "madrs_total"])
def test_anything_else_that_does_is_a_leak(name):
    found = watched(analysis(**{name: HAPPENED}))
    assert not found["single_variable"].passed
    assert name in found["single_variable"].detail


def test_a_score_that_may_be_the_outcome_fails_the_landmark():
    inside = (Landmark("dose2", "after dose 2", 18, 13, 21),)
    found = watched(analysis(madrs_dose2=HAPPENED), known=dictionary(inside))
    assert not found["timing"].passed
    assert "day 21" in found["timing"].detail


def test_what_is_known_only_later_fails_the_landmark():
    whole = Dictionary((BASELINE, LATER, BEYOND), landmarks=NAMED)
    both = analysis(madrs_dose2=HAPPENED, madrs_dose4=HAPPENED)
    assert watched(both, known=whole)["timing"].passed
    found = watched(analysis(madrs_dose4=HAPPENED))["timing"]
    assert not found.passed
    assert "madrs_dose4 is not known after dose 2" in found.detail
