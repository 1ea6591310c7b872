"""One learner on one training set: everything learned here comes from these rows alone.

`prepare` learns encoding, imputation and scale; `fit_learner` one learner at one setting;
`settings_of` what tuning may choose from. Calibration and interval are added by
`training.tuning`, which has the out-of-fold margins that they need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xgboost
from numpy.typing import NDArray

from predictor.boosted import Boosted, BoostedEnsemble
from predictor.dictionary import Variable
from predictor.encoding import Encoding
from predictor.errors import InvalidInputError
from predictor.imputation import GaussianImputation
from predictor.linear import Linear
from training.learners import Learner
from training.penalised_cox import fit_ridge_cox, penalty_path_cox
from training.penalised_fit import PenalisedFit
from training.penalised_logistic import fit_penalised_logistic, penalty_path
from training.tree_tables import ensemble_from_boosters, tables_from_booster

Floats = NDArray[np.float64]
Values = Mapping[str, Floats]

DEPTHS = (1, 2, 3)
ROUNDS = (10, 25, 50, 75, 100, 150, 200, 300, 450)
LEARNING_RATE = 0.05
N_PENALTIES = 15


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What is predicted, for n people.

    Parameters
    ----------
    events : ndarray, shape (n,)
        1 responded or relapsed, 0 not (relapse: censored).
    days : ndarray, shape (n,) or None
        Relapse: day of relapse or censoring after time zero.
    """

    events: Floats
    days: Floats | None = None

    def take(self, rows: NDArray[np.intp]) -> Outcome:
        """Take some people.

        Parameters
        ----------
        rows : ndarray of int
            Places in the wanted order.

        Returns
        -------
        Outcome
            Theirs.
        """
        return Outcome(self.events[rows], None if self.days is None else self.days[rows])


