"""The safety rules as data, and what they say of one person."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from predictor.dictionary import Dictionary
from predictor.errors import InvalidInputError
from predictor.safety.conditions import (
    Condition,
    read_condition,
    refuse_unknown_keys,
    variables_read,
)

Tier = Literal["STOP", "CAUTION", "INFO"]
TIERS: tuple[Tier, ...] = get_args(Tier)


@dataclass(frozen=True, slots=True)
class SafetyRule:
    """One contraindication, warning or piece of information.

    Parameters
    ----------
    code : str
        Short name.
    conditions : tuple of str
        The clinical conditions it stands for, in the words of the evidence table.
    tier : str
        ``STOP`` (no probability may be shown), ``CAUTION`` (specialist review) or ``INFO``.
    text : str
        What the clinician reads.
    source : str
        Label, guideline or study it rests on.
    when : Comparison or Combination
        When it fires.
    unless : Comparison, Combination or None
        When its unanswered questions need not be asked. A rule that is true fires all the same.
    """

    code: str
    conditions: tuple[str, ...]
    tier: Tier
    text: str
    source: str
    when: Condition
    unless: Condition | None = None

    @property
    def asks(self) -> tuple[str, ...]:
        """Ids of the variables that decide whether it fires."""
        return tuple(dict.fromkeys(variables_read(self.when)))

    def to_dict(self) -> dict[str, Any]:
        """Give the rule as plain values for JSON.

        Returns
        -------
        dict
            As written in ``configs/safety.yaml``.
        """
        plain: dict[str, Any] = {
            "code": self.code,
            "conditions": list(self.conditions),
            "tier": self.tier,
            "text": self.text,
            "source": self.source,
            "when": self.when.to_dict(),
        }
        if self.unless is not None:
            plain["unless"] = self.unless.to_dict()
        return plain


@dataclass(frozen=True, slots=True)
class SafetyRules:
    """All safety rules, strictest tier first.

    Parameters
    ----------
    rules : sequence of SafetyRule
        In any order; kept in the order STOP, CAUTION, INFO.
    version : str
        Changed whenever a rule changes.

    Raises
    ------
    InvalidInputError
        If a code stands twice.
    """

    rules: tuple[SafetyRule, ...]
    version: str = "1"
    _reads: tuple[str, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        codes = [rule.code for rule in self.rules]
        for code in codes:
            if codes.count(code) > 1:
                raise InvalidInputError(
                    f"safety rules, {code}: the code stands twice; give each rule its own"
                )
        ordered = sorted(self.rules, key=lambda rule: TIERS.index(rule.tier))
        object.__setattr__(self, "rules", tuple(ordered))
        reads = [v for r in ordered for c in (r.when, r.unless) if c for v in variables_read(c)]
        object.__setattr__(self, "_reads", tuple(dict.fromkeys(reads)))

    @property
    def asks(self) -> tuple[str, ...]:
        """Ids of all variables that decide whether a rule fires, strictest rule first."""
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.asks))

    @property
    def reads(self) -> tuple[str, ...]:
        """Ids of all variables that are read: `asks` and those that only spare a question."""
        return self._reads

    def to_dict(self) -> dict[str, Any]:
        """Give the rules as plain values for JSON.

        Returns
        -------
        dict
            Keys ``version`` and ``rules``; `from_dict` reads it back.
        """
        return {"version": self.version, "rules": [rule.to_dict() for rule in self.rules]}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], dictionary: Dictionary) -> SafetyRules:
        """Read what `to_dict` wrote or what the YAML file holds.

        Parameters
        ----------
        content : mapping
            Keys ``version`` and ``rules``.
        dictionary : Dictionary
            Says which variables, levels and thresholds there are.

        Returns
        -------
        SafetyRules
            The checked rules.

        Raises
        ------
        InvalidInputError
            If a rule has an unknown key, tier, variable, operator or level, or a threshold that
            no accepted answer can reach.
        """
        refuse_unknown_keys(content, accepted=("version", "rules"), where="safety rules")
        rules = tuple(_rule(entry, dictionary) for entry in content.get("rules", ()))
        return cls(rules, str(content.get("version", "1")))


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that fired for one person.

    Parameters
    ----------
    code : str
        Code of the rule.
    tier : str
        ``STOP``, ``CAUTION`` or ``INFO``.
    text : str
        What the clinician reads.
    source : str
        What it rests on.
    """

    code: str
    tier: Tier
    text: str
    source: str

    def to_dict(self) -> dict[str, str]:
        """Give the finding as it stands in the JSON of a score.

        Returns
        -------
        dict
            Keys ``code``, ``tier``, ``text``, ``source``.
        """
        return {"code": self.code, "tier": self.tier, "text": self.text, "source": self.source}


@dataclass(frozen=True, slots=True)
class SafetyFindings:
    """What the rules say of one person.

    Parameters
    ----------
    findings : tuple of Finding
        In the order STOP, CAUTION, INFO.
    not_asked : tuple of str
        Ids of unanswered variables that could still make a rule fire. Not asked is never "no".
    """

    findings: tuple[Finding, ...]
    not_asked: tuple[str, ...]

    @property
    def stops(self) -> tuple[Finding, ...]:
        """The findings that forbid showing a probability."""
        return tuple(finding for finding in self.findings if finding.tier == "STOP")


def evaluate(
    rules: SafetyRules,
    values: Mapping[str, npt.NDArray[np.float64] | float],
    *,
    row: int = 0,
) -> SafetyFindings:
    """Say which rules fire for one person and what was not asked.

    Parameters
    ----------
    rules : SafetyRules
        The rules.
    values : mapping of str to numpy.ndarray of shape (n,) or float
        Codes of the answers by variable id, NaN where missing; an absent variable is missing.
    row : int
        Place of the person in the arrays.

    Returns
    -------
    SafetyFindings
        Findings, strictest first, and the ids of open questions in the same order.
    """
    answers = {
        name: float(np.atleast_1d(values[name])[row]) if name in values else math.nan
        for name in rules.reads
    }
    findings: list[Finding] = []
    open_questions: dict[str, None] = {}
    for rule in rules.rules:
        truth, lacking = rule.when.verdict(answers)
        if truth:
            findings.append(Finding(rule.code, rule.tier, rule.text, rule.source))
        elif lacking and not (rule.unless and rule.unless.verdict(answers)[0]):
            open_questions.update(dict.fromkeys(lacking))
    return SafetyFindings(tuple(findings), tuple(open_questions))


def _rule(entry: Mapping[str, Any], dictionary: Dictionary) -> SafetyRule:
    """Read and check one rule."""
    where = f"safety rules, {entry.get('code', 'a rule without code')}"
    needed = ("code", "conditions", "tier", "text", "source", "when")
    refuse_unknown_keys(entry, accepted=(*needed, "unless"), where=where)
    lacking = [key for key in needed if not entry.get(key)]
    if lacking:
        raise InvalidInputError(f"{where}: {', '.join(lacking)} must be given")
    if entry["tier"] not in TIERS:
        raise InvalidInputError(f"{where}: tier must be one of {', '.join(TIERS)}")
    return SafetyRule(
        code=str(entry["code"]),
        conditions=tuple(entry["conditions"]),
        tier=entry["tier"],
        text=str(entry["text"]),
        source=str(entry["source"]),
        when=read_condition(entry["when"], dictionary, where),
        unless=read_condition(entry["unless"], dictionary, where) if "unless" in entry else None,
    )
