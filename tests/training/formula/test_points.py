"""Points: read off as a person does, and what they cost."""

from dataclasses import replace

import numpy as np
import pytest

from predictor.linear import Linear
from training.formula import ERROR_BOUND, write_formula
from training.formula.bands import Part, parts_of, points_of
from training.formula.drawn import draw_people
from training.formula.points import MOST_POINTS, make_points


@pytest.fixture(scope="module")
def tables(models, dictionary, some_people):
    return {
        task: write_formula(model, some_people, dictionary, rng=np.random.default_rng(1)).points
        for task, model in models.items()
    }


def total_by_hand(table, dictionary, answers):
    """Reads one person's points line by line."""
    total = 0
    for row in table.rows:
        answer = answers[row.variable]
        if np.isnan(answer):
            total += row.missing
        elif row.levels:
            names = dictionary[row.variable].levels or ("no", "yes")
            total += row.points[row.levels.index(names[int(answer)])]
        else:
            total += row.points[sum(answer >= edge for edge in row.edges)]
    return total


def risk_by_hand(table, total):
    """Finds the line of a total."""
    lines = zip(table.totals, table.percents, strict=True)
    return next(p for (first, last), p in lines if first <= total <= last)


@pytest.mark.parametrize("task", ["response", "relapse"])
def test_what_is_said_of_the_cohort_is_what_a_reader_finds(
    tables, models, dictionary, some_people, task
):
    table, model = tables[task], models[task]
    margin = model.assess(some_people).margin
    errors = np.zeros((60, len(table.days)))
    for i in range(60):
        total = total_by_hand(table, dictionary, {k: v[i] for k, v in some_people.items()})
        for j, day in enumerate(table.days):
            own = float(model.probability(margin[i], day or None))
            errors[i, j] = abs(risk_by_hand(table, total)[j] / 100 - own)
    assert table.in_cohort.people == 60
    assert table.in_cohort.typical == pytest.approx(errors.mean(), abs=1e-12)
    outside = (errors.max(axis=1) > ERROR_BOUND).sum()
    expected = None if 0 < outside < 10 else pytest.approx(1 - outside / 60)
    assert table.in_cohort.within == expected


def test_complete_people_lie_within_the_bound_that_is_stated(tables, models, dictionary):
    for task, table in tables.items():
        model = models[task]
        parts = parts_of(model, model.learner, dictionary)
        others = draw_people(
            model, model.imputation, parts, people=500, rng=np.random.default_rng(9)
        )
        margin = model.assess(others).margin
        errors = []
        for i in range(500):
            total = total_by_hand(table, dictionary, {k: v[i] for k, v in others.items()})
            own = [float(model.probability(margin[i], day or None)) for day in table.days]
            errors.append(np.abs(np.array(risk_by_hand(table, total)) / 100 - own).max())
        assert np.mean(np.array(errors) <= ERROR_BOUND) > 0.975  # 0.99, less three standard errors


def test_every_total_that_can_occur_stands_in_one_line(tables):
    for table in tables.values():
        listed = [t for first, last in table.totals for t in range(first, last + 1)]
        highest = sum(max(*row.points, row.missing) for row in table.rows)
        assert listed == list(range(highest + 1))


def test_the_smallest_table_that_is_near_enough_is_kept(model_of, dictionary, some_people, tables):
    assert tables["response"].most in MOST_POINTS
    # twelve times the effects: the same step of the margin needs more points, then none suffices
    steep = model_of(np.array([-0.0123, 0.2, -0.1, -0.0437, 0.31, -0.25, 0.1]) * 12)
    table, why = make_points(
        steep, steep.learner, some_people, dictionary, rng=np.random.default_rng(1)
    )
    assert table is None
    assert "even with 30 points for the strongest variable" in why
    assert "99 in 100 are asked" in why


def test_bands_stay_inside_what_the_dictionary_accepts(models, dictionary):
    model = models["response"]
    parts = {p.variable.id: p for p in parts_of(model, model.learner, dictionary)}
    assert parts["madrs_total"].high == 60  # the support, rounded outward, reached to 65
    assert parts["crp_mg_per_l"].low == 0  # and below 0
    for part in parts.values():
        edges = points_of(part, 0.02).edges
        low, high = part.variable.hard_range or (0, 1)
        assert all(low <= edge <= high for edge in edges)


