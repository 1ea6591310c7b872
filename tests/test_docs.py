"""What the documents say is there: commands, options, names, files, links, counts."""

import ast
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

import predictor.cli
import predictor.score
import predictor.scoring
import training.cli
from predictor import uncertainty
from training import baseline_hazard, calibrating, fitting, run_status, tuning, visit_intervals
from training.evaluation import cross_validation, ladder, performance, rungs
from training.evaluation.sentinels.sentinel import FALSE_ALARM
from training.evaluation.sentinels.single_variable import MINIMUM_ANSWERS, TOO_GOOD_ALONE
from training.validation import findings as validated

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAP = (ROOT / "docs/map.md").read_text(encoding="utf-8")
METHODS = " ".join((ROOT / "docs/methods.md").read_text(encoding="utf-8").split())
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUN: dict[str, Callable[[list[str]], int]] = {
    "ketamine-predict": predictor.cli.run,
    "ketamine-train": training.cli.run,
}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
# what a decision says is not there, and what stands in a study folder
ABSENT = {"configs/column_map.yaml"}
LATER = {"serve", "audit", "report"}


def commands() -> list[list[str]]:
    """Every line of a block or of inline code, in any document, that calls one of ours."""
    found = []
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        lines = [line for _, block in FENCE.findall(text) for line in block.splitlines()]
        lines += INLINE.findall(FENCE.sub("", text))
        found += [shlex.split(line, comments=True) for line in lines if line.startswith(tuple(RUN))]
    return [words for words in found if len(words) > 1]


