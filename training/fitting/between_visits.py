"""What a learner on visit intervals needs of an outcome: its intervals, and slopes for trees."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xgboost
from numpy.typing import NDArray

from predictor.errors import InvalidInputError
from training.fitting.preparing import Outcome
from training.interval_hazards import event_slopes, fit_heights
from training.learners import LEARNERS, Learner
from training.visit_intervals import Intervals, visit_intervals
from training.weibull import fit_weibull

Floats = NDArray[np.float64]
# Gradient and curvature of a loss at XGBoost's margins.
Slopes = Callable[[Floats, xgboost.DMatrix], tuple[Floats, Floats]]


def refuse_unseen(learner: Learner, outcome: Outcome) -> None:
    """Refuse a learner on visit intervals where none are known.

    Parameters
    ----------
    learner : Learner
        Line of the table.
    outcome : Outcome
        Of the people it is to be fitted to.

    Raises
    ------
    InvalidInputError
        Naming the learner, and those that can take its place.
    """
    if learner.likelihood == "interval" and outcome.last_well is None:
        others = [x.name for x in LEARNERS if x.task == learner.task and x.kind == learner.kind]
        instead = [name for name in others if name != learner.name and "interval" not in name]
        raise InvalidInputError(
            f"candidates: {learner.name} counts a relapse between two visits and needs the days on "
            "which people were last seen well, which this outcome does not have; choose "
            f"{' or '.join(instead)}"
        )


def seen_of(outcome: Outcome) -> tuple[Floats, Floats, Floats]:
    """Give what was seen, as `training.visit_intervals` reads it.

    Parameters
    ----------
    outcome : Outcome
        Of relapse, with `last_well`.

    Returns
    -------
    tuple of ndarray, ndarray and ndarray
        Last day well, day, and chance of relapse by then, of each person.

    Raises
    ------
    InvalidInputError
        If nothing is known of the days on which people were well.
    """
    if outcome.days is None or outcome.last_well is None:
        raise InvalidInputError(
            "visit intervals are asked for, and the days on which people were last seen well are "
            "not known; choose the partial likelihood"
        )
    return outcome.last_well, outcome.days, outcome.relapsed


def intervals_of(outcome: Outcome) -> Intervals:
    """Read the visit intervals of an outcome.

    Parameters
    ----------
    outcome : Outcome
        Of relapse, with `last_well`.

    Returns
    -------
    Intervals
        With the shipped knots, a fitted pace and the known part of margins.

    Raises
    ------
    InvalidInputError
        If nothing is known of the days on which people were well.
    """
    seen = seen_of(outcome)
    pace = fit_weibull(*seen, outcome.offset).pace
    return visit_intervals(*seen, pace=pace, offset=outcome.offset)


def interval_slopes(outcome: Outcome) -> Slopes:
    """Give trees the interval-censored loss under the baseline of the intercept-only fit.

    Parameters
    ----------
    outcome : Outcome
        Of the rows on which trees are grown.

    Returns
    -------
    callable
        Gives gradient and curvature, each of shape (n,), at margins of shape (n,).

    Raises
    ------
    InvalidInputError
        If nothing is known of the days on which people were well.
    """
    intervals = intervals_of(outcome)
    heights = fit_heights(outcome.added_to(np.zeros(len(outcome.events))), intervals)
    before = heights.cumulative(intervals.before)
    within = heights.cumulative(intervals.within)

    def slopes(margin: Floats, _: xgboost.DMatrix) -> tuple[Floats, Floats]:
        ratio = np.exp(np.asarray(margin, dtype=np.float64))
        lost, curvature = ratio * before, ratio * before
        hazard = ratio[intervals.cases] * within
        first, second = (intervals.weight * each for each in event_slopes(hazard))
        lost[intervals.cases] -= first * hazard
        lost[intervals.exact] -= 1.0
        curvature[intervals.cases] += second * hazard**2 - first * hazard
        return lost, np.maximum(curvature, 0.0)

    return slopes
