"""The whole procedure on one training set: encode, impute, scale, tune and calibrate each learner.

Cross-validation, sites left out and bootstrap all repeat this, so that nothing is learned outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.calibration import logistic
from predictor.dictionary import Variable
from predictor.errors import InvalidInputError
from training.fitting import Outcome, Prepared, Values, prepare
from training.learners import COMPARATORS, Learner
from training.penalised_fit import ConvergenceError
from training.splits import Split, feasible_folds, folds
from training.tuning import Fitted, InnerFold, inner_folds, tune_and_fit

Floats = NDArray[np.float64]

RISK_DAYS = (15, 30, 60, 90, 120, 150, 180)
"""Days after time zero at which relapse risks are evaluated."""


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """The people analysed and what is known of them.

    Parameters
    ----------
    values : mapping of str to ndarray, shape (n,)
        Coded answers.
    variables : tuple of Variable
        Candidate predictors.
    declared : tuple of Variable
        The few read by learners for declared variables.
    severity : tuple of Variable
        Baseline severity, for the comparator.
    outcome : Outcome
        What is predicted.
    groups : tuple of str
        Patient of each row.
    """

    values: Values
    variables: tuple[Variable, ...]
    declared: tuple[Variable, ...]
    severity: tuple[Variable, ...]
    outcome: Outcome
    groups: tuple[str, ...]

    @property
    def task(self) -> str:
        """``response`` or ``relapse``."""
        return "response" if self.outcome.days is None else "relapse"

    def read_by(self, learner: Learner) -> tuple[Variable, ...]:
        """Tell which variables a learner reads.

        Parameters
        ----------
        learner : Learner
            Candidate or comparator.

        Returns
        -------
        tuple of Variable
            All, the declared ones, or severity alone.
        """
        if learner in COMPARATORS:
            return self.severity
        return self.declared if learner.declared_only else self.variables


def inner_splits(
    outcome: Outcome, groups: Sequence[str], wanted: int, rng: np.random.Generator
) -> list[Split]:
    """Split one training set for tuning and calibration.

    Parameters
    ----------
    outcome : Outcome
        Of the training rows.
    groups : sequence of str
        Their patients.
    wanted : int
        Inner folds wanted; fewer where the rarer outcome is too rare.
    rng : numpy.random.Generator
        Draws the splits.

    Returns
    -------
    list of Split
        One repeat.
    """
    possible = feasible_folds(outcome.events, wanted, groups=groups)
    return folds(outcome.events, groups=groups, n_splits=possible, n_repeats=1, rng=rng)


def fit_all(
    analysis: Analysis,
    tried: Sequence[Learner],
    rows: NDArray[np.intp],
    wanted: int,
    rng: np.random.Generator,
) -> dict[str, Fitted | str]:
    """Fit every learner to the same training rows; what they share is prepared once.

    Parameters
    ----------
    analysis : Analysis
        People and outcome.
    tried : sequence of Learner
        Candidates and comparators.
    rows : ndarray of int
        Places of the training rows; a person drawn twice stands twice and stays in one inner fold.
    wanted : int
        Inner folds wanted.
    rng : numpy.random.Generator
        Draws the inner folds.

    Returns
    -------
    dict of str to Fitted or str
        By learner; a text says why it could not be fitted.
    """
    outcome = analysis.outcome.take(rows)
    groups = [analysis.groups[row] for row in rows]
    try:
        inner = inner_splits(outcome, groups, wanted, rng)
    except InvalidInputError as error:
        return {learner.name: str(error) for learner in tried}
    shared: dict[tuple[str, ...], tuple[Prepared, list[InnerFold]]] = {}
    found: dict[str, Fitted | str] = {}
    for learner in tried:
        variables = analysis.read_by(learner)
        key = tuple(v.id for v in variables)
        try:
            if key not in shared:
                prepared = prepare(analysis.values, variables, rows)
                inside = inner_folds(analysis.values, variables, rows, outcome, inner)
                shared[key] = (prepared, inside)
            found[learner.name] = tune_and_fit(learner, shared[key][0], outcome, shared[key][1])
        except (InvalidInputError, ConvergenceError) as error:
            found[learner.name] = str(error)
    return found


def predicted(
    fitted: Fitted, values: Values | Mapping[str, Floats], rows: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Say what a fit makes of people.

    Parameters
    ----------
    fitted : Fitted
        Tuned and calibrated.
    values : mapping of str to ndarray, shape (n_all,)
        Coded answers of everybody.
    rows : ndarray of int
        Whom to predict.

    Returns
    -------
    margin : ndarray, shape (n_rows,)
        Calibrated; for relapse from the base of this fit, so that margins of several fits compare.
    probability : ndarray, shape (n_rows,) or (n_rows, 7)
        Of response, or of relapse by each of `RISK_DAYS`.
    """
    encoding = fitted.prepared.encoding
    read = {v: values[v][rows] for v in encoding.variables}
    X = encoding.transform(read) if read else np.empty((len(rows), 0))
    margin = fitted.margin(X)
    if fitted.baseline is None:
        return margin, logistic(margin)
    risk = fitted.baseline.risk(margin[:, None], np.array(RISK_DAYS, dtype=np.float64))
    return margin - fitted.calibration.affine.apply(fitted.fitted.learner.base), risk
