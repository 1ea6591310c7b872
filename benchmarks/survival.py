"""How near learners of relapse come to the truth on small cohorts, beside a cross-validated ridge.

Run ``python benchmarks/survival.py --cohorts 50`` (hours) or ``--quick`` (minutes on one core).
Every cohort is drawn from a world of `worlds.py` whose log-odds serve as log-hazards: Weibull days
to relapse, about 40 % censored, seen at weekly visits (`--shape`, `--visit-days`). Columns are
complete. Regret is the expected log-likelihood per event of 4,000 new people below that of the
truth, with the level of the hazard fitted to them (see `regret`); the interval is held against the
true log-hazard ratio to the cohort's mean.

A learner here is a function of (X, days, events, X_new) that gives the margins of X_new; others may
import `averaged_cox` and `cox_ridge` to lay their own beside them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from worlds import COMPLETE, WORLDS, columns, world

from predictor.uncertainty import Z_LEVEL
from training.averaged_cox import fit_averaged_cox
from training.averaged_interval import fit_averaged_interval
from training.averaging import AveragedFit
from training.metrics.survival import harrell_c
from training.penalised_cox import cox_partial_loglik, fit_ridge_cox, penalty_path_cox
from training.penalised_fit import PenalisedFit
from training.visit_intervals import visit_intervals
from training.weibull import fit_weibull

Floats = NDArray[np.float64]
Fit = AveragedFit | PenalisedFit

N_NEW, FOLDS, PENALTIES = 4000, 5, 15
SIZES = (100, 200, 400, 800)
TYPICAL_DAYS = 120.0
LEFT = (30.0, 300.0)
"""Between these days after time zero people leave, evenly: about 40 % before a relapse."""


def averaged_cox(X: Floats, days: Floats, events: Floats, X_new: Floats) -> Floats:
    """Fit ours without anything published; give margins of other people (log-hazard)."""
    X, X_new = standardised(X, X_new)
    return np.asarray(X_new @ fit_averaged_cox(X, days, events).coefficients)


def cox_ridge(X: Floats, days: Floats, events: Floats, X_new: Floats) -> Floats:
    """Fit our ridge, penalty by cross-validation; give margins of other people (log-hazard)."""
    X, X_new = standardised(X, X_new)
    return np.asarray(X_new @ tuned_ridge(X, days, events).coefficients)


def standardised(X: Floats, X_new: Floats) -> tuple[Floats, Floats]:
    """Bring columns to mean 0 and standard deviation 1 of the cohort."""
    mean, sd = X.mean(axis=0), X.std(axis=0)
    sd = np.where(sd > 1e-12, sd, 1.0)
    return (X - mean) / sd, (X_new - mean) / sd


def tuned_ridge(X: Floats, days: Floats, events: Floats) -> PenalisedFit:
    """Choose the penalty by the partial likelihood of held-out folds, as a run does."""
    path = penalty_path_cox(days, events, n=PENALTIES)
    loss = np.zeros(PENALTIES)
    for test in dealt(events):
        train, fit = np.setdiff1d(np.arange(len(days)), test), None
        mean = X[train].mean(axis=0)
        for k, penalty in enumerate(path):
            fit = fit_ridge_cox(
                X[train] - mean, days[train], events[train], penalty=penalty, start=fit
            )
            if events[test].any():
                margin = (X[test] - mean) @ fit.coefficients
                loss[k] -= cox_partial_loglik(days[test], events[test], margin)
    return fit_ridge_cox(X, days, events, penalty=float(path[loss.argmin()]))


def dealt(events: Floats) -> list[NDArray[np.intp]]:
    """Deal people to folds, those with an event first; the same for all learners."""
    order = np.random.default_rng(0).permutation(len(events))
    order = order[np.argsort(-events[order], kind="stable")]
    return [np.sort(order[k::FOLDS]) for k in range(FOLDS)]


@dataclass(frozen=True)
class Law:
    """How relapse comes and is seen: shape of the Weibull law, days between visits."""

    shape: float = 0.8
    visit_days: float = 7.0


def follow_up(
    log_hazard: Floats, law: Law, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Draw day, event and last day well of each person."""
    relapse = TYPICAL_DAYS * (rng.exponential(size=log_hazard.size) * np.exp(-log_hazard)) ** (
        1 / law.shape
    )
    left = rng.uniform(*LEFT, size=log_hazard.size)
    visits = np.minimum(relapse, left) / law.visit_days
    seen, well = np.ceil(visits) * law.visit_days, np.floor(visits) * law.visit_days
    return seen, (relapse <= left).astype(float), well


def seen_share(log_hazard: Floats, law: Law) -> Floats:
    """Give the probability that a person's relapse is seen before he or she leaves."""
    left = np.linspace(*LEFT, 201)
    cumulative = np.outer(np.exp(log_hazard), (left / TYPICAL_DAYS) ** law.shape)
    return np.asarray((1 - np.exp(-cumulative)).mean(axis=1))


def on_intervals(X: Floats, days: Floats, events: Floats, well: Floats) -> AveragedFit:
    """Fit ours on visit intervals, without anything published."""
    pace = fit_weibull(well, days, events).pace
    return fit_averaged_interval(X, visit_intervals(well, days, events, pace=pace))


