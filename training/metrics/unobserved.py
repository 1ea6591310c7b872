"""What a measure would be had nobody's outcome gone missing: three answers side by side.

Complete cases assume that who is missing has nothing to do with the outcome. Weights assume that it
depends on the baseline alone. The bounds assume nothing: no outcomes of the missing people could
push the measure beyond them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from predictor.errors import InvalidInputError
from training.metrics import FloatArray, MeasureUndefinedError
from training.metrics.accepted import checked, require_both_outcomes
from training.metrics.binary import auroc, brier, log_loss, log_losses


@dataclass(frozen=True, slots=True)
class SideBySide:
    """One measure under three assumptions on the outcomes not observed.

    Parameters
    ----------
    complete : float
        Among those observed.
    weighted : float
        The same, each weighted by the inverse of the chance of being observed.
    worst : float
        With the missing outcomes least kind to the predictions.
    best : float
        With those kindest to them.
    n_missing : int
        People without an observed outcome.
    """

    complete: float
    weighted: float
    worst: float
    best: float
    n_missing: int


def auroc_side_by_side(
    y: npt.ArrayLike, p: npt.ArrayLike, *, chance_observed: npt.ArrayLike
) -> SideBySide:
    """AUROC under three assumptions on the outcomes not observed.

    The bounds are exact: of all assignments with k cases the best takes the k highest predictions,
    so it is enough to try every k.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1, NaN where not observed.
    p : array-like of shape (n,)
        Probabilities of the outcome, in [0, 1].
    chance_observed : array-like of shape (n,)
        Probability that the outcome is observed, from a model of the baseline, in (0, 1].

    Returns
    -------
    SideBySide
        In [0, 1]; higher is better.

    Raises
    ------
    MeasureUndefinedError
        If only one outcome was observed.
    InvalidInputError
        If an outcome, a probability or a chance is not as described.

    References
    ----------
    Horowitz JL, Manski CF. J Am Stat Assoc 2000;95:77-84 (bounds). Seaman SR, White IR. Stat
    Methods Med Res 2013;22:278-295 (weights).
    """
    outcome, probability, seen, weight = _given(y, p, chance_observed)
    observed, predicted = outcome[seen], probability[seen]
    require_both_outcomes("AUROC", observed)
    ranks = rankdata(probability)
    sums = ranks[seen][observed == 1].sum(), np.sort(ranks[~seen])
    n_cases, n = int(observed.sum()), outcome.size
    return SideBySide(
        auroc(observed, predicted),
        _weighted_auroc(observed, predicted, weight),
        float(_over_k(sums[0], sums[1], n_cases, n).min()),
        float(_over_k(sums[0], sums[1][::-1], n_cases, n).max()),
        int(np.sum(~seen)),
    )


def brier_side_by_side(
    y: npt.ArrayLike, p: npt.ArrayLike, *, chance_observed: npt.ArrayLike
) -> SideBySide:
    """Brier score under three assumptions on the outcomes not observed.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1, NaN where not observed.
    p : array-like of shape (n,)
        Probabilities of the outcome, in [0, 1].
    chance_observed : array-like of shape (n,)
        Probability that the outcome is observed, from a model of the baseline, in (0, 1].

    Returns
    -------
    SideBySide
        In [0, 1]; lower is better.

    Raises
    ------
    InvalidInputError
        If an outcome, a probability or a chance is not as described.

    References
    ----------
    Horowitz JL, Manski CF. J Am Stat Assoc 2000;95:77-84.
    """
    outcome, probability, seen, weight = _given(y, p, chance_observed)
    observed, predicted = outcome[seen], probability[seen]
    worst, best = (
        brier(np.where(seen, outcome, said), probability) for said in _guesses(probability)
    )
    weighted = float(np.average((observed - predicted) ** 2, weights=weight))
    return SideBySide(brier(observed, predicted), weighted, worst, best, int(np.sum(~seen)))


def log_loss_side_by_side(
    y: npt.ArrayLike, p: npt.ArrayLike, *, chance_observed: npt.ArrayLike
) -> SideBySide:
    """Log-loss under three assumptions on the outcomes not observed.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1, NaN where not observed.
    p : array-like of shape (n,)
        Probabilities of the outcome, inside (0, 1).
    chance_observed : array-like of shape (n,)
        Probability that the outcome is observed, from a model of the baseline, in (0, 1].

    Returns
    -------
    SideBySide
        In nats, at least 0; lower is better.

    Raises
    ------
    MeasureUndefinedError
        If an outcome happened, or in the worst case could have, that was held impossible.
    InvalidInputError
        If an outcome, a probability or a chance is not as described.

    References
    ----------
    Horowitz JL, Manski CF. J Am Stat Assoc 2000;95:77-84.
    """
    outcome, probability, seen, weight = _given(y, p, chance_observed)
    observed, predicted = outcome[seen], probability[seen]
    worst, best = (
        log_loss(np.where(seen, outcome, said), probability) for said in _guesses(probability)
    )
    weighted = float(np.average(log_losses(observed, predicted), weights=weight))
    return SideBySide(log_loss(observed, predicted), weighted, worst, best, int(np.sum(~seen)))


def oe_side_by_side(
    y: npt.ArrayLike, p: npt.ArrayLike, *, chance_observed: npt.ArrayLike
) -> SideBySide:
    """Observed over expected under three assumptions on the outcomes not observed.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1, NaN where not observed.
    p : array-like of shape (n,)
        Probabilities of the outcome, in [0, 1].
    chance_observed : array-like of shape (n,)
        Probability that the outcome is observed, from a model of the baseline, in (0, 1].

    Returns
    -------
    SideBySide
        Above 0; 1 is perfect. ``worst`` and ``best`` are the two ends of what is possible, if none
        or all of the missing had the outcome, ``best`` the one nearer to 1 as a ratio; what lies
        between them may be nearer still.

    Raises
    ------
    MeasureUndefinedError
        If the outcome was observed in nobody, or nobody was expected to have it.
    InvalidInputError
        If an outcome, a probability or a chance is not as described.

    References
    ----------
    Horowitz JL, Manski CF. J Am Stat Assoc 2000;95:77-84.
    """
    outcome, probability, seen, weight = _given(y, p, chance_observed)
    observed, predicted = outcome[seen], probability[seen]
    if not observed.sum() or not predicted.sum():
        raise MeasureUndefinedError("O/E", "no outcome was observed or expected")
    missing = int(np.sum(~seen))
    ends = (observed.sum() + np.array([0.0, missing])) / probability.sum()
    best, worst = sorted(ends.tolist(), key=lambda ratio: abs(np.log(ratio)))
    weighted = float(weight @ observed / (weight @ predicted))
    return SideBySide(observed.sum() / predicted.sum(), weighted, worst, best, missing)


def _given(
    y: npt.ArrayLike, p: npt.ArrayLike, chance_observed: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_], FloatArray]:
    """Outcomes, probabilities, who was observed, and the weights of those, checked."""
    outcome = np.asarray(y, dtype=np.float64)
    seen = ~np.isnan(outcome)
    if not seen.any():
        raise MeasureUndefinedError("measure", "no outcome was observed")
    checked_outcomes, probability = checked(np.where(seen, outcome, 0.0), p)
    chance = np.asarray(chance_observed, dtype=np.float64)
    if chance.shape != outcome.shape or not np.all((chance > 0) & (chance <= 1)):
        raise InvalidInputError("chances of being observed must lie in (0, 1], one for each person")
    return np.where(seen, checked_outcomes, np.nan), probability, seen, 1 / chance[seen]


def _guesses(probability: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Outcomes farthest from and nearest to what was predicted."""
    nearest = (probability >= 0.5).astype(np.float64)
    return 1 - nearest, nearest


def _over_k(of_cases: float, ranks: FloatArray, n_cases: int, n: int) -> FloatArray:
    """AUROC if the first k = 0, 1, … of the missing, by ``ranks``, are cases."""
    cases = n_cases + np.arange(ranks.size + 1)
    rank_sum = of_cases + np.append(0.0, np.cumsum(ranks))
    area: FloatArray = (rank_sum - cases * (cases + 1) / 2) / (cases * (n - cases))
    return area


def _weighted_auroc(y: FloatArray, p: FloatArray, weight: FloatArray) -> float:
    """Share of pairs won, a pair weighing the product of its people's weights."""
    values, at = np.unique(p, return_inverse=True)
    case = np.bincount(at, weight * y, minlength=values.size)
    other = np.bincount(at, weight * (1 - y), minlength=values.size)
    won = case @ (np.cumsum(other) - other / 2)
    return float(won / (case.sum() * other.sum()))
