"""What the report says of untreated people: the words follow the interval of the difference."""

from dataclasses import replace

import pytest

from training.evaluation import PlaceboControl
from training.evaluation.placebo import Arm
from training.metrics.intervals import Estimate
from training.presentation import placebo


def arm(people, events, auc):
    measures = {"auc": Estimate(auc, auc - 0.05, auc + 0.05, "DeLong")}
    return Arm(people, events, measures, {"oe": "nobody is expected to respond"})


def compared(lo, hi, design="arm"):
    gap = Estimate((lo + hi) / 2, lo, hi, "DeLong, by person")
    return PlaceboControl("saline", "ketamine", design, arm(90, 40, 0.7), arm(80, None, 0.6), gap)


def told(findings, found):
    part = placebo.section(replace(findings, placebo=found))
    return part, " ".join(part.paragraphs)


@pytest.mark.parametrize(
    ("lo", "hi", "words"),
    [
        (0.02, 0.2, "ranks treated people better than untreated ones"),
        (-0.2, -0.02, "what it predicts is who gets better anyway"),
        (-0.1, 0.1, "it may predict no more than who gets better anyway"),
    ],
)
def test_the_verdict_follows_the_interval(findings_of, lo, hi, words):
    part, text = told(findings_of(), compared(lo, hi))
    assert words in text
    assert text.startswith("If the model ranks untreated people as well as treated ones")
    (table,) = part.tables
    assert [row["Group"].text for row in table.rows] == [
        "Treated",
        "Saline",
        "Treated less untreated",
    ]
    assert table.rows[1]["With the outcome"] == "not shown: too few with or without"
    assert "nobody is expected to respond" in table.note
    assert "not a fault of the model" in table.note
    assert "one that just misses 0 shows little" in text


def test_a_control_that_was_trained_on_is_said_to_be(findings_of):
    _, text = told(findings_of(), compared(0.0, 0.1, "trained_arm"))
    assert "the model was fitted to them as well" in text


def test_what_could_not_be_measured_has_its_reason_and_no_number(findings_of):
    found = PlaceboControl(
        "saline", "ketamine", "period", Arm(29, None), Arm(None, None), reason="too few with it"
    )
    part, text = told(findings_of(), found)
    assert "Not measured: too few with it." in text
    assert part.tables[0].rows[1]["People"] == "fewer than 10"
    assert "AUC" not in part.tables[0].rows[0]
    assert "just misses 0" not in text


def test_without_a_control_arm_the_report_says_that_it_is_not_known(findings_of):
    findings = findings_of()
    assert placebo.section(findings) is None
    assert "who gets better anyway" in placebo.not_compared(findings)[0]
    assert placebo.not_compared(replace(findings, placebo=compared(0.0, 0.1))) == []


def test_a_model_at_chance_in_both_arms_is_credited_with_nothing(findings_of):
    found = replace(compared(-0.3, 0.05), treated=arm(64, 29, 0.40), untreated=arm(65, 20, 0.52))
    _, text = told(findings_of(), found)
    assert "not shown to predict who responds, nor who gets better anyway" in text
    assert "may predict no more than" not in text
