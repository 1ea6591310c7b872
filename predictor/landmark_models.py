"""What the models of one bundle share: at baseline and at every landmark rows are read alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from predictor.bundle import Bundle
from predictor.crosswalk import crosswalks_of
from predictor.dictionary import Dictionary
from predictor.known import Crosswalks


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What the models of one bundle share.

    Parameters
    ----------
    dictionary : Dictionary
        By which rows are read, whichever model scores them.
    crosswalks : mapping of pair of str to Crosswalk
        By scale given and scale wanted.
    outcome : mapping of str to object
        The rule of the outcome as plain values; empty in bundles that do not hold it.
    """

    dictionary: Dictionary
    crosswalks: Crosswalks
    outcome: Mapping[str, Any]


def shared_of(bundle: Bundle) -> Shared:
    """Gather what a bundle and the models of its landmarks share.

    Parameters
    ----------
    bundle : Bundle
        Perhaps with models of landmarks.

    Returns
    -------
    Shared
        What the bundle itself does not hold is taken from its landmarks.
    """
    every = [bundle, *bundle.landmarks.values()]
    walks = next((one.crosswalks for one in every if one.crosswalks), ())
    rules = [one.lineage.get("outcome") for one in every]
    rule: Mapping[str, Any] = next((rule for rule in rules if rule), {})
    return Shared(_dictionary_of(bundle), crosswalks_of(walks), rule)


def joined(own: Dictionary, others: Sequence[Dictionary]) -> Dictionary:
    """Add to a dictionary what only others know, so that the same rows are read alike.

    Parameters
    ----------
    own : Dictionary
        Goes first: what it knows stands as it is.
    others : sequence of Dictionary
        Of models that are asked with the same rows.

    Returns
    -------
    Dictionary
        With the variables and landmarks of all; `own` itself where nothing is added.
    """
    added = {v.id: v for one in others for v in one.variables if v.id not in own}
    named = {mark.name: mark for one in (own, *others) for mark in one.landmarks}
    if not added and len(named) == len(own.landmarks):
        return own
    # a stable sort: landmarks of one day keep the order in which they were written
    landmarks = tuple(sorted(named.values(), key=lambda one: one.day))
    return replace(own, variables=(*own.variables, *added.values()), landmarks=landmarks)


def _dictionary_of(bundle: Bundle) -> Dictionary:
    """Add to the bundle's dictionary what only its landmarks know; the very same without any."""
    return joined(bundle.dictionary, [one.dictionary for one in bundle.landmarks.values()])
