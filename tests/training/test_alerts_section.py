"""Warning signs on the page and the command line: the words do not flatter."""

from dataclasses import replace

import numpy as np
import pytest

from training.evaluation import ScoredVisits, simple_rules, weigh_alerts
from training.findings import summary
from training.metrics.alerts import PersonVisits
from training.presentation import make_report
from training.presentation.alerts import lines, not_measured, section, sentences


def weighed(*, relapses=60, informative=True, step=0.2, lost=0, scores=True, risks=None):
    """One visit of each person; the model knows those who relapse, or nobody."""
    n = relapses + 60 + lost
    relapsed = (np.arange(n) < relapses) * 1.0
    end = np.where(np.arange(n) < relapses + 60, 28.0, 20.0)
    visits = PersonVisits(np.arange(n), np.full(n, 14.0), end, relapsed, np.full(n, 14.0))
    rng = np.random.default_rng(0)
    risk = 0.1 + 0.15 * rng.random(n) + 0.1 * relapsed * informative
    if risks is not None:
        risk, step = np.concatenate([risks, np.zeros(60)]), 0.15
    score = np.where(rng.random(n) < 0.3, 18.0, 8.0)
    scored = ScoredVisits(visits, risk[:, None], score, np.full(n, 8.0))
    rules, absent = simple_rules(
        scored, "MADRS", score_range=60, ill_from=22 if scores else None
    )  # fmt: skip
    return weigh_alerts(scored, rules, step=step, absent=absent, rng=rng)


def shown(findings_of, **how):
    return replace(findings_of("relapse"), warning_signs=weighed(**how))


def words_of(part):
    return " ".join(part.paragraphs)


def test_the_trade_off_marks_the_declared_step(findings_of):
    part = section(shown(findings_of, step=0.25))
    steps, rules = part.tables
    names = [row["Risk from which one is alerted"] for row in steps.rows]
    assert names == ["5 %", "10 %", "15 %", "20 %", "25 %, declared", "30 %", "40 %"]
    lowest = steps.rows[0]
    assert lowest["Sensitivity"].text == "100 %"
    assert lowest["Relapse follows"].text == "50 %"
    # 60 false alerts in 120 times 14 days
    assert lowest["False alerts in a year"].text == f"{60 / (120 * 14 / 365.25):.1f}"
    assert (lowest["Lead, days"].text, lowest["Lead, days"].under.split()) == (
        "14",
        ["14", "to", "14"],
    )
    assert steps.rows[-1]["Lead, days"].text == "–"
    assert "no relapse had an alert in time" in steps.note
    assert rules.rows[0]["Rule"] == "the model, from 25 % on"
    assert rules.rows[-1]["Rule"] == "an alert at every visit"


def test_a_model_that_knows_is_said_to_be_better_and_one_that_does_not_is_not(findings_of):
    good = words_of(section(shown(findings_of)))
    assert "Alerts are better than: MADRS risen by 6 points" in good
    assert "not shown to be better" not in good
    bad = words_of(section(shown(findings_of, informative=False)))
    assert "Alerts are not shown to be better than: MADRS risen by 6 points" in bad
    assert "an alert at every visit." in bad
    assert "Alerts are better than" not in bad


def test_without_any_alert_nothing_is_claimed():
    said = sentences(weighed(step=0.9))
    assert said[-1] == "It cannot be told whether alerts are better than: an alert at every visit."


def test_counts_definitions_and_what_is_left_out_are_said(findings_of):
    words = words_of(section(shown(findings_of, lost=60)))
    assert "here 20 %. 180 visits of 180 people. 60 relapses were seen within 28 days" in words
    assert "alerts are left out, because follow-up ended" in words
    assert "In this simulated world the scores of people who are well do not foretell" in words
    real = shown(findings_of)
    real = replace(real, cohort=replace(real.cohort, origin="real"))
    assert "simulated" not in words_of(section(real))
    assert "alerts are left out" not in words_of(section(real))


def test_a_rule_that_cannot_be_made_is_named(findings_of):
    words = words_of(section(shown(findings_of, scores=False)))
    assert "Not compared: the relapse rule names no score from which one is ill." in words


def test_a_handful_of_relapses_is_not_told(findings_of):
    found = shown(findings_of, relapses=7)
    part = section(found)
    assert "relapses were seen" not in words_of(part)
    assert {row["Sensitivity"].text for row in part.tables[0].rows} == {"–"}
    assert "A dash: of fewer than 10 in all" in part.tables[0].note
    assert summary(found)["warning_signs"]["relapses"] is None


def test_a_handful_of_those_warned_or_not_is_told_as_a_bound(findings_of):
    known = np.concatenate([np.full(5, 0.35), np.full(50, 0.25), np.full(5, 0.12)])
    part = section(shown(findings_of, risks=known))
    said = {
        row["Risk from which one is alerted"]: row["Sensitivity"].text
        for row in part.tables[0].rows
    }
    assert said["30 %"] == "few"
    assert said["15 %, declared"] == "nearly all"
    assert said["10 %"] == "100 %"
    assert part.tables[1].rows[-1]["Sensitivity"].under == ""


@pytest.mark.parametrize("how", [{}, {"informative": False}])
def test_the_command_line_says_it_in_a_few_lines(findings_of, how):
    said = lines(shown(findings_of, **how))
    assert said[0].startswith("Alert at 20 % over the next 14 days: ")
    assert "of relapses had an alert before; after" in said[0]
    assert "false alerts in a year of a person" in said[0]
    assert said[1:] == sentences(shown(findings_of, **how).warning_signs)


def test_without_follow_up_visits_there_is_no_part_but_a_word(findings_of):
    without = findings_of("relapse")
    assert section(without) is None
    assert lines(without) == []
    assert not_measured(without) == [
        "Warning signs: no model of a follow-up visit could be measured."
    ]
    assert not_measured(findings_of("response")) == []
    assert not_measured(shown(findings_of)) == []
    assert summary(without)["warning_signs"] is None


def test_the_report_holds_the_part_once(findings_of):
    report = make_report(shown(findings_of), {})
    assert [part.anchor for part in report.sections].count("warning-signs") == 1
