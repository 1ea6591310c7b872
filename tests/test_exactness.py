"""Exactness: what is shown of a person adds up to the number shown, for every learner.

Second implementations stand beside the code under test: trees walked from XGBoost's own JSON,
conditional normal means by a linear solve, shap, scipy's logistic function.
"""

import json
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import xgboost
from scipy.special import expit

import training.fitting.learner
from predictor.boosted import Boosted
from predictor.bundle import Bundle, read_bundle, write_bundle
from predictor.model import Model
from predictor.provenance import Provenance
from predictor.scoring import Scorer, load, with_reference
from training.cohort import read_cohort
from training.config import read_dictionary, read_outcomes, read_safety, read_world
from training.evaluation import inner_splits
from training.fitting import Outcome, Prepared, prepare
from training.freezing import freeze
from training.learners import LEARNERS
from training.simulation import simulate, write_cohort
from training.tuning import inner_folds, tune_and_fit

N_PEOPLE = 300
N_ROWS = 1000
DAYS = (30, 90, 180)
LINEAR = ("averaged", "ridge", "elastic_net", "averaged_cox", "cox_ridge")
BOOSTED = ("xgboost", "xgboost_cox")
BLENDED = ("blended", "blended_cox")
NAMES = (*LINEAR, *BOOSTED, *BLENDED)
BLOCK = 100  # shap takes at most so many background rows

shap_warnings = pytest.mark.filterwarnings(
    "ignore:The set_(bad|over|under) function:PendingDeprecationWarning"
)


@dataclass(frozen=True)
class People:
    """A cohort of the simulator, with outcomes planted so strongly that all learners find them."""

    dictionary: object
    values: dict
    response: Outcome
    relapse: Outcome
    candidates: list = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """One fitted model, random candidates and their scores through the front door."""

    name: str
    model: Model
    prepared: Prepared
    booster: xgboost.Booster | None
    rows: list
    scored: np.ndarray
    scores: list
    X: np.ndarray

    @property
    def margin(self):
        return np.array([score.margin for score in self.scores])

    @property
    def contributions(self):
        return np.array([list(score.contributions.values()) for score in self.scores])


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    dictionary = read_dictionary()
    drawn = simulate(read_world(), n_patients=N_PEOPLE, rng=np.random.default_rng(11))
    write_cohort(drawn, folder)
    cohort = read_cohort(
        folder / "patients.csv",
        folder / "visits.csv",
        events_path=folder / "events.csv",
        dictionary=dictionary,
        definition=read_outcomes()["response_madrs"],
    )
    values, rng = cohort.rows.values, np.random.default_rng(12)

    def z(variable):
        answers = values[variable]
        return np.nan_to_num((answers - np.nanmean(answers)) / np.nanstd(answers))

    signal = (
        1.1 * z("age_years")
        - 0.9 * z("failed_trials")
        + 0.8 * np.where(z("madrs_total") > 0.2, 1, -1) * z("bmi")
        + 0.8 * (values["sex"] == 1)
        + 0.7 * z("crp_mg_per_l")
    )
    y = (rng.random(N_PEOPLE) < expit(signal)).astype(float)
    to_relapse = rng.exponential(90 * np.exp(-0.9 * signal)) + 1
    left = rng.uniform(20, 260, N_PEOPLE)
    days = np.round(np.minimum(to_relapse, left))
    relapse = Outcome((to_relapse <= left).astype(float), days)
    found = People(dictionary, values, Outcome(y), relapse)
    return replace(found, candidates=candidates(found, np.random.default_rng(99)))


def fit(name, people, *, seed=5, n_refits=3):
    """Tune, fit and freeze one learner; also give the booster it was made from."""
    learner = next(line for line in LEARNERS if line.name == name)
    outcome = people.response if learner.task == "response" else people.relapse
    variables, rows = people.dictionary.predictors(), np.arange(N_PEOPLE)
    split_rng, refit_rng = np.random.default_rng(seed).spawn(2)
    splits = inner_splits(outcome, [str(row) for row in rows], 3, split_rng)
    prepared = prepare(people.values, variables, rows, bent=learner.bends)
    inside = inner_folds(people.values, variables, rows, outcome, splits, bent=learner.bends)
    boosters = []
    kept = training.fitting.learner.tables_from_booster

    def spy(booster, X, **settings):
        boosters.append(booster)
        return kept(booster, X, **settings)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.fitting.learner, "tables_from_booster", spy)
        fitted = tune_and_fit(learner, prepared, outcome, inside)
    model = freeze(fitted, outcome, n_refits=n_refits, rng=refit_rng)
    return model, prepared, boosters[0] if boosters else None


