"""Learners on visit intervals: exact, fitted on training rows alone, and not pulled toward 0."""

import numpy as np
import pytest
from scipy.optimize import minimize

from predictor.dictionary import Variable
from predictor.errors import InvalidInputError
from training.averaged_cox import fit_averaged_cox
from training.averaged_interval import fit_averaged_interval
from training.calibrating import fit_affine_relapse, kept_line
from training.evaluation import inner_splits
from training.fitting import Outcome, prepare, tuning_loss
from training.fitting.between_visits import interval_slopes, intervals_of, seen_of
from training.freezing import freeze
from training.learners import LEARNERS
from training.tuning import inner_folds, tune_and_fit
from training.visit_intervals import visit_intervals

N = 160
LINES = {line.name: line for line in LEARNERS}
NAMES = ("averaged_interval", "interval_ridge", "xgboost_interval")
VARIABLES = tuple(
    Variable(f"v{i}", f"V{i}", "number", "g", "s", hard_range=(-9, 9)) for i in range(4)
)


def drawn(*, effect=1.0, seed=3, n=N, gap=28.0, shape=0.6, dated=False):
    """Draw people whose relapse follows `v0`, seen at visits far apart or dated to the day."""
    rng = np.random.default_rng(seed)
    values = {f"v{i}": rng.normal(size=n) for i in range(4)}
    relapse = 60 * (rng.exponential(size=n) * np.exp(-effect * values["v0"])) ** (1 / shape)
    values["v1"][rng.random(n) < 0.2] = np.nan
    left = rng.uniform(40, 240, n)
    events = np.ceil(relapse / gap) * gap <= left
    well = np.floor(np.minimum(relapse, left) / gap) * gap
    if dated:
        days = np.where(events, relapse, well)
        return values, Outcome(events.astype(float), days, days)
    return values, Outcome(events.astype(float), np.where(events, well + gap, well), well)


def tuned(name, people, rows=None):
    values, outcome = people
    rows = np.arange(len(outcome.events)) if rows is None else rows
    mine = outcome.take(rows)
    splits = inner_splits(mine, [str(row) for row in rows], 4, np.random.default_rng(2))
    inside = inner_folds(values, VARIABLES, rows, mine, splits)
    return tune_and_fit(LINES[name], prepare(values, VARIABLES, rows), mine, inside), mine


def model_of(name, people, rows=None):
    fitted, outcome = tuned(name, people, rows)
    return freeze(fitted, outcome, n_refits=3, rng=np.random.default_rng(1)), fitted


@pytest.mark.parametrize("name", NAMES)
def test_the_model_scores_as_the_fit_with_contributions_that_add_up(name):
    people = drawn()
    model, fitted = model_of(name, people)
    found = model.assess(people[0])
    np.testing.assert_allclose(found.margin, fitted.margin(fitted.prepared.X), atol=1e-9)
    total = found.base + found.contributions.sum(axis=1)
    np.testing.assert_allclose(total, found.margin, atol=1e-9)
    assert model.family == name
    assert model.task == "relapse"
    assert (model.refits is None) == (name != "xgboost_interval")
    assert np.corrcoef(found.margin, people[0]["v0"])[0, 1] > 0.8
    assert (found.sd > 0).all()
    assert model.hazard_variance.shape == (181,)
    assert fitted.calibration.affine.slope > 0.5


@pytest.mark.parametrize("name", NAMES)
def test_everything_fitted_saw_exactly_the_training_rows(name):
    values, outcome = drawn()
    rows = np.random.default_rng(5).permutation(N)[:120]
    others = np.setdiff1d(np.arange(N), rows)
    poisoned = {variable: answers.copy() for variable, answers in values.items()}
    for answers in poisoned.values():
        answers[others] = np.inf
    parts = [part.copy() for part in (outcome.events, outcome.days, outcome.last_well)]
    for part in parts:
        part[others] = np.nan
    one = model_of(name, (values, outcome), rows)[0].to_arrays()
    two = model_of(name, (poisoned, Outcome(*parts)), rows)[0].to_arrays()
    for key in one:
        np.testing.assert_array_equal(one[key], two[key], err_msg=key)


@pytest.mark.parametrize("name", NAMES)
def test_without_days_of_being_well_they_are_refused_by_name_with_what_to_choose(name):
    values, outcome = drawn()
    blind = Outcome(outcome.events, outcome.days)
    instead = {"averaged_interval": "averaged_cox", "xgboost_interval": "xgboost_cox"}
    with pytest.raises(InvalidInputError, match=f"{name}.*{instead.get(name, 'cox_ridge')}"):
        tuned(name, (values, blind))
    with pytest.raises(InvalidInputError, match="last seen well"):
        seen_of(blind)


