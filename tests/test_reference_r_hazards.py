"""Hazards of people seen at visits, and of a public trial, against R's.

``tests/reference/r/make_hazards.R`` wrote the numbers once; no R is needed here. icenReg could not
be had; glm on person-periods, survreg on Weibull laws and a likelihood of unrestricted jumps,
written out in R, stand in for it.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from training.interval_hazards import fit_heights, fit_interval_hazards
from training.penalised_cox import cox_partial_loglik, fit_ridge_cox
from training.visit_intervals import visit_intervals
from training.weibull import fit_weibull

HERE = Path(__file__).parent / "reference/r"
SMOKING = Path(__file__).parents[1] / ".." / "shared/data/smoking_relapse/pharmacoSmoking.csv"
UNEVEN = ["visits", "visits_uneven"]
DAYS = [7.0, 30.0, 90.0, 180.0]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


SAID = {
    (row["table"], row["quantity"], float(row["at"] or "nan")): float(row["value"])
    for name in ("hazards.csv", "smoking.csv")
    for row in rows_of(HERE / name)
}


def said(table: str, quantity: str, at: float | None = None) -> float:
    found = [
        value
        for (of, what, day), value in SAID.items()
        if (of, what) == (table, quantity) and (np.isnan(day) if at is None else day == at)
    ]
    (value,) = found
    return value


def people(table: str) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Give columns and what was seen of those who came to a visit."""
    rows = rows_of(HERE / f"{table}.csv")
    read = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    kept = read["days"] > 0
    X = np.column_stack([read["x1"], read["x2"]])[kept]
    return X, tuple(read[name][kept] for name in ("last_well", "days", "event"))


@pytest.fixture(scope="module")
def fits():
    """Ours, with the shipped knots and pace."""
    made = {}
    for table in UNEVEN:
        X, seen = people(table)
        intervals = visit_intervals(*seen, pace=fit_weibull(*seen).pace)
        made[table] = X, seen, intervals, fit_interval_hazards(X, intervals)
    return made


def test_one_period_for_each_visit_is_the_complementary_log_log_of_glm():
    X, seen = people("visits")
    ours = fit_interval_hazards(X, visit_intervals(*seen, knots=14 * np.arange(15)))
    for j, column in enumerate(("x1", "x2")):
        effect = ours.linear.coefficients[j]
        assert effect == pytest.approx(said("visits", f"cloglog_{column}"), abs=1e-6)
    per_visit = ours.heights.log_heights + np.log(14)
    r = [value for (_, what, _), value in SAID.items() if what == "cloglog_height"]
    assert len(r) >= 10
    np.testing.assert_allclose(per_visit[: len(r)], r, atol=1e-4)
    assert (per_visit[len(r) :] < -10).all()  # no relapse was seen there
    assert ours.linear.loglik == pytest.approx(said("visits", "cloglog_loglik"), abs=1e-4)
    error = np.sqrt(ours.linear.covariance[1, 1])
    assert error == pytest.approx(said("visits", "cloglog_se_x1"), rel=1e-4)


@pytest.mark.parametrize("table", UNEVEN)
@pytest.mark.parametrize("column", ["x1", "x2"])
def test_effects_between_visits_are_those_of_survreg_on_weibull_laws(fits, table, column):
    *_, ours = fits[table]
    j = ["x1", "x2"].index(column)
    error = said(table, f"weibull_se_{column}")
    gap = ours.linear.coefficients[j] - said(table, f"weibull_{column}")
    assert abs(gap) < 0.25 * error
    assert np.sqrt(ours.linear.covariance[j + 1, j + 1]) == pytest.approx(error, rel=0.05)


@pytest.mark.parametrize("table", UNEVEN)
@pytest.mark.parametrize("column", ["x1", "x2"])
def test_effects_between_visits_are_those_of_unrestricted_jumps(fits, table, column):
    *_, ours = fits[table]
    j = ["x1", "x2"].index(column)
    error = said(table, f"jumps_se_{column}")
    gap = ours.linear.coefficients[j] - said(table, f"jumps_{column}")
    assert abs(gap) < 0.25 * error
    assert np.sqrt(ours.linear.covariance[j + 1, j + 1]) == pytest.approx(error, rel=0.05)


def test_with_even_visits_the_jumps_of_r_are_its_complementary_log_log():
    for j in ("x1", "x2"):
        assert said("visits", f"jumps_{j}") == pytest.approx(
            said("visits", f"cloglog_{j}"), abs=1e-5
        )
    assert said("visits", "jumps_loglik") == pytest.approx(said("visits", "cloglog_loglik"))


