"""What is predicted: response, remission and relapse, by rules that are data.

The second step of the way: visits and events become one outcome for each person. An outcome that
was not observed in its window is missing, with a reason; nothing is ever carried forward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from predictor.errors import InvalidInputError
from training.follow_up import end_of_follow_up, first_confirmed
from training.outcome_definition import (
    USUAL_BASELINE,
    Confirmation,
    EventKind,
    OutcomeDefinition,
    Window,
    outcome_definitions,
)

__all__ = [
    "BinaryOutcome",
    "Confirmation",
    "EventKind",
    "OutcomeDefinition",
    "RelapseOutcome",
    "Window",
    "baseline_scores",
    "nearest_visit",
    "outcome_definitions",
    "relapse_outcome",
    "response_outcome",
    "totals_of",
]

# An event between the landmark visit and time zero is real but has no positive time.
EARLIEST_RELAPSE_DAYS = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class BinaryOutcome:
    """Whether each person responded.

    Parameters
    ----------
    observed : numpy.ndarray
        1 responded, 0 did not, NaN not observed; shape (n,).
    missing_reason : tuple of str or None
        ``no_baseline_score``, ``zero_baseline_score`` or ``no_score_in_window``.
    """

    observed: np.ndarray
    missing_reason: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RelapseOutcome:
    """How long each responder stayed well.

    Parameters
    ----------
    at_risk : numpy.ndarray
        Responders with follow-up; bool, shape (n,).
    days : numpy.ndarray
        Days from time zero to relapse or to the last day known without it; above 0; NaN where
        not at risk.
    relapsed : numpy.ndarray
        Whether `days` ends in a relapse; bool, False where not at risk.
    missing_reason : tuple of str or None
        ``response_not_observed``, ``not_a_responder`` or ``no_follow_up``.
    last_well_days : numpy.ndarray
        Last day from time zero, up to `days`, on which a reading showed the person well; 0
        without one. A relapse seen at a visit happened after it and not after `days`. Equal to
        `days` where the rule reads dated events alone; NaN where not at risk.
    """

    at_risk: np.ndarray
    days: np.ndarray
    relapsed: np.ndarray
    missing_reason: tuple[str | None, ...]
    last_well_days: np.ndarray


def baseline_scores(
    rule: OutcomeDefinition | str, visits: pd.DataFrame, patient_ids: Sequence[str | None]
) -> np.ndarray:
    """Read each person's score before the first dose.

    Parameters
    ----------
    rule : OutcomeDefinition or str
        Whose instrument and baseline window; or an instrument, with the usual window.
    visits : pandas.DataFrame
        Columns ``patient_id``, ``day``, ``instrument``, ``score``.
    patient_ids : sequence of str
        The people, in the order of the result.

    Returns
    -------
    numpy.ndarray
        Score of the visit nearest to day 0; NaN where there is none; shape (n,).
    """
    instrument = rule if isinstance(rule, str) else rule.instrument
    window = USUAL_BASELINE if isinstance(rule, str) else rule.baseline
    return nearest_visit(instrument, window, visits, patient_ids)["score"].to_numpy()


def response_outcome(
    definition: OutcomeDefinition, visits: pd.DataFrame, patient_ids: Sequence[str | None]
) -> BinaryOutcome:
    """Decide for each person whether the response rule holds in its window.

    Parameters
    ----------
    definition : OutcomeDefinition
        Of task ``response``.
    visits : pandas.DataFrame
        Columns ``patient_id``, ``day``, ``instrument``, ``score``.
    patient_ids : sequence of str
        The people, in the order of the result.

    Returns
    -------
    BinaryOutcome
        Missing, with a reason, where a score that the rule needs was not observed.
    """
    start = baseline_scores(definition, visits, patient_ids)
    score = nearest_visit(definition.instrument, definition.landmark, visits, patient_ids)[
        "score"
    ].to_numpy()
    met = np.ones(len(score), dtype=bool)
    reason = np.where(np.isnan(score), "no_score_in_window", "").astype(object)
    if definition.at_most is not None:
        met &= score <= definition.at_most
    if definition.percent_fall is not None:
        # multiplied out: a division would round a fall of exactly one half
        met &= (start - score) * 100 >= definition.percent_fall * start
        reason[start == 0] = "zero_baseline_score"
        reason[np.isnan(start)] = "no_baseline_score"
    observed = np.where(reason == "", met.astype(float), np.nan)
    return BinaryOutcome(observed, tuple(text or None for text in reason))


def relapse_outcome(
    definition: OutcomeDefinition,
    visits: pd.DataFrame,
    events: pd.DataFrame | None,
    patient_ids: Sequence[str | None],
) -> RelapseOutcome:
    """Follow each responder from the landmark to relapse or to the last visit.

    The rule reads what came after the person's own landmark visit. A relapse is dated at the
    first of the confirming visits; a reading above the threshold that no later visit confirms is
    no event. Follow-up ends at the last visit, or earlier at a censoring event. A relapse event
    after the landmark visit but not after time zero is kept at half a day. Responders with
    neither a later visit nor a relapse event have no follow-up and leave the risk set.

    Parameters
    ----------
    definition : OutcomeDefinition
        Of task ``relapse``.
    visits : pandas.DataFrame
        Columns ``patient_id``, ``day``, ``instrument``, ``score``; every instrument's visits
        count as being seen.
    events : pandas.DataFrame or None
        Columns ``patient_id``, ``day``, ``event``.
    patient_ids : sequence of str
        The people, in the order of the result.

    Returns
    -------
    RelapseOutcome
        Times from time zero; assumes censoring that says nothing about relapse.
    """
    rule = definition.responders
    if rule is None:
        raise InvalidInputError(f"outcomes, {definition.name}: the task must be relapse")
    response = response_outcome(rule, visits, patient_ids)
    landmark = nearest_visit(rule.instrument, rule.landmark, visits, patient_ids)
    start = baseline_scores(rule, visits, patient_ids)
    visit_day, score = landmark["day"].to_numpy(), landmark["score"].to_numpy()
    thresholds = _thresholds(definition, start, score)
    histories = _histories(definition, visits, events)
    n = len(response.observed)
    days, relapsed, well = np.full(n, np.nan), np.zeros(n, dtype=bool), np.full(n, np.nan)
    reasons: list[str | None] = [None] * n
    for row, patient in enumerate(patient_ids):
        if response.observed[row] != 1:
            unseen = bool(np.isnan(response.observed[row]))
            reasons[row] = "response_not_observed" if unseen else "not_a_responder"
            continue
        history = histories.get(str(patient), _NOTHING)
        followed = _follow(definition, history, visit_day[row], thresholds[row])
        if followed is None:
            reasons[row] = "no_follow_up"
        else:
            days[row], relapsed[row], well[row] = followed
    return RelapseOutcome(~np.isnan(days), days, relapsed, tuple(reasons), well)


@dataclass(frozen=True, slots=True, eq=False)
class _History:
    """One person's readings and dated events."""

    days: np.ndarray
    scores: np.ndarray
    relapses: np.ndarray
    censorings: np.ndarray