def help_of(program: str, command: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert RUN[program]([command, "--help"]) == 0, f"{program} {command}"
    return capsys.readouterr().out


def test_every_command_and_option_of_the_documents_exists(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = commands()
    assert len(said) >= 12
    for program, command, *rest in said:
        shown = help_of(program, command, capsys)
        for option in (word for word in rest if word.startswith("--")):
            assert re.search(rf"{re.escape(option)}\b", shown), f"{program} {command} {option}"


def test_the_readme_names_each_command_there_is_and_none_to_come(
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = set()
    for program, run in RUN.items():
        assert run(["--help"]) == 0
        shown = capsys.readouterr().out.split("Commands:")[1]
        there |= {f"{program} {name}" for name in re.findall(r"^  (\w+)  ", shown, re.MULTILINE)}
    assert there == {f"{words[0]} {words[1]}" for words in commands()}
    assert not {name.split()[1] for name in there} & LATER


def test_the_flags_named_in_running_text_exist(capsys: pytest.CaptureFixture[str]) -> None:
    named = {flag for flag in INLINE.findall(README) if re.fullmatch(r"--[a-z-]+", flag)}
    assert {"--json", "--quiet"} <= named
    shown = "".join(help_of(program, name, capsys) for program, name, *_ in commands())
    assert [flag for flag in named if flag not in shown] == []


def test_the_targets_of_make_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    texts = [document.read_text(encoding="utf-8") for document in DOCUMENTS]
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", "\n".join(texts), re.MULTILINE))
    assert {"demo", "test"} <= named
    assert [target for target in named if f"\n{target}:" not in makefile] == []


def python_of_the_readme(word: str) -> str:
    codes = [code for language, code in FENCE.findall(README) if language == "python"]
    (snippet,) = [code for code in codes if word in code]
    return snippet


@pytest.mark.filterwarnings("ignore::training.estimator.SmallCohortWarning")
def test_the_estimator_of_the_readme_does_what_it_says() -> None:
    rng = np.random.default_rng(0)
    X, X_new = rng.normal(size=(60, 3)), rng.normal(size=(5, 3))
    X[0, 0] = X_new[0, 1] = np.nan
    seen = {"X": X, "y": rng.permutation(np.arange(60) % 2), "X_new": X_new}
    snippet = python_of_the_readme("ResponseClassifier")
    assert len([line for line in snippet.splitlines() if line.strip()]) == 4
    exec(snippet, seen)  # noqa: S102
    assert (seen["interval"][:, 0] < seen["risk"]).all()
    assert (seen["risk"] < seen["interval"][:, 1]).all()
    log_odds = np.log(seen["risk"] / (1 - seen["risk"]))
    np.testing.assert_allclose(seen["fitted"].base_ + seen["shares"].sum(axis=1), log_odds)


def test_the_python_of_the_readme_uses_names_that_exist() -> None:
    snippet = python_of_the_readme("predictor.load")
    tree = ast.parse(snippet)
    assert len([line for line in snippet.splitlines() if line.strip()]) <= 5
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    known = {*dir(predictor), *dir(predictor.scoring.Scorer), "load"}
    known |= set(predictor.score.Score.__dataclass_fields__) | set(dir(predictor.score.Score))
    assert used <= known
    assert {"load", "score", "probability", "contributions", "safety"} <= used
    answers = {
        ast.literal_eval(key)
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if key is not None
    }
    assert answers <= {variable["id"] for variable in settings("dictionary.yaml")["variables"]}
    in_text = set(re.findall(r"`score\.(\w+)", README))
    assert in_text
    assert in_text <= known


def settings(name: str) -> dict:
    return yaml.safe_load((ROOT / "configs" / name).read_text(encoding="utf-8"))


def test_counts_of_the_readme_are_those_of_the_settings() -> None:
    tiers = [rule["tier"] for rule in settings("safety.yaml")["rules"]]
    prose = FENCE.sub("", README)
    for tier in ("STOP", "CAUTION", "INFO"):
        (said,) = re.findall(rf"(\d+)\s+{tier}\b", prose)
        assert int(said) == tiers.count(tier)
    effects = settings("simulation.yaml")["response"]["effects"]
    (said,) = re.findall(r"logistic in (\d+) variables", METHODS)
    assert int(said) == len({effect["variable"] for effect in effects if effect["effect"]})


def test_settings_of_the_methods_are_those_of_the_code() -> None:
    risk_days = [str(day) for day in cross_validation.RISK_DAYS]
    trees = (", ".join(map(str, tried)) for tried in (fitting.DEPTHS, fitting.ROUNDS))
    knots = visit_intervals.KNOT_DAYS
    assert set(np.diff(knots)) == {14}
    said = [
        f"prior around 1 with SD {calibrating.SLOPE_SD}",
        f"every 14 days from {knots[0]} to {knots[-1]}, joined",
        f"kept to day {baseline_hazard.HORIZON_DAYS}",
        f"depth {' × '.join(trees)} rounds",
        f"learning rate {fitting.LEARNING_RATE}",
        f"{fitting.N_PENALTIES} penalties",
        f"{tuning.PATIENCE} times in a row",
        f"days {', '.join(risk_days)} as far as at least",
        f"above {TOO_GOOD_ALONE} in at least {MINIMUM_ANSWERS} people",
        f"fewer than {run_status.MINIMUM_EVENTS} events",
        f"{uncertainty.Z_LEVEL:.3f}·s",
        f"chance of {FALSE_ALARM} in clean data",
        f"at least {rungs.EVENTS_PER_COEFFICIENT} events",
        f"likelihood ratios at {100 * ladder.ALPHA:.0f} %",
        f"at least {validated.ENOUGH_EVENTS} people with",
    ]
    assert [words for words in said if words not in METHODS] == []
    assert uncertainty.WIDER_PER_VARIABLE == 0.25
    assert uncertainty.MINIMUM_ANSWERED == 5
    assert baseline_hazard.MIN_AT_RISK == performance.MINIMUM_FOLLOWED == 10
    for task in ("response", "relapse"):
        run = settings(f"{task}.yaml")
        assert run["resampling"] == {"folds": 5, "repeats": 2, "inner_folds": 5}
        assert (run["bootstrap_refits"], run["expected_discrimination"]) == (30, 0.65)
        assert all(f"`{name}`" in METHODS for name in run["candidates"])


def test_the_sample_of_a_score_is_worded_as_scores_are() -> None:
    (sample,) = [block for language, block in FENCE.findall(README) if language == "text"]
    folder = ROOT / "predictor"
    files = (folder / "cli/describing.py", folder / "wording.py", ROOT / "configs/safety.yaml")
    source = " ".join(file.read_text(encoding="utf-8") for file in files)
    lines = [line.strip("- ") for line in sample.splitlines() if not line.startswith("    - I")]
    for line in lines:
        # a figure, or what follows a colon, is filled in
        fixed = re.split(r"\d|:", line)[0].removeprefix("Row").removeprefix("Model exploratory")
        assert fixed.strip() in source, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)", text)
    inside = [target for target in targets if not target.startswith(("http:", "https:"))]
    assert [target for target in inside if not (document.parent / target).exists()] == []


def test_files_named_in_the_documents_exist() -> None:
    written = ("predictor/", "training/", "configs/", "tests/", "benchmarks/", "scripts/", "docs/")
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        named = {name for name in INLINE.findall(text) if re.fullmatch(r"[\w/.-]+", name)}
        named |= set(re.findall(r"\b(?:benchmarks|scripts|configs)/[\w/]+\.\w+", text))
        ours = {name for name in named if name.startswith(written) and name not in ABSENT}
        assert [name for name in sorted(ours) if not (ROOT / name).exists()] == [], document.name


def test_the_map_names_every_file_and_nothing_else() -> None:
    named = {name for name in INLINE.findall(MAP) if re.fullmatch(r"(predictor|training)/.+", name)}
    for name in named:
        path = ROOT / name
        assert path.is_dir() if name.endswith("/") else path.is_file(), name
    folders = tuple(name for name in named if name.endswith("/"))
    files = {
        path.relative_to(ROOT).as_posix()
        for room in ("predictor", "training")
        for path in (ROOT / room).rglob("*.py")
        if "configs_shipped" not in path.parts
    }
    assert [
        file for file in sorted(files) if file not in named and not file.startswith(folders)
    ] == []
    assert not [file for file in named & files if file.startswith(folders)]


def test_one_line_for_each_word_of_the_glossary() -> None:
    words = re.findall(r"^\| \*\*(.+?)\*\* \| (.+) \|$", MAP, re.MULTILINE)
    assert len(words) >= 30
    assert [word for word, _ in words] == sorted((word for word, _ in words), key=str.lower)
    assert all(meaning for _, meaning in words)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_machine_and_no_registry_stands_in_a_document(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    path = r"(?<![\w.])/(?:home|root|work|tmp|Users|opt|mnt|var)\b|[A-Z]:\\|\.\./shared"
    host = r"pypi\.org|files\.pythonhosted|index-url|artifactory|conda\.anaconda|localhost:\d"
    assert re.findall(path, text) == []
    assert re.findall(host, text) == []


def test_decisions_are_numbered_without_a_gap() -> None:
    names = sorted(path.name for path in (ROOT / "docs/decisions").glob("*.md"))
    assert [name[:4] for name in names] == [f"{n:04d}" for n in range(1, len(names) + 1)]
    for name in names:
        first = (ROOT / "docs/decisions" / name).read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith(f"# {name[:4]} ")
