"""Relapse prevention beside a number: what raised it, what care can change, what to watch for.

The words are data (``configs/relapse_prevention.yaml``) with their sources and travel in the
bundle; from one person come only the order and what the model said. Contributions explain the
model: nothing here says that changing an answer would change the risk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from predictor.dictionary import Dictionary, Variable
from predictor.errors import InvalidInputError
from predictor.safety import SafetyRules

Entry = Mapping[str, Any]

NOTE = (
    "These contributions explain the model, not the cause: an answer that care can change need not "
    "change the risk when it is changed."
)
"""Stands beside what raised the number."""

SHOWN = 3
"""So many answers that raised the number most are named."""

CERTAINTIES = ("seen", "recalled", "derived")
GRADES = ("A", "B", "C", "D", "general")

_SAID = ("part", "code", "text", "certainty", "source")
_KEYS = {
    "at_once": ("part", "code", "rule"),
    "watch": (*_SAID, "label", "variables", "grade"),
    "course": _SAID,
    "returns": _SAID,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a person, and what the model made of it.

    Parameters
    ----------
    variable : Variable
        What was asked.
    text : str
        The answer as read.
    change : float
        Its contribution on the scale of the number, in [-1, 1]; above 0 it raised the risk.
    """

    variable: Variable
    text: str
    change: float

    def to_dict(self) -> dict[str, Any]:
        """Give the answer for JSON.

        Returns
        -------
        dict
            Keys ``variable``, ``label``, ``answer``, ``change``, ``modifiable``.
        """
        return {
            "variable": self.variable.id,
            "label": self.variable.label,
            "answer": self.text,
            "change": self.change,
            "modifiable": self.variable.modifiable,
        }


def checked_prevention(
    entries: Iterable[Entry], dictionary: Dictionary, safety: SafetyRules
) -> tuple[dict[str, Any], ...]:
    """Check what is said beside a number, and fill in the words of safety rules.

    Parameters
    ----------
    entries : iterable of mapping
        As in ``configs/relapse_prevention.yaml``.
    dictionary : Dictionary
        Whose variables they may name; a variable that it lacks is passed over.
    safety : SafetyRules
        Whose words stand under ``at_once``.

    Returns
    -------
    tuple of dict
        As a bundle holds them.

    Raises
    ------
    InvalidInputError
        If a key is unknown or missing, a value is not accepted, or a safety rule is not there.
    """
    rules = {rule.code: rule for rule in safety.rules}
    found: list[dict[str, Any]] = []
    for entry in entries:
        _require_entry(entry)
        said = dict(entry)
        if entry["part"] == "at_once":
            rule = rules.get(entry["rule"])
            if rule is None:
                raise InvalidInputError(
                    f"relapse prevention, {entry['code']}: there is no safety rule "
                    f"{entry['rule']}; see configs/safety.yaml"
                )
            said |= {"text": rule.text, "source": rule.source}
        if entry["part"] == "watch":
            said["variables"] = [v for v in entry["variables"] if v in dictionary]
        found.append(said)
    return tuple(found)


def prevention_of(entries: Sequence[Entry], answers: Iterable[Answer]) -> dict[str, Any] | None:
    """Say what belongs to the prevention of one person's relapse.

    Parameters
    ----------
    entries : sequence of mapping
        From `checked_prevention`.
    answers : iterable of Answer
        What the person answered; unanswered questions left out.

    Returns
    -------
    dict or None
        ``raised`` (the answers that raised the number most, at most 3), ``changeable`` (the answers
        that care can change, highest contribution first), ``note``, ``watch`` (signs; those of
        answers that raised the number first), ``course``, ``at_once`` and ``returns``. None where a
        bundle holds no words.
    """
    if not entries:
        return None
    ordered = sorted(answers, key=lambda answer: -answer.change)
    raising = [answer for answer in ordered if answer.change > 0]
    ids = {answer.variable.id for answer in raising}
    signs = [
        {**_without(entry, "variables"), "raised": not ids.isdisjoint(entry["variables"])}
        for entry in _of(entries, "watch")
    ]
    return {
        "note": NOTE,
        "raised": [answer.to_dict() for answer in raising[:SHOWN]],
        "changeable": [a.to_dict() for a in ordered if a.variable.modifiable],
        "watch": sorted(signs, key=lambda sign: not sign["raised"]),
        **{part: [_without(e) for e in _of(entries, part)] for part in _KEYS if part != "watch"},
    }


def _require_entry(entry: Entry) -> None:
    """Refuse an entry with keys or values that are not accepted."""
    where = f"relapse prevention, {entry.get('code', 'an entry without a code')}"
    keys = _KEYS.get(entry.get("part", ""))
    if keys is None:
        raise InvalidInputError(f"{where}: part must be one of {', '.join(_KEYS)}")
    wrong = set(entry) ^ set(keys)
    if wrong:
        raise InvalidInputError(
            f"{where}: {min(wrong)} is unknown or missing; the keys are {', '.join(keys)}"
        )
    for key, accepted in (("certainty", CERTAINTIES), ("grade", GRADES)):
        if key in entry and entry[key] not in accepted:
            raise InvalidInputError(f"{where}: {key} must be one of {', '.join(accepted)}")
    if not str(entry.get("source", "safety")).strip():
        raise InvalidInputError(f"{where}: source is empty; say where it comes from")


def _of(entries: Sequence[Entry], part: str) -> list[Entry]:
    """Take the entries of one part, in their order."""
    return [entry for entry in entries if entry["part"] == part]


def _without(entry: Entry, *names: str) -> dict[str, Any]:
    """Give an entry without what is not shown."""
    return {key: value for key, value in entry.items() if key not in {"part", "rule", *names}}
