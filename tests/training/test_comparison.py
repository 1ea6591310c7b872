"""Paired differences of two runs: R's numbers, other implementations, and what is refused."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression

from predictor.errors import InvalidInputError
from training.comparison import compare_runs
from training.run_folder import Predictions, RunFolder

R = Path(__file__).parents[1] / "reference" / "r"


def table(name):
    with (R / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def run(**changed):
    made = RunFolder(
        Path("a"), "response", "exploratory", "", "response_madrs", "simulated", "ridge", "r", "u"
    )
    return replace(made, **changed)


def said(y, p, *, days=None, ids=None, fold=None):
    p = p.reshape(len(y), -1)
    risks = {} if days is None else {30: 0.4 * p, 90: 0.8 * p, 180: p}
    ids = ids or tuple(f"secret-{i:04d}" for i in range(len(y)))
    fold = np.zeros(p.shape) if fold is None else fold
    return Predictions(ids, y, days, fold, np.log(p / (1 - p)), p, risks)


def people(n=300, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(-x))).astype(float)
    p = 1 / (1 + np.exp(-(x[:, None] + 0.2 * rng.normal(size=(n, 2)))))
    q = 1 / (1 + np.exp(-(0.3 * x[:, None] + 0.8 * rng.normal(size=(n, 2)))))
    return y, p, q


def compared(a, b, run_a=None, run_b=None, seed=1):
    return compare_runs(
        (run_a or run(), a), (run_b or run(chosen="logistic"), b), rng=np.random.default_rng(seed)
    )


@pytest.mark.parametrize("name", ["binary", "binary_ties"])
def test_the_difference_in_auc_is_that_of_proc(name) -> None:
    rows = table(f"{name}.csv")
    y, p = (np.array([float(row[c]) for row in rows]) for c in ("y", "p"))
    less = np.where(np.arange(1, len(p) + 1) % 10 == 0, 0.5, p)  # as the R script flattens it
    theirs = {
        row["quantity"]: float(row["value"])
        for row in table("reference.csv")
        if row["table"] == name
    }
    gap = compared(said(y, p), said(y, less)).differences["auc"].difference
    assert (gap.value, gap.lo, gap.hi) == pytest.approx(
        (theirs["paired_auc"], theirs["paired_auc_lo"], theirs["paired_auc_hi"]), abs=1e-6
    )


def test_losses_are_compared_person_by_person_over_repeats() -> None:
    y, p, q = people()
    found = compared(said(y, p), said(y, q))
    log_losses, squares = (
        [f(p), f(q)]
        for f in (
            lambda x: -np.log(np.where(y[:, None] == 1, x, 1 - x)).mean(axis=1),
            lambda x: ((y[:, None] - x) ** 2).mean(axis=1),
        )
    )
    for name, (a, b) in (("log_loss", log_losses), ("brier", squares)):
        each = found.differences[name]
        expected = stats.ttest_rel(a, b).confidence_interval(0.95)
        assert (each.a, each.b) == pytest.approx((a.mean(), b.mean()))
        assert (each.difference.lo, each.difference.hi) == pytest.approx(tuple(expected))
        assert each.better == "A"
    assert found.verdict == "A is better"
    assert (found.people, found.events, found.only_a, found.only_b) == (300, int(y.sum()), 0, 0)


def test_slopes_and_observed_over_expected_share_their_resamples() -> None:
    y, p, q = people()
    found = compared(said(y, p), said(y, q))
    slopes = [
        np.mean(
            [
                LogisticRegression(C=np.inf, tol=1e-10).fit(m[:, None], y).coef_[0, 0]
                for m in np.log(x / (1 - x)).T
            ]
        )
        for x in (p, q)
    ]
    each = found.differences["calibration_slope"]
    assert (each.a, each.b) == pytest.approx(slopes, abs=1e-3)
    assert each.difference.lo < each.difference.value < each.difference.hi
    oe = found.differences["oe"]
    assert (oe.a, oe.b) == pytest.approx((y.mean() / p.mean(), y.mean() / q.mean()))
    # the observed share cancels: far narrower than as if the two were independent
    alone = 2 * 1.96 * np.sqrt(2) * np.sqrt((1 - y.mean()) / y.sum())
    assert oe.difference.hi - oe.difference.lo < alone / 2


def test_risks_that_differ_in_level_need_not_differ_in_how_near_they_come_to_it() -> None:
    rng = np.random.default_rng(8)
    p = rng.uniform(0.3, 0.7, size=(100, 1))
    y = np.zeros(100)
    y[:50] = 1  # about as many as p says; chance moves O/E by 10 % either way
    level = p * 50 / p.sum()
    found = compared(said(y, level * 1.02), said(y, level * 0.96)).differences["oe"]
    assert found.difference.hi < 0  # observed over expected of A is lower for certain
    assert (found.better, found.verdict) == ("", "they differ, which is better is open")
    far = compared(said(y, level * 1.02), said(y, level * 0.4)).differences["oe"]
    assert (far.better, far.verdict) == ("A", "A is better")


def test_a_run_cannot_be_told_from_itself() -> None:
    y, p, _ = people()
    found = compared(said(y, p), said(y, p))
    assert found.same_folds
    assert found.verdict == "cannot be told apart"
    for each in found.differences.values():
        assert (each.difference.value, each.better) == (0, "")


def test_swapping_the_runs_turns_every_sign() -> None:
    y, p, q = people()
    one, other = compared(said(y, p), said(y, q)), compared(said(y, q), said(y, p))
    for name, each in one.differences.items():
        turned = other.differences[name].difference
        assert (-turned.hi, -turned.lo) == pytest.approx((each.difference.lo, each.difference.hi))
    assert other.verdict == "B is better"


def test_intervals_of_equal_models_hold_zero_as_often_as_they_say() -> None:
    rng, hits = np.random.default_rng(3), 0
    for _ in range(200):
        x = rng.normal(size=150)
        y = (rng.random(150) < 1 / (1 + np.exp(-x))).astype(float)
        p, q = (1 / (1 + np.exp(-(x + 0.7 * rng.normal(size=150)))) for _ in range(2))
        gap = compared(said(y, p), said(y, q)).differences["log_loss"].difference
        hits += gap.lo <= 0 <= gap.hi
    assert 0.91 <= hits / 200 <= 0.99


def relapse(n=250, seed=4):
    _, p, q = people(n, seed)
    rng = np.random.default_rng(seed)
    days = np.ceil(rng.exponential(200 * (1.1 - p[:, 0])))
    left = np.ceil(rng.uniform(20, 400, n))
    return (days <= left).astype(float), np.minimum(days, left), p, q


RELAPSE = {"task": "relapse", "outcome": "relapse_madrs"}


def test_relapse_is_compared_by_concordance_and_weighted_brier_scores() -> None:
    events, days, p, q = relapse()
    found = compared(
        said(events, p, days=days), said(events, q, days=days), run(**RELAPSE), run(**RELAPSE)
    )
    assert list(found.differences) == ["c_index", "brier_90", "brier_30", "brier_180"]
    known = ((days[:, None] < days) | ((days[:, None] == days) & (events == 0))) & (events == 1)[
        :, None
    ]
    for risk, ours in ((p, found.differences["c_index"].a), (q, found.differences["c_index"].b)):
        pairs = [(column[:, None] > column)[known].mean() for column in risk.T]
        assert ours == pytest.approx(np.mean(pairs), abs=1e-9)
    assert found.differences["c_index"].better == "A"
    # Graf's weights by hand: censored before day 90 count 0, others 1 / P(still followed)
    stays, weight = 1.0, np.zeros(250)
    for day in np.unique(days):
        here = (days == day) & ((events == 1) | (day >= 90))
        weight[here & (day < 90)] = 1 / stays
        if day >= 90:
            weight[days >= 90] = 1 / stays
            break
        failed = float(((days == day) & (events == 1)).sum())
        gone = float(((days == day) & (events == 0)).sum())
        stays *= 1 - gone / ((days >= day).sum() - failed)
    happened = (days <= 90) & (events == 1)
    losses = [
        (weight[:, None] * (happened[:, None] - 0.8 * risk) ** 2).mean(axis=1) for risk in (p, q)
    ]
    expected = stats.ttest_rel(*losses).confidence_interval(0.95)
    gap = found.differences["brier_90"].difference
    assert (gap.lo, gap.hi) == pytest.approx(tuple(expected), abs=1e-9)


def test_days_beyond_follow_up_are_named() -> None:
    events, days, p, q = relapse()
    short = np.minimum(days, 80)
    events = np.where(days > 80, 0.0, events)
    found = compared(
        said(events, p, days=short), said(events, q, days=short), run(**RELAPSE), run(**RELAPSE)
    )
    assert set(found.undefined) == {"brier_90", "brier_180"}
    assert "fewer than 10 people are followed to day 90" in found.undefined["brier_90"]
    assert found.verdict


def test_people_of_one_run_alone_are_counted_and_left_out() -> None:
    y, p, q = people()
    ids = tuple(f"secret-{i:04d}" for i in range(300))
    b = said(y[40:], q[40:], ids=ids[40:])
    found = compared(said(y[:280], p[:280], ids=ids[:280]), b)
    assert (found.people, found.only_a, found.only_b) == (240, 40, 20)
    whole = compared(said(y[40:280], p[40:280]), said(y[40:280], q[40:280]))
    assert found.differences["auc"] == whole.differences["auc"]
    assert "secret" not in json.dumps(found.to_dict())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"task": "relapse"}, "the task differs: response in A, relapse in B"),
        ({"outcome": "remission"}, "the outcome differs: response_madrs in A, remission in B"),
        ({"data_origin": "real"}, "the origin of the data differs: simulated in A, real in B"),
    ],
)
def test_runs_of_another_question_are_refused(changed, words) -> None:
    y, p, q = people()
    with pytest.raises(InvalidInputError, match=words):
        compared(said(y, p), said(y, q), run_b=run(**changed))


def test_other_people_are_refused_by_their_number() -> None:
    y, p, q = people()
    others = tuple(f"secret-{i + 200:04d}" for i in range(300))
    with pytest.raises(InvalidInputError, match="100 stand in both runs, 300 in A and 300 in B"):
        compared(said(y, p), said(y, q, ids=others))
    turned = y.copy()
    turned[:3] = 1 - turned[:3]
    with pytest.raises(InvalidInputError, match="3 of 300 people in both runs") as refused:
        compared(said(y, p), said(turned, q))
    assert "secret" not in str(refused.value)
    events, days, p, q = relapse()
    later = days.copy()
    later[:2] += 1
    with pytest.raises(InvalidInputError, match="2 of 250 people"):
        compared(
            said(events, p, days=days), said(events, q, days=later), run(**RELAPSE), run(**RELAPSE)
        )


def test_a_handful_of_outcomes_is_not_compared() -> None:
    _, p, q = people(40)
    y = np.zeros(40)
    y[:9] = 1
    with pytest.raises(InvalidInputError, match="at least 10 with, and as many without"):
        compared(said(y, p[:40]), said(y, q[:40]))


def test_a_probability_of_one_leaves_the_other_measures() -> None:
    y, p, q = people()
    sure = said(y, p)
    sure.probability[0] = y[0]
    found = compared(sure, said(y, q))
    assert "calibration_slope" in found.undefined
    assert "auc" in found.differences


def test_the_same_seed_gives_the_same_bytes() -> None:
    y, p, q = people()
    one, two = (compared(said(y, p), said(y, q)).to_dict() for _ in range(2))
    assert json.dumps(one) == json.dumps(two)
