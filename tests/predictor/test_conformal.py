"""Sets of outcomes: by hand, what is said of them, and where they are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.bundle import read_bundle, write_bundle
from predictor.cli.describing import describe
from predictor.conformal import LEVELS, ConformalTable, people_needed
from predictor.report import render_page
from predictor.scoring import Scorer
from training.conformal import fit_conformal

BOTH = ["does_not_respond", "responds"]


def test_limits_and_sets_by_hand():
    """Nine responders, nineteen others; margins on the grid, so that rounding moves nothing."""
    responders = np.arange(1, 10) / 2  # 0.5 … 4.5
    others = np.arange(-18, 1) / 2  # -9 … 0
    margin = np.concatenate([responders, others])
    events = np.concatenate([np.ones(9), np.zeros(19)])
    table = fit_conformal(margin, events)
    # others: k = 16, 18, 19 of 19 (20 people ranked) -> margins -1.5, -0.5, 0;
    # responders: k = 8, 9 of 9 of minus the margin -> -1.0, -0.5; 95 % would need 10 of 9
    expected = [[-1.5, -1.0], [-0.5, -0.5], [0.0, np.inf]]
    np.testing.assert_allclose(table.limits, expected)
    said = {m: [found["outcomes"] for found in table.sets(m)] for m in (-2.0, -0.75, 0.75, 1.0)}
    assert said[-2.0] == [["does_not_respond"], ["does_not_respond"], None]
    assert said[-0.75] == [[], ["does_not_respond"], None]
    assert said[0.75] == [[], ["responds"], None]
    assert said[1.0] == [["responds"], ["responds"], None]
    reason = table.sets(1.0)[2]["reason"]
    assert reason == (
        "a set at 95% needs at least 19 training people of each outcome; the cohort had fewer"
    )


@pytest.mark.parametrize(("level", "n"), [(0.80, 4), (0.90, 9), (0.95, 19)])
def test_a_level_is_refused_exactly_where_an_outcome_has_too_few(level, n):
    assert people_needed(level) == n
    rng = np.random.default_rng(1)
    for people, refused in ((n, False), (n - 1, True)):
        events = np.concatenate([np.ones(people), np.zeros(60)])
        found = fit_conformal(rng.normal(size=len(events)), events).sets(0.0)
        assert (found[LEVELS.index(level)]["outcomes"] is None) == refused


@given(st.integers(0, 10_000), st.floats(-4, 4))
def test_a_set_at_a_higher_level_holds_the_lower_one(seed, margin):
    rng = np.random.default_rng(seed)
    events = np.repeat([0.0, 1.0], 25)
    sets = [set(found["outcomes"]) for found in
            fit_conformal(rng.normal(size=50) + events, events).sets(margin)]  # fmt: skip
    assert sets[0] <= sets[1] <= sets[2]


def test_limits_are_rounded_up_to_a_grid_and_so_nobodys():
    rng = np.random.default_rng(3)
    margin, events = rng.normal(size=80), np.repeat([0.0, 1.0], 40)
    limits = fit_conformal(margin, events).limits
    np.testing.assert_allclose(20 * limits, np.round(20 * limits), atol=1e-9)
    for outcome, strangeness in enumerate((margin[:40], -margin[40:])):
        for level, limit in zip(LEVELS, limits[:, outcome], strict=True):
            assert (strangeness <= limit).sum() >= np.ceil(41 * level - 1e-9)


@pytest.mark.parametrize(
    ("limits", "outcomes", "words"),
    [
        ([9.0, 9.0], BOTH, "neither can be ruled out"),
        ([-9.0, 9.0], ["responds"], "responds; “does not respond” would be unlike"),
        ([9.0, -9.0], ["does_not_respond"], "does not respond; “responds” would be unlike"),
        ([-9.0, -9.0], [], "fits neither outcome"),
        ([np.inf, 9.0], None, "needs at least 9 training people"),
    ],
)
def test_each_surface_says_the_same_set(limits, outcomes, words, scorers, candidate, tmp_path):
    table = ConformalTable(np.array([limits] * 3))
    bundle = scorers["linear"].bundle
    bundle = replace(bundle, model=replace(bundle.model, conformal=table))
    scorer = Scorer(read_bundle(write_bundle(bundle, tmp_path / "one")))
    scores = scorer.score(candidate())
    plain = scores.to_dict()[0]
    assert [found["level"] for found in plain["conformal"]] == list(LEVELS)
    assert plain["conformal"][1]["outcomes"] == outcomes
    assert words in render_page(plain, scorer.bundle.dictionary)
    said = [line.text for line in describe(scores[0]) if line.text.startswith("Conformal set")]
    assert len(said) == 1
    assert words in said[0]
    refused = scorer.score(candidate(pregnant="yes"))
    assert refused.to_dict()[0]["conformal"] is None
    assert "Conformal" not in render_page(refused.to_dict()[0])


def test_without_a_table_nothing_is_said_of_sets(scorers, candidate):
    scores = scorers["linear"].score(candidate())
    assert scores.to_dict()[0]["conformal"] is None
    assert "Conformal" not in render_page(scores.to_dict()[0])
    assert not any("Conformal" in line.text for line in describe(scores[0]))


@pytest.mark.parametrize("limits", [np.zeros((2, 2)), np.full((3, 2), np.nan)])
def test_damaged_limits_are_refused(limits):
    with pytest.raises(ValueError, match="one number for each level and outcome"):
        ConformalTable.from_arrays({"limits": limits})
