"""From a cohort to the people who are predicted and never trained on, and what that shows."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from training.cohort import Cohort
from training.evaluation import (
    Analysis,
    OutOfFold,
    PlaceboControl,
    Untreated,
    placebo_control,
)
from training.outcome import RelapseOutcome


class PredictedOnly(TypedDict, total=False):
    """Fields of `Analysis`; empty for relapse, whose risk set has no people beside it."""

    outside: dict[str, NDArray[np.float64]]
    outside_people: tuple[str, ...]


def predicted_only(cohort: Cohort) -> PredictedOnly:
    """Take the people whom every fold predicts and none is fitted to.

    Parameters
    ----------
    cohort : Cohort
        With its control.

    Returns
    -------
    PredictedOnly
        Of response: people without an observed outcome, then those of an untreated arm.
    """
    if isinstance(cohort.outcome, RelapseOutcome):
        return {}
    parts = [cohort.rows.select(~cohort.analysed)]
    if cohort.control is not None and cohort.control.design == "arm":
        parts.append(cohort.control.rows)
    names = parts[0].values
    return {
        "outside": {v: np.concatenate([part.values[v] for part in parts]) for v in names},
        "outside_people": tuple(str(one) for part in parts for one in part.patient_ids),
    }


def beside_treated(
    cohort: Cohort,
    analysis: Analysis,
    found: OutOfFold | None,
    *,
    rng: np.random.Generator,
) -> PlaceboControl | None:
    """Score the chosen learner among untreated people, where there are any.

    Parameters
    ----------
    cohort : Cohort
        With its control.
    analysis : Analysis
        The people trained on, and those predicted only.
    found : OutOfFold or None
        Of the chosen learner; None where nothing was chosen.
    rng : numpy.random.Generator
        As `placebo_control` asks.

    Returns
    -------
    PlaceboControl or None
        None where no control arm is declared.
    """
    control = cohort.control
    if control is None:
        return None
    known = np.flatnonzero(~np.isnan(control.observed))
    asked = Untreated(
        control.label,
        control.treatment,
        control.design,
        [str(control.rows.patient_ids[place]) for place in known],
        control.observed[known],
        control.reason,
    )
    return placebo_control(analysis, found, asked, rng=rng)
