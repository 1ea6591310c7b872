"""The rungs against a second computation, and the closed test against simulated truth."""

from collections import Counter

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import chi2

from predictor.errors import InvalidInputError
from training.evaluation.ladder import climb
from training.evaluation.rungs import EVENTS_PER_COEFFICIENT, NewPeople


def drawn(rng, n, *, shift=0.0, slope=1.0, extra=0.0, relapse=False, k=3):
    """Draw people whose true margin is shift + slope · margin + extra · first column."""
    X = rng.normal(size=(n, k))
    margin = 0.3 + X @ np.full(k, 0.6 / np.sqrt(k))
    truth = shift + slope * margin + extra * X[:, 0]
    if not relapse:
        y = (rng.random(n) < 1 / (1 + np.exp(-truth))).astype(float)
        return NewPeople(margin, y, None, X)
    return NewPeople(margin, *seen_at_visits(rng, truth), X)


def seen_at_visits(rng, truth):
    """Relapse with hazard 0.01 · exp(margin) a day, seen at visits every 14 days; drop-out between.

    Gives events, and the hazard at the last visit before and at the visit where it was seen."""
    visit = np.ceil(rng.exponential(1 / (0.01 * np.exp(truth))) / 14)
    last = rng.integers(1, 14, len(truth))
    case = visit <= last
    end = 0.14 * np.where(case, visit, last)
    return case.astype(float), np.column_stack([end - 0.14 * case, end])


def without_columns(people):
    return NewPeople(people.margin, people.events, people.hazard, np.empty((len(people.margin), 0)))


def glm(people, design, offset):
    """Fit the same likelihood with statsmodels: for relapse one line for each person and visit."""
    if people.hazard is None:
        family = sm.families.Binomial()
        return sm.GLM(people.events, design, family=family, offset=offset).fit(tol=1e-13)
    visits = np.round(people.hazard[:, 1] / 0.14).astype(int)
    who = np.repeat(np.arange(len(visits)), visits)
    is_last = np.append(who[1:] != who[:-1], True)
    y = is_last * people.events[who]
    family = sm.families.Binomial(link=sm.families.links.CLogLog())
    shifted = (offset + np.log(0.14))[who]
    return sm.GLM(y, design[who], family=family, offset=shifted).fit(tol=1e-13)


def covariance(fit):
    """Give the inverse of the observed information, which a likelihood has at its maximum."""
    return np.linalg.inv(-fit.model.hessian(fit.params, observed=True))


@pytest.mark.parametrize("relapse", [False, True])
def test_each_rung_is_the_fit_of_a_second_program(relapse):
    people = drawn(np.random.default_rng(1), 900, shift=0.4, slope=0.6, extra=0.2, relapse=relapse)
    ladder = climb(people)
    _, level, line, revision = ladder.rungs
    assert [rung.parameters for rung in ladder.rungs] == [0, 1, 2, 4]
    n, zero = people.margin.size, np.zeros(people.margin.size)
    ones = np.ones((n, 1))
    one = glm(people, ones, people.margin)
    both = glm(people, np.column_stack([ones, people.margin]), zero)
    anew = glm(people, np.column_stack([ones, people.columns]), people.margin)
    assert level.intercept == pytest.approx(one.params[0], abs=1e-7)
    assert level.covariance[0, 0] == pytest.approx(covariance(one)[0, 0], rel=1e-6)
    assert (line.intercept, line.slope) == pytest.approx(tuple(both.params), abs=1e-7)
    np.testing.assert_allclose(line.covariance, covariance(both), rtol=1e-5)
    np.testing.assert_allclose(revision.covariance, covariance(anew), rtol=1e-5)
    # differences of log-likelihoods, so that constants of the programs do not matter
    assert line.loglik - level.loglik == pytest.approx(both.llf - one.llf, abs=1e-6)
    assert revision.loglik - level.loglik == pytest.approx(anew.llf - one.llf, abs=1e-6)
    gain = 2 * (anew.llf - both.llf)
    kept = 1 - 2 / gain  # four parameters against two
    np.testing.assert_allclose(revision.effects, kept * anew.params[1:], atol=1e-6)
    expected = both.params[0] + both.params[1] * people.margin
    fitted = anew.params[0] + people.margin + people.columns @ anew.params[1:]
    np.testing.assert_allclose(
        revision.margin(people), expected + kept * (fitted - expected), atol=1e-6
    )


