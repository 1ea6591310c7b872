"""What a bundle keeps for later validations, and how it is read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.bundle import Bundle
from predictor.errors import InvalidInputError
from predictor.model import Model
from training.config import read_outcomes
from training.evaluation.case_mix import describe_columns
from training.outcome_definition import OutcomeDefinition
from training.settings import checked_settings


def lineage_of(
    definition: OutcomeDefinition, model: Model, values: Mapping[str, NDArray[np.float64]]
) -> dict[str, Any]:
    """Give what a new bundle keeps: the outcome as a rule, and who it was trained on.

    Parameters
    ----------
    definition : OutcomeDefinition
        What was predicted.
    model : Model
        The fitted model.
    values : mapping of str to ndarray, shape (n,)
        Coded answers of the training people.

    Returns
    -------
    dict
        Keys ``outcome`` and ``development``; no row of anybody.
    """
    return {
        "outcome": definition.model_dump(mode="json"),
        "development": describe_columns(model, values),
    }


def outcome_of(bundle: Bundle) -> OutcomeDefinition:
    """Find the outcome that a bundle predicts.

    Parameters
    ----------
    bundle : Bundle
        Of any format.

    Returns
    -------
    OutcomeDefinition
        The rule that the bundle carries; for a bundle of the first format the entry of
        ``outcomes.yaml`` that is worded as the bundle's sentence.

    Raises
    ------
    InvalidInputError
        If a bundle without a rule has a sentence that no entry gives.
    """
    rule = bundle.lineage.get("outcome")
    if rule is not None:
        return checked_settings(OutcomeDefinition, rule, where="outcome of the bundle")
    same = [d for d in read_outcomes().values() if d.describe() == bundle.provenance.outcome]
    if not same:
        raise InvalidInputError(
            "the outcome of the bundle cannot be told: the bundle carries no rule, and no entry of "
            f"outcomes.yaml says {bundle.provenance.outcome!r}; add that entry or train again"
        )
    return same[0]