_NOTHING = _History(np.empty(0), np.empty(0), np.empty(0), np.empty(0))


def _follow(
    definition: OutcomeDefinition, history: _History, visit_day: float, threshold: float
) -> tuple[float, bool, float] | None:
    """Follow one responder from the landmark visit to an end; last well day beside it.

    Days are counted from time zero.
    """
    zero = visit_day if definition.time_zero == "landmark_visit" else definition.landmark.day
    later = history.days > visit_day
    seen, scores = history.days[later], history.scores[later]
    relapses = [float(day) for day in history.relapses[history.relapses >= visit_day]]
    censorings = [float(day) for day in history.censorings[history.censorings >= visit_day]]
    before = seen <= min([*censorings, np.inf])
    confirmation = definition.confirmation or Confirmation(consecutive=1)
    above = scores[before] >= threshold
    if confirmation.consecutive == 1:
        crossed = float(seen[before][above][0]) if above.any() else None
    else:
        gaps = confirmation.model_dump(exclude={"consecutive"})
        crossed = first_confirmed(seen[before], above, **gaps)
    if crossed is not None:
        relapses.append(crossed)
    end = end_of_follow_up(float(seen[-1]) if len(seen) else None, relapses, censorings)
    if end is None or (end[0] <= zero and not end[1]):
        return None
    until = max(end[0] - zero, EARLIEST_RELAPSE_DAYS) if end[1] else end[0] - zero
    if not np.isfinite(threshold):
        return until, end[1], until  # no score is read: the event is dated, not seen at a visit
    well = seen[(scores < threshold) & (seen <= end[0])]
    return until, end[1], max(float(well[-1]) - zero, 0.0) if well.size else 0.0


