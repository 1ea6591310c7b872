"""Who belongs to which group of one variable, and how its groups were made, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Dictionary, Variable
from predictor.errors import InvalidInputError
from predictor.rows.wording import unit_words
from training.scales import SCALES
from training.settings import nearest

Floats = NDArray[np.float64]

SITE = "site"
"""Name by which sites are asked for; no variable of the dictionary has it."""

NOT_ANSWERED = "not answered"

BY_CONVENTION: Mapping[str, tuple[float, ...]] = MappingProxyType({"age_years": (40.0, 60.0)})
"""Cuts of numbers for which no source gives any: early, middle and later adult life."""


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """People divided by one variable.

    Parameters
    ----------
    variable : str
        Its id, or ``site``.
    label : str
        What a clinician reads.
    names : tuple of str
        Groups in which there is anybody, in their order; those without an answer come last.
    of : ndarray of int, shape (n,)
        Place of each person's group.
    how : str
        How a number was cut, in words; empty for levels and sites.
    """

    variable: str
    label: str
    names: tuple[str, ...]
    of: NDArray[np.intp]
    how: str = ""

    @property
    def reason(self) -> str:
        """Why there is nothing to compare; empty where there is."""
        if not self.names or self.names == (NOT_ANSWERED,):
            return "nobody has an answer"
        return "all people are in one group" if len(self.names) == 1 else ""


def groupings(
    wanted: Sequence[str],
    dictionary: Dictionary,
    values: Mapping[str, Floats],
    sites: Sequence[str | None],
    *,
    cuts: Mapping[str, Sequence[float]],
) -> tuple[Grouping, ...]:
    """Divide people by each variable asked for.

    Parameters
    ----------
    wanted : sequence of str
        Ids of variables, or ``site``.
    dictionary : Dictionary
        Of the run.
    values : mapping of str to ndarray, shape (n,)
        Coded answers to every variable of the dictionary.
    sites : sequence of str or None
        Site of each person.
    cuts : mapping of str to sequence of float
        Declared bands of numbers.

    Returns
    -------
    tuple of Grouping
        In the order asked for.

    Raises
    ------
    InvalidInputError
        If a variable is unknown, or cuts are declared for one that is no number.
    """
    known = (SITE, *dictionary.ids)
    for name in wanted:
        if name not in known:
            raise InvalidInputError(
                f"subgroups: {name} is not in the data dictionary{nearest(name, known)}"
            )
    for name in cuts:
        if name == SITE or dictionary[name].type not in ("number", "integer"):
            raise InvalidInputError(
                f"subgroup_bands: {name} is no number and cannot be cut; leave it out there"
            )
    return tuple(
        group_by_site(sites)
        if name == SITE
        else group_by(dictionary[name], values[name], cuts.get(name, ()))
        for name in wanted
    )


def group_by_site(sites: Sequence[str | None]) -> Grouping:
    """Divide people by the site where they were treated.

    Parameters
    ----------
    sites : sequence of str or None
        Site of each person; None where it is not known.

    Returns
    -------
    Grouping
        In alphabetical order.
    """
    names = sorted({site for site in sites if site is not None})
    places = {site: place for place, site in enumerate(names)}
    codes = np.array([np.nan if site is None else places[site] for site in sites])
    return _grouped(SITE, "Site", names, codes.astype(np.float64))


def group_by(variable: Variable, values: Floats, cuts: Sequence[float] = ()) -> Grouping:
    """Divide people by their answers to one variable.

    Levels are groups. A number is cut at `cuts` where any are given, else by `BY_CONVENTION`, else
    into the bands of severity of its scale, else into thirds of these people.

    Parameters
    ----------
    variable : Variable
        Of the dictionary.
    values : ndarray, shape (n,)
        Coded answers, NaN where there is none.
    cuts : sequence of float
        Lowest value of each band but the first, rising.

    Returns
    -------
    Grouping
        People without an answer are a group of their own.
    """
    if variable.type == "yes_no":
        return _grouped(variable.id, variable.label, ("no", "yes"), values)
    if variable.levels:
        levels = [level.replace("_", " ") for level in variable.levels]
        return _grouped(variable.id, variable.label, levels, values)
    unit = unit_words(variable.unit)
    label = f"{variable.label} ({unit})" if unit else variable.label
    starts, how, names = _bands(variable, values, cuts)
    codes = np.where(np.isnan(values), np.nan, np.searchsorted(starts, values, side="right"))
    return _grouped(variable.id, label, names, codes, how)


def _bands(
    variable: Variable, values: Floats, cuts: Sequence[float]
) -> tuple[Sequence[float], str, Sequence[str]]:
    """Choose where a number is cut, with the words for it and the names of the bands."""
    scale = SCALES.get(variable.id.removesuffix("_total"))
    if cuts:
        return cuts, "cut as declared in the settings", _named(cuts)
    if variable.id in BY_CONVENTION:
        starts = BY_CONVENTION[variable.id]
        return starts, "cut by convention", _named(starts)
    if scale is not None and scale.bands:
        starts = tuple(start for _, start in scale.bands[1:])
        return starts, f"bands of severity of the {scale.label}", scale.band_names
    thirds = _thirds(values)
    return thirds, "thirds of these people, as far as equal answers allow", _named(thirds)


def _thirds(values: Floats) -> list[float]:
    """Cut answers into thirds, at rounded values: nobody's own answer shall be read off."""
    answered = values[~np.isnan(values)]
    if not answered.size:
        return []
    at = np.quantile(answered, [1 / 3, 2 / 3], method="higher")
    rounded = sorted({float(f"{cut:.2g}") for cut in at})
    return [cut for cut in rounded if answered.min() < cut <= answered.max()]


def _named(cuts: Sequence[float]) -> list[str]:
    """Name the bands between cuts."""
    if not cuts:
        return ["any"]
    between = [f"{lo:g} to under {hi:g}" for lo, hi in pairwise(cuts)]
    return [f"under {cuts[0]:g}", *between, f"{cuts[-1]:g} or more"]


def _grouped(
    variable: str, label: str, names: Sequence[str], codes: Floats, how: str = ""
) -> Grouping:
    """Keep the groups in which there is anybody, and count them from 0."""
    places = np.where(np.isnan(codes), len(names), codes).astype(np.intp)
    present, of = np.unique(places, return_inverse=True)
    everything = (*names, NOT_ANSWERED)
    kept = tuple(everything[place] for place in present)
    return Grouping(variable, label, kept, of.astype(np.intp), how)
