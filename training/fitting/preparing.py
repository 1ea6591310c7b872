"""Training rows ready for a learner; nothing but these rows is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Variable
from predictor.encoding import Encoding
from predictor.imputation import GaussianImputation
from predictor.trial_terms import TrialTerms
from training.fitting.bends import Cuts, bends_of
from training.fitting.trial_part import trial_terms
from training.published_effects import Effects

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
    offset : ndarray, shape (n,) or None
        Relapse: part of each margin that trials know and nothing here fits.
    competing : ndarray, shape (n,) or None
        Relapse: 1 where `days` ends in a competing event, else 0; None where the definition has
        none. Such people have no event: every fit takes them for censored, so that its hazard is
        cause-specific.
    unconfirmed : ndarray, shape (n,) or None
        Relapse: chance that who has no event had relapsed by `days`, because the last reading was
        a relapse that nothing later confirmed or refuted; 0 for others. Read on visit intervals
        alone; None where nothing of the kind is known.
    """

    events: Floats
    days: Floats | None = None
    last_well: Floats | None = None
    offset: Floats | None = None
    competing: Floats | None = None
    unconfirmed: Floats | None = None

    @property
    def relapsed(self) -> Floats:
        """Chance that each person had relapsed by `days`, as visit intervals count it."""
        return self.events if self.unconfirmed is None else self.events + self.unconfirmed

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
        parts = (self.days, self.last_well, self.offset, self.competing, self.unconfirmed)
        return Outcome(self.events[rows], *(None if x is None else x[rows] for x in parts))

    def added_to(self, margin: Floats) -> Floats:
        """Add the known part to margins that were fitted beside it.

        Parameters
        ----------
        margin : ndarray, shape (n,)
            Of the same people.

        Returns
        -------
        ndarray, shape (n,)
            The whole margins.
        """
        return margin if self.offset is None else margin + self.offset


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
    given : tuple of str
        Variables whose effects are those of trials; no learner reads their columns.
    trial : TrialTerms or None
        Those effects on these columns; None where there are none.
    """

    encoding: Encoding
    imputation: GaussianImputation
    X: Floats
    complete: Floats
    means: Floats
    scale: Floats
    curves: NDArray[np.intp]
    given: tuple[str, ...] = ()
    trial: TrialTerms | None = None

    @property
    def standardised(self) -> Floats:
        """`complete` with mean 0 and standard deviation 1 in each column."""
        return (self.complete - self.means) / self.scale

    @property
    def read(self) -> NDArray[np.bool_]:
        """Which columns a learner may read."""
        return np.array([c.variable not in self.given for c in self.encoding.columns], dtype=bool)

    @property
    def straight(self) -> NDArray[np.intp]:
        """Places of the columns that a learner may read and that describe no curve."""
        return np.flatnonzero((self.curves < 0) & self.read)

    def known(self, outcome: Outcome) -> Outcome:
        """Give an outcome the part of its margins that trials know.

        Parameters
        ----------
        outcome : Outcome
            Of the training rows.

        Returns
        -------
        Outcome
            With its offset; the same where no trial says anything.
        """
        return outcome if self.trial is None else replace(outcome, offset=self.trial.margin(self.X))


def prepare(
    values: Values,
    variables: Sequence[Variable],
    rows: NDArray[np.intp],
    *,
    cuts: Cuts | None = None,
    bent: bool = False,
    given: Effects = (),
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
    given : tuple of PublishedEffect
        Effects of trials, which are not fitted; no learner reads any column of their variables.

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
        tuple(dict.fromkeys(effect.variable for effect in given)),
        trial_terms(given, encoding, X, complete.mean(axis=0)),
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