def test_the_tests_have_the_right_degrees_of_freedom():
    people = drawn(np.random.default_rng(2), 900, shift=0.3, slope=0.6)
    ladder = climb(people)
    assert [test.degrees for test in ladder.tests] == [4, 3, 2][: len(ladder.tests)]
    for test in ladder.tests:
        low = next(rung for rung in ladder.rungs if rung.name == test.rung)
        statistic = 2 * (ladder.rungs[-1].loglik - low.loglik)
        assert test.statistic == pytest.approx(statistic)
        assert test.p == pytest.approx(1 - chi2.cdf(statistic, test.degrees), abs=1e-12)
        assert test.against == "revision"
    lines = climb(without_columns(people))
    assert [test.degrees for test in lines.tests] == [2, 1][: len(lines.tests)]


@pytest.mark.parametrize("relapse", [False, True])
@pytest.mark.parametrize("revisable", [False, True])
def test_a_model_that_is_right_is_changed_in_one_of_twenty_cohorts(relapse, revisable):
    rng, n = np.random.default_rng(5), 1000
    changed = 0
    for _ in range(n):
        people = drawn(rng, 420, relapse=relapse)
        changed += climb(people if revisable else without_columns(people)).chosen.name != "as_given"
    # 0.05 and three Monte Carlo standard errors
    assert changed / n <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n)
    assert changed / n >= 0.05 - 3 * np.sqrt(0.05 * 0.95 / n)


@pytest.mark.parametrize("relapse", [False, True])
@pytest.mark.parametrize(
    ("rung", "shift", "slope", "extra"),
    [
        ("as_given", 0.0, 1.0, 0.0),
        ("intercept", 0.5, 1.0, 0.0),
        ("slope", 0.3, 0.5, 0.0),
        ("revision", 0.0, 1.0, 0.6),
    ],
)
def test_the_closed_test_stops_at_the_rung_that_is_true(rung, shift, slope, extra, relapse):
    rng, n = np.random.default_rng(8), 200
    found, lines = Counter(), []
    for _ in range(n):
        people = drawn(rng, 1500, shift=shift, slope=slope, extra=extra, relapse=relapse)
        ladder = climb(people)
        found[ladder.chosen.name] += 1
        lines.append((ladder.rungs[2].intercept, ladder.rungs[2].slope))
    assert found[rung] / n >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / n)
    if not extra:
        mean, error = np.mean(lines, axis=0), np.std(lines, axis=0, ddof=1) / np.sqrt(n)
        assert np.all(np.abs(mean - (shift, slope)) < 4 * error)


def test_what_is_not_offered_says_why():
    people = drawn(np.random.default_rng(4), 150)
    ladder = climb(people)
    assert [rung.name for rung in ladder.rungs] == ["as_given", "intercept", "slope"]
    assert f"fewer than the {4 * EVENTS_PER_COEFFICIENT}" in ladder.left_out["revision"]
    flat = NewPeople(np.full(150, 0.3), people.events, None, people.columns)
    ladder = climb(flat)
    assert [rung.name for rung in ladder.rungs] == ["as_given", "intercept"]
    assert ladder.left_out["slope"] == "everybody has the same number"
    trees = climb(without_columns(people))
    assert "no coefficients" in trees.left_out["revision"]


def test_margins_that_separate_the_outcomes_offer_no_slope():
    margin = np.linspace(-1, 1, 40)
    people = NewPeople(margin, (margin > 0).astype(float), None, np.empty((40, 0)))
    ladder = climb(people)
    assert "perfectly" in ladder.left_out["slope"]


@pytest.mark.parametrize("events", [0.0, 1.0])
def test_one_outcome_alone_updates_nothing(events):
    people = NewPeople(np.linspace(-1, 1, 30), np.full(30, events), None, np.empty((30, 0)))
    with pytest.raises(InvalidInputError, match="both outcomes"):
        climb(people)
