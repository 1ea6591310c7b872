"""Findings as people see them: words, tables and charts say what the numbers say."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from training.evaluation import (
    Choice,
    Corrected,
    Optimism,
    Sentinel,
    curves_of,
)
from training.importers.source import SourceLine
from training.metrics.intervals import Estimate, PairedDifference
from training.metrics.resampled_decision import DecisionBand
from training.model_report import render_run_report
from training.presentation import beeswarm, draw, importance, make_report, provenance
from training.presentation.decisions import benefit_note


def test_the_choice_is_told_in_words_with_its_gap_to_the_average(findings_of) -> None:
    text = make_report(findings_of("relapse"), {}).chosen_because
    assert text == (
        "Chosen because cox ridge has the lowest loss. Its loss less that of the average, in the "
        "same people, is −0.0118 (95 % interval −0.0232 to −0.0003; below 0 is better): better "
        "than the average."
    )


def test_a_refused_run_says_what_would_stand_first_and_that_it_is_no_better(findings_of) -> None:
    findings = findings_of()
    gap = PairedDifference(0.01, -0.08, 0.1, 0.04)
    choice = Choice(findings.choice.learner, "ridge has the lowest loss", gap, {})
    refused = replace(findings, status="refused", choice=choice, model=None)
    report = make_report(refused, {})
    assert report.chosen_because.startswith("By the rule of choice, ridge has the lowest loss.")
    assert report.chosen_because.endswith(
        "is +0.0100 (95 % interval −0.0800 to +0.1000; below 0 is better): no better than the "
        "average."
    )
    assert report.stamp is None


def test_what_was_tried_names_the_measures_without_a_value_once_for_each_reason(
    findings_of,
) -> None:
    tried = make_report(findings_of(), {}).tried
    assert [row["Measures without a value"] for row in tried.rows] == [
        "none",
        "AUC at 30 days, ICI: everybody has the same number",
    ]
    assert [row["Folds without signal"] for row in tried.rows] == [0, 8]
    assert tried.rows[1]["Why it is here"] == "the same number for everybody"


def test_table_one_has_units_in_words(findings_of) -> None:
    table = make_report(findings_of(), {}).table_one
    assert list(table.rows[0])[:4] == ["Variable", "Level", "Missing", "Overall"]
    assert {row["Variable"] for row in table.rows} >= {"people", "Age (years)", "Sex"}
    age = next(row for row in table.rows if row["Variable"] == "Age (years)")
    assert age["Overall"].replace("\N{NO-BREAK SPACE}", " ") == "41.5 [30.8, 52.2]"  # ages 20 to 63


def test_table_one_says_how_far_apart_those_with_and_without_the_event_are(findings_of) -> None:
    table = make_report(findings_of(), {}).table_one
    smd = {row["Variable"]: row["SMD"] for row in table.rows if row["SMD"]}
    # ages 20, 22 … 58 against 21, 23 … 59: a mean lower by 1, either variance 140
    assert smd["Age (years)"] == "−0.08"
    assert smd["Sex"] == "–"  # everybody is male
    assert smd.get("people", "") == ""
    assert "Yang and Dalton (2012)" in table.note


def test_missing_outcomes_are_counted_under_headings_that_people_read(findings_of) -> None:
    by_site, by_severity = make_report(findings_of(), {}).missing_outcomes
    assert by_site.rows == [{"Site": "not known", "People": 44, "Outcome missing": 4}]
    assert list(by_severity.rows[0]) == ["Baseline severity", "People", "Outcome missing"]


@pytest.mark.parametrize(
    ("people", "shown"),
    [
        ([9, 10, 30], [None, None, 30]),  # 9 would follow from the total, so 10 goes too
        ([9, 8, 30], [None, None, 30]),
        ([2, 3, 30, 40], [None, None, None, 40]),  # 5 would follow for both together
        ([10, 11], [10, 11]),
        ([9, 30], [None, None]),
    ],
)
def test_counts_of_a_handful_of_people_are_hidden_and_cannot_be_worked_out(
    findings_of, monkeypatch, people, shown
) -> None:
    few = pd.DataFrame(
        {"by": "site", "level": list("abcd")[: len(people)], "people": people, "missing": 2}
    )
    monkeypatch.setattr("training.presentation.missing_outcomes", lambda _: few)
    (by_site,) = make_report(findings_of(), {}).missing_outcomes
    for row, n, count in zip(by_site.rows, people, shown, strict=True):
        words = "fewer than 10" if n < 10 else "not shown: a smaller group would follow"
        assert row["People"] == (words if count is None else count)
        assert row["Outcome missing"] == ("–" if count is None else 2)


def test_a_run_without_people_or_folds_has_no_table(findings_of) -> None:
    findings = findings_of()
    nobody = replace(findings.cohort, rows=findings.cohort.rows.select(np.zeros(44, dtype=bool)))
    empty = replace(
        findings, cohort=nobody, choice=None, out_of_fold={}, metrics={}, undefined={}, model=None
    )
    report = make_report(empty, draw(empty))
    assert report.table_one is None
    assert report.tried is None
    assert report.candidates == []
    assert report.chosen_because == ""
    assert report.performance == []
    assert importance(empty) == []
    assert beeswarm(empty) is None


def test_counts_of_a_source_stand_under_headings_that_people_read(findings_of) -> None:
    lines = (
        SourceLine("MDD", "day 2", people=27, responders=6, mean_change=-9.22, remitted=4),
        SourceLine("BP", "day 2", people=0, responders=0, mean_change=float("nan"), remitted=0),
    )
    settings = SimpleNamespace(title="a study", licence="CC0", ketamine=False)
    source = SimpleNamespace(lines=lines, facts={"responders": 6.0}, settings=settings)
    report = make_report(replace(findings_of(), source=source), {})
    assert report.population == "a study"
    known, further = report.extra
    assert known.rows[0] == {
        "Group": "MDD",
        "Visit": "day 2",
        "People": 27,
        "Responders": 6,
        "Remitted": 4,
        "Mean change": "−9.22",
    }
    assert known.rows[1]["Mean change"] == "–"
    assert further.rows == [{"Count": "responders", "Value": "6"}]
    plain = SimpleNamespace(lines=lines, facts={}, settings=settings)
    assert len(make_report(replace(findings_of(), source=plain), {}).extra) == 1


def test_variables_are_ranked_by_their_mean_over_folds(findings_of) -> None:
    ranked = importance(findings_of())
    assert [(r.label, round(r.mean, 9), r.lo, r.hi) for r in ranked] == [
        ("Sex", 0.6, 0.5, 0.7),
        ("Age", 0.2, 0.1, 0.3),
    ]


@pytest.mark.parametrize(
    ("task", "names"),
    [
        (
            "response",
            {"roc", "calibration", "risk_distribution", "decision_curve", "contributions"},
        ),
        (
            "relapse",
            # few have relapsed by day 30, few are followed to day 180
            {"relapse_curves", "calibration", "decision_curve", "contributions"},
        ),
    ],
)
def test_a_run_is_drawn_and_its_report_reads_through(task, names, findings_of) -> None:
    findings = findings_of(task)
    charts = draw(findings)
    assert set(charts) == names
    report = make_report(findings, charts)
    assert len(report.performance) == len(names) - 1
    page = render_run_report(report)
    assert "row refused by the data dictionary" in page
    assert "1 row is left out" in page


@pytest.mark.parametrize("task", ["response", "relapse"])
def test_the_same_number_for_everybody_is_drawn_without_a_curve(task, findings_of) -> None:
    findings = findings_of(task)
    flat = {
        name: replace(f, probability=np.full_like(f.probability, 0.5), contributions={})
        for name, f in findings.out_of_fold.items()
    }
    chosen = flat[findings.choice.learner.name]
    curves = curves_of(
        chosen, findings.analysis.outcome, thresholds=(0.2, 0.8), rng=np.random.default_rng(0)
    )
    assert curves.calibration == {}
    assert "different risks" in curves.undefined["calibration" + "_90" * (task == "relapse")]
    charts = draw(replace(findings, out_of_fold=flat, curves=curves))
    assert ("calibration" in charts) == (task == "response")
    assert "contributions" not in charts


GRID = np.array([0.2, 0.3, 0.4, 0.5])


def band(model, gain_lo=(-1, -1, -1, -1), acted_on=(0.9, 0.8, 0.5, 0.2)):
    arrays = (model, model, model, [0.1, 0.05, -0.2, -0.5], gain_lo, acted_on)
    return DecisionBand(GRID, *(np.array(values, dtype=float) for values in arrays))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ([0.1, 0.05, 0.0, -0.1], "At no threshold is the model above"),
        ([0.2, 0.1, 0.0, -0.1], "at thresholds from 0.20 to 0.30; elsewhere"),
        ([0.2, 0.0, 0.1, -0.1], "at thresholds from 0.20 to 0.40, with gaps; elsewhere"),
        ([0.2, 0.1, 0.1, np.nan], "At thresholds from 0.50 to 0.50 too few of those acted on"),
    ],
)
def test_the_decision_curve_says_where_the_model_helps(model, words) -> None:
    assert words in benefit_note(band(model))


def test_the_decision_curve_says_where_the_gain_is_beyond_chance() -> None:
    model = [0.2, 0.1, 0.1, 0.0]
    assert "At no threshold does the 95 % interval" in benefit_note(band(model))
    sure = benefit_note(band(model, gain_lo=[-0.1, 0.01, 0.02, -0.1]))
    assert "lies above 0 at thresholds from 0.30 to 0.40." in sure


def test_the_decision_curve_says_where_hardly_any_decision_changes() -> None:
    note = benefit_note(band([0.2, 0.1, 0.1, 0.0], acted_on=[0.99, 0.95, 0.4, 0.05]))
    assert "Up to a threshold of 0.30 the model would treat at least 95 % of people" in note
    assert note.endswith("From 0.50 on it would treat at most 5 %.")
    assert "treat at" not in benefit_note(band([0.2, 0.1, 0.1, 0.0]))


def test_a_beeswarm_is_a_picture_and_needs_a_variable(findings_of) -> None:
    findings = findings_of("relapse")
    assert beeswarm(findings).startswith(b"\x89PNG")
    bare = SimpleNamespace(encoding=SimpleNamespace(variables=()))
    assert beeswarm(replace(findings, model=bare)) is None


def test_an_empty_list_of_settings_is_said(findings_of) -> None:
    listed = provenance(findings_of())
    assert listed["declared variables"] == "none"
    assert listed["candidates"] == "ridge"
    assert listed["SHA-256 of patients.csv"] == "ab" * 32


def test_a_warning_has_a_part_of_its_own_and_its_absence_has_none(findings_of) -> None:
    findings = findings_of()
    assert "possible leak" not in render_run_report(make_report(findings, {}))
    warned = replace(findings, warnings=("possible leak: AUC above 0.75 in 40 people",))
    page = render_run_report(make_report(warned, {}))
    assert "Warning: possible leak: AUC above 0.75 in 40 people." in page


def test_a_guard_with_too_little_to_look_at_is_not_said_to_have_passed(findings_of) -> None:
    untested = {"same_person": Sentinel(True, "not tested: nobody", tested=False)}
    page = render_run_report(make_report(replace(findings_of(), sentinels=untested), {}))
    assert "– not tested" in page
    assert "✔ passed" not in page


def test_the_figure_to_quote_is_named_with_what_is_known_of_it(findings_of) -> None:
    plus = Estimate(0.61, 0.52, 0.7, ".632+ bootstrap")
    corrected = Corrected(0.7, 0.06, 0.64, 200)
    for task, name, words in (
        ("response", "auc", "in 89 to 96 of 100"),
        ("relapse", "c_index", "for a C-index its interval has not been tried"),
    ):
        found = Optimism({name: corrected}, {"brier": "none"}, plus, {"ridge": 200}, 3, {"x": 2})
        report = make_report(replace(findings_of(task), optimism=found), {})
        (part,) = (section for section in report.sections if section.anchor == "optimism")
        assert "0.610 (95 % interval 0.520 to 0.700)" in part.paragraphs[1]
        assert words in part.paragraphs[1]
        (row,) = part.tables[0].rows
        assert row["Optimism taken off"].text == "0.640"
        assert "3 resamples without any signal" in part.tables[0].note
        assert "2 resamples gave no model: x." in part.tables[0].note
        assert "Optimism: patients were drawn" in report.methods[-1]
    bare = replace(findings_of(), optimism=replace(found, measures={"auc": corrected}, plus=None))
    (part,) = (s for s in make_report(bare, {}).sections if s.anchor == "optimism")
    assert "quote" not in part.paragraphs[1]
