"""What a report says of sites: the numbers, what a new site may expect, and who its people are."""

import re
from dataclasses import replace

import pytest

from training.cli.running import _lines
from training.evaluation import Difference, InternalExternal, SiteMix, SiteResult
from training.metrics.intervals import Estimate
from training.metrics.pooling import RandomEffects
from training.model_report import render_run_report
from training.presentation import make_report
from training.presentation.headline import headline_words


def left_out(measure, day=None):
    """Three sites with figures made by hand; the last has no slope."""
    ranked, line = Estimate(0.7, 0.55, 0.85, "m"), Estimate(-0.2, -1.0, 0.6, "m")
    events = Estimate(1.1, 0.7, 1.6, "m")
    both = {measure: ranked, "calibration_slope": line, "oe": events}
    sites = (
        *(SiteResult(s, 50, 20, both, {}) for s in "AB"),
        SiteResult("C", None, None, {measure: ranked}, {"calibration_slope": "no optimum"}),
    )
    return InternalExternal(
        "ridge", day, sites, {"D": None, "not known": 12},
        {measure: RandomEffects(0.7, 0.6, 0.78, 0.45, 0.88, 0.02, 3),
         "oe": RandomEffects(1.1, 0.8, 1.4, 0.5, 2.4, 0.1, 2)},
        {"calibration_slope": "2 sites have a value, 3 are needed"},
    )  # fmt: skip


def mix_of(site, *, lo=0.6, **changes):
    mix = SiteMix(
        site,
        {
            "age_years": Difference(-0.8, 0.5),
            "sex": Difference(0.7, 0.6),
            "bmi": Difference(0.65, 0.6),
            "madrs_total": Difference(0.62, 0.6),
            "site_of_birth": Difference(0.3, 0.6),
        },
        Estimate(0.7, lo, 0.8, "m"),
        -0.1, 0.4, 0.2, 0.5,
        0.61,
        {},
    )  # fmt: skip
    return replace(mix, **changes)


def section_of(findings):
    return next(s for s in make_report(findings, {}).sections if s.anchor == "sites")


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def with_sites(findings_of):
    """Gives a run with three sites, whose people are described."""
    findings = findings_of()
    measured = {**findings.metrics, "ridge": {"auc": Estimate(0.66, 0.6, 0.72, "DeLong")}}
    return replace(
        findings,
        internal_external=left_out("auc"),
        metrics=measured,
        site_mix=(mix_of("A"), mix_of("B", lo=0.45), mix_of("C", lo=0.45)),
    )


def test_the_first_sentence_says_what_a_new_site_may_expect(with_sites) -> None:
    section = section_of(with_sites)
    first, second, *_ = section.paragraphs
    assert plain(first) == (
        "At a new site like these the AUC may lie anywhere from 0.45 to 0.88 (95 % prediction "
        "interval from 3 sites); on average over sites it is 0.70. The interval reaches down to "
        "0.5: there the model may rank no better than chance."
    )
    assert plain(second) == (
        "For each event that the model expects at a new site, 0.50 to 2.40 may be seen (below 1 "
        "its risks are too high, above 1 too low)."
    )
    better = RandomEffects(0.7, 0.6, 0.78, 0.55, 0.88, 0.02, 3)
    slope = RandomEffects(0.9, 0.7, 1.1, 0.4, 1.4, 0.02, 3)
    found = replace(
        left_out("auc"), summary={"auc": better, "calibration_slope": slope}, undefined={}
    )
    first, second, *_ = section_of(replace(with_sites, internal_external=found)).paragraphs
    assert "chance" not in first
    assert plain(second).startswith("The calibration slope may lie from 0.40 to 1.40 (below 1")


