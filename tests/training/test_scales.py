"""Scales against their published ranges and bands."""

import pytest

from predictor.dictionary import Dictionary
from training.scales import SCALES, scale_ranges


@pytest.mark.parametrize(
    ("instrument", "total", "band"),
    [
        ("madrs", 34, "moderate (20-34)"),
        ("madrs", 34.5, "moderate (20-34)"),
        ("madrs", 35, "severe (35-60)"),
        ("hamd17", 0, "none (0-7)"),
        ("madrs", float("nan"), "not known"),
        ("smfq", 10, "any"),
    ],
)
def test_totals_fall_into_the_published_bands(instrument, total, band):
    assert SCALES[instrument].band_of(total) == band


def test_scale_maxima_are_the_published_ones():
    maxima = {"madrs": 60, "hamd17": 52, "bdi2": 63, "qids_sr16": 27, "phq9": 27, "smfq": 26}
    assert {name: SCALES[name].high for name in maxima} == maxima


def test_visits_may_hold_dissociation_though_no_outcome_is_made_of_it():
    ranges = scale_ranges(Dictionary(()))
    assert ranges["cadss"] == (0, 92)  # instruments of the evidence: 23 items, each 0 to 4
    assert "cadss" not in SCALES
