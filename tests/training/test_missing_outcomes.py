"""From a cohort to the section on missing outcomes: who counts as missing, and what is said."""

from dataclasses import replace

import numpy as np
import pytest

from training.evaluation import Outside, Resampling, Unobserved
from training.evaluation.unobserved import Assumed, Weights
from training.metrics.intervals import Estimate
from training.missing_outcomes import had_nobody_gone_missing
from training.outcome import BinaryOutcome
from training.presentation import make_report


def rng():
    return np.random.default_rng(1)


def with_outside(findings):
    """Gives the run's chosen predictions, also of the four people without an outcome."""
    cohort, analysis = findings.cohort, findings.analysis
    there = cohort.rows.select(~cohort.analysed)
    p = np.array([0.2, 0.4, 0.6, 0.8])[:, None] + np.array([0.0, 0.1])
    found = replace(findings.out_of_fold["ridge"], outside=Outside(np.log(p / (1 - p)), p))
    return replace(analysis, outside=there.values), found


def test_whoever_has_no_outcome_is_predicted_and_bounded(findings_of):
    findings = findings_of()
    analysis, found = with_outside(findings)
    got = had_nobody_gone_missing(findings.config, findings.cohort, analysis, found, rng=rng())
    assert (got.n_missing, got.n_observed) == (4, 40)
    assert "fewer than 10 outcomes are missing" in got.unweighted
    y = analysis.outcome.events
    total = found.probability.sum(axis=0) + found.outside.probability.sum(axis=0)
    ends = [np.mean((y.sum() + extra) / total) for extra in (0, 4)]
    assert (got.measures["oe"].lowest, got.measures["oe"].highest) == pytest.approx(ends)


def test_an_outcome_that_cannot_exist_is_not_missing(findings_of):
    findings = findings_of()
    analysis, found = with_outside(findings)
    reasons = list(findings.cohort.outcome.missing_reason)
    reasons[-3:] = ["zero_baseline_score", "no_baseline_score", "zero_baseline_score"]
    outcome = BinaryOutcome(findings.cohort.outcome.observed, tuple(reasons))
    cohort = replace(findings.cohort, outcome=outcome)
    got = had_nobody_gone_missing(findings.config, cohort, analysis, found, rng=rng())
    assert got.n_missing == 2
    total = (found.probability.sum(axis=0) + found.outside.probability[[0, 2]].sum(axis=0)).tolist()
    lowest = np.mean([analysis.outcome.events.sum() / each for each in total])
    assert got.measures["oe"].lowest == pytest.approx(lowest)
    never = BinaryOutcome(
        outcome.observed, tuple(r and "zero_baseline_score" for r in outcome.missing_reason)
    )
    none = replace(findings.cohort, outcome=never)
    got = had_nobody_gone_missing(findings.config, none, analysis, found, rng=rng())
    assert (got.n_missing, got.measures) == (0, {})


def test_enough_missing_are_weighted_for_by_the_baseline(findings_of):
    findings = findings_of()
    observed = findings.cohort.outcome.observed.copy()
    observed[28:40] = np.nan
    reasons = tuple("no_score_in_window" if np.isnan(o) else None for o in observed)
    cohort = replace(findings.cohort, outcome=BinaryOutcome(observed, reasons))
    analysis, found = findings.analysis, findings.out_of_fold["ridge"]
    kept = np.arange(28)
    analysis = replace(
        analysis,
        values={v: a[kept] for v, a in analysis.values.items()},
        outcome=analysis.outcome.take(kept),
        groups=analysis.groups[:28],
        outside=cohort.rows.select(~cohort.analysed).values,
    )
    p = np.full((16, 2), 0.4)
    found = replace(
        found, probability=found.probability[:28], outside=Outside(np.log(p / (1 - p)), p)
    )
    config = findings.config.model_copy(
        update={"resampling": Resampling(folds=3, repeats=2, inner_folds=3)}
    )
    got = had_nobody_gone_missing(config, cohort, analysis, found, rng=rng())
    assert (got.n_missing, got.n_observed, got.unweighted) == (16, 28, "")
    # the older are missing, and age is among the variables
    assert got.weights.auc.value > 0.9
    assert got.weights.effective < 28


def test_relapse_has_no_such_numbers(findings_of):
    findings = findings_of("relapse")
    found = findings.out_of_fold["cox_ridge"]
    given = (findings.config, findings.cohort, findings.analysis, found)
    assert had_nobody_gone_missing(*given, rng=rng()) is None


