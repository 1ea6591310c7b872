"""Which learner is chosen: the simplest within one standard error of the best, if any is real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.evaluation.cross_validation import OutOfFold
from training.evaluation.performance import losses
from training.fitting import Outcome
from training.learners import AVERAGE, Learner
from training.metrics import MeasureUndefinedError
from training.metrics.intervals import PairedDifference, paired_difference


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen and how it stands against the average.

    Parameters
    ----------
    learner : Learner
        The chosen one.
    reason : str
        Why, in words.
    against_average : PairedDifference
        Loss of the chosen one minus loss of the average, 95 % interval; below 0 is better.
    differences : dict of str to PairedDifference
        Loss of every candidate and comparator minus loss of the average.
    """

    learner: Learner
    reason: str
    against_average: PairedDifference
    differences: dict[str, PairedDifference]

    @property
    def better_than_average(self) -> bool:
        """Whether the whole interval lies below 0."""
        return self.against_average.hi < 0


def choose(
    found: Mapping[str, OutOfFold], learners: Sequence[Learner], outcome: Outcome
) -> Choice | None:
    """Choose among the candidates; comparators are never chosen.

    Parameters
    ----------
    found : mapping of str to OutOfFold
        From `cross_validate`.
    learners : sequence of Learner
        Candidates.
    outcome : Outcome
        What happened.

    Returns
    -------
    Choice or None
        None where no candidate could be evaluated.
    """
    task = "response" if outcome.days is None else "relapse"
    try:
        usable = {name: losses(f, outcome) for name, f in found.items() if not f.failure}
    except MeasureUndefinedError:  # nobody is followed long enough; `measure` names the reason
        return None
    candidates = [learner for learner in learners if learner.name in usable]
    if not candidates:
        return None
    average = usable[AVERAGE[task]]
    differences = {name: paired_difference(loss, average) for name, loss in usable.items()}
    best = min(candidates, key=lambda learner: differences[learner.name].mean)
    for learner in sorted(candidates, key=lambda learner: learner.simplicity):
        gap = paired_difference(usable[learner.name], usable[best.name])
        if learner is best or gap.mean <= gap.se:
            break
    loss = "log-loss" if task == "response" else "IPCW Brier score"
    reason = f"{learner.name} has the lowest cross-validated {loss}"
    if learner is not best:
        reason = (
            f"{learner.name} is the simplest learner whose cross-validated {loss} is within one "
            f"standard error of the best ({best.name})"
        )
    return Choice(learner, reason, differences[learner.name], differences)
