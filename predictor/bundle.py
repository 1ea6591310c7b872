"""A model as a folder: JSON and plain arrays with hashes, nothing executable, nobody's row.

``manifest.json`` names the format and the sha256 of the other files and of itself;
``model.json`` holds dictionary, safety rules and encoding; ``arrays.npz`` the numbers;
``reference.json`` generated rows with their frozen scores.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from predictor.dictionary import Dictionary
from predictor.encoding import Encoding
from predictor.errors import BundleError, InvalidInputError
from predictor.model import Model
from predictor.provenance import Provenance, provenance_of
from predictor.safety import SafetyRules

FORMAT = 4
"""Number of the folder's format; a newer one is refused, older ones keep their reader.

Format 1 had no lineage; it is read as one that is empty. Formats 1 and 2 had no decision
threshold; their scores have no verdict. Nor had they columns of cuts. Formats 1 to 3 had neither
question, steps of check-in, scenarios nor crosswalks, neither words on prevention nor warnings, and
no landmarks."""

FILES = ("arrays.npz", "model.json", "reference.json")
LANDMARKS = "landmarks"
"""Folder inside a bundle that holds one bundle for each landmark."""

_MODEL_KEYS = {"task", "family", "dictionary", "safety", "encoding"}
_TABLES = ("scenarios", "crosswalks", "prevention", "alerts")
_REFERENCE_KEYS = {"name", "row", "score"}
_LINEAGE_KEYS = {"outcome", "development", "parent", "validation"}
_SINCE = {
    "lineage": 2,
    "decision_threshold": 3,
    **dict.fromkeys(("question", "check_in_steps", "alert_step", "landmark", "landmarks"), 4),
}


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that is needed where a patient is scored.

    Parameters
    ----------
    model : Model
        The fitted model.
    dictionary : Dictionary
        Which rows are valid.
    safety : SafetyRules
        Rules evaluated beside the number.
    provenance : Provenance
        Where it comes from.
    reference : tuple of dict
        Generated rows with their frozen scores: keys ``name``, ``row``, ``score``.
    lineage : dict
        What later validations need and no score does, as plain values: ``outcome`` (the rule),
        ``development`` (means, spread and missing answers of the training columns), ``parent``
        (what this model was updated from) and ``validation`` (what it was tested on); each may
        be absent.
    scenarios : tuple of dict
        Trial effects that a relapse curve is shown under (`predictor.scenarios`).
    crosswalks : tuple of dict
        From the scores of one scale to another's (`predictor.crosswalk`).
    prevention : tuple of dict
        Words that stand beside a relapse score (`predictor.prevention`).
    alerts : tuple of dict
        Of a model of follow-up: what warnings at the declared step were worth, once, or nothing
        (`predictor.alert`).
    landmarks : dict of str to Bundle
        Models that read what is known at a landmark, by its name, in order of day; each is whole
        by itself.
    """

    model: Model
    dictionary: Dictionary
    safety: SafetyRules
    provenance: Provenance
    reference: tuple[Mapping[str, Any], ...] = ()
    lineage: Mapping[str, Any] = field(default_factory=dict)
    scenarios: tuple[Mapping[str, Any], ...] = ()
    crosswalks: tuple[Mapping[str, Any], ...] = ()
    prevention: tuple[Mapping[str, Any], ...] = ()
    alerts: tuple[Mapping[str, Any], ...] = ()
    landmarks: Mapping[str, Bundle] = field(default_factory=dict)


