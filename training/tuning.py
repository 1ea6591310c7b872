"""Tune by inner cross-validation, calibrate on its out-of-fold margins, add the interval.

The inner folds repeat everything: encoding, imputation and scale are learned anew in each. The
calibration is fitted on margins of the chosen setting, each from a fit that never saw the person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from predictor.boosted import Boosted
from predictor.calibration import Affine, BaselineHazard
from predictor.dictionary import Variable
from predictor.linear import Linear
from predictor.model import Model
from predictor.uncertainty import Uncertainty, rounded_support
from training.calibrating import (
    KNOT_DAYS,
    CalibrationFit,
    fit_affine_relapse,
    fit_affine_response,
    fit_baseline,
)
from training.fitting import (
    Cuts,
    FittedLearner,
    Outcome,
    Prepared,
    Setting,
    Values,
    fit_learner,
    margins_along,
    paths_of,
    prepare,
    refit_trees,
    round_steps,
)
from training.learners import Learner
from training.penalised_cox import cox_partial_loglik
from training.splits import Split

Floats = NDArray[np.float64]

PATIENCE = 3
"""A path is left once this many settings in a row had a loss above the lowest before them."""


@dataclass(frozen=True, slots=True, eq=False)
class InnerFold:
    """One inner split, prepared once for all learners.

    Parameters
    ----------
    prepared : Prepared
        Inner training rows.
    outcome : Outcome
        Theirs.
    X_held_out : ndarray, shape (n_held_out, n_columns)
        Held-out rows in the same encoding.
    held_out : ndarray of int
        Places of the held-out rows among the training rows.
    """

    prepared: Prepared
    outcome: Outcome
    X_held_out: Floats
    held_out: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A tuned and calibrated learner.

    Parameters
    ----------
    learner : Learner
        Line of the table.
    setting : Setting
        What was chosen.
    fitted : FittedLearner
        On all training rows.
    prepared : Prepared
        Those rows.
    calibration : CalibrationFit
        Fitted on out-of-fold margins.
    baseline : BaselineHazard or None
        Relapse only.
    calibrated_margins : ndarray, shape (n,)
        Calibrated out-of-fold margins of the training rows.
    """

    learner: Learner
    setting: Setting
    fitted: FittedLearner
    prepared: Prepared
    calibration: CalibrationFit
    baseline: BaselineHazard | None
    calibrated_margins: Floats

    def margin(self, X: Floats) -> Floats:
        """Give calibrated margins of encoded rows.

        Parameters
        ----------
        X : ndarray, shape (n, n_columns)
            Encoded by ``prepared.encoding``, NaN where missing.

        Returns
        -------
        ndarray, shape (n,)
            Calibrated margins.
        """
        linear = not isinstance(self.fitted.learner, Boosted)
        read = self.prepared.imputation.fill(X) if linear else X
        return self.calibration.affine.apply(self.fitted.learner.margin(read))


def inner_folds(
    values: Values,
    variables: Sequence[Variable],
    rows: NDArray[np.intp],
    outcome: Outcome,
    splits: Sequence[Split],
    *,
    cuts: Cuts | None = None,
) -> list[InnerFold]:
    """Prepare the inner splits of one training set.

    Parameters
    ----------
    values, variables, cuts : object
        As for `prepare`.
    rows : ndarray of int
        Places of the training rows.
    outcome : Outcome
        Of the training rows.
    splits : sequence of Split
        Of these rows, places counted among them.

    Returns
    -------
    list of InnerFold
        One for each split.
    """
    folds = []
    for split in splits:
        prepared = prepare(values, variables, rows[split.train], cuts=cuts)
        X = prepared.encoding.transform({v.id: values[v.id][rows[split.test]] for v in variables})
        folds.append(InnerFold(prepared, outcome.take(split.train), X, split.test))
    return folds


def tune_and_fit(
    learner: Learner, prepared: Prepared, outcome: Outcome, folds: Sequence[InnerFold]
) -> Fitted:
    """Choose the setting, fit it on all training rows and calibrate it.

    Parameters
    ----------
    learner : Learner
        Line of the table.
    prepared : Prepared
        All training rows.
    outcome : Outcome
        Theirs.
    folds : sequence of InnerFold
        Inner splits of the same rows.

    Returns
    -------
    Fitted
        Where no margin ranks people, its calibration says ``no_signal``.
    """
    setting, out_of_fold = _tuned(learner, prepared, outcome, folds)
    calibration = _calibrate(learner, out_of_fold, outcome)
    calibrated = calibration.affine.apply(out_of_fold)
    baseline = None
    if outcome.days is not None:
        baseline = fit_baseline(outcome.days, outcome.events, calibrated)
    fitted = fit_learner(learner, setting, prepared, outcome)
    return Fitted(learner, setting, fitted, prepared, calibration, baseline, calibrated)


