"""Scenarios in words, drawn and on a page: how sure each is, and what is not known."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from predictor.cli.describing import describe
from predictor.report import render_page
from predictor.scenario_drawing import draw_scenarios
from predictor.scenario_words import change_words, spoken_scenarios, trials_of
from predictor.scoring import Scorer

RISKS = {
    "30": {"value": 0.31, "lo": 0.2, "hi": 0.5},
    "180": {"value": 0.72, "lo": 0.5, "hi": 0.91},
}
LESS = {
    "30": {"value": 0.14, "lo": 0.05, "hi": 0.3},
    "180": {"value": 0.4, "lo": 0.2, "hi": 0.65},
}
WELL = {"days": 80.4, "lo": 40.0, "hi": 130.0, "to_day": 180}
WITHOUT = {
    "name": "doses", "planned": False, "own": True, "label": "No doses", "short": "No doses",
    "variable": "maintenance_planned", "is_read": True, "words": "In a trial fewer relapsed.",
    "comparison": "doses against placebo", "trial": "TRIAL-1", "source": "Someone 2019",
    "certainty": "moderate", "population": None, "pooled": True, "controlled": True,
    "hazard_ratio": 0.394, "lo": 0.216, "hi": 0.717, "risks": RISKS, "median": None,
    "well_days": WELL, "difference": None, "not_drawn": "",
}  # fmt: skip
WITH = WITHOUT | {
    "planned": True, "own": False, "label": "Doses every two weeks of the trial, or weekly",
    "short": "Doses", "risks": LESS, "well_days": WELL | {"days": 120.0},
    "difference": {
        "30": {"value": -0.17, "lo": -0.22, "hi": -0.1},
        "180": {"value": -0.32, "lo": -0.45, "hi": -0.12},
    },
}  # fmt: skip
UNTRIED = WITHOUT | {
    "name": "emdr", "planned": True, "own": False, "label": "EMDR", "short": "EMDR",
    "variable": "psychotherapy", "is_read": False, "words": "No trial looked.", "trial": "",
    "certainty": "none", "controlled": False, "hazard_ratio": None, "pooled": False,
    "risks": {day: risk | {"value": None} for day, risk in RISKS.items()},
    "well_days": WELL | {"days": None},
}  # fmt: skip
ALL = (WITHOUT, WITH, UNTRIED)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((-0.32, -0.45, -0.12), "about 32 in 100 fewer (12 to 45 fewer)"),
        ((0.26, 0.14, 0.3), "about 26 in 100 more (14 to 30 more)"),
        ((-0.09, -0.31, 0.14), "about 9 in 100 fewer (from 31 fewer to 14 more)"),
        ((0.001, -0.2, 0.2), "no difference (from 20 fewer to 20 more)"),
        ((-0.2, -0.4, 0.001), "about 20 in 100 fewer (0 to 40 fewer)"),
    ],
)
def test_a_difference_is_said_out_of_a_hundred_with_its_way(change, words):
    assert change_words(*change) == words


def test_the_own_plan_comes_first_and_once():
    therapy = WITHOUT | {"name": "cbt", "label": "CBT now", "variable": "psychotherapy"}
    said = spoken_scenarios((WITHOUT, WITH, therapy))
    assert [row.label for row in said.rows] == ["As planned now", WITH["label"]]
    assert said.rows[0].detail == "no doses; CBT now"  # capitals stay
    assert said.rows[0].trial == said.rows[0].change == ""
    assert dict(said.rows[1].risks) == {
        "30": "about 1 in 10 (1 to 3)", "180": "about 4 in 10 (2 to 7)",
    }  # fmt: skip
    assert said.rows[1].change == "about 32 in 100 fewer (12 to 45 fewer)"
    assert said.rows[1].trial == "TRIAL-1, certainty moderate"
    assert said.rows[1].well == "120 (40 to 130)"


def test_a_finding_says_how_sure_it_is_and_of_whom_it_holds():
    (found,) = spoken_scenarios((WITHOUT, WITH)).findings
    assert found.ratio.startswith(
        "hazard ratio of relapse 0.39 (95 % interval 0.22 to 0.72), between"
    )
    assert found.note == "The number above takes this effect from TRIAL-1, not from this cohort."
    remitted = WITH | {"population": "remitters", "pooled": False, "is_read": False}
    (found,) = spoken_scenarios((remitted,)).findings
    assert found.ratio.endswith("as found in people in remission")
    assert found.note == ""
    undrawn = WITH | {"risks": {}, "not_drawn": "nobody told", "is_read": False}
    said = spoken_scenarios((undrawn,))
    assert said.rows == ()
    assert said.findings[0].note == "Not drawn: nobody told."
    assert draw_scenarios(said) is None


def test_what_is_not_known_has_a_band_and_no_number():
    said = spoken_scenarios(ALL)
    assert said.untried.each == (("EMDR", "No trial looked."),)
    assert said.untried.band == "anywhere from 5 to 9 in 10"
    assert [row.label for row in said.rows] == ["As planned now", WITH["label"]]
    bars = draw_scenarios(said).bars
    assert [bar.text for bar in bars] == ["about 7 in 10", "about 4 in 10", "not known"]
    assert [bar.point is None for bar in bars] == [False, False, True]
    assert [bar.own for bar in bars] == [True, False, False]
    assert all(10 <= bar.lo <= bar.hi <= 350 for bar in bars)
    assert bars[1].point == pytest.approx(10 + 0.4 * 340)
    assert bars[2].lo == pytest.approx(10 + 0.5 * 340)


def test_nothing_is_said_without_scenarios():
    assert spoken_scenarios(()) is None
    assert trials_of(()) == {}


def test_only_an_effect_that_the_number_holds_is_named_in_its_explanation():
    assert trials_of(ALL) == {"maintenance_planned": "TRIAL-1"}
    assert trials_of((WITH | {"is_read": False},)) == {}


def relapse_score(bundles, candidate, scenarios):
    score = Scorer(bundles["cox"]).score(candidate())[0]
    return replace(score, scenarios=scenarios)


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_page_holds_every_scenario_in_words_and_never_calls_it_learned(bundles, candidate):
    score = relapse_score(bundles, candidate, ALL)
    said = text_of(render_page(score.to_dict()))
    assert "What trials say about staying well" in said
    assert "Nothing in this part was learned from who happened to get a treatment." in said
    for words in ("about 4 in 10 (2 to 7)", "12 to 45 fewer", "TRIAL-1, certainty moderate"):
        assert words in said
    assert "anywhere from 5 to 9 in 10" in said
    assert "convention and not an estimate" in said
    section = re.search(r'<section aria-labelledby="scenarios">.*?</section>',
                        render_page(score.to_dict()), re.DOTALL).group()  # fmt: skip
    assert section.count('role="columnheader"') == section.count('data-column="') // 2 + 1
    assert "Difference" in section


def test_without_an_own_plan_there_is_no_difference_to_it(bundles, candidate):
    both = tuple(s | {"own": False, "difference": None} for s in (WITHOUT, WITH))
    said = text_of(render_page(relapse_score(bundles, candidate, both).to_dict()))
    assert "None of it is marked as planned" in said
    assert "Difference" not in said.split("What trials say")[1].split("How sure")[0]


def test_the_explanation_names_the_trial(bundles, candidate):
    therapy = WITH | {"variable": "psychotherapy"}
    score = relapse_score(bundles, candidate, (therapy,))
    page = text_of(render_page(score.to_dict()))
    assert "effect from TRIAL-1, not from this cohort" in page
    strongest = max(
        score.contributions_probability, key=lambda v: abs(score.contributions_probability[v])
    )
    named = replace(score, scenarios=(WITH | {"variable": strongest},))
    lines = [line.text for line in describe(named)]
    assert any("(from TRIAL-1, not from this cohort)" in line for line in lines)


def test_the_lines_for_a_terminal_are_few(bundles, candidate):
    lines = [line.text for line in describe(relapse_score(bundles, candidate, ALL))]
    at = next(i for i, line in enumerate(lines) if line.startswith("What trials say"))
    assert (
        lines[at] == "What trials say about staying well, by day 180 (not learned from this cohort)"
    )
    assert lines[at + 1] == "- As planned now (no doses): about 7 in 10 (5 to 9)"
    assert lines[at + 2].endswith("(TRIAL-1, certainty moderate): about 4 in 10 (2 to 7)")
    assert lines[at + 3] == "Not known, no controlled evidence: EMDR"
    untold = [line.text for line in describe(relapse_score(bundles, candidate, (UNTRIED,)))]
    assert not any(line.startswith("What trials say") for line in untold)
    assert any("no controlled evidence: EMDR" in line for line in untold)
