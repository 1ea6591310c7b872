"""Which of the new people a frozen model gives a number, and who is refused by which rule.

Nobody is dropped silently: the measures are among those scored, as in practice, and everybody else
is counted. A STOP rule takes the number away though the model could give one, so those people are
known apart.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.calibration import BaselineHazard
from predictor.errors import InvalidInputError
from predictor.model import Model
from predictor.rows import Rows
from predictor.scoring import Scorer
from training.cohort import Cohort
from training.evaluation.cross_validation import OutOfFold
from training.evaluation.procedure import RISK_DAYS
from training.evaluation.rungs import NewPeople
from training.evaluation.updating import columns_of
from training.fitting import Outcome
from training.outcome import RelapseOutcome
from training.visit_intervals import KNOT_DAYS

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Numbered:
    """People with the outcome observed, and what the frozen model does with them.

    Parameters
    ----------
    outcome : Outcome
        Of everybody, n people.
    margin : ndarray, shape (n,)
        Calibrated margins, also of those who are refused.
    columns : ndarray, shape (n, k)
        Columns whose coefficients a revision would estimate anew.
    scored : ndarray of bool, shape (n,)
        Who is given a number.
    stopped : ndarray of bool, shape (n,)
        Who is refused by STOP rules and for no other reason.
    refused : dict of str to int
        People refused, by code; somebody refused by two rules counts under both.
    seen_free : ndarray, shape (n,) or None
        Relapse: day after time zero of the last visit before the day of `outcome`, NaN where it is
        not known; None where it is known of nobody.
    offset : ndarray, shape (n,) or None
        Part of `margin` that is the effect of trials.
    """

    outcome: Outcome
    margin: Floats
    columns: Floats
    scored: NDArray[np.bool_]
    stopped: NDArray[np.bool_]
    refused: dict[str, int]
    seen_free: Floats | None = None
    offset: Floats | None = None


def number_people(
    scorer: Scorer, rows: Rows, outcome: Outcome, *, seen_free: Floats | None = None
) -> Numbered:
    """Ask a frozen model about new people.

    Parameters
    ----------
    scorer : Scorer
        The loaded bundle.
    rows : Rows
        Read with the bundle's own dictionary.
    outcome : Outcome
        Of the same people.
    seen_free : ndarray, shape (n,) or None
        Relapse: from `last_seen_free`, of the same people.

    Returns
    -------
    Numbered
        In the order of the rows.

    Raises
    ------
    InvalidInputError
        If there is not one outcome for each row.
    """
    if len(rows) != outcome.events.size:
        raise InvalidInputError(
            f"{len(rows)} rows and {outcome.events.size} outcomes do not match; give one for each"
        )
    model = scorer.bundle.model
    codes = [{r.code for r in score.refusals} for score in scorer.score(rows, explain=False)]
    found = model.assess(rows.values)
    return Numbered(
        outcome,
        found.margin,
        columns_of(model, found.assumed),
        np.array([not refused for refused in codes], dtype=bool),
        np.array([refused == {"stop_rule"} for refused in codes], dtype=bool),
        dict(sorted(Counter(code for refused in codes for code in refused).items())),
        seen_free,
        None if model.trial is None else model.trial.margin(model.encoding.transform(rows.values)),
    )


def last_seen_free(cohort: Cohort) -> Floats | None:
    """Find the last visit before the end of each person's follow-up.

    Parameters
    ----------
    cohort : Cohort
        With its visits.

    Returns
    -------
    ndarray, shape (n_eligible,) or None
        Days after time zero, at least 0; NaN for people not at risk. None for response, where
        time zero is each person's own visit, and where relapse is dated, not seen at visits.
    """
    outcome, rule = cohort.outcome, cohort.definition
    if not isinstance(outcome, RelapseOutcome) or rule.time_zero != "landmark_day":
        return None
    if not rule.reads_scores:
        return None
    zero = rule.landmark.day
    place = {patient: i for i, patient in enumerate(cohort.rows.patient_ids)}
    visits = cohort.visits[cohort.visits["instrument"] == rule.instrument]
    who = visits["patient_id"].map(place).to_numpy(dtype=np.float64)
    day = visits["day"].to_numpy(dtype=np.float64) - zero
    before = day < outcome.days[who.astype(np.intp)]
    last = np.zeros(len(cohort.rows))
    np.maximum.at(last, who[before].astype(np.intp), day[before])
    return np.asarray(np.where(np.isnan(outcome.days), np.nan, last))


def predictions(model: Model, margin: Floats, name: str = "model") -> OutOfFold:
    """Give predictions in the form that the measures of a run take.

    Parameters
    ----------
    model : Model
        Its link is used.
    margin : ndarray, shape (n,)
        Calibrated margins of people the model was not made from.
    name : str
        Of what predicts.

    Returns
    -------
    OutOfFold
        One repeat.
    """
    if model.baseline is None:
        risk = model.probability(margin)[:, None]
    else:
        days = np.array(RISK_DAYS, dtype=np.float64)
        risk = model.baseline.risk(margin[:, None], days)[:, None, :]
    return OutOfFold(name, margin[:, None], risk, np.zeros((margin.size, 1), dtype=np.intp))


def for_ladder(model: Model, people: Numbered, who: NDArray[np.bool_]) -> NewPeople:
    """Give people as the ladder takes them; follow-up ends at the model's last knot.

    Parameters
    ----------
    model : Model
        The frozen model.
    people : Numbered
        Everybody.
    who : ndarray of bool, shape (n,)
        Whom to take.

    Returns
    -------
    NewPeople
        For `training.evaluation.ladder.climb`.
    """
    outcome = people.outcome
    margin, columns = people.margin[who], people.columns[who]
    offset = None if people.offset is None else people.offset[who]
    if outcome.days is None or model.baseline is None:
        return NewPeople(margin, outcome.events[who], None, columns)
    since = np.full(margin.size, np.nan) if people.seen_free is None else people.seen_free[who]
    return NewPeople(
        margin,
        *_intervals(model.baseline, outcome.days[who], outcome.events[who], since),
        columns,
        offset,
    )


def _intervals(
    baseline: BaselineHazard, days: Floats, events: Floats, since: Floats
) -> tuple[Floats, Floats]:
    """Give events by the last knot, and the frozen hazard around the interval they fall in.

    It begins at the last visit before; where that is not known, both ends are the knots around
    the day, between which the hazard was never read. The last knot may lie a little beyond the
    curve, which then goes on as it went.
    """
    knots = np.array(KNOT_DAYS, dtype=np.float64)
    last = float(baseline.horizon_days)
    reach = float(knots[min(int(np.searchsorted(knots, last)), knots.size - 1)])
    ahead = float(baseline.cumulative[-1] - baseline.cumulative[-2])

    def hazard(at: Floats) -> Floats:
        inside = np.minimum(at, last)
        return np.asarray(baseline.cumulative_at(inside) + ahead * (at - inside))

    case = events * (days <= reach) == 1
    after = np.clip(np.searchsorted(knots, days, side="left"), 1, knots.size - 1)
    unknown = case & np.isnan(since)
    start = np.where(unknown, knots[after - 1], np.where(case, since, np.minimum(days, reach)))
    end = np.where(unknown, np.minimum(knots[after], reach), np.minimum(days, reach))
    return case.astype(np.float64), np.column_stack([hazard(start), hazard(end)])
