"""How near the risk of relapse comes to the truth when relapse is seen at visits alone.

Run ``python benchmarks/visit_intervals.py --cohorts 200`` (minutes on one core). Each cohort is 400
people of the simulated world with visits every 14 days; its risk set and its relapses are those of
a shipped rule. Nothing is read but days: no penalty, no columns. The bias of a risk is its mean
less the mean true risk of the people at risk, and less the share of them that had truly relapsed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from simulated import draw, the_dictionary, the_outcomes

from training.baseline_hazard import fit_baseline
from training.cohort import assemble_cohort
from training.interval_hazards import fit_heights
from training.metrics.survival import kaplan_meier
from training.outcome import OutcomeDefinition
from training.raw_tables import RawTables
from training.visit_intervals import KNOT_DAYS, visit_intervals
from training.weibull import fit_weibull

Floats = NDArray[np.float64]
Seen = tuple[Floats, Floats, Floats]

DAYS = np.array([7.0, 30.0, 90.0, 180.0])
RULES = ("confirmed twice", "one reading")


def of_kaplan_meier(_: Floats, days: Floats, events: Floats) -> Floats:
    """Take every relapse for having happened at its visit."""
    curve = kaplan_meier(days, events)
    return np.array([1 - float(curve.at(day)) for day in DAYS])


def of_breslow(_: Floats, days: Floats, events: Floats) -> Floats:
    """Read the same at knots, and join them by straight lines."""
    return fit_baseline(days, events, np.zeros(len(days))).risk(0.0, DAYS)


def straight(well: Floats, days: Floats, events: Floats) -> Floats:
    """Fit intervals, the hazard constant between knots."""
    intervals = visit_intervals(well, days, events)
    heights = fit_heights(np.zeros(len(days)), intervals)
    return np.asarray(-np.expm1(-heights.cumulative(intervals.lived(DAYS))))


def logarithms(well: Floats, days: Floats, events: Floats) -> Floats:
    """Fit intervals, and join logs of cumulative hazards at knots over the logs of days."""
    intervals, knots = visit_intervals(well, days, events), np.array(KNOT_DAYS[1:], dtype=float)
    heights = fit_heights(np.zeros(len(days)), intervals)
    at_knots = np.log(heights.cumulative(intervals.lived(knots)))
    at_days = np.interp(np.log(DAYS), np.log(knots), at_knots)
    first = np.flatnonzero(knots[0] > DAYS)
    slope = (at_knots[1] - at_knots[0]) / np.log(knots[1] / knots[0])
    at_days[first] = at_knots[0] + slope * np.log(DAYS[first] / knots[0])
    return np.asarray(-np.expm1(-np.exp(at_days)))


def weibull(well: Floats, days: Floats, events: Floats) -> Floats:
    """Fit intervals by one Weibull law."""
    law = fit_weibull(well, days, events)
    return np.asarray(-np.expm1(-np.exp(law.level) * DAYS**law.pace))


def shipped(well: Floats, days: Floats, events: Floats) -> Floats:
    """Fit intervals as a model's baseline hazard does."""
    return fit_baseline(days, events, np.zeros(len(days)), last_well=well).risk(0.0, DAYS)


ESTIMATORS: dict[str, Callable[[Floats, Floats, Floats], Floats]] = {
    "dated at the visit: Kaplan-Meier": of_kaplan_meier,
    "dated at the visit: Breslow at knots": of_breslow,
    "between visits: shipped": shipped,
    "between visits: straight lines": straight,
    "between visits: logarithms": logarithms,
    "between visits: one Weibull law": weibull,
    "between visits, unconfirmed never counted": shipped,
}


def rule(name: str) -> OutcomeDefinition:
    """Take the shipped rule, or the same without confirmation."""
    found = the_outcomes()["relapse_madrs"]
    return found if name == RULES[0] else found.model_copy(update={"confirmation": None})


def one_cohort(name: str, n: int, seed: int) -> list[dict[str, object]]:
    """Hold every estimator against the truth of one cohort."""
    drawn = draw(n, [seed, 0])
    tables = RawTables(drawn.patients, drawn.visits, "simulated", {}, drawn.events, "simulated")
    cohort = assemble_cohort(tables, dictionary=the_dictionary(), definition=rule(name))
    kept, outcome = cohort.analysed, cohort.outcome
    ids = list(cohort.rows.select(kept).patient_ids)
    truth = drawn.truth.set_index("patient_id").loc[ids]
    latent = drawn.latent.set_index("patient_id").loc[ids, "relapse_days"].to_numpy(dtype=float)
    happened = np.array([(latent <= day).mean() for day in DAYS])
    risk = [float(truth.get(f"relapse_risk_{day:g}", pd.Series([np.nan])).mean()) for day in DAYS]
    well, days = outcome.last_well_days[kept], outcome.days[kept]
    confirmed = outcome.relapsed[kept].astype(float)
    chance = confirmed + outcome.unconfirmed[kept]
    found = []
    for label, estimate in ESTIMATORS.items():
        seen = chance if label.startswith("between visits:") else confirmed
        said = estimate(well, days, seen)
        for day, one, of, so in zip(DAYS, said, risk, happened, strict=True):
            line = {"rule": name, "seed": seed, "estimator": label, "day": day}
            found.append(line | {"bias": one - of, "off": one - so})
    return found


def table(lines: pd.DataFrame) -> pd.DataFrame:
    """Give mean bias, its standard error, and the spread around what happened."""
    cells = lines.groupby(["rule", "estimator", "day"], sort=False)
    shown = pd.DataFrame()
    for what, title, days in (("off", "less happened", DAYS), ("bias", "less true risk", DAYS[1:])):
        mean, error, spread = (getattr(cells[what], how)() for how in ("mean", "sem", "std"))
        for day in days:
            a, b, c = (found.xs(day, level="day") for found in (mean, error, spread))
            text = [f"{x:+.4f} ±{y:.4f}" for x, y in zip(a, b, strict=True)]
            shown[f"{title}, {day:g}"] = pd.Series(text, index=a.index)
            if what == "off":
                shown[f"SD {day:g}"] = c.round(3)
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--cohorts", type=int, default=200)
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--rules", nargs="+", choices=RULES, default=list(RULES))
    parser.add_argument("--out", help="CSV file with one line for each estimate")
    asked = parser.parse_args()
    lines = pd.DataFrame([
        line
        for name in asked.rules
        for seed in range(asked.cohorts)
        for line in one_cohort(name, asked.people, seed)
    ])  # fmt: skip
    if asked.out:
        lines.to_csv(asked.out, index=False)
    with pd.option_context("display.width", 260, "display.max_columns", 20):
        sys.stdout.write(table(lines).to_string() + "\n")


if __name__ == "__main__":
    main()
