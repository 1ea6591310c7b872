"""Fit the peers of relapse to the real sets: ``make peers-survival``.

All are of scikit-survival: Coxnet (l1 share 0.9, penalty by 5-fold CV on C, as its guide does),
a random survival forest (300 trees, leaves of 15), gradient boosting as it comes, and the
Kaplan-Meier curve of the training people. Adds lines and skips what is there.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.preprocessing import StandardScaler
from sksurv.ensemble import GradientBoostingSurvivalAnalysis, RandomSurvivalForest
from sksurv.linear_model import CoxnetSurvivalAnalysis
from sksurv.nonparametric import kaplan_meier_estimator
from sksurv.util import Surv
from survival_folds import SETS, fitted_folds, repeats_of

Floats = NDArray[np.float64]
Said = tuple[Floats, Floats]

RESULTS = Path(__file__).parent / "results_survival.csv"


def _said(fit: object, new: Floats, times: Floats) -> Said:
    """Read margins and risks from a fitted learner."""
    curves = fit.predict_survival_function(new)  # type: ignore[attr-defined]
    risk = np.array([1 - curve(np.clip(times, *curve.domain)) for curve in curves])
    return fit.predict(new), risk  # type: ignore[attr-defined]


def coxnet(X: Floats, days: Floats, events: Floats, new: Floats, times: Floats) -> Said:
    """Fit an elastic net for Cox's model, penalty by cross-validation."""
    scale, outcome = StandardScaler().fit(X), Surv.from_arrays(events == 1, days)
    X, new = scale.transform(X), scale.transform(new)
    path = CoxnetSurvivalAnalysis(l1_ratio=0.9, alpha_min_ratio=0.01, n_alphas=30).fit(X, outcome)
    search = GridSearchCV(
        CoxnetSurvivalAnalysis(l1_ratio=0.9, fit_baseline_model=True),
        {"alphas": [[alpha] for alpha in path.alphas_]},
        cv=KFold(5, shuffle=True, random_state=0), error_score=0.5,
    )  # fmt: skip
    return _said(search.fit(X, outcome).best_estimator_, new, times)


def survival_forest(X: Floats, days: Floats, events: Floats, new: Floats, times: Floats) -> Said:
    """Grow a random survival forest."""
    fit = RandomSurvivalForest(300, min_samples_leaf=15, random_state=0)
    return _said(fit.fit(X, Surv.from_arrays(events == 1, days)), new, times)


def boosting(X: Floats, days: Floats, events: Floats, new: Floats, times: Floats) -> Said:
    """Boost trees as scikit-survival does if nobody says otherwise."""
    fit = GradientBoostingSurvivalAnalysis(random_state=0)
    return _said(fit.fit(X, Surv.from_arrays(events == 1, days)), new, times)


def kaplan_meier(_: Floats, days: Floats, events: Floats, new: Floats, times: Floats) -> Said:
    """Give everybody the curve of the training people."""
    at, surviving = kaplan_meier_estimator(events == 1, days)
    place = np.searchsorted(at, times, side="right")
    risk = 1 - np.concatenate([[1.0], surviving])[place]
    return np.zeros(len(new)), np.tile(risk, (len(new), 1))


PEERS = {
    "kaplan_meier": kaplan_meier,
    "coxnet": coxnet,
    "survival_forest": survival_forest,
    "boosting": boosting,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--learners", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    columns = ["set", "repeat", "fold", "learner", "c", "ibs", "seconds"]
    there = pd.read_csv(asked.out) if asked.out.exists() else pd.DataFrame(columns=columns)
    done = set(zip(there["set"], there["learner"], there["repeat"], strict=True))
    warnings.simplefilter("ignore")  # penalties too small to converge score 0.5
    for learner in asked.learners:
        for name in asked.sets:
            for repeat in range(repeats_of(name)):
                if (name, learner, repeat) not in done:
                    found = fitted_folds(name, learner, PEERS[learner], repeat=repeat)
                    lines = pd.DataFrame(list(found), columns=columns).round(6)
                    lines.to_csv(asked.out, mode="a", index=False, header=not asked.out.exists())
            print(learner, name, flush=True)


if __name__ == "__main__":
    main()
