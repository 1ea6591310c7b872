"""Courses: scores, relapse, events and drop-out fit each other."""

from collections.abc import Callable
from typing import Any

import numpy as np

from training.outcome import outcome_definitions, relapse_outcome, response_outcome
from training.simulation import SimulatedCohort


def test_default_rule_on_complete_visits_gives_the_drawn_response(
    followed: SimulatedCohort, settings: Callable[[str], Any]
) -> None:
    definition = outcome_definitions(settings("outcomes.yaml"))["response_madrs"]
    ids = list(followed.latent["patient_id"])
    observed = response_outcome(definition, followed.visits, ids).observed
    np.testing.assert_array_equal(observed, followed.latent["responded"].to_numpy(dtype=float))
    wide = followed.visits.pivot_table(index="patient_id", columns="day", values="score").loc[ids]
    np.testing.assert_array_equal(wide[28] <= wide[0] / 2, followed.latent["responded"])
    np.testing.assert_array_equal(wide[0], followed.complete["madrs_total"].astype(float))
    assert list(wide.columns) == [0, 7, 14, 21, 28, *range(42, 211, 14)]


def test_scores_stay_high_from_relapse_to_retreatment(followed: SimulatedCohort) -> None:
    retreated = followed.events[followed.events["event"] == "retreated"]
    until = followed.latent["patient_id"].map(retreated.set_index("patient_id")["day"])
    known = followed.latent.assign(until=until.fillna(np.inf)).query("responded")
    visits = followed.visits.query("day >= 28").merge(known, on="patient_id")
    relapsed = visits["relapse_days"] + 28 <= visits["day"]
    before_retreatment = visits["day"] < visits["until"]
    assert (visits.loc[~relapsed, "score"] < 22).all()
    assert (visits.loc[relapsed & before_retreatment, "score"] >= 22).all()
    assert (visits.loc[~before_retreatment, "score"] < 22).mean() > 0.3
    assert visits["score"].between(0, 60).all()
    assert (visits["score"] % 1 == 0).all()


def test_default_rule_finds_relapse_at_the_next_visit(
    followed: SimulatedCohort, settings: Callable[[str], Any]
) -> None:
    definition = outcome_definitions(settings("outcomes.yaml"))["relapse_madrs"]
    outcome = relapse_outcome(
        definition, followed.visits, followed.events, list(followed.latent["patient_id"])
    )
    responded = followed.latent["responded"].to_numpy()
    days = followed.latent["relapse_days"].to_numpy()
    np.testing.assert_array_equal(outcome.at_risk, responded)
    early = responded & (np.nan_to_num(days, nan=999) <= 140)
    assert outcome.relapsed[early].all()
    next_visit = np.ceil(days[early] / 14) * 14
    admitted = followed.events.query("event == 'hospitalised'")["patient_id"]
    plain = ~followed.latent["patient_id"].isin(admitted).to_numpy()[early]
    np.testing.assert_array_equal(outcome.days[early][plain], next_visit[plain])
    assert not outcome.relapsed[responded & (days > 182)].any()


def test_admissions_follow_a_relapse(followed: SimulatedCohort) -> None:
    admitted = followed.events.query("event == 'hospitalised'").merge(followed.latent)
    assert len(admitted) > 20
    assert (admitted["day"] >= 28 + admitted["relapse_days"]).all()
    assert (admitted["day"] <= 28 + admitted["relapse_days"] + 11).all()


def test_people_who_leave_do_not_come_back_and_leave_more_when_ill(
    large: SimulatedCohort,
) -> None:
    last = large.visits.groupby("patient_id")["day"].max()
    withdrew = large.events.query("event == 'withdrew'").set_index("patient_id")["day"]
    assert (last.loc[withdrew.index] < withdrew).all()
    assert 0.5 < (last >= 196).mean() < 0.85
    score = large.visits.query("day == 28").set_index("patient_id")["score"]
    stayed = last.loc[score.index] > 28
    assert stayed[score < 15].mean() > stayed[score > 30].mean() + 0.01
