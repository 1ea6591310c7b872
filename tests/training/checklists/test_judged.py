"""The answers follow the facts of a run, and flatter nobody."""

from dataclasses import replace

import numpy as np
import pytest

from training.checklists import fill, overall
from training.evaluation import Sentinel
from training.learners import learner_named
from training.samplesize import required_sample


def many(findings, people: int):
    """Gives the same run with more people, half of them with the event."""
    analysis = findings.analysis
    events = np.arange(people) % 2 == 0
    more = replace(
        analysis,
        groups=tuple(f"p{i}" for i in range(people)),
        outcome=replace(analysis.outcome, events=events.astype(float)),
    )
    return replace(findings, analysis=more)


@pytest.mark.parametrize("task", ["response", "relapse"])
@pytest.mark.parametrize("ending", ["fitted", "exploratory", "refused", "leak"])
def test_no_run_is_called_low(run_of, ending, task) -> None:
    lines = overall(fill(run_of(ending, task), {}))
    assert len(lines) == 2 * (4 + 2)
    for line in lines:
        assert line.verdict.startswith("cannot be low") or line.verdict == "for a person to judge"


def test_the_overall_names_every_question_that_speaks_against_it(run_of, answers_of) -> None:
    findings = run_of("exploratory")
    found = answers_of(findings)
    against = [i for i, a in found.items() if a.verdict in ("no", "probably no") and i[0] == "E"]
    said = {(x.part, x.domain): x.verdict for x in overall(fill(findings, {}))}
    assert said["E", "Overall"] == f"cannot be low, because of {', '.join(against)}"
    assert said["E", "Applicability"] == "cannot be low: the people are simulated"


def test_a_sample_too_small_is_a_no_with_its_numbers(run_of, answers_of) -> None:
    small = required_sample(
        "response", discrimination=0.65, event_share=0.5, n_parameters=4, n_available=40
    )
    found = answers_of(replace(run_of("exploratory"), sample_size=small))
    assert found["D4.1"].verdict == "no"
    # 40 people of whom half have the event, over 4 parameters
    assert found["D4.1"].words.startswith("40 people, 5.0 events for each of 4 parameters")
    assert found["10"].words.split(": ")[1].startswith("too few")
    none = answers_of(replace(run_of("exploratory"), sample_size=None))
    assert none["D4.1"].verdict == "no"
    assert none["10"].verdict == "not done"
    assert answers_of(run_of("fitted"))["D4.1"].verdict == "yes"


@pytest.mark.parametrize(("people", "verdict"), [(40, "no"), (198, "no"), (200, "probably yes")])
def test_an_evaluation_needs_100_with_and_100_without_the_event(
    run_of, answers_of, monkeypatch, people, verdict
) -> None:
    findings = many(run_of("fitted"), people)
    said = {a.item.id: a for a in fill(findings, {}).judged}["E4.2"]
    assert said.verdict == verdict
    assert said.words.startswith(f"{people // 2} people with and {people // 2} without")
    assert "the AUC lies between 0.61 and 0.79" in said.words


def test_for_relapse_100_events_suffice(run_of) -> None:
    findings = many(run_of("fitted", "relapse"), 200)
    said = {a.item.id: a for a in fill(findings, {}).judged}["E4.2"]
    assert (said.verdict, said.words.endswith("100 events are the least that is advised.")) == (
        "probably yes",
        True,
    )
    assert "the C lies between" in said.words


def test_a_failed_guard_is_a_no_wherever_it_matters(run_of, answers_of) -> None:
    found = answers_of(run_of("leak"))
    assert {i: found[i].verdict for i in ("E4.5", "D2.3", "D2.4", "23a", "22", "27a")} == {
        "E4.5": "no",
        "D2.3": "no",
        "D2.4": "no",
        "23a": "not done",
        "22": "not done",
        "27a": "not done",
    }
    assert found["23a"].words == "What is shown is void, because a guard failed: timing."
    assert found["D2.4"].words == "Late: crp."
    carried = {"carried_forward": Sentinel(passed=False, detail="declared")}
    found = answers_of(replace(run_of("fitted"), sentinels=carried))
    assert [found[i].verdict for i in ("D3.1", "D3.2", "E4.5")] == ["no"] * 3


