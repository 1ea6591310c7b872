"""Measures of a predicted risk against a time to event that may be censored.

Every function takes times ``days``, ``events`` (1 = happened then, 0 = censored then) and then
the risk (higher = sooner). People censored before the horizon are weighted by the inverse
probability of censoring (`training.metrics.censoring`), never dropped; that censoring does not
depend on risk is assumed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from predictor.errors import InvalidInputError
from training.metrics import FloatArray, MeasureUndefinedError
from training.metrics.accepted import checked_followup, checked_risk
from training.metrics.censoring import (
    StepFunction,
    censoring_survival,
    inverse_weights,
    ipcw_weights,
    kaplan_meier,
    require_followup,
)

__all__ = [
    "StepFunction",
    "brier_ipcw",
    "brier_ipcw_losses",
    "censoring_survival",
    "dynamic_auc",
    "harrell_c",
    "integrated_brier",
    "ipcw_weights",
    "kaplan_meier",
    "uno_c",
]


def harrell_c(days: npt.ArrayLike, events: npt.ArrayLike, risk: npt.ArrayLike) -> float:
    """Harrell's concordance: chance that of two people the one at higher risk fails first.

    Only pairs whose order is known count, so its value depends on the censoring; see `uno_c`.
    Ties of risk count one half, two events on one day are no pair; n log² n.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk : array-like of shape (n,)
        Predicted risk on any scale; higher = sooner.

    Returns
    -------
    float
        In [0, 1]; 0.5 is chance, higher is better.

    Raises
    ------
    MeasureUndefinedError
        If no pair has a known order.

    References
    ----------
    Harrell FE, Lee KL, Mark DB. Stat Med 1996;15:361-387.
    """
    times, marks = checked_followup(days, events)
    scores = checked_risk(risk, n=times.size)
    return _concordance("Harrell's C", times, marks, scores, weight=marks)


def uno_c(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk: npt.ArrayLike,
    *,
    tau: float | None = None,
    censoring: StepFunction | None = None,
) -> float:
    """Uno's concordance: as Harrell's, weighted so that it does not depend on censoring.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk : array-like of shape (n,)
        Predicted risk on any scale; higher = sooner.
    tau : float or None
        Only events before day tau count; None takes all, whose late weights may be large.
    censoring : StepFunction or None
        Censoring curve, from the training people say; None estimates it from these people.

    Returns
    -------
    float
        In [0, 1]; 0.5 is chance, higher is better.

    Raises
    ------
    MeasureUndefinedError
        If tau lies beyond follow-up, no pair has a known order, or a weight is infinite.

    References
    ----------
    Uno H et al. Stat Med 2011;30:1105-1117.
    """
    times, marks = checked_followup(days, events)
    scores = checked_risk(risk, n=times.size)
    if tau is not None:
        require_followup("Uno's C", tau, float(times.max()))
    counted = (marks == 1) & (times < (np.inf if tau is None else tau))
    curve = censoring_survival(times, marks) if censoring is None else censoring
    require_followup("Uno's C", float(times[counted].max(initial=0.0)), curve.until)
    weight = inverse_weights(curve, times, where=counted) ** 2
    return _concordance("Uno's C", times, marks, scores, weight=weight)


def dynamic_auc(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk: npt.ArrayLike,
    *,
    t: float,
    censoring: StepFunction | None = None,
) -> float:
    """Cumulative/dynamic AUC: people with the event by day t against those free of it at t.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk : array-like of shape (n,)
        Predicted risk by t on any scale; higher = sooner.
    t : float
        Horizon in days.
    censoring : StepFunction or None
        Censoring curve, from the training people say; None estimates it from these people.

    Returns
    -------
    float
        In [0, 1]; 0.5 is chance, higher is better.

    Raises
    ------
    MeasureUndefinedError
        If t lies beyond follow-up, or either group is empty.

    References
    ----------
    Uno H et al. J Am Stat Assoc 2007;102:527-537. Hung H, Chiang CT. Can J Stat 2010;38:8-26.
    """
    times, marks = checked_followup(days, events)
    scores = checked_risk(risk, n=times.size)
    weight = ipcw_weights(times, marks, t=t, censoring=censoring)
    case = (times <= t) & (marks == 1)
    free = np.sort(scores[~case & (weight > 0)])
    if not case.any() or free.size == 0:
        who = "had the event by" if free.size else "was seen free of the event at"
        raise MeasureUndefinedError("dynamic AUC", f"nobody {who} day {t:g}")
    below = np.searchsorted(free, scores[case], side="left")
    not_above = np.searchsorted(free, scores[case], side="right")
    placed = (below + not_above) / (2 * free.size)
    return float(np.average(placed, weights=weight[case]))


def brier_ipcw_losses(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk_at_t: npt.ArrayLike,
    *,
    t: float,
    censoring: StepFunction | None = None,
) -> FloatArray:
    """Weighted squared error of each person, whose mean is `brier_ipcw`.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk_at_t : array-like of shape (n,)
        Predicted probability of the event by day t, in [0, 1].
    t : float
        Horizon in days.
    censoring : StepFunction or None
        Censoring curve, from the training people say; None estimates it from these people.

    Returns
    -------
    ndarray of shape (n,)
        Losses; 0 for people censored before t; lower is better.

    Raises
    ------
    MeasureUndefinedError
        If t lies beyond follow-up.

    References
    ----------
    Graf E et al. Stat Med 1999;18:2529-2545.
    """
    times, marks = checked_followup(days, events)
    risk = checked_risk(risk_at_t, n=times.size, probability=True)
    weight = ipcw_weights(times, marks, t=t, censoring=censoring)
    happened = (times <= t) & (marks == 1)
    losses: FloatArray = weight * (happened - risk) ** 2
    return losses


def brier_ipcw(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk_at_t: npt.ArrayLike,
    *,
    t: float,
    censoring: StepFunction | None = None,
) -> float:
    """Brier score at day t under censoring, by inverse-probability weights.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk_at_t : array-like of shape (n,)
        Predicted probability of the event by day t, in [0, 1].
    t : float
        Horizon in days.
    censoring : StepFunction or None
        Censoring curve, from the training people say; None estimates it from these people.

    Returns
    -------
    float
        At least 0; lower is better; without censoring the plain mean squared error.

    Raises
    ------
    MeasureUndefinedError
        If t lies beyond follow-up.

    References
    ----------
    Graf E et al. Stat Med 1999;18:2529-2545.
    """
    return float(brier_ipcw_losses(days, events, risk_at_t, t=t, censoring=censoring).mean())


def integrated_brier(
    days: npt.ArrayLike,
    events: npt.ArrayLike,
    risk: npt.ArrayLike,
    *,
    times: npt.ArrayLike,
    censoring: StepFunction | None = None,
) -> float:
    """Brier score averaged over days, from the first to the last of ``times`` (trapezoids).

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up.
    events : array-like of shape (n,)
        1 = event, 0 = censored.
    risk : array-like of shape (n, n_times)
        Predicted probability of the event by each of ``times``, in [0, 1].
    times : array-like of shape (n_times,)
        Days, at least two, increasing.
    censoring : StepFunction or None
        Censoring curve, from the training people say; None estimates it from these people.

    Returns
    -------
    float
        At least 0; lower is better.

    Raises
    ------
    InvalidInputError
        If times do not increase or do not match the columns of ``risk``.
    MeasureUndefinedError
        If a time lies beyond follow-up.

    References
    ----------
    Graf E et al. Stat Med 1999;18:2529-2545.
    """
    grid, columns = np.asarray(times, dtype=np.float64), np.asarray(risk, dtype=np.float64)
    if grid.ndim != 1 or grid.size < 2 or not np.all(np.diff(grid) > 0):
        raise InvalidInputError("times must be at least two days, increasing")
    if columns.ndim != 2 or columns.shape[1] != grid.size:
        raise InvalidInputError(
            f"risks of shape {columns.shape} were given for {grid.size} times; "
            "one column per time is needed"
        )
    scores = [
        brier_ipcw(days, events, column, t=float(day), censoring=censoring)
        for day, column in zip(grid, columns.T, strict=True)
    ]
    return float(np.trapezoid(scores, grid) / (grid[-1] - grid[0]))


def _concordance(
    measure: str, days: FloatArray, events: FloatArray, risk: FloatArray, *, weight: FloatArray
) -> float:
    """Weighted share of concordant pairs; a pair carries the weight of its earlier person."""
    # later people first, on one day the censored first: comparable people then stand before
    order = np.lexsort((events, -days))
    moment = np.column_stack([days[order], events[order]])
    fresh = np.append(True, np.any(np.diff(moment, axis=0) != 0, axis=1))
    start = np.flatnonzero(fresh)[np.cumsum(fresh) - 1]
    rank = np.unique(risk[order], return_inverse=True)[1]
    chosen = np.flatnonzero(weight[order] > 0)
    carried = weight[order][chosen]
    pairs = float(carried @ start[chosen])
    if pairs == 0:
        raise MeasureUndefinedError(measure, "no two people have a known order of events")
    lower, tied = _among_first(rank, n_first=start[chosen], ask=rank[chosen])
    return float(carried @ (lower + tied / 2) / pairs)


def _among_first(
    rank: npt.NDArray[np.intp], *, n_first: npt.NDArray[np.intp], ask: npt.NDArray[np.intp]
) -> tuple[FloatArray, FloatArray]:
    """Count, for each question, the ranks below and equal to ``ask`` among the first ``n_first``.

    A prefix is a sum of blocks of sizes 1, 2, 4, … (its binary digits); each size is one sort.
    """
    n, width = rank.size, 1
    span = n + 1
    lower, tied = np.zeros(ask.size), np.zeros(ask.size)
    while width <= n:
        blocks = rank[: n // width * width].reshape(-1, width)
        numbered = np.sort(blocks, axis=1) + span * np.arange(len(blocks))[:, None]
        used = np.flatnonzero(n_first & width)
        block = (n_first[used] & ~(2 * width - 1)) // width
        key = block * span + ask[used]
        left = np.searchsorted(numbered.ravel(), key, side="left")
        lower[used] += left - block * width
        tied[used] += np.searchsorted(numbered.ravel(), key, side="right") - left
        width *= 2
    return lower, tied
