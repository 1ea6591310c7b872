"""A rule from the literature as comparator: its coefficients are data, only its level is fitted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from predictor.dictionary import Dictionary, Variable

Floats = NDArray[np.float64]
Terms = tuple[tuple[Variable, float], ...]


class Term(BaseModel):
    """What one variable adds to the log-odds.

    Parameters
    ----------
    log_odds : float
        Added for each `per` units; of a yes/no variable, for yes.
    per : float
        Units.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    log_odds: float = Field(allow_inf_nan=False)
    per: float = Field(1.0, gt=0, allow_inf_nan=False)


class PublishedRule(BaseModel):
    """A rule with fixed coefficients.

    Parameters
    ----------
    source : str
        Where variables and coefficients come from.
    terms : dict of str to Term
        By variable of the dictionary.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(min_length=1)
    terms: dict[str, Term] = Field(min_length=1)


def terms_of(
    rule: PublishedRule | None, dictionary: Dictionary, values: Mapping[str, Floats]
) -> tuple[Terms, str]:
    """Hold a rule against what a run knows of its people.

    Parameters
    ----------
    rule : PublishedRule or None
        From the settings.
    dictionary : Dictionary
        Of the run.
    values : mapping of str to ndarray, shape (n,)
        Coded answers of the people analysed.

    Returns
    -------
    terms : tuple of (Variable, float)
        Log-odds per unit of each variable; empty where the rule cannot be applied.
    reason : str
        Why not; empty where it can.
    """
    if rule is None:
        return (), "the settings name no published rule"
    known = {variable.id: variable for variable in dictionary.predictors()}
    for name in rule.terms:
        reason = ""
        if name not in known:
            reason = "is no predictor of this run's dictionary known before the first dose"
        elif known[name].type == "category" or known[name].transform == "log1p":
            reason = "does not enter a model unit by unit"
        elif np.isnan(values[name]).all():
            reason = "was answered by nobody"
        if reason:
            return (), f"the published rule reads {name}, which {reason}"
    return tuple((known[name], term.log_odds / term.per) for name, term in rule.terms.items()), ""
