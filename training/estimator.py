"""The response learner with scikit-learn's face: any table of numbers, no dictionary.

Each column becomes a number variable, and what follows is the final fit of a run
(`training.evaluation.fit_to_everybody`), not a copy of it: encoding and Gaussian imputation,
tuning on inner folds, affine calibration on out-of-fold margins, interval.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from predictor.dictionary import Variable
from predictor.errors import InvalidInputError
from predictor.linear import Linear
from predictor.model import Assessment, Model
from predictor.uncertainty import Z_LEVEL
from training.calibrating import fit_affine_response
from training.evaluation import Analysis, fit_to_everybody
from training.fitting import Outcome, Setting, fit_learner, prepare
from training.freezing import freeze
from training.learners import DEFAULT_LEARNER, LEARNERS, READS_PUBLISHED, learner_named
from training.priors import effects_of_columns
from training.published_effects import Effects
from training.samplesize import required_sample
from training.tuning import Fitted

Floats = NDArray[np.float64]

EXPECTED_AUC = 0.65
"""Discrimination for which people are counted: about the best that baseline features support."""

INNER_FOLDS, REFITS = 5, 30
"""As in the shipped settings of a run."""


class SmallCohortWarning(UserWarning):
    """Fewer people than Riley's criteria ask for; `run` would call the model exploratory."""


class ResponseClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Predict a yes/no outcome as a run predicts response, from any table of numbers.

    Missing values are allowed and are filled by their mean given the answered columns; what they
    leave open widens the interval. Columns that do not vary are left out. Probabilities are
    calibrated on inner folds; where no fold ranks people, everybody gets the average. Assumes
    exchangeable rows: one row a person.

    Parameters
    ----------
    learner : str
        A response learner of `training.learners`: ``averaged``, ``blended``, ``ridge``,
        ``elastic_net``, ``logistic`` or ``xgboost``; ``auto`` for the default one.
    priors : dict or None
        Published effects by name or place of the column: (mean, sd) or (mean, sd, grade), in
        log-odds per unit of the column; for learners that shrink towards them. How strongly
        the effects of one grade hold here is learned from `X` and `y`: wrong ones are
        switched off.
    n_jobs : int
        Kept for scikit-learn's tools: one fit runs in one thread, so that folds and grids outside
        it may run side by side.
    random_state : int, RandomState, Generator or None
        Draws inner folds and refits; the same number gives the same model, byte for byte.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Labels; the second one is the event.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where `fit` was given a frame with names that are texts.
    model_ : predictor.model.Model
        What was fitted, as a bundle would hold it.
    base_ : float
        Log-odds from which contributions count.
    coef_ : ndarray of shape (1, n_features_in_)
        Log-odds per unit of each column after calibration, 0 for columns left out; only where the
        learner is linear and no effect bends.
    intercept_ : ndarray of shape (1,)
        Log-odds where all columns are 0; only where there is a `coef_`.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(3000, 2))
    >>> y = rng.random(3000) < 1 / (1 + np.exp(-X[:, 0]))
    >>> fitted = ResponseClassifier(random_state=0).fit(X, y)
    >>> fitted.predict_interval([[0.0, np.nan]]).round(1).tolist()
    [[0.5, 0.5]]
    """

    def __init__(
        self,
        *,
        learner: str = "auto",
        priors: dict[str | int, tuple[Any, ...]] | None = None,
        n_jobs: int = 1,
        random_state: Any = None,
    ) -> None:
        self.learner = learner
        self.priors = priors
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit, calibrate and add the interval.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Numbers; NaN where missing.
        y : array-like of shape (n,)
            Two labels of any kind; the one that sorts last is the event.

        Returns
        -------
        ResponseClassifier
            This estimator.

        Raises
        ------
        ValueError
            If `X` or `y` is not as described, or one label only occurs.
        InvalidInputError
            If the learner is unknown, priors are not as described or it cannot use them, or it
            could not be fitted.

        Warns
        -----
        SmallCohortWarning
            If there are fewer people than Riley's criteria ask for at an AUC of 0.65.
        """
        chosen = DEFAULT_LEARNER if self.learner == "auto" else self.learner
        learner_named(chosen, "response")  # refuses an unknown name before anything is read
        read: Floats
        read, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        events = self._read_labels(labels)
        effects = _read_priors(self.priors or {}, self._names(), chosen)
        _warn_if_small(events, read.shape[1])
        analysis = _analysis(read, events, self._names(), published=effects)
        rng = _generator(self.random_state)
        if min(events.sum(), (1 - events).sum()) < 2:  # nobody can be held out
            self.model_ = _average(analysis, rng)
        else:
            self.model_ = fit_to_everybody(
                analysis,
                analysis.candidate(chosen),
                wanted=INNER_FOLDS,
                n_refits=REFITS,
                rng=rng,
            )
        self.base_ = self.model_.base
        self._show_coefficients()
        return self

    def decision_function(self, X: ArrayLike) -> Floats:
        """Give calibrated log-odds of the event.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Numbers; NaN where missing.

        Returns
        -------
        ndarray of shape (n,)
            Higher is more probable.
        """
        return self._assess(X).margin

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Give the probability of each label.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Numbers; NaN where missing.

        Returns
        -------
        ndarray of shape (n, 2)
            In the order of `classes_`.
        """
        margin = self.decision_function(X)
        return np.column_stack([self.model_.probability(-margin), self.model_.probability(margin)])

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Give the more probable label; the first one where both are equally probable.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Numbers; NaN where missing.

        Returns
        -------
        ndarray of shape (n,)
            Labels.
        """
        margin = self.decision_function(X)
        return np.asarray(self.classes_[(margin > 0).astype(np.intp)])

    def predict_interval(self, X: ArrayLike) -> Floats:
        """Give the 90 % interval of each person's risk.

        It holds the risk given complete answers to every column, by the model; it does not say
        whether the event will happen.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Numbers; NaN where missing.

        Returns
        -------
        ndarray of shape (n, 2)
            Lower and upper end, in [0, 1]; wider where more is missing.
        """
        found = self._assess(X)
        half = Z_LEVEL * found.sd
        ends = [self.model_.probability(found.margin + side * half) for side in (-1, 1)]
        return np.column_stack(ends)

    def contributions(self, X: ArrayLike) -> Floats:
        """Split the calibrated log-odds over the columns.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Numbers; NaN where missing.

        Returns
        -------
        ndarray of shape (n, n_features)
            With `base_` they add up to `decision_function`; 0 for columns left out.
        """
        return self._spread_out(self._assess(X).contributions)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def _names(self) -> list[str]:
        """Name the columns: as the frame does if no name stands twice, else by place (``x0``)."""
        given = [str(name) for name in getattr(self, "feature_names_in_", ())]
        if given and len(set(given)) == len(given):
            return given
        return [f"x{place}" for place in range(self.n_features_in_)]

    def _read_labels(self, y: NDArray[Any]) -> Floats:
        """Keep the two labels and give 1 for the second."""
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
        if kind != "binary":
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {kind}."
            )
        self.classes_, codes = np.unique(y, return_inverse=True)
        if self.classes_.size < 2:
            raise ValueError(
                "two labels are needed, but y holds one class only: a single label teaches "
                "nothing; give people with and without the event"
            )
        return codes.astype(np.float64)

    def _assess(self, X: ArrayLike) -> Assessment:
        """Say everything of each row."""
        check_is_fitted(self)
        read: Floats = validate_data(
            self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False
        )
        return self.model_.assess(dict(zip(self._names(), read.T, strict=True)))

    def _show_coefficients(self) -> None:
        """Give a linear learner's calibrated coefficients on the columns as given."""
        fitted, encoding = self.model_.learner, self.model_.encoding
        if not isinstance(fitted, Linear) or len(encoding.columns) > len(encoding.variables):
            return  # a curve has no single coefficient
        slopes = self.model_.calibration.slope * fitted.coefficients
        self.coef_ = self._spread_out(slopes[None, :])
        self.intercept_ = np.array([self.base_ - float(slopes @ fitted.means)])

    def _spread_out(self, of_variables: Floats) -> Floats:
        """Put values of the kept columns in their places among all columns."""
        place = {name: i for i, name in enumerate(self._names())}
        kept = [place[name] for name in self.model_.encoding.variables]
        spread = np.zeros((len(of_variables), self.n_features_in_))
        spread[:, kept] = of_variables
        return spread


