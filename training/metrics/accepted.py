"""What the measures accept: shapes and values are checked here, before any formula."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from predictor.errors import InvalidInputError
from training.metrics import FloatArray, MeasureUndefinedError


def checked(y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Give outcomes and probabilities as float64, or refuse them.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,)
        Probabilities of the outcome, in [0, 1].

    Returns
    -------
    tuple of ndarray
        ``y`` and ``p`` as float64 arrays of shape (n,).

    Raises
    ------
    InvalidInputError
        If shapes differ, nobody is given, an outcome is not 0 or 1, or a probability is
        missing or outside [0, 1].
    """
    outcome = checked_outcome(y)
    probability = np.asarray(p, dtype=np.float64)
    if outcome.shape != probability.shape:
        raise InvalidInputError(
            f"outcomes of shape {outcome.shape} and probabilities of shape {probability.shape} "
            "do not match; give two one-dimensional arrays of one length"
        )
    if not np.all((probability >= 0) & (probability <= 1)):
        raise InvalidInputError("probabilities must lie in [0, 1] and none may be missing")
    return outcome, probability


def checked_outcome(y: npt.ArrayLike) -> FloatArray:
    """Give outcomes as float64, or refuse them.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.

    Returns
    -------
    ndarray of shape (n,)
        The outcomes as float64.

    Raises
    ------
    InvalidInputError
        If ``y`` is not one-dimensional, is empty or holds anything but 0 and 1.
    """
    outcome = np.asarray(y, dtype=np.float64)
    if outcome.ndim != 1 or outcome.size == 0:
        raise InvalidInputError(
            f"outcomes of shape {outcome.shape} were given; "
            "a filled one-dimensional array is needed"
        )
    if not np.all((outcome == 0) | (outcome == 1)):
        raise InvalidInputError("outcomes must be 0 or 1; leave out people with none observed")
    return outcome


def require_both_outcomes(measure: str, y: FloatArray) -> None:
    """Stop where everybody had the same outcome.

    Parameters
    ----------
    measure : str
        Name of the measure, for the message.
    y : ndarray of shape (n,)
        Outcomes, 0 or 1.

    Raises
    ------
    MeasureUndefinedError
        If only one of the two outcomes occurs.
    """
    if y.min() == y.max():
        which = "all" if y[0] == 1 else "none"
        raise MeasureUndefinedError(
            measure, f"{which} of the {y.size} people had the outcome; both are needed"
        )


def checked_followup(days: npt.ArrayLike, events: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Give follow-up times and event marks as float64, or refuse them.

    Parameters
    ----------
    days : array-like of shape (n,)
        Days to the event or to the end of follow-up, at least 0.
    events : array-like of shape (n,)
        1 = the event happened on that day, 0 = censored then.

    Returns
    -------
    tuple of ndarray
        ``days`` and ``events`` as float64 arrays of shape (n,).

    Raises
    ------
    InvalidInputError
        If shapes differ, nobody is given, a time is missing or below 0, or a mark is not 0 or 1.
    """
    marks = checked_outcome(events)
    times = np.asarray(days, dtype=np.float64)
    if times.shape != marks.shape:
        raise InvalidInputError(
            f"times of shape {times.shape} and events of shape {marks.shape} do not match"
        )
    if not np.all(np.isfinite(times) & (times >= 0)):
        raise InvalidInputError("times must be finite, at least 0, and none may be missing")
    return times, marks


def checked_risk(risk: npt.ArrayLike, *, n: int, probability: bool = False) -> FloatArray:
    """Give predicted risks as float64, or refuse them.

    Parameters
    ----------
    risk : array-like of shape (n,)
        Predicted risk; higher = sooner.
    n : int
        Number of people.
    probability : bool
        True where the risk must lie in [0, 1]; otherwise any finite scale will do.

    Returns
    -------
    ndarray of shape (n,)
        The risks as float64.

    Raises
    ------
    InvalidInputError
        If the shape is another, or a value is missing, infinite or outside [0, 1].
    """
    values = np.asarray(risk, dtype=np.float64)
    if values.shape != (n,):
        raise InvalidInputError(f"risks of shape {values.shape} were given for {n} people")
    if not np.all(np.isfinite(values)):
        raise InvalidInputError("risks must be finite and none may be missing")
    if probability and not np.all((values >= 0) & (values <= 1)):
        raise InvalidInputError("risks must be probabilities in [0, 1]")
    return values
