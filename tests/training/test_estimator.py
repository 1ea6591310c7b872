"""The scikit-learn face: its contract, that it is a run's own fit, and near the truth."""

import pickle
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import training
from predictor.dictionary import Variable
from predictor.errors import InvalidInputError
from predictor.linear import Linear
from training import ResponseClassifier
from training.analysis import fit_final
from training.config import read_run_config
from training.estimator import SmallCohortWarning
from training.evaluation import Analysis
from training.fitting import Outcome
from training.learners import DEFAULT_LEARNER, LEARNERS, learner_named

pytestmark = pytest.mark.filterwarnings("ignore::training.estimator.SmallCohortWarning")
NAMES = ("auto", *(line.name for line in LEARNERS if line.task == "response"))


@parametrize_with_checks([ResponseClassifier()])
def test_the_contract_of_scikit_learn_is_kept(estimator, check):
    check(estimator)


def drawn(n=200, *, p=4, seed=3, missing=0.0):
    """Draw people whose log-odds are the first column minus the second."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    eta = X[:, 0] - X[:, 1]
    y = (rng.random(n) < expit(eta)).astype(int)
    X[rng.random(X.shape) < missing] = np.nan
    return X, y, eta


@pytest.fixture(scope="module")
def fits():
    """Fit each learner to people with missing answers, a constant and a column never answered."""
    X, y, _ = drawn(p=6, missing=0.2)
    X[:, 3], X[:, 4] = 7.0, np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallCohortWarning)
        made = {name: ResponseClassifier(learner=name, random_state=1).fit(X, y) for name in NAMES}
    return made, X


@pytest.mark.parametrize("name", NAMES)
def test_contributions_add_up_and_the_interval_holds_the_probability(fits, name):
    fitted, X = fits[0][name], fits[1]
    shares, margin = fitted.contributions(X), fitted.decision_function(X)
    assert shares.shape == X.shape
    np.testing.assert_allclose(fitted.base_ + shares.sum(axis=1), margin, atol=1e-12)
    assert shares[:, :3].any(axis=0).all()
    assert not shares[:, [3, 4]].any()
    probability = fitted.predict_proba(X)
    np.testing.assert_allclose(probability[:, 1], expit(margin), atol=1e-12)
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-15)
    ends = fitted.predict_interval(X)
    assert ends.shape == (len(X), 2)
    assert (ends[:, 0] < probability[:, 1]).all()
    assert (probability[:, 1] < ends[:, 1]).all()
    assert ((ends > 0) & (ends < 1)).all()
    assert (fitted.predict(X) == (probability[:, 1] > 0.5)).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_answered_widens_the_interval(fits, name):
    fitted, X = fits[0][name], fits[1]
    full = X[~np.isnan(X[:, [0, 1, 2, 5]]).any(axis=1)]
    half = full.copy()
    half[:, 0] = np.nan
    widths = []
    for rows in (full, half):
        ends = fitted.predict_interval(rows)
        widths.append(np.diff(np.log(ends / (1 - ends)), axis=1).mean())
    assert widths[1] > 1.1 * widths[0]


def test_coefficients_are_those_of_the_calibrated_margin(fits):
    made, X = fits
    complete = np.nan_to_num(X, nan=0.3)
    for name, fitted in made.items():
        if name == "xgboost":
            assert not hasattr(fitted, "coef_")
        elif hasattr(fitted, "coef_"):
            margin = fitted.intercept_ + complete @ fitted.coef_[0]
            np.testing.assert_allclose(margin, fitted.decision_function(complete), atol=1e-12)
            assert (fitted.coef_[0, [3, 4]] == 0).all()
    assert made["ridge"].coef_.shape == (1, 6)


def test_it_is_the_final_fit_of_a_run():
    """The same matrix through the run's own step, with shipped settings, gives the same bytes."""
    X, y, _ = drawn(missing=0.1)
    names = [f"x{place}" for place in range(4)]
    variables = tuple(Variable(v, v, "number", "g", "s", hard_range=(-9, 9)) for v in names)
    analysis = Analysis(
        values=dict(zip(names, X.T, strict=True)),
        variables=variables,
        declared=variables,
        severity=variables[:1],
        outcome=Outcome(y.astype(float)),
        groups=tuple(str(row) for row in range(len(y))),
    )
    config = read_run_config("configs/response.yaml")
    for name in ("ridge", "xgboost"):
        choice = SimpleNamespace(learner=learner_named(name, "response"))
        expected = fit_final(config, analysis, choice, np.random.default_rng(5)).to_arrays()
        found = ResponseClassifier(learner=name, random_state=5).fit(X, y).model_.to_arrays()
        assert set(found) == set(expected)
        assert all(found[part].tobytes() == expected[part].tobytes() for part in expected)


