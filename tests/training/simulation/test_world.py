"""A world whose parts do not fit is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from training.simulation import World
from training.simulation.margins import Shares


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"colour": "blue"}, "Extra inputs"),
        ({"factors": ["severity"]}, "unknown"),
        ({"factor_correlations": [["severity", "luck", 0.1]]}, "luck"),
        ({"missing": [{"variables": ["shoe_size"], "rate": 0.1}]}, "shoe_size"),
        ({"missing": [{"variables": ["age_years"], "rate": 0.1}]}, "leave it answered"),
        ({"variables": {"age_years": {"kind": "yes_no", "share": 0.5}}}, "lacks madrs_total"),
    ],
)
def test_a_world_whose_parts_do_not_fit_is_refused(
    settings: Callable[[str], Any], changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        World.model_validate(settings("simulation.yaml") | changed)


def test_loads_beyond_the_whole_variance_are_refused(settings: Callable[[str], Any]) -> None:
    content = settings("simulation.yaml")
    content["variables"]["bmi"]["loads"] = {"metabolic": 0.9, "ageing": 0.6}
    with pytest.raises(ValidationError, match="bmi: its loads explain more"):
        World.model_validate(content)


def test_shares_that_do_not_sum_to_one_are_refused() -> None:
    with pytest.raises(ValidationError, match="summing to 1"):
        Shares(kind="shares", levels=("a", "b"), shares=(0.5, 0.4))


def test_a_world_is_frozen(world: World) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        world.name = "another"
