"""Trained models against the truth of the simulated world: a small version of the benchmark.

The bounds lie at or inside mean ± 3 standard deviations between the 20 training seeds of
``benchmarks/simulated.py``, divided by the root of the number of seeds here: AUC gap at 600 people
0.050 (SD 0.008; trees 0.064, SD 0.013), slope 0.95 to 1.2 (SD 0.2 to 0.4), coverage 0.87 to 0.93
(SD 0.05 to 0.08).
"""

import importlib.util
import sys
from pathlib import Path

import pandas as pd
import pytest

NAMES = ("logistic", "ridge", "xgboost")
BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "simulated.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("benchmark_simulated", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module.N_NEW = 3000
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def small(benchmark):
    """Mean over two cohorts of 600, one line for each learner."""
    lines = [line for seed in (0, 1) for line in benchmark.one_seed("response", 600, NAMES, seed)]
    return pd.DataFrame(lines).drop(columns="chosen").groupby(["task", "learner"]).mean()


@pytest.mark.parametrize("learner", NAMES)
def test_600_people_give_a_model_near_the_truth(small, learner):
    found = small.loc[("response", learner)]
    assert 0.0 < found.auc_gap < 0.07 + 0.02 * (learner == "xgboost")
    assert 0.6 < found.slope < 1.6
    assert abs(found.intercept) < 0.25
    assert 0.0 < found.regret < 0.05


@pytest.mark.parametrize("learner", NAMES)
def test_intervals_hold_the_true_risk_whatever_the_learner(small, learner):
    found = small.loc[("response", learner)]
    assert 0.75 < found.covered < 0.985
    assert 0.25 < found.width < 0.6
    assert abs(found.covered_most_answered - found.covered_least_answered) < 0.05


def test_more_people_bring_the_model_nearer_and_narrow_the_interval(benchmark, small):
    (large,) = benchmark.one_seed("response", 5000, ["ridge"], 0)
    assert 0.0 < large["auc_gap"] < 0.03
    assert 0.8 < large["slope"] < 1.25
    assert 0.75 < large["covered"] < 0.96
    assert large["width"] < 0.7 * small.loc[("response", "ridge")].width


def test_relapse_risks_of_responders_are_near_the_truth(benchmark):
    (found,) = benchmark.one_seed("relapse", 600, ["cox_ridge"], 0)
    assert 0.0 < found["c_gap"] < 0.11
    for day in (30, 90, 180):
        assert abs(found[f"bias_{day}"]) < 0.12
        assert 0.5 < found[f"covered_{day}"] < 0.995


def test_the_table_has_a_column_for_each_size_and_learner(benchmark, capsys, tmp_path):
    out = tmp_path / "lines.csv"
    benchmark.main(
        ["--seeds", "1", "--sizes", "150", "--task", "response", "--learner", "logistic",
         "--jobs", "1", "--out", str(out)]
    )  # fmt: skip
    table = capsys.readouterr().out
    assert "response, mean ± standard error over 1 training seeds" in table
    assert "covered" in table
    assert len(pd.read_csv(out)) == 1
