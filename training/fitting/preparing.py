"""Training rows ready for a learner; nothing but these rows is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Variable
from predictor.encoding import Encoding
from predictor.imputation import GaussianImputation

Floats = NDArray[np.float64]
Values = Mapping[str, Floats]
Cuts = Mapping[str, tuple[float, ...]]


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


def prepare(
    values: Values,
    variables: Sequence[Variable],
    rows: NDArray[np.intp],
    *,
    cuts: Cuts | None = None,
) -> Prepared:
    """Learn encoding, imputation and scale from training rows.

    Parameters
    ----------
    values : mapping of str to ndarray, shape (n_all,)
        Coded answers of everybody.
    variables : sequence of Variable
        Candidate predictors.
    rows : ndarray of int
        Places of the training rows; no other row is read.
    cuts : mapping of str to tuple of float, optional
        Values from which a number gets a further column.

    Returns
    -------
    Prepared
        The training rows, encoded.
    """
    training = {variable.id: values[variable.id][rows] for variable in variables}
    encoding = Encoding.fit(training, variables, cuts)
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
