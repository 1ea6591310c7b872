"""Models asked again at landmarks: what they read, whom they know, what is written of them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from predictor.bundle import read_bundle
from predictor.errors import InvalidInputError
from predictor.scoring import Scorer, load
from training import landmark_models
from training.analysis import analyse
from training.cohort import read_cohort
from training.config import (
    RunConfig,
    read_dictionary,
    read_landmarks,
    read_outcomes,
    read_world,
)
from training.evaluation import StopRule
from training.findings import summary
from training.landmark_models import ask_again
from training.presentation import landmarks as shown
from training.release import write_model
from training.simulation import simulate, write_cohort
from training.splits import LeakError
from training.work import ALONE

SMALL = {
    "variables": ("age_years", "madrs_total", "rrs_total", "maintenance_planned"),
    "resampling": {"folds": 3, "repeats": 1, "inner_folds": 3},
    "optimism_resamples": 0,
    "bootstrap_refits": 4,
    "subgroups": (),
    "seed": 3,
}
RUNS = {
    "response": {
        "candidates": ("logistic", "ridge"),
        "declared_variables": ("age_years",),
        "landmarks": ("dose2", "dose4"),
        "stop_rule": StopRule(landmark="dose4", percent_fall=20, source="a paper"),
    },
    "relapse": {
        "candidates": ("cox_ridge",),
        "landmarks": ("dose4", "course_end", "followup14", "followup56"),
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("study")
    drawn = simulate(read_world(), n_patients=260, rng=np.random.default_rng(11))
    write_cohort(drawn, path)
    return path


@pytest.fixture(scope="module")
def cohort_of(folder):
    return {
        task: read_cohort(
            folder / "patients.csv",
            folder / "visits.csv",
            events_path=folder / "events.csv",
            dictionary=read_dictionary(),
            definition=read_outcomes()[f"{task}_madrs"],
        )
        for task in RUNS
    }


@pytest.fixture(scope="module")
def found(cohort_of):
    """Each run's own findings, and the same with its landmarks."""
    runs = {}
    for task, settings in RUNS.items():
        config = RunConfig.model_validate(
            {"task": task, "outcome": f"{task}_madrs", **SMALL, **settings}
        )
        alone = analyse(config, cohort_of[task])
        runs[task] = (alone, ask_again(alone))
    return runs


