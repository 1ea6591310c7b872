"""The table of numbers says what the JSON says: nothing more, nothing less, to the last digit."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from training.evaluation import Corrected, InternalExternal, Optimism, SiteResult
from training.findings import summary
from training.metrics.intervals import Estimate
from training.metrics.pooling import RandomEffects
from training.number_table import COLUMNS, NOT_GIVEN, number_rows, write_numbers
from training.run_files import tracked, write_files


def full(findings_of, task="response"):
    """Gives findings with sites, of which one is too small to be counted, and optimism."""
    site = SiteResult(
        "Nord", 41, 20, {"auc": Estimate(0.1 + 0.2, 0.25, 0.4, "DeLong")}, {"oe": "no"}
    )
    return replace(
        findings_of(task),
        internal_external=InternalExternal(
            "ridge", None, (site,), {"Ost": None, "West": 12},
            {"auc": RandomEffects(0.61, 0.5, 0.7, 0.4, 0.8, 0.01, 3)}, {"oe": "one site"},
        ),
        optimism=Optimism(
            {"auc": Corrected(0.7, 0.05, 0.65, 200)}, {}, None, {"ridge": 200}, 0, {}
        ),
    )  # fmt: skip


def numbers_of(content, path=()):
    """Every number of a JSON with the keys that lead to it, by a walk of its own."""
    if isinstance(content, dict):
        return [hit for key, each in content.items() for hit in numbers_of(each, (*path, key))]
    if isinstance(content, list):
        return [hit for i, each in enumerate(content) for hit in numbers_of(each, (*path, i))]
    return [(path, content)] if type(content) in (int, float) else []


@pytest.fixture
def table(findings_of, tmp_path):
    """Gives the JSON and the file as pandas reads it."""
    findings = full(findings_of)
    write_files(findings, tmp_path)
    kept = pd.read_csv(tmp_path / "numbers.csv", keep_default_na=False, dtype=str)
    return json.loads(json.dumps(summary(findings))), kept


def row(kept, **cells):
    hits = kept[(kept[list(cells)] == pd.Series(cells)).all(axis=1)]
    assert len(hits) == 1, cells
    return hits.iloc[0]


def test_every_measure_of_the_json_stands_in_the_table_to_the_last_digit(table) -> None:
    told, kept = table
    assert list(kept.columns) == list(COLUMNS)
    for measure, estimate in told["metrics"].items():
        found = row(kept, group="metrics", candidate="ridge", measure=measure)
        assert [float(found[end]) for end in ("value", "lo", "hi")] == [
            estimate[end] for end in ("value", "lo", "hi")
        ]
        assert found["method"] == estimate["method"]
    site = row(kept, group="internal_external", candidate="site Nord", measure="auc")
    assert float(site["value"]) == 0.1 + 0.2
    assert site["method"] == "DeLong"
    gap = row(kept, group="optimism", measure="auc", part="optimism")
    assert float(gap["value"]) == 0.05
    over = row(kept, group="internal_external", candidate="summary", measure="auc", part="tau2")
    assert float(over["value"]) == 0.01


@pytest.mark.parametrize("task", ["response", "relapse"])
def test_the_table_holds_each_number_of_the_json_once_and_no_other(
    task, findings_of, tmp_path
) -> None:
    told = summary(full(findings_of, task))
    rows = number_rows(told)
    cells = [each[c] for each in rows for c in ("value", "lo", "hi") if each[c] != ""]
    assert sorted(cells) == sorted(number for _, number in numbers_of(json.loads(json.dumps(told))))
    keys = [tuple(each[c] for c in ("group", "candidate", "measure", "part")) for each in rows]
    assert len(set(keys)) == len(keys)


def test_a_count_that_the_json_hides_is_hidden_here_too(table) -> None:
    _, kept = table
    hidden = row(kept, group="internal_external", candidate="train_only", measure="Ost")
    assert (hidden["value"], hidden["reason"]) == ("", NOT_GIVEN)
    assert row(kept, candidate="train_only", measure="West")["value"] == "12"


def test_what_has_no_value_is_there_with_its_reason(table, findings_of) -> None:
    _, kept = table
    assert row(kept, candidate="site Nord", measure="oe")["reason"] == "no"
    average = row(kept, group="candidates", candidate="prevalence", measure="ici")
    assert (average["value"], average["reason"]) == ("", "everybody has the same number")
    assert row(kept, group="instability", measure="instability")["reason"] == NOT_GIVEN


def test_a_part_added_to_the_json_comes_in_by_itself(tmp_path) -> None:
    later = {
        "subgroups": [
            {
                "by": "sex",
                "levels": [
                    {"level": "female", "people": None, "auc": {"value": None, "reason": "few"}},
                    {"level": "male", "people": 40, "auc": {"value": 0.5, "lo": 0.4, "hi": 0.6}},
                ],
                "curve": [0.25, 0.5],
            }
        ],
        "placebo": {"value": 1e-17, "lo": -1.0, "hi": 1.0, "unit": "risk", "people": 30},
    }
    write_numbers(number_rows(later), tmp_path / "n.csv")
    kept = pd.read_csv(tmp_path / "n.csv", keep_default_na=False, dtype=str)
    woman = row(kept, candidate="by sex / level female", measure="auc")
    assert (woman["value"], woman["reason"]) == ("", "few")
    assert row(kept, candidate="by sex / level female", measure="people")["reason"] == NOT_GIVEN
    assert float(row(kept, candidate="by sex / level male", measure="auc")["hi"]) == 0.6
    assert float(row(kept, candidate="by sex / curve", measure="1")["value"]) == 0.5
    placebo = row(kept, group="placebo", measure="placebo", part="")
    assert (float(placebo["value"]), placebo["unit"]) == (1e-17, "risk")
    assert float(row(kept, group="placebo", part="people")["value"]) == 30


def test_counts_and_days_have_their_unit() -> None:
    rows = number_rows({"cohort": {"patients": 9, "excluded": {"healthy": 1}}, "a": {"day": 90}})
    assert [each["unit"] for each in rows] == ["people", "people", "days"]


def test_mlflow_keeps_the_table(findings_of, tmp_path) -> None:
    record = tracked(findings_of(), tmp_path, {}, promote=False)
    assert record.files["numbers.csv"] == tmp_path / "numbers.csv"
