"""A model as a folder: JSON and plain arrays with hashes, nothing executable, nobody's row.

``manifest.json`` names the format and the sha256 of the other files and of itself;
``model.json`` holds dictionary, safety rules and encoding; ``arrays.npz`` the numbers;
``reference.json`` generated rows with their frozen scores.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import NoneType
from typing import Any, cast

import numpy as np

from predictor.dictionary import Dictionary
from predictor.encoding import Encoding
from predictor.errors import BundleError, InvalidInputError
from predictor.model import Model
from predictor.safety import SafetyRules

FORMAT = 3
"""Number of the folder's format; a newer one is refused, older ones keep their reader.

Format 1 had no lineage; it is read as one that is empty. Formats 1 and 2 had no decision
threshold; their scores have no verdict. Nor had they columns of cuts."""

FILES = ("arrays.npz", "model.json", "reference.json")
_MODEL_KEYS = {"task", "family", "dictionary", "safety", "encoding"}
_REFERENCE_KEYS = {"name", "row", "score"}
_LINEAGE_KEYS = {"outcome", "development", "parent", "validation"}
_SINCE = {"lineage": 2, "decision_threshold": 3}
_NAMED = {
    "data_origin": ("real", "simulated"),
    "stamp": ("exploratory", "internally_validated", "externally_validated"),
}


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a model comes from and what it may be used for; stands on every score.

    Parameters
    ----------
    data_origin : str
        ``real`` or ``simulated``.
    stamp : str
        ``exploratory``, ``internally_validated`` or ``externally_validated``.
    reason : str
        What is missing, in words; empty if nothing is.
    better_than_average : bool
        Whether it beat the null model by a paired 95 % interval.
    outcome : str
        Definition of the outcome in one sentence.
    given : str
        Condition under which a relapse is predicted; empty for response.
    time_zero : str
        Day from which the prediction counts.
    planned_course : str
        What course of treatment the training patients had planned, in words.
    horizon_days : int
        How many days the prediction looks ahead.
    cohort_average : float
        Share with the outcome in training (relapse: by the horizon, Kaplan–Meier), in [0, 1].
    cohort_patients, cohort_events : int
        Patients analysed and outcomes among them.
    chosen : str
        Name of the learner.
    package_version : str
        Version that wrote the bundle.
    expires : str
        ISO date after which no number is given; empty for never.
    decision_threshold : float or None
        Risk from which one would act (relapse: at the horizon), declared before training, in
        (0, 1); None in bundles that were written before it was kept.
    """

    data_origin: str
    stamp: str
    reason: str
    better_than_average: bool
    outcome: str
    given: str
    time_zero: str
    planned_course: str
    horizon_days: int
    cohort_average: float
    cohort_patients: int
    cohort_events: int
    chosen: str
    package_version: str
    expires: str = ""
    decision_threshold: float | None = None


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
    """

    model: Model
    dictionary: Dictionary
    safety: SafetyRules
    provenance: Provenance
    reference: tuple[Mapping[str, Any], ...] = ()
    lineage: Mapping[str, Any] = field(default_factory=dict)


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
    }
    (folder / "model.json").write_bytes(_canonical(model))
    (folder / "reference.json").write_bytes(_canonical(list(bundle.reference)))
    provenance = {name: getattr(bundle.provenance, name) for name in Provenance.__slots__}
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "files": {name: _sha256((folder / name).read_bytes()) for name in FILES},
        "lineage": dict(bundle.lineage),
        **provenance,
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
    if not isinstance(model, dict) or set(model) != _MODEL_KEYS:
        raise BundleError(f"{folder / 'model.json'} has unknown or missing keys; {_AGAIN}")
    if not isinstance(reference, list) or not all(_is_reference(row) for row in reference):
        raise BundleError(f"{folder / 'reference.json'} has unknown or missing keys; {_AGAIN}")
    try:
        read = replace(
            _assemble(model, arrays, _provenance(manifest), reference),
            lineage=manifest.get("lineage", {}),
        )
    except (InvalidInputError, LookupError, TypeError, ValueError) as error:
        raise BundleError(f"{folder} holds parts that do not fit together; {_AGAIN}") from error
    if set(read.model.to_arrays()) != set(arrays):
        raise BundleError(f"{folder / 'arrays.npz'} has unknown or missing keys; {_AGAIN}")
    return read


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
    )


def _provenance(manifest: Mapping[str, Any]) -> Provenance:
    """Take the provenance out of a manifest; each value must be of its kind."""
    kinds: dict[str, type | tuple[type, ...]] = {
        "str": str,
        "bool": bool,
        "int": int,
        "float": (int, float),
        "float | None": (int, float, NoneType),
    }
    entries = [entry for entry in fields(Provenance) if entry.name in manifest]
    for entry in entries:
        value = manifest[entry.name]
        is_bool = isinstance(value, bool)
        if not isinstance(value, kinds[str(entry.type)]) or is_bool != (entry.type == "bool"):
            raise TypeError(f"{entry.name} is not of type {entry.type}")
    for name, accepted in _NAMED.items():
        if manifest[name] not in accepted:
            raise ValueError(f"{name} is none of {', '.join(accepted)}")
    if manifest["expires"]:
        dt.date.fromisoformat(manifest["expires"])
    threshold = manifest.get("decision_threshold")
    if threshold is not None and not 0 < threshold < 1:
        raise ValueError("decision_threshold is no number inside (0, 1)")
    return Provenance(**{entry.name: manifest[entry.name] for entry in entries})


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
    known = {"format", "files", "lineage", *Provenance.__slots__}
    known -= {key for key, since in _SINCE.items() if manifest["format"] < since}
    named, lineage = unsigned.get("files"), unsigned.get("lineage", {})
    whole = set(unsigned) == known and isinstance(named, dict) and set(named) == set(FILES)
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
