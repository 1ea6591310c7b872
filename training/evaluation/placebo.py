"""The model among people who were not treated: response, or who gets better anyway.

Untreated people who are also in the analysis (a cross-over, or an arm that is trained on) have the
prediction of the fold that held them out. Others are dealt to the folds, none of which saw them:
the mean over folds ranks better than the single models that the treated have, and would flatter
the control (in simulated cohorts of 200 its AUC was 0.012 higher).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from predictor.calibration import logistic
from training.evaluation.cross_validation import OutOfFold, Outside
from training.evaluation.group_measures import Predicted, measure_group
from training.evaluation.procedure import Analysis
from training.fitting import Outcome
from training.metrics import MeasureUndefinedError
from training.metrics.arms import Ranked, auroc_difference_of_arms
from training.metrics.intervals import Estimate
from training.suppression import SUPPRESSED_BELOW

Floats = NDArray[np.float64]

MINIMUM_OF_EACH = 10
"""Fewer people with, or without, the outcome in an arm than this, and nothing is measured."""

MEASURED = ("auc", "calibration_intercept", "calibration_slope", "oe")


class Untreated(NamedTuple):
    """Untreated people whose outcome is known.

    Parameters
    ----------
    label, treatment : str
        What reports call the control and the treatment.
    design : str
        ``period`` (the same people), ``arm`` (others, never trained on) or ``trained_arm``.
    people : sequence of str
        Who.
    events : ndarray, shape (n,)
        1 had the outcome, 0 had not.
    reason : str
        Why the outcome was not decided; empty where it was.
    """

    label: str
    treatment: str
    design: str
    people: Sequence[str]
    events: Floats
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Arm:
    """The chosen learner in one arm.

    Parameters
    ----------
    people, events : int or None
        With a known outcome, and with the outcome; None where it would tell of fewer than ten.
    measures : dict of str to Estimate
        By the names of `MEASURED`.
    undefined : dict of str to str
        Measures without a value, with the reason.
    """

    people: int | None
    events: int | None
    measures: dict[str, Estimate] = field(default_factory=dict)
    undefined: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Give the arm as it stands in the JSON of a run.

        Returns
        -------
        dict
            Plain values.
        """
        return {
            "people": self.people,
            "events": self.events,
            "measures": {name: found.to_dict() for name, found in self.measures.items()},
            "undefined": dict(self.undefined),
        }


@dataclass(frozen=True, slots=True)
class PlaceboControl:
    """The chosen learner in treated and in untreated people.

    Parameters
    ----------
    label, treatment, design : str
        As in `Untreated`.
    treated, untreated : Arm
        Side by side.
    difference : Estimate or None
        AUC in the treated minus AUC in the untreated.
    reason : str
        Why nothing, or no difference, was measured; empty where it was.
    """

    label: str
    treatment: str
    design: str
    treated: Arm
    untreated: Arm
    difference: Estimate | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, object]:
        """Give the control as it stands in the JSON of a run.

        Returns
        -------
        dict
            Plain values, no patient.
        """
        return {
            "label": self.label,
            "treatment": self.treatment,
            "design": self.design,
            "treated": self.treated.to_dict(),
            "untreated": self.untreated.to_dict(),
            "difference": None if self.difference is None else self.difference.to_dict(),
            "reason": self.reason,
        }


class _Group(NamedTuple):
    """People of one arm, and what was said of them."""

    people: Sequence[str]
    events: Floats
    said: Predicted


def placebo_control(
    analysis: Analysis,
    found: OutOfFold | None,
    control: Untreated,
    *,
    rng: np.random.Generator,
) -> PlaceboControl:
    """Score the chosen learner among the untreated, beside the treated.

    Parameters
    ----------
    analysis : Analysis
        The people trained on; untreated people outside it stand in its ``outside_people``.
    found : OutOfFold or None
        Predictions of the chosen learner; None where nothing was chosen.
    control : Untreated
        The untreated.
    rng : numpy.random.Generator
        As `measure_group` asks; measures of response draw nothing.

    Returns
    -------
    PlaceboControl
        With counts and a reason where too few people had, or had not, the outcome.
    """
    treated, untreated = _groups(analysis, found, control)
    counts = _counts(treated, untreated, shared_total=control.design == "trained_arm")
    reason = control.reason or _why_not(treated, untreated, control.label)
    if found is None and not reason:
        reason = "no learner could be chosen"
    arms, difference = [Arm(*each) for each in counts], None
    if found is not None and not reason:
        groups = (treated, untreated)
        arms = [_measured(group, each, rng) for group, each in zip(groups, counts, strict=True)]
        unranked = [arm.undefined["auc"] for arm in arms if "auc" in arm.undefined]
        try:
            difference = None if unranked else _difference(*groups)
        except MeasureUndefinedError as error:
            unranked = [str(error)]
        reason = next(iter(unranked), "")
    label, treatment, design = control.label, control.treatment, control.design
    return PlaceboControl(label, treatment, design, arms[0], arms[1], difference, reason)


