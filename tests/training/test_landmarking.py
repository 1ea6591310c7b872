"""Cohorts at landmarks, worked out by hand: what is known, who is left, days counted anew."""

import numpy as np
import pytest

from predictor.dictionary import Dictionary, Variable
from predictor.errors import InvalidInputError
from predictor.landmarks import Landmark, Landmarks
from training.cohort import read_cohort
from training.landmarking import (
    cohort_at,
    others_read,
    read_at,
    scores_read,
    wanted_landmarks,
)
from training.outcome import Confirmation, OutcomeDefinition, Window

NAN = np.nan
TOTAL = Variable("madrs_total", "MADRS", "integer", "g", "s", hard_range=(0, 60))
DICTIONARY = Dictionary((TOTAL, Variable("employed", "E", "yes_no", "g", "s")))
NAMED = {
    "dose2": Landmark("dose2", "after dose 2", 7, 6, 9),
    "dose4": Landmark("dose4", "after dose 4", 14, 13, 17),
    "end": Landmark("end", "at the end", 28, 21, 35),
    "later": Landmark("later", "two weeks later", 42, 36, 49),
    "last": Landmark("last", "much later", 300, 290, 310),
}
COUNT = {"type": "integer", "group": "g", "source": "s", "hard_range": [0, 92]}
LANDMARKS = Landmarks(
    tuple(NAMED.values()),
    ("madrs",),
    "B",
    "s",
    (
        (("dose2", "dose4"), COUNT | {"id": "cadss_{name}", "label": "CADSS {label}"}),
        (("dose2", "end"), COUNT | {"id": "doses_given_{name}", "label": "Doses {label}"}),
    ),
)
RESPONSE = OutcomeDefinition(
    name="response",
    label="Response",
    task="response",
    instrument="madrs",
    source="here",
    percent_fall=50,
    window=Window(day=28, first=21, last=35),
)
RELAPSE = OutcomeDefinition(
    name="relapse",
    label="Relapse",
    task="relapse",
    instrument="madrs",
    source="here",
    responders=RESPONSE,
    at_least=22,
    relapse_events=("hospitalised",),
    censoring_events=("retreated",),
)
ACUTE = {
    "a": [(0, 30), (6, 21), (9, 19), (14, 18), (28, 10)],  # 6 and 9 as near: 6 is nearer to 7
    "b": [(0, 36), (7, 30), (28, 30)],
    "c": [(0, 30), (28, 12)],
}
EVENTS = [("a", 0, "dosed"), ("a", 3, "dosed"), ("a", 6, "dosed"), ("b", 0, "dosed")]


@pytest.fixture
def cohort_of(tmp_path):
    """Gives the cohort of people whose visits and events are told."""

    def made(people, definition, events=(), dissociation=()):
        rows = "\n".join(f"{who},yes" for who in people)
        (tmp_path / "patients.csv").write_text(f"patient_id,employed\n{rows}\n")
        lines = [f"{who},{day},madrs,{x}" for who, seen in people.items() for day, x in seen]
        lines += [f"{who},{day},cadss,{x}" for who, day, x in dissociation]
        text = "\n".join(lines)
        (tmp_path / "visits.csv").write_text(f"patient_id,day,instrument,score\n{text}\n")
        text = "\n".join(f"{who},{day},{kind}" for who, day, kind in events)
        (tmp_path / "events.csv").write_text(f"patient_id,day,event\n{text}\n")
        return read_cohort(
            tmp_path / "patients.csv",
            tmp_path / "visits.csv",
            dictionary=DICTIONARY,
            definition=definition,
            events_path=tmp_path / "events.csv" if events else None,
        )

    return made


def at(cohort, *names):
    return cohort_at(cohort, [NAMED[name] for name in names], LANDMARKS)


def answers(cohort, variable):
    return cohort.rows.values[variable].tolist()


def test_scores_come_from_the_window_and_are_never_carried_forward(cohort_of):
    there = at(cohort_of(ACUTE, RESPONSE), "dose2", "dose4")
    assert answers(there, "madrs_dose2") == pytest.approx([21, 30, NAN], nan_ok=True)
    assert answers(there, "madrs_dose4") == pytest.approx([18, NAN, NAN], nan_ok=True)
    assert "madrs_end" not in there.dictionary
    assert [one.name for one in there.dictionary.landmarks] == ["dose2", "dose4"]
    assert scores_read(RESPONSE, there.dictionary) == ("madrs_dose2", "madrs_dose4")
    assert others_read(there.dictionary, "dose4") == ("cadss_dose4",)
    assert [v.id for v in there.dictionary.predictors()] == ["madrs_total", "employed"]


