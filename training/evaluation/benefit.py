"""Net benefit of a frozen model in new people, with intervals, against acting on all or on none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.model import Model
from training.evaluation.external import last_horizon, resamples
from training.evaluation.numbering import Numbered
from training.metrics import MeasureUndefinedError
from training.metrics.decision import DecisionCurve, decision_curve, decision_curve_at
from training.metrics.intervals import percentile_interval

Floats = NDArray[np.float64]

POINTS = 61
"""Thresholds of the curve."""

TABLED = 7
"""Thresholds with intervals, evenly spread over the same range."""


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """Net benefit at one threshold; acting on nobody has 0.

    Parameters
    ----------
    threshold : float
        Risk from which one would act.
    model, model_lo, model_hi : float
        Of acting by the model, with its 95 % interval.
    treat_all : float
        Of acting on everybody.
    gain, gain_lo, gain_hi : float
        Model less everybody, paired.
    """

    threshold: float
    model: float
    model_lo: float
    model_hi: float
    treat_all: float
    gain: float
    gain_lo: float
    gain_hi: float

    @property
    def helps(self) -> bool:
        """Whether both intervals lie above 0: better than acting on nobody and on everybody."""
        return self.model_lo > 0 and self.gain_lo > 0


@dataclass(frozen=True, slots=True, eq=False)
class Benefit:
    """Net benefit over a range of thresholds.

    Parameters
    ----------
    day : int or None
        Relapse: the horizon.
    curve : DecisionCurve
        For drawing.
    at : tuple of AtThreshold
        With intervals.
    """

    day: int | None
    curve: DecisionCurve
    at: tuple[AtThreshold, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give the table for JSON.

        Returns
        -------
        dict
            Keys ``day`` and ``at``.
        """
        return {
            "day": self.day,
            "at": [
                {name: getattr(each, name) for name in (*AtThreshold.__slots__, "helps")}
                for each in self.at
            ],
        }


def benefit_of(
    model: Model,
    people: Numbered,
    who: NDArray[np.bool_],
    *,
    thresholds: tuple[float, float],
    rng: np.random.Generator,
) -> Benefit | None:
    """Compute net benefit.

    Parameters
    ----------
    model : Model
        The frozen model.
    people : Numbered
        Everybody with an outcome.
    who : ndarray of bool, shape (n,)
        Whom to measure.
    thresholds : tuple of float
        Ends of the range, inside (0, 1).
    rng : numpy.random.Generator
        Draws the resamples.

    Returns
    -------
    Benefit or None
        None where nobody is measured, or (relapse) not even 30 days are followed.

    References
    ----------
    Vickers AJ, Elkin EB. Med Decis Making 2006;26:565-574.
    """
    outcome = people.outcome.take(np.flatnonzero(who))
    if not outcome.events.size:
        return None
    arrays: tuple[Floats, ...]
    day = last_horizon(outcome)
    if outcome.days is None:
        arrays = (outcome.events, model.probability(people.margin[who]))
    elif day is None:
        return None
    else:
        arrays = (outcome.days, outcome.events, model.probability(people.margin[who], day))

    def curve(at: Floats, *drawn: Floats) -> DecisionCurve:
        if day is None:
            return decision_curve(*drawn, thresholds=at)
        return decision_curve_at(*drawn, t=float(day), thresholds=at)

    try:
        whole = curve(np.linspace(*thresholds, POINTS), *arrays)
        few = np.round(np.linspace(*thresholds, TABLED), 4)
        value = curve(few, *arrays)
        n = len(arrays[0])
        drawn = np.full((resamples(n), 2, TABLED), np.nan)
        for place in drawn:
            chosen = rng.integers(n, size=n)
            try:
                again = curve(few, *(array[chosen] for array in arrays))
            except MeasureUndefinedError:
                continue
            place[:] = again.model, again.model - again.treat_all
        return Benefit(day, whole, tuple(_at(value, drawn, j) for j in range(TABLED)))
    except MeasureUndefinedError:
        return None


def _at(value: DecisionCurve, drawn: Floats, j: int) -> AtThreshold:
    """Give one threshold with its percentile intervals."""
    model, everybody = float(value.model[j]), float(value.treat_all[j])
    own = percentile_interval(model, drawn[:, 0, j])
    gain = percentile_interval(model - everybody, drawn[:, 1, j])
    return AtThreshold(
        float(value.threshold[j]),
        model,
        own.lo,
        own.hi,
        everybody,
        gain.value,
        gain.lo,
        gain.hi,
    )
