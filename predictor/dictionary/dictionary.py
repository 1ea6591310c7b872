"""All variables and scales together, and how they are read from plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

from predictor.dictionary.checking import check_instrument, check_variable
from predictor.dictionary.variables import Instrument, Landmark, Variable
from predictor.errors import InvalidInputError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dictionary:
    """All variables and instruments, in the order in which forms show them.

    Parameters
    ----------
    variables : tuple of Variable
        Every column of the patients table but ``patient_id`` and ``site``.
    instruments : tuple of Instrument
        Scales whose items may be given.
    version : str
        Changed whenever a meaning changes.
    landmarks : tuple of Landmark
        In order of day; those at which a variable may become known.

    Raises
    ------
    InvalidInputError
        If an id stands twice or an instrument, formula or variable names what is unknown.
    """

    variables: tuple[Variable, ...]
    instruments: tuple[Instrument, ...] = ()
    version: str = "1"
    landmarks: tuple[Landmark, ...] = ()
    _by_id: dict[str, Variable] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for variable in self.variables:
            if variable.id in self._by_id:
                raise InvalidInputError(
                    f"data dictionary, {variable.id}: the id stands twice; give each variable one"
                )
            self._by_id[variable.id] = variable
        for variable in self.variables:
            check_variable(variable, self._by_id, self.landmarks)
        for instrument in self.instruments:
            check_instrument(instrument, self._by_id)

    def __getitem__(self, variable_id: str) -> Variable:
        return self._by_id[variable_id]

    def __contains__(self, variable_id: object) -> bool:
        return variable_id in self._by_id

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all variables in order."""
        return tuple(variable.id for variable in self.variables)

    def predictors(self) -> tuple[Variable, ...]:
        """Variables that may enter a baseline model: predictors known before the first dose.

        Returns
        -------
        tuple of Variable
            In the order of the dictionary; ``landmark`` variables are left out.
        """
        return tuple(v for v in self.variables if v.use == "predictor" and v.timing != "landmark")

    def known_at(self, landmark: str) -> tuple[Variable, ...]:
        """Variables that may enter a model at a landmark.

        Parameters
        ----------
        landmark : str
            Name of one of `landmarks`.

        Returns
        -------
        tuple of Variable
            Baseline predictors and what became known at this landmark or an earlier one.

        Raises
        ------
        InvalidInputError
            If there is no such landmark.
        """
        names = [one.name for one in self.landmarks]
        if landmark not in names:
            raise InvalidInputError(
                f"landmark {landmark} is unknown; accepted are {', '.join(names) or 'none here'}"
            )
        past = names[: names.index(landmark) + 1]
        is_known = {v.id: v.timing != "landmark" or v.landmark in past for v in self.variables}
        return tuple(v for v in self.variables if v.use == "predictor" and is_known[v.id])

    def merged(self, extra: Iterable[Variable]) -> Dictionary:
        """Add variables that only one data source has.

        Parameters
        ----------
        extra : iterable of Variable
            A variable whose id is known replaces the known one.

        Returns
        -------
        Dictionary
            A new dictionary; this one is unchanged.
        """
        merged = {variable.id: variable for variable in self.variables}
        merged.update({variable.id: variable for variable in extra})
        return replace(self, variables=tuple(merged.values()))

    def to_dict(self) -> dict[str, Any]:
        """Give the dictionary as plain values for JSON.

        Returns
        -------
        dict
            Keys ``version``, ``variables``, ``instruments``, ``landmarks``; `from_dict` reads it
            back.
        """
        return {
            "version": self.version,
            "variables": [asdict(variable) for variable in self.variables],
            "instruments": [asdict(instrument) for instrument in self.instruments],
            "landmarks": [asdict(landmark) for landmark in self.landmarks],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Dictionary:
        """Read what `to_dict` wrote or what the YAML file holds.

        Parameters
        ----------
        content : mapping
            Keys ``version``, ``variables``, ``instruments``, ``landmarks``.

        Returns
        -------
        Dictionary
            The checked dictionary.

        Raises
        ------
        InvalidInputError
            If a key is unknown or missing, or a value is not accepted.
        """
        wrong = set(content) - {"version", "variables", "instruments", "landmarks"}
        if wrong or "variables" not in content:
            raise InvalidInputError(
                f"data dictionary: {min(wrong, default='variables')} is unknown or missing; "
                "the keys are version, variables, instruments and landmarks"
            )
        return cls(
            tuple(variable_from_dict(entry) for entry in content["variables"]),
            tuple(_from_dict(Instrument, entry) for entry in content.get("instruments", ())),
            str(content.get("version", "1")),
            tuple(_from_dict(Landmark, entry) for entry in content.get("landmarks", ())),
        )


def variable_from_dict(entry: Mapping[str, Any]) -> Variable:
    """Read one variable from plain values.

    Parameters
    ----------
    entry : mapping
        Fields of `Variable`; lists stand for tuples.

    Returns
    -------
    Variable
        The variable, not yet checked against the others.

    Raises
    ------
    InvalidInputError
        If a key is unknown or missing.
    """
    return _from_dict(Variable, entry)


def _from_dict(kind: type[T], entry: Mapping[str, Any]) -> T:
    """Build a frozen value from plain values; lists become tuples."""
    plain = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
    try:
        return kind(**plain)
    except TypeError as error:
        raise InvalidInputError(
            f"data dictionary, {plain.get('id', 'an entry without id')}: {error}; "
            "see docs/data-dictionary.md for the accepted keys"
        ) from error