def test_sites_their_mean_and_a_new_one_stand_below_each_other(with_sites) -> None:
    report = make_report(with_sites, {})
    table = section_of(with_sites).tables[0]
    assert table.caption == "Leaving one site out"
    assert report.extra == []
    assert list(table.rows[0]) == [
        "Site", "People", "Events", "AUC", "Calibration slope", "Observed / expected",
    ]  # fmt: skip
    a, _, c, mean, new = (
        {k: getattr(v, "text", v) for k, v in row.items()} for row in table.rows
    )  # fmt: skip
    assert (a["Site"], a["People"], a["Events"], a["AUC"]) == ("A", 50, 20, "0.70")
    assert (a["Calibration slope"], c["Calibration slope"]) == ("\N{MINUS SIGN}0.20", "–")
    assert (c["People"], c["Events"]) == ("not shown", "not shown")
    assert (mean["Site"], mean["AUC"], mean["Calibration slope"]) == (
        "Mean over sites", "0.70", "–",
    )  # fmt: skip
    assert plain(new["AUC"]) == "0.45 to 0.88"
    for words in (
        "AUC 0.020",
        "Mean of Observed / expected over 2 of 3 sites.",
        "D (number not shown), not known (12 people)",
        "below 10, or would let one below it follow",
        "Calibration slope at C: no optimum.",
        "Mean of Calibration slope: 2 sites have a value, 3 are needed.",
    ):
        assert words in table.note
    assert "Internal–external" in report.methods[-1]
    assert "comes near to it" in report.not_shown[0]
    assert "secret" not in repr(table)
    page = render_run_report(report)
    assert page.count("Leaving one site out") == 1
    assert page.count('<h2 id="sites"') == 1
    assert '<li><a href="#sites">What a new site may expect</a></li>' in page


def test_nothing_is_hidden_where_all_counts_are_told(with_sites) -> None:
    sites = tuple(replace(s, people=50, events=20) for s in left_out("auc").sites)
    found = replace(left_out("auc"), sites=sites, train_only={"not known": 12})
    note = section_of(replace(with_sites, internal_external=found)).tables[0].note
    assert "not known (12 people)" in note
    assert "not shown" not in note


def test_each_measure_is_drawn_over_sites_with_its_mean_and_a_new_site(with_sites) -> None:
    auc, slope, oe = section_of(with_sites).charts
    assert [chart.title for chart in (auc, slope, oe)] == [
        "AUC of each site", "Calibration slope of each site", "Observed / expected of each site",
    ]  # fmt: skip

    def rows(chart):
        said = re.findall(r"<text[^>]*>([^<]*)</text>", chart.svg.decode())
        named = {"A", "B", "C", "Mean over sites", "A new site", "no value"}
        return [text.strip() for text in said if text.strip() in named]

    assert rows(auc) == ["A", "B", "C", "Mean over sites", "A new site"]
    assert sorted(rows(slope)) == ["A", "B", "C", "no value"]  # no mean of two sites
    assert "Diamond" in auc.note
    assert "Diamond" not in slope.note
    assert auc.alt.startswith("AUC of 3 sites, each predicted from the others")


def test_a_measure_without_any_value_is_not_drawn(with_sites) -> None:
    none = Estimate(0.0, 0.0, 0.3, "m")  # a ratio of 0 has no place on its axis
    found = left_out("auc")
    sites = tuple(replace(s, measures={"auc": s.measures["auc"], "oe": none}) for s in found.sites)
    charts = section_of(
        replace(with_sites, internal_external=replace(found, sites=sites))
    ).charts  # fmt: skip
    assert [chart.title for chart in charts] == ["AUC of each site"]


def test_sites_of_relapse_have_their_day_and_may_have_no_summary(findings_of) -> None:
    found = replace(
        left_out("c_index", 90), summary={}, train_only={}, undefined={"c_index": "too few sites"}
    )
    mixes = (mix_of("A", expected_auc=None),)
    relapse = replace(findings_of("relapse"), internal_external=found, site_mix=mixes)
    section = section_of(relapse)
    assert section.paragraphs[0] == (
        "What C-index a new site may expect cannot be said: too few sites."
    )
    table, mix = section.tables
    assert list(table.rows[0])[3:] == [
        "C-index", "Calibration slope", "Observed / expected at 90 days",
    ]  # fmt: skip
    assert "Variance between sites" not in table.note
    assert "Trained on" not in table.note
    assert "AUC if right" not in mix.rows[0]
    assert "AUC if right" not in mix.note


