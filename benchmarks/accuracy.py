"""How near learners come to the truth on small cohorts, beside the usual tools.

Run ``python benchmarks/accuracy.py --cohorts 50`` (hours) or ``--quick`` (2 minutes on two
cores). Every cohort is drawn from a world of `worlds.py`; each learner is fitted to it and its
probabilities are held against the true ones of 4,000 new people. Regret is the mean log-loss above
that of the truth. Columns are complete and standardised by the cohort; the peers tune themselves by
5-fold cross-validation on the log-loss.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import xgboost
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import special
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV
from worlds import COMPLETE, WORLDS, draw, world

from predictor.uncertainty import Z_LEVEL
from training.averaged_logistic import fit_averaged_logistic
from training.metrics.binary import auroc

Floats = NDArray[np.float64]
Said = tuple[Floats, Floats | None]

N_NEW = 4000
SIZES = (100, 200, 400, 800)


def averaged(X: Floats, y: Floats, new: Floats, published: Floats | None) -> Said:
    """Fit ours, with or without what was published."""
    fit = fit_averaged_logistic(X, y, published=published)
    design = np.column_stack([np.ones(len(new)), new])
    sd = np.sqrt(((design @ fit.covariance) * design).sum(axis=1))
    return fit.intercept + new @ fit.coefficients, sd


def ridge(X: Floats, y: Floats, new: Floats) -> Said:
    """Fit a ridge, penalty by cross-validation."""
    fit = LogisticRegressionCV(
        Cs=np.logspace(-4, 1, 16), cv=5, scoring="neg_log_loss", max_iter=300
    )
    return fit.fit(X, y).decision_function(new), None


def elastic_net(X: Floats, y: Floats, new: Floats) -> Said:
    """Fit an elastic net, penalty and share by cross-validation."""
    fit = LogisticRegressionCV(
        Cs=np.logspace(-3, 0.5, 10), cv=5, penalty="elasticnet", solver="saga",
        l1_ratios=[0.5, 1.0], scoring="neg_log_loss", max_iter=200, tol=1e-3, random_state=0,
    )  # fmt: skip
    return fit.fit(X, y).decision_function(new), None


def forest(X: Floats, y: Floats, new: Floats) -> Said:
    """Grow a random forest whose leaves hold five people."""
    fit = RandomForestClassifier(300, min_samples_leaf=5, random_state=0).fit(X, y)
    return special.logit(np.clip(fit.predict_proba(new)[:, 1], 1e-4, 1 - 1e-4)), None


def xgboost_default(X: Floats, y: Floats, new: Floats) -> Said:
    """Boost trees as XGBoost does if nobody says otherwise."""
    fit = xgboost.XGBClassifier(nthread=1, random_state=0).fit(X, y)
    return special.logit(np.clip(fit.predict_proba(new)[:, 1], 1e-4, 1 - 1e-4)), None


PEERS: dict[str, Callable[[Floats, Floats, Floats], Said]] = {
    "ridge": ridge,
    "elastic_net": elastic_net,
    "forest": forest,
    "xgboost_default": xgboost_default,
}


def one_cohort(name: str, n: int, seed: int) -> list[dict[str, object]]:
    """Fit every learner to one cohort and hold it against the truth of new people."""
    rng = np.random.default_rng([seed, n, WORLDS.index(name)])
    X, y, _ = draw(name, n, rng)
    new, happened, truth = draw(name, N_NEW, rng)
    mean, sd = X.mean(axis=0), X.std(axis=0) + 1e-9
    X, new, p = (X - mean) / sd, (new - mean) / sd, special.expit(truth)
    floor = float((np.logaddexp(0, truth) - p * truth).mean())
    published = world(name).published
    fits: dict[str, Callable[[], Said]] = {
        "averaged": lambda: averaged(X, y, new, None),
        **{peer: lambda fit=fit: fit(X, y, new) for peer, fit in PEERS.items()},  # type: ignore[misc]
    }
    if published.any():
        fits["averaged, published"] = lambda: averaged(X, y, new, published[:, None])
    found: list[dict[str, object]] = []
    for learner, fit in fits.items():
        start = time.perf_counter()
        with warnings.catch_warnings():  # peers that stop early are peers as people use them
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", FutureWarning)
            eta, spread = fit()
        line: dict[str, object] = {
            "world": name, "n": n, "seed": seed, "learner": learner,
            "regret": float((np.logaddexp(0, eta) - p * eta).mean()) - floor,
            "auc": auroc(happened, special.expit(eta)), "seconds": time.perf_counter() - start,
        }  # fmt: skip
        if spread is not None:
            half = Z_LEVEL * spread
            line["coverage"] = float((np.abs(eta - truth) < half).mean())
            line["width"] = float(np.median(special.expit(eta + half) - special.expit(eta - half)))
        found.append(line)
    return found


def table(lines: pd.DataFrame) -> pd.DataFrame:
    """Give regret as a share of the ridge's in the same cohorts, with its standard error."""
    lines = lines.copy()
    lines["learner"] = pd.Categorical(lines["learner"], list(dict.fromkeys(lines["learner"])))
    wide = lines.pivot_table(
        index=["world", "n", "seed"], columns="learner", values="regret", observed=True
    )
    cells = wide.groupby(level=["world", "n"], sort=False)
    mean, base = cells.mean(), cells["ridge"].mean()
    gap = wide.sub(wide["ridge"], axis=0).groupby(level=["world", "n"], sort=False)
    share = mean.div(base, axis=0)
    share.insert(0, "ridge regret", base)
    share["averaged - ridge"] = gap["averaged"].mean()
    share["its se"] = gap["averaged"].sem()
    ours = lines[lines["learner"] == "averaged"].groupby(["world", "n"], sort=False)
    share["coverage"], share["width"] = ours["coverage"].mean(), ours["width"].mean()
    return share


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--cohorts", type=int, default=50, help="of each world and size")
    parser.add_argument("--quick", action="store_true", help="8 cohorts, sizes 100 to 400")
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=list(COMPLETE))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", help="CSV file with one line for each fit")
    asked = parser.parse_args()
    cohorts, sizes = (8, SIZES[:3]) if asked.quick else (asked.cohorts, SIZES)
    tasks = [(w, n, seed) for w in asked.worlds for n in sizes for seed in range(cohorts)]
    done = Parallel(n_jobs=asked.jobs)(delayed(one_cohort)(*task) for task in tasks)
    lines = pd.DataFrame([line for cohort in done for line in cohort])
    if asked.out:
        lines.to_csv(asked.out, index=False)
    with pd.option_context("display.width", 220, "display.max_columns", 20):
        sys.stdout.write(table(lines).round(3).to_string() + "\n")
    whole = lines.groupby("learner", sort=False)[["regret", "auc", "seconds"]].mean()
    everywhere = lines["learner"] != "averaged, published"
    base = lines.loc[lines["learner"] == "ridge", "regret"].mean()
    whole["share of ridge"] = lines[everywhere].groupby("learner")["regret"].mean() / base
    sys.stdout.write("\nOver all worlds\n" + whole.round(4).to_string() + "\n")


if __name__ == "__main__":
    main()
