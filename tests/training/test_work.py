"""Long work: resumed where it was left, the same numbers however it is done."""

from dataclasses import dataclass

import numpy as np
import pytest

from predictor.errors import InvalidInputError
from training.work import Work, require_same_work


@dataclass(frozen=True)
class Given:
    values: np.ndarray
    by_name: dict
    note: str = ""


DONE = []


def unit(number, rng):
    DONE.append(number)
    found = Given(rng.normal(size=3), {"b": [1.5, np.float64(2.0)], "a": None}, "é")
    return {"one": found, "number": number, "passed": number > 1, "none": np.nan}


def units(n=4):
    return [(i, child) for i, child in enumerate(np.random.default_rng(3).spawn(n))]


def same(one, two):
    assert [list(x) for x in one] == [list(x) for x in two]
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a["one"].values, b["one"].values)
        assert a["one"].by_name == b["one"].by_name
        assert list(a["one"].by_name) == ["b", "a"]
        assert (a["one"].note, a["number"], a["passed"]) == (
            b["one"].note,
            b["number"],
            b["passed"],
        )
        assert np.isnan(a["none"])
        assert np.isnan(b["none"])


def test_what_was_kept_is_not_done_again_and_is_the_same_to_the_last_bit(tmp_path):
    expected = Work().each("A stage", unit, units(), kinds=(Given,))
    DONE.clear()

    def broken_off(stage, done, of):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Work(folder=tmp_path, told=broken_off).each("A stage", unit, units(), kinds=(Given,))
    kept = sorted(file.name for file in tmp_path.iterdir())
    assert kept == ["a-stage-0000.npz", "a-stage-0001.npz"]
    DONE.clear()
    told = []
    again = Work(folder=tmp_path, told=lambda *x: told.append(x))
    same(again.each("A stage", unit, units(), kinds=(Given,)), expected)
    assert DONE == [2, 3]
    assert told == [("A stage", n, 4) for n in (2, 3, 4)]
    DONE.clear()
    same(again.each("A stage", unit, units(), kinds=(Given,)), expected)
    assert DONE == []


def test_processes_change_nothing(tmp_path):
    expected = Work().each("A stage", unit, units(), kinds=(Given,))
    same(Work(2, tmp_path).each("A stage", unit, units(), kinds=(Given,)), expected)


def test_a_damaged_file_is_done_again(tmp_path):
    work = Work(folder=tmp_path)
    expected = work.each("A stage", unit, units(), kinds=(Given,))
    (tmp_path / "a-stage-0001.npz").write_bytes(b"PK\x03\x04 cut off")
    (tmp_path / "a-stage-0002.npz").write_bytes(b"")
    DONE.clear()
    same(work.each("A stage", unit, units(), kinds=(Given,)), expected)
    assert DONE == [1, 2]


def test_stages_are_kept_apart(tmp_path):
    work = Work(folder=tmp_path)
    work.each("One", unit, units(1), kinds=(Given,))
    DONE.clear()
    work.each("Two", unit, units(1), kinds=(Given,))
    assert DONE == [0]


def test_nothing_executable_is_read(tmp_path):
    file = tmp_path / "a-stage-0000.npz"
    with file.open("wb") as stream:
        np.savez(stream, plain=np.array([{"code": 1}], dtype=object))
    DONE.clear()
    Work(folder=tmp_path).each("A stage", unit, units(1), kinds=(Given,))
    assert DONE == [0]


def test_other_work_is_not_taken_up(tmp_path):
    folder = tmp_path / "run" / "steps"
    require_same_work(folder, {"settings": "a", "file p.csv": "1"})
    require_same_work(folder, {"file p.csv": "1", "settings": "a"})
    with pytest.raises(InvalidInputError, match=r"differs in file p\.csv, settings; finish it"):
        require_same_work(folder, {"settings": "b"})