@pytest.mark.parametrize("table", UNEVEN)
def test_our_pieces_are_no_better_than_unrestricted_jumps_and_little_worse(fits, table):
    *_, ours = fits[table]
    short = said(table, "jumps_loglik") - ours.linear.loglik
    n_ends = np.unique(fits[table][1][1][fits[table][1][2] == 1]).size
    assert -1e-3 < short < n_ends / 2 + 1  # half a unit for each jump that we do not have


@pytest.mark.parametrize("table", UNEVEN)
def test_curves_between_visits_are_those_of_survreg(fits, table):
    X, seen, _, fit = fits[table]
    margin = X @ fit.linear.coefficients
    pace = fit_weibull(*seen, margin).pace
    intervals = visit_intervals(*seen, pace=pace)
    lived = intervals.lived(DAYS)
    heights = fit_heights(margin, intervals)
    log_hazard, error = np.log(heights.cumulative(lived)), np.sqrt(heights.log_variance(lived))
    for k, day in enumerate(DAYS):
        gap = abs(log_hazard[k] - said(table, "weibull_log_hazard", day))
        assert gap < 2 * error[k]  # pieces follow the data where a law of two numbers cannot
    # pieces know less than a Weibull law does, and at each visit as much as jumps do
    assert error[1] > 0.9 * said(table, "weibull_se_log_hazard", 30)


@pytest.mark.parametrize("table", UNEVEN)
def test_levels_are_those_of_the_jumps_and_the_pace_that_of_survreg(fits, table):
    X, seen, intervals, fit = fits[table]
    for at, visit in ((30.0, 28.0), (90.0, 84.0)):  # jumps stay put between even visits
        day = visit if table == "visits" else at
        ours = float(np.log(fit.heights.cumulative(intervals.lived([day])))[0])
        near = 1e-4 if table == "visits" else said(table, "weibull_se_log_hazard", at)
        assert ours == pytest.approx(said(table, "jumps_log_hazard", at), abs=near)
    pace, variance, *_ = fit_weibull(*seen, X @ fit.linear.coefficients)
    assert pace == pytest.approx(said(table, "weibull_shape"), rel=0.25 * np.sqrt(variance))


def test_dating_relapse_at_the_visit_pulls_effects_toward_0_in_r_too():
    for column in ("x1", "x2"):
        dated = said("visits", f"cox_efron_{column}")
        assert 0.9 < dated / said("visits", f"cloglog_{column}") < 0.98


def test_cox_of_a_public_trial_is_coxph():
    """All 125 people are at risk; relapses on day 0 count as half a day."""
    if not SMOKING.is_file():
        pytest.skip("the data set smoking_relapse is not here")
    rows = rows_of(SMOKING)
    days = np.array([float(row["ttr"]) for row in rows])
    assert (days == 0).sum() == 12
    days[days == 0] = 0.5
    events = np.array([float(row["relapse"]) for row in rows])
    X = np.column_stack([
        [float(row["age"]) for row in rows],
        [row["gender"] == "Male" for row in rows],
        [row["employment"] == "other" for row in rows],
        [row["employment"] == "pt" for row in rows],
        [row["grp"] == "patchOnly" for row in rows],
    ]).astype(float)  # fmt: skip
    centred = X - X.mean(axis=0)
    fit = fit_ridge_cox(centred, days, events, penalty=0.0)
    assert (len(rows), events.sum()) == (said("smoking", "n"), said("smoking", "events"))
    for j, name in enumerate(("age", "male", "other", "pt", "patch")):
        assert fit.coefficients[j] == pytest.approx(said("smoking", f"cox_{name}"), abs=1e-6)
        error = np.sqrt(fit.covariance[j + 1, j + 1])
        assert error == pytest.approx(said("smoking", f"cox_se_{name}"), abs=1e-6)
    loglik = cox_partial_loglik(days, events, centred @ fit.coefficients)
    assert loglik == pytest.approx(said("smoking", "cox_loglik"), abs=1e-6)
    # pieces of a hazard instead of the ranks of days: the same effects
    seen = days, days, events
    pieces = fit_interval_hazards(centred, visit_intervals(*seen, pace=fit_weibull(*seen).pace))
    gap = np.abs(pieces.linear.coefficients - fit.coefficients)
    assert (gap < 0.25 * np.sqrt(np.diag(fit.covariance)[1:])).all()


def test_every_number_of_r_is_compared():
    source = Path(__file__).read_text(encoding="utf-8")
    stems = {what.removesuffix("_x1").removesuffix("_x2") for _, what, _ in SAID}
    stems = {stem for stem in stems if not stem.startswith("cox_")} - {"n", "events"}
    assert [stem for stem in sorted(stems) if stem not in source] == []