def test_after_the_course_the_latest_score_is_read_beside_those_of_the_course(cohort_of):
    late = Landmark("late", "six weeks later", 70, 64, 77)
    marks = Landmarks((*LANDMARKS.landmarks[:4], late), ("madrs",), "B", "s")
    seen = [NAMED["dose2"], NAMED["end"], NAMED["later"], late]
    there = cohort_at(cohort_of(ACUTE, RELAPSE), seen, marks)
    assert scores_read(RELAPSE, there.dictionary) == ("madrs_dose2", "madrs_end", "madrs_late")
    assert "madrs_later" in there.dictionary


def test_a_score_with_a_fraction_is_rounded_half_up_as_at_baseline(cohort_of):
    people = {"a": [(0, 30), (7, 20.5), (28, 10)]}
    assert answers(at(cohort_of(people, RESPONSE), "dose2"), "madrs_dose2") == [21]


def test_doses_are_those_before_the_rating_and_unknown_without_a_record(cohort_of):
    there = at(cohort_of(ACUTE, RESPONSE, EVENTS), "dose2")
    # a is rated on day 6, before that day's dose; b on day 7; of c no dose is recorded
    assert answers(there, "doses_given_dose2") == pytest.approx([2, 1, NAN], nan_ok=True)
    without = at(cohort_of(ACUTE, RESPONSE), "dose2")
    assert np.isnan(without.rows.values["doses_given_dose2"]).all()


def test_dissociation_is_the_highest_so_far(cohort_of):
    rated = [("a", 0, 12), ("a", 3, 8), ("a", 6, 40), ("c", 3, 5), ("c", 10, 60)]
    there = at(cohort_of(ACUTE, RESPONSE, dissociation=rated), "dose2")
    assert answers(there, "cadss_dose2") == pytest.approx([12, NAN, 5], nan_ok=True)


def test_a_response_keeps_everybody_whose_outcome_was_observed(cohort_of):
    cohort = cohort_of(ACUTE, RESPONSE)
    there = at(cohort, "dose2")
    assert there.outcome is cohort.outcome
    assert there.flow == cohort.flow
    assert there.definition == cohort.definition


COURSE = [(0, 40), (28, 10)]
FOLLOWED = {
    "well": [*COURSE, (42, 12), (56, 15), (70, 30)],  # relapse on day 70: 42 days from day 28
    "ends": [*COURSE, (45, 12), (84, 15)],  # last seen on day 84
    "early": [*COURSE, (35, 25), (42, 12)],  # relapse on day 35
    "gone": [*COURSE, (40, 12)],  # last seen before the landmark
    "unseen": [*COURSE, (30, 12), (56, 15)],  # no score from day 36 to 49
    "on_day": [*COURSE, (42, 25), (56, 15)],  # relapse on the very day
    "failed": [(0, 40), (28, 30)],
}
TAKEN = [("well", 200, "dosed"), ("admitted", 45, "hospitalised")]


def test_relapse_counts_anew_for_those_still_well(cohort_of):
    people = FOLLOWED | {"admitted": [*COURSE, (42, 12)]}
    there = at(cohort_of(people, RELAPSE, TAKEN), "end", "later")
    expected = {
        "well": (28, True, 14, None),  # relapse 42 − 14; seen well 28 − 14
        "ends": (42, False, 42, None),
        "early": (NAN, False, NAN, "relapsed_before_landmark"),
        "gone": (NAN, False, NAN, "not_followed_to_landmark"),
        "unseen": (NAN, False, NAN, "no_score_at_landmark"),
        "on_day": (NAN, False, NAN, "relapsed_before_landmark"),
        "failed": (NAN, False, NAN, "not_a_responder"),
        "admitted": (3, True, 0, None),  # day 45; last seen well on the landmark's day
    }
    found = there.outcome
    for place, who in enumerate(people):
        days, relapsed, well, reason = expected[who]
        assert found.days[place] == pytest.approx(days, nan_ok=True), who
        assert found.last_well_days[place] == pytest.approx(well, nan_ok=True), who
        assert (bool(found.relapsed[place]), found.missing_reason[place]) == (relapsed, reason)
        assert found.at_risk[place] == (reason is None)
    assert there.definition.horizon_days == 180 - 14
    assert (there.flow.with_outcome, there.flow.events) == (3, 2)
    assert there.flow.excluded == {
        "row_fault": 0, "not_a_responder": 1, "relapsed_before_landmark": 2,
        "not_followed_to_landmark": 1, "no_score_at_landmark": 1,
    }  # fmt: skip
    assert there.analysed.sum() == 3


