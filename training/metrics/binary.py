"""Measures of a predicted probability against an outcome that happened or did not.

Every function takes outcomes ``y`` (1 = the outcome happened, 0 = it did not) and then
probabilities ``p`` of the outcome. Calibration is computed in `training.metrics.calibration` and
offered here too. How sure the numbers are is said by `training.metrics.intervals`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from predictor.errors import InvalidInputError
from training.metrics import FloatArray, MeasureUndefinedError
from training.metrics.accepted import checked, checked_outcome, require_both_outcomes
from training.metrics.calibration import (
    CalibrationCurve,
    CalibrationErrors,
    CalibrationLine,
    calibration_curve,
    calibration_errors,
    calibration_groups,
    calibration_line,
    ici,
)

__all__ = [
    "CalibrationCurve",
    "CalibrationErrors",
    "CalibrationLine",
    "auprc",
    "auroc",
    "brier",
    "calibration_curve",
    "calibration_errors",
    "calibration_groups",
    "calibration_line",
    "ici",
    "log_loss",
    "log_losses",
    "net_benefit",
    "scaled_brier",
    "treat_all",
]


def auroc(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Area under the ROC curve: chance that a case is ranked above a non-case.

    It says nothing about calibration. Ties count one half; n log n by ranks.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, in [0, 1].

    Returns
    -------
    float
        In [0, 1]; 0.5 is chance, higher is better.

    Raises
    ------
    MeasureUndefinedError
        If only one outcome occurs.

    References
    ----------
    Hanley JA, McNeil BJ. Radiology 1982;143:29-36.

    Examples
    --------
    >>> auroc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    outcome, probability = checked(y, p)
    require_both_outcomes("AUROC", outcome)
    cases = outcome.sum()
    rank_sum = rankdata(probability)[outcome == 1].sum()
    return float((rank_sum - cases * (cases + 1) / 2) / (cases * (outcome.size - cases)))


def auprc(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Average precision: area under the precision-recall curve, without interpolation.

    Chance level is the prevalence, so values from different cohorts do not compare.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, in [0, 1].

    Returns
    -------
    float
        In (0, 1]; higher is better.

    Raises
    ------
    MeasureUndefinedError
        If only one outcome occurs.

    References
    ----------
    Davis J, Goadrich M. ICML 2006:233-240.
    """
    outcome, probability = checked(y, p)
    require_both_outcomes("AUPRC", outcome)
    order = np.argsort(-probability, kind="stable")
    last_of_tie = np.append(np.flatnonzero(np.diff(probability[order])), outcome.size - 1)
    hits = np.cumsum(outcome[order])[last_of_tie]
    precision = hits / (last_of_tie + 1)
    return float(np.sum(np.diff(hits, prepend=0.0) * precision) / outcome.sum())


def log_losses(y: npt.ArrayLike, p: npt.ArrayLike) -> FloatArray:
    """Negative log-likelihood of each person's outcome, in nats.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, in [0, 1].

    Returns
    -------
    ndarray of shape (n,)
        One loss per person; lower is better.

    Raises
    ------
    MeasureUndefinedError
        If an outcome happened that was predicted to be impossible: its loss is infinite.
    """
    outcome, probability = checked(y, p)
    given = np.where(outcome == 1, probability, 1 - probability)
    if np.any(given == 0):
        raise MeasureUndefinedError(
            "log-loss", f"{np.sum(given == 0)} people had an outcome predicted to be impossible"
        )
    # log1p keeps the digits of a probability near 0 in people without the outcome
    losses: FloatArray = -np.where(
        outcome == 1, np.log(given), np.log1p(-probability * (1 - outcome))
    )
    return losses


def log_loss(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Mean negative log-likelihood, in nats: a proper score of the whole probability.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, in [0, 1].

    Returns
    -------
    float
        At least 0; lower is better; ln 2 = 0.693 for saying 0.5 to everybody.

    Raises
    ------
    MeasureUndefinedError
        If an outcome happened that was predicted to be impossible.

    References
    ----------
    Good IJ. J R Stat Soc B 1952;14:107-114.
    """
    return float(log_losses(y, p).mean())


def brier(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Mean squared difference of outcome and probability: a proper score.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, in [0, 1].

    Returns
    -------
    float
        In [0, 1]; lower is better; 0.25 for saying 0.5 to everybody.

    References
    ----------
    Brier GW. Mon Weather Rev 1950;78:1-3.
    """
    outcome, probability = checked(y, p)
    return float(np.mean((outcome - probability) ** 2))


def scaled_brier(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Share of the Brier score of the prevalence that the predictions take away (IPA).

    The prevalence is that of the same people, so a model cannot be credited with knowing it.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, in [0, 1].

    Returns
    -------
    float
        At most 1; higher is better; 0 for saying the prevalence to everybody, below 0 if worse.

    Raises
    ------
    MeasureUndefinedError
        If only one outcome occurs: the prevalence then errs nowhere.

    References
    ----------
    Kattan MW, Gerds TA. Diagn Progn Res 2018;2:7. Steyerberg EW et al. Epidemiology
    2010;21:128-138.
    """
    outcome, probability = checked(y, p)
    require_both_outcomes("scaled Brier score", outcome)
    prevalence = outcome.mean()
    return float(1 - brier(outcome, probability) / (prevalence * (1 - prevalence)))


def net_benefit(y: npt.ArrayLike, p: npt.ArrayLike, *, threshold: float) -> float:
    """Net benefit of treating everybody whose probability reaches the threshold.

    True positives per person, less false positives weighed by the odds of the threshold.
    Treating nobody has net benefit 0. It assumes that the threshold states how harm and
    benefit are weighed.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, in [0, 1].
    threshold : float
        Probability from which one would treat, inside (0, 1).

    Returns
    -------
    float
        At most the prevalence; higher is better; below 0 is worse than treating nobody.

    Raises
    ------
    InvalidInputError
        If the threshold is not inside (0, 1).

    References
    ----------
    Vickers AJ, Elkin EB. Med Decis Making 2006;26:565-574.
    """
    outcome, probability = checked(y, p)
    odds = _odds(threshold)
    treated = probability >= threshold
    return float(np.mean(treated * outcome) - odds * np.mean(treated * (1 - outcome)))


def treat_all(y: npt.ArrayLike, *, threshold: float) -> float:
    """Net benefit of treating everybody: the line a model must beat.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    threshold : float
        Probability from which one would treat, inside (0, 1).

    Returns
    -------
    float
        At most the prevalence; higher is better.

    Raises
    ------
    InvalidInputError
        If the threshold is not inside (0, 1).

    References
    ----------
    Vickers AJ, Elkin EB. Med Decis Making 2006;26:565-574.
    """
    prevalence = float(checked_outcome(y).mean())
    return prevalence - _odds(threshold) * (1 - prevalence)


def _odds(threshold: float) -> float:
    """Harm of one false positive in units of one true positive."""
    if not 0 < threshold < 1:
        raise InvalidInputError(f"threshold {threshold} is refused; it must lie inside (0, 1)")
    return threshold / (1 - threshold)
