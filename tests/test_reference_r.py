"""Our measures against R's, from numbers committed with the script that made them.

``tests/reference/r/make_reference.R`` wrote them once (versions beside it); no R is needed here.
Where a convention of R differs, the test says by how much and why.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from training.metrics import binary, horizon, intervals, survival
from training.metrics.censoring import greenwood
from training.metrics.decision import decision_curve, decision_curve_at
from training.metrics.paired import delong_difference
from training.penalised_cox import breslow, cox_partial_loglik, fit_ridge_cox

HERE = Path(__file__).parent / "reference/r"
Table = dict[str, np.ndarray]
NEAR = 1e-6


def _read(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def table_of(name: str) -> Table:
    rows = _read(f"{name}.csv")
    return {column: np.array([float(row[column]) for row in rows]) for column in rows[0]}


REFERENCE = [
    (row["table"], row["quantity"], float(row["at"]) if row["at"] else None, float(row["value"]))
    for row in _read("reference.csv")
]
TABLES = {name: table_of(name) for name in sorted({table for table, *_ in REFERENCE})}


def of_pairs(measure: Callable[..., object], field: str = "") -> Callable[[Table, object], float]:
    def compute(d: Table, at: object) -> float:
        found = measure(d["y"], d["p"])
        return getattr(found, field) if field else found

    return compute


def of_margin(measure: Callable[..., float], **settings: float) -> Callable[[Table, object], float]:
    return lambda d, _: measure(d["days"], d["event"], d["margin"], **settings)


def of_risk(measure: Callable[..., object], field: str = "") -> Callable[[Table, float], float]:
    def compute(d: Table, at: float) -> float:
        found = measure(d["days"], d["event"], d[f"risk{at:g}"], t=at)
        return getattr(found, field) if field else found

    return compute


def cox(d: Table, penalty: float = 0.0):
    X = np.column_stack([d["x1"], d["x2"]])
    return X, fit_ridge_cox(X, d["days"], d["event"], penalty=penalty)


def cox_loglik(d: Table, at: object) -> float:
    X, fit = cox(d)
    return cox_partial_loglik(d["days"], d["event"], X @ fit.coefficients)


def basehaz(d: Table, at: float) -> float:
    X, fit = cox(d)
    return float(breslow(d["days"], d["event"], X @ fit.coefficients, [at])[0])


def cox_se(d: Table, at: object) -> float:
    return float(np.sqrt(cox(d)[1].covariance[1, 1]))


def net_benefit_day_90(d: Table, at: float) -> float:
    curve = decision_curve_at(d["days"], d["event"], d["risk90"], t=90, thresholds=[at])
    return float(curve.model[0])


def against_less(d: Table) -> intervals.PairedDifference:
    less = np.where(np.arange(1, d["p"].size + 1) % 10 == 0, 0.5, d["p"])
    return delong_difference(d["y"], d["p"], less)


SAME: dict[str, Callable[[Table, float], float]] = {
    # pROC::roc and ci.auc
    "auc": of_pairs(binary.auroc),
    "auc_lo": of_pairs(intervals.delong_interval, "lo"),
    "auc_hi": of_pairs(intervals.delong_interval, "hi"),
    "paired_auc": lambda d, _: against_less(d).mean,
    "paired_auc_lo": lambda d, _: against_less(d).lo,
    "paired_auc_hi": lambda d, _: against_less(d).hi,
    # rms::val.prob
    "rms_brier": of_pairs(binary.brier),
    "rms_slope": of_pairs(binary.calibration_line, "slope"),
    # stats::glm, and Hmisc::rcspline.eval for the smooth curve
    "glm_intercept": of_pairs(binary.calibration_line, "intercept"),
    "glm_slope": of_pairs(binary.calibration_line, "slope"),
    "spline_ici": of_pairs(binary.calibration_errors, "ici"),
    "spline_e50": of_pairs(binary.calibration_errors, "e50"),
    "spline_e90": of_pairs(binary.calibration_errors, "e90"),
    "spline_emax": of_pairs(binary.calibration_errors, "emax"),
    "log_loss": of_pairs(binary.log_loss),
    "net_benefit": lambda d, at: decision_curve(d["y"], d["p"], thresholds=[at]).model[0],
    # riskRegression::Score
    "rr_ipa": of_pairs(binary.scaled_brier),
    # survival::concordance and Hmisc::rcorr.cens
    "harrell": of_margin(survival.harrell_c),
    "harrell_rcorr": of_margin(survival.harrell_c),
    "uno": of_margin(survival.uno_c),
    "uno_180": of_margin(survival.uno_c, tau=180),
    # survival::survfit
    "net_benefit_day_90": net_benefit_day_90,
    "km": lambda d, at: float(survival.kaplan_meier(d["days"], d["event"]).at(at)),
    "greenwood": lambda d, at: greenwood(d["days"], d["event"], t=at),
    # survival::coxph and basehaz
    "cox_efron_x1": lambda d, _: cox(d)[1].coefficients[0],
    "cox_efron_x2": lambda d, _: cox(d)[1].coefficients[1],
    "cox_efron_se_x1": cox_se,
    "cox_efron_loglik": cox_loglik,
    "basehaz_efron": basehaz,
    "ridge8_x1": lambda d, _: cox(d, 8)[1].coefficients[0],
    "ridge8_x2": lambda d, _: cox(d, 8)[1].coefficients[1],
    # stats::glm with weights from survival::survfit
    "ipcw_intercept": of_risk(horizon.calibration_line_at, "intercept"),
    "ipcw_slope": of_risk(horizon.calibration_line_at, "slope"),
}


# one name for two measures: of a probability (no day), of a risk at a day
OF_BOTH: dict[str, tuple[Callable[[Table, float], float], Callable[[Table, float], float]]] = {
    "rr_auc": (of_pairs(binary.auroc), of_risk(survival.dynamic_auc)),
    "rr_brier": (of_pairs(binary.brier), of_risk(survival.brier_ipcw)),
    "oe": (of_pairs(intervals.oe_ratio, "value"), of_risk(horizon.o_e_at, "value")),
}
# see the tests below, one for each
OTHER_CONVENTION = {
    *("rms_c", "rms_joint_intercept", "rms_eavg", "rms_e90", "rms_emax"),
    *("uno_on_a_visit", "rr_auc_on_a_visit", "rr_brier_on_a_visit"),
    *("cox_breslow_x1", "cox_breslow_x2", "cox_breslow_se_x1", "cox_breslow_loglik"),
    "basehaz_breslow",
}


@pytest.mark.parametrize(
    ("table", "quantity", "at", "value"),
    [row for row in REFERENCE if row[1] not in OTHER_CONVENTION],
    ids=lambda given: given if isinstance(given, str) else f"{given}",
)
def test_our_number_is_that_of_r(table, quantity, at, value):
    compute = SAME[quantity] if quantity in SAME else OF_BOTH[quantity][at is not None]
    assert compute(TABLES[table], at) == pytest.approx(value, abs=NEAR)


def said(table: str, quantity: str, at: float | None = None) -> float:
    (value,) = (row[3] for row in REFERENCE if row[:3] == (table, quantity, at))
    return value


def test_every_number_of_r_is_compared():
    quantities = {row[1] for row in REFERENCE}
    assert quantities == set(SAME) | set(OF_BOTH) | OTHER_CONVENTION
    assert len(REFERENCE) >= 120


@pytest.mark.parametrize("table", ["binary", "binary_ties"])
def test_rms_smooths_by_lowess_where_ours_is_a_spline(table):
    d = TABLES[table]
    ours = binary.calibration_errors(d["y"], d["p"])
    assert abs(ours.ici - said(table, "rms_eavg")) < 0.03
    assert abs(ours.e90 - said(table, "rms_e90")) < 0.03
    assert abs(ours.emax - said(table, "rms_emax")) < 0.05


def test_rms_rounds_predictions_before_it_ranks_them():
    d = TABLES["binary"]
    gap = abs(binary.auroc(d["y"], d["p"]) - said("binary", "rms_c"))
    assert NEAR < gap < 1e-4
    d = TABLES["binary_ties"]
    assert binary.auroc(d["y"], d["p"]) == pytest.approx(said("binary_ties", "rms_c"), abs=NEAR)


@pytest.mark.parametrize("table", ["binary", "binary_ties"])
def test_the_intercept_of_rms_is_fitted_together_with_the_slope(table):
    d = TABLES[table]
    line = binary.calibration_line(d["y"], d["p"])
    log_odds = np.log(d["p"] / (1 - d["p"]))
    # at the fitted pair the predicted and observed totals agree: the score of the intercept is 0
    risk = 1 / (1 + np.exp(-said(table, "rms_joint_intercept") - line.slope * log_odds))
    assert risk.sum() == pytest.approx(d["y"].sum(), abs=1e-6)
    assert abs(line.intercept - said(table, "rms_joint_intercept")) > 0.05


def test_breslow_ties_give_the_same_where_nobody_is_tied_and_less_where_many_are():
    for quantity in ("x1", "x2", "se_x1", "loglik"):
        of_efron, of_breslow = (f"cox_{ties}_{quantity}" for ties in ("efron", "breslow"))
        ours = SAME[of_efron](TABLES["survival"], 0)
        assert ours == pytest.approx(said("survival", of_breslow), abs=NEAR)
    for at in (30.0, 90.0, 180.0):
        ours = basehaz(TABLES["survival"], at)
        assert ours == pytest.approx(said("survival", "basehaz_breslow", at), abs=NEAR)
        assert basehaz(TABLES["survival_ties"], at) > said("survival_ties", "basehaz_breslow", at)
    for column, effect in zip(
        ("x1", "x2"), cox(TABLES["survival_ties"])[1].coefficients, strict=True
    ):
        assert 0.9 < said("survival_ties", f"cox_breslow_{column}") / effect < 1


def test_a_horizon_on_a_visit_day_counts_whom_r_leaves_out():
    """R's ``ymax`` counts events of that day; Score holds those censored that day for unknown."""
    d, r = TABLES["survival_ties"], {"uno": 0.0, "rr_auc": 0.0, "rr_brier": 0.0}
    for name in r:
        r[name] = said("survival_ties", f"{name}_on_a_visit", 84.0)
    follow_up = d["days"], d["event"]
    ours = {
        t: {
            "uno": survival.uno_c(*follow_up, d["margin"], tau=t),
            "rr_auc": survival.dynamic_auc(*follow_up, d["risk90"], t=t),
            "rr_brier": survival.brier_ipcw(*follow_up, d["risk90"], t=t),
        }
        for t in (84.0, 84.5)
    }
    assert ours[84.5] == pytest.approx(r, abs=NEAR)
    gaps = {name: abs(ours[84.0][name] - r[name]) for name in r}
    assert NEAR < gaps["rr_brier"] < 0.002
    assert NEAR < gaps["rr_auc"] < 0.002
    assert NEAR < gaps["uno"] < 0.01


def test_the_integrated_score_is_the_trapezoid_of_rs_scores():
    for table in ("survival", "survival_ties"):
        d, days = TABLES[table], [30.0, 90.0, 180.0]
        risks = np.column_stack([d[f"risk{t:g}"] for t in days])
        ours = survival.integrated_brier(d["days"], d["event"], risks, times=days)
        each = [said(table, "rr_brier", t) for t in days]
        assert ours == pytest.approx(np.trapezoid(each, days) / 150, abs=NEAR)


def test_the_table_of_the_methods_names_every_number_and_version():
    methods = (HERE.parents[2] / "docs/methods.md").read_text(encoding="utf-8")
    rows = [line for line in methods.splitlines() if line.startswith("| `r:")]
    named = {name for row in rows for name in row.split("|")[1].replace("`", "").split()}
    assert named == {f"r:{row[1]}" for row in REFERENCE}
    for version in _read("versions.csv"):
        assert f"{version['package']} {version['version']}" in " ".join(methods.split())
