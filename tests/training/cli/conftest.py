"""Small cohorts as files, and a way to call the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from training.cli import run


@pytest.fixture
def call(capsys) -> Callable[..., SimpleNamespace]:
    """Run one command; ``document`` is what standard output holds as JSON."""

    def called(*arguments: object) -> SimpleNamespace:
        words = [str(argument) for argument in arguments]
        code = run(words)
        shown = capsys.readouterr()
        document = json.loads(shown.out) if "--json" in words else None
        return SimpleNamespace(code=code, out=shown.out, err=shown.err, document=document)

    return called


@pytest.fixture(scope="session")
def simulated(tmp_path_factory) -> Path:
    """A cohort of 150 simulated people."""
    folder = tmp_path_factory.mktemp("cohort") / "simulated"
    assert (
        run(["simulate", "--patients", "150", "--seed", "7", "--out", str(folder), "--json"]) == 0
    )
    return folder


@pytest.fixture
def study(tmp_path) -> SimpleNamespace:
    """Four people by hand: one responded, one did not, two have no score near day 28."""
    texts = {
        "patients": "patient_id,age_years,weight_kg,madrs_total\n"
        "p1,40,70,30\np2,50,80,32\np3,60,90,28\np4,30,60,25\n",
        "visits": "patient_id,day,instrument,score\n"
        "p1,0,madrs,30\np1,28,madrs,15\np2,0,madrs,32\np2,28,madrs,17\np3,0,madrs,28\n",
        "events": "patient_id,day,event\np1,60,hospitalised\n",
    }
    paths = {}
    for name, text in texts.items():
        paths[name] = tmp_path / f"{name}.csv"
        paths[name].write_text(text, encoding="utf-8")
    return SimpleNamespace(**paths)