def _analysis(X: Floats, events: Floats, names: list[str], *, published: Effects) -> Analysis:
    """Take each column as a number variable and each row as a person."""
    variables = tuple(
        Variable(name, name, "number", "columns", "data", hard_range=(-math.inf, math.inf))
        for name in names
    )
    return Analysis(
        values=dict(zip(names, np.ascontiguousarray(X.T), strict=True)),
        variables=variables,
        declared=variables,
        severity=(),
        outcome=Outcome(events),
        groups=tuple(str(row) for row in range(len(X))),
        published=published,
    )


def _average(analysis: Analysis, rng: np.random.Generator) -> Model:
    """Give everybody the prevalence: where nobody can be held out, no margin is proven."""
    learner = learner_named("averaged", "response")
    prepared = prepare(analysis.values, (), np.arange(len(analysis.groups)))
    fitted = fit_learner(learner, Setting(), prepared, analysis.outcome)
    level = fit_affine_response(np.zeros(len(analysis.groups)), analysis.outcome.events)
    margins = np.full(len(analysis.groups), level.affine.intercept)
    average = Fitted(learner, Setting(), fitted, prepared, level, None, margins)
    return freeze(average, analysis.outcome, n_refits=0, rng=rng)


def _read_priors(priors: Mapping[Any, tuple[Any, ...]], names: list[str], chosen: str) -> Effects:
    """Take priors as effects on columns, or name all that is wrong with them."""
    readers = [e.name for e in LEARNERS if e.task == "response" and e.kind in READS_PUBLISHED]
    if priors and chosen not in readers:
        raise InvalidInputError(
            f"priors: {chosen} cannot use published effects; {', '.join(readers)} can"
        )
    found: dict[str, Any] = {}
    faults = []
    for column, prior in priors.items():
        place = names.index(column) if column in names else column
        if not isinstance(place, int | np.integer) or not 0 <= place < len(names):
            faults.append(f"{column!r} is neither a column nor a place of one")
        elif not _is_prior(prior):
            faults.append(f"{column!r} needs (mean, sd) or (mean, sd, grade), sd above 0")
        else:
            found[names[place]] = prior
    if faults:
        raise InvalidInputError(f"priors: {'; '.join(faults)}")
    return effects_of_columns(found)


def _is_prior(prior: Any) -> bool:
    """Tell whether this is (mean, sd) or (mean, sd, grade)."""
    if not (isinstance(prior, tuple | list) and len(prior) in (2, 3)):
        return False
    numbers, grade = prior[:2], prior[2:]
    finite = all(isinstance(number, Real) and math.isfinite(number) for number in numbers)
    return finite and numbers[1] > 0 and all(isinstance(text, str) and text for text in grade)


def _warn_if_small(events: Floats, n_parameters: int) -> None:
    """Warn once of people too few for the columns."""
    sample = required_sample(
        "response",
        discrimination=EXPECTED_AUC,
        event_share=float(events.mean()),
        n_parameters=n_parameters,
        n_available=events.size,
    )
    if not sample.is_enough:
        warnings.warn(sample.sentence, SmallCohortWarning, stacklevel=3)


def _generator(random_state: Any) -> np.random.Generator:
    """Turn what scikit-learn users hand over into a generator."""
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**32, size=4, dtype=np.uint32))
    return np.random.default_rng(random_state)
