"""The one number that a run is quoted by: what a new site may expect, where sites can say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from training.evaluation.internal_external import InternalExternal
from training.metrics.intervals import Estimate

NEW_SITE, SAME_SITES = "internal_external", "cross_validation"


@dataclass(frozen=True, slots=True)
class Headline:
    """Discrimination with the interval that fits what is asked.

    Parameters
    ----------
    measure : str
        ``auc`` or ``c_index``; higher is better, 0.5 is chance.
    value : float
        Mean over sites, or of the cross-validation.
    lo, hi : float
        Of a 95 % prediction interval for a new site, or of a 95 % interval.
    method : str
        Which of the two.
    basis : str
        ``internal_external`` or ``cross_validation``.
    sites : int or None
        Sites behind it; None for cross-validation.
    reason : str
        Why sites that were left out do not say it; empty otherwise.
    """

    measure: str
    value: float
    lo: float
    hi: float
    method: str
    basis: str
    sites: int | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, object]:
        """Give the headline as it stands in the JSON of a run.

        Returns
        -------
        dict
            Plain values.
        """
        return asdict(self)


def headline_of(
    task: str, across: InternalExternal | None, metrics: Mapping[str, Estimate]
) -> Headline | None:
    """Choose the number a run is quoted by.

    Cross-validation over people tells of more people of the same sites. Where at least three
    sites were left out, what a new site may expect comes first.

    Parameters
    ----------
    task : str
        ``response`` or ``relapse``.
    across : InternalExternal or None
        Each site predicted from the others.
    metrics : mapping of str to Estimate
        Cross-validated measures of the chosen learner.

    Returns
    -------
    Headline or None
        None where neither has a value.

    References
    ----------
    Riley RD, Higgins JPT, Deeks JJ. BMJ 2011;342:d549 (prediction interval). Steyerberg EW,
    Harrell FE. J Clin Epidemiol 2016;69:245-247.
    """
    name = "c_index" if task == "relapse" else "auc"
    over = None if across is None else across.summary.get(name)
    if over is not None:
        return Headline(
            name, over.value, over.prediction_lo, over.prediction_hi,
            "95 % prediction interval", NEW_SITE, over.sites,
        )  # fmt: skip
    found = metrics.get(name)
    if found is None:
        return None
    reason = "" if across is None else across.undefined.get(name, "")
    return Headline(
        name, found.value, found.lo, found.hi, "95 % interval", SAME_SITES, reason=reason
    )