@pytest.mark.parametrize(
    ("ours", "theirs"), [("averaged_interval", "averaged_cox"), ("interval_ridge", "cox_ridge")]
)
def test_effects_are_nearer_the_truth_than_where_relapse_is_dated_at_the_visit(ours, theirs):
    people = drawn(n=1500, gap=56.0)
    between, dated = (
        fitted.fitted.learner.coefficients[0] * fitted.calibration.affine.slope
        for fitted, _ in (tuned(name, people) for name in (ours, theirs))
    )
    assert between == pytest.approx(1.0, abs=0.1)
    assert dated < 0.92


def test_trees_on_intervals_rank_as_those_on_ranks_do_and_spread_wider():
    people = drawn(n=800, gap=56.0)
    between, dated = (tuned(n, people)[0] for n in ("xgboost_interval", "xgboost_cox"))
    margins = [fit.margin(fit.prepared.X) for fit in (between, dated)]
    assert np.corrcoef(*margins)[0, 1] > 0.9
    assert margins[0].std() > 1.03 * margins[1].std()


def test_a_person_that_is_dated_exactly_counts_for_its_day():
    one, two = (
        tuned("averaged_interval", drawn(n=600, dated=dated))[0].fitted.learner.coefficients
        for dated in (False, True)
    )
    np.testing.assert_allclose(one, two, atol=0.08)


def slopes_loss(margin, outcome, slopes_of):
    """Minus the log-likelihood at the baseline that trees are given, up to a constant."""
    total = 0.0
    before, within = slopes_of
    for m, b, w, event in zip(margin, before, within, outcome.events, strict=True):
        total += np.exp(m) * b
        if event:
            total -= np.log(-np.expm1(-np.exp(m) * w)) if w > 0 else m
    return total


def test_the_slopes_given_to_trees_are_those_of_the_likelihood():
    _, outcome = drawn(n=30)
    outcome.last_well[0] = outcome.days[0]  # one dated exactly
    outcome.events[0] = 1.0
    margin = np.random.default_rng(0).normal(size=30) / 2
    slopes = interval_slopes(outcome)
    # the baseline is read off the slopes themselves: of a censored person, e^m H(l)
    flat = np.zeros(30)
    gradient, _ = slopes(flat, None)
    case = (outcome.events == 1) & (outcome.last_well < outcome.days)
    level, _ = slopes(np.full(30, np.log(2.0)), None)
    # lost(m) = e^m b − q(e^m w), q(x) = x/(e^x − 1): two equations for b and w of each case
    before, within = np.zeros(30), np.zeros(30)
    for i in range(30):
        if not case[i]:
            before[i] = gradient[i] + float(outcome.events[i])
            continue

        def miss(point, i=i):
            b, w = np.exp(point)
            q = [x / np.expm1(x) for x in (w, 2 * w)]
            return (b - q[0] - gradient[i]) ** 2 + (2 * b - q[1] - level[i]) ** 2

        found = minimize(miss, [-1.0, -1.0], method="Nelder-Mead",
                         options={"xatol": 1e-11, "fatol": 1e-22, "maxiter": 4000})  # fmt: skip
        before[i], within[i] = np.exp(found.x)
    at, curvature = slopes(margin, None)
    h = 1e-5
    for i in range(30):
        loss = [
            slopes_loss(margin + s * h * np.eye(30)[i], outcome, (before, within))
            for s in (1, 0, -1)
        ]
        assert at[i] == pytest.approx((loss[0] - loss[2]) / (2 * h), abs=1e-4)
        bend = (loss[0] - 2 * loss[1] + loss[2]) / h**2
        assert curvature[i] == pytest.approx(bend, abs=1e-3)


def test_unconfirmed_relapses_count_between_visits_and_nowhere_else():
    values, outcome = drawn(n=400, gap=14.0)
    lost = np.flatnonzero(outcome.events == 1)[::4]
    chance = np.where(np.isin(np.arange(400), lost), 1.0, 0.0)
    open_ = Outcome(outcome.events - chance, outcome.days, outcome.last_well, unconfirmed=chance)
    np.testing.assert_array_equal(open_.take(lost).unconfirmed, 1.0)
    for name in ("averaged_interval", "xgboost_interval"):
        # those that are sure to have relapsed count as if they were confirmed
        both = [tuned(name, (values, o))[0].fitted.learner for o in (outcome, open_)]
        margins = [learner.margin(np.zeros((1, 4)) + 0.5)[0] for learner in both]
        assert margins[0] == pytest.approx(margins[1], abs=0.25)
    full, without = (
        tuned("averaged_cox", (values, o))[0].baseline
        for o in (open_, Outcome(open_.events, open_.days, open_.last_well))
    )
    assert full.cumulative[30] > 1.15 * without.cumulative[30]


