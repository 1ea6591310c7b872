"""Fit learners of relapse to the folds of a real set, in either environment; one line a fold."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.metrics.censoring import censoring_survival
from training.metrics.survival import harrell_c, integrated_brier

Floats = NDArray[np.float64]
Learner = Callable[[Floats, Floats, Floats, Floats, Floats], tuple[Floats, Floats]]
"""From columns, days, events, new people and times to margins and risks by each of the times."""

DATA = Path(".peers-data")
SETS = ("gbsg2", "whas500", "smoking_relapse")
N_TIMES = 20


def times_of(days: Floats, events: Floats) -> Floats:
    """Give the days over which the Brier score is integrated: 10 to 80 % of the days of events."""
    ends = np.quantile(days[events == 1], [0.1, 0.8])
    return np.linspace(*ends, N_TIMES)


def repeats_of(name: str) -> int:
    """Say how many repeats the folds of a set hold."""
    return len(np.load(DATA / f"survival_{name}.npz")["folds"])


def fitted_folds(
    name: str, learner: str, fit: Learner, *, repeat: int
) -> Iterator[dict[str, object]]:
    """Fit every fold of a repeat.

    Harrell's C, and the Brier score weighted by the censoring of all people of the set. Seconds
    are the processor's.
    """
    held = np.load(DATA / f"survival_{name}.npz")
    X, days, events, fold = held["X"], held["days"], held["events"], held["folds"][repeat]
    times, censoring = times_of(days, events), censoring_survival(days, events)
    for k in range(fold.max() + 1):
        test = fold == k
        start = time.process_time()
        margin, risk = fit(X[~test], days[~test], events[~test], X[test], times)
        took = time.process_time() - start
        score = integrated_brier(
            days[test], events[test], np.clip(risk, 0, 1), times=times, censoring=censoring
        )
        yield {
            "set": name, "repeat": repeat, "fold": k, "learner": learner,
            "c": harrell_c(days[test], events[test], margin), "ibs": score, "seconds": took,
        }  # fmt: skip
