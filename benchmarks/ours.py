"""Our learners on one cohort of `worlds.py`: log-odds of new people and the ends of their interval.

``ours`` is the default of `training.ResponseClassifier`; any response learner's name is fitted the
same way. With ``, published`` behind its name it is told the published effects of worlds that have
them, with the standard deviation by which right ones miss the truth. ``averaged_raw`` is
`fit_averaged_logistic` alone.
"""

from __future__ import annotations

import time
import warnings
from typing import NamedTuple

import numpy as np
from measured import against_truth
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm
from worlds import PUBLISHED_SD, Cohort, cohort, world

from predictor.imputation import GaussianImputation
from predictor.uncertainty import Z_LEVEL
from training import ResponseClassifier
from training.averaged_logistic import fit_averaged_logistic

Floats = NDArray[np.float64]

RAW, PUBLISHED, DEFAULT = "averaged_raw", ", published", "ours"
THRESHOLD = 0.5
"""Declared threshold of the shipped settings: whose interval holds it is told neither side."""


class Said(NamedTuple):
    """Log-odds of new people, and their 90 % interval as risks."""

    eta: Floats
    low: Floats
    high: Floats


def one_cohort(name: str, n: int, seed: int, learners: list[str]) -> list[dict[str, object]]:
    """Fit ours to one cohort; published effects are left out where there are none."""
    people = cohort(name, n, seed)
    found: list[dict[str, object]] = []
    for learner in learners:
        priors = published(name) if learner.endswith(PUBLISHED) else None
        if priors == {}:
            continue
        start = time.process_time()
        said = _raw(people) if learner == RAW else _classifier(people, learner, priors)
        line = {"world": name, "n": n, "seed": seed, "events": int(people.y.sum())}
        took = {"learner": learner, "seconds": time.process_time() - start}
        found.append({**line, **took, **against_truth(people, said.eta), **held(people, said)})
    return found


def held(people: Cohort, said: Said) -> dict[str, float]:
    """Measure the interval, and that of the prevalence beside it (Wilson)."""
    risk = expit(people.truth)
    return {
        "coverage": float(((said.low <= risk) & (risk <= said.high)).mean()),
        "width": float(np.median(said.high - said.low)),
        "refused": float(((said.low < THRESHOLD) & (said.high > THRESHOLD)).mean()),
        "prevalence_width": wilson_width(people.y),
    }


def wilson_width(y: Floats) -> float:
    """Give the width of the 90 % interval of a share (Wilson 1927)."""
    z, n, share = float(norm.ppf(0.95)), len(y), float(y.mean())
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return float(2 * half)


def published(name: str) -> dict[int, tuple[float, float]]:
    """Give published effects per unit of each column, by its place."""
    law = world(name)
    told = np.flatnonzero(law.published)
    return {int(j): (law.published[j] / law.sd[j], PUBLISHED_SD / law.sd[j]) for j in told}


def _classifier(
    people: Cohort, learner: str, priors: dict[int, tuple[float, float]] | None
) -> Said:
    """Fit a learner as scikit-learn's users meet it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of small cohorts, which is what is measured here
        name = learner.removesuffix(PUBLISHED)
        name = "auto" if name == DEFAULT else name
        fit = ResponseClassifier(learner=name, priors=priors, random_state=0)
        fit.fit(people.X, people.y)
    ends = fit.predict_interval(people.new)
    return Said(fit.decision_function(people.new), ends[:, 0], ends[:, 1])


def _raw(people: Cohort) -> Said:
    """Fill and standardise by the cohort, then fit."""
    imputation = GaussianImputation.fit(people.X)
    X, new = imputation.fill(people.X), imputation.fill(people.new)
    mean, sd = X.mean(axis=0), X.std(axis=0) + 1e-9
    fit = fit_averaged_logistic((X - mean) / sd, people.y)
    design = np.column_stack([np.ones(len(new)), (new - mean) / sd])
    eta = design @ np.concatenate([[fit.intercept], fit.coefficients])
    variance = ((design @ fit.covariance) * design).sum(axis=1)
    variance += imputation.spread(people.new, fit.coefficients / sd)
    half = Z_LEVEL * np.sqrt(variance)
    return Said(eta, expit(eta - half), expit(eta + half))
