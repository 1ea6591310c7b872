"""What is concluded from a grid of definitions, by hand."""

from __future__ import annotations

import json

import pytest

from training.evaluation import ByDefinition, Definitions, Strong
from training.metrics.intervals import Estimate

CALLED = "0.8 or more is called alike)"
LITTLE = "a risk says little without its rule"


def one(name, **changed):
    """One definition; unless said otherwise better than the average, with age strongest."""
    values = {
        "people": 100,
        "events": 50,
        "status": "exploratory",
        "reason": "few people",
        "discrimination": Estimate(0.6, 0.55, 0.65, "percentile"),
        "better_than_average": True,
        "observed": {30: 0.2, 90: 0.4},
        "strongest": (Strong("age_years", "Age", "higher raises"),),
        "agreement": 0.9,
    }
    return ByDefinition(name=name, label=name.capitalize(), **(values | changed))


def told(task, *found):
    return [
        (part.words, part.survives) for part in Definitions(task, "ridge", found, {}).conclusions
    ]


def test_what_every_definition_agrees_on_survives():
    found = told("relapse", one("own", agreement=None), one("other", observed={30: 0.2, 90: 0.45}))
    assert found == [
        ("better than the average in each of 2 definitions; C 0.60 to 0.60", True),
        ("the observed risk of relapse by day 90 is 40 to 45 in 100 by definition", True),
        (
            f"1 of 1 other definitions rank people as own does (rank correlation 0.90; {CALLED}",
            True,
        ),
        (
            "Age is among the three strongest in 2 of 2 definitions, always in the same direction",
            True,
        ),
    ]


def test_what_one_definition_contradicts_changes():
    other = one(
        "other",
        better_than_average=False,
        discrimination=Estimate(0.52, 0.45, 0.6, "percentile"),
        observed={30: 0.7},
        agreement=0.3,
        strongest=(Strong("age_years", "Age", "higher lowers"),),
    )
    found = told("relapse", one("own", agreement=None), other, one("third", agreement=0.8))
    assert found == [
        ("better than the average in 2 of 3 definitions; C 0.52 to 0.60", False),
        (
            # day 90 is not reached by all three
            f"the observed risk of relapse by day 30 is 20 to 70 in 100 by definition: {LITTLE}",
            False,
        ),
        (
            "1 of 2 other definitions rank people as own does (rank correlation 0.30 to 0.80; "
            + CALLED,
            False,
        ),
        ("Age is among the three strongest in 3 of 3 definitions, in different directions", False),
    ]


def test_a_response_is_compared_by_its_share_whatever_the_day():
    own, other = one("own", observed={28: 0.5}), one("other", observed={10: 0.3})
    words = f"the share with the outcome is 30 to 50 in 100 by definition: {LITTLE}"
    assert (words, False) in told("response", own, other)
    assert told("response", own, other)[0][0].endswith("AUC 0.60 to 0.60")


def test_no_better_than_the_average_by_any_rule_survives_as_well():
    found = [one(name, better_than_average=False) for name in ("own", "other")]
    words, survives = told("relapse", *found)[0]
    assert words.startswith("no better than the average in any of 2 definitions")
    assert survives


def test_what_has_no_value_gives_no_conclusion():
    empty = {
        "discrimination": None, "better_than_average": None, "observed": {}, "strongest": (),
        "agreement": None,
    }  # fmt: skip
    assert told("relapse", one("own", **empty), one("other", **empty)) == []
    assert told("relapse", one("own")) == []
    assert told("relapse", one("own", strongest=()), one("other"))[-1][0].startswith("1 of 1 other")


def test_nothing_is_concluded_from_definitions_that_are_refused():
    refused = one("few", status="refused", better_than_average=False)
    assert told("relapse", one("own"), refused) == []
    assert told("relapse", refused, one("own"), one("other")) == []
    assert told("relapse", one("own"), refused, one("other")) == told(
        "relapse", one("own"), one("other")
    )


@pytest.mark.parametrize("agreement", [None, 0.5])
def test_the_json_holds_plain_values(agreement):
    grid = Definitions(
        "relapse",
        "cox",
        (one("own", agreement=agreement), one("b", undefined="none")),
        {"c": "why"},
    )
    plain = json.loads(json.dumps(grid.to_dict()))
    assert plain["learner"] == "cox"
    assert plain["not_applied"] == {"c": "why"}
    first, second = plain["results"]
    assert first["agreement"] == agreement
    assert first["observed"] == {"30": 0.2, "90": 0.4}
    assert first["strongest"] == [{"variable": "age_years", "direction": "higher raises"}]
    assert second["undefined"] == {"discrimination": "none"}
    assert {part["survives"] for part in plain["conclusions"]} == {True}
