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
from training.follow_up import FROM_DAY_0, Entry, Followed, History, follow
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
    "starting_scores",
    "totals_of",
]


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
    """How long each person of the risk set stayed well.

    Parameters
    ----------
    at_risk : numpy.ndarray
        Responders (or everybody, where the definition says so) with follow-up; bool, shape (n,).
    days : numpy.ndarray
        Days from time zero to relapse, to a competing event or to the last day known without
        them; above 0; NaN where not at risk.
    relapsed : numpy.ndarray
        Whether `days` ends in a relapse; bool, False where not at risk.
    missing_reason : tuple of str or None
        ``response_not_observed``, ``not_a_responder`` or ``no_follow_up``.
    last_well_days : numpy.ndarray
        Last day from time zero, up to `days`, on which a reading showed the person well; 0
        without one. A relapse seen at a visit happened after it and not after `days`. Equal to
        `days` where the rule reads dated events alone; NaN where not at risk.
    competing : numpy.ndarray
        Whether `days` ends in a competing event; bool, False where not at risk.
    unconfirmed : numpy.ndarray
        Chance that somebody whose follow-up ended otherwise had relapsed by then: where the last
        readings were a relapse that nothing later confirmed or refuted, how often such readings
        were confirmed in this cohort; 0 elsewhere.
    """

    at_risk: np.ndarray
    days: np.ndarray
    relapsed: np.ndarray
    missing_reason: tuple[str | None, ...]
    last_well_days: np.ndarray
    competing: np.ndarray
    unconfirmed: np.ndarray


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


def starting_scores(
    definition: OutcomeDefinition,
    visits: pd.DataFrame,
    patient_ids: Sequence[str | None],
    *,
    stated: Mapping[str, np.ndarray],
) -> np.ndarray:
    """Give each person's score of the outcome's scale at baseline: of the visit, or as stated.

    Parameters
    ----------
    definition : OutcomeDefinition
        For relapse, the visit is that of the response before it.
    visits : pandas.DataFrame
        Columns ``patient_id``, ``day``, ``instrument``, ``score``.
    patient_ids : sequence of str
        The people, in the order of the result.
    stated : mapping of str to numpy.ndarray
        Answers of the same people by variable.

    Returns
    -------
    numpy.ndarray
        NaN where not known, and for everybody where the outcome reads no score; shape (n,).
    """
    unknown = np.full(len(patient_ids), np.nan)
    if definition.scale is None:
        return unknown
    scores = baseline_scores(definition.responders or definition, visits, patient_ids)
    return np.where(np.isnan(scores), stated.get(definition.scale.variable, unknown), scores)


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
    met = definition.response_rule.holds(start, score)
    reason = np.where(np.isnan(score), "no_score_in_window", "").astype(object)
    if definition.percent_fall is not None:
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
    """Follow each person of the risk set from time zero to relapse or to the last visit.

    The rule reads what came after the person's own landmark visit. A relapse is dated at the
    first of the confirming visits; a reading above the threshold that no later visit confirms is
    no event. Follow-up ends at the last visit, or earlier at a competing or censoring event. A
    relapse event after the landmark visit but not after time zero is kept at half a day. Who has
    neither a later visit nor an event has no follow-up and leaves the risk set.

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
    if definition.task != "relapse":
        raise InvalidInputError(f"outcomes, {definition.name}: the task must be relapse")
    histories = _histories(definition, visits, events)
    entries = _entries(definition, visits, patient_ids)
    found = [
        entry
        if isinstance(entry, str)
        else follow(definition, histories.get(str(patient), _NOTHING), entry)
        for patient, entry in zip(patient_ids, entries, strict=True)
    ]
    ended = [one if isinstance(one, Followed) else None for one in found]
    days = np.array([np.nan if one is None else one.days for one in ended], dtype=np.float64)
    well = [np.nan if one is None else one.last_well_days for one in ended]
    return RelapseOutcome(
        at_risk=~np.isnan(days),
        days=days,
        relapsed=_ended_by("relapsed", ended),
        missing_reason=tuple(
            None if isinstance(one, Followed) else one or "no_follow_up" for one in found
        ),
        last_well_days=np.array(well, dtype=np.float64),
        competing=_ended_by("competing", ended),
        unconfirmed=_unconfirmed(ended),
    )


_NOTHING = History(*(np.empty(0) for _ in range(5)))


def _ended_by(ending: str, ended: Sequence[Followed | None]) -> np.ndarray:
    """Tell whose follow-up ended in one way."""
    return np.array([one is not None and one.ending == ending for one in ended], dtype=bool)


def _unconfirmed(ended: Sequence[Followed | None]) -> np.ndarray:
    """Give the chance of relapse to those whose last readings wait for another.

    The share of such readings that were confirmed among those followed by another, one of each kind
    added (Laplace): assumes that who is lost before it is like who is not.
    """
    told = [one for one in ended if one is not None]
    confirmed, refuted = (sum(getattr(x, kind) for x in told) for kind in ("confirmed", "refuted"))
    chance = (confirmed + 1) / (confirmed + refuted + 2)
    open_ = [one is not None and one.unconfirmed for one in ended]
    return np.where(open_, chance, 0.0)


def _entries(
    definition: OutcomeDefinition, visits: pd.DataFrame, patient_ids: Sequence[str | None]
) -> list[Entry | str]:
    """Give each person's entry into the risk set, or why the person is not in the risk set."""
    rule = definition.responders
    if rule is None:
        return [FROM_DAY_0] * len(patient_ids)
    observed = response_outcome(rule, visits, patient_ids).observed
    visit = nearest_visit(rule.instrument, rule.landmark, visits, patient_ids)
    start = baseline_scores(rule, visits, patient_ids)
    known = zip(visit["day"].to_numpy(), start, visit["score"].to_numpy(), strict=True)
    return [
        Entry(*map(float, places))
        if response == 1
        else "response_not_observed"
        if np.isnan(response)
        else "not_a_responder"
        for response, places in zip(observed, known, strict=True)
    ]


def _histories(
    definition: OutcomeDefinition, visits: pd.DataFrame, events: pd.DataFrame | None
) -> dict[str, History]:
    """Collect what the relapse rule reads of each person, in order of day."""
    dated = pd.DataFrame({"patient_id": [], "day": [], "event": []}) if events is None else events
    readings = totals_of(visits)
    if definition.reads_scores:
        readings = readings[readings["instrument"] == definition.instrument]
    else:  # being seen is enough, whatever was rated
        seen = dated.loc[dated["event"] == "last_seen", ["patient_id", "day"]]
        readings = pd.concat([readings[["patient_id", "day", "score"]], seen.assign(score=np.nan)])
    kinds = (definition.relapse_events, definition.competing_events, definition.censoring_events)
    parts = [_by_patient(readings, column) for column in ("day", "score")]
    parts += [_by_patient(dated[dated["event"].isin(kind)], "day") for kind in kinds]
    nothing = np.empty(0)
    return {
        patient: History(*(part.get(patient, nothing) for part in parts))
        for patient in {patient for part in parts for patient in part}
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
    instrument: str | None,
    window: Window,
    visits: pd.DataFrame,
    patient_ids: Sequence[str | None],
) -> pd.DataFrame:
    """Find the assessment that stands for a window.

    Parameters
    ----------
    instrument : str or None
        Of the total; None has no assessment.
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
