"""What a variable, a scale of items and a landmark are; values alone, checked elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VariableType = Literal["number", "integer", "ordinal", "category", "yes_no"]
Use = Literal["predictor", "safety", "input"]
Timing = Literal["baseline", "planned", "landmark"]
Transform = Literal["none", "log1p"]
Formula = Literal["bmi", "dose_mg_per_kg", "at_least_two"]


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
    landmark : str or None
        Name of the landmark at which a ``landmark`` variable becomes known.
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
    landmark: str | None = None


@dataclass(frozen=True, slots=True)
class Landmark:
    """A named day on which a model may be asked again.

    Parameters
    ----------
    name, label : str
        Name in files, and words that follow those of a scale, such as "after dose 2".
    day, first, last : float
        Days from the first dose: the nominal one, and those on which a score still counts as
        known then.
    """

    name: str
    label: str
    day: float
    first: float
    last: float


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
