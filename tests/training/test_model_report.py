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
        patients=58, eligible=35, with_outcome=31, events=6, excluded={"healthy_volunteer": 23}
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
        "23 healthy volunteer",
        "4 not in the risk set",
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
        "0.66 (0.61 to 0.71)",
        "0.65 (−0.10 to 0.70)",
        "1.500",
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
    assert "Excluded" not in text
    for anchor in re.findall(r'<a href="#([^"]+)"', page):
        assert f'id="{anchor}"' in page
    assert not re.search(r'\sstyle="', page)
    assert all("scope=" in cell for cell in re.findall(r"<th[ >][^>]*", page))


def test_a_missing_number_is_a_dash() -> None:
    assert re.search(r"prevalence only.*?–", text_of(render_run_report(FULL)))


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
