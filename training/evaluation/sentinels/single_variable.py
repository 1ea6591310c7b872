"""A variable that tells the outcomes apart alone, whichever way it runs."""

from __future__ import annotations

from collections.abc import Iterator
from math import factorial

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from predictor.dictionary import Variable
from training.evaluation.procedure import Analysis
from training.evaluation.sentinels.sentinel import FALSE_ALARM, Sentinel, untested
from training.fitting import Outcome
from training.metrics.binary import auroc
from training.metrics.survival import harrell_c

Floats = NDArray[np.float64]

TOO_GOOD_ALONE = 0.95
"""No baseline variable reaches this AUC alone unless it holds the outcome."""

MINIMUM_ANSWERS = 30
"""With fewer answers an AUC this high is chance in one of many variables."""

CENTRES = np.arange(1, 10) / 10
"""Places, as shares of the ranks, around which a U or its reverse is looked for."""

_OF_STRAIGHT = 0.8  # of the false alarms; the rest is left to the many centres of a U


def single_variable(analysis: Analysis) -> Sentinel:
    """Name a variable that tells the outcomes apart alone.

    Looked at are its answers (in either direction; a number also by its distance from each tenth
    of its ranks, which sees a U; levels in the order of their outcomes) and having an answer.

    Parameters
    ----------
    analysis : Analysis
        People and candidate predictors.

    Returns
    -------
    Sentinel
        Failed where an AUC (relapse: or C) is above 0.95 and further from 0.5 than chance takes
        the furthest of all that was looked at in one of 2,000 cohorts (Bonferroni).
    """
    watched = {v.id: v for v in (*analysis.variables, *analysis.declared, *analysis.severity)}
    if len(analysis.groups) < MINIMUM_ANSWERS:
        return untested(f"fewer than {MINIMUM_ANSWERS} people")
    kinds = 1 if analysis.outcome.days is None else 2
    named = [
        variable.id
        for variable in watched.values()
        if any(
            _tells_apart(score, analysis.outcome.take(rows), share / (len(watched) * 2 * kinds))
            for score, rows, share in _looks(variable, analysis.values[variable.id], analysis)
        )
    ]
    if named:
        return Sentinel(
            passed=False,
            detail=f"{', '.join(named)} alone reaches an AUC above {TOO_GOOD_ALONE}: it holds the "
            "outcome or was recorded after it",
        )
    return Sentinel(passed=True, detail=f"no variable alone reaches an AUC of {TOO_GOOD_ALONE}")


def _looks(
    variable: Variable, answers: Floats, analysis: Analysis
) -> Iterator[tuple[Floats, NDArray[np.intp], float]]:
    """Give each way to look at one variable: score, whose it is, share of the false alarms."""
    known = ~np.isnan(answers)
    half, everybody = _OF_STRAIGHT * FALSE_ALARM / 2, np.arange(len(answers))
    yield known.astype(np.float64), everybody, half
    rows = np.flatnonzero(known)
    score = answers[rows]
    if not score.size:
        return
    if variable.type == "category":  # levels have no order but their outcomes'
        _, level = np.unique(score, return_inverse=True)
        events = np.bincount(level, analysis.outcome.events[rows])
        orders = factorial(min(events.size, 20))
        yield (events / np.bincount(level))[level], rows, half / orders
        return
    yield score, rows, half
    rank = rankdata(score) / score.size
    if np.unique(score).size > 4:
        for centre in CENTRES:
            share = (1 - _OF_STRAIGHT) * FALSE_ALARM / CENTRES.size
            yield np.abs(rank - centre), rows, share


def _tells_apart(score: Floats, outcome: Outcome, chance: float) -> bool:
    """Ask whether a score, in whichever direction, ranks the outcomes too well for chance."""
    events, n = outcome.events, outcome.events.size
    if n < MINIMUM_ANSWERS or events.min() == events.max() or np.ptp(score) == 0:
        return False
    limit = float(norm.isf(chance))
    happened = events.sum()
    # without ties, which only make it smaller
    spread = np.sqrt((n + 1) / (12 * happened * (n - happened)))
    found = [(auroc(events, (score - score.min()) / np.ptp(score)), spread)]
    if outcome.days is not None:
        found.append((harrell_c(outcome.days, events, score), _spread_of_c(outcome.days, events)))
    away = [(abs(value - 0.5), spread) for value, spread in found]
    return any(far > TOO_GOOD_ALONE - 0.5 and far > limit * spread for far, spread in away)


def _spread_of_c(days: Floats, events: Floats) -> float:
    """Give the standard deviation of C by chance: who relapses is anybody of those at risk."""
    ordered = np.sort(days)
    at_risk = days.size - np.searchsorted(ordered, days[events == 1], side="left")
    return float(np.sqrt(np.sum(at_risk**2 - 1) / 12) / max(np.sum(at_risk - 1), 1))
