"""How sure a measure is: 95 % intervals of measures and of paired differences.

All of them describe the sampling of the people a fixed model is tested on. They do not hold the
variation between models fitted to other cohorts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, rankdata
from scipy.stats import t as student_t

from predictor.errors import InvalidInputError
from training.metrics import FloatArray, MeasureUndefinedError
from training.metrics.accepted import checked, checked_outcome, require_both_outcomes

Measure = Callable[..., float]

# more resamples than this without a value and the percentiles describe a chosen few
_UNDEFINED_ALLOWED = 0.05


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure with its 95 % interval.

    Parameters
    ----------
    value : float
        The measure on the people as they are.
    lo : float
        Lower end of the 95 % interval.
    hi : float
        Upper end of the 95 % interval.
    method : str
        How the interval was made.
    """

    value: float
    lo: float
    hi: float
    method: str

    def to_dict(self) -> dict[str, float | str]:
        """Give the estimate as it stands in the JSON of a run.

        Returns
        -------
        dict
            Keys ``value``, ``lo``, ``hi``, ``method``.
        """
        return asdict(self)


class PairedDifference(NamedTuple):
    """Difference of two models in the same people, with its 95 % interval.

    Parameters
    ----------
    mean : float
        Value of A minus value of B: of losses below 0, of AUROC above 0 when A is better.
    lo : float
        Lower end of the 95 % interval.
    hi : float
        Upper end of the 95 % interval.
    se : float
        Standard error of the difference, over people.
    """

    mean: float
    lo: float
    hi: float
    se: float


def delong_interval(y: npt.ArrayLike, p: npt.ArrayLike) -> Estimate:
    """AUROC with DeLong's 95 % interval, cut at 0 and 1.

    With several columns of predictions (repeats of a cross-validation) it is the mean of the
    columns' AUROC; a person's placements are averaged over columns before the variance is
    taken, so repeats never pass for more people. Where every case outranks every other person
    (or none does) DeLong's variance is 0; the interval is then the exact binomial bound of
    ``m`` of ``m`` concordant pairs without a shared person, ``m`` the size of the rarer class.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,) or (n, n_repeats)
        Probabilities of the outcome, in [0, 1].

    Returns
    -------
    Estimate
        AUROC in [0, 1]; higher is better.

    Raises
    ------
    MeasureUndefinedError
        If an outcome occurs in fewer than two people.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845. Sun X, Xu W. IEEE
    Signal Process Lett 2014;21:1389-1393 (placements by midranks).
    """
    of_cases, of_others = placements(y, p)
    fewest = min(of_cases.size, of_others.size)
    value = float(of_cases.mean())
    if value in {0.0, 1.0}:
        bound = 0.025 ** (1 / fewest)
        lo, hi = (bound, 1.0) if value == 1.0 else (0.0, 1 - bound)
        return Estimate(value, lo, hi, "exact binomial bound under perfect separation")
    variance = of_cases.var(ddof=1) / of_cases.size + of_others.var(ddof=1) / of_others.size
    reach = float(norm.ppf(0.975) * np.sqrt(variance))
    return Estimate(value, max(0.0, value - reach), min(1.0, value + reach), "DeLong")


def oe_ratio(y: npt.ArrayLike, p: npt.ArrayLike) -> Estimate:
    """Observed over expected number of outcomes, with a 95 % interval on the log scale.

    The standard error of its logarithm is that of the observed share, sqrt((1 - share) / cases);
    predictions are taken as given. With several columns the mean over columns is given.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p : array-like of shape (n,) or (n, n_repeats)
        Probabilities of the outcome, in [0, 1].

    Returns
    -------
    Estimate
        Above 0; 1 is perfect, below 1 the risks are predicted too high.

    Raises
    ------
    MeasureUndefinedError
        If only one outcome occurs, or nobody is given a probability above 0.

    References
    ----------
    Debray TPA et al. BMJ 2017;356:i6460, appendix.
    """
    outcome, predictions = _with_repeats(y, p)
    require_both_outcomes("O/E", outcome)
    expected = predictions.sum(axis=0)
    if np.any(expected == 0):
        raise MeasureUndefinedError("O/E", "no outcome is expected: all probabilities are 0")
    value = float(np.mean(outcome.sum() / expected))
    spread = float(np.sqrt((1 - outcome.mean()) / outcome.sum()))
    return log_scale_interval(value, spread, method="log-normal, binomial variance")


def log_scale_interval(value: float, spread: float, *, method: str) -> Estimate:
    """Give a ratio its 95 % interval, symmetric on the log scale.

    Parameters
    ----------
    value : float
        The ratio, above 0.
    spread : float
        Standard error of its logarithm.
    method : str
        How the standard error was made.

    Returns
    -------
    Estimate
        The ratio with ``value * exp(-+1.96 spread)``.
    """
    reach = float(np.exp(norm.ppf(0.975) * spread))
    return Estimate(value, value / reach, value * reach, method)


def bootstrap_interval(
    measure: Measure,
    arrays: Sequence[npt.ArrayLike],
    *,
    n_boot: int,
    rng: np.random.Generator,
) -> Estimate:
    """Percentile bootstrap 95 % interval of any measure, people drawn with replacement.

    Resamples in which the measure has no value (only one outcome drawn) are counted and named
    in ``method``; above 5 % of them no interval is given.

    Parameters
    ----------
    measure : callable
        Takes the arrays in their order and returns a float.
    arrays : sequence of array-like
        Arrays of one length, people along the first axis.
    n_boot : int
        Resamples, at least 100.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Estimate
        The measure on the people as they are, with percentiles 2.5 and 97.5 of the resamples.

    Raises
    ------
    MeasureUndefinedError
        If the measure has no value on these people or in more than 5 % of resamples.
    InvalidInputError
        If the arrays differ in length or too few resamples are asked for.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall 1993, chapter 13.
    """
    people = [np.asarray(array) for array in arrays]
    if not people or len({len(array) for array in people}) != 1:
        raise InvalidInputError("the arrays must be of one length, people along the first axis")
    if n_boot < 100:
        raise InvalidInputError(f"{n_boot} resamples were asked for; at least 100 are needed")
    value = float(measure(*people))
    n = len(people[0])
    drawn = []
    for _ in range(n_boot):
        chosen = rng.integers(n, size=n)
        try:
            drawn.append(measure(*(array[chosen] for array in people)))
        except MeasureUndefinedError:
            continue
    return percentile_interval(value, np.array(drawn + [np.nan] * (n_boot - len(drawn))))


