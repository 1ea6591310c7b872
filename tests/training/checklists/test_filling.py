"""Each item of both lists has an answer, with artefacts that are there."""

import csv
import json
import re
from collections import Counter

import pytest

from predictor.errors import InvalidInputError
from training.checklist_items import Checklist
from training.checklists import VERDICTS, checklist_rows, fill
from training.checklists.filling import FILES
from training.checklists.judged import QUESTIONS
from training.checklists.reported import FILLERS
from training.config import read_checklist
from training.model_report import contents, render_run_report
from training.presentation import draw, make_report
from training.run_files import tracked, write_checklists
from training.settings import checked_settings

ENDINGS = ("fitted", "exploratory", "refused", "leak")
# those of a page of today, and those that a run may have beside them
ANCHORS = {
    "main", "people", "size", "models", "performance", "warnings", "distances", "optimism",
    "instability", "variables", "leaks", "extra", "methods", "provenance", "not-shown",
    "subgroups", "sites", "differences", "unobserved", "formula", "placebo",
}  # fmt: skip


def test_tripod_has_27_items_with_their_parts() -> None:
    ids = [item.id for item in read_checklist("tripod_ai").items]
    parts = {"3": "abc", "5": "ab", "6": "abc", "8": "abc", "9": "abc", "12": "abcdefg"}
    parts |= {"18": "abcdef", "20": "abc", "23": "ab", "27": "abc"}
    assert ids == [f"{n}{part}" for n in range(1, 28) for part in parts.get(str(n), [""])]
    assert len(ids) == 52


def test_probast_has_16_questions_on_development_and_18_on_evaluation() -> None:
    items = read_checklist("probast_ai").items
    sizes = {"D": (3, 4, 4, 5), "E": (3, 4, 4, 7)}
    wanted = [
        f"{part}{domain}.{question + 1}"
        for part, domains in sizes.items()
        for domain, n in enumerate(domains, start=1)
        for question in range(n)
    ]
    assert [item.id for item in items] == wanted
    assert len(Counter(item.section for item in items)) == 4


@pytest.mark.parametrize(("name", "fillers"), [("tripod_ai", FILLERS), ("probast_ai", QUESTIONS)])
def test_every_filler_is_asked_for_and_every_place_is_known(name, fillers) -> None:
    items = read_checklist(name).items
    assert {item.filler for item in items if item.filler} == set(fillers)
    named = {place for item in items for each in item.where for place in each.split("|")}
    assert named <= ANCHORS | set(FILES) | {"bundle/"}


@pytest.mark.parametrize("task", ["response", "relapse"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_every_link_leads_to_a_section_of_that_very_page(run_of, ending, task) -> None:
    findings = run_of(ending, task)
    page = render_run_report(make_report(findings, draw(findings)))
    ids = set(re.findall(r'\sid="([^"]+)"', page))
    links = re.findall(r'<a href="#([^"]+)"', page)
    assert len(links) > 60
    assert set(links) <= ids
    assert "checklists" in ids
    assert page.count("<details>") == page.count("</details>") >= 3


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_item_has_an_answer_of_the_known_kinds(run_of, answers_of, ending) -> None:
    found = answers_of(run_of(ending))
    assert len(found) == 52 + 34
    for each in found.values():
        assert each.verdict in VERDICTS
        assert re.fullmatch(r"[^a-z].*\.", each.words), each.item.id
        assert ".." not in each.words


def test_a_file_of_the_bundle_is_named_only_where_there_is_one(run_of, answers_of) -> None:
    labels = {
        ending: {
            place.label for each in answers_of(run_of(ending)).values() for place in each.where
        }
        for ending in ("fitted", "refused")
    }
    assert "bundle/" in labels["fitted"]
    assert "bundle/" not in labels["refused"]


def test_a_section_that_comes_later_is_found_by_itself(run_of, answers_of) -> None:
    findings = run_of("exploratory")
    before, after = answers_of(findings), answers_of(findings, subgroups="Groups", unobserved="Out")
    assert (before["14"].verdict, before["14"].where) == ("not done", ())
    assert after["14"].verdict == "in part"
    assert [(place.label, place.anchor) for place in after["14"].where] == [("Groups", "subgroups")]
    assert [before[i].verdict for i in ("23a", "11", "D4.3")] == [
        "in part",
        "in part",
        "probably no",
    ]
    assert [after[i].verdict for i in ("23a", "11", "D4.3")] == [
        "reported",
        "reported",
        "probably yes",
    ]


def test_of_two_places_the_first_that_is_there_is_named(run_of, answers_of) -> None:
    findings = run_of("fitted")
    assert "extra" in {place.anchor for place in answers_of(findings)["23b"].where}
    named = {place.anchor for place in answers_of(findings, sites="Sites")["23b"].where}
    assert "sites" in named
    assert "extra" not in named


def test_an_item_of_which_nothing_is_there_is_not_done(run_of) -> None:
    filled = fill(run_of("fitted"), {})
    (size,) = (each for each in filled.reported if each.item.id == "10")
    assert size.verdict == "not done"
    assert size.words == "Nothing that would hold it is in this run."


def test_what_only_a_person_knows_says_what_to_write_down(run_of, answers_of) -> None:
    found = answers_of(run_of("fitted"))
    assert found["17"].verdict == "only a person knows"
    assert found["17"].words.startswith("To write down: the committee")
    assert "To look at: how the data were collected" in found["D1.1"].words
    assert found["18e"].words == "To write down: whether and how others get the data."


def test_files_and_mlflow_hold_both_lists(run_of, tmp_path) -> None:
    findings = run_of("exploratory")
    sections = contents(make_report(findings, {}))
    write_checklists(findings, sections, tmp_path)
    told = json.loads((tmp_path / "checklists.json").read_text(encoding="utf-8"))
    with (tmp_path / "checklists.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {name: len(part["items"]) for name, part in told.items()} == {
        "TRIPOD+AI": 52,
        "PROBAST+AI": 34 + 12,
    }
    assert "BMJ 2025" in told["PROBAST+AI"]["source"]
    assert [row["item"] for row in rows] == [
        each["item"] for part in told.values() for each in part["items"]
    ]
    assert rows == checklist_rows(fill(findings, sections))
    assert rows[0]["where"] == "report.html#main"
    record = tracked(findings, tmp_path, {}, promote=False)
    assert record.files["checklists.csv"] == tmp_path / "checklists.csv"
    assert record.files["checklists.json"] == tmp_path / "checklists.json"
    assert "secret" not in repr((told, rows))


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"id": "1"}, "item 1 needs either from or person: true"),
        ({"id": "1", "from": "title", "person": True}, "item 1 needs either"),
        ({"id": "1", "person": True}, "item 1 is left to a person; add says"),
        ({"id": "1", "form": "title"}, "items.0.form: the key is unknown"),
    ],
)
def test_an_item_that_nobody_can_fill_is_refused(item, said) -> None:
    content = {"name": "x", "source": "y", "items": [{"section": "s", "asks": "a", **item}]}
    with pytest.raises(InvalidInputError, match=said):
        checked_settings(Checklist, content, where="x.yaml")


def test_a_number_that_stands_twice_is_refused() -> None:
    item = {"id": "1", "section": "s", "asks": "a", "from": "title"}
    content = {"name": "x", "source": "y", "items": [item, item]}
    with pytest.raises(InvalidInputError, match="items names 1 twice"):
        checked_settings(Checklist, content, where="x.yaml")
