"""The model written out in the report, on the sheet and in the files of a run."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from training.findings import summary
from training.formula import Formula, InCohort, TreesSummary, VariableInTrees, write_formula
from training.model_report.points_page import write_points_page
from training.number_table import number_rows
from training.presentation import formula as shown
from training.presentation.points import points_page
from training.run_files import tracked, write_files


@pytest.fixture
def with_model(findings_of, models, dictionary, some_people):
    """Gives findings with a linear model and its formula."""

    def made(task, **changed):
        model = replace(models[task], **changed)
        formula = write_formula(model, some_people, dictionary, rng=np.random.default_rng(1))
        return replace(findings_of(model.task), model=model, formula=formula)

    return made


def words(section):
    return " ".join(section.paragraphs)


def test_the_section_says_the_formula_and_every_coefficient(with_model):
    section = shown.section(with_model("response"))
    assert section.anchor == "formula"
    # 0.05 + 0.9 · (0.2 − Σ coefficient · mean), the sum −0.5535 + 0.08 − 0.002 − 1.311 + 0.031 −
    # 0.25 + 0.15 = −1.8555
    assert "margin (log-odds) = +1.900 " in words(section)
    assert "1 / (1 + exp(−margin))" in words(section)
    assert "slope 0.900) is already in these numbers" in words(section)
    rows = {(r["Variable"].text, r["Variable"].under): r for r in section.tables[0].rows}
    assert rows["Age", "value in years"]["Coefficient"].startswith("−0.01107")
    # beside the share of the other level, that of male would tell how few are "other"
    assert rows["Sex", "1 if male, otherwise 0"]["Mean"] == "–"
    crp = next(under for text, under in rows if text.startswith("C-reactive"))
    assert crp == "ln(1 + value in mg/L)"
    other = rows["Sex", "1 if other, otherwise 0"]  # one or two of the 60 people
    assert (other["Mean"], other["Per SD"]) == ("–", "–")
    assert len(section.tables) == 3


def test_a_relapse_formula_has_its_hazards_and_says_where_nobody_was_followed(with_model):
    said = words(shown.section(with_model("relapse")))
    assert "1 − exp(−H × exp(margin))" in said
    assert f"{0.12 * 90**0.5:.5g} by day 90" in said
    assert "beyond day 150" in said


def test_a_coefficient_that_was_not_fitted_says_where_it_comes_from(with_model, models):
    section = shown.section(with_model("trial"))
    under = {r["Variable"].text: r["Variable"].under for r in section.tables[0].rows}
    (bipolar,) = [words for text, words in under.items() if "ipolar" in text]
    assert bipolar.endswith("; effect of a trial, not fitted")
    assert sum("trial" in words for words in under.values()) == 1
    unread = replace(models["trial"], trial=None)
    section = shown.section(with_model("trial", trial=unread.trial))
    assert [r for r in section.tables[0].rows if r["Variable"].under.endswith("; not read")]


@pytest.mark.parametrize(
    ("family", "said"),
    [("logistic", "maximum likelihood"), ("ridge", "Laplace"), ("elastic_net", "borrows them")],
)
def test_intervals_are_called_what_they_are(with_model, family, said):
    assert said in words(shown.section(with_model("response", family=family)))


def test_trees_are_said_to_be_beyond_paper(findings_of, models):
    lines = (VariableInTrees("age_years", "Age", 0.75, 0.2),)
    trees = TreesSummary(50, 2, 180, lines, ("Sex",))
    found = replace(
        findings_of(), model=replace(models["response"], family="xgboost"),
        formula=Formula(None, trees, None, "trees are no sum"),
    )  # fmt: skip
    section = shown.section(found)
    assert "50 trees of at most 2 splits" in words(section)
    assert "cannot be written down on paper" in words(section)
    assert "no points table: trees are no sum" in words(section)
    assert section.tables[0].rows[0]["Share of questions"] == "75.0 %"
    assert "Never asked about: Sex" in section.tables[0].note
    assert points_page(found) is None
    unknown = replace(found, formula=replace(found.formula, trees=replace(trees, trees=None)))
    assert "180 leaves" in words(shown.section(unknown))
    assert set(summary(found)["formula"]["trees"]["variables"]) == {"age_years"}


def test_without_a_model_there_is_no_section(findings_of):
    assert shown.section(findings_of()) is None
    assert points_page(findings_of()) is None
    assert summary(findings_of())["formula"] is None


@pytest.mark.parametrize("task", ["response", "relapse"])
def test_the_sheet_has_its_stamp_its_stop_and_its_origin(with_model, tmp_path, task):
    found = with_model(task)
    text = write_points_page(points_page(found), tmp_path / "points.html").read_text("utf-8")
    for words_ in (
        "Simulated data — not patients",
        "research use only",
        "safety rules are not in the points",
        "Exploratory",
        "Not known",
    ):
        assert words_ in text
    for row in found.formula.points.rows:
        assert row.label in text
    assert "secret" not in text
    assert ("by day 30 · 90 · 180" in text) == (task == "relapse")
    assert text.count("<li><span>") == len(found.formula.points.totals)


def test_a_few_people_outside_the_bound_are_not_counted(with_model):
    found = with_model("response")
    points = replace(found.formula.points, in_cohort=InCohort(60, 0.01, None), left_out=("Sex",))
    found = replace(found, formula=replace(found.formula, points=points))
    assert "in all but fewer than 10 of the 60 people" in words(shown.section(found))
    assert "left out: Sex" in words(shown.section(found))


def test_files_of_the_model_are_written_and_tracked(with_model, tmp_path):
    found = with_model("response")
    write_files(found, tmp_path)
    with (tmp_path / "formula.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["value"]) == found.formula.linear.intercept
    assert len(rows) == 1 + len(found.formula.linear.terms)
    values = {name: np.full(40, 1.0) for name in found.model.encoding.variables}
    found = replace(found, analysis=replace(found.analysis, values=values))
    record = tracked(found, tmp_path, {}, promote=False)
    assert {"formula.csv", "points.html"} <= set(record.files)
    json.dumps(summary(found), allow_nan=False)
    age = next(
        r for r in number_rows(summary(found))
        if r["group"] == "formula" and r["measure"] == "age_years" and not r["part"]
    )  # fmt: skip
    assert age["value"] == found.formula.linear.terms[0].value
    assert age["lo"] < age["value"] < age["hi"]


def test_a_run_without_a_model_writes_neither(findings_of, tmp_path):
    write_files(replace(findings_of(), model=None), tmp_path)
    assert not (tmp_path / "formula.csv").exists()
    assert not (tmp_path / "points.html").exists()
