"""Tune by inner cross-validation, calibrate on its out-of-fold margins, add the interval.

The inner folds repeat everything: encoding, imputation and scale are learned anew in each. The
calibration is fitted on margins of the chosen setting, each from a fit that never saw the person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from predictor.boosted import Boosted
from predictor.calibration import Affine, BaselineHazard
from predictor.dictionary import Variable
from training.baseline_hazard import fit_baseline
from training.calibrating import (
    CalibrationFit,
    fit_affine_relapse,
    fit_affine_response,
    kept_line,
)
from training.fitting import (
    BLEND_WEIGHTS,
    FittedLearner,
    Outcome,
    Path,
    Prepared,
    Setting,
    Values,
    blend_weight,
    fit_learner,
    intervals_of,
    margins_along,
    paths_of,
    prepare,
    refuse_unseen,
    tuning_loss,
)
from training.learners import Learner
from training.splits import Split
from training.trials import search

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
        margin = self.calibration.affine.apply(self.fitted.learner.margin(read))
        trial = self.prepared.trial
        return margin if trial is None else margin + trial.margin(X)


class _Walked(NamedTuple):
    """The best setting of one path: its loss, and its margins of all held-out people."""

    loss: float
    setting: Setting
    margins: Floats


def inner_folds(
    values: Values,
    variables: Sequence[Variable],
    rows: NDArray[np.intp],
    outcome: Outcome,
    splits: Sequence[Split],
    **how: Any,
) -> list[InnerFold]:
    """Prepare the inner splits of one training set.

    Parameters
    ----------
    values, variables : object
        As for `prepare`.
    rows, outcome : ndarray of int, Outcome
        Places of the training rows, and what happened to them.
    splits : sequence of Split
        Of these rows, places counted among them.
    **how : object
        ``cuts``, ``bent`` and ``given``, as for `prepare`.

    Returns
    -------
    list of InnerFold
        One for each split.
    """
    folds = []
    for split in splits:
        prepared = prepare(values, variables, rows[split.train], **how)
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

    Raises
    ------
    InvalidInputError
        If the learner needs visit intervals and none are known.
    """
    refuse_unseen(learner, outcome)
    tuned = _tuned_blend if learner.kind == "blended" else _tuned
    setting, out_of_fold = tuned(learner, prepared, outcome, folds)
    calibration = _calibrate(learner, out_of_fold, outcome)
    calibrated = outcome.added_to(calibration.affine.apply(out_of_fold))
    baseline = None
    if outcome.days is not None:
        baseline = fit_baseline(
            outcome.days, outcome.relapsed, calibrated, last_well=outcome.last_well
        )
    fitted = fit_learner(learner, setting, prepared, outcome)
    return Fitted(learner, setting, fitted, prepared, calibration, baseline, calibrated)


def _tuned(
    learner: Learner, prepared: Prepared, outcome: Outcome, folds: Sequence[InnerFold]
) -> tuple[Setting, Floats]:
    """Choose the setting of the lowest loss, and give its out-of-fold margins."""
    walked: list[_Walked] = []

    def loss_of(path: Path) -> float:
        walked.append(_walk(learner, path, outcome, folds))
        return walked[-1].loss

    fixed = paths_of(learner, prepared, outcome)
    if learner.trials:
        search(loss_of, first=fixed, n_trials=learner.trials, seed=learner.trial_seed)
    else:
        for path in fixed:
            loss_of(path)
    best = min(walked, key=lambda one: one.loss)
    return best.setting, best.margins


def _walk(learner: Learner, path: Path, outcome: Outcome, folds: Sequence[InnerFold]) -> _Walked:
    """Let all folds walk a path together, and take its setting of the lowest loss.

    The walk ends once the loss has been above the lowest of the path `PATIENCE` times in a row.
    """
    best, worse = _Walked(np.inf, Setting(), np.full(len(outcome.events), np.nan)), 0
    held_out = [outcome.take(fold.held_out) for fold in folds]
    walks = [
        margins_along(learner, path, fold.prepared, fold.outcome, fold.X_held_out) for fold in folds
    ]
    for setting, found in zip(path, zip(*walks, strict=True), strict=True):
        loss = sum(
            tuning_loss(*pair, learner.likelihood) for pair in zip(held_out, found, strict=True)
        )
        if loss < best.loss:
            best, worse = _Walked(loss, setting, _placed(folds, found, len(outcome.events))), 0
        else:
            worse += 1
        if worse == PATIENCE:
            break
    return best


def _tuned_blend(
    learner: Learner, prepared: Prepared, outcome: Outcome, folds: Sequence[InnerFold]
) -> tuple[Setting, Floats]:
    """Tune the trees, weigh them against the linear part, and give the blend's margins."""
    plain, linear = _tuned(replace(learner, kind="averaged", trials=0), prepared, outcome, folds)
    if not all(each.read.any() for each in (prepared, *(f.prepared for f in folds))):
        return plain, linear  # nothing for trees to ask about
    setting, trees = _tuned(learner, prepared, outcome, folds)
    apart = trees - linear
    weight = blend_weight([tuning_loss(outcome, linear + w * apart) for w in BLEND_WEIGHTS])
    return replace(setting, weight=weight), linear + weight * apart


def _placed(folds: Sequence[InnerFold], found: Sequence[Floats], n: int) -> Floats:
    """Put held-out margins of all folds in the order of people."""
    margins = np.full(n, np.nan)
    for fold, margin in zip(folds, found, strict=True):
        margins[fold.held_out] = margin
    return margins


def _calibrate(learner: Learner, out_of_fold: Floats, outcome: Outcome) -> CalibrationFit:
    """Fit the affine calibration; an unpenalised fit keeps the line it has by definition.

    What such a fit is worth then shows in its own figures: an average of folds with and without
    a signal would be neither the trial report's model nor an honest one.
    """
    seen = intervals_of(outcome) if learner.likelihood == "interval" else None
    if outcome.days is None:
        fit = fit_affine_response(out_of_fold, outcome.events)
    else:
        fit = fit_affine_relapse(
            out_of_fold, outcome.days, outcome.events, offset=outcome.offset, intervals=seen
        )
    if learner.declared_only:
        return replace(fit, affine=Affine(0.0, 1.0), covariance=np.zeros((2, 2)), no_signal=False)
    if learner.doubts_its_prior:
        return kept_line(
            fit,
            out_of_fold,
            outcome.events,
            outcome.days,
            offset=outcome.offset,
            intervals=seen,
        )
    return fit
