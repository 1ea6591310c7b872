"""One person's follow-up after time zero: what ended it, and on which day.

Plain arrays in, values out; `training.outcome` collects them from the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.outcome_definition import Confirmation, OutcomeDefinition

Floats = NDArray[np.float64]
Ending = Literal["relapsed", "competing", "censored"]

# An event between the landmark visit and time zero is real but has no positive time.
EARLIEST_RELAPSE_DAYS = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """One person's readings and dated events, in order of day from the first dose.

    Parameters
    ----------
    days, scores : numpy.ndarray
        Of the readings, shape (n,); a score is NaN on a day of being seen without a reading.
    relapses, competing, censorings : numpy.ndarray
        Days of events of each kind, by the definition.
    """

    days: Floats
    scores: Floats
    relapses: Floats
    competing: Floats
    censorings: Floats


class Entry(NamedTuple):
    """What was known of a person who entered the risk set.

    Parameters
    ----------
    day : float
        Of the person's own visit there; later readings are read.
    start, score : float
        At baseline and at that visit; NaN where not known.
    """

    day: float
    start: float
    score: float


FROM_DAY_0 = Entry(0.0, np.nan, np.nan)
"""Where everybody is at risk from the first day."""


@dataclass(frozen=True, slots=True)
class Followed:
    """How one person's follow-up ended.

    Parameters
    ----------
    days : float
        From time zero, above 0.
    ending : str
        ``relapsed``, ``competing`` or ``censored``.
    last_well_days : float
        Last day from time zero, up to `days`, on which a reading showed the person well; 0 without
        one, `days` where no score is read.
    unconfirmed : bool
        Whether later readings, up to `days`, were a relapse that nothing confirmed or refuted.
    confirmed, refuted : int
        How often a first reading of that kind was confirmed, and refuted, by the next ones.
    """

    days: float
    ending: Ending
    last_well_days: float
    unconfirmed: bool = False
    confirmed: int = 0
    refuted: int = 0


def follow(definition: OutcomeDefinition, history: History, entry: Entry) -> Followed | None:
    """Follow one person of the risk set from time zero to an end.

    Parameters
    ----------
    definition : OutcomeDefinition
        Of task ``relapse``.
    history : History
        Of this person.
    entry : Entry
        Where follow-up begins.

    Returns
    -------
    Followed or None
        None where nothing was observed after time zero.
    """
    own = definition.time_zero == "landmark_visit"
    zero = entry.day if own else definition.landmark.day
    later = history.days > entry.day
    seen, scores = history.days[later], history.scores[later]
    relapses, competing, censorings = (
        days[days >= entry.day].tolist()
        for days in (history.relapses, history.competing, history.censorings)
    )
    ill = definition.relapse_rule.holds(scores, start=entry.start, end=entry.score)
    before = seen <= min([*competing, *censorings, np.inf])
    crossed = _first_reading(definition, seen[before], ill[before])
    dated = relapses if crossed is None else [*relapses, crossed]
    last_seen = float(seen[-1]) if len(seen) else None
    end = end_of_follow_up(last_seen, dated, competing, censorings)
    if end is None or (end[0] <= zero and end[1] != "relapsed"):
        return None
    until = end[0] - zero
    if end[1] == "relapsed":
        until = max(until, EARLIEST_RELAPSE_DAYS)
    if not definition.reads_scores:
        return Followed(until, end[1], until)  # the event is dated, not seen at a visit
    upto = seen <= end[0]
    well = seen[~ill & upto]
    last_well = float(well[-1]) if well.size else -np.inf
    open_ = end[1] != "relapsed" and bool((ill & upto & (seen > last_well)).any())
    told = _confirmations(definition, seen[before], ill[before])
    return Followed(until, end[1], max(last_well - zero, 0.0), open_, *told)


def _first_reading(
    definition: OutcomeDefinition, seen: Floats, ill: NDArray[np.bool_]
) -> float | None:
    """Find the day of the reading at which a relapse is dated."""
    confirmation = definition.confirmation or Confirmation(consecutive=1)
    if confirmation.consecutive == 1:
        return float(seen[ill][0]) if ill.any() else None
    return first_confirmed(seen, ill, **confirmation.model_dump(exclude={"consecutive"}))


def _confirmations(
    definition: OutcomeDefinition, seen: Floats, ill: NDArray[np.bool_]
) -> tuple[int, int]:
    """Count how often the first of some readings that are a relapse was confirmed, and refuted."""
    rule = definition.confirmation
    if rule is None or rule.consecutive == 1:
        return 0, 0
    told = [0, 0]
    for first in np.flatnonzero(ill & ~np.concatenate([[False], ill[:-1]])):
        gaps = seen[first + 1 :] - seen[first]
        asked = gaps <= rule.max_gap_days
        still = np.cumprod(ill[first + 1 :][asked]).astype(bool)
        if (still & (gaps[asked] >= rule.min_gap_days)).any():
            told[0] += 1
        elif not still.all():
            told[1] += 1
    return told[0], told[1]


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
    last_seen: float | None,
    relapses: Sequence[float],
    competing: Sequence[float],
    censorings: Sequence[float],
) -> tuple[float, Ending] | None:
    """Choose what ends the follow-up.

    On one day a relapse comes before a competing event, and both before a censoring one. A
    competing event is seen on its own day, whether or not a visit came before it; a censoring
    event says nothing of the days since the last visit.

    Parameters
    ----------
    last_seen : float or None
        Day of the last visit; None without any.
    relapses, competing, censorings : sequence of float
        Days on which a relapse was dated, a competing or a censoring event happened.

    Returns
    -------
    tuple of float and str or None
        Day and ending; None when nothing was observed.

    Examples
    --------
    >>> end_of_follow_up(30.0, [], [40.0], [])
    (40.0, 'competing')
    >>> end_of_follow_up(30.0, [], [], [40.0])
    (30.0, 'censored')
    """
    relapse, event, censored = (min([*days, np.inf]) for days in (relapses, competing, censorings))
    if relapse < np.inf and relapse <= min(event, censored):
        return float(relapse), "relapsed"
    if event < np.inf and event <= censored:
        return float(event), "competing"
    if last_seen is None:
        return None
    return float(min(last_seen, censored)), "censored"
