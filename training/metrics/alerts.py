"""Alerts given at visits: how many relapses they come before, and how often they are false.

A person-visit is one visit of one person at which the person was still at risk. Whoever is judged
must not have trained what gives the alert. Relapse is seen at visits, so an alert is judged by the
visit that would show it:

- *followed*: a relapse is seen after it, within 28 days, and no reading in between showed the
  person well 14 days after the alert or later;
- *false*: the person was seen well 14 days after it or later;
- *not judged*: neither is known, because follow-up ended or visits were missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from predictor.errors import InvalidInputError
from training.metrics import FloatArray, MeasureUndefinedError
from training.metrics.accepted import checked_followup
from training.metrics.intervals import Estimate, percentile_interval
from training.metrics.resampling import resample_counts

Flags = npt.NDArray[np.bool_]
Parts = dict[str, FloatArray]

AHEAD_DAYS = 14
"""How far an alert looks ahead."""

WITHIN_DAYS = 28
"""An alert so long before a relapse is seen, or nearer, is in time: two visits of the usual course,
the one that shows the relapse and the one before."""

YEAR_DAYS = 365.25


@dataclass(frozen=True, eq=False)  # no slots: what follows from the fields is kept beside them
class PersonVisits:
    """Visits at which people were still at risk, and what became of them.

    Parameters
    ----------
    person : array-like of int, shape (n_visits,)
        Whose visit it is: a place in `days`.
    day : array-like of shape (n_visits,)
        Day of the visit after time zero; no person has two on one day.
    days : array-like of shape (n,)
        Day on which the relapse was seen, or the last day known without one.
    events : array-like of shape (n,)
        1 = relapsed then, 0 = censored then.
    last_well_days : array-like of shape (n,)
        Last day up to `days` on which a reading showed the person well; of people censored, who
        are known to be well until `days`, it is not read.

    Raises
    ------
    InvalidInputError
        If shapes do not match, there is no visit, or one is not before the end of its person's
        follow-up or stands twice.
    """

    person: npt.NDArray[np.intp]
    day: FloatArray
    days: FloatArray
    events: FloatArray
    last_well_days: FloatArray

    def __post_init__(self) -> None:
        days, events = checked_followup(self.days, self.events)
        person, day = np.asarray(self.person, dtype=np.intp), np.asarray(self.day, dtype=float)
        well = np.asarray(self.last_well_days, dtype=np.float64)
        if person.ndim != 1 or person.shape != day.shape or well.shape != days.shape:
            raise InvalidInputError(
                "person-visits need a person and a day each, people a last day on which they "
                "were well; the shapes do not match"
            )
        if not person.size or person.min() < 0 or person.max() >= days.size:
            raise InvalidInputError("person-visits are none, or of nobody; give those of people")
        if np.any(day >= days[person]):
            raise InvalidInputError(
                "a visit on or after the end of its person's follow-up can warn of nothing; leave "
                "it out"
            )
        if len(np.unique(np.column_stack([person, day]), axis=0)) < person.size:
            raise InvalidInputError("a visit stands twice; give each once")
        for name, value in (("person", person), ("day", day), ("days", days)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "events", events)
        object.__setattr__(self, "last_well_days", well)

    @cached_property
    def in_time(self) -> Flags:
        """Visits from which an alert would come in time for a relapse; bool, (n_visits,)."""
        until = self.days[self.person] - self.day
        return np.asarray((self.events[self.person] == 1) & (until <= WITHIN_DAYS))

    @cached_property
    def followed(self) -> Flags:
        """Visits that a relapse follows; bool, shape (n_visits,)."""
        end = self.day + AHEAD_DAYS
        seen, well = self.days[self.person], self.last_well_days[self.person]
        return np.asarray(self.in_time & ((seen <= end) | (well < end)))

    @cached_property
    def free(self) -> Flags:
        """Visits after which the person was seen well long enough; bool, shape (n_visits,)."""
        known = np.where(self.events == 1, self.last_well_days, self.days)[self.person]
        return np.asarray(~self.followed & (known >= self.day + AHEAD_DAYS))

    @cached_property
    def watched_days(self) -> FloatArray:
        """Days at risk of each visit that can be judged, none counted twice; shape (n_visits,).

        From the visit over the days that an alert looks ahead, or to the next such visit of the
        person, or until the relapse is seen; 0 where it cannot be judged.
        """
        judged = np.flatnonzero(self.followed | self.free)
        order = judged[np.lexsort((self.day[judged], self.person[judged]))]
        owner, day = self.person[order], self.day[order]
        following = np.full(order.size, np.inf)
        same = owner[1:] == owner[:-1]
        following[:-1][same] = day[1:][same]
        end = np.minimum(np.minimum(day + AHEAD_DAYS, self.days[owner]), following)
        watched = np.zeros(self.day.size)
        watched[order] = end - day
        return watched

    @cached_property
    def last(self) -> Flags:
        """The last visit of each person; bool, shape (n_visits,)."""
        latest = np.full(self.days.size, -np.inf)
        np.maximum.at(latest, self.person, self.day)
        return np.asarray(self.day == latest[self.person])


@dataclass(frozen=True, slots=True)
class AlertMeasures:
    """What alerts at visits are worth.

    Parameters
    ----------
    measures : dict of str to Estimate
        ``sensitivity``: share of relapses with a visit in time that had an alert at one;
        ``sensitivity_last_visit``: at the last visit before; ``ppv``: share of the alerts judged
        that a relapse follows; ``alerted``: share of visits with an alert; ``false_per_year``:
        false alerts in a year at risk; ``lead_days``: median days from the first alert in time
        to the day on which the relapse was seen. Of `false_per_year` and `alerted` less is
        better, of the others more.
    undefined : dict of str to str
        Measures without a value, with the reason.
    lead_quartiles : tuple of float or None
        Lower and upper quartile of the lead; None without a relapse that an alert came before.
    people, visits : int
        Seen at least once; their visits.
    relapses, missed : int
        Relapses with a visit in time, and those among people seen that had none: they came later
        after the last visit that was scored.
    judged, not_judged : float
        Alerts of which it is known whether a relapse follows, and those left out because neither
        a relapse nor the lack of one was seen; mean over repeats.
    """

    measures: dict[str, Estimate]
    undefined: dict[str, str]
    lead_quartiles: tuple[float, float] | None
    people: int
    visits: int
    relapses: int
    missed: int
    judged: float
    not_judged: float


def measure_alerts(
    visits: PersonVisits, alert: npt.ArrayLike, *, n_boot: int, rng: np.random.Generator
) -> AlertMeasures:
    """Measure alerts, with percentile bootstrap 95 % intervals over people.

    With several columns (repeats of a cross-validation) what is counted of a person is the mean
    over columns, so that repeats never pass for more people. A share of 0 or 1 gets the exact
    binomial bound of its people, a rate of 0 the exact Poisson bound. Assumes that censoring
    within the 14 days says nothing about relapse.

    Parameters
    ----------
    visits : PersonVisits
        Visits and what became of the people.
    alert : array-like of bool, shape (n_visits,) or (n_visits, n_repeats)
        Whether there was an alert.
    n_boot : int
        Resamples of people, at least 1.
    rng : numpy.random.Generator
        Draws the resamples.

    Returns
    -------
    AlertMeasures
        Each measure with its interval, or why it has none.

    Raises
    ------
    InvalidInputError
        If the shapes do not match.

    References
    ----------
    A horizon, a period in which the event must follow, and false alarms by time at risk:
    Winterhalder M et al. Epilepsy Behav 2003;4:318-325. Exact bounds: Clopper CJ, Pearson ES.
    Biometrika 1934;26:404-413; Garwood F. Biometrika 1936;28:437-442.
    """
    parts, leads = _counted(visits, _checked(visits, alert))
    people = parts["visits"].size
    drawn = [_in_resamples(parts, leads, c) for c in resample_counts(n_boot, people, rng)]
    whole = _in_resamples(parts, leads, np.ones((1, people)))
    measures, undefined = {}, {}
    for name, value in whole.items():
        resampled = np.concatenate([each[name] for each in drawn])
        try:
            measures[name] = _estimate(name, float(value[0]), resampled, parts)
        except MeasureUndefinedError as error:
            undefined[name] = error.reason
    quartiles = [float(_quantile(leads, np.ones((1, people)), q)[0]) for q in (0.25, 0.75)]
    return AlertMeasures(
        measures,
        undefined,
        (quartiles[0], quartiles[1]) if len(leads) else None,
        people=people,
        visits=visits.day.size,
        relapses=round(parts["relapse"].sum()),
        missed=round(parts["late"].sum()),
        judged=float((parts["followed"] + parts["false"]).sum()),
        not_judged=float(parts["not_judged"].sum()),
    )


def alert_difference(
    visits: PersonVisits,
    one: npt.ArrayLike,
    other: npt.ArrayLike,
    *,
    measure: str,
    n_boot: int,
    rng: np.random.Generator,
) -> Estimate:
    """Give what one way to alert has over another in the same people, with its 95 % interval.

    Parameters
    ----------
    visits : PersonVisits
        Visits and what became of the people.
    one, other : array-like of bool, shape (n_visits,) or (n_visits, n_repeats)
        Whether there was an alert, by either way.
    measure : str
        A share or rate among those of `measure_alerts`.
    n_boot : int
        Resamples of people, at least 1; the same for both.
    rng : numpy.random.Generator
        Draws the resamples.

    Returns
    -------
    Estimate
        Of `one` less that of `other`, percentile bootstrap.

    Raises
    ------
    MeasureUndefinedError
        If one of the two has no value, in all people or in more than 5 % of resamples.
    """
    both = [_counted(visits, _checked(visits, alert)) for alert in (one, other)]
    people = both[0][0]["visits"].size

    def gap(counts: FloatArray) -> FloatArray:
        first, second = (_in_resamples(*each, counts)[measure] for each in both)
        return first - second

    value = float(gap(np.ones((1, people)))[0])
    if np.isnan(value):
        raise MeasureUndefinedError(f"difference in {measure}", _NOTHING[measure])
    drawn = [gap(counts) for counts in resample_counts(n_boot, people, rng)]
    return percentile_interval(value, np.concatenate(drawn))


_RATIOS = {
    "sensitivity": (("warned",), ("relapse",)),
    "sensitivity_last_visit": (("warned_last",), ("relapse",)),
    "ppv": (("followed",), ("followed", "false")),
    "alerted": (("alerts",), ("visits",)),
    "false_per_year": (("false",), ("years",)),
}
"""Each measure but the lead as a ratio of sums over people."""

_NOTHING = {
    **dict.fromkeys(_RATIOS, "no relapse has a visit in time before it"),
    "ppv": "no alert can be judged",
    "false_per_year": "no visit can be judged",
    "lead_days": "no relapse had an alert in time",
}


def _checked(visits: PersonVisits, alert: npt.ArrayLike) -> Flags:
    """Give alerts as visits by repeats, or refuse them."""
    given = np.asarray(alert, dtype=bool)
    given = given[:, None] if given.ndim == 1 else given
    if given.ndim != 2 or len(given) != visits.day.size or not given.shape[1]:
        raise InvalidInputError(
            f"alerts of shape {given.shape} are not one for each of {visits.day.size} visits"
        )
    return given


def _counted(visits: PersonVisits, alert: Flags) -> tuple[Parts, FloatArray]:
    """Count for each person seen what the measures are made of; and the leads: person, days."""
    seen, owner = np.unique(visits.person, return_inverse=True)

    def summed(of_visits: npt.ArrayLike) -> FloatArray:
        weights = np.asarray(of_visits, dtype=np.float64)
        return np.bincount(owner, weights, minlength=seen.size).astype(np.float64)

    share, relapse = alert.mean(axis=1), summed(visits.in_time) > 0
    early = np.full((seen.size, alert.shape[1]), np.inf)
    in_time = alert & visits.in_time[:, None]
    np.minimum.at(early, owner, np.where(in_time, visits.day[:, None], np.inf))
    warned = np.isfinite(early)
    parts = {
        "relapse": relapse * 1.0,
        "late": (visits.events[seen] == 1) & ~relapse,
        "warned": warned.mean(axis=1),
        "warned_last": summed(share * (visits.in_time & visits.last)),
        "visits": summed(np.ones(owner.size)),
        "alerts": summed(share),
        "followed": summed(share * visits.followed),
        "false": summed(share * visits.free),
        "not_judged": summed(share * ~(visits.followed | visits.free)),
        "years": summed(visits.watched_days) / YEAR_DAYS,
    }
    at, column = np.nonzero(warned)
    leads = np.column_stack([at, visits.days[seen][at] - early[at, column]])
    return parts, leads[np.argsort(leads[:, 1], kind="stable")]


def _in_resamples(parts: Parts, leads: FloatArray, counts: FloatArray) -> Parts:
    """Give every measure in resamples, NaN where it has no value."""
    sums = {name: counts @ of_people for name, of_people in parts.items()}
    found = {}
    for name, (above, below) in _RATIOS.items():
        part, whole = (np.sum([sums[each] for each in names], axis=0) for names in (above, below))
        found[name] = np.divide(part, whole, out=np.full(whole.size, np.nan), where=whole > 0)
    found["lead_days"] = _quantile(leads, counts, 0.5)
    return found


def _quantile(leads: FloatArray, counts: FloatArray, level: float) -> FloatArray:
    """Give a quantile of the leads in each resample, by the inverse of their distribution."""
    if not len(leads):
        return np.full(len(counts), np.nan)
    up_to = np.cumsum(counts[:, leads[:, 0].astype(np.intp)], axis=1)
    place = np.argmax(up_to >= level * up_to[:, -1:], axis=1)
    return np.where(up_to[:, -1] > 0, leads[place, 1], np.nan)


def _estimate(name: str, value: float, drawn: FloatArray, parts: Parts) -> Estimate:
    """Give a measure its interval; an exact bound where resamples cannot differ."""
    if np.isnan(value):
        raise MeasureUndefinedError(name, _NOTHING[name])
    if name == "false_per_year" and value == 0:
        years = float(parts["years"].sum())
        return Estimate(0.0, 0.0, float(-np.log(0.025) / years), "exact Poisson bound")
    if name in _RATIOS and name != "false_per_year" and value in {0.0, 1.0}:
        whole = np.sum([parts[each] for each in _RATIOS[name][1]], axis=0)
        people = int((whole > 0).sum())
        bound = 0.025 ** (1 / people)
        lo, hi = (bound, 1.0) if value == 1 else (0.0, 1 - bound)
        return Estimate(value, lo, hi, f"exact binomial bound of {people} people")
    return percentile_interval(value, drawn)
