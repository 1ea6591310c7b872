"""Measures of a predicted response, each ready to be computed with its 95 % interval."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from training.metrics import binary, calibration
from training.metrics.accepted import require_both_outcomes
from training.metrics.bootstrap import bootstrap_auprc
from training.metrics.intervals import (
    Estimate,
    delong_interval,
    oe_ratio,
    over_repeats,
    percentile_interval,
)
from training.metrics.resampled_calibration import (
    ERRORS,
    ResampledCalibration,
    error_interval,
    resampled,
)
from training.metrics.resampling import resampled_means

Floats = NDArray[np.float64]
Ready = dict[str, Callable[[], Estimate]]

RANK_RESAMPLES = 2000
"""Resamples of people where all of them cost about as much as one."""


def measures_of_response(y: Floats, p: Floats, *, n_boot: int, rng: np.random.Generator) -> Ready:
    """Name the measures of a predicted response.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Outcomes, 0 or 1.
    p : ndarray of shape (n, n_repeats)
        Out-of-fold probabilities; values are pooled within a repeat and averaged over repeats.
    n_boot : int
        Resamples of people where each costs some time.
    rng : numpy.random.Generator
        Draws the resamples.

    Returns
    -------
    dict of str to callable
        By the names that MLflow and JSON use; computing one may raise MeasureUndefinedError.
    """

    @cache
    def drawn() -> ResampledCalibration:
        return resampled(y, p, n_boot, rng)

    def auprc() -> Estimate:
        value = over_repeats(binary.auprc)(y, p)
        return percentile_interval(value, bootstrap_auprc(y, p, RANK_RESAMPLES, rng))

    def line(part: str) -> Estimate:
        def of(y: Floats, p: Floats) -> float:
            return float(getattr(calibration.calibration_line(y, p), part))

        return percentile_interval(over_repeats(of)(y, p), getattr(drawn(), part))

    def error(place: int) -> Estimate:
        value = over_repeats(lambda y, p: calibration.calibration_errors(y, p)[place])(y, p)
        return error_interval(value, drawn().errors[:, place], drawn().scatter[:, place])

    return {
        "auc": lambda: delong_interval(y, p),
        "log_loss": lambda: _mean(_log_losses(y, p), rng),
        "brier": lambda: _mean(_squares(y, p), rng),
        "scaled_brier": lambda: _scaled_brier(y, p, rng),
        "auprc": auprc,
        "calibration_intercept": lambda: line("intercept"),
        "calibration_slope": lambda: line("slope"),
        **{name: partial(error, place) for place, name in enumerate(ERRORS)},
        "oe": lambda: oe_ratio(y, p),
    }


def chance_precision(y: Floats) -> Estimate:
    """Give the AUPRC of a prediction that ranks nobody: the share with the outcome.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Outcomes, 0 or 1.

    Returns
    -------
    Estimate
        In (0, 1), with Wilson's 95 % interval of a share; an AUPRC must lie above it.

    Raises
    ------
    MeasureUndefinedError
        If only one outcome occurs.

    References
    ----------
    Wilson EB. J Am Stat Assoc 1927;22:209-212. Saito T, Rehmsmeier M. PLoS One 2015;10:e0118432.
    """
    require_both_outcomes("AUPRC", y)
    z, n, share = float(norm.ppf(0.975)), y.size, float(y.mean())
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * float(np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)))
    return Estimate(share, middle - reach, middle + reach, "share with the outcome, Wilson")


def _log_losses(y: Floats, p: Floats) -> Floats:
    """Log-loss of each person, mean over repeats."""
    return np.asarray(np.mean([binary.log_losses(y, column) for column in p.T], axis=0))


def _squares(y: Floats, p: Floats) -> Floats:
    """Squared error of each person, mean over repeats."""
    return np.asarray(((y[:, None] - p) ** 2).mean(axis=1))


def _mean(losses: Floats, rng: np.random.Generator) -> Estimate:
    """Give a mean over people its interval."""
    drawn = resampled_means(losses[:, None], RANK_RESAMPLES, rng)[:, 0]
    return percentile_interval(float(losses.mean()), drawn)


def _scaled_brier(y: Floats, p: Floats, rng: np.random.Generator) -> Estimate:
    """Give the share of the average's Brier score that is saved."""
    value = over_repeats(binary.scaled_brier)(y, p)
    both = resampled_means(np.column_stack([_squares(y, p), y]), RANK_RESAMPLES, rng)
    spread = both[:, 1] * (1 - both[:, 1])
    drawn = np.full(len(both), np.nan)
    drawn[spread > 0] = 1 - both[spread > 0, 0] / spread[spread > 0]
    return percentile_interval(value, drawn)