def test_auto_is_the_default_learner(fits):
    default = DEFAULT_LEARNER
    made, X = fits
    assert made["auto"].model_.family == learner_named(default, "response").name
    assert (made["auto"].predict_proba(X) == made[default].predict_proba(X)).all()


def test_the_same_seed_gives_the_same_bytes():
    X, y, _ = drawn(n=90, missing=0.1)

    def bytes_of(random_state, learner="auto"):
        fitted = ResponseClassifier(learner=learner, random_state=random_state).fit(X, y)
        return fitted.predict_interval(X).tobytes()

    assert bytes_of(4) == bytes_of(4) == bytes_of(np.random.default_rng(4)) != bytes_of(5)
    assert bytes_of(np.random.RandomState(4)) == bytes_of(np.random.RandomState(4))
    assert bytes_of(None)
    assert bytes_of(4, "xgboost") == bytes_of(4, "xgboost")


def test_a_person_alone_gets_the_same_bits_as_in_a_file():
    X, y, _ = drawn(missing=0.3)
    fitted = ResponseClassifier(random_state=0).fit(X, y)
    risks, ends = fitted.predict_proba(X), fitted.predict_interval(X)
    for row in range(0, len(X), 7):
        assert (fitted.predict_proba(X[row : row + 1])[0] == risks[row]).all()
        assert (fitted.predict_interval(X[row : row + 1])[0] == ends[row]).all()


def test_a_frame_gives_its_names_and_keeps_their_order():
    X, y, _ = drawn(missing=0.1)
    frame = pd.DataFrame(X, columns=["age", "score", "site 2", "d"])
    frame["d"] = frame["d"].astype("Float64")  # pandas' own missing value
    fitted = ResponseClassifier(random_state=0).fit(frame, y)
    assert fitted.feature_names_in_.tolist() == ["age", "score", "site 2", "d"]
    assert fitted.model_.encoding.variables == ("age", "score", "site 2", "d")
    plain = ResponseClassifier(random_state=0).fit(X, y)
    assert (plain.predict_proba(X) == fitted.predict_proba(frame)).all()
    with pytest.raises(ValueError, match="order"):
        fitted.predict(frame[["score", "age", "site 2", "d"]])
    with pytest.raises(ValueError, match="3 features"):
        plain.predict(X[:, :3])


@pytest.mark.parametrize(
    "labels", [("no", "yes"), (False, True), (-1, 1), (1, 2), (0.0, 1.0)], ids=str
)
def test_labels_of_any_kind_come_back(labels):
    X, y, _ = drawn()
    given = np.array(labels)[y]
    fitted = ResponseClassifier(random_state=0).fit(X, given)
    assert fitted.classes_.tolist() == list(labels)
    assert set(fitted.predict(X)) == set(labels)
    assert fitted.score(X, given) > 0.65
    same = ResponseClassifier(random_state=0).fit(X, y)
    assert (fitted.predict_proba(X) == same.predict_proba(X)).all()


def test_it_works_inside_the_tools_of_scikit_learn():
    X, y, _ = drawn(missing=0.1)
    fitted = ResponseClassifier(random_state=0).fit(X, y)
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301
    assert (again.predict_proba(X) == fitted.predict_proba(X)).all()
    assert clone(fitted).get_params() == fitted.get_params()
    pipeline = make_pipeline(StandardScaler(), ResponseClassifier(random_state=0)).fit(X, y)
    # the cuts of a curve lie on a round grid of the units given
    np.testing.assert_allclose(pipeline.predict_proba(X), fitted.predict_proba(X), atol=0.15)
    unit_free = ResponseClassifier(learner="averaged", random_state=0)
    pipeline = make_pipeline(StandardScaler(), clone(unit_free)).fit(X, y)
    expected = unit_free.fit(X, y).predict_proba(X)
    np.testing.assert_allclose(pipeline.predict_proba(X), expected, atol=1e-6)
    grid = GridSearchCV(
        ResponseClassifier(random_state=0),
        {"learner": ["averaged", "ridge"]},
        scoring="neg_log_loss",
        cv=2,
    ).fit(X, y)
    assert grid.best_score_ > -np.log(2)
    outer = CalibratedClassifierCV(ResponseClassifier(random_state=0), cv=2).fit(X, y)
    assert np.corrcoef(outer.predict_proba(X)[:, 1], fitted.predict_proba(X)[:, 1])[0, 1] > 0.9
    unseen = cross_val_predict(fitted, X, y, cv=3, method="predict_proba")
    assert ((unseen > 0) & (unseen < 1)).all()


