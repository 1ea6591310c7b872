"""Plain values from a YAML file become typed settings; every unknown or wrong key is named.

Settings classes live with the step they steer. This file only turns pydantic's findings into
sentences that the person who wrote the file can act on.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from predictor.errors import Fault, InvalidInputError

Settings = TypeVar("Settings", bound=BaseModel)


def checked_settings(kind: type[Settings], content: Any, *, where: str) -> Settings:
    """Check plain values against a settings class.

    Parameters
    ----------
    kind : type
        A pydantic class that forbids extra keys.
    content : mapping
        What the YAML file holds.
    where : str
        Name of the file or entry, for the message.

    Returns
    -------
    Settings
        The checked settings.

    Raises
    ------
    InvalidInputError
        With one fault for each key that is unknown, missing or has a value that is not accepted;
        an unknown key names the nearest known one.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        known = tuple(_known_keys(kind))
        faults = tuple(
            _fault(where, entry["loc"], entry["type"], entry["msg"], known)
            for entry in error.errors()
        )
        raise InvalidInputError(" ".join(fault.message for fault in faults), faults) from error


def nearest(name: str, known: tuple[str, ...]) -> str:
    """Offer the known name that is most like a mistyped one.

    Parameters
    ----------
    name : str
        What was written.
    known : tuple of str
        What is accepted.

    Returns
    -------
    str
        ``"; did you mean X?"``, or all accepted names when none is near.
    """
    spelled = {candidate.lower(): candidate for candidate in known}
    match = get_close_matches(name.lower(), spelled, n=1)
    return f"; did you mean {spelled[match[0]]}?" if match else f"; accepted are {', '.join(known)}"


def flat_settings(said: Mapping[str, Any]) -> dict[str, Any]:
    """Give every setting under one name.

    Parameters
    ----------
    said : mapping
        Plain values, nested.

    Returns
    -------
    dict
        Those inside others by names such as ``resampling.folds``; an empty mapping is left out.
    """
    waiting, found = list(said.items()), dict[str, Any]()
    while waiting:
        name, value = waiting.pop(0)
        if isinstance(value, Mapping):
            waiting[:0] = [(f"{name}.{key}", inner) for key, inner in value.items()]
        else:
            found[name] = value
    return found


def _known_keys(kind: type[BaseModel]) -> list[str]:
    """List the keys of a settings class and of the classes inside it, each once."""
    keys: dict[str, None] = {}
    waiting, seen = [kind], {kind}
    while waiting:
        fields = waiting.pop(0).model_fields
        keys.update(dict.fromkeys(fields))
        inner = [_classes(field.annotation) for field in fields.values()]
        new = [found for group in inner for found in group if found not in seen]
        seen.update(new)
        waiting.extend(new)
    return list(keys)


def _classes(annotation: Any) -> list[type[BaseModel]]:
    """Find settings classes inside a type such as ``dict[str, X]`` or ``X | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    inner = getattr(annotation, "__args__", ())
    return [found for part in inner for found in _classes(part)]


def _fault(
    where: str, path: tuple[int | str, ...], kind: str, reason: str, known: tuple[str, ...]
) -> Fault:
    """Put one finding of pydantic into a sentence."""
    key = ".".join(str(part) for part in path) or "the whole entry"
    if kind == "extra_forbidden":
        hint = nearest(str(path[-1]), known)
        return Fault(None, key, "unknown_key", f"{where}, {key}: the key is unknown{hint}.")
    if kind == "missing":
        return Fault(None, key, "missing_key", f"{where}, {key}: the key is missing; add it.")
    words = reason.removeprefix("Value error, ")
    return Fault(None, key, "refused_value", f"{where}, {key}: {words}.")
