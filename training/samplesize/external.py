"""People needed to say how a frozen model does in new people, and what a number of them can say."""

from __future__ import annotations

from math import ceil, exp, inf, log, sqrt

from predictor.errors import InvalidInputError
from training.samplesize.binormal import binormal, require_inside

Z = 1.96
"""Half-width of a 95 % interval in standard errors."""

LARGEST_N = 10**9
"""Beyond this no cohort is thought of; a precision that asks for more is refused."""


def n_for_oe(event_share: float, *, standard_error: float = 0.051) -> int:
    """People needed to know observed over expected events.

    Parameters
    ----------
    event_share : float
        Share with the outcome in the new people, inside (0, 1).
    standard_error : float
        Wanted standard error of ln(O/E), above 0; 0.051 makes the 95 % interval of an O/E of 1
        reach from 0.90 to 1.11.

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
    Riley RD et al. Stat Med 2021;40:4230-4251.
    """
    require_inside("share with the outcome", event_share, 0, 1)
    require_inside("standard error of ln(O/E)", standard_error, 0, inf)
    return ceil((1 - event_share) / (event_share * standard_error**2))


def n_for_c(auc: float, *, event_share: float, width: float = 0.1) -> int:
    """People needed for a 95 % interval of the AUC no wider than wanted.

    Parameters
    ----------
    auc : float
        Expected AUC, inside (0, 1).
    event_share : float
        Share with the outcome in the new people, inside (0, 1).
    width : float
        Wanted width from end to end, inside (0, 1).

    Returns
    -------
    int
        Smallest number of people.

    Raises
    ------
    InvalidInputError
        If a number is outside its range or more than a milliard people would be needed.

    References
    ----------
    Newcombe RG. Stat Med 2006;25:559-573. Riley RD et al. Stat Med 2021;40:4230-4251.
    """
    require_inside("width of the interval", width, 0, 1)
    low, high = 2, 4
    while 2 * Z * standard_error_of_c(auc, n=high, event_share=event_share) > width:
        low, high = high, 2 * high
        if high > LARGEST_N:
            raise InvalidInputError(
                f"a width of {width:g} would need more than {LARGEST_N:,} people; ask for a wider "
                "interval"
            )
    while high - low > 1:  # the standard error falls with every person added
        middle = (low + high) // 2
        fits = 2 * Z * standard_error_of_c(auc, n=middle, event_share=event_share) <= width
        low, high = (low, middle) if fits else (middle, high)
    return high


def standard_error_of_c(auc: float, *, n: int, event_share: float) -> float:
    """Give the standard error of an AUC among this many people.

    The formula holds for a yes/no outcome. There is none as simple for a time to event.

    Parameters
    ----------
    auc : float
        Expected AUC, inside (0, 1).
    n : int
        People, at least 2.
    event_share : float
        Share with the outcome among them, inside (0, 1).

    Returns
    -------
    float
        Above 0; smaller is better.

    Raises
    ------
    InvalidInputError
        If a number is outside its range.

    References
    ----------
    Newcombe RG. Stat Med 2006;25:559-573, method 4.
    """
    require_inside("AUC", auc, 0, 1)
    require_inside("share with the outcome", event_share, 0, 1)
    require_inside("number of people", n, 1, inf)
    half = n / 2 - 1
    spread = 1 + half * (1 - auc) / (2 - auc) + half * auc / (1 + auc)
    return sqrt(auc * (1 - auc) * spread / (n**2 * event_share * (1 - event_share)))


def n_for_slope(auc: float, *, event_share: float, standard_error: float = 0.102) -> int:
    """People needed to know the calibration slope of a model that is calibrated.

    Parameters
    ----------
    auc : float
        Expected AUC, inside (0.5, 1); with the share it fixes the spread of the risks.
    event_share : float
        Share with the outcome in the new people, inside (0, 1).
    standard_error : float
        Wanted standard error, above 0; 0.102 makes the 95 % interval 0.4 wide, 0.051 0.2.

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
    Riley RD et al. Stat Med 2021;40:4230-4251.
    """
    require_inside("standard error of the slope", standard_error, 0, inf)
    return ceil((standard_error_of_slope(auc, n=1, event_share=event_share) / standard_error) ** 2)


def standard_error_of_slope(auc: float, *, n: int, event_share: float) -> float:
    """Give the standard error of the calibration slope among this many people.

    Parameters
    ----------
    auc : float
        Expected AUC of a calibrated model, inside (0.5, 1).
    n : int
        People, at least 1.
    event_share : float
        Share with the outcome among them, inside (0, 1).

    Returns
    -------
    float
        Above 0; smaller is better.

    Raises
    ------
    InvalidInputError
        If a number is outside its range.

    References
    ----------
    Riley RD et al. Stat Med 2021;40:4230-4251.
    """
    require_inside("number of people", n, 0, inf)
    risks = binormal(auc, event_share=event_share)
    information = risks.weights * risks.risk * (1 - risks.risk)
    of_intercept = float(information.sum())
    shared = float((information * risks.log_odds).sum())
    of_slope = float((information * risks.log_odds**2).sum())
    return sqrt(of_intercept / (n * (of_intercept * of_slope - shared**2)))


def interval_of_oe(oe: float, *, n: int, event_share: float) -> tuple[float, float]:
    """Interval of observed over expected that this many people would give.

    Parameters
    ----------
    oe : float
        Observed over expected, above 0.
    n : int
        People, at least 1.
    event_share : float
        Share with the outcome among them, inside (0, 1).

    Returns
    -------
    lo, hi : float
        Ends of the 95 % interval.

    Raises
    ------
    InvalidInputError
        If a number is outside its range.

    References
    ----------
    Riley RD et al. Stat Med 2021;40:4230-4251.
    """
    require_inside("observed over expected", oe, 0, inf)
    require_inside("number of people", n, 0, inf)
    require_inside("share with the outcome", event_share, 0, 1)
    reach = Z * sqrt((1 - event_share) / (n * event_share))
    return exp(log(oe) - reach), exp(log(oe) + reach)
