"""A bundle is read only if it is byte for byte what was written."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from predictor.bundle import FILES, FORMAT, fingerprint, read_bundle, write_bundle
from predictor.errors import BundleError, InvalidInputError
from predictor.scoring import Scorer

ALL_FILES = ("manifest.json", *FILES)
TABLES = {"scenarios", "crosswalks", "prevention", "alerts"}
KINDS = ("linear", "cox", "boosted", "empty")


@pytest.fixture
def folder(folders, tmp_path) -> Path:
    """A copy that may be harmed."""
    return Path(shutil.copytree(folders["cox"], tmp_path / "bundle"))


def canonical(content):
    text = json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False)
    return (text + "\n").encode()


def sign(folder: Path, **changed) -> None:
    """Write hashes that fit, as a forger or another program would."""
    manifest = json.loads((folder / "manifest.json").read_bytes()) | changed
    manifest.pop("manifest_sha256", None)
    if "files" not in changed:
        manifest["files"] = {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES
        }
    manifest = {key: value for key, value in manifest.items() if value is not ...}
    signed = manifest | {"manifest_sha256": hashlib.sha256(canonical(manifest)).hexdigest()}
    (folder / "manifest.json").write_bytes(canonical(signed))


def rewrite(folder: Path, name: str, change) -> None:
    """Change the content of one JSON file and sign it."""
    content = json.loads((folder / name).read_bytes())
    (folder / name).write_bytes(canonical(change(content)))
    sign(folder)


def as_format(folder: Path, number: int, **changed) -> None:
    """Write a bundle as an older version of the program did."""

    def without_tables(model):
        return {key: model[key] for key in model if key not in TABLES}

    rewrite(folder, "model.json", without_tables)
    later = dict.fromkeys(
        ("question", "check_in_steps", "alert_step", "landmark", "landmarks"), ...
    )
    sign(folder, format=number, **later | changed)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_scores_the_same(kind, folders, scorers, candidate):
    again = Scorer(read_bundle(folders[kind]))
    rows = [candidate(), candidate(bmi=None, sex=None), candidate(age_years=79, pregnant="yes")]
    assert again.score(rows).to_dict() == scorers[kind].score(rows).to_dict()
    again.verify()


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_bundle_gives_the_same_bytes(kind, bundles, folders, tmp_path):
    write_bundle(read_bundle(folders[kind]), tmp_path / "again")
    write_bundle(bundles[kind], tmp_path / "first")
    for name in ALL_FILES:
        written = (folders[kind] / name).read_bytes()
        assert (tmp_path / "again" / name).read_bytes() == written
        assert (tmp_path / "first" / name).read_bytes() == written


@pytest.mark.parametrize("name", ALL_FILES)
@pytest.mark.parametrize("part", [0.0, 0.1, 0.37, 0.5, 0.81, 0.999])
def test_any_changed_byte_is_refused(name, part, folder):
    content = bytearray((folder / name).read_bytes())
    content[int(part * len(content))] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(BundleError, match=r"changed|damaged|format|manifest"):
        read_bundle(folder)


@pytest.mark.parametrize("name", ALL_FILES)
def test_each_byte_of_a_file_counts(name, folder):
    original = (folder / name).read_bytes()
    rng = np.random.default_rng(11)
    for place in rng.integers(0, len(original), 25):
        harmed = bytearray(original)
        harmed[place] = (harmed[place] + int(rng.integers(1, 256))) % 256
        (folder / name).write_bytes(harmed)
        with pytest.raises(BundleError):
            read_bundle(folder)


@pytest.mark.parametrize("name", ALL_FILES)
@pytest.mark.parametrize("change", ["longer", "shorter", "empty"])
def test_a_file_of_another_length_is_refused(name, change, folder):
    content = (folder / name).read_bytes()
    changed = {"longer": content + b"\n", "shorter": content[:-1], "empty": b""}[change]
    (folder / name).write_bytes(changed)
    with pytest.raises(BundleError):
        read_bundle(folder)


@pytest.mark.parametrize("name", ALL_FILES)
def test_a_missing_file_is_refused(name, folder):
    (folder / name).unlink()
    with pytest.raises(BundleError, match=f"{name} is missing"):
        read_bundle(folder)


def test_no_folder_is_refused(tmp_path):
    with pytest.raises(BundleError, match="no folder"):
        read_bundle(tmp_path / "absent")


def test_a_file_that_cannot_be_opened_is_refused(folder, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(BundleError, match=r"cannot be opened \(Permission denied\)"):
        read_bundle(folder)


@pytest.mark.parametrize("number", [FORMAT + 1, 0, True, "1", None])
def test_another_format_is_refused(number, folder):
    sign(folder, format=number)
    with pytest.raises(BundleError, match="install a newer"):
        read_bundle(folder)


@pytest.mark.parametrize("number", [1, 2])
def test_formats_before_the_decision_threshold_are_read_and_have_no_verdict(
    number, folder, scorers, candidate
):
    absent = {"lineage": ...} if number == 1 else {}
    as_format(folder, number, decision_threshold=..., **absent)
    read = read_bundle(folder)
    assert read.lineage == {}
    old, now = (s.score(candidate())[0].to_dict() for s in (Scorer(read), scorers["cox"]))
    assert old["verdict"] is None
    assert now["verdict"] is not None
    for plain in (old, now):
        del plain["verdict"], plain["provenance"]["decision_threshold"]
    assert old == now
    sign(folder, format=number, decision_threshold=0.5, **absent)
    with pytest.raises(BundleError, match="unknown or missing keys"):
        read_bundle(folder)


def test_the_third_format_had_no_landmarks(folder, bundles):
    as_format(folder, 3)
    read = read_bundle(folder)
    assert (dict(read.landmarks), read.scenarios, read.crosswalks, read.prevention) == (
        {},
        (),
        (),
        (),
    )
    assert read.provenance == bundles["cox"].provenance
    sign(folder, landmarks=[])
    with pytest.raises(BundleError, match="unknown or missing keys"):
        read_bundle(folder)


def with_landmark(bundles):
    later = replace(
        bundles["cox"].provenance, landmark="dose2", question={"who": "b", "event": "a"}
    )
    inner = replace(bundles["cox"], provenance=later, scenarios=({"name": "none"},))
    return replace(bundles["cox"], landmarks={"dose2": inner, "dose4": bundles["cox"]})


def test_models_of_landmarks_are_read_back_whole_and_in_order(bundles, tmp_path):
    write_bundle(with_landmark(bundles), tmp_path / "bundle")
    read = read_bundle(tmp_path / "bundle")
    assert list(read.landmarks) == ["dose2", "dose4"]
    inner = read.landmarks["dose2"]
    assert inner.provenance == with_landmark(bundles).landmarks["dose2"].provenance
    assert list(inner.provenance.question) == ["who", "event"]
    assert inner.scenarios == ({"name": "none"},)
    assert inner.model.to_arrays().keys() == bundles["cox"].model.to_arrays().keys()


@pytest.mark.parametrize("harm", ["removed", "replaced", "renamed"])
def test_a_model_of_a_landmark_that_is_not_the_one_written_is_refused(harm, bundles, tmp_path):
    folder = write_bundle(with_landmark(bundles), tmp_path / "bundle")
    inner = folder / "landmarks" / "dose2"
    if harm == "renamed":
        sign(folder, landmarks=[["../dose2", "0" * 64]])
    else:
        shutil.rmtree(inner)
        if harm == "replaced":
            write_bundle(bundles["cox"], inner)
    with pytest.raises(BundleError, match=r"missing|changed|do not fit"):
        read_bundle(folder)


@pytest.mark.parametrize("steps", [[0.5, 0.2], [0.0], [1], ["0.1"], 0.1])
def test_steps_of_check_in_that_are_none_are_refused(steps, folder):
    sign(folder, check_in_steps=steps)
    with pytest.raises(BundleError, match="do not fit together"):
        read_bundle(folder)


@pytest.mark.parametrize("question", [{"who": "all"}, [["who", 1]], [["who"]], ["who"], "who"])
def test_a_question_that_is_no_text_is_refused(question, folder):
    sign(folder, question=question)
    with pytest.raises(BundleError, match="do not fit together"):
        read_bundle(folder)


def test_the_first_format_had_no_lineage(folder):
    as_format(folder, 1, decision_threshold=..., lineage={})
    with pytest.raises(BundleError, match="unknown or missing keys"):
        read_bundle(folder)


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.2, "0.5", True])
def test_a_threshold_that_is_none_is_refused(threshold, folder):
    sign(folder, decision_threshold=threshold)
    with pytest.raises(BundleError, match="do not fit together"):
        read_bundle(folder)


def test_a_lineage_comes_back_as_it_was_written(bundles, tmp_path):
    kept = {"outcome": {"name": "x", "at_most": 10.5}, "parent": {"events": 12}}
    write_bundle(replace(bundles["cox"], lineage=kept), tmp_path / "one")
    assert read_bundle(tmp_path / "one").lineage == kept


def test_a_fingerprint_is_the_hash_that_the_manifest_carries(folders, folder):
    named = {fingerprint(folders[kind]) for kind in KINDS}
    assert len(named) == len(KINDS)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    said = manifest.pop("manifest_sha256")
    assert fingerprint(folder) == said == hashlib.sha256(canonical(manifest)).hexdigest()
    (folder / "manifest.json").write_bytes(canonical(manifest | {"manifest_sha256": "0"}))
    with pytest.raises(BundleError, match="changed"):
        fingerprint(folder)


@pytest.mark.parametrize("content", [b"[]", b"{}", b'{"format": NaN}', b"[" * 100_000, b'"\xff"'])
def test_a_foreign_manifest_is_refused(content, folder):
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(BundleError):
        read_bundle(folder)


@pytest.mark.parametrize(
    "changed",
    [
        {"pickle": "x"},
        {"stamp": ...},
        {"files": {}},
        {"files": ["model.json"]},
        {"files": dict.fromkeys((*FILES, "code.py"), "0")},
        {"lineage": ...},
        {"lineage": []},
        {"lineage": {"patients": []}},
    ],
)
def test_unknown_and_missing_keys_of_the_manifest_are_refused(changed, folder):
    sign(folder, **changed)
    with pytest.raises(BundleError, match="unknown or missing keys"):
        read_bundle(folder)


@pytest.mark.parametrize(
    "changed",
    [
        {"expires": "some day"},
        {"expires": None},
        {"cohort_average": "0.5"},
        {"cohort_patients": True},
        {"better_than_average": 1},
        {"stamp": "approved"},
        {"data_origin": "imagined"},
    ],
)
def test_a_value_of_another_kind_is_refused(changed, folder):
    sign(folder, **changed)
    with pytest.raises(BundleError, match="do not fit together"):
        read_bundle(folder)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("model.json", lambda content: content | {"code": "x"}),
        ("model.json", lambda content: {k: v for k, v in content.items() if k != "safety"}),
        ("reference.json", lambda content: [{"name": "x"}, *content]),
        ("model.json", lambda content: [content]),
        ("model.json", lambda _: 1),
        ("reference.json", lambda _: None),
        ("reference.json", lambda _: [1]),
        ("reference.json", lambda content: {"name": content}),
    ],
)
def test_unknown_and_missing_keys_of_a_file_are_refused(name, change, folder):
    rewrite(folder, name, change)
    with pytest.raises(BundleError, match="unknown or missing keys"):
        read_bundle(folder)


@pytest.mark.parametrize(
    "changed",
    [
        {"dictionary": {"variables": [{"id": "x"}]}},
        {"dictionary": {}},
        {"safety": {"rules": [{"code": "x"}]}},
        {"encoding": {"columns": [["age_years", -1, "none"]], "dropped": []}},
        {"encoding": {"columns": [1], "dropped": [], "seen": []}},
        {"task": "response"},
        {"task": "remission"},
    ],
)
def test_parts_that_do_not_fit_are_refused(changed, folder):
    rewrite(folder, "model.json", lambda content: content | changed)
    with pytest.raises(BundleError, match="do not fit together"):
        read_bundle(folder)


def test_unknown_arrays_are_refused(folder):
    with np.load(folder / "arrays.npz") as archive:
        arrays = dict(archive)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays, patients=np.zeros(3))
    (folder / "arrays.npz").write_bytes(buffer.getvalue())
    sign(folder)
    with pytest.raises(BundleError, match="unknown or missing keys"):
        read_bundle(folder)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("uncertainty.covariance", lambda array: array[:-1]),
        ("uncertainty.means", lambda array: array[:-1]),
        ("uncertainty.support_low", lambda array: array[:-1]),
        ("uncertainty.support_high", lambda array: array * np.nan),
        ("uncertainty.calibration_covariance", lambda array: array[0]),
        ("uncertainty.margin_sd", lambda array: array * np.inf),
        ("uncertainty.means", lambda array: array.astype(object).astype("U9")),
        ("hazard_variance", lambda array: array[:-1]),
        ("hazard_variance", lambda array: array * np.nan),
        ("hazard_variance", None),
    ],
)
def test_arrays_of_another_shape_or_kind_are_refused(name, change, folder):
    with np.load(folder / "arrays.npz") as archive:
        arrays = dict(archive)
    array = arrays.pop(name)
    if change is not None:
        arrays[name] = change(array)
    np.savez(folder / "arrays.npz", **arrays)
    sign(folder)
    with pytest.raises(BundleError, match="do not fit together"):
        read_bundle(folder)


def test_missing_arrays_are_refused(folder):
    with np.load(folder / "arrays.npz") as archive:
        arrays = {k: v for k, v in archive.items() if not k.startswith("calibration")}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    (folder / "arrays.npz").write_bytes(buffer.getvalue())
    sign(folder)
    with pytest.raises(BundleError, match="do not fit together"):
        read_bundle(folder)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x80\x04K\x01."])
def test_arrays_that_are_no_archive_are_refused(content, folder):
    (folder / "arrays.npz").write_bytes(content)
    sign(folder)
    with pytest.raises(BundleError, match="damaged"):
        read_bundle(folder)


def test_pickled_objects_are_never_opened(folder):
    buffer = io.BytesIO()
    np.savez(buffer, evil=np.array([print], dtype=object), allow_pickle=True)
    (folder / "arrays.npz").write_bytes(buffer.getvalue())
    sign(folder)
    with pytest.raises(BundleError, match="damaged"):
        read_bundle(folder)


def test_a_bundle_is_never_written_over_something(bundles, tmp_path):
    (tmp_path / "file").write_text("mine")
    for target in (tmp_path, tmp_path / "file"):
        with pytest.raises(InvalidInputError, match="there already"):
            write_bundle(bundles["linear"], target)
    (tmp_path / "empty").mkdir()
    assert write_bundle(bundles["linear"], tmp_path / "empty") == tmp_path / "empty"


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle_is_small_and_holds_its_four_files_only(kind, folders):
    assert sum(path.stat().st_size for path in folders[kind].iterdir()) < 5_000_000
    assert {path.name for path in folders[kind].iterdir()} == set(ALL_FILES)