def test_a_run_without_sites_says_why_none_was_left_out(findings_of) -> None:
    report = make_report(findings_of(), {})
    assert not any(section.anchor == "sites" for section in report.sections)
    assert report.not_shown[1] == (
        "Each site predicted from the others: no site is known; 3 are needed."
    )
    assert not any("Internal" in sentence for sentence in report.methods)


def test_the_people_of_each_site_stand_beside_those_elsewhere(with_sites) -> None:
    section = section_of(with_sites)
    assert section.paragraphs[-1].endswith(
        "At 1 of 3 sites the people can be told from those of the others by their baseline (95 % "
        "interval of the AUC above 0.5)."
    )
    first = section.tables[1].rows[0]
    assert (first["Told apart (AUC)"].text, first["AUC if right"]) == ("0.70", "0.61")
    assert (first["Margin, mean"].text, first["Margin, mean"].under) == (
        "\N{MINUS SIGN}0.10", "elsewhere 0.20",
    )  # fmt: skip
    # the fifth is within chance; of four the three largest are named, a yes/no without a sign
    assert first["Differ most"] == ("Age: \N{MINUS SIGN}0.80; Sex: 0.70; bmi: +0.65; and 1 more")


def test_people_who_cannot_be_told_apart_are_said_not_to_differ(with_sites) -> None:
    why = {"membership": "no optimum", "expected_auc": "all alike", "age_years": "few answered"}
    mixes = (mix_of("A", lo=0.4, differences={}), mix_of("B", membership=None, undefined=why))
    section = section_of(replace(with_sites, site_mix=mixes))
    assert "At no site can the people be told from those of the others" in section.paragraphs[-1]
    assert section.paragraphs[-1].endswith("not above 0.5).")
    table = section.tables[1]
    assert table.rows[0]["Differ most"] == "none beyond chance"
    assert table.rows[1]["Told apart (AUC)"].text == "–"
    assert table.note.endswith(
        "B, told apart: no optimum. B, AUC if right: all alike. B: 1 variable cannot be compared."
    )


def test_the_headline_is_what_a_new_site_may_expect_then_the_cross_validation(with_sites) -> None:
    first, second = headline_words(with_sites)
    assert first == (
        "At a new site: AUC 0.70, and it may lie anywhere from 0.45 to 0.88 (95 % prediction "
        "interval, 3 sites)."
    )
    assert second == (
        "Cross-validated, in people the model never saw: AUC 0.66 (95 % interval 0.60 to 0.72); "
        "that is for more people of the same sites."
    )
    page = render_run_report(make_report(with_sites, {}))
    status = page[page.index('class="status status-') : page.index("<nav")]
    assert status.index(first) < status.index(second) < status.index("must not be relied on")


def test_without_sites_the_headline_is_the_cross_validation(with_sites) -> None:
    (alone,) = headline_words(replace(with_sites, internal_external=None))
    assert alone == (
        "Cross-validated, in people the model never saw: AUC 0.66 (95 % interval 0.60 to 0.72)."
    )
    few = replace(left_out("auc"), summary={}, undefined={"auc": "2 sites have a value"})
    (alone,) = headline_words(replace(with_sites, internal_external=few))
    assert alone.endswith("What a new site may expect cannot be said: 2 sites have a value.")
    assert headline_words(replace(with_sites, status="refused")) == []
    unmeasured = replace(with_sites, metrics={"ridge": {}})
    assert headline_words(unmeasured)[1].startswith("Cross-validated, no value")


def test_the_command_says_the_headline_under_the_status(with_sites) -> None:
    class Result:
        findings, status, reason = with_sites, "exploratory", "too few people"

    document = {
        "candidates": {},
        "landmarks": {},
        "task": "response",
        "bundle": None,
        "report": "r.html",
        "run_id": "1",
        "tracking_uri": "http://127.0.0.1",
        "cohort": {"patients": 44, "excluded": {}, "with_outcome": 40, "events": 20},
    }
    lines = [line.text for line in _lines(Result(), document)]
    assert lines[0].startswith("exploratory")
    assert lines[1].startswith("At a new site: AUC 0.70")
    assert lines[2].startswith("Cross-validated")
    assert lines[3] == "too few people"
