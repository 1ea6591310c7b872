"""The table of learners: what may be tried and what only stands beside it."""

import pytest

from predictor.errors import InvalidInputError
from training.learners import AVERAGE, COMPARATORS, LEARNERS, learner_named


def test_the_learners_are_those_of_the_methods_section():
    found = {(line.task, line.name, line.kind) for line in LEARNERS}
    assert found == {
        ("response", "logistic", "linear"),
        ("response", "averaged", "averaged"),
        ("response", "ridge", "linear"),
        ("response", "elastic_net", "linear"),
        ("response", "blended", "blended"),
        ("relapse", "blended_cox", "blended"),
        ("response", "xgboost", "boosted"),
        ("relapse", "cox", "linear"),
        ("relapse", "averaged_cox", "averaged"),
        ("relapse", "cox_ridge", "linear"),
        ("relapse", "xgboost_cox", "boosted"),
        ("relapse", "averaged_interval", "averaged"),
        ("relapse", "interval_ridge", "linear"),
        ("relapse", "xgboost_interval", "boosted"),
    }
    assert all(line.reason for line in (*LEARNERS, *COMPARATORS))


@pytest.mark.parametrize("task", ["response", "relapse"])
def test_simpler_learners_have_lower_numbers(task):
    order = [line.name for line in sorted(LEARNERS, key=lambda line: line.simplicity)]
    expected = {
        "response": ["logistic", "averaged", "ridge", "elastic_net", "xgboost"],
        "relapse": ["cox", "averaged_interval", "averaged_cox", "cox_ridge", "xgboost_cox"],
    }
    assert [name for name in order if name in expected[task]] == expected[task]
    ranks = [line.simplicity for line in LEARNERS if line.task == task]
    assert len(set(ranks)) == len(ranks)


def test_learners_on_visit_intervals_say_so_in_their_names_and_predict_relapse():
    for line in (*LEARNERS, *COMPARATORS):
        assert (line.likelihood == "interval") == ("interval" in line.name)
        assert line.task == "relapse" or line.likelihood == "partial"


def test_a_learner_is_found_by_name_and_task():
    assert learner_named("ridge", "response").l1_ratios == (0.0,)
    assert learner_named("logistic", "response").declared_only
    assert learner_named("cox", "relapse").declared_only


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("ridge", "relapse"),
        ("cox_ridge", "response"),
        ("forest", "response"),
        *((line.name, line.task) for line in COMPARATORS),
        *((name, task) for task, name in AVERAGE.items()),
    ],
)
def test_comparators_and_strangers_are_no_candidates(name, task):
    with pytest.raises(InvalidInputError, match="accepted are") as caught:
        learner_named(name, task)
    assert repr(name) in str(caught.value)


def test_comparators_read_severity_alone_and_are_named_apart():
    assert {line.task for line in COMPARATORS} == set(AVERAGE)
    names = [line.name for line in (*LEARNERS, *COMPARATORS)] + list(AVERAGE.values())
    assert len(set(names)) == len(names)