def bundle_of(model, people):
    relapse = model.task == "relapse"
    given = "response at the end of the acute course" if relapse else ""
    words = ("simulated", "exploratory", "", True, "planted", given, "day 28", "as planned")
    provenance = Provenance(*words, 180, 0.5, N_PEOPLE, 100, model.family, "0")
    return Bundle(model, people.dictionary, read_safety(people.dictionary), provenance)


def candidates(people, rng):
    """Draw rows that nobody had, calm and inside the cohort's ranges; half miss 30 % or more."""
    asked = [v for v in people.dictionary.variables if v.typed and v.use != "input"]
    calm = {v.id: _no(v) for v in asked if v.use == "safety"}
    predictors = [v for v in asked if v.use == "predictor" and v.id != "maintenance_interval_days"]
    columns = {v.id: _drawn(v, people.values[v.id], rng) for v in predictors}
    rows = []
    for number in range(N_ROWS):
        share = rng.uniform(0.32, 0.8) if number % 2 else 0.0
        open_ones = set(rng.permutation([v.id for v in predictors])[: int(share * len(predictors))])
        rows.append(calm | {v: c[number] for v, c in columns.items() if v not in open_ones})
    return rows


def _no(variable):
    if variable.type == "yes_no":
        return "no"
    if variable.levels:
        return variable.levels[0]
    return int(variable.hard_range[0])


def _drawn(variable, answers, rng):
    known = answers[~np.isnan(answers)]
    if variable.levels or variable.type == "yes_no":
        levels = variable.levels or ("no", "yes")
        return [levels[int(code)] for code in rng.choice(known, N_ROWS)]
    drawn = rng.uniform(*np.quantile(known, [0.05, 0.8]), N_ROWS)
    return np.round(drawn).astype(int).tolist() if variable.type == "integer" else drawn.tolist()


_CASES = {}


@pytest.fixture(params=NAMES)
def case(request, people):
    return made(request.param, people)


def made(name, people):
    if name not in _CASES:
        _CASES[name] = _make(name, people)
    return _CASES[name]


def _make(name, people):
    model, prepared, booster = fit(name, people)
    assert model.calibration.slope > 0.3
    rows = people.candidates
    scores = Scorer(bundle_of(model, people)).score(rows)
    kept = np.array([score.status == "scored" for score in scores])
    X = _encoded_again(model, people.dictionary, [r for r, k in zip(rows, kept, strict=True) if k])
    return Case(
        name, model, prepared, booster, rows, kept, [s for s in scores if s.contributions], X
    )


def _encoded_again(model, dictionary, rows):
    """Encode raw answers cell by cell, apart from the code that reads and encodes rows."""
    X = np.full((len(rows), len(model.encoding.columns)), np.nan)
    for i, row in enumerate(rows):
        for j, column in enumerate(model.encoding.columns):
            answer = row.get(column.variable)
            if column.variable == "treatment_resistant":
                trials = row.get("failed_trials")
                answer = None if trials is None else ("yes" if trials >= 2 else "no")
            if answer is None:
                continue
            levels = dictionary[column.variable].levels
            if column.cut is not None:
                code = levels.index(answer) if levels else float(answer)
                X[i, j] = code >= column.cut
            elif column.level >= 0:
                X[i, j] = levels.index(answer) == column.level
            elif levels:
                X[i, j] = levels.index(answer)
            elif isinstance(answer, str):
                X[i, j] = answer == "yes"
            else:
                X[i, j] = np.log1p(answer) if column.transform == "log1p" else answer
    return X


