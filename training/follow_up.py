"""One person's follow-up after time zero: the day of relapse, or the last day known without it.

Plain arrays in, values out; `training.outcome` says which rule is meant.
"""

from __future__ import annotations

import numpy as np


def first_confirmed(
    days: np.ndarray, above: np.ndarray, *, min_gap_days: float, max_gap_days: float
) -> float | None:
    """Find the first reading above the threshold that a later one confirms.

    Parameters
    ----------
    days : numpy.ndarray
        Days of the readings, rising, shape (n,).
    above : numpy.ndarray
        Whether each reading meets the threshold; bool, shape (n,).
    min_gap_days, max_gap_days : float
        How far the confirming reading may lie behind the first (both ends accepted); every
        reading between the two must be above as well.

    Returns
    -------
    float or None
        Day of the first of the two readings; None if no reading is confirmed.

    Examples
    --------
    >>> import numpy as np
    >>> above = np.array([True, False, True, True])
    >>> first_confirmed(np.array([14, 28, 42, 56]), above, min_gap_days=5, max_gap_days=15)
    42.0
    """
    for first in np.flatnonzero(above):
        for later in range(int(first) + 1, len(days)):
            gap = days[later] - days[first]
            if not above[later] or gap > max_gap_days:
                break
            if gap >= min_gap_days:
                return float(days[first])
    return None


def end_of_follow_up(
    last_seen: float | None, relapse_days: list[float], censor_days: list[float]
) -> tuple[float, bool] | None:
    """Choose what ends the follow-up: a relapse, a censoring event or the last visit.

    On one day, a relapse comes before a censoring event.

    Parameters
    ----------
    last_seen : float or None
        Day of the last visit; None without any.
    relapse_days, censor_days : list of float
        Days on which a relapse was dated or a censoring event happened.

    Returns
    -------
    tuple of float and bool or None
        Day and whether it is a relapse; None when nothing was observed.
    """
    censored = min([*censor_days, np.inf])
    relapse = min([*relapse_days, np.inf])
    if relapse < np.inf and relapse <= censored:
        return float(relapse), True
    if last_seen is None:
        return None
    return float(min(last_seen, censored)), False
