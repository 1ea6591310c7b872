"""The shipped dictionary keeps its promises, and a wrong one is refused in words."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from predictor.dictionary import Dictionary, Variable, variable_from_dict
from predictor.errors import InvalidInputError

ROOT = Path(__file__).resolve().parents[2]
CONFIRMED_LOINC = {
    "phq9_total": "44261-6",
    "phq9_item9": "44260-8",
    "gad7_total": "70274-6",
    "cssrs_ideation_month": "93293-9",
    "pcl5_total": "101698-9",
    "audit_total": "75624-7",
}
READ_BY_RULES_AND_MODEL = [
    "age_years",
    "systolic_mmhg",
    "diastolic_mmhg",
    "bipolar",
    "benzodiazepine_mg_diazepam_eq",
    "bmi",
    "audit_total",
    "dast10_total",
    "opioid_use",
    "stimulant",
    "maoi",
    "naltrexone",
    "moca_total",
    "cssrs_ideation_month",
]
GROUPS = [
    "demographics",
    "depression now",
    "course",
    "treatment history",
    "suicidality",
    "mind",
    "substance use",
    "body",
    "medication",
    "laboratory",
    "life",
    "treatment planned",
    "mindset and setting",
    "safety",
]


@pytest.fixture(scope="module")
def raw() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "configs" / "dictionary.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def dictionary(raw) -> Dictionary:
    return Dictionary.from_dict(raw)


def entry(**changes: Any) -> dict[str, Any]:
    plain = {
        "id": "weight_kg",
        "label": "Weight",
        "type": "number",
        "group": "body",
        "source": "none",
        "hard_range": [20, 350],
    }
    return {key: value for key, value in {**plain, **changes}.items() if value is not ...}


def scale(**changes: Any) -> dict[str, Any]:
    plain = {
        "id": "mood",
        "label": "Mood",
        "total": "mood_total",
        "items": [1, 2],
        "item_range": [0, 3],
        "source": "none",
    }
    return {**plain, **changes}


MOOD = entry(id="mood_total", type="integer", hard_range=[0, 6])


# ------------------------------------------------------------------ the shipped dictionary


def test_it_has_at_least_sixty_variables_in_the_agreed_groups(dictionary) -> None:
    assert len(dictionary.variables) >= 60
    assert len(dictionary.predictors()) >= 60
    assert list(dict.fromkeys(v.group for v in dictionary.variables)) == GROUPS


def test_every_entry_states_what_a_reader_needs(raw) -> None:
    stated = {
        "id", "label", "type", "unit", "group", "use", "timing", "loinc", "missing_codes",
        "modifiable", "evidence_grade", "higher_is_worse", "source",
    }  # fmt: skip
    for variable in raw["variables"]:
        assert stated <= set(variable), variable["id"]
        assert variable["label"]
        assert variable["source"]
        if variable["type"] in ("number", "integer"):
            assert variable["unit"]
            assert {"hard_range", "plausible_range"} <= set(variable)


def test_yes_no_and_none_stay_texts(dictionary) -> None:
    for variable in dictionary.variables:
        assert all(isinstance(text, str) for text in variable.levels + variable.missing_codes)
    assert dictionary["psychotherapy"].levels[0] == "none"
    assert dictionary["nyha_class"].levels == ("none", "i", "ii", "iii", "iv")


def test_loinc_stands_only_where_confirmed(dictionary) -> None:
    assert {v.id: v.loinc for v in dictionary.variables if v.loinc} == CONFIRMED_LOINC


def test_loinc_agrees_with_the_evidence_table(dictionary) -> None:
    path = ROOT.parent / "shared" / "evidence" / "instruments.csv"
    if not path.exists():
        pytest.skip("the evidence tables are not beside the project")
    with path.open(encoding="utf-8", newline="") as stream:
        confirmed = {r["loinc"] for r in csv.DictReader(stream) if r["loinc_status"] == "confirmed"}
    assert {v.loinc for v in dictionary.variables if v.loinc} <= confirmed


def test_safety_variables_are_never_predictors(dictionary) -> None:
    predictors = {variable.id for variable in dictionary.predictors()}
    safety = {v.id for v in dictionary.variables if v.use == "safety"}
    assert safety
    assert not predictors & safety
    assert safety == {v.id for v in dictionary.variables if v.group == "safety"}
    assert set(READ_BY_RULES_AND_MODEL) <= predictors


def test_only_predictors_have_a_grade(dictionary) -> None:
    for variable in dictionary.variables:
        grades = ("A", "B", "C", "D", "general") if variable.use == "predictor" else ("",)
        assert variable.evidence_grade in grades, variable.id


def test_derived_values_are_never_typed(dictionary) -> None:
    assert dictionary["treatment_resistant"].derived_from == ("failed_trials",)
    assert not dictionary["treatment_resistant"].typed
    assert not dictionary["dose_mg_per_kg"].typed
    assert dictionary["bmi"].typed


def test_the_planned_treatment_is_known_before_the_first_dose(dictionary) -> None:
    planned = [v for v in dictionary.variables if v.group == "treatment planned"]
    assert all(v.timing == "planned" and v.modifiable for v in planned)
    assert not any(v.timing == "landmark" for v in dictionary.predictors())


def test_items_give_exactly_the_range_of_their_total(dictionary) -> None:
    for scale_ in dictionary.instruments:
        ends = tuple(end * len(scale_.items) for end in scale_.item_range)
        assert dictionary[scale_.total].hard_range == ends, scale_.id


def test_no_item_counts_for_two_totals(dictionary) -> None:
    columns = [column for scale_ in dictionary.instruments for column in scale_.columns]
    assert len(columns) == len(set(columns))


def test_fscrs_scales_are_never_summed(dictionary) -> None:
    parts = [scale_ for scale_ in dictionary.instruments if scale_.id.startswith("fscrs")]
    assert [len(scale_.items) for scale_ in parts] == [9, 5, 8]
    assert sorted(item for scale_ in parts for item in scale_.items) == list(range(1, 23))
    assert "fscrs_total" not in dictionary


def test_ctq_reverses_the_standard_items(dictionary) -> None:
    parts = [scale_ for scale_ in dictionary.instruments if scale_.id.startswith("ctq")]
    assert sorted(item for s in parts for item in s.reverse) == [2, 5, 7, 13, 19, 26, 28]
    validity = set(range(1, 29)) - {item for s in parts for item in s.items}
    assert validity == {10, 16, 22}
    assert parts[0].columns[0] == "ctq_3"


def test_a_scale_without_a_prefix_is_named_after_itself(dictionary) -> None:
    madrs = next(scale_ for scale_ in dictionary.instruments if scale_.id == "madrs")
    assert madrs.columns == tuple(f"madrs_{item}" for item in range(1, 11))


def test_json_gives_the_same_dictionary_back(dictionary) -> None:
    assert Dictionary.from_dict(json.loads(json.dumps(dictionary.to_dict()))) == dictionary


# ------------------------------------------------------------------ behaviour of the type


def test_variables_are_found_by_id_and_keep_their_order() -> None:
    dictionary = Dictionary.from_dict({"variables": [entry(), entry(id="height_cm")], "version": 3})
    assert dictionary.ids == ("weight_kg", "height_cm")
    assert dictionary["height_cm"].id == "height_cm"
    assert "bmi" not in dictionary
    assert dictionary.version == "3"


def test_landmark_variables_never_enter_a_baseline_model() -> None:
    late = entry(id="early_change", timing="landmark")
    dictionary = Dictionary.from_dict({"variables": [entry(), late]})
    assert [variable.id for variable in dictionary.predictors()] == ["weight_kg"]


def test_merging_replaces_known_ids_and_appends_new_ones() -> None:
    dictionary = Dictionary.from_dict({"variables": [entry(), entry(id="height_cm")]})
    merged = dictionary.merged(
        [variable_from_dict(entry(label="Mass")), variable_from_dict(entry(id="arm"))]
    )
    assert merged.ids == ("weight_kg", "height_cm", "arm")
    assert merged["weight_kg"].label == "Mass"
    assert dictionary["weight_kg"].label == "Weight"


def test_a_variable_needs_only_what_has_no_default() -> None:
    variable = variable_from_dict(entry(type="yes_no", hard_range=...))
    assert variable == Variable("weight_kg", "Weight", "yes_no", "body", "none")


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ([entry(), entry()], "weight_kg: the id stands twice"),
        ([entry(colour="red")], "weight_kg: .*colour.*accepted keys"),
        ([entry(label=...)], "weight_kg: .*label.*accepted keys"),
        ([entry(id=...)], "an entry without id"),
        ([entry(type="float")], "type must be one of number, integer"),
        ([entry(use="spare")], "use must be one of predictor"),
        ([entry(timing="later")], "timing must be one of baseline"),
        ([entry(transform="sqrt")], "transform must be one of none"),
        ([entry(derived="bsa")], "derived must be one of None, bmi"),
        ([entry(type="ordinal", hard_range=..., levels=["low"])], "at least two levels"),
        ([entry(type="category", hard_range=..., levels=[True, "low"])], "quote yes, no"),
        ([entry(missing_codes=[None])], "are texts"),
        ([entry(hard_range=...)], "number variable needs a hard_range"),
        ([entry(hard_range=[350, 20])], "plausible_range must lie inside"),
        ([entry(plausible_range=[10, 100])], "plausible_range must lie inside"),
        ([entry(derived="bmi", derived_from=["mass"])], "derived_from names unknown mass"),
    ],
)
def test_a_wrong_variable_is_refused_in_words(variables, words) -> None:
    with pytest.raises(InvalidInputError, match=f"data dictionary, .*{words}"):
        Dictionary.from_dict({"variables": variables})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"total": "sadness"}, "its total sadness is no variable"),
        ({"prefix": "mood_total", "id": "x", "items": [1]}, None),
        ({"items": [1, 2, 3]}, "its items give 0 to 9, outside the hard_range of mood_total"),
        ({"item_range": [-1, 3]}, "its items give -2 to 6"),
        ({"reverse": [5]}, "reverse names item 5"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_scale_is_refused_in_words(changes, words) -> None:
    content = {"variables": [MOOD], "instruments": [scale(**changes)]}
    if words is None:
        assert Dictionary.from_dict(content).instruments[0].columns == ("mood_total_1",)
        return
    with pytest.raises(InvalidInputError, match=words):
        Dictionary.from_dict(content)


def test_an_item_must_not_share_the_name_of_a_variable() -> None:
    variables = [MOOD, entry(id="mood_2")]
    with pytest.raises(InvalidInputError, match="mood_2 is both an item and a variable"):
        Dictionary.from_dict({"variables": variables, "instruments": [scale()]})


def test_a_total_of_levels_has_no_range_to_compare() -> None:
    levels = entry(id="mood_total", type="ordinal", hard_range=..., levels=["low", "high"])
    assert Dictionary.from_dict({"variables": [levels], "instruments": [scale()]}).instruments


@pytest.mark.parametrize(
    ("content", "key"), [({}, "variables"), ({"variables": [], "scales": []}, "scales")]
)
def test_a_file_with_other_keys_is_refused(content, key) -> None:
    with pytest.raises(InvalidInputError, match=f"{key} is unknown or missing; the keys are"):
        Dictionary.from_dict(content)
