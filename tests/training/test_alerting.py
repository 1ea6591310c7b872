"""Person-visits of follow-up landmarks, worked out by hand, and what travels in a bundle."""

from types import SimpleNamespace

import numpy as np
import pytest

from predictor.alert import measured_words
from predictor.landmarks import Landmark, Landmarks
from training.alerting import (
    follow_up_landmarks,
    measured_for_bundle,
    scored_visits,
    warning_signs,
)
from training.cohort import read_cohort
from training.config import read_dictionary, read_outcomes
from training.evaluation import RISK_DAYS
from training.landmarking import cohort_at

NAMED = {
    "end": Landmark("end", "at the end", 28, 21, 35),
    "later": Landmark("later", "two weeks later", 42, 36, 49),
    "last": Landmark("last", "four weeks later", 56, 50, 63),
}
LANDMARKS = Landmarks(tuple(NAMED.values()), ("madrs",), "B", "s")
# a relapses on 56 and is confirmed on 70; b stays well, without a score on 42; c relapses on 42;
# d did not respond
VISITS = {
    "a": [(0, 30), (28, 10), (42, 12), (56, 25), (70, 26)],
    "b": [(0, 30), (28, 12), (56, 18), (70, 9)],
    "c": [(0, 30), (28, 10), (42, 24), (56, 26)],
    "d": [(0, 30), (28, 29), (42, 29)],
}


@pytest.fixture
def cohort(tmp_path):
    rows = "\n".join(f"{who},40" for who in VISITS)
    (tmp_path / "patients.csv").write_text(f"patient_id,age_years\n{rows}\n")
    lines = [f"{who},{day},madrs,{x}" for who, seen in VISITS.items() for day, x in seen]
    text = "\n".join(lines)
    (tmp_path / "visits.csv").write_text(f"patient_id,day,instrument,score\n{text}\n")
    return read_cohort(
        tmp_path / "patients.csv",
        tmp_path / "visits.csv",
        dictionary=read_dictionary(),
        definition=read_outcomes()["relapse_madrs"],
    )


def asked(cohort, *names, hazard=0.01, repeats=2):
    """A landmark with the risks of a flat hazard for everybody."""
    there = cohort_at(cohort, [NAMED[name] for name in names], LANDMARKS)
    flat = 1 - np.exp(-hazard * np.array(RISK_DAYS))
    probability = np.broadcast_to(flat, (int(there.analysed.sum()), repeats, len(RISK_DAYS)))
    found = SimpleNamespace(
        cohort=there,
        choice=SimpleNamespace(learner=SimpleNamespace(name="cox_ridge")),
        out_of_fold={"cox_ridge": SimpleNamespace(probability=probability)},
    )
    return SimpleNamespace(landmark=NAMED[names[-1]], findings=found)


def test_visits_are_those_of_people_still_at_risk_with_their_scores(cohort):
    later = asked(cohort, "end", "later")
    last = asked(cohort, "end", "later", "last", hazard=0.02)
    scored = scored_visits(cohort.outcome, [later, last], "madrs")
    visits = scored.visits
    # a is seen on 42; on 56 a has relapsed. b is seen on 56 alone. c has relapsed on 42.
    assert visits.person.tolist() == [0, 1]
    assert visits.day.tolist() == [14, 28]
    assert visits.days.tolist() == [28, 42]
    assert visits.events.tolist() == [1, 0]
    assert visits.last_well_days[0] == 14
    assert scored.risk.shape == (2, 2)
    assert scored.risk[:, 0] == pytest.approx(1 - np.exp(-14 * np.array([0.01, 0.02])))
    assert scored.score.tolist() == [12, 18]
    # of b, who was not seen on 42, the score at the end of the course stands
    assert scored.before.tolist() == [10, 12]


def run_of(cohort, *landmarks, step=0.2):
    named = {each.landmark.name: each for each in landmarks}
    config = SimpleNamespace(alert_step=step)
    return SimpleNamespace(config=config, cohort=cohort, landmarks=named)


def test_the_end_of_the_course_and_what_was_not_evaluated_are_no_follow_up(cohort):
    end, later = asked(cohort, "end"), asked(cohort, "end", "later")
    nothing = SimpleNamespace(landmark=NAMED["last"], findings=None)
    assert follow_up_landmarks(run_of(cohort, end, later, nothing)) == [later]


def test_without_a_step_or_a_follow_up_nothing_is_measured(cohort):
    rng = np.random.default_rng(0)
    later = asked(cohort, "end", "later")
    assert warning_signs(run_of(cohort, later, step=None), rng=rng) is None
    assert warning_signs(run_of(cohort, asked(cohort, "end")), rng=rng) is None
    assert warning_signs(run_of(cohort), rng=rng) is None


def test_the_rules_are_those_of_the_scale_and_of_the_relapse_rule(cohort):
    rng = np.random.default_rng(0)
    found = warning_signs(run_of(cohort, asked(cohort, "end", "later"), step=0.1), rng=rng)
    assert found.landmarks == ("later",)
    assert list(found.comparators) == ["rise", "residual", "everybody"]
    assert found.comparators["rise"].words.startswith("MADRS risen by 6 points")
    assert found.comparators["residual"].words.startswith("MADRS of 15 or more")
    assert found.found.measures["alerted"].value == 1  # 1 - exp(-0.14) is above 0.1
    kept = measured_for_bundle(found)
    assert kept["no_better_than"] == [each.words for each in found.comparators.values()]
    assert set(kept) == {"no_better_than"} | ({"false_per_year"} & set(kept))
    assert measured_words(kept)[-1].startswith(
        "These warnings were not shown to be better than: MADRS"
    )
