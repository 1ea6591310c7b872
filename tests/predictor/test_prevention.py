"""What stands beside a relapse score: words with sources, ordered by one person's answers."""

from dataclasses import replace

import pytest

from predictor.bundle import read_bundle, write_bundle
from predictor.dictionary import Variable
from predictor.errors import InvalidInputError
from predictor.prevention import NOTE, Answer, checked_prevention, prevention_of
from predictor.report import render_page
from predictor.scoring import Scorer
from training.config import read_prevention, read_safety


@pytest.fixture(scope="module")
def entries(dictionary):
    return read_prevention(dictionary)


def answers_of(dictionary, changes):
    return [Answer(dictionary[name], "some", change) for name, change in changes.items()]


def test_what_raised_the_number_most_comes_first_and_at_most_three_are_named(dictionary, entries):
    changes = {"isi_total": 0.02, "prior_episodes": 0.05, "age_years": -0.1, "rrs_total": 0.03}
    said = prevention_of(entries, answers_of(dictionary, {**changes, "sex": 0.01}))
    assert [(r["variable"], r["modifiable"]) for r in said["raised"]] == [
        ("prior_episodes", False),
        ("rrs_total", True),
        ("isi_total", True),
    ]
    assert said["raised"][0]["change"] == 0.05
    assert said["note"] == NOTE


def test_what_lowered_the_number_is_never_said_to_have_raised_it(dictionary, entries):
    said = prevention_of(entries, answers_of(dictionary, {"isi_total": -0.02, "sex": 0.0}))
    assert said["raised"] == []
    assert not any(sign["raised"] for sign in said["watch"])


def test_answers_that_care_can_change_are_told_by_the_dictionary(dictionary, entries):
    changes = {"isi_total": -0.02, "prior_episodes": 0.05, "rrs_total": 0.03}
    said = prevention_of(entries, answers_of(dictionary, changes))
    assert [each["variable"] for each in said["changeable"]] == ["rrs_total", "isi_total"]


def test_signs_of_answers_that_raised_the_number_come_first(dictionary, entries):
    usual = [sign["code"] for sign in prevention_of(entries, [])["watch"]]
    said = prevention_of(entries, answers_of(dictionary, {"mspss_total": 0.01}))
    codes = [sign["code"] for sign in said["watch"]]
    assert codes == ["withdrawal", *(code for code in usual if code != "withdrawal")]
    assert [sign["raised"] for sign in said["watch"]] == [True] + [False] * (len(codes) - 1)


def test_every_sign_and_fact_has_a_source_and_says_how_sure_it_is(entries):
    said = prevention_of(entries, [])
    shown = [*said["watch"], *said["course"], *said["returns"]]
    assert {sign["code"] for sign in said["watch"]} >= {
        "sleep", "rumination", "withdrawal", "suicidal_thoughts",
    }  # fmt: skip
    for each in shown:
        assert each["source"].strip()
        assert each["certainty"] in {"seen", "recalled", "derived"}


def test_when_to_act_at_once_is_said_in_the_words_of_the_safety_rules(dictionary, entries):
    rule = next(r for r in read_safety(dictionary).rules if r.code == "acute_suicidality")
    (said,) = prevention_of(entries, [])["at_once"]
    assert said == {"code": "suicidality", "text": rule.text, "source": rule.source}


def test_a_bundle_without_words_says_nothing():
    assert prevention_of((), []) is None


def test_a_dictionary_without_a_variable_keeps_the_sign(dictionary, entries):
    sex = Variable("sex", "Sex", "category", "g", "s", levels=("female", "male"))
    few = type(dictionary)((sex,))
    raw = [{key: value for key, value in entry.items() if key not in _FILLED[entry["part"]]}
           for entry in entries]  # fmt: skip
    checked = checked_prevention(raw, few, read_safety(dictionary))
    assert all(entry["variables"] == [] for entry in checked if entry["part"] == "watch")
    assert len(checked) == len(entries)


