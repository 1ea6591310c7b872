"""Who is still in question at a landmark, and what is known of them by then.

The cohort of a run becomes the cohort of a landmark: the same people and rows, with the answers of
the landmark, whoever is no longer at risk left out by a named rule, and time counted anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from predictor.dictionary import Dictionary, Landmark
from predictor.errors import InvalidInputError
from predictor.landmarks import Landmarks, with_landmarks
from training.cohort import Cohort
from training.outcome import (
    OutcomeDefinition,
    RelapseOutcome,
    Window,
    baseline_scores,
    nearest_visit,
    totals_of,
)
from training.outcome_definition import DOSED
from training.scales import AFTER_A_DOSE
from training.settings import nearest

Floats = NDArray[np.float64]

DOSES = "doses_given"
"""First part of the name of the variable that counts doses."""

LANDMARK_RULES = (
    "relapsed_before_landmark",
    "not_followed_to_landmark",
    "no_score_at_landmark",
    "ill_at_landmark",
)
"""Why somebody at risk is no longer so at a landmark, in the order in which it is asked."""


def wanted_landmarks(
    names: Sequence[str], definition: OutcomeDefinition, landmarks: Landmarks
) -> tuple[Landmark, ...]:
    """Find the landmarks of a run.

    Parameters
    ----------
    names : sequence of str
        As in the settings of the run.
    definition : OutcomeDefinition
        What is predicted.
    landmarks : Landmarks
        All that are defined.

    Returns
    -------
    tuple of Landmark
        In order of day.

    Raises
    ------
    InvalidInputError
        If a name is unknown, if the answers of a landmark could be the response itself or come
        after it, or if a landmark lies beyond the horizon of relapse.
    """
    known = {one.name: one for one in landmarks.landmarks}
    for name in names:
        if name not in known:
            raise InvalidInputError(f"landmarks: {name} is unknown{nearest(name, tuple(known))}")
        one, window = known[name], definition.landmark
        if definition.task == "response" and one.last >= window.first:
            raise InvalidInputError(
                f"landmarks: {name} reads scores up to day {one.last:g}, but {definition.name} is "
                f"judged from day {window.first:g}; name an earlier landmark, or none"
            )
        if definition.task == "relapse" and _days_after(one, definition) >= definition.horizon_days:
            raise InvalidInputError(
                f"landmarks: {name} (day {one.day:g}) lies beyond the horizon of "
                f"{definition.name}; name an earlier landmark, or none"
            )
    return tuple(one for name, one in known.items() if name in names)


def read_at(
    landmark: Landmark,
    wanted: Sequence[Landmark],
    definition: OutcomeDefinition,
    landmarks: Landmarks,
) -> tuple[Landmark, ...]:
    """Tell whose scores a model at a landmark reads.

    Two landmarks may share a day, so that reading every earlier one would read a score twice.

    Parameters
    ----------
    landmark : Landmark
        Where the model is asked.
    wanted : sequence of Landmark
        Those of the run, in order of day.
    definition : OutcomeDefinition
        What is predicted.
    landmarks : Landmarks
        All that are defined.

    Returns
    -------
    tuple of Landmark
        The landmarks of the run up to this one, in order; for relapse after the course also the
        end of the course, whose score is the depth of the response.
    """
    seen = list(wanted[: list(wanted).index(landmark) + 1])
    if definition.task == "relapse" and _days_after(landmark, definition) > 0:
        end = definition.landmark.day
        ends = [one for one in landmarks.landmarks if one.day == end and one not in seen]
        seen += ends if not any(one.day == end for one in seen) else []
    return tuple(one for one in landmarks.landmarks if one in seen)


def cohort_at(cohort: Cohort, seen: Sequence[Landmark], landmarks: Landmarks) -> Cohort:
    """Give the cohort of a landmark.

    Response: whoever's outcome was observed, with or without a score at the landmark. Relapse
    before the end of the course: the responders, from the end of the course as before. Relapse
    from then on: whoever has not relapsed, is still followed and, where the rule reads scores, has
    a score in the window of the landmark that is no relapse; days count from the landmark. A score
    up to the last day of that window is read as known on the nominal day, so nobody can relapse
    between the two.

    Parameters
    ----------
    cohort : Cohort
        Of the run.
    seen : sequence of Landmark
        Whose answers are known, in order; the last is where the model is asked.
    landmarks : Landmarks
        What is known at each.

    Returns
    -------
    Cohort
        The same people in the same order, with the answers of these landmarks among the values of
        their rows; dictionary, horizon, outcome and flow are those of the landmark. Nobody is
        untreated.
    """
    dictionary = _dictionary_of(cohort.dictionary, seen, landmarks)
    values = {**cohort.rows.values, **known_answers(cohort, dictionary)}
    there = replace(
        cohort,
        rows=replace(cohort.rows, values=values),
        dictionary=dictionary,
        control=None,  # untreated people have no landmark
    )
    outcome, landmark = cohort.outcome, seen[-1]
    after = _days_after(landmark, cohort.definition)
    if not isinstance(outcome, RelapseOutcome) or after < 0:
        return there
    restarted = _restarted(cohort, outcome, landmark)
    counts = Counter(restarted.missing_reason)
    left = {rule: counts[rule] for rule in LANDMARK_RULES if counts[rule]}
    return replace(
        there,
        outcome=restarted,
        definition=cohort.definition.model_copy(
            update={"horizon_days": cohort.definition.horizon_days - after}
        ),
        flow=replace(
            cohort.flow,
            with_outcome=int(restarted.at_risk.sum()),
            events=int(restarted.relapsed.sum()),
            excluded={**cohort.flow.excluded, **left},
        ),
    )


def scores_read(definition: OutcomeDefinition, dictionary: Dictionary) -> tuple[str, ...]:
    """Name the later scores of the outcome's own scale that a model at a landmark reads.

    Of scores after the course only the latest: whoever is asked was well at all of them, and the
    fewer are left, the more a score that adds nothing costs.

    Parameters
    ----------
    definition : OutcomeDefinition
        What is predicted.
    dictionary : Dictionary
        Of a landmark, which is its last.

    Returns
    -------
    tuple of str
        Variables, in order of day; empty where the dictionary does not have the scale.
    """
    if definition.scale is None:
        return ()
    *before, last = dictionary.landmarks
    during = [one for one in before if _days_after(one, definition) <= 0]
    named = [f"{definition.scale.id}_{one.name}" for one in (*during, last)]
    return tuple(name for name in named if name in dictionary)


def others_read(dictionary: Dictionary, landmark: str) -> tuple[str, ...]:
    """Name what else is read at a landmark: dissociation so far and doses given.

    Parameters
    ----------
    dictionary : Dictionary
        Of a landmark.
    landmark : str
        Name of the one at which they are read.

    Returns
    -------
    tuple of str
        Variables; empty where the dictionary has none of that landmark.
    """
    named = [f"{first}_{landmark}" for first in (*AFTER_A_DOSE, DOSES)]
    return tuple(name for name in named if name in dictionary)


def known_answers(cohort: Cohort, dictionary: Dictionary) -> dict[str, Floats]:
    """Fill the variables of landmarks from visits and events.

    Parameters
    ----------
    cohort : Cohort
        With its visits and events.
    dictionary : Dictionary
        With the variables of landmarks.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        A score is that of the visit nearest to the landmark's day inside its window, of two
        equally near the later; NaN without one, never carried forward. Doses are NaN for people of
        whom no dose is recorded.
    """
    ids, scale = cohort.rows.patient_ids, cohort.definition.scale
    found: dict[str, Floats] = {}
    for one in dictionary.landmarks:
        rated = _readings(None if scale is None else scale.id, one, cohort)
        # what was known before the rating, which comes before that day's dose
        until = np.where(rated["day"].isna(), one.day, rated["day"])
        for variable in (v for v in dictionary.variables if v.landmark == one.name):
            first = variable.id.removesuffix(f"_{one.name}")
            if first == DOSES:
                found[variable.id] = _doses_before(cohort.events_table, ids, until)
            elif first in AFTER_A_DOSE:
                found[variable.id] = _highest_before(first, cohort.visits, ids, until)
            else:
                score = _readings(first, one, cohort)["score"].to_numpy()
                # a prorated total has a fraction, the variable has none
                found[variable.id] = np.floor(score + 0.5)
    return found


def _days_after(landmark: Landmark, definition: OutcomeDefinition) -> float:
    """Days from the end of the course to a landmark; below 0 during the course."""
    return landmark.day - definition.landmark.day


def _dictionary_of(
    dictionary: Dictionary, seen: Sequence[Landmark], landmarks: Landmarks
) -> Dictionary:
    """Add what is known at these landmarks, and at no other."""
    whole, names = with_landmarks(dictionary, landmarks), {one.name for one in seen}
    kept = [v for v in whole.variables if v.landmark is None or v.landmark in names]
    return replace(whole, variables=tuple(kept), landmarks=tuple(seen))


def _readings(scale: str | None, landmark: Landmark, cohort: Cohort) -> pd.DataFrame:
    """Find the visit of each person that stands for a landmark."""
    window = Window(day=landmark.day, first=landmark.first, last=landmark.last)
    return nearest_visit(scale, window, cohort.visits, cohort.rows.patient_ids)


def _doses_before(
    events: pd.DataFrame, ids: Sequence[str | None], until: NDArray[np.float64]
) -> Floats:
    """Count each person's doses before a day; NaN for those of whom none is recorded."""
    place = {patient: i for i, patient in enumerate(ids)}
    doses = events[events["event"] == DOSED]
    who = doses["patient_id"].map(place).to_numpy(dtype=np.intp)
    recorded = np.bincount(who, minlength=len(ids)) > 0
    before = doses["day"].to_numpy(dtype=np.float64) < until[who]
    count = np.bincount(who[before], minlength=len(ids)).astype(np.float64)
    return np.where(recorded, count, np.nan)


