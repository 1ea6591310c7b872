"""The command line at landmarks: one of them, all of them, and the questions each asks."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from predictor.bundle import write_bundle
from predictor.cli import run
from predictor.scoring import with_reference


@pytest.fixture(scope="module")
def homes(landmark_bundles, tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("landmarks")
    return {
        name: write_bundle(with_reference(bundle), root / name)
        for name, bundle in landmark_bundles.items()
    }


@pytest.fixture
def person(tmp_path, candidate):
    """Write one candidate, or several."""

    def write(*rows) -> Path:
        path = tmp_path / "person.json"
        path.write_text(json.dumps([candidate(**row) for row in rows]))
        return path

    return write


def call(capsys, *arguments) -> SimpleNamespace:
    code = run([str(argument) for argument in arguments])
    shown = capsys.readouterr()
    return SimpleNamespace(code=code, out=shown.out, err=shown.err)


def test_a_landmark_is_scored_by_its_own_model(homes, person, capsys, landmark_scorers):
    path = person({"madrs_dose2": 20})
    shown = call(capsys, "score", homes["response"], path, "--landmark", "dose2", "--json")
    (score,) = json.loads(shown.out)
    expected = landmark_scorers["response"].score(path, landmark="dose2")[0]
    assert (shown.code, score["provenance"]["landmark"]) == (0, "dose2")
    assert score["probability"] == expected.probability


def test_the_lines_name_the_landmark_and_what_was_converted(homes, person, capsys):
    shown = call(
        capsys, "score", homes["response"], person({"phq9_dose2": 15}), "--landmark", "dose2"
    )
    assert "Row 1, by what is known at dose2" in shown.out
    assert "was converted to 24 (16 to 32" in shown.out
    assert "- MADRS after dose 2: 24 ± 8.1, converted from PHQ-9 after dose 2 (15)" in shown.out


def test_an_unknown_landmark_is_the_callers_fault_and_names_those_there_are(
    homes, person, capsys, tmp_path
):
    calls = (
        ("score", homes["response"], person({}), "--landmark", "dose9"),
        ("explain", homes["response"], person({}), "--landmark", "dose9", "--out", tmp_path / "p"),
        ("form", homes["response"], "--landmark", "dose9", "--out", tmp_path / "f.csv"),
    )
    for arguments in calls:
        shown = call(capsys, *arguments)
        assert shown.code == 2
        assert "dose9: the bundle has no such model; it has dose2, dose4" in shown.err


def test_all_gives_a_list_for_each_person(homes, person, capsys):
    path = person({"madrs_dose2": 20, "madrs_dose4": 12}, {})
    shown = call(capsys, "score", homes["response"], path, "--landmark", "all", "--json")
    named = [[one["provenance"]["landmark"] for one in each] for each in json.loads(shown.out)]
    assert named == [["", "dose2", "dose4"], [""]]


def test_all_says_how_the_picture_changed(homes, person, capsys):
    path = person({"madrs_course_end": 10, "madrs_followup14": 26})
    shown = call(capsys, "score", homes["relapse"], path, "--landmark", "all")
    lines = shown.out.splitlines()
    start = next(i for i, line in enumerate(lines) if "How the picture changed" in line)
    assert [line.strip().split(" (")[0] for line in lines[start + 1 : start + 4]] == [
        "- before the first dose",
        "- at the end of the course",
        "- 14 days after the course",
    ]
    assert lines[start + 3].endswith("By the rule of the outcome this person has relapsed.")
    assert "[relapsed_already]" in shown.out


def test_all_into_a_table_gives_a_line_for_each_visit(homes, person, capsys, tmp_path):
    path = person({"madrs_dose2": 20}, {})
    out = tmp_path / "scores.csv"
    shown = call(capsys, "score", homes["response"], path, "--landmark", "all", "--out", out)
    assert "2 rows answered, 2 scored and 0 refused" in shown.err + shown.out
    with out.open() as file:
        lines = [(line["row"], line["landmark"]) for line in csv.DictReader(file)]
    assert lines == [("1", ""), ("1", "dose2"), ("2", "")]


def test_the_stopping_rule_stands_beside_response_after_the_fourth_dose(homes, person, capsys):
    path = person({"madrs_dose2": 30, "madrs_dose4": 30})
    shown = call(capsys, "score", homes["response"], path, "--landmark", "dose4")
    assert "By the published stop rule" in shown.out
    assert "gain 6 %: stop." in shown.out  # from 32 to 30
    assert "A comparator, not part of the model." in shown.out
    other = call(capsys, "score", homes["response"], path, "--landmark", "dose2")
    assert "By the published stop rule" not in other.out


def test_a_page_shows_the_visits(homes, person, capsys, tmp_path):
    path = person({"madrs_dose2": 20, "phq9_dose4": 15})
    pages = tmp_path / "pages"
    shown = call(capsys, "explain", homes["response"], path, "--landmark", "all", "--out", pages)
    assert shown.code == 0
    page = (pages / "row_1.html").read_text(encoding="utf-8")
    assert "by what is known after dose 4" in page
    assert "How the picture changed" in page
    assert page.index('id="number"') < page.index('id="changes"') < page.index('id="why"')
    assert "MADRS 24 ± 8.1, converted from PHQ-9 after dose 4 (15)" in page
    alone = tmp_path / "alone"
    call(capsys, "explain", homes["response"], path, "--landmark", "dose4", "--out", alone)
    assert "How the picture changed" not in (alone / "row_1.html").read_text(encoding="utf-8")


def test_a_page_of_a_relapse_shows_what_was_foretold_before(homes, person, capsys, tmp_path):
    path = person({"madrs_course_end": 10, "madrs_followup14": 26})
    pages = tmp_path / "pages"
    call(capsys, "explain", homes["relapse"], path, "--landmark", "all", "--out", pages)
    page = (pages / "row_1.html").read_text(encoding="utf-8")
    assert "No number is given for this person" in page
    assert "the last row is the number above" not in page
    assert page.index('id="refused"') < page.index('id="changes"')


def test_where_a_stop_takes_every_number_no_visit_is_shown(homes, person, capsys, tmp_path):
    pages = tmp_path / "pages"
    path = person({"pregnant": "yes", "madrs_dose2": 9})
    call(capsys, "explain", homes["response"], path, "--landmark", "all", "--out", pages)
    assert "How the picture changed" not in (pages / "row_1.html").read_text(encoding="utf-8")


def columns(path: Path) -> list[str]:
    with path.open() as file:
        return next(csv.reader(file))


def test_a_form_asks_what_is_known_by_then(homes, capsys, tmp_path):
    asked = {}
    for name in ("", "dose2", "all"):
        out = tmp_path / f"form{name}.csv"
        chosen = ("--landmark", name) if name else ()
        assert call(capsys, "form", homes["response"], "--out", out, *chosen).code == 0
        asked[name] = columns(out)
    assert not any(column.endswith(("_dose2", "_dose4")) for column in asked[""])
    assert {"madrs_dose2", "phq9_dose2"} <= set(asked["dose2"])
    assert "madrs_dose4" not in asked["dose2"]
    assert "madrs_dose4" in asked["all"]


def test_verify_counts_the_reference_rows_of_each_landmark(homes, capsys):
    shown = call(capsys, "verify", homes["relapse"])
    assert "Landmark followup28: 4 rows score as frozen" in shown.out
    document = json.loads(call(capsys, "verify", homes["relapse"], "--json").out)
    assert document["landmarks"] == {
        "dose4": 4, "course_end": 4, "followup14": 4, "followup28": 4,
    }  # fmt: skip


def test_an_expired_landmark_ends_as_expired(landmark_bundles, person, capsys, tmp_path):
    bundle = landmark_bundles["response"]
    inner = bundle.landmarks["dose4"]
    old = replace(inner, provenance=replace(inner.provenance, expires="2020-01-31"))
    home = write_bundle(
        with_reference(replace(bundle, landmarks={**bundle.landmarks, "dose4": old})),
        tmp_path / "old",
    )
    path = person({"madrs_dose4": 9})
    shown = call(capsys, "score", home, path, "--landmark", "dose4")
    assert shown.code == 4
    assert "the model expired on 2020-01-31" in shown.err
    assert call(capsys, "score", home, path).code == 0
    assert call(capsys, "verify", home).code == 4