_FILLED = {"at_once": {"text", "source"}, "watch": set(), "course": set(), "returns": set()}
SIGN = {
    "part": "watch", "code": "sleep", "label": "Sleep", "text": "It matters.", "variables": [],
    "grade": "C", "certainty": "seen", "source": "somewhere",
}  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "match"),
    [
        ({**SIGN, "part": "advice"}, "sleep: part must be one of"),
        ({k: v for k, v in SIGN.items() if k != "source"}, "sleep: source is unknown or missing"),
        ({**SIGN, "dose": 1}, "sleep: dose is unknown"),
        ({**SIGN, "certainty": "sure"}, "certainty must be one of seen"),
        ({**SIGN, "grade": "E"}, "grade must be one of A"),
        ({**SIGN, "source": " "}, "source is empty"),
        ({"part": "at_once", "code": "x", "rule": "none_such"}, "no safety rule none_such"),
        ({"part": "watch"}, "an entry without a code"),
    ],
)
def test_entries_that_cannot_stand_are_refused(dictionary, entry, match):
    with pytest.raises(InvalidInputError, match=match):
        checked_prevention([entry], dictionary, read_safety(dictionary))


@pytest.fixture(scope="module")
def scorer(bundles, entries):
    return Scorer(replace(bundles["cox"], prevention=entries))


def test_a_score_names_the_answers_of_this_person_alone(scorer, candidate):
    (score,) = scorer.score(candidate(bmi=None))
    answered = {a["variable"]: a["change"] for a in score.prevention["changeable"]}
    assert "bmi" not in answered  # it was not answered
    assert {"madrs_total", "crp_mg_per_l"} <= set(answered)
    assert answered["madrs_total"] == score.contributions_probability["madrs_total"]
    raised = [each["variable"] for each in score.prevention["raised"]]
    split = score.contributions_probability
    known = [v for v in split if split[v] > 0 and v != "bmi"]
    assert raised == sorted(known, key=lambda v: -split[v])[:3]
    assert score.to_dict()["prevention"] == score.prevention


def test_without_explanation_or_number_nothing_is_said_to_have_raised_it(scorer, candidate):
    (plain,) = scorer.score(candidate(), explain=False)
    assert plain.prevention["raised"] == plain.prevention["changeable"] == []
    assert plain.prevention["watch"]
    (refused,) = scorer.score(candidate(pregnant="yes"))
    assert refused.prevention is None


def test_words_travel_in_the_bundle(bundles, entries, candidate, tmp_path):
    folder = write_bundle(replace(bundles["cox"], prevention=entries), tmp_path / "bundle")
    read = read_bundle(folder)
    assert read.prevention == entries
    assert Scorer(bundles["cox"]).score(candidate())[0].prevention is None


def test_the_page_says_when_to_act_before_it_says_what_raised_the_number(scorer, candidate):
    (score,) = scorer.score(candidate())
    page = render_page(score.to_dict())
    places = [page.index(words) for words in (
        "Staying well", "Do not wait for the next visit", "urgent review now",
        "What raised this person’s number most", "explain the model, not the cause: an answer",
        "What to watch for", "When to be seen", "If it comes back", "SUSTAIN-3",
    )]  # fmt: skip
    assert places == sorted(places)
    label = score.prevention["raised"][0]["label"]
    assert f'<th scope="row">{label}</th>' in page[places[3] :]


def test_a_page_without_words_on_prevention_has_no_such_part(bundles, candidate):
    (score,) = Scorer(bundles["cox"]).score(candidate())
    assert "Staying well" not in render_page(score.to_dict())
    # a score written before has no such key
    old = {key: value for key, value in score.to_dict().items() if key != "prevention"}
    assert "Staying well" not in render_page(old)


def test_a_page_of_a_person_whom_nothing_raised_says_so(scorer, candidate):
    (score,) = scorer.score(candidate(), explain=False)
    assert "No answer raised it" in render_page(score.to_dict())
