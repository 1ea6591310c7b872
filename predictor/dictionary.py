"""The data dictionary: what every variable means and which values are valid.

The one source of truth for rows, forms, documents and simulation. It is written in
``configs/dictionary.yaml``, read by ``training.config`` and carried as JSON in each bundle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeVar, get_args

from predictor.errors import InvalidInputError

VariableType = Literal["number", "integer", "ordinal", "category", "yes_no"]
Use = Literal["predictor", "safety", "input"]
Timing = Literal["baseline", "planned", "landmark"]
Transform = Literal["none", "log1p"]
Formula = Literal["bmi", "dose_mg_per_kg", "at_least_two"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Variable:
    """One column of the patients table.

    Parameters
    ----------
    id : str
        Column name; carries the unit where there is one (``age_years``).
    label : str
        What a clinician reads.
    type : str
        ``number``, ``integer``, ``ordinal`` (ordered levels, coded 0, 1, …), ``category``
        (unordered levels, coded 0, 1, …) or ``yes_no`` (coded 1, 0).
    unit : str
        UCUM code; empty for levels and yes/no.
    group : str
        Heading under which forms and documents show it.
    source : str
        Where range, levels and evidence come from.
    use : str
        ``predictor`` may enter a model, ``safety`` is read by safety rules only, ``input`` is
        recorded but enters no model (to derive another variable, or answered
        only under a condition).
    timing : str
        ``baseline``, ``planned`` (treatment as planned before the first dose) or ``landmark``
        (known only after it; never enters a baseline model).
    hard_range : tuple of float or None
        Values outside are refused (both ends accepted). None for levels and yes/no.
    plausible_range : tuple of float or None
        Values outside are accepted with a warning.
    levels : tuple of str
        Accepted texts of ``ordinal`` (in order) and ``category``.
    instrument : str or None
        Name of the rating scale.
    variant : str or None
        Scoring variant of the scale, where scales of one name differ.
    loinc : str or None
        Confirmed LOINC code only.
    missing_codes : tuple of str
        Texts that mean "not answered" besides the empty text.
    modifiable : bool
        Whether care can change it.
    evidence_grade : str
        A, B, C, D or general as in ``docs/data-dictionary.md``; empty if not a predictor.
    higher_is_worse : bool or None
        Direction of a scale; None where not directional.
    transform : str
        What the encoding applies before a linear learner sees it.
    derived : str or None
        Name of the formula that fills it from other columns.
    derived_from : tuple of str
        The columns that the formula reads.
    typed : bool
        Whether it may stand in a file; False for values that are only ever derived.
    """

    id: str
    label: str
    type: VariableType
    group: str
    source: str
    unit: str = ""
    use: Use = "predictor"
    timing: Timing = "baseline"
    hard_range: tuple[float, float] | None = None
    plausible_range: tuple[float, float] | None = None
    levels: tuple[str, ...] = ()
    instrument: str | None = None
    variant: str | None = None
    loinc: str | None = None
    missing_codes: tuple[str, ...] = ()
    modifiable: bool = False
    evidence_grade: str = ""
    higher_is_worse: bool | None = None
    transform: Transform = "none"
    derived: Formula | None = None
    derived_from: tuple[str, ...] = ()
    typed: bool = True


@dataclass(frozen=True, slots=True)
class Instrument:
    """A scale whose total is computed from items where items are given.

    Parameters
    ----------
    id : str
        Short name, the prefix of the item columns (``madrs`` gives ``madrs_1`` …).
    label : str
        Full name.
    total : str
        Variable that holds the total.
    items : tuple of int
        Numbers of the items that are summed.
    item_range : tuple of int
        Lowest and highest answer of one item.
    reverse : tuple of int
        Items counted as lowest + highest − answer.
    may_be_missing : int
        How many items may be unanswered before the total is missing.
    prorating : str
        ``mean`` (missing items take the mean of the answered ones, total rounded half up) or
        ``none`` (a total needs every item).
    source : str
        Where the rule comes from.
    prefix : str or None
        What the item columns begin with where several scales share one form (``ctq``); the id
        where None.
    """

    id: str
    label: str
    total: str
    items: tuple[int, ...]
    item_range: tuple[int, int]
    source: str
    reverse: tuple[int, ...] = ()
    may_be_missing: int = 0
    prorating: Literal["mean", "none"] = "none"
    prefix: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the item columns."""
        return tuple(f"{self.prefix or self.id}_{item}" for item in self.items)


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

    Raises
    ------
    InvalidInputError
        If an id stands twice or an instrument or formula names an unknown variable.
    """

    variables: tuple[Variable, ...]
    instruments: tuple[Instrument, ...] = ()
    version: str = "1"
    _by_id: dict[str, Variable] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for variable in self.variables:
            if variable.id in self._by_id:
                raise InvalidInputError(
                    f"data dictionary, {variable.id}: the id stands twice; give each variable one"
                )
            self._by_id[variable.id] = variable
        for variable in self.variables:
            _check_variable(variable, self._by_id)
        for instrument in self.instruments:
            _check_instrument(instrument, self._by_id)

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
        return Dictionary(tuple(merged.values()), self.instruments, self.version)

    def to_dict(self) -> dict[str, Any]:
        """Give the dictionary as plain values for JSON.

        Returns
        -------
        dict
            Keys ``version``, ``variables``, ``instruments``; `from_dict` reads it back.
        """
        return {
            "version": self.version,
            "variables": [asdict(variable) for variable in self.variables],
            "instruments": [asdict(instrument) for instrument in self.instruments],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Dictionary:
        """Read what `to_dict` wrote or what the YAML file holds.

        Parameters
        ----------
        content : mapping
            Keys ``version``, ``variables``, ``instruments``.

        Returns
        -------
        Dictionary
            The checked dictionary.

        Raises
        ------
        InvalidInputError
            If a key is unknown or missing, or a value is not accepted.
        """
        wrong = set(content) - {"version", "variables", "instruments"}
        if wrong or "variables" not in content:
            raise InvalidInputError(
                f"data dictionary: {min(wrong, default='variables')} is unknown or missing; "
                "the keys are version, variables and instruments"
            )
        return cls(
            tuple(variable_from_dict(entry) for entry in content["variables"]),
            tuple(_from_dict(Instrument, entry) for entry in content.get("instruments", ())),
            str(content.get("version", "1")),
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


def _check_variable(variable: Variable, known: Mapping[str, Variable]) -> None:
    """Refuse a variable whose parts do not fit together."""
    where = f"data dictionary, {variable.id}"
    accepted = {
        "type": get_args(VariableType),
        "use": get_args(Use),
        "timing": get_args(Timing),
        "transform": get_args(Transform),
        "derived": (None, *get_args(Formula)),
    }
    for key, choices in accepted.items():
        if getattr(variable, key) not in choices:
            raise InvalidInputError(f"{where}: {key} must be one of {', '.join(map(str, choices))}")
    if variable.type in ("category", "ordinal") and len(variable.levels) < 2:
        raise InvalidInputError(f"{where}: a {variable.type} variable needs at least two levels")
    if variable.type in ("number", "integer") and variable.hard_range is None:
        raise InvalidInputError(f"{where}: a {variable.type} variable needs a hard_range")
    if not all(isinstance(text, str) for text in variable.levels + variable.missing_codes):
        raise InvalidInputError(f"{where}: levels and missing_codes are texts; quote yes, no, none")
    if variable.hard_range is not None:
        low, high = variable.hard_range
        plausible_low, plausible_high = variable.plausible_range or variable.hard_range
        if not low <= plausible_low < plausible_high <= high:
            raise InvalidInputError(
                f"{where}: plausible_range must lie inside hard_range, low first"
            )
    unknown = [column for column in variable.derived_from if column not in known]
    if unknown:
        raise InvalidInputError(f"{where}: derived_from names unknown {', '.join(unknown)}")


def _check_instrument(instrument: Instrument, known: Mapping[str, Variable]) -> None:
    """Refuse a scale whose items cannot give its total."""
    where = f"data dictionary, instrument {instrument.id}"
    if instrument.total not in known:
        raise InvalidInputError(
            f"{where}: its total {instrument.total} is no variable; add it or correct the name"
        )
    clash = [column for column in instrument.columns if column in known]
    if clash:
        raise InvalidInputError(f"{where}: {clash[0]} is both an item and a variable; rename one")
    strange = [item for item in instrument.reverse if item not in instrument.items]
    if strange:
        raise InvalidInputError(f"{where}: reverse names item {strange[0]}, which is not summed")
    lowest, highest = (end * len(instrument.items) for end in instrument.item_range)
    low, high = known[instrument.total].hard_range or (lowest, highest)
    if lowest < low or highest > high:
        raise InvalidInputError(
            f"{where}: its items give {lowest} to {highest}, outside the hard_range of "
            f"{instrument.total}"
        )