def assert_meaningful(case):
    """Say how much is compared: rows scored, rows with gaps, trees with a split."""
    assert case.scored.sum() >= 800
    asked = [v for v in case.model.encoding.variables if v != "treatment_resistant"]
    kept = [row for row, scored in zip(case.rows, case.scored, strict=True) if scored]
    gaps = np.array([sum(v not in row for v in asked) / len(asked) for row in kept])
    assert (gaps >= 0.3).sum() >= 400
    assert 0.4 <= (gaps >= 0.3).mean() <= 0.6
    assert len(case.scores) == len(case.X) == case.scored.sum()
    if case.booster is not None:
        assert splitting(case.booster) >= 25


def trees_of(booster):
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    return learner, learner["gradient_booster"]["model"]["trees"]


def splitting(booster):
    return sum(tree["left_children"][0] >= 0 for tree in trees_of(booster)[1])


def walked(booster, X):
    """Sum the leaves each row reaches, compared in float32 and summed in float64."""
    learner, trees = trees_of(booster)
    score = float(learner["learner_model_param"]["base_score"].strip("[]"))
    binary = learner["objective"]["name"] == "binary:logistic"
    total = np.full(len(X), np.log(score / (1 - score)) if binary else np.log(score))
    x = X.astype(np.float32)
    for tree in trees:
        left, right = np.array(tree["left_children"]), np.array(tree["right_children"])
        feature = np.array(tree["split_indices"])
        threshold = np.array(tree["split_conditions"], dtype=np.float32)
        default = np.array(tree["default_left"], dtype=bool)
        node = np.zeros(len(x), dtype=int)
        while (left[node] >= 0).any():
            value = x[np.arange(len(x)), feature[node]]
            goes_left = np.where(np.isnan(value), default[node], value < threshold[node])
            further = np.where(goes_left, left[node], right[node])
            node = np.where(left[node] >= 0, further, node)
        total += threshold[node].astype(float)
    return total


def filled(imputation, X):
    """Conditional normal means by a linear solve for each row."""
    complete, mean, covariance = X.copy(), imputation.means, imputation.covariance
    for row in complete:
        gap = np.isnan(row)
        known = ~gap
        weights = np.linalg.solve(covariance[np.ix_(known, known)], row[known] - mean[known])
        row[gap] = mean[gap] + covariance[np.ix_(gap, known)] @ weights
    return complete


def raw_margin(case):
    if case.name in BOOSTED:
        return walked(case.booster, case.X)
    learner = case.model.learner
    linear = learner.linear if case.name in BLENDED else learner
    X = filled(case.model.imputation, case.X)
    sums = linear.intercept + (X - case.prepared.complete.mean(axis=0)) @ linear.coefficients
    if case.name not in BLENDED:
        return sums
    straight = [j for j, column in enumerate(case.model.encoding.columns) if column.cut is None]
    share = learner.weight
    assert share > 0.02
    return (1 - share) * sums + share * walked(case.booster, X[:, straight])


def test_base_and_contributions_add_up_to_the_calibrated_margin(case):
    assert_meaningful(case)
    calibration = case.model.calibration
    expected = calibration.intercept + calibration.slope * raw_margin(case)
    total = case.scores[0].base + case.contributions.sum(axis=1)
    assert np.abs(total - case.margin).max() < 1e-9
    assert np.abs(total - expected).max() < 1e-9
    assert np.ptp(expected) > 1


def test_the_link_of_the_margin_is_the_number_shown(case):
    if case.model.task == "response":
        shown = np.array([score.probability for score in case.scores])
        assert np.abs(shown - expit(case.margin)).max() < 1e-9
        assert all(score.lo < score.probability < score.hi for score in case.scores)
        assert all(score.curve is None for score in case.scores)
        return
    assert all(score.probability is None for score in case.scores)
    for day in DAYS:
        hazard = case.model.baseline.cumulative[day] * np.exp(case.margin)
        shown = np.array([score.risk_at(day)[0] for score in case.scores])
        assert np.abs(shown - (1 - np.exp(-hazard))).max() < 1e-9
        assert np.ptp(shown) > 0.1
    assert all(np.diff(score.curve.relapse).min() >= 0 for score in case.scores)


