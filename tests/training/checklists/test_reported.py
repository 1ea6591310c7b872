"""What a run says to TRIPOD+AI is what it did."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from training.checklists.facts import Facts
from training.checklists.reported import FILLERS


def said(name: str, findings, **sections: str):
    """Gives what one filler says."""
    return FILLERS[name](Facts(findings, sections))


def test_sites_are_counted_once_each(run_of) -> None:
    findings = run_of("fitted")
    nobody = said("centres", findings)
    assert (nobody.verdict, nobody.words) == ("not done", "nobody in the data has a site")
    for sites, words in (("AB", "2 sites in the data"), ("AA", "1 site in the data")):
        rows = SimpleNamespace(sites=[*sites * 21, None, None])
        cohort = replace(findings.cohort, rows=rows)
        assert said("centres", replace(findings, cohort=cohort)).words == words


def test_the_licence_is_that_of_the_source(run_of) -> None:
    source = SimpleNamespace(settings=SimpleNamespace(licence="CC0"))
    known = said("licence", replace(run_of("fitted"), source=source))
    assert (known.verdict, known.words) == ("reported", "licence of the data: CC0")
    assert said("licence", run_of("fitted")).verdict == "only a person knows"


def test_the_share_of_missing_answers_is_that_of_the_candidates(run_of) -> None:
    findings = run_of("fitted")
    values = {name: column.copy() for name, column in findings.analysis.values.items()}
    values["age_years"][:12] = np.nan  # 12 of 3 times 40 answers
    gaps = replace(findings, analysis=replace(findings.analysis, values=values))
    assert said("missing", gaps).words.startswith("10 % of the answers are missing")
    none = replace(findings, analysis=replace(findings.analysis, variables=()))
    assert said("missing", none).words.startswith("0 % of the answers")


def test_what_was_planned_is_counted_among_the_candidates(run_of) -> None:
    findings = run_of("fitted")
    assert said("treatments", findings).words.endswith(
        "no candidate predictor describes the treatment"
    )
    planned = tuple(v for v in findings.cohort.dictionary.predictors() if v.timing == "planned")[:2]
    both = replace(findings.analysis, variables=(*findings.analysis.variables, *planned))
    words = said("treatments", replace(findings, analysis=both)).words
    assert words.endswith("2 of the candidate predictors say what was planned, none what was given")


def test_candidates_are_those_of_the_settings(run_of) -> None:
    findings = run_of("fitted")
    assert said("candidates", findings).words.startswith("all predictors of the data dictionary")
    few = findings.config.model_copy(update={"variables": ("age_years", "sex")})
    assert said("candidates", replace(findings, config=few)).words.startswith(
        "the 2 that the settings"
    )


@pytest.mark.parametrize(
    ("task", "verdict", "returned"),
    [("response", "reported", "a probability"), ("relapse", "in part", "a curve of relapse")],
)
def test_follow_up_and_output_are_those_of_the_task(run_of, task, verdict, returned) -> None:
    findings = run_of("fitted", task)
    assert said("flow", findings).verdict == verdict
    assert said("output", findings).words.startswith(returned)


def test_sites_that_cannot_be_left_out_have_a_reason(run_of) -> None:
    alone = run_of("exploratory")
    for name in ("clusters", "between_sites"):
        assert said(name, alone).verdict == "not done"
        assert "3 are needed" in said(name, alone).words
        assert said(name, run_of("fitted")).verdict == "reported"
    assert said("differences", run_of("fitted")).verdict == "not done"
    assert said("differences", run_of("fitted"), sites="Sites").verdict == "in part"


def test_the_formula_is_said_to_be_there_only_where_it_is(run_of) -> None:
    findings = run_of("fitted")
    assert said("specification", findings).words.endswith("the formula is not on the page")
    assert said("specification", findings, formula="Formula").words.endswith("formula on the page")


def test_limits_are_named_and_those_that_are_not_there_are_not(run_of) -> None:
    assert said("limits", run_of("fitted")).words == "among them: no evaluation elsewhere"
    warned = replace(run_of("leak"), warnings=("AUC above 0.75",), sample_size=None, optimism=None)
    assert said("limits", warned).words == (
        "among them: no evaluation elsewhere, too few people, failed guards, warnings, "
        "optimism not assessed"
    )


def test_nobody_is_described_in_an_empty_cohort(run_of) -> None:
    findings = run_of("refused")
    nobody = replace(findings.cohort, rows=findings.cohort.rows.select(np.zeros(44, dtype=bool)))
    assert said("characteristics", replace(findings, cohort=nobody)).verdict == "not done"
