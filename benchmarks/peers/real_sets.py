"""Real data sets as plain arrays, written to a folder that git ignores; none is committed.

Run ``make peers-data``. Sets come from packages of the peers' environment (scikit-learn,
scikit-survival, statsmodels) or from the folder of open data given by ``--shared``. Codes without
an order become yes/no columns, the first level left out; missing stays NaN. Of a follow-up, the
outcome is the event by a fixed day, and people censored before that day are left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
from folds import all_folds
from sklearn.datasets import load_breast_cancer
from sksurv.datasets import load_flchain, load_gbsg2, load_whas500

Frame = tuple[pd.DataFrame, "pd.Series[float]"]
FollowUp = tuple[pd.DataFrame, np.ndarray, np.ndarray]


def encoded(table: pd.DataFrame) -> pd.DataFrame:
    """Turn codes of two or more levels into yes/no columns; keep numbers."""
    codes = [c for c in table if not pd.api.types.is_numeric_dtype(table[c])]
    return pd.get_dummies(table, columns=codes, drop_first=True, dtype=float).astype(float)


def by_day(people: FollowUp, day: float) -> Frame:
    """Say who had the event by a day; leave out people censored before it."""
    table, days, events = people
    seen = (days >= day) | (events == 1)
    return table[seen], pd.Series(((days <= day) & (events == 1))[seen].astype(float))


def whas500() -> FollowUp:
    """Heart attacks; the length of stay is left out, as it is known at discharge only."""
    table, outcome = load_whas500()
    yes_no = table.select_dtypes("category").columns
    table[yes_no] = table[yes_no].astype(float)
    return table.drop(columns="los"), outcome["lenfol"], outcome["fstat"].astype(float)


def gbsg2() -> FollowUp:
    """Breast cancer: recurrence or death; the grade is a number."""
    table, outcome = load_gbsg2()
    table["tgrade"] = table["tgrade"].astype(str).map({"I": 1.0, "II": 2.0, "III": 3.0})
    return encoded(table), outcome["time"], outcome["cens"].astype(float)


def flchain() -> FollowUp:
    """Free light chains: death.

    Cause of death is the outcome itself. The year of the sample decides who is followed for ten
    years, so that it would tell of people left out. Both are dropped.
    """
    table, outcome = load_flchain()
    table = table.drop(columns=["chapter", "sample.yr"])
    table["flc.grp"] = table["flc.grp"].astype(str).astype(float)
    return encoded(table), outcome["futime"], outcome["death"].astype(float)


def breast_cancer() -> Frame:
    """Malignant (1) or benign (0) from measures of cell nuclei."""
    found = load_breast_cancer(as_frame=True)
    return found.data, (found.target == 0).astype(float)


def fair() -> Frame:
    """Any affair; occupations are codes without an order."""
    table = sm.datasets.fair.load_pandas().data
    codes = ["occupation", "occupation_husb"]
    table[codes] = table[codes].astype(int).astype(str)
    return encoded(table.drop(columns="affairs")), (table["affairs"] > 0).astype(float)


def rbmi(shared: Path, *, sites: bool = False) -> Frame:
    """HAM-D17 fallen by half at week 6, of people seen then, from what was known at baseline.

    As the source `rbmi` of the project: baseline score, sex and arm, never the site. With ``sites``
    the site is a column too, for one strong effect (21 of 23 respond in one site) among weak ones.
    """
    path = shared / "rbmi_antidepressant" / "antidepressant_data.csv"
    table = pd.read_csv(path, dtype={"POOLINV": str})
    table = table[table["VISIT"] == 7]
    known = ["BASVAL", "GENDER", "THERAPY"] + ["POOLINV"] * sites
    return encoded(table[known]), (table["HAMDTL17"] <= table["BASVAL"] / 2).astype(float)


def smoking_relapse(shared: Path) -> FollowUp:
    """Relapse to smoking; relapses on day 0 count as half a day."""
    table = pd.read_csv(shared / "smoking_relapse" / "pharmacoSmoking.csv")
    days, events = table["ttr"].clip(lower=0.5), table["relapse"]
    left_out = ["id", "ttr", "relapse", "ageGroup2", "ageGroup4"]  # age itself stays
    return encoded(table.drop(columns=left_out)), days.to_numpy(float), events.to_numpy(float)


BINARY: dict[str, Callable[[Path], Frame]] = {
    "breast_cancer": lambda _: breast_cancer(),
    "whas500": lambda _: by_day(whas500(), 365),
    "gbsg2": lambda _: by_day(gbsg2(), 730),
    "flchain": lambda _: by_day(flchain(), 3652),
    "fair": lambda _: fair(),
    "rbmi": rbmi,
    "rbmi_sites": lambda shared: rbmi(shared, sites=True),
}
SURVIVAL: dict[str, Callable[[Path], FollowUp]] = {
    "gbsg2": lambda _: gbsg2(),
    "whas500": lambda _: whas500(),
    "smoking_relapse": smoking_relapse,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path(".peers-data"))
    asked = parser.parse_args()
    asked.out.mkdir(exist_ok=True)
    for name, read in BINARY.items():
        X, y = read(asked.shared)
        held = {"y": y.to_numpy(float), "folds": all_folds(y.to_numpy(float))}
        write(asked.out / f"{name}.npz", X, held)
    for name, follow in SURVIVAL.items():
        X, days, events = follow(asked.shared)
        held = {"days": np.asarray(days), "events": events, "folds": all_folds(events)}
        write(asked.out / f"survival_{name}.npz", X, held)


def write(path: Path, X: pd.DataFrame, held: dict[str, np.ndarray]) -> None:
    """Write the columns, their names, what happened, and the folds."""
    np.savez_compressed(path, X=X.to_numpy(float), names=np.array(X.columns, dtype=str), **held)
    event = held.get("y", held.get("events"))
    missing = np.isnan(X.to_numpy(float)).mean()
    sys.stdout.write(
        f"{path.stem}: {X.shape[0]} people, {X.shape[1]} columns, {event.sum():.0f} events, "
        f"{100 * missing:.1f} % missing\n"
    )


if __name__ == "__main__":
    main()
