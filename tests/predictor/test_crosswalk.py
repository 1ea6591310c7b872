"""Crosswalks: lines of equal scores with the error of one person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from predictor.crosswalk import crosswalks_of
from predictor.errors import InvalidInputError
from training.config import read_crosswalks, read_dictionary

ROOT = Path(__file__).resolve().parents[2]
ENTRY: dict[str, Any] = {
    "scales": ["phq9", "madrs"],
    "points": [[0, 0], [10, 16], [27, 50]],
    "error": {
        "correlation": 0.68,
        "spread": {"phq9": 5.0, "madrs": 10.0},
        "shift": {"phq9": 0.0, "madrs": 6.0},
    },
    "source": "by hand",
    "certainty": "seen",
}


def changed(**parts: Any) -> dict[str, Any]:
    """The entry with some parts changed; None leaves a part out."""
    return {key: value for key, value in (ENTRY | parts).items() if value is not None}


def test_a_total_between_two_points_lies_on_the_straight_line():
    crosswalk = crosswalks_of([ENTRY])["phq9", "madrs"]
    assert crosswalk.convert(np.array([0.0, 5.0, 10.0, 18.5, 27.0])).tolist() == [0, 8, 16, 33, 50]


def test_a_missing_total_stays_missing():
    crosswalk = crosswalks_of([ENTRY])["phq9", "madrs"]
    assert np.isnan(crosswalk.convert(np.array([np.nan]))).all()


def test_beyond_the_points_the_end_is_kept():
    crosswalk = crosswalks_of([changed(points=[[2, 4], [10, 16]])])["phq9", "madrs"]
    assert crosswalk.convert(np.array([0.0, 27.0])).tolist() == [4, 16]


def test_a_line_of_equal_scores_is_its_own_inverse():
    crosswalks = crosswalks_of([ENTRY])
    there, back = crosswalks["phq9", "madrs"], crosswalks["madrs", "phq9"]
    totals = np.arange(28.0)
    assert back.convert(there.convert(totals)) == pytest.approx(totals)
    assert (there.given, there.wanted, back.given, back.wanted) == (
        "phq9", "madrs", "madrs", "phq9",
    )  # fmt: skip


def test_the_error_adds_how_far_people_and_how_far_lines_lie():
    """√(2 · 0.32 · 10² + 6²) = √(64 + 36) = 10; √(2 · 0.32 · 5²) = 4."""
    crosswalks = crosswalks_of([ENTRY])
    assert crosswalks["phq9", "madrs"].standard_error == pytest.approx(10.0)
    assert crosswalks["madrs", "phq9"].standard_error == pytest.approx(4.0)


def test_the_error_is_the_spread_about_a_line_of_equal_scores():
    """Two scales of correlation 0.7, drawn; the line joins equal means and spreads."""
    rng = np.random.default_rng(1)
    true = rng.normal(size=200_000)
    scales = np.sqrt(0.7) * true + np.sqrt(0.3) * rng.normal(size=(2, true.size))
    given, wanted = 10 + 5 * scales[0], 20 + 9 * scales[1]
    entry = changed(
        points=[[-40, -70], [60, 110]],
        error={
            "correlation": 0.7,
            "spread": {"phq9": 5.0, "madrs": 9.0},
            "shift": {"phq9": 0.0, "madrs": 0.0},
        },
    )
    crosswalk = crosswalks_of([entry])["phq9", "madrs"]
    missed = wanted - crosswalk.convert(given)
    assert crosswalk.standard_error == pytest.approx(missed.std(), rel=0.01)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"source": None}, "phq9 and madrs: source is unknown or missing"),
        ({"note": "x"}, "note is unknown or missing"),
        ({"scales": ["phq9", "phq9"]}, "scales must name two scales"),
        ({"scales": "phq9"}, "scales must name two scales"),
        ({"scales": None}, "an entry without scales: scales is unknown or missing"),
        ({"certainty": "sure"}, "certainty must be one of seen, recalled, derived"),
        ({"points": [[0, 0]]}, "points must be pairs of totals that rise"),
        ({"points": [[0, 0], [5, 9], [6, 9]]}, "points must be pairs of totals that rise"),
        ({"points": [[0, 0], [5, 9, 2]]}, "points must be pairs of totals that rise"),
        ({"error": {"correlation": 0.7}}, "error needs correlation, and spread and shift"),
        ({"error": ENTRY["error"] | {"spread": {"phq9": 5.0}}}, "spread and shift of both"),
        ({"error": ENTRY["error"] | {"shift": {"madrs": 5.0}}}, "spread and shift of both"),
        ({"error": ENTRY["error"] | {"correlation": 1.0}}, "a correlation from 0 to below 1"),
    ],
)
def test_an_entry_that_cannot_be_right_is_refused(wrong: dict[str, Any], said: str):
    with pytest.raises(InvalidInputError, match=said):
        crosswalks_of([changed(**wrong)])


def test_the_shipped_crosswalks_keep_to_the_ranges_of_their_scales():
    dictionary = read_dictionary()
    for (given, wanted), crosswalk in crosswalks_of(read_crosswalks()).items():
        for scale, column in zip((given, wanted), crosswalk.points.T, strict=True):
            low, high = dictionary[f"{scale}_total"].hard_range or (0, 0)
            assert low <= column[0], (given, wanted)
            assert column[-1] <= high, (given, wanted)
        assert crosswalk.points[0, 0] == 0
        assert crosswalk.standard_error > 1


def test_the_shipped_crosswalks_say_what_their_sources_say():
    """Totals that an abstract or table calls equal."""
    published = {
        ("qids_sr16", "madrs"): [(5, 7.5)],  # Carmody 2006
        ("phq9", "madrs"): [(1, 1), (15, 24), (27, 48)],  # OPTIMUM
        ("hamd17", "madrs"): [(7, 8.5), (10, 13), (20, 26), (30, 39), (40, 52.5)],
        ("qids_sr16", "hamd17"): [(5, 7), (10, 13), (15, 18.5), (20, 25), (27, 36)],
    }
    shipped = crosswalks_of(read_crosswalks())
    for pair, equal in published.items():
        given, wanted = np.array(equal, dtype=np.float64).T
        assert shipped[pair].convert(given) == pytest.approx(wanted), pair


def test_the_line_from_qids_to_madrs_lies_within_its_shift_of_a_second_study():
    """Liu 2014: 6, 10, 11, 15, 16, 20, 21 equal 9, 17, 18, 24, 25, 33, 34; 5 equals 7.5."""
    given = np.array([5, 6, 10, 11, 15, 16, 20, 21.0])
    second = np.array([7.5, 9, 17, 18, 24, 25, 33, 34.0])
    first = crosswalks_of(read_crosswalks())["qids_sr16", "madrs"].convert(given)
    apart = float(np.sqrt(np.mean((first - second) ** 2)))
    entry = next(e for e in read_crosswalks() if e["scales"] == ["qids_sr16", "madrs"])
    assert entry["error"]["shift"]["madrs"] == pytest.approx(apart, abs=0.05)


def test_no_crosswalk_stands_without_a_source():
    entries = yaml.safe_load((ROOT / "configs/crosswalks.yaml").read_text(encoding="utf-8"))
    assert all(len(entry["source"]) > 40 for entry in entries["crosswalks"])
    pairs = crosswalks_of(read_crosswalks())
    assert ("phq9", "qids_sr16") not in pairs
    assert ("phq9", "hamd17") not in pairs
