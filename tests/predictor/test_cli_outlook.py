"""``ketamine-predict outlook``: lines, JSON and pages of two bundles."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from predictor.bundle import write_bundle
from predictor.cli import run
from predictor.outlook import outlook
from predictor.scoring import with_reference
from predictor.wording import in_ten


def call(capsys, *arguments):
    code = run([str(a) for a in arguments])
    shown = capsys.readouterr()
    return SimpleNamespace(code=code, out=shown.out, err=shown.err)


@pytest.fixture
def both(folders):
    return folders["linear"], folders["cox"]


def test_every_row_is_answered_safety_first(both, people, scorers, capsys):
    shown = call(capsys, "outlook", *both, people)
    assert shown.code == 0
    first, second, *_ = shown.out.split("\nRow ")
    assert first.index("STOP rule") < first.index("Chance of having responded")
    joint = outlook(scorers["linear"].score(people)[0], scorers["cox"].score(people)[0]).joint
    assert f"at the end of the course: {in_ten(*joint.at(0))}" in first
    assert f"day 90 after it: {in_ten(*joint.at(90))}" in first
    assert "Take care: whether both models mean the same by response could not be checked" in first
    assert "independent of each other" in first
    assert "Response model internally validated" in first
    assert "Relapse model internally validated" in first
    assert "SIMULATED DATA" in first
    assert "STOP: speaks against treatment" in second
    assert "No number is given." in second
    assert " in 10" not in second


def test_json_is_that_of_the_library(both, people, scorers, capsys):
    shown = call(capsys, "outlook", *both, people, "--json")
    (said,) = [line for line in shown.out.splitlines() if line]
    found = json.loads(said)
    assert [one["status"] for one in found] == ["scored", "refused", "refused", "refused"]
    pair = [scorers[kind].score(people)[0] for kind in ("linear", "cox")]
    expected = outlook(*pair).to_dict()
    assert {k: v for k, v in found[0].items() if k != "cautions"} == {
        k: v for k, v in expected.items() if k != "cautions"
    }


def test_standard_input_is_read_once_for_both(both, people, capsys, monkeypatch):
    content = people.read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    from_input = call(capsys, "outlook", *both, "-", "--json")
    assert from_input.code == 0
    assert json.loads(from_input.out)[0]["well_at"]["30"]["value"] > 0


def test_pages_are_written_into_a_new_folder(both, people, tmp_path, capsys):
    out = tmp_path / "pages"
    shown = call(capsys, "outlook", *both, people, "--out", out)
    assert shown.code == 0
    assert "4 rows answered, 1 scored and 3 refused" in shown.out
    assert sorted(path.name for path in out.iterdir()) == [f"row_{i}.html" for i in range(1, 5)]
    again = call(capsys, "outlook", *both, people, "--out", out)
    assert again.code == 2
    assert "name a new or an empty folder" in again.err


def test_bundles_in_the_wrong_order_are_the_callers(both, people, capsys):
    shown = call(capsys, "outlook", both[1], both[0], people)
    assert shown.code == 2
    assert "the first bundle foretells relapse, not response" in shown.err
    assert shown.out == ""


def test_an_expired_model_refuses_every_row_and_says_so(both, bundles, people, tmp_path, capsys):
    source = replace(bundles["cox"].provenance, expires="2000-01-01")
    old = write_bundle(with_reference(replace(bundles["cox"], provenance=source)), tmp_path / "old")
    shown = call(capsys, "outlook", both[0], old, people)
    assert shown.code == 4
    assert "[expired] (relapse model)" in shown.out
    assert "a model has expired" in shown.err


def test_an_unknown_column_is_said_once_for_both(both, people, tmp_path, capsys):
    rows = [row | {"shoe_size": 43} for row in json.loads(people.read_text())]
    path = tmp_path / "more.json"
    path.write_text(json.dumps(rows))
    refused = call(capsys, "outlook", *both, path)
    assert refused.code == 2
    shown = call(capsys, "outlook", *both, path, "--ignore-unknown")
    assert shown.code == 0
    assert shown.err.count("shoe_size") == 1


def test_a_score_at_a_landmark_of_one_model_is_not_unknown_to_the_pair(
    landmark_bundles, candidate, tmp_path, capsys
):
    pair = [
        write_bundle(with_reference(landmark_bundles[task]), tmp_path / task)
        for task in ("response", "relapse")
    ]
    path = tmp_path / "person.json"
    for later in ({"madrs_dose2": 20}, {"madrs_followup14": 12}, {"phq9_course_end": 4}):
        path.write_text(json.dumps(candidate(**later)))
        shown = call(capsys, "outlook", *pair, path, "--json")
        assert shown.code == 0, shown.err
        (found,) = json.loads(shown.out)
        assert found["status"] == "scored"
        assert "known_later" in [caution["code"] for caution in found["cautions"]]


def test_days_beyond_the_followup_are_marked(both, bundles, people, tmp_path, capsys):
    model = bundles["cox"].model
    baseline = replace(model.baseline, last_supported_day=100.0)
    short = replace(bundles["cox"], model=replace(model, baseline=baseline))
    folder = write_bundle(with_reference(short), tmp_path / "short")
    shown = call(capsys, "outlook", both[0], folder, people)
    assert "day 180 † after it:" in shown.out
    assert "relapsed by day 180 †:" in shown.out
    assert "† Too few patients were followed beyond day 100" in shown.out
