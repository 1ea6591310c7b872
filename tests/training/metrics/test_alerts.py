"""Alerts by hand, by a loop over people, by laws, and against a course whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from predictor.errors import InvalidInputError
from training.metrics import MeasureUndefinedError
from training.metrics.alerts import PersonVisits, alert_difference, measure_alerts


def visits_of(people):
    """People as (days of visits, end, relapsed, last day well)."""
    rows = [(at, day) for at, (days, *_) in enumerate(people) for day in days]
    return PersonVisits(
        np.array([at for at, _ in rows]),
        np.array([float(day) for _, day in rows]),
        *(np.array([float(person[part]) for person in people]) for part in (1, 2, 3)),
    )


def measured(visits, alert, n_boot=200, seed=0):
    return measure_alerts(visits, alert, n_boot=n_boot, rng=np.random.default_rng(seed))


def values(found):
    """Point values; of a handful of people many have no interval, so tests repeat people."""
    return {name: estimate.value for name, estimate in found.measures.items()}


# Visits every 14 days, seen at 14, 28 and 42:
# A relapses at 28; alert at 14: followed, 14 days ahead.
# B relapses at 56, well at 42; alerts at 28 (false: well on 42) and 42 (followed).
# C stays well to 56; alerts at 14 (false), none later.
# D leaves at 49; alert at 42 (cannot be judged: 14 days are not observed).
# E relapses at 84, after the last visit by 42 days: no visit in time.
BY_HAND = [
    ((14,), 28, 1, 14),
    ((14, 28, 42), 56, 1, 42),
    ((14, 28, 42), 56, 0, 56),
    ((14, 28, 42), 49, 0, 42),
    ((14, 28, 42), 84, 1, 70),
]
BY_HAND *= 10
ALERTS = np.tile(np.array([1, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0], dtype=bool), 10)


def test_measures_by_hand():
    found = measured(visits_of(BY_HAND), ALERTS)
    # years at risk: A 14; B 3 x 14; C 3 x 14; D 2 x 14 (its last visit is not judged); E 3 x 14
    years = 12 * 14 / 365.25
    assert values(found) == pytest.approx(
        {
            "sensitivity": 1.0,
            "sensitivity_last_visit": 1.0,
            "ppv": 2 / 4,
            "alerted": 5 / 13,
            "false_per_year": 2 / years,
            "lead_days": 14.0,  # A 14, B 28: the lower of two is the median by inversion
        }
    )
    assert (found.people, found.visits, found.relapses, found.missed) == (50, 130, 20, 10)
    assert (found.judged, found.not_judged) == (40, 10)
    assert found.lead_quartiles == (14.0, 28.0)


def test_an_alert_two_visits_before_warns_but_not_at_the_last_visit():
    alert = np.zeros(130, dtype=bool)
    alert[2::13] = True  # of B on day 28
    found = measured(visits_of(BY_HAND), alert)
    assert found.measures["sensitivity"].value == 0.5
    assert found.measures["sensitivity_last_visit"].value == 0
    assert found.measures["ppv"].value == 0  # B was well 14 days later
    assert found.measures["lead_days"].value == 28


@pytest.mark.parametrize(
    ("end", "relapsed", "well", "judged"),
    [
        (27, 1, 14, "followed"),  # within 14 days
        (28, 1, 14, "followed"),  # at the visit that ends them
        (33, 1, 14, "followed"),  # that visit came late, nobody saw the person well in between
        (33, 1, 27, "followed"),  # a reading before the 14 days were over rules nothing out
        (33, 1, 28, "false"),  # well when they were over
        (42, 1, 14, "followed"),  # the last day that counts
        (43, 1, 14, "not judged"),  # seen too late to tell
        (43, 1, 30, "false"),
        (28, 0, 20, "false"),  # people censored are well until then
        (27, 0, 20, "not judged"),
        (20, 1, 20, "followed"),  # a dated event: well until it
    ],
)
def test_an_alert_is_judged_by_the_visit_that_would_show_a_relapse(end, relapsed, well, judged):
    found = measured(visits_of([((14,), end, relapsed, well)]), [True])
    assert found.not_judged == (judged == "not judged")
    if judged == "not judged":
        assert found.undefined["ppv"] == "no alert can be judged"
    else:
        assert found.measures["ppv"].value == (judged == "followed")


def test_days_at_risk_are_never_counted_twice():
    # visits 7 days apart: 7 + 7 + 14 days until 42, when the person is known to be well
    found = measured(visits_of([((14, 21, 28), 42, 0, 42)]), [True, True, True])
    assert found.measures["false_per_year"].value == pytest.approx(3 / (28 / 365.25))


def loop(people, alert):
    """The same measures by a loop over people and visits, for visits in the order of people."""
    alert, at = list(alert), 0
    relapses = warned = last = true = false = 0
    leads = []
    for days, end, relapsed, well in people:
        mine = alert[at : at + len(days)]
        at += len(days)
        late = [(d, a) for d, a in zip(days, mine, strict=True) if relapsed and end - d <= 28]
        relapses += bool(late)
        hits = [d for d, a in late if a]
        warned += bool(hits)
        leads += [end - min(hits)] if hits else []
        last += bool(late and max(late)[1])
        for day, alarmed in zip(days, mine, strict=True):
            if not alarmed:
                continue
            if relapsed and end - day <= 28 and not (well >= day + 14 and end > day + 14):
                true += 1
            elif (well if relapsed else end) >= day + 14:
                false += 1
    return relapses, warned, last, true, false, leads


@st.composite
def courses(draw):
    people = []
    for _ in range(draw(st.integers(1, 12))):
        end, relapsed = draw(st.integers(15, 90)), draw(st.booleans())
        days = sorted(draw(st.sets(st.integers(7, end - 1), min_size=1, max_size=5)))
        well = draw(st.integers(0, end)) if relapsed else end
        people.append((tuple(days), end, int(relapsed), well))
    n = sum(len(days) for days, *_ in people)
    return people, np.array(draw(st.lists(st.floats(0, 1), min_size=n, max_size=n)))


@settings(max_examples=150, deadline=None)
@given(courses(), st.floats(0, 1))
def test_measures_agree_with_a_loop_over_people(course, step):
    people, risk = course[0] * 20, np.tile(course[1], 20)
    found = measured(visits_of(people), risk >= step, n_boot=20)
    relapses, warned, last, true, false, leads = loop(people, risk >= step)
    assert found.relapses == relapses
    assert found.relapses + found.missed == sum(person[2] for person in people)
    if relapses:
        assert values(found)["sensitivity"] == pytest.approx(warned / relapses)
        assert values(found)["sensitivity_last_visit"] == pytest.approx(last / relapses)
    if true + false:
        assert values(found)["ppv"] == pytest.approx(true / (true + false))
    if leads:
        assert values(found)["lead_days"] == sorted(leads)[(len(leads) - 1) // 2]


@settings(max_examples=60, deadline=None)
@given(courses())
def test_step_0_warns_of_all_and_a_step_above_every_risk_of_none(course):
    people, risk = course
    visits = visits_of(people)
    everything, nothing = measured(visits, risk >= 0, 20), measured(visits, risk > 1, 20)
    assert values(everything)["alerted"] == 1
    assert values(nothing)["alerted"] == 0
    assert values(everything).get("sensitivity", 1) == 1
    assert values(nothing).get("sensitivity", 0) == 0
    assert values(nothing).get("false_per_year", 0) == 0
    assert nothing.undefined["ppv"] == "no alert can be judged"
    assert nothing.lead_quartiles is None


@settings(max_examples=60, deadline=None)
@given(courses(), st.floats(0, 1), st.floats(0, 1))
def test_a_lower_step_misses_no_more_and_frightens_no_less(course, one, other):
    people, risk = course
    low, high = (values(measured(visits_of(people), risk >= s, 20)) for s in sorted((one, other)))
    for name in ("sensitivity", "sensitivity_last_visit", "alerted", "false_per_year"):
        assert low.get(name, 0) >= high.get(name, 0)


def test_repeats_count_as_shares_of_an_alert():
    visits = visits_of(BY_HAND)
    both = measured(visits, np.column_stack([ALERTS, np.zeros(130, dtype=bool)]))
    alone = measured(visits, ALERTS)
    for name in ("sensitivity", "alerted", "false_per_year"):
        assert values(both)[name] == pytest.approx(values(alone)[name] / 2)
    assert values(both)["ppv"] == pytest.approx(values(alone)["ppv"])
    twice = measured(visits, np.column_stack([ALERTS] * 7))
    assert twice.measures["alerted"] == alone.measures["alerted"]


def test_order_of_visits_does_not_matter():
    visits, order = visits_of(BY_HAND), np.random.default_rng(1).permutation(130)
    mixed = PersonVisits(
        visits.person[order], visits.day[order], visits.days, visits.events, visits.last_well_days
    )
    assert measured(mixed, ALERTS[order]) == measured(visits, ALERTS)


def drawn_course(n, rng):
    """Two kinds of people at constant hazards, seen every 14 days to day 84, scored to day 56."""
    high = rng.random(n) < 0.3
    latent = rng.exponential(1 / np.where(high, 0.02, 0.004))
    end = np.where(latent <= 84, 14 * np.ceil(latent / 14), 84)
    relapsed = (latent <= 84) * 1.0
    at, day = (a.ravel() for a in np.meshgrid(np.arange(n), [14.0, 28.0, 42.0, 56.0]))
    kept = day < end[at]
    well = np.where(relapsed == 1, end - 14, end)
    return PersonVisits(at[kept], day[kept], end, relapsed, well), high[at[kept]]


def truth_of_the_course():
    """The same by the exponential law: alerts are the visits of the people at high hazard."""
    parts = {}
    for name, share, hazard in (("high", 0.3, 0.02), ("low", 0.7, 0.004)):
        well = np.exp(-hazard * np.array([14.0, 28, 42, 56]))  # chance of each visit
        by_next = well * (1 - np.exp(-hazard * 14))
        seen = np.exp(-hazard * 14) - np.exp(-hazard * 84)  # relapses seen at 28 to 84
        parts[name] = share * np.array([well.sum(), by_next.sum(), seen])
    (visits, true, relapses), (others, _, missed) = parts["high"], parts["low"]
    years = (visits + others) * 14 / 365.25
    return {
        "sensitivity": relapses / (relapses + missed),
        "sensitivity_last_visit": relapses / (relapses + missed),
        "ppv": true / visits,
        "alerted": visits / (visits + others),
        "false_per_year": (visits - true) / years,
    }


def test_measures_agree_with_a_simulated_truth():
    found = measured(*drawn_course(60_000, np.random.default_rng(2)), n_boot=200)
    for name, true in truth_of_the_course().items():
        estimate = found.measures[name]
        assert estimate.value == pytest.approx(true, rel=0.03)
        se = (estimate.hi - estimate.lo) / 3.92
        assert abs(estimate.value - true) < 4 * se


def test_intervals_cover_the_truth():
    rng, truth = np.random.default_rng(3), truth_of_the_course()
    hits = dict.fromkeys(truth, 0)
    for _ in range(300):
        visits, alert = drawn_course(150, rng)
        found = measure_alerts(visits, alert, n_boot=300, rng=rng)
        for name in truth:
            estimate = found.measures[name]
            hits[name] += estimate.lo <= truth[name] <= estimate.hi
    assert all(0.90 <= count / 300 <= 0.985 for count in hits.values()), hits


def test_all_and_none_get_exact_bounds():
    people = [((14,), 28, 1, 14)] * 8
    all_warned = measured(visits_of(people), np.ones(8, dtype=bool)).measures
    exact = stats.binomtest(8, 8).proportion_ci(0.95, "exact")
    assert all_warned["sensitivity"].lo == pytest.approx(exact.low)
    assert all_warned["sensitivity"].hi == 1
    none = measured(visits_of(people), np.zeros(8, dtype=bool)).measures
    assert none["sensitivity"].hi == pytest.approx(1 - exact.low)
    years = 8 * 14 / 365.25
    assert none["false_per_year"].hi == pytest.approx(stats.chi2.ppf(0.975, 2) / 2 / years)


def test_a_rare_measure_has_no_interval_instead_of_a_narrow_one():
    people = [((14,), 28, 1, 14), *[((14,), 28, 0, 28)] * 3]
    found = measured(visits_of(people), np.array([True, False, False, False]))
    assert "resamples" in found.undefined["lead_days"]


@pytest.mark.parametrize(
    ("visits", "match"),
    [
        (lambda: visits_of([((14, 30), 28, 1, 14)]), "can warn of nothing"),
        (lambda: visits_of([((28,), 28, 0, 28)]), "can warn of nothing"),
        (lambda: visits_of([((14, 14), 28, 1, 14)]), "stands twice"),
        (lambda: visits_of([((), 28, 1, 14)]), "are none"),
        (lambda: PersonVisits([3], [14], [28], [1], [14]), "of nobody"),
        (lambda: PersonVisits([0, 0], [14], [28], [1], [14]), "do not match"),
    ],
)
def test_visits_that_cannot_be_are_refused(visits, match):
    with pytest.raises(InvalidInputError, match=match):
        visits()


def test_alerts_that_are_not_one_for_each_visit_are_refused():
    with pytest.raises(InvalidInputError, match="not one for each of 130 visits"):
        measured(visits_of(BY_HAND), ALERTS[1:])


def difference(visits, one, other, measure, n_boot=400):
    rng = np.random.default_rng(4)
    return alert_difference(visits, one, other, measure=measure, n_boot=n_boot, rng=rng)


def test_a_difference_is_that_of_the_two_values_in_the_same_people():
    visits, none = visits_of(BY_HAND), np.zeros(130, dtype=bool)
    gap = difference(visits, ALERTS, none, "sensitivity")
    assert (gap.value, gap.lo, gap.hi) == (1, 1, 1)
    everybody = difference(visits, ALERTS, ~none, "ppv")
    # all visits that can be judged: A 1, B 3, C 3, D 2, E 3, of which two are followed
    assert everybody.value == pytest.approx(2 / 4 - 2 / 12)
    same = difference(visits, ALERTS, ALERTS, "false_per_year")
    assert (same.value, same.lo, same.hi) == (0, 0, 0)


def test_a_difference_covers_the_truth():
    """The alerts of people at high hazard against alerts drawn by lot."""
    rng, hits, truth = np.random.default_rng(5), 0, truth_of_the_course()
    everybody = truth_of_every_visit()
    for _ in range(300):
        visits, alert = drawn_course(150, rng)
        by_lot = rng.random(alert.size) < 0.5
        gap = alert_difference(visits, alert, by_lot, measure="ppv", n_boot=300, rng=rng)
        hits += gap.lo <= truth["ppv"] - everybody <= gap.hi
    assert 0.90 <= hits / 300 <= 0.985


def truth_of_every_visit():
    """Chance that a relapse follows any visit, so also one drawn by lot."""
    kinds = ((0.3, 0.02), (0.7, 0.004))
    seen = [share * np.exp(-h * np.array([14.0, 28, 42, 56])).sum() for share, h in kinds]
    soon = [1 - np.exp(-h * 14) for _, h in kinds]
    return np.average(soon, weights=seen)


def test_a_difference_without_a_value_says_why():
    visits, none = visits_of(BY_HAND), np.zeros(130, dtype=bool)
    with pytest.raises(MeasureUndefinedError, match="no alert can be judged"):
        difference(visits, ALERTS, none, "ppv")