def write_bundle(bundle: Bundle, folder: Path) -> Path:
    """Write a bundle; the same bundle gives the same bytes.

    Parameters
    ----------
    bundle : Bundle
        What to write.
    folder : Path
        Absent or empty.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InvalidInputError
        If the folder holds something, or is a file.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInputError(f"{folder} is there already; name a new folder for the bundle")
    folder.mkdir(parents=True, exist_ok=True)
    _write_arrays(bundle.model.to_arrays(), folder / "arrays.npz")
    model = {
        "task": bundle.model.task,
        "family": bundle.model.family,
        "dictionary": bundle.dictionary.to_dict(),
        "safety": bundle.safety.to_dict(),
        "encoding": bundle.model.encoding.to_dict(),
        **{name: [dict(entry) for entry in getattr(bundle, name)] for name in _TABLES},
    }
    (folder / "model.json").write_bytes(_canonical(model))
    (folder / "reference.json").write_bytes(_canonical(list(bundle.reference)))
    for name, one in bundle.landmarks.items():
        write_bundle(one, folder / LANDMARKS / name)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "files": {name: _sha256((folder / name).read_bytes()) for name in FILES},
        "lineage": dict(bundle.lineage),
        "landmarks": [[name, fingerprint(folder / LANDMARKS / name)] for name in bundle.landmarks],
        **bundle.provenance.to_dict(),
        "question": [list(part) for part in bundle.provenance.question.items()],  # keeps its order
    }
    manifest["manifest_sha256"] = _sha256(_canonical(manifest))
    (folder / "manifest.json").write_bytes(_canonical(manifest))
    return folder


def read_bundle(folder: Path) -> Bundle:
    """Read a bundle after checking every byte of it.

    Parameters
    ----------
    folder : Path
        A folder that `write_bundle` wrote.

    Returns
    -------
    Bundle
        The same bundle.

    Raises
    ------
    BundleError
        If a file is missing, a byte was changed, a key is unknown or the format is newer.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BundleError(f"{folder} is no folder; name the folder of a bundle")
    manifest = _read_manifest(folder)
    contents = {name: _read_file(folder, name) for name in FILES}
    for name, content in contents.items():
        if _sha256(content) != manifest["files"][name]:
            raise BundleError(f"{folder / name} was changed after it was written; {_AGAIN}")
    arrays = _read_arrays(contents["arrays.npz"], folder / "arrays.npz")
    model = _parse(contents["model.json"], folder / "model.json")
    reference = _parse(contents["reference.json"], folder / "reference.json")
    if not _is_model(model, manifest["format"]):
        raise BundleError(f"{folder / 'model.json'} has unknown or missing keys; {_AGAIN}")
    if not isinstance(reference, list) or not all(_is_reference(row) for row in reference):
        raise BundleError(f"{folder / 'reference.json'} has unknown or missing keys; {_AGAIN}")
    try:
        read = replace(
            _assemble(model, arrays, provenance_of(manifest), reference),
            lineage=manifest.get("lineage", {}),
        )
        landmarks = _read_landmarks(folder, manifest)
    except (InvalidInputError, LookupError, TypeError, ValueError) as error:
        raise BundleError(f"{folder} holds parts that do not fit together; {_AGAIN}") from error
    if set(read.model.to_arrays()) != set(arrays):
        raise BundleError(f"{folder / 'arrays.npz'} has unknown or missing keys; {_AGAIN}")
    return replace(read, landmarks=landmarks)


def fingerprint(folder: Path) -> str:
    """Name a bundle by its content.

    Parameters
    ----------
    folder : Path
        A bundle.

    Returns
    -------
    str
        SHA-256 of its manifest, which holds those of its files.

    Raises
    ------
    BundleError
        If it has no manifest, or one that was changed.
    """
    return str(_read_manifest(Path(folder))["manifest_sha256"])


def _assemble(
    model: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray[Any, Any]],
    provenance: Provenance,
    reference: list[Mapping[str, Any]],
) -> Bundle:
    """Put the parts of a bundle together."""
    dictionary = Dictionary.from_dict(model["dictionary"])
    encoding = Encoding.from_dict(model["encoding"])
    return Bundle(
        Model.from_parts(model["task"], model["family"], encoding, arrays),
        dictionary,
        SafetyRules.from_dict(model["safety"], dictionary),
        provenance,
        tuple(reference),
        scenarios=tuple(model.get("scenarios", ())),
        crosswalks=tuple(model.get("crosswalks", ())),
        prevention=tuple(model.get("prevention", ())),
        alerts=tuple(model.get("alerts", ())),
    )