def test_a_guard_that_had_nothing_to_test_is_no_proof(run_of, answers_of) -> None:
    findings = run_of("fitted")
    assert answers_of(findings)["E4.5"].verdict == "yes"
    assert answers_of(findings)["D3.2"].verdict == "probably yes"
    idle = {"carried_forward": Sentinel(passed=True, detail="", tested=False)}
    found = answers_of(replace(findings, sentinels={**findings.sentinels, **idle}))
    assert found["E4.5"].verdict == "probably yes"
    assert found["E4.5"].words.endswith("nothing to test: carried forward.")
    assert found["D3.2"].verdict == "only a person knows"
    rows = {k: v for k, v in findings.sentinels.items() if k != "training_rows"}
    assert answers_of(replace(findings, sentinels=rows))["E4.5"].verdict == "no information"


def test_a_run_that_evaluated_nothing_says_no(run_of, answers_of) -> None:
    found = answers_of(run_of("refused"))
    for item in ("E4.1", "E4.2", "E4.6", "E4.7"):
        assert found[item].verdict == "no"
        assert "3 events support no model" in found[item].words
    for item in ("D2.2", "D4.3", "D4.5"):
        assert found[item].verdict == "no information"
    for item in ("2", "12a", "12c", "12e", "12g", "15", "22", "23a", "23b", "27a"):
        assert found[item].verdict == "not done", item
    assert found["21"].verdict == found["9b"].verdict == "in part"


def test_the_choice_among_learners_must_be_repeated_too(run_of, answers_of) -> None:
    findings = run_of("fitted")
    assert answers_of(findings)["E4.6"].verdict == "probably yes"
    once = replace(findings, optimism=None, unrepeated="the settings ask for no resamples")
    found = answers_of(once)
    assert found["E4.6"].verdict == "no"
    assert found["12c"].verdict == "in part"
    assert "optimism not assessed" in found["26"].words
    assert answers_of(run_of("exploratory"))["E4.6"].verdict == "yes"  # one learner alone


def test_a_measure_that_is_not_shown_is_named(run_of, answers_of) -> None:
    assert answers_of(run_of("fitted"))["E4.7"].verdict == "yes"
    said = answers_of(run_of("exploratory"))["E4.7"]  # its only measure is the Brier score
    assert (said.verdict, said.words) == ("no", "Without a value: discrimination, calibration.")


def test_an_unpenalised_learner_is_no_guard_against_overfitting(run_of, answers_of) -> None:
    findings = run_of("exploratory")
    assert answers_of(findings)["D4.5"].verdict == "yes"
    choice = replace(findings.choice, learner=learner_named("logistic", "response"))
    metrics = {**findings.metrics, "logistic": findings.metrics["ridge"]}
    found = {**findings.out_of_fold, "logistic": findings.out_of_fold["ridge"]}
    plain = replace(findings, choice=choice, metrics=metrics, out_of_fold=found, undefined={
        **findings.undefined, "logistic": {},
    })  # fmt: skip
    assert answers_of(plain)["D4.5"].verdict == "probably no"
    enough = run_of("fitted").sample_size
    assert answers_of(replace(plain, sample_size=enough))["D4.5"].verdict == "probably yes"


def test_lines_alone_miss_bends(run_of, answers_of) -> None:
    assert answers_of(run_of("exploratory"))["D4.2"].verdict == "probably no"
    assert answers_of(run_of("fitted"))["D4.2"].verdict == "probably yes"


def test_outcomes_left_out_without_a_bound_speak_against_it(run_of, answers_of) -> None:
    findings = run_of("fitted")
    assert answers_of(findings)["D4.3"].verdict == "probably no"  # 4 of 44 have no outcome
    cohort = findings.cohort
    known = replace(cohort.outcome, missing_reason=(None,) * 44)
    whole = fill(replace(findings, cohort=replace(cohort, outcome=known)), {"people": "People"})
    said = {a.item.id: a.verdict for a in (*whole.judged, *whole.reported)}
    assert (said["D4.3"], said["11"]) == ("probably yes", "reported")


def test_a_score_that_is_predictor_and_outcome_at_once_is_named(run_of, answers_of) -> None:
    findings = run_of("fitted")
    said = answers_of(findings)["D3.3"]
    assert said.verdict == "probably no"
    assert said.words.startswith("The MADRS score at baseline is a candidate predictor")
    others = tuple(v for v in findings.analysis.variables if v.id != "madrs_total")
    apart = replace(findings, analysis=replace(findings.analysis, variables=others))
    assert answers_of(apart)["D3.3"].verdict == "only a person knows"


def test_simulated_people_are_no_source_of_data(run_of, answers_of) -> None:
    simulated = answers_of(run_of("exploratory"))
    assert simulated["D1.1"].verdict == simulated["E1.1"].verdict == "no"
    assert "represents nobody" in simulated["5a"].words
    real = answers_of(run_of("fitted"))
    assert real["D1.1"].verdict == "only a person knows"
    assert "represents nobody" not in real["5a"].words
