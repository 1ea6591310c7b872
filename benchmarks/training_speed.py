"""How long training takes, and how long the same protocol takes with scikit-learn's own tools.

Run ``python benchmarks/training_speed.py`` (minutes, one process, one thread). First the default
candidates of both tasks: 5 outer folds, 5 inner ones, calibration and final fit. Then ridge,
elastic net and boosted trees with the grids of `training.fitting.settings`, ours and as a
GridSearchCV of a Pipeline on the same encoded columns, without calibration. Their missing answers
are filled with means, which is less than ours do; with ``--conditional`` the linear ones fill them
given the others, by the IterativeImputer, as the protocol asks. CPU seconds; the ratio is of one
run, whatever else the machine does.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings

import numpy as np
import xgboost
from numpy.typing import NDArray
from simulated import analysis_of, draw
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.config import read_run_config
from training.evaluation import Analysis, cross_validate, fit_to_everybody
from training.fitting import DEPTHS, LEARNING_RATE, N_PENALTIES, ROUNDS, prepare

Floats = NDArray[np.float64]

COMPARED = ("ridge", "elastic_net", "xgboost")
ONCE = {"folds": 5, "repeats": 1, "inner_folds": 5}


def default_training(task: str, people: int, seed: int) -> tuple[int, float]:
    """Evaluate the default candidates of a task and fit the last; give people and CPU seconds."""
    config = read_run_config(f"configs/{task}.yaml", resampling=ONCE)
    analysis = analysis_of(draw(people, [seed]), config)
    start = time.process_time()
    learners = [analysis.candidate(name) for name in config.candidates]
    cross_validate(analysis, learners, config.resampling, rng=np.random.default_rng(seed))
    fit_to_everybody(
        analysis, learners[-1], wanted=5, n_refits=config.bootstrap_refits,
        rng=np.random.default_rng(seed),
    )  # fmt: skip
    return len(analysis.groups), time.process_time() - start


def ours(analysis: Analysis, name: str, seed: int) -> float:
    """Evaluate one learner by nested cross-validation; give CPU seconds."""
    config = read_run_config("configs/response.yaml", resampling=ONCE)
    start = time.process_time()
    rng = np.random.default_rng(seed)
    cross_validate(analysis, [analysis.candidate(name)], config.resampling, rng=rng)
    return time.process_time() - start


def searched(name: str, seed: int, *, conditional: bool) -> GridSearchCV:
    """Write a learner as scikit-learn's users do, with as many settings as ours."""
    inner = StratifiedKFold(5, shuffle=True, random_state=seed)
    if name == "xgboost":
        trees = xgboost.XGBClassifier(
            learning_rate=LEARNING_RATE, min_child_weight=2, reg_lambda=5, subsample=0.6,
            colsample_bynode=0.3, nthread=1, random_state=0,
        )  # fmt: skip
        grid = {"max_depth": list(DEPTHS), "n_estimators": list(ROUNDS)}
        return GridSearchCV(trees, grid, scoring="neg_log_loss", cv=inner)
    linear: BaseEstimator = LogisticRegression(max_iter=2000)
    grid = {"logisticregression__C": np.geomspace(1e-3, 10, N_PENALTIES)}
    if name == "elastic_net":
        linear = LogisticRegression(penalty="elasticnet", solver="saga", max_iter=2000, tol=1e-3)
        grid["logisticregression__l1_ratio"] = [0.5, 0.9]
    # two rounds, as many as our imputation takes
    fill = IterativeImputer(max_iter=2, random_state=0) if conditional else SimpleImputer()
    steps = make_pipeline(fill, StandardScaler(), linear)
    return GridSearchCV(steps, grid, scoring="neg_log_loss", cv=inner)


def theirs(X: Floats, y: Floats, name: str, seed: int, *, conditional: bool) -> float:
    """Evaluate one learner by a grid search in each outer fold; give CPU seconds."""
    start = time.process_time()
    for train, test in StratifiedKFold(5, shuffle=True, random_state=seed).split(X, y):
        with warnings.catch_warnings():
            for kind in (ConvergenceWarning, FutureWarning, UserWarning):
                warnings.simplefilter("ignore", kind)
            search = searched(name, seed, conditional=conditional)
            search.fit(X[train], y[train]).predict_proba(X[test])
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--people", type=int, default=650, help="drawn; about 500 are analysed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--conditional", action="store_true", help="their imputation as ours")
    parser.add_argument("--learners", nargs="+", choices=COMPARED, default=list(COMPARED))
    asked = parser.parse_args()
    say = sys.stdout.write
    whole = 0.0
    for task in ("response", "relapse"):
        n, took = default_training(task, asked.people, asked.seed)
        whole += took
        say(f"default candidates of {task}, {n} people: {took:.1f} s of CPU\n")
    say(f"both: {whole:.1f} s; on two cores about {whole / 2:.0f} s\n")
    config = read_run_config("configs/response.yaml", resampling=ONCE, priors=None)
    analysis = analysis_of(draw(asked.people, [asked.seed]), config)
    X = prepare(analysis.values, analysis.variables, np.arange(len(analysis.groups))).X
    sums = np.zeros(2)
    y = analysis.outcome.events
    for name in asked.learners:
        other = theirs(X, y, name, asked.seed, conditional=asked.conditional)
        pair = ours(analysis, name, asked.seed), other
        sums += pair
        say(f"{name}: {pair[0]:.1f} s, scikit-learn {pair[1]:.1f} s, {pair[1] / pair[0]:.1f} x\n")
    say(f"together: {sums[0]:.1f} s, scikit-learn {sums[1]:.1f} s, {sums[1] / sums[0]:.1f} x\n")


if __name__ == "__main__":
    main()