def regret(margin: Floats, truth: Floats, law: Law) -> float:
    """Give the expected log-likelihood per event below that of the truth.

    With the shape of the baseline hazard known, its level fitted, and π the probability that a
    relapse is seen, the expected cumulative baseline hazard until a person is last seen is
    π·e^(−truth); what is lost for each event is therefore log Σπe^d / Σπ − Σπd / Σπ with
    d = margin − truth. It does not depend on chance in the new people.
    """
    share = seen_share(truth, law)
    off = margin - truth
    return float(np.log(np.average(np.exp(off), weights=share)) - np.average(off, weights=share))


def one_cohort(name: str, n: int, seed: int, strength: float, law: Law) -> list[dict[str, object]]:
    """Fit every learner to one cohort and hold it against the truth of new people."""
    rng = np.random.default_rng([seed, n, WORLDS.index(name)])
    here = world(name)
    X, new = columns(n, rng), columns(N_NEW, rng)
    known, truth = (strength * here.log_odds((Z - here.mean) / here.sd) for Z in (X, new))
    days, events, well = follow_up(known, law, rng)
    happened = follow_up(truth, law, rng)[:2]
    X, new = standardised(X, new)
    published = strength * here.published[:, None]
    fits: dict[str, Callable[[], Fit]] = {
        "cox_ridge": lambda: tuned_ridge(X, days, events),
        "averaged_cox": lambda: fit_averaged_cox(X, days, events),
        "averaged_interval": lambda: on_intervals(X, days, events, well),
    }
    if published.any():
        fits["averaged_cox, published"] = lambda: fit_averaged_cox(
            X, days, events, published=published
        )
    found: list[dict[str, object]] = []
    for learner, make in fits.items():
        start = time.perf_counter()
        fit = make()
        seconds = time.perf_counter() - start
        margin, inner = new @ fit.coefficients, fit.covariance[1:, 1:]
        half = Z_LEVEL * np.sqrt(((new @ inner) * new).sum(axis=1))
        found.append({
            "world": name, "n": n, "seed": seed, "learner": learner,
            "events": int(events.sum()), "regret": regret(margin, truth, law),
            "of_average": regret(np.zeros(N_NEW), truth, law),
            "c": harrell_c(*happened, margin), "oracle_c": harrell_c(*happened, truth),
            "coverage": float((np.abs(margin - (truth - known.mean())) < half).mean()),
            "width": float(np.median(2 * half)), "seconds": seconds,
            "slope": float(np.cov(margin, truth)[0, 1] / max(margin.var(), 1e-12)),
        })  # fmt: skip
    return found


def table(lines: pd.DataFrame) -> pd.DataFrame:
    """Give regret as a share of the ridge's in the same cohorts, with its standard error."""
    keys = ["world", "n"]
    wide = lines.pivot_table(index=[*keys, "seed"], columns="learner", values="regret", sort=False)
    cells = wide.groupby(level=keys, sort=False)
    base = cells["cox_ridge"].mean()
    shown = pd.DataFrame({"ridge regret": base})
    shown["of average"] = lines.groupby(keys, sort=False)["of_average"].mean()
    for learner in wide.columns.drop("cox_ridge"):
        gap = (wide[learner] - wide["cox_ridge"]).groupby(level=keys, sort=False)
        shown[f"{learner}: share"] = cells[learner].mean() / base
        shown["its se" if learner == "averaged_cox" else "se"] = gap.sem() / base
    for what in ("coverage", "width", "c"):
        means = lines.pivot_table(index=keys, columns="learner", values=what, sort=False)
        for learner in ("cox_ridge", "averaged_cox"):
            shown[f"{what}, {learner.split('_')[0]}"] = means[learner]
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--cohorts", type=int, default=50, help="of each world and size")
    parser.add_argument("--quick", action="store_true", help="8 cohorts, sizes 100 to 400")
    parser.add_argument("--worlds", nargs="+", choices=COMPLETE, default=list(COMPLETE))
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument(
        "--strength", type=float, default=1.0,
        help="log-hazards are so many times the world's log-odds: 1 is C 0.70, 0.6 is C 0.63",
    )  # fmt: skip
    parser.add_argument("--shape", type=float, default=Law.shape, help="of the Weibull law")
    parser.add_argument("--visit-days", type=float, default=Law.visit_days)
    parser.add_argument("--first-seed", type=int, default=0, help="settings were chosen on 0 to 7")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", help="CSV file with one line for each fit")
    asked = parser.parse_args()
    cohorts, sizes = (8, SIZES[:3]) if asked.quick else (asked.cohorts, asked.sizes)
    tasks = [
        (w, n, seed, asked.strength, Law(asked.shape, asked.visit_days))
        for w in asked.worlds
        for n in sizes
        for seed in range(asked.first_seed, asked.first_seed + cohorts)
    ]
    done = Parallel(n_jobs=asked.jobs)(delayed(one_cohort)(*task) for task in tasks)
    lines = pd.DataFrame([line for cohort in done for line in cohort])
    if asked.out:
        lines.to_csv(asked.out, index=False)
    with pd.option_context("display.width", 240, "display.max_columns", 20):
        sys.stdout.write(table(lines).round(3).to_string() + "\n")
    whole = lines.groupby("learner", sort=False)[["regret", "slope", "c", "coverage", "seconds"]]
    sys.stdout.write("\nOver all worlds\n" + whole.mean().round(4).to_string() + "\n")


if __name__ == "__main__":
    main()