def percentile_interval(value: float, drawn: FloatArray) -> Estimate:
    """Give a measure its percentile 95 % interval, from the resamples of a bootstrap.

    Parameters
    ----------
    value : float
        The measure on the people as they are.
    drawn : ndarray of shape (n_boot,)
        The measure in each resample; NaN where it has no value.

    Returns
    -------
    Estimate
        The value with percentiles 2.5 and 97.5; resamples without a value are counted in
        ``method``.

    Raises
    ------
    MeasureUndefinedError
        If more than 5 % of resamples have no value.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall 1993, chapter 13.
    """
    n_boot, undefined = drawn.size, int(np.isnan(drawn).sum())
    if undefined > _UNDEFINED_ALLOWED * n_boot:
        raise MeasureUndefinedError(
            "bootstrap interval", f"the measure has no value in {undefined} of {n_boot} resamples"
        )
    lo, hi = np.nanquantile(drawn, [0.025, 0.975])
    without = f", {undefined} without a value" if undefined else ""
    return Estimate(
        value, float(lo), float(hi), f"percentile bootstrap, {n_boot} resamples{without}"
    )


def over_repeats(measure: Measure) -> Measure:
    """Turn a measure of one prediction into its mean over repeats of a cross-validation.

    Parameters
    ----------
    measure : callable
        Takes outcome arrays and then predictions of shape (n,), and returns a float.

    Returns
    -------
    callable
        The same with predictions of shape (n, n_repeats): pooled within a repeat, then
        averaged. A column without a value makes the whole undefined.
    """

    def mean_over_columns(*arrays: Any) -> float:
        *outcomes, predictions = arrays
        columns = np.asarray(predictions, dtype=np.float64).T
        return float(np.mean([measure(*outcomes, column) for column in columns]))

    return mean_over_columns


def paired_difference(loss_a: npt.ArrayLike, loss_b: npt.ArrayLike) -> PairedDifference:
    """Mean difference of two models' losses in the same people, with 95 % t interval.

    A person's losses are averaged over repeats first: people are independent, repeats are not.

    Parameters
    ----------
    loss_a : array-like of shape (n,) or (n, n_repeats)
        Loss of each person under model A; lower is better.
    loss_b : array-like of the same shape
        Loss of the same people under model B.

    Returns
    -------
    PairedDifference
        ``(mean, lo, hi, se)`` of A minus B.

    Raises
    ------
    InvalidInputError
        If shapes differ or a loss is missing or infinite.
    MeasureUndefinedError
        If there are fewer than two people.
    """
    a, b = np.asarray(loss_a, dtype=np.float64), np.asarray(loss_b, dtype=np.float64)
    if a.shape != b.shape or a.ndim not in {1, 2}:
        raise InvalidInputError(f"losses of shapes {a.shape} and {b.shape} cannot be paired")
    if not (np.all(np.isfinite(a)) and np.all(np.isfinite(b))):
        raise InvalidInputError("losses must be finite and none may be missing")
    n = a.shape[0]
    if n < 2:
        raise MeasureUndefinedError("paired difference", f"{n} people were given, two are needed")
    difference = (a - b).reshape(n, -1).mean(axis=1)
    mean = float(difference.mean())
    se = float(difference.std(ddof=1) / np.sqrt(n))
    reach = float(student_t.ppf(0.975, n - 1)) * se
    return PairedDifference(mean, mean - reach, mean + reach, se)


def _with_repeats(y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Outcomes (n,) and predictions (n, n_repeats), checked."""
    outcome = checked_outcome(y)
    predictions = np.asarray(p, dtype=np.float64)
    if predictions.ndim == 1:
        predictions = predictions[:, None]
    if predictions.ndim != 2 or predictions.shape[1] == 0:
        raise InvalidInputError(f"predictions of shape {predictions.shape} are refused")
    for column in predictions.T:
        checked(outcome, column)
    return outcome, predictions


def placements(y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Give DeLong's structural components, averaged over columns of predictions.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1, each in at least two people.
    p : array-like of shape (n,) or (n, n_repeats)
        Probabilities of the outcome, in [0, 1].

    Returns
    -------
    tuple of ndarray
        Of each case the share of others it outranks, of each other person the share of cases
        that outrank it; the mean of either is the AUROC.

    Raises
    ------
    MeasureUndefinedError
        If an outcome occurs in fewer than two people.
    """
    outcome, predictions = _with_repeats(y, p)
    require_both_outcomes("AUROC", outcome)
    cases, others = predictions[outcome == 1], predictions[outcome == 0]
    m, n = len(cases), len(others)
    if min(m, n) < 2:
        raise MeasureUndefinedError(
            "DeLong interval", "an outcome occurs in one person only, so no variance is known"
        )
    together = rankdata(np.vstack([cases, others]), axis=0)
    of_cases = (together[:m] - rankdata(cases, axis=0)) / n
    of_others = 1 - (together[m:] - rankdata(others, axis=0)) / m
    return of_cases.mean(axis=1), of_others.mean(axis=1)
