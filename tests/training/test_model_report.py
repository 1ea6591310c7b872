"""The report of a run: status in words, every part or its absence, nothing fetched."""

import re
from dataclasses import replace

import numpy as np
import pytest

from predictor.errors import InvalidInputError
from training import figures
from training.cohort import Flow
from training.model_report import (
    Candidate,
    Chart,
    Estimate,
    Importance,
    RunReport,
    Section,
    Sentinel,
    Table,
    render_run_report,
    write_run_report,
)

REFUSED = RunReport(
    task="relapse",
    population="adults",
    outcome="Relapse as confirmed.",
    status="refused",
    reason="6 events support no model",
    data_origin="real",
    source="trial",
    flow=Flow(
        patients=58,
        eligible=35,
        with_outcome=31,
        events=6,
        excluded={"healthy": 23, "not_a_responder": 3},
    ),
)
SVG = figures.roc(np.array([0, 1.0]), np.array([0.2, 0.8]))
FULL = replace(
    REFUSED,
    task="response",
    status="exploratory",
    reason="too few people.",
    data_origin="simulated",
    stamp="exploratory",
    flow=Flow(patients=10, eligible=10, with_outcome=10, events=5, excluded={}),
    sample_size=["Riley asks for 1,180."],
    table_one=Table("Table 1", [{"Variable": "Age <a>", "Overall": 44, "Missing": None}]),
    missing_outcomes=[
        Table("By site", [{"Site": "A", "Missing": 3}], note="A note."),
        Table("Empty", []),
    ],
    candidates=[
        Candidate("ridge", {"auc": Estimate(0.66, 0.61, 0.71), "my_own": Estimate(1.5)}),
        Candidate("elastic_net", {"auc": Estimate(0.65, -0.1, 0.7)}),
        Candidate("prevalence_only", {"auc": Estimate(float("nan"))}, is_comparator=True),
    ],
    chosen="ridge",
    chosen_because="The simplest.",
    performance=[Chart("ROC", SVG, 'A "curve"', "Look."), Chart("Plain", SVG, "b")],
    sections=[
        Section(
            "by-hand",
            "A part <of> its own",
            ["Read this first."],
            [Chart("Dots", SVG, "Dots.", "Few.")],
            [Table("Answers of it", [{"Answer": "People", "Here": 12}])],
        )
    ],
    importance=[Importance("Age", 0.3, 0.2, 0.4)],
    importance_chart=Chart("Bars", SVG, "Bars.", "Ticks are folds."),
    sentinels=[Sentinel("shuffled_outcome", True, "0.50"), Sentinel("day", False, "leak: day")],
    extra=[Table("Answers", [{"Answer": "People", "Here": 58}])],
    methods=["Five folds."],
    provenance={"Seed": "7"},
    not_shown=["Subgroups."],
)


def text_of(page: str) -> str:
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_a_refused_run_reads_well_with_nothing_to_draw() -> None:
    page = render_run_report(REFUSED)
    text = text_of(page)
    for words in (
        "Predicting relapse after response to ketamine in adults",
        "Refused",
        "6 events support no model.",
        "23 not eligible",
        "23 healthy volunteers",
        "4 not in the risk set",
        "3 did not respond",
        "1 reason not recorded",
        "6 relapsed",
        "No model was fitted",
        "None was run",
        "no model to stamp",
        "What this report does not show",
    ):
        assert words in text
    assert 'class="chart"' not in page
    assert "Simulated" not in text
    for anchor in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{anchor}"' in page


def test_an_exploratory_run_shows_every_part() -> None:
    page = render_run_report(FULL)
    text = text_of(page).replace("\N{NO-BREAK SPACE}", " ")
    for words in (
        "Simulated data — not patients",
        "Exploratory",
        "Too few people.",
        "Riley asks for 1,180.",
        "Age &lt;a&gt;",
        "AUC higher is better, 0.5 is chance 0.66 0.61 to 0.71",
        "0.65 −0.10 to 0.70",
        "1.500",
        "A part &lt;of&gt; its own Read this first. Dots",
        "Few. Answers of it",
        "comparator, never chosen",
        "✔ chosen",
        "The simplest.",
        "✔ passed",
        "✘ failed",
        "0.200 to 0.400",
        "Five folds.",
        "Subgroups.",
        "A note.",
        "Empty: nothing to show.",
        "Ticks are folds.",
        "People 58",
    ):
        assert words in text, words
    assert 'aria-label="A &#34;curve&#34;"' in page
    assert "not eligible" not in text
    assert "without an outcome" not in text
    assert "A dash" not in text
    for anchor in re.findall(r'<a href="#([^"]+)"', page):
        assert f'id="{anchor}"' in page
    assert not re.search(r'\sstyle="', page)
    assert all("scope=" in cell for cell in re.findall(r"<th[ >][^>]*", page))


