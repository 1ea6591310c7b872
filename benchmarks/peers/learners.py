"""The usual tools as people use them. They run in an environment of their own, never in ours.

Each takes training columns with NaN for missing (not scaled), outcomes and new people, and gives
log-odds of the new people. Linear ones fill a missing value by the median and scale by the training
people; trees, EBM and AutoGluon take NaN themselves. Probabilities of these are kept in
[0.0001, 0.9999], which helps whoever is too sure. One thread each.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable

import numpy as np
import optuna
import pandas as pd
import xgboost
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Floats = NDArray[np.float64]
Peer = Callable[[Floats, Floats, Floats], Floats]

LEAST = 1e-4
TRIALS, ROUNDS, PATIENCE = 25, 500, 20
AUTOGLUON_SECONDS = 60
INNER = StratifiedKFold(5, shuffle=True, random_state=0)
"""Shuffled: FLChain is sorted by age, and folds of neighbours choose far too strong a penalty."""


def log_odds(p: Floats) -> Floats:
    """Give the log-odds of probabilities that are neither 0 nor 1."""
    return logit(np.clip(p, LEAST, 1 - LEAST))


def _linear(learner: LogisticRegressionCV) -> Peer:
    """Fill and scale, then fit."""

    def fit(X: Floats, y: Floats, new: Floats) -> Floats:
        line = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), learner)
        with warnings.catch_warnings():  # peers that stop early are peers as people use them
            warnings.simplefilter("ignore")
            return line.fit(X, y).decision_function(new)

    return fit


ridge = _linear(
    LogisticRegressionCV(
        Cs=np.logspace(-4, 1, 16), cv=INNER, scoring="neg_log_loss", solver="newton-cholesky"
    )
)
elastic_net = _linear(
    LogisticRegressionCV(
        Cs=np.logspace(-3, 0.5, 10),
        cv=INNER,
        penalty="elasticnet",
        solver="saga",
        l1_ratios=[0.5, 1.0],
        scoring="neg_log_loss",
        max_iter=200,
        tol=1e-3,
        random_state=0,
    )
)


def forest(X: Floats, y: Floats, new: Floats) -> Floats:
    """Grow a random forest whose leaves hold five people."""
    fit = RandomForestClassifier(300, min_samples_leaf=5, random_state=0).fit(X, y)
    return log_odds(fit.predict_proba(new)[:, 1])


def xgboost_default(X: Floats, y: Floats, new: Floats) -> Floats:
    """Boost trees as XGBoost does if nobody says otherwise."""
    fit = xgboost.XGBClassifier(nthread=1, random_state=0).fit(X, y)
    return log_odds(fit.predict_proba(new)[:, 1])


def xgboost_tuned(X: Floats, y: Floats, new: Floats) -> Floats:
    """Boost trees at the best of 25 Optuna trials: log-loss of 5-fold CV, early stopping inside."""
    data = xgboost.DMatrix(X, label=y)
    fixed = {"objective": "binary:logistic", "nthread": 1, "eval_metric": "logloss"}

    def settings(trial: optuna.Trial) -> dict[str, float]:
        return {
            "eta": trial.suggest_float("eta", 0.02, 0.3, log=True),
            "max_depth": trial.suggest_int("max_depth", 1, 6),
            "min_child_weight": trial.suggest_float("min_child_weight", 1, 20, log=True),
            "subsample": trial.suggest_float("subsample", 0.5, 1),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1),
            "lambda": trial.suggest_float("lambda", 0.1, 30, log=True),
            "alpha": trial.suggest_float("alpha", 0.001, 5, log=True),
        }

    def loss(trial: optuna.Trial) -> float:
        seen = xgboost.cv(
            {**settings(trial), **fixed}, data, ROUNDS, nfold=5, stratified=True, seed=0,
            early_stopping_rounds=PATIENCE,
        )["test-logloss-mean"]  # fmt: skip
        trial.set_user_attr("rounds", int(np.argmin(seen)) + 1)
        return float(seen.min())

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(loss, TRIALS)
    chosen = {**study.best_params, **fixed, "seed": 0}
    fit = xgboost.train(chosen, data, study.best_trial.user_attrs["rounds"])
    return log_odds(fit.predict(xgboost.DMatrix(new)))


def ebm(X: Floats, y: Floats, new: Floats) -> Floats:
    """Fit the explainable boosting machine as it comes."""
    from interpret.glassbox import ExplainableBoostingClassifier

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = ExplainableBoostingClassifier(n_jobs=1, random_state=0).fit(X, y)
        return log_odds(fit.predict_proba(new)[:, 1])


def autogluon(X: Floats, y: Floats, new: Floats) -> Floats:
    """Fit AutoGluon's medium preset on the log-loss, 60 s at most, without torch."""
    from autogluon.tabular import TabularPredictor

    logging.getLogger("autogluon").setLevel(logging.ERROR)
    names = [f"x{j}" for j in range(X.shape[1])]
    folder = tempfile.mkdtemp()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = TabularPredictor("y", eval_metric="log_loss", path=folder, verbosity=0).fit(
            pd.DataFrame(X, columns=names).assign(y=y.astype(int)), presets="medium_quality",
            time_limit=AUTOGLUON_SECONDS, num_cpus=1, num_gpus=0,
            excluded_model_types=["NN_TORCH", "FASTAI"],
        )  # fmt: skip
        p = fit.predict_proba(pd.DataFrame(new, columns=names))[1].to_numpy(float)
    shutil.rmtree(folder)
    return log_odds(p)


PEERS: dict[str, Peer] = {
    "ridge": ridge,
    "elastic_net": elastic_net,
    "forest": forest,
    "xgboost_default": xgboost_default,
    "xgboost_tuned": xgboost_tuned,
    "ebm": ebm,
    "autogluon": autogluon,
}
