"""Warnings at follow-up visits: beside the declared step, in words, on every surface."""

import json
from dataclasses import replace

import numpy as np
import pytest

from predictor.alert import alert_of, alert_words, measured_words
from predictor.bundle import read_bundle, write_bundle
from predictor.cli.describing import describe
from predictor.curve import Curve
from predictor.errors import BundleError
from predictor.report import render_page
from predictor.scoring import Scorer

MEASURED = {
    "sensitivity": {"value": 0.62, "lo": 0.551, "hi": 0.7},
    "ppv": {"value": 0.31, "lo": 0.26, "hi": 0.37},
    "false_per_year": {"value": 6.34, "lo": 5.4, "hi": 7.26},
    "lead_days": {"value": 14.0, "lo": 14.0, "hi": 28.0},
    "no_better_than": ["MADRS of 15 or more (residual symptoms)"],
}


def curve_of(risk_14):
    days = np.arange(181.0)
    risk = 1 - (1 - risk_14) ** (days / 14)
    return Curve(days, risk, risk * 0.5, np.minimum(risk * 1.5, 1), 180.0, np.zeros(181))


@pytest.mark.parametrize(("risk", "alert"), [(0.19, False), (0.2, True), (0.31, True)])
def test_a_warning_stands_from_the_declared_step_on(risk, alert):
    found = alert_of(curve_of(risk), 0.2, None)
    assert found["alert"] is alert or found["risk_14"]["value"] == pytest.approx(0.2)
    assert found["risk_14"]["value"] == pytest.approx(risk)
    assert found["risk_14"]["lo"] == pytest.approx(risk / 2)
    assert (found["step"], found["measured"], found["measured_words"]) == (0.2, None, [])


def test_the_words_name_the_risk_its_interval_and_the_step():
    assert alert_words((0.274, 0.18, 0.4), 0.2) == (
        "Warning: the risk of relapse over the next 14 days is 27 in 100 (18 to 40), at or above "
        "the declared step of 20 in 100."
    )
    assert alert_words((0.1, 0.05, 0.2), 0.2) == (
        "No warning: the risk of relapse over the next 14 days is 10 in 100 (5 to 20), below the "
        "declared step of 20 in 100. This rules no relapse out."
    )


def test_rounding_never_puts_a_risk_on_the_step_it_is_not_on():
    assert "is 19.6 in 100 (10.0 to 30.0), below" in alert_words((0.196, 0.1, 0.3), 0.2)
    assert "is 20.4 in 100" in alert_words((0.204, 0.1, 0.3), 0.2)
    assert "is 20 in 100 (10 to 30), at or above" in alert_words((0.2, 0.1, 0.3), 0.2)
    assert "declared step of 12.5 in 100" in alert_words((0.3, 0.1, 0.4), 0.125)


def test_what_warnings_were_worth_is_said_as_far_as_it_is_known():
    first, second = measured_words(MEASURED)
    assert "62 in 100 relapses had a warning" in first
    assert "(95 % interval 55 to 70)" in first
    assert "after 31 in 100 warnings a relapse followed" in first
    assert "6.3 false warnings for each year of a person (95 % interval 5.4 to 7.3)" in first
    assert "a median of 14 days before" in first
    assert second == (
        "These warnings were not shown to be better than: MADRS of 15 or more (residual symptoms)."
    )
    assert measured_words({}) == []
    (alone,) = measured_words({"ppv": MEASURED["ppv"]})
    assert "relapses had a warning" not in alone


@pytest.fixture
def watched(landmark_bundles):
    """A relapse bundle whose models of follow-up warn from 20 % on."""
    whole = landmark_bundles["relapse"]
    inner = {
        name: replace(
            one, provenance=replace(one.provenance, alert_step=0.2), alerts=({**MEASURED},)
        )
        if name.startswith("followup")
        else one
        for name, one in whole.landmarks.items()
    }
    return replace(whole, landmarks=inner)


ROW = {"madrs_course_end": 10, "madrs_followup14": 12}


def test_a_score_at_a_follow_up_landmark_says_whether_it_warns(watched, candidate):
    scorer = Scorer(watched)
    (score,) = scorer.score(candidate(**ROW), landmark="followup14")
    risk = score.risk_at(14)
    assert score.alert["alert"] == (risk[0] >= 0.2)
    assert tuple(score.alert["risk_14"].values()) == risk
    assert score.alert["measured"] == MEASURED
    assert score.to_dict()["alert"] == score.alert
    json.dumps(score.to_dict(), allow_nan=False)


def test_elsewhere_there_is_no_warning_to_give(watched, candidate):
    scorer, row = Scorer(watched), candidate(**ROW)
    assert scorer.score(row)[0].alert is None
    assert scorer.score(row, landmark="course_end")[0].alert is None
    refused = scorer.score(candidate(**ROW, pregnant="yes"), landmark="followup14")[0]
    assert (refused.status, refused.alert) == ("refused", None)


def test_step_and_measures_travel_in_the_bundle(watched, tmp_path):
    folder = write_bundle(watched, tmp_path / "bundle")
    inner = read_bundle(folder).landmarks["followup14"]
    assert inner.provenance.alert_step == 0.2
    assert inner.alerts == (MEASURED,)
    wrong = replace(watched.provenance, alert_step=1.5)
    with pytest.raises(BundleError, match="do not fit together"):
        read_bundle(write_bundle(replace(watched, provenance=wrong), tmp_path / "other"))


def test_the_lines_say_it_too(watched, candidate):
    (score,) = Scorer(watched).score(candidate(**ROW), landmark="followup14")
    lines = [line.text.strip() for line in describe(score)]
    assert lines[lines.index(score.alert["words"]) + 1 :][:2] == score.alert["measured_words"]
    (plain,) = Scorer(watched).score(candidate(**ROW))
    assert not any("arning: the risk" in line.text for line in describe(plain))


def test_the_page_says_warning_in_words_and_before_the_curve(watched, candidate):
    (score,) = Scorer(watched).score(candidate(**ROW), landmark="followup14")
    said = score.to_dict()
    page = render_page(said)
    head = "Warning sign" if said["alert"]["alert"] else "No warning sign"
    assert f"{head}</h3>" in page
    assert said["alert"]["words"].split("(")[0].partition(": the ")[2] in page
    assert page.index(head) < page.index('id="curve"')
    assert "not shown to be better than" in page
    quiet = {**said["alert"], "alert": not said["alert"]["alert"]}
    other = render_page({**said, "alert": quiet})
    assert ("No warning sign" in other) != ("No warning sign" in page)
    # scores of bundles without a step, and those written before, have none
    assert "arning sign</h3>" not in render_page({**said, "alert": None})
    old = {key: value for key, value in said.items() if key != "alert"}
    assert "arning sign</h3>" not in render_page(old)
