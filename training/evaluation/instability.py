"""How much a person's number depends on who happened to be in the cohort.

The models of the bootstrap are as good as the one that is kept: had other people come, one of them
would stand in its place. Where they say different things of one person, the number is worth less
than its decimals suggest (Riley & Collins 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluation.procedure import RISK_DAYS
from training.evaluation.repetitions import Repetitions
from training.metrics import MeasureUndefinedError

Floats = NDArray[np.float64]

MINIMUM_MODELS = 20
"""With fewer models the spread of a person's numbers is not told."""

INSTABILITY_DAY = 90
"""Day of the relapse risk that is looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Instability:
    """Spread of the numbers of the same people over models from resampled cohorts.

    Parameters
    ----------
    day : int or None
        Day of the relapse risk; None for response.
    threshold : float
        Declared risk from which one would act, in (0, 1).
    original : ndarray, shape (n,)
        Risk by the model that is kept.
    models : ndarray, shape (n, n_models)
        Risk by each of the others.
    absolute_error : ndarray, shape (n,)
        Mean distance of the others from the kept one, for each person; higher is less stable.
    flips : ndarray, shape (n,)
        Share of the others that put the person on the other side of `threshold`.
    """

    day: int | None
    threshold: float
    original: Floats
    models: Floats
    absolute_error: Floats
    flips: Floats

    @property
    def mape(self) -> float:
        """Mean absolute prediction error over people and models, in [0, 1]."""
        return float(self.absolute_error.mean())

    @property
    def flipped(self) -> float:
        """Mean share of models that decide otherwise, over people, in [0, 1]."""
        return float(self.flips.mean())

    def to_dict(self) -> dict[str, float | int | None]:
        """Give the summary as it stands in the JSON of a run.

        Returns
        -------
        dict
            Plain values; no person.
        """
        return {
            "day": self.day,
            "threshold": self.threshold,
            "models": int(self.models.shape[1]),
            "mape": self.mape,
            "mape_90": float(np.quantile(self.absolute_error, 0.9)),
            "flipped": self.flipped,
            "often_flipped": float(np.mean(self.flips > 0.2)),
        }


def instability(repetitions: Repetitions, *, threshold: float) -> Instability:
    """Compare what models of resampled cohorts say of everybody.

    Parameters
    ----------
    repetitions : Repetitions
        The kept model and the others.
    threshold : float
        Declared risk from which one would act, in (0, 1).

    Returns
    -------
    Instability
        By person and over people.

    Raises
    ------
    MeasureUndefinedError
        With fewer than 20 models, or without the kept one.

    References
    ----------
    Riley RD, Collins GS. Biom J 2023;65:2200302.
    """
    if repetitions.whole.failure:
        raise MeasureUndefinedError("instability", repetitions.whole.failure)
    if len(repetitions.resampled) < MINIMUM_MODELS:
        raise MeasureUndefinedError(
            "instability",
            f"{len(repetitions.resampled)} resamples gave a model; {MINIMUM_MODELS} are needed",
        )
    relapse = repetitions.whole.probability.ndim == 2
    place = RISK_DAYS.index(INSTABILITY_DAY)

    def risk(probability: Floats) -> Floats:
        return probability[:, place] if relapse else probability

    original = risk(repetitions.whole.probability)
    models = np.column_stack([risk(each.probability) for each in repetitions.resampled])
    kept = (original >= threshold)[:, None]
    return Instability(
        INSTABILITY_DAY if relapse else None,
        threshold,
        original,
        models,
        np.abs(models - original[:, None]).mean(axis=1),
        np.mean((models >= threshold) != kept, axis=1),
    )
