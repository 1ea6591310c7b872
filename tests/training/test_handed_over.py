"""Published effects reach the learner in every training set, on the scale of that set."""

from dataclasses import replace

import numpy as np
import pytest

from predictor.dictionary import Variable
from training.analysis import select
from training.averaged_logistic import fit_averaged_logistic
from training.config import read_outcomes, read_priors, read_trial_effects
from training.evaluation import Analysis, Resampling, cross_validate, fit_all
from training.fitting import Outcome, Setting, fit_learner, margins_along, prepare
from training.published_effects import PublishedEffect
from training.run_status import sample_size_of

VARIABLES = (
    Variable("age", "Age", "number", "g", "s", hard_range=(0, 110)),
    Variable("dose", "Dose", "number", "g", "s", hard_range=(0, 80)),
    Variable("works", "Works", "yes_no", "g", "s"),
)
EFFECTS = (
    PublishedEffect("age", "age", -0.4, 0.1, "B", "B", per=10.0),
    PublishedEffect("dose", "dose", -0.6, 0.2, "C", "C", cut=8.0),
)
N = 120


def people(seed=3):
    rng = np.random.default_rng(seed)
    values = {
        "age": rng.normal(45, 14, N),
        "dose": np.where(rng.random(N) < 0.5, 0.0, rng.uniform(1, 30, N)),
        "works": (rng.random(N) < 0.5) * 1.0,
    }
    values["age"][::11] = np.nan
    outcome = Outcome((rng.random(N) < 0.45) * 1.0)
    groups = tuple(f"p{i}" for i in range(N))
    return Analysis(values, VARIABLES, (), VARIABLES[:1], outcome, groups, published=EFFECTS)


def by_hand(analysis, rows):
    """Standardised columns (age, dose, dose from 8, works) and the effects on them."""
    prepared = prepare(analysis.values, VARIABLES, rows, cuts={"dose": (8.0,)})
    sd = prepared.complete.std(axis=0)
    published = np.zeros((4, 2))
    published[0, 0], published[2, 1] = -0.04 * sd[0], -0.6 * sd[2]
    return prepared, (prepared.complete - prepared.complete.mean(axis=0)) / sd, published


