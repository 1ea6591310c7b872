"""What the measures would be had nobody's outcome gone missing.

People without an observed outcome were in no training fold; every fold's model predicts them. What
happened to them is not known, so three assumptions stand side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.errors import InvalidInputError
from training.evaluation.counting import RowsSeen
from training.evaluation.cross_validation import Held, Outside, Resampling, hold_out
from training.evaluation.procedure import Analysis
from training.learners import REFERENCE, learner_named
from training.metrics import MeasureUndefinedError, binary
from training.metrics.bootstrap import bootstrap_auc
from training.metrics.intervals import Estimate, delong_interval, percentile_interval
from training.metrics.resampling import resampled_means
from training.metrics.unobserved import (
    SideBySide,
    auroc_side_by_side,
    brier_side_by_side,
    log_loss_side_by_side,
    oe_side_by_side,
)
from training.splits import feasible_folds, folds
from training.work import ALONE, Work

Floats = NDArray[np.float64]

FEWEST_MISSING = 10
"""Fewer missing outcomes than this, and their number is hidden and nobody is weighted for them."""

SMALLEST_CHANCE = 0.1
"""Smaller chances of being observed count as this, so that no person weighs more than ten."""

RESAMPLES = 2000

_MEASURES: Mapping[str, Callable[..., SideBySide]] = {
    "auc": auroc_side_by_side,
    "log_loss": log_loss_side_by_side,
    "brier": brier_side_by_side,
    "oe": oe_side_by_side,
}


@dataclass(frozen=True, slots=True)
class Assumed:
    """One measure under three assumptions.

    Parameters
    ----------
    complete : float
        Among people observed.
    weighted : Estimate or None
        The same, each weighted by the inverse of the chance of being observed; None without
        weights.
    lowest, highest : float
        What no outcomes of the missing people can leave; sampling is not in it.
    """

    complete: float
    weighted: Estimate | None
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Weights:
    """How unequal the weights are.

    Parameters
    ----------
    trimmed : int
        Observed people whose chance was below `SMALLEST_CHANCE`.
    effective : float
        As many people of equal weight would say as much (Kish).
    auc : Estimate
        How well the baseline tells who is observed; 0.5 is not at all.
    """

    trimmed: int
    effective: float
    auc: Estimate


@dataclass(frozen=True, slots=True)
class Unobserved:
    """The chosen learner under three assumptions on the outcomes not observed.

    Parameters
    ----------
    n_missing, n_observed : int
        People without and with an observed outcome.
    measures : dict of str to Assumed
        Among ``auc``, ``log_loss``, ``brier`` and ``oe``; empty where nobody is missing.
    undefined : dict of str to str
        Measures without a value, with the reason.
    weights : Weights or None
        None where nobody could be weighted.
    unweighted : str
        Why not; empty where it could be done.
    """

    n_missing: int
    n_observed: int
    measures: dict[str, Assumed]
    undefined: dict[str, str]
    weights: Weights | None
    unweighted: str

    def to_dict(self) -> dict[str, object]:
        """Give the numbers as they stand in the JSON of a run.

        Returns
        -------
        dict
            Plain values; counts of 1 to 9 people are None.
        """
        measures = {
            name: {
                "complete": each.complete,
                "weighted": None if each.weighted is None else each.weighted.to_dict(),
                "lowest": each.lowest,
                "highest": each.highest,
            }
            for name, each in self.measures.items()
        }
        found = self.weights
        weights = found and {
            "trimmed": told(found.trimmed),
            "effective": found.effective,
            "auc": found.auc.to_dict(),
        }
        return {
            "missing": told(self.n_missing),
            "measures": measures,
            "undefined": self.undefined,
            "weights": weights,
            "unweighted": self.unweighted,
        }


def told(people: int) -> int | None:
    """Hide a count that would point at people.

    Parameters
    ----------
    people : int
        How many.

    Returns
    -------
    int or None
        None from 1 to 9.
    """
    return None if 0 < people < FEWEST_MISSING else people


def chance_observed(
    people: Analysis, resampling: Resampling, *, rng: np.random.Generator, work: Work = ALONE
) -> Floats:
    """Predict from the baseline who is observed: a ridge, each person by folds without them.

    Parameters
    ----------
    people : Analysis
        Everybody, the outcome 1 where it was observed.
    resampling : Resampling
        How people are split.
    rng : numpy.random.Generator
        Draws the splits.
    work : Work
        How the splits are done.

    Returns
    -------
    ndarray of shape (n,)
        In (0, 1); mean over repeats.

    Raises
    ------
    InvalidInputError
        If too few are missing, or the ridge cannot be fitted.

    References
    ----------
    Seaman SR, White IR. Stat Methods Med Res 2013;22:278-295.
    """
    seen = people.outcome.events
    missing = int(np.sum(seen == 0))
    if missing < FEWEST_MISSING:
        raise InvalidInputError(
            f"fewer than {FEWEST_MISSING} outcomes are missing, too few to tell who goes missing"
        )
    n_splits = feasible_folds(seen, resampling.folds, groups=people.groups)
    splits = folds(
        seen, groups=people.groups, n_splits=n_splits, n_repeats=resampling.repeats, rng=rng
    )
    ridge = learner_named(REFERENCE["response"], "response")
    units = [
        (people, [ridge], split, resampling.inner_folds, child)
        for split, child in zip(splits, rng.spawn(len(splits)), strict=True)
    ]
    done = work.each("Chance of being observed", hold_out, units, kinds=(Held, RowsSeen, Outside))
    chance = np.zeros((seen.size, resampling.repeats))
    for split, held in zip(splits, done, strict=True):
        if held[ridge.name].failure:
            raise InvalidInputError(held[ridge.name].failure)
        chance[split.test, split.repeat] = held[ridge.name].probability
    return np.asarray(chance.mean(axis=1))


def under_assumptions(
    y: Floats, p: Floats, chance: Floats | str, *, rng: np.random.Generator
) -> Unobserved:
    """Set a learner's measures under three assumptions side by side.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Outcomes, 0 or 1, NaN where not observed.
    p : ndarray of shape (n, n_repeats)
        Probabilities by fits that never saw the person; measures are averaged over repeats.
    chance : ndarray of shape (n,) or str
        From `chance_observed`, which needs ten missing, or why there is none.
    rng : numpy.random.Generator
        Draws resamples of the people observed; their weights are taken as given.

    Returns
    -------
    Unobserved
        The mean over repeats of bounds bounds the mean.

    References
    ----------
    Horowitz JL, Manski CF. J Am Stat Assoc 2000;95:77-84 (bounds). Crump RK et al. Biometrika
    2009;96:187-199 (chances below 0.1). Kish L. Survey Sampling. Wiley 1965 (effective size).
    """
    seen = ~np.isnan(y)
    weighted = not isinstance(chance, str)
    weights = np.ones(y.size) if isinstance(chance, str) else np.maximum(chance, SMALLEST_CHANCE)
    seed = int(rng.integers(2**32))
    drawn = _drawn(y[seen], p[seen], 1 / weights[seen], seed) if weighted else {}
    measures: dict[str, Assumed] = {}
    undefined: dict[str, str] = {}
    for name, side_by_side in _MEASURES.items():
        try:
            each = [side_by_side(y, column, chance_observed=weights) for column in p.T]
            measures[name] = _assumed(each, drawn.get(name))
        except MeasureUndefinedError as error:
            undefined[name] = str(error)
    return Unobserved(
        int(np.sum(~seen)),
        int(np.sum(seen)),
        measures,
        undefined,
        None if isinstance(chance, str) else _described(seen, chance),
        chance if isinstance(chance, str) else "",
    )


def _assumed(each: Sequence[SideBySide], drawn: Floats | None) -> Assumed:
    """Average over repeats."""
    complete, weighted = (
        float(np.mean([getattr(one, part) for one in each])) for part in ("complete", "weighted")
    )
    ends = [sorted((one.worst, one.best)) for one in each]
    lowest, highest = np.mean(ends, axis=0).tolist()
    estimate = None if drawn is None else percentile_interval(weighted, drawn)
    return Assumed(complete, estimate, lowest, highest)


def _drawn(y: Floats, p: Floats, weight: Floats, seed: int) -> dict[str, Floats]:
    """Weighted measures in the same resamples of the people observed, mean over repeats."""
    losses = np.mean([binary.log_losses(y, column) for column in p.T], axis=0)
    squares = ((y[:, None] - p) ** 2).mean(axis=1)
    columns = np.column_stack([losses, squares, y, p, np.ones(y.size)]) * weight[:, None]
    means = resampled_means(columns, RESAMPLES, np.random.default_rng(seed))
    auc = [
        bootstrap_auc(y, column, RESAMPLES, np.random.default_rng(seed), weight=weight)
        for column in p.T
    ]
    return {
        "auc": np.mean(auc, axis=0),
        "log_loss": means[:, 0] / means[:, -1],
        "brier": means[:, 1] / means[:, -1],
        "oe": (means[:, [2]] / means[:, 3:-1]).mean(axis=1),
    }


def _described(seen: NDArray[np.bool_], chance: Floats) -> Weights:
    """Say how unequal the weights are."""
    weight = 1 / np.maximum(chance[seen], SMALLEST_CHANCE)
    return Weights(
        int(np.sum(chance[seen] < SMALLEST_CHANCE)),
        float(weight.sum() ** 2 / (weight @ weight)),
        delong_interval(seen.astype(np.float64), chance),
    )
