"""Work that takes minutes: done side by side, told as it goes on, kept so that it can be resumed.

A stage is a list of units that do not depend on one another. What a unit gave is kept as arrays
and JSON in a file of its own, written whole; nothing in such a file is executed when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from joblib import Parallel, delayed

from predictor.errors import InvalidInputError

Told = Callable[[str, int, int], None]
"""Takes the stage in words, how many of its units are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Work:
    """How units are done.

    Parameters
    ----------
    jobs : int
        Processes; what a unit gives does not depend on it.
    folder : Path or None
        Where finished units are kept; None keeps nothing.
    told : callable or None
        Called whenever a unit is done.
    """

    jobs: int = 1
    folder: Path | None = None
    told: Told | None = None

    def each(
        self,
        stage: str,
        function: Callable[..., Any],
        units: Sequence[tuple[Any, ...]],
        *,
        kinds: Sequence[type] = (),
    ) -> list[Any]:
        """Do every unit that is not done yet.

        Parameters
        ----------
        stage : str
            In words, such as ``Cross-validation``; names the files.
        function : callable
            Does one unit; gives numbers, texts, arrays, lists, dicts, or dataclasses of `kinds`.
        units : sequence of tuple
            Arguments of each.
        kinds : sequence of type
            Frozen dataclasses that a result may hold.

        Returns
        -------
        list
            What each unit gave, in their order.
        """
        results: dict[int, Any] = {}
        if self.folder is not None:
            results = {i: x for i, x in enumerate(self._found(stage, len(units), kinds)) if x}
        left = [i for i in range(len(units)) if i not in results]
        self._tell(stage, len(results), len(units))
        done = Parallel(n_jobs=self.jobs, return_as="generator")(
            delayed(function)(*units[i]) for i in left
        )
        for i, result in zip(left, done, strict=True):
            results[i] = (result,)
            if self.folder is not None:
                _write(result, self._file(stage, i))
            self._tell(stage, len(results), len(units))
        return [results[i][0] for i in range(len(units))]

    def _tell(self, stage: str, done: int, units: int) -> None:
        """Say how far a stage is."""
        if self.told is not None:
            self.told(stage, done, units)

    def _found(self, stage: str, n: int, kinds: Sequence[type]) -> Iterator[tuple[Any] | None]:
        """Read what was kept of each unit; None where nothing was, or the file is damaged."""
        known = {kind.__name__: kind for kind in kinds}
        for i in range(n):
            file = self._file(stage, i)
            try:
                yield (_read(file, known),) if file.is_file() else None
            except (BadZipFile, ValueError, KeyError, EOFError):
                yield None

    def _file(self, stage: str, unit: int) -> Path:
        """Name the file of one unit."""
        if self.folder is None:
            raise ValueError("nothing is kept")
        return self.folder / f"{stage.lower().replace(' ', '-')}-{unit:04d}.npz"


ALONE = Work()
"""One process, nothing told, nothing kept."""


def require_same_work(folder: Path, about: Mapping[str, str]) -> None:
    """Make a folder for kept units, or stop where it holds those of something else.

    Parameters
    ----------
    folder : Path
        Where units are kept.
    about : mapping of str to str
        All that the results depend on: settings, hashes of the data, version of the code.

    Raises
    ------
    InvalidInputError
        If other work was begun there.
    """
    file = folder / "about.json"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _write_whole(file, json.dumps(dict(about), indent=1).encode())
        return
    before = json.loads(file.read_text(encoding="utf-8"))
    differing = sorted(k for k in {*before, *about} if before.get(k) != about.get(k))
    if differing:
        raise InvalidInputError(
            f"{folder.parent} holds an unfinished run that differs in {', '.join(differing)}; "
            "finish it as it was begun, remove that folder, or name another --out"
        )


def _write(result: Any, file: Path) -> None:
    """Keep what a unit gave."""
    arrays: dict[str, Any] = {}
    plain = json.dumps(_pack(result, arrays))
    partial = file.with_suffix(".part")
    with partial.open("wb") as stream:
        np.savez(stream, plain=np.array(plain), **arrays)
    partial.replace(file)


def _write_whole(file: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all."""
    partial = file.with_suffix(".part")
    partial.write_bytes(content)
    partial.replace(file)


def _read(file: Path, kinds: Mapping[str, type]) -> Any:
    """Read what a unit gave."""
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        return _unpack(json.loads(str(arrays["plain"])), arrays, kinds)


def _pack(value: Any, arrays: dict[str, Any]) -> Any:
    """Turn a value into JSON; arrays are put aside under a number."""
    if isinstance(value, np.ndarray):
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, np.generic):
        return value.item()
    if is_dataclass(value):
        inside = {f.name: _pack(getattr(value, f.name), arrays) for f in fields(value)}
        return {"kind": type(value).__name__, "fields": inside}
    if isinstance(value, Mapping):
        return {"items": {str(k): _pack(v, arrays) for k, v in value.items()}}
    if isinstance(value, list | tuple):
        return [_pack(v, arrays) for v in value]
    return value


def _unpack(plain: Any, arrays: Mapping[str, Any], kinds: Mapping[str, type]) -> Any:
    """Turn JSON and arrays into the value they were made from; a tuple comes back as a list."""
    if isinstance(plain, list):
        return [_unpack(v, arrays, kinds) for v in plain]
    if not isinstance(plain, dict):
        return plain
    if "array" in plain:
        return arrays[plain["array"]]
    if "kind" in plain:
        inside = {k: _unpack(v, arrays, kinds) for k, v in plain["fields"].items()}
        return kinds[plain["kind"]](**inside)
    return {k: _unpack(v, arrays, kinds) for k, v in plain["items"].items()}
