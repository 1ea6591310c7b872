"""Every candidate against simpler answers, in the same people: paired differences.

The simpler answers are the average, baseline severity alone and, for response, a published rule.
Intervals describe the sampling of people; that another draw of folds would give other predictions
is not in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluation.cross_validation import OutOfFold
from training.evaluation.performance import losses
from training.fitting import Outcome
from training.learners import AVERAGE, Learner
from training.metrics import MeasureUndefinedError
from training.metrics.intervals import Estimate, paired_difference
from training.metrics.paired import as_estimate, delong_difference, harrell_difference

Floats = NDArray[np.float64]

RESAMPLES = 1000

MEASURES = {"response": ("log_loss", "auc"), "relapse": ("brier_ipcw", "c_index")}
"""Loss (below 0 the candidate is better), then discrimination (above 0 it is)."""


@dataclass(frozen=True, slots=True)
class Differences:
    """Candidates less comparators, each with its 95 % interval.

    Parameters
    ----------
    found : dict of str to dict of str to dict of str to Estimate
        By candidate, comparator and measure: candidate minus comparator.
    undefined : dict of str to dict of str to dict of str to str
        Measures without a value, with the reason.
    absent : dict of str to str
        Comparators that this run does not have, with the reason.
    """

    found: dict[str, dict[str, dict[str, Estimate]]]
    undefined: dict[str, dict[str, dict[str, str]]]
    absent: dict[str, str]

    def to_dict(self) -> dict[str, object]:
        """Give the differences as they stand in the JSON of a run.

        Returns
        -------
        dict
            Plain values; nobody's id. Under ``undefined`` the comparators that are absent.
        """
        found = {
            name: {
                against: {
                    "measures": {measure: one.to_dict() for measure, one in each.items()},
                    "undefined": self.undefined.get(name, {}).get(against, {}),
                }
                for against, each in by_comparator.items()
            }
            for name, by_comparator in self.found.items()
        }
        return {"candidates": found, "undefined": self.absent}


def differences(
    found: Mapping[str, OutOfFold],
    learners: Sequence[Learner],
    outcome: Outcome,
    *,
    absent: Mapping[str, str],
    rng: np.random.Generator,
) -> Differences:
    """Compare every candidate with every comparator in the same people.

    Parameters
    ----------
    found : mapping of str to OutOfFold
        From `cross_validate`.
    learners : sequence of Learner
        Candidates.
    outcome : Outcome
        What happened.
    absent : mapping of str to str
        Comparators that this run does not have, with the reason.
    rng : numpy.random.Generator
        Draws resamples of people, the same for both sides.

    Returns
    -------
    Differences
        Candidate minus comparator.
    """
    candidates = [learner.name for learner in learners]
    task = "response" if outcome.days is None else "relapse"
    average = AVERAGE[task]
    others = sorted((name for name in found if name not in candidates), key=average.__ne__)
    seed = int(rng.integers(2**32))
    values: dict[str, dict[str, dict[str, Estimate]]] = {}
    reasons: dict[str, dict[str, dict[str, str]]] = {}
    for name in candidates:
        values[name] = {}
        for against in others:
            ready = _ready(found[name], found[against], outcome, seed)
            values[name][against], why = _computed(ready)
            if why:
                reasons.setdefault(name, {})[against] = why
    return Differences(values, reasons, dict(absent))


def _ready(
    one: OutOfFold, other: OutOfFold, outcome: Outcome, seed: int
) -> dict[str, Callable[[], Estimate]]:
    """Name the measures of one pair."""
    task = "response" if outcome.days is None else "relapse"

    def loss() -> Estimate:
        _require_both(one, other)
        pair = paired_difference(losses(one, outcome), losses(other, outcome))
        return as_estimate(pair, "paired t")

    def rank() -> Estimate:
        _require_both(one, other)
        if outcome.days is None:
            flat = other.name == AVERAGE[task]  # its folds differ, which ranks nobody
            q = np.full_like(one.probability, 0.5) if flat else other.probability
            pair = delong_difference(outcome.events, one.probability, q)
            return as_estimate(pair, "DeLong, paired")
        return harrell_difference(
            (outcome.days, outcome.events), one.margin, other.margin, n_boot=RESAMPLES, seed=seed
        )

    return dict(zip(MEASURES[task], (loss, rank), strict=True))


def _computed(
    ready: Mapping[str, Callable[[], Estimate]],
) -> tuple[dict[str, Estimate], dict[str, str]]:
    """Compute what has a value, and say why the rest has none."""
    values, why = {}, {}
    for measure, compute in ready.items():
        try:
            values[measure] = compute()
        except MeasureUndefinedError as error:
            why[measure] = str(error)
    return values, why


def _require_both(one: OutOfFold, other: OutOfFold) -> None:
    """Stop where one of the two could not be evaluated."""
    for each in (one, other):
        if each.failure:
            raise MeasureUndefinedError(f"difference ({each.name})", each.failure)
