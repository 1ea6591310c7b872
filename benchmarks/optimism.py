"""Do optimism-corrected values hold: simulated cohorts of 200 against 50,000 new people.

Run ``python benchmarks/optimism.py --cohorts 200``. Each cohort is drawn from a logistic model of
12 or 40 normal variables (correlation 0.3 between neighbours, oracle AUC 0.68), a ridge is tuned,
calibrated and fitted as in a run, and its corrected AUC and calibration slope are held against
what *this* model gives in new people. Beside them: nested cross-validation, and with
``--two-stage`` the two-stage bootstrap (every estimate repeated in outer resamples), which takes
fifteen times as long.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.special import expit

from predictor.dictionary import Variable
from training.evaluation import (
    Analysis,
    Optimism,
    OutOfFold,
    Repetition,
    Repetitions,
    Resampling,
    cross_validate,
    fit_all,
    optimism,
    repeat_in_resamples,
)
from training.evaluation.procedure import predicted
from training.evaluation.repetitions import resample
from training.evaluation.slope import slope_of
from training.fitting import Outcome
from training.learners import learner_named
from training.metrics import MeasureUndefinedError
from training.metrics.binary import auroc
from training.metrics.calibration import calibration_line
from training.metrics.intervals import delong_interval

RIDGE = learner_named("ridge", "response")
N, N_NEW, FOLDS, ORACLE = 200, 50_000, 5, 0.68
INNER, OUTER = 40, 40


@cache
def world(p: int) -> tuple[np.ndarray, np.ndarray]:
    """Give effects of p variables with the oracle AUC, and the root of their correlation."""
    rng = np.random.default_rng([100, p])
    effects = rng.normal(size=p)
    correlation = 0.3 ** np.abs(np.subtract.outer(np.arange(p), np.arange(p)))
    z, u = rng.normal(size=100_000), rng.random(100_000)
    low, high = 0.1, 3.0
    for _ in range(30):
        spread = (low + high) / 2
        found = auroc((u < expit(spread * z)).astype(float), expit(spread * z))
        low, high = (spread, high) if found < ORACLE else (low, spread)
    effects *= spread / np.sqrt(effects @ correlation @ effects)
    return effects, np.linalg.cholesky(correlation)


def draw(p: int, n: int, rng: np.random.Generator) -> Analysis:
    """Draw people with complete answers."""
    effects, root = world(p)
    X = rng.normal(size=(n, p)) @ root.T
    y = (rng.random(n) < expit(X @ effects)).astype(float)
    variables = tuple(
        Variable(f"v{i}", f"V{i}", "number", "g", "s", hard_range=(-99, 99)) for i in range(p)
    )
    values = {f"v{i}": X[:, i] for i in range(p)}
    return Analysis(values, variables, (), variables[:1], Outcome(y), tuple(map(str, range(n))))


def repeated(analysis: Analysis, n: int, seed: Sequence[int]) -> tuple[Repetitions, Optimism]:
    """Repeat the procedure and take its optimism off."""
    rng = np.random.default_rng(seed)
    found = repeat_in_resamples(analysis, [RIDGE], RIDGE, n_resamples=n, inner_folds=FOLDS, rng=rng)
    return found, optimism(found, analysis.outcome, rng=rng)


def in_new_people(analysis: Analysis, new: Analysis, seed: Sequence[int]) -> tuple[float, float]:
    """Give AUC and slope of the very model that `repeated` keeps, in new people."""
    whole_rng = np.random.default_rng(seed).spawn(3)[1]
    fit = fit_all(analysis, [RIDGE], np.arange(N), FOLDS, whole_rng)["ridge"]
    assert not isinstance(fit, str), fit
    _, p = predicted(fit, new.values, np.arange(N_NEW))
    flat = np.ptp(p) < 1e-12
    return auroc(new.outcome.events, p), np.nan if flat else calibration_line(
        new.outcome.events, p
    ).slope


def taken(analysis: Analysis, rows: np.ndarray) -> Analysis:
    """Make a cohort of a resample; copies of a person stay one patient."""
    return Analysis(
        {v: x[rows] for v, x in analysis.values.items()},
        analysis.variables,
        (),
        analysis.severity,
        analysis.outcome.take(rows),
        tuple(analysis.groups[row] for row in rows),
    )


def two_stage(analysis: Analysis, seed: Sequence[int]) -> dict[str, float]:
    """Repeat every corrected estimate in outer resamples; percentiles of what they give."""
    rng = np.random.default_rng(seed)
    drawn = []
    for number in range(OUTER):
        cohort = taken(analysis, resample(analysis.groups, rng))
        try:
            _, found = repeated(cohort, INNER, [*seed, number])
        except MeasureUndefinedError:
            continue
        slope = found.measures.get("calibration_slope")
        if found.plus is not None and slope is not None:
            drawn.append([found.measures["auc"].value, found.plus.value, slope.value])
    if len(drawn) < OUTER / 2:  # the others found no signal in most of their resamples
        return {}
    ends = np.quantile(np.array(drawn), [0.025, 0.975], axis=0)
    names = ("harrell_two", "plus_two", "slope_two")
    return {
        f"{n}_{end}": ends[i, j] for j, n in enumerate(names) for i, end in ((0, "lo"), (1, "hi"))
    }


def one_cohort(p: int, seed: int, n_resamples: int, twice: bool) -> dict[str, float]:
    """Hold every estimate of one cohort against the truth."""
    rng = np.random.default_rng([p, seed])
    analysis, new = draw(p, N, rng), draw(p, N_NEW, rng)
    auc, slope = in_new_people(analysis, new, [p, seed, 1])
    line: dict[str, float] = {"p": p, "seed": seed, "true_auc": auc, "true_slope": slope}
    try:
        kept, found = repeated(analysis, n_resamples, [p, seed, 1])
    except MeasureUndefinedError:
        return line | {"undefined": 1.0}
    harrell = found.measures["auc"]
    line |= {"apparent": harrell.apparent, "harrell": harrell.value}
    seen = [r for r in kept.resampled if np.ptp(r.margin) > 1e-12]
    y = analysis.outcome.events
    shown = np.array([auroc(y[r.drawn], r.probability[r.drawn]) for r in seen])
    lo, hi = np.quantile(shown, [0.025, 0.975])
    line |= {"harrell_lo": lo - harrell.optimism, "harrell_hi": hi - harrell.optimism}
    if found.plus is not None:
        line |= {"plus": found.plus.value, "plus_lo": found.plus.lo, "plus_hi": found.plus.hi}
    corrected = found.measures.get("calibration_slope")
    if corrected is not None:
        line["slope"] = corrected.value
        line |= {"slope_lo": corrected.lo or np.nan, "slope_hi": corrected.hi or np.nan}
    validated = cross_validate(analysis, [RIDGE], Resampling(), rng=rng)["ridge"]
    nested = delong_interval(y, validated.probability)
    line |= {"nested": nested.value, "nested_lo": nested.lo, "nested_hi": nested.hi}
    estimate, _ = slope_of(analysis.outcome, _first_repeat(kept, validated))
    line |= {"nested_slope": estimate.value, "nested_slope_lo": estimate.lo}
    line["nested_slope_hi"] = estimate.hi
    return line | (two_stage(analysis, [p, seed, 2]) if twice else {})


def _first_repeat(kept: Repetitions, validated: OutOfFold) -> Repetition:
    """Give the out-of-fold predictions of the first repeat as slopes are read."""
    return Repetition(
        kept.whole.drawn, "ridge", validated.margin[:, 0], validated.probability[:, 0]
    )


def summary(lines: pd.DataFrame) -> str:
    """Write bias and coverage of each estimate by number of variables."""
    rows = []
    for p, part in lines.groupby("p"):
        for name, truth in (
            *((n, "true_auc") for n in ("apparent", "harrell", "plus", "nested")),
            *((n, "true_auc") for n in ("harrell_two", "plus_two")),
            *((n, "true_slope") for n in ("slope", "slope_two", "nested_slope")),
        ):
            if name not in part and f"{name}_lo" not in part:
                continue
            used = part.dropna(subset=[truth, name if name in part else f"{name}_lo"])
            row: dict[str, object] = {"p": p, "estimate": name, "cohorts": len(used)}
            if name in used:
                error = used[name] - used[truth]
                row |= {"bias": error.mean(), "se": error.sem(), "median bias": error.median()}
            if f"{name}_lo" in used:
                inside = (used[f"{name}_lo"] <= used[truth]) & (used[truth] <= used[f"{name}_hi"])
                width = (used[f"{name}_hi"] - used[f"{name}_lo"]).median()
                row |= {"covered": inside.mean(), "width": width}
            rows.append(row)
    return str(pd.DataFrame(rows).round(3).to_string(index=False))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cohorts", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="seed of the first cohort")
    parser.add_argument("--resamples", type=int, default=100)
    parser.add_argument("--two-stage", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", help="CSV file with one line for each cohort")
    wanted = parser.parse_args(arguments)
    seeds = range(wanted.first, wanted.first + wanted.cohorts)
    work = (
        delayed(one_cohort)(p, seed, wanted.resamples, wanted.two_stage)
        for seed in seeds
        for p in (12, 40)
    )
    # forked: functions of a script cannot be sent to other processes
    lines = pd.DataFrame(Parallel(n_jobs=wanted.jobs, backend="multiprocessing")(work))
    if wanted.out:
        lines.to_csv(wanted.out, index=False)
    print(summary(lines))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
