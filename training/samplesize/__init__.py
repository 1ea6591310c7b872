"""What a cohort can support: Riley's minimum sample size for a prediction model.

The expected AUC or C is declared beforehand, never the one seen in the same data.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import sqrt
from typing import Literal

from predictor.errors import InvalidInputError
from training.samplesize.binormal import net_benefit_gain
from training.samplesize.criteria import (
    cox_snell_from_auc,
    cox_snell_from_c,
    expected_shrinkage,
    max_cox_snell,
    n_for_optimism,
    n_for_overall_risk,
    n_for_shrinkage,
)
from training.samplesize.external import (
    Z,
    interval_of_oe,
    standard_error_of_c,
    standard_error_of_slope,
)
from training.samplesize.wording import paragraphs

__all__ = [
    "SampleSize",
    "cox_snell_from_auc",
    "cox_snell_from_c",
    "expected_shrinkage",
    "max_cox_snell",
    "n_for_optimism",
    "n_for_overall_risk",
    "n_for_shrinkage",
    "required_sample",
]

Task = Literal["response", "relapse"]

THRESHOLDS = (0.3, 0.4, 0.5, 0.6)
"""Risks from which one might act, at which the worth of a model is told beforehand."""


@dataclass(frozen=True, slots=True)
class SampleSize:
    """What is needed, and what the people at hand amount to.

    Parameters
    ----------
    task : str
        ``response`` or ``relapse``.
    discrimination : float
        Declared AUC (response) or C (relapse).
    event_share : float
        Declared share with the outcome.
    n_parameters : int
        Candidate parameters.
    n_available : int
        People at hand.
    cox_snell_r2 : float
        Cox-Snell R² that the declared discrimination stands for.
    by_criterion : dict of str to int
        People needed by each criterion: ``shrinkage`` and, for response, ``optimism`` and
        ``overall_risk``.
    expected_shrinkage : float
        Factor in (0, 1) by which effects fitted to the people at hand must be expected to
        shrink in new people; 0.9 is the target.
    """

    task: Task
    discrimination: float
    event_share: float
    n_parameters: int
    n_available: int
    cox_snell_r2: float
    by_criterion: dict[str, int]
    expected_shrinkage: float

    @property
    def n_required(self) -> int:
        """People needed: the largest of the criteria."""
        return max(self.by_criterion.values())

    @property
    def is_enough(self) -> bool:
        """Whether the people at hand reach the minimum."""
        return self.n_available >= self.n_required

    @property
    def events_required(self) -> float:
        """People with the outcome among those needed."""
        return self.n_required * self.event_share

    @property
    def events_available(self) -> float:
        """People with the outcome expected among those at hand."""
        return self.n_available * self.event_share

    @property
    def events_per_parameter(self) -> float:
        """People with the outcome per parameter, at hand."""
        return self.events_available / self.n_parameters

    @property
    def expected_r2(self) -> float:
        """R² expected in new people: Nagelkerke's for response, Cox-Snell's for relapse."""
        return self.cox_snell_r2 / self._largest_r2

    @property
    def expected_optimism(self) -> float | None:
        """R² seen in the people fitted to, less that in new people; None where it has no bound.

        The second criterion solved for the optimism at the expected shrinkage S: R²·(1/S - 1).
        Without shrinkage an R² above the largest possible one would be seen if people are too few.
        """
        seen = self.cox_snell_r2 / self.expected_shrinkage
        if seen >= self._largest_r2:
            return None
        return (seen - self.cox_snell_r2) / self._largest_r2

    @property
    def _largest_r2(self) -> float:
        """Largest Cox-Snell R²; for a time to event it is counted as 1."""
        return max_cox_snell(self.event_share) if self.task == "response" else 1.0

    @property
    def precision(self) -> dict[str, tuple[float, float]] | None:
        """95 % intervals that as many new people would give; None for a time to event.

        Keys ``auc``, ``oe`` and ``calibration_slope``, of a model that is calibrated and
        discriminates as declared.
        """
        n, share = self.n_available, self.event_share
        if self.task != "response" or n < 2:
            return None
        of_c = Z * standard_error_of_c(self.discrimination, n=n, event_share=share)
        of_slope = Z * standard_error_of_slope(self.discrimination, n=n, event_share=share)
        return {
            "auc": (self.discrimination - of_c, self.discrimination + of_c),
            "oe": interval_of_oe(1.0, n=n, event_share=share),
            "calibration_slope": (1 - of_slope, 1 + of_slope),
        }

    @property
    def net_benefit_gain(self) -> dict[float, float]:
        """What the declared AUC buys at best, by threshold; empty for a time to event.

        Net benefit over the better of acting on all and on nobody, per person.
        """
        if self.task != "response":
            return {}
        return {
            threshold: net_benefit_gain(
                self.discrimination, event_share=self.event_share, threshold=threshold
            )
            for threshold in THRESHOLDS
        }

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """All of it in words, the sentence first."""
        return paragraphs(self)

    @property
    def sentence(self) -> str:
        """All of it in words."""
        measure = "AUC" if self.task == "response" else "C"
        margin = 1.96 * sqrt(self.event_share * (1 - self.event_share) / self.n_available)
        return (
            f"For an expected {measure} of {self.discrimination:.2f}, an outcome in "
            f"{self.event_share:.0%} and {self.n_parameters} candidate parameters, Riley's "
            f"criteria ask for {self.n_required:,} people "
            f"({self.events_required / self.n_parameters:.1f} with the outcome per parameter). "
            f"At hand: {self.n_available:,} ({self.events_per_parameter:.1f} per parameter), so "
            f"effects are expected to shrink to {self.expected_shrinkage:.0%} of what is fitted, "
            f"and the overall risk is known to about ±{100 * margin:.0f} percentage points: "
            f"{'enough' if self.is_enough else 'too few'}."
        )

    def to_dict(self) -> dict[str, object]:
        """Give all numbers and the sentence, for JSON.

        Returns
        -------
        dict
            Keys are the fields and properties of this class.
        """
        derived = (
            "n_required",
            "is_enough",
            "events_required",
            "events_available",
            "events_per_parameter",
            "expected_r2",
            "expected_optimism",
            "sentence",
        )
        precision = self.precision or {}
        return {
            **asdict(self),
            **{name: getattr(self, name) for name in derived},
            "precision": {name: {"lo": lo, "hi": hi} for name, (lo, hi) in precision.items()},
            "net_benefit_gain": {f"{t:g}": gain for t, gain in self.net_benefit_gain.items()},
        }


def required_sample(
    task: Task,
    *,
    discrimination: float,
    event_share: float,
    n_parameters: int,
    n_available: int,
) -> SampleSize:
    """People needed to fit a model, against the people at hand.

    Response: shrinkage of 0.9, optimism of R² at most 0.05, overall risk known to 0.05.
    Relapse: the shrinkage criterion only. Trees need more than these minima.

    Parameters
    ----------
    task : str
        ``response`` (AUC, a probability) or ``relapse`` (C, a time to event).
    discrimination : float
        Expected AUC or C in new people, declared beforehand, inside (0.5, 1).
    event_share : float
        Expected share with the outcome (relapse: with the event during follow-up), in (0, 1);
        for relapse 1 is allowed.
    n_parameters : int
        Candidate parameters: each dummy, spline and interaction term considered, at least 1.
    n_available : int
        People at hand, at least 1.

    Returns
    -------
    SampleSize
        Needed and expected numbers, with a sentence.

    Raises
    ------
    InvalidInputError
        If a number is outside its range.

    References
    ----------
    Riley RD et al. Stat Med 2019;38:1276-1296. Riley RD et al. BMJ 2020;368:m441.
    """
    if task not in {"response", "relapse"}:
        raise InvalidInputError(f"task {task} is unknown; it is response or relapse")
    if n_available < 1:
        raise InvalidInputError(f"{n_available} people are at hand; at least 1 is needed")
    if task == "response":
        r2 = cox_snell_from_auc(discrimination, event_share=event_share)
        by_criterion = {
            "shrinkage": n_for_shrinkage(r2, n_parameters=n_parameters),
            "optimism": n_for_optimism(r2, event_share=event_share, n_parameters=n_parameters),
            "overall_risk": n_for_overall_risk(event_share),
        }
    else:
        r2 = cox_snell_from_c(discrimination, event_share=event_share)
        by_criterion = {"shrinkage": n_for_shrinkage(r2, n_parameters=n_parameters)}
    return SampleSize(
        task=task,
        discrimination=discrimination,
        event_share=event_share,
        n_parameters=n_parameters,
        n_available=n_available,
        cox_snell_r2=r2,
        by_criterion=by_criterion,
        expected_shrinkage=expected_shrinkage(r2, n=n_available, n_parameters=n_parameters),
    )
