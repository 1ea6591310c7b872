"""How a frozen model does in new people: measures with 95 % intervals, nothing fitted again.

What is undefined is given with its reason. The intervals describe the sampling of the new people;
the model is fixed, so nothing else varies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.errors import InvalidInputError
from predictor.model import Model
from training.evaluation.cross_validation import Held, OutOfFold
from training.evaluation.numbering import Numbered, for_ladder, predictions
from training.evaluation.performance import evaluated_days, losses, measure
from training.evaluation.procedure import RISK_DAYS
from training.evaluation.rungs import NewPeople, fit_rungs
from training.evaluation.slope import slope_of
from training.fitting import Outcome
from training.learners import AVERAGE
from training.metrics import MeasureUndefinedError
from training.metrics.censoring import kaplan_meier
from training.metrics.intervals import (
    Estimate,
    PairedDifference,
    log_scale_interval,
    paired_difference,
)
from training.penalised_fit import ConvergenceError

Floats = NDArray[np.float64]

HORIZONS = (30, 90, 180)
"""Days at which the calibration of a relapse model is measured, where people are followed."""

_Z = 1.959963984540054
_LOGISTIC = "logistic regression, Wald interval"
_GROUPED = "grouped proportional hazards, Wald interval"
_COX = "Cox regression, Wald interval"


@dataclass(frozen=True, slots=True, eq=False)
class External:
    """How a frozen model does among new people.

    Parameters
    ----------
    people, events : int
        Measured.
    metrics : dict of str to Estimate
        By the names of a run, and more.
    undefined : dict of str to str
        Measures without a value, with the reason.
    against_average : PairedDifference or None
        Loss of each person less that of the average of the same people (prevalence, or
        Kaplan–Meier); None where it cannot be told.
    """

    people: int
    events: int
    metrics: dict[str, Estimate]
    undefined: dict[str, str]
    against_average: PairedDifference | None

    @property
    def better_than_average(self) -> bool:
        """Whether the whole 95 % interval of the difference lies below 0."""
        return self.against_average is not None and self.against_average.hi < 0

    def to_dict(self) -> dict[str, Any]:
        """Give everything for JSON.

        Returns
        -------
        dict
            Plain values.
        """
        gap = self.against_average
        return {
            "people": self.people,
            "events": self.events,
            "metrics": {name: found.to_dict() for name, found in self.metrics.items()},
            "undefined": dict(self.undefined),
            "against_average": None
            if gap is None
            else {**gap._asdict(), "better": self.better_than_average},
        }


def measure_external(
    model: Model, people: Numbered, who: NDArray[np.bool_], *, rng: np.random.Generator
) -> External:
    """Measure a frozen model.

    The average it is held against is that of the very people measured: what nobody could have
    known beforehand, and so the harder comparator.

    Parameters
    ----------
    model : Model
        The frozen model.
    people : Numbered
        Everybody with an outcome.
    who : ndarray of bool, shape (n,)
        Whom to measure.
    rng : numpy.random.Generator
        Draws the resamples.

    Returns
    -------
    External
        Measures with 95 % intervals.
    """
    outcome = people.outcome.take(np.flatnonzero(who))
    events = int(outcome.events.sum())
    if not outcome.events.size:
        return External(0, 0, {}, {"all": "nobody was given a number"}, None)
    found = predictions(model, people.margin[who])
    metrics, undefined = measure(found, outcome, rng=rng)
    for more, without in (
        _lines(for_ladder(model, people, who)),
        _cox_slope(found, outcome),
    ):
        metrics |= more
        undefined |= without
    undefined = {name: why for name, why in undefined.items() if name not in metrics}
    return External(outcome.events.size, events, metrics, undefined, _gap(found, outcome))


def average_there(outcome: Outcome) -> OutOfFold:
    """Give everybody the average of these people.

    Parameters
    ----------
    outcome : Outcome
        At least one person.

    Returns
    -------
    OutOfFold
        Prevalence, or one minus Kaplan–Meier at `RISK_DAYS`.
    """
    n = outcome.events.size
    nothing = np.zeros((n, 1))
    if outcome.days is None:
        risk = np.full((n, 1), outcome.events.mean())
        return OutOfFold(AVERAGE["response"], nothing, risk, nothing.astype(np.intp))
    free = kaplan_meier(outcome.days, outcome.events)
    last = float(outcome.days.max())
    at = np.array([1 - float(free.at(min(float(t), last))) for t in RISK_DAYS])
    return OutOfFold(AVERAGE["relapse"], nothing, np.tile(at, (n, 1, 1)), nothing.astype(np.intp))


def last_horizon(outcome: Outcome) -> int | None:
    """Choose the last of `HORIZONS` that enough people are followed to.

    Parameters
    ----------
    outcome : Outcome
        Relapse.

    Returns
    -------
    int or None
        None where there is none, or for response.
    """
    if outcome.days is None:
        return None
    try:
        reached = [RISK_DAYS[i] for i in evaluated_days(outcome)]
    except MeasureUndefinedError:
        return None
    return max((day for day in HORIZONS if day in reached), default=None)


def _gap(found: OutOfFold, outcome: Outcome) -> PairedDifference | None:
    """Compare losses person by person with the average of these people."""
    try:
        return paired_difference(losses(found, outcome), losses(average_there(outcome), outcome))
    except MeasureUndefinedError:
        return None


def _lines(people: NewPeople) -> tuple[dict[str, Estimate], dict[str, str]]:
    """Give level and slope by maximum likelihood with Wald's intervals.

    For relapse the level is the factor by which the frozen hazard is to be multiplied; its slope
    comes from a Cox regression, which no shape of the hazard disturbs.
    """
    cases, n = float(people.events.sum()), people.events.size
    relapse = people.hazard is not None
    names = ("hazard_oe",) if relapse else ("calibration_intercept", "calibration_slope")
    if cases == 0 or (not relapse and cases == n):
        return {}, dict.fromkeys(
            names, f"{cases:.0f} of {n} people had the event; both kinds are needed"
        )
    bare = replace(people, columns=np.empty((n, 0)))
    rungs, left_out = fit_rungs(bare)
    level, spread = rungs[1].intercept, float(np.sqrt(rungs[1].covariance[0, 0]))
    if relapse:
        return {"hazard_oe": log_scale_interval(float(np.exp(level)), spread, method=_GROUPED)}, {}
    metrics = {"calibration_intercept": _wald(level, spread, _LOGISTIC)}
    if len(rungs) < 3:
        return metrics, {"calibration_slope": left_out["slope"]}
    error = float(np.sqrt(rungs[2].covariance[1, 1]))
    return metrics | {"calibration_slope": _wald(rungs[2].slope, error, _LOGISTIC)}, {}


def _cox_slope(found: OutOfFold, outcome: Outcome) -> tuple[dict[str, Estimate], dict[str, str]]:
    """Give the slope of a Cox regression on the margin; response has that of its line."""
    if outcome.days is None:
        return {}, {}
    said = Held(found.margin[:, 0], found.probability[:, 0], {}, no_signal=False)
    try:
        return {"calibration_slope": replace(slope_of(outcome, said)[0], method=_COX)}, {}
    except (MeasureUndefinedError, InvalidInputError, ConvergenceError) as error:
        return {}, {"calibration_slope": str(error)}


def _wald(value: float, spread: float, method: str) -> Estimate:
    """Give a number its interval by its standard error."""
    return Estimate(value, value - _Z * spread, value + _Z * spread, method)


def resamples(n_people: int) -> int:
    """Choose how many resamples are drawn where each costs a fit.

    Parameters
    ----------
    n_people : int
        People, at least 1.

    Returns
    -------
    int
        100 to 400, fewer where there are more people.
    """
    return int(np.clip(400_000 // n_people, 100, 400))