def cells_of(page: str, caption: str) -> list[list[str]]:
    table = next(t for t in re.findall(r"<table.*?</table>", page, re.DOTALL) if caption in t)
    rows = re.findall(r"<tr.*?</tr>", table, re.DOTALL)
    return [[text_of(c).strip() for c in re.findall(r"<t[hd][ >].*?</t[hd]>", r)] for r in rows]


def test_measures_are_rows_learners_are_columns_and_a_missing_number_is_a_dash() -> None:
    tried = Table("What was tried", [{"Learner": "prevalence only", "Why": "average"}])
    page = render_run_report(replace(FULL, tried=tried)).replace("\N{NO-BREAK SPACE}", " ")
    assert cells_of(page, "Candidates beside") == [
        ["Measure", "ridge", "elastic net", "prevalence only"],
        ["Role", "✔ chosen", "candidate", "comparator, never chosen"],
        ["AUC higher is better, 0.5 is chance", "0.66 0.61 to 0.71", "0.65 −0.10 to 0.70", "–"],
        ["my own", "1.500", "–", "–"],
    ]
    assert "A dash: no value; the reason stands under “What was tried”." in page


def test_measures_of_relapse_have_names_that_people_read() -> None:
    measures = {"brier_30": Estimate(0.2), "auc_30": Estimate(0.655), "auprc": Estimate(0.4)}
    page = render_run_report(replace(FULL, candidates=[Candidate("cox_ridge", measures)]))
    chance = "chance level = share with the outcome"
    assert [row[0] for row in cells_of(page, "Candidates beside")[2:]] == [
        "AUC at 30 days cumulative/dynamic; higher is better, 0.5 is chance",
        f"Area under the precision–recall curve higher is better; {chance}",
        "Brier score at 30 days weighted for censoring; lower is better",
    ]


def test_a_refused_run_keeps_none_of_its_learners() -> None:
    text = text_of(render_run_report(replace(FULL, status="refused", stamp=None)))
    assert "none kept (ridge stood first)" in text
    assert "first, but not kept" in text
    assert "✔ chosen" not in text


def test_only_the_first_variables_are_unfolded() -> None:
    many = [Importance(f"Variable {i}", 0.3, 0.2, 0.4) for i in range(23)]
    page = render_run_report(replace(FULL, importance=many))
    shown, folded = page.split("Show the other 3 variables")
    assert "Variable 19<" in shown
    assert "Variable 20<" not in shown
    assert "Variable 22<" in folded


def test_a_rule_that_excludes_nobody_is_grey_and_an_unknown_rule_loses_its_underscores() -> None:
    flow = Flow(
        patients=9, eligible=8, with_outcome=8, events=1, excluded={"row_fault": 0, "too_young": 1}
    )
    page = render_run_report(replace(REFUSED, flow=flow))
    assert '<li class="soft">0 row refused by the data dictionary</li>' in page
    assert "<strong>1</strong> too young" in page
    assert "not in the risk set" not in page


def test_notes_on_the_data_stand_even_without_a_table_of_the_source() -> None:
    page = render_run_report(replace(REFUSED, notes=["88 rows are left out"]))
    assert "<li>88 rows are left out</li>" in page
    assert 'href="#extra"' in page


@pytest.mark.parametrize(
    "svg",
    [
        b"<svg><script>1</script></svg>",
        b'<svg onload="x()"></svg>',
        b'<svg><image href="http://x/y.png"/></svg>',
        b'<svg><rect fill="url(http://x)"/></svg>',
        b"\x89PNG".replace(b"\x89", b""),
    ],
)
def test_a_chart_that_fetches_or_runs_something_is_refused(svg: bytes) -> None:
    with pytest.raises(InvalidInputError, match="plain SVG"):
        render_run_report(replace(REFUSED, performance=[Chart("Bad", svg, "bad")]))


def test_importance_may_come_without_its_drawing() -> None:
    page = render_run_report(replace(FULL, importance_chart=None, chosen_because=""))
    assert "What moves the predictions" in page


def test_the_report_is_written(tmp_path) -> None:
    path = write_run_report(REFUSED, tmp_path / "report.html")
    assert path.read_text(encoding="utf-8") == render_run_report(REFUSED)