def test_the_tuning_loss_on_intervals_is_that_of_the_best_weibull_law():
    values, outcome = drawn(n=80)
    margin = 0.8 * values["v0"]

    def loss(point):
        H = [np.exp(point[0] + margin) * t ** np.exp(point[1])
             for t in (outcome.last_well, outcome.days)]  # fmt: skip
        case = outcome.events == 1
        return H[0].sum() - np.log(-np.expm1(-(H[1] - H[0])[case])).sum()

    # the pace has a wide prior, which 80 people hardly feel
    oracle = minimize(loss, [-2.0, -0.5], method="Nelder-Mead", options={"xatol": 1e-8})
    assert tuning_loss(outcome, margin, "interval") == pytest.approx(oracle.fun, abs=0.02)
    assert tuning_loss(outcome, margin, "interval") > oracle.fun - 1e-6
    moved = tuning_loss(outcome, margin + 3.0, "interval")
    assert moved == pytest.approx(tuning_loss(outcome, margin, "interval"), abs=1e-4)
    nobody = Outcome(np.zeros(80), outcome.days, outcome.last_well)
    assert tuning_loss(nobody, margin, "interval") == 0.0


def test_margins_of_intervals_are_calibrated_on_intervals():
    values, outcome = drawn(n=4000, gap=56.0)
    margin = values["v0"]
    given = margin, outcome.days, outcome.events
    intervals = intervals_of(outcome)
    between = fit_affine_relapse(*given, intervals=intervals)
    dated = fit_affine_relapse(*given)
    assert between.affine.slope == pytest.approx(1.0, abs=0.06)
    assert dated.affine.slope < 0.92
    kept = kept_line(between, margin, outcome.events, outcome.days, intervals=intervals)
    assert kept.affine.slope == 1.0
    assert kept.covariance[1, 1] == pytest.approx(between.covariance[1, 1], rel=0.05)
    wrong = fit_affine_relapse(-margin, *given[1:], intervals=intervals)
    assert wrong.no_signal
    assert wrong.raw_slope == pytest.approx(-between.raw_slope, rel=1e-6)


def test_with_daily_visits_the_average_over_priors_is_that_of_cox():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(300, 5))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    days = np.ceil(rng.exponential(100 * np.exp(-X @ [0.6, -0.3, 0, 0, 0])))
    events, days = (days < 180).astype(float), np.minimum(days, 180)
    well = np.where(events == 1, days - 1, days)
    published = np.array([[0.5], [0.0], [0.0], [0.2], [0.0]])
    for effects in (None, published):
        one = fit_averaged_cox(X, days, events, published=effects)
        two = fit_averaged_interval(X, visit_intervals(well, days, events), published=effects)
        error = np.sqrt(np.diag(one.covariance)[1:])
        assert (np.abs(two.coefficients - one.coefficients) < 0.15 * error).all()
        np.testing.assert_allclose(two.covariance, one.covariance, atol=0.1 * error.max() ** 2)
        np.testing.assert_allclose(two.strength, one.strength, atol=0.05)


def test_a_known_part_is_not_fitted_again():
    rng = np.random.default_rng(6)
    X = rng.normal(size=(2000, 3))
    days = np.ceil(rng.exponential(60 * np.exp(-X @ [0.8, 0.5, 0.0])) / 14) * 14
    intervals = visit_intervals(days - 14, days, np.ones(2000), offset=0.8 * X[:, 0])
    found = fit_averaged_interval(X, intervals).coefficients
    np.testing.assert_allclose(found, [0.0, 0.5, 0.0], atol=0.08)


def test_columns_that_do_not_belong_to_the_people_are_refused():
    intervals = visit_intervals([0.0, 14.0], [14.0, 14.0], [1, 0])
    for wrong in (np.zeros((3, 1)), np.zeros(2), np.full((2, 1), np.nan)):
        with pytest.raises(InvalidInputError):
            fit_averaged_interval(wrong, intervals)
