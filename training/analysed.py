"""From the outcome of a cohort to what fits and measures read: the people analysed alone."""

from __future__ import annotations

import numpy as np

from training.cohort import Cohort
from training.fitting import Outcome
from training.outcome import RelapseOutcome


def outcome_for_fits(cohort: Cohort) -> Outcome:
    """Take the outcome of those analysed.

    Parameters
    ----------
    cohort : Cohort
        Eligible people with their outcome.

    Returns
    -------
    Outcome
        In the order of the people analysed; competing events only where the definition declares
        them, and then taken for censoring by every fit.
    """
    kept, found = cohort.analysed, cohort.outcome
    events = cohort.events[kept].astype(np.float64)
    if not isinstance(found, RelapseOutcome):
        return Outcome(events)
    competing = found.competing[kept].astype(np.float64)
    declared = bool(cohort.definition.competing_events)
    return Outcome(
        events,
        found.days[kept],
        found.last_well_days[kept],
        competing=competing if declared else None,
        unconfirmed=found.unconfirmed[kept],
    )