def test_the_split_of_the_number_adds_up_to_the_number(case):
    for score in case.scores:
        shown = score.probability if score.curve is None else score.risk_at(180)[0]
        split = sum(score.contributions_probability.values())
        assert abs(score.base_probability + split - shown) < 1e-9
        for variable, share in score.contributions.items():
            assert share * score.contributions_probability[variable] >= 0


def test_linear_contributions_are_coefficient_times_distance_from_the_cohort(people):
    for name in LINEAR:
        case = made(name, people)
        encoding = case.model.encoding
        X = filled(case.model.imputation, case.X)
        each = (X - case.prepared.complete.mean(axis=0)) * case.model.learner.coefficients
        for position, variable in enumerate(encoding.variables):
            own = [j for j, column in enumerate(encoding.columns) if column.variable == variable]
            expected = case.model.calibration.slope * each[:, own].sum(axis=1)
            assert np.abs(case.contributions[:, position] - expected).max() < 1e-9


@pytest.mark.parametrize("name", BOOSTED)
def test_margins_and_path_contributions_are_those_of_xgboost(name, people):
    case = made(name, people)
    assert_meaningful(case)
    learner, rows = case.model.learner, xgboost.DMatrix(case.X)
    assert isinstance(learner, Boosted)
    margins = case.booster.predict(rows, output_margin=True)
    assert np.abs(learner.margin(case.X) - margins).max() < 1e-5
    theirs = case.booster.predict(rows, pred_contribs=True)
    assert np.abs(learner.path_contributions(case.X) - theirs[:, :-1]).max() < 1e-5
    assert np.abs(learner.path_base - theirs[:, -1]).max() < 1e-5
    assert np.abs(theirs[:, :-1]).max() > 0.1


@shap_warnings
@pytest.mark.parametrize("name", BOOSTED)
def test_contributions_are_those_of_shap(name, people):
    """The interventional values of shap over the whole cohort are the mean over its blocks."""
    import shap

    case = made(name, people)
    assert_meaningful(case)
    path = shap.TreeExplainer(case.booster).shap_values(case.X)
    assert np.abs(case.model.learner.path_contributions(case.X) - path).max() < 1e-5
    blocks = [case.prepared.X[i : i + BLOCK] for i in range(0, N_PEOPLE, BLOCK)]
    assert [len(block) for block in blocks] == [BLOCK] * 3
    found = [
        shap.TreeExplainer(
            case.booster, data=block, feature_perturbation="interventional", model_output="raw"
        ).shap_values(case.X, check_additivity=False)
        for block in blocks
    ]
    theirs = np.mean(found, axis=0)
    assert np.abs(case.model.learner.contributions(case.X) - theirs).max() < 1e-5
    by_variable = (
        case.model.calibration.slope
        * np.array(
            [
                theirs[:, case.model.encoding.owner() == i].sum(axis=1)
                for i in range(len(case.model.encoding.variables))
            ]
        ).T
    )
    assert np.abs(case.contributions - by_variable).max() < 1e-5
    assert np.abs(by_variable).max() > 0.1


@pytest.mark.parametrize("name", ["ridge", "xgboost_cox"])
def test_two_fits_with_one_seed_give_the_same_bytes_and_scores(name, people, tmp_path):
    case = made(name, people)
    for place, model in (("one", case.model), ("two", fit(name, people)[0])):
        write_bundle(with_reference(bundle_of(model, people)), tmp_path / place)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == ["arrays.npz", "manifest.json", "model.json", "reference.json"]
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    scores = [load(tmp_path / place).score(case.rows[:60]).to_dict() for place in ("one", "two")]
    assert scores[0] == scores[1]


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_read_back_scores_the_same(name, people, tmp_path):
    case = made(name, people)
    folder = write_bundle(with_reference(bundle_of(case.model, people)), tmp_path / "bundle")
    assert sum(file.stat().st_size for file in folder.iterdir()) < 5_000_000
    load(folder).verify()
    again = Scorer(read_bundle(folder)).score(case.rows[:100])
    kept = [s for s in again if s.status == "scored"]
    assert [s.margin for s in kept] == [s.margin for s in case.scores[: len(kept)]]
    assert replace(kept[0], curve=None) == replace(case.scores[0], curve=None)
