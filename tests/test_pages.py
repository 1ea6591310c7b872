"""The pages in a browser: phone width, contrast, keyboard, print, and no request to anywhere."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from predictor.outlook_page import render_outlook
from predictor.report import render_page
from training import figures
from training.cohort import Flow
from training.model_report import (
    Candidate,
    Cell,
    Chart,
    Estimate,
    Importance,
    RunReport,
    Section,
    Sentinel,
    Table,
    render_run_report,
)
from training.model_report.sections_page import SectionsPage, render_sections_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
LONG = "A variable with a rather long label that has to wrap somewhere"
NUMBER = {f"variable_{i}": (-1) ** i * (0.02 + i / 400) for i in range(14)}
PROVENANCE = {
    "data_origin": "simulated",
    "stamp": "exploratory",
    "reason": "600 people are too few",
    "outcome": "MADRS at day 28 at most half of day 0",
    "time_zero": "first dose",
    "planned_course": "six infusions in three weeks",
    "horizon_days": 180,
    "cohort_average": 0.53,
    "cohort_patients": 600,
    "cohort_events": 318,
    "chosen": "ridge",
    "better_than_average": False,
    "package_version": "0.1.0",
    "expires": "2030-01-01",
    "decision_threshold": 0.5,
    "question": {"event": f"{LONG} {LONG}", "observed": "dated"},
}
DAYS = list(range(0, 181, 10))
RELAPSE = {
    "row": 1,
    "patient_id": "S-1",
    "task": "relapse",
    "status": "scored",
    "refusals": [],
    "probability": None,
    "lo": None,
    "hi": None,
    "level": 0.9,
    "margin": 0.1,
    "base": 0.0,
    "base_probability": 0.5,
    "verdict": "cannot_tell",
    "conformal": None,
    "contributions": NUMBER,
    "contributions_probability": NUMBER,
    "values": dict.fromkeys(NUMBER, "12.5 mg/L"),
    "labels": {name: f"{LONG} {name}" for name in NUMBER},
    "curve": {
        "days": DAYS,
        "relapse": [d / 300 for d in DAYS],
        "lo": [d / 400 for d in DAYS],
        "hi": [d / 200 for d in DAYS],
        "last_supported_day": 100,
    },
    "median": {"day": None, "lo": 100, "hi": None, "by_day": 100},
    "well_days": {"days": 126.0, "lo": 99.0, "hi": 139.5, "to_day": 180},
    "check_ins": [
        {"risk": 0.1, "day": 20, "expected_day": 30, "beyond_followup": False},
        {"risk": 0.725, "day": 150, "expected_day": None, "beyond_followup": True},
    ],
    "risk_at": {str(d): {"value": d / 300, "lo": d / 400, "hi": d / 200} for d in (30, 90, 180)},
    "given": "response at the end of the acute course",
    "safety": [
        {"code": tier, "tier": tier, "text": f"{LONG}.", "source": "Label"}
        for tier in ("STOP", "CAUTION", "INFO")
    ],
    "not_asked": [LONG] * 12,
    "cautions": [{"code": "o", "variable": "variable_1", "message": "beyond the cohort"}],
    "imputed": [{"variable": "v", "label": LONG, "assumed": "2.9 mg/L", "moves": 0.02}],
    "next_question": {"variable": "v", "label": LONG},
    "provenance": PROVENANCE,
}
RESPONSE = RELAPSE | {
    "task": "response",
    "probability": 0.6,
    "lo": 0.4,
    "hi": 0.8,
    "curve": None,
    "conformal": [
        {"level": 0.9, "outcomes": ["does_not_respond", "responds"], "reason": None},
    ],
}
REFUSED = RELAPSE | {
    "status": "refused",
    "refusals": [{"code": "row_fault", "variable": "weight_kg", "message": "6.5 is below 20 kg"}],
    "contributions": {},
    "contributions_probability": {},
}
OUTLOOK = {
    "row": 1,
    "patient_id": LONG.replace(" ", "-"),
    "status": "scored",
    "refusals": [],
    "level": 0.9,
    "response": {"value": 0.6, "lo": 0.4, "hi": 0.8},
    "relapse_at": RELAPSE["risk_at"],
    "well_at": {str(d): {"value": 0.6 - d / 400, "lo": 0.1, "hi": 0.8} for d in (0, 30, 90, 180)},
    "curve": {
        "days": DAYS,
        "well": [0.6 - d / 400 for d in DAYS],
        "lo": [0.1 for d in DAYS],
        "hi": [0.8 for d in DAYS],
        "last_supported_day": 100,
    },
    "data_origin": "simulated",
    "stamp": "exploratory",
    "safety": RELAPSE["safety"],
    "not_asked": [LONG] * 3,
    "cautions": [{"models": ["relapse"], "code": "o", "variable": None, "message": LONG}],
    "assumptions": [LONG] * 3,
    "provenance": dict.fromkeys(("response", "relapse"), PROVENANCE | {"given": "response"}),
}
OUTLOOK_REFUSED = OUTLOOK | {
    "status": "refused",
    "refusals": [{"models": ["relapse"], "code": "expired", "variable": None, "message": LONG}],
}
VISITS = [
    {
        "landmark": f"step{i}",
        "label": LONG if i == 1 else "28 days after the course",
        "known": "MADRS 9 ± 8.1, converted from PHQ-9 14 days after the course (6)",
        "value": None if i == 2 else 0.3 + i / 10,
        "lo": None if i == 2 else 0.1,
        "hi": None if i == 2 else 0.95,
        "change": None if i in (0, 2) else 0.1,
        "reason": "By the rule of the outcome this person has relapsed." if i == 2 else "",
    }
    for i in range(5)
]
RUN_REFUSED = RunReport(
    task="relapse",
    population="adults with depression",
    outcome="Relapse as confirmed.",
    status="refused",
    reason="6 events support no model",
    data_origin="real",
    source="trial",
    flow=Flow(patients=58, eligible=35, with_outcome=31, events=6, excluded={"healthy": 23}),
    provenance={"SHA-256 of patients.csv": "9f86d081" * 8},
)
LEARNERS = ("logistic", "ridge", "elastic_net", "xgboost", "severity", "prevalence")
GRID = np.linspace(0.1, 0.9, 9)
METRICS = ("auc", "log_loss", "brier", "calibration_slope", "calibration_intercept", "ici")
RUN = replace(
    RUN_REFUSED,
    status="exploratory",
    data_origin="simulated",
    stamp="exploratory",
    chosen="ridge",
    table_one=Table(
        "Table 1", [{"Variable": LONG, "Missing": 1, "No": "3 (4)", "Yes": "5 (6)"}] * 3
    ),
    candidates=[
        Candidate(name, {m: Estimate(-0.25, -0.5, 0.1) for m in METRICS}) for name in LEARNERS
    ],
    performance=[Chart("Decision", figures.decision_curve(GRID, {"model": GRID}), "A curve.")] * 2,
    importance=[Importance(LONG, 0.3, 0.2, 0.4)] * 25,
    sentinels=[Sentinel("shuffled_outcome", True, LONG)],
    extra=[Table("Two", [{"Answer": LONG, "Here": 58}])],
)
VALIDATION = SectionsPage(
    title="Predicting response to ketamine: validation on new people",
    lead=LONG,
    mark="care",
    verdict="Measured in new people, no bundle written",
    because="not stamped: 100 events are asked for",
    facts={"New people": LONG, "Observed / expected": "0.98 (0.95 to 1.02)"},
    sections=[
        Section(
            "measures",
            "How the model did",
            [LONG],
            [Chart("Decision", figures.decision_curve(GRID, {"model": GRID}), "A curve.")],
            [
                Table(
                    "Measures",
                    [
                        {
                            "Measure": Cell("Calibration intercept at 180 days", "ideal 0"),
                            "Those given a number": Cell("−0.25", "−0.50 to 0.10"),
                            "With STOP people": Cell("−0.25", "−0.50 to 0.10"),
                        }
                    ],
                ),
                Table(
                    "Five columns",
                    [dict.fromkeys(("Threshold", "Model", "All", "Less", "Better"), "0.123")],
                    LONG,
                ),
            ],
        )
    ],
    provenance={"SHA-256 of patients.csv": "9f86d081" * 8},
    not_shown=[LONG],
    simulated=True,
)
PAGES = {
    "response": lambda: render_page(RESPONSE),
    "relapse": lambda: render_page(RELAPSE),
    "refused": lambda: render_page(REFUSED),
    "outlook": lambda: render_outlook(OUTLOOK),
    "outlook_refused": lambda: render_outlook(OUTLOOK_REFUSED),
    "visits": lambda: render_page(RELAPSE, visits=VISITS),
    "run": lambda: render_run_report(RUN),
    "run_refused": lambda: render_run_report(RUN_REFUSED),
    "validation": lambda: render_sections_page(VALIDATION),
}
SMALLEST_CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = c => { const [r, g, b] = c.map(v => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  let worst = 21;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    const e = n.parentElement;
    if (!n.data.trim() || ["TITLE", "DESC", "STYLE"].includes(e.tagName.toUpperCase())) continue;
    const s = getComputedStyle(e);
    const ink = e instanceof SVGElement ? s.fill : s.color;
    const a = light(parse(ink).slice(0, 3)), b = light(behind(e).slice(0, 3));
    worst = Math.min(worst, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return worst;
}"""
UNNAMED_DRAWINGS = """() => [...document.querySelectorAll("svg")].filter(s =>
  s.getAttribute("aria-hidden") !== "true" && !(s.getAttribute("role") === "img" &&
  (s.getAttribute("aria-label") || s.getAttribute("aria-labelledby")))).length"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: the pages were not looked at in a browser")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield chromium
        chromium.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone_asks_for_nothing_and_can_be_read(
    name: str, browser: Any, tmp_path: Path
) -> None:
    path = tmp_path / f"{name}.html"
    path.write_text(PAGES[name](), encoding="utf-8")
    page = browser.new_page(viewport={"width": 360, "height": 740})
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert requests == [path.as_uri()]
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(SMALLEST_CONTRAST) >= 4.5
    assert page.evaluate(UNNAMED_DRAWINGS) == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for landmark in ("banner", "main", "contentinfo"):
        assert page.get_by_role(landmark).count() == 1
    page.close()


def test_tables_stay_tables_when_they_stack_on_a_phone(browser: Any) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.set_content(PAGES["run"]())
    page.locator("details").first.locator("summary").click()
    assert page.get_by_role("table", name="Table 1").get_by_role("rowheader").count() == 3
    assert page.get_by_role("columnheader", name="Missing", exact=True).count() == 1
    page.close()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [600, 720, 900, 1100])
def test_no_width_scrolls_sideways(name: str, width: int, browser: Any) -> None:
    page = browser.new_page(viewport={"width": width, "height": 740})
    page.set_content(PAGES[name]())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_no_table_of_a_run_is_cut_on_a_desk_and_print_opens_what_is_folded(browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1100, "height": 740})
    page.set_content(PAGES["run"]())
    cut = "() => [...document.querySelectorAll('.scroll')].some(e => e.scrollWidth > e.clientWidth)"
    assert not page.evaluate(cut)
    table = page.get_by_role("table", name="Table 1")
    assert not table.is_visible()
    page.emulate_media(media="print")
    assert page.locator("details table").first.bounding_box()["height"] > 40
    page.close()


@pytest.mark.parametrize("name", ["response", "refused", "run", "validation"])
def test_simulated_is_said_in_print_too(name: str, browser: Any) -> None:
    page = browser.new_page()
    page.set_content(PAGES[name]())
    page.emulate_media(media="print")
    assert page.get_by_text("Simulated data — not patients").first.is_visible()
    assert not page.locator(".skip").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()