def _tuned(
    learner: Learner, prepared: Prepared, outcome: Outcome, folds: Sequence[InnerFold]
) -> tuple[Setting, Floats]:
    """Choose the setting of the lowest loss, and give its out-of-fold margins.

    All folds walk a path together; the walk ends once the loss has been above the lowest of the
    path `PATIENCE` times in a row.
    """
    lowest, chosen, margins = np.inf, Setting(), np.full(len(outcome.events), np.nan)
    held_out = [outcome.take(fold.held_out) for fold in folds]
    for path in paths_of(learner, prepared, outcome):
        walks = [
            margins_along(learner, path, fold.prepared, fold.outcome, fold.X_held_out)
            for fold in folds
        ]
        here, worse = np.inf, 0
        for setting, found in zip(path, zip(*walks, strict=True), strict=True):
            loss = sum(_loss(*pair) for pair in zip(held_out, found, strict=True))
            if loss < lowest:
                lowest, chosen, margins = loss, setting, _placed(folds, found, margins.size)
            here, worse = (loss, 0) if loss < here else (here, worse + 1)
            if worse == PATIENCE:
                break
    return chosen, margins


def _placed(folds: Sequence[InnerFold], found: Sequence[Floats], n: int) -> Floats:
    """Put held-out margins of all folds in the order of people."""
    margins = np.full(n, np.nan)
    for fold, margin in zip(folds, found, strict=True):
        margins[fold.held_out] = margin
    return margins


def freeze(
    fitted: Fitted,
    outcome: Outcome,
    *,
    n_refits: int,
    rng: np.random.Generator,
    reference: Fitted | None = None,
) -> Model:
    """Add interval and training support to a fitted learner.

    Parameters
    ----------
    fitted : Fitted
        Tuned and calibrated on all training rows.
    outcome : Outcome
        Theirs.
    n_refits : int
        Bootstrap refits of trees.
    rng : numpy.random.Generator
        Draws the resamples.
    reference : Fitted or None
        The ridge on all candidate variables, fitted to the same people. Its posterior (a ridge is
        a normal prior of the coefficients) tells how far the truth may lie from another learner:
        a linear learner of the same columns takes over its covariance, and what else is left is
        the remainder of the interval (see `_remainder`). Without it, and where the learner has
        no signal, the interval speaks of the learner's own errors only.

    Returns
    -------
    Model
        Ready for a bundle.
    """
    prepared, learner = fitted.prepared, fitted.fitted.learner
    boosted = isinstance(learner, Boosted)
    refits = None
    if boosted:
        refits = refit_trees(fitted.setting, prepared, outcome, n_refits=n_refits, rng=rng)
    raw = learner.margin(prepared.X if boosted else prepared.complete)
    low, high = rounded_support(prepared.X, _grid(prepared))
    judged = reference is not None and not fitted.calibration.no_signal
    model = Model(
        task="response" if outcome.days is None else "relapse",
        family=fitted.learner.name,
        encoding=prepared.encoding,
        learner=learner,
        calibration=fitted.calibration.affine,
        uncertainty=Uncertainty(
            covariance=_covariance(fitted, reference if judged else None),
            means=prepared.means,
            calibration_covariance=_centred_covariance(fitted, float(raw.mean())),
            margin_mean=float(raw.mean()),
            margin_sd=float(fitted.calibration.affine.apply(raw).std()),
            support_low=low,
            support_high=high,
            missing_variance=_missing_variance(prepared, learner),
        ),
        imputation=None if boosted else prepared.imputation,
        refits=refits,
        baseline=fitted.baseline,
        hazard_variance=_hazard_variance(fitted, outcome),
    )
    if reference is None or not judged:
        return model
    judge = freeze(reference, outcome, n_refits=0, rng=rng)
    left = replace(model.uncertainty, remainder=_remainder(model, fitted, judge, reference))
    return replace(model, uncertainty=left)


def _covariance(fitted: Fitted, reference: Fitted | None) -> Floats:
    """Choose the covariance of a linear learner: the reference's where it reads the same columns.

    The Laplace covariance of an l1 penalty is too wide where cross-validation tunes the penalty for
    prediction; the reference's, if it saw a signal, is brought to the learner's calibrated scale.
    """
    own = fitted.fitted.covariance
    averaged = fitted.learner.kind == "averaged"  # its own posterior already doubts the penalty
    if reference is None or averaged or reference.calibration.no_signal:
        return own
    if fitted.prepared is not reference.prepared or not own.size:
        return own
    slopes = [each.calibration.affine.slope for each in (reference, fitted)]
    return np.asarray(reference.fitted.covariance * (slopes[0] / slopes[1]) ** 2)