def section_of(findings):
    sections = make_report(findings, {}).sections
    return next((s for s in sections if s.anchor == "unobserved"), None)


def missing(n, *, weights=None, why="", undefined=()):
    weighted = None if why else Estimate(0.63, 0.55, 0.71, "bootstrap")
    measures = {"auc": Assumed(0.65, weighted, 0.5, 0.8)}
    return Unobserved(n, 40, measures, dict(undefined), weights, why)


def test_a_baseline_that_tells_nobody_apart_is_said_to_tell_nothing(findings_of):
    weights = Weights(0, 129.0, Estimate(0.30, 0.21, 0.39, "DeLong"))
    shown = section_of(replace(findings_of(), unobserved=missing(43, weights=weights)))
    assert "does not tell who is observed" in shown.paragraphs[2]
    assert "AUC below 0.5 shows: 0.30 (0.21 to 0.39)" in shown.paragraphs[2]


def test_three_assumptions_stand_side_by_side(findings_of):
    weights = Weights(12, 33.4, Estimate(0.61, 0.5, 0.72, "DeLong"))
    found = missing(27, weights=weights, undefined={"oe": "nobody responded"})
    findings = findings_of()
    metrics = {**findings.metrics, "ridge": {"auc": Estimate(0.65, 0.58, 0.72, "DeLong")}}
    shown = section_of(replace(findings, unobserved=found, metrics=metrics))
    assert shown.paragraphs[0].startswith("27 people have no observed outcome, beside the 40")
    assert "AUC of 0.61 (0.50 to 0.72)" in shown.paragraphs[2]
    assert (
        "count as 0.1: 12 people. The weighted people say as much as 33 of" in (shown.paragraphs[2])
    )
    (row,) = shown.tables[0].rows
    assert row["Measure"].text == "AUC"
    cells = (row["Observed people alone"], row["Weighted"])
    assert [cell.text for cell in cells] == ["0.650", "0.630"]
    assert [cell.under.replace("\N{NO-BREAK SPACE}", " ") for cell in cells] == [
        "0.580 to 0.720",
        "0.550 to 0.710",
    ]
    ends = row["Whatever happened to the missing"].replace("\N{NO-BREAK SPACE}", " ")
    assert ends == "0.500 to 0.800"
    assert shown.tables[0].note == "Observed / expected: nobody responded."


def test_a_handful_is_not_counted_aloud(findings_of):
    found = missing(4, why="too few")
    shown = section_of(replace(findings_of(), unobserved=found))
    assert shown.paragraphs[0].startswith("Fewer than 10 people have no observed outcome")
    assert shown.paragraphs[2] == "Nobody was weighted: too few."
    assert shown.tables[0].rows[0]["Weighted"].text == "–"
    assert found.to_dict()["missing"] is None
    assert found.to_dict()["weights"] is None
    few = replace(
        missing(20), weights=Weights(0, 40.0, Estimate(0.5, 0.4, 0.6, "DeLong")), n_missing=20
    )
    assert (
        "count as 0.1: nobody." in section_of(replace(findings_of(), unobserved=few)).paragraphs[2]
    )


def test_with_nobody_missing_one_sentence_is_enough(findings_of):
    nobody = Unobserved(0, 40, {}, {}, None, "")
    shown = section_of(replace(findings_of(), unobserved=nobody))
    assert list(shown.paragraphs) == ["Every eligible person's outcome was observed."]
    assert not shown.tables
    assert section_of(findings_of()) is None
    assert section_of(replace(findings_of(), choice=None)) is None


def test_relapse_says_what_is_done_for_those_who_leave(findings_of):
    findings = findings_of("relapse")
    shown = section_of(findings)
    assert "Kaplan\N{EN DASH}Meier of leaving" in shown.paragraphs[0]
    assert shown.paragraphs[1] == (
        "Whether a person is at risk was observed for everybody eligible."
    )
    reasons = tuple(r and "no_follow_up" for r in findings.cohort.outcome.missing_reason)
    outcome = replace(findings.cohort.outcome, missing_reason=reasons)
    unknown = replace(findings, cohort=replace(findings.cohort, outcome=outcome))
    assert (
        "fewer than 10 people whose response was not observed"
        in (section_of(unknown).paragraphs[1])
    )
