"""One frozen model: encoding, learner, calibration and uncertainty, and what it says of rows.

Whatever the learner, the margin is a base plus contributions, and the calibration is affine, so
that the calibrated contributions add up to the very margin whose link is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from predictor.blended import Blended
from predictor.boosted import Boosted, BoostedEnsemble
from predictor.calibration import Affine, BaselineHazard, logistic
from predictor.conformal import ConformalTable
from predictor.curve import Curve
from predictor.dotted import part_of, under
from predictor.encoding import Encoding
from predictor.imputation import GaussianImputation
from predictor.linear import Linear
from predictor.support import JointSupport
from predictor.trial_terms import TrialTerms
from predictor.uncertainty import WIDER_PER_VARIABLE, Z_LEVEL, Uncertainty

Floats = NDArray[np.float64]
Task = Literal["response", "relapse"]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a model says of n rows, as arrays.

    Parameters
    ----------
    margin : ndarray, shape (n,)
        Calibrated margin: log-odds of response or log-hazard of relapse.
    base : float
        Mean calibrated margin of the training rows' reference; margin = base + contributions.
    contributions : ndarray, shape (n, n_variables)
        Contribution of each variable to the calibrated margin.
    sd : ndarray, shape (n,)
        Standard deviation of the margin's error, all sources together.
    answered : ndarray of bool, shape (n, n_variables)
        Which variables the row answers.
    outside : ndarray of bool, shape (n, n_variables)
        Which answers lie outside the training support, each by itself.
    unusual : ndarray of int, shape (n, 2)
        The two variables whose answers go together least, where those in range are an unusual
        combination; or the one that fits the others least, and -1; else -1 twice.
    assumed : ndarray, shape (n, n_columns)
        Encoded rows with what a linear learner assumed for missing values; NaN where trees
        went their own path.
    narrowing : ndarray, shape (n, n_variables)
        Variance of the margin that an answer would remove; 0 where answered.
    """

    margin: Floats
    base: float
    contributions: Floats
    sd: Floats
    answered: NDArray[np.bool_]
    outside: NDArray[np.bool_]
    unusual: NDArray[np.intp]
    assumed: Floats
    narrowing: Floats


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model.

    Parameters
    ----------
    task : str
        ``response`` (logistic link) or ``relapse`` (baseline hazard).
    family : str
        Name of the learner in the table of learners, such as ``ridge``.
    encoding : Encoding
        Rows to X.
    learner : Linear, Boosted or Blended
        Uncalibrated margin and contributions.
    calibration : Affine
        Intercept and slope, fitted on out-of-fold margins.
    uncertainty : Uncertainty
        Interval and training support.
    imputation : GaussianImputation or None
        What a linear learner assumes for missing values; None for trees.
    refits : BoostedEnsemble or None
        Bootstrap refits of trees; None for linear learners.
    baseline : BaselineHazard or None
        For relapse: cumulative hazard at margin 0 on days 0 to 180.
    hazard_variance : ndarray, shape (181,) or (0,)
        For relapse: variance of the log cumulative baseline hazard by day.
    joint : JointSupport or None
        Which combinations of answers are unusual; None in bundles written before it was kept.
    conformal : ConformalTable or None
        For response, where a run asked for it: which outcomes cannot be ruled out.
    trial : TrialTerms or None
        For relapse: effects of trials, added after the calibration; the learner does not read
        their columns.
    """

    task: Task
    family: str
    encoding: Encoding
    learner: Linear | Boosted | Blended
    calibration: Affine
    uncertainty: Uncertainty
    imputation: GaussianImputation | None = None
    refits: BoostedEnsemble | None = None
    baseline: BaselineHazard | None = None
    hazard_variance: Floats | None = None
    joint: JointSupport | None = None
    conformal: ConformalTable | None = None
    trial: TrialTerms | None = None

    @property
    def base(self) -> float:
        """Calibrated margin from which contributions count."""
        return float(self.calibration.apply(self.learner.base))

    @property
    def trial_coefficients(self) -> Floats:
        """What trials add to the margin per unit of each column; 0 where they say nothing."""
        n = len(self.encoding.columns)
        return np.zeros(n) if self.trial is None else self.trial.coefficients

    @property
    def linear(self) -> Linear | None:
        """The linear learner, or the linear part of a blend; None for trees alone.

        A blend's trees read the same completed answers, and what those leave open is taken from
        the linear part at full weight.
        """
        if isinstance(self.learner, Blended):
            return self.learner.linear
        return self.learner if isinstance(self.learner, Linear) else None

    def assess(self, values: Mapping[str, Floats]) -> Assessment:
        """Say margin, contributions and error of each row.

        Parameters
        ----------
        values : mapping of str to ndarray, shape (n,)
            Coded answers of each variable, NaN where missing.

        Returns
        -------
        Assessment
            One entry for each row.
        """
        X = self.encoding.transform(values)
        complete = X if self.imputation is None else self.imputation.fill(X)
        slope = self.calibration.slope
        raw = self.encoding.by_variable(self.learner.contributions(complete))
        contributions = slope * raw + self._by_trial(X)
        margin = self.base + contributions.sum(axis=1)
        missing = np.isnan(X)
        narrowing = slope**2 * self._narrowing(X, missing) + self._trial_open(X)
        outside = self._outside(values, X)
        unusual = self._unusual(X, outside)
        odd = outside.sum(axis=1) + (unusual[:, 0] >= 0)
        variance = self._variance(X, complete, self.learner.base + raw.sum(axis=1))
        return Assessment(
            margin=margin,
            base=self.base,
            contributions=contributions,
            sd=np.sqrt(variance) * (1 + WIDER_PER_VARIABLE * odd),
            answered=~self._any_column(missing),
            outside=outside,
            unusual=unusual,
            assumed=self._assumed(complete, missing),
            narrowing=narrowing,
        )

    def variance(self, X: Floats) -> Floats:
        """Give the variance of the calibrated margin's error of encoded rows.

        With slope b of the calibration and its variance v: b² · variance of the learner +
        (b² + v) · what unanswered variables leave open + variance of the calibration line +
        remainder + variance of the effects of trials, and what unanswered plans leave open of them.
        Nothing is added here for answers outside the training support.

        Parameters
        ----------
        X : ndarray, shape (n, n_columns)
            Encoded rows, NaN where missing.

        Returns
        -------
        ndarray, shape (n,)
            Squared units of the margin.
        """
        complete = X if self.imputation is None else self.imputation.fill(X)
        return self._variance(X, complete, self.learner.margin(complete))

    def probability(self, margin: Floats, day: float | None = None) -> Floats:
        """Turn calibrated margins into the number shown.

        Parameters
        ----------
        margin : ndarray
            Calibrated margins.
        day : float, optional
            For relapse: days after time zero; the last day of the baseline hazard by default.

        Returns
        -------
        ndarray
            Probability of response, or of relapse by `day`; in [0, 1].
        """
        if self.baseline is None:
            return logistic(margin)
        return self.baseline.risk(margin, self.baseline.horizon_days if day is None else day)

    def curve(self, margin: float, sd: float) -> Curve:
        """Give one person's cumulative risk of relapse by day, with its band.

        Parameters
        ----------
        margin : float
            Calibrated log-hazard.
        sd : float
            Standard deviation of its error.

        Returns
        -------
        Curve
            Days 0 to 180; the band is pointwise, 90 %.

        Raises
        ------
        ValueError
            If the model has no baseline hazard.
        """
        if self.baseline is None or self.hazard_variance is None:
            raise ValueError("a response model has no curve; ask for its probability")
        spread = np.sqrt(sd**2 + self.hazard_variance)
        half = Z_LEVEL * spread
        days = np.arange(self.baseline.cumulative.size, dtype=np.float64)
        lo = np.maximum.accumulate(self.baseline.risk(margin - half, days))
        hi = np.maximum.accumulate(self.baseline.risk(margin + half, days))
        risk = self.baseline.curve(margin)
        return Curve(days, risk, lo, hi, self.baseline.last_supported_day, spread)

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Give every array of the model under dotted names.

        Returns
        -------
        dict of str to ndarray
            Such as ``learner.coefficients``; `from_parts` reads them back.
        """
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        arrays: dict[str, NDArray[np.generic]] = {}
        for part, value in parts.items():
            if hasattr(value, "to_arrays"):
                arrays |= under(part, value.to_arrays())
        if self.hazard_variance is not None:
            arrays["hazard_variance"] = self.hazard_variance
        return arrays

    @classmethod
    def from_parts(
        cls, task: Task, family: str, encoding: Encoding, arrays: Mapping[str, NDArray[np.generic]]
    ) -> Model:
        """Build a model from what a bundle holds.

        Parameters
        ----------
        task, family : str
            As in `Model`.
        encoding : Encoding
            As in `Model`.
        arrays : mapping of str to ndarray
            What `to_arrays` gave.

        Returns
        -------
        Model
            The same model.

        Raises
        ------
        ValueError
            If the arrays do not fit each other or the task.
        """
        part = partial(part_of, arrays)
        _check_hazard(task, arrays)
        learner = _learner_of(arrays)
        return cls(
            task,
            family,
            encoding,
            learner.from_arrays(part("learner")),
            Affine.from_arrays(part("calibration")),
            Uncertainty.from_arrays(part("uncertainty")),
            GaussianImputation.from_arrays(part("imputation")) if part("imputation") else None,
            BoostedEnsemble.from_arrays(part("refits")) if part("refits") else None,
            BaselineHazard.from_arrays(part("baseline")) if part("baseline") else None,
            arrays.get("hazard_variance"),  # type: ignore[arg-type]
            JointSupport.from_arrays(part("joint")) if part("joint") else None,
            ConformalTable.from_arrays(part("conformal")) if part("conformal") else None,
            TrialTerms.from_arrays(part("trial")) if part("trial") else None,
        )

    def _any_column(self, of_columns: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Turn marks of columns into marks of variables."""
        return self.encoding.by_variable(of_columns.astype(np.float64)) > 0

    def _outside(self, values: Mapping[str, Floats], X: Floats) -> NDArray[np.bool_]:
        """Mark answers outside the training support, unseen levels included."""
        beyond = self._any_column(self.uncertainty.outside_support(X))
        return beyond | self.encoding.unseen(values)

    def _unusual(self, X: Floats, outside: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Name what makes a combination unusual, among answers that are in range by themselves."""
        if self.joint is None:
            return np.full((len(X), 2), -1, dtype=np.intp)
        owner = self.encoding.owner()
        return self.joint.unusual(np.where(outside[:, owner], np.nan, X), owner)

    def _variance(self, X: Floats, complete: Floats, raw_margin: Floats) -> Floats:
        """Add up the sources of error of the calibrated margin."""
        known = self.uncertainty
        variance = self.calibration.slope**2 * self._model_variance(complete)
        # the slope is uncertain too, and multiplies what the missing answers leave open
        slope_squared = self.calibration.slope**2 + known.calibration_covariance[1, 1]
        variance += slope_squared * self._open_variance(X, np.isnan(X))
        if self.trial is not None:
            variance += self.trial.variance(X) + self.trial.open_by_term(X).sum(axis=1)
        return variance + known.calibration_variance(raw_margin) + known.remainder

    def _by_trial(self, X: Floats) -> Floats:
        """Give what trials add to each variable's contribution."""
        if self.trial is None:
            return np.zeros((len(X), len(self.encoding.variables)))
        return self.encoding.by_variable(self.trial.contributions(X))

    def _trial_open(self, X: Floats) -> Floats:
        """Give the variance of trial effects that an answer to each variable would remove."""
        variables = np.arange(len(self.encoding.variables))
        if self.trial is None:
            return np.zeros((len(X), variables.size))
        owners = self.trial.owners(self.encoding.owner())
        return np.asarray(self.trial.open_by_term(X) @ np.equal.outer(owners, variables))

    def _assumed(self, complete: Floats, missing: NDArray[np.bool_]) -> Floats:
        """Give what is assumed for missing values: for plans the training people's mix."""
        if self.trial is None:
            return complete
        planned = missing & self.trial.directions.any(axis=1)
        return np.where(planned, self.trial.means, complete)

    def _model_variance(self, complete: Floats) -> Floats:
        """Give the sampling variance of the uncalibrated margin."""
        if self.refits is not None:
            return np.asarray(self.refits.margins(complete).var(axis=1, ddof=1))
        variance = self.uncertainty.laplace_variance(complete)
        if isinstance(self.learner, Blended):
            variance = variance + self.learner.disagreement(complete, levels=self.baseline is None)
        return variance

    def _open_variance(self, X: Floats, missing: NDArray[np.bool_]) -> Floats:
        """Give the variance that missing answers leave on the uncalibrated margin."""
        if self.imputation is not None and self.linear is not None:
            doubt = self.uncertainty.covariance[1:, 1:]
            return self.imputation.spread(X, self.linear.coefficients, doubt)
        return np.asarray(self._any_column(missing) @ self.uncertainty.missing_variance)

    def _narrowing(self, X: Floats, missing: NDArray[np.bool_]) -> Floats:
        """Give the variance of the uncalibrated margin that each answer would remove."""
        if self.imputation is not None and self.linear is not None:
            owner = self.encoding.owner()
            return self.imputation.narrowing(X, self.linear.coefficients, owner)
        return self._any_column(missing) * self.uncertainty.missing_variance


def _learner_of(arrays: Mapping[str, object]) -> type[Linear | Boosted | Blended]:
    """Tell the learner's class by the arrays that it has."""
    if "learner.weight" in arrays:
        return Blended
    return Linear if "learner.coefficients" in arrays else Boosted


def _check_hazard(task: str, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Refuse a task whose hazard is absent, unasked for or without its variance."""
    given = [arrays[name] for name in ("baseline.cumulative", "hazard_variance") if name in arrays]
    if len(given) != {"response": 0, "relapse": 2}[task]:
        raise ValueError("relapse needs a baseline hazard and its variance, response neither")
    if given and given[0].shape != given[1].shape:
        raise ValueError("the baseline hazard and its variance must have the same days")
    if given and not np.isfinite(given[1].astype(np.float64)).all():
        raise ValueError("the variance of the baseline hazard must hold finite numbers")
