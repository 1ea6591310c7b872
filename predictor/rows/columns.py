"""Columns that need no range: ids, outcomes that are never typed, unknown names."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from predictor.errors import Fault
from predictor.rows.fields import Plan
from predictor.rows.table import Table
from predictor.rows.values import Refused, is_missing, read_identifier
from predictor.rows.wording import Finding

IDENTIFIERS = ("patient_id", "site")
# words for outcomes and labels that are worked out, never typed in
DERIVED_WORDS = frozenset(
    {"outcome", "relapse", "relapsed", "remission", "remitted", "remitter", "responded"}
    | {"responder", "response", "trd"}
)


def read_identifiers(
    table: Table,
) -> tuple[dict[str, tuple[str | None, ...]], list[Finding]]:
    """Read ``patient_id`` and ``site``.

    Parameters
    ----------
    table : Table
        Raw cells.

    Returns
    -------
    identifiers : dict of str to tuple
        One text or None per row under ``patient_id`` and ``site``.
    faults : list of Finding
        Cells that are no id (``not_an_id``).
    """
    identifiers: dict[str, tuple[str | None, ...]] = {}
    found: list[Finding] = []
    for position, column in enumerate(IDENTIFIERS, start=-len(IDENTIFIERS)):
        texts: list[str | None] = []
        for index, cell in enumerate(table.columns.get(column, [None] * table.n_rows)):
            text = read_identifier(cell, nan_is_missing=table.nan_is_missing)
            if isinstance(text, Refused):
                found.append(Finding(index, position, column, *text))
                text = None
            texts.append(text)
        identifiers[column] = tuple(texts)
    return identifiers, found


def typed_findings(table: Table, column: str, position: int, words: str) -> list[Finding]:
    """Refuse every typed cell of a column that is only ever derived.

    Parameters
    ----------
    table : Table
        Raw cells.
    column : str
        Name of the column.
    position : int
        Place among the faults of a row.
    words : str
        What to do instead.

    Returns
    -------
    list of Finding
        ``derived_typed`` for each cell that is not missing.
    """
    return [
        Finding(index, position, column, "derived_typed", words)
        for index, cell in enumerate(table.columns[column])
        if not is_missing(cell, nan_is_missing=table.nan_is_missing)
    ]


def _is_outcome_word(column: str) -> bool:
    """Tell whether a column is named like an outcome or a label that is worked out."""
    return column.casefold() in DERIVED_WORDS


def outcome_findings(plan: Plan, table: Table, *, ignored: bool) -> list[Finding]:
    """Refuse typed outcomes; they come from visits.

    Parameters
    ----------
    plan : Plan
        Lookups of the dictionary; a name that it knows is no outcome.
    table : Table
        Raw cells.
    ignored : bool
        Whether unknown columns are left out, these among them.

    Returns
    -------
    list of Finding
        ``derived_typed`` for each cell that is not missing.
    """
    words = "outcomes and labels are derived from visits and answers, never typed in; delete it"
    columns = [c for c in table.columns if c not in plan.fields and _is_outcome_word(c)]
    if ignored:
        return []
    return [
        finding
        for column in columns
        for finding in typed_findings(table, column, len(plan.ordered), words)
    ]


def unknown_columns(plan: Plan, table: Table, *, ignored: bool) -> tuple[Fault, ...]:
    """Find the columns that the dictionary does not know, with the nearest known name.

    Parameters
    ----------
    plan : Plan
        Lookups of the dictionary.
    table : Table
        Raw cells.
    ignored : bool
        Whether they are left out with a warning instead of refused.

    Returns
    -------
    tuple of Fault
        ``unknown_column``, ``ignored_column`` or, where no name is known, ``no_known_column``
        alone, which refuses the file in any case.
    """
    strange = [c for c in table.columns if c not in plan.fields and c not in IDENTIFIERS]
    if not ignored:
        strange = [column for column in strange if not _is_outcome_word(column)]
    if not strange:
        return ()
    known = (*IDENTIFIERS, *plan.fields)
    nearest = {c: get_close_matches(c.casefold(), known, n=1) for c in strange}
    close = sum(bool(names) for names in nearest.values())
    if len(strange) == len(table.columns) and 2 * close < len(strange):
        # without a header the first patient stands here, who must not be quoted
        message = "no column name is known; the first line must name the columns, see the form"
        return (Fault(None, None, "no_known_column", message),)
    return tuple(
        _unknown_column(column, nearest[column], ignored=ignored) for column in sorted(strange)
    )


def _unknown_column(column: str, nearest: Sequence[str], *, ignored: bool) -> Fault:
    """Put an unknown column into a sentence."""
    name = " ".join(column.split())[:60] or "(without name)"
    hint = f", the nearest known name is {nearest[0]}" if nearest else ""
    if ignored:
        message = f"column {name} is unknown{hint}; it is left out"
        return Fault(None, column, "ignored_column", message)
    message = f"column {name} is unknown{hint}; rename it, delete it or ignore unknown columns"
    return Fault(None, column, "unknown_column", message)
