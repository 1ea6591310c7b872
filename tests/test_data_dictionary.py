"""The page of the data dictionary is what the script would write now."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from predictor.dictionary import Dictionary

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = ROOT / "scripts" / "write_data_dictionary.py"
    spec = importlib.util.spec_from_file_location("write_data_dictionary", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")


def test_the_page_is_current(script, page, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(script, "ROOT", tmp_path)
    monkeypatch.setattr(script, "PAGE", tmp_path / "docs" / "data-dictionary.md")
    assert script.main() == 0
    assert "wrote docs/data-dictionary.md" in capsys.readouterr().out.replace("\\", "/")
    written = (tmp_path / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert written == page, "run `make docs` and commit docs/data-dictionary.md"


def test_every_variable_and_scale_has_its_line(page) -> None:
    raw = yaml.safe_load((ROOT / "configs" / "dictionary.yaml").read_text(encoding="utf-8"))
    for variable in raw["variables"]:
        assert page.count(f"\n| `{variable['id']}` |") == 1
    for instrument in raw["instruments"]:
        assert f"| {instrument['label']} | `{instrument['total']}` |" in page


def test_the_page_says_research_use_and_what_the_grades_mean(page) -> None:
    assert "Research use only" in page
    for grade in ("A", "B", "C", "D", "general"):
        assert f"\n| {grade} | " in page


def test_a_line_says_what_is_accepted(script) -> None:
    entry = {"label": "L", "group": "body", "source": "S|T", "evidence_grade": "B"}
    dictionary = Dictionary.from_dict(
        {
            "variables": [
                {
                    **entry,
                    "id": "weight_kg",
                    "type": "number",
                    "unit": "kg",
                    "hard_range": [20, 350],
                    "plausible_range": [35, 200],
                    "missing_codes": ["not_measured"],
                    "modifiable": True,
                    "transform": "log1p",
                    "loinc": "1-8",
                },
                {**entry, "id": "n", "type": "integer", "hard_range": [0, 4]},
                {**entry, "id": "smokes", "type": "yes_no", "higher_is_worse": True},
                {**entry, "id": "diet", "type": "ordinal", "levels": ["poor", "good"]},
                {**entry, "id": "route", "type": "category", "levels": ["iv", "im"]},
            ]
        }
    )
    page = script.render(dictionary)
    assert (
        "| `weight_kg` | L | number, 20 to 350 kg (plausible 35 to 200); also missing: "
        "`not_measured` | predictor; baseline; LOINC 1-8; care can change it; log1p | B | S\\|T |"
    ) in page
    assert "| `n` | L | integer, 0 to 4 | predictor; baseline | B | S\\|T |" in page
    assert "| `smokes` | L | `yes`, `no` | predictor; baseline; higher is worse |" in page
    assert "| `diet` | L | `poor` < `good` |" in page
    assert "| `route` | L | `iv`, `im` |" in page
