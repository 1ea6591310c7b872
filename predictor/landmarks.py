"""Landmark variables, made from a dictionary: the same scale, known at a later day.

A landmark model reads the answers of the baseline and these. They are never typed into the
dictionary's file: each scale that is rated again becomes one variable for each landmark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from predictor.dictionary import Dictionary, Landmark, Variable, variable_from_dict
from predictor.errors import InvalidInputError

__all__ = ["Landmark", "Landmarks", "with_landmarks"]

GROUP = "since the first dose"
"""Heading under which forms show what is known at a landmark."""


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Landmarks in order of day, and what is known at each.

    Parameters
    ----------
    landmarks : tuple of Landmark
        In order of day.
    scales : tuple of str
        Scales that are rated again, by the name that visits use.
    evidence_grade, source : str
        Of a later score as predictor.
    more : tuple of tuple
        Pairs (names of landmarks, fields of a variable); texts of the fields may hold ``{name}``
        and ``{label}`` of the landmark.

    Raises
    ------
    InvalidInputError
        If a name stands twice, days do not rise, or a window does not hold its day.
    """

    landmarks: tuple[Landmark, ...]
    scales: tuple[str, ...]
    evidence_grade: str
    source: str
    more: tuple[tuple[tuple[str, ...], Mapping[str, Any]], ...] = ()

    def __post_init__(self) -> None:
        names = [landmark.name for landmark in self.landmarks]
        for one in self.landmarks:
            if names.count(one.name) > 1:
                raise InvalidInputError(f"landmarks: {one.name} stands twice; name each once")
            if not one.first <= one.day <= one.last:
                raise InvalidInputError(f"landmarks, {one.name}: the days must rise, first to last")
        for earlier, later in pairwise(self.landmarks):
            if later.day < earlier.day:
                raise InvalidInputError(
                    f"landmarks, {later.name}: its day lies before that of {earlier.name}; put the "
                    "landmarks in order of day"
                )
        unknown = [name for at, _ in self.more for name in at if name not in names]
        if unknown:
            raise InvalidInputError(
                f"landmarks, more: {unknown[0]} is no landmark; accepted are {', '.join(names)}"
            )

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Landmarks:
        """Read plain values.

        Parameters
        ----------
        content : mapping
            As in ``configs/landmarks.yaml``.

        Returns
        -------
        Landmarks
            Checked.

        Raises
        ------
        InvalidInputError
            If a key is unknown or missing, or a value is not accepted.
        """
        try:
            return cls(
                tuple(Landmark(**entry) for entry in content["landmarks"]),
                tuple(content["scales"]),
                str(content["evidence_grade"]),
                str(content["source"]),
                tuple((tuple(each["at"]), each["variable"]) for each in content.get("more", ())),
            )
        except (TypeError, KeyError) as error:
            raise InvalidInputError(
                f"landmarks: {error} is unknown or missing; see configs/landmarks.yaml"
            ) from error


def with_landmarks(dictionary: Dictionary, landmarks: Landmarks) -> Dictionary:
    """Add what is known at each landmark to a dictionary.

    Parameters
    ----------
    dictionary : Dictionary
        Without landmark variables.
    landmarks : Landmarks
        Which landmarks, and what is known at each.

    Returns
    -------
    Dictionary
        With one variable for each scale and landmark (``madrs_dose2``), of the type and ranges of
        the total at baseline but that no low score is unusual, and what else is known; landmark
        by landmark.

    Raises
    ------
    InvalidInputError
        If a variable of a landmark is not accepted.
    """
    made: list[Variable] = []
    for landmark in landmarks.landmarks:
        totals = [f"{s}_total" for s in landmarks.scales if f"{s}_total" in dictionary]
        made += [_rated_again(dictionary[total], landmark, landmarks) for total in totals]
        made += [_filled(fields, landmark) for at, fields in landmarks.more if landmark.name in at]
    return replace(
        dictionary,
        variables=(*dictionary.variables, *made),
        landmarks=landmarks.landmarks,
    )


def _rated_again(total: Variable, landmark: Landmark, landmarks: Landmarks) -> Variable:
    """Make the variable of a scale at a landmark: people who are well again are no surprise."""
    lowest = None if total.hard_range is None else total.hard_range[0]
    usual = total.plausible_range
    return replace(
        total,
        plausible_range=None if usual is None or lowest is None else (lowest, usual[1]),
        id=f"{total.id.removesuffix('_total')}_{landmark.name}",
        label=f"{total.instrument or total.label} {landmark.label}",
        group=GROUP,
        timing="landmark",
        landmark=landmark.name,
        evidence_grade=landmarks.evidence_grade,
        source=landmarks.source,
    )


def _filled(fields: Mapping[str, Any], landmark: Landmark) -> Variable:
    """Make one of the other variables of a landmark."""
    said = {
        key: value.replace("{name}", landmark.name).replace("{label}", landmark.label)
        if isinstance(value, str)
        else value
        for key, value in fields.items()
    }
    return variable_from_dict({**said, "timing": "landmark", "landmark": landmark.name})
