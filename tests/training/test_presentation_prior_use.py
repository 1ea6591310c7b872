"""Published effects in the report: what is shown, how it is worded, and what it warns of."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from predictor.blended import Blended
from predictor.calibration import Affine
from predictor.linear import Linear
from training.evaluation import PriorUse, UsedPrior
from training.metrics.intervals import Estimate
from training.number_table import number_rows
from training.presentation import prior_use
from training.presentation.prior_use import strength_words
from training.published_effects import PublishedEffect


def effect(term, variable, mean, **more):
    return PublishedEffect(term, variable, mean, 0.25, "A-B", "B", "Somebody 2020", **more)


ALONE, BOTH = Estimate(-0.21, -0.5, 0.08, "m"), Estimate(-0.1, -0.2, 0.0, "m")
FOUND = PriorUse(
    {"B": 0.91, "C": 0.03},
    (
        UsedPrior(effect("null_finding", "ptsd", 0.0), ALONE, ALONE),
        UsedPrior(effect("age", "age_years", -0.08, per=10.0), ALONE, BOTH),
        UsedPrior(effect("marked_anxiety", "gad7_total", -0.1, cut=10.0), None, None),
        UsedPrior(effect("failed_trials", "failed_trials", -0.1, cap=8.0), ALONE, BOTH),
        UsedPrior(effect("anhedonia", "shaps_ordinal_total", 0.05, per=None), ALONE, BOTH),
        UsedPrior(effect("oral", "route", 0.05, level=4), ALONE, BOTH),
        UsedPrior(
            replace(effect("attempt", "prior_suicide_attempt", -0.1, note="any"), group="C"),
            ALONE,
            BOTH,
        ),
    ),
    {"early_improvement_20pct": "belongs to a model at the landmark"},
)


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


class Frozen:
    """As much of a model as the section reads."""

    family, task, calibration, learner = "averaged", "response", Affine(0.1, 0.87), None


@pytest.fixture
def part(findings_of):
    return prior_use.section(replace(findings_of("response"), prior_use=FOUND, model=Frozen))


def test_each_effect_is_told_with_its_column_its_source_and_both_fits(part):
    _, effects = part.tables
    lines = {row["Effect"].text: row for row in effects.rows}
    assert list(lines)[-1] == "null finding"  # what pulls comes first
    age = lines["age"]
    assert age["Effect"].under == "Age: per 10 years"
    assert plain(age["Published"].text) == "−0.08 (0.25), A-B"
    assert age["Published"].under == "Somebody 2020"
    assert (age["Cohort alone"].text, age["Both"].text) == ("−0.21", "−0.10")
    assert plain(age["Both"].under) == "[−0.20 to 0]"
    assert lines["marked anxiety"]["Effect"].under == "GAD-7 total: at least 10"
    assert lines["marked anxiety"]["Both"] == "–"
    assert lines["failed trials"]["Effect"].under.endswith("up to 8")
    assert lines["anhedonia"]["Effect"].under.endswith("per 1 standard deviation")
    assert lines["attempt"]["Effect"].under.endswith(": yes (any)")
    assert lines["oral"]["Effect"].under.endswith(": oral")
    assert lines["null finding"]["Published"].text.startswith("0")


def test_the_strength_is_told_in_numbers_and_words(part):
    strengths, _ = part.tables
    assert [tuple(row.values()) for row in strengths.rows] == [
        ("B", 5, "0.91", "about as published"),
        ("C", 1, "0.03", "switched off, by one effect alone"),
    ]


def test_simulated_people_are_said_to_flatter(part, findings_of):
    assert any("flatters" in words for words in part.paragraphs)
    assert any("early improvement 20pct: belongs to" in words for words in part.paragraphs)
    assert any("0.87" in words for words in part.paragraphs)
    made = replace(findings_of("response"), prior_use=FOUND, model=Frozen)
    real = replace(made, cohort=replace(made.cohort, origin="real"))
    assert not any("flatters" in words for words in prior_use.section(real).paragraphs)


def test_of_a_blend_the_share_of_the_trees_is_told(findings_of):
    trees = SimpleNamespace(n_columns=0)
    linear = Linear(np.zeros(2), np.zeros(2), 0.0)

    class Mixed(Frozen):
        learner = Blended(linear, trees, np.empty(0, dtype=int), 0.3)

    made = replace(findings_of("response"), prior_use=FOUND, model=Mixed)
    said = " ".join(prior_use.section(made).paragraphs)
    assert "have 30 % of the margin" in said


def test_without_published_effects_there_is_no_section(findings_of):
    assert prior_use.section(findings_of("response")) is None


@pytest.mark.parametrize(
    ("strength", "words"),
    [
        (-0.6, "the reverse of what was published"),
        (-0.1, "switched off"),
        (0.3, "less than half"),
        (0.5, "about half: where it stands before any data"),
        (0.7, "more than half"),
        (1.0, "about as published"),
        (1.6, "stronger than published"),
    ],
)
def test_a_strength_has_words(strength, words):
    assert strength_words(strength) == words


def test_every_number_is_in_the_table_of_numbers():
    rows = number_rows({"priors": FOUND.to_dict()})
    at = {(r["candidate"], r["measure"]): r for r in rows}
    assert at["strength", "B"]["value"] == 0.91
    assert at["terms / age", "mean"]["value"] == -0.08
    both = at["terms / age", "both"]
    assert (both["value"], both["lo"], both["hi"]) == (-0.1, -0.2, 0.0)
    assert at["terms / marked_anxiety", "both"]["reason"] == "not given"