def _thresholds(definition: OutcomeDefinition, start: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Lowest score that is a relapse for each person; infinite when only events count."""
    fixed = np.full(len(score), np.inf if definition.at_least is None else definition.at_least)
    if definition.loss_of_gain is None:
        return fixed
    gain = start - score
    # without a baseline score or a gain, no share of it can be lost
    lost = np.where(gain > 0, score + definition.loss_of_gain * gain, np.inf)
    return np.asarray(np.minimum(fixed, lost))


def _histories(
    definition: OutcomeDefinition, visits: pd.DataFrame, events: pd.DataFrame | None
) -> dict[str, _History]:
    """Collect what the relapse rule reads of each person, in order of day."""
    readings = totals_of(visits)
    if definition.at_least is not None or definition.loss_of_gain is not None:
        readings = readings[readings["instrument"] == definition.instrument]
    days = _by_patient(readings, "day")
    scores = _by_patient(readings, "score")
    dated = pd.DataFrame({"patient_id": [], "day": [], "event": []}) if events is None else events
    relapses = _by_patient(dated[dated["event"].isin(definition.relapse_events)], "day")
    censorings = _by_patient(dated[dated["event"].isin(definition.censoring_events)], "day")
    nothing = np.empty(0)
    return {
        patient: _History(
            days.get(patient, nothing),
            scores.get(patient, nothing),
            relapses.get(patient, nothing),
            censorings.get(patient, nothing),
        )
        for patient in {*days, *relapses, *censorings}
    }


def _by_patient(table: pd.DataFrame, column: str) -> Mapping[str, np.ndarray]:
    """Split one column by person, in order of day."""
    ordered = table.sort_values("day", kind="stable")
    values = ordered[column].to_numpy(dtype=float)
    groups = ordered.groupby("patient_id", sort=False).indices
    return {str(patient): values[rows] for patient, rows in groups.items()}


def totals_of(visits: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows that hold a total, not one item, and a score.

    Parameters
    ----------
    visits : pandas.DataFrame
        Columns ``score`` and, where single items are there, ``item``.

    Returns
    -------
    pandas.DataFrame
        Some of the rows.
    """
    kept = visits["score"].notna()
    if "item" in visits:
        kept &= visits["item"].isna()
    return visits[kept]


def nearest_visit(
    instrument: str, window: Window, visits: pd.DataFrame, patient_ids: Sequence[str | None]
) -> pd.DataFrame:
    """Find the assessment that stands for a window.

    Parameters
    ----------
    instrument : str
        Of the total.
    window : Window
        Accepted days.
    visits : pandas.DataFrame
        Columns ``patient_id``, ``day``, ``instrument``, ``score``.
    patient_ids : sequence of str
        The people, in the order of the result.

    Returns
    -------
    pandas.DataFrame
        Columns ``day`` and ``score`` of the assessment nearest to the nominal day, of two equally
        near the later; NaN where there is none.
    """
    totals = totals_of(visits)
    inside = totals["day"].between(window.first, window.last)
    found = totals[inside & (totals["instrument"] == instrument)]
    order = pd.DataFrame({"far": (found["day"] - window.day).abs(), "early": -found["day"]})
    ranked = found.loc[order.sort_values(["far", "early"], kind="stable").index]
    first = ranked.drop_duplicates("patient_id").set_index("patient_id")[["day", "score"]]
    return first.reindex(pd.Index(patient_ids)).astype(float)
