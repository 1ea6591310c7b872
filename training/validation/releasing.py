"""From an external validation to a bundle: a stamp for the frozen model, or an updated model.

The given bundle is never written to; whatever comes out is a new one that names its parent.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np

from predictor.bundle import Bundle
from predictor.errors import InvalidInputError
from predictor.scoring import with_reference
from training.baseline_hazard import fit_baseline
from training.evaluation.numbering import for_ladder
from training.evaluation.rungs import Rung
from training.evaluation.updating import updated
from training.lineage import outcome_of
from training.validation.findings import MAY_BE_TRAINING, Validation
from training.validation.wording import RUNGS

KEPT_MEASURES = ("auc", "c_index", "oe", "hazard_oe", "calibration_intercept", "calibration_slope")


def released(found: Validation, *, parent: str, update: bool) -> tuple[Bundle | None, str, str]:
    """Decide what is written.

    Parameters
    ----------
    found : Validation
        All numbers.
    parent : str
        SHA-256 of the manifest of the given bundle.
    update : bool
        Whether an update was asked for.

    Returns
    -------
    bundle : Bundle or None
        What to write; None for nothing.
    status : str
        ``updated``, ``externally_validated``, ``measured`` or ``too_few``.
    reason : str
        Why it is that.
    """
    if not found.is_enough_to_conclude or found.ladder is None:
        return None, "too_few", found.ladder_reason
    chosen = found.ladder.chosen
    if update and found.may_be_training_cohort:
        return None, "measured", f"not updated: {MAY_BE_TRAINING}"
    if update and chosen.name != "as_given":
        try:
            return _updated(found, chosen, parent), "updated", _why_updated(found, chosen)
        except InvalidInputError as error:
            return None, "measured", f"not updated: {error}"
    asked = "no change" if chosen.name == "as_given" else RUNGS[chosen.name].lower()
    closed = f"; the closed test asks for: {asked}"
    lacking = found.why_not_stamped
    if lacking:
        return None, "measured", f"not stamped: {'; '.join(lacking)}{closed}"
    words = "frozen, better than the average of the new people by a paired 95 % interval"
    return _stamped(found, parent), "externally_validated", words + closed


def _why_updated(found: Validation, chosen: Rung) -> str:
    """Say which rung was chosen."""
    return (
        f"{RUNGS[chosen.name].lower()}, chosen by closed test on {found.external.people} people; "
        "the updated model was tuned on them and is not validated by them"
    )


def _stamped(found: Validation, parent: str) -> Bundle:
    """Give the frozen model the stamp, and say what it was tested on."""
    bundle = found.scorer.bundle
    about = {
        "people": found.external.people,
        "events": found.external.events,
        "data_origin": found.cohort.origin,
        "stamp_before": bundle.provenance.stamp,
        "manifest_sha256": parent,
        "measures": {
            name: estimate.to_dict()
            for name, estimate in found.external.metrics.items()
            if name in KEPT_MEASURES
        },
    }
    return with_reference(
        replace(
            bundle,
            provenance=replace(
                bundle.provenance,
                stamp="externally_validated",
                reason="",
                package_version=version("ketamine-response"),
            ),
            lineage={**bundle.lineage, **_outcome(bundle), "validation": about},
        )
    )


def _updated(found: Validation, chosen: Rung, parent: str) -> Bundle:
    """Put the updated model into a bundle of its own."""
    bundle, who = found.scorer.bundle, found.people.scored
    known = bundle.provenance
    people = for_ladder(bundle.model, found.people, who)
    model = updated(bundle.model, chosen, people)
    simulated = "simulated" in (known.data_origin, found.cohort.origin)
    note = f"updated on {found.external.people} other people and not tested since"
    about = {
        "manifest_sha256": parent,
        "rung": chosen.name,
        "intercept": chosen.intercept,
        "slope": chosen.slope,
        "people": found.external.people,
        "events": found.external.events,
        "cohort_patients": known.cohort_patients,
        "cohort_events": known.cohort_events,
        "cohort_average": known.cohort_average,
        "stamp": known.stamp,
    }
    return with_reference(
        replace(
            bundle,
            model=model,
            provenance=replace(
                known,
                data_origin="simulated" if simulated else "real",
                stamp="exploratory",  # changed, and validated by nobody since
                reason="; ".join(filter(None, [known.reason, note])),
                better_than_average=found.updated is not None and found.updated.better_than_average,
                cohort_average=_average(found),
                cohort_patients=found.external.people,
                cohort_events=found.external.events,
                package_version=version("ketamine-response"),
            ),
            lineage={**_outcome(bundle), "parent": about},
            landmarks={},  # they were not updated, and no longer go on from this model
        )
    )


def _outcome(bundle: Bundle) -> dict[str, Any]:
    """Keep the outcome as a rule and what is known of the training columns."""
    kept = {"outcome": outcome_of(bundle).model_dump(mode="json")}
    development = bundle.lineage.get("development")
    return kept if development is None else {**kept, "development": development}


def _average(found: Validation) -> float:
    """Give the share with the outcome among the people updated on; relapse: by the horizon."""
    outcome = found.people.outcome.take(np.flatnonzero(found.people.scored))
    if outcome.days is None:
        return float(outcome.events.mean())
    level = np.zeros(outcome.days.size)
    hazard = fit_baseline(outcome.days, outcome.relapsed, level, last_well=outcome.last_well)
    horizon = min(found.scorer.bundle.provenance.horizon_days, hazard.horizon_days)
    return float(hazard.risk(0.0, float(horizon)))
