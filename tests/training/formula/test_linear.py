"""The written formula against the scorer, by an independent calculation from what is printed."""

import csv
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.bundle import Bundle, read_bundle, write_bundle
from predictor.provenance import Provenance
from predictor.scoring import Scorer
from training.config import read_dictionary, read_safety
from training.formula import formula_rows, write_formula
from training.formula.linear import write_linear
from training.run_files import write_formula_table

ANSWERS = st.fixed_dictionaries(
    {
        "age_years": st.floats(10, 110),
        "sex": st.sampled_from([0, 1, 2]),
        "madrs_total": st.integers(0, 60),
        "bipolar": st.sampled_from([0, 1]),
        "crp_mg_per_l": st.floats(0, 200),
        "diet_quality": st.sampled_from([0, 1, 2, 3]),
    }
)


def by_hand(rows, answers, dictionary, day=None):
    """What a reader with a calculator does with the lines of the table."""
    total = 0.0
    for row in rows:
        if row["part"] == "intercept":
            total += float(row["value"])
        if row["part"] != "coefficient":
            continue
        answer = float(answers[row["variable"]])
        if row["level"].startswith("at least "):
            answer = 1.0 if answer >= float(row["level"].split()[-1]) else 0.0
        elif row["level"]:
            names = dictionary[row["variable"]].levels or ("no", "yes")
            answer = 1.0 if names[int(answer)] == row["level"] else 0.0
        if row["transform"] == "log1p":
            answer = math.log(1 + answer)
        total += float(row["value"]) * answer
    if day is None:
        return 1 / (1 + math.exp(-total))
    hazard = {int(r["day"]): float(r["value"]) for r in rows if r["part"] == "cumulative_hazard"}
    return 1 - math.exp(-hazard[day] * math.exp(total))


def printed(linear):
    """The same lines with the digits that the report prints."""
    rows = [{"part": "intercept", "value": f"{linear.intercept:.{linear.decimals}f}"}]
    for term in linear.terms:
        value = f"{term.value:.{term.decimals}f}"
        named = {k: getattr(term, k) for k in ("variable", "level", "transform")}
        rows.append({"part": "coefficient", "value": value, **named})
    return rows + [
        {"part": "cumulative_hazard", "day": day, "value": f"{h:.5g}"}
        for day, h in linear.cumulative_hazard.items()
    ]


@pytest.fixture(scope="module")
def written(models, cut_model, dictionary, some_people, tmp_path_factory):
    """Of each model: itself, its formula, and the lines of formula.csv as read from disk."""
    made = {}
    for task, model in {**models, "cuts": cut_model}.items():
        formula = write_formula(model, some_people, dictionary, rng=np.random.default_rng(1))
        path = tmp_path_factory.mktemp("out") / "formula.csv"
        write_formula_table(formula, path)
        with path.open(encoding="utf-8") as file:
            made[task] = (model, formula, list(csv.DictReader(file)))
    return made


@given(ANSWERS)
def test_the_file_gives_the_probability_to_1e_9_and_the_page_to_half_a_point(
    written, dictionary, answers
):
    values = {name: np.array([float(x)]) for name, x in answers.items()}
    for task, day in (
        ("response", None),
        ("cuts", None),
        ("relapse", 30),
        ("relapse", 90),
        ("relapse", 180),
        ("trial", 90),
    ):
        model, formula, rows = written[task]
        margin = model.assess(values).margin
        own = float(model.probability(margin, day)[0])
        assert by_hand(rows, answers, dictionary, day) == pytest.approx(own, abs=1e-9)
        rounded = by_hand(printed(formula.linear), answers, dictionary, day)
        assert rounded == pytest.approx(own, abs=0.005)


def test_the_effect_of_a_trial_stands_in_the_table_as_published(written):
    _, formula, _ = written["trial"]
    term = next(t for t in formula.linear.terms if t.variable == "bipolar")
    half = 1.959964 * 0.3
    assert (term.value, term.lo, term.hi) == pytest.approx((-0.9, -0.9 - half, -0.9 + half))
    assert term.of_trial
    assert [t.variable for t in formula.linear.terms if t.of_trial] == ["bipolar"]


def bundle_of(model):
    dictionary = read_dictionary()
    provenance = Provenance(
        data_origin="simulated", stamp="exploratory", reason="", better_than_average=True,
        outcome="", given="", time_zero="", planned_course="", horizon_days=28, cohort_average=0.5,
        cohort_patients=60, cohort_events=30, chosen="ridge", package_version="0",
    )  # fmt: skip
    return Bundle(model, dictionary, read_safety(dictionary), provenance)


