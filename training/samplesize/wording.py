"""What a cohort can support, in words for people who do not know Riley's criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.samplesize import SampleSize

CRITERIA = {
    "shrinkage": "effects shrink by a tenth at most",
    "optimism": "optimism of R² is at most 0.05",
    "overall_risk": "the overall risk is known to 5 percentage points",
}
"""What each criterion asks, to follow "so that"."""

COUNTED = (
    "Parameters are the encoded columns of the largest candidate: one for a number or a yes/no "
    "answer, one for each level of a category but the first. Variables used for safety alone, the "
    "site and columns without two different answers count as none."
)
TREES = "Boosted trees need more people than these minima."


def paragraphs(size: SampleSize) -> tuple[str, ...]:
    """Tell what is needed, what is there, and what that is worth.

    Parameters
    ----------
    size : SampleSize
        Needed and expected numbers.

    Returns
    -------
    tuple of str
        Paragraphs; the first is `SampleSize.sentence`.
    """
    return (
        size.sentence,
        _criteria(size),
        _optimism(size),
        _precision(size),
        _worth(size),
        f"{COUNTED} {TREES}",
    )


def _criteria(size: SampleSize) -> str:
    """List the people that each criterion asks for."""
    needed = "; ".join(f"{CRITERIA[name]}: {n:,}" for name, n in size.by_criterion.items())
    alone = "" if len(size.by_criterion) > 1 else " (for a time to event there is only this one)"
    return f"People needed so that {needed}{alone}. The largest number counts."


def _optimism(size: SampleSize) -> str:
    """Set the R² that will be seen beside the one that will hold."""
    kind = "Nagelkerke's R²" if size.task == "response" else "Cox\N{EN DASH}Snell's R²"
    if size.expected_optimism is None:
        return (
            f"So few people for {size.n_parameters} parameters let a model without shrinkage fit "
            f"them almost perfectly whatever is true: no optimism of {kind} can be named."
        )
    new = size.expected_r2
    return (
        f"Fitted without shrinkage, a model is expected to show {kind} of "
        f"{new + size.expected_optimism:.2f} in these people and {new:.2f} in new ones: an "
        f"optimism of {size.expected_optimism:.2f}."
    )


def _precision(size: SampleSize) -> str:
    """Say how well as many new people would pin down what is reported."""
    found = size.precision
    if found is None:
        return (
            "How narrow the interval of C will be is not told beforehand: for a time to event it "
            "depends on the censoring, and no formula as simple as that for an AUC is in use. The "
            "run's own intervals show it."
        )
    lo, hi = found["oe"]
    return (
        f"As many new people would pin down an AUC of {size.discrimination:.2f} to about "
        f"±{found['auc'][1] - size.discrimination:.2f}, observed over expected to {lo:.2f} to "
        f"{hi:.2f} and a calibration slope of 1 to about ±{found['calibration_slope'][1] - 1:.2f} "
        "(95 % intervals)."
    )


def _worth(size: SampleSize) -> str:
    """Say what a model as good as declared can buy."""
    if not size.net_benefit_gain:
        return (
            "What a model of this C can buy in net benefit depends on the day looked at and is "
            "not told beforehand."
        )
    gains = ", ".join(f"{100 * g:.1f} at {t:g}" for t, g in size.net_benefit_gain.items())
    return (
        f"What an AUC of {size.discrimination:.2f} can buy at best, in 100 people and over the "
        f"better of treating all and treating none (net benefit, by threshold): {gains}. Where "
        "that is below 1, the model hardly changes a decision."
    )
