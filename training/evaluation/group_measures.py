"""Ranking and calibration of one group of people, each measure with the error it is compared by.

A group is a site that was left out, or a subgroup of the people analysed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from predictor.errors import InvalidInputError
from training.evaluation.performance import evaluated_days
from training.evaluation.procedure import RISK_DAYS
from training.evaluation.slope import require_spread, slope_of
from training.fitting import Outcome
from training.metrics import MeasureUndefinedError
from training.metrics.bootstrap import PAIRS_UP_TO, bootstrap_c
from training.metrics.calibration import calibration_line
from training.metrics.horizon import o_e_at
from training.metrics.intervals import (
    Estimate,
    delong_interval,
    oe_ratio,
    over_repeats,
    percentile_interval,
)
from training.metrics.survival import harrell_c
from training.penalised_fit import ConvergenceError

Floats = NDArray[np.float64]
WithError = tuple[Estimate, float]

SCALES: Mapping[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "auc": (logit, expit),
    "c_index": (logit, expit),
    "calibration_intercept": (float, float),
    "calibration_slope": (float, float),
    "oe": (log, exp),
}
"""To the scale on which groups are compared or pooled, and back."""

_Z = 1.959963984540054


class Predicted(NamedTuple):
    """What was said of n people by each repeat of a cross-validation.

    Parameters
    ----------
    margin : ndarray, shape (n, n_repeats)
        Calibrated margins.
    probability : ndarray, shape (n, n_repeats) or (n, n_repeats, 7)
        Probability of response, or of relapse by each of `RISK_DAYS`.
    """

    margin: Floats
    probability: Floats

    def take(self, rows: NDArray[np.intp]) -> Predicted:
        """Take some people.

        Parameters
        ----------
        rows : ndarray of int
            Places in the wanted order.

        Returns
        -------
        Predicted
            Theirs.
        """
        return Predicted(self.margin[rows], self.probability[rows])


class _Repeat(NamedTuple):
    """What one repeat said."""

    margin: Floats
    probability: Floats


@dataclass(frozen=True, slots=True)
class Measured:
    """Measures of one group.

    Parameters
    ----------
    measures : dict of str to Estimate
        By the names of `SCALES`.
    errors : dict of str to float
        Standard error of each on its scale of `SCALES`; NaN where it has none (an AUC of 0 or 1).
    undefined : dict of str to str
        Measures without a value, with the reason.
    """

    measures: dict[str, Estimate] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    undefined: dict[str, str] = field(default_factory=dict)


def measure_group(
    outcome: Outcome,
    said: Predicted,
    names: Collection[str],
    *,
    place: int | None,
    rng: np.random.Generator,
) -> Measured:
    """Measure one group of people.

    Values are pooled within a repeat and averaged over repeats. AUC has DeLong's interval over
    people, C that of a bootstrap over people; the errors of intercept and slope are averaged over
    repeats as well, which is no less than the error of the mean.

    Parameters
    ----------
    outcome : Outcome
        Of the group.
    said : Predicted
        Of the same people.
    names : collection of str
        Measures wanted, of `SCALES`; those of the other task are passed over.
    place : int or None
        Day of the relapse risk behind O/E, as its place in `RISK_DAYS`; None for response, or
        where no day can be evaluated.
    rng : numpy.random.Generator
        Draws the resamples.

    Returns
    -------
    Measured
        Measures with errors, and reasons for those without a value.
    """
    found = Measured()
    for name, compute in _ready(outcome, said, place, rng).items():
        if name not in names:
            continue
        try:
            found.measures[name], found.errors[name] = compute()
        except MeasureUndefinedError as error:
            found.undefined[name] = str(error)
        except (InvalidInputError, ConvergenceError) as error:  # the slope is not finite
            found.undefined[name] = str(error)
    return found


def common_day(outcomes: Sequence[Outcome]) -> int | None:
    """Choose the last of `RISK_DAYS` that every group with enough follow-up reaches.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Of each group.

    Returns
    -------
    int or None
        Its place; None for response, or where no group is followed long enough.
    """
    last = []
    for outcome in outcomes:
        try:
            last.append(evaluated_days(outcome)[-1])
        except MeasureUndefinedError:
            continue
    return min(last, default=None)


def _ready(
    outcome: Outcome, said: Predicted, place: int | None, rng: np.random.Generator
) -> dict[str, Callable[[], WithError]]:
    """Name the measures of a task, each ready to be computed with its standard error."""
    ranking = {"auc" if outcome.days is None else "c_index": lambda: _ranking(outcome, said, rng)}
    level = {"calibration_intercept": lambda: _over(_intercept_of, outcome, said)}
    return {
        **ranking,
        **(level if outcome.days is None else {}),
        "calibration_slope": lambda: _over(slope_of, outcome, said),
        "oe": lambda: _observed_to_expected(outcome, said, place),
    }


def _repeats(said: Predicted) -> list[_Repeat]:
    """Take the repeats apart."""
    return [_Repeat(said.margin[:, r], said.probability[:, r]) for r in range(said.margin.shape[1])]


def _ranking(outcome: Outcome, said: Predicted, rng: np.random.Generator) -> WithError:
    """Give AUC or C, and the standard error of its logit (delta method; NaN at 0 and 1)."""
    for repeat in _repeats(said):
        require_spread(repeat)
    if outcome.days is None:
        found = delong_interval(outcome.events, said.probability)
        # only one end of the interval can have been cut
        spread = max(found.hi - found.value, found.value - found.lo) / _Z
    else:
        n_boot = 2000 if outcome.days.size <= PAIRS_UP_TO else 200
        arrays = (outcome.days, outcome.events, said.margin)
        drawn = bootstrap_c(*arrays, n_boot, rng)
        found = percentile_interval(over_repeats(harrell_c)(*arrays), drawn)
        spread = float(np.nanstd(drawn, ddof=1))
    inside = found.value * (1 - found.value)
    return found, spread / inside if inside > 0 else float("nan")


def _over(
    measure: Callable[[Outcome, _Repeat], WithError], outcome: Outcome, said: Predicted
) -> WithError:
    """Average a measure and its error over repeats; the mean is no more certain than one."""
    each = [measure(outcome, repeat) for repeat in _repeats(said)]
    value = float(np.mean([found.value for found, _ in each]))
    error = float(np.mean([error for _, error in each]))
    return Estimate(value, value - _Z * error, value + _Z * error, each[0][0].method), error


def _intercept_of(outcome: Outcome, repeat: _Repeat) -> WithError:
    """Give the calibration intercept of a response, its error from the information at it."""
    value = calibration_line(outcome.events, repeat.probability).intercept
    fitted = expit(logit(repeat.probability) + value)
    error = float((fitted * (1 - fitted)).sum() ** -0.5)
    return Estimate(value, value - _Z * error, value + _Z * error, "Wald"), error


def _observed_to_expected(outcome: Outcome, said: Predicted, place: int | None) -> WithError:
    """Give O/E and the standard error of its logarithm."""
    if outcome.days is None:
        found = oe_ratio(outcome.events, said.probability)
    elif place is None:
        raise MeasureUndefinedError("O/E", "nobody is followed long enough")
    else:
        risk = said.probability[:, :, place].mean(axis=1)
        found = o_e_at(outcome.days, outcome.events, risk, t=float(RISK_DAYS[place]))
    return found, log(found.hi / found.lo) / (2 * _Z)