def test_a_bundle_with_cuts_gives_the_same_scores_after_it_is_read(written, tmp_path):
    model = written["cuts"][0]
    read = read_bundle(write_bundle(bundle_of(model), tmp_path / "bundle")).model
    assert [c.cut for c in read.encoding.columns if c.cut is not None] == [30.0, 3.0, 2.0]
    answers = {v: np.array([1.0, 3.0, np.nan]) for v in model.encoding.variables}
    one, two = model.assess(answers), read.assess(answers)
    assert one.margin.tolist() == two.margin.tolist()
    assert one.sd.tolist() == two.sd.tolist()


@pytest.mark.parametrize("which", ["response", "cuts"])
def test_the_scorer_itself_gives_what_the_formula_says(written, which):
    model, _, rows = written[which]
    dictionary = read_dictionary()
    scorer = Scorer(bundle_of(model))
    row = {"age_years": 61, "sex": "male", "madrs_total": 33, "bipolar": "yes"}
    row |= {"crp_mg_per_l": 4.2, "diet_quality": dictionary["diet_quality"].levels[2]}
    answers = {"age_years": 61, "sex": 1, "madrs_total": 33, "bipolar": 1}
    answers |= {"crp_mg_per_l": 4.2, "diet_quality": 2}
    found = scorer.score(row)[0]
    assert found.probability == pytest.approx(by_hand(rows, answers, dictionary), abs=1e-9)
    assert set(found.contributions) == set(answers)  # a cut is part of its variable


def test_intercept_base_and_coefficients_by_hand(models, dictionary):
    linear = write_linear(models["response"], models["response"].learner, dictionary, people=600)
    age = linear.terms[0]
    assert age.value == pytest.approx(0.9 * -0.0123)
    # variance 0.9² · 0.02/12² + 0.0123² · 0.01
    half = 1.959964 * math.sqrt(0.81 * 0.02 / 144 + 0.0123**2 * 0.01)
    assert age.hi - age.value == pytest.approx(half, rel=1e-6)
    assert age.per_sd == pytest.approx(12 * 0.9 * -0.0123)
    assert age.centre == 45
    assert linear.base == pytest.approx(0.05 + 0.9 * 0.2)
    assert linear.cumulative_hazard == {}


def test_the_share_of_a_rare_level_is_not_told(models, dictionary):
    model = models["response"]
    for people, told in ((600, True), (400, False)):  # 2 % are 12 and 8 people
        _, male, other, *_ = write_linear(model, model.learner, dictionary, people=people).terms
        assert (male.level, other.level) == ("male", "other")
        # of three levels whose shares add up to 1, one that is told would tell of another
        for term in (male, other):
            assert (term.centre is not None) == (term.per_sd is not None) == told


def test_a_rare_level_without_a_column_hides_the_others(models, dictionary):
    model = models["response"]
    means = model.learner.means.copy()
    means[1], means[2] = 0.6, 0.39  # female, without a column: 1 %
    learner = replace(model.learner, means=means)
    terms = write_linear(model, learner, dictionary, people=600).terms
    assert (terms[1].centre, terms[2].centre) == (None, None)


def test_digits_suffice_for_the_whole_range_that_is_accepted(models, dictionary):
    linear = write_linear(models["response"], models["response"].learner, dictionary, people=600)
    age, male = linear.terms[0], linear.terms[1]
    # 8 numbers share 0.01; 110 years may be off by 0.5e-d · 110 each, 1 by 0.5e-d
    assert 0.5 * 10**-age.decimals * 110 <= 0.01 / 8 < 0.5 * 10 ** -(age.decimals - 1) * 110
    assert 0.5 * 10**-male.decimals <= 0.01 / 8 < 0.5 * 10 ** -(male.decimals - 1)


def test_the_hazard_is_written_for_days_inside_its_grid(models, dictionary):
    model = models["relapse"]
    short = replace(
        model, baseline=replace(model.baseline, cumulative=model.baseline.cumulative[:101],
                                last_supported_day=90.0)
    )  # fmt: skip
    linear = write_linear(short, short.learner, dictionary, people=600)
    assert set(linear.cumulative_hazard) == {30, 90}
    assert linear.cumulative_hazard[90] == pytest.approx(0.12 * math.sqrt(90))
    assert linear.last_supported_day == 90


def test_every_row_has_every_column(written):
    _, formula, _ = written["relapse"]
    assert {tuple(row) for row in formula_rows(formula)} == {
        ("part", "variable", "level", "transform", "unit", "day", "value", "lo", "hi", "centre")
    }
