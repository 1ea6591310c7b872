"""The section that sets candidates against simpler answers says what its numbers say."""

from dataclasses import replace

import pytest

from training.analysis import absent
from training.config import read_run_config
from training.evaluation import Differences
from training.metrics.intervals import Estimate
from training.presentation import make_report, provenance


def pair(lo, hi):
    return {
        "log_loss": Estimate((lo + hi) / 2, lo, hi, "paired t"),
        "auc": Estimate(0.1, 0.02, 0.18, "DeLong, paired"),
    }


def section_of(findings):
    return next(s for s in make_report(findings, {}).sections if s.anchor == "differences")


@pytest.fixture
def compared(findings_of):
    """Gives a run whose ridge beats the average, not the severity, and loses to the rule."""
    findings = findings_of()
    rule = read_run_config("configs/response.yaml").published_rule
    found = Differences(
        {
            "logistic": {"prevalence": {}, "severity": pair(-0.1, 0.1)},
            "ridge": {
                "prevalence": pair(-0.04, -0.01),
                "severity": pair(-0.02, 0.01),
                "published_rule": pair(0.01, 0.03),
            },
        },
        {"logistic": {"prevalence": {"log_loss": "it did not converge"}}},
        {},
    )
    config = findings.config.model_copy(update={"published_rule": rule})
    return replace(findings, differences=found, config=config)


def test_the_verdict_names_each_comparator_by_the_whole_interval(compared):
    assert section_of(compared).paragraphs[1] == (
        "By its log-loss, the chosen ridge is better than the average (prevalence); it is worse "
        "than the published rule; it cannot be told apart from baseline severity alone."
    )


def test_several_comparators_are_listed(compared):
    pairs = dict.fromkeys(("prevalence", "severity", "published_rule"), pair(-0.04, -0.01))
    same = replace(compared, differences=Differences({"ridge": pairs}, {}, {}))
    others = "the average (prevalence), baseline severity alone and the published rule"
    assert section_of(same).paragraphs[1].endswith(f"is better than {others}.")


def test_the_chosen_model_stands_first_with_its_intervals(compared):
    table = section_of(compared).tables[0]
    first, last = table.rows[0], table.rows[-2]
    assert [cell.text for cell in (first["Model"], last["Model"])] == ["ridge", "logistic"]
    assert first["Model"].under == "chosen"
    loss = first["Log-loss (below 0 is better)"]
    assert loss.text == "−0.0250"
    assert loss.under.replace("\N{NO-BREAK SPACE}", " ") == "−0.0400 to −0.0100"
    assert first["AUC (above 0 is better)"].text == "+0.100"
    assert [row["By the loss"] for row in table.rows] == [
        "better",
        "cannot be told apart",
        "worse",
        "–",
        "cannot be told apart",
    ]
    assert last["Log-loss (below 0 is better)"].text == "–"
    assert table.note == (
        "logistic against the average (prevalence), Log-loss: it did not converge."
    )


def test_the_rule_is_told_with_its_source_and_the_simulation_owns_up(compared):
    words = section_of(compared).paragraphs
    assert "Body mass index +0.10 per 5 kg/m2;" in words[2]
    assert "Alcohol use disorder in a first-degree relative +0.35;" in words[2]
    assert "Suicide attempt ever −0.15." in words[2]
    assert "Niciu 2014" in words[2]
    assert "simulated" in words[3]
    real = replace(compared, cohort=replace(compared.cohort, origin="real"))
    assert not any("simulated" in each for each in section_of(real).paragraphs)


def test_an_absent_rule_is_said_with_its_reason(compared, findings_of):
    why = absent(compared.config, compared.cohort)
    assert why == {
        "published_rule": "the published rule reads bmi, which was answered by nobody",
    }
    none = replace(compared, differences=replace(compared.differences, absent=why))
    assert (
        "No published rule stands beside the model: the published rule reads bmi"
        in (section_of(none).paragraphs[2])
    )
    relapse = findings_of("relapse")
    assert "relapse" in absent(relapse.config, relapse.cohort)["published_rule"]
    unnamed = replace(compared, config=findings_of().config)
    assert len(section_of(unnamed).paragraphs) == 3


def test_without_a_comparison_there_is_no_section(findings_of):
    assert all(s.anchor != "differences" for s in make_report(findings_of(), {}).sections)


def test_every_number_of_the_rule_is_among_the_settings(compared, findings_of):
    listed = provenance(compared)
    assert listed["published rule.terms.bmi.log odds"] == "0.1"
    assert listed["published rule.terms.bmi.per"] == "5.0"
    assert provenance(findings_of())["published rule"] == "none"