@pytest.mark.parametrize("rows", [np.arange(N), np.arange(0, N, 2), np.arange(N // 2, N)])
def test_a_fit_shrinks_towards_the_effects_on_the_scale_of_its_own_rows(rows):
    analysis = people()
    learner = analysis.candidate("averaged")
    prepared, X, published = by_hand(analysis, rows)
    outcome = analysis.outcome.take(rows)
    expected = fit_averaged_logistic(X, outcome.events, published=published)
    alone = fit_averaged_logistic(X, outcome.events)
    assert np.abs(expected.coefficients - alone.coefficients).max() > 0.01
    found = fit_learner(learner, Setting(), prepared, outcome).learner
    assert found.coefficients * prepared.scale == pytest.approx(expected.coefficients, abs=1e-12)
    new = prepared.encoding.transform(analysis.values)
    (margin,) = margins_along(learner, (Setting(),), prepared, outcome, new)
    standardised = (prepared.imputation.fill(new) - prepared.means) / prepared.scale
    by_columns = expected.intercept + standardised @ expected.coefficients
    assert margin == pytest.approx(by_columns, abs=1e-12)


def test_the_cut_is_a_column_of_this_learner_alone():
    analysis = people()
    tried = [analysis.candidate(name) for name in ("averaged", "ridge")]
    fits = fit_all(analysis, tried, np.arange(N), 3, np.random.default_rng(1))
    cuts = {k: [c.cut for c in f.prepared.encoding.columns] for k, f in fits.items()}
    assert cuts == {"averaged": [None, None, 8.0, None], "ridge": [None, None, None]}
    assert tried[1].published == ()
    alone = replace(analysis, published=())
    ridge = fit_all(alone, tried[1:], np.arange(N), 3, np.random.default_rng(1))["ridge"]
    assert ridge.calibrated_margins.tolist() == fits["ridge"].calibrated_margins.tolist()


def test_outer_folds_use_the_effects_and_a_run_without_them_is_as_before():
    analysis = people()
    plain = replace(analysis, published=())
    scheme = Resampling(folds=3, repeats=1, inner_folds=3)
    found = {
        name: cross_validate(
            each, [each.candidate("averaged")], scheme, rng=np.random.default_rng(5)
        )["averaged"]
        for name, each in {"published": analysis, "plain": plain}.items()
    }
    assert np.abs(found["published"].margin - found["plain"].margin).max() > 0.001
    assert plain.candidate("averaged").published == ()


def test_the_columns_of_cuts_count_as_parameters(findings_of):
    findings = findings_of("response")
    analysis = replace(people(), outcome=Outcome(np.arange(N) % 2.0))
    names = ("averaged",)
    config = findings.config.model_copy(update={"candidates": names})
    assert sample_size_of(config, analysis).n_parameters == 4
    assert sample_size_of(config, replace(analysis, published=())).n_parameters == 3


@pytest.mark.parametrize(
    ("outcome", "mean"), [("response_madrs", 0.0), ("remission_madrs_10", -0.15)]
)
def test_a_run_chooses_the_effects_of_its_outcome(findings_of, outcome, mean):
    findings = findings_of("response")
    asked = ("age_years", "sex", "madrs_total", "expectancy")
    settings = {"priors": read_priors(), "outcome": outcome, "variables": asked}
    config = findings.config.model_copy(update=settings)
    cohort = replace(findings.cohort, definition=read_outcomes()[outcome])
    found = {e.term: e for e in select(config, cohort).published}
    assert found["baseline_severity"].mean == mean
    assert set(found) == {"age", "female", "baseline_severity"}  # of the variables of this run
    off = config.model_copy(update={"priors": None})
    assert select(off, cohort).published == ()


def test_a_run_of_relapse_takes_its_own_and_none_of_the_landmark(findings_of):
    findings = findings_of("relapse")
    config = findings.config.model_copy(update={"priors": read_priors(), "variables": "all"})
    found = select(config, findings.cohort).published
    assert {e.term for e in found if e.mean} == {"prior_episodes", "ctq_moderate_or_worse"}


def test_a_run_of_relapse_learns_nothing_of_what_is_planned_to_stay_well(findings_of):
    findings = findings_of("relapse")
    asked = ("age_years", "maintenance_planned", "psychotherapy", "integration_sessions")
    config = findings.config.model_copy(update={"variables": asked})
    shipped = config.model_copy(update={"trial_effects": read_trial_effects()})
    analysis = select(shipped, findings.cohort)
    assert [v.id for v in analysis.variables] == [
        "age_years",
        "maintenance_planned",
        "psychotherapy",
    ]
    found = {e.term: (e.variable, round(float(np.exp(e.mean)), 2)) for e in analysis.trial_effects}
    assert found == {"maintenance": ("maintenance_planned", 0.39), "cbt": ("psychotherapy", 0.67)}
    prepared = prepare(
        analysis.values, analysis.variables, np.arange(len(analysis.groups)),
        given=analysis.trial_effects,
    )  # fmt: skip
    read = np.array([c.variable for c in prepared.encoding.columns])[prepared.read]
    assert read.tolist() == ["age_years"]
    size = sample_size_of(shipped, analysis)
    assert size.n_parameters == 1
    off = select(config.model_copy(update={"trial_effects": None}), findings.cohort)
    assert [v.id for v in off.variables] == ["age_years"]
    declared = shipped.model_copy(update={"declared_variables": asked[1:]})
    kept = [v.id for v in select(declared, findings.cohort).declared]
    assert kept == ["maintenance_planned", "psychotherapy"]
    assert off.trial_effects == ()