def _highest_before(
    scale: str, visits: pd.DataFrame, ids: Sequence[str | None], until: NDArray[np.float64]
) -> Floats:
    """Give each person's highest total from day 0 to before a day."""
    place = {patient: i for i, patient in enumerate(ids)}
    totals = totals_of(visits)
    totals = totals[totals["instrument"] == scale]
    who = totals["patient_id"].map(place).to_numpy(dtype=np.intp)
    day, score = (totals[name].to_numpy(dtype=np.float64) for name in ("day", "score"))
    before = (day >= 0) & (day < until[who])
    highest = np.full(len(ids), -np.inf)
    np.maximum.at(highest, who[before], score[before])
    return np.where(np.isinf(highest), np.nan, highest)


def _restarted(cohort: Cohort, outcome: RelapseOutcome, landmark: Landmark) -> RelapseOutcome:
    """Count days from a landmark for those still at risk there."""
    definition, ids = cohort.definition, cohort.rows.patient_ids
    reading = _readings(definition.instrument, landmark, cohort)
    passed = np.full(len(ids), _days_after(landmark, definition))
    if definition.time_zero == "landmark_visit" and passed.any():
        rule = definition.responders or definition
        own = nearest_visit(rule.instrument, definition.landmark, cohort.visits, ids)["day"]
        between = (reading["day"] - own).to_numpy()
        passed = np.where(np.isnan(between), passed, between)
    days, well = outcome.days - passed, np.maximum(outcome.last_well_days - passed, 0.0)
    over = days <= 0
    score = reading["score"].to_numpy()
    asked = (
        over & outcome.relapsed,
        over & ~outcome.relapsed,
        definition.reads_scores & np.isnan(score),
        _is_ill(cohort, score),
    )
    reasons = np.array(outcome.missing_reason, dtype=object)
    for why, out in zip(LANDMARK_RULES, asked, strict=True):
        reasons[out & (reasons == None)] = why  # noqa: E711 - each element is compared
    kept = np.array([reason is None for reason in reasons], dtype=bool)
    return replace(
        outcome,
        at_risk=kept,
        days=np.where(kept, days, np.nan),
        relapsed=outcome.relapsed & kept,
        competing=outcome.competing & kept,
        missing_reason=tuple(reasons),
        last_well_days=np.where(kept, well, np.nan),
        unconfirmed=np.where(kept, outcome.unconfirmed, 0.0),
    )


def _is_ill(cohort: Cohort, score: Floats) -> NDArray[np.bool_]:
    """Tell whose score is a relapse by the rule, confirmed or not."""
    definition, ids = cohort.definition, cohort.rows.patient_ids
    rule = definition.responders
    if rule is None:
        return np.zeros(len(score), dtype=bool)
    start = baseline_scores(rule, cohort.visits, ids)
    end = nearest_visit(rule.instrument, rule.landmark, cohort.visits, ids)["score"].to_numpy()
    return definition.relapse_rule.holds(score, start=start, end=end)
