"""Which effects of trials stand in the models of one run, and why others do not."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Dictionary
from training.trial_effects import TrialEffect, TrialEffects, level_code

Floats = NDArray[np.float64]

_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class TrialUse:
    """One effect of a trial in one run.

    Parameters
    ----------
    effect : TrialEffect
        With estimates.
    left_out : str
        Why no model of the run holds it; empty where they do.
    """

    effect: TrialEffect
    left_out: str

    @property
    def hazard_ratio(self) -> tuple[float, float, float]:
        """That of the models, where remission is not known, with its 95 % interval."""
        ratio = self.effect.log_ratio()
        value, low, high = (math.exp(ratio.mean + side * _Z * ratio.sd) for side in (0, -1, 1))
        return value, low, high

    def to_dict(self) -> dict[str, Any]:
        """Give the effect as plain values.

        Returns
        -------
        dict
            Keys ``hazard_ratio`` (with ``value``, ``lo``, ``hi``), ``trial``, ``certainty`` and
            ``left_out``.
        """
        return {
            "hazard_ratio": dict(zip(("value", "lo", "hi"), self.hazard_ratio, strict=True)),
            "trial": self.effect.trial,
            "certainty": self.effect.certainty,
            "left_out": self.left_out,
        }


def trial_use(
    trials: TrialEffects | None,
    dictionary: Dictionary,
    values: Mapping[str, Floats],
    *,
    read: Collection[str],
) -> tuple[TrialUse, ...]:
    """Tell which effects of trials stand in the models of a run.

    Parameters
    ----------
    trials : TrialEffects or None
        Of the run.
    dictionary : Dictionary
        Of the run.
    values : mapping of str to ndarray, shape (n,)
        Coded answers of the people analysed, NaN where missing.
    read : collection of str
        Variables of the run.

    Returns
    -------
    tuple of TrialUse
        One for each effect with estimates.
    """
    return tuple(
        TrialUse(effect, _why_not(effect, dictionary, values, read))
        for effect in (trials.controlled if trials else ())
    )


def share_planned(answers: Floats, code: int) -> float | None:
    """Give the share of those who told their plan and have it.

    Parameters
    ----------
    answers : ndarray, shape (n,)
        Coded answers, NaN where missing.
    code : int
        From `training.trial_effects.level_code`.

    Returns
    -------
    float or None
        In [0, 1]; None where nobody told.
    """
    told = answers[~np.isnan(answers)]
    wanted = 1.0 if code < 0 else float(code)
    return float((told == wanted).mean()) if told.size else None


def _why_not(
    effect: TrialEffect,
    dictionary: Dictionary,
    values: Mapping[str, Floats],
    read: Collection[str],
) -> str:
    """Say why models do not hold an effect; empty where they do."""
    name = str(effect.variable)
    if name not in read:
        return f"{name} is not among the variables of this run"
    share = share_planned(values[name], level_code(effect, dictionary[name]))
    if share is None:
        return "nobody’s plan was recorded"
    return "" if 0 < share < 1 else "everybody, or nobody, has it planned"