def test_a_relapse_on_the_day_it_is_dated_stays_exact(cohort_of):
    rule = {"at_least": None, "relapse_events": ("hospitalised",)}
    dated = RELAPSE.model_validate(RELAPSE.model_dump() | rule)
    people = {"a": [*COURSE, (35, 50), (56, 12)]}  # scores count for nothing, nor does their lack
    there = at(cohort_of(people, dated, [("a", 50, "hospitalised")]), "end", "later")
    assert (there.outcome.days, there.outcome.last_well_days) == ([8], [8])


def test_a_reading_that_nobody_confirmed_is_still_no_wellness(cohort_of):
    twice = RELAPSE.model_copy(update={"confirmation": Confirmation(consecutive=2)})
    people = {"a": [*COURSE, (42, 25), (56, 12), (70, 12)], "b": [*COURSE, (42, 21), (70, 12)]}
    there = at(cohort_of(people, twice), "end", "later")
    assert there.outcome.missing_reason == ("ill_at_landmark", None)


def test_a_lost_share_of_the_gain_is_asked_of_each_persons_own_gain(cohort_of):
    rule = RELAPSE.model_copy(update={"at_least": None, "loss_of_gain": 0.5})
    # 40 to 10: half is lost at 25
    people = {"a": [*COURSE, (42, 24), (56, 12)], "b": [*COURSE, (42, 12), (56, 30)]}
    twice = rule.model_copy(update={"confirmation": Confirmation(consecutive=2)})
    assert at(cohort_of(people, rule), "later").outcome.days.tolist() == [14, 14]
    people["a"][2] = (42, 25)
    found = at(cohort_of(people, twice), "later").outcome
    assert found.missing_reason == ("ill_at_landmark", None)


def test_the_end_of_the_course_leaves_out_who_responded_but_is_above_the_threshold(cohort_of):
    people = {"a": [(0, 50), (28, 24), (42, 12)], "b": [*COURSE, (42, 12)]}
    cohort = cohort_of(people, RELAPSE)
    assert cohort.outcome.at_risk.all()
    there = at(cohort, "end")
    assert there.outcome.missing_reason == ("ill_at_landmark", None)
    assert there.outcome.days[1] == cohort.outcome.days[1]
    assert there.definition.horizon_days == 180


def test_before_the_end_of_the_course_relapse_counts_as_before(cohort_of):
    cohort = cohort_of(FOLLOWED, RELAPSE)
    there = at(cohort, "dose2")
    assert there.outcome is cohort.outcome
    assert there.definition == cohort.definition


def test_where_each_person_has_a_time_zero_the_days_between_visits_have_passed(cohort_of):
    own = RELAPSE.model_copy(update={"time_zero": "landmark_visit"})
    people = {"a": [(0, 40), (26, 10), (45, 12), (60, 30)]}
    cohort = cohort_of(people, own)
    assert cohort.outcome.days == [34]
    there = at(cohort, "end", "later")
    assert (there.outcome.days, there.outcome.last_well_days) == ([15], [0])


def test_the_landmarks_of_a_run_are_put_in_order_and_wrong_ones_refused():
    found = wanted_landmarks(["dose4", "dose2"], RESPONSE, LANDMARKS)
    assert [one.name for one in found] == ["dose2", "dose4"]
    for names, definition, words in (
        (["dose22"], RESPONSE, "did you mean dose2"),
        (["end"], RESPONSE, "judged from day 21"),
        (["later"], RESPONSE, "reads scores up to day 49"),
        (["last"], RELAPSE, "beyond the horizon"),
    ):
        with pytest.raises(InvalidInputError, match=words):
            wanted_landmarks(names, definition, LANDMARKS)
    assert len(wanted_landmarks(["dose2", "end", "later"], RELAPSE, LANDMARKS)) == 3


def test_a_model_reads_the_landmarks_of_its_run_up_to_its_own():
    run = [NAMED["dose2"], NAMED["dose4"]]

    def names(landmark, wanted, definition):
        return [one.name for one in read_at(NAMED[landmark], wanted, definition, LANDMARKS)]

    assert names("dose2", run, RESPONSE) == ["dose2"]
    assert names("dose4", run, RESPONSE) == ["dose2", "dose4"]
    # the depth of the response is read after the course, named by the run or not
    assert names("later", [NAMED["later"]], RELAPSE) == ["end", "later"]
    assert names("later", [NAMED["end"], NAMED["later"]], RELAPSE) == ["end", "later"]
    assert names("dose2", run, RELAPSE) == ["dose2"]
