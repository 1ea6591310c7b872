"""The numbers of a report as one flat table: a row for each, as they stand in the JSON of a run.

Nothing is computed or chosen here. What the JSON hides stays hidden, and a part that is added to
the JSON is in the table without a change to this file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

COLUMNS = (
    "group",
    "candidate",
    "measure",
    "part",
    "value",
    "lo",
    "hi",
    "method",
    "unit",
    "reason",
)
"""Of the table, in order."""

NOT_GIVEN = "not given"
"""Reason of a number that is null in the JSON: hidden, or not in this run."""

_OF_ESTIMATE = frozenset({"value", "lo", "hi", "method", "unit", "reason"})
_STRUCTURE = frozenset({"measures", "undefined"})
_PEOPLE = frozenset({"patients", "eligible", "with_outcome", "events", "people", "n_available"})
_DAYS = frozenset({"day", "days", "horizon_days"})


def number_rows(
    summary: Mapping[str, Any], undefined: Mapping[str, Mapping[str, str]] | None = None
) -> list[dict[str, Any]]:
    """Flatten the JSON of a run.

    Parameters
    ----------
    summary : mapping
        From `training.findings.summary`: plain values, nested.
    undefined : mapping of str to mapping of str to str, optional
        Measures without a value, with the reason, by candidate; they are no part of the JSON.

    Returns
    -------
    list of dict
        One for each number, with the keys of `COLUMNS`. ``group`` is the key of the JSON,
        ``candidate`` whose number it is (learner, site, part), ``measure`` its name and ``part``
        what beside the estimate itself is meant, such as ``optimism``. What has no value has a
        ``reason``.
    """
    rows: list[dict[str, Any]] = []
    for group, content in summary.items():
        owner = (str(summary.get("chosen") or ""),) if group == "metrics" else ()
        rows += _rows(group, owner, content)
    for name, reasons in (undefined or {}).items():
        rows += _rows("candidates", (name,), {"undefined": reasons})
    return rows


def write_numbers(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write the table; a float is written so that it is read back exactly.

    Parameters
    ----------
    rows : sequence of mapping
        From `number_rows`.
    path : Path
        File to write.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for row in rows:
            table.writerow({k: repr(v) if isinstance(v, float) else v for k, v in row.items()})


def _rows(group: str, path: tuple[str, ...], content: Any) -> Iterator[dict[str, Any]]:
    """Walk down to the numbers."""
    if isinstance(content, Mapping):
        yield from _of_mapping(group, path, content)
    elif isinstance(content, Sequence) and not isinstance(content, str):
        for place, each in enumerate(content):
            yield from _rows(group, (*path[:-1], *_label(path[-1:], place, each)), each)
    elif content is None:
        yield _row(group, path, reason=NOT_GIVEN)
    elif isinstance(content, str):
        if path[-2:-1] == ("undefined",):
            yield _row(group, path, reason=content)
    elif not isinstance(content, bool):
        yield _row(group, path, value=content)


def _of_mapping(
    group: str, path: tuple[str, ...], content: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Take an estimate with its ends as one row, anything else key by key."""
    if not ("value" in content or {"lo", "hi"} <= set(content)):
        for key, each in content.items():
            yield from _rows(group, (*path, str(key)), each)
        return
    found = {key: content[key] for key in _OF_ESTIMATE & set(content) if content[key] is not None}
    absent = "value" in content and "value" not in found and "reason" not in found
    yield _row(group, path, **({"reason": NOT_GIVEN} if absent else {}), **found)
    for key, each in content.items():
        if key in _OF_ESTIMATE:
            continue
        if isinstance(each, int | float) and not isinstance(each, bool):
            yield _row(group, path, part=key, value=each)
        elif isinstance(each, Mapping | list | tuple):
            yield from _rows(group, (*path, key), each)


def _label(key: tuple[str, ...], place: int, each: Any) -> tuple[str, ...]:
    """Name an entry of a list by its first text, such as ``site Nord``, else by its place."""
    texts = each.items() if isinstance(each, Mapping) else ()
    named = next((f"{k} {v}" for k, v in texts if isinstance(v, str)), None)
    return (named,) if named is not None else (*key, str(place))


def _row(group: str, path: tuple[str, ...], **cells: Any) -> dict[str, Any]:
    """Make a row whose other cells are empty."""
    owners = [step for step in path[:-1] if step not in _STRUCTURE]
    measure = path[-1] if path else group
    unit = "people" if measure in _PEOPLE or "excluded" in owners else ""
    return {
        **dict.fromkeys(COLUMNS, ""),
        "group": group,
        "candidate": " / ".join(owners),
        "measure": measure,
        "unit": "days" if measure in _DAYS else unit,
        **cells,
    }
