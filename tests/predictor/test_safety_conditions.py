"""How safety rules are read from plain values, and in which words a wrong one is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from predictor.dictionary import Dictionary
from predictor.errors import InvalidInputError
from predictor.safety import SafetyFindings, SafetyRules, evaluate

ROOT = Path(__file__).resolve().parents[2]
DICTIONARY = Dictionary.from_dict(
    yaml.safe_load((ROOT / "configs" / "dictionary.yaml").read_text(encoding="utf-8"))
)


def rule(**changes: Any) -> dict[str, Any]:
    plain = {
        "code": "test",
        "conditions": ["C"],
        "tier": "STOP",
        "text": "T",
        "source": "S",
        "when": {"variable": "pregnant", "is": "yes"},
    }
    return {**plain, **changes}


def when(**node: Any) -> list[dict[str, Any]]:
    return [rule(when=node)]


def test_at_most_and_a_presumed_no_are_read_too() -> None:
    node = {"variable": "bmi", "at_most": 18, "if_unknown": False}
    rules = SafetyRules.from_dict({"rules": when(**node)}, DICTIONARY)
    assert evaluate(rules, {"bmi": 18.0}).stops
    assert not evaluate(rules, {"bmi": 18.5}).findings
    assert evaluate(rules, {}) == SafetyFindings((), ())
    assert rules.to_dict()["rules"][0]["when"] == node


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([rule(), rule()], "test: the code stands twice"),
        ([rule(colour=1)], "unknown key colour"),
        ([rule(condition="C")], r"unknown key condition \(did you mean conditions\?\)"),
        ([rule(text="")], "text must be given"),
        ([rule(code=None, conditions=[])], "code, conditions must be given"),
        ([rule(tier="HALT")], "tier must be one of STOP, CAUTION, INFO"),
        (when(variable="pregnent", **{"is": "yes"}), r"pregnent .*did you mean pregnant\?"),
        (when(**{"is": "yes"}), "no variable is not in the dictionary"),
        (when(variable="pregnant"), "exactly one of is, level_in"),
        (when(variable="bmi", above=1, below=2), "exactly one of is, level_in"),
        (when(variable="bmi", atleast=35), r"atleast \(did you mean at_least\?\)"),
        (when(variable="bmi", **{"is": "yes"}), "a number is compared by at_least"),
        (when(variable="bmi", at_least="35"), "threshold must be a number from 10 to 90"),
        (when(variable="bmi", at_least=True), "threshold must be a number from 10 to 90"),
        (when(variable="bmi", at_least=math.nan), "threshold must be a number from 10 to 90"),
        (when(variable="bmi", at_least=350), "threshold must be a number from 10 to 90"),
        (when(variable="pregnant", **{"is": True}), 'takes is: "yes" or "no", quoted'),
        (when(variable="pregnant", level_in=["yes"]), 'takes is: "yes" or "no", quoted'),
        (when(variable="nyha_class", level_in=["v"]), "unknown level v; accepted are none, i, ii"),
        (when(variable="nyha_class", level_in=[]), "takes level_in with none, i, ii"),
        (when(variable="nyha_class", level_in="iii"), "takes level_in with none, i, ii"),
        (when(variable="nyha_class", at_least=3), "takes level_in with none, i, ii"),
        (
            when(variable="urine_drug_screen", level_in=["positive"], unknown_in=["lost"]),
            "unknown level lost",
        ),
        (when(variable="bmi", above=35, if_unknown="no"), "if_unknown must be true or false"),
        (when(any=[]), "any needs at least one condition"),
        (when(all=[{"always": True}], any=[{"always": True}]), "unknown key any"),
        (when(always=False), "unknown key always"),
        ([rule(when="pregnant")], "a condition is a mapping"),
        (when(any=["pregnant"]), "a condition is a mapping"),
        ([rule(unless={"variable": "sex", "level_in": ["man"]})], "unknown level man"),
    ],
)
def test_a_wrong_rule_is_refused_in_words(rules, words) -> None:
    with pytest.raises(InvalidInputError, match=f"safety rules, .*{words}"):
        SafetyRules.from_dict({"rules": rules}, DICTIONARY)


def test_a_file_with_other_keys_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"unknown key rule \(did you mean rules\?\)"):
        SafetyRules.from_dict({"rule": []}, DICTIONARY)
