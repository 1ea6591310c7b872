"""One world, a large cohort and a fully followed cohort for all tests of the simulator."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from predictor.dictionary import Dictionary
from training.simulation import SimulatedCohort, World, simulate

CONFIGS = Path(__file__).parents[3] / "configs"


@pytest.fixture(scope="session")
def settings() -> Callable[[str], Any]:
    """Reads one shipped file afresh."""
    return lambda name: yaml.safe_load((CONFIGS / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def world(settings: Callable[[str], Any]) -> World:
    return World.model_validate(settings("simulation.yaml"))


@pytest.fixture(scope="session")
def dictionary(settings: Callable[[str], Any]) -> Dictionary:
    return Dictionary.from_dict(settings("dictionary.yaml"))


@pytest.fixture(scope="session")
def large(world: World) -> SimulatedCohort:
    return simulate(world, n_patients=30_000, rng=np.random.default_rng(2026))


@pytest.fixture(scope="session")
def all_seen(world: World) -> World:
    nobody_leaves = {"visit_missed": 0.0, "leaves": 0.0}
    drop_out = world.drop_out.model_copy(update=nobody_leaves)
    return world.model_copy(update={"drop_out": drop_out})


@pytest.fixture(scope="session")
def followed(all_seen: World) -> SimulatedCohort:
    return simulate(all_seen, n_patients=3000, rng=np.random.default_rng(5))
