"""A verdict says on which side of the declared threshold a whole interval lies, or cannot tell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.cli.describing import describe
from predictor.report import render_page
from predictor.scoring import Scorer
from predictor.uncertainty import verdict_of
from predictor.wording import verdict_words

RISK = st.floats(0.0, 1.0)


@pytest.mark.parametrize(
    ("lo", "hi", "expected"),
    [
        (0.2, 0.4, "below_threshold"),
        (0.2, 0.5, "cannot_tell"),  # from the threshold on one would act
        (0.3, 0.7, "cannot_tell"),
        (0.5, 0.7, "above_threshold"),
        (0.6, 0.7, "above_threshold"),
    ],
)
def test_a_verdict_by_hand(lo, hi, expected):
    assert verdict_of(lo, hi, 0.5) == expected


@given(lo=RISK, hi=RISK, share=RISK, threshold=st.floats(0.01, 0.99))
def test_no_risk_of_the_interval_contradicts_the_verdict(lo, hi, share, threshold):
    lo, hi = sorted((lo, hi))
    risk = min(max(lo + share * (hi - lo), lo), hi)
    verdict = verdict_of(lo, hi, threshold)
    acts = "above_threshold" if risk >= threshold else "below_threshold"
    assert verdict in {"cannot_tell", acts}


def scorer_at(scorer: Scorer, threshold: float | None) -> Scorer:
    source = replace(scorer.bundle.provenance, decision_threshold=threshold)
    return Scorer(replace(scorer.bundle, provenance=source))


@pytest.mark.parametrize("kind", ["linear", "cox", "boosted"])
def test_each_surface_says_the_same_verdict_with_the_threshold(kind, scorers, candidate):
    _, lo, hi = scorers[kind].score(candidate())[0].at_horizon()
    cases = {
        "cannot_tell": ((lo + hi) / 2, "Cannot tell", "spans"),
        "above_threshold": (lo / 2, "Above the threshold", "wholly at or above"),
        "below_threshold": ((1 + hi) / 2, "Below the threshold", "wholly below"),
    }
    for verdict, (threshold, words, lies) in cases.items():
        scorer = scorer_at(scorers[kind], threshold)
        scores = scorer.score(candidate())
        assert scores[0].verdict == verdict
        assert scores.to_dict()[0]["verdict"] == verdict
        assert scores.to_records()[0]["verdict"] == verdict
        named = f"{100 * threshold:.4g} in 100"
        lines = [line.text for line in describe(scores[0])]
        assert any(line.startswith(words) and lies in line and named in line for line in lines)
        page = render_page(scores.to_dict()[0], scorer.bundle.dictionary)
        assert f"<strong>{words}" in page
        assert f"{lies} the declared threshold of {named}" in page
        both = "either side" in page, any("either side" in line for line in lines)
        assert both == (verdict == "cannot_tell",) * 2


def test_a_refused_person_has_no_verdict_on_any_surface(scorers, candidate):
    scores = scorers["linear"].score(candidate(pregnant="yes"))
    assert scores.to_dict()[0]["verdict"] is None
    text = render_page(scores.to_dict()[0]) + "".join(line.text for line in describe(scores[0]))
    assert "threshold" not in text


def test_without_a_declared_threshold_nothing_is_said_of_one(scorers, candidate):
    scorer = scorer_at(scorers["linear"], None)
    scores = scorer.score(candidate())
    assert scores[0].status == "scored"
    assert scores[0].verdict is None
    text = render_page(scores.to_dict()[0]) + "".join(line.text for line in describe(scores[0]))
    assert "threshold" not in text


def test_an_end_that_rounds_onto_the_threshold_is_given_with_one_digit_more():
    words = verdict_words("cannot_tell", 0.496, 0.68, 0.5)
    assert words == "the interval, 49.6 to 68.0 in 100, spans the declared threshold of 50 in 100"
