"""One person's outlook as a page."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from predictor.calibration import BaselineHazard
from predictor.outlook import ASSUMPTIONS, outlook
from predictor.outlook_page import render_outlook, write_outlook
from predictor.scoring import Scorer
from predictor.wording import in_ten


@pytest.fixture
def make(scorers, bundles, candidate):
    """Make the plain values of an outlook."""

    def outlook_of(*, supported=180.0, expires="", **changed):
        model = bundles["cox"].model
        hazard = BaselineHazard(model.baseline.cumulative, supported)
        source = replace(bundles["cox"].provenance, expires=expires)
        bundle = replace(bundles["cox"], model=replace(model, baseline=hazard), provenance=source)
        row = candidate(patient_id="p <1>", **changed)
        response, relapse = (s.score(row)[0] for s in (scorers["linear"], Scorer(bundle)))
        return outlook(response, relapse, cautions=["unlike courses"]).to_dict()

    return outlook_of


def text_of(page):
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_safety_comes_first_then_the_chance_then_what_it_assumes(make):
    plain = make()
    page = render_outlook(plain)
    order = [page.index(part) for part in ('id="safety"', 'id="number"', "What this assumes")]
    assert order == sorted(order)
    text = text_of(page)
    for day in ("0", "30", "90", "180"):
        at = plain["well_at"][day]
        words = in_ten(at["value"], at["lo"], at["hi"])
        assert f'<th scope="row">{day}</th><td>{words}</td>' in page
    for sentence in (*ASSUMPTIONS, "unlike courses", "Day 0 is day 28 after the first dose"):
        assert sentence in text
    assert "Simulated data" in text
    assert "p &lt;1&gt; (row 1)" in page
    assert "†" not in text


def test_the_drawing_says_what_it_shows_without_its_colours(make):
    page = render_outlook(make(supported=60.0))
    assert "Chance of having responded and of still being well, by day" in page
    assert "responded and well, of 10 people" in page
    assert "By day 30: about" in page
    assert "stroke-dasharray" in page
    assert '<th scope="row">90 †</th>' in page
    assert "† Too few patients were followed beyond day 60" in text_of(page)
    assert "<strong>Relapse model:</strong> too few patients" in page


def test_a_refused_page_holds_no_chance_and_names_the_model(make):
    page = render_outlook(make(expires="2000-01-01"))
    text = text_of(page)
    assert "No number is given for this person" in text
    assert "Relapse model: the model expired on 2000-01-01" in text
    assert " in 10" not in text
    assert 'id="number"' not in page
    stopped = text_of(render_outlook(make(pregnant="yes")))
    assert "model: " not in stopped.partition("Where this comes from")[0]


def test_a_page_asks_for_nothing_and_is_written(make, tmp_path):
    path = write_outlook(make(), tmp_path / "row_1.html")
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert not re.search(r"(?:src|href)=\"(?!#)", page)
    assert page.count("<h1>") == 1
