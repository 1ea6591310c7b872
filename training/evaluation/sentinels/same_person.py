"""One person under two ids, who may then be trained on and predicted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import beta, binom

from training.evaluation.procedure import Analysis
from training.evaluation.sentinels.sentinel import FALSE_ALARM, Sentinel

Ints = NDArray[np.intp]

SHOWN_FROM = 10
"""Fewer pairs than this are not counted out."""


def same_person(analysis: Analysis, visits: pd.DataFrame | None = None) -> Sentinel:
    """Ask whether people who answer alike also fare alike, far beyond chance.

    Pairs of people with the same answers to every variable (each person in one pair at most) are
    compared in their course: every score after the first dose, and the outcome. Chance is the
    share of equal courses among people of the same baseline severity who differ elsewhere, at the
    upper end of its one-sided 99.975 % interval (Clopper and Pearson) and doubled, because whoever
    answers alike fares more alike.

    Parameters
    ----------
    analysis : Analysis
        People, answers and outcome.
    visits : pandas.DataFrame or None
        Checked visits.

    Returns
    -------
    Sentinel
        Failed where so many equal courses have a chance below 0.00025. One pair alone can rarely
        be told from chance.

    References
    ----------
    Clopper CJ, Pearson ES. Biometrika 1934;26:404-413.
    """
    watched = [v.id for v in (*analysis.variables, *analysis.declared, *analysis.severity)]
    answers = _numbered([analysis.values[v] for v in dict.fromkeys(watched)], analysis)
    first, second = _pairs(answers)
    if not first.size:
        return Sentinel(passed=True, detail="no two people give the same answers throughout")
    course = _courses(analysis, visits)
    alike = int((course[first] == course[second]).sum())
    severity = _numbered([analysis.values[v.id] for v in analysis.severity], analysis)
    if binom.sf(alike - 1, first.size, _chance(severity, answers, course)) < FALSE_ALARM / 2:
        return Sentinel(
            passed=False,
            detail=f"{_few(alike)} pairs of people give the same answers throughout and have the "
            "same course: one person under two ids; keep one row of each person",
        )
    return Sentinel(
        passed=True,
        detail=f"{_few(first.size)} pairs of people give the same answers throughout; their "
        "courses are no more alike than chance explains",
    )


def _numbered(columns: Sequence[NDArray[np.float64]], analysis: Analysis) -> Ints:
    """Give the same number to people with the same answers, missing ones too."""
    n = len(analysis.groups)
    if not columns or not n:
        return np.zeros(n, dtype=np.intp)
    table = np.nan_to_num(np.column_stack(columns), nan=-np.inf)
    return np.asarray(np.unique(table, axis=0, return_inverse=True)[1]).reshape(n)


def _pairs(answers: Ints) -> tuple[Ints, Ints]:
    """Pair people of the same number, in their order, each once."""
    order = np.argsort(answers, kind="stable")
    number = answers[order]
    place = np.arange(number.size) - np.searchsorted(number, number)
    second = np.flatnonzero(place % 2 == 1)
    return order[second - 1], order[second]


def _courses(analysis: Analysis, visits: pd.DataFrame | None) -> Ints:
    """Give the same number to people with the same course."""
    outcome = analysis.outcome
    days = outcome.events if outcome.days is None else outcome.days
    course: dict[str, list[object]] = {
        who: [float(event), float(day)]
        for who, event, day in zip(analysis.groups, outcome.events, days, strict=True)
    }
    if visits is not None and len(visits):
        later = visits[(visits["day"] > 0) & visits["patient_id"].isin(list(course))]
        later = later.sort_values(["instrument", "day", "score"], kind="stable")
        columns = (later[name].tolist() for name in ("patient_id", "instrument", "day", "score"))
        for who, *seen in zip(*columns, strict=True):
            course[who] += seen
    texts = np.array([repr(course[who]) for who in analysis.groups])
    return np.asarray(np.unique(texts, return_inverse=True)[1], dtype=np.intp)


def _chance(severity: Ints, answers: Ints, course: Ints) -> float:
    """Bound how often people who differ have the same course."""
    pairs = _count(severity) - _count(answers)
    alike = _count(severity, course) - _count(answers, course)
    if alike >= pairs:
        return 1.0
    upper = float(beta.isf(FALSE_ALARM / 2, alike + 1, pairs - alike))
    return 2 * upper if upper <= 1 / 3 else (1 + upper) / 2


def _count(*numbers: Ints) -> int:
    """Count pairs of people who share all numbers."""
    shared = Counter(zip(*(number.tolist() for number in numbers), strict=True))
    return sum(n * (n - 1) // 2 for n in shared.values())


def _few(pairs: int) -> str:
    """Count pairs, a handful in words."""
    return str(pairs) if pairs >= SHOWN_FROM else f"fewer than {SHOWN_FROM}"