def test_bands_by_hand(models, dictionary):
    model = models["response"]
    parts = {p.variable.id: p for p in parts_of(model, model.learner, dictionary)}
    # MADRS 10 to 60 falls by 0.9 · 0.0437 = 0.03933 a point of the scale; a step of 0.3933 is ten
    row = points_of(parts["madrs_total"], 0.3933)
    assert row.edges == (15, 25, 35, 45, 55)
    assert row.points == (5, 4, 3, 2, 1, 0)
    assert row.missing == 3  # the mean is 30
    # sex: 0, 0.18, -0.09 above the least, in steps of 0.09; the mean is 0.4 · 0.18 - 0.02 · 0.09
    sex = points_of(parts["sex"], 0.09)
    assert sex.levels == ("female", "male", "other")
    assert sex.points == (1, 3, 0)
    assert sex.missing == round((0.4 * 0.18 - 0.02 * 0.09 + 0.09) / 0.09)


def test_a_few_people_outside_are_not_pointed_at(models, dictionary, some_people):
    odd = {name: answers.copy() for name, answers in some_people.items()}
    odd["age_years"][:3] = np.nan
    odd["madrs_total"][:3] = np.nan
    odd["bipolar"][:3] = 1
    odd["crp_mg_per_l"][:] = 1.0
    odd["sex"][3:] = 0
    odd["sex"][:3] = np.nan
    found = write_formula(models["response"], odd, dictionary, rng=np.random.default_rng(1)).points
    assert found.in_cohort.within in {None, 1.0}


def test_a_model_without_signal_or_spread_has_no_points(models, dictionary, some_people):
    model = models["response"]
    flat = replace(model, learner=Linear(np.zeros(7), model.learner.means, 0.2))
    rng = np.random.default_rng(1)
    made = write_formula(flat, some_people, dictionary, rng=rng)
    assert (made.points, made.no_points) == (None, "no variable moves the number")
    made = write_formula(replace(model, imputation=None), some_people, dictionary, rng=rng)
    assert made.points is None
    assert "spread" in made.no_points


def test_variables_worth_less_than_half_a_point_are_named(model_of, dictionary, some_people):
    small = model_of(np.array([-0.0123, 0.001, 0.0, -0.0437, 0.31, -0.25, 0.1]))
    table, _ = make_points(
        small, small.learner, some_people, dictionary, rng=np.random.default_rng(1)
    )
    assert "Sex" in table.left_out
    assert "sex" not in {row.variable for row in table.rows}


def test_bands_of_a_number_with_a_cut_by_hand(dictionary):
    """One point a ten of the scale, and two more from 12 on, or above 12 where it is no integer."""
    slope, jump = 0.1, 2.0
    madrs, bmi = dictionary["madrs_total"], dictionary["bmi"]
    none = np.empty(0)
    for variable, cut, edges in (
        (madrs, 12.0, (5, 12, 15, 25)),
        (madrs, np.nextafter(12.0, 99), (5, 13, 15, 25)),
        (bmi, np.nextafter(12.0, 99), (5, 12.1, 15, 25)),
    ):
        part = Part(variable, "none", slope, 0.0, 30.0, none.astype(int), none, 0.0, ((cut, jump),))
        assert part.least == 0
        assert part.range == pytest.approx(5)
        row = points_of(part, 1.0)
        assert row.edges == pytest.approx(edges)
        assert row.points == (0, 1, 3, 4, 5)
    fall = Part(madrs, "none", slope, 0.0, 30.0, none.astype(int), none, 0.0, ((20.0, -2.0),))
    assert (fall.least, fall.range) == (0, pytest.approx(2))
    assert points_of(fall, 1.0).edges == (5, 15, 20, 25)
    assert points_of(fall, 1.0).points == (0, 1, 2, 0, 1)
    outside = replace(fall, steps=((31.0, 9.0),))
    assert points_of(outside, 1.0).points == (0, 1, 2, 3)


def test_points_of_a_model_with_cuts_are_near_to_it(cut_model, dictionary, some_people):
    """The printed points against the scorer, which knows nothing of bands."""
    model = cut_model
    table, _ = make_points(
        model, model.learner, some_people, dictionary, rng=np.random.default_rng(1)
    )
    parts = parts_of(model, model.learner, dictionary)
    others = draw_people(model, model.imputation, parts, people=400, rng=np.random.default_rng(4))
    margin = model.assess(others).margin
    totals = [
        total_by_hand(table, dictionary, {k: v[i] for k, v in others.items()}) for i in range(400)
    ]
    by_points = table.margin_at_zero + table.margin_per_point * np.array(totals)
    # each of the variables is at most half a point away; the steps are 0.8 to 1.2 times the slope
    half = table.margin_per_point / 2 * (len(table.rows) + len(table.left_out) + 1)
    assert np.abs(by_points - margin).max() < half
    crp = next(row for row in table.rows if row.variable == "crp_mg_per_l")
    assert 3 in crp.edges
    diet = next(part for part in parts if part.variable.id == "diet_quality")
    # 0.1 a level, and 0.9 more from the third on, times the slope of 0.9
    assert diet.effects == pytest.approx([0, 0.09, 0.18 + 0.81, 0.27 + 0.81])
