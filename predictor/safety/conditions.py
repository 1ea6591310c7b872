"""Conditions over answers, each true, false or unknown, and how they are read from plain values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias, get_args

from predictor.dictionary import Dictionary, Variable
from predictor.errors import InvalidInputError

Operator = Literal["is", "level_in", "at_least", "above", "below", "at_most"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
Verdict: TypeAlias = tuple[bool | None, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One answer held against one threshold or a set of levels.

    Parameters
    ----------
    variable : str
        Id of the variable that is read, in its dictionary unit.
    operator : str
        ``is`` (yes/no), ``level_in`` (levels), or ``at_least``, ``above``, ``below``, ``at_most``.
    operand : float, str or tuple of str
        The threshold, ``"yes"`` or ``"no"``, or the levels.
    unknown_in : tuple of str
        Levels that say that the question is open (``not_done``).
    if_unknown : bool or None
        What to take for an answer that is missing; None leaves the rule unknown.
    codes : tuple of float
        Codes of the accepted levels; filled when the rules are read.
    unknown_codes : tuple of float
        Codes of ``unknown_in``.
    """

    variable: str
    operator: Operator
    operand: float | str | tuple[str, ...]
    unknown_in: tuple[str, ...] = ()
    if_unknown: bool | None = None
    codes: tuple[float, ...] = ()
    unknown_codes: tuple[float, ...] = ()

    def verdict(self, answers: Mapping[str, float]) -> Verdict:
        """Hold the answer against the threshold.

        Parameters
        ----------
        answers : mapping of str to float
            Codes of the answers, NaN where missing.

        Returns
        -------
        tuple
            True, False or None (unknown), and the ids whose answers would settle it.
        """
        value = answers[self.variable]
        if math.isnan(value) or value in self.unknown_codes:
            return self.if_unknown, () if self.if_unknown is not None else (self.variable,)
        return _holds(self, value), ()

    def to_dict(self) -> dict[str, Any]:
        """Give the comparison as plain values.

        Returns
        -------
        dict
            As written in ``configs/safety.yaml``.
        """
        operand = list(self.operand) if isinstance(self.operand, tuple) else self.operand
        plain: dict[str, Any] = {"variable": self.variable, self.operator: operand}
        if self.unknown_in:
            plain["unknown_in"] = list(self.unknown_in)
        if self.if_unknown is not None:
            plain["if_unknown"] = self.if_unknown
        return plain


@dataclass(frozen=True, slots=True)
class Combination:
    """Several conditions of which all or any must hold (Kleene's three-valued logic).

    Parameters
    ----------
    kind : str
        ``all`` or ``any``; ``all`` of nothing always holds.
    parts : tuple
        The conditions.
    """

    kind: Literal["all", "any"]
    parts: tuple[Condition, ...]

    def verdict(self, answers: Mapping[str, float]) -> Verdict:
        """Combine the verdicts of the parts.

        Parameters
        ----------
        answers : mapping of str to float
            Codes of the answers, NaN where missing.

        Returns
        -------
        tuple
            One part can settle the whole: a yes settles ``any``, a no settles ``all``. Otherwise
            an unknown part leaves it unknown (None), with the ids that would settle it.
        """
        settling = self.kind == "any"
        missing: list[str] = []
        for part in self.parts:
            truth, lacking = part.verdict(answers)
            if truth is settling:
                return settling, ()
            missing.extend(lacking)
        return (None, tuple(missing)) if missing else (not settling, ())

    def to_dict(self) -> dict[str, Any]:
        """Give the combination as plain values.

        Returns
        -------
        dict
            As written in ``configs/safety.yaml``.
        """
        if not self.parts:
            return {"always": True}
        return {self.kind: [part.to_dict() for part in self.parts]}


Condition: TypeAlias = Comparison | Combination
ALWAYS = Combination("all", ())


def _holds(comparison: Comparison, value: float) -> bool:
    """Say whether a known answer satisfies the comparison."""
    if not isinstance(comparison.operand, float):
        return value in comparison.codes
    if comparison.operator == "at_least":
        return value >= comparison.operand
    if comparison.operator == "above":
        return value > comparison.operand
    if comparison.operator == "below":
        return value < comparison.operand
    return value <= comparison.operand


def variables_read(condition: Condition) -> Iterator[str]:
    """Name every variable that a condition reads.

    Parameters
    ----------
    condition : Comparison or Combination
        The tree of conditions.

    Yields
    ------
    str
        Ids in the order in which they stand, repeated where they are.
    """
    if isinstance(condition, Comparison):
        yield condition.variable
    else:
        for part in condition.parts:
            yield from variables_read(part)