@dataclass(frozen=True, slots=True)
class Setting:
    """What tuning chooses.

    Parameters
    ----------
    penalty : float
        Of linear learners, in units of the log-likelihood; 0 is unpenalised.
    l1_ratio : float
        Share of the l1 norm in the penalty.
    depth, rounds : int
        Of trees; 0 for linear learners.
    """

    penalty: float = 0.0
    l1_ratio: float = 0.0
    depth: int = 0
    rounds: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Training rows ready for a learner, with all that was learned to get there.

    Parameters
    ----------
    encoding : Encoding
        Learned columns.
    imputation : GaussianImputation
        Learned joint distribution of the columns.
    X : ndarray, shape (n, n_columns)
        Encoded rows, NaN where missing.
    complete : ndarray, shape (n, n_columns)
        The same with conditional means for missing values.
    means, scale : ndarray, shape (n_columns,)
        Mean and standard deviation of `complete`.
    """

    encoding: Encoding
    imputation: GaussianImputation
    X: Floats
    complete: Floats
    means: Floats
    scale: Floats

    @property
    def standardised(self) -> Floats:
        """`complete` with mean 0 and standard deviation 1 in each column."""
        return (self.complete - self.means) / self.scale


@dataclass(frozen=True, slots=True, eq=False)
class FittedLearner:
    """A learner at one setting.

    Parameters
    ----------
    learner : Linear or Boosted
        On the encoded scale.
    covariance : ndarray, shape (1 + n_columns, 1 + n_columns) or (0, 0)
        Laplace covariance of a linear learner on the encoded scale; empty for trees.
    """

    learner: Linear | Boosted
    covariance: Floats


def prepare(values: Values, variables: Sequence[Variable], rows: NDArray[np.intp]) -> Prepared:
    """Learn encoding, imputation and scale from training rows.

    Parameters
    ----------
    values : mapping of str to ndarray, shape (n_all,)
        Coded answers of everybody.
    variables : sequence of Variable
        Candidate predictors.
    rows : ndarray of int
        Places of the training rows; no other row is read.

    Returns
    -------
    Prepared
        The training rows, encoded.
    """
    training = {variable.id: values[variable.id][rows] for variable in variables}
    encoding = Encoding.fit(training, variables)
    X = encoding.transform(training) if encoding.columns else np.empty((len(rows), 0))
    imputation = GaussianImputation.fit(X)
    complete = imputation.fill(X)
    scale = complete.std(axis=0)
    return Prepared(
        encoding,
        imputation,
        X,
        complete,
        complete.mean(axis=0),
        np.where(scale > 1e-12, scale, 1.0),
    )


def settings_of(learner: Learner, prepared: Prepared, outcome: Outcome) -> tuple[Setting, ...]:
    """List what tuning may choose from, simplest first.

    Parameters
    ----------
    learner : Learner
        Line of the table.
    prepared : Prepared
        Training rows.
    outcome : Outcome
        Theirs.

    Returns
    -------
    tuple of Setting
        One only where nothing is tuned.
    """
    if learner.kind == "boosted":
        return tuple(Setting(depth=d, rounds=r) for d in DEPTHS for r in ROUNDS)
    if not learner.l1_ratios:
        return (Setting(),)
    if outcome.days is not None:
        path = penalty_path_cox(outcome.days, outcome.events, n=N_PENALTIES)
        return tuple(Setting(float(penalty)) for penalty in path)
    X = prepared.standardised
    return tuple(
        Setting(float(penalty), ratio)
        for ratio in learner.l1_ratios
        for penalty in penalty_path(X, outcome.events, l1_ratio=ratio, n=N_PENALTIES)
    )


def margins_of_settings(
    learner: Learner,
    settings: Sequence[Setting],
    prepared: Prepared,
    outcome: Outcome,
    X_new: Floats,
) -> Floats:
    """Fit every setting on training rows and give its margins of other rows.

    Parameters
    ----------
    learner : Learner
        Line of the table.
    settings : sequence of Setting
        As from `settings_of`; along a path each fit starts from the one before.
    prepared : Prepared
        Training rows.
    outcome : Outcome
        Theirs.
    X_new : ndarray, shape (n_new, n_columns)
        Other rows as encoded by ``prepared.encoding``, NaN where missing.

    Returns
    -------
    ndarray, shape (n_new, n_settings)
        Uncalibrated margins.
    """
    if learner.kind == "boosted":
        return _margins_of_trees(settings, prepared, outcome, X_new)
    new = (prepared.imputation.fill(X_new) - prepared.means) / prepared.scale
    margins, X, fit, ratio = [], prepared.standardised, None, -1.0
    for setting in settings:
        fit = _fit_linear(X, outcome, setting, fit if setting.l1_ratio == ratio else None)
        ratio = setting.l1_ratio
        margins.append(fit.intercept + new @ fit.coefficients)
    return np.column_stack(margins)


def fit_learner(
    learner: Learner, setting: Setting, prepared: Prepared, outcome: Outcome
) -> FittedLearner:
    """Fit one setting on all training rows.

    Parameters
    ----------
    learner : Learner
        Line of the table.
    setting : Setting
        What tuning chose.
    prepared : Prepared
        Training rows.
    outcome : Outcome
        Theirs.

    Returns
    -------
    FittedLearner
        On the encoded scale, exact tables for trees.
    """
    if learner.kind == "boosted":
        booster = _boost(_snapped(prepared), outcome, setting)
        return FittedLearner(tables_from_booster(booster, prepared.X), np.empty((0, 0)))
    fit = _fit_linear(prepared.standardised, outcome, setting, None)
    unit = np.concatenate([[1.0], 1 / prepared.scale])
    return FittedLearner(
        Linear(fit.coefficients / prepared.scale, prepared.means, fit.intercept),
        fit.covariance * np.outer(unit, unit),
    )


def refit_trees(
    setting: Setting,
    prepared: Prepared,
    outcome: Outcome,
    *,
    n_refits: int,
    rng: np.random.Generator,
) -> BoostedEnsemble:
    """Refit trees in bootstrap resamples of people, tuning kept.

    Parameters
    ----------
    setting : Setting
        What tuning chose.
    prepared : Prepared
        Training rows.
    outcome : Outcome
        Theirs.
    n_refits : int
        Resamples.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    BoostedEnsemble
        Margins of every refit.
    """
    n, X = len(outcome.events), _snapped(prepared)
    boosters = []
    for _ in range(n_refits):
        drawn = rng.integers(0, n, n)
        boosters.append(_boost(X[drawn], outcome.take(drawn), setting))
    return ensemble_from_boosters(boosters, prepared.X)


def _fit_linear(
    X: Floats, outcome: Outcome, setting: Setting, start: PenalisedFit | None
) -> PenalisedFit:
    """Fit one linear learner on standardised columns; without a column it is the average."""
    if outcome.days is not None and not X.shape[1]:
        return PenalisedFit(0.0, np.empty(0), np.zeros((1, 1)), 0.0, setting.penalty, 0)
    if outcome.days is not None:
        return fit_ridge_cox(X, outcome.days, outcome.events, penalty=setting.penalty, start=start)
    return fit_penalised_logistic(
        X, outcome.events, penalty=setting.penalty, l1_ratio=setting.l1_ratio, start=start
    )


def _snapped(prepared: Prepared) -> Floats:
    """Move each answer down to the next edge of a grid, so that trees can only split at edges.

    The edges do not depend on anybody's value beyond the size of a column's spread, a tenth of
    which they lie apart: halves for whole numbers, elsewhere places on which no rounded answer
    falls. A row lies below an edge exactly when the row moved down does, so that trees grown on
    moved rows read rows as they are. Few distinct values make histograms exact and fast.
    """
    X = prepared.X
    whole = np.all(np.isnan(X) | (np.round(X) == X), axis=0)
    width = round_steps(prepared.scale / 10)
    width = np.where(whole, np.maximum(width, 1.0), width)
    offset = np.where(whole, 0.5, 0.503 * width)
    return np.asarray(np.floor((X - offset) / width) * width + offset)


def round_steps(wish: Floats) -> Floats:
    """Round positive widths up to 1, 2 or 5 times a power of ten.

    Parameters
    ----------
    wish : ndarray
        Widths above 0.

    Returns
    -------
    ndarray
        The round widths.
    """
    power = 10.0 ** np.floor(np.log10(wish))
    steps = np.array([1.0, 2.0, 5.0, 10.0])
    return np.asarray(power * steps[np.searchsorted(steps, wish / power * (1 - 1e-9))])


def _boost(X: Floats, outcome: Outcome, setting: Setting) -> xgboost.Booster:
    """Fit shallow trees to rows moved to the edges of the grid."""
    if not X.shape[1]:
        raise InvalidInputError(
            "no candidate variable differs between the training people; declare others"
        )
    relapse = outcome.days is not None
    label = outcome.events
    if outcome.days is not None:  # xgboost marks censoring by a negative time
        days = np.maximum(outcome.days, 0.5)
        label = np.where(outcome.events == 1, days, -days)
    parameters = {
        "objective": "survival:cox" if relapse else "binary:logistic",
        "max_depth": setting.depth,
        "eta": LEARNING_RATE,
        "min_child_weight": 2.0,
        "lambda": 5.0,
        "subsample": 0.6,
        "colsample_bynode": 0.3,
        "tree_method": "hist",
        "nthread": 1,
        "seed": 0,
        "verbosity": 0,
    }
    if not relapse:
        parameters["base_score"] = float(np.clip(label.mean(), 1e-3, 1 - 1e-3))
    data = xgboost.DMatrix(X, label=label, nthread=1)
    return xgboost.train(parameters, data, num_boost_round=setting.rounds)


def _margins_of_trees(
    settings: Sequence[Setting], prepared: Prepared, outcome: Outcome, X_new: Floats
) -> Floats:
    """Grow each depth once and read the margins after each number of rounds."""
    new, X = xgboost.DMatrix(X_new, nthread=1), _snapped(prepared)
    margins = np.empty((len(X_new), len(settings)))
    for depth in sorted({setting.depth for setting in settings}):
        wanted = [i for i, setting in enumerate(settings) if setting.depth == depth]
        most = max(settings[i].rounds for i in wanted)
        booster = _boost(X, outcome, Setting(depth=depth, rounds=most))
        for i in wanted:
            stop = (0, settings[i].rounds)
            margins[:, i] = booster.predict(new, output_margin=True, iteration_range=stop)
    return margins
