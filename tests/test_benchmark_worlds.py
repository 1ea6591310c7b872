"""The benchmarks' people are the same wherever they are drawn; worlds hold what they say."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from folds import all_folds  # noqa: E402 - benchmarks are scripts, not a package
from worlds import cohort  # noqa: E402


@pytest.mark.parametrize("world", ["published_wrong", "missing_40", "sites"])
def test_cached_peers_were_fitted_to_the_people_drawn_here(world: str) -> None:
    with (BENCHMARKS / "peers" / "results_worlds.csv").open(encoding="utf-8") as file:
        lines = [line for line in csv.DictReader(file) if line["world"] == world]
    chosen = [line for line in lines if line["n"] == "100" and line["seed"] == "0"]
    assert {float(line["events"]) for line in chosen} == {cohort(world, 100, 0).y.sum()}


def test_forty_percent_are_missing_and_depend_on_the_column_always_answered() -> None:
    people = cohort("missing_40", 100, 1)
    gone = np.isnan(people.new)
    assert not gone[:, 0].any()
    assert gone[:, 1:].mean() == pytest.approx(0.4, abs=0.02)
    more = people.new[:, 0] > 0
    # at one SD above and below, expit(level ± 1) differ by about 0.22
    assert gone[more, 1:].mean() - gone[~more, 1:].mean() > 0.2


def test_nobody_can_know_less_than_the_answers_tell_and_beat_the_truth() -> None:
    people = cohort("missing_40", 100, 1)
    p = expit(people.truth)
    whole = float((np.logaddexp(0, people.truth) - p * people.truth).mean())
    level = np.log(p.mean() / (1 - p.mean()))
    nothing = float(np.logaddexp(0, level) - p.mean() * level)
    assert whole < people.floor < nothing


def test_a_person_is_tested_once_in_each_repeat_and_events_are_dealt_evenly() -> None:
    y = np.repeat([0.0, 1.0], [61, 39])
    folds = all_folds(y)
    assert folds.shape == (3, 100)
    for fold in folds:  # 61 = 13 + 4 x 12, dealt from fold 0; 39 = 4 x 8 + 7, from fold 2
        assert np.bincount(fold[y == 0]).tolist() == [13, 12, 12, 12, 12]
        assert np.bincount(fold[y == 1]).tolist() == [8, 7, 8, 8, 8]
    assert not np.array_equal(folds[0], folds[1])