def _remainder(model: Model, fitted: Fitted, judge: Model, reference: Fitted) -> float:
    """Give the variance of the margin that a learner leaves out, judged by the reference.

    With f the true margin, m the learner's, r the reference's and V its posterior variance (what
    missing answers leave open included), the posterior mean of (f − m)² is (r − m)² + V. A learner
    that reads everything owes the mean of that over the training rows, r and m out of fold, less
    what its own interval already holds. A learner that reads few variables owes the variance of
    what their columns do not explain of r, and of V in the same directions: of those it reads,
    its own covariance speaks.
    """
    columns = judge.encoding.columns
    if not fitted.learner.declared_only:
        apart = float(np.var(reference.calibrated_margins - fitted.calibrated_margins))
        owed = apart + float(judge.variance(reference.prepared.X).mean())
        return max(0.0, owed - float(model.variance(fitted.prepared.X).mean()))
    read = np.isin([c.variable for c in columns], [c.variable for c in model.encoding.columns])
    if read.all() or judge.imputation is None or not isinstance(judge.learner, Linear):
        return 0.0
    centred = reference.prepared.complete - reference.prepared.means
    seen = np.column_stack([np.ones(len(centred)), centred[:, read]])
    unread = centred - seen @ np.linalg.lstsq(seen, centred, rcond=None)[0]
    coefficients = judge.learner.coefficients
    doubt = judge.uncertainty.covariance[1:, 1:]
    posterior = unread @ doubt
    open_there = judge.imputation.spread(
        reference.prepared.X,
        np.where(read, 0.0, coefficients),
        np.where(np.logical_or.outer(read, read), 0.0, doubt),
    )
    parts = (unread @ coefficients).var() + (posterior * unread).sum(axis=1).mean()
    return float(judge.calibration.slope**2 * (parts + open_there.mean()))


def _loss(outcome: Outcome, margin: Floats) -> float:
    """Give the tuning loss of held-out people: log-loss, or minus the partial log-likelihood."""
    if outcome.days is None:
        return float(np.sum(np.logaddexp(0.0, margin) - outcome.events * margin))
    if not outcome.events.any():
        return 0.0
    return -cox_partial_loglik(outcome.days, outcome.events, margin)


def _calibrate(learner: Learner, out_of_fold: Floats, outcome: Outcome) -> CalibrationFit:
    """Fit the affine calibration; an unpenalised fit keeps the line it has by definition.

    What such a fit is worth then shows in its own figures: an average of folds with and without
    a signal would be neither the trial report's model nor an honest one.
    """
    if outcome.days is None:
        fit = fit_affine_response(out_of_fold, outcome.events)
    else:
        fit = fit_affine_relapse(out_of_fold, outcome.days, outcome.events)
    if learner.declared_only:
        return replace(fit, affine=Affine(0.0, 1.0), covariance=np.zeros((2, 2)), no_signal=False)
    return fit


def _centred_covariance(fitted: Fitted, centre: float) -> Floats:
    """Move the calibration's covariance to an intercept at the mean margin."""
    move = np.array([[1.0, centre], [0.0, 1.0]])
    return np.asarray(move @ fitted.calibration.covariance @ move.T)


def _grid(prepared: Prepared) -> Floats:
    """Choose the grid for the ends of the training range: about a third of an SD, as 1, 2 or 5."""
    return round_steps(prepared.scale / 3)


def _missing_variance(prepared: Prepared, learner: object) -> Floats:
    """Give the variance of each variable's contribution over those who answered it (trees)."""
    if not isinstance(learner, Boosted):
        return np.empty(0)
    contributions = prepared.encoding.by_variable(learner.contributions(prepared.X))
    missing = prepared.encoding.by_variable(np.isnan(prepared.X).astype(np.float64)) > 0
    answered = np.where(missing, np.nan, contributions)
    return np.asarray(np.nanvar(answered, axis=0))


def _hazard_variance(fitted: Fitted, outcome: Outcome) -> Floats | None:
    """Give the variance of the log cumulative baseline hazard by day (Tsiatis 1981), at the knots.

    Sum of events over the squared sum of hazard ratios at risk, divided by the squared hazard;
    before the first event the value of the first knot with an event stands.
    """
    if outcome.days is None or fitted.baseline is None:
        return None
    order = np.argsort(outcome.days, kind="stable")
    days, events = outcome.days[order], outcome.events[order]
    at_risk = np.cumsum(np.exp(fitted.calibrated_margins[order])[::-1])[::-1]
    first = np.searchsorted(days, days)  # everybody with the same day is at risk together
    increments = np.cumsum(events / at_risk[first] ** 2)
    knots = np.array(KNOT_DAYS, dtype=np.float64)
    upto = np.searchsorted(days, knots, side="right") - 1
    variance = np.where(upto >= 0, increments[np.maximum(upto, 0)], 0.0)
    hazard = fitted.baseline.cumulative_at(np.minimum(knots, fitted.baseline.horizon_days))
    relative = np.divide(variance, hazard**2, out=np.full(knots.size, np.nan), where=variance > 0)
    seen = np.flatnonzero(np.isfinite(relative))
    grid = np.arange(fitted.baseline.cumulative.size, dtype=np.float64)
    return np.asarray(np.interp(grid, knots[seen], relative[seen]))
