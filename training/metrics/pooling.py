"""One measure from several groups: do they differ, their mean, and where a new site would lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import chi2
from scipy.stats import t as student_t

from predictor.errors import InvalidInputError
from training.metrics import FloatArray, MeasureUndefinedError

MINIMUM_SITES = 3
"""With fewer the spread between sites leaves no prediction interval (k - 2 degrees of freedom)."""


@dataclass(frozen=True, slots=True)
class RandomEffects:
    """A mean over sites, its 95 % interval, and the interval for a site not yet seen.

    Parameters
    ----------
    value : float
        Random-effects mean.
    lo, hi : float
        95 % confidence interval of the mean.
    prediction_lo, prediction_hi : float
        95 % prediction interval: where the true value of a new, similar site would lie.
    tau2 : float
        Variance of the true values between sites, on the scale of pooling.
    sites : int
        How many were pooled.
    """

    value: float
    lo: float
    hi: float
    prediction_lo: float
    prediction_hi: float
    tau2: float
    sites: int

    def on(self, scale: Callable[[float], float]) -> RandomEffects:
        """Give mean and intervals on another scale; ``tau2`` stays where it was pooled.

        Parameters
        ----------
        scale : callable
            Increasing function back from the scale of pooling, such as exp.

        Returns
        -------
        RandomEffects
            Of the same sites.
        """
        return replace(
            self,
            value=float(scale(self.value)),
            lo=float(scale(self.lo)),
            hi=float(scale(self.hi)),
            prediction_lo=float(scale(self.prediction_lo)),
            prediction_hi=float(scale(self.prediction_hi)),
        )

    def to_dict(self) -> dict[str, float | int]:
        """Give the summary as it stands in the JSON of a run.

        Returns
        -------
        dict
            Keys are the names of the parameters.
        """
        return asdict(self)


class CochranQ(NamedTuple):
    """Whether groups of people differ by more than chance.

    Parameters
    ----------
    q : float
        Weighted squared distances from the common mean.
    df : int
        Groups less one.
    p : float
        Probability of a Q at least as large where all groups have one true value.
    """

    q: float
    df: int
    p: float


def cochran_q(effects: npt.ArrayLike, errors: npt.ArrayLike) -> CochranQ:
    """Test whether groups share one true value.

    It takes the standard errors for known. Where groups are small it finds little: a large p is
    no evidence that groups are alike.

    Parameters
    ----------
    effects : array-like of shape (k,)
        Estimate of each group, on a scale where it is nearly normal (logit of AUC, log of O/E);
        groups share no person.
    errors : array-like of shape (k,)
        Their standard errors, above 0.

    Returns
    -------
    CochranQ
        Chi-squared with k - 1 degrees of freedom.

    Raises
    ------
    MeasureUndefinedError
        If there are fewer than two groups.
    InvalidInputError
        If the arrays differ in length, a number is not finite or an error is not above 0.

    References
    ----------
    Cochran WG. Biometrics 1954;10:101-129.
    """
    y, s = _checked(effects, errors)
    if y.size < 2:
        raise MeasureUndefinedError(
            "test of a difference", f"{y.size} groups have a value, 2 are needed"
        )
    weight = s**-2
    q = float(weight @ (y - weight @ y / weight.sum()) ** 2)
    return CochranQ(q, y.size - 1, float(chi2.sf(q, y.size - 1)))


def random_effects(effects: npt.ArrayLike, errors: npt.ArrayLike) -> RandomEffects:
    """Pool estimates of several sites by a random-effects model.

    The variance between sites is that of restricted maximum likelihood. The interval of the mean
    is Hartung and Knapp's with k - 1 degrees of freedom, never narrower than with their factor
    at 1: few sites that agree by chance shall not look certain. The prediction interval is that
    of Higgins and others with k - 2 degrees of freedom.

    Parameters
    ----------
    effects : array-like of shape (k,)
        Estimate of each site, on a scale where it is nearly normal (logit of AUC, log of O/E).
    errors : array-like of shape (k,)
        Their standard errors, above 0.

    Returns
    -------
    RandomEffects
        On the scale of the estimates.

    Raises
    ------
    MeasureUndefinedError
        If there are fewer than three sites.
    InvalidInputError
        If the arrays differ in length, a number is not finite or an error is not above 0.

    References
    ----------
    Knapp G, Hartung J. Stat Med 2003;22:2693-2710. Higgins JPT, Thompson SG, Spiegelhalter DJ.
    J R Stat Soc A 2009;172:137-159. Debray TPA et al. BMJ 2017;356:i6460. Snell KIE, Ensor J,
    Debray TPA et al. Stat Methods Med Res 2018;27:3505-3522.
    """
    y, s = _checked(effects, errors)
    k = y.size
    if k < MINIMUM_SITES:
        raise MeasureUndefinedError(
            "mean over sites", f"{k} sites have a value, {MINIMUM_SITES} are needed"
        )
    tau2 = _between_sites(y, s**2)
    weight = 1 / (s**2 + tau2)
    mean = float(weight @ y / weight.sum())
    factor = max(1.0, float(weight @ (y - mean) ** 2 / (k - 1)))
    variance = factor / float(weight.sum())
    reach = float(student_t.ppf(0.975, k - 1)) * variance**0.5
    further = float(student_t.ppf(0.975, k - 2)) * (tau2 + variance) ** 0.5
    return RandomEffects(
        mean, mean - reach, mean + reach, mean - further, mean + further, tau2, int(k)
    )


def _checked(effects: npt.ArrayLike, errors: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Read estimates and their errors."""
    y = np.asarray(effects, dtype=np.float64)
    s = np.asarray(errors, dtype=np.float64)
    if y.ndim != 1 or y.shape != s.shape or not np.all(np.isfinite(y) & np.isfinite(s) & (s > 0)):
        raise InvalidInputError(
            "each group needs one finite estimate and one standard error above 0; leave out groups "
            "without a value"
        )
    return y, s


def _between_sites(y: FloatArray, variances: FloatArray) -> float:
    """Find where the slope of the restricted log-likelihood in the variance is 0; 0 if it falls."""

    def slope(tau2: float) -> float:
        w = 1 / (variances + tau2)
        mean = w @ y / w.sum()
        return float(w**2 @ (y - mean) ** 2 - w.sum() + w @ w / w.sum())

    if slope(0.0) <= 0:
        return 0.0
    above = float(np.var(y) + variances.max())
    while slope(above) > 0:
        above *= 2
    return float(brentq(slope, 0.0, above, xtol=1e-14, rtol=1e-12))
