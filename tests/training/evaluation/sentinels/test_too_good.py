"""A warning, not a failure: too much discrimination in too few people."""

import pytest

from training.evaluation import too_good
from training.metrics.intervals import Estimate


def metrics(value, key="auc"):
    return {"ridge": {key: Estimate(value, 0.6, 0.95, "by hand")}, "prevalence": {}}


@pytest.mark.parametrize(
    ("value", "people", "warned"),
    [(0.7501, 299, True), (0.75, 299, False), (0.7501, 300, False), (0.99, 30, True)],
)
@pytest.mark.parametrize(("task", "key"), [("response", "auc"), ("relapse", "c_index")])
def test_above_three_quarters_in_fewer_than_300_is_warned_of(value, people, warned, task, key):
    found = too_good(metrics(value, key), task=task, people=people)
    assert len(found) == warned
    for warning in found:
        assert warning.startswith("possible leak: ")
        assert f"in {people} people (ridge {value:.3f})" in warning


def test_without_a_value_nothing_is_said():
    assert too_good({}, task="response", people=50) == ()
    assert too_good({"ridge": {}}, task="response", people=50) == ()
