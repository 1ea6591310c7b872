"""All numbers of one external validation, and what it ends as. Nothing is drawn or written."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.errors import InvalidInputError
from predictor.scoring import Scorer
from training.analysed import outcome_for_fits
from training.cohort import Cohort
from training.config import RunConfig
from training.evaluation.benefit import Benefit, benefit_of
from training.evaluation.case_mix import CaseMix, compare_case_mix, model_based_auc
from training.evaluation.external import External, measure_external
from training.evaluation.ladder import Ladder, climb
from training.evaluation.numbering import Numbered, for_ladder, last_seen_free, number_people
from training.evaluation.updating import cross_validated
from training.metrics import MeasureUndefinedError
from training.run_status import MINIMUM_EVENTS
from training.samplesize.precision import Precision, required_to_validate

ENOUGH_EVENTS = 100
"""People with and, for response, without the event from which on a validation may be stamped
(Vergouwe Y et al. J Clin Epidemiol 2005;58:475-483; Collins GS et al. Stat Med 2016;35:214-226)."""


MAY_BE_TRAINING = (
    "people and events are as many as in the training cohort, so this may be the very same cohort"
)


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """All numbers of an external validation.

    Parameters
    ----------
    scorer : Scorer
        The frozen bundle.
    cohort : Cohort
        The new people.
    people : Numbered
        Those with an outcome, and who of them is given a number.
    external : External
        Measures among those scored.
    with_stop : External or None
        The same with those whom only a STOP rule refuses; None where there are none.
    benefit : Benefit or None
        Net benefit; None where it cannot be told.
    case_mix : CaseMix or None
        Those scored against the training cohort; None where nobody is scored.
    model_based_auc : float or None
        Response: AUC that these people would show were the model right.
    precision : Precision or None
        People needed; None where the cohort's average cannot be planned with.
    ladder : Ladder or None
        How much the model would have to change; None with too few people.
    ladder_reason : str
        Why there is none.
    updated : External or None
        Measures after the update, each person held out of it; only where an update was asked for.
    """

    scorer: Scorer
    cohort: Cohort
    people: Numbered
    external: External
    with_stop: External | None
    benefit: Benefit | None
    case_mix: CaseMix | None
    model_based_auc: float | None
    precision: Precision | None
    ladder: Ladder | None
    ladder_reason: str
    updated: External | None

    @property
    def is_enough_to_conclude(self) -> bool:
        """Whether there are ten people of each kind."""
        return rarer(self) >= MINIMUM_EVENTS

    @property
    def may_be_training_cohort(self) -> bool:
        """Whether counts are those of the training cohort, so that it may be the very same."""
        known, outcome = self.scorer.bundle.provenance, self.people.outcome
        return (known.cohort_patients, known.cohort_events) == (
            outcome.events.size,
            int(outcome.events.sum()),
        )

    @property
    def why_not_stamped(self) -> list[str]:
        """What keeps the frozen model from the stamp; empty where nothing does."""
        reasons = []
        known = self.scorer.bundle.provenance
        kinds = "events and non-events" if self.people.outcome.days is None else "events"
        if rarer(self) < ENOUGH_EVENTS:
            reasons.append(f"{ENOUGH_EVENTS} {kinds} are asked for, the fewest are {rarer(self)}")
        if not self.external.better_than_average:
            reasons.append("no better than the average of the new people")
        if known.data_origin == "real" and self.cohort.origin == "simulated":
            reasons.append("the new people are simulated")
        if self.may_be_training_cohort:
            reasons.append(MAY_BE_TRAINING)
        return reasons


def rarer(found: Validation) -> int:
    """Count the people of the rarer kind among those scored; for relapse the events.

    Parameters
    ----------
    found : Validation
        The numbers.

    Returns
    -------
    int
        At least 0.
    """
    events, people = found.external.events, found.external.people
    return events if found.people.outcome.days is not None else min(events, people - events)


def examine(
    scorer: Scorer, cohort: Cohort, *, update: bool, rng: np.random.Generator
) -> Validation:
    """Compute everything.

    Parameters
    ----------
    scorer : Scorer
        The frozen bundle.
    cohort : Cohort
        New people, read with its dictionary and its outcome.
    update : bool
        Whether the figures after an update are wanted.
    rng : numpy.random.Generator
        Draws resamples and folds.

    Returns
    -------
    Validation
        All numbers.
    """
    model, kept = scorer.bundle.model, cohort.analysed
    rows = cohort.rows.select(kept)
    before = last_seen_free(cohort)
    people = number_people(
        scorer,
        rows,
        outcome_for_fits(cohort),
        seen_free=None if before is None else before[kept],
    )
    who = people.scored
    measured, stop_rng, after_rng, benefit_rng = rng.spawn(4)
    external = measure_external(model, people, who, rng=measured)
    stopped = None
    if people.stopped.any():
        stopped = measure_external(model, people, who | people.stopped, rng=stop_rng)
    ladder, reason = _ladder(scorer, people, who)
    updated = None
    if update and ladder is not None:
        updated = _after(scorer, people, rng=after_rng)
    values = {name: column[who] for name, column in rows.values.items()}
    known = scorer.bundle.lineage.get("development")
    return Validation(
        scorer=scorer,
        cohort=cohort,
        people=people,
        external=external,
        with_stop=stopped,
        benefit=benefit_of(model, people, who, thresholds=_THRESHOLDS, rng=benefit_rng),
        case_mix=compare_case_mix(model, values, known) if who.any() else None,
        model_based_auc=_expected_auc(people, who),
        precision=_precision(scorer, int(who.sum())),
        ladder=ladder,
        ladder_reason=reason,
        updated=updated,
    )


_THRESHOLDS: tuple[float, float] = RunConfig.model_fields["decision_thresholds"].default
_EXPECTED: float = RunConfig.model_fields["expected_discrimination"].default


def _ladder(scorer: Scorer, people: Numbered, who: NDArray[np.bool_]) -> tuple[Ladder | None, str]:
    """Climb the ladder where there are ten people of each kind."""
    new = for_ladder(scorer.bundle.model, people, who)
    cases = int(new.events.sum())
    fewest = cases if new.hazard is not None else min(cases, new.events.size - cases)
    if fewest < MINIMUM_EVENTS:
        kinds = "events" if new.hazard is not None else "people of the rarer outcome"
        return None, f"{fewest} {kinds} are fewer than the {MINIMUM_EVENTS} that are needed"
    return climb(new), ""


def _after(scorer: Scorer, people: Numbered, *, rng: np.random.Generator) -> External:
    """Measure the update on people held out of it."""
    fold_rng, measure_rng = rng.spawn(2)
    who = people.scored
    margin = people.margin.copy()
    margin[who] = cross_validated(for_ladder(scorer.bundle.model, people, who), rng=fold_rng)
    changed = replace(people, margin=margin)
    return measure_external(scorer.bundle.model, changed, who, rng=measure_rng)


def _expected_auc(people: Numbered, who: NDArray[np.bool_]) -> float | None:
    """Give the AUC expected of a right model; None for relapse or without spread."""
    if people.outcome.days is not None:
        return None
    try:
        return model_based_auc(people.margin[who])
    except MeasureUndefinedError:
        return None


def _precision(scorer: Scorer, n: int) -> Precision | None:
    """Say how many people were needed, by what was known beforehand."""
    try:
        return required_to_validate(
            scorer.bundle.model.task,
            discrimination=_EXPECTED,
            event_share=scorer.bundle.provenance.cohort_average,
            n_available=n,
        )
    except InvalidInputError:  # a cohort in which everybody or nobody had the event
        return None


def numbers_of(found: Validation) -> dict[str, Any]:
    """Give the numbers of a validation as plain values, without where its files are.

    Parameters
    ----------
    found : Validation
        All numbers.

    Returns
    -------
    dict
        As in the JSON of ``validate``.
    """
    flow, known = found.cohort.flow, found.scorer.bundle.provenance
    return {
        "task": found.scorer.bundle.model.task,
        "data_origin": found.cohort.origin,
        "cohort": {
            "patients": flow.patients,
            "eligible": flow.eligible,
            "with_outcome": flow.with_outcome,
            "events": flow.events,
            "excluded": dict(flow.excluded),
            "scored": found.external.people,
            "events_scored": found.external.events,
            "refused": dict(found.people.refused),
            "refused_by_stop_alone": int(found.people.stopped.sum()),
        },
        "development": {
            "people": known.cohort_patients,
            "events": known.cohort_events,
            "average": known.cohort_average,
            "stamp": known.stamp,
        },
        **found.external.to_dict(),
        "with_stop": None if found.with_stop is None else found.with_stop.to_dict(),
        "net_benefit": None if found.benefit is None else found.benefit.to_dict(),
        "case_mix": None if found.case_mix is None else found.case_mix.to_dict(),
        "model_based_auc": found.model_based_auc,
        "precision": None if found.precision is None else found.precision.to_dict(),
        "may_be_training_cohort": found.may_be_training_cohort,
        "ladder": None if found.ladder is None else ladder_numbers(found.ladder),
        "ladder_reason": found.ladder_reason,
        "updated": None if found.updated is None else found.updated.to_dict(),
        "why_not_stamped": found.why_not_stamped,
    }


def ladder_numbers(ladder: Ladder) -> dict[str, Any]:
    """Give a ladder as plain values.

    Parameters
    ----------
    ladder : Ladder
        Rungs, tests and choice.

    Returns
    -------
    dict
        Keys ``rungs``, ``tests``, ``chosen`` and ``left_out``.
    """
    return {
        "rungs": [
            {
                "name": rung.name,
                "parameters": rung.parameters,
                "loglik": rung.loglik,
                "intercept": rung.intercept,
                "slope": rung.slope,
            }
            for rung in ladder.rungs
        ],
        "tests": [asdict(test) for test in ladder.tests],
        "chosen": ladder.chosen.name,
        "left_out": dict(ladder.left_out),
    }
