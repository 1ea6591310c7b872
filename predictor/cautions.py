"""What a model says against its own number: why there is none, and what to look at though there is.

Faults of the row and safety rules speak elsewhere; here only the model, its training people and
its expiry do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from predictor.bundle import Bundle
from predictor.dictionary import Variable
from predictor.model import Assessment
from predictor.score import Refusal
from predictor.uncertainty import MINIMUM_ANSWERED

Variables = Sequence[Variable]
Caution = dict[str, str | None]


def refusals_of(bundle: Bundle, assessment: Assessment, i: int) -> list[Refusal]:
    """List the model's own reasons to give no number.

    Parameters
    ----------
    bundle : Bundle
        The model and where it comes from.
    assessment : Assessment
        What the model says of the rows.
    i : int
        Place of the row among them, from 0.

    Returns
    -------
    list of Refusal
        Too little information, answers far outside the training support, expiry.
    """
    variables = _variables(bundle)
    refusals = _too_little(assessment, i, len(variables))
    limit = bundle.model.uncertainty.margin_sd
    refusals += [
        Refusal(
            "out_of_support",
            f"{variables[j].label} lies outside what the training patients had and "
            "alone moves the result by more than people usually differ; check it",
            variables[j].id,
        )
        for j in np.flatnonzero(assessment.outside[i])
        if abs(assessment.contributions[i, j]) > limit
    ]
    expires = bundle.provenance.expires
    if has_expired(expires):
        refusals.append(Refusal("expired", f"the model expired on {expires}; get a newer one"))
    return refusals


def cautions_of(bundle: Bundle, assessment: Assessment, i: int) -> Iterator[Caution]:
    """List what to look at though a number may be given.

    Parameters
    ----------
    bundle : Bundle
        The model and where it comes from.
    assessment : Assessment
        What the model says of the rows.
    i : int
        Place of the row among them, from 0.

    Yields
    ------
    dict
        Keys ``code``, ``variable``, ``message``.
    """
    variables = _variables(bundle)
    for j in np.flatnonzero(assessment.outside[i]):
        variable = variables[j]
        message = (
            f"{variable.label} lies outside what the training patients had; the interval was "
            "widened"
        )
        yield {"code": "out_of_support", "variable": variable.id, "message": message}
    yield from _unusual(variables, assessment.unusual[i])
    baseline = bundle.model.baseline
    if baseline is not None and baseline.last_supported_day < baseline.horizon_days:
        message = (
            f"too few patients were followed beyond day {baseline.last_supported_day:.0f}; "
            "the curve continues from there as it went before"
        )
        yield {"code": "beyond_followup", "variable": None, "message": message}
    if not bundle.provenance.better_than_average:
        message = "in cross-validation the model was no better than the average"
        yield {"code": "no_better_than_average", "variable": None, "message": message}


def has_expired(expires: str) -> bool:
    """Tell whether a model may no longer give numbers.

    Parameters
    ----------
    expires : str
        ISO date after which no number is given; empty for never.

    Returns
    -------
    bool
        True from the day after that date, by the clock of this machine.
    """
    return bool(expires) and dt.date.today() > dt.date.fromisoformat(expires)


def _variables(bundle: Bundle) -> list[Variable]:
    """Find the variables that the model reads, in its order."""
    return [bundle.dictionary[variable] for variable in bundle.model.encoding.variables]


def _too_little(assessment: Assessment, i: int, n_variables: int) -> list[Refusal]:
    """Refuse where too few questions are answered."""
    needed = min(MINIMUM_ANSWERED, n_variables)
    answered = int(assessment.answered[i].sum())
    if answered >= needed:
        return []
    message = (
        f"{answered} of the {n_variables} variables that the model reads are answered; at least "
        f"{needed} are needed"
    )
    return [Refusal("too_little_information", message)]


def _unusual(variables: Variables, found: NDArray[np.intp]) -> Iterator[Caution]:
    """Name the answers that do not go together though each is in range."""
    named = [variables[j] for j in found if j >= 0]
    if not named:
        return
    message = " and ".join(variable.label for variable in named)
    message += (
        " do not go together as they did in the training patients"
        if len(named) > 1
        else " fits the other answers least, which together are unlike those of nearly all "
        "training patients"
    )
    message += "; check the answers; the interval was widened"
    yield {"code": "unusual_combination", "variable": named[0].id, "message": message}
