"""``plan``: the people at hand against Riley's minimum, nothing fitted."""

from __future__ import annotations

import yaml

from training.config import find_config, read_yaml
from training.samplesize import required_sample


def tables(folder):
    return ["--patients", folder / "patients.csv", "--visits", folder / "visits.csv"]


def test_a_small_cohort_with_many_parameters_is_not_supported(call, simulated, tmp_path):
    ended = call("plan", "configs/response.yaml", *tables(simulated), "--json", "--quiet")
    assert ended.code == 3
    document = ended.document
    assert document["is_enough"] is False
    assert document["data_origin"] == "simulated"
    assert document["patients"] == 150
    assert document["n_available"] == document["with_outcome"] < 150
    # the criteria themselves are held to the published cases in test_samplesize
    expected = required_sample(
        "response",
        discrimination=0.65,
        event_share=document["events"] / document["with_outcome"],
        n_parameters=document["n_parameters"],
        n_available=document["with_outcome"],
    )
    assert document["n_required"] == expected.n_required
    assert list(tmp_path.iterdir()) == []


def test_one_parameter_and_a_strong_signal_are_supported(call, simulated, tmp_path):
    settings = read_yaml(find_config("configs/smoke.yaml")[0])
    settings |= {"variables": ["employed"], "candidates": ["ridge"], "declared_variables": []}
    # evidence review, section 6: only the overall risk asks for more than a hundred people here
    settings |= {"expected_discrimination": 0.9}
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(settings))
    ended = call("plan", path, *tables(simulated), "--json", "--quiet")
    needed = ended.document["by_criterion"]
    assert needed["shrinkage"] < 100
    assert needed["overall_risk"] > 300
    assert ended.code == 3
    assert ended.document["n_parameters"] == 1


def test_the_plan_in_words(call, simulated, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = call("plan", "configs/relapse.yaml", *tables(simulated))
    assert ended.code == 3
    assert "too few people" in ended.out
    assert "Riley's criteria ask for" in ended.out
    assert "simulated data" in ended.out
    assert (
        "optimism of R² is at most" not in ended.out
    )  # a survival model has the shrinkage criterion alone
    assert "configs/relapse.yaml is not here" in ended.err


def test_enough_people_end_well(call, simulated, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "training.run_status.required_sample",
        lambda *_, **__: required_sample(
            "relapse", discrimination=0.9, event_share=0.9, n_parameters=1, n_available=500
        ),
    )
    ended = call("plan", "configs/relapse.yaml", *tables(simulated))
    assert ended.code == 0
    assert "enough people" in ended.out


def test_a_cohort_without_an_outcome_gives_no_plan(call, simulated, tmp_path):
    visits = (simulated / "visits.csv").read_text().splitlines()
    kept = [line for line in visits if ",madrs," not in line or ",0,madrs," in line]
    (tmp_path / "visits.csv").write_text("\n".join(kept) + "\n")
    ended = call(
        "plan", "configs/smoke.yaml", "--patients", simulated / "patients.csv",
        "--visits", tmp_path / "visits.csv",
    )  # fmt: skip
    assert ended.code == 2
    assert "both outcomes" in ended.err


def test_a_real_data_set_and_tables_exclude_each_other(call, simulated, tmp_path):
    ended = call("plan", "configs/response.yaml", *tables(simulated), "--source", "rbmi", tmp_path)
    assert ended.code == 2
    assert "give the one or the others" in ended.err
