"""Riley's criteria, and the Cox-Snell R² that a declared AUC or C stands for."""

from __future__ import annotations

from math import ceil, exp, inf, log, pi

import numpy as np
from scipy.optimize import brentq

from predictor.errors import InvalidInputError
from training.samplesize.binormal import binormal, require_inside

TARGET_SHRINKAGE = 0.9
ALLOWED_OPTIMISM = 0.05
RISK_MARGIN = 0.05


def n_for_shrinkage(r2: float, *, n_parameters: int, shrinkage: float = TARGET_SHRINKAGE) -> int:
    """People needed for effects to shrink by a tenth only (Riley's first criterion).

    Parameters
    ----------
    r2 : float
        Expected Cox-Snell R² in new people, above 0 and below ``shrinkage``.
    n_parameters : int
        Candidate parameters, at least 1.
    shrinkage : float
        Target factor, inside (0, 1).

    Returns
    -------
    int
        People, rounded up.

    Raises
    ------
    InvalidInputError
        If a number is outside its range.

    References
    ----------
    Riley RD et al. Stat Med 2019;38:1276-1296, eq. 11.
    """
    require_inside("target shrinkage", shrinkage, 0, 1)
    require_inside("Cox-Snell R²", r2, 0, shrinkage)
    _require_parameters(n_parameters)
    return ceil(_n_at(shrinkage, r2, n_parameters))


def n_for_optimism(r2: float, *, event_share: float, n_parameters: int) -> int:
    """People needed for an optimism of Nagelkerke's R² of at most 0.05 (second criterion).

    Parameters
    ----------
    r2 : float
        Expected Cox-Snell R² in new people, above 0.
    event_share : float
        Expected share with the outcome, inside (0, 1).
    n_parameters : int
        Candidate parameters, at least 1.

    Returns
    -------
    int
        People, rounded up.

    Raises
    ------
    InvalidInputError
        If a number is outside its range.

    References
    ----------
    Riley RD et al. Stat Med 2019;38:1276-1296.
    """
    _require_parameters(n_parameters)
    largest = max_cox_snell(event_share)
    require_inside("Cox-Snell R²", r2, 0, largest)
    return ceil(_n_at(r2 / (r2 + ALLOWED_OPTIMISM * largest), r2, n_parameters))


def n_for_overall_risk(event_share: float) -> int:
    """People needed to know the overall risk to within 0.05 (third criterion).

    Parameters
    ----------
    event_share : float
        Expected share with the outcome, inside (0, 1).

    Returns
    -------
    int
        People, rounded up.

    Raises
    ------
    InvalidInputError
        If the share is outside (0, 1).

    References
    ----------
    Riley RD et al. BMJ 2020;368:m441.
    """
    require_inside("share with the outcome", event_share, 0, 1)
    return ceil((1.96 / RISK_MARGIN) ** 2 * event_share * (1 - event_share))


def max_cox_snell(event_share: float) -> float:
    """Largest Cox-Snell R² a binary outcome of this prevalence allows.

    Parameters
    ----------
    event_share : float
        Share with the outcome, inside (0, 1).

    Returns
    -------
    float
        In (0, 0.75].

    Raises
    ------
    InvalidInputError
        If the share is outside (0, 1).
    """
    require_inside("share with the outcome", event_share, 0, 1)
    return 1 - exp(2 * _null_log_likelihood(event_share))


def cox_snell_from_auc(auc: float, *, event_share: float) -> float:
    """Cox-Snell R² of a calibrated model with this AUC.

    The linear predictor is taken as normal with one variance in people with and without the
    outcome; the expected log-likelihood is integrated numerically.

    Parameters
    ----------
    auc : float
        Expected AUC, inside (0.5, 1).
    event_share : float
        Expected share with the outcome, inside (0, 1).

    Returns
    -------
    float
        Above 0 and below `max_cox_snell`.

    Raises
    ------
    InvalidInputError
        If a number is outside its range.

    References
    ----------
    Riley RD, Van Calster B, Collins GS. Stat Med 2021;40:859-864.
    """
    risks = binormal(auc, event_share=event_share)
    happened = risks.events @ -np.logaddexp(0, -risks.log_odds)
    did_not = risks.others @ -np.logaddexp(0, risks.log_odds)
    return 1 - exp(-2 * (float(happened + did_not) - _null_log_likelihood(event_share)))


def cox_snell_from_c(c: float, *, event_share: float) -> float:
    """Cox-Snell R² of a survival model with this C, by Royston's D.

    Parameters
    ----------
    c : float
        Expected concordance, inside (0.5, 1).
    event_share : float
        Expected share with the event during follow-up, in (0, 1].

    Returns
    -------
    float
        In (0, 1).

    Raises
    ------
    InvalidInputError
        If a number is outside its range.

    References
    ----------
    Jinks RC, Royston P, Parmar MKB. BMC Med Res Methodol 2015;15:82. Riley RD et al. Stat Med
    2019;38:1276-1296.
    """
    require_inside("expected C", c, 0.5, 1)
    if event_share != 1:
        require_inside("share with the event", event_share, 0, 1)
    d = 5.50 * (c - 0.5) + 10.26 * (c - 0.5) ** 3
    explained = pi / 8 * d**2
    r2_d = explained / (pi**2 / 6 + explained)
    r2_oq = -(pi**2 / 6) * r2_d / ((1 - pi**2 / 6) * r2_d - 1)
    return 1 - exp(event_share * log(1 - r2_oq))


def expected_shrinkage(r2: float, *, n: int, n_parameters: int) -> float:
    """Factor by which fitted effects must be expected to shrink in new people.

    The first criterion solved for the factor at a given number of people.

    Parameters
    ----------
    r2 : float
        Expected Cox-Snell R² in new people, inside (0, 1).
    n : int
        People fitted to, at least 1.
    n_parameters : int
        Candidate parameters, at least 1.

    Returns
    -------
    float
        Between ``r2`` and 1; higher is better.

    Raises
    ------
    InvalidInputError
        If a number is outside its range.

    References
    ----------
    Riley RD et al. Stat Med 2019;38:1276-1296, eq. 11.
    """
    require_inside("Cox-Snell R²", r2, 0, 1)
    require_inside("number of people", n, 0, inf)
    _require_parameters(n_parameters)

    def excess(shrinkage: float) -> float:
        return n * (shrinkage - 1) * log(1 - r2 / shrinkage) - n_parameters

    # people needed grow with the factor, from 0 at r2 to infinity at 1
    lowest = r2 * (1 + 1e-12)
    return float(lowest if excess(lowest) <= 0 else brentq(excess, lowest, 1.0, xtol=1e-13))


def _n_at(shrinkage: float, r2: float, n_parameters: int) -> float:
    """People for this shrinkage factor, unrounded."""
    return n_parameters / ((shrinkage - 1) * log(1 - r2 / shrinkage))


def _null_log_likelihood(event_share: float) -> float:
    """Give the expected log-likelihood of one person under the prevalence."""
    return event_share * log(event_share) + (1 - event_share) * log(1 - event_share)


def _require_parameters(n_parameters: int) -> None:
    """Refuse a model without parameters."""
    if n_parameters < 1:
        raise InvalidInputError(f"{n_parameters} parameters were given; at least 1 is needed")