@pytest.fixture(scope="module")
def bundles(found, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundles")
    return {task: write_model(asked, path / task) for task, (_, asked) in found.items()}


def test_asking_again_changes_nothing_of_the_runs_own_model(found):
    for alone, asked in found.values():
        assert replace(asked, landmarks={}) == alone or all(
            getattr(asked, name) is getattr(alone, name)
            for name in ("metrics", "choice", "model", "out_of_fold", "status")
        )


def test_each_landmark_reads_the_scores_so_far_and_no_later_one(found):
    read = {
        (task, name): {v.id for v in one.findings.analysis.variables if v.landmark}
        for task, (_, asked) in found.items()
        for name, one in asked.landmarks.items()
        if one.findings is not None
    }
    assert read["response", "dose2"] == {"madrs_dose2"}  # nobody has cadss or doses recorded
    assert read["response", "dose4"] == {"madrs_dose2", "madrs_dose4"}
    assert read["relapse", "dose4"] == {"madrs_dose4"}
    assert read["relapse", "followup14"] == {
        "madrs_dose4", "madrs_course_end", "madrs_followup14",
    }  # fmt: skip
    declared = found["response"][1].landmarks["dose4"].findings.analysis.declared
    assert [v.id for v in declared] == ["age_years", "madrs_total", "madrs_dose2", "madrs_dose4"]


def test_people_are_those_of_the_runs_own_model_still_in_question(found):
    for alone, asked in found.values():
        known = set(alone.analysis.groups)
        for one in asked.landmarks.values():
            people = one.findings.analysis.groups if one.findings else ()
            assert set(people) <= known
    alone, asked = found["relapse"]
    there = asked.landmarks["followup14"].findings.analysis
    days = dict(zip(alone.analysis.groups, alone.analysis.outcome.days, strict=True))
    passed = [days[who] for who in there.groups]
    assert there.outcome.days == pytest.approx(np.array(passed) - 14)
    scores = there.values["madrs_followup14"]
    assert not np.isnan(scores).any()
    assert scores.max() < 22  # the shipped rule of relapse


def test_the_baseline_model_stands_beside_in_the_same_people(found):
    alone, asked = found["response"]
    one = asked.landmarks["dose2"]
    own = alone.metrics[alone.choice.learner.name]
    # for response nobody leaves, so the baseline model measures as in its own run
    assert one.baseline["auc"].value == pytest.approx(own["auc"].value)
    name = one.findings.choice.learner.name
    gained = one.findings.metrics[name]["auc"].value - own["auc"].value
    assert one.difference["auc"].value == pytest.approx(gained)
    assert gained > 0.1


def test_too_few_people_are_a_reason_and_no_failure(found, cohort_of):
    config = found["relapse"][0].config
    few = cohort_of["relapse"]
    late = np.isfinite(few.outcome.days) & (np.cumsum(few.outcome.relapsed) > 14)
    cut = replace(
        few,
        outcome=replace(
            few.outcome,
            at_risk=few.outcome.at_risk & ~late,
            days=np.where(late, np.nan, few.outcome.days),
            relapsed=few.outcome.relapsed & ~late,
            missing_reason=tuple(
                "no_follow_up" if left else reason
                for left, reason in zip(late, few.outcome.missing_reason, strict=True)
            ),
        ),
    )
    asked = ask_again(analyse(config, cut))
    assert asked.model is not None
    reasons = {name: one.reason for name, one in asked.landmarks.items()}
    assert "support no model" in reasons["followup56"]
    assert summary(asked)["landmarks"]["followup56"]["status"] == "refused"
    assert "no model" in str(shown.section(asked).tables[0].rows)


def test_a_run_that_keeps_no_model_asks_nowhere_again(found):
    alone, _ = found["response"]
    asked = ask_again(replace(alone, status="refused"))
    assert {one.reason for one in asked.landmarks.values()} == {"the run itself keeps no model"}


def test_a_scale_that_nobody_was_rated_on_gives_no_model(found):
    alone, _ = found["response"]
    visits = alone.cohort.visits
    without = replace(alone.cohort, visits=visits[visits["day"] != 7.0])
    asked = ask_again(replace(alone, cohort=without))
    assert asked.landmarks["dose2"].reason == "nobody in question has a MADRS score after dose 2"
    assert asked.landmarks["dose4"].findings is not None


def test_without_landmarks_there_are_none(found):
    alone, _ = found["response"]
    config = alone.config.model_copy(update={"landmarks": ()})
    asked = ask_again(replace(alone, config=config))
    assert asked.landmarks == {}
    assert shown.section(asked) is None


def test_one_more_landmark_changes_no_other(found):
    alone, asked = found["response"]
    config = alone.config.model_copy(update={"landmarks": ("dose2",)})
    fewer = ask_again(replace(alone, config=config))
    one, other = (x.landmarks["dose2"].findings for x in (fewer, asked))
    assert one.metrics == other.metrics


def test_a_landmark_inside_the_outcome_is_refused(found):
    alone, _ = found["response"]
    config = alone.config.model_copy(update={"landmarks": ("course_end",)})
    with pytest.raises(InvalidInputError, match="judged from day 21"):
        ask_again(replace(alone, config=config))


def only(found, task, *names):
    """A run that asks at some landmarks alone."""
    alone, _ = found[task]
    return replace(alone, config=alone.config.model_copy(update={"landmarks": names}))


def test_a_leak_at_a_landmark_is_its_reason_and_fails_no_run(found, monkeypatch):
    def leaking(*_, **__):
        raise LeakError("a person is on both sides")

    monkeypatch.setattr(landmark_models, "cross_validate", leaking)
    monkeypatch.setattr(landmark_models, "cross_validate_carried", leaking)
    asked = ask_again(only(found, "relapse", "dose4", "followup14", "followup56")).landmarks
    assert {one.reason for one in asked.values()} == {"a person is on both sides"}


def test_a_model_that_cannot_be_fitted_to_everybody_is_a_reason(found, monkeypatch):
    def failing(*_, **__):
        raise InvalidInputError("ridge could not be fitted")

    monkeypatch.setattr(landmark_models, "fit_final", failing)
    asked = ask_again(only(found, "response", "dose2")).landmarks["dose2"]
    assert (asked.findings, asked.reason) == (None, "ridge could not be fitted")


def test_without_two_outcomes_no_fold_is_made_and_the_landmark_has_no_model(found, monkeypatch):
    monkeypatch.setattr(landmark_models, "cross_validate", lambda *_, **__: {})
    asked = ask_again(only(found, "response", "dose2")).landmarks["dose2"]
    assert "no candidate could be fitted" in asked.reason
    there = found["relapse"][1].landmarks["dose4"].findings
    all_ill = replace(
        there.analysis,
        outcome=replace(there.analysis.outcome, events=np.ones(len(there.analysis.groups))),
    )
    people = SimpleNamespace(analysis=all_ill, config=there.config)
    assert landmark_models._cross_validated(people, np.random.default_rng(1), ALONE) == {}


def test_where_no_landmark_ends_the_course_nothing_is_carried_on(found, monkeypatch):
    known = read_landmarks()
    fewer = tuple(one for one in known.landmarks if one.name != "course_end")
    more = tuple(
        (tuple(name for name in at if name != "course_end"), fields) for at, fields in known.more
    )
    monkeypatch.setattr(
        landmark_models, "read_landmarks", lambda: replace(known, landmarks=fewer, more=more)
    )
    asked = ask_again(only(found, "relapse", "followup14")).landmarks["followup14"]
    assert asked.reason == "no landmark is defined at the end of the course"


def test_the_score_at_the_end_is_read_after_the_course_whether_or_not_it_is_asked_for(found):
    asked = ask_again(only(found, "relapse", "followup14")).landmarks
    assert list(asked) == ["followup14"]
    read = {v.id for v in asked["followup14"].findings.analysis.variables if v.landmark}
    assert read == {"madrs_course_end", "madrs_followup14"}


def test_each_landmark_has_a_bundle_that_says_what_it_answers(found, bundles):
    read = read_bundle(bundles["relapse"])
    assert list(read.landmarks) == [
        name for name, one in found["relapse"][1].landmarks.items() if one.findings
    ]
    assert read.provenance.landmark == ""
    assert "madrs_dose4" not in read.dictionary
    after = read.landmarks["followup14"].provenance
    assert after.landmark == "followup14"
    assert after.given == (
        "response at the end of the acute course, and still well 14 days after the course (day 42)"
    )
    assert after.time_zero == "14 days after the course (day 42 from the first dose)"
    assert after.horizon_days == 180 - 14
    there = found["relapse"][1].landmarks["followup14"].findings
    assert after.cohort_patients == len(there.analysis.groups) < read.provenance.cohort_patients
    before = read.landmarks["dose4"].provenance
    assert before.given == read.provenance.given
    assert before.time_zero == read.provenance.time_zero
    response = read_bundle(bundles["response"]).landmarks["dose2"].provenance
    assert (response.given, response.horizon_days) == ("", 28 - 7)
    assert response.time_zero == "after dose 2 (day 7 from the first dose)"


def test_contributions_sum_to_the_number_at_every_landmark(found, bundles):
    for task, (_, asked) in found.items():
        bundle = load(bundles[task]).bundle
        for name, one in {"": None, **asked.landmarks}.items():
            if one is not None and one.findings is None:
                continue
            inner = bundle if one is None else bundle.landmarks[name]
            values = (asked if one is None else one.findings).analysis.values
            assessed = inner.model.assess(values)
            total = inner.model.base + assessed.contributions.sum(axis=1)
            assert total == pytest.approx(assessed.margin, abs=1e-12), (task, name)


def test_alerts_are_measured_at_the_visits_after_the_course(found):
    (alone, asked), (_, response) = found["relapse"], found["response"]
    assert alone.warning_signs is response.warning_signs is None
    signs = asked.warning_signs
    followed = [n for n, one in asked.landmarks.items() if n > "f" and one.findings]
    assert list(signs.landmarks) == followed
    assert signs.step == 0.15
    visits = sum(len(asked.landmarks[name].findings.analysis.groups) for name in followed)
    assert signs.found.visits == visits
    # by the default rule, visits after an alert at every visit are as many
    assert signs.comparators["everybody"].found.measures["alerted"].value == 1
    again = summary(asked)["warning_signs"]
    assert again["measures"]["alerted"] == signs.found.measures["alerted"].to_dict()


def test_bundles_of_follow_up_alone_warn(found, bundles):
    read = read_bundle(bundles["relapse"])
    signs = found["relapse"][1].warning_signs
    for name, inner in read.landmarks.items():
        followed = name in signs.landmarks
        assert inner.provenance.alert_step == (0.15 if followed else None)
        assert len(inner.alerts) == followed
    assert (read.provenance.alert_step, read.alerts) == (None, ())
    (measured,) = read.landmarks["followup14"].alerts
    assert set(measured) >= {"no_better_than"}


def test_a_bundle_of_a_landmark_scores_by_itself(bundles):
    for task in RUNS:
        for inner in read_bundle(bundles[task]).landmarks.values():
            Scorer(inner).verify()


def test_json_and_report_say_what_was_gained(found):
    for task, (_, asked) in found.items():
        said = summary(asked)["landmarks"]
        measure, label = shown.RANKED[task]
        section = shown.section(asked)
        assert len(section.tables[0].rows) == len(said)
        for one in said.values():
            if "metrics" in one:
                assert measure in one["metrics"]
                assert measure in one["baseline_model"]
        assert label in section.paragraphs[1]
        assert section.charts
    stop = summary(found["response"][1])["landmarks"]["dose4"]["stop_rule"]
    assert set(stop) == {"rule", "model", "specificity_difference"}
    assert stop["rule"]["measures"]["sensitivity"] == stop["model"]["measures"]["sensitivity"]
    assert any("simulated" in words for words in shown.section(found["response"][1]).paragraphs)
    captions = [table.caption for table in shown.section(found["response"][1]).tables]
    assert any("published rule beside the model, after dose 4" in words for words in captions)


def test_the_report_says_plainly_where_asking_again_ranks_people_worse(found):
    run = found["relapse"][1]
    measured = [name for name, one in run.landmarks.items() if "c_index" in one.difference]
    ends = dict(zip(measured, [(-0.03, -0.01), (0.01, 0.03), (-0.01, 0.02)], strict=False))
    assert len(ends) >= 2
    changed = dict(run.landmarks)
    for name, (lo, hi) in ends.items():
        one = changed[name]
        gap = replace(one.difference["c_index"], lo=lo, hi=hi)
        changed[name] = replace(one, difference=one.difference | {"c_index": gap})
    said = shown.section(replace(run, landmarks=changed)).paragraphs
    label = {name: run.landmarks[name].landmark.label for name in measured}
    worse = next(words for words in said if "apart worse than" in words)
    better = next(words for words in said if "apart better than" in words)
    assert label[measured[0]] in worse
    assert label[measured[1]] in better
    assert label[measured[0]] not in better
