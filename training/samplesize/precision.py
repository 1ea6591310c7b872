"""How precisely the new people at hand measure a frozen model, against what was declared.

The expected AUC and the share with the outcome are declared beforehand (the share is that of the
cohort the model comes from), never those seen in the people it is tested on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from predictor.errors import InvalidInputError
from training.samplesize.external import n_for_c, n_for_oe, n_for_slope

_ASKED = {
    "auc": "the AUC to have an interval 0.1 wide",
    "oe": "observed over expected to be known to within a tenth",
    "calibration_slope": "the calibration slope to have an interval 0.4 wide",
}
"""Precision asked for: the defaults of `training.samplesize.external`, in words."""


@dataclass(frozen=True, slots=True)
class Precision:
    """People needed to measure a frozen model as precisely as declared.

    Parameters
    ----------
    task : str
        ``response`` or ``relapse``.
    discrimination : float
        Declared AUC or C.
    event_share : float
        Declared share with the outcome (relapse: by the horizon).
    by_criterion : dict of str to int
        People needed for ``auc``, ``oe`` and ``calibration_slope``; relapse: for ``oe`` alone,
        were nobody censored.
    n_available : int
        People at hand.
    """

    task: Literal["response", "relapse"]
    discrimination: float
    event_share: float
    by_criterion: dict[str, int]
    n_available: int

    @property
    def n_required(self) -> int:
        """People needed: the largest of the criteria."""
        return max(self.by_criterion.values())

    @property
    def is_enough(self) -> bool:
        """Whether the people at hand reach all criteria."""
        return self.n_available >= self.n_required

    @property
    def sentence(self) -> str:
        """All of it in words."""
        relapse = self.task == "relapse"
        parts = [
            f"{self.by_criterion[name]:,} for {words}"
            for name, words in _ASKED.items()
            if name in self.by_criterion
        ]
        expected = "" if relapse else f"an AUC of {self.discrimination:.2f} and "
        more = " were nobody censored (C and slope have no closed formula)" if relapse else ""
        return (
            f"With {expected}an outcome in {self.event_share:.0%}, declared beforehand, an "
            f"external validation needs, in people: {', '.join(parts)}{more}. At hand: "
            f"{self.n_available:,}, {'enough' if self.is_enough else 'too few'}."
        )

    def to_dict(self) -> dict[str, object]:
        """Give all numbers and the sentence, for JSON.

        Returns
        -------
        dict
            Keys are the fields and properties of this class.
        """
        derived = ("n_required", "is_enough", "sentence")
        return {**asdict(self), **{name: getattr(self, name) for name in derived}}


def required_to_validate(
    task: Literal["response", "relapse"],
    *,
    discrimination: float,
    event_share: float,
    n_available: int,
) -> Precision:
    """People needed to validate a model with the declared precision.

    Parameters
    ----------
    task : str
        ``response`` or ``relapse``.
    discrimination : float
        Expected AUC or C, declared beforehand, inside (0.5, 1).
    event_share : float
        Expected share with the outcome (relapse: by the horizon), inside (0, 1).
    n_available : int
        People at hand.

    Returns
    -------
    Precision
        Needed numbers, with a sentence.

    Raises
    ------
    InvalidInputError
        If the task is unknown or a number is outside its range.

    References
    ----------
    Riley RD et al. Stat Med 2021;40:4230-4251. Riley RD et al. Stat Med 2022;41:1280-1295
    (survival models, by simulation).
    """
    if task not in {"response", "relapse"}:
        raise InvalidInputError(f"task {task} is unknown; it is response or relapse")
    needed = {"oe": n_for_oe(event_share)}
    if task == "response":
        needed["auc"] = n_for_c(discrimination, event_share=event_share)
        needed["calibration_slope"] = n_for_slope(discrimination, event_share=event_share)
    return Precision(task, discrimination, event_share, needed, n_available)
