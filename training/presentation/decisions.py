"""Charts of what risks are good for: how they are spread, and whether acting on them gains."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training import figures
from training.evaluation import DECISION_DAY, Curves
from training.figures import Line
from training.metrics.resampled_decision import DecisionBand
from training.model_report import Chart

NEARLY_ALL = 0.95
"""Acting on at least this share of people, or on at most the rest, hardly changes decisions."""

_GROUPS = {"response": ("responded", "did not"), "relapse": ("relapsed", "did not")}


def spread_chart(curves: Curves, task: str) -> Chart | None:
    """Draw predicted risks by outcome.

    Parameters
    ----------
    curves : Curves
        Of the chosen learner.
    task : str
        ``response`` or ``relapse``.

    Returns
    -------
    Chart or None
        None where a group is too small to be shown.
    """
    if curves.spread is None:
        return None
    by = f" by day {DECISION_DAY}" if task == "relapse" else ""
    names = [f"{_GROUPS[task][0]}{by}", _GROUPS[task][1]]
    groups = dict(zip(names, curves.spread, strict=True))
    with_it, without = (spread.quartiles[1] for spread in curves.spread)
    weighted = " People censored before are carried by the others." if task == "relapse" else ""
    return Chart(
        f"Predicted risk by outcome{by}",
        figures.risk_distribution(
            {name: Line(spread.risk, spread.density) for name, spread in groups.items()},
            {name: spread.quartiles for name, spread in groups.items()},
            across=f"predicted risk{by}",
        ),
        f"Smoothed spread of predicted risks: above the line those who {names[0]}, below those who "
        f"{names[1]}.",
        f"Median risk {with_it:.2f} among those who {names[0]}, {without:.2f} among those who "
        f"{names[1]}: the more the two overlap, the less the number tells them apart.{weighted}",
    )


def benefit_chart(curves: Curves, task: str) -> Chart | None:
    """Draw net benefit over thresholds.

    Parameters
    ----------
    curves : Curves
        Of the chosen learner.
    task : str
        ``response`` or ``relapse``.

    Returns
    -------
    Chart or None
        None where it has no value.
    """
    band = curves.decision
    if band is None:
        return None
    day = f" at {DECISION_DAY} days" if task == "relapse" else ""
    return Chart(
        f"Net benefit{day}",
        figures.decision_curve(
            band.threshold,
            {"model": band.model, "treat all": band.treat_all},
            band=(band.lo, band.hi),
        ),
        "Net benefit of treating by the model, with its 95 % band, of treating all and of treating "
        "none, over risk thresholds.",
        benefit_note(band),
    )


def benefit_note(band: DecisionBand) -> str:
    """Say where the model gains over treating all and none, and where it decides nothing.

    Parameters
    ----------
    band : DecisionBand
        Net benefit with its resamples.

    Returns
    -------
    str
        Sentences.
    """
    above = band.model > np.maximum(band.treat_all, 0) + 1e-9
    if above.any():
        words = (
            f"The model is above both others at thresholds {_range(band.threshold, above)}; "
            "elsewhere it improves no decision."
        )
        sure = band.gain_lo > 0
        words += (
            f" The 95 % interval of that gain, threshold by threshold, lies above 0 at thresholds "
            f"{_range(band.threshold, sure)}."
            if sure.any()
            else " At no threshold does the 95 % interval of that gain lie above 0."
        )
    else:
        words = (
            "At no threshold is the model above both treating all and treating none: it improves "
            "no decision."
        )
    unseen = np.isnan(band.model)
    if unseen.any():
        words += (
            f" At thresholds {_range(band.threshold, unseen)} too few of those acted on are "
            "followed so far."
        )
    return words + _unchanged(band)


def _unchanged(band: DecisionBand) -> str:
    """Say at which thresholds nearly everybody, or hardly anybody, would be treated."""
    words = ""
    all_but_few = np.flatnonzero(band.acted_on >= NEARLY_ALL)
    if all_but_few.size:
        words += (
            f" Up to a threshold of {band.threshold[all_but_few[-1]]:.2f} the model would treat at "
            f"least {100 * NEARLY_ALL:.0f} % of people: it hardly changes decisions there."
        )
    few = np.flatnonzero(band.acted_on <= 1 - NEARLY_ALL + 1e-12)
    if few.size:
        words += (
            f" From {band.threshold[few[0]]:.2f} on it would treat at most "
            f"{100 * (1 - NEARLY_ALL):.0f} %."
        )
    return words


def _range(thresholds: NDArray[np.float64], chosen: NDArray[np.bool_]) -> str:
    """Name the thresholds from the lowest to the highest chosen, and whether some are not."""
    lowest, highest = thresholds[chosen][[0, -1]]
    inside = (thresholds >= lowest) & (thresholds <= highest)
    gaps = "" if chosen[inside].all() else ", with gaps"
    return f"from {lowest:.2f} to {highest:.2f}{gaps}"
