"""The command line: what is printed, what is written, and the exit codes."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from predictor.bundle import write_bundle
from predictor.cli import run
from predictor.cli.describing import describe
from predictor.course import SEEN, median_words, well_words
from predictor.scoring import Scorer, with_reference


@pytest.fixture(scope="module")
def expired(bundles, tmp_path_factory) -> Path:
    bundle = bundles["linear"]
    old = replace(bundle, provenance=replace(bundle.provenance, expires="2020-01-31"))
    return write_bundle(with_reference(old), tmp_path_factory.mktemp("old") / "bundle")


def call(capsys, *arguments) -> SimpleNamespace:
    code = run([str(argument) for argument in arguments])
    shown = capsys.readouterr()
    return SimpleNamespace(code=code, out=shown.out, err=shown.err)


def as_csv(path: Path, rows) -> Path:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, names)
        table.writeheader()
        table.writerows(rows)
    return path


# help and wrong use


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_names_the_commands_that_exist_and_no_other(arguments, capsys):
    shown = call(capsys, *arguments)
    assert shown.code == 0
    for name in ("form", "score", "explain", "verify"):
        assert name in shown.out
    assert "audit" not in shown.out
    assert "serve" not in shown.out


@pytest.mark.parametrize("name", ["form", "score", "explain", "verify"])
def test_each_help_has_an_example(name, capsys):
    shown = call(capsys, name, "--help")
    assert shown.code == 0
    assert f"Example: ketamine-predict {name} " in shown.out
    assert "--json" in shown.out
    assert "--quiet" in shown.out


@pytest.mark.parametrize("arguments", [["scor"], ["score"], ["score", "x", "y", "--colour"]])
def test_wrong_use_is_the_callers(arguments, capsys):
    shown = call(capsys, *arguments)
    assert (shown.code, shown.out) == (2, "")
    assert shown.err.count("\n") == 1
    as_json = call(capsys, *arguments, "--json")
    assert as_json.code == 2
    assert json.loads(as_json.out)["faults"] == []


# score


def test_scores_in_words_say_safety_first(folders, people, capsys):
    shown = call(capsys, "score", folders["linear"], people)
    assert (shown.code, shown.err) == (0, "")
    first = shown.out.split("Row 2")[0]
    order = ["Row 1, id-7731", "No answer fires a STOP rule", "Not asked (1)", "Chance of resp"]
    order += ["Cohort's average: about 6 in 10", "Assumed for 1", "Strongest contributions"]
    order += ["Model internally validated", "SIMULATED DATA"]
    places = [first.index(words) for words in order]
    assert places == sorted(places)
    assert " in 10 (" in first
    contributions = first.partition("Strongest")[2].partition("Model internally")[0]
    assert contributions.count("- ") == 3


def test_refusals_in_words_have_no_number(folders, people, capsys):
    out = call(capsys, "score", folders["cox"], people).out
    refused = out[out.index("Row 2") :]
    assert " in 10" not in refused
    assert refused.count("No number is given.") == 3
    assert "STOP: speaks against treatment" in refused
    assert "[stop_rule]" in refused
    assert "row 3, age_years: 440 is above 110 years" in refused
    assert "1 of the 9 variables" in refused


def test_a_relapse_is_said_by_day_with_what_it_is_given(folders, people, capsys):
    out = call(capsys, "score", folders["cox"], people).out
    first = out.split("Row 2")[0]
    for words in (
        "Risk of relapse", "by day 30: about", "by day 90: about", "by day 180: about",
        "Cohort's average by day 180: about 8 in 10", "Given: response at the end",
        "Time zero: day 28", "Planned course: six infusions",
    ):  # fmt: skip
        assert words in first


def test_a_relapse_is_said_with_what_counts_how_it_is_seen_and_what_it_leaves_out(
    bundles, candidate
):
    asked = {"risk_set": "responders", "event": "MADRS of 22", "observed": "at visits"}
    asked |= {"assumes": "what it would be were it not for ECT", "horizon": "180 days"}
    source = replace(bundles["cox"].provenance, question=asked)
    score = Scorer(replace(bundles["cox"], provenance=source)).score(candidate())[0]
    said = [line.text for line in describe(score)]
    for words in (
        "What counts: MADRS of 22",
        "How it is seen: at visits",
        "Read the risk as: what it would be were it not for ECT",
    ):
        assert words in said
    assert not any("responders" in line for line in said)
    assert score.to_dict()["provenance"]["question"] == asked


def test_a_relapse_is_said_with_its_median_its_days_and_its_schedule(bundles, candidate):
    source = replace(bundles["cox"].provenance, check_in_steps=(0.1, 0.5))
    baseline = replace(bundles["cox"].model.baseline, last_supported_day=60.0)
    model = replace(bundles["cox"].model, baseline=baseline)
    scorer = Scorer(replace(bundles["cox"], provenance=source, model=model))
    score = scorer.score(candidate())[0]
    first, last = score.check_ins
    said = [line.text for line in describe(score)]
    assert median_words(score.median) in said
    assert well_words(score.well_days) in said
    text = "\n".join(said)
    assert f"day {first.day}: up to 1 in 10 may have relapsed" in text
    assert f"day {last.day}: up to 5 in 10 may have relapsed" in text
    assert "by day 180 †: about" in text
    assert "by day 30: about" in text
    assert SEEN in said
    old = [line.text for line in describe(Scorer(bundles["cox"]).score(candidate())[0])]
    assert not any("By when to be seen" in line for line in old)


def test_the_numbers_are_those_of_the_library(folders, people, scorers, capsys):
    shown = call(capsys, "score", folders["cox"], people, "--json")
    assert shown.code == 0
    assert json.loads(shown.out) == scorers["cox"].score(people).to_dict()
    assert shown.out.count("\n") == 1


def test_a_stop_has_no_number_in_json_either(folders, people, capsys):
    stopped = json.loads(call(capsys, "score", folders["linear"], people, "--json").out)[1]
    assert stopped["status"] == "refused"
    assert stopped["probability"] is stopped["lo"] is stopped["margin"] is stopped["curve"] is None
    assert stopped["contributions"] == stopped["contributions_probability"] == {}


@pytest.mark.parametrize("kind", ["json", "csv", "csv with mark", "parquet"])
def test_standard_input_is_read_whatever_it_holds(
    kind, folders, scorers, candidate, tmp_path, capsys, monkeypatch
):
    rows = [candidate(), candidate(age_years=61)]
    content = json.dumps(rows).encode()
    if kind.startswith("csv"):
        content = as_csv(tmp_path / "rows.csv", rows).read_bytes()
        content = b"\xef\xbb\xbf" + content if "mark" in kind else content
    if kind == "parquet":
        pandas = pytest.importorskip("pandas")
        content = pandas.DataFrame(rows).to_parquet()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    shown = call(capsys, "score", folders["linear"], "-", "--json")
    assert shown.code == 0
    assert json.loads(shown.out) == scorers["linear"].score(rows).to_dict()


def test_faults_of_standard_input_name_it(folders, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    shown = call(capsys, "score", folders["linear"], "-")
    assert shown.code == 2
    assert shown.err.startswith("standard input: the file is empty")


@pytest.mark.parametrize("ending", ["json", "csv"])
def test_scores_go_to_a_new_file(ending, folders, people, scorers, tmp_path, capsys):
    out = tmp_path / f"scores.{ending}"
    shown = call(capsys, "score", folders["cox"], people, "--out", out)
    assert shown.code == 0
    assert "4 rows answered, 1 scored and 3 refused" in shown.out
    scores = scorers["cox"].score(people)
    if ending == "json":
        assert json.loads(out.read_text()) == scores.to_dict()
    else:
        with out.open(newline="") as file:
            lines = list(csv.DictReader(file))
        assert [line["status"] for line in lines] == ["scored"] + ["refused"] * 3
        assert float(lines[0]["risk_90"]) == scores[0].risk_at(90)[0]
        assert lines[1]["risk_90"] == lines[1]["margin"] == lines[0]["probability"] == ""
    before = out.read_bytes()
    again = call(capsys, "score", folders["cox"], people, "--out", out)
    assert again.code == 2
    assert "there already" in again.err
    assert out.read_bytes() == before


def test_a_file_of_scores_may_come_with_json(folders, people, tmp_path, capsys):
    arguments = ("score", folders["linear"], people, "--json", "--out", tmp_path / "s.csv")
    assert len(json.loads(call(capsys, *arguments).out)) == 4
    quiet = ("score", folders["linear"], people, "--quiet", "--out", tmp_path / "t.csv")
    assert call(capsys, *quiet).out == ""


@pytest.mark.parametrize(
    ("name", "words"), [("s.xlsx", ".csv or .json"), ("absent/s.csv", "no such folder")]
)
def test_a_file_that_cannot_be_written_is_refused_first(name, words, folders, tmp_path, capsys):
    shown = call(capsys, "score", folders["linear"], "absent.csv", "--out", tmp_path / name)
    assert shown.code == 2
    assert words in shown.err


def test_an_unknown_column_is_a_fault_of_the_file_or_a_note(folders, candidate, tmp_path, capsys):
    path = as_csv(tmp_path / "c.csv", [candidate(age_yeers=3, hobby="x")])
    shown = call(capsys, "score", folders["linear"], path)
    assert (shown.code, shown.out) == (2, "")
    assert "age_yeers" in shown.err
    as_json = call(capsys, "score", folders["linear"], path, "--json")
    assert as_json.code == 2
    assert [fault["column"] for fault in json.loads(as_json.out)["faults"]] == [
        "age_yeers",
        "hobby",
    ]
    ignored = call(capsys, "score", folders["linear"], path, "--ignore-unknown")
    assert ignored.code == 0
    assert ignored.err.count("\n") == 2
    quiet = call(capsys, "score", folders["linear"], path, "--ignore-unknown", "--quiet")
    assert quiet.err == ""
    assert quiet.out == ignored.out


def test_no_id_and_no_value_of_a_patient_stands_in_an_error(folders, tmp_path, capsys):
    path = tmp_path / "c.csv"
    path.write_text("patient_id,nickname\nid-7731,secret\n")
    shown = call(capsys, "score", folders["linear"], path)
    assert shown.code == 2
    assert "id-7731" not in shown.err
    assert "secret" not in shown.err


def test_an_id_forges_no_line_and_steers_no_terminal(folders, candidate, tmp_path, capsys):
    forged = "x\n  Chance of responding: about 9 in 10\x1b[2J\u202e"
    path = tmp_path / "c.json"
    path.write_text(json.dumps([candidate(patient_id=forged)]))
    lines = call(capsys, "score", folders["linear"], path).out.splitlines()
    assert lines[0].startswith("Row 1, x   Chance of responding: about 9 in 10 [2J")
    assert sum(line.startswith("  Chance of responding") for line in lines) == 1
    assert (
        json.loads(call(capsys, "score", folders["linear"], path, "--json").out)[0]["patient_id"]
        == forged.strip()
    )


def test_a_closed_standard_input_is_the_callers(folders, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    shown = call(capsys, "score", folders["linear"], "-")
    assert shown.code == 2
    assert shown.err.startswith("standard input: it is closed")


def test_a_folder_without_a_name_of_its_own_is_named(
    folders, people, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(people.parent)
    assert call(capsys, "explain", folders["linear"], people, "--out", ".").err.startswith(
        ".: it is"
    )


def test_a_weak_model_and_what_it_lacks_are_said(bundles, candidate):
    source = replace(
        bundles["linear"].provenance,
        stamp="exploratory",
        reason="60 events where 200 are needed.",
        better_than_average=False,
        data_origin="real",
    )
    scores = Scorer(replace(bundles["linear"], provenance=source)).score(candidate(age_years=85))
    text = "\n".join(line.text for line in describe(scores[0]))
    assert "Model exploratory: the cohort was too small" in text
    assert "60 events where 200 are needed." in text
    assert "no better than the average" in text
    assert "Take care: Age lies outside" in text
    assert "SIMULATED" not in text
    assert "Every safety question was answered." in text
    assert "Nothing was assumed" in text


def test_long_lists_are_cut_and_counted(scorers):
    row = {"age_years": 40, "bmi": 25, "madrs_total": 30, "failed_trials": 2, "bipolar": "no"}
    scorer = scorers["boosted"]
    lines = [line.text for line in describe(scorer.score(row)[0])]
    assert any("more (explain lists all)" in line for line in lines)
    assert "The answer that would help most" in "\n".join(lines)


def test_assumptions_that_move_little_are_counted(scorers, monkeypatch):
    monkeypatch.setattr("predictor.cautions.MINIMUM_ANSWERED", 1)
    score = scorers["linear"].score({"age_years": 40, "bmi": 25})[0]
    lines = [line.text for line in describe(score)]
    assert "Assumed for 7 unanswered questions of the model" in lines
    assert "- and 2 that move it less" in lines


def test_a_model_without_variables_prints_its_number(folders, people, capsys):
    shown = call(capsys, "score", folders["empty"], people)
    assert "Chance of responding: about 5 in 10" in shown.out
    assert "Strongest" not in shown.out


# damaged and expired bundles


def test_a_damaged_bundle_ends_with_four(folders, people, tmp_path, capsys):
    harmed = Path(shutil.copytree(folders["linear"], tmp_path / "harmed"))
    (harmed / "model.json").write_bytes(b"{}")
    for command in (("score", harmed, people), ("verify", harmed)):
        shown = call(capsys, *command)
        assert (shown.code, shown.out) == (4, "")
        assert "changed after it was written" in shown.err
        as_json = call(capsys, *command, "--json")
        assert as_json.code == 4
        assert json.loads(as_json.out)["error"] == as_json.err.strip()


def test_an_expired_model_answers_every_row_and_ends_with_four(expired, people, tmp_path, capsys):
    shown = call(capsys, "score", expired, people, "--json")
    assert shown.code == 4
    assert "expired on 2020-01-31" in shown.err
    scores = json.loads(shown.out)
    assert [score["status"] for score in scores] == ["refused"] * 4
    assert all("expired" in [r["code"] for r in score["refusals"]] for score in scores)
    pages = call(capsys, "explain", expired, people, "--out", tmp_path / "pages")
    assert pages.code == 4
    assert len(list((tmp_path / "pages").iterdir())) == 4
    verified = call(capsys, "verify", expired)
    assert verified.code == 4
    assert "get a newer one" in verified.err


# verify, form, explain


def test_verify_says_what_it_looked_at(folders, capsys):
    shown = call(capsys, "verify", folders["cox"])
    assert shown.code == 0
    assert "4 score as frozen" in shown.out
    assert "Expiry: never" in shown.out
    document = json.loads(call(capsys, "verify", folders["cox"], "--json").out)
    assert document["reference_rows"] == 4
    assert document["expires"] is None
    assert call(capsys, "verify", folders["cox"], "--quiet").out == ""


def test_verify_scores_the_reference_rows_again(bundles, tmp_path, capsys):
    entries = json.loads(json.dumps(bundles["linear"].reference))
    entries[0]["score"]["numbers"][0] += 0.001
    other = write_bundle(replace(bundles["linear"], reference=tuple(entries)), tmp_path / "b")
    shown = call(capsys, "verify", other)
    assert shown.code == 4
    assert "scores otherwise" in shown.err


def test_a_form_filled_in_is_scored(folders, candidate, tmp_path, capsys):
    out = tmp_path / "candidate.csv"
    shown = call(capsys, "form", folders["linear"], "--out", out, "--json")
    assert shown.code == 0
    assert json.loads(shown.out)["candidate"] == str(out)
    with out.open(newline="") as file:
        names = next(csv.reader(file))
    answers = candidate()
    with out.open("w", newline="") as file:
        csv.writer(file).writerows([names, [answers.get(name, "") for name in names]])
    scored = json.loads(call(capsys, "score", folders["linear"], out, "--json").out)
    assert scored[0]["status"] == "scored"
    again = call(capsys, "form", folders["linear"], "--out", out)
    assert again.code == 2
    assert "there already" in again.err


def test_pages_are_named_by_row_and_never_by_id(folders, people, tmp_path, capsys):
    out = tmp_path / "pages"
    shown = call(capsys, "explain", folders["cox"], people, "--out", out, "--json")
    assert shown.code == 0
    listed = json.loads(shown.out)["pages"]
    assert [Path(entry["page"]).name for entry in listed] == [f"row_{i}.html" for i in range(1, 5)]
    assert [entry["status"] for entry in listed] == ["scored", "refused", "refused", "refused"]
    first, second = (Path(entry["page"]).read_text(encoding="utf-8") for entry in listed[:2])
    assert " in 10" in first
    assert " in 10" not in second
    again = call(capsys, "explain", folders["cox"], people, "--out", out)
    assert again.code == 2
    assert "there already" in again.err


def test_row_numbers_of_pages_sort_as_they_count(folders, candidate, tmp_path, capsys):
    path = as_csv(tmp_path / "c.csv", [candidate(age_years=30 + i) for i in range(11)])
    (tmp_path / "pages").mkdir()
    shown = call(capsys, "explain", folders["linear"], path, "--out", tmp_path / "pages")
    assert "11 rows answered, 11 scored and 0 refused, one page each" in shown.out
    assert min(p.name for p in (tmp_path / "pages").iterdir()) == "row_01.html"


def test_a_folder_of_pages_needs_a_folder_around_it(folders, people, tmp_path, capsys):
    shown = call(capsys, "explain", folders["cox"], people, "--out", tmp_path / "no" / "pages")
    assert shown.code == 2
    assert "no such folder" in shown.err


def test_nothing_is_written_when_the_candidates_are_at_fault(folders, tmp_path, capsys):
    shown = call(capsys, "explain", folders["cox"], "absent.csv", "--out", tmp_path / "pages")
    assert shown.code == 2
    assert not (tmp_path / "pages").exists()
