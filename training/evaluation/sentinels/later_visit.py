"""A baseline total that was copied from a visit after the first dose."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.evaluation.procedure import Analysis
from training.evaluation.sentinels.sentinel import Sentinel

Floats = NDArray[np.float64]

COPIED = 0.5
"""Scores of two days agree in far fewer people unless one was copied from the other."""

MINIMUM_COMPARED = 30
"""People with both numbers; fewer cannot show a copy."""


def later_visit(analysis: Analysis, visits: pd.DataFrame) -> Sentinel:
    """Name a total that was copied from a visit after the first dose.

    Parameters
    ----------
    analysis : Analysis
        People and candidate predictors.
    visits : pandas.DataFrame
        Checked visits.

    Returns
    -------
    Sentinel
        Failed where a total is a later day's score in more than half of the people, and in more
        than it is any baseline day's.
    """
    watched = {v.id for v in (*analysis.variables, *analysis.declared, *analysis.severity)}
    totals = visits[visits["item"].isna()] if "item" in visits else visits
    for instrument, scores in totals.groupby("instrument"):
        variable = f"{instrument}_total"
        if variable not in watched:
            continue
        by_day = scores.groupby(["patient_id", "day"])["score"].mean().unstack("day")
        by_day = by_day.reindex(list(analysis.groups))
        stated, days = analysis.values[variable], by_day.columns.to_numpy(dtype=np.float64)
        equal = {float(day): _share_equal(stated, by_day[day]) for day in days}
        at_baseline = max((share for day, share in equal.items() if day <= 0), default=0.0)
        later = {day: share for day, share in equal.items() if day > 0}
        day = max(later, key=lambda day: later[day], default=0.0)
        if later and later[day] > max(COPIED, at_baseline):
            return Sentinel(
                passed=False,
                detail=f"{variable} is the score of day {day:g}, after the first dose, in "
                f"{later[day]:.0%} of people",
            )
    return Sentinel(passed=True, detail="no total is the score of a visit after the first dose")


def _share_equal(stated: Floats, scores: pd.Series[float]) -> float:
    """Give the share of people whose total is this visit's score; 0 with few to compare."""
    read = scores.to_numpy(dtype=np.float64)
    both = ~np.isnan(stated) & ~np.isnan(read)
    if both.sum() < MINIMUM_COMPARED:
        return 0.0
    return float(np.mean(np.abs(stated[both] - read[both]) < 0.5 + 1e-9))
