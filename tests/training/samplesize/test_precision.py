"""People needed to validate a model, against the numbers of the evidence table."""

import pytest

from predictor.errors import InvalidInputError
from training.samplesize.precision import required_to_validate


def test_what_is_said_of_response() -> None:
    found = required_to_validate("response", discrimination=0.65, event_share=0.5, n_available=500)
    assert found.by_criterion == {"auc": 458, "oe": 385, "calibration_slope": 1489}
    assert found.n_required == 1489
    assert not found.is_enough
    assert "458 for the AUC to have an interval 0.1 wide" in found.sentence
    assert found.sentence.endswith("At hand: 500, too few.")
    assert found.to_dict()["is_enough"] is False


def test_what_is_said_of_relapse() -> None:
    found = required_to_validate("relapse", discrimination=0.6, event_share=0.5, n_available=385)
    assert found.by_criterion == {"oe": 385}
    assert found.is_enough
    assert "no closed formula" in found.sentence


def test_an_unknown_task_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="task cure is unknown"):
        required_to_validate("cure", discrimination=0.6, event_share=0.5, n_available=1)