def regret(margin, eta):
    """Expected log-loss beyond that of the true risks."""
    p = expit(eta)
    return np.mean(np.logaddexp(0, margin) - p * margin - np.logaddexp(0, eta) + p * eta)


def test_it_is_as_near_to_the_truth_as_a_cross_validated_ridge():
    """Six cohorts of 150 people with 20 columns, held against the true risks of new people."""
    ours, theirs, held = [], [], []
    for seed in range(6):
        X, y, _ = drawn(n=150, p=20, seed=seed)
        new, _, eta = drawn(n=1500, p=20, seed=100 + seed)
        fitted = ResponseClassifier(random_state=seed).fit(X, y)
        peer = LogisticRegressionCV(Cs=np.logspace(-4, 1, 16), cv=5, scoring="neg_log_loss")
        with warnings.catch_warnings():  # of defaults that will change
            warnings.simplefilter("ignore", FutureWarning)
            peer.fit(X, y)
        ours.append(regret(fitted.decision_function(new), eta))
        theirs.append(regret(peer.decision_function(new), eta))
        ends = fitted.predict_interval(new)
        held.append(((ends[:, 0] < expit(eta)) & (expit(eta) < ends[:, 1])).mean())
    assert 0 < np.mean(ours) < np.mean(theirs)
    assert np.mean(held) > 0.75


def test_right_priors_help_and_wrong_ones_are_switched_off():
    """Regret over eight cohorts of 80 people with 20 columns, two of which matter."""
    priors = {
        "none": None,
        "right": {0: (1.0, 0.3, "A"), "x1": (-1.0, 0.3, "A")},
        "wrong": {2: (1.0, 0.3, "A"), 3: (-1.0, 0.3, "A")},
    }
    new, _, eta = drawn(n=3000, p=20, seed=99)
    found = dict.fromkeys(priors, 0.0)
    for seed in range(8):
        X, y, _ = drawn(n=80, p=20, seed=seed)
        for name, given in priors.items():
            fitted = ResponseClassifier(learner="averaged", priors=given, random_state=seed)
            found[name] += regret(fitted.fit(X, y).decision_function(new), eta)
    assert found["right"] < 0.8 * found["none"]
    assert found["wrong"] < 1.1 * found["none"]


def test_priors_are_given_by_name_or_place():
    X, y, _ = drawn()
    frame = pd.DataFrame(X, columns=["age", "score", "c", "d"])
    by_name = {"score": (-0.8, 0.2), "age": (0.9, 0.2, "B")}
    by_place = {np.int64(1): (-0.8, 0.2), 0: (0.9, 0.2, "B")}
    risks = [
        ResponseClassifier(priors=given, random_state=0).fit(frame, y).predict_proba(frame)
        for given in (by_name, by_place, {})
    ]
    assert (risks[0] == risks[1]).all()
    assert (risks[0] != risks[2]).any()
    wrong = {"height": (0.1, 1), 4: (0.1, 1), "c": (0.1, 0), "d": 0.1, "age": (0.1, 1, 3)}
    with pytest.raises(InvalidInputError) as caught:
        ResponseClassifier(priors=wrong).fit(frame, y)
    assert all(repr(column) in str(caught.value) for column in wrong)


def test_missing_answers_cost_less_than_leaving_their_rows_out():
    X, y, _ = drawn(n=300, missing=0.25)
    new, _, eta = drawn(n=2000, seed=9)
    full = ~np.isnan(X).any(axis=1)
    losses = []
    for rows in (np.ones(300, dtype=bool), full):
        margin = ResponseClassifier(random_state=0).fit(X[rows], y[rows]).decision_function(new)
        losses.append(regret(margin, eta))
    assert losses[0] < losses[1]


