"""From a tuned learner to a model that can be kept: interval, training support, remainder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from predictor.boosted import Boosted
from predictor.linear import Linear
from predictor.model import Model
from predictor.uncertainty import Uncertainty, rounded_support
from training.baseline_hazard import Seen, log_hazard_variance
from training.fitting import Outcome, Prepared, refit_trees, round_steps
from training.tuning import Fitted

Floats = NDArray[np.float64]


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
        the remainder of the interval (see `_remainder`). Without it, where the learner has no
        signal and where it was told of published effects, the interval speaks of the learner's own
        errors only.

    Returns
    -------
    Model
        Ready for a bundle.
    """
    prepared, learner = fitted.prepared, fitted.fitted.learner
    boosted = isinstance(learner, Boosted)
    refits = None
    if boosted:
        refits = refit_trees(
            fitted.setting,
            prepared,
            prepared.known(outcome),
            n_refits=n_refits,
            rng=rng,
            likelihood=fitted.learner.likelihood,
        )
    raw = learner.margin(prepared.X if boosted else prepared.complete)
    whole = fitted.margin(prepared.X)
    low, high = rounded_support(prepared.X, round_steps(prepared.scale / 3))
    knows_more = bool(fitted.learner.published)  # than the reference, which cannot judge it
    judged = reference is not None and not (knows_more or fitted.calibration.no_signal)
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
            margin_sd=float(whole.std()),
            support_low=low,
            support_high=high,
            missing_variance=_missing_variance(prepared, learner),
        ),
        imputation=None if boosted else prepared.imputation,
        refits=refits,
        baseline=fitted.baseline,
        hazard_variance=_hazard_variance(fitted, outcome),
        trial=prepared.trial,
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
    if reference is None or fitted.learner.doubts_its_prior or reference.calibration.no_signal:
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


def _centred_covariance(fitted: Fitted, centre: float) -> Floats:
    """Move the calibration's covariance to an intercept at the mean margin."""
    move = np.array([[1.0, centre], [0.0, 1.0]])
    return np.asarray(move @ fitted.calibration.covariance @ move.T)


def _missing_variance(prepared: Prepared, learner: object) -> Floats:
    """Give the variance of each variable's contribution over those who answered it (trees)."""
    if not isinstance(learner, Boosted):
        return np.empty(0)
    contributions = prepared.encoding.by_variable(learner.contributions(prepared.X))
    missing = prepared.encoding.by_variable(np.isnan(prepared.X).astype(np.float64)) > 0
    answered = np.where(missing, np.nan, contributions)
    return np.asarray(np.nanvar(answered, axis=0))


def _hazard_variance(fitted: Fitted, outcome: Outcome) -> Floats | None:
    """Give the variance of the log cumulative baseline hazard by day."""
    if outcome.days is None or fitted.baseline is None:
        return None
    seen = Seen(outcome.days, outcome.relapsed, outcome.last_well)
    return log_hazard_variance(seen, fitted.calibrated_margins, fitted.baseline)
