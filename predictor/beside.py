"""What stands beside a number and has no part in it: warning, scenarios, prevention, rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.alert import alert_of
from predictor.bundle import Bundle
from predictor.dictionary import Dictionary, Variable
from predictor.prevention import Answer, prevention_of
from predictor.scenarios import Person, asked_by, scenarios_of
from predictor.score import Score
from predictor.stopping_rule import AFTER_FOUR, stopping_rule

Floats = NDArray[np.float64]


def with_beside(
    score: Score,
    bundle: Bundle,
    *,
    given: Sequence[Variable],
    dictionary: Dictionary,
    values: Mapping[str, Floats],
    i: int,
) -> Score:
    """Add to a number what stands beside it.

    Parameters
    ----------
    score : Score
        With a number.
    bundle : Bundle
        Of the model that gave it.
    given : sequence of Variable
        What the model reads and the person answered.
    dictionary : Dictionary
        That of all landmarks.
    values : mapping of str to ndarray, shape (n,)
        Coded answers, NaN where missing.
    i : int
        Place of the person among them, from 0.

    Returns
    -------
    Score
        The same number; `alert`, `prevention`, `scenarios` and `stopping_rule` are filled where
        they belong.
    """
    changes = score.contributions_probability
    told = [
        Answer(variable, score.values[variable.id], changes[variable.id])
        for variable in given
        if variable.id in changes
    ]
    stopping = None
    if score.task == "response" and score.provenance.landmark == AFTER_FOUR:
        answers = {name: float(answer[i]) for name, answer in values.items()}
        stopping = stopping_rule(dictionary, answers)
    return replace(
        score,
        alert=_alert(score, bundle),
        prevention=prevention_of(bundle.prevention, told),
        scenarios=_scenarios(score, bundle, values, i),
        stopping_rule=stopping,
    )


def _alert(score: Score, bundle: Bundle) -> dict[str, Any] | None:
    """Tell whether a score of follow-up warns."""
    step = bundle.provenance.alert_step
    if step is None or score.curve is None:
        return None
    return alert_of(score.curve, step, next(iter(bundle.alerts), None))


def _scenarios(
    score: Score, bundle: Bundle, values: Mapping[str, Floats], i: int
) -> tuple[dict[str, Any], ...]:
    """Draw the curve of a relapse score under what trials compared."""
    if score.margin is None or score.margin_sd is None or not bundle.scenarios:
        return ()
    asked = asked_by(bundle.scenarios).intersection(values)
    answers = {name: float(values[name][i]) for name in asked}
    person = Person(score.margin, score.margin_sd, answers)
    return scenarios_of(bundle.scenarios, bundle.model, person, days=score.shown_days)
