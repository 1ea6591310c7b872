"""Training rows ready for a learner; nothing but these rows is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Variable
from predictor.encoding import Encoding
from predictor.imputation import GaussianImputation
from training.fitting.bends import Cuts, bends_of

Floats = NDArray[np.float64]
Values = Mapping[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What is predicted, for n people.

    Parameters
    ----------
    events : ndarray, shape (n,)
        1 responded or relapsed, 0 not (relapse: censored).
    days : ndarray, shape (n,) or None
        Relapse: day of relapse or censoring after time zero.
    last_well : ndarray, shape (n,) or None
        Relapse: last day after time zero, up to `days`, on which the person was seen well. Equal
        to `days` where a relapse is dated to the day; None where nothing of the kind is known.
    """

    events: Floats
    days: Floats | None = None
    last_well: Floats | None = None

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
        days, well = (None if x is None else x[rows] for x in (self.days, self.last_well))
        return Outcome(self.events[rows], days, well)


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
    curves : ndarray of int, shape (n_columns,)
        Number of the curve that a column helps to describe, −1 for a column of its own.
    """

    encoding: Encoding
    imputation: GaussianImputation
    X: Floats
    complete: Floats
    means: Floats
    scale: Floats
    curves: NDArray[np.intp]

    @property
    def standardised(self) -> Floats:
        """`complete` with mean 0 and standard deviation 1 in each column."""
        return (self.complete - self.means) / self.scale

    @property
    def straight(self) -> NDArray[np.intp]:
        """Places of the columns that describe no curve."""
        return np.flatnonzero(self.curves < 0)


def prepare(
    values: Values,
    variables: Sequence[Variable],
    rows: NDArray[np.intp],
    *,
    cuts: Cuts | None = None,
    bent: bool = False,
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
    bent : bool
        Whether each number also gets the columns of a curve.

    Returns
    -------
    Prepared
        The training rows, encoded.
    """
    training = {variable.id: values[variable.id][rows] for variable in variables}
    bends = bends_of(training, variables, cuts or {}) if bent else {}
    encoding = Encoding.fit(training, variables, _merged(cuts or {}, bends))
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
        _curves(encoding, bends),
    )


def _merged(cuts: Cuts, bends: Cuts) -> Cuts:
    """Put the cuts of both in order."""
    names = [*cuts, *(name for name in bends if name not in cuts)]
    return {name: tuple(sorted((*cuts.get(name, ()), *bends.get(name, ())))) for name in names}


def _curves(encoding: Encoding, bends: Cuts) -> NDArray[np.intp]:
    """Give each curve the place of its variable as its number."""
    owner = encoding.owner()
    bending = [c.cut is not None and c.cut in bends.get(c.variable, ()) for c in encoding.columns]
    return np.where(np.array(bending, dtype=np.bool_), owner, -1)
