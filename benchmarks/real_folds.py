"""Fit learners to the folds of a real set, in either environment; one line for each fit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from measured import calibration, losses
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Learner = Callable[[Floats, Floats, Floats], Floats]

DATA = Path(".peers-data")
SETS = ("breast_cancer", "whas500", "gbsg2", "flchain", "fair", "rbmi", "rbmi_sites")


def fitted_folds(
    name: str, learner: str, fit: Learner, *, folder: Path = DATA, repeat: int = 0
) -> Iterator[dict[str, object]]:
    """Fit every fold of a repeat; then measure all its people together, as fold "all".

    Seconds are the processor's, so that a busy machine does not count.
    """
    held = np.load(folder / f"{name}.npz")
    X, y, fold = held["X"], held["y"], held["folds"][repeat]
    eta = np.empty(len(y))
    for k in range(fold.max() + 1):
        test = fold == k
        start = time.process_time()
        eta[test] = fit(X[~test], y[~test], X[test])
        took = time.process_time() - start
        line = {"set": name, "repeat": repeat, "fold": str(k), "learner": learner}
        yield {**line, **losses(y[test], eta[test]), "seconds": took}
    line = {"set": name, "repeat": repeat, "fold": "all", "learner": learner}
    yield {**line, **losses(y, eta), **calibration(y, eta)}


def repeats_of(name: str, *, folder: Path = DATA) -> int:
    """Say how many repeats the folds of a set hold."""
    return len(np.load(folder / f"{name}.npz")["folds"])
