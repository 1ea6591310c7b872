"""Who imports whom: the contracts hold, and scoring runs with nothing but numpy."""

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from predictor.bundle import Bundle, write_bundle
from predictor.dictionary import Dictionary, Variable
from predictor.provenance import Provenance
from predictor.safety import SafetyRules
from predictor.scoring import Scorer, with_reference
from training.evaluation import inner_splits
from training.fitting import Outcome, prepare
from training.freezing import freeze
from training.learners import LEARNERS
from training.tuning import inner_folds, tune_and_fit

ROOT = Path(__file__).parents[1]
HEAVY = ("mlflow", "shap", "sklearn", "matplotlib", "optuna", "xgboost", "scipy", "pandas", "yaml")

BLOCKED = """
import importlib.abc, json, sys

class OnlyNumpy(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in ("numpy", "predictor") or top in sys.stdlib_module_names:
            return None
        raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, OnlyNumpy())
import predictor

folder, rows = sys.argv[1], json.loads(sys.argv[2])
scorer = predictor.load(folder)
scorer.verify()
scores = scorer.score(rows, explain=True)
print(json.dumps({"scores": scores.to_dict(), "loaded": sorted(sys.modules)}))
"""


def run(*command):
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, cwd=ROOT, check=False
    )


def test_the_import_contracts_hold():
    found = run("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")
    assert found.returncode == 0, found.stdout[-3000:]
    assert re.search(r"Contracts: \d+ kept, 0 broken", found.stdout)


def test_every_floor_is_named_and_every_door_is_guarded():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    floors = {c["containers"][0]: c for c in contracts if c["type"] == "layers"}
    assert set(floors) == {"predictor", "training"}
    assert all(contract["exhaustive"] for contract in floors.values())
    forbidden = {
        c["id"]: set(c["forbidden_modules"]) for c in contracts if c["type"] == "forbidden"
    }
    assert {"training", *HEAVY} <= forbidden["scoring-stands-alone"]
    for tool in ("yaml", "mlflow", "matplotlib", "optuna"):
        assert forbidden[f"one-door-{tool}"] == {tool}


def _variables():
    numbers = ("age_years", "madrs_total", "failed_trials", "rrs_total", "expectancy")
    return (
        *(Variable(v, v, "number", "g", "s", hard_range=(-9, 9)) for v in numbers),
        Variable("route", "Route", "category", "g", "s", levels=("iv", "im", "sc")),
    )


def _bundle(name):
    """Fit one learner on 90 drawn people."""
    rng = np.random.default_rng(3)
    learner = next(line for line in LEARNERS if line.name == name)
    variables, n = _variables(), 90
    values = {v.id: rng.normal(size=n) for v in variables[:5]}
    values["route"] = rng.integers(0, 3, n).astype(float)
    values["age_years"][rng.random(n) < 0.2] = np.nan
    hazard = np.exp(1.5 * values["madrs_total"] + (values["route"] == 1))
    if learner.task == "response":
        outcome = Outcome((rng.random(n) < hazard / (1 + hazard)).astype(float))
    else:
        days = np.ceil(rng.exponential(60 / hazard))
        outcome = Outcome((days <= 200).astype(float), np.minimum(days, 200))
    rows = np.arange(n)
    splits = inner_splits(outcome, [str(i) for i in rows], 3, rng)
    inside = inner_folds(values, variables, rows, outcome, splits)
    fitted = tune_and_fit(learner, prepare(values, variables, rows), outcome, inside)
    dictionary = Dictionary(variables)
    words = ("simulated", "exploratory", "", True, "response", "", "day 0", "course")
    provenance = Provenance(*words, 28, 0.5, n, 40, name, "0")
    model = freeze(fitted, outcome, n_refits=3, rng=rng)
    return with_reference(Bundle(model, dictionary, SafetyRules((), "1"), provenance))


@pytest.mark.parametrize("name", ["ridge", "xgboost", "cox_ridge", "xgboost_cox"])
def test_scoring_runs_with_everything_but_numpy_blocked(name, tmp_path):
    bundle = _bundle(name)
    folder = write_bundle(bundle, tmp_path / "bundle")
    rows = [
        {"age_years": 1.2, "madrs_total": 0.3, "failed_trials": -1, "rrs_total": 1, "route": "im"},
        {"madrs_total": 0.3, "failed_trials": -1, "rrs_total": 1, "expectancy": 0.5, "route": "iv"},
        {"madrs_total": "none"},
    ]
    found = run("-c", BLOCKED, str(folder), json.dumps(rows))
    assert found.returncode == 0, found.stderr
    answer = json.loads(found.stdout)
    assert [s["status"] for s in answer["scores"]] == ["scored", "scored", "refused"]
    here = Scorer(bundle).score(rows)
    assert [s["margin"] for s in answer["scores"]] == [s.margin for s in here]
    assert not {name.partition(".")[0] for name in answer["loaded"]} & set(HEAVY)


@pytest.mark.parametrize(
    ("module", "banned"),
    [
        ("predictor", HEAVY),
        ("predictor.scoring", HEAVY),
        ("predictor.cli", HEAVY),
        ("training", HEAVY),
        ("training.cli", ("mlflow", "sklearn", "shap", "matplotlib", "optuna")),
        ("training.tuning", ("optuna",)),
    ],
)
def test_importing_brings_nothing_heavy(module, banned):
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not written yet")
    code = f"import sys, {module}; print(sorted(set({banned!r}) & set(sys.modules)))"
    found = run("-c", code)
    assert found.stdout.strip() == "[]", found.stdout + found.stderr


@pytest.mark.parametrize("command", ["predictor.cli", "training.cli"])
def test_help_brings_nothing_heavy(command):
    if importlib.util.find_spec(command) is None:
        pytest.skip(f"{command} is not written yet")
    code = f"""
import sys
sys.argv = ["it", "--help"]
from {command} import main
try:
    main()
except SystemExit as end:
    assert not end.code
print("loaded:", [m for m in ("mlflow", "sklearn", "shap", "matplotlib") if m in sys.modules])
"""
    found = run("-c", code)
    assert found.stdout.strip().endswith("loaded: []"), found.stdout + found.stderr