def warned(X, y):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ResponseClassifier(random_state=0).fit(X, y)
    return [str(each.message) for each in caught if each.category is SmallCohortWarning]


def test_a_cohort_below_rileys_minimum_is_warned_of_once():
    """AUC 0.65 and half with the event: R² 0.069, 126 people a parameter, 385 for the level."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 4)), np.arange(400) % 2
    (said,) = warned(X, y)
    assert "expected AUC of 0.65" in said
    assert "too few" in said
    assert "At hand: 400" in said
    assert warned(X[:, :2], y) == []


@pytest.mark.parametrize("name", NAMES)
def test_one_person_with_an_event_gives_everybody_the_average(name):
    X, y, _ = drawn(n=50)
    y[:] = 0
    y[7] = 1
    fitted = ResponseClassifier(learner=name, random_state=0).fit(X, y)
    np.testing.assert_allclose(fitted.predict_proba(X)[:, 1], 1 / 50, rtol=1e-12)
    assert not fitted.contributions(X).any()
    low, high = fitted.predict_interval(X)[0]
    assert low < 1 / 50 < high


@pytest.mark.parametrize("n", [4, 6, 10])
def test_a_handful_of_people_is_fitted_on_fewer_folds(n):
    X, _, _ = drawn(n=n)
    fitted = ResponseClassifier(random_state=0).fit(X, np.arange(n) % 2)
    ends = fitted.predict_interval(X)
    assert np.isfinite(ends).all()
    assert (np.diff(ends, axis=1) > 0.3).all()


def test_noise_gives_everybody_the_prevalence_where_the_folds_of_a_ridge_show_it():
    shown = []
    for seed in range(6):
        X, _, _ = drawn(n=80, seed=seed)
        y = np.random.default_rng(50 + seed).permutation(np.arange(80) % 4 == 0)
        fitted = ResponseClassifier(learner="ridge", random_state=seed).fit(X, y)
        shown.append(np.ptp(fitted.predict_proba(X)[:, 1]) == 0)
        if shown[-1]:
            assert fitted.predict_proba(X)[0, 1] == pytest.approx(0.25, rel=1e-9)
    assert any(shown)


def test_what_cannot_be_fitted_is_refused():
    X, y, _ = drawn(n=40)
    with pytest.raises(InvalidInputError, match="'forest' is no learner for response; accepted"):
        ResponseClassifier(learner="forest").fit(X, y)
    with pytest.raises(InvalidInputError, match="ridge cannot use published effects; averaged"):
        ResponseClassifier(learner="ridge", priors={0: (0.1, 0.2)}).fit(X, y)
    with pytest.raises(ValueError, match="one class"):
        ResponseClassifier().fit(X, np.ones(40))
    with pytest.raises(ValueError, match="Only binary classification"):
        ResponseClassifier().fit(X, np.arange(40) % 3)
    with pytest.raises(ValueError, match="infinity"):
        ResponseClassifier().fit(np.where(X > 1, np.inf, X), y)
    assert callable(training.run)
    with pytest.raises(AttributeError, match="no attribute 'Classifier'"):
        _ = training.Classifier


def test_the_default_fits_where_its_trees_get_no_weight():
    """Twenty equal effects that add up: held-out people want no trees, and curves are kept."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 20))
    y = rng.random(400) < 1 / (1 + np.exp(-X.sum(axis=1)))
    fitted = ResponseClassifier(random_state=0).fit(X, y)
    total = fitted.base_ + fitted.contributions(X).sum(axis=1)
    assert total == pytest.approx(fitted.decision_function(X), abs=1e-9)
    if isinstance(fitted.model_.learner, Linear):
        assert not hasattr(fitted, "coef_")  # an effect that bends has no single coefficient


@pytest.mark.parametrize("column", [np.zeros(60), np.eye(60)[0], np.full(60, np.nan)])
def test_the_default_gives_the_average_where_no_column_tells_people_apart(column):
    y = np.arange(60) % 3 == 0
    fitted = ResponseClassifier(random_state=0).fit(column[:, None], y)
    assert fitted.predict_proba(column[:, None])[1:, 1] == pytest.approx(
        np.full(59, 1 / 3), abs=0.03
    )