def read_condition(node: object, dictionary: Dictionary, where: str) -> Condition:
    """Read one node of the tree of conditions.

    Parameters
    ----------
    node : mapping
        ``{always: true}``, ``{all: [...]}``, ``{any: [...]}`` or a comparison such as
        ``{variable: ymrs_total, at_least: 20}``.
    dictionary : Dictionary
        Says which variables, levels and thresholds there are.
    where : str
        Name of the rule, for messages.

    Returns
    -------
    Comparison or Combination
        The checked condition.

    Raises
    ------
    InvalidInputError
        If a variable, operator, level or key is unknown, or no answer can reach the threshold.
    """
    if node == {"always": True}:
        return ALWAYS
    if not isinstance(node, Mapping):
        raise InvalidInputError(f"{where}: a condition is a mapping such as {{variable: …, is: …}}")
    for kind in ("all", "any"):
        if kind in node:
            refuse_unknown_keys(node, accepted=(kind,), where=where)
            parts = tuple(read_condition(part, dictionary, where) for part in node[kind])
            if not parts:
                raise InvalidInputError(f"{where}: {kind} needs at least one condition")
            return Combination("all" if kind == "all" else "any", parts)
    return _comparison(node, dictionary, where)


def _comparison(node: Mapping[str, Any], dictionary: Dictionary, where: str) -> Comparison:
    """Read one comparison and translate its levels into codes."""
    accepted = ("variable", "unknown_in", "if_unknown", *OPERATORS)
    refuse_unknown_keys(node, accepted=accepted, where=where)
    name = str(node.get("variable", ""))
    if name not in dictionary:
        near = _nearest(name, dictionary.ids)
        raise InvalidInputError(f"{where}: {name or 'no variable'} is not in the dictionary{near}")
    variable = dictionary[name]
    operators = [operator for operator in OPERATORS if operator in node]
    if len(operators) != 1:
        raise InvalidInputError(
            f"{where}, {name}: exactly one of {', '.join(OPERATORS)} must be given"
        )
    operator = operators[0]
    operand = _operand(variable, operator, node[operator], f"{where}, {name}")
    unknown_in = tuple(node.get("unknown_in", ()))
    if_unknown = node.get("if_unknown")
    if if_unknown is not None and not isinstance(if_unknown, bool):
        raise InvalidInputError(f"{where}, {name}: if_unknown must be true or false")
    levels = (operand,) if isinstance(operand, str) else operand
    return Comparison(
        variable=name,
        operator=operator,
        operand=operand,
        unknown_in=unknown_in,
        if_unknown=if_unknown,
        codes=() if isinstance(levels, float) else _codes(variable, levels, where),
        unknown_codes=_codes(variable, unknown_in, where),
    )


def _operand(
    variable: Variable, operator: Operator, value: object, where: str
) -> float | str | tuple[str, ...]:
    """Check that operator and operand suit the type of the variable."""
    if variable.hard_range is not None:
        if operator in ("is", "level_in"):
            raise InvalidInputError(
                f"{where}: a number is compared by at_least, above, below or at_most"
            )
        low, high = variable.hard_range
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            raise InvalidInputError(
                f"{where}: the threshold must be a number from {low:g} to {high:g}"
            )
        return float(value)
    if variable.type == "yes_no":
        if operator != "is" or value not in ("yes", "no"):
            raise InvalidInputError(f'{where}: a yes/no variable takes is: "yes" or "no", quoted')
        return str(value)
    if operator != "level_in" or not isinstance(value, list | tuple) or not value:
        raise InvalidInputError(f"{where}: takes level_in with {', '.join(variable.levels)}")
    return tuple(value)


def _codes(variable: Variable, levels: Sequence[str], where: str) -> tuple[float, ...]:
    """Translate levels into the codes under which answers are held."""
    known = ("no", "yes") if variable.type == "yes_no" else variable.levels
    unknown = [str(level) for level in levels if level not in known]
    if unknown:
        raise InvalidInputError(
            f"{where}, {variable.id}: unknown level {', '.join(unknown)}; "
            f"accepted are {', '.join(known)} (quote yes, no and none)"
        )
    return tuple(float(known.index(level)) for level in levels)


def refuse_unknown_keys(given: Mapping[str, Any], *, accepted: Sequence[str], where: str) -> None:
    """Refuse keys that nobody reads, so that a slip of the pen switches no rule off.

    Parameters
    ----------
    given : mapping
        What was written.
    accepted : sequence of str
        The keys that are read.
    where : str
        Name of the rule, for messages.

    Raises
    ------
    InvalidInputError
        Naming the unknown key and the nearest accepted one.
    """
    for key in given:
        if key not in accepted:
            raise InvalidInputError(
                f"{where}: unknown key {key}{_nearest(str(key), accepted)}; "
                f"accepted are {', '.join(accepted)}"
            )


def _nearest(name: str, known: Sequence[str]) -> str:
    """Suggest the nearest known name."""
    near = get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
