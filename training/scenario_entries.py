"""What a bundle holds of scenarios: effects of trials as plain values for `predictor.scenarios`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Dictionary
from predictor.scenarios import ANY
from training.trial_effects import TrialEffect, TrialEffects, level_code
from training.trial_use import share_planned

Floats = NDArray[np.float64]


def scenario_entries(
    trials: TrialEffects | None, dictionary: Dictionary, values: Mapping[str, Floats]
) -> tuple[dict[str, Any], ...]:
    """Give the scenarios of a relapse model.

    Parameters
    ----------
    trials : TrialEffects or None
        Of the run; None gives none.
    dictionary : Dictionary
        Of the run; an effect on a variable that it lacks has no entry.
    values : mapping of str to ndarray, shape (n,)
        Coded answers of the training people, NaN where missing.

    Returns
    -------
    tuple of dict
        In the order of the settings. ``share`` is that of training people who have it planned, in
        hundredths; None where nobody's plan was recorded.
    """
    if trials is None:
        return ()
    return tuple(
        _entry(effect, trials, dictionary, values)
        for effect in trials.effects
        if not effect.estimates or effect.variable in dictionary
    )


def _entry(
    effect: TrialEffect,
    trials: TrialEffects,
    dictionary: Dictionary,
    values: Mapping[str, Floats],
) -> dict[str, Any]:
    """Give one scenario."""
    kept = ("name", "label", "without", "variable", "comparison", "trial", "certainty", "source")
    entry: dict[str, Any] = {key: getattr(effect, key) for key in (*kept, "words")}
    entry["short"] = effect.short or effect.label
    entry |= {"controlled": bool(effect.estimates), "code": None, "share": None, "remission": None}
    entry["estimates"] = [
        {
            "population": each.population,
            "hazard_ratio": each.hazard_ratio,
            "lo": each.interval[0],
            "hi": each.interval[1],
            "people": each.people,
        }
        for each in effect.estimates
    ]
    if not effect.estimates:
        return entry | {"ratios": {ANY: list(trials.unknown.log_ratio)}}
    ratios = {each.population: list(each.log_ratio) for each in effect.estimates}
    code = level_code(effect, dictionary[str(effect.variable)])
    share = share_planned(values.get(str(effect.variable), np.empty(0)), code)
    return entry | {
        "ratios": ratios | {ANY: list(effect.log_ratio())},
        "code": code,
        "share": None if share is None else round(share, 2),
        "remission": None if trials.remission is None else trials.remission.model_dump(),
    }
