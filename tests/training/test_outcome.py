"""Outcome rules on small hand-made visits; every expected value is worked out by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from predictor.errors import InvalidInputError
from training.follow_up import first_confirmed
from training.outcome import (
    OutcomeDefinition,
    baseline_scores,
    outcome_definitions,
    relapse_outcome,
    response_outcome,
)

ROOT = Path(__file__).parents[2]
PRESETS = outcome_definitions(
    yaml.safe_load((ROOT / "configs" / "outcomes.yaml").read_text(encoding="utf-8"))
)
RESPONSE, RELAPSE = PRESETS["response_madrs"], PRESETS["relapse_madrs"]


def visits(*rows: tuple[str, float, float], instrument: str = "madrs") -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["patient_id", "day", "score"])
    return table.assign(instrument=instrument).astype({"day": float, "score": float})


def responder(*later: tuple[float, float]) -> pd.DataFrame:
    """Person a: MADRS 30 at baseline, 10 at day 28, then what is given."""
    return visits(("a", 0, 30), ("a", 28, 10), *[("a", day, score) for day, score in later])


def events(*rows: tuple[str, float, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["patient_id", "day", "event"]).astype({"day": float})


def followed(table: pd.DataFrame, dated: pd.DataFrame | None = None, rule=RELAPSE):
    found = relapse_outcome(rule, table, dated, ["a"])
    return found.at_risk[0], found.days[0], found.relapsed[0], found.missing_reason[0]


# ---- response


def test_a_fall_of_exactly_one_half_is_a_response_and_less_is_not():
    table = visits(("a", 0, 31), ("a", 28, 15.5), ("b", 0, 31), ("b", 28, 16))
    found = response_outcome(RESPONSE, table, ["a", "b"])
    assert found.observed.tolist() == [1.0, 0.0]
    assert found.missing_reason == (None, None)


def test_what_was_not_observed_is_missing_with_its_reason_and_never_carried_forward():
    table = visits(
        ("no_baseline", 28, 10),
        ("early_only", 0, 30),
        ("early_only", 20, 5),
        ("late_only", 0, 30),
        ("late_only", 36, 5),
        ("empty_score", 0, 30),
        ("empty_score", 28, np.nan),
        ("zero", 0, 0),
        ("zero", 28, 0),
        ("baseline_after_dose", 1, 30),
        ("baseline_after_dose", 28, 5),
    )
    ids = ["no_baseline", "early_only", "late_only", "empty_score", "zero", "nobody"]
    found = response_outcome(RESPONSE, table, [*ids, "baseline_after_dose"])
    assert np.isnan(found.observed).all()
    assert found.missing_reason == (
        "no_baseline_score",
        "no_score_in_window",
        "no_score_in_window",
        "no_score_in_window",
        "zero_baseline_score",
        "no_baseline_score",
        "no_baseline_score",
    )


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ({21: 5, 30: 25}, 0.0),  # 30 is nearer to 28
        ({21: 25, 35: 5}, 1.0),  # equally near: the later
        ({21: 5, 35: 25}, 0.0),
        ({27: 5, 30: 25}, 1.0),
    ],
)
def test_the_assessment_nearest_to_the_nominal_day_counts_and_of_two_the_later(days, expected):
    table = visits(("a", 0, 30), *[("a", day, score) for day, score in days.items()])
    for order in (table, table.iloc[::-1]):
        assert response_outcome(RESPONSE, order, ["a"]).observed[0] == expected


def test_the_baseline_is_the_last_score_before_the_first_dose():
    table = visits(("a", -10, 40), ("a", -1, 30), ("a", -15, 20), ("a", 1, 10))
    assert baseline_scores("madrs", table, ["a", "b"])[0] == 30
    assert np.isnan(baseline_scores(RESPONSE, table, ["a", "b"])[1])


def test_other_instruments_and_single_items_are_not_the_score():
    table = visits(("a", 0, 30), ("a", 28, 5))
    other = visits(("a", 0, 30), ("a", 28, 5), instrument="phq9")
    item = table.assign(item="1")
    assert response_outcome(RESPONSE, other, ["a"]).missing_reason == ("no_baseline_score",)
    assert response_outcome(RESPONSE, item, ["a"]).missing_reason == ("no_baseline_score",)
    mixed = pd.concat([table.assign(item=None), item.assign(score=50.0)])
    assert response_outcome(RESPONSE, mixed, ["a"]).observed.tolist() == [1.0]


def test_remission_needs_no_baseline_and_both_rules_must_hold_where_both_are_given():
    table = visits(("a", 28, 10), ("b", 28, 11), ("c", 0, 12), ("c", 28, 9))
    remission = PRESETS["remission_madrs_10"]
    assert response_outcome(remission, table, ["a", "b"]).observed.tolist() == [1.0, 0.0]
    both = RESPONSE.model_copy(update={"at_most": 10})
    assert response_outcome(both, table, ["c"]).observed.tolist() == [0.0]
    assert response_outcome(both, table, ["a"]).missing_reason == ("no_baseline_score",)


@settings(max_examples=30, deadline=None)
@given(
    scores=st.dictionaries(
        st.tuples(st.sampled_from("abc"), st.integers(-14, 60)), st.integers(0, 60), max_size=30
    ),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_order_of_visits_and_people_does_not_matter(scores, seed):
    table = visits(*[(who, day, score) for (who, day), score in scores.items()])
    shuffled = table.sample(frac=1, random_state=seed)
    straight = relapse_outcome(RELAPSE, table, None, ["a", "b", "c"])
    turned = relapse_outcome(RELAPSE, shuffled, None, ["c", "b", "a"])
    np.testing.assert_array_equal(straight.days, turned.days[::-1])
    assert straight.missing_reason == turned.missing_reason[::-1]
    assert np.all(straight.days[straight.at_risk] > 0)


# ---- relapse


def test_two_consecutive_readings_are_a_relapse_on_the_day_of_the_first():
    assert followed(responder((42, 10), (56, 22), (70, 25), (84, 10))) == (True, 28.0, True, None)


@pytest.mark.parametrize(
    "later",
    [
        [(42, 10), (56, 30)],  # unconfirmed at the last visit
        [(42, 30), (56, 10)],  # not confirmed
        [(42, 30), (46, 30), (56, 10)],  # four days apart
        [(40, 30), (56, 30)],  # sixteen days apart
        [(42, 21), (56, 21)],  # below the threshold
        [(42, 30), (49, 10), (56, 30)],  # not consecutive
    ],
)
def test_what_is_not_confirmed_is_censored_at_the_last_visit(later):
    assert followed(responder(*later)) == (True, 28.0, False, None)


@pytest.mark.parametrize("gap", [5, 15])
def test_both_ends_of_the_confirming_gap_count(gap):
    assert followed(responder((40, 22), (40 + gap, 22))) == (True, 12.0, True, None)


def test_a_reading_too_soon_between_two_does_not_hide_the_confirmation():
    assert followed(responder((42, 30), (45, 30), (52, 30))) == (True, 14.0, True, None)


def waiting(*people, rule=RELAPSE, dated=None):
    """Chance of an unconfirmed relapse of several responders, each a list of later readings."""
    tables = [responder(*later).assign(patient_id=str(i)) for i, later in enumerate(people)]
    ids = [str(i) for i in range(len(people))]
    return relapse_outcome(rule, pd.concat(tables), dated, ids).unconfirmed.tolist()


CONFIRMED, REFUTED, OPEN = [(42, 30), (56, 30)], [(42, 30), (56, 10)], [(42, 10), (56, 30)]


def test_a_last_reading_that_waits_for_another_is_likely_as_often_as_others_were_confirmed():
    # one of each kind is added: 1/2, 2/3, 3/5
    assert waiting(OPEN) == [0.5]
    assert waiting(OPEN, CONFIRMED) == [2 / 3, 0.0]
    assert waiting(OPEN, CONFIRMED, REFUTED, CONFIRMED)[0] == 3 / 5
    # too far apart to confirm or refute one another: nothing is learned, and both may wait
    assert waiting([(42, 30), (70, 30)], [(42, 30), (70, 10)]) == [0.5, 0.0]
    # too soon to confirm, soon enough to refute; the reading that follows confirms
    assert waiting(OPEN, [(42, 30), (45, 10)])[0] == 1 / 3
    assert waiting(OPEN, [(42, 30), (45, 30), (52, 30)])[0] == 2 / 3
    # later runs of one person count too
    assert waiting(OPEN, [(42, 30), (56, 10), (70, 30), (84, 10)])[0] == 1 / 4


def test_who_is_lost_after_such_a_reading_waits_and_who_was_well_does_not():
    lost = events(("0", 60, "retreated"))
    assert waiting([(42, 10), (56, 30), (70, 30)], dated=lost) == [0.5]
    lost = events(("0", 50, "retreated"))
    assert waiting([(42, 10), (56, 30), (70, 30)], dated=lost) == [0.0]
    one_reading = RELAPSE.model_copy(update={"confirmation": None})
    assert waiting(OPEN, [(42, 10)], rule=one_reading) == [0.0, 0.0]


def test_an_empty_score_is_no_assessment():
    assert followed(responder((42, 30), (49, np.nan), (56, 30)))[1:3] == (14.0, True)
    assert followed(responder((42, 10), (56, np.nan)))[1:3] == (14.0, False)


def test_hospitalisation_is_a_relapse_and_other_people_and_times_are_not():
    later = ((42, 10), (70, 10))
    assert followed(responder(*later), events(("a", 50, "hospitalised")))[1:3] == (22.0, True)
    before = events(("a", 10, "hospitalised"), ("b", 50, "hospitalised"))
    assert followed(responder(*later), before)[1:3] == (42.0, False)


@pytest.mark.parametrize("kind", ["retreated", "ect", "died", "withdrew"])
def test_an_intercurrent_event_censors_at_its_day_and_hides_what_comes_after(kind):
    ill = responder((42, 10), (56, 30), (70, 30))
    assert followed(ill, events(("a", 50, kind)))[1:3] == (22.0, False)
    assert followed(ill, events(("a", 60, kind)))[1:3] == (32.0, False)  # confirmation is after it
    assert followed(ill, events(("a", 70, kind)))[1:3] == (28.0, True)


def test_follow_up_never_goes_beyond_the_last_visit():
    assert followed(responder((42, 10)), events(("a", 90, "died")))[1:3] == (14.0, False)


def test_a_relapse_wins_over_an_intercurrent_event_of_the_same_day():
    dated = events(("a", 50, "hospitalised"), ("a", 50, "ect"))
    assert followed(responder((42, 10)), dated)[1:3] == (22.0, True)


def test_a_relapse_event_at_time_zero_is_kept_at_half_a_day():
    assert followed(responder((42, 10)), events(("a", 28, "hospitalised")))[1:3] == (0.5, True)
    early = visits(("a", 0, 30), ("a", 25, 10), ("a", 42, 10))
    assert followed(early, events(("a", 27, "hospitalised")))[1:3] == (0.5, True)


def test_a_hospitalised_person_without_a_later_visit_is_an_event():
    assert followed(responder(), events(("a", 40, "hospitalised")))[:3] == (True, 12.0, True)


def test_who_was_not_seen_after_the_landmark_has_no_follow_up():
    at_risk, days, relapsed, reason = followed(responder())
    assert (at_risk, relapsed, reason) == (False, False, "no_follow_up")
    assert np.isnan(days)
    assert followed(responder((42, 10)), events(("a", 28, "retreated")))[3] == "no_follow_up"
    early = visits(("a", 0, 30), ("a", 21, 10))
    assert followed(early)[3] == "no_follow_up"


def test_only_observed_responders_are_the_risk_set():
    table = visits(
        ("ill", 0, 30), ("ill", 28, 20), ("ill", 42, 30), ("gone", 0, 30), ("gone", 42, 30)
    )
    found = relapse_outcome(RELAPSE, table, None, ["ill", "gone"])
    assert found.missing_reason == ("not_a_responder", "response_not_observed")
    assert not found.at_risk.any()


def test_follow_up_starts_after_the_own_landmark_visit_and_time_at_the_nominal_day():
    late = visits(("a", 0, 30), ("a", 32, 10), ("a", 42, 30), ("a", 56, 30))
    assert followed(late)[1:3] == (14.0, True)
    own = RELAPSE.model_copy(update={"time_zero": "landmark_visit"})
    assert followed(late, rule=own)[1:3] == (10.0, True)


def test_visits_of_another_scale_do_not_prolong_follow_up():
    seen = pd.concat([responder((42, 10)), visits(("a", 90, 5), instrument="phq9")])
    assert followed(seen)[1:3] == (14.0, False)
    only_events = RELAPSE.model_copy(update={"at_least": None})
    assert followed(seen, rule=only_events)[1:3] == (62.0, False)


def test_one_reading_suffices_without_confirmation():
    rule = PRESETS["relapse_elekt_d"]
    table = visits(("a", 0, 20), ("a", 21, 8), ("a", 50, 11), ("a", 60, 12), instrument="qids_sr16")
    assert followed(table, rule=rule)[1:3] == (39.0, True)
    assert followed(table[table["day"] < 60], rule=rule)[1:3] == (29.0, False)


def test_half_of_the_gain_lost_is_a_relapse_below_the_fixed_threshold():
    rule = PRESETS["relapse_murrough"]
    # 30 to 4: half of the gain of 26 is lost at 17
    gained = visits(("a", 0, 30), ("a", 28, 4), ("a", 42, 17), ("a", 56, 17))
    assert followed(gained, rule=rule)[1:3] == (14.0, True)
    assert followed(gained.assign(score=gained["score"].replace(17, 16)), rule=rule)[2] is np.False_
    remission = rule.model_copy(update={"responders": PRESETS["remission_madrs_10"]})
    no_gain = visits(("a", 0, 8), ("a", 28, 8), ("a", 42, 12), ("a", 56, 12))
    assert followed(no_gain, rule=remission)[1:3] == (28.0, False)


def test_nobody_gives_an_empty_outcome():
    assert relapse_outcome(RELAPSE, responder(), None, []).days.shape == (0,)
    assert response_outcome(RESPONSE, responder(), []).observed.shape == (0,)


@pytest.mark.parametrize(
    ("later", "dated", "expected"),
    [
        ([(42, 10), (56, 25), (70, 25)], [], 14),  # relapse on day 28, seen well on day 14
        ([(42, 10), (56, 25), (84, 25), (98, 25)], [], 14),  # first reading not confirmed in time
        ([(42, 25), (56, 25)], [], 0),  # never seen well after time zero
        ([(42, 10), (56, 10)], [], 28),  # censored at the last visit
        ([(42, 10), (56, 25)], [], 14),  # censored after a reading that nobody confirmed
        ([(42, 10), (56, 25)], [("a", 50.0, "hospitalised")], 14),  # relapse on day 22
        ([(42, 10), (56, 10)], [("a", 50.0, "retreated")], 14),  # censored on day 22
    ],
)
def test_the_last_day_seen_well_is_that_of_the_last_reading_below_the_threshold(
    later, dated, expected
):
    found = relapse_outcome(RELAPSE, responder(*later), events(*dated), ["a"])
    assert found.last_well_days.tolist() == [expected]


def test_a_relapse_read_from_dated_events_alone_is_dated_to_the_day():
    rule = RELAPSE.model_copy(update={"at_least": None, "confirmation": None})
    found = relapse_outcome(rule, responder((42, 10)), events(("a", 50.0, "hospitalised")), ["a"])
    assert (found.days.tolist(), found.last_well_days.tolist()) == ([22], [22])


def test_a_response_has_no_relapse_outcome():
    with pytest.raises(InvalidInputError, match="task must be relapse"):
        relapse_outcome(RESPONSE, responder(), None, ["a"])


def test_confirmation_agrees_with_all_pairs():
    rng = np.random.default_rng(3)
    for _ in range(200):
        days = np.cumsum(rng.integers(1, 12, size=8))
        above = rng.random(8) < 0.6
        pairs = [
            days[i]
            for i in range(8)
            for j in range(i + 1, 8)
            if above[i : j + 1].all() and 5 <= days[j] - days[i] <= 15
        ]
        expected = min(pairs) if pairs else None
        assert first_confirmed(days, above, min_gap_days=5, max_gap_days=15) == expected


# ---- everybody at risk, dated events

RECORDED = PRESETS["relapse_recorded"]


def test_without_responders_everybody_is_at_risk_from_day_0_and_dated_events_decide():
    nobody = visits()
    dated = events(
        ("a", 14, "relapsed"), ("a", 20, "last_seen"), ("b", 0, "relapsed"), ("c", 182, "last_seen")
    )
    found = relapse_outcome(RECORDED, nobody, dated, ["a", "b", "c", "d"])
    assert found.days[:3].tolist() == [14.0, 0.5, 182.0]  # time zero is kept at half a day
    assert found.relapsed.tolist() == [True, True, False, False]
    assert found.at_risk.tolist() == [True, True, True, False]
    assert found.missing_reason == (None, None, None, "no_follow_up")
    assert found.last_well_days[:3].tolist() == [14.0, 0.5, 182.0]  # dated, not seen at a visit


def test_of_dated_events_what_comes_after_the_end_of_observation_is_not_read():
    late = events(("a", 40, "relapsed"), ("a", 30, "last_seen"))
    assert followed(visits(), late, rule=RECORDED)[1:3] == (30.0, False)


def test_a_visit_counts_as_being_seen_whatever_was_rated():
    seen = visits(("a", 60, 3), instrument="phq9")
    assert followed(seen, rule=RECORDED)[1:3] == (60.0, False)


# ---- the response that is lost again


LOST = PRESETS["relapse_madrs_response_lost_day10"]


@pytest.mark.parametrize(("score", "lost"), [(15.5, False), (16, True), (30, True)])
def test_a_response_is_lost_exactly_where_its_rule_no_longer_holds(score, lost):
    # 31 at baseline: a score of 15.5 is a fall of exactly one half, and still a response
    table = visits(("a", 0, 31), ("a", 2, 10), ("a", 10, score))
    assert followed(table, rule=LOST)[1:3] == (8.0, lost)


def test_a_remission_is_lost_above_its_bound_and_needs_no_baseline():
    rule = LOST.model_copy(update={"responders": PRESETS["remission_madrs_10"]})
    assert followed(visits(("a", 28, 10), ("a", 42, 11)), rule=rule)[1:3] == (14.0, True)
    assert followed(visits(("a", 28, 10), ("a", 42, 10)), rule=rule)[1:3] == (14.0, False)


# ---- competing events


COMPETING = RELAPSE.model_copy(
    update={"competing_events": ("ect", "died"), "censoring_events": ("withdrew",)}
)


def ended(table, dated):
    found = relapse_outcome(COMPETING, table, dated, ["a"])
    return float(found.days[0]), bool(found.relapsed[0]), bool(found.competing[0])


def test_a_competing_event_ends_the_follow_up_on_its_own_day():
    ill = responder((42, 10), (56, 30), (70, 30))
    assert ended(ill, events(("a", 50, "ect"))) == (22.0, False, True)
    assert ended(ill, events(("a", 60, "died"))) == (32.0, False, True)  # not yet confirmed
    assert ended(ill, events(("a", 70, "died"))) == (28.0, True, False)
    assert ended(responder((42, 10)), events(("a", 90, "died"))) == (62.0, False, True)
    assert ended(responder(), events(("a", 40, "died"))) == (12.0, False, True)


def test_of_one_day_a_relapse_comes_before_a_competing_event_and_that_before_censoring():
    seen = responder((42, 10), (70, 10))
    both = events(("a", 50, "hospitalised"), ("a", 50, "ect"))
    assert ended(seen, both) == (22.0, True, False)
    assert ended(seen, events(("a", 50, "withdrew"), ("a", 50, "ect"))) == (22.0, False, True)
    assert ended(seen, events(("a", 49, "withdrew"), ("a", 50, "ect"))) == (21.0, False, False)


def test_kinds_that_are_named_nowhere_do_not_count():
    assert ended(responder((42, 10)), events(("a", 30, "retreated"))) == (14.0, False, False)


def test_a_competing_event_before_time_zero_leaves_nobody_at_risk():
    found = relapse_outcome(COMPETING, responder((42, 10)), events(("a", 28, "ect")), ["a"])
    assert found.missing_reason == ("no_follow_up",)
    assert not found.competing.any()


# ---- definitions


def test_every_preset_of_the_evidence_is_there_and_says_itself_in_one_sentence():
    wanted = {
        "response_madrs",
        "response_hamd17",
        "response_qids_sr16",
        "response_phq9",
        "response_bdi2",
        "early_improvement_madrs",
        "remission_madrs_10",
        "remission_madrs_12",
        "remission_hamd17",
        "remission_qids_sr16",
        "remission_phq9",
        "relapse_madrs",
        "relapse_sustain1",
        "relapse_escape_trd",
        "relapse_salloum",
        "relapse_elekt_d",
        "relapse_phq9",
    }
    assert wanted <= set(PRESETS)
    for definition in PRESETS.values():
        text = definition.describe()
        assert text.endswith(".")
        assert definition.scale is None or definition.scale.label in text
        assert f"day {definition.landmark.day:g}" in text


def test_the_default_relapse_is_described_with_all_that_decides_it():
    assert RELAPSE.describe() == (
        "Relapse (MADRS): among people with response (MADRS) at day 28 (time zero is that day), a "
        "MADRS score of 22 or more at two consecutive assessments 5 to 15 days apart, dated at the "
        "first, or admission to hospital; follow-up ends at another course or ECT or death or "
        "withdrawal or the last visit; horizon 180 days."
    )


def test_a_definition_survives_json():
    for definition in PRESETS.values():
        again = OutcomeDefinition.model_validate_json(definition.model_dump_json())
        assert again == definition


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"instrument": "madr"}, "did you mean madrs"),
        ({"at_most": 61}, "above the highest MADRS total"),
        ({"window": None}, "a response needs a window"),
        ({"instrument": None}, "a response needs an instrument"),
        ({"response_lost": True}, "belong to a relapse"),
        ({"competing_events": ["died"]}, "belong to a relapse"),
        ({"percent_fall": None}, "percent_fall or at_most"),
        ({"at_least": 22}, "belong to a relapse"),
        ({"window": {"day": 28, "first": 30, "last": 35}}, "must rise"),
        ({"percent_drop": 50}, "unknown; did you mean percent_fall"),
        ({"task": "relapse"}, "a relapse needs responders"),
    ],
)
def test_a_response_that_does_not_hold_together_is_refused(change, words):
    entry = RESPONSE.model_dump(mode="json", exclude={"name"}) | change
    with pytest.raises(InvalidInputError, match=words):
        outcome_definitions({"mine": entry})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"responders": "respons"}, "did you mean response"),
        ({"responders": "mine"}, "no other outcome"),
        ({"responders": "mine_too"}, "needs responders, the name of a response"),
        (
            {"at_least": None, "relapse_events": []},
            "at_least, loss_of_gain, response_lost or relapse_events",
        ),
        ({"percent_fall": 50}, "belong to a response"),
        ({"instrument": "phq9", "loss_of_gain": 0.5}, "the same instrument"),
        ({"relapse_events": ["ect"]}, "both be a relapse and end the follow-up"),
        ({"competing_events": ["hospitalised"]}, "both be a relapse and end the follow-up"),
        ({"competing_events": ["ect"]}, "name censoring_events without those of competing_events"),
        ({"relapse_events": ["last_seen"]}, "last_seen ends the follow-up or does not count"),
        ({"censoring_events": ["relapsed"]}, "relapsed is a relapse or does not count"),
        ({"responders": None}, "unless it reads dated events alone"),
        ({"instrument": None}, "a relapse by scores needs an instrument"),
        ({"instrument": "phq9", "response_lost": True}, "the same instrument"),
        (
            {
                "responders": None,
                "at_least": None,
                "confirmation": None,
                "time_zero": "landmark_visit",
            },
            "without responders time zero is day 0",
        ),
        ({"confirmation": {"consecutive": 3}}, "less than or equal to 2"),
    ],
)
def test_a_relapse_that_does_not_hold_together_is_refused(change, words):
    response = RESPONSE.model_dump(mode="json", exclude={"name"})
    plain = RELAPSE.model_dump(mode="json", exclude={"name"})
    relapse = plain | {"responders": "response", "at_least": 20}
    entries = {"response": response, "mine": relapse | change, "mine_too": relapse}
    with pytest.raises(InvalidInputError, match=words):
        outcome_definitions(entries)


def test_an_entry_without_keys_is_refused():
    with pytest.raises(InvalidInputError, match="must hold keys"):
        outcome_definitions({"mine": "response"})


def test_a_landmark_may_be_read_on_events_alone_and_from_the_own_visit():
    rule = RELAPSE.model_copy(update={"at_least": None, "time_zero": "landmark_visit"})
    assert "(time zero is the visit there), admission to hospital;" in rule.describe()


def test_sentences_name_everybody_lost_responses_and_competing_events():
    assert RECORDED.describe() == (
        "Relapse as the study recorded it: among everybody (time zero is day 0), a relapse "
        "recorded by the study; follow-up ends at the end of observation or death or withdrawal or "
        "the last visit; horizon 180 days."
    )
    assert "a MADRS score that is no longer a response; follow-up" in LOST.describe()
    assert (
        "admission to hospital; ECT or death before it is a competing event; follow-up ends at "
        "withdrawal or the last visit"
    ) in COMPETING.describe()