def _difference(treated: _Group, untreated: _Group) -> Estimate:
    """Take the AUC of the untreated from that of the treated."""
    gap = auroc_difference_of_arms(
        Ranked(treated.people, treated.events, treated.said.probability),
        Ranked(untreated.people, untreated.events, untreated.said.probability),
    )
    return Estimate(gap.mean, gap.lo, gap.hi, "DeLong, by person")


def _groups(
    analysis: Analysis, found: OutOfFold | None, control: Untreated
) -> tuple[_Group, _Group]:
    """Take treated and untreated people with what was said of them."""
    apart = set(control.people) if control.design == "trained_arm" else set()
    treated = [one for one in analysis.groups if one not in apart]
    events = dict(zip(analysis.groups, analysis.outcome.events, strict=True))
    untreated = list(control.people)
    return (
        _Group(
            treated, np.array([events[one] for one in treated]), _said(analysis, found, treated)
        ),
        _Group(untreated, control.events, _said(analysis, found, untreated)),
    )


def _said(analysis: Analysis, found: OutOfFold | None, people: Sequence[str]) -> Predicted:
    """Find what one model said of each person; nothing where no learner was kept."""
    if found is None:
        return Predicted(np.empty((len(people), 0)), np.empty((len(people), 0)))
    margins = dict(zip(analysis.outside_people, dealt(found.outside), strict=True))
    margins |= dict(zip(analysis.groups, found.margin, strict=True))
    margin = np.array([margins[one] for one in people])
    return Predicted(margin, logistic(margin))


def dealt(outside: Outside) -> Floats:
    """Deal people outside the analysis to the folds of each repeat, as those held out are.

    Parameters
    ----------
    outside : Outside
        What every fold says of them.

    Returns
    -------
    ndarray, shape (n_outside, n_repeats)
        Margin by one fold; the next person has the next fold, the next repeat begins with the next.
    """
    n, repeats = outside.margin.shape
    if not n:
        return outside.margin
    by_fold = outside.each.reshape(n, repeats, -1)
    fold = np.add.outer(np.arange(n), np.arange(repeats)) % by_fold.shape[2]
    return np.asarray(np.take_along_axis(by_fold, fold[:, :, None], axis=2)[:, :, 0])


def _counts(
    treated: _Group, untreated: _Group, *, shared_total: bool
) -> list[tuple[int | None, int | None]]:
    """Count people and events of each arm; what tells of fewer than ten is hidden.

    Where both arms add up to a total that is known, hiding one means hiding both.
    """
    counts = [(len(group.people), int(group.events.sum())) for group in (treated, untreated)]
    few = [n < SUPPRESSED_BELOW for n, _ in counts]
    rare = [min(k, n - k) < SUPPRESSED_BELOW for n, k in counts]
    if shared_total:
        few, rare = [any(few)] * 2, [any(rare)] * 2
    return [
        (None if hidden else n, None if hidden or scarce else k)
        for (n, k), hidden, scarce in zip(counts, few, rare, strict=True)
    ]


def _why_not(treated: _Group, untreated: _Group, label: str) -> str:
    """Name the arms in which too few people had, or had not, the outcome."""
    short = [
        name
        for name, group in (("among the treated", treated), (f"under {label}", untreated))
        if min(group.events.sum(), len(group.people) - group.events.sum()) < MINIMUM_OF_EACH
    ]
    if not short:
        return ""
    return (
        f"fewer than {MINIMUM_OF_EACH} people with, or fewer than {MINIMUM_OF_EACH} without, the "
        f"outcome {' and '.join(short)}"
    )


def _measured(
    group: _Group, counts: tuple[int | None, int | None], rng: np.random.Generator
) -> Arm:
    """Measure one arm."""
    found = measure_group(Outcome(group.events, None), group.said, MEASURED, place=None, rng=rng)
    return Arm(*counts, found.measures, found.undefined)