def _read_landmarks(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Bundle]:
    """Read the bundles of landmarks that a manifest names, each with the hash it names."""
    found = {}
    for name, digest in manifest.get("landmarks", []):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError("a landmark has a name that is none")
        inner = folder / LANDMARKS / name
        if fingerprint(inner) != digest:
            raise BundleError(f"{inner} was changed after it was written; {_AGAIN}")
        found[name] = read_bundle(inner)
    return found


def _is_model(model: object, number: int) -> bool:
    """Tell whether these are the keys of a model of this format."""
    if not isinstance(model, dict):
        return False
    tables = {name: model.get(name) for name in _TABLES} if number >= _SINCE["landmarks"] else {}
    listed = all(
        isinstance(table, list) and all(isinstance(entry, dict) for entry in table)
        for table in tables.values()
    )
    return listed and set(model) == _MODEL_KEYS | set(tables)


def _is_reference(row: object) -> bool:
    """Tell whether this is a generated row with its frozen score."""
    return isinstance(row, dict) and set(row) == _REFERENCE_KEYS


_AGAIN = "get the bundle again from whoever trained it"


def _read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest and check it against its own hash, its format and its keys."""
    path = folder / "manifest.json"
    content = _read_file(folder, "manifest.json")
    manifest = _parse(content, path)
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise BundleError(f"{path} is not the manifest of a bundle; name the bundle's folder")
    if type(manifest["format"]) is not int or not 1 <= manifest["format"] <= FORMAT:
        raise BundleError(
            f"{path} has format {manifest['format']!r}, this version reads up to {FORMAT}; "
            "install a newer ketamine-response"
        )
    unsigned = {key: value for key, value in manifest.items() if key != "manifest_sha256"}
    signed = manifest.get("manifest_sha256") == _sha256(_canonical(unsigned))
    if not signed or content != _canonical(manifest):
        raise BundleError(f"{path} was changed after it was written; {_AGAIN}")
    known = {"format", "files", "lineage", "landmarks", *Provenance.__slots__}
    known -= {key for key, since in _SINCE.items() if manifest["format"] < since}
    named, lineage = unsigned.get("files"), unsigned.get("lineage", {})
    whole = set(unsigned) == known and isinstance(named, dict) and set(named) == set(FILES)
    pairs = unsigned.get("landmarks", [])
    whole &= isinstance(pairs, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(x, str) for x in pair)
        for pair in pairs
    )
    if not (whole and isinstance(lineage, dict) and set(lineage) <= _LINEAGE_KEYS):
        raise BundleError(f"{path} has unknown or missing keys; {_AGAIN}")
    return manifest


def _read_file(folder: Path, name: str) -> bytes:
    """Read one file of the bundle."""
    path = folder / name
    if not path.is_file():
        raise BundleError(f"{path} is missing; {_AGAIN}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{path} cannot be opened ({error.strerror}); ask for the right to read it"
        ) from error


def _parse(content: bytes, path: Path) -> Any:
    """Parse JSON or say which file is damaged."""
    try:
        parsed = json.loads(content)
        # neither NaN nor half a character stands in what is written here
        json.dumps(parsed, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path} is damaged and cannot be read; {_AGAIN}") from error
    return parsed


def _canonical(content: object) -> bytes:
    """Write JSON in one way only, so that the same content has the same hash."""
    text = json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write_arrays(arrays: Mapping[str, np.ndarray[Any, Any]], path: Path) -> None:
    """Write arrays without the time of writing, which numpy's own writer leaves at 1980."""
    ordered = {name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)}
    shaped = {name: a.reshape(np.shape(arrays[name])) for name, a in ordered.items()}
    np.savez_compressed(path, allow_pickle=False, **cast("Any", shaped))


def _read_arrays(content: bytes, path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Read arrays, never objects, from the very bytes that were checked."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise BundleError(f"{path} is damaged and cannot be read; {_AGAIN}") from error
